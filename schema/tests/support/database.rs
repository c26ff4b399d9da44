//! An empty, migrated database for each test.

use std::sync::atomic::{AtomicU32, Ordering};

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use tokio::sync::OnceCell;
use wangqian_schema::db;

const SERVER: &str = "postgres://postgres@127.0.0.1:5499";
static TEMPLATE: OnceCell<String> = OnceCell::const_new();
static SERIAL: AtomicU32 = AtomicU32::new(0);

/// A database of one test.
pub(crate) struct Database {
    url: String,
}

impl Database {
    /// A new one, made from the migrated template.
    pub(crate) async fn migrated() -> Self {
        let template = TEMPLATE
            .get_or_init(|| async {
                let name = format!("schema_template_{}", std::process::id());
                run(&format!("CREATE DATABASE {name}")).await;
                db::migrate(&format!("{SERVER}/{name}")).await.unwrap();
                name
            })
            .await;
        Self::create(template).await
    }

    /// A new one without any table.
    pub(crate) async fn empty() -> Self {
        Self::create("template0").await
    }

    async fn create(template: &str) -> Self {
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let name = format!("schema_test_{}_{serial}", std::process::id());
        run(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        Self {
            url: format!("{SERVER}/{name}"),
        }
    }

    /// Where it is; its user may do everything.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

async fn run(sql: &str) {
    let mut conn = AsyncPgConnection::establish(&format!("{SERVER}/postgres")).await.unwrap();
    conn.batch_execute(sql).await.unwrap();
}
