//! The story of §8 over HTTP: the graduate registers an agreement that was signed on paper elsewhere.

use serde_json::{Value, json};

use super::Story;
use crate::support::{
    filing,
    signing::{refusal, review, terms_read_by},
};

/// §8.1 and §8.2: a paper that was signed elsewhere is registered with pictures of it, taken back and edited, returned, mended, and counts
/// as signed; rejected, it is void and registered anew. It ends by §7: see `offline_termination`.
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
    // "撤回后可重新编辑登记就业信息再提交学校（院系）审核".
    let mut edited = filing::filled();
    edited["regularSalary"] = json!(11_500);
    filing::save(&story.client, &id, edited.clone()).await;
    filing::submit(&story.client, &id, &[&kept]).await;
    assert_eq!(terms_read_by(&story.department, &id).await, edited);
    story.decided_against_with_a_reason_only(&id).await;
    story
        .decided_against(&id, "RETURN", "图像缺页", "REGISTRATION_RETURNED")
        .await;
    let more = story.picture("第2页.jpg").await;
    let mended = filing::submit(&story.client, &id, &[&kept, &more]).await;
    assert_eq!(mended["agreement"]["reason"], Value::Null, "{mended}");
    review(&story.department, &id, "APPROVE", None).await;
    let late = filing::step(&story.client, "withdrawAgreement", &id).await;
    assert_eq!(
        refusal(&late),
        Some("STEP_NOT_ALLOWED"),
        "a reviewer has decided: {late}"
    );
    let signed = review(&story.school, &id, "APPROVE", None).await;
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
    other.decided_against_with_a_reason_only(&id).await;
    other
        .decided_against(&id, "REJECT", "非就业协议书", "REGISTRATION_REJECTED")
        .await;
    let page = other.picture("协议书.jpg").await;
    let dead = filing::submit(&other.client, &id, &[&page]).await;
    assert_eq!(refusal(&dead), Some("STEP_NOT_ALLOWED"), "{dead}");
    let anew = filing::id(&filing::create(&other.client, "REGISTERED", filing::filled()).await);
    let page = other.picture("协议书.jpg").await;
    let submitted = filing::submit(&other.client, &anew, &[&page]).await;
    assert_eq!(
        submitted["agreement"]["status"], "REGISTRATION_REVIEW",
        "{submitted}"
    );
}
