//! Hashing and checking of passwords and codes, a bounded number at a time, with no thread of the runtime held up.

use async_graphql::Context;
use wangqian_schema::password;

use crate::{context::ContextExt, error::internal};

/// Whether a text is the one that was hashed; without a hash it costs the same and fits nothing.
///
/// # Errors
/// A top-level error when the process stops.
pub(crate) async fn verify(
    ctx: &Context<'_>,
    text: String,
    hash: Option<String>,
) -> async_graphql::Result<bool> {
    let hash = hash.unwrap_or_else(|| password::NOBODYS_HASH.to_owned());
    let slot = ctx.app().password_slots.acquire().await.map_err(internal)?;
    let verified = tokio::task::spawn_blocking(move || password::verify(&text, &hash)).await;
    drop(slot);
    verified.map_err(internal)
}

/// Hashes a password.
///
/// # Errors
/// A top-level error when the process stops or has no randomness.
pub(crate) async fn hash(ctx: &Context<'_>, text: String) -> async_graphql::Result<String> {
    let slot = ctx.app().password_slots.acquire().await.map_err(internal)?;
    let hashed = tokio::task::spawn_blocking(move || password::hash(&text)).await;
    drop(slot);
    hashed.map_err(internal)?.map_err(internal)
}
