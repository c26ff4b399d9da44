//! What happens to a socket besides its messages: pings, dead peers, the end of sessions and of the server.

use std::time::Duration;

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use wangqian_api::transport::TransportSettings;

use crate::schema::Stage;
use crate::support::{Server, within};

#[tokio::test]
async fn pings_are_answered_and_sent() {
    let settings = TransportSettings {
        websocket_ping_interval: Duration::from_millis(40),
        ..Default::default()
    };
    let server = Server::with(settings).await;
    let mut socket = server.open_socket(Value::Null).await;
    socket.say(json!({ "type": "ping", "payload": { "a": 1 } })).await;
    assert_eq!(socket.hear().await, json!({ "type": "pong" }));
    socket.say(json!({ "type": "pong" })).await;
    // A client that only answers pings, which its library does, stays.
    for _ in 0..6 {
        assert!(matches!(socket.frame().await, Message::Ping(_)));
    }
    within(socket.0.send(Message::Ping("x".into()))).await.unwrap();
    let answer = async {
        loop {
            match socket.frame().await {
                Message::Ping(_) => {}
                other => return other,
            }
        }
    };
    assert_eq!(within(answer).await, Message::Pong("x".into()));
}

#[tokio::test]
async fn a_peer_that_is_silent_is_taken_for_dead() {
    let settings = TransportSettings {
        websocket_ping_interval: Duration::from_millis(40),
        ..Default::default()
    };
    let server = Server::with(settings).await;
    let mut socket = server.open_socket(Value::Null).await;
    socket.subscribe("1", "subscription { silent }").await;
    Stage::wait(&server.stage.live, 1).await;
    // Nobody reads the socket, so nobody answers the pings.
    Stage::wait(&server.stage.live, 0).await;
    server.tasks.close();
    within(server.tasks.wait()).await;
}

#[tokio::test]
async fn a_peer_that_vanishes_takes_its_operations_along() {
    let server = Server::start().await;
    for polite in [true, false] {
        let mut socket = server.open_socket(Value::Null).await;
        socket.subscribe("1", "subscription { silent }").await;
        socket.subscribe("2", "subscription { busy }").await;
        Stage::wait(&server.stage.live, 2).await;
        if polite {
            within(socket.0.close(None)).await.unwrap();
        } else {
            drop(socket);
        }
        Stage::wait(&server.stage.live, 0).await;
    }
    server.tasks.close();
    within(server.tasks.wait()).await;
}

#[tokio::test]
async fn the_end_of_the_session_closes_4403() {
    let server = Server::start().await;
    let mut somebody = server
        .open_socket(json!({ "authorization": "Bearer good" }))
        .await;
    let mut nobody = server.open_socket(Value::Null).await;
    somebody.subscribe("1", "subscription { silent }").await;
    Stage::wait(&server.stage.live, 1).await;
    server.stage.sign_out.cancel();
    assert_eq!(somebody.closed().await, (4403, "Session ended".to_owned()));
    Stage::wait(&server.stage.live, 0).await;
    nobody.is_quiet().await;
}

#[tokio::test]
async fn a_stopping_server_lets_mutations_answer_and_closes_1001() {
    let server = Server::start().await;
    let mut socket = server.open_socket(Value::Null).await;
    socket.subscribe("1", "subscription { silent }").await;
    socket.subscribe("2", "mutation { slowTouch }").await;
    Stage::wait(&server.stage.live, 1).await;
    Stage::wait(&server.stage.begun, 1).await;
    server.shutdown.cancel();
    Stage::wait(&server.stage.live, 0).await;
    socket.subscribe("3", "{ hello }").await;
    let refused = socket.hear().await;
    assert_eq!(
        (&refused["id"], &refused["payload"][0]["extensions"]["code"]),
        (&json!("3"), &json!("UNAVAILABLE"))
    );
    server.stage.gate.notify_one();
    assert_eq!(socket.hear().await["payload"]["data"]["slowTouch"], 1);
    assert_eq!(socket.hear().await, json!({ "type": "complete", "id": "2" }));
    assert_eq!(socket.closed().await, (1001, "Server is going away".to_owned()));
    server.tasks.close();
    within(server.tasks.wait()).await;
    // One that had just begun is told as well.
    let mut late = server.socket().await;
    assert_eq!(late.closed().await.0, 1001);
}

#[tokio::test]
async fn a_mutation_goes_on_when_its_socket_is_gone() {
    let server = Server::start().await;
    let mut socket = server.open_socket(Value::Null).await;
    socket.subscribe("1", "mutation { slowTouch }").await;
    socket.subscribe("2", "subscription { silent }").await;
    Stage::wait(&server.stage.begun, 1).await;
    Stage::wait(&server.stage.live, 1).await;
    drop(socket);
    // The end of the subscription shows that the server has seen it.
    Stage::wait(&server.stage.live, 0).await;
    server.stage.gate.notify_one();
    Stage::wait(&server.stage.touched, 1).await;
}
