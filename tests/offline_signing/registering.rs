//! The story of §8 over HTTP: what was signed on paper elsewhere is registered.

use serde_json::{Value, json};

use super::Story;
use crate::support::{
    filing,
    signing::{refusal, review},
};

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
