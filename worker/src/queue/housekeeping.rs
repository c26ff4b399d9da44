//! Housekeeping: deletes jobs that were done long ago and measures how the queues stand.

use tokio::time::{Instant, sleep_until};

use super::{QueueHost, metric, sql};

/// Held while a batch is deleted, so that one worker of the cluster prunes ("wqjp" in ASCII).
const PRUNE_LOCK: i64 = 0x7771_6a70;
/// Jobs deleted in one transaction: short enough not to be in anybody's way.
const PRUNE_BATCH: i64 = 1000;

/// Prunes and measures, for ever. Failures are tried again when their time comes round.
pub(super) async fn keep(host: &QueueHost, queues: &[&str]) {
    let mut sample_at = Instant::now();
    let mut prune_at = Instant::now();
    loop {
        sleep_until(sample_at.min(prune_at)).await;
        let now = Instant::now();
        if sample_at <= now {
            sample_at = now + host.settings.sample_every;
            if let Err(error) = sample(host, queues).await {
                tracing::warn!(%error, "the queues could not be measured");
            }
        }
        if prune_at <= now {
            prune_at = now + host.settings.prune_every;
            match prune(host).await {
                Ok(0) => {}
                Ok(deleted) => tracing::info!(deleted, "deleted jobs that were done long ago"),
                Err(error) => tracing::warn!(%error, "done jobs could not be deleted"),
            }
        }
    }
}

async fn sample(host: &QueueHost, queues: &[&str]) -> Result<(), String> {
    let mut conn = host.pool.get().await.map_err(|error| error.to_string())?;
    let now = (host.now)();
    for standing in sql::sample(&mut conn, queues, now)
        .await
        .map_err(|error| error.to_string())?
    {
        let oldest = standing
            .since
            .and_then(|since| (now - since).to_std().ok())
            .unwrap_or_default();
        metric::standing(standing.queue, standing.waiting, standing.parked, oldest);
    }
    Ok(())
}

async fn prune(host: &QueueHost) -> Result<usize, String> {
    let mut conn = host.pool.get().await.map_err(|error| error.to_string())?;
    let mut all = 0;
    loop {
        let deleted = sql::prune(&mut conn, PRUNE_LOCK, host.settings.keep_done, PRUNE_BATCH)
            .await
            .map_err(|error| error.to_string())?;
        match deleted {
            None => return Ok(all),
            Some(deleted) => {
                all += deleted;
                if i64::try_from(deleted).is_ok_and(|deleted| deleted < PRUNE_BATCH) {
                    return Ok(all);
                }
            }
        }
    }
}
