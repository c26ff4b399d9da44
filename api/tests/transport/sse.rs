//! Operations as event streams, graphql-sse's distinct connections.

use std::time::Duration;

use serde_json::json;
use wangqian_api::transport::TransportSettings;

use crate::schema::Stage;
use crate::support::{Server, within};

fn stream(server: &Server, query: &str) -> reqwest::RequestBuilder {
    server
        .post(&json!({ "query": query }))
        .header("accept", "text/event-stream")
}

#[tokio::test]
async fn results_come_as_next_and_the_end_as_complete() {
    let server = Server::start().await;
    let table = [
        (
            "subscription { ticks(count: 2) }",
            r#"event: next
data: {"data":{"ticks":0}}

event: next
data: {"data":{"ticks":1}}

event: complete
data:

"#,
        ),
        (
            "{ hello }",
            "event: next\ndata: {\"data\":{\"hello\":\"hello \"}}\n\nevent: complete\ndata:\n\n",
        ),
        (
            "mutation { touch }",
            "event: next\ndata: {\"data\":{\"touch\":1}}\n\nevent: complete\ndata:\n\n",
        ),
    ];
    for (query, expected) in table {
        let response = stream(&server, query).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(
            response.headers()["content-type"],
            "text/event-stream; charset=utf-8"
        );
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        assert_eq!(
            within(response.text())
                .await
                .unwrap()
                .replace(":\n\n:", ":")
                .trim_start_matches(":\n\n"),
            expected
        );
    }
}

#[tokio::test]
async fn errors_of_the_document_come_as_next_so_that_browsers_can_read_them() {
    let server = Server::start().await;
    for query in [
        "{",
        "{ nothing }",
        "subscription { nothing }",
        "subscription { a: busy b: busy }",
    ] {
        let response = stream(&server, query).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let text = within(response.text()).await.unwrap();
        assert!(
            text.contains("event: next\ndata: {\"errors\":[") && text.ends_with("event: complete\ndata:\n\n"),
            "{text}"
        );
        assert!(!text.contains("\"data\":"), "{text}");
    }
}

#[tokio::test]
async fn get_streams_queries_and_subscriptions_and_no_mutations() {
    let server = Server::start().await;
    let get = |query: &str| {
        let mut url = reqwest::Url::parse(&server.url()).unwrap();
        url.query_pairs_mut().append_pair("query", query);
        server.client.get(url).header("accept", "text/event-stream")
    };
    let text = within(
        get("subscription { ticks(count: 1) }")
            .send()
            .await
            .unwrap()
            .text(),
    )
    .await
    .unwrap();
    assert!(text.contains(r#"data: {"data":{"ticks":0}}"#), "{text}");
    assert_eq!(get("mutation { touch }").send().await.unwrap().status(), 405);
    let refused = get("{ whoami }")
        .header("authorization", "Bearer expired")
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 401);
}

#[tokio::test]
async fn a_silent_stream_is_kept_alive_and_let_go_with_its_client() {
    let settings = TransportSettings {
        sse_keep_alive: Duration::from_millis(10),
        ..Default::default()
    };
    let server = Server::with(settings).await;
    let mut response = stream(&server, "subscription { silent }").send().await.unwrap();
    for _ in 0..3 {
        assert_eq!(within(response.chunk()).await.unwrap().unwrap(), ":\n\n");
    }
    assert_eq!(*server.stage.live.borrow(), 1);
    drop(response);
    Stage::wait(&server.stage.live, 0).await;
}

#[tokio::test]
async fn the_end_of_the_session_is_told_and_the_end_of_the_server_is_not() {
    let server = Server::start().await;
    let text = async |request: reqwest::RequestBuilder, act: &dyn Fn()| {
        let response = request.send().await.unwrap();
        Stage::wait(&server.stage.live, 1).await;
        act();
        let text = within(response.text()).await.unwrap();
        Stage::wait(&server.stage.live, 0).await;
        text
    };
    let signed_in = stream(&server, "subscription { silent }").header("authorization", "Bearer good");
    let told = text(signed_in, &|| server.stage.sign_out.cancel()).await;
    assert!(
        told.contains("UNAUTHENTICATED") && told.ends_with("event: complete\ndata:\n\n"),
        "{told}"
    );
    let cut_off = text(stream(&server, "subscription { silent }"), &|| {
        server.shutdown.cancel()
    })
    .await;
    assert!(
        !cut_off.contains("complete"),
        "clients are to come again: {cut_off}"
    );
    server.tasks.close();
    within(server.tasks.wait()).await;
}
