//! Running: one claimed job on the runtime's threads, until it ends, its time is up, its lease is lost or the worker is
//! to stop.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use apalis_core::error::BoxDynError;
use tokio::{task::JoinError, time::timeout};
use tokio_util::task::AbortOnDropHandle;

use super::{backend::Shared, lease::Claim, metric, settle::Outcome};
use crate::JobError;

/// How long to wait at the end of the grace for an aborted job to let go. One that blocks its thread never does; it is
/// left to its lease then, since a job that may still run must not be handed to another worker.
const LETTING_GO: Duration = Duration::from_secs(1);

/// Runs a job that was taken from the queue and reports how it ended.
pub(super) async fn supervise<J, F, T>(shared: Arc<Shared<J>>, claim: Arc<Claim>, job: F)
where
    J: Send + 'static,
    F: Future<Output = Result<T, BoxDynError>> + Send + 'static,
    T: Send + 'static,
{
    let queue = shared.config.name;
    let limit = shared.config.time_limit;
    metric::started(queue);
    let begun = Instant::now();
    // On a task of its own: jobs use all threads, a panic ends in the handle, and dropping the handle ends the job.
    let mut running = AbortOnDropHandle::new(tokio::spawn(job));
    let grace_over = async {
        shared.host.shutdown.cancelled().await;
        tokio::time::sleep(shared.host.settings.grace).await;
    };
    let outcome = tokio::select! {
        biased;
        ended = &mut running => Some(outcome(ended)),
        () = claim.lost.cancelled() => {
            running.abort();
            let _ = running.await;
            None
        }
        () = grace_over => {
            running.abort();
            match timeout(LETTING_GO, &mut running).await {
                Ok(Err(error)) if error.is_cancelled() => Some(Outcome::Release),
                Ok(ended) => Some(outcome(ended)),
                Err(_) => {
                    tracing::error!(queue, job = claim.id, "job blocks its thread; left to its lease");
                    None
                }
            }
        }
        () = tokio::time::sleep(limit) => {
            running.abort();
            match running.await {
                Err(error) if error.is_cancelled() => {
                    Some(Outcome::Retry(format!("took longer than {limit:?} and was ended"), None))
                }
                ended => Some(outcome(ended)),
            }
        }
    };
    metric::ended(queue, begun.elapsed());
    match outcome {
        Some(outcome) => shared.report(claim, outcome).await,
        None => {
            metric::lost(queue);
            claim.free_slot();
        }
    }
}

fn outcome<T>(ended: Result<Result<T, BoxDynError>, JoinError>) -> Outcome {
    match ended {
        Ok(Ok(_)) => Outcome::Done,
        Ok(Err(error)) => match error.downcast::<JobError>().map(|error| *error) {
            Ok(JobError::Retry(reason)) => Outcome::Retry(reason, None),
            Ok(JobError::RetryAfter { pause, reason }) => Outcome::Retry(reason, Some(pause)),
            Ok(JobError::Park(reason)) => Outcome::Park(reason),
            Err(other) => Outcome::Retry(other.to_string(), None),
        },
        // The panic's own words may hold a person's data; the panic hook has printed them and the place.
        Err(error) if error.is_panic() => {
            Outcome::Retry("panicked; the worker's output says where".into(), None)
        }
        Err(_) => Outcome::Release,
    }
}
