//! The stories of §6 and §8 over HTTP: the graduate fills the agreement in himself, to have it stamped on paper, or to register one
//! that is signed already.

use serde_json::{Value, json};
use wangqian_schema::{model::employer::EmployerVerification, workflow::ReviewRoute};

use crate::support::{
    Server, filing,
    offline::Story,
    people,
    signing::{self, ACCEPT, invite, refusal, review},
};

/// §6.1 to §6.4: filled in, taken back and mended, returned, approved, printed, stamped, handed in by the graduate, taken back, returned,
/// handed in again, and signed.
#[tokio::test(flavor = "multi_thread")]
async fn filled_in_reviewed_printed_stamped_and_signed() {
    let story = Story::begun().await;
    // A draft may be anything, and nobody but he sees it.
    let begun = filing::create(&story.client, "OFFLINE", json!({ "positionTitle": "物理教师" })).await;
    let id = filing::id(&begun);
    let offered = json!(["SAVE_DRAFT", "SUBMIT", "DISCARD"]);
    assert_eq!(
        begun["agreement"]["viewerActions"].as_array().map(Vec::len),
        Some(3)
    );
    for action in offered.as_array().unwrap() {
        assert!(
            begun["agreement"]["viewerActions"]
                .as_array()
                .unwrap()
                .contains(action),
            "{begun}"
        );
    }
    let unseen = "query($id: ID!) { node(id: $id) { id } }";
    for reviewer in [&story.department, &story.school] {
        let data = reviewer.query(unseen, json!({ "id": id })).await;
        assert_eq!(data["node"], Value::Null, "a draft is its graduate's own");
    }
    let early = filing::submit(&story.client, &id, &[]).await;
    let fields: Vec<&str> = early["userErrors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    for field in [
        "draft.employerName",
        "draft.creditCode",
        "draft.contactMobile",
        "draft.householdRegistration",
    ] {
        assert!(fields.contains(&field), "{field} of {fields:?}");
    }
    let saved = filing::save(&story.client, &id, filing::filled()).await;
    assert_eq!(
        saved["agreement"]["draft"]["employerName"], "示例山区中学",
        "{saved}"
    );
    assert_eq!(saved["agreement"]["terms"], Value::Null);

    let submitted = filing::submit(&story.client, &id, &[]).await;
    assert_eq!(submitted["agreement"]["status"], "TERMS_REVIEW", "{submitted}");
    // 图 18 撤回修改.
    let withdrawn = filing::step(&story.client, "withdrawAgreement", &id).await;
    assert_eq!(withdrawn["agreement"]["status"], "DRAFT", "{withdrawn}");
    filing::submit(&story.client, &id, &[]).await;

    // 图 20 协议审核待提交（老师退回）.
    let returned = review(&story.department, &id, "RETURN", Some("职位名称与单位不符")).await;
    assert_eq!(returned["agreement"]["status"], "TERMS_RETURNED", "{returned}");
    assert!(story.newest().await.contains("职位名称与单位不符"));
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

    // §6.3: the paper to be printed, and its public check.
    let query = "query($id: ID!) { node(id: $id) { ... on Agreement {
        documents { status verificationCode downloadLink { url } } } } }";
    let document = story.server.eventually("the paper", async || {
        let data = story.client.query(query, json!({ "id": id })).await;
        let document = data["node"]["documents"][0].clone();
        (document["status"] == "READY").then_some(document)
    });
    let document = document.await;
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
    review(&story.department, &id, "RETURN", Some("印章不清晰")).await;
    assert_eq!(story.status(&id).await, "STAMPED_COPY_RETURNED");
    assert!(story.newest().await.contains("印章不清晰"));
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
    let signed = story.approved(&id).await;
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
    filing::submit(&story.client, &id, &[]).await;
    let page = story.picture("协议.jpg").await;
    let held = async || {
        let accepted = signing::step(&story.client, ACCEPT, &invitation).await;
        assert_eq!(refusal(&accepted), Some("ALREADY_ENGAGED"), "{accepted}");
        let second = filing::submit(&story.client, &other, &[&page]).await;
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
    let rejected = review(&story.department, &id, "REJECT", Some("单位已注销")).await;
    assert_eq!(rejected["agreement"]["status"], "TERMS_REJECTED", "{rejected}");
    assert!(story.newest().await.contains("单位已注销"));
    let dead = filing::submit(&story.client, &id, &[]).await;
    assert_eq!(refusal(&dead), Some("STEP_NOT_ALLOWED"), "{dead}");

    let id = story.terms_approved().await;
    held().await;
    let given_up = filing::step(&story.client, "discardAgreement", &id).await;
    assert_eq!(given_up["agreement"]["status"], "DISCARDED", "{given_up}");
    let id = story.terms_approved().await;
    let page = story.picture("盖章.jpg").await;
    filing::submit_copy(&story.client, &id, &[&page]).await;
    // §6.4: "则线下签约申请直接作废".
    let rejected = review(&story.department, &id, "REJECT", Some("印章与单位不符")).await;
    assert_eq!(rejected["agreement"]["status"], "SIGNING_REJECTED", "{rejected}");
    let accepted = signing::step(&story.client, ACCEPT, &invitation).await;
    assert_eq!(accepted["agreement"]["status"], "SIGNING_REVIEW", "{accepted}");
}

/// 用人单位协助回传协议书: the contact prints, stamps and hands in without an account; the link is good once, for one agreement.
#[tokio::test(flavor = "multi_thread")]
async fn the_employer_hands_the_copy_in_through_the_link() {
    let story = Story::begun().await;
    let (mobile, email) = ("10000000001", "hr@example.com");
    let id = story.terms_approved().await;
    let asked = filing::step(&story.client, "requestStampedCopy", &id).await;
    assert_eq!(asked["userErrors"], json!([]), "{asked}");
    let (by_sms, by_mail) = (story.token(mobile).await, story.token(email).await);
    assert_ne!(by_sms, by_mail);
    let links =
        "query($id: ID!) { node(id: $id) { ... on Agreement { stampedCopyLinks { channel delivery } } } }";
    let sent = async || {
        let data = story.client.query(links, json!({ "id": id })).await;
        let sent =
            json!([{ "channel": "SMS", "delivery": "SENT" }, { "channel": "EMAIL", "delivery": "SENT" }]);
        (data["node"]["stampedCopyLinks"] == sent).then_some(())
    };
    story.server.eventually("both links to be sent", sent).await;
    let hidden = story.school.query(links, json!({ "id": id })).await;
    assert_eq!(hidden["node"]["stampedCopyLinks"], json!([]));

    // It shows the agreement's paper and takes files, and nothing else.
    for token in [&by_sms, &by_mail] {
        let seen = story.opened(token).await;
        assert_eq!(seen["employerName"], "示例山区中学", "{seen}");
    }
    let paper = story.server.eventually("the paper", async || {
        let opened = story.opened(&by_sms).await;
        opened["downloadLink"]["url"].as_str().map(str::to_owned)
    });
    let pdf = reqwest::get(paper.await).await.unwrap().bytes().await.unwrap();
    assert!(pdf.starts_with(b"%PDF-"));

    // Wrong ones, and one that is replaced, open nothing, and all read the same.
    let again = filing::step(&story.client, "requestStampedCopy", &id).await;
    assert_eq!(again["userErrors"], json!([]), "{again}");
    let fresh = story.token(mobile).await;
    for dead in ["", "00", by_sms.as_str(), by_mail.as_str()] {
        assert_eq!(story.opened(dead).await, Value::Null);
        let refused = story.submit_by_link(dead, &[]).await;
        assert_eq!(refusal(&refused), Some("NOT_FOUND"), "{refused}");
        let create =
            "mutation($input: CreateStampedCopyUploadInput!) { createStampedCopyUpload(input: $input) {
            upload { id } userErrors { code field } } }";
        let input = json!({ "token": dead, "fileName": "a.png", "contentType": "image/png", "byteSize": 10 });
        let refused = story
            .server
            .client()
            .mutate(create, json!({ "input": input }))
            .await;
        assert_eq!(
            refused["userErrors"],
            json!([{ "code": "NOT_FOUND", "field": "token" }])
        );
    }

    let page = story.page_by_link(&fresh).await;
    // The graduate's own uploads are not the employer's, nor the other way round.
    let own = story.picture("a.jpg").await;
    let refused = story.submit_by_link(&fresh, &[&own]).await;
    assert_eq!(refused["userErrors"][0]["field"], "files.0", "{refused}");
    let refused = filing::submit_copy(&story.client, &id, &[&page]).await;
    assert_eq!(refused["userErrors"][0]["field"], "files.0", "{refused}");
    let refused = story.submit_by_link(&fresh, &[]).await;
    assert_eq!(refusal(&refused), Some("INVALID_INPUT"), "{refused}");

    let submitted = story.submit_by_link(&fresh, &[&page]).await;
    assert_eq!(submitted["submitted"], json!(true), "{submitted}");
    assert_eq!(story.status(&id).await, "SIGNING_REVIEW");
    assert!(story.newest().await.contains("已回传盖章"));
    // Used, it is good for nothing, also after the copy is returned.
    assert_eq!(story.opened(&fresh).await, Value::Null);
    let history = "query($id: ID!) { node(id: $id) { ... on Agreement { history(last: 1) { nodes {
        action actorRole } } } } }";
    let data = story.client.query(history, json!({ "id": id })).await;
    let last = json!([{ "action": "SUBMIT_STAMPED_COPY", "actorRole": "EMPLOYER_CONTACT" }]);
    assert_eq!(data["node"]["history"]["nodes"], last);
    review(&story.department, &id, "RETURN", Some("缺一页")).await;
    let refused = story.submit_by_link(&fresh, &[&page]).await;
    assert_eq!(refusal(&refused), Some("NOT_FOUND"), "{refused}");

    // It ends with the state, too.
    filing::step(&story.client, "requestStampedCopy", &id).await;
    let last = story.token(mobile).await;
    assert!(story.opened(&last).await.is_object());
    filing::step(&story.client, "discardAgreement", &id).await;
    assert_eq!(story.opened(&last).await, Value::Null);

    // And after seven days.
    let id = story.terms_approved().await;
    filing::step(&story.client, "requestStampedCopy", &id).await;
    let old = story.token(mobile).await;
    assert!(story.opened(&old).await.is_object());
    let mut conn = story.server.platform.pool.get().await.unwrap();
    let age = "UPDATE stamped_copy_links SET expires_at = now() - interval '1 second'";
    diesel_async::RunQueryDsl::execute(diesel::sql_query(age), &mut conn)
        .await
        .unwrap();
    assert_eq!(story.opened(&old).await, Value::Null);
    let refused = story.submit_by_link(&old, &[]).await;
    assert_eq!(refusal(&refused), Some("NOT_FOUND"), "{refused}");
    // An SMS costs, and somebody gets it each time.
    for _ in 0..4 {
        filing::step(&story.client, "requestStampedCopy", &id).await;
    }
    let refused = filing::step(&story.client, "requestStampedCopy", &id).await;
    assert_eq!(refusal(&refused), Some("TOO_MANY_REQUESTS"), "{refused}");
}

/// §8: a paper that was signed elsewhere is registered with pictures of it, returned, mended, and counts as signed.
#[tokio::test(flavor = "multi_thread")]
async fn a_signed_agreement_is_registered() {
    let story = Story::begun().await;
    let id = filing::id(&filing::create(&story.client, "REGISTERED", filing::filled()).await);
    let bare = filing::submit(&story.client, &id, &[]).await;
    assert_eq!(refusal(&bare), Some("INVALID_INPUT"), "without the paper: {bare}");
    assert_eq!(bare["userErrors"][0]["field"], "files");
    assert_eq!(story.status(&id).await, "DRAFT");
    let page = story.picture("协议书.jpg").await;
    let submitted = filing::submit(&story.client, &id, &[&page]).await;
    assert_eq!(
        submitted["agreement"]["status"], "REGISTRATION_REVIEW",
        "{submitted}"
    );
    let withdrawn = filing::step(&story.client, "withdrawAgreement", &id).await;
    assert_eq!(withdrawn["agreement"]["status"], "DRAFT", "{withdrawn}");
    let files = "query($id: ID!) { node(id: $id) { ... on Agreement { files { id submission } } } }";
    let kept = story.client.query(files, json!({ "id": id })).await;
    let kept = kept["node"]["files"][0]["id"].as_str().unwrap().to_owned();
    filing::submit(&story.client, &id, &[&kept]).await;
    let returned = review(&story.department, &id, "RETURN", Some("图像缺页")).await;
    assert_eq!(
        returned["agreement"]["status"], "REGISTRATION_RETURNED",
        "{returned}"
    );
    let more = story.picture("第2页.jpg").await;
    filing::submit(&story.client, &id, &[&kept, &more]).await;
    let signed = story.approved(&id).await;
    assert_eq!(signed["agreement"]["status"], "SIGNED", "{signed}");
    assert_eq!(
        signed["agreement"]["agreementNumber"],
        Value::Null,
        "it has none of ours"
    );
    assert!(story.newest().await.contains("登记完成"));

    // "登记信息直接作废，毕业生需重新登记".
    let other = Story::begun().await;
    let id = filing::id(&filing::create(&other.client, "REGISTERED", filing::filled()).await);
    let page = other.picture("协议书.jpg").await;
    filing::submit(&other.client, &id, &[&page]).await;
    let rejected = review(&other.department, &id, "REJECT", Some("非就业协议书")).await;
    assert_eq!(
        rejected["agreement"]["status"], "REGISTRATION_REJECTED",
        "{rejected}"
    );
    let anew = filing::id(&filing::create(&other.client, "REGISTERED", filing::filled()).await);
    let page = other.picture("协议书.jpg").await;
    let submitted = filing::submit(&other.client, &anew, &[&page]).await;
    assert_eq!(
        submitted["agreement"]["status"], "REGISTRATION_REVIEW",
        "{submitted}"
    );
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
