//! What is in the database, which writes a step is made of, and how each of them is made to fail.

use std::collections::BTreeSet;

use diesel_async::AsyncPgConnection;

use crate::support::{execute, text};

/// Everything in the database, as text.
pub(crate) async fn everything(conn: &mut AsyncPgConnection) -> Vec<String> {
    let mut rows = Vec::new();
    for table in tables(conn).await {
        let query = format!("SELECT concat('{table} ', to_jsonb({table})) FROM {table} ORDER BY 1");
        rows.extend(text(conn, &query).await);
    }
    rows
}

async fn tables(conn: &mut AsyncPgConnection) -> Vec<String> {
    text(
        conn,
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
    )
    .await
}

/// Notes from now on which rows are written, where [`everything`] does not look.
pub(crate) async fn watch_writes(conn: &mut AsyncPgConnection) {
    execute(
        conn,
        "CREATE SCHEMA watch;
         CREATE TABLE watch.writes (place text);
         CREATE FUNCTION watch.note() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN INSERT INTO watch.writes VALUES (concat_ws(' ', TG_OP, TG_TABLE_NAME)); RETURN NULL; END $$",
    )
    .await;
    for table in tables(conn).await {
        let watch = format!(
            "CREATE TRIGGER watch AFTER INSERT OR UPDATE OR DELETE ON {table}
             FOR EACH ROW EXECUTE FUNCTION watch.note()"
        );
        execute(conn, &watch).await;
    }
}

/// The kinds of writes since the last time, such as `INSERT jobs`.
pub(crate) async fn writes_seen(conn: &mut AsyncPgConnection) -> BTreeSet<String> {
    let seen = text(conn, "SELECT DISTINCT place FROM watch.writes").await;
    execute(conn, "TRUNCATE watch.writes").await;
    seen.into_iter().collect()
}

/// Makes every write of this kind to a table fail. `deferred`: only when the transaction commits.
pub(crate) async fn sabotage(conn: &mut AsyncPgConnection, table: &str, write: &str, deferred: bool) {
    let kind = if deferred {
        "CREATE CONSTRAINT TRIGGER sabotage AFTER"
    } else {
        "CREATE TRIGGER sabotage AFTER"
    };
    let when = if deferred {
        "DEFERRABLE INITIALLY DEFERRED"
    } else {
        ""
    };
    execute(
        conn,
        &format!(
            "CREATE OR REPLACE FUNCTION sabotage() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'sabotaged'; END $$;
             {kind} {write} ON {table} {when} FOR EACH ROW EXECUTE FUNCTION sabotage()"
        ),
    )
    .await;
}

pub(crate) async fn repair(conn: &mut AsyncPgConnection, table: &str) {
    execute(conn, &format!("DROP TRIGGER sabotage ON {table}")).await;
}
