//! `/healthz`, `/readyz`, `/metrics`: what an orchestrator and Prometheus ask.

use std::{sync::OnceLock, time::Duration};

use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use diesel_async::SimpleAsyncConnection;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::context::App;

/// A readiness probe that takes longer than this has failed.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);

/// Bounds of the histograms of durations, in seconds.
const BUCKETS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// The metrics of this process, in Prometheus' text format. The first call begins the counting.
pub fn metrics_handle() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), BUCKETS)
                .and_then(PrometheusBuilder::install_recorder)
                .inspect_err(|error| tracing::warn!(%error, "no metrics"))
                .ok()
        })
        .as_ref()
}

/// `/healthz` and `/metrics` alone, for a process that serves nothing else, until `shutdown`.
///
/// # Errors
/// [`std::io::Error`] when the listener fails.
pub async fn serve_metrics(listener: TcpListener, shutdown: CancellationToken) -> std::io::Result<()> {
    metrics_handle();
    let router = Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/metrics", get(metrics));
    axum::serve(listener, router)
        .with_graceful_shutdown(shutdown.cancelled_owned())
        .await
}

/// The three routes.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(app)
}

async fn ready(State(app): State<App>) -> impl IntoResponse {
    let database = async {
        let mut conn = app.platform.pool.get().await.map_err(|error| error.to_string())?;
        conn.batch_execute("SELECT 1")
            .await
            .map_err(|error| error.to_string())
    };
    let storage = async { app.storage.check().await.map_err(|error| error.to_string()) };
    // A time of its own for each: a store that hangs is no reason to say that the database does.
    let (database, storage) = futures_util::future::join(in_time(database), in_time(storage)).await;
    for (part, state) in [("database", &database), ("object store", &storage)] {
        if let Err(error) = state {
            tracing::warn!(part, error, "not ready");
        }
    }
    // Without the object store people can still sign; only downloads fail. So it does not take the process out.
    let status = if database.is_ok() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let word = |state: &Result<(), String>| if state.is_ok() { "ok" } else { "failed" };
    (
        status,
        format!("database {}\nobject store {}\n", word(&database), word(&storage)),
    )
}

async fn in_time(probe: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    tokio::time::timeout(PROBE_TIMEOUT, probe)
        .await
        .unwrap_or_else(|_| Err("no answer in time".to_owned()))
}

async fn metrics() -> impl IntoResponse {
    match metrics_handle() {
        Some(handle) => (
            StatusCode::OK,
            [("content-type", "text/plain; version=0.0.4")],
            handle.render(),
        ),
        None => (
            StatusCode::SERVICE_UNAVAILABLE,
            [("content-type", "text/plain")],
            String::new(),
        ),
    }
}
