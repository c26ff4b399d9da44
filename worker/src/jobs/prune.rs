//! Deletes what was kept long enough. How long that is stands with each noun; what one run leaves, the next one takes.

use std::time::Duration;

use apalis::prelude::Data;
use wangqian_schema::{
    Platform,
    jobs::{Prune, Pruned},
    model::{
        idempotency, login_throttle, member, passcode, registration, request_throttle, review_assignment,
        session, stamped_copy_link, upload,
    },
};
use wangqian_storage::{Storage, StorageError};

use crate::{JobError, queue::prune_done};

/// What the handler needs.
#[derive(Clone, Debug)]
pub(crate) struct PruneParts {
    pub(crate) platform: Platform,
    pub(crate) storage: Storage,
    /// How long done jobs are kept.
    pub(crate) keep_done: Duration,
}

/// The handler of the queue `prune`.
pub(crate) async fn prune(job: Prune, parts: Data<PruneParts>) -> Result<(), JobError> {
    let gone = match job.what {
        Pruned::Uploads => uploads(&parts).await?,
        other => rows(other, &parts).await?,
    };
    if gone > 0 {
        tracing::info!(what = %job.what, gone, "deleted what was kept long enough");
    }
    Ok(())
}

async fn rows(what: Pruned, parts: &PruneParts) -> Result<usize, JobError> {
    let conn = &mut *parts.platform.pool.get().await?;
    let now = parts.platform.clock.now();
    Ok(match what {
        Pruned::DoneJobs => prune_done(conn, parts.keep_done).await?,
        Pruned::Throttles => {
            login_throttle::forget(conn, now).await? + request_throttle::forget(conn, now).await?
        }
        Pruned::Passcodes => passcode::forget(conn, now).await?,
        Pruned::MemberInvitations => member::forget(conn, now).await?,
        Pruned::ReviewAssignments => review_assignment::forget(conn, now).await?,
        Pruned::StampedCopyLinks => stamped_copy_link::forget(conn, now).await?,
        Pruned::IdempotencyKeys => {
            idempotency::forget(conn, now).await? + registration::forget_keys(conn, now).await?
        }
        Pruned::Sessions => session::forget(conn, now).await?,
        Pruned::Uploads => 0,
    })
}

/// Deletes the files of uploads that are over, and then the uploads: a crash in between leaves what the next run finds. One that
/// cannot be deleted keeps none of the others, unless the object store is down.
async fn uploads(parts: &PruneParts) -> Result<usize, JobError> {
    let PruneParts {
        platform, storage, ..
    } = parts;
    let now = platform.clock.now();
    let (mut after, mut all) = (None, 0);
    loop {
        let over = upload::over(&mut *platform.pool.get().await?, now, after).await?;
        let Some(last) = over.last() else { return Ok(all) };
        after = Some(last.place);
        let mut gone = Vec::with_capacity(over.len());
        // The object store takes its time: no connection is held meanwhile.
        for upload in over {
            if let Err(error) = delete_all(storage, &upload.object_keys).await {
                storage.check().await.map_err(JobError::retry)?;
                tracing::warn!(upload = %upload.id, %error, "an upload could not be deleted; the next run tries again");
            } else {
                gone.push(upload.id);
            }
        }
        upload::forget(&mut *platform.pool.get().await?, &gone).await?;
        all += gone.len();
    }
}

async fn delete_all(storage: &Storage, keys: &[String]) -> Result<(), StorageError> {
    for key in keys {
        storage.delete(key).await?;
    }
    Ok(())
}
