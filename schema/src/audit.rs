//! The walk over the hash chains of all cases: names the first break of each case that has one.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Binary, Integer, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::{
    model::{
        event::{CHAIN_START, CaseKind, Event},
        field_change::{self, Changes},
    },
    tables::case_events,
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
    /// The old and new values that are kept beside the event are not those whose hash it has.
    #[error("the changed fields of the event are not those that it was written with")]
    ChangedFields,
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

/// A case with the end of its chain as the case itself knows it.
#[derive(QueryableByName)]
struct Case {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Integer)]
    event_count: i32,
    #[diesel(sql_type = Binary)]
    event_hash: Vec<u8>,
    #[diesel(sql_type = Text)]
    status: String,
}

/// The cases of a kind: their rows with the columns of [`Case`].
const fn cases(kind: CaseKind) -> &'static str {
    match kind {
        CaseKind::Agreement => "SELECT id, event_count, event_hash, status FROM agreements",
        CaseKind::Termination => "SELECT id, event_count, event_hash, status FROM terminations",
        CaseKind::Destination => {
            "SELECT id, event_count, event_hash, status FROM destinations WHERE NOT private"
        }
        CaseKind::Leaving => "SELECT id, event_count, event_hash, status FROM leaving_confirmations",
        CaseKind::Graduate => {
            "SELECT id, event_count, event_hash,
                CASE WHEN confirmed_at IS NULL THEN 'UNCONFIRMED' ELSE 'CONFIRMED' END AS status
            FROM graduates"
        }
        CaseKind::Employer => "SELECT id, event_count, event_hash, verification AS status FROM employers",
        CaseKind::School => "SELECT id, event_count, event_hash, 'OPEN' AS status FROM schools",
    }
}

/// Walks all chains, or that of one case, a batch of cases at a time. Each batch is one snapshot, so that steps taken
/// meanwhile are no breaks.
///
/// # Errors
/// The database's.
pub async fn walk(conn: &mut AsyncPgConnection, only: Option<Uuid>) -> QueryResult<Report> {
    let mut report = Report::default();
    for kind in CaseKind::ALL {
        walk_kind(conn, *kind, only, &mut report).await?;
    }
    Ok(report)
}

async fn walk_kind(
    conn: &mut AsyncPgConnection,
    kind: CaseKind,
    only: Option<Uuid>,
    report: &mut Report,
) -> QueryResult<()> {
    let mut after = Uuid::nil();
    loop {
        let (cases, events, changed) = conn
            .build_transaction()
            .read_only()
            .repeatable_read()
            .run(async |conn| batch(conn, kind, after, only).await)
            .await?;
        let Some(last) = cases.last() else { break };
        after = last.id;
        report.events += events.len() as u64;
        for case in &cases {
            let start = events.partition_point(|event| event.case_id < case.id);
            let end = events.partition_point(|event| event.case_id <= case.id);
            // Most graduates, employers and schools were there before anything happened to them.
            report.cases += u64::from(case.event_count > 0 || start < end);
            let own = changed.partition_point(|(case_id, ..)| *case_id < case.id)
                ..changed.partition_point(|(case_id, ..)| *case_id <= case.id);
            report
                .breaks
                .extend(first_break(case, &events[start..end], &changed[own]));
        }
    }
    let orphans = format!(
        "SELECT DISTINCT case_id AS id, 0 AS event_count, ''::bytea AS event_hash, '' AS status FROM case_events
        WHERE case_kind = $1 AND ($2 OR case_id = $3)
            AND NOT EXISTS (SELECT FROM ({}) AS cases WHERE cases.id = case_events.case_id)
        ORDER BY case_id LIMIT $4",
        cases(kind)
    );
    let orphans: Vec<Case> = diesel::sql_query(orphans)
        .bind::<Text, _>(kind)
        .bind::<diesel::sql_types::Bool, _>(only.is_none())
        .bind::<SqlUuid, _>(only.unwrap_or_default())
        .bind::<BigInt, _>(BATCH)
        .load(conn)
        .await?;
    report.breaks.extend(orphans.into_iter().map(|case| Break {
        case_id: case.id,
        sequence: 1,
        kind: BreakKind::NoCase,
    }));
    Ok(())
}

/// What is kept of changed fields: of which case, by which of its events.
type Changed = (Uuid, i32, Changes);

/// The cases that follow `after`, all their events, and what these changed of fields, each in order.
async fn batch(
    conn: &mut AsyncPgConnection,
    kind: CaseKind,
    after: Uuid,
    only: Option<Uuid>,
) -> QueryResult<(Vec<Case>, Vec<Event>, Vec<Changed>)> {
    let query = format!(
        "SELECT * FROM ({}) AS cases WHERE id > $1 AND ($2 OR id = $3) ORDER BY id LIMIT $4",
        cases(kind)
    );
    let cases: Vec<Case> = diesel::sql_query(query)
        .bind::<SqlUuid, _>(after)
        .bind::<diesel::sql_types::Bool, _>(only.is_none())
        .bind::<SqlUuid, _>(only.unwrap_or_default())
        .bind::<BigInt, _>(BATCH)
        .load(conn)
        .await?;
    let ids: Vec<Uuid> = cases.iter().map(|case| case.id).collect();
    let events = case_events::table
        .filter(case_events::case_id.eq_any(&ids))
        .filter(case_events::case_kind.eq(kind))
        .order((case_events::case_id, case_events::sequence))
        .select(Event::as_select())
        .load(conn)
        .await?;
    let changed = field_change::of_cases(conn, &ids).await?;
    Ok((cases, events, changed))
}

fn first_break(case: &Case, events: &[Event], changed: &[Changed]) -> Option<Break> {
    let broken = |sequence, kind| {
        Some(Break {
            case_id: case.id,
            sequence,
            kind,
        })
    };
    let mut previous: &[u8] = &CHAIN_START;
    let mut expected = 1;
    let kept = |sequence| changed.iter().find(|(_, of, _)| *of == sequence);
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
        let kept = kept(event.sequence).map(|(.., changes)| changes.sha256().ok());
        if event.fields_hash().map(|hash| Some(hash.to_owned())) != kept {
            return broken(expected, BreakKind::ChangedFields);
        }
        previous = &event.hash;
        expected += 1;
    }
    if expected - 1 < case.event_count {
        return broken(expected, BreakKind::Missing);
    }
    if expected - 1 != case.event_count || previous != case.event_hash.as_slice() {
        return broken(expected - 1, BreakKind::WrongEnd);
    }
    if let Some((_, sequence, _)) = changed.iter().find(|(_, of, _)| *of >= expected) {
        return broken(*sequence, BreakKind::ChangedFields);
    }
    match events.last() {
        Some(last) if last.to_status != case.status => broken(last.sequence, BreakKind::WrongStatus),
        _ => None,
    }
}
