//! The sweep: makes lost jobs anew, so that what is owed is done although its job is gone, and forgets what need not be
//! kept. What is parked waits for an operator.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use wangqian_schema::{
    Platform,
    model::{login_throttle, member, passcode, request_throttle, upload},
    stuck_work,
};
use wangqian_storage::Storage;

/// Sweeps at once and then every so often, for ever. A failure is made good by the next sweep.
pub(crate) async fn sweep(platform: &Platform, storage: &Storage, every: Duration) {
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
        if let Err(error) = prune_uploads(platform, storage).await {
            tracing::warn!(%error, "unused uploads could not be deleted");
        }
    }
}

async fn once(platform: &Platform) -> Result<usize, String> {
    let mut conn = platform.pool.get().await.map_err(|error| error.to_string())?;
    let now = platform.clock.now();
    let made = stuck_work::sweep(&mut conn, now)
        .await
        .map_err(|error| error.to_string())?;
    // Afterwards: whether old rows can be deleted must not decide whether lost jobs come back.
    if let Err(error) = login_throttle::forget(&mut conn, now).await {
        tracing::warn!(%error, "old attempts to log in could not be deleted");
    }
    if let Err(error) = request_throttle::forget(&mut conn, now).await {
        tracing::warn!(%error, "old counts of requests could not be deleted");
    }
    if let Err(error) = member::forget(&mut conn, now).await {
        tracing::warn!(%error, "invitations to join that are over could not be deleted");
    }
    if let Err(error) = passcode::forget(&mut conn, now).await {
        tracing::warn!(%error, "codes that ran out could not be deleted");
    }
    Ok(made)
}

/// Deletes the files of uploads that are over, and then the uploads: a crash in between leaves what the next sweep finds.
async fn prune_uploads(platform: &Platform, storage: &Storage) -> Result<(), String> {
    loop {
        let mut conn = platform.pool.get().await.map_err(|error| error.to_string())?;
        let over = upload::over(&mut conn, platform.clock.now())
            .await
            .map_err(|error| error.to_string())?;
        // The object store takes its time: no connection is held meanwhile.
        drop(conn);
        if over.is_empty() {
            return Ok(());
        }
        for (id, keys) in over {
            for key in keys {
                storage.delete(&key).await.map_err(|error| error.to_string())?;
            }
            let mut conn = platform.pool.get().await.map_err(|error| error.to_string())?;
            upload::forget(&mut conn, id)
                .await
                .map_err(|error| error.to_string())?;
        }
    }
}
