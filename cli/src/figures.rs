//! `wangqian figures`: the figures counted anew from the rows, and mended.

use clap::{Args, Subcommand};
use uuid::Uuid;
use wangqian_schema::{
    db::{Connection, DatabaseSettings},
    figures::NO_DESTINATION,
    recount::{self, Difference, Recount},
};

use crate::{
    failure::{Exit, Failure},
    platform::{database_url, platform},
};

/// Looks after the figures.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub what: What,
}

/// What can be done with figures.
#[derive(Clone, Debug, Subcommand)]
pub enum What {
    /// Count graduates and their destinations anew and compare
    Recount(RecountArguments),
}

/// Counts anew and compares.
#[derive(Clone, Debug, Args)]
#[command(
    long_about = "Counts the graduates of each school by department, major, degree level, class and destination from their rows and \
        cases, and prints every count that the figures have otherwise. Exits with 1 if there is one, mended or not. Each school is \
        read under one snapshot; safe while the platform runs. With --repair what differs is mended as well.",
    after_help = "Examples:\n  \
        wangqian figures recount\n  \
        wangqian figures recount --school 90001 --repair"
)]
pub struct RecountArguments {
    /// Only the school with this national code
    #[arg(long, value_name = "CODE")]
    pub school: Option<String>,
    /// Mend what differs
    #[arg(long)]
    pub repair: bool,
    /// The database.
    #[command(flatten, next_help_heading = "Database")]
    pub database: DatabaseSettings,
}

/// Runs it.
///
/// # Errors
/// [`Failure`] when the database cannot be read, there is no such school, or something differed.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let What::Recount(arguments) = &arguments.what;
    let url = database_url(&arguments.database)?;
    let platform = platform(url, &arguments.database, "")?;
    let mut conn = platform
        .pool
        .get()
        .await
        .map_err(|error| Failure::database(&error.into()))?;
    let failed = |error: diesel::result::Error| Failure::database(&error.into());
    let mut schools = recount::schools(&mut conn).await.map_err(failed)?;
    if let Some(only) = &arguments.school {
        schools.retain(|(_, code)| code == only);
        if schools.is_empty() {
            return Err(Failure::new(
                Exit::Usage,
                format!("there is no school {only}"),
                "no school has this code",
                "give its national code of five digits, or leave --school out",
            ));
        }
    }
    let (mut graduates, mut wrong) = (0, 0);
    for (id, code) in &schools {
        let found = recount::recount(&mut conn, *id).await.map_err(failed)?;
        graduates += found.graduates;
        if found.is_right() {
            continue;
        }
        wrong += 1;
        crate::print(&report(code, &found))?;
        if arguments.repair {
            mend(&mut conn, *id, code, &found).await?;
        }
    }
    crate::print(&format!(
        "{} school(s), {graduates} graduate(s), {wrong} school(s) with differences\n",
        schools.len()
    ))?;
    if wrong == 0 {
        return Ok(());
    }
    let remedy = match arguments.repair {
        true => "they are mended; find out what wrote past the program, and see docs/OPERATIONS.md, Figures",
        false => "`wangqian figures recount --repair` mends them; see docs/OPERATIONS.md, Figures",
    };
    Err(Failure::new(
        Exit::Finding,
        format!("the figures of {wrong} school(s) were not what the rows say"),
        "rows were changed past the program, or by a release before the figures",
        remedy,
    ))
}

/// What differs, a line each. Graduates by their ids, which say nothing of them.
fn report(school: &str, found: &Recount) -> String {
    let mut text = String::new();
    for graduate_id in &found.misplaced {
        text.push_str(&format!("MISPLACED school {school}: graduate {graduate_id}\n"));
    }
    for Difference {
        class_year,
        department,
        degree_level,
        major,
        destination_code,
        counted,
        recounted,
    } in &found.differences
    {
        let destination = match destination_code.as_str() {
            NO_DESTINATION => "none",
            code => code,
        };
        text.push_str(&format!(
            "WRONG school {school}, class {class_year}, department {department}, degree level {degree_level}, major {major}, \
             destination {destination}: counted {counted}, recounted {recounted}\n"
        ));
    }
    text
}

/// Mends, and looks again.
async fn mend(conn: &mut Connection, id: Uuid, code: &str, found: &Recount) -> Result<(), Failure> {
    let failed = |error: diesel::result::Error| Failure::database(&error.into());
    recount::repair(conn, id, found).await.map_err(failed)?;
    let left = recount::recount(conn, id).await.map_err(failed)?;
    if left.is_right() {
        return crate::print(&format!("MENDED school {code}\n"));
    }
    Err(Failure::internal(
        format!("the figures of school {code} differ after they were mended"),
        report(code, &left),
    ))
}
