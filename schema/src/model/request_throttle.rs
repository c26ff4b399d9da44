//! How often somebody may ask: requests are counted for whatever they would wear out, an address or a caller. Guesses at
//! passwords have a count of their own, in `login_throttle`.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Binary, Integer, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sha2::{Digest, Sha256};

use super::aged::delete_before;
use crate::tables::request_throttles;

/// What is counted. Kept as a SHA-256, so that a row does not say whose address it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket([u8; 32]);

impl Bucket {
    /// Of something of a kind, such as the address of the kind `code to an address`.
    pub fn of(kind: &str, what: impl AsRef<[u8]>) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(kind.as_bytes());
        hasher.update([0]);
        hasher.update(what.as_ref());
        Self(hasher.finalize().into())
    }
}

/// How often is often enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// At most so many requests …
    pub most: i32,
    /// … in so long, counted from the first one.
    pub within: TimeDelta,
    /// And so long between two of them.
    pub pause: TimeDelta,
}

/// In one statement, so that of many requests at once no more get through than of one after the other. A request that is
/// refused is not counted.
const ADMIT: &str = "\
    INSERT INTO request_throttles AS throttle (bucket_hash, requests, counted_since, last_request_at, forget_at) \
    VALUES ($1, 1, $2, $2, $6) \
    ON CONFLICT (bucket_hash) DO UPDATE SET \
      requests = CASE WHEN throttle.counted_since <= $3 THEN 1 ELSE throttle.requests + 1 END, \
      counted_since = CASE WHEN throttle.counted_since <= $3 THEN $2 ELSE throttle.counted_since END, \
      last_request_at = $2, \
      forget_at = $6 \
    WHERE throttle.last_request_at <= $4 AND (throttle.requests < $5 OR throttle.counted_since <= $3)";

/// Counts a request, if it may be made now; says whether it may.
///
/// # Errors
/// The database's.
pub async fn admit(
    conn: &mut AsyncPgConnection,
    bucket: Bucket,
    limit: &Limit,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    // Requests that come together may be counted in another order than that of their clocks.
    let paused_since = match limit.pause.is_zero() {
        true => now + TimeDelta::hours(1),
        false => now - limit.pause,
    };
    let counted = sql_query(ADMIT)
        .bind::<Binary, _>(bucket.0.as_slice())
        .bind::<Timestamptz, _>(now)
        .bind::<Timestamptz, _>(now - limit.within)
        .bind::<Timestamptz, _>(paused_since)
        .bind::<Integer, _>(limit.most)
        .bind::<Timestamptz, _>(now + limit.within)
        .execute(conn)
        .await?;
    Ok(counted == 1)
}

/// Undoes the count of a request, where only some of them are to count. The first stays: a row holds one at least.
///
/// # Errors
/// The database's.
pub async fn take_back(conn: &mut AsyncPgConnection, bucket: Bucket) -> QueryResult<()> {
    let more = request_throttles::table
        .find(bucket.0.as_slice())
        .filter(request_throttles::requests.gt(1));
    diesel::update(more)
        .set(request_throttles::requests.eq(request_throttles::requests - 1))
        .execute(conn)
        .await?;
    Ok(())
}

/// Deletes what counts no more; gives how many rows went.
///
/// # Errors
/// The database's.
pub async fn forget(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    delete_before(conn, "request_throttles", "forget_at", now).await
}
