//! Papers of signed agreements, as those who signed get them.

use chrono::{DateTime, Utc};
use serde_json::json;
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
