//! `wangqian api` and `wangqian worker` as processes of their own, on a database and an object store that are there.

use std::{
    fs,
    net::TcpListener,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, ExitStatus},
    time::Instant,
};

use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde_json::json;
use tempfile::TempDir;
use wangqian_cli::demo::accounts;
use wangqian_embedded::{ObjectStore, ObjectStoreOptions, TestDatabase, test_database};

use crate::support::{
    Client,
    process::{PATIENCE, free_port, output, pause, stderr, wangqian},
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

    async fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        until("its end", async || {
            status = self.0.try_wait().expect("a child of ours");
            status.is_some()
        })
        .await;
        status.expect("an end")
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        // It may have ended; then there is nothing to kill.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

#[derive(diesel::QueryableByName)]
struct Left {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

async fn until(what: &str, mut look: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !look().await {
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        tokio::time::sleep(pause(begun)).await;
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
    assert!(!killed.wait().await.success());

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

    // Nothing that the killed one had begun is left undone.
    let mut conn = AsyncPgConnection::establish(surroundings.database.url())
        .await
        .expect("the database");
    for (what, left) in [
        ("every mail", "FROM messages WHERE status = 'PENDING'"),
        ("every paper", "FROM documents WHERE ready_at IS NULL"),
    ] {
        until(what, async || {
            let row = diesel::sql_query(format!("SELECT count(*) {left}"));
            row.get_result::<Left>(&mut conn).await.expect("a number").count == 0
        })
        .await;
    }
    let row = diesel::sql_query("SELECT count(*) FROM messages WHERE channel = 'EMAIL' AND status = 'SENT'");
    let sent = row.get_result::<Left>(&mut conn).await.expect("a number").count;
    let mails = fs::read_dir(&mail).expect("the outbox").flatten();
    let written = mails.filter(|mail| {
        mail.path().extension().is_some_and(|kind| kind == "eml")
            && !mail.file_name().to_string_lossy().starts_with('.')
    });
    assert!(sent > 0);
    assert_eq!(i64::try_from(written.count()), Ok(sent), "one file a mail");

    for role in [&mut worker, &mut api] {
        role.signal("TERM");
        assert!(role.wait().await.success());
    }
    let log = fs::read_to_string(surroundings.log("api")).expect("a log");
    assert!(
        log.lines()
            .any(|line| line.contains("request_id=") && line.contains("operation ended outcome=\"ok\"")),
        "{log}"
    );
}

/// People can go on signing without the store, so the process stays in however the store is away.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_never_answers_takes_no_api_out() {
    let surroundings = Surroundings::new().await;
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", silent.local_addr().expect("an address"));
    let listen = format!("127.0.0.1:{}", free_port());
    let _api = surroundings.start(&["api", "--listen", &listen, "--s3-endpoint", &endpoint]);
    until("the API", async || {
        output(wangqian().args(["health", "--listen", &listen]))
            .status
            .success()
    })
    .await;
    let (status, body) = Client::new(&format!("http://{listen}")).get("/readyz").await;
    let said = "database ok\nobject store failed\n";
    assert_eq!((status, body.as_str()), (200, said));
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_json_when_asked_for() {
    let surroundings = Surroundings::new().await;
    let log = surroundings.files.path().join("log");
    let listen = format!("127.0.0.1:{}", free_port());
    let api = surroundings
        .command(&["api", "--listen", &listen, "--log-format", "json"])
        .stderr(fs::File::create(&log).expect("a file"))
        .spawn();
    let mut api = Role(api.expect("the executable starts"));
    until("the API", async || {
        output(wangqian().args(["health", "--listen", &listen]))
            .status
            .success()
    })
    .await;
    api.signal("TERM");
    assert!(api.wait().await.success());
    let log = fs::read_to_string(log).expect("the log");
    let events: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
        .collect();
    for event in &events {
        for field in ["timestamp", "level", "target"] {
            assert!(event[field].is_string(), "{field}: {event}");
        }
    }
    for said in ["the API is served", "stopping"] {
        assert!(log.contains(said), "{said} in {log}");
    }
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
