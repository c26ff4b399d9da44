//! `wangqian audit`: walks the hash chains of the cases and names the first break of each.

use clap::Args;
use uuid::Uuid;
use wangqian_schema::{audit, db::DatabaseSettings};

use crate::{
    failure::{Exit, Failure},
    platform::{database_url, platform},
};

/// Checks the hash chains of all cases.
#[derive(Clone, Debug, Args)]
#[command(
    long_about = "Walks the trail of events of every case and checks that nothing was changed, removed or put between: \
        each event carries a hash over itself and the one before it, and the case knows the end of its trail. Prints the \
        first break of each broken case and exits with 1 if there is one. Reads only; safe while the platform runs.",
    after_help = "Examples:\n  \
        wangqian audit\n  \
        wangqian audit --case 01940000-0000-7000-8000-000000000000"
)]
pub struct Arguments {
    /// Only this case
    #[arg(long = "case", value_name = "UUID")]
    pub case_id: Option<Uuid>,
    /// The database.
    #[command(flatten, next_help_heading = "Database")]
    pub database: DatabaseSettings,
}

/// Runs it.
///
/// # Errors
/// [`Failure`] when the database cannot be read, the case does not exist, or a trail is broken.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let url = database_url(&arguments.database)?;
    let platform = platform(url, &arguments.database, "")?;
    let mut conn = platform
        .pool
        .get()
        .await
        .map_err(|error| Failure::database(&error.into()))?;
    let report = audit::walk(&mut conn, arguments.case_id)
        .await
        .map_err(|error| Failure::database(&error.into()))?;
    if let Some(case_id) = arguments.case_id
        && report.cases == 0
        && report.breaks.is_empty()
    {
        return Err(Failure::new(
            Exit::Finding,
            format!("there is no case {case_id}"),
            "neither a case nor an event has this id",
            "look the id up in the table agreements",
        ));
    }
    let mut text = String::new();
    for found in &report.breaks {
        text.push_str(&format!(
            "BROKEN case {} at event {}: {}\n",
            found.case_id, found.sequence, found.kind
        ));
    }
    text.push_str(&format!(
        "{} case(s), {} event(s), {} broken\n",
        report.cases,
        report.events,
        report.breaks.len()
    ));
    crate::print(&text)?;
    if report.breaks.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Finding,
        format!("the trail of {} case(s) is broken", report.breaks.len()),
        "rows were changed past the program, or a backup was restored in part",
        "keep the database as it is, compare the named cases with the last good backup, and see docs/OPERATIONS.md, Audit",
    ))
}
