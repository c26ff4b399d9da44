//! Keeps the figures as those of a day, some schools at a time. A second run passes over the schools that have the day's.

use apalis::prelude::Data;
use wangqian_schema::{
    Platform,
    clock::shanghai_date,
    jobs::SnapshotFigures,
    model::figure_snapshot::{LATEST, take},
};

use crate::JobError;

/// The handler of the queue `snapshot_figures`.
pub(crate) async fn snapshot_figures(job: SnapshotFigures, platform: Data<Platform>) -> Result<(), JobError> {
    let mut after = None;
    loop {
        let now = platform.clock.now();
        if job.day != shanghai_date(now) && job.day != shanghai_date(now - LATEST) {
            tracing::warn!(day = %job.day, "a day is too long over: there is no snapshot of its figures");
            return Ok(());
        }
        // A connection for each batch, so that others get theirs meanwhile.
        after = take(&mut *platform.pool.get().await?, job.day, after, now).await?;
        if after.is_none() {
            return Ok(());
        }
    }
}
