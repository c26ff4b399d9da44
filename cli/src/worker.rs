//! `wangqian worker`: works on the jobs until it is told to stop.

use clap::Args;
use wangqian_schema::db::DatabaseSettings;
use wangqian_storage::StorageSettings;
use wangqian_worker::WorkerSettings;

use crate::{
    failure::{Exit, Failure},
    listener,
    migrate::nothing_pending,
    platform::{AddressSettings, database_url, platform},
    roles::Roles,
    signals::Signals,
    storage::connect,
};

/// Works on the jobs.
#[derive(Clone, Debug, Args)]
#[command(
    long_about = "Ends invitations at their deadline, reminds, renders agreements as PDF and sends messages. Any number of \
        these may run side by side, and any may be killed: another one takes its jobs over. Stops gracefully on SIGTERM: \
        running jobs are finished or handed back.",
    after_help = "Example:\n  \
        DATABASE_URL=postgres://… S3_ENDPOINT=https://… SMTP_URL=smtps://… \\\n    \
        WANGQIAN_PUBLIC_URL=https://wangqian.example wangqian worker"
)]
pub struct Arguments {
    /// Where people reach the product.
    #[command(flatten, next_help_heading = "Address")]
    pub address: AddressSettings,
    /// Address and port on which this worker serves /healthz and /metrics (Prometheus), such as 0.0.0.0:9090; without it, nowhere.
    #[arg(
        long,
        env = "WANGQIAN_METRICS_LISTEN",
        value_name = "ADDRESS",
        help_heading = "Worker"
    )]
    pub metrics_listen: Option<String>,
    /// The database.
    #[command(flatten, next_help_heading = "Database")]
    pub database: DatabaseSettings,
    /// The object store.
    #[command(flatten, next_help_heading = "Object store")]
    pub storage: StorageSettings,
    /// The worker.
    #[command(flatten, next_help_heading = "Worker")]
    pub worker: WorkerSettings,
}

/// Runs it.
///
/// # Errors
/// [`Failure`] when something it needs is not there, or the worker ends by itself.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let listener = match &arguments.metrics_listen {
        Some(address) => Some(listener::bind(address, "WANGQIAN_METRICS_LISTEN (--metrics-listen)").await?),
        None => None,
    };
    let url = database_url(&arguments.database)?;
    let public_url = arguments.address.required()?;
    nothing_pending(url, Exit::Unavailable).await?;
    let storage = connect(&arguments.storage)?;
    let platform = platform(url, &arguments.database, &public_url)?;
    let mut roles = Roles::default();
    if let Some(listener) = listener {
        let address = listener::address(&listener)?;
        roles.metrics(listener);
        tracing::info!(%address, "health and metrics are served");
    }
    roles.worker(&platform, url, storage, arguments.worker.clone());
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "the worker runs");
    roles.run(&mut signals).await
}
