//! §10 over HTTP: the school modifies what is signed; the graduate hears of it, also by SMS, and the paper of before says that it is no
//! longer the one.

use std::io::Write;

use serde_json::{Value, json};
use wangqian_api::id::NodeType;
use wangqian_schema::{model::employer::EmployerVerification, workflow::ReviewRoute};

use crate::support::{Server, people, signing::*};

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
    let inbox = "{ notifications(first: 1) { nodes { title body } } }";
    let told = client.query(inbox, json!({})).await.to_string();
    assert!(told.contains("转正起薪") && told.contains("双方协商"), "{told}");
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
