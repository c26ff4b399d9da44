//! The feed: the order in which events became visible to all, read by the one tail of a process and by those who follow.

use diesel::{
    dsl::sql,
    pg::Pg,
    prelude::*,
    sql_types::{BigInt, Bool},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::Event;
use crate::{Kept, fixed_sql, model::Viewer, tables::case_events};

/// The words of the partial index, which the planner does not find in a list of parameters.
const FOLLOWED_BY_OPERATORS: &str = "case_events.case_kind IN ('EMPLOYER', 'SCHOOL')";

/// The oldest transaction that is still running: all events below it are there and none will be added.
const HORIZON: &str = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint";

/// A place in the order in which events became visible to all: by transaction, then by id. The default is before all events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventCursor {
    /// The transaction that wrote the event.
    pub txid: i64,
    /// The event.
    pub id: i64,
}

/// Where the feed stands now: every event at or before this place is visible to all, and all others come after it.
///
/// # Errors
/// The database's.
pub async fn horizon(conn: &mut AsyncPgConnection) -> QueryResult<EventCursor> {
    let txid: i64 = diesel::select(fixed_sql::<BigInt>(HORIZON))
        .get_result(conn)
        .await?;
    Ok(EventCursor {
        txid: txid - 1,
        id: i64::MAX,
    })
}

type Condition<QS> = Box<dyn BoxableExpression<QS, Pg, SqlType = Bool>>;

/// After a place and final: compared as a row, so that the index of the feed serves.
pub(in crate::model) fn after<QS>(cursor: EventCursor) -> Condition<QS> {
    Box::new(
        sql::<Bool>("(case_events.txid, case_events.id) > (")
            .bind::<BigInt, _>(cursor.txid)
            .sql(", ")
            .bind::<BigInt, _>(cursor.id)
            .sql(") AND case_events.txid < ")
            .sql(HORIZON),
    )
}

/// Whether there are events after a place that are committed but not final yet: then it pays to look again soon.
///
/// Asks for the first of them rather than whether there is any: without an order, PostgreSQL takes a place that it does not know for one
/// in the middle of the table, expects to meet an event at once, and reads the table from its beginning each time.
///
/// # Errors
/// The database's.
pub async fn feed_pending(conn: &mut AsyncPgConnection, cursor: EventCursor) -> QueryResult<bool> {
    let beyond = sql::<Bool>("(case_events.txid, case_events.id) > (")
        .bind::<BigInt, _>(cursor.txid)
        .sql(", ")
        .bind::<BigInt, _>(cursor.id)
        .sql(")");
    let first = case_events::table
        .filter(beyond)
        .order((case_events::txid, case_events::id))
        .limit(1)
        .select(case_events::id);
    let first: Option<i64> = Kept(first).get_result(conn).await.optional()?;
    Ok(first.is_some())
}

/// The next events of everybody after a place, in feed order: what the one tail of a process reads.
///
/// # Errors
/// The database's.
pub async fn feed(conn: &mut AsyncPgConnection, cursor: EventCursor, limit: i64) -> QueryResult<Vec<Event>> {
    let select = case_events::table
        .filter(after(cursor))
        .order((case_events::txid, case_events::id))
        .limit(limit)
        .select(Event::as_select());
    Kept(select).load(conn).await
}

/// The next events that concern a viewer after a place, in feed order: what a subscription replays.
///
/// # Errors
/// The database's.
pub async fn replay(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    cursor: EventCursor,
    limit: i64,
) -> QueryResult<Vec<Event>> {
    let query = case_events::table
        .filter(after(cursor))
        .order((case_events::txid, case_events::id))
        .limit(limit)
        .select(Event::as_select())
        .into_boxed();
    let query = match viewer {
        Viewer::Graduate { graduate_id, .. } => query.filter(case_events::graduate_id.eq(*graduate_id)),
        Viewer::EmployerMember { employer_id, .. } => query.filter(case_events::employer_id.eq(*employer_id)),
        Viewer::Reviewer {
            department_id: Some(department_id),
            ..
        } => query.filter(case_events::department_id.eq(*department_id)),
        Viewer::Reviewer {
            school_id,
            department_id: None,
            ..
        } => query.filter(case_events::school_id.eq(*school_id)),
        Viewer::Operator { .. } => query.filter(fixed_sql::<Bool>(FOLLOWED_BY_OPERATORS)),
    };
    Kept(query).load(conn).await
}
