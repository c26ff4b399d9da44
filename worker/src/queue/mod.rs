//! The queue: an apalis backend over the table `jobs`. What the jobs do stands in `jobs`; how they are
//! enqueued, in `wangqian_schema::jobs`.
//!
//! A job's row is READY until a worker claims it, RUNNING while the claim's lease is prolonged, then DONE, READY again
//! after a pause, or PARKED for an operator. One `lookout` a process sees which queues have something
//! due. Each queue has three parts of its own: `pump` claims as many jobs as there are free slots, `run` runs them on the
//! runtime's threads, `settle` writes back in batches how they ended.
//! One `lease` thread a process prolongs all leases and frees the jobs of vanished workers; `measure`
//! measures, `listen` hears of commits elsewhere.

mod backend;
mod lease;
mod listen;
mod lookout;
mod measure;
mod metric;
mod pause;
mod prune;
mod pump;
mod run;
mod settle;
mod sql;

pub use backend::{JobQueue, RunLayer, RunService};
pub use lease::LeaseKeeper;
pub use pause::Pauses;
pub use prune::prune_done;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use diesel_async::{AsyncPgConnection, pooled_connection::deadpool::Pool};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::WorkerError;

/// The clock that decides whether a job is due; the one of the rules, so that a deadline's job finds it passed.
pub type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// How all queues of a process work.
#[derive(Clone, Debug)]
pub struct QueueSettings {
    /// How long a claim holds unless prolonged; it is prolonged every third of it.
    pub lease: Duration,
    /// How often is looked for jobs when nothing wakes the queues.
    pub poll: Duration,
    /// How long running jobs may go on after the shutdown began.
    pub grace: Duration,
    /// The pauses between the attempts of a failing job.
    pub pauses: Pauses,
    /// How often the queues are measured.
    pub sample_every: Duration,
}

/// One queue.
#[derive(Clone, Copy, Debug)]
pub struct QueueConfig {
    /// Its name in the table.
    pub name: &'static str,
    /// How many of its jobs run at the same time in this process, at least 1.
    pub concurrency: usize,
    /// How long an attempt may take; it fails then.
    pub time_limit: Duration,
}

/// Which attempt of a job runs; a handler has it as `Data<Attempt>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// 1 for the first.
    pub number: i32,
    /// The number of the last one.
    pub limit: i32,
}

impl Attempt {
    /// Whether the job is parked if this attempt fails.
    pub const fn is_last(self) -> bool {
        self.number >= self.limit
    }
}

/// What all queues of a process share. Cheap to clone.
#[derive(Clone)]
pub struct QueueHost {
    pub(crate) pool: Pool<AsyncPgConnection>,
    pub(crate) database_url: Arc<str>,
    pub(crate) now: Now,
    pub(crate) wake: watch::Receiver<u64>,
    pub(crate) settings: QueueSettings,
    pub(crate) shutdown: CancellationToken,
    leases: Arc<lease::Leases>,
    lookout: Arc<lookout::Lookout>,
}

impl std::fmt::Debug for QueueHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QueueHost")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl QueueHost {
    /// `wake` changes whenever jobs may have been committed; `shutdown` begins the graceful end of all queues.
    pub fn new(
        pool: Pool<AsyncPgConnection>,
        database_url: &str,
        now: Now,
        wake: watch::Receiver<u64>,
        settings: QueueSettings,
        shutdown: CancellationToken,
    ) -> Self {
        metric::describe();
        Self {
            pool,
            database_url: database_url.into(),
            now,
            wake,
            settings,
            shutdown,
            leases: Arc::default(),
            lookout: Arc::default(),
        }
    }

    /// A queue to build an apalis worker on. Nothing is claimed before the worker is run.
    pub fn queue<J>(&self, config: QueueConfig) -> JobQueue<J> {
        JobQueue::new(self.clone(), config)
    }

    /// Keeps the leases until the returned guard is dropped. Without it, jobs that take longer than a lease are lost.
    ///
    /// # Errors
    /// [`WorkerError::Thread`] when its thread cannot be started.
    pub fn keep_leases(&self) -> Result<LeaseKeeper, WorkerError> {
        LeaseKeeper::start(self.clone())
    }

    /// Measures these queues until the shutdown.
    pub async fn measure(&self, queues: &[&str]) {
        self.shutdown
            .run_until_cancelled(measure::measure(self, queues))
            .await;
    }

    /// Calls `heard` for every notification on `channel` until the shutdown; reconnects by itself.
    pub async fn listen(&self, channel: &str, heard: impl Fn() + Send) {
        self.shutdown
            .run_until_cancelled(listen::listen(self, channel, heard))
            .await;
    }
}
