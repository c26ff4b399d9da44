//! Hashing and checking of passwords and codes, a bounded number at a time, with no thread of the runtime held up.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use async_graphql::Context;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use wangqian_schema::password::{self, MAX_LENGTH, MIN_LENGTH, UnfitPassword};

use crate::{
    context::ContextExt,
    error::{UserError, busy, internal},
    throttle::network_of,
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

/// The places in which passwords and codes are looked at, each of which takes a core and 19 MiB for a while.
///
/// Whoever waits for one first waits behind others of his own network, of whom no more than there are places wait among
/// all: so whoever floods them from one network delays others by a moment. And nobody waits for longer than the time set.
#[derive(Clone)]
pub struct PasswordSlots {
    places: usize,
    wait: Duration,
    all: Arc<Semaphore>,
    callers: Arc<Mutex<HashMap<Vec<u8>, Weak<Semaphore>>>>,
}

/// A place; given back when it is dropped.
struct Slot {
    _of_all: OwnedSemaphorePermit,
    _of_caller: OwnedSemaphorePermit,
}

impl PasswordSlots {
    /// So many places, and how long somebody waits for one.
    pub fn new(places: usize, wait: Duration) -> Self {
        Self {
            places,
            wait,
            all: Arc::new(Semaphore::new(places)),
            callers: Arc::default(),
        }
    }

    fn of_caller(&self, caller: Vec<u8>) -> Arc<Semaphore> {
        // The map is valid after every statement, so a panic elsewhere does not spoil it.
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.len() == callers.capacity() {
            callers.retain(|_, waiting| waiting.strong_count() > 0);
        }
        let known = callers.entry(caller).or_default();
        known.upgrade().unwrap_or_else(|| {
            let new = Arc::new(Semaphore::new(self.places));
            *known = Arc::downgrade(&new);
            new
        })
    }

    async fn take(&self, caller: Vec<u8>) -> Result<Slot, AcquireError> {
        let own = self.of_caller(caller);
        Ok(Slot {
            _of_caller: own.acquire_owned().await?,
            _of_all: Arc::clone(&self.all).acquire_owned().await?,
        })
    }
}

async fn slot(ctx: &Context<'_>) -> async_graphql::Result<Slot> {
    let slots = &ctx.app().password_slots;
    let caller = match &ctx.caller().signed_in {
        Some((session, _)) => session.account_id.as_bytes().to_vec(),
        None => network_of(ctx),
    };
    let taken = tokio::time::timeout(slots.wait, slots.take(caller)).await;
    taken.map_err(|_| busy())?.map_err(internal)
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
    let slot = slot(ctx).await?;
    let verified = tokio::task::spawn_blocking(move || password::verify(&text, &hash)).await;
    drop(slot);
    verified.map_err(internal)
}

/// Hashes a password.
///
/// # Errors
/// A top-level error UNAVAILABLE when there was no place in time, and one when the process stops or has no randomness.
pub(crate) async fn hash(ctx: &Context<'_>, text: String) -> async_graphql::Result<String> {
    let slot = slot(ctx).await?;
    let hashed = tokio::task::spawn_blocking(move || password::hash(&text)).await;
    drop(slot);
    hashed.map_err(internal)?.map_err(internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_which_nobody_waits_is_forgotten() {
        let slots = PasswordSlots::new(2, Duration::ZERO);
        let waiting = slots.of_caller(vec![0]);
        for number in 1..200_u8 {
            slots.of_caller(vec![number]);
        }
        assert!(slots.callers.lock().unwrap().len() < 100);
        assert!(Arc::ptr_eq(&waiting, &slots.of_caller(vec![0])));
    }
}
