//! `wangqian stuck-work`: what should have been done and was not, and having it tried again.

use std::{cmp::Reverse, collections::HashMap};

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use uuid::Uuid;
use wangqian_schema::{
    db::{Connection, DatabaseSettings},
    model::{PageRequest, page::MAX_PAGE},
    stuck_work::{self, JobState, StuckWork, StuckWorkKind},
    wake,
};

use crate::{
    failure::{Exit, Failure},
    platform::{database_url, platform},
};

/// Characters of an error in a summary.
const SUMMARY_WIDTH: usize = 120;
const NO_JOB: &str = "NO JOB";
const NO_ERROR: &str = "no error noted";

/// Lists what should have been done and was not.
#[derive(Clone, Debug, Args)]
#[command(
    long_about = "Lists what has been owed for more than two minutes, longest first: invitations past their deadline that are \
        still open, reminders, papers that are not rendered, messages that were not sent, recurring jobs that were not done. \
        Exits with 1 if there is any, so that a monitor can call it. With --summary work that is alike is counted instead. \
        With --retry the listed work is tried again at once, parked or not. Safe while the platform runs.",
    after_help = "Examples:\n  \
        wangqian stuck-work\n  \
        wangqian stuck-work --summary\n  \
        wangqian stuck-work --kind message --retry\n  \
        wangqian stuck-work --id 01940000-0000-7000-8000-000000000000 --retry"
)]
pub struct Arguments {
    /// Only work of this kind: expiry, reminder, document, destination_sheet, message, notice, member_invitation, stamped_copy_link, import, upload, export or recurring
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub kind: Option<StuckWorkKind>,
    /// Only the work about this agreement, document, message or upload
    #[arg(long, value_name = "UUID")]
    pub id: Option<Uuid>,
    /// Count work of the same kind and state that failed alike, most first, instead of listing each piece
    #[arg(long)]
    pub summary: bool,
    /// Have the listed work tried again at once
    #[arg(long)]
    pub retry: bool,
    /// The database.
    #[command(flatten, next_help_heading = "Database")]
    pub database: DatabaseSettings,
}

fn kind(word: &str) -> Result<StuckWorkKind, String> {
    StuckWorkKind::parse(&word.to_ascii_uppercase()).ok_or_else(|| {
        "not one of expiry, reminder, document, message, notice, member_invitation, stamped_copy_link, import, upload, export, recurring"
            .to_owned()
    })
}

/// Runs it.
///
/// # Errors
/// [`Failure`] when the database cannot be read, or something is stuck and was not to be tried again.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let url = database_url(&arguments.database)?;
    let platform = platform(url, &arguments.database, "")?;
    let mut conn = platform
        .pool
        .get()
        .await
        .map_err(|error| Failure::database(&error.into()))?;
    let now = platform.clock.now();
    let mut tally = Tally::default();
    let walked = walk(&mut conn, arguments, now, &mut tally).await;
    if tally.driven > 0 {
        // Also for what was driven before a failure. Without it the workers' own poll finds the jobs a little later.
        let _woken = wake::notify(&mut conn).await;
    }
    walked?;
    for line in summary(&tally.groups, now) {
        crate::print(&line)?;
    }
    let Tally { found, driven, .. } = tally;
    if let (Some(id), 0) = (arguments.id, found) {
        return Err(Failure::new(
            Exit::Finding,
            format!("there is no stuck work about {id}"),
            "nothing with this id is owed, or not for two minutes yet",
            "see `wangqian stuck-work` without --id",
        ));
    }
    if arguments.retry {
        let running = found - driven;
        return crate::print(&format!(
            "{driven} piece(s) of work tried again, {running} left to the worker that is at it\n"
        ));
    }
    crate::print(&format!("{found} piece(s) of work stuck\n"))?;
    if found == 0 {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Finding,
        format!("{found} piece(s) of work are stuck"),
        "the last errors above say why; without one, no worker takes the queue",
        "mend the cause, then `wangqian stuck-work --retry`; see docs/OPERATIONS.md, Stuck work",
    ))
}

/// What a walk came across.
#[derive(Default)]
struct Tally {
    found: u64,
    driven: u64,
    /// With --summary: how many there are of what is alike, and since when the oldest is owed.
    groups: HashMap<Alike, (u64, DateTime<Utc>)>,
}

/// What pieces of work have in common that one cause holds up.
#[derive(PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Alike {
    kind: StuckWorkKind,
    job_state: Option<JobState>,
    error: String,
}

impl Alike {
    fn of(work: &StuckWork) -> Self {
        let error = work.last_error.as_deref().unwrap_or(NO_ERROR);
        // `attempt 3: ` tells alike ones apart.
        let error = match error.split_once(": ") {
            Some((attempt, error)) if attempt.starts_with("attempt ") => error,
            _ => error,
        };
        let line = error.lines().next().unwrap_or_default();
        Self {
            kind: work.kind,
            job_state: work.job_state,
            error: line.chars().take(SUMMARY_WIDTH).collect(),
        }
    }
}

/// Prints piece by piece, and drives what is to be driven.
async fn walk(
    conn: &mut Connection,
    arguments: &Arguments,
    now: DateTime<Utc>,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let mut request = PageRequest::first(MAX_PAGE);
    loop {
        let page = stuck_work::page(conn, &request, now)
            .await
            .map_err(|error| Failure::database(&error.into()))?;
        let wanted = |work: &&StuckWork| {
            arguments.kind.is_none_or(|kind| kind == work.kind) && arguments.id.is_none_or(|id| id == work.id)
        };
        for work in page.items.iter().filter(wanted) {
            tally.found += 1;
            if arguments.retry {
                let driven = stuck_work::drive(conn, work, now)
                    .await
                    .map_err(|error| Failure::database(&error.into()))?;
                tally.driven += u64::from(driven);
            }
            if arguments.summary {
                let group = tally.groups.entry(Alike::of(work));
                // Oldest first, so that the first of a group is its oldest.
                group.or_insert((0, work.owed_since)).0 += 1;
            } else {
                crate::print(&line(work, now))?;
            }
        }
        match page.items.last() {
            Some(last) if page.has_next => request.after = Some(last.key()),
            _ => return Ok(()),
        }
    }
}

/// A line a group, the largest first.
fn summary(groups: &HashMap<Alike, (u64, DateTime<Utc>)>, now: DateTime<Utc>) -> Vec<String> {
    let mut groups: Vec<_> = groups.iter().collect();
    groups.sort_by_key(|(alike, (count, oldest))| (Reverse(*count), *oldest, *alike));
    let line = |(alike, (count, oldest)): (&Alike, &(u64, DateTime<Utc>))| {
        let age = (now - *oldest).num_minutes();
        let job = alike.job_state.map_or(NO_JOB, JobState::as_str);
        format!(
            "{count} x {}: {job}; oldest owed for {age} min; {}\n",
            alike.kind, alike.error
        )
    };
    groups.into_iter().map(line).collect()
}

fn line(work: &StuckWork, now: DateTime<Utc>) -> String {
    let age = (now - work.owed_since).num_minutes();
    let job = work.job_state.map_or(NO_JOB, JobState::as_str);
    let attempts = match (work.attempt, work.max_attempts) {
        (Some(attempt), Some(most)) => format!(", attempt {attempt} of {most}"),
        _ => String::new(),
    };
    let next = work.next_attempt_at.map_or_else(String::new, |at| {
        format!(", next at {}", at.to_rfc3339_opts(SecondsFormat::Secs, true))
    });
    let error = work.last_error.as_deref().unwrap_or(NO_ERROR);
    let about = match &work.recurring {
        Some(name) => format!("of {name}"),
        None => format!("case {}", work.case_id),
    };
    format!(
        "{} {} ({about}): owed for {age} min; {job}{attempts}{next}; {error}\n",
        work.kind, work.id
    )
}
