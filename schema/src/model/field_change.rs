//! What was changed in what somebody else had filled in, by the event with which it was: written once, and read with the history.

use diesel::{
    deserialize::FromSqlRow,
    dsl::sql,
    expression::AsExpression,
    prelude::*,
    sql_types::{Array, Bool, Integer, Jsonb, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Kept, field_changes::FieldChange, kept_as_json::kept_as_json, tables::field_changes};

/// The changes of one event, as they are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromSqlRow, AsExpression)]
#[diesel(sql_type = Jsonb)]
#[serde(transparent)]
pub struct Changes(pub Vec<FieldChange>);

kept_as_json!(Changes);

impl Changes {
    /// SHA-256 over the changes in their order, for the event in whose hash it stands.
    ///
    /// # Errors
    /// Never for changes, which are texts.
    pub fn sha256(&self) -> Result<String, serde_json::Error> {
        Ok(hex::encode(Sha256::digest(serde_json::to_vec(&self.0)?)))
    }
}

/// Writes the changes of the event with this number of a case.
///
/// # Errors
/// The database's.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    case_id: Uuid,
    sequence: i32,
    changes: &Changes,
) -> QueryResult<()> {
    diesel::insert_into(field_changes::table)
        .values((
            field_changes::case_id.eq(case_id),
            field_changes::sequence.eq(sequence),
            field_changes::changes.eq(changes),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// All changes of these cases, by case and event, in order. For the audit, which sees everything.
///
/// # Errors
/// The database's.
pub async fn of_cases(
    conn: &mut AsyncPgConnection,
    case_ids: &[Uuid],
) -> QueryResult<Vec<(Uuid, i32, Changes)>> {
    field_changes::table
        .filter(field_changes::case_id.eq_any(case_ids))
        .order((field_changes::case_id, field_changes::sequence))
        .select((
            field_changes::case_id,
            field_changes::sequence,
            field_changes::changes,
        ))
        .load(conn)
        .await
}

/// The changes of these events, each meant by its case and its number, in no order. Whoever sees a case sees them.
///
/// # Errors
/// The database's.
pub async fn of_events(
    conn: &mut AsyncPgConnection,
    events: &[(Uuid, i32)],
) -> QueryResult<Vec<(Uuid, i32, Changes)>> {
    let (case_ids, sequences): (Vec<Uuid>, Vec<i32>) = events.iter().copied().unzip();
    let wanted = sql::<Bool>("(field_changes.case_id, field_changes.sequence) IN (SELECT * FROM unnest(")
        .bind::<Array<SqlUuid>, _>(case_ids)
        .sql(", ")
        .bind::<Array<Integer>, _>(sequences)
        .sql("))");
    let select = field_changes::table.filter(wanted).select((
        field_changes::case_id,
        field_changes::sequence,
        field_changes::changes,
    ));
    Kept(select).load(conn).await
}
