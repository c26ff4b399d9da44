//! The queue's SQL statements. Every write of a job's row is fenced by the lease token of its claim and its attempt.
//!
//! Rows of several jobs are locked in the order of their ids, or skipped when locked, so that no two statements can
//! wait for each other in a circle.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::{
    QueryResult, QueryableByName, sql_query,
    sql_types::{
        Array, BigInt, Bool, Double, Integer, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid,
    },
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

/// The priorities that a queue's waiting jobs have, highest first: one short descent of the index
/// `jobs_ready (queue, priority, run_at, id)` for each. With the priority known, the due jobs are a range of that index;
/// without, PostgreSQL reads all that are scheduled for later too, which may be millions.
macro_rules! levels {
    ($queue:literal) => {
        concat!(
            "RECURSIVE levels AS (\
               (SELECT priority FROM jobs WHERE queue = ",
            $queue,
            " AND state = 'READY' \
                ORDER BY priority DESC LIMIT 1) \
               UNION ALL \
               SELECT (SELECT next.priority FROM jobs AS next \
                       WHERE next.queue = ",
            $queue,
            " AND next.state = 'READY' AND next.priority < levels.priority \
                       ORDER BY next.priority DESC LIMIT 1) \
               FROM levels WHERE levels.priority IS NOT NULL)"
        )
    };
}

/// `due` is materialised because it locks, so it runs once and takes no more than the limit. The levels come out of
/// the recursion highest first and a LATERAL join keeps their order. The rows are then found as an array of ids: as a
/// join, PostgreSQL, which cannot know the limit, walks the whole primary key (90 ms with 600,000 jobs, against 0.2).
///
/// Planned anew each time, as all statements here are, although that takes ten times as long as running it on a quiet queue: a plan kept
/// from when the table was small and had been vacuumed reads all of it, and sorts it, until the next ANALYZE.
const CLAIM: &str = concat!(
    "WITH ",
    levels!("$1"),
    ", due AS (\
       SELECT job.id FROM levels CROSS JOIN LATERAL (\
         SELECT id FROM jobs \
         WHERE queue = $1 AND state = 'READY' AND priority = levels.priority AND run_at <= $2 \
         ORDER BY run_at, id LIMIT $3 FOR UPDATE SKIP LOCKED) AS job \
       LIMIT $3) \
     UPDATE jobs SET state = 'RUNNING', attempt = attempt + 1, \
       lease_token = $4, lease_until = now() + make_interval(secs => $5) \
     WHERE id = ANY(ARRAY(SELECT id FROM due)) \
     RETURNING id, payload, priority, run_at, attempt, max_attempts"
);

/// One statement for all queues of a process: that most of them have nothing due costs one descent of the index each.
const LOOK: &str = concat!(
    "SELECT queue.name AS queue, coalesce(seen.due, false) AS due, seen.next FROM unnest($1) AS queue (name) CROSS JOIN LATERAL (\
       WITH ",
    levels!("queue.name"),
    " \
       SELECT bool_or(first.run_at <= $2) AS due, min(next.run_at) AS next FROM levels \
       CROSS JOIN LATERAL (\
         SELECT run_at FROM jobs \
         WHERE queue = queue.name AND state = 'READY' AND priority = levels.priority \
         ORDER BY run_at LIMIT 1) AS first \
       LEFT JOIN LATERAL (\
         SELECT run_at FROM jobs \
         WHERE queue = queue.name AND state = 'READY' AND priority = levels.priority AND run_at > $2 \
         ORDER BY run_at LIMIT 1) AS next ON true) AS seen \
     WHERE seen.due OR seen.next IS NOT NULL"
);

const UNCLAIM: &str = "\
    UPDATE jobs SET state = 'READY', attempt = attempt - 1, lease_token = NULL, lease_until = NULL \
    WHERE queue = $1 AND state = 'RUNNING' AND lease_token = ANY($2)";

const RENEW: &str = "\
    WITH held AS (\
      SELECT jobs.id FROM jobs JOIN unnest($1, $2) AS mine (id, token) \
        ON jobs.id = mine.id AND jobs.lease_token = mine.token \
      WHERE jobs.state = 'RUNNING' ORDER BY jobs.id FOR UPDATE OF jobs) \
    UPDATE jobs SET lease_until = now() + make_interval(secs => $3) \
    FROM held WHERE jobs.id = held.id RETURNING jobs.id";

const SETTLE: &str = "\
    WITH held AS (\
      SELECT jobs.id, mine.state, mine.run_at, mine.uncounted, mine.error \
      FROM jobs JOIN unnest($1, $2, $3, $4, $5, $6, $7) \
          AS mine (id, token, attempt, state, run_at, uncounted, error) \
        ON jobs.id = mine.id AND jobs.lease_token = mine.token AND jobs.attempt = mine.attempt \
      WHERE jobs.state = 'RUNNING' ORDER BY jobs.id FOR UPDATE OF jobs) \
    UPDATE jobs SET state = held.state, attempt = attempt - held.uncounted, \
      run_at = coalesce(held.run_at, jobs.run_at), last_error = coalesce(held.error, jobs.last_error), \
      finished_at = CASE WHEN held.state IN ('DONE', 'PARKED') THEN now() END, \
      lease_token = NULL, lease_until = NULL \
    FROM held WHERE jobs.id = held.id RETURNING jobs.id";

/// Does nothing once the time $5 after $4 is over: a statement that stood still on its way, or whose server did, comes out when
/// the workers whose leases ran out meanwhile had no chance yet to prolong them.
///
/// The first crash is taken for the worker's fault and repeated at once; a job that brings its workers down again and
/// again waits longer and longer, and is parked at last. Not ordered by id: PostgreSQL might walk the primary key for that.
const REAP: &str = "\
    WITH lost AS (\
      SELECT id, attempt >= max_attempts AS spent FROM jobs \
      WHERE state = 'RUNNING' AND lease_until < now() AND now() < $4 + make_interval(secs => $5) \
      LIMIT 500 FOR UPDATE SKIP LOCKED) \
    UPDATE jobs SET \
      state = CASE WHEN lost.spent THEN 'PARKED' ELSE 'READY' END, \
      finished_at = CASE WHEN lost.spent THEN now() END, \
      run_at = CASE WHEN lost.spent OR attempt = 1 THEN run_at ELSE $1 + make_interval(secs => \
        least($2 * power(2, least(attempt, 30) - 2), $3) * (0.5 + random() / 2)) END, \
      last_error = 'attempt ' || attempt || ': its worker vanished and the lease ran out', \
      lease_token = NULL, lease_until = NULL \
    FROM lost WHERE jobs.id = lost.id RETURNING jobs.queue, lost.spent";

/// An array of ids for the same reason as in CLAIM.
const PRUNE: &str = "\
    DELETE FROM jobs WHERE id = ANY(ARRAY(\
      SELECT id FROM jobs WHERE state = 'DONE' AND finished_at < now() - make_interval(secs => $1) \
      ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED))";

/// Counts stop at 10,000: a figure for an alarm, not worth reading a whole backlog for every few seconds.
const SAMPLE: &str = concat!(
    "SELECT queue.name AS queue, waiting.jobs AS waiting, waiting.since, parked.jobs AS parked \
     FROM unnest($1) AS queue (name) CROSS JOIN LATERAL (\
       WITH ",
    levels!("queue.name"),
    " \
       SELECT count(*) AS jobs, min(due.run_at) AS since FROM (\
         SELECT job.run_at FROM levels CROSS JOIN LATERAL (\
           SELECT run_at FROM jobs \
           WHERE queue = queue.name AND state = 'READY' AND priority = levels.priority AND run_at <= $2 \
           ORDER BY run_at LIMIT 10000) AS job \
         LIMIT 10000) AS due) AS waiting \
     CROSS JOIN LATERAL (\
       SELECT count(*) AS jobs FROM (\
         SELECT FROM jobs WHERE queue = queue.name AND state = 'PARKED' LIMIT 10000) AS found) AS parked"
);

/// A job as it was claimed.
#[derive(QueryableByName, Debug)]
pub(super) struct ClaimedRow {
    #[diesel(sql_type = BigInt)]
    pub(super) id: i64,
    #[diesel(sql_type = Jsonb)]
    pub(super) payload: serde_json::Value,
    #[diesel(sql_type = SmallInt)]
    priority: i16,
    #[diesel(sql_type = Timestamptz)]
    run_at: DateTime<Utc>,
    #[diesel(sql_type = Integer)]
    pub(super) attempt: i32,
    #[diesel(sql_type = Integer)]
    pub(super) max_attempts: i32,
}

/// What a job's row becomes after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settlement {
    pub(super) id: i64,
    pub(super) token: Uuid,
    pub(super) attempt: i32,
    pub(super) state: &'static str,
    /// When it is due again; `None` leaves the time as it is.
    pub(super) run_at: Option<DateTime<Utc>>,
    /// 1 when the attempt is not to count, else 0.
    pub(super) uncounted: i32,
    pub(super) error: Option<String>,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// What a queue has in store.
#[derive(QueryableByName, Debug)]
pub(super) struct Seen {
    #[diesel(sql_type = Text)]
    pub(super) queue: String,
    /// Whether a job is due.
    #[diesel(sql_type = Bool)]
    pub(super) due: bool,
    /// When the next one that is not due yet will be.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub(super) next: Option<DateTime<Utc>>,
}

/// A job whose worker vanished.
#[derive(QueryableByName, Debug)]
pub(super) struct Reaped {
    #[diesel(sql_type = Text)]
    pub(super) queue: String,
    /// It had no attempt left and was parked.
    #[diesel(sql_type = Bool)]
    pub(super) spent: bool,
}

#[derive(QueryableByName)]
struct Moment {
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
}

/// How a queue stands.
#[derive(QueryableByName, Debug)]
pub(super) struct Sample {
    #[diesel(sql_type = Text)]
    pub(super) queue: String,
    #[diesel(sql_type = BigInt)]
    pub(super) waiting: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub(super) since: Option<DateTime<Utc>>,
    #[diesel(sql_type = BigInt)]
    pub(super) parked: i64,
}

/// Takes up to `limit` due jobs under `token`, in the order in which they are to run.
pub(super) async fn claim(
    conn: &mut AsyncPgConnection,
    queue: &str,
    now: DateTime<Utc>,
    limit: i64,
    token: Uuid,
    lease: Duration,
) -> QueryResult<Vec<ClaimedRow>> {
    let mut rows: Vec<ClaimedRow> = sql_query(CLAIM)
        .bind::<Text, _>(queue)
        .bind::<Timestamptz, _>(now)
        .bind::<BigInt, _>(limit)
        .bind::<SqlUuid, _>(token)
        .bind::<Double, _>(lease.as_secs_f64())
        .load(conn)
        .await?;
    rows.sort_by_key(|row| (std::cmp::Reverse(row.priority), row.run_at, row.id));
    Ok(rows)
}

/// Which of these queues have jobs, and when they are due. Those that have none are left out.
pub(super) async fn look(
    conn: &mut AsyncPgConnection,
    queues: &[&str],
    now: DateTime<Utc>,
) -> QueryResult<Vec<Seen>> {
    sql_query(LOOK)
        .bind::<Array<Text>, _>(queues)
        .bind::<Timestamptz, _>(now)
        .load(conn)
        .await
}

/// Gives back what was claimed under these tokens by claims whose answer never came. None of it was begun.
pub(super) async fn unclaim(
    conn: &mut AsyncPgConnection,
    queue: &str,
    tokens: &[Uuid],
) -> QueryResult<usize> {
    sql_query(UNCLAIM)
        .bind::<Text, _>(queue)
        .bind::<Array<SqlUuid>, _>(tokens)
        .execute(conn)
        .await
}

/// Prolongs leases; gives the ids of those that are still held.
pub(super) async fn renew(
    conn: &mut AsyncPgConnection,
    held: &[(i64, Uuid)],
    lease: Duration,
) -> QueryResult<Vec<i64>> {
    let (ids, tokens): (Vec<i64>, Vec<Uuid>) = held.iter().copied().unzip();
    let renewed: Vec<Id> = sql_query(RENEW)
        .bind::<Array<BigInt>, _>(ids)
        .bind::<Array<SqlUuid>, _>(tokens)
        .bind::<Double, _>(lease.as_secs_f64())
        .load(conn)
        .await?;
    Ok(renewed.into_iter().map(|row| row.id).collect())
}

/// Writes how attempts ended; gives the ids of those that were still ours to write.
pub(super) async fn settle(conn: &mut AsyncPgConnection, batch: &[Settlement]) -> QueryResult<Vec<i64>> {
    let settled: Vec<Id> = sql_query(SETTLE)
        .bind::<Array<BigInt>, _>(batch.iter().map(|s| s.id).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(batch.iter().map(|s| s.token).collect::<Vec<_>>())
        .bind::<Array<Integer>, _>(batch.iter().map(|s| s.attempt).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(batch.iter().map(|s| s.state).collect::<Vec<_>>())
        .bind::<Array<Nullable<Timestamptz>>, _>(batch.iter().map(|s| s.run_at).collect::<Vec<_>>())
        .bind::<Array<Integer>, _>(batch.iter().map(|s| s.uncounted).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(batch.iter().map(|s| s.error.as_deref()).collect::<Vec<_>>())
        .load(conn)
        .await?;
    Ok(settled.into_iter().map(|row| row.id).collect())
}

/// Frees jobs whose lease ran out, of any queue; nothing if it takes longer than `within` to get there.
pub(super) async fn reap(
    conn: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    pauses: super::Pauses,
    within: Duration,
) -> QueryResult<Vec<Reaped>> {
    // The clock of leases is the database's alone.
    let begun: Moment = sql_query("SELECT now() AS now").get_result(conn).await?;
    sql_query(REAP)
        .bind::<Timestamptz, _>(now)
        .bind::<Double, _>(pauses.first.as_secs_f64())
        .bind::<Double, _>(pauses.longest.as_secs_f64())
        .bind::<Timestamptz, _>(begun.now)
        .bind::<Double, _>(within.as_secs_f64())
        .load(conn)
        .await
}

/// Deletes at most `batch` jobs that were done longer than `age` ago; gives how many.
pub(super) async fn prune(conn: &mut AsyncPgConnection, age: Duration, batch: usize) -> QueryResult<usize> {
    sql_query(PRUNE)
        .bind::<Double, _>(age.as_secs_f64())
        .bind::<BigInt, _>(i64::try_from(batch).unwrap_or(i64::MAX))
        .execute(conn)
        .await
}

/// How these queues stand.
pub(super) async fn sample(
    conn: &mut AsyncPgConnection,
    queues: &[&str],
    now: DateTime<Utc>,
) -> QueryResult<Vec<Sample>> {
    sql_query(SAMPLE)
        .bind::<Array<Text>, _>(queues)
        .bind::<Timestamptz, _>(now)
        .load(conn)
        .await
}
