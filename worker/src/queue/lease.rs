//! Leases: which claimed jobs this process holds, and the thread that prolongs them and frees those of vanished workers.
//!
//! The thread has a runtime and a connection of its own. A handler that blocks all threads of the main runtime, or
//! empties the pool, therefore does not cost the other jobs their leases.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use tokio::{sync::OwnedSemaphorePermit, time::timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{QueueHost, metric, sql};
use crate::WorkerError;

/// A claimed job. Its lease is prolonged for as long as somebody holds this value.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) id: i64,
    pub(super) token: Uuid,
    pub(super) attempt: i32,
    pub(super) max_attempts: i32,
    /// Cancelled when the database says that the lease is another's now.
    pub(super) lost: CancellationToken,
    slot: Mutex<Option<OwnedSemaphorePermit>>,
    leases: Arc<Leases>,
}

impl Claim {
    /// Lets the next job of the queue in.
    pub(super) fn free_slot(&self) {
        drop(self.slot.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// The attempt is over and its outcome on the way to the database: a lease that is gone now was given up by us.
    pub(super) fn settling(&self) {
        if let Some(held) = self
            .leases
            .lock()
            .get_mut(&self.id)
            .filter(|held| held.token == self.token)
        {
            held.settling = true;
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut held = self.leases.lock();
        if held.get(&self.id).is_some_and(|held| held.token == self.token) {
            held.remove(&self.id);
        }
    }
}

struct Held {
    token: Uuid,
    lost: CancellationToken,
    settling: bool,
}

/// The leases that this process holds.
#[derive(Default)]
pub(super) struct Leases {
    held: Mutex<HashMap<i64, Held>>,
}

impl std::fmt::Debug for Leases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Leases")
            .field("held", &self.lock().len())
            .finish()
    }
}

impl Leases {
    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a job that was just claimed.
    pub(super) fn hold(
        self: &Arc<Self>,
        row: &sql::ClaimedRow,
        token: Uuid,
        slot: Option<OwnedSemaphorePermit>,
    ) -> Arc<Claim> {
        let lost = CancellationToken::new();
        self.lock().insert(
            row.id,
            Held {
                token,
                lost: lost.clone(),
                settling: false,
            },
        );
        Arc::new(Claim {
            id: row.id,
            token,
            attempt: row.attempt,
            max_attempts: row.max_attempts,
            lost,
            slot: Mutex::new(slot),
            leases: Arc::clone(self),
        })
    }

    fn all(&self) -> Vec<(i64, Uuid)> {
        self.lock().iter().map(|(id, held)| (*id, held.token)).collect()
    }

    /// Tells the runs of those that were asked for and not renewed that their lease is gone.
    fn note_lost(&self, asked: &[(i64, Uuid)], renewed: &[i64]) {
        let held = self.lock();
        for (id, token) in asked.iter().filter(|(id, _)| !renewed.contains(id)) {
            if let Some(held) = held.get(id).filter(|held| held.token == *token && !held.settling) {
                tracing::warn!(job = id, "the lease was lost; the job is another worker's now");
                held.lost.cancel();
            }
        }
    }
}

/// The thread that keeps the leases; it ends when this is dropped.
#[derive(Debug)]
pub struct LeaseKeeper {
    stop: CancellationToken,
}

impl Drop for LeaseKeeper {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl LeaseKeeper {
    pub(super) fn start(host: QueueHost) -> Result<Self, WorkerError> {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(WorkerError::Thread)?;
        std::thread::Builder::new()
            .name("wangqian-leases".into())
            .spawn(move || runtime.block_on(stopped.run_until_cancelled(keep(host))))
            .map_err(WorkerError::Thread)?;
        Ok(Self { stop })
    }
}

/// Prolongs and reaps, for ever. After an outage, other workers' leases are spared for the length of a lease: those
/// workers were most likely cut off as well and want to prolong first.
async fn keep(host: QueueHost) {
    let beat = host.settings.lease / 3;
    let mut conn: Option<AsyncPgConnection> = None;
    let mut spare_until: Option<tokio::time::Instant> = None;
    loop {
        let spare = spare_until.is_some_and(|until| tokio::time::Instant::now() < until);
        let outcome = match timeout(beat, beat_once(&host, &mut conn, spare)).await {
            Ok(outcome) => outcome,
            Err(_) => Err("no answer in time".to_owned()),
        };
        let pause = match outcome {
            Ok(()) => beat,
            Err(error) => {
                tracing::warn!(%error, "leases could not be kept; trying again");
                metric::lease_trouble();
                conn = None;
                spare_until = Some(tokio::time::Instant::now() + host.settings.lease);
                (beat / 4).min(Duration::from_secs(1))
            }
        };
        tokio::time::sleep(pause).await;
    }
}

async fn beat_once(
    host: &QueueHost,
    conn: &mut Option<AsyncPgConnection>,
    spare: bool,
) -> Result<(), String> {
    if conn.is_none() {
        let mut fresh = AsyncPgConnection::establish(&host.database_url)
            .await
            .map_err(|e| e.to_string())?;
        let limit = host.settings.lease.as_millis() / 3;
        fresh
            .batch_execute(&format!(
                "SET statement_timeout = {limit}; SET application_name = 'wangqian-leases'"
            ))
            .await
            .map_err(|e| e.to_string())?;
        *conn = Some(fresh);
    }
    let Some(conn) = conn.as_mut() else {
        return Err("no connection".into());
    };
    let held = host.leases.all();
    if !held.is_empty() {
        let renewed = sql::renew(conn, &held, host.settings.lease)
            .await
            .map_err(|e| e.to_string())?;
        host.leases.note_lost(&held, &renewed);
    }
    if !spare {
        let within = host.settings.lease / 3;
        let reaped = sql::reap(conn, (host.now)(), host.settings.pauses, within)
            .await
            .map_err(|e| e.to_string())?;
        for job in &reaped {
            tracing::warn!(
                queue = job.queue,
                parked = job.spent,
                "freed a job whose worker vanished"
            );
            metric::reaped(job.queue.clone(), job.spent);
        }
        if reaped.iter().any(|job| !job.spent) {
            host.lookout.again();
        }
    }
    Ok(())
}
