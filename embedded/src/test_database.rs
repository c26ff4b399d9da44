//! Databases for tests: one throw-away server a process, one migrated template, a copy of it for each test.

use std::{
    future::Future,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use diesel_async::SimpleAsyncConnection;
use tokio::sync::{Mutex, OnceCell};

use crate::postgres::{Postgres, PostgresOptions, connect};

static CLUSTER: OnceCell<Postgres> = OnceCell::const_new();
static TEMPLATE: OnceCell<()> = OnceCell::const_new();

/// A database of its own for one test. It goes with the server, at the end of the process.
#[derive(Clone, Debug)]
pub struct TestDatabase {
    name: String,
    url: String,
}

impl TestDatabase {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its URL, as superuser.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// A new database, migrated by `migrate`, which is called once a process with the URL of the template.
///
/// # Panics
/// When the server cannot be started or a statement fails: a test cannot go on then.
#[expect(clippy::panic, reason = "for tests only, which end so")]
pub async fn test_database<F, E>(migrate: impl FnOnce(String) -> F) -> TestDatabase
where
    F: Future<Output = Result<(), E>>,
    E: std::fmt::Display,
{
    static COUNT: AtomicU32 = AtomicU32::new(0);
    // PostgreSQL copies a template only while nobody else does.
    static COPYING: OnceLock<Mutex<()>> = OnceLock::new();

    let cluster = CLUSTER
        .get_or_init(|| async {
            let folder =
                std::env::temp_dir().join(format!("wangqian-test-{}-{}", std::process::id(), random()));
            Postgres::start(PostgresOptions::throwaway(folder))
                .await
                .unwrap_or_else(|error| panic!("{error}"))
        })
        .await;
    TEMPLATE
        .get_or_init(|| async {
            cluster
                .create_database("template_wangqian")
                .await
                .unwrap_or_else(|error| panic!("{error}"));
            migrate(cluster.url("template_wangqian"))
                .await
                .unwrap_or_else(|error| panic!("the template: {error}"));
        })
        .await;
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let _one_at_a_time = COPYING.get_or_init(Mutex::default).lock().await;
    let mut conn = connect(&cluster.url("postgres"))
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    conn.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template_wangqian"))
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    TestDatabase {
        url: cluster.url(&name),
        name,
    }
}

fn random() -> u32 {
    rand::random()
}
