//! Connections to PostgreSQL and the migrations.

use std::time::Duration;

use deadpool::managed::QueueMode;
use diesel_async::{
    AsyncConnection, AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection,
    pooled_connection::{
        self, AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod, deadpool::PoolError,
    },
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

#[diesel::declare_sql_function]
extern "SQL" {
    /// PostgreSQL's own: takes the session's advisory lock if it is free, and says whether it did.
    fn pg_try_advisory_lock(key: diesel::sql_types::BigInt) -> diesel::sql_types::Bool;
}

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations");

/// Held while migrations run, so that two processes starting together do not race ("wq" in ASCII).
const MIGRATION_LOCK: i64 = 0x7771;

/// A pool of connections, all three of whose time limits are set.
pub type Pool = pooled_connection::deadpool::Pool<AsyncPgConnection>;
/// A connection on loan from the [`Pool`].
pub type Connection = pooled_connection::deadpool::Object<AsyncPgConnection>;

/// Where PostgreSQL is and how it is used.
#[derive(Clone, clap::Args)]
#[group(skip)]
pub struct DatabaseSettings {
    /// PostgreSQL 15 or newer, as `postgres://user:password@host:port/database`.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Most connections that one process holds in its pool.
    #[arg(long, env = "WANGQIAN_DATABASE_CONNECTIONS", default_value_t = 16)]
    pub database_connections: usize,
    /// Longest a single SQL statement may run, in milliseconds; PostgreSQL ends it then.
    #[arg(long, env = "WANGQIAN_STATEMENT_TIMEOUT_MS", default_value_t = 10_000)]
    pub statement_timeout_ms: u32,
}

impl std::fmt::Debug for DatabaseSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatabaseSettings")
            .field("database_url", &self.database_url.as_ref().map(|_| "(set)"))
            .field("database_connections", &self.database_connections)
            .field("statement_timeout_ms", &self.statement_timeout_ms)
            .finish()
    }
}

/// Why the database could not be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// No connection could be made or had in time.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// A migration failed. It was rolled back, but for an index made CONCURRENTLY, which the next run names.
    #[error("a migration failed: {0}")]
    Migration(String),
    /// A statement failed.
    #[error("a statement failed: {0}")]
    Statement(#[from] diesel::result::Error),
}

impl From<PoolError> for DatabaseError {
    fn from(error: PoolError) -> Self {
        Self::Unreachable(error.to_string())
    }
}

/// A pool on `url`; connections are made as they are needed.
///
/// # Errors
/// [`DatabaseError::Unreachable`] when the pool itself cannot be set up.
pub fn pool(url: &str, settings: &DatabaseSettings) -> Result<Pool, DatabaseError> {
    let mut config = ManagerConfig::default();
    // A broken connection shows itself; asking before every use would double the round trips.
    config.recycling_method = RecyclingMethod::Fast;
    let session = format!(
        "SET statement_timeout = {0}; SET idle_in_transaction_session_timeout = {0}; \
         SET lock_timeout = {0}; SET application_name = 'wangqian'",
        settings.statement_timeout_ms
    );
    config.custom_setup = Box::new(move |url| {
        let session = session.clone();
        Box::pin(async move {
            let mut conn = AsyncPgConnection::establish(url).await?;
            conn.batch_execute(&session)
                .await
                .map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
            Ok(conn)
        })
    });
    let manager = AsyncDieselConnectionManager::new_with_config(url, config);
    Pool::builder(manager)
        .max_size(settings.database_connections)
        // The one used last: each connection parses and plans a statement for itself when it first meets it, and with the oldest in
        // turn a quiet process would do so on all of them.
        .queue_mode(QueueMode::Lifo)
        .wait_timeout(Some(Duration::from_secs(5)))
        .create_timeout(Some(Duration::from_secs(5)))
        .recycle_timeout(Some(Duration::from_secs(5)))
        .runtime(deadpool::Runtime::Tokio1)
        .build()
        .map_err(|error| DatabaseError::Unreachable(error.to_string()))
}

/// Runs all pending migrations; processes that start together wait for each other. Needs a multi-thread runtime.
///
/// # Errors
/// [`DatabaseError`] when the database cannot be reached or a migration fails.
pub async fn migrate(url: &str) -> Result<Vec<String>, DatabaseError> {
    let mut conn = AsyncPgConnection::establish(url)
        .await
        .map_err(|error| DatabaseError::Unreachable(error.to_string()))?;
    // Asked for again and again rather than waited for: a statement that waits holds a snapshot, for whose end an index
    // made CONCURRENTLY waits in turn.
    while !diesel::select(pg_try_advisory_lock(MIGRATION_LOCK))
        .get_result::<bool>(&mut conn)
        .await?
    {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    no_broken_index(&mut conn).await?;
    // The lock ends with the connection, also when a migration fails.
    let mut harness = AsyncMigrationHarness::new(conn);
    let applied = harness
        .run_pending_migrations(MIGRATIONS)
        .map_err(|error| DatabaseError::Migration(error.to_string()))?;
    Ok(applied.iter().map(ToString::to_string).collect())
}

/// An index whose making CONCURRENTLY was broken off keeps its name and serves nobody; `IF NOT EXISTS` would pass it over.
async fn no_broken_index(conn: &mut AsyncPgConnection) -> Result<(), DatabaseError> {
    #[derive(diesel::QueryableByName)]
    struct Broken {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }
    let broken: Vec<Broken> = diesel::sql_query(
        "SELECT relname::text AS name FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid \
         WHERE NOT indisvalid AND relnamespace = current_schema()::regnamespace ORDER BY 1",
    )
    .load(conn)
    .await?;
    match broken.as_slice() {
        [] => Ok(()),
        [Broken { name }, ..] => Err(DatabaseError::Migration(format!(
            "the making of index {name} was broken off; DROP INDEX CONCURRENTLY {name}, then migrate again"
        ))),
    }
}

/// Takes back all migrations, newest first. Everything in the database is lost: for tests of the migrations.
///
/// # Errors
/// [`DatabaseError`] when the database cannot be reached or a `down.sql` fails.
pub async fn revert_all(url: &str) -> Result<(), DatabaseError> {
    let conn = AsyncPgConnection::establish(url)
        .await
        .map_err(|error| DatabaseError::Unreachable(error.to_string()))?;
    let mut harness = AsyncMigrationHarness::new(conn);
    harness
        .revert_all_migrations(MIGRATIONS)
        .map_err(|error| DatabaseError::Migration(error.to_string()))?;
    Ok(())
}

/// The migrations that this release brings and the database does not have yet.
///
/// # Errors
/// [`DatabaseError`] when the database cannot be reached.
pub async fn pending_migrations(url: &str) -> Result<Vec<String>, DatabaseError> {
    let conn = AsyncPgConnection::establish(url)
        .await
        .map_err(|error| DatabaseError::Unreachable(error.to_string()))?;
    let mut harness = AsyncMigrationHarness::new(conn);
    let pending = harness
        .pending_migrations(MIGRATIONS)
        .map_err(|error| DatabaseError::Migration(error.to_string()))?;
    Ok(pending.iter().map(|m| m.name().to_string()).collect())
}
