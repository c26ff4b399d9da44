//! Places for work that takes a core and memory for a while, and that strangers can ask for: a bounded number at a time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use async_graphql::Context;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use crate::{
    context::ContextExt,
    error::{busy, internal},
    throttle::network_of,
};

/// The places in which passwords and codes are looked at, each of which takes a core and 19 MiB for a while; or those for
/// licences, each of which takes a core for seconds.
///
/// Whoever waits for one first waits behind others of his own network, of whom no more than there are places wait among
/// all: so whoever floods them from one network delays others by a moment. And nobody waits for longer than the time set.
#[derive(Clone)]
pub struct Slots {
    places: usize,
    wait: Duration,
    all: Arc<Semaphore>,
    callers: Arc<Mutex<HashMap<Vec<u8>, Weak<Semaphore>>>>,
}

/// A place; given back when it is dropped.
pub(crate) struct Slot {
    _of_all: OwnedSemaphorePermit,
    _of_caller: OwnedSemaphorePermit,
}

impl Slots {
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

/// Waits for a place.
///
/// # Errors
/// A top-level error UNAVAILABLE when there was none in time.
pub(crate) async fn take(ctx: &Context<'_>, slots: &Slots) -> async_graphql::Result<Slot> {
    let caller = match &ctx.caller().signed_in {
        Some((session, _)) => session.account_id.as_bytes().to_vec(),
        None => network_of(ctx),
    };
    let taken = tokio::time::timeout(slots.wait, slots.take(caller)).await;
    taken.map_err(|_| busy())?.map_err(internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_which_nobody_waits_is_forgotten() {
        let slots = Slots::new(2, Duration::ZERO);
        let waiting = slots.of_caller(vec![0]);
        for number in 1..200_u8 {
            slots.of_caller(vec![number]);
        }
        assert!(slots.callers.lock().unwrap().len() < 100);
        assert!(Arc::ptr_eq(&waiting, &slots.of_caller(vec![0])));
    }
}
