//! Tells the graduates of a class that their confirmation period is open, batch by batch. Each batch stands by itself, and a second run
//! passes over whoever has been told.

use apalis::prelude::Data;
use wangqian_schema::{
    Platform, clock::shanghai_date, jobs::AnnounceLeaving, model::leaving_announcement as announcement,
};

use crate::JobError;

/// The handler of the queue `announce_leaving`.
pub(crate) async fn announce_leaving(job: AnnounceLeaving, platform: Data<Platform>) -> Result<(), JobError> {
    let (mut place, mut done) = (None, None);
    loop {
        let now = platform.clock.now();
        if shanghai_date(now) != job.day {
            tracing::info!(day = %job.day, "the day of an announcement is over: the next one tells the rest");
            return Ok(());
        }
        // A connection for each batch, so that others get theirs meanwhile.
        let mut conn = platform.pool.get().await?;
        let (period, after) = match place.take() {
            Some(place) => place,
            None => match announcement::next(&mut conn, job.day, job.school_id, done).await? {
                Some(period) => (period, None),
                None => return Ok(()),
            },
        };
        match announcement::owe(&mut conn, &period, after, now).await? {
            Some(last) => place = Some((period, Some(last))),
            None => done = Some(period.key()),
        }
        drop(conn);
        platform.waker.wake();
    }
}
