//! Settling: writes back how attempts ended, as many at once as have come together, until the database has taken them.

use std::{sync::Arc, time::Duration};

use diesel_async::{AsyncPgConnection, pooled_connection::deadpool::Pool};
use tokio::{sync::mpsc, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{QueueHost, lease::Claim, metric, sql::Settlement};

/// The most outcomes in one statement.
const BATCH: usize = 256;
/// The longest reason that is kept of a failure, in characters.
const REASON: usize = 2000;
/// The longest that a job is ever put off, so that no sum of times overflows.
const FAR: Duration = Duration::from_secs(10 * 365 * 86_400);

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The job is done.
    Done,
    /// It failed and is tried again, after this pause or else after the next of the growing ones.
    Retry(String, Option<Duration>),
    /// It failed for good.
    Park(String),
    /// It was not finished, through no fault of its own: the attempt does not count.
    Release,
}

/// What the row becomes.
pub(super) fn settlement(
    host: &QueueHost,
    queue: &'static str,
    claim: &Claim,
    outcome: Outcome,
) -> Settlement {
    let mut settlement = Settlement {
        id: claim.id,
        token: claim.token,
        attempt: claim.attempt,
        state: "DONE",
        run_at: None,
        uncounted: 0,
        error: None,
    };
    match outcome {
        Outcome::Done => metric::finished(queue),
        Outcome::Release => {
            metric::released(queue);
            settlement.state = "READY";
            settlement.uncounted = 1;
        }
        Outcome::Park(reason) => park(queue, &mut settlement, &reason),
        Outcome::Retry(reason, _) if claim.attempt >= claim.max_attempts => {
            park(queue, &mut settlement, &reason)
        }
        Outcome::Retry(reason, pause) => {
            metric::failed(queue);
            let pause = pause
                .unwrap_or_else(|| host.settings.pauses.after(claim.attempt))
                .min(FAR);
            tracing::warn!(
                queue,
                job = claim.id,
                attempt = claim.attempt,
                ?pause,
                reason,
                "job failed; to be tried again"
            );
            settlement.state = "READY";
            settlement.run_at = Some((host.now)() + pause);
            settlement.error = Some(storable(claim.attempt, &reason));
        }
    }
    settlement
}

fn park(queue: &'static str, settlement: &mut Settlement, reason: &str) {
    metric::failed(queue);
    metric::parked(queue);
    tracing::error!(
        queue,
        job = settlement.id,
        attempt = settlement.attempt,
        reason,
        "job parked"
    );
    settlement.state = "PARKED";
    settlement.error = Some(storable(settlement.attempt, reason));
}

/// A reason as the database can keep it: PostgreSQL's text holds no NUL.
fn storable(attempt: i32, reason: &str) -> String {
    let reason: String = reason.chars().filter(|c| *c != '\0').take(REASON).collect();
    format!("attempt {attempt}: {reason}")
}

/// Writes what comes, until `closing` is cancelled and everything is written.
pub(super) async fn settle_all(
    queue: &'static str,
    host: QueueHost,
    mut outcomes: mpsc::Receiver<(Arc<Claim>, Settlement)>,
    closing: CancellationToken,
) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        if closing
            .run_until_cancelled(outcomes.recv_many(&mut batch, BATCH))
            .await
            .is_none()
        {
            outcomes.close();
            outcomes.recv_many(&mut batch, BATCH).await;
        }
        if batch.is_empty() {
            return;
        }
        let (claims, settlements): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
        write(queue, &host.pool, &settlements).await;
        if settlements.iter().any(|settlement| settlement.state == "READY") {
            host.lookout.again();
        }
        // Only now do the leases end.
        drop(claims);
    }
}

async fn write(queue: &'static str, pool: &Pool<AsyncPgConnection>, settlements: &[Settlement]) {
    let mut pause = Duration::from_millis(50);
    loop {
        let written = timeout(Duration::from_secs(20), async {
            let mut conn = pool.get().await.map_err(|error| error.to_string())?;
            super::sql::settle(&mut conn, settlements)
                .await
                .map_err(|error| error.to_string())
        });
        match written.await.unwrap_or_else(|_| Err("no answer in time".into())) {
            Ok(written) => {
                for missing in settlements.iter().filter(|s| !written.contains(&s.id)) {
                    // After an answer that got lost this is our own write, seen a second time.
                    tracing::warn!(
                        queue,
                        job = missing.id,
                        "the end of an attempt was not written: its lease was over"
                    );
                }
                return;
            }
            Err(error) => {
                tracing::warn!(queue, %error, jobs = settlements.len(), "ends of attempts not written yet; trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(2));
            }
        }
    }
}
