//! Looking out for due jobs: one statement for all queues of a process, whenever something was committed, the next job falls due, or
//! the poll interval is over. Only the queues that have something due then claim; the others cost the database nothing.

use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
    time::Duration,
};

use diesel_async::{AsyncPgConnection, pooled_connection::deadpool::Pool};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep_until, timeout},
};
use tokio_util::task::AbortOnDropHandle;

use super::{Now, QueueHost, sql};

/// The least time between two looks, however often commits ask for one.
const BREATH: Duration = Duration::from_millis(10);
/// The longest that a look may take before its connection is taken for dead.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who looks, and for whom.
#[derive(Default)]
pub(super) struct Lookout {
    queues: Mutex<Vec<Weak<Watched>>>,
    again: Arc<Notify>,
    looking: OnceLock<AbortOnDropHandle<()>>,
}

/// A queue that is looked out for, until this is dropped.
pub(super) struct Watched {
    name: &'static str,
    due: Notify,
}

impl Watched {
    /// Waits until jobs were seen to be due since this was last waited for.
    pub(super) async fn due(&self) {
        self.due.notified().await;
    }
}

impl Lookout {
    fn queues(&self) -> MutexGuard<'_, Vec<Weak<Watched>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on the queue `name` is looked out for. The first call begins the looking.
    pub(super) fn watch(host: &QueueHost, name: &'static str) -> Arc<Watched> {
        let lookout = &host.lookout;
        let watched = Arc::new(Watched {
            name,
            due: Notify::new(),
        });
        lookout.queues().push(Arc::downgrade(&watched));
        lookout.again();
        lookout.looking.get_or_init(|| {
            let shutdown = host.shutdown.clone();
            // Not the host itself: it has the handle, and the looking ends with its last clone.
            let looking = look_out(Arc::downgrade(lookout), Sight::of(host));
            AbortOnDropHandle::new(tokio::spawn(async move {
                shutdown.run_until_cancelled_owned(looking).await;
            }))
        });
        watched
    }

    /// Asks for a look: jobs were written whose time may come before the next one.
    pub(super) fn again(&self) {
        self.again.notify_one();
    }

    fn watched(&self) -> Vec<Arc<Watched>> {
        let mut queues = self.queues();
        queues.retain(|queue| queue.strong_count() > 0);
        queues.iter().filter_map(Weak::upgrade).collect()
    }
}

/// What looking takes.
struct Sight {
    pool: Pool<AsyncPgConnection>,
    now: Now,
    wake: watch::Receiver<u64>,
    again: Arc<Notify>,
    poll: Duration,
}

impl Sight {
    fn of(host: &QueueHost) -> Self {
        Self {
            pool: host.pool.clone(),
            now: Arc::clone(&host.now),
            wake: host.wake.clone(),
            again: Arc::clone(&host.lookout.again),
            poll: host.settings.poll,
        }
    }
}

async fn look_out(lookout: Weak<Lookout>, mut sight: Sight) {
    let mut failures = 0;
    loop {
        // Whatever is committed from here on ends the sleep below.
        sight.wake.mark_unchanged();
        let looked_at = Instant::now();
        let Some(here) = lookout.upgrade() else { return };
        let seen = timeout(PATIENCE, look(&here, &sight)).await;
        drop(here);
        let pause = match seen.unwrap_or_else(|_| Err("no answer in time".to_owned())) {
            Ok(until_next) => {
                failures = 0;
                until_next.map_or(sight.poll, |next| next.min(sight.poll))
            }
            Err(error) => {
                tracing::warn!(%error, "due jobs could not be looked for; trying again");
                failures += 1;
                Duration::from_millis(50 << failures.min(6)).min(sight.poll)
            }
        };
        // After a failure nothing ends the pause: what cannot be seen is not asked for more often.
        let asked = async {
            if failures > 0 {
                std::future::pending().await
            }
            tokio::select! {
                Ok(()) = sight.wake.changed() => {}
                () = sight.again.notified() => {}
            }
        };
        let _ = timeout(pause, asked).await;
        sleep_until(looked_at + BREATH).await;
    }
}

/// Tells the queues that have something due; gives the time until the next job of any of them.
async fn look(lookout: &Lookout, sight: &Sight) -> Result<Option<Duration>, String> {
    let queues = lookout.watched();
    let names: Vec<&str> = queues.iter().map(|queue| queue.name).collect();
    let now = (sight.now)();
    let mut conn = sight.pool.get().await.map_err(|error| error.to_string())?;
    let seen = sql::look(&mut conn, &names, now)
        .await
        .map_err(|error| error.to_string())?;
    drop(conn);
    for queue in &queues {
        if seen.iter().any(|seen| seen.due && seen.queue == queue.name) {
            queue.due.notify_one();
        }
    }
    let next = seen.iter().filter_map(|seen| seen.next).min();
    Ok(next.map(|next| (next - (sight.now)()).to_std().unwrap_or_default()))
}
