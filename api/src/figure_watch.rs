//! Figures that are followed: the same ones are read once for all who follow them in this process, after the events that may have changed
//! them, and a few times a second at most.

use std::{sync::Arc, time::Duration};

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
    followed::{Followed, Seen, tell},
};

/// No figures are read again before this has passed: a school that imports its roster or reviews in bulk is not to be read for each step.
const PAUSE: Duration = Duration::from_millis(250);

/// The figures that are followed in this process.
#[derive(Clone)]
pub struct FigureWatch {
    platform: Platform,
    feed: Feed,
    followed: Followed<FigureQuery, Vec<FigureCount>>,
}

impl FigureWatch {
    /// Nobody follows any yet.
    pub fn new(platform: Platform, feed: Feed) -> Self {
        Self {
            platform,
            feed,
            followed: Followed::default(),
        }
    }

    /// How many figures are followed.
    pub fn count(&self) -> usize {
        self.followed.count()
    }

    /// Follows figures that the caller may see: changes at once where they were read for others.
    pub fn follow(&self, query: FigureQuery) -> watch::Receiver<Seen<Vec<FigureCount>>> {
        self.followed
            .follow(query, |seen| self.clone().keep_reading(query, seen))
    }

    async fn keep_reading(self, query: FigureQuery, seen: watch::Sender<Seen<Vec<FigureCount>>>) {
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
            if !self.followed.turn(query, &seen, look).await {
                return;
            }
        }
    }

    /// Reads figures for all who follow them. `false` after a failure that does not pass, which they are told.
    async fn look(&self, query: &FigureQuery, seen: &watch::Sender<Seen<Vec<FigureCount>>>) -> bool {
        let read = || async {
            let conn = self.platform.pool.get().await?;
            Ok(figure::read(&conn, query).await?)
        };
        let found = patiently(read).await.map_err(internal);
        let read = found.is_ok();
        tell(seen, found.map(Some), |now, before| now == before);
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
