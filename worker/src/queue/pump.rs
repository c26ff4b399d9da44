//! Claiming: takes due jobs from the table as slots become free, and sleeps when there are none, until `lookout` has seen one.

use std::{sync::Arc, time::Duration};

use apalis_core::task::{builder::TaskBuilder, task_id::TaskId};
use serde::de::DeserializeOwned;
use tokio::{sync::OwnedSemaphorePermit, time::timeout};
use uuid::Uuid;

use super::{
    Attempt,
    backend::Shared,
    lookout::Lookout,
    settle::Outcome,
    sql::{self, ClaimedRow},
};

/// The longest that a claim may take before its connection is taken for dead.
const PATIENCE: Duration = Duration::from_secs(20);
/// Claims whose answer never came are given back by their tokens; beyond this many they wait for their leases to end.
const DOUBTS: usize = 64;

/// Claims whenever something is due, until the queue is stopped.
pub(super) async fn pump<J: DeserializeOwned + Send + 'static>(shared: Arc<Shared<J>>) {
    let watched = Lookout::watch(&shared.host, shared.config.name);
    let mut doubtful: Vec<Uuid> = Vec::new();
    let mut failures = 0;
    // Whether there may be more than the last claim took.
    let mut more = false;
    loop {
        let turn = async {
            if !more {
                watched.due().await;
            }
            free_slots(&shared).await
        };
        let Some(slots) = shared.stop.run_until_cancelled(turn).await else {
            break;
        };
        // Not cut short by a shutdown: a claim without its answer would leave jobs to the end of their leases.
        let answer = timeout(PATIENCE, claim(&shared, slots.len(), &mut doubtful)).await;
        let claimed = match answer.unwrap_or_else(|_| Err("no answer in time".to_owned())) {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::warn!(queue = shared.config.name, %error, "jobs could not be claimed; trying again");
                failures += 1;
                more = true;
                let pause = Duration::from_millis(50 << failures.min(6)).min(shared.host.settings.poll);
                drop(slots);
                shared.stop.run_until_cancelled(tokio::time::sleep(pause)).await;
                continue;
            }
        };
        failures = 0;
        doubtful.clear();
        more = claimed.rows.len() == slots.len();
        for (row, slot) in claimed.rows.into_iter().zip(slots) {
            let claim = shared.host.leases.hold(&row, claimed.token, Some(slot));
            take_in(&shared, row, claim).await;
        }
    }
    shared.hand_back_waiting().await;
}

struct Claimed {
    token: Uuid,
    rows: Vec<ClaimedRow>,
}

/// Waits for one free slot and takes all that are free.
async fn free_slots<J>(shared: &Shared<J>) -> Vec<OwnedSemaphorePermit> {
    let mut slots = Vec::new();
    // The semaphore is never closed.
    if let Ok(first) = Arc::clone(&shared.slots).acquire_owned().await {
        slots.push(first);
    }
    while let Ok(next) = Arc::clone(&shared.slots).try_acquire_owned() {
        slots.push(next);
    }
    slots
}

async fn claim<J>(shared: &Shared<J>, wanted: usize, doubtful: &mut Vec<Uuid>) -> Result<Claimed, String> {
    let host = &shared.host;
    let queue = shared.config.name;
    let mut conn = host.pool.get().await.map_err(|error| error.to_string())?;
    if !doubtful.is_empty() {
        sql::unclaim(&mut conn, queue, doubtful)
            .await
            .map_err(|error| error.to_string())?;
        doubtful.clear();
    }
    let now = (host.now)();
    let token = Uuid::new_v4();
    doubtful.push(token);
    if doubtful.len() > DOUBTS {
        doubtful.remove(0);
    }
    let limit = i64::try_from(wanted).unwrap_or(i64::MAX);
    let rows = sql::claim(&mut conn, queue, now, limit, token, host.settings.lease)
        .await
        .map_err(|error| error.to_string())?;
    Ok(Claimed { token, rows })
}

async fn take_in<J: DeserializeOwned + Send + 'static>(
    shared: &Arc<Shared<J>>,
    row: ClaimedRow,
    claim: Arc<super::lease::Claim>,
) {
    match serde_json::from_value::<J>(row.payload) {
        Ok(payload) => {
            let task = TaskBuilder::new(payload)
                .task_id(TaskId::from_string(row.id.to_string()))
                .attempt(usize::try_from(row.attempt - 1).unwrap_or(0))
                .max_attempts(usize::try_from(row.max_attempts).unwrap_or(0))
                .data(Arc::clone(&claim))
                .data(Attempt {
                    number: row.attempt,
                    limit: row.max_attempts,
                })
                .build();
            shared.put(task, claim);
        }
        Err(error) => {
            let reason = format!("the payload is not one of {}: {error}", shared.config.name);
            shared.report(claim, Outcome::Park(reason)).await;
        }
    }
}
