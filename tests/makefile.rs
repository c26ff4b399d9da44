//! What `make` says on a machine where tools are missing.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    process::Command,
};

use crate::support::process::{open_folder, output, stderr, stdout};

/// Asks the Makefile for a target on a machine with the bare system, a Node.js of this version and nothing else; what it
/// complains of.
fn complaint(target: &str, node_is_new: bool) -> String {
    let folder = open_folder();
    for program in ["make", "sed", "ls", "grep"] {
        let found = output(Command::new("sh").args(["-c", &format!("command -v {program}")]));
        symlink(stdout(&found).trim(), folder.path().join(program)).expect("a link");
    }
    // Only ever asked whether it is new enough.
    let node = folder.path().join("node");
    let status = if node_is_new { 0 } else { 1 };
    fs::write(&node, format!("#!/bin/sh\nexit {status}\n")).expect("a program");
    fs::set_permissions(&node, fs::Permissions::from_mode(0o755)).expect("may be run");
    let made = output(
        Command::new("make")
            .env_clear()
            .env("PATH", folder.path())
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .args(["--silent", target]),
    );
    assert!(!made.status.success(), "{made:?}");
    stderr(&made)
}

#[test]
fn what_is_missing_is_named_all_at_once_with_the_command_that_brings_it() {
    const RUST: &str = "sh.rustup.rs | sh  # Rust ";
    const NODE: &str = "sudo npm install -g node@22";
    let test = complaint("tools-to-test", false);
    for named in [
        "build-essential",
        " curl ",
        " poppler-utils",
        " npm\n",
        RUST,
        NODE,
    ] {
        assert!(test.contains(named), "no {named} in {test}");
    }
    assert_eq!(test.matches("sudo apt-get install").count(), 1, "{test}");
    let test = complaint("tools-to-test", true);
    assert!(test.contains(" npm\n") && !test.contains(NODE), "{test}");
    for target in ["tools-to-build", "tools-to-run"] {
        let build = complaint(target, false);
        assert!(
            build.contains("build-essential") && build.contains(RUST),
            "{build}"
        );
        assert!(
            !build.contains("poppler-utils") && !build.contains(NODE),
            "{build}"
        );
    }
}
