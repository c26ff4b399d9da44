//! Rows that are kept for a while only: deleted by their age, batch by batch.

use chrono::{DateTime, Utc};
use diesel::{
    QueryResult, sql_query,
    sql_types::{BigInt, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Rows deleted in one statement.
const BATCH: usize = 10_000;

/// Deletes the rows of a table whose time in the column `age`, which has an index, lies before `before`; gives how many
/// went. Rows that somebody holds are left to the next time.
pub(super) async fn delete_before(
    conn: &mut AsyncPgConnection,
    table: &'static str,
    age: &'static str,
    before: DateTime<Utc>,
) -> QueryResult<usize> {
    let statement = format!(
        "DELETE FROM {table} WHERE ctid = ANY(ARRAY(\
         SELECT ctid FROM {table} WHERE {age} < $1 ORDER BY {age} LIMIT $2 FOR UPDATE SKIP LOCKED))"
    );
    let mut all = 0;
    loop {
        let gone = sql_query(&statement)
            .bind::<Timestamptz, _>(before)
            .bind::<BigInt, _>(i64::try_from(BATCH).unwrap_or(i64::MAX))
            .execute(conn)
            .await?;
        all += gone;
        if gone < BATCH {
            return Ok(all);
        }
    }
}
