//! How many sockets and event streams one caller may hold.

use reqwest::StatusCode;
use serde_json::{Value, json};
use wangqian_api::transport::TransportSettings;

use crate::schema::Stage;
use crate::support::Server;

async fn with_two() -> Server {
    Server::with(TransportSettings {
        connections_per_viewer: 2,
        ..Default::default()
    })
    .await
}

fn ada() -> Value {
    json!({ "authorization": "Bearer good" })
}

#[tokio::test]
async fn a_socket_too_many_is_told_so_and_a_closed_one_makes_room() {
    let server = with_two().await;
    let mut first = server.open_socket(ada()).await;
    first.subscribe("1", "subscription { silent }").await;
    Stage::wait(&server.stage.live, 1).await;
    let _second = server.open_socket(ada()).await;
    let mut third = server.socket().await;
    third
        .say(json!({ "type": "connection_init", "payload": ada() }))
        .await;
    assert_eq!(third.closed().await, (1013, "Too many connections".to_owned()));
    // Others are not concerned.
    let _nobody = server.open_socket(Value::Null).await;
    drop(first);
    Stage::wait(&server.stage.live, 0).await;
    let _again = server.open_socket(ada()).await;
}

#[tokio::test]
async fn event_streams_count_with_the_sockets() {
    let server = with_two().await;
    let _socket = server.open_socket(ada()).await;
    let stream = || {
        server
            .post(&json!({ "query": "subscription { silent }" }))
            .bearer_auth("good")
            .header("accept", "text/event-stream")
            .send()
    };
    let open = stream().await.unwrap();
    assert_eq!(open.status(), StatusCode::OK);
    let refused = stream().await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let said: Value = serde_json::from_str(&refused.text().await.unwrap()).unwrap();
    assert_eq!(said["errors"][0]["extensions"]["code"], "TOO_MANY_CONNECTIONS");
    // Queries are no connections.
    assert_eq!(server.ask("{ __typename }").await["data"]["__typename"], "Query");
    drop(open);
    Stage::wait(&server.stage.live, 0).await;
    assert_eq!(stream().await.unwrap().status(), StatusCode::OK);
}
