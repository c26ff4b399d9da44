//! Telling live feeds and workers that something was committed. Never inside a step's transaction: a NOTIFY there would
//! take a lock that all commits of the database share (DESIGN.md, Pitfalls).

use std::{sync::Arc, time::Duration};

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use tokio::sync::{Notify, watch};

use crate::db::Pool;

/// The channel on which other processes hear of commits.
pub const CHANNEL: &str = "wangqian_committed";

/// Wakes the sleepers of all processes by one NOTIFY, after the caller's commit: for a process that ends then.
///
/// # Errors
/// The database's.
pub async fn notify(conn: &mut AsyncPgConnection) -> diesel::QueryResult<()> {
    conn.batch_execute("NOTIFY wangqian_committed").await
}

/// At most ten NOTIFYs a second, however many steps are taken.
const PAUSE: Duration = Duration::from_millis(100);

/// Wakes the sleepers of this process at once and those of others by one coalesced NOTIFY.
#[derive(Clone, Debug)]
pub struct Waker {
    commits: watch::Sender<u64>,
    outside: Arc<Notify>,
}

impl Default for Waker {
    fn default() -> Self {
        Self {
            commits: watch::channel(0).0,
            outside: Arc::default(),
        }
    }
}

impl Waker {
    /// Says that something was committed. Cheap, never waits.
    pub fn wake(&self) {
        self.wake_here();
        self.outside.notify_one();
    }

    /// Wakes the sleepers of this process only: what a listener does on hearing from another process.
    pub fn wake_here(&self) {
        self.commits.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// A receiver that changes after every wake-up; a sleeper that was busy meanwhile misses none.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.commits.subscribe()
    }

    /// Passes wake-ups on to other processes until the future is dropped. Failures are not retried: the next commit
    /// brings the next NOTIFY, and all sleepers poll besides.
    pub async fn forward(&self, pool: Pool) {
        loop {
            self.outside.notified().await;
            let sent = async {
                let mut conn = pool.get().await.map_err(|error| error.to_string())?;
                notify(&mut conn).await.map_err(|error| error.to_string())
            };
            if let Err(error) = sent.await {
                tracing::debug!(%error, "wake-up not passed on");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
