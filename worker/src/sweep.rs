//! The sweep: makes lost jobs anew, so that what is owed is done although its job is gone. In each worker and by no job of
//! the queue, since it is there for when that lost something. What is parked waits for an operator.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use wangqian_schema::{Platform, stuck_work};

/// Sweeps at once and then every so often, for ever. A failure is made good by the next sweep.
pub(crate) async fn sweep(platform: &Platform, every: Duration) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match once(platform).await {
            Ok(0) => {}
            Ok(made) => {
                tracing::warn!(made, "work was owed and had no job: it has one again");
                platform.waker.wake();
            }
            Err(error) => tracing::warn!(%error, "the sweep failed; there will be another"),
        }
    }
}

async fn once(platform: &Platform) -> Result<usize, String> {
    let mut conn = platform.pool.get().await.map_err(|error| error.to_string())?;
    stuck_work::sweep(&mut conn, platform.clock.now())
        .await
        .map_err(|error| error.to_string())
}
