//! The rules of graphql-transport-ws: messages and close codes.

use std::time::Duration;

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{
    self, Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};
use wangqian_api::transport::TransportSettings;

use crate::schema::Stage;
use crate::support::{Server, within};

#[tokio::test]
async fn only_graphql_transport_ws_is_spoken() {
    let server = Server::start().await;
    let mut none = server.try_socket(&[]).await.unwrap();
    assert_eq!(
        none.closed().await,
        (4406, "Subprotocol not acceptable".to_owned())
    );
    // This client gives up by itself when its subprotocol isn't chosen, as browsers do.
    let legacy = server
        .try_socket(&[("sec-websocket-protocol", "graphql-ws")])
        .await
        .err()
        .unwrap();
    assert!(matches!(*legacy, tungstenite::Error::Protocol(_)), "{legacy}");
    assert!(
        server
            .try_socket(&[("sec-websocket-protocol", "graphql-ws, graphql-transport-ws")])
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_socket_that_never_says_hello_is_closed_4408() {
    let settings = TransportSettings {
        websocket_init_timeout: Duration::from_millis(30),
        ..Default::default()
    };
    let server = Server::with(settings).await;
    let mut socket = server.socket().await;
    // Talking is not enough.
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(
        socket.closed().await,
        (4408, "Connection initialisation timeout".to_owned())
    );
    // One that has said hello outlives one that came after it and says nothing.
    let mut initialised = server.open_socket(Value::Null).await;
    assert_eq!(server.socket().await.closed().await.0, 4408);
    initialised.is_quiet().await;
}

#[tokio::test]
async fn a_second_hello_is_closed_4429() {
    let server = Server::start().await;
    let mut socket = server.open_socket(json!({})).await;
    socket.say(json!({ "type": "connection_init" })).await;
    assert_eq!(
        socket.closed().await,
        (4429, "Too many initialisation requests".to_owned())
    );
    // Also while the first is being checked.
    let mut socket = server.socket().await;
    socket
        .say(json!({ "type": "connection_init", "payload": { "authorization": "Bearer slow" } }))
        .await;
    socket.say(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.closed().await.0, 4429);
}

#[tokio::test]
async fn to_subscribe_before_the_acknowledgement_is_closed_4401() {
    let server = Server::start().await;
    let mut socket = server.socket().await;
    socket.subscribe("1", "{ hello }").await;
    assert_eq!(socket.closed().await, (4401, "Unauthorized".to_owned()));
    let mut socket = server.socket().await;
    socket
        .say(json!({ "type": "connection_init", "payload": { "authorization": "Bearer slow" } }))
        .await;
    socket.subscribe("1", "{ hello }").await;
    assert_eq!(socket.closed().await.0, 4401);
}

#[tokio::test]
async fn wrong_credentials_are_closed_4403_and_none_are_fine() {
    let server = Server::start().await;
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    for (headers, payload, expected) in [
        (vec![protocol], json!({ "authorization": "Bearer expired" }), 4403),
        (vec![protocol], json!({ "authorization": "expired" }), 4403),
        (
            vec![protocol, ("cookie", "test_session=stale")],
            Value::Null,
            4403,
        ),
        (
            vec![protocol, ("authorization", "Bearer expired")],
            Value::Null,
            4403,
        ),
        (vec![protocol], json!({ "authorization": "Bearer down" }), 1013),
    ] {
        let mut socket = server.try_socket(&headers).await.unwrap();
        socket
            .say(json!({ "type": "connection_init", "payload": payload }))
            .await;
        assert_eq!(socket.closed().await.0, expected, "{headers:?} {payload}");
    }
    for (headers, payload, expected) in [
        (vec![protocol], Value::Null, Value::Null),
        (
            vec![protocol, ("cookie", "test_session=good")],
            json!({ "other": 1 }),
            json!("ada"),
        ),
        (
            vec![protocol, ("authorization", "Bearer good")],
            Value::Null,
            json!("ada"),
        ),
        (
            vec![protocol, ("cookie", "test_session=stale")],
            json!({ "authorization": "bearer good" }),
            json!("ada"),
        ),
    ] {
        let mut socket = server.try_socket(&headers).await.unwrap();
        socket
            .say(json!({ "type": "connection_init", "payload": payload }))
            .await;
        assert_eq!(socket.hear().await["type"], "connection_ack");
        socket.subscribe("1", "{ whoami }").await;
        assert_eq!(
            socket.hear().await["payload"]["data"]["whoami"],
            expected,
            "{headers:?} {payload}"
        );
    }
}

#[tokio::test]
async fn what_is_no_message_is_closed_4400_with_the_reason() {
    let server = Server::start().await;
    let id_of_129 =
        json!({ "type": "subscribe", "id": "x".repeat(129), "payload": { "query": "{ hello }" } });
    let id_of_129 = id_of_129.to_string();
    let table = [
        "nonsense",
        "[]",
        "{}",
        r#"{"type":"start"}"#,
        r#"{"type":"connection_ack"}"#,
        r#"{"type":"next","id":"1","payload":{}}"#,
        r#"{"type":"subscribe","id":"1"}"#,
        r#"{"type":"connection_init","payload":"x"}"#,
        r#"{"type":"ping","payload":[]}"#,
        r#"{"type":"subscribe","payload":{"query":"{ hello }"}}"#,
        r#"{"type":"subscribe","id":"","payload":{"query":"{ hello }"}}"#,
        &id_of_129,
        r#"{"type":"subscribe","id":"1","payload":{"query":"{ hello }","variables":[]}}"#,
        r#"{"type":"complete"}"#,
    ];
    for text in table {
        let mut socket = server.open_socket(Value::Null).await;
        within(socket.0.send(Message::text(text))).await.unwrap();
        let (code, reason) = socket.closed().await;
        assert_eq!(code, 4400, "{text}");
        assert!(reason.starts_with("Invalid message: "), "{reason}");
    }
    let mut socket = server.open_socket(Value::Null).await;
    within(socket.0.send(Message::binary("{}"))).await.unwrap();
    assert_eq!(socket.closed().await.0, 4400);
    // The longest id there may be.
    let mut socket = server.open_socket(Value::Null).await;
    let longest = "x".repeat(128);
    socket.subscribe(&longest, "{ hello }").await;
    assert_eq!(socket.hear().await["id"], *longest);
}

#[tokio::test]
async fn a_text_that_is_not_utf_8_is_closed_1007() {
    let server = Server::start().await;
    let mut socket = server.open_socket(Value::Null).await;
    let payload = b"{\"type\":\"\xff\"}".to_vec();
    let frame = Frame::message(payload, OpCode::Data(Data::Text), true);
    within(socket.0.send(Message::Frame(frame))).await.unwrap();
    assert_eq!(socket.closed().await, (1007, "Text is not UTF-8".to_owned()));
}

#[tokio::test]
async fn a_message_beyond_the_limit_is_closed_1009() {
    let server = Server::with(TransportSettings {
        websocket_message_limit: 1000,
        ..Default::default()
    })
    .await;
    let mut socket = server.open_socket(Value::Null).await;
    let query = format!("{{ hello(name: \"{}\") }}", "x".repeat(2000));
    socket.subscribe("1", &query).await;
    assert_eq!(socket.closed().await, (1009, "Message too big".to_owned()));
}

#[tokio::test]
async fn an_id_in_use_is_closed_4409_and_a_used_one_is_free() {
    let server = Server::start().await;
    let mut socket = server.open_socket(Value::Null).await;
    for _ in 0..50 {
        socket.subscribe("1", "{ hello }").await;
        assert_eq!(socket.hear().await["type"], "next");
        assert_eq!(socket.hear().await, json!({ "type": "complete", "id": "1" }));
    }
    for _ in 0..50 {
        socket.subscribe("1", "{ nothing }").await;
        assert_eq!(socket.hear().await["type"], "error");
    }
    socket.subscribe("1", "subscription { silent }").await;
    socket.complete("1").await;
    socket.subscribe("1", "subscription { silent }").await;
    Stage::wait(&server.stage.live, 1).await;
    socket.subscribe("1", "{ hello }").await;
    assert_eq!(
        socket.closed().await,
        (4409, "Subscriber for 1 already exists".to_owned())
    );
    Stage::wait(&server.stage.live, 0).await;
}

#[tokio::test]
async fn an_operation_that_cannot_begin_is_an_error_and_nothing_else() {
    let server = Server::start().await;
    let mut socket = server.open_socket(Value::Null).await;
    for query in [
        "{",
        "{ nothing }",
        "subscription { nothing }",
        "subscription { a: busy b: busy }",
        "query A { hello } query B { hello }",
    ] {
        socket.subscribe("1", query).await;
        let message = socket.hear().await;
        assert_eq!(
            (&message["type"], &message["id"]),
            (&json!("error"), &json!("1")),
            "{message}"
        );
        assert!(message["payload"][0]["message"].is_string(), "{message}");
        socket.is_quiet().await;
    }
}

#[tokio::test]
async fn queries_mutations_and_subscriptions_run() {
    let server = Server::start().await;
    let mut socket = server.open_socket(Value::Null).await;
    for (query, payloads) in [
        ("{ hello }", vec![json!({ "data": { "hello": "hello " } })]),
        (
            "{ transport }",
            vec![json!({ "data": { "transport": "WebSocket" } })],
        ),
        ("mutation { touch }", vec![json!({ "data": { "touch": 1 } })]),
        (
            "subscription { ticks(count: 2) }",
            vec![
                json!({ "data": { "ticks": 0 } }),
                json!({ "data": { "ticks": 1 } }),
            ],
        ),
    ] {
        socket.subscribe("x", query).await;
        for payload in payloads {
            assert_eq!(
                socket.hear().await,
                json!({ "type": "next", "id": "x", "payload": payload })
            );
        }
        assert_eq!(socket.hear().await, json!({ "type": "complete", "id": "x" }));
    }
}

#[tokio::test]
async fn errors_of_fields_are_part_of_results() {
    let server = Server::start().await;
    let mut socket = server.open_socket(Value::Null).await;
    socket.subscribe("1", "subscription { failing }").await;
    assert_eq!(socket.hear().await["payload"]["data"]["failing"], 1);
    let failed = socket.hear().await;
    assert_eq!(
        (&failed["type"], &failed["payload"]["errors"][0]["message"]),
        (&json!("next"), &json!("the second fails"))
    );
    socket.hear().await;
    socket.subscribe("2", "subscription { refused }").await;
    let mut kinds = Vec::new();
    while kinds.last() != Some(&json!("complete")) || kinds.len() < 3 {
        kinds.push(socket.hear().await["type"].clone());
    }
    assert_eq!(
        kinds.iter().filter(|kind| **kind == json!("complete")).count(),
        2,
        "{kinds:?}"
    );
    socket.is_quiet().await;
}

#[tokio::test]
async fn a_panic_ends_its_operation_and_no_other() {
    let server = Server::start().await;
    let mut socket = server.open_socket(Value::Null).await;
    for query in ["subscription { boom }", "{ boom }"] {
        socket.subscribe("1", query).await;
        let message = socket.hear().await;
        assert_eq!(message["type"], "error");
        assert_eq!(message["payload"][0]["extensions"]["code"], "INTERNAL");
        assert!(!message.to_string().contains("boom"));
        socket.is_quiet().await;
    }
}

#[tokio::test]
async fn a_client_that_completes_hears_no_more_of_it() {
    let server = Server::start().await;
    let mut socket = server.open_socket(Value::Null).await;
    socket.subscribe("1", "subscription { busy }").await;
    for _ in 0..10 {
        assert_eq!(socket.hear().await["id"], "1");
    }
    socket.complete("1").await;
    Stage::wait(&server.stage.live, 0).await;
    // What was under way before the server read the message may still come; behind the pong nothing does.
    socket.say(json!({ "type": "ping" })).await;
    within(async { while socket.hear().await["type"] != "pong" {} }).await;
    socket.is_quiet().await;
    // Ids of operations that are over or never were are no mistake.
    socket.complete("1").await;
    socket.complete("2").await;
    socket.is_quiet().await;
}

#[tokio::test]
async fn operations_beyond_the_limit_are_refused_and_the_others_go_on() {
    let server = Server::with(TransportSettings {
        websocket_operations: 2,
        ..Default::default()
    })
    .await;
    let mut socket = server.open_socket(Value::Null).await;
    socket.subscribe("1", "subscription { silent }").await;
    socket.subscribe("2", "mutation { slowTouch }").await;
    Stage::wait(&server.stage.live, 1).await;
    Stage::wait(&server.stage.begun, 1).await;
    socket.subscribe("3", "{ hello }").await;
    let message = socket.hear().await;
    assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!("3")));
    assert_eq!(message["payload"][0]["extensions"]["code"], "TOO_MANY_OPERATIONS");
    // A mutation goes on, and holds its place, when the client wants no answer any more.
    socket.complete("2").await;
    socket.subscribe("3", "{ hello }").await;
    assert_eq!(socket.hear().await["type"], "error");
    server.stage.gate.notify_one();
    Stage::wait(&server.stage.touched, 1).await;
    socket.complete("1").await;
    Stage::wait(&server.stage.live, 0).await;
    socket.is_quiet().await;
    socket.subscribe("3", "{ hello }").await;
    assert_eq!(socket.hear().await["type"], "next");
}
