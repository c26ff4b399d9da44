//! Papers of agreements, as those who sign get them, and what stands in them.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use wangqian_api::id::NodeType;
use wangqian_schema::model::employer::EmployerVerification;

use super::{
    Client, Server,
    people::{self, SchoolWorld},
    signing::{ACCEPT, invite, review, step},
};

/// A link to a paper.
pub(crate) struct Link {
    pub(crate) url: String,
    pub(crate) expires_at: DateTime<Utc>,
}

/// Has an agreement signed by a new graduate. Gives him, and the agreement.
pub(crate) async fn signed(server: &Server, school: &SchoolWorld) -> (Client, String) {
    let company = people::employer(&server.platform, EmployerVerification::Verified).await;
    let graduate = people::graduate(&server.platform, school, |_| {}).await;
    let id = NodeType::Graduate.id(graduate.id).to_string();
    let agreement = invite(&server.login(&company.member).await, &id).await;
    let graduate = server.login(&graduate.email).await;
    step(&graduate, ACCEPT, &agreement).await;
    let reviewer = server.login(&school.school_reviewer).await;
    let approved = review(&reviewer, &agreement, "APPROVE", None).await;
    assert_eq!(approved["agreement"]["status"], "SIGNED", "{approved}");
    (graduate, agreement)
}

/// A fresh link to the paper of an agreement, once there is one.
pub(crate) async fn link(server: &Server, client: &Client, agreement: &str) -> Link {
    let query = "query($id: ID!) { node(id: $id) { ... on Agreement {
        documents { downloadLink { url expiresAt } } } } }";
    let found = server
        .until("the paper", async || {
            let answer = client.query(query, json!({ "id": agreement })).await;
            let link = answer["node"]["documents"][0]["downloadLink"].clone();
            link.is_object().then_some(link)
        })
        .await;
    let text = |field: &str| found[field].as_str().expect("text").to_owned();
    Link {
        url: text("url"),
        expires_at: text("expiresAt").parse().expect("a time"),
    }
}

/// Status and content.
pub(crate) async fn fetch(url: &str) -> (u16, Vec<u8>) {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let response = client.get(url).send().await.expect("an answer");
    let status = response.status().as_u16();
    (status, response.bytes().await.expect("bytes").to_vec())
}

/// All text of a PDF in the order in which it was set, without white space: a value may wrap anywhere.
pub(crate) fn text(pdf: &[u8]) -> String {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(pdf).unwrap();
    let read = Command::new("pdftotext")
        .args(["-raw", "-enc", "UTF-8", "-nopgbrk"])
        .arg(file.path())
        .arg("-")
        .stdin(Stdio::null())
        .output()
        .expect("pdftotext is missing: apt-get install poppler-utils");
    assert!(read.status.success(), "{read:?}");
    squash(&String::from_utf8(read.stdout).unwrap())
}

/// A text without white space.
pub(crate) fn squash(text: &str) -> String {
    text.split_whitespace().collect()
}

/// The text of the PDF behind a link.
pub(crate) async fn read(link: &Value) -> String {
    let (status, pdf) = fetch(link.as_str().expect("a link")).await;
    assert_eq!(status, 200);
    text(&pdf)
}

/// The newest document of an agreement, once it can be downloaded, and its text.
pub(crate) async fn paper(server: &Server, client: &Client, agreement: &str) -> (Value, String) {
    let query = "query($id: ID!) { node(id: $id) { ... on Agreement {
        documents { id version status verificationCode downloadLink { url } } } } }";
    let document = server.until("the paper", async || {
        let answer = client.query(query, json!({ "id": agreement })).await;
        let document = answer["node"]["documents"][0].clone();
        (document["status"] == "READY").then_some(document)
    });
    let document = document.await;
    let text = read(&document["downloadLink"]["url"]).await;
    (document, text)
}
