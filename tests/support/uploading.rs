//! Uploads for cases as clients send them.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;
use wangqian_api::id::{NodeType, decode};
use wangqian_schema::{
    Platform,
    model::{
        case_file::{self, CaseFile},
        case_upload::UploadOwner,
        event::CaseKind,
    },
};

use super::{Client, Server};

/// Announces a file.
pub(crate) const CREATE: &str = "mutation($input: CreateUploadInput!) { createUpload(input: $input) {
    upload { id state fileName contentType byteSize expiresAt } link { url headers { name value } expiresAt }
    userErrors { code field message } } }";
/// Says that its bytes were put.
pub(crate) const COMPLETE: &str = "mutation($id: ID!) { completeUpload(input: { uploadId: $id }) {
    upload { id state } userErrors { code field message } } }";
/// How an upload stands.
pub(crate) const UPLOAD: &str = "query($id: ID!) { node(id: $id) { ... on Upload {
    id state fileName refusal { code message } thumbnailLink { url } attachedAt } } }";
/// A file of a case.
pub(crate) const FILE: &str = "query($id: ID!) { node(id: $id) { ... on CaseFile {
    id fileName contentType byteSize sha256 width height pages submission uploadedAt
    downloadLink { url expiresAt } thumbnailLink { url } } } }";

/// Announces a file of this size: the upload's id and the link.
pub(crate) async fn announce(
    client: &Client,
    name: &str,
    content_type: &str,
    byte_size: usize,
) -> (String, String) {
    let input = json!({ "fileName": name, "contentType": content_type, "byteSize": byte_size });
    let created = client.mutate(CREATE, json!({ "input": input })).await;
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{created}")).to_owned();
    assert_eq!(created["upload"]["state"], "ANNOUNCED");
    (text(&created["upload"]["id"]), text(&created["link"]["url"]))
}

/// PUTs bytes to a link; gives the status.
pub(crate) async fn put(url: &str, content_type: &str, bytes: Vec<u8>) -> u16 {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.put(url).header("content-type", content_type).body(bytes);
    request.send().await.unwrap().status().as_u16()
}

/// Says that the bytes are there, and gives the upload once it was looked at.
pub(crate) async fn complete(server: &Server, client: &Client, id: &str) -> Value {
    let completed = client.mutate(COMPLETE, json!({ "id": id })).await;
    assert_eq!(completed["userErrors"], json!([]));
    let looked_at = async || {
        let mut found = client.query(UPLOAD, json!({ "id": id })).await;
        let upload = found["node"].take();
        (upload["state"] != "CHECKING").then_some(upload)
    };
    server.eventually("the file to be looked at", looked_at).await
}

/// Announces a file, puts it, and gives the upload once it was looked at.
pub(crate) async fn upload(
    server: &Server,
    client: &Client,
    name: &str,
    content_type: &str,
    bytes: Vec<u8>,
) -> Value {
    let (id, url) = announce(client, name, content_type, bytes.len()).await;
    assert_eq!(
        put(&url, content_type, bytes).await,
        200,
        "{name}: the store takes it"
    );
    complete(server, client, &id).await
}

/// Attaches an upload to an agreement, as a step that hands it in does. Gives the id of the file.
pub(crate) async fn attach(platform: &Platform, account_id: Uuid, agreement: &str, upload: &str) -> String {
    let uuid = |id: &str| decode(&id.into()).expect("a global id").1;
    let mut conn = platform.pool.get().await.unwrap();
    let now: DateTime<Utc> = platform.clock.now();
    let owner = UploadOwner::Account(account_id);
    let case = (CaseKind::Agreement, uuid(agreement));
    let files = diesel_async::AsyncConnection::transaction(&mut *conn, async |conn| {
        case_file::attach(conn, &owner, case, 1, &[uuid(upload)], 1..=9, now).await
    });
    let files: Vec<CaseFile> = files.await.unwrap();
    NodeType::CaseFile.id(files[0].id).to_string()
}
