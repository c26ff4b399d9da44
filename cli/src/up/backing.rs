//! What the roles stand on: PostgreSQL and the object store, our own or the ones that settings name.

use std::time::Duration;

use wangqian_embedded::{Postgres, PostgresError, PostgresOptions};
use wangqian_storage::Storage;

use super::{Arguments, folder::DataFolder};
use crate::{
    failure::{Exit, Failure},
    storage::connect,
};

/// The database within our own PostgreSQL.
const DATABASE: &str = "wangqian";

/// How long a PostgreSQL that a killed `wangqian up` left behind is given to end.
const LEFT_BEHIND: Duration = Duration::from_secs(30);

/// What the roles stand on.
pub(super) struct Backing {
    postgres: Option<Postgres>,
    database_url: String,
    storage: Storage,
}

impl Backing {
    /// Starts what no setting names, in the data folder.
    pub(super) async fn start(folder: &DataFolder, arguments: &Arguments) -> Result<Self, Failure> {
        let (postgres, database_url) = match &arguments.database.database_url {
            Some(url) if !url.is_empty() => (None, url.clone()),
            _ => {
                let postgres = start_postgres(folder).await?;
                let url = postgres.url(DATABASE);
                (Some(postgres), url)
            }
        };
        let storage = connect(&arguments.storage)?;
        Ok(Self {
            postgres,
            database_url,
            storage,
        })
    }

    /// The database's URL, with its password.
    pub(super) fn database_url(&self) -> &str {
        &self.database_url
    }

    /// Whether the database is our own.
    pub(super) fn own_database(&self) -> bool {
        self.postgres.is_some()
    }

    /// The object store.
    pub(super) fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Stops what was started, and waits for it.
    pub(super) async fn stop(self) {
        if let Some(postgres) = self.postgres {
            postgres.stop().await;
        }
    }
}

async fn start_postgres(folder: &DataFolder) -> Result<Postgres, Failure> {
    let until = tokio::time::Instant::now() + LEFT_BEHIND;
    let postgres = loop {
        // The folder is ours, so whoever still runs in it was left by one that was killed, and is on its way out.
        match Postgres::start(PostgresOptions::durable(folder.join("postgres"))).await {
            Err(PostgresError::AlreadyRunning { .. }) if tokio::time::Instant::now() < until => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            started => break started.map_err(|error| postgres_failure(&error))?,
        }
    };
    postgres
        .create_database(DATABASE)
        .await
        .map_err(|error| postgres_failure(&error))?;
    Ok(postgres)
}

fn postgres_failure(error: &PostgresError) -> Failure {
    let what = "PostgreSQL could not be started";
    match error {
        PostgresError::NotInstalled | PostgresError::TooOld { .. } => Failure::new(
            Exit::Environment,
            what,
            error,
            "install PostgreSQL 15 or newer (Debian, Ubuntu: sudo apt-get install postgresql), or name a database of your \
             own with DATABASE_URL",
        ),
        PostgresError::ForeignFolder(_)
        | PostgresError::OtherVersion { .. }
        | PostgresError::AlreadyRunning { .. }
        | PostgresError::ForeignOwner { .. }
        | PostgresError::Io { .. } => Failure::new(
            Exit::Environment,
            what,
            error,
            "mend that, or choose another data folder with WANGQIAN_DATA (--data)",
        ),
        PostgresError::NoUser => Failure::new(
            Exit::Environment,
            what,
            error,
            "start as an ordinary user, or name a database of your own with DATABASE_URL",
        ),
        PostgresError::Failed { .. } | PostgresError::NotReady(_) | PostgresError::Statement(_) => {
            Failure::new(
                Exit::Environment,
                what,
                error,
                "see the file postgres/log in the data folder; a full disk and too little memory are the usual causes",
            )
        }
    }
}
