//! What a browser may do with its cookie, and what a foreign page may not make it do.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::support::{Server, client::PASSWORD, people};

const LOG_IN: &str = "mutation($input: LogInInput!) { logIn(input: $input) { token userErrors { code } } }";
/// A mutation that would be noticed: the session it runs in is over.
const LOG_OUT: &str = "mutation { logOut { userErrors { code } } }";

struct Browser {
    server: Server,
    http: reqwest::Client,
    cookie: String,
}

impl Browser {
    async fn logged_in() -> Self {
        let server = Server::empty().await;
        let operator = people::operator(&server.platform).await;
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let input = json!({ "identifier": operator, "password": PASSWORD });
        let answer = http
            .post(format!("{}/graphql", server.url))
            .header(header::ORIGIN, &server.url)
            .json(&json!({ "query": LOG_IN, "variables": { "input": input } }))
            .send()
            .await
            .expect("an answer");
        let cookie = answer.headers()[header::SET_COOKIE]
            .to_str()
            .expect("text")
            .to_owned();
        let payload: Value = answer.json().await.expect("JSON");
        assert_eq!(
            payload["data"]["logIn"]["token"],
            Value::Null,
            "a script never sees it"
        );
        for property in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(property), "{cookie}");
        }
        let cookie = cookie.split(';').next().expect("the pair").to_owned();
        Self { server, http, cookie }
    }

    fn request(&self, method: Method, origin: Option<&str>) -> reqwest::RequestBuilder {
        let request = self
            .http
            .request(method, format!("{}/graphql", self.server.url))
            .header(header::COOKIE, &self.cookie);
        match origin {
            Some(origin) => request.header(header::ORIGIN, origin),
            None => request,
        }
    }

    /// Who the cookie says it is, to a page of our own.
    async fn viewer(&self) -> Value {
        let query = json!({ "query": "{ viewer { __typename } }" });
        let request = self.request(Method::POST, Some(&self.server.url));
        let (status, answer) = of(request.json(&query)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["data"]["viewer"]["__typename"].clone()
    }
}

async fn of(request: reqwest::RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.expect("an answer");
    (response.status(), response.json().await.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_our_own_may_read_and_write() {
    let browser = Browser::logged_in().await;
    assert_eq!(browser.viewer().await, "Operator");
    let own = browser.request(Method::POST, Some(&browser.server.url));
    let (status, answer) = of(own.json(&json!({ "query": LOG_OUT }))).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer["data"]["logOut"]["userErrors"], json!([]), "{answer}");
    assert_eq!(browser.viewer().await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_page_may_not_use_the_cookie() {
    let browser = Browser::logged_in().await;
    let mutation = json!({ "query": LOG_OUT });
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        let (status, answer) = of(browser.request(Method::POST, Some(origin)).json(&mutation)).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{origin}: {answer}");
        assert_eq!(answer["data"], Value::Null);
        let events = browser
            .request(Method::POST, Some(origin))
            .header(header::ACCEPT, "text/event-stream");
        assert_eq!(
            of(events.json(&mutation)).await.0,
            StatusCode::FORBIDDEN,
            "SSE from {origin}"
        );
        let socket = browser
            .request(Method::GET, Some(origin))
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("Sec-WebSocket-Protocol", "graphql-transport-ws");
        assert_eq!(
            of(socket).await.0,
            StatusCode::FORBIDDEN,
            "a socket from {origin}"
        );
        assert_eq!(browser.viewer().await, "Operator", "logged out from {origin}");
    }
}

/// What a form of a foreign page can send without asking first.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_form_can_send_changes_nothing() {
    let browser = Browser::logged_in().await;
    let body = json!({ "query": LOG_OUT }).to_string();
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ] {
        let form = browser
            .request(Method::POST, None)
            .header(header::CONTENT_TYPE, kind);
        let (status, _) = of(form.body(body.clone())).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    let (status, _) = of(browser.request(Method::GET, None).query(&[("query", LOG_OUT)])).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "a mutation by GET");
    // Also says that nothing of all that has logged the operator out.
    let (status, answer) = of(browser
        .request(Method::GET, None)
        .query(&[("query", "{ viewer { __typename } }")]))
    .await;
    assert_eq!(status, StatusCode::OK, "a query by GET");
    assert_eq!(answer["data"]["viewer"]["__typename"], "Operator");
}
