//! Single operations over HTTP: negotiation, statuses, refusals.

use std::time::Duration;

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wangqian_api::transport::TransportSettings;

use crate::schema::Stage;
use crate::support::{Server, within};

/// Status, content type and body.
async fn read(response: reqwest::Response) -> (u16, String, Value) {
    let status = response.status().as_u16();
    let content_type = response.headers()[header::CONTENT_TYPE]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    (status, content_type, response.json().await.unwrap())
}

/// The code of the only error.
fn code(body: &Value) -> &str {
    assert_eq!(body["errors"].as_array().unwrap().len(), 1, "{body}");
    assert!(body.get("data").is_none(), "{body}");
    body["errors"][0]["extensions"]["code"].as_str().unwrap()
}

#[tokio::test]
async fn statuses_follow_the_media_type() {
    let server = Server::start().await;
    let table = [
        ("{ hello }", 200, 200),
        ("{ maybe }", 200, 200),
        ("{ must }", 200, 200),
        ("{ nothing }", 200, 400),
        ("{", 200, 400),
        ("query A { hello } query B { hello }", 200, 400),
    ];
    for (query, json_status, graphql_status) in table {
        for (accept, expected) in [
            ("application/json", json_status),
            ("application/graphql-response+json", graphql_status),
        ] {
            let response = server
                .post(&json!({ "query": query }))
                .header("accept", accept)
                .send()
                .await
                .unwrap();
            let (status, content_type, body) = read(response).await;
            assert_eq!(status, expected, "{query} as {accept}");
            assert_eq!(content_type, format!("{accept}; charset=utf-8"));
            if query == "{ must }" {
                assert_eq!(
                    body["data"],
                    Value::Null,
                    "a field that must not be null makes its parent null"
                );
            }
            let is_request_error = graphql_status == 400;
            assert_eq!(body.get("data").is_none(), is_request_error, "{body}");
        }
    }
}

#[tokio::test]
async fn keys_stand_in_the_order_of_the_selection() {
    let server = Server::start().await;
    let query = json!({ "query": "{ order { zebra apple } hello(name: \"x\") maybe }" });
    let text = server.post(&query).send().await.unwrap().text().await.unwrap();
    let data = r#""data":{"order":{"zebra":1,"apple":2},"hello":"hello x","maybe":null}}"#;
    assert!(
        text.starts_with(r#"{"errors":[{"message":"maybe not","#) && text.ends_with(data),
        "{text}"
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_in_graphqls_shape() {
    let server = Server::with(TransportSettings {
        graphql_body_limit: 1000,
        ..Default::default()
    })
    .await;
    let post = |content_type: &'static str, body: &str| {
        server
            .client
            .post(server.url())
            .header("content-type", content_type)
            .body(body.to_owned())
    };
    let good = r#"{"query":"mutation { touch }"}"#;
    let long = format!(
        r#"{{"query":"{{ hello }}","extensions":{{"a":"{}"}}}}"#,
        "x".repeat(1000)
    );
    let table = [
        (post("text/plain", good), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (
            post("application/x-www-form-urlencoded", "query=mutation{touch}"),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (
            post("multipart/form-data; boundary=x", good),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (
            post("application/graphql", "mutation { touch }"),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (
            server.client.post(server.url()).body(good),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (
            post("application/json", good).header("content-encoding", "gzip"),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (post("application/json", "{"), 400, "BAD_REQUEST"),
        (post("application/json", ""), 400, "BAD_REQUEST"),
        (post("application/json", "[]"), 400, "BAD_REQUEST"),
        (
            post("application/json", &format!("[{good},{good}]")),
            400,
            "BAD_REQUEST",
        ),
        (
            post("application/json", r#"{"query":"{hello}","variables":"{}"}"#),
            400,
            "BAD_REQUEST",
        ),
        (post("application/json", &long), 413, "PAYLOAD_TOO_LARGE"),
        (
            post("application/json", good).header("accept", "text/html"),
            406,
            "NOT_ACCEPTABLE",
        ),
        (
            post("application/json", r#"{"query":"subscription{silent}"}"#),
            406,
            "NOT_ACCEPTABLE",
        ),
        (server.client.put(server.url()), 405, "METHOD_NOT_ALLOWED"),
        (
            server.client.request(Method::OPTIONS, server.url()),
            405,
            "METHOD_NOT_ALLOWED",
        ),
        (server.client.get(server.url()), 400, "BAD_REQUEST"),
    ];
    for (request, expected, expected_code) in table {
        let shown = format!("{request:?}");
        let (status, content_type, body) = read(request.send().await.unwrap()).await;
        assert_eq!((status, code(&body)), (expected, expected_code), "{shown}");
        assert_eq!(content_type, "application/json; charset=utf-8");
    }
    assert_eq!(*server.stage.touched.borrow(), 0, "nothing of this ran");
}

#[tokio::test]
async fn a_body_without_an_announced_length_is_limited_too() {
    let server = Server::with(TransportSettings {
        graphql_body_limit: 1000,
        ..Default::default()
    })
    .await;
    let mut stream = TcpStream::connect(&server.host).await.unwrap();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
        server.host
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
        .write_all(format!("800\r\n{}\r\n", " ".repeat(0x800)).as_bytes())
        .await
        .unwrap();
    let mut answer = vec![0; 12];
    within(stream.read_exact(&mut answer)).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 413");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let settings = TransportSettings {
        graphql_body_timeout: Duration::from_millis(50),
        ..Default::default()
    };
    let server = Server::with(settings).await;
    let mut stream = TcpStream::connect(&server.host).await.unwrap();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n",
        server.host
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    within(stream.read_exact(&mut answer)).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 408");
}

#[tokio::test]
async fn get_runs_queries_and_nothing_else() {
    let server = Server::start().await;
    let get = |query: &str, extra: &str| {
        let mut url = reqwest::Url::parse(&server.url()).unwrap();
        url.query_pairs_mut().append_pair("query", query);
        server.client.get(format!("{url}{extra}"))
    };
    let (status, _, body) = read(get("{ hello }", "").send().await.unwrap()).await;
    assert_eq!((status, body), (200, json!({ "data": { "hello": "hello " } })));
    let query = "query Q($n: String!) { hello(name: $n) }";
    let (_, _, body) = read(
        get(query, "&variables=%7B%22n%22%3A%22x%22%7D&operationName=Q")
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(body["data"]["hello"], "hello x");

    let response = get("mutation { touch }", "").send().await.unwrap();
    assert_eq!(response.headers()[header::ALLOW], "POST");
    let (status, _, body) = read(response).await;
    assert_eq!((status, code(&body)), (405, "METHOD_NOT_ALLOWED"));
    let (status, ..) = read(
        get("query A { hello } mutation B { touch }", "&operationName=B")
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(status, 405);
    assert_eq!(*server.stage.touched.borrow(), 0);
    let head = server.client.head(server.url()).send().await.unwrap();
    assert_eq!(head.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn who_calls_is_told_by_token_or_cookie() {
    let server = Server::start().await;
    let ask = |name: &'static str, value: &'static str| {
        server.post(&json!({ "query": "{ whoami }" })).header(name, value)
    };
    for (name, value, expected) in [
        ("x-nothing", "", Value::Null),
        ("authorization", "Bearer good", json!("ada")),
        ("cookie", "test_session=good", json!("ada")),
        ("cookie", "test_session=stale", Value::Null),
    ] {
        let (status, _, body) = read(ask(name, value).send().await.unwrap()).await;
        assert_eq!(
            (status, &body["data"]["whoami"]),
            (200, &expected),
            "{name}: {value}"
        );
    }
    let refused = ask("authorization", "Bearer expired").send().await.unwrap();
    assert_eq!(refused.headers()[header::WWW_AUTHENTICATE], "Bearer");
    let (status, _, body) = read(refused).await;
    assert_eq!((status, code(&body)), (401, "UNAUTHENTICATED"));
    let (status, _, body) = read(ask("authorization", "Bearer down").send().await.unwrap()).await;
    assert_eq!((status, code(&body)), (503, "UNAVAILABLE"));
}

#[tokio::test]
async fn headers_of_resolvers_arrive_each_of_them() {
    let server = Server::start().await;
    for accept in ["application/json", "text/event-stream"] {
        let request = server
            .post(&json!({ "query": "mutation { signIn }" }))
            .header("accept", accept);
        let response = request.send().await.unwrap();
        let cookies: Vec<_> = response
            .headers()
            .get_all(header::SET_COOKIE)
            .into_iter()
            .collect();
        assert_eq!(cookies, ["test_session=good; HttpOnly", "other=1"], "{accept}");
    }
}

#[tokio::test]
async fn a_panic_is_an_internal_error_that_tells_nothing() {
    let server = Server::start().await;
    let body = server.ask("{ boom }").await;
    assert_eq!(code(&body), "INTERNAL");
    assert!(!body.to_string().contains("boom"));
}

#[tokio::test]
async fn documents_that_unfold_without_end_are_refused_at_once() {
    let server = Server::start().await;
    let mut bomb = "{ ...f0 }".to_owned();
    for level in 0..14 {
        let spread = format!("...f{} ", level + 1);
        bomb.push_str(&format!(" fragment f{level} on Query {{ {} }}", spread.repeat(8)));
    }
    bomb.push_str(" fragment f14 on Query { hello }");
    assert_eq!(code(&server.ask(&bomb).await), "DOCUMENT_TOO_LARGE");
    assert_eq!(
        code(&server.ask(&format!("{{ {} }}", "a ".repeat(40_000))).await),
        "DOCUMENT_TOO_LARGE"
    );
    assert_eq!(
        code(&server.ask(&"{a".repeat(2_000)).await),
        "GRAPHQL_PARSE_FAILED"
    );
    assert_eq!(
        code(&server.ask(&"{a".repeat(20_000)).await),
        "DOCUMENT_TOO_LARGE"
    );
}

#[tokio::test]
async fn a_mutation_goes_on_when_its_client_hangs_up() {
    let server = Server::start().await;
    let mut stream = TcpStream::connect(&server.host).await.unwrap();
    let body = r#"{"query":"mutation { slowTouch }"}"#;
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        server.host,
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    Stage::wait(&server.stage.begun, 1).await;
    drop(stream);
    // Gives the server time to see that the client is gone: it answers others meanwhile.
    for _ in 0..20 {
        server.ask("{ hello }").await;
    }
    server.stage.gate.notify_one();
    Stage::wait(&server.stage.touched, 1).await;
    server.tasks.close();
    within(server.tasks.wait()).await;
}

#[tokio::test]
async fn the_request_id_comes_back() {
    let server = Server::start().await;
    let id_for = async |sent: Option<&str>| {
        let mut request = server.post(&json!({ "query": "{ hello }" }));
        if let Some(sent) = sent {
            request = request.header("x-request-id", sent);
        }
        request.send().await.unwrap().headers()["x-request-id"]
            .to_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(id_for(Some("abc-1.2_3")).await, "abc-1.2_3");
    assert_ne!(id_for(Some("a b")).await, "a b");
    assert_ne!(id_for(None).await, id_for(None).await);
    let refused = server
        .client
        .put(server.url())
        .header("x-request-id", "r1")
        .send()
        .await
        .unwrap();
    assert_eq!(refused.headers()["x-request-id"], "r1");
}
