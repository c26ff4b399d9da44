//! Requests from pages of other origins (CSRF), on every transport, and cross-origin headers.

use reqwest::Method;
use serde_json::json;
use tokio_tungstenite::tungstenite;
use wangqian_api::transport::TransportSettings;

use crate::support::Server;

#[tokio::test]
async fn a_foreign_page_cannot_use_the_session() {
    let server = Server::start().await;
    let own = format!("http://{}", server.host);
    let table = [
        (None, None, 200),
        (Some(own.as_str()), Some("same-origin"), 200),
        (Some("https://evil.example"), None, 403),
        (Some("https://evil.example"), Some("cross-site"), 403),
        (Some("null"), None, 403),
        (None, Some("cross-site"), 403),
        (None, Some("same-site"), 403),
        (None, Some("same-origin"), 200),
    ];
    for (origin, site, expected) in table {
        for accept in ["application/json", "text/event-stream"] {
            for method in [Method::GET, Method::POST] {
                let mut request = if method == Method::POST {
                    server.post(&json!({ "query": "{ whoami }" }))
                } else {
                    server.client.get(format!("{}?query=%7Bwhoami%7D", server.url()))
                }
                .header("accept", accept)
                .header("cookie", "test_session=good");
                if let Some(origin) = origin {
                    request = request.header("origin", origin);
                }
                if let Some(site) = site {
                    request = request.header("sec-fetch-site", site);
                }
                let response = request.send().await.unwrap();
                assert_eq!(
                    response.status(),
                    expected,
                    "{method} {accept} {origin:?} {site:?}"
                );
                assert!(!response.headers().contains_key("access-control-allow-origin"));
                let text = response.text().await.unwrap();
                assert_eq!(text.contains("FOREIGN_ORIGIN"), expected == 403);
            }
        }
    }
}

#[tokio::test]
async fn a_mutation_of_a_foreign_page_does_not_run() {
    let server = Server::start().await;
    let own = format!("http://{}", server.host);
    let touch = async |accept: &str, origin: &str| {
        let request = server
            .post(&json!({ "query": "mutation { touch }" }))
            .header("accept", accept)
            .header("cookie", "test_session=good")
            .header("origin", origin);
        request.send().await.unwrap().status()
    };
    for accept in ["application/json", "text/event-stream"] {
        for origin in ["https://evil.example", "null"] {
            assert_eq!(touch(accept, origin).await, 403, "{accept} {origin}");
        }
    }
    assert_eq!(*server.stage.touched.borrow(), 0);
    assert_eq!(touch("application/json", &own).await, 200);
    assert_eq!(*server.stage.touched.borrow(), 1, "what ran would have been seen");
}

#[tokio::test]
async fn a_token_is_proof_enough() {
    let server = Server::start().await;
    let request = server.post(&json!({ "query": "{ whoami }" }));
    let request = request
        .header("origin", "https://evil.example")
        .header("authorization", "Bearer good");
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_foreign_page_gets_no_websocket() {
    let server = Server::with(TransportSettings {
        allowed_origins: vec!["https://friend.example".parse().unwrap()],
        ..Default::default()
    })
    .await;
    let own = format!("http://{}", server.host);
    for (origin, let_in) in [
        (own.as_str(), true),
        ("https://friend.example", true),
        ("https://evil.example", false),
    ] {
        let headers = [
            ("sec-websocket-protocol", "graphql-transport-ws"),
            ("cookie", "test_session=good"),
            ("origin", origin),
        ];
        match server.try_socket(&headers).await {
            Ok(_) => assert!(let_in, "{origin}"),
            Err(error) => {
                assert!(!let_in, "{origin}");
                assert!(
                    matches!(*error, tungstenite::Error::Http(ref response) if response.status() == 403),
                    "{error}"
                );
            }
        }
    }
}

#[tokio::test]
async fn allowed_origins_get_cross_origin_headers_and_nobody_else() {
    let settings = TransportSettings {
        allowed_origins: vec!["https://friend.example".parse().unwrap()],
        ..Default::default()
    };
    let server = Server::with(settings).await;
    let preflight = |origin: &'static str| {
        server
            .client
            .request(Method::OPTIONS, server.url())
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type")
    };
    let friend = preflight("https://friend.example").send().await.unwrap();
    assert_eq!(friend.status(), 200);
    assert_eq!(
        friend.headers()["access-control-allow-origin"],
        "https://friend.example"
    );
    assert_eq!(friend.headers()["access-control-allow-credentials"], "true");
    let evil = preflight("https://evil.example").send().await.unwrap();
    assert!(!evil.headers().contains_key("access-control-allow-origin"));

    let request = server
        .post(&json!({ "query": "{ whoami }" }))
        .header("cookie", "test_session=good");
    let response = request
        .header("origin", "https://friend.example")
        .send()
        .await
        .unwrap();
    assert_eq!(
        response.headers()["access-control-allow-origin"],
        "https://friend.example"
    );
    assert_eq!(
        response.json::<serde_json::Value>().await.unwrap()["data"]["whoami"],
        "ada"
    );
}
