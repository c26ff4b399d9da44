//! The story of §7 over HTTP: the graduate hands in materials to end what he signed offline or registered.

use serde_json::{Value, json};
use wangqian_schema::{model::employer::EmployerVerification, workflow::ReviewRoute};

use crate::support::{
    Client, Server, filing, made_files,
    people::{self, Person},
    signing::{self, ACCEPT, invite, refusal, review},
    terminating::{self, DISCARD_TERMINATION, WITHDRAW_TERMINATION, hand_in, hand_in_again},
    uploading::upload,
};

struct Story {
    server: Server,
    graduate: Person,
    client: Client,
    department: Client,
    school: Client,
}

impl Story {
    async fn begun() -> Self {
        let server = Server::empty().await;
        let school = people::school(&server.platform, ReviewRoute::DepartmentThenSchool).await;
        let graduate = people::graduate(&server.platform, &school, |_| {}).await;
        Self {
            client: server.login(&graduate.email).await,
            department: server.login(&school.department_reviewer).await,
            school: server.login(&school.school_reviewer).await,
            graduate,
            server,
        }
    }

    async fn picture(&self, name: &str) -> String {
        let file = upload(&self.server, &self.client, name, "image/jpeg", made_files::jpeg()).await;
        assert_eq!(file["state"], "READY", "{file}");
        file["id"].as_str().unwrap().to_owned()
    }

    /// Both levels decide alike.
    async fn approved(&self, case: &str) -> Value {
        review(&self.department, case, "APPROVE", None).await;
        review(&self.school, case, "APPROVE", None).await
    }

    /// Registered, and approved.
    async fn registered(&self) -> String {
        let id = filing::id(&filing::create(&self.client, "REGISTERED", filing::filled()).await);
        let page = self.picture("协议.jpg").await;
        filing::submit(&self.client, &id, &[&page]).await;
        let signed = self.approved(&id).await;
        assert_eq!(signed["agreement"]["status"], "SIGNED", "{signed}");
        id
    }

    /// Signed offline.
    async fn signed_offline(&self) -> String {
        let id = filing::id(&filing::create(&self.client, "OFFLINE", filing::filled()).await);
        filing::submit(&self.client, &id, &[]).await;
        self.approved(&id).await;
        let page = self.picture("盖章.jpg").await;
        filing::submit_copy(&self.client, &id, &[&page]).await;
        let signed = self.approved(&id).await;
        assert_eq!(signed["agreement"]["status"], "SIGNED", "{signed}");
        id
    }

    async fn newest(&self) -> String {
        let query = "{ notifications(first: 1) { nodes { title body } } }";
        let data = self.client.query(query, json!({})).await;
        let newest = &data["notifications"]["nodes"][0];
        format!("{} {}", newest["title"], newest["body"])
    }

    async fn seen(&self, client: &Client, termination: &str) -> Value {
        let query = "query($id: ID!) { node(id: $id) { ... on Termination {
            status reason requestedBy terminationReason { code } explanation answeredAt viewerActions agreement { status }
            files { fileName submission downloadLink { url } }
            history(first: 20) { nodes { action toStatus } } } } }";
        client.query(query, json!({ "id": termination })).await["node"].take()
    }

    /// What everybody who sees it reads as its reason and explanation.
    async fn explained(&self, termination: &str, reason: &str, explanation: &str) {
        for viewer in [&self.client, &self.department, &self.school] {
            let seen = self.seen(viewer, termination).await;
            assert_eq!(
                (&seen["terminationReason"]["code"], &seen["explanation"]),
                (&json!(reason), &json!(explanation))
            );
        }
    }
}

/// §7.1, §7.2 of what was signed offline: handed in, taken back, returned, approved; then the paper is no longer valid, and he is free
/// for another employer.
#[tokio::test(flavor = "multi_thread")]
async fn materials_handed_in_mended_and_the_agreement_is_over() {
    let story = Story::begun().await;
    let company = people::employer(&story.server.platform, EmployerVerification::Verified).await;
    let employer = story.server.login(&company.member).await;
    let graduate_id = wangqian_api::id::NodeType::Graduate
        .id(story.graduate.id)
        .to_string();
    let invitation = invite(&employer, &graduate_id).await;
    let agreement = story.signed_offline().await;
    let papers = "query($id: ID!) { node(id: $id) { ... on Agreement { documents { verificationCode } } } }";
    let papers = story.client.query(papers, json!({ "id": agreement })).await;
    let code = json!({ "code": papers["node"]["documents"][0]["verificationCode"] });
    let verify = "query($code: String!) { verifyAgreement(code: $code) { status } }";
    let checked = async || story.server.client().query(verify, code.clone()).await["verifyAgreement"].take();

    let none = hand_in(&story.client, &agreement, "FAMILY", &[]).await;
    assert_eq!(refusal(&none), Some("INVALID_INPUT"), "{none}");
    assert_eq!(none["userErrors"][0]["field"], "files");
    let (letter, report) = (story.picture("解约函.jpg").await, story.picture("证明.jpg").await);
    let asked = hand_in(&story.client, &agreement, "FAMILY", &[&letter, &report]).await;
    assert_eq!(asked["termination"]["status"], "TERMINATION_REVIEW", "{asked}");
    let termination = terminating::id(&asked);
    let again = hand_in(&story.client, &agreement, "FAMILY", &[&report]).await;
    assert_eq!(refusal(&again), Some("TERMINATION_OPEN"), "{again}");

    let queue = "{ reviewQueue(workflows: [OFFLINE_TERMINATION]) { nodes { id } } }";
    let waiting = story.department.query(queue, json!({})).await;
    assert_eq!(waiting["reviewQueue"]["nodes"], json!([{ "id": termination }]));
    let online = "{ reviewQueue(workflows: [ONLINE_TERMINATION]) { nodes { id } } }";
    let waiting = story.department.query(online, json!({})).await;
    assert_eq!(waiting["reviewQueue"]["nodes"], json!([]));
    for viewer in [&story.client, &story.department, &story.school] {
        let seen = story.seen(viewer, &termination).await;
        assert_eq!(
            (&seen["requestedBy"], &seen["answeredAt"]),
            (&json!("GRADUATE"), &Value::Null)
        );
        let files = seen["files"].as_array().unwrap();
        assert_eq!(files.len(), 2, "{seen}");
        let link = files[0]["downloadLink"]["url"].as_str().unwrap();
        assert_eq!(reqwest::get(link).await.unwrap().status(), 200);
    }

    story
        .explained(&termination, "FAMILY", "与单位协商一致，解约函附后。")
        .await;

    // 撤回修改.
    let back =
        terminating::answer(&story.client, WITHDRAW_TERMINATION, &termination).await["termination"].take();
    assert_eq!(back["status"], "DRAFT", "{back}");
    let seen = story.seen(&story.client, &termination).await;
    assert_eq!(seen["viewerActions"], json!(["SUBMIT", "DISCARD"]), "{seen}");
    let kept = "query($id: ID!) { node(id: $id) { ... on Termination { files { id } } } }";
    let kept = story.client.query(kept, json!({ "id": termination })).await;
    let kept = kept["node"]["files"][0]["id"].as_str().unwrap().to_owned();
    let none = hand_in_again(&story.client, &termination, "OTHER", &[]).await;
    assert_eq!(none["userErrors"][0]["field"], "files", "{none}");
    let handed = hand_in_again(&story.client, &termination, "OTHER", &[&kept]).await;
    assert_eq!(handed["termination"]["awaitingReview"], "DEPARTMENT", "{handed}");
    story
        .explained(&termination, "OTHER", "已按要求更换解约函。")
        .await;

    // 退回修改.
    let silent = review(&story.department, &termination, "RETURN", None).await;
    assert_eq!(refusal(&silent), Some("REASON_REQUIRED"), "{silent}");
    let returned = review(&story.department, &termination, "RETURN", Some("解约函未盖章")).await;
    assert_eq!(returned["termination"]["status"], "RETURNED", "{returned}");
    assert!(story.newest().await.contains("解约函未盖章"));
    assert_eq!(
        story.seen(&story.client, &termination).await["reason"],
        "解约函未盖章"
    );
    let stamped = story.picture("解约函（盖章）.jpg").await;
    let handed = hand_in_again(&story.client, &termination, "FAMILY", &[&stamped]).await;
    assert_eq!(handed["termination"]["reason"], Value::Null, "{handed}");
    story
        .explained(&termination, "FAMILY", "已按要求更换解约函。")
        .await;
    review(&story.department, &termination, "APPROVE", None).await;
    assert!(story.newest().await.contains("已通过院系审核"));
    let late = terminating::answer(&story.client, WITHDRAW_TERMINATION, &termination).await;
    assert_eq!(refusal(&late), Some("STEP_NOT_ALLOWED"), "{late}");
    let held = signing::step(&story.client, ACCEPT, &invitation).await;
    assert_eq!(refusal(&held), Some("ALREADY_ENGAGED"), "{held}");
    assert_eq!(checked().await["status"], "VALID");

    let over = review(&story.school, &termination, "APPROVE", None).await;
    assert_eq!(over["termination"]["status"], "TERMINATED", "{over}");
    assert!(story.newest().await.contains("解约完成"));
    assert_eq!(checked().await["status"], "NOT_IN_FORCE");
    let seen = story.seen(&story.client, &termination).await;
    assert_eq!(seen["agreement"]["status"], "TERMINATED");
    let steps: Vec<&str> = seen["history"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        steps,
        [
            "SUBMIT", "WITHDRAW", "SUBMIT", "RETURN", "SUBMIT", "APPROVE", "APPROVE"
        ]
    );
    // "毕业生可与其他单位签约".
    let accepted = signing::step(&story.client, ACCEPT, &invitation).await;
    assert_eq!(accepted["agreement"]["status"], "SIGNING_REVIEW", "{accepted}");
}

/// §7.2, 审核不通过: the signing stands, and he may apply anew; given up it is the same. §8: what was registered ends in this way, too.
#[tokio::test(flavor = "multi_thread")]
async fn rejected_or_given_up_what_was_registered_stands() {
    let story = Story::begun().await;
    let agreement = story.registered().await;
    let letter = story.picture("解约函.jpg").await;
    let first = terminating::id(&hand_in(&story.client, &agreement, "MUTUAL", &[&letter]).await);
    let silent = review(&story.department, &first, "REJECT", None).await;
    assert_eq!(silent["userErrors"][0]["field"], "reason", "{silent}");
    let rejected = review(&story.department, &first, "REJECT", Some("解约函与单位不符")).await;
    assert_eq!(rejected["termination"]["status"], "REJECTED", "{rejected}");
    let told = story.newest().await;
    assert!(
        told.contains("解约函与单位不符") && told.contains("就业协议仍然有效"),
        "{told}"
    );
    // One that the school registered has no number of ours.
    assert!(!told.contains("协议编号"), "{told}");
    let used = hand_in(&story.client, &agreement, "MUTUAL", &[&letter]).await;
    assert_eq!(used["userErrors"][0]["field"], "files.0", "{used}");

    let letter = story.picture("解约函.jpg").await;
    let second = terminating::id(&hand_in(&story.client, &agreement, "MUTUAL", &[&letter]).await);
    let early = terminating::answer(&story.client, DISCARD_TERMINATION, &second).await;
    assert_eq!(refusal(&early), Some("STEP_NOT_ALLOWED"), "under review: {early}");
    review(&story.department, &second, "RETURN", Some("请补充说明")).await;
    let given_up = terminating::answer(&story.client, DISCARD_TERMINATION, &second).await;
    assert_eq!(given_up["termination"]["status"], "WITHDRAWN", "{given_up}");
    let seen = story.seen(&story.client, &second).await;
    assert_eq!(
        (&seen["agreement"]["status"], &seen["viewerActions"]),
        (&json!("SIGNED"), &json!([]))
    );

    let letter = story.picture("解约函.jpg").await;
    let third = terminating::id(&hand_in(&story.client, &agreement, "MUTUAL", &[&letter]).await);
    let over = story.approved(&third).await;
    assert_eq!(over["termination"]["status"], "TERMINATED", "{over}");
}

/// The same request sent again, because its answer was lost, hands in once; with other files it is another request.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_sent_again_hands_in_once() {
    let story = Story::begun().await;
    let agreement = story.registered().await;
    let letter = story.picture("解约函.jpg").await;
    let mut input = json!({
        "idempotencyKey": "once", "agreementId": agreement, "terminationReason": "MUTUAL",
        "explanation": "示例", "files": [letter],
    });
    let request = async |input: &Value| {
        story
            .client
            .mutate(terminating::REQUEST, json!({ "input": input }))
            .await
    };
    let (first, second) = (request(&input).await, request(&input).await);
    assert_eq!(terminating::id(&first), terminating::id(&second));
    input["files"] = json!([]);
    let other = request(&input).await;
    assert_eq!(refusal(&other), Some("IDEMPOTENCY_KEY_REUSED"), "{other}");
}

/// §7: "已经完成申请就业协议线下签约或已签就业协议登记信息": before that there is nothing to end. §7.1: a reason from the list and an explanation
/// are needed, whenever it is handed in.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_handed_in_is_named() {
    let story = Story::begun().await;
    let letter = story.picture("解约函.jpg").await;
    let none_ends = async |agreement: &str, status: &str| {
        let query = "query($id: ID!) { node(id: $id) { ... on Agreement { status } } }";
        let seen = story.client.query(query, json!({ "id": agreement })).await;
        assert_eq!(seen["node"]["status"], status);
        let refused = hand_in(&story.client, agreement, "MUTUAL", &[&letter]).await;
        assert_eq!(refusal(&refused), Some("STEP_NOT_ALLOWED"), "{status}: {refused}");
    };
    let offline = filing::id(&filing::create(&story.client, "OFFLINE", filing::filled()).await);
    none_ends(&offline, "DRAFT").await;
    filing::submit(&story.client, &offline, &[]).await;
    none_ends(&offline, "TERMS_REVIEW").await;
    story.approved(&offline).await;
    none_ends(&offline, "TERMS_APPROVED").await;
    let page = story.picture("盖章.jpg").await;
    filing::submit_copy(&story.client, &offline, &[&page]).await;
    none_ends(&offline, "SIGNING_REVIEW").await;
    review(&story.department, &offline, "REJECT", Some("印章与单位不符")).await;
    none_ends(&offline, "SIGNING_REJECTED").await;
    let registered = filing::id(&filing::create(&story.client, "REGISTERED", filing::filled()).await);
    let page = story.picture("协议.jpg").await;
    filing::submit(&story.client, &registered, &[&page]).await;
    none_ends(&registered, "REGISTRATION_REVIEW").await;
    story.approved(&registered).await;

    let wrong = |payload: &Value| -> Vec<String> {
        let errors = payload["userErrors"].as_array().unwrap().iter();
        let named = errors.map(|error| format!("{} {}", error["code"], error["field"]).replace('"', ""));
        named.collect()
    };
    let (reason, explanation) = ("INVALID_INPUT terminationReason", "INVALID_INPUT explanation");
    let cases = [
        ("nothing", "示例", &[reason][..]),
        // The employer's to give.
        ("NOGRAD", "示例", &[reason]),
        ("FAMILY", " \n", &[explanation]),
        ("", "", &[reason, explanation]),
    ];
    let request = async |code: &str, text: &str| {
        let input = json!({
            "idempotencyKey": uuid::Uuid::now_v7(), "agreementId": registered, "terminationReason": code,
            "explanation": text, "files": [letter],
        });
        story
            .client
            .mutate(terminating::REQUEST, json!({ "input": input }))
            .await
    };
    for (code, text, fields) in cases {
        assert_eq!(wrong(&request(code, text).await), fields, "{code} {text}");
    }
    let termination = terminating::id(&request("FAMILY", "示例").await);
    review(&story.department, &termination, "RETURN", Some("请补充说明")).await;
    for (code, text, fields) in cases {
        let input = json!({
            "terminationId": termination, "terminationReason": code, "explanation": text, "files": [letter],
        });
        let again = json!({ "input": input });
        let refused = story.client.mutate(terminating::SUBMIT_TERMINATION, again).await;
        assert_eq!(wrong(&refused), fields, "{code} {text}");
    }
}
