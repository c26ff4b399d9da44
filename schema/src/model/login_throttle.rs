//! How often somebody may guess: attempts to log in are counted for each identifier, and after a few it is locked for a
//! while that doubles. One that nobody bears is counted in the same way, so that no answer by itself tells which exist. A
//! log-in begins the count anew, though, which only somebody can do who exists: whoever counts his own attempts, waits
//! and counts again may notice that.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Binary, Double, Integer, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sha2::{Digest, Sha256};

use super::account::Identifier;
use crate::tables::login_throttles;

/// The first lock; each further failed attempt doubles it.
pub const FIRST_LOCK: TimeDelta = TimeDelta::minutes(1);
/// The longest lock: who forgot his password has not lost the day, and who guesses gets a hundred tries of it.
pub const LONGEST_LOCK: TimeDelta = TimeDelta::minutes(15);
/// After so long without an attempt all is forgotten.
pub const FORGOTTEN_AFTER: TimeDelta = TimeDelta::hours(24);
/// Rows forgotten in one statement.
const BATCH: usize = 10_000;

/// What attempts are counted for: an identifier, as its SHA-256. Each identifier of an account is counted on its own, since a
/// common lock would tell which of them are the same person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject([u8; 32]);

impl Subject {
    /// Of what somebody typed, in whichever form he did.
    pub fn of(typed: &str) -> Self {
        let typed = typed.trim();
        let canonical = match Identifier::parse(typed) {
            Some(Identifier::Mobile(mobile)) => mobile.as_str().to_owned(),
            Some(Identifier::Email(email)) => email.as_str().to_owned(),
            Some(Identifier::IdCard(number)) => number.as_str().to_owned(),
            None => typed.to_lowercase(),
        };
        Self(Sha256::digest(canonical.as_bytes()).into())
    }

    /// The hash, for what else is counted by identifier.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Whether an attempt may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may, and is counted as a failed one until [`succeeded`] says otherwise.
    Admitted,
    /// It may not before this time.
    Locked(DateTime<Utc>),
}

/// Counted before the password is looked at, and in one statement: of many attempts at once no more get through than of
/// one after the other. A locked row is not updated, so that knocking at it does not prolong the lock.
const ADMIT: &str = "\
    INSERT INTO login_throttles AS throttle (identifier_hash, attempts, last_attempt_at, locked_until) \
    VALUES ($1, 1, $2, CASE WHEN $3 <= 1 THEN $2 + make_interval(secs => $4) ELSE $2 END) \
    ON CONFLICT (identifier_hash) DO UPDATE SET \
      attempts = CASE WHEN throttle.last_attempt_at < $6 THEN 1 ELSE throttle.attempts + 1 END, \
      last_attempt_at = $2, \
      locked_until = CASE \
        WHEN throttle.last_attempt_at < $6 AND $3 <= 1 THEN $2 + make_interval(secs => $4) \
        WHEN throttle.last_attempt_at < $6 OR throttle.attempts + 1 < $3 THEN $2 \
        ELSE $2 + make_interval(secs => least($4 * power(2, least(throttle.attempts + 1 - $3, 30)), $5)) END \
    WHERE throttle.locked_until <= $2";

/// Counts an attempt, if one may be made now. From the `free`th attempt in a row on each one locks the
/// identifier for a while.
///
/// # Errors
/// The database's.
pub async fn admit(
    conn: &mut AsyncPgConnection,
    subject: Subject,
    free: i32,
    now: DateTime<Utc>,
) -> QueryResult<Admission> {
    let counted = sql_query(ADMIT)
        .bind::<Binary, _>(subject.0.as_slice())
        .bind::<Timestamptz, _>(now)
        .bind::<Integer, _>(free)
        .bind::<Double, _>(seconds(FIRST_LOCK))
        .bind::<Double, _>(seconds(LONGEST_LOCK))
        .bind::<Timestamptz, _>(now - FORGOTTEN_AFTER)
        .execute(conn)
        .await?;
    if counted == 1 {
        return Ok(Admission::Admitted);
    }
    let until: Option<DateTime<Utc>> = login_throttles::table
        .find(subject.0.as_slice())
        .select(login_throttles::locked_until)
        .first(conn)
        .await
        .optional()?;
    // Gone or over in between: it may be tried again at once.
    Ok(Admission::Locked(until.unwrap_or(now)))
}

fn seconds(span: TimeDelta) -> f64 {
    span.as_seconds_f64()
}

/// Forgets the failed attempts with an identifier with which its person has logged in.
///
/// # Errors
/// The database's.
pub async fn succeeded(conn: &mut AsyncPgConnection, subject: Subject) -> QueryResult<()> {
    diesel::delete(login_throttles::table.find(subject.0.as_slice()))
        .execute(conn)
        .await?;
    Ok(())
}

/// Deletes all that is forgotten, a batch at a time; gives how many rows went.
///
/// # Errors
/// The database's.
pub async fn forget(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    let mut all = 0;
    loop {
        let gone = forget_batch(conn, now).await?;
        all += gone;
        if gone < BATCH {
            return Ok(all);
        }
    }
}

async fn forget_batch(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    sql_query(
        "DELETE FROM login_throttles WHERE identifier_hash = ANY(ARRAY(\
         SELECT identifier_hash FROM login_throttles WHERE last_attempt_at < $1 ORDER BY last_attempt_at LIMIT $2 \
         FOR UPDATE SKIP LOCKED))",
    )
    .bind::<Timestamptz, _>(now - FORGOTTEN_AFTER)
    .bind::<BigInt, _>(i64::try_from(BATCH).unwrap_or(i64::MAX))
    .execute(conn)
    .await
}
