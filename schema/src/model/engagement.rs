//! The one case that holds a graduate. The table's primary key is the guarantee; what is here takes and frees it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::event::CaseKind;
use crate::tables::engagements;

/// The case that holds a graduate, if one does.
///
/// # Errors
/// The database's.
pub async fn holder(conn: &mut AsyncPgConnection, graduate_id: Uuid) -> QueryResult<Option<Uuid>> {
    engagements::table
        .find(graduate_id)
        .select(engagements::case_id)
        .first(conn)
        .await
        .optional()
}

/// Takes the engagement for a case. `false` when another case has it: waits for a transaction that is about to take it.
///
/// # Errors
/// The database's.
pub async fn take(
    mut conn: &AsyncPgConnection,
    graduate_id: Uuid,
    case_kind: CaseKind,
    case_id: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let inserted = diesel::insert_into(engagements::table)
        .values((
            engagements::graduate_id.eq(graduate_id),
            engagements::case_kind.eq(case_kind),
            engagements::case_id.eq(case_id),
            engagements::taken_at.eq(now),
        ))
        .on_conflict(engagements::graduate_id)
        .do_nothing()
        .execute(&mut conn)
        .await?;
    Ok(inserted == 1)
}

/// Gives the engagement of a case back.
///
/// # Errors
/// The database's.
pub async fn free(mut conn: &AsyncPgConnection, graduate_id: Uuid, case_id: Uuid) -> QueryResult<()> {
    diesel::delete(
        engagements::table
            .find(graduate_id)
            .filter(engagements::case_id.eq(case_id)),
    )
    .execute(&mut conn)
    .await?;
    Ok(())
}

/// The cases that hold these graduates, in no order.
///
/// # Errors
/// The database's.
pub async fn holders(conn: &mut AsyncPgConnection, graduate_ids: &[Uuid]) -> QueryResult<Vec<Uuid>> {
    engagements::table
        .filter(engagements::graduate_id.eq_any(graduate_ids))
        .select(engagements::case_id)
        .load(conn)
        .await
}
