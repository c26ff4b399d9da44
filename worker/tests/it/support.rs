//! What the tests of the queue share: a database, a worker whose handler is a closure, and waiting for what is to come.

use std::{sync::Arc, time::Duration};

use apalis::prelude::{Data, Monitor, TaskId, WorkerBuilder};
use chrono::Utc;
use diesel::{QueryableByName, sql_types::*};
use diesel_async::{
    AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection,
    pooled_connection::{AsyncDieselConnectionManager, deadpool},
};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use wangqian_worker::{
    JobError,
    queue::{LeaseKeeper, Pauses, QueueConfig, QueueHost, QueueSettings},
};

pub(crate) type Pool = deadpool::Pool<AsyncPgConnection>;

/// The payload of the tests' jobs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Probe {
    pub(crate) n: i64,
}

/// What a test's jobs do: given the number in the payload and the job's id.
pub(crate) type Handler = Arc<dyn Fn(i64, i64) -> BoxFuture<'static, Result<(), JobError>> + Send + Sync>;

pub(crate) fn handler<F>(run: impl Fn(i64, i64) -> F + Send + Sync + 'static) -> Handler
where
    F: Future<Output = Result<(), JobError>> + Send + 'static,
{
    Arc::new(move |n, id| Box::pin(run(n, id)))
}

/// Long enough that a machine with much to do keeps it, and short enough to be waited for.
pub(crate) const LEASE: Duration = Duration::from_secs(2);

pub(crate) fn settings() -> QueueSettings {
    QueueSettings {
        lease: LEASE,
        poll: Duration::from_millis(50),
        grace: Duration::from_secs(20),
        pauses: Pauses {
            first: Duration::from_millis(20),
            longest: Duration::from_millis(200),
        },
        sample_every: Duration::from_secs(3600),
    }
}

pub(crate) fn config(name: &'static str, concurrency: usize) -> QueueConfig {
    QueueConfig {
        name,
        concurrency,
        time_limit: Duration::from_secs(30),
    }
}

/// A database with the tables.
#[derive(Clone)]
pub(crate) struct Db {
    pub(crate) url: String,
    pub(crate) pool: Pool,
}

/// How a job stands.
#[derive(QueryableByName, Debug, Clone, PartialEq)]
pub(crate) struct Row {
    #[diesel(sql_type = Text)]
    pub(crate) state: String,
    #[diesel(sql_type = Integer)]
    pub(crate) attempt: i32,
    #[diesel(sql_type = Double)]
    pub(crate) due_in: f64,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) last_error: Option<String>,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = Text)]
    words: String,
}

impl Db {
    pub(crate) async fn new() -> Self {
        let url = fresh_database().await;
        let manager = AsyncDieselConnectionManager::new(&url);
        let pool = deadpool::Pool::builder(manager).max_size(8).build().unwrap();
        Self { url, pool }
    }

    /// On a connection of its own, so that terminated ones of the pool are no matter.
    pub(crate) async fn execute(&self, statement: &str) {
        let mut conn = AsyncPgConnection::establish(&self.url).await.unwrap();
        conn.batch_execute(statement).await.unwrap();
    }

    pub(crate) async fn number(&self, query: &str) -> i64 {
        let mut conn = AsyncPgConnection::establish(&self.url).await.unwrap();
        diesel::sql_query(format!("SELECT ({query})::bigint AS n"))
            .get_result::<Number>(&mut conn)
            .await
            .unwrap()
            .n
    }

    pub(crate) async fn text(&self, query: &str) -> String {
        let mut conn = AsyncPgConnection::establish(&self.url).await.unwrap();
        let query = diesel::sql_query(format!("SELECT ({query}) AS words"));
        query.get_result::<Words>(&mut conn).await.unwrap().words
    }

    /// Inserts a job; gives its id.
    pub(crate) async fn insert(&self, queue: &str, n: i64) -> i64 {
        self.insert_with(queue, n, "").await
    }

    /// Inserts a job with further columns, as in `run_at = now() + interval '1 second', max_attempts = 2`.
    pub(crate) async fn insert_with(&self, queue: &str, n: i64, more: &str) -> i64 {
        let (mut columns, mut values) = (String::new(), String::new());
        for (column, value) in more.split(", ").filter_map(|pair| pair.split_once(" = ")) {
            columns += &format!(", {column}");
            values += &format!(", {value}");
        }
        if !more.contains("max_attempts") {
            columns += ", max_attempts";
            values += ", 5";
        }
        let query = format!(
            "INSERT INTO jobs (queue, payload{columns}) VALUES ('{queue}', '{{\"n\": {n}}}'{values}) RETURNING id AS n"
        );
        let mut conn = AsyncPgConnection::establish(&self.url).await.unwrap();
        diesel::sql_query(query)
            .get_result::<Number>(&mut conn)
            .await
            .unwrap()
            .n
    }

    pub(crate) async fn row(&self, id: i64) -> Row {
        let mut conn = AsyncPgConnection::establish(&self.url).await.unwrap();
        diesel::sql_query(
            "SELECT state, attempt, extract(epoch FROM run_at - now())::float8 AS due_in, last_error \
             FROM jobs WHERE id = $1",
        )
        .bind::<BigInt, _>(id)
        .get_result(&mut conn)
        .await
        .unwrap()
    }

    /// Waits until the job is in this state.
    pub(crate) async fn reaches(&self, id: i64, state: &str) -> Row {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let row = self.row(id).await;
            if row.state == state {
                return row;
            }
            let late = tokio::time::Instant::now() > deadline;
            assert!(!late, "job {id} did not come to {state}: {row:?}");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Waits until so many jobs of the queue are in this state.
    pub(crate) async fn counts(&self, queue: &str, state: &str, expected: i64) {
        let query = format!("SELECT count(*) FROM jobs WHERE queue = '{queue}' AND state = '{state}'");
        eventually(&format!("{expected} jobs of {queue} are {state}"), async || {
            (self.number(&query).await == expected).then_some(())
        })
        .await;
    }

    /// Breaks all connections of the database but the asking one's.
    pub(crate) async fn break_connections(&self) -> i64 {
        self.number(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await
    }
}

/// How long is waited for something, and how often it is looked for.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Waits for a condition, at most half a minute.
pub(crate) async fn eventually<T>(what: &str, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(value) = condition().await {
            return value;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "in half a minute it did not come to: {what}"
        );
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// A worker of one queue.
pub(crate) struct Worker {
    pub(crate) host: QueueHost,
    pub(crate) wake: watch::Sender<u64>,
    pub(crate) shutdown: CancellationToken,
    running: Option<JoinHandle<()>>,
    _keeper: LeaseKeeper,
}

/// A host on the database, whose shutdown and wake-ups the test holds.
pub(crate) fn host(db: &Db, settings: QueueSettings) -> (QueueHost, watch::Sender<u64>, CancellationToken) {
    let (wake, woken) = watch::channel(0);
    let shutdown = CancellationToken::new();
    let host = QueueHost::new(
        db.pool.clone(),
        &db.url,
        Arc::new(Utc::now),
        woken,
        settings,
        shutdown.clone(),
    );
    (host, wake, shutdown)
}

async fn probe(probe: Probe, id: TaskId, handler: Data<Handler>) -> Result<(), JobError> {
    handler(probe.n, id.to_string().parse().unwrap()).await
}

impl Worker {
    pub(crate) fn start(db: &Db, settings: QueueSettings, config: QueueConfig, handler: Handler) -> Self {
        let (host, wake, shutdown) = host(db, settings);
        let keeper = host.keep_leases().unwrap();
        let monitor = Monitor::new().register({
            let host = host.clone();
            move |_| {
                WorkerBuilder::new(config.name)
                    .backend(host.queue::<Probe>(config))
                    .data(Arc::clone(&handler))
                    .build(probe)
            }
        });
        let stop = shutdown.clone();
        let running = tokio::spawn(async move {
            let signal = async move {
                stop.cancelled().await;
                Ok(())
            };
            monitor.run_with_signal(signal).await.unwrap();
        });
        Self {
            host,
            wake,
            shutdown,
            running: Some(running),
            _keeper: keeper,
        }
    }

    /// Shuts down gracefully and waits for the end.
    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        let running = self.running.take().unwrap();
        tokio::time::timeout(Duration::from_secs(30), running)
            .await
            .expect("the worker ends")
            .unwrap();
    }

    pub(crate) fn is_running(&self) -> bool {
        self.running
            .as_ref()
            .is_some_and(|running| !running.is_finished())
    }
}

/// A worker in a runtime of its own, as in a process of its own.
pub(crate) struct Process {
    runtime: Option<tokio::runtime::Runtime>,
    worker: Option<Worker>,
}

impl Process {
    pub(crate) fn start(url: &str, settings: QueueSettings, config: QueueConfig, handler: Handler) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let manager = AsyncDieselConnectionManager::new(url);
        let pool = deadpool::Pool::builder(manager).max_size(4).build().unwrap();
        let db = Db {
            url: url.to_owned(),
            pool,
        };
        let entered = runtime.enter();
        let worker = Worker::start(&db, settings, config, handler);
        drop(entered);
        Self {
            runtime: Some(runtime),
            worker: Some(worker),
        }
    }

    /// As by `kill -9`: everything stops where it is, and nothing is written any more.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        self.worker = None;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// A database with the tables of this release.
pub(crate) async fn fresh_database() -> String {
    let migrate = |url: String| async move { wangqian_schema::db::migrate(&url).await.map(drop) };
    wangqian_embedded::test_database(migrate).await.url().to_owned()
}
