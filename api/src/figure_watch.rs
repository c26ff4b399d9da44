//! Figures that are followed: the same ones are read once for all who follow them in this process, after the events that may have changed
//! them, and a few times a second at most.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{
    broadcast::{Receiver, error::RecvError, error::TryRecvError},
    watch,
};
use wangqian_schema::{
    Platform,
    model::{
        event::Event,
        figure::{self, FigureCount, FigureQuery, may_have_changed},
    },
};

use crate::{
    error::internal,
    feed::{Feed, Placed, patiently},
};

/// No figures are read again before this has passed: a school that imports its roster or reviews in bulk is not to be read for each step.
const PAUSE: Duration = Duration::from_millis(250);

/// What was read last: `None` before the first time.
pub type Seen = async_graphql::Result<Option<Arc<Vec<FigureCount>>>>;

/// The figures that are followed in this process.
#[derive(Clone)]
pub struct FigureWatch {
    platform: Platform,
    feed: Feed,
    followed: Arc<Mutex<HashMap<FigureQuery, watch::Sender<Seen>>>>,
}

impl FigureWatch {
    /// Nobody follows any yet.
    pub fn new(platform: Platform, feed: Feed) -> Self {
        Self {
            platform,
            feed,
            followed: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<FigureQuery, watch::Sender<Seen>>> {
        // The map is valid after every statement, so a panic elsewhere does not spoil it.
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many figures are followed.
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// Follows figures that the caller may see: changes at once where they were read for others.
    pub fn follow(&self, query: FigureQuery) -> watch::Receiver<Seen> {
        let mut followed = self.lock();
        if let Some(sender) = followed.get(&query) {
            let mut receiver = sender.subscribe();
            receiver.mark_changed();
            return receiver;
        }
        let (sender, receiver) = watch::channel(Ok(None));
        followed.insert(query, sender.clone());
        tokio::spawn(self.clone().keep_reading(query, sender));
        receiver
    }

    async fn keep_reading(self, query: FigureQuery, seen: watch::Sender<Seen>) {
        // Before the first reading: what happens meanwhile is heard of. Of the whole school, since a graduate who is moved to another
        // department is an event of that one alone.
        let mut events = self.feed.of_school(query.scope.school_id);
        loop {
            let look = async {
                drain(&mut events);
                if !self.look(&query, &seen).await {
                    return false;
                }
                tokio::time::sleep(PAUSE).await;
                until_something(&mut events).await;
                true
            };
            let more = tokio::select! {
                more = look => more,
                () = seen.closed() => true,
            };
            let mut followed = self.lock();
            if !more || seen.receiver_count() == 0 {
                followed.remove(&query);
                return;
            }
        }
    }

    /// Reads figures for all who follow them. `false` after a failure that does not pass, which they are told.
    async fn look(&self, query: &FigureQuery, seen: &watch::Sender<Seen>) -> bool {
        let read = || async {
            let conn = self.platform.pool.get().await?;
            Ok(figure::read(&conn, query).await?)
        };
        let found = patiently(read).await.map_err(internal);
        let read = found.is_ok();
        seen.send_if_modified(|before| {
            let changed = match (&found, &*before) {
                (Ok(now), Ok(Some(before))) => *now != **before,
                _ => true,
            };
            if changed {
                *before = found.map(|counts| Some(Arc::new(counts)));
            }
            changed
        });
        read
    }
}

/// Forgets what was heard: what is read next is newer.
fn drain(events: &mut Receiver<Placed<Arc<Event>>>) {
    while !matches!(events.try_recv(), Err(TryRecvError::Empty | TryRecvError::Closed)) {}
}

/// Waits for an event that may have changed figures, or for so many that some were missed.
async fn until_something(events: &mut Receiver<Placed<Arc<Event>>>) {
    loop {
        match events.recv().await {
            Ok((_, event)) if may_have_changed(&event) => return,
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return,
            // The hub itself holds the sender of a topic that is listened to.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
