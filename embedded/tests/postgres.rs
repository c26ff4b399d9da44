//! What stands on the disk when a server is started: finished, half made, of another version. Signals, users and second
//! starts are tried with the whole program.

#![expect(clippy::unwrap_used, reason = "what a test does not expect fails it")]

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use wangqian_embedded::{Postgres, PostgresError, PostgresOptions};

fn quick(folder: &Path) -> PostgresOptions {
    PostgresOptions {
        durable: false,
        ..PostgresOptions::durable(folder)
    }
}

/// A folder through which anybody may pass, as PostgreSQL has to whoever it runs as.
fn open_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

async fn execute(url: &str, statement: &str) {
    let mut conn = AsyncPgConnection::establish(url).await.unwrap();
    conn.batch_execute(statement).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_finds_the_data_and_a_half_made_cluster_is_made_anew() {
    let parent = open_folder();
    let folder = parent.path().join("postgres");
    fs::create_dir_all(folder.join("cluster.part/base")).unwrap();
    let server = Postgres::start(quick(&folder)).await.unwrap();
    assert!(!folder.join("cluster.part").exists());
    assert!(server.create_database("kept").await.unwrap());
    assert!(!server.create_database("kept").await.unwrap(), "it was there");
    execute(&server.url("kept"), "CREATE TABLE kept ()").await;
    let debug = format!("{server:?}");
    let password = fs::read_to_string(folder.join("password")).unwrap();
    assert!(!debug.contains(password.trim()));
    server.stop().await;

    let server = Postgres::start(quick(&folder)).await.unwrap();
    execute(&server.url("kept"), "SELECT FROM kept").await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_another_version_or_of_something_else_is_left_as_it_is() {
    let parent = open_folder();
    let other = parent.path().join("other");
    fs::create_dir_all(other.join("cluster")).unwrap();
    fs::write(other.join("cluster/PG_VERSION"), "9\n").unwrap();
    let error = Postgres::start(quick(&other)).await.unwrap_err();
    assert!(
        matches!(&error, PostgresError::OtherVersion { made_by, .. } if made_by == "9"),
        "{error}"
    );

    let foreign = parent.path().join("foreign");
    fs::create_dir_all(&foreign).unwrap();
    fs::write(foreign.join("letter.txt"), "mine").unwrap();
    let error = Postgres::start(quick(&foreign)).await.unwrap_err();
    assert!(matches!(error, PostgresError::ForeignFolder(_)), "{error}");
    assert_eq!(fs::read_dir(&foreign).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_thrown_away_leaves_nothing() {
    let parent = open_folder();
    let folder = parent.path().join("postgres");
    let server = Postgres::start(PostgresOptions::throwaway(&folder))
        .await
        .unwrap();
    assert!(folder.join("cluster").exists());
    server.stop().await;
    assert!(!folder.exists());
}

/// In a process of its own, because where the programs are is looked up in the environment.
#[test]
fn missing_programs_are_named_with_the_command_that_installs_them() {
    const INSIDE: &str = "WANGQIAN_TEST_MISSING_PROGRAMS";
    if let Some(folder) = std::env::var_os(INSIDE) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let error = runtime
            .block_on(Postgres::start(quick(Path::new(&folder))))
            .unwrap_err();
        assert!(matches!(error, PostgresError::NotInstalled));
        assert!(
            error.to_string().contains("apt-get install postgresql"),
            "{error}"
        );
        return;
    }
    let empty = open_folder();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "missing_programs_are_named_with_the_command_that_installs_them",
        ])
        .env("WANGQIAN_POSTGRES_BIN", empty.path())
        .env(INSIDE, empty.path().join("data"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert!(!empty.path().join("data").exists(), "nothing is made");
}
