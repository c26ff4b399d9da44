//! The story of §6 over HTTP: the graduate fills the agreement in himself and has it stamped on paper. The form (§6.1), the employer's link
//! (§6.3) and the registration of what is signed already (§8) stand in the modules below.

mod form;
mod link;
mod registered;

use serde_json::{Value, json};
use wangqian_schema::{model::employer::EmployerVerification, workflow::ReviewRoute};

use crate::support::{
    Server, filing,
    offline::Story,
    papers::paper,
    people,
    signing::{self, ACCEPT, invite, refusal, review, terms_read_by},
};

impl Story {
    /// Its status and the reason that is read with it.
    async fn stands(&self, agreement: &str) -> Value {
        let query = "query($id: ID!) { node(id: $id) { ... on Agreement { status reason } } }";
        let mut data = self.client.query(query, json!({ "id": agreement })).await;
        data["node"].take()
    }

    /// RETURN and REJECT need a reason: tried without, they are refused.
    async fn decided_against_with_a_reason_only(&self, agreement: &str) {
        for decision in ["RETURN", "REJECT"] {
            for reason in [None, Some("  ")] {
                let refused = review(&self.department, agreement, decision, reason).await;
                assert_eq!(
                    refusal(&refused),
                    Some("REASON_REQUIRED"),
                    "{decision}: {refused}"
                );
                assert_eq!(refused["userErrors"][0]["field"], "reason", "{refused}");
            }
        }
    }

    /// A decision with a reason, which the graduate reads in the message and in the agreement.
    async fn decided_against(&self, agreement: &str, decision: &str, reason: &str, status: &str) {
        let decided = review(&self.department, agreement, decision, Some(reason)).await;
        assert_eq!(decided["agreement"]["status"], status, "{decided}");
        assert_eq!(
            self.stands(agreement).await,
            json!({ "status": status, "reason": reason })
        );
        let told = self.newest().await;
        assert!(told.contains(reason), "{told}");
    }
}

/// §6.1 to §6.4: filled in, taken back and mended, returned, approved, printed, stamped, handed in by the graduate, taken back, returned,
/// handed in again, and signed; and what is refused on the way.
#[tokio::test(flavor = "multi_thread")]
async fn filled_in_reviewed_printed_stamped_and_signed() {
    let story = Story::begun().await;
    // A draft may be anything, and nobody but he sees it.
    let begun = filing::create(&story.client, "OFFLINE", json!({ "positionTitle": "物理教师" })).await;
    let id = filing::id(&begun);
    assert_eq!(
        begun["agreement"]["viewerActions"],
        json!(["SAVE_DRAFT", "SUBMIT", "DISCARD"])
    );
    let unseen = "query($id: ID!) { node(id: $id) { id } }";
    for reviewer in [&story.department, &story.school] {
        let data = reviewer.query(unseen, json!({ "id": id })).await;
        assert_eq!(data["node"], Value::Null, "a draft is its graduate's own");
    }
    let early = filing::submit(&story.client, &id, &[]).await;
    assert_eq!(early["userErrors"][0]["code"], "INVALID_INPUT", "{early}");
    let saved = filing::save(&story.client, &id, filing::filled()).await;
    assert_eq!(
        saved["agreement"]["draft"]["employerName"], "示例山区中学",
        "{saved}"
    );
    assert_eq!(saved["agreement"]["terms"], Value::Null);

    let submitted = filing::submit(&story.client, &id, &[]).await;
    assert_eq!(submitted["agreement"]["status"], "TERMS_REVIEW", "{submitted}");
    // 图 18 撤回修改: "撤回后可重新编辑就业协议信息再提交学校（院系）审核".
    let withdrawn = filing::step(&story.client, "withdrawAgreement", &id).await;
    assert_eq!(withdrawn["agreement"]["status"], "DRAFT", "{withdrawn}");
    let mut edited = filing::filled();
    edited["regularSalary"] = json!(11_500);
    filing::save(&story.client, &id, edited.clone()).await;
    let read = terms_read_by(&story.department, &id).await;
    assert_eq!(read, filing::filled(), "as it was handed in, until it is again");
    filing::submit(&story.client, &id, &[]).await;
    assert_eq!(terms_read_by(&story.department, &id).await, edited);

    // 图 20 协议审核待提交（老师退回）.
    story.decided_against_with_a_reason_only(&id).await;
    story
        .decided_against(&id, "RETURN", "职位名称与单位不符", "TERMS_RETURNED")
        .await;
    let mut mended = filing::filled();
    mended["positionTitle"] = json!("物理教师");
    filing::save(&story.client, &id, mended).await;
    let again = filing::submit(&story.client, &id, &[]).await;
    assert_eq!(again["agreement"]["status"], "TERMS_REVIEW", "{again}");
    assert_eq!(again["agreement"]["reason"], Value::Null);

    let queue = "{ reviewQueue(workflows: [OFFLINE_SIGNING]) { nodes { id } } }";
    let waiting = story.department.query(queue, json!({})).await;
    assert_eq!(waiting["reviewQueue"]["nodes"][0]["id"], json!(id));
    review(&story.department, &id, "APPROVE", None).await;
    let late = filing::step(&story.client, "withdrawAgreement", &id).await;
    assert_eq!(
        refusal(&late),
        Some("STEP_NOT_ALLOWED"),
        "a reviewer has decided: {late}"
    );
    let approved = review(&story.school, &id, "APPROVE", None).await;
    assert_eq!(
        approved["agreement"]["status"], "TERMS_APPROVED",
        "图 19: {approved}"
    );
    let number = approved["agreement"]["agreementNumber"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(story.newest().await.contains(&number));

    // §6.3: the paper to be printed, which is for stamp and signature, and its public check.
    let (document, text) = paper(&story.server, &story.client, &id).await;
    for printed in ["签约方式：线下签约", &number, "示例山区中学", "物理教师"] {
        assert!(text.contains(printed), "{printed}: {text}");
    }
    assert!(!text.contains("已在线"), "{text}");
    let verify = "query($code: String!) { verifyAgreement(code: $code) { status agreementNumber signedOn } }";
    let code = json!({ "code": document["verificationCode"] });
    let checked = story.server.client().query(verify, code.clone()).await;
    let expected = json!({ "status": "NOT_SIGNED_YET", "agreementNumber": number, "signedOn": null });
    assert_eq!(checked["verifyAgreement"], expected);

    // 本人回传协议书.
    let none = filing::submit_copy(&story.client, &id, &[]).await;
    assert_eq!(refusal(&none), Some("INVALID_INPUT"), "{none}");
    assert_eq!(none["userErrors"][0]["field"], "files");
    let (first, second) = (story.picture("第1页.jpg").await, story.picture("第2页.jpg").await);
    let copied = filing::submit_copy(&story.client, &id, &[&first, &second]).await;
    assert_eq!(copied["agreement"]["status"], "SIGNING_REVIEW", "{copied}");
    let back = filing::step(&story.client, "withdrawAgreement", &id).await;
    assert_eq!(back["agreement"]["status"], "TERMS_APPROVED", "{back}");
    let used = filing::submit_copy(&story.client, &id, &[&first]).await;
    assert_eq!(used["userErrors"][0]["field"], "files.0", "used up: {used}");
    // What was handed in before may stay.
    let files = "query($id: ID!) { node(id: $id) { ... on Agreement { files { id fileName submission
        downloadLink { url } thumbnailLink { url } } } } }";
    let kept = story.client.query(files, json!({ "id": id })).await;
    let kept = kept["node"]["files"][0]["id"].as_str().unwrap().to_owned();
    filing::submit_copy(&story.client, &id, &[&kept]).await;
    story.decided_against_with_a_reason_only(&id).await;
    story
        .decided_against(&id, "RETURN", "印章不清晰", "STAMPED_COPY_RETURNED")
        .await;
    let third = story.picture("盖章.jpg").await;
    filing::submit_copy(&story.client, &id, &[&third]).await;

    // Whoever sees the case sees its files.
    for viewer in [&story.client, &story.department, &story.school] {
        let seen = viewer.query(files, json!({ "id": id })).await;
        let seen = seen["node"]["files"].as_array().unwrap();
        assert_eq!(seen.len(), 1, "what was handed in last: {seen:?}");
        let link = seen[0]["downloadLink"]["url"].as_str().unwrap();
        let file = reqwest::get(link).await.unwrap();
        assert_eq!(
            (file.status().as_u16(), &file.headers()["content-type"]),
            (200, &"image/jpeg".parse().unwrap())
        );
    }
    review(&story.department, &id, "APPROVE", None).await;
    let late = filing::step(&story.client, "withdrawAgreement", &id).await;
    assert_eq!(
        refusal(&late),
        Some("STEP_NOT_ALLOWED"),
        "a reviewer has decided: {late}"
    );
    let signed = review(&story.school, &id, "APPROVE", None).await;
    assert_eq!(signed["agreement"]["status"], "SIGNED", "{signed}");
    let checked = story.server.client().query(verify, code).await;
    assert_eq!(checked["verifyAgreement"]["status"], "VALID");
    assert!(checked["verifyAgreement"]["signedOn"].is_string());
}

/// "无法与其他单位进行网上签约，且一次只能生成一份协议书": from handing in until it is rejected or given up.
#[tokio::test(flavor = "multi_thread")]
async fn one_at_a_time_until_it_is_rejected_or_given_up() {
    let story = Story::begun().await;
    let company = people::employer(&story.server.platform, EmployerVerification::Verified).await;
    let employer = story.server.login(&company.member).await;
    let graduate_id = wangqian_api::id::NodeType::Graduate
        .id(story.graduate.id)
        .to_string();
    let invitation = invite(&employer, &graduate_id).await;
    let id = filing::id(&filing::create(&story.client, "OFFLINE", filing::filled()).await);
    let other = filing::id(&filing::create(&story.client, "REGISTERED", filing::filled()).await);
    let twin = filing::id(&filing::create(&story.client, "OFFLINE", filing::filled()).await);
    filing::submit(&story.client, &id, &[]).await;
    let page = story.picture("协议.jpg").await;
    let held = async || {
        let accepted = signing::step(&story.client, ACCEPT, &invitation).await;
        assert_eq!(refusal(&accepted), Some("ALREADY_ENGAGED"), "{accepted}");
        let second = filing::submit(&story.client, &other, &[&page]).await;
        assert_eq!(refusal(&second), Some("ALREADY_ENGAGED"), "{second}");
        let second = filing::submit(&story.client, &twin, &[]).await;
        assert_eq!(refusal(&second), Some("ALREADY_ENGAGED"), "{second}");
    };
    held().await;
    filing::step(&story.client, "withdrawAgreement", &id).await;
    held().await;
    filing::submit(&story.client, &id, &[]).await;
    review(&story.department, &id, "RETURN", Some("请补充工作地点")).await;
    held().await;
    filing::submit(&story.client, &id, &[]).await;
    // 图 22: void, to be begun anew.
    story
        .decided_against(&id, "REJECT", "单位已注销", "TERMS_REJECTED")
        .await;
    let dead = filing::submit(&story.client, &id, &[]).await;
    assert_eq!(refusal(&dead), Some("STEP_NOT_ALLOWED"), "{dead}");

    let id = story.terms_approved().await;
    held().await;
    let given_up = filing::step(&story.client, "discardAgreement", &id).await;
    assert_eq!(given_up["agreement"]["status"], "DISCARDED", "{given_up}");
    let id = story.terms_approved().await;
    let page = story.picture("盖章.jpg").await;
    filing::submit_copy(&story.client, &id, &[&page]).await;
    // §6.4: "则线下签约申请直接作废，毕业生需重新在线填写就业协议信息提交审核".
    story
        .decided_against(&id, "REJECT", "印章与单位不符", "SIGNING_REJECTED")
        .await;
    let page = story.picture("重新盖章.jpg").await;
    let dead = filing::submit_copy(&story.client, &id, &[&page]).await;
    assert_eq!(refusal(&dead), Some("STEP_NOT_ALLOWED"), "{dead}");
    let anew = filing::id(&filing::create(&story.client, "OFFLINE", filing::filled()).await);
    let submitted = filing::submit(&story.client, &anew, &[]).await;
    assert_eq!(submitted["agreement"]["status"], "TERMS_REVIEW", "{submitted}");
    held().await;
    filing::step(&story.client, "withdrawAgreement", &anew).await;
    let given_up = filing::step(&story.client, "discardAgreement", &anew).await;
    assert_eq!(given_up["agreement"]["status"], "DISCARDED", "{given_up}");
    let accepted = signing::step(&story.client, ACCEPT, &invitation).await;
    assert_eq!(accepted["agreement"]["status"], "SIGNING_REVIEW", "{accepted}");
}

/// §9.1 note: whoever may not sign online fills in no agreement.
#[tokio::test(flavor = "multi_thread")]
async fn a_commissioned_graduate_fills_in_no_agreement() {
    let server = Server::empty().await;
    let school = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
    let commissioned = people::graduate(&server.platform, &school, |graduate| {
        graduate.online_signing_allowed = false;
    })
    .await;
    let client = server.login(&commissioned.email).await;
    for channel in ["OFFLINE", "REGISTERED"] {
        let refused = filing::create(&client, channel, filing::filled()).await;
        assert_eq!(refusal(&refused), Some("ONLINE_SIGNING_NOT_ALLOWED"), "{refused}");
    }
    let refused = filing::create(&client, "ONLINE", filing::filled()).await;
    assert_eq!(refusal(&refused), Some("STEP_NOT_ALLOWED"), "{refused}");
}
