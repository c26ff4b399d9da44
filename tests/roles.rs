//! `wangqian api` and `wangqian worker` as processes of their own, on a database and an object store that are there.

use std::{
    fs,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, ExitStatus},
    time::Instant,
};

use serde_json::json;
use tempfile::TempDir;
use wangqian_cli::demo::accounts;
use wangqian_embedded::{ObjectStore, ObjectStoreOptions, TestDatabase, test_database};

use crate::support::{
    Client,
    process::{PATIENCE, free_port, output, stderr, wangqian},
};

/// A database that is migrated, and an object store.
struct Surroundings {
    database: TestDatabase,
    store: ObjectStore,
    files: TempDir,
}

impl Surroundings {
    async fn new() -> Self {
        let files = tempfile::tempdir().expect("a folder");
        let store = ObjectStoreOptions::new(files.path().join("objects"), "wangqian");
        Self {
            database: test_database(|url| async move { wangqian_schema::db::migrate(&url).await.map(drop) })
                .await,
            store: ObjectStore::start(store).await.expect("an object store"),
            files,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = wangqian();
        command
            .args(arguments)
            .env("DATABASE_URL", self.database.url())
            .env("S3_ENDPOINT", self.store.endpoint())
            .env("S3_ACCESS_KEY_ID", self.store.access_key_id())
            .env("S3_SECRET_ACCESS_KEY", self.store.secret_access_key())
            .env("WANGQIAN_PUBLIC_URL", "https://wangqian.example")
            .env("WANGQIAN_OUTBOX", self.files.path().join("outbox"))
            .env("WANGQIAN_WORKER_LEASE_SECONDS", "1")
            .env("WANGQIAN_WORKER_POLL_MS", "50");
        command
    }

    fn start(&self, arguments: &[&str]) -> Role {
        let log = fs::File::create(self.log(arguments[0])).expect("a file");
        let child = self.command(arguments).process_group(0).stderr(log).spawn();
        Role(child.expect("the executable starts"))
    }

    /// What the role that was started last has logged.
    fn log(&self, role: &str) -> PathBuf {
        self.files.path().join(role).with_extension("log")
    }
}

/// A process of one role; killed when it is dropped.
struct Role(Child);

impl Role {
    fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args(["-s", name, &self.0.id().to_string()])
            .status();
        assert!(status.is_ok_and(|status| status.success()));
    }

    fn wait(&mut self) -> ExitStatus {
        self.0.wait().expect("a child of ours")
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        // It may have ended; then there is nothing to kill.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

async fn until(what: &str, mut look: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !look().await {
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn side_by_side_and_one_worker_killed_the_papers_and_mails_are_made() {
    let surroundings = Surroundings::new().await;
    assert!(output(&mut surroundings.command(&["demo"])).status.success());

    let mut killed = surroundings.start(&["worker"]);
    let mail = surroundings.files.path().join("outbox/mail");
    until("the first mail", async || {
        fs::read_dir(&mail).is_ok_and(|mails| mails.count() > 0)
    })
    .await;
    killed.signal("KILL");
    killed.wait();

    let listen = format!("127.0.0.1:{}", free_port());
    let mut api = surroundings.start(&["api", "--listen", &listen]);
    let mut worker = surroundings.start(&["worker"]);
    until("the API", async || {
        output(wangqian().args(["health", "--listen", &listen]))
            .status
            .success()
    })
    .await;

    let client = Client::new(&format!("http://{listen}"))
        .login(accounts::RARE_NAME)
        .await;
    let query = "{ agreements(first: 1, statuses: [SIGNED]) { nodes { documents { status downloadLink { url } } } } }";
    until("the paper", async || {
        let answer = client.query(query, json!({})).await;
        answer["agreements"]["nodes"][0]["documents"][0]["downloadLink"]["url"].is_string()
    })
    .await;

    for role in [&mut worker, &mut api] {
        role.signal("TERM");
        assert!(role.wait().success());
    }
    let log = fs::read_to_string(surroundings.log("api")).expect("a log");
    assert!(
        log.lines()
            .any(|line| line.contains("request_id=") && line.contains("operation ended outcome=\"ok\"")),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_ready_or_not_set_up_is_said_at_the_start() {
    let surroundings = Surroundings::new().await;
    let listen = ["api", "--listen", "127.0.0.1:0"];
    for role in [&listen[..], &["worker"]] {
        let no_store = output(surroundings.command(role).env_remove("S3_ENDPOINT"));
        assert_eq!(no_store.status.code(), Some(2), "{no_store:?}");
        assert!(stderr(&no_store).contains("S3_ENDPOINT"), "{no_store:?}");
    }
    wangqian_schema::db::revert_all(surroundings.database.url())
        .await
        .expect("reverted");
    for role in [&listen[..], &["worker"]] {
        let pending = output(&mut surroundings.command(role));
        assert_eq!(pending.status.code(), Some(4), "{pending:?}");
        assert!(stderr(&pending).contains("wangqian migrate"), "{pending:?}");
    }
}
