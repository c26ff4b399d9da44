//! Other people's clients and audits, run by Node.js from tests/node.

use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use crate::support::Server;

/// Runs a script with the URL of a fresh server; it says by its exit status whether all is well.
async fn run(script: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/node");
    assert!(
        folder.join("node_modules").is_dir(),
        "tests/node/node_modules is missing: run `npm ci --prefix tests/node` first, as `make test` does"
    );
    let server = Server::start().await;
    let command = Command::new("node")
        .args([script, &server.url(), "subscription { ticks(count: 3) }"])
        .current_dir(&folder)
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_secs(60), command)
        .await
        .expect("the script takes too long")
        .expect("node 20.19 or later has to be installed");
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{script} says:\n{out}\n{err}");
    out.into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn graphql_over_http_passes_every_audit() {
    let said = run("audit.mjs").await;
    assert!(said.contains("61 of 61 audits are ok"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_graphql_ws_client_is_served() {
    run("websocket.mjs").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_graphql_sse_client_is_served() {
    run("sse.mjs").await;
}
