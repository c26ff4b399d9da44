//! One socket's operations share it: nobody starves, and nobody fills the memory.

use std::sync::atomic::Ordering;

use serde_json::Value;

use crate::support::{Server, within};

#[tokio::test]
async fn busy_subscriptions_starve_nobody() {
    let server = Server::start().await;
    let mut socket = server.open_socket(Value::Null).await;
    for id in ["busy1", "busy2", "busy3"] {
        socket.subscribe(id, "subscription { busy }").await;
    }
    for _ in 0..100 {
        assert!(socket.hear().await["id"].as_str().unwrap().starts_with("busy"));
    }
    socket
        .subscribe("ticks", "subscription { ticks(count: 50) }")
        .await;
    // Whatever lies in the buffers of the connection comes first; from the first tick on the order is the server's.
    within(async { while socket.hear().await["id"] != "ticks" {} }).await;
    let mut ticks = 1;
    let mut between = 0;
    loop {
        let message = socket.hear().await;
        if message["id"] != "ticks" {
            between += 1;
            assert!(
                between <= 12,
                "{between} messages of three busy operations since tick {ticks} of the fourth"
            );
            continue;
        }
        between = 0;
        if message["type"] == "complete" {
            break;
        }
        ticks += 1;
    }
    assert_eq!(ticks, 50);
}

/// Bytes of one event.
const BIG: usize = 60_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_holds_up_its_operation_and_fills_no_memory() {
    let server = Server::start().await;
    let mut socket = server.open_socket(Value::Null).await;
    let query = format!("subscription {{ big(bytes: {BIG}) }}");
    for id in ["1", "2", "3", "4"] {
        socket.subscribe(id, &query).await;
    }
    // Nobody reads. Once the connection's buffers are full nothing more is produced, while others are served.
    let produced = || server.stage.produced.load(Ordering::SeqCst);
    let still = async {
        let mut last = 0;
        let mut unchanged = 0;
        while unchanged < 100 {
            assert_eq!(server.ask("{ hello }").await["data"]["hello"], "hello ");
            let now = produced();
            unchanged = if now == last && now > 0 { unchanged + 1 } else { 0 };
            last = now;
            assert!(
                now * BIG < 64 * 1024 * 1024,
                "{now} events of {BIG} bytes for a client that does not read"
            );
        }
        last
    };
    let last = within(still).await;
    // Reading on, nothing is missing and nothing comes twice.
    let mut expected = [0_usize; 4];
    for _ in 0..last * 2 {
        let message = socket.hear().await;
        let operation = message["id"].as_str().unwrap().parse::<usize>().unwrap() - 1;
        let number: usize = message["payload"]["data"]["big"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(number, expected[operation]);
        expected[operation] += 1;
    }
    assert!(produced() > last);
}
