//! The caller's keys of creating mutations: the same key and body create nothing a second time and lead to what they created.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::aged::delete_before;
use crate::tables::idempotency_keys;

/// How long a key is kept: whoever repeats a request whose answer was lost does so sooner.
pub const KEY_LIFETIME: TimeDelta = TimeDelta::days(30);

/// What a key turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub enum Claim {
    /// Not seen before; it is now this transaction's.
    New,
    /// Seen with the same body: what was created then, as it was put down with the key.
    Seen(serde_json::Value),
    /// Seen with another body: an error of the caller.
    OtherBody,
}

/// The hash of a request's body.
///
/// # Errors
/// When the body cannot be written as JSON.
pub fn request_hash(body: &impl Serialize) -> Result<[u8; 32], serde_json::Error> {
    Ok(Sha256::digest(serde_json::to_vec(body)?).into())
}

/// Claims a key in the caller's transaction, with the answer that the transaction is about to make true. Waits for a
/// transaction that is about to claim the same key.
///
/// # Errors
/// The database's.
pub async fn claim(
    conn: &mut AsyncPgConnection,
    account_id: Uuid,
    key: &str,
    request_hash: &[u8; 32],
    response: &serde_json::Value,
    now: DateTime<Utc>,
) -> QueryResult<Claim> {
    let inserted = diesel::insert_into(idempotency_keys::table)
        .values((
            idempotency_keys::account_id.eq(account_id),
            idempotency_keys::key.eq(key),
            idempotency_keys::request_hash.eq(request_hash.as_slice()),
            idempotency_keys::response.eq(response),
            idempotency_keys::created_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    if inserted == 1 {
        return Ok(Claim::New);
    }
    let (seen_hash, response): (Vec<u8>, serde_json::Value) = idempotency_keys::table
        .find((account_id, key))
        .select((idempotency_keys::request_hash, idempotency_keys::response))
        .first(conn)
        .await?;
    Ok(if seen_hash == request_hash {
        Claim::Seen(response)
    } else {
        Claim::OtherBody
    })
}

/// Deletes keys that are old enough; gives how many. The same key creates anew from then on.
///
/// # Errors
/// The database's.
pub async fn forget(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    delete_before(conn, "idempotency_keys", "created_at", now - KEY_LIFETIME).await
}
