//! §6.3 over HTTP: the employer's contact hands the stamped copy in through a link, without an account.

use serde_json::{Value, json};

use super::Story;
use crate::support::{
    filing,
    signing::{refusal, review},
};

/// What the employer has handed in is the graduate's to take back, as long as no reviewer has decided; what he hands in himself ends the
/// employer's link.
#[tokio::test(flavor = "multi_thread")]
async fn the_graduate_takes_back_what_the_employer_handed_in_and_hands_in_himself() {
    let story = Story::begun().await;
    let mobile = "10000000001";
    let id = story.terms_approved().await;
    filing::step(&story.client, "requestStampedCopy", &id).await;
    let token = story.token(mobile).await;
    let page = story.page_by_link(&token).await;
    let submitted = story.submit_by_link(&token, &[&page]).await;
    assert_eq!(submitted["submitted"], json!(true), "{submitted}");
    let back = filing::step(&story.client, "withdrawAgreement", &id).await;
    assert_eq!(back["agreement"]["status"], "TERMS_APPROVED", "{back}");
    let again = story.submit_by_link(&token, &[&page]).await;
    assert_eq!(refusal(&again), Some("NOT_FOUND"), "used: {again}");

    // Another link, and he is faster.
    filing::step(&story.client, "requestStampedCopy", &id).await;
    let token = story.token(mobile).await;
    let page = story.page_by_link(&token).await;
    let own = story.picture("盖章.jpg").await;
    let copied = filing::submit_copy(&story.client, &id, &[&own]).await;
    assert_eq!(copied["agreement"]["status"], "SIGNING_REVIEW", "{copied}");
    assert_eq!(story.opened(&token).await, Value::Null);
    let late = story.submit_by_link(&token, &[&page]).await;
    assert_eq!(refusal(&late), Some("NOT_FOUND"), "{late}");
    // Taken back or returned, it stays dead.
    filing::step(&story.client, "withdrawAgreement", &id).await;
    assert_eq!(story.opened(&token).await, Value::Null);

    // What the employer hands in cannot be taken back either once the department has approved.
    filing::step(&story.client, "requestStampedCopy", &id).await;
    let token = story.token(mobile).await;
    let page = story.page_by_link(&token).await;
    story.submit_by_link(&token, &[&page]).await;
    review(&story.department, &id, "APPROVE", None).await;
    let late = filing::step(&story.client, "withdrawAgreement", &id).await;
    assert_eq!(refusal(&late), Some("STEP_NOT_ALLOWED"), "{late}");
    let signed = review(&story.school, &id, "APPROVE", None).await;
    assert_eq!(signed["agreement"]["status"], "SIGNED", "{signed}");
}

/// §6.3, 用人单位协助回传协议书: the contact prints, stamps and hands in without an account; the link is good once, for one agreement.
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
    let stray = story.page_by_link(&last).await;
    filing::step(&story.client, "discardAgreement", &id).await;
    assert_eq!(story.opened(&last).await, Value::Null);

    // And after seven days.
    let id = story.terms_approved().await;
    filing::step(&story.client, "requestStampedCopy", &id).await;
    let old = story.token(mobile).await;
    assert!(story.opened(&old).await.is_object());
    // What was uploaded for one agreement is nothing of another.
    let refused = story.submit_by_link(&old, &[&stray]).await;
    assert_eq!(refused["userErrors"][0]["field"], "files.0", "{refused}");
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
