//! The walk over the hash chains of all cases: names the first break of each case that has one.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::{
    model::event::{CHAIN_START, Event},
    tables::{agreements, case_events},
};

/// Where and how a case's trail is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// The case.
    pub case_id: Uuid,
    /// The first event at which the trail does not hold.
    pub sequence: i32,
    /// What is wrong there.
    pub kind: BreakKind,
}

/// What is wrong with a trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BreakKind {
    /// The event of this number is missing.
    #[error("the event is missing")]
    Missing,
    /// The event does not continue the one before it.
    #[error("the event does not continue the one before it")]
    Unlinked,
    /// The event's fields do not give its hash: it was changed.
    #[error("the event's content was changed")]
    Changed,
    /// The trail ends elsewhere than the case says.
    #[error("the trail does not end where the case says")]
    WrongEnd,
    /// The case's status is not the one that the last event led to.
    #[error("the case's status is not the one of its last event")]
    WrongStatus,
    /// Events of a case that does not exist.
    #[error("the case of the events does not exist")]
    NoCase,
}

/// What a walk found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many cases were looked at.
    pub cases: u64,
    /// How many events were looked at.
    pub events: u64,
    /// The first break of each broken case, in the order of the cases' ids.
    pub breaks: Vec<Break>,
}

/// Cases read at a time.
const BATCH: i64 = 500;

type Case = (Uuid, i32, Vec<u8>, crate::workflow::agreement::AgreementStatus);

/// Walks all chains, or that of one case, a batch of cases at a time. Each batch is one snapshot, so that steps taken
/// meanwhile are no breaks.
///
/// # Errors
/// The database's.
pub async fn walk(conn: &mut AsyncPgConnection, only: Option<Uuid>) -> QueryResult<Report> {
    let mut report = Report::default();
    let mut after = Uuid::nil();
    loop {
        let (cases, events) = conn
            .build_transaction()
            .read_only()
            .repeatable_read()
            .run(async |conn| batch(conn, after, only).await)
            .await?;
        let Some(last) = cases.last() else { break };
        after = last.0;
        report.cases += cases.len() as u64;
        report.events += events.len() as u64;
        for case in &cases {
            let start = events.partition_point(|event| event.case_id < case.0);
            let end = events.partition_point(|event| event.case_id <= case.0);
            report.breaks.extend(first_break(case, &events[start..end]));
        }
    }
    let mut orphans = case_events::table
        .left_join(agreements::table.on(agreements::id.eq(case_events::case_id)))
        .filter(agreements::id.is_null())
        .select(case_events::case_id)
        .distinct()
        .limit(BATCH)
        .into_boxed();
    if let Some(only) = only {
        orphans = orphans.filter(case_events::case_id.eq(only));
    }
    let orphans: Vec<Uuid> = orphans.load(conn).await?;
    report.breaks.extend(orphans.into_iter().map(|case_id| Break {
        case_id,
        sequence: 1,
        kind: BreakKind::NoCase,
    }));
    Ok(report)
}

/// The cases that follow `after` and all their events, both in order.
async fn batch(
    conn: &mut AsyncPgConnection,
    after: Uuid,
    only: Option<Uuid>,
) -> QueryResult<(Vec<Case>, Vec<Event>)> {
    let mut query = agreements::table
        .filter(agreements::id.gt(after))
        .order(agreements::id)
        .limit(BATCH)
        .select((
            agreements::id,
            agreements::event_count,
            agreements::event_hash,
            agreements::status,
        ))
        .into_boxed();
    if let Some(only) = only {
        query = query.filter(agreements::id.eq(only));
    }
    let cases: Vec<Case> = query.load(conn).await?;
    let ids: Vec<Uuid> = cases.iter().map(|case| case.0).collect();
    let events = case_events::table
        .filter(case_events::case_id.eq_any(&ids))
        .order((case_events::case_id, case_events::sequence))
        .select(Event::as_select())
        .load(conn)
        .await?;
    Ok((cases, events))
}

fn first_break((case_id, event_count, event_hash, status): &Case, events: &[Event]) -> Option<Break> {
    let broken = |sequence, kind| {
        Some(Break {
            case_id: *case_id,
            sequence,
            kind,
        })
    };
    let mut previous: &[u8] = &CHAIN_START;
    let mut expected = 1;
    for event in events {
        if event.sequence != expected {
            return broken(expected, BreakKind::Missing);
        }
        if event.previous_hash != previous {
            return broken(expected, BreakKind::Unlinked);
        }
        if event.computed_hash() != *event.hash {
            return broken(expected, BreakKind::Changed);
        }
        previous = &event.hash;
        expected += 1;
    }
    if expected - 1 < *event_count {
        return broken(expected, BreakKind::Missing);
    }
    if expected - 1 != *event_count || previous != event_hash.as_slice() {
        return broken(expected - 1, BreakKind::WrongEnd);
    }
    match events.last() {
        Some(last) if last.to_status != *status => broken(last.sequence, BreakKind::WrongStatus),
        _ => None,
    }
}
