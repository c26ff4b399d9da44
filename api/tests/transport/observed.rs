//! What operators see, and what they must not see.

use std::io::Write;
use std::sync::{Arc, Mutex};

use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::schema::Stage;
use crate::support::{Server, within};

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// One test for both, because recorder and subscriber are the process's.
#[tokio::test]
async fn operations_are_counted_and_logged_without_their_content() {
    let metrics = PrometheusBuilder::new().install_recorder().unwrap();
    wangqian_api::transport::describe_metrics();
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_env_filter("wangqian_api=trace")
        .with_ansi(false)
        .with_writer(log.clone())
        .init();

    let server = Server::start().await;
    let body = json!({
        "query": "query Visible($n: String!) { hello(name: $n) nearby: hello(name: \"literal-secret\") }",
        "variables": { "n": "variable-secret" },
    });
    let request = server
        .post(&body)
        .header("authorization", "Bearer good")
        .header("x-request-id", "seen-1");
    assert_eq!(request.send().await.unwrap().status(), 200);
    server.ask("{ must }").await;
    server.ask("{ syntax-secret").await;
    server.ask("{ fieldSecret }").await;
    server
        .post(&body)
        .header("authorization", "Bearer token-secret")
        .send()
        .await
        .unwrap();
    let mut socket = server.open_socket(Value::Null).await;
    socket.subscribe("1", "subscription Silence { silent }").await;
    Stage::wait(&server.stage.live, 1).await;
    let during = metrics.render();
    socket.complete("1").await;
    Stage::wait(&server.stage.live, 0).await;
    server.shutdown.cancel();
    server.tasks.close();
    within(server.tasks.wait()).await;

    let text = metrics.render();
    for line in [
        r#"graphql_requests_total{type="query",outcome="ok"} "#,
        r#"graphql_requests_total{type="query",outcome="field_error"} "#,
        r#"graphql_requests_total{type="query",outcome="request_error"} "#,
        r#"graphql_requests_total{type="unknown",outcome="request_error"} "#,
        r#"graphql_requests_total{type="unknown",outcome="refused"} "#,
        r#"graphql_requests_total{type="subscription",outcome="cancelled"} "#,
        r#"graphql_request_duration_seconds_count{type="query"} "#,
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    for gauge in ["graphql_sockets_active ", "graphql_subscriptions_active "] {
        assert!(
            during
                .lines()
                .any(|line| line.starts_with(gauge) && !line.ends_with(" 0")),
            "{gauge} in\n{during}"
        );
    }

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for wanted in [
        "seen-1",
        "Visible",
        "query",
        "Silence",
        "subscription",
        "operation ended",
    ] {
        assert!(log.contains(wanted), "{wanted} in\n{log}");
    }
    for unwanted in ["secret", "Secret", "hello"] {
        assert!(!log.contains(unwanted), "{unwanted} in\n{log}");
    }
}
