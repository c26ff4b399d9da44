//! The GraphiQL page.

use wangqian_api::transport::TransportSettings;

use crate::support::Server;

#[tokio::test]
async fn everything_the_page_needs_is_served_here() {
    let server = Server::start().await;
    let get = async |path: &str| {
        server
            .client
            .get(format!("http://{}{path}", server.host))
            .send()
            .await
            .unwrap()
    };
    let page = get("/graphiql").await;
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self';"),
        "{policy}"
    );
    let html = page.text().await.unwrap();
    let paths: Vec<&str> = html
        .split('"')
        .filter(|part| part.starts_with("/graphiql/"))
        .collect();
    assert!(paths.len() > 5);
    for path in paths {
        let file = get(path).await;
        assert_eq!(file.status(), 200, "{path}");
        let kind = if path.ends_with(".css") {
            "text/css; charset=utf-8"
        } else {
            "text/javascript; charset=utf-8"
        };
        assert_eq!(file.headers()["content-type"], kind);
        assert_eq!(
            file.headers()["cache-control"]
                .to_str()
                .unwrap()
                .contains("immutable"),
            path.contains("/lib-")
        );
    }
    assert_eq!(get("/graphiql/other.js").await.status(), 404);
}

#[tokio::test]
async fn the_page_can_be_switched_off() {
    let server = Server::with(TransportSettings {
        graphiql: false,
        ..Default::default()
    })
    .await;
    let response = server
        .client
        .get(format!("http://{}/graphiql", server.host))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 404);
}
