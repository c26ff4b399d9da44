//! The product as it runs on a cluster: a process for each role, a PostgreSQL, an object store and an SMTP server of its own.
//! Each of them can be killed or stopped, and started again where it was.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Instant,
};

use diesel_async::RunQueryDsl;
use serde_json::Value;
use tempfile::TempDir;
use wangqian_embedded::{ObjectStore, ObjectStoreOptions, Postgres, PostgresOptions};
use wangqian_schema::{Platform, db};
use wangqian_storage::{Storage, StorageSettings};

use super::{
    Client, node,
    process::{PATIENCE, free_port, kill, open_folder, pause, wangqian},
    server,
};

const DATABASE: &str = "wangqian";

/// What is left to be done, apart from what is far off.
pub(crate) const JOBS_DUE: &str =
    "SELECT count(*) FROM jobs WHERE state IN ('READY', 'RUNNING') AND run_at <= now() + interval '1 hour'";

/// A running cluster. Dropping it kills its processes.
pub(crate) struct Cluster {
    /// The database, seen from the tests: for assertions, and to make people.
    pub(crate) platform: Platform,
    /// The client of the object store.
    pub(crate) storage: Storage,
    settings: Vec<(&'static str, String)>,
    database_port: u16,
    postgres: Option<Postgres>,
    store_at: SocketAddr,
    store: Option<ObjectStore>,
    smtp_port: u16,
    smtp: Option<Smtp>,
    api_port: u16,
    folder: TempDir,
}

impl Cluster {
    /// Starts what the product stands on; `api` and workers are started by the test.
    pub(crate) async fn start() -> Self {
        let folder = open_folder();
        let database_port = free_port();
        let postgres = postgres(folder.path(), database_port).await;
        postgres.create_database(DATABASE).await.expect("a database");
        let url = postgres.url(DATABASE);
        db::migrate(&url).await.expect("migrations");
        let store_at = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let store = store(folder.path(), store_at).await;
        let smtp = Smtp::start(0);
        let (api_port, smtp_port) = (free_port(), smtp.port);
        let outbox = folder.path().join("outbox");
        let settings = vec![
            ("DATABASE_URL", url.clone()),
            ("S3_ENDPOINT", store.endpoint()),
            ("S3_ACCESS_KEY_ID", store.access_key_id().to_owned()),
            ("S3_SECRET_ACCESS_KEY", store.secret_access_key().to_owned()),
            ("S3_TIMEOUT_SECONDS", "5".to_owned()),
            ("SMTP_URL", format!("smtp://127.0.0.1:{smtp_port}")),
            ("WANGQIAN_LISTEN", format!("127.0.0.1:{api_port}")),
            ("WANGQIAN_PUBLIC_URL", format!("http://127.0.0.1:{api_port}")),
            ("WANGQIAN_OUTBOX", outbox.display().to_string()),
            // What takes half a minute in the field takes a few seconds here.
            ("WANGQIAN_OPERATION_TIME_LIMIT_SECONDS", "5".to_owned()),
            ("WANGQIAN_WORKER_LEASE_SECONDS", "1".to_owned()),
            ("WANGQIAN_WORKER_POLL_MS", "100".to_owned()),
            ("WANGQIAN_WORKER_RETRY_FIRST_SECONDS", "1".to_owned()),
            ("WANGQIAN_WORKER_RETRY_LONGEST_SECONDS", "2".to_owned()),
        ];
        let storage = Storage::new(&StorageSettings {
            s3_endpoint: Some(store.endpoint()),
            s3_access_key_id: store.access_key_id().to_owned(),
            s3_secret_access_key: store.secret_access_key().to_owned(),
            ..server::storage_settings()
        });
        Self {
            platform: server::platform_at(&url),
            storage: storage.expect("a client of the object store"),
            settings,
            database_port,
            postgres: Some(postgres),
            store_at,
            store: Some(store),
            smtp_port,
            smtp: Some(smtp),
            api_port,
            folder,
        }
    }

    /// The executable with the settings of this cluster.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = wangqian();
        command.args(arguments).envs(self.settings.iter().cloned());
        command
    }

    /// Starts a worker.
    pub(crate) fn worker(&self) -> Process {
        self.worker_with(&[])
    }

    /// Starts a worker with more options.
    pub(crate) fn worker_with(&self, options: &[&str]) -> Process {
        let mut command = self.command(&["worker"]);
        command.args(options);
        Process::start(command, &self.log("worker"))
    }

    /// Starts the API and waits until it answers.
    pub(crate) async fn api(&self) -> Process {
        let mut api = Process::start(self.command(&["api"]), &self.log("api"));
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let alive = format!("http://127.0.0.1:{}/healthz", self.api_port);
        eventually("the API answers", async || {
            assert!(api.is_running(), "the API ended: {}", api.log());
            client.get(&alive).send().await.ok().map(drop)
        })
        .await;
        api
    }

    /// Where the API is.
    pub(crate) fn api_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.api_port)
    }

    /// Nobody's client of the API.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.api_url())
    }

    fn log(&self, role: &str) -> PathBuf {
        self.folder.path().join(format!("{role}.log"))
    }

    /// Stops PostgreSQL; open connections are closed.
    pub(crate) async fn stop_database(&mut self) {
        self.postgres.take().expect("it runs").stop().await;
    }

    /// Starts PostgreSQL where it was.
    pub(crate) async fn start_database(&mut self) {
        self.postgres = Some(postgres(self.folder.path(), self.database_port).await);
    }

    /// Makes PostgreSQL stand still with all its processes, until the returned value is dropped: connections stay open, and
    /// nothing is answered.
    pub(crate) fn freeze_database(&self) -> Frozen {
        let lock = self.folder.path().join("postgres/cluster/postmaster.pid");
        let lock = fs::read_to_string(lock).expect("PostgreSQL's lock");
        let postmaster: u32 = lock
            .lines()
            .next()
            .and_then(|pid| pid.parse().ok())
            .expect("a process");
        // The one that makes the others first.
        let mut frozen = Frozen(vec![postmaster]);
        kill("STOP", postmaster, false);
        for pid in children(postmaster) {
            kill("STOP", pid, false);
            frozen.0.push(pid);
        }
        frozen
    }

    /// Stops the object store.
    pub(crate) async fn stop_store(&mut self) {
        self.store.take().expect("it runs").stop().await;
    }

    /// Starts the object store where it was.
    pub(crate) async fn start_store(&mut self) {
        self.store = Some(store(self.folder.path(), self.store_at).await);
    }

    /// Ends the SMTP server; what it has taken so far.
    pub(crate) fn stop_smtp(&mut self) -> Vec<Mail> {
        self.smtp.take().expect("it runs").stop()
    }

    /// Starts an SMTP server where the last one was.
    pub(crate) fn start_smtp(&mut self) {
        self.smtp = Some(Smtp::start(self.smtp_port));
    }

    /// The objects in the store, by their keys.
    pub(crate) fn objects(&self) -> Vec<String> {
        let bucket = self.folder.path().join("store/objects/wangqian");
        let mut keys = Vec::new();
        let mut folders = vec![bucket.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder of the store").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "pdf") {
                    let key = path.strip_prefix(&bucket).expect("below the bucket");
                    keys.push(key.display().to_string());
                }
            }
        }
        keys
    }

    /// The messages in a folder of the outbox, by their ids.
    pub(crate) fn outbox(&self, channel: &str) -> BTreeSet<String> {
        let files = fs::read_dir(self.folder.path().join("outbox").join(channel)).expect("an outbox");
        let stem = |path: PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        files.flatten().filter_map(|file| stem(file.path())).collect()
    }

    /// Runs a statement.
    pub(crate) async fn execute(&self, sql: &str) {
        let mut conn = self.platform.pool.get().await.expect("a connection");
        diesel::sql_query(sql).execute(&mut conn).await.expect(sql);
    }

    /// The column `count`.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        #[derive(diesel::QueryableByName)]
        struct Number {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            count: i64,
        }
        let mut conn = self.platform.pool.get().await.expect("a connection");
        let row: Number = diesel::sql_query(sql).get_result(&mut conn).await.expect(sql);
        row.count
    }

    /// The column `text` of all rows.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        #[derive(diesel::QueryableByName)]
        struct Text {
            #[diesel(sql_type = diesel::sql_types::Text)]
            text: String,
        }
        let mut conn = self.platform.pool.get().await.expect("a connection");
        let rows: Vec<Text> = diesel::sql_query(sql).load(&mut conn).await.expect(sql);
        rows.into_iter().map(|row| row.text).collect()
    }

    /// Waits until nothing that is due is left to be done.
    pub(crate) async fn until_all_is_done(&self) {
        eventually("all jobs are done", async || {
            (self.number(JOBS_DUE).await == 0).then_some(())
        })
        .await;
    }
}

/// Processes that stand still; they go on when this is dropped.
pub(crate) struct Frozen(Vec<u32>);

impl Drop for Frozen {
    fn drop(&mut self) {
        for pid in self.0.iter().rev() {
            kill("CONT", *pid, false);
        }
    }
}

/// The processes that a process has started.
fn children(parent: u32) -> Vec<u32> {
    let parent = format!("PPid:\t{parent}\n");
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("Linux").flatten() {
        let status = fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        if status.contains(&parent) {
            found.extend(entry.file_name().to_str().and_then(|pid| pid.parse::<u32>().ok()));
        }
    }
    found
}

async fn postgres(folder: &Path, port: u16) -> Postgres {
    let options = PostgresOptions {
        port: Some(port),
        remove_at_end: false,
        ..PostgresOptions::throwaway(folder.join("postgres"))
    };
    Postgres::start(options).await.expect("PostgreSQL")
}

async fn store(folder: &Path, listen: SocketAddr) -> ObjectStore {
    let options = ObjectStoreOptions {
        listen,
        ..ObjectStoreOptions::new(folder.join("store"), "wangqian")
    };
    ObjectStore::start(options).await.expect("an object store")
}

/// Looks again and again, for at most [`PATIENCE`], until there is something to see.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(pause(begun)).await;
    }
}

/// A process that is killed when it is dropped.
struct Killed(Child);

impl Killed {
    fn kill(&mut self) {
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A process of one role. Dropping it kills it.
pub(crate) struct Process {
    child: Killed,
    log: PathBuf,
}

impl Process {
    fn start(mut command: Command, log: &Path) -> Self {
        let file = fs::OpenOptions::new().create(true).append(true).open(log);
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file.expect("a log"))
            .spawn()
            .expect("the executable starts");
        Self {
            child: Killed(child),
            log: log.to_owned(),
        }
    }

    /// Whether it has not ended.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.0.try_wait(), Ok(None))
    }

    /// What all processes of its role have logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// SIGKILL, and waits for its end.
    pub(crate) fn kill(mut self) {
        assert!(self.is_running(), "it ended by itself: {}", self.log());
        self.child.kill();
    }
}

/// A mail that an SMTP server has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mail {
    /// The Message-ID without its brackets.
    pub(crate) id: String,
    /// The only recipient.
    pub(crate) to: String,
    /// SHA-256 of all that came.
    pub(crate) sha256: String,
}

/// Mails by their Message-IDs, which say that a second copy is the same mail: it has to be the same to the byte.
pub(crate) fn distinct(mails: Vec<Mail>) -> BTreeMap<String, Mail> {
    let mut distinct: BTreeMap<String, Mail> = BTreeMap::new();
    for mail in mails {
        let first = distinct.entry(mail.id.clone()).or_insert_with(|| mail.clone());
        assert_eq!(*first, mail, "two mails with one Message-ID");
    }
    distinct
}

/// nodemailer's SMTP server in a process of its own.
struct Smtp {
    process: Killed,
    port: u16,
    mails: Arc<Mutex<Vec<Mail>>>,
    reader: std::thread::JoinHandle<()>,
}

impl Smtp {
    fn start(port: u16) -> Self {
        let mut process = Command::new("node")
            .current_dir(node::folder())
            .args(["smtp.mjs", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node 20.19 or later has to be installed");
        let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let first = lines.next().expect("a line").expect("UTF-8");
        let first: Value = serde_json::from_str(&first).expect("JSON");
        let port = first["listening"]
            .as_u64()
            .and_then(|port| u16::try_from(port).ok());
        let mails = Arc::<Mutex<Vec<Mail>>>::default();
        let taken = Arc::clone(&mails);
        let reader = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mail: Value = serde_json::from_str(&line).expect("JSON");
                let text = |value: &Value| value.as_str().expect("a text").to_owned();
                taken.lock().expect("no panic").push(Mail {
                    id: text(&mail["id"]),
                    to: text(&mail["to"][0]),
                    sha256: text(&mail["sha256"]),
                });
            }
        });
        Self {
            process: Killed(process),
            port: port.expect("a port"),
            mails,
            reader,
        }
    }

    fn stop(mut self) -> Vec<Mail> {
        self.process.kill();
        self.reader.join().expect("the reader ends well");
        self.mails.lock().expect("no panic").clone()
    }
}
