//! Raw SQL, so that what a test looks at does not depend on the queries under test.

use std::time::Duration;

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    value: String,
}

/// The one number that a query gives.
pub(crate) async fn number(conn: &mut AsyncPgConnection, query: &str) -> i64 {
    let row: Number = diesel::sql_query(format!("SELECT ({query})::bigint AS value"))
        .get_result(conn)
        .await
        .unwrap();
    row.value
}

/// How many rows a table has where a condition holds.
pub(crate) async fn count(conn: &mut AsyncPgConnection, table: &str, condition: &str) -> i64 {
    number(conn, &format!("SELECT count(*) FROM {table} WHERE {condition}")).await
}

/// The first column of all rows of a query, as text, in the query's order.
pub(crate) async fn text(conn: &mut AsyncPgConnection, query: &str) -> Vec<String> {
    let rows: Vec<Line> = diesel::sql_query(format!(
        "SELECT coalesce(line::text, '') AS value FROM ({query}) AS lines (line)"
    ))
    .load(conn)
    .await
    .unwrap();
    rows.into_iter().map(|row| row.value).collect()
}

/// Runs statements.
pub(crate) async fn execute(conn: &mut AsyncPgConnection, statements: &str) {
    conn.batch_execute(statements).await.unwrap();
}

/// Waits until a condition that the database answers holds. Other tests' transactions on the same server hold the
/// feed back as well, so this is asked again rather than expected at once.
pub(crate) async fn until(conn: &mut AsyncPgConnection, condition: &str) {
    let begun = tokio::time::Instant::now();
    while number(conn, &format!("SELECT ({condition})::int")).await == 0 {
        assert!(begun.elapsed() < Duration::from_secs(30), "never: {condition}");
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

/// Waits until every transaction that wrote an event, and all before it, have ended.
pub(crate) async fn until_final(conn: &mut AsyncPgConnection) {
    let xmin = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint";
    until(conn, &format!("(SELECT max(txid) FROM case_events) < {xmin}")).await;
}
