//! The registration of an employer as clients send it.

use serde_json::{Value, json};
use wangqian_schema::checks::credit_code_check;

use super::{Client, Server, made_files, outbox::Outbox};

/// Asks for the code.
pub(crate) const REQUEST_CODE: &str =
    "mutation($email: String!) { requestRegistrationCode(input: { email: $email }) {
    userErrors { code field message } } }";
/// Announces a file.
pub(crate) const BEGIN_UPLOAD: &str = "mutation($input: BeginUploadInput!) { beginUpload(input: $input) {
    uploadId link { url headers { name value } expiresAt } userErrors { code field message } } }";
/// Registers.
pub(crate) const REGISTER: &str =
    "mutation($input: RegisterEmployerInput!) { registerEmployer(input: $input) {
    employer { id name creditCode verification nature { code } } userErrors { code field message } } }";
/// The password of those who register.
pub(crate) const PASSWORD: &str = "wangqian-demo";

/// A credit code of the region 000000.
pub(crate) fn credit_code(number: u32) -> String {
    let first = format!("91000000MB{number:07}");
    format!("{first}{}", credit_code_check(&first).unwrap())
}

/// Announces a file, puts it and gives the id of its upload.
pub(crate) async fn upload(client: &Client, content_type: &str, bytes: impl Into<Vec<u8>>) -> String {
    let bytes = bytes.into();
    let input =
        json!({ "purpose": "BUSINESS_LICENCE", "contentType": content_type, "byteSize": bytes.len() });
    let begun = client.mutate(BEGIN_UPLOAD, json!({ "input": input })).await;
    let link = &begun["link"];
    let url = link["url"].as_str().unwrap_or_else(|| panic!("{begun}"));
    let status = put(url, content_type, bytes).await;
    assert_eq!(status, 200, "the store takes it");
    begun["uploadId"].as_str().unwrap().to_owned()
}

/// Announces a PNG of this size: the upload and the link.
pub(crate) async fn begin_png(client: &Client, byte_size: usize) -> (String, String) {
    let input = json!({ "purpose": "BUSINESS_LICENCE", "contentType": "image/png", "byteSize": byte_size });
    let begun = client.mutate(BEGIN_UPLOAD, json!({ "input": input })).await;
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{begun}")).to_owned();
    (text(&begun["uploadId"]), text(&begun["link"]["url"]))
}

/// PUTs bytes to a link; gives the status.
pub(crate) async fn put(url: &str, content_type: &str, bytes: impl Into<Vec<u8>>) -> u16 {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client
        .put(url)
        .header("content-type", content_type)
        .body(bytes.into());
    request.send().await.unwrap().status().as_u16()
}

/// The input of a registration by somebody of this address, with its code and a licence.
pub(crate) async fn input(server: &Server, outbox: &Outbox, number: u32, email: &str) -> Value {
    let client = server.client();
    let requested = client.mutate(REQUEST_CODE, json!({ "email": email })).await;
    assert_eq!(requested, json!({ "userErrors": [] }));
    json!({
        "employer": {
            "creditCode": credit_code(number), "name": "示例注册有限公司", "nature": "39", "industry": "34",
            "region": "110108", "address": "示例路一号院二号楼",
        },
        "member": {
            "name": "示例经办人", "mobile": "10011112222", "email": email,
            "code": outbox.next_code_to(email).await, "password": PASSWORD,
        },
        "licenceUploadId": upload(&client, "image/png", made_files::png()).await,
        "idempotencyKey": format!("key {number}"),
    })
}

/// Registers, and gives the whole payload.
pub(crate) async fn register(server: &Server, input: &Value) -> Value {
    server.client().mutate(REGISTER, json!({ "input": input })).await
}
