//! Makes the manual of this worker's release and stores it, and puts away those of other releases that were kept long enough. Idempotent: the
//! same text goes under the same key, and gives the same bytes.

use std::sync::Arc;

use apalis::prelude::Data;
use sha2::{Digest, Sha256};
use wangqian_document::ManualText;
use wangqian_schema::{
    jobs::PublishManual,
    manual::manual,
    model::manual::{self as manuals, StoredManual},
};
use wangqian_storage::{Found, StorageError};

use super::RenderParts;
use crate::JobError;

/// The handler of the queue `publish_manual`.
pub(crate) async fn publish_manual(job: PublishManual, parts: Data<RenderParts>) -> Result<(), JobError> {
    if job.source_sha256 != manual().id() {
        tracing::info!("the manual of another release was asked for");
        return Ok(());
    }
    let kept = manuals::own(&mut *parts.platform.pool.get().await?).await?;
    if let Some(kept) = kept {
        let byte_size = u64::try_from(kept.byte_size).unwrap_or_default();
        let found = parts.storage.inspect(&kept.object_key, byte_size, None).await;
        if found.map_err(unstored)? == Found::Whole {
            return Ok(());
        }
    }
    let (made, pdf) = make(&parts).await?;
    parts
        .storage
        .put(&made.object_key, "application/pdf", &pdf)
        .await
        .map_err(unstored)?;
    let mut conn = parts.platform.pool.get().await?;
    manuals::keep(&mut conn, &made).await?;
    tracing::info!(pages = made.pages, "the manual was made");
    let outdated = manuals::outdated(&mut conn, parts.platform.clock.now()).await?;
    drop(conn);
    for gone in outdated {
        parts.storage.delete(&gone.object_key).await.map_err(unstored)?;
        manuals::forget(&mut *parts.platform.pool.get().await?, &gone).await?;
    }
    Ok(())
}

/// Renders it.
async fn make(parts: &RenderParts) -> Result<(StoredManual, Vec<u8>), JobError> {
    let press = Arc::clone(&parts.presses)
        .acquire_owned()
        .await
        .map_err(JobError::retry)?;
    let renderer = Arc::clone(&parts.renderer);
    let rendering = tokio::task::spawn_blocking(move || {
        let own = manual();
        let made = renderer.render_manual(&ManualText {
            source: own.source,
            data: &own.data,
            edition: own.edition,
        });
        drop(press);
        made
    });
    let made = rendering
        .await
        .map_err(|_| JobError::retry("rendering panicked; the worker's output says where"))?
        .map_err(JobError::park)?;
    let sha256: [u8; 32] = Sha256::digest(&made.pdf).into();
    let size =
        |count: usize| i32::try_from(count).map_err(|_| JobError::park("the manual is larger than 2 GB"));
    let stored = StoredManual {
        source_sha256: manual().source_sha256.to_vec(),
        sha256: sha256.to_vec(),
        object_key: format!("manuals/{}.pdf", manual().id()),
        pages: size(made.pages)?,
        byte_size: size(made.pdf.len())?,
        edition: manual().edition,
        created_at: parts.platform.clock.now(),
    };
    Ok((stored, made.pdf))
}

fn unstored(error: StorageError) -> JobError {
    JobError::retry(format_args!("the object store failed over the manual: {error}"))
}
