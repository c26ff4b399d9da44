//! A database for each test, on the throw-away server of the test process.

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use wangqian_embedded::test_database;
use wangqian_schema::db::{self, DatabaseError};

/// A database of one test.
pub(crate) struct Database {
    url: String,
}

impl Database {
    /// A new one with all tables and no rows.
    pub(crate) async fn migrated() -> Self {
        let made = test_database(async |url| {
            // It blocks its thread, which the runtime of a test with one thread does not allow.
            let migrate = move || {
                tokio::runtime::Runtime::new()
                    .unwrap()
                    .block_on(db::migrate(&url))
            };
            tokio::task::spawn_blocking(migrate).await.unwrap()?;
            Ok::<_, DatabaseError>(())
        })
        .await;
        Self {
            url: made.url().to_owned(),
        }
    }

    /// A new one without any table.
    pub(crate) async fn empty() -> Self {
        let beside = Self::migrated().await;
        let mut conn = AsyncPgConnection::establish(beside.url()).await.unwrap();
        let (server, name) = beside.url().rsplit_once('/').unwrap();
        let create = format!("CREATE DATABASE {name}_empty TEMPLATE template0");
        conn.batch_execute(&create).await.unwrap();
        Self {
            url: format!("{server}/{name}_empty"),
        }
    }

    /// Where it is, as superuser.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}
