//! A whole product in this process: a database of its own with the demo data, an object store, the API and the worker.

use std::{
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::{CommandFactory, FromArgMatches, Parser, builder::Resettable};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use wangqian_api::{
    context::App,
    feed::Feed,
    figure_watch::FigureWatch,
    progress_watch::{ExportWatch, ImportWatch},
    slots::Slots,
};
use wangqian_cli::demo::{self, Beside};
use wangqian_embedded::{ObjectStore, ObjectStoreOptions, test_database};
use wangqian_schema::{Platform, clock::Clock, db, wake::Waker};
use wangqian_storage::{Storage, StorageSettings};

use super::{
    Client,
    process::{PATIENCE, pause, wangqian},
};

/// A running product. It stops when it is dropped; [`Server::stop`] waits for it.
pub(crate) struct Server {
    /// The base of its addresses, such as `http://127.0.0.1:40001`.
    pub(crate) url: String,
    /// Database, clock and wake-ups of the server itself: for assertions, and to move its time.
    pub(crate) platform: Platform,
    /// The object store's client.
    pub(crate) storage: Storage,
    files: TempDir,
    database_url: String,
    shutdown: CancellationToken,
    api: JoinHandle<()>,
    worker: Worker,
    store: ObjectStore,
}

/// A worker of a server, with a shutdown of its own.
struct Worker {
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

/// The settings of all parts, at their defaults, with nothing taken from the environment of the tests.
#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    database: db::DatabaseSettings,
    #[command(flatten)]
    api: wangqian_api::ApiSettings,
    #[command(flatten)]
    storage: StorageSettings,
    #[command(flatten)]
    worker: wangqian_worker::WorkerSettings,
}

impl Settings {
    fn from_options(options: &[&str]) -> Self {
        let command = Self::command().mut_args(|argument| argument.env(Resettable::Reset));
        let matches = command.try_get_matches_from(["test"].iter().chain(options));
        matches
            .and_then(|matches| Self::from_arg_matches(&matches))
            .unwrap_or_else(|error| panic!("{error}"))
    }
}

impl Server {
    /// Starts one with demo data.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts one in which there is nobody yet: see [`super::people`].
    pub(crate) async fn empty() -> Self {
        Self::empty_with(&[]).await
    }

    /// Starts one in which there is nobody yet, with options of the command line, such as `--query-depth=5`.
    pub(crate) async fn empty_with(options: &[&str]) -> Self {
        Self::start_on(options, false).await
    }

    /// Starts one with demo data and options of the command line, such as `--query-depth=5`.
    pub(crate) async fn start_with(options: &[&str]) -> Self {
        Self::start_on(options, true).await
    }

    async fn start_on(options: &[&str], with_demo: bool) -> Self {
        let files = tempfile::tempdir().expect("a folder");
        let database = test_database(|url| async move { db::migrate(&url).await.map(drop) }).await;
        let settings = Settings::from_options(options);
        let store = ObjectStoreOptions::new(files.path().join("objects"), "wangqian");
        let store = ObjectStore::start(store).await.expect("an object store");
        let storage = Storage::new(&StorageSettings {
            s3_endpoint: Some(store.endpoint()),
            s3_access_key_id: store.access_key_id().to_owned(),
            s3_secret_access_key: store.secret_access_key().to_owned(),
            ..settings.storage
        })
        .expect("a client of the object store");
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let platform = platform_on(database.url(), &settings.database, &url);

        if with_demo {
            demo::load(&platform, Beside::Nobody).await.expect("demo data");
        }

        let shutdown = CancellationToken::new();
        let api = wangqian_api::serve(
            listener,
            platform.clone(),
            database.url().to_owned(),
            storage.clone(),
            settings.api,
            shutdown.clone(),
        );
        let api = tokio::spawn(async move { api.await.expect("the API ends well") });
        let worker = work(&platform, database.url(), &storage, files.path(), settings.worker);
        Self {
            url,
            platform,
            storage,
            files,
            database_url: database.url().to_owned(),
            shutdown,
            api,
            worker,
            store,
        }
    }

    /// Ends the worker and starts another one with options of the command line, such as `--font-dir=/usr/share/fonts`.
    pub(crate) async fn restart_worker(&mut self, options: &[&str]) {
        let settings = Settings::from_options(options).worker;
        self.worker.shutdown.cancel();
        let next = work(
            &self.platform,
            &self.database_url,
            &self.storage,
            self.files.path(),
            settings,
        );
        let before = std::mem::replace(&mut self.worker, next);
        before.task.await.expect("it ends well");
    }

    /// Nobody's client.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url)
    }

    /// A client of somebody who has logged in with this identifier.
    pub(crate) async fn login(&self, identifier: &str) -> Client {
        self.client().login(identifier).await
    }

    /// The executable in another role, as a process beside this one on the same database and store.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = wangqian();
        command
            .args(arguments)
            .env("DATABASE_URL", &self.database_url)
            .env("S3_ENDPOINT", self.store.endpoint())
            .env("S3_ACCESS_KEY_ID", self.store.access_key_id())
            .env("S3_SECRET_ACCESS_KEY", self.store.secret_access_key())
            .env("WANGQIAN_PUBLIC_URL", &self.url)
            .env("WANGQIAN_OUTBOX", self.outbox());
        command
    }

    /// Where the object of a key lies.
    pub(crate) fn object_path(&self, key: &str) -> std::path::PathBuf {
        self.files.path().join("objects/objects/wangqian").join(key)
    }

    /// The folder into which mails, SMS and WeChat messages are written.
    pub(crate) fn outbox(&self) -> std::path::PathBuf {
        self.files.path().join("outbox")
    }

    /// Looks again after every step that was committed until there is something to see; and now and then, since the end of a job is
    /// no step.
    pub(crate) async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let mut commits = self.platform.waker.subscribe();
        let seen = async {
            loop {
                commits.borrow_and_update();
                if let Some(seen) = look().await {
                    return seen;
                }
                let changed = tokio::time::timeout(Duration::from_millis(50), commits.changed());
                if let Ok(closed) = changed.await {
                    closed.expect("the platform lives");
                }
            }
        };
        let seen = tokio::time::timeout(PATIENCE, seen).await;
        seen.unwrap_or_else(|_| panic!("waited in vain for {what}"))
    }

    /// Looks again and again for what no commit of this process tells of, such as the end of a job.
    pub(crate) async fn eventually<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let begun = Instant::now();
        let seen = async {
            loop {
                if let Some(seen) = look().await {
                    return seen;
                }
                tokio::time::sleep(pause(begun)).await;
            }
        };
        let seen = tokio::time::timeout(PATIENCE, seen).await;
        seen.unwrap_or_else(|_| panic!("waited in vain for {what}"))
    }

    /// Stops it and waits for its end.
    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        self.worker.shutdown.cancel();
        for task in [&mut self.api, &mut self.worker.task] {
            task.await.expect("it ends well");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.cancel();
        self.worker.shutdown.cancel();
    }
}

fn work(
    platform: &Platform,
    database_url: &str,
    storage: &Storage,
    files: &Path,
    mut settings: wangqian_worker::WorkerSettings,
) -> Worker {
    settings.channels.outbox = files.join("outbox");
    let shutdown = CancellationToken::new();
    let worker = wangqian_worker::run(
        platform.clone(),
        database_url.to_owned(),
        storage.clone(),
        settings,
        shutdown.clone(),
    );
    Worker {
        shutdown,
        task: tokio::spawn(async move { worker.await.expect("the worker ends well") }),
    }
}

fn platform_on(url: &str, settings: &db::DatabaseSettings, public_url: &str) -> Platform {
    Platform {
        pool: db::pool(url, settings).expect("a pool"),
        clock: Clock::default(),
        waker: Waker::default(),
        public_url: Arc::from(public_url),
    }
}

/// A platform on a database of a cluster.
pub(super) fn platform_at(url: &str) -> Platform {
    platform_on(url, &Settings::from_options(&[]).database, "http://127.0.0.1")
}

/// The settings of an object store at their defaults.
pub(super) fn storage_settings() -> StorageSettings {
    Settings::from_options(&[]).storage
}

/// A platform on a new database in which there is nobody yet, and the database's URL: for tests without a server.
pub(crate) async fn platform() -> (Platform, String) {
    let database = test_database(|url| async move { db::migrate(&url).await.map(drop) }).await;
    let settings = Settings::from_options(&[]);
    (
        platform_on(database.url(), &settings.database, "http://127.0.0.1"),
        database.url().to_owned(),
    )
}

/// What resolvers need beside a platform, for tests that ask the schema without a transport. Its object store is not there.
pub(crate) fn app(platform: Platform, feed: Feed) -> App {
    let settings = Settings::from_options(&["--s3-endpoint=http://127.0.0.1:9"]);
    App {
        imports: ImportWatch::new(platform.clone()),
        figures: FigureWatch::new(platform.clone(), feed.clone()),
        exports: ExportWatch::new(platform.clone()),
        platform,
        storage: Storage::new(&settings.storage).expect("a client of the object store"),
        feed,
        password_slots: Slots::new(1, PATIENCE),
        licence_slots: Slots::new(1, PATIENCE),
        settings: Arc::new(settings.api),
    }
}
