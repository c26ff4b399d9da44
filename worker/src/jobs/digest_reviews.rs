//! Tells reviewers what waits for them, batch by batch. Each batch stands by itself, and a second run passes over whoever has been told
//! on this day.

use apalis::prelude::Data;
use wangqian_schema::{Platform, clock::shanghai_date, jobs::DigestReviews, model::review_digest};

use crate::JobError;

/// The handler of the queue `digest_reviews`.
pub(crate) async fn digest_reviews(job: DigestReviews, platform: Data<Platform>) -> Result<(), JobError> {
    let mut after = None;
    loop {
        let now = platform.clock.now();
        if shanghai_date(now) != job.day {
            tracing::info!(day = %job.day, "the day of a digest is over: the next one tells what waits by then");
            return Ok(());
        }
        // A connection for each batch, so that others get theirs meanwhile.
        let mut conn = platform.pool.get().await?;
        after = review_digest::owe(&mut conn, job.day, after, now).await?;
        drop(conn);
        platform.waker.wake();
        if after.is_none() {
            return Ok(());
        }
    }
}
