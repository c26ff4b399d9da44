//! Imports that are followed: of each one task reads the row for all who follow it in this process, and ends with the last of
//! them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;
use uuid::Uuid;
use wangqian_schema::{
    Platform,
    model::graduate_import::{self, GraduateImport, ImportStatus},
};

use crate::{error::internal, feed::patiently};

/// It is looked at least this often, should a wake-up be lost,
const POLL: Duration = Duration::from_secs(1);
/// and no more often than this: every commit of the platform wakes, and what others do is not to be a query each;
const PAUSE: Duration = Duration::from_millis(100);
/// nor than this while the file is awaited, since a person takes his time.
const AWAITING_PAUSE: Duration = Duration::from_secs(1);

/// What was read last: `None` before the first time, or when there is no such import.
pub type Seen = async_graphql::Result<Option<Arc<GraduateImport>>>;

/// How far an import is; it only grows.
pub fn progress(import: &GraduateImport) -> (ImportStatus, i32, bool) {
    (import.status, import.rows_done, import.rows_total.is_some())
}

/// The imports that are followed in this process.
#[derive(Clone)]
pub struct ImportWatch {
    platform: Platform,
    followed: Arc<Mutex<HashMap<Uuid, watch::Sender<Seen>>>>,
}

impl ImportWatch {
    /// Nobody follows any yet.
    pub fn new(platform: Platform) -> Self {
        Self {
            platform,
            followed: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, watch::Sender<Seen>>> {
        // The map is valid after every statement, so a panic elsewhere does not spoil it.
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many imports are followed.
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// Follows an import that the caller may see: changes at once where it was read for others, and closes after its end.
    pub fn follow(&self, id: Uuid) -> watch::Receiver<Seen> {
        let mut followed = self.lock();
        if let Some(sender) = followed.get(&id) {
            let mut receiver = sender.subscribe();
            receiver.mark_changed();
            return receiver;
        }
        let (sender, receiver) = watch::channel(Ok(None));
        followed.insert(id, sender.clone());
        tokio::spawn(self.clone().keep_reading(id, sender));
        receiver
    }

    async fn keep_reading(self, id: Uuid, seen: watch::Sender<Seen>) {
        let mut commits = self.platform.waker.subscribe();
        loop {
            let look = async {
                commits.mark_unchanged();
                let Some(pause) = self.look(id, &seen).await else {
                    return false;
                };
                tokio::time::sleep(pause).await;
                let _ = tokio::time::timeout(POLL, commits.changed()).await;
                true
            };
            let more = tokio::select! {
                more = look => more,
                () = seen.closed() => true,
            };
            let mut followed = self.lock();
            if !more || seen.receiver_count() == 0 {
                followed.remove(&id);
                return;
            }
        }
    }

    /// Reads an import for all who follow it. Gives the pause before the next time; `None` when nothing more will come.
    async fn look(&self, id: Uuid, seen: &watch::Sender<Seen>) -> Option<Duration> {
        let read = || async {
            let mut conn = self.platform.pool.get().await?;
            Ok(graduate_import::load(&mut conn, id).await?)
        };
        let found = patiently(read).await.map_err(internal);
        let pause = match &found {
            Ok(Some(import)) if import.finished_at.is_some() => None,
            Ok(Some(import)) if import.status == ImportStatus::AwaitingUpload => Some(AWAITING_PAUSE),
            Ok(Some(_)) => Some(PAUSE),
            Ok(None) | Err(_) => None,
        };
        seen.send_if_modified(|before| {
            let changed = match (&found, &*before) {
                (Ok(Some(now)), Ok(Some(before))) => progress(now) != progress(before),
                _ => true,
            };
            if changed {
                *before = found.map(|import| import.map(Arc::new));
            }
            changed
        });
        pause
    }
}
