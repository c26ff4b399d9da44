//! `wangqian migrate`: brings the database to this release, or says what is missing.

use clap::Args;
use wangqian_schema::db::{self, DatabaseSettings};

use crate::{
    failure::{Exit, Failure},
    platform::database_url,
};

/// Brings the database to this release.
#[derive(Clone, Debug, Args)]
#[command(
    long_about = "Runs the migrations that the database does not have yet, each in a transaction. Processes that start \
        together wait for each other. The release before goes on working meanwhile and afterwards: run this before the \
        new processes start.",
    after_help = "Examples:\n  \
        wangqian migrate\n  \
        wangqian migrate --check    # changes nothing; exits with 1 and names what is pending"
)]
pub struct Arguments {
    /// Change nothing: exit with 1 and name the pending migrations if there are any
    #[arg(long)]
    pub check: bool,
    /// The database.
    #[command(flatten, next_help_heading = "Database")]
    pub database: DatabaseSettings,
}

/// Runs it.
///
/// # Errors
/// [`Failure`] when the database cannot be reached or a migration fails, and for `--check` when one is pending.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let url = database_url(&arguments.database)?;
    if arguments.check {
        return nothing_pending(url, Exit::Finding).await;
    }
    let applied = db::migrate(url)
        .await
        .map_err(|error| Failure::database(&error))?;
    let mut text = String::new();
    for name in &applied {
        text.push_str(&format!("applied {name}\n"));
    }
    if applied.is_empty() {
        text.push_str("nothing to do: the database is at this release\n");
    }
    crate::print(&text)
}

/// Makes sure that the database is at this release.
///
/// # Errors
/// [`Failure`] with the given exit code, naming what is pending.
pub async fn nothing_pending(url: &str, exit: Exit) -> Result<(), Failure> {
    let pending = db::pending_migrations(url)
        .await
        .map_err(|error| Failure::database(&error))?;
    if pending.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        exit,
        "the database is not at this release",
        format!("{} migration(s) pending: {}", pending.len(), pending.join(", ")),
        "run `wangqian migrate` with the same DATABASE_URL",
    ))
}
