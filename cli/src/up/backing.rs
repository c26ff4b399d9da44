//! What the roles stand on: PostgreSQL and the object store, our own or the ones that settings name.

use std::time::Duration;

use wangqian_embedded::{
    ObjectStore, ObjectStoreError, ObjectStoreOptions, Postgres, PostgresError, PostgresOptions,
};
use wangqian_storage::{Storage, StorageSettings};

use super::{Arguments, folder::DataFolder};
use crate::{
    failure::{Exit, Failure},
    storage,
};

/// The database within our own PostgreSQL.
const DATABASE: &str = "wangqian";

/// How long a PostgreSQL that a killed `wangqian up` left behind is given to end.
const LEFT_BEHIND: Duration = Duration::from_secs(30);

/// What the roles stand on.
pub(super) struct Backing {
    postgres: Option<Postgres>,
    object_store: Option<ObjectStore>,
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
        let (object_store, storage) = match &arguments.storage.s3_endpoint {
            Some(endpoint) if !endpoint.is_empty() => {
                let storage = storage::connect(&arguments.storage)?;
                storage
                    .ensure_bucket()
                    .await
                    .map_err(|error| storage::failure(&error))?;
                (None, storage)
            }
            _ => {
                let (store, settings) = start_object_store(folder, &arguments.storage).await?;
                (Some(store), storage::connect(&settings)?)
            }
        };
        Ok(Self {
            postgres,
            object_store,
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
        if let Some(store) = self.object_store {
            store.stop().await;
        }
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

/// Our own store, and the settings with which a client reaches it.
async fn start_object_store(
    folder: &DataFolder,
    settings: &StorageSettings,
) -> Result<(ObjectStore, StorageSettings), Failure> {
    let options = ObjectStoreOptions::new(folder.join("objects"), settings.s3_bucket.as_str());
    let store = ObjectStore::start(options)
        .await
        .map_err(|error| object_store_failure(&error))?;
    let settings = StorageSettings {
        s3_endpoint: Some(store.endpoint()),
        s3_public_endpoint: None,
        s3_access_key_id: store.access_key_id().to_owned(),
        s3_secret_access_key: store.secret_access_key().to_owned(),
        s3_path_style: true,
        ..settings.clone()
    };
    Ok((store, settings))
}

fn object_store_failure(error: &ObjectStoreError) -> Failure {
    Failure::new(
        Exit::Environment,
        "the object store could not be started",
        error,
        "mend that, or choose another data folder with WANGQIAN_DATA (--data), or name a store of your own with \
         S3_ENDPOINT",
    )
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
        | PostgresError::Closed { .. }
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
                "see the file postgres/log in the data folder, if it is there; a full disk and too little memory are the usual causes",
            )
        }
    }
}
