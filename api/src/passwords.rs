//! Hashing and checking of passwords and codes, a bounded number at a time, with no thread of the runtime held up.

use async_graphql::Context;
use wangqian_schema::password::{self, MAX_LENGTH, MIN_LENGTH, UnfitPassword};

use crate::{
    context::ContextExt,
    error::{UserError, internal},
    slots,
};

/// What is wrong with a new password, for the person.
pub(crate) fn unfit(field: &str, why: UnfitPassword) -> UserError {
    let message = match why {
        UnfitPassword::TooShort | UnfitPassword::TooLong => {
            format!("密码应为 {MIN_LENGTH} 至 {MAX_LENGTH} 个字符")
        }
        UnfitPassword::DigitsOnly => "密码不能全部为数字".to_owned(),
        UnfitPassword::Monotonous => "密码过于简单，请使用更多不同的字符".to_owned(),
        UnfitPassword::Identifier => "密码不能与登录账号相同".to_owned(),
    };
    UserError::invalid(field, message)
}

/// Whether a text is the one that was hashed; without a hash it costs the same and fits nothing.
///
/// # Errors
/// A top-level error UNAVAILABLE when there was no place in time, and one when the process stops.
pub(crate) async fn verify(
    ctx: &Context<'_>,
    text: String,
    hash: Option<String>,
) -> async_graphql::Result<bool> {
    let hash = hash.unwrap_or_else(|| password::NOBODYS_HASH.to_owned());
    let slot = slots::take(ctx, &ctx.app().password_slots).await?;
    let verified = tokio::task::spawn_blocking(move || password::verify(&text, &hash)).await;
    drop(slot);
    verified.map_err(internal)
}

/// Hashes a password.
///
/// # Errors
/// A top-level error UNAVAILABLE when there was no place in time, and one when the process stops or has no randomness.
pub(crate) async fn hash(ctx: &Context<'_>, text: String) -> async_graphql::Result<String> {
    let slot = slots::take(ctx, &ctx.app().password_slots).await?;
    let hashed = tokio::task::spawn_blocking(move || password::hash(&text)).await;
    drop(slot);
    hashed.map_err(internal)?.map_err(internal)
}
