//! A client that speaks GraphQL over HTTP, signed in or not.

use serde_json::{Value, json};

use super::{events::Events, refusals};

/// The password of every demo account.
pub(crate) const PASSWORD: &str = wangqian_cli::demo::accounts::PASSWORD;

/// A client of one server.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    remote: Option<String>,
}

impl Client {
    /// Nobody's client.
    pub(crate) fn new(base: &str) -> Self {
        Self {
            http: reqwest::Client::builder().no_proxy().build().expect("a client"),
            base: base.to_owned(),
            token: None,
            remote: None,
        }
    }

    /// The same from another address, as a proxy tells it to a server with `--trusted-proxies=1`.
    pub(crate) fn from(&self, address: &str) -> Self {
        Self {
            remote: Some(address.to_owned()),
            ..self.clone()
        }
    }

    /// Logs in with an identifier and the demo password.
    pub(crate) async fn login(&self, identifier: &str) -> Self {
        self.login_with(identifier, PASSWORD).await
    }

    /// Logs in with an identifier and a password.
    pub(crate) async fn login_with(&self, identifier: &str, password: &str) -> Self {
        let payload = self
            .mutate(
                "mutation($input: LogInInput!) { logIn(input: $input) { token userErrors { code message } } }",
                json!({ "input": { "identifier": identifier, "password": password, "delivery": "BEARER" } }),
            )
            .await;
        let token = payload["token"]
            .as_str()
            .unwrap_or_else(|| panic!("{identifier}: {payload}"));
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// The same session, by another way to the server.
    pub(crate) fn by(&self, base: &str) -> Self {
        Self {
            base: base.to_owned(),
            ..self.clone()
        }
    }

    /// The token of the session, for other programs.
    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().expect("somebody who has logged in")
    }

    /// Where GraphQL is served.
    pub(crate) fn endpoint(&self) -> String {
        format!("{}/graphql", self.base)
    }

    /// Sends an operation and gives the whole answer: `data` and `errors`.
    pub(crate) async fn graphql(&self, query: &str, variables: Value) -> Value {
        let response = self
            .send("application/graphql-response+json", query, variables)
            .await;
        let answer = response.json().await.expect("JSON");
        refusals::check(&answer);
        answer
    }

    /// As [`Client::graphql`], of a server that may go away: `None` when there is no whole answer.
    pub(crate) async fn try_graphql(&self, query: &str, variables: Value) -> Option<Value> {
        let request = self.request("application/graphql-response+json", query, variables);
        request.send().await.ok()?.json().await.ok()
    }

    /// Opens a subscription over Server-Sent Events.
    pub(crate) async fn subscribe(&self, query: &str, variables: Value) -> Events {
        Events::new(self.send("text/event-stream", query, variables).await).await
    }

    async fn send(&self, accept: &str, query: &str, variables: Value) -> reqwest::Response {
        let request = self.request(accept, query, variables);
        request.send().await.expect("an answer")
    }

    fn request(&self, accept: &str, query: &str, variables: Value) -> reqwest::RequestBuilder {
        let mut request = self
            .http
            .post(self.endpoint())
            .header("accept", accept)
            .json(&json!({ "query": query, "variables": variables }));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(remote) = &self.remote {
            request = request.header("x-forwarded-for", remote);
        }
        request
    }

    /// Sends an operation that has to succeed, and gives its `data`.
    pub(crate) async fn query(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.graphql(query, variables).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].take()
    }

    /// Sends a mutation that has to succeed as an operation, and gives the payload of its only field, user errors
    /// included.
    pub(crate) async fn mutate(&self, query: &str, variables: Value) -> Value {
        let mut data = self.query(query, variables).await;
        let fields = data.as_object_mut().expect("an object");
        assert_eq!(fields.len(), 1, "one field: {fields:?}");
        fields
            .values_mut()
            .next()
            .map(Value::take)
            .expect("the only field")
    }

    /// GETs a path: status and body.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let url = format!("{}{path}", self.base);
        let response = self.http.get(url).send().await.expect("an answer");
        (response.status().as_u16(), response.text().await.expect("text"))
    }
}
