//! What is in the database, which writes a step is made of, and how each of them is made to fail.

use std::collections::BTreeSet;

use diesel_async::AsyncPgConnection;
use wangqian_schema::step::StepError;

use crate::support::{execute, text};

/// Notes from now on which rows are written, where [`everything`] does not look, and lets [`fails_at_each`] work. The triggers stand from
/// the beginning: making one for each failure would have every session plan all its statements again.
pub(crate) async fn watch_writes(conn: &mut AsyncPgConnection) {
    let tables = text(
        conn,
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
    )
    .await;
    let rows: Vec<String> = tables
        .iter()
        .map(|table| format!("SELECT concat('{table} ', to_jsonb({table})) FROM {table}"))
        .collect();
    // A function keeps its plan.
    execute(
        conn,
        &format!(
            "CREATE SCHEMA watch;
             CREATE TABLE watch.writes (place text);
             CREATE TABLE watch.sabotaged (place text, deferred boolean);
             CREATE FUNCTION watch.everything() RETURNS SETOF text LANGUAGE plpgsql AS
             $$ BEGIN RETURN QUERY {} ORDER BY 1; END $$;
             CREATE FUNCTION watch.note() RETURNS trigger LANGUAGE plpgsql AS
             $$ DECLARE here text := concat_ws(' ', TG_OP, TG_TABLE_NAME);
             BEGIN
                IF EXISTS (SELECT FROM watch.sabotaged WHERE place = here AND deferred = (TG_ARGV[0] = 'deferred')) THEN
                    RAISE EXCEPTION 'sabotaged';
                END IF;
                INSERT INTO watch.writes VALUES (here);
                RETURN NULL;
             END $$",
            rows.join(" UNION ALL ")
        ),
    )
    .await;
    for table in tables {
        let watch = format!(
            "CREATE TRIGGER watch AFTER INSERT OR UPDATE OR DELETE ON {table}
             FOR EACH ROW EXECUTE FUNCTION watch.note('at once');
             CREATE CONSTRAINT TRIGGER watch_commit AFTER INSERT OR UPDATE OR DELETE ON {table}
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION watch.note('deferred')"
        );
        execute(conn, &watch).await;
    }
}

/// Everything in the database, as text; after [`watch_writes`].
pub(crate) async fn everything(conn: &mut AsyncPgConnection) -> Vec<String> {
    text(conn, "SELECT * FROM watch.everything()").await
}

/// The kinds of writes since the last time, such as `INSERT jobs`.
pub(crate) async fn writes_seen(conn: &mut AsyncPgConnection) -> BTreeSet<String> {
    let seen = text(conn, "SELECT DISTINCT place FROM watch.writes").await;
    execute(conn, "TRUNCATE watch.writes").await;
    seen.into_iter().collect()
}

/// Makes every write of a kind, such as `INSERT jobs`, fail until [`repair`], after [`watch_writes`]. `deferred`: only when the transaction commits.
pub(crate) async fn sabotage(conn: &mut AsyncPgConnection, place: &str, deferred: bool) {
    execute(
        conn,
        &format!("INSERT INTO watch.sabotaged VALUES ('{place}', {deferred})"),
    )
    .await;
}

async fn repair(conn: &mut AsyncPgConnection) {
    execute(conn, "DELETE FROM watch.sabotaged").await;
}

/// Has something done fail at each of its writes, at once and when it commits, and looks that nothing of it remains.
pub(crate) async fn fails_at_each<T: std::fmt::Debug>(
    conn: &mut AsyncPgConnection,
    writes: impl IntoIterator<Item = impl AsRef<str>>,
    what: &str,
    attempt: impl AsyncFn() -> Result<T, StepError>,
) {
    let before = everything(conn).await;
    for place in writes {
        let place = place.as_ref();
        for deferred in [false, true] {
            sabotage(conn, place, deferred).await;
            let failed = attempt().await;
            let place = format!("{what}: {place}, deferred: {deferred}");
            assert!(
                matches!(failed, Err(StepError::Database(_))),
                "{place}: {failed:?}"
            );
            assert_eq!(everything(conn).await, before, "{place}");
            repair(conn).await;
        }
    }
}
