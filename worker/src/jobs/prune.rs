//! Deletes what was kept long enough. How long that is stands with each noun; what one run leaves, the next one takes.

use std::time::Duration;

use apalis::prelude::Data;
use wangqian_schema::{
    Platform,
    jobs::{Prune, Pruned},
    model::{
        idempotency, login_throttle, member, passcode, record_export, registration, request_throttle,
        review_assignment, session, stamped_copy_link, upload,
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
        what @ (Pruned::Uploads | Pruned::RecordExports) => objects(what, &parts).await?,
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
        Pruned::Uploads | Pruned::RecordExports => 0,
    })
}

/// Deletes the files of uploads or exports that are over, and then their rows: a crash in between leaves what the next run finds. One
/// that cannot be deleted keeps none of the others, unless the object store is down.
async fn objects(what: Pruned, parts: &PruneParts) -> Result<usize, JobError> {
    let exports = what == Pruned::RecordExports;
    let PruneParts {
        platform, storage, ..
    } = parts;
    let now = platform.clock.now();
    let (mut after, mut all) = (None, 0);
    loop {
        let mut conn = platform.pool.get().await?;
        let over = match exports {
            true => record_export::over(&mut conn, now, after).await?,
            false => upload::over(&mut conn, now, after).await?,
        };
        drop(conn);
        let Some(last) = over.last() else { return Ok(all) };
        after = Some(last.place);
        let mut gone = Vec::with_capacity(over.len());
        // The object store takes its time: no connection is held meanwhile.
        for one in over {
            if let Err(error) = delete_all(storage, &one.object_keys).await {
                storage.check().await.map_err(JobError::retry)?;
                let kind = if exports { "export" } else { "upload" };
                tracing::warn!(id = %one.id, %error, "an {kind} could not be deleted; the next run tries again");
            } else {
                gone.push(one.id);
            }
        }
        let mut conn = platform.pool.get().await?;
        match exports {
            true => record_export::forget(&mut conn, &gone).await?,
            false => upload::forget(&mut conn, &gone).await?,
        }
        drop(conn);
        all += gone.len();
    }
}

async fn delete_all(storage: &Storage, keys: &[String]) -> Result<(), StorageError> {
    for key in keys {
        storage.delete(key).await?;
    }
    Ok(())
}
