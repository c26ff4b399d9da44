//! How often somebody may guess: attempts to log in are counted for each identifier, and after a few in a day it is locked for
//! a while that doubles. One that nobody bears is counted in the same way, and a log-in that succeeds takes back its own
//! attempt and no other: so whoever counts his own attempts, over however long, learns neither which identifiers exist nor
//! when their people come.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Binary, Double, Integer, Nullable, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sha2::{Digest, Sha256};

use super::{account::Identifier, aged::delete_before};
use crate::tables::login_throttles;

/// The first lock; each further failed attempt doubles it.
pub const FIRST_LOCK: TimeDelta = TimeDelta::minutes(1);
/// The longest lock: who forgot his password has not lost the day, and who guesses gets a hundred tries of it.
pub const LONGEST_LOCK: TimeDelta = TimeDelta::minutes(15);
/// So long after the first of the attempts that count together they are forgotten.
pub const FORGOTTEN_AFTER: TimeDelta = TimeDelta::hours(24);

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
    /// It may, and is counted as a failed one until [`take_back`] says otherwise.
    Admitted(Attempt),
    /// It may not before this time.
    Locked(DateTime<Utc>),
}

/// An attempt that was counted, with what it takes to undo it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    at: DateTime<Utc>,
    before: Option<Before>,
}

/// How the count stood before an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Before {
    last_attempt_at: DateTime<Utc>,
    locked_until: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_attempt_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    locked_until: Option<DateTime<Utc>>,
}

/// Counted before the password is looked at, and in one statement: of many attempts at once no more get through than of
/// one after the other. A locked row is not updated, so that knocking at it does not prolong the lock. What stood there before
/// comes back with it, for the attempt that has to be undone.
const ADMIT: &str = "\
    WITH before AS MATERIALIZED (\
      SELECT last_attempt_at, locked_until FROM login_throttles WHERE identifier_hash = $1 FOR UPDATE) \
    INSERT INTO login_throttles AS throttle (identifier_hash, attempts, counted_since, last_attempt_at, locked_until) \
    SELECT $1, 1, $2, $2, CASE WHEN $3 <= 1 THEN $2 + make_interval(secs => $4) ELSE $2 END \
      FROM (SELECT) AS one LEFT JOIN before ON true \
    ON CONFLICT (identifier_hash) DO UPDATE SET \
      attempts = CASE WHEN coalesce(throttle.counted_since, throttle.last_attempt_at) < $6 \
        THEN 1 ELSE throttle.attempts + 1 END, \
      counted_since = CASE WHEN coalesce(throttle.counted_since, throttle.last_attempt_at) < $6 \
        THEN $2 ELSE coalesce(throttle.counted_since, throttle.last_attempt_at) END, \
      last_attempt_at = $2, \
      locked_until = CASE \
        WHEN coalesce(throttle.counted_since, throttle.last_attempt_at) < $6 AND $3 <= 1 \
          THEN $2 + make_interval(secs => $4) \
        WHEN coalesce(throttle.counted_since, throttle.last_attempt_at) < $6 OR throttle.attempts + 1 < $3 THEN $2 \
        ELSE $2 + make_interval(secs => least($4 * power(2, least(throttle.attempts + 1 - $3, 30)), $5)) END \
    WHERE throttle.locked_until <= $2 \
    RETURNING (SELECT last_attempt_at FROM before), (SELECT locked_until FROM before)";

/// Counts an attempt, if one may be made now. From the `free`th failed attempt of a day on each one locks the
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
    let counted: Option<Counted> = sql_query(ADMIT)
        .bind::<Binary, _>(subject.0.as_slice())
        .bind::<Timestamptz, _>(now)
        .bind::<Integer, _>(free)
        .bind::<Double, _>(seconds(FIRST_LOCK))
        .bind::<Double, _>(seconds(LONGEST_LOCK))
        .bind::<Timestamptz, _>(now - FORGOTTEN_AFTER)
        .get_result(conn)
        .await
        .optional()?;
    if let Some(counted) = counted {
        let before = counted.last_attempt_at.zip(counted.locked_until);
        return Ok(Admission::Admitted(Attempt {
            at: now,
            before: before.map(|(last_attempt_at, locked_until)| Before {
                last_attempt_at,
                locked_until,
            }),
        }));
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

/// $2 the time of the attempt, $3 and $4 what stood there before it. Where others have attempted since, theirs stays.
const TAKE_BACK: &str = "\
    WITH gone AS (DELETE FROM login_throttles WHERE identifier_hash = $1 AND attempts <= 1) \
    UPDATE login_throttles SET \
      attempts = attempts - 1, \
      last_attempt_at = CASE WHEN last_attempt_at = $2 THEN coalesce($3, $2) ELSE last_attempt_at END, \
      locked_until = CASE WHEN last_attempt_at = $2 THEN coalesce($4, $2) ELSE locked_until END \
    WHERE identifier_hash = $1 AND attempts > 1";

/// Undoes the count of an attempt that succeeded: what failed before counts as ever.
///
/// # Errors
/// The database's.
pub async fn take_back(conn: &mut AsyncPgConnection, subject: Subject, attempt: &Attempt) -> QueryResult<()> {
    let before = attempt.before;
    sql_query(TAKE_BACK)
        .bind::<Binary, _>(subject.0.as_slice())
        .bind::<Timestamptz, _>(attempt.at)
        .bind::<Nullable<Timestamptz>, _>(before.map(|before| before.last_attempt_at))
        .bind::<Nullable<Timestamptz>, _>(before.map(|before| before.locked_until))
        .execute(conn)
        .await?;
    Ok(())
}

/// Deletes all that is forgotten; gives how many rows went.
///
/// # Errors
/// The database's.
pub async fn forget(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    delete_before(conn, "login_throttles", "last_attempt_at", now - FORGOTTEN_AFTER).await
}
