//! §10 over HTTP: the school modifies what is signed or registered; the graduate hears of it, also by SMS, and the paper of before says that
//! it is no longer the one. What is told by WeChat stands in [`crate::wechat`].

use serde_json::{Value, json};
use wangqian_api::id::NodeType;
use wangqian_schema::{model::employer::EmployerVerification, workflow::ReviewRoute};

use crate::support::{
    Client, Server, filing, made_files,
    outbox::Outbox,
    papers::{self, paper, read},
    people::{self, Person},
    placing,
    signing::*,
    uploading::upload,
};

const AMEND: &str = "mutation($input: AmendAgreementInput!) { amendAgreement(input: $input) {
    agreement { status version terms { regularSalary } } userErrors { code field } } }";

const SEEN: &str = "query($id: ID!) { node(id: $id) { ... on Agreement { version viewerActions
    terms { employerName creditCode }
    documents { version status verificationCode downloadLink { url } }
    history(last: 3) { nodes { action changedFields fieldChanges { field label old new } } } } } }";

/// The newest message of somebody.
async fn newest(client: &Client) -> String {
    let query = "{ notifications(first: 1) { nodes { title body } } }";
    let data = client.query(query, json!({})).await;
    data["notifications"]["nodes"][0].to_string()
}

/// How a paper stands for whoever checks its code.
async fn checked(server: &Server, document: &Value) -> Value {
    let verify = "query($code: String!) { verifyAgreement(code: $code) { status } }";
    let code = json!({ "code": document["verificationCode"] });
    let mut told = server.client().query(verify, code).await;
    told["verifyAgreement"]["status"].take()
}

/// Whoever scans the code of a paper reads on the page that another one took its place.
async fn says_superseded(server: &Server, document: &Value) {
    let code = document["verificationCode"].as_str().expect("a code");
    let (status, page) = papers::fetch(&format!("{}/verify/{code}", server.url)).await;
    let page = String::from_utf8(page).unwrap();
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("已被新版本取代"), "{page}");
}

/// Of what was signed online.
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
    assert_eq!(checked(&server, new).await, "VALID");
    assert_eq!(checked(&server, old).await, "SUPERSEDED");
    says_superseded(&server, old).await;
    let told = newest(&client).await;
    assert!(told.contains("转正起薪") && told.contains("双方协商"), "{told}");
    let told = newest(&employer).await;
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

    let seen =
        "query($id: ID!) { node(id: $id) { ... on Destination { version status viewerActions form { remark }
        history(last: 1) { nodes { action reason fieldChanges { field label old new } } } } } }";
    let look_by = async |viewer: &Client| viewer.query(seen, json!({ "id": id })).await["node"].take();
    let look = async || look_by(&school).await;
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
    // "登录后可查看具体信息": the school and the graduate read alike what was changed.
    for viewer in [&school, &client] {
        let after = look_by(viewer).await;
        assert_eq!(
            (&after["status"], &after["form"]["remark"]),
            (&json!("REGISTERED"), &json!("补登"))
        );
        assert_eq!(
            after["history"]["nodes"],
            json!([{ "action": "AMEND", "reason": "电话核实", "fieldChanges": [
                { "field": "remark", "label": "备注", "old": null, "new": "补登" },
            ] }])
        );
    }
    let told = newest(&client).await;
    for part in ["学校修改了您已登记的毕业去向", "待就业", "备注", "电话核实"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let sms = Outbox::new(server.outbox()).next_to(&graduate.mobile).await;
    assert!(
        sms.contains("修改了您已登记的毕业去向信息") && !sms.contains("补登"),
        "{sms}"
    );
    server.stop().await;
}

/// A graduate who fills his agreement in himself, and the school that modifies it.
struct Filing {
    server: Server,
    graduate: Person,
    client: Client,
    school: Client,
}

impl Filing {
    async fn begun() -> Self {
        let server = Server::empty().await;
        let campus = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
        let graduate = people::graduate(&server.platform, &campus, |_| {}).await;
        Self {
            client: server.login(&graduate.email).await,
            school: server.login(&campus.school_reviewer).await,
            graduate,
            server,
        }
    }

    async fn picture(&self) -> String {
        let bytes = made_files::jpeg();
        let file = upload(&self.server, &self.client, "协议书.jpg", "image/jpeg", bytes).await;
        file["id"].as_str().unwrap_or_else(|| panic!("{file}")).to_owned()
    }

    /// The school raises the salary; the graduate is told in his inbox and by SMS, and reads the change.
    async fn amended(&self, agreement: &str) {
        let mut terms = filing::filled();
        terms["regularSalary"] = json!(12_345);
        let seen = self.school.query(SEEN, json!({ "id": agreement })).await["node"].take();
        assert_eq!(seen["viewerActions"], json!(["AMEND"]));
        let input = json!({ "agreementId": agreement, "terms": terms, "reason": "单位来函更正",
            "expectedVersion": seen["version"] });
        let amended = self.school.mutate(AMEND, json!({ "input": input })).await;
        assert_eq!(
            (&amended["agreement"]["status"], &amended["userErrors"]),
            (&json!("SIGNED"), &json!([])),
            "{amended}"
        );
        let told = newest(&self.client).await;
        for part in ["修改了", "示例山区中学", "转正起薪", "单位来函更正"] {
            assert!(told.contains(part), "{part}: {told}");
        }
        let sms = Outbox::new(self.server.outbox())
            .next_to(&self.graduate.mobile)
            .await;
        assert!(sms.contains("修改了您的就业协议信息"), "{sms}");
        assert_eq!(terms_read_by(&self.client, agreement).await, terms);
        let query = "query($id: ID!) { node(id: $id) { ... on Agreement { history(last: 4) { nodes {
            action reason fieldChanges { field label old new } } } } } }";
        let data = self.client.query(query, json!({ "id": agreement })).await;
        let history = data["node"]["history"]["nodes"].as_array().unwrap();
        let event = history
            .iter()
            .find(|event| event["action"] == "AMEND")
            .expect("an event");
        assert_eq!(
            event,
            &json!({ "action": "AMEND", "reason": "单位来函更正", "fieldChanges": [
                { "field": "regularSalary", "label": "转正起薪", "old": "10000", "new": "12345" },
            ] })
        );
    }
}

/// Of what was signed offline the paper is made anew as well. The amended terms are not on the sheet that was stamped: its code says that it
/// is superseded, and the new paper says where the stamps are.
#[tokio::test(flavor = "multi_thread")]
async fn of_what_was_signed_offline_the_paper_is_made_anew() {
    let story = Filing::begun().await;
    let id = filing::id(&filing::create(&story.client, "OFFLINE", filing::filled()).await);
    filing::submit(&story.client, &id, &[]).await;
    review(&story.school, &id, "APPROVE", None).await;
    filing::submit_copy(&story.client, &id, &[&story.picture().await]).await;
    let signed = review(&story.school, &id, "APPROVE", None).await;
    assert_eq!(signed["agreement"]["status"], "SIGNED", "{signed}");
    let (stamped, _) = paper(&story.server, &story.client, &id).await;
    assert_eq!(checked(&story.server, &stamped).await, "VALID");
    story.amended(&id).await;
    let papers = story.server.until("both papers", async || {
        let seen = story.client.query(SEEN, json!({ "id": id })).await["node"]["documents"].take();
        let ready = seen
            .as_array()?
            .iter()
            .filter(|document| document["downloadLink"].is_object());
        (ready.count() == 2).then_some(seen)
    });
    let papers = papers.await;
    assert_eq!(
        (&papers[0]["status"], &papers[1]["status"]),
        (&json!("READY"), &json!("SUPERSEDED"))
    );
    let new = read(&papers[0]["downloadLink"]["url"]).await;
    for part in [
        "签约方式：线下签约",
        "本协议书为第2版",
        "三方签字盖章见此前回传的协议书",
        "12,345元/月",
    ] {
        assert!(new.contains(part), "{part}: {new}");
    }
    assert_eq!(papers[1]["verificationCode"], stamped["verificationCode"]);
    assert_eq!(checked(&story.server, &papers[0]).await, "VALID");
    assert_eq!(checked(&story.server, &papers[1]).await, "SUPERSEDED");
    says_superseded(&story.server, &papers[1]).await;
}

/// Of what was registered there is no paper of ours, before as after.
#[tokio::test(flavor = "multi_thread")]
async fn of_what_was_registered_there_is_no_paper() {
    let story = Filing::begun().await;
    let id = filing::id(&filing::create(&story.client, "REGISTERED", filing::filled()).await);
    filing::submit(&story.client, &id, &[&story.picture().await]).await;
    let signed = review(&story.school, &id, "APPROVE", None).await;
    assert_eq!(signed["agreement"]["status"], "SIGNED", "{signed}");
    story.amended(&id).await;
    let seen = story.client.query(SEEN, json!({ "id": id })).await;
    assert_eq!(seen["node"]["documents"], json!([]));
}
