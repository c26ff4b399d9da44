//! §10 over HTTP: the school modifies what is signed; the graduate hears of it, also by SMS, and the paper of before says that it is no
//! longer the one.

use std::io::Write;

use serde_json::{Value, json};
use wangqian_api::id::NodeType;
use wangqian_schema::{model::employer::EmployerVerification, workflow::ReviewRoute};

use crate::support::{
    Server, filing, made_files, outbox::Outbox, papers, people, placing, signing::*, uploading,
};

const AMEND: &str = "mutation($input: AmendAgreementInput!) { amendAgreement(input: $input) {
    agreement { status version terms { regularSalary } } userErrors { code field } } }";

const SEEN: &str = "query($id: ID!) { node(id: $id) { ... on Agreement { version viewerActions
    terms { employerName creditCode }
    documents { version status verificationCode downloadLink { url } }
    history(last: 3) { nodes { action changedFields fieldChanges { field label old new } } } } } }";

#[tokio::test(flavor = "multi_thread")]
async fn what_the_school_modifies_is_told_recorded_and_printed_anew() {
    let server = Server::empty().await;
    let campus = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
    let graduate = people::graduate(&server.platform, &campus, |_| {}).await;
    let company = people::employer(&server.platform, EmployerVerification::Verified).await;
    let employer = server.login(&company.member).await;
    let client = server.login(&graduate.email).await;
    let school = server.login(&campus.school_reviewer).await;
    let agreement = invite(&employer, &NodeType::Graduate.id(graduate.id)).await;
    step(&client, ACCEPT, &agreement).await;
    review(&school, &agreement, "APPROVE", None).await;
    let papers = async |wanted: &[&str]| {
        server
            .until("the papers", async || {
                let seen = client.query(SEEN, json!({ "id": agreement })).await["node"].take();
                let documents = seen["documents"].as_array().expect("documents");
                let are: Vec<_> = documents
                    .iter()
                    .filter(|document| document["downloadLink"].is_object())
                    .filter_map(|document| document["status"].as_str())
                    .collect();
                (are == wanted).then_some(seen)
            })
            .await
    };
    let before = papers(&["READY"]).await;
    let actions = school.query(SEEN, json!({ "id": agreement })).await["node"]["viewerActions"].take();
    assert_eq!(actions, json!(["AMEND"]));

    let terms = |salary: i32| {
        json!({
            "employerName": before["terms"]["employerName"], "creditCode": before["terms"]["creditCode"], "nature": "31",
            "industry": "34", "region": "110108", "address": "示例路一号院二号楼", "positionCategory": "13",
            "positionTitle": "软件工程师", "contactPerson": "示例联系人", "contactMobile": "10000000001",
            "contactEmail": "hr@example.com", "householdRegistration": "NONE", "regularSalary": salary,
        })
    };
    let amend = async |terms: Value, reason: &str| {
        let input = json!({
            "agreementId": agreement, "terms": terms, "reason": reason, "expectedVersion": before["version"],
        });
        school.mutate(AMEND, json!({ "input": input })).await
    };
    let refused = |payload: &Value| payload["userErrors"][0]["code"].clone();
    assert_eq!(refused(&amend(terms(12_345), " ").await), "REASON_REQUIRED");
    let wrong = amend(terms(-1), "双方协商").await;
    assert_eq!(wrong["userErrors"][0]["field"], "terms.regularSalary", "{wrong}");
    let amended = amend(terms(12_345), "双方协商").await;
    assert_eq!(
        amended["agreement"]["terms"]["regularSalary"], 12_345,
        "{amended}"
    );
    assert_eq!(refused(&amend(terms(1), "双方协商").await), "STALE_VERSION");

    let seen = papers(&["READY", "SUPERSEDED"]).await;
    let history = seen["history"]["nodes"].as_array().expect("a history");
    let event = history
        .iter()
        .find(|event| event["action"] == "AMEND")
        .expect("an event");
    let changes = event["fieldChanges"].as_array().expect("changes");
    let salary = changes.iter().find(|change| change["field"] == "regularSalary");
    let salary = salary.unwrap_or_else(|| panic!("{event}"));
    assert_eq!(
        (&salary["label"], &salary["new"]),
        (&json!("转正起薪"), &json!("12345"))
    );

    let (new, old) = (&seen["documents"][0], &seen["documents"][1]);
    assert_eq!(
        old["verificationCode"],
        before["documents"][0]["verificationCode"]
    );
    assert!(
        read(&new["downloadLink"]["url"])
            .await
            .contains("本协议书为第2版")
    );
    assert!(
        read(&old["downloadLink"]["url"])
            .await
            .contains("已作废：本协议书已被新版本取代")
    );
    for (document, status) in [(new, "VALID"), (old, "SUPERSEDED")] {
        let verify = "query($code: String!) { verifyAgreement(code: $code) { status } }";
        let code = json!({ "code": document["verificationCode"] });
        let told = server.client().query(verify, code).await;
        assert_eq!(told["verifyAgreement"]["status"], status);
    }
    says_superseded(&server, old).await;
    let inbox = "{ notifications(first: 1) { nodes { title body } } }";
    let told = client.query(inbox, json!({})).await.to_string();
    assert!(told.contains("转正起薪") && told.contains("双方协商"), "{told}");
    // The SMS says that something was changed, and no value.
    let sms = Outbox::new(server.outbox()).next_to(&graduate.mobile).await;
    assert!(
        sms.contains("修改了您的就业协议信息") && !sms.contains("12345"),
        "{sms}"
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_school_modifies_of_a_destination_is_told_and_recorded() {
    let server = Server::empty().await;
    let campus = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
    let graduate = people::graduate(&server.platform, &campus, |_| {}).await;
    let client = server.login(&graduate.email).await;
    let school = server.login(&campus.school_reviewer).await;
    let begun = placing::create(&client, placing::seeking("")).await;
    let id = placing::id(&begun);
    placing::submit(&client, &id, &[]).await;
    review(&school, &id, "APPROVE", None).await;

    let seen = "query($id: ID!) { node(id: $id) { ... on Destination { version status viewerActions
        history(last: 1) { nodes { action reason fieldChanges { field label old new } } } } } }";
    let look = async || school.query(seen, json!({ "id": id })).await["node"].take();
    let before = look().await;
    assert_eq!(
        (&before["status"], &before["viewerActions"]),
        (&json!("REGISTERED"), &json!(["AMEND"]))
    );
    let amend = placing::mutation("amendDestination", "AmendDestinationInput");
    let amend = async |form: Value, reason: &str, version: &Value| {
        let input =
            json!({ "destinationId": id, "form": form, "reason": reason, "expectedVersion": version });
        school.mutate(&amend, json!({ "input": input })).await["userErrors"].take()
    };
    let version = &before["version"];
    let silent = amend(placing::seeking("补登"), "", version).await;
    assert_eq!(silent[0]["code"], "REASON_REQUIRED");
    let wrong = amend(placing::seeking(&"字".repeat(2000)), "电话核实", version).await;
    assert_eq!(wrong[0]["field"], "form.remark", "{wrong}");
    assert_eq!(look().await["version"], *version);
    assert_eq!(
        amend(placing::seeking("补登"), "电话核实", version).await,
        json!([])
    );
    let stale = amend(placing::seeking("又登"), "电话核实", version).await;
    assert_eq!(stale[0]["code"], "STALE_VERSION");
    let after = look().await;
    assert_eq!(after["status"], "REGISTERED");
    assert_eq!(
        after["history"]["nodes"],
        json!([{ "action": "AMEND", "reason": "电话核实", "fieldChanges": [
            { "field": "remark", "label": "备注", "old": null, "new": "补登" },
        ] }])
    );
    let sms = Outbox::new(server.outbox()).next_to(&graduate.mobile).await;
    assert!(
        sms.contains("修改了您已登记的毕业去向信息") && !sms.contains("补登"),
        "{sms}"
    );
    server.stop().await;
}

/// Whoever scans the code of a paper reads on the page that another one took its place.
async fn says_superseded(server: &Server, document: &Value) {
    let code = document["verificationCode"].as_str().expect("a code");
    let (status, page) = papers::fetch(&format!("{}/verify/{code}", server.url)).await;
    let page = String::from_utf8(page).unwrap();
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("已被新版本取代"), "{page}");
}

/// The amended terms are not on the sheet that was stamped: its code says that it is superseded, and the new paper says where the stamps are.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_school_modifies_of_an_offline_agreement_supersedes_the_stamped_sheet() {
    let server = Server::empty().await;
    let campus = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
    let graduate = people::graduate(&server.platform, &campus, |_| {}).await;
    let client = server.login(&graduate.email).await;
    let school = server.login(&campus.school_reviewer).await;
    let agreement = filing::id(&filing::create(&client, "OFFLINE", filing::filled()).await);
    filing::submit(&client, &agreement, &[]).await;
    review(&school, &agreement, "APPROVE", None).await;
    let papers = async |wanted: &[&str]| {
        server
            .until("the papers", async || {
                let seen = client.query(SEEN, json!({ "id": agreement })).await["node"].take();
                let documents = seen["documents"].as_array().expect("documents");
                let are: Vec<_> = documents
                    .iter()
                    .filter(|document| document["downloadLink"].is_object())
                    .filter_map(|document| document["status"].as_str())
                    .collect();
                (are == wanted).then_some(seen)
            })
            .await
    };
    papers(&["READY"]).await;
    let page = uploading::upload(&server, &client, "盖章页", "image/png", made_files::png()).await;
    filing::submit_copy(&client, &agreement, &[page["id"].as_str().expect("an upload")]).await;
    let signed = review(&school, &agreement, "APPROVE", None).await;
    assert_eq!(signed["agreement"]["status"], "SIGNED", "{signed}");
    let before = papers(&["READY"]).await;
    let status = async |document: &Value| {
        let verify = "query($code: String!) { verifyAgreement(code: $code) { status documentVersion } }";
        let code = json!({ "code": document["verificationCode"] });
        let mut told = server.client().query(verify, code).await;
        told["verifyAgreement"]["status"].take()
    };
    let stamped = &before["documents"][0];
    assert_eq!(status(stamped).await, "VALID");

    let mut terms = filing::filled();
    terms["regularSalary"] = json!(9_876);
    let input = json!({
        "agreementId": agreement, "terms": terms, "reason": "双方协商", "expectedVersion": before["version"],
    });
    let amended = school.mutate(AMEND, json!({ "input": input })).await;
    assert_eq!(refusal(&amended), None, "{amended}");
    let seen = papers(&["READY", "SUPERSEDED"]).await;
    let (new, old) = (&seen["documents"][0], &seen["documents"][1]);
    assert_eq!(old["verificationCode"], stamped["verificationCode"]);
    assert_eq!(status(old).await, "SUPERSEDED");
    assert_eq!(status(new).await, "VALID");
    says_superseded(&server, old).await;
    let text = read(&new["downloadLink"]["url"]).await;
    assert!(
        text.contains("三方签字盖章见此前回传的协议书") && text.contains("9,876"),
        "{text}"
    );
    server.stop().await;
}

/// The text of a PDF behind a link, without white space.
async fn read(link: &Value) -> String {
    let link = link.as_str().expect("a link");
    let pdf = reqwest::get(link).await.unwrap().error_for_status().unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&pdf.bytes().await.unwrap()).unwrap();
    let read = std::process::Command::new("pdftotext")
        .args(["-raw", "-enc", "UTF-8", "-nopgbrk"])
        .arg(file.path())
        .arg("-")
        .output()
        .expect("pdftotext is missing: apt-get install poppler-utils");
    let text = String::from_utf8(read.stdout).unwrap();
    text.split_whitespace().collect()
}
