//! Programs of Node.js: clients, audits and lints made by others, in tests/node.

use std::{path::PathBuf, time::Duration};

use tokio::process::Command;

/// The folder with the programs, whose packages have to be there.
pub(crate) fn folder() -> PathBuf {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/node"));
    assert!(
        folder.join("node_modules").is_dir(),
        "tests/node/node_modules is missing: run `npm ci --prefix tests/node` first, as `make test` does"
    );
    folder
}

/// Runs a program that has to succeed; what it prints.
pub(crate) async fn run(arguments: &[&str]) -> String {
    let output = Command::new("node")
        .current_dir(folder())
        .args(arguments)
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_secs(120), output)
        .await
        .expect("the program takes too long")
        .expect("node 20.19 or later has to be installed");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{arguments:?} says:\n{said}\n{complained}"
    );
    said
}
