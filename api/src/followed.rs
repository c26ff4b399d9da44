//! What is followed in this process: each thing is read by one task for all who follow it, and the task ends with the last of them.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

/// What was read last: `None` before the first time, or when there is no such thing.
pub type Seen<T> = async_graphql::Result<Option<Arc<T>>>;

/// The things of one kind that are followed, by their keys.
pub struct Followed<K, T>(Arc<Mutex<HashMap<K, watch::Sender<Seen<T>>>>>);

impl<K, T> Clone for Followed<K, T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, T> Default for Followed<K, T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Copy + Eq + Hash, T> Followed<K, T> {
    fn lock(&self) -> MutexGuard<'_, HashMap<K, watch::Sender<Seen<T>>>> {
        // The map is valid after every statement, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are followed.
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// Follows a thing: changes at once where it was read for others. For the first who follows it, `keep_reading` becomes its task: it
    /// takes one [`turn`](Self::turn) after the other.
    pub fn follow<R>(
        &self,
        key: K,
        keep_reading: impl FnOnce(watch::Sender<Seen<T>>) -> R,
    ) -> watch::Receiver<Seen<T>>
    where
        R: Future<Output = ()> + Send + 'static,
    {
        let mut followed = self.lock();
        if let Some(sender) = followed.get(&key) {
            let mut receiver = sender.subscribe();
            receiver.mark_changed();
            return receiver;
        }
        let (sender, receiver) = watch::channel(Ok(None));
        followed.insert(key, sender.clone());
        tokio::spawn(keep_reading(sender));
        receiver
    }

    /// Looks once, unless nobody follows any more. Whether there is a next time: not when `look` says that nothing more will come, nor
    /// when nobody is left; the thing is not followed any longer then.
    pub async fn turn(
        &self,
        key: K,
        seen: &watch::Sender<Seen<T>>,
        look: impl Future<Output = bool>,
    ) -> bool {
        let more = tokio::select! {
            more = look => more,
            () = seen.closed() => true,
        };
        let mut followed = self.lock();
        let goes_on = more && seen.receiver_count() > 0;
        if !goes_on {
            followed.remove(&key);
        }
        goes_on
    }
}

/// Tells all who follow a thing what was read of it, unless it is the `same` as before.
pub fn tell<T>(
    seen: &watch::Sender<Seen<T>>,
    found: async_graphql::Result<Option<T>>,
    same: impl FnOnce(&T, &T) -> bool,
) {
    seen.send_if_modified(|before| {
        let changed = match (&found, &*before) {
            (Ok(Some(now)), Ok(Some(before))) => !same(now, before),
            _ => true,
        };
        if changed {
            *before = found.map(|found| found.map(Arc::new));
        }
        changed
    });
}
