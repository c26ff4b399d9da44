//! `wangqian api`: serves the API until it is told to stop.

use clap::Args;
use wangqian_api::ApiSettings;
use wangqian_schema::db::DatabaseSettings;
use wangqian_storage::StorageSettings;

use crate::{
    failure::{Exit, Failure},
    listener,
    migrate::nothing_pending,
    platform::{AddressSettings, database_url, platform},
    roles::Roles,
    signals::Signals,
    storage::connect,
};

/// Serves the API.
#[derive(Clone, Debug, Args)]
#[command(
    long_about = "Serves GraphQL over HTTP, WebSocket and SSE, the health probes /healthz and /readyz, /metrics, and the \
        public page that verifies a printed agreement. Any number of these may run side by side. Stops gracefully on \
        SIGTERM: requests are answered and sockets closed.",
    after_help = "Example:\n  \
        DATABASE_URL=postgres://… S3_ENDPOINT=https://… WANGQIAN_PUBLIC_URL=https://wangqian.example \\\n    \
        wangqian api --listen 0.0.0.0:8080"
)]
pub struct Arguments {
    /// Where people reach the product.
    #[command(flatten, next_help_heading = "Address")]
    pub address: AddressSettings,
    /// The API.
    #[command(flatten, next_help_heading = "API")]
    pub api: ApiSettings,
    /// The database.
    #[command(flatten, next_help_heading = "Database")]
    pub database: DatabaseSettings,
    /// The object store.
    #[command(flatten, next_help_heading = "Object store")]
    pub storage: StorageSettings,
}

/// Runs it.
///
/// # Errors
/// [`Failure`] when something it needs is not there, or the API ends by itself.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let listener = listener::bind(&arguments.api.listen, listener::LISTEN).await?;
    let address = listener::address(&listener)?;
    let url = database_url(&arguments.database)?;
    let public_url = arguments.address.required()?;
    nothing_pending(url, Exit::Unavailable).await?;
    let storage = connect(&arguments.storage)?;
    let platform = platform(url, &arguments.database, &public_url)?;
    let mut roles = Roles::default();
    roles.api(listener, &platform, url, storage, arguments.api.clone());
    tracing::info!(%address, public_url, version = env!("CARGO_PKG_VERSION"), "the API is served");
    roles.run(&mut signals).await
}
