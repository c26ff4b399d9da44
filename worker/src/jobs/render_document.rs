//! Renders the paper kept in `documents` to a PDF and stores it. Idempotent: the same paper gives the same bytes under
//! the same key, and only the first to finish marks the document as ready. Of a document that is ready the job looks whether the
//! store still has the PDF, and puts a lost one there again, but never other bytes than those that were stored. Of a superseded one a
//! marked copy is put beside it.

use std::sync::Arc;

use apalis::prelude::Data;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use wangqian_document::{DocumentError, Mark, Renderer};
use wangqian_schema::{
    Platform,
    jobs::RenderDocument,
    model::document::{self, Document, StoredPdf},
    step::{self, Actor, AgreementStep},
};
use wangqian_storage::{Found, Storage, StorageError};

use super::{failed, paper::drawn};
use crate::JobError;

/// What the handler needs.
#[derive(Clone)]
pub(crate) struct RenderParts {
    pub(crate) platform: Platform,
    pub(crate) renderer: Arc<Renderer>,
    pub(crate) storage: Storage,
    /// As many as documents may be rendered at once. Rendering cannot be broken off, so what an ended job left running
    /// must count as well; the queue's own slots do not know of it.
    pub(crate) presses: Arc<Semaphore>,
}

/// The handler of the queue `render_document`.
pub(crate) async fn render_document(job: RenderDocument, parts: Data<RenderParts>) -> Result<(), JobError> {
    let mut conn = parts.platform.pool.get().await?;
    let document = document::find(&mut conn, job.document_id)
        .await?
        .ok_or_else(|| JobError::park("there is no such document"))?;
    drop(conn);
    let made = match document.stored() {
        None => store(&document, &parts).await,
        Some(kept) => restore(&document, &kept, &parts).await,
    };
    // It may have been superseded while this ran, and whoever did so could order nothing beside the running job. The marked copy does
    // not need the original.
    let mut conn = parts.platform.pool.get().await?;
    let superseded = document::is_superseded(&mut conn, document.id).await?;
    drop(conn);
    let marked = match superseded {
        true => mark(&document, &parts).await,
        false => Ok(()),
    };
    made.and(marked)
}

/// Puts a copy of a superseded document beside it that says so across its pages. It can be made again at any time, also by a release that
/// draws it otherwise, so it has one place, and no hash is kept of it.
async fn mark(document: &Document, parts: &RenderParts) -> Result<(), JobError> {
    let (pdf, _) = render(document, Mark::Superseded, parts).await?;
    let object_key = format!("documents/{}/superseded.pdf", document.id);
    put(&object_key, &pdf, parts).await?;
    let mut conn = parts.platform.pool.get().await?;
    document::mark_superseded_copy(&mut conn, document.id, &object_key).await?;
    Ok(())
}

/// Renders, stores and notes it.
async fn store(document: &Document, parts: &RenderParts) -> Result<(), JobError> {
    let (pdf, sha256) = render(document, Mark::None, parts).await?;
    let object_key = format!("documents/{}/{}.pdf", document.id, hex(&sha256));
    let stored = stored(object_key, &pdf, sha256, parts).await?;
    let step = AgreementStep::StoreDocument(document.id, stored);
    step::take(&parts.platform, Actor::Worker, document.agreement_id, step, None)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Puts a PDF into the store, and says what is there then.
pub(super) async fn stored(
    object_key: String,
    pdf: &[u8],
    sha256: [u8; 32],
    parts: &RenderParts,
) -> Result<StoredPdf, JobError> {
    let byte_size = i32::try_from(pdf.len()).map_err(|_| JobError::park("the PDF is larger than 2 GB"))?;
    put(&object_key, pdf, parts).await?;
    Ok(StoredPdf {
        object_key,
        sha256,
        byte_size,
    })
}

/// Puts the PDF where it was if it is not there any more. What was signed and is verified by its hash is those very bytes, so
/// others are no substitute.
async fn restore(document: &Document, kept: &StoredPdf, parts: &RenderParts) -> Result<(), JobError> {
    let found = look(kept, parts).await?;
    if found == Found::Whole {
        return Ok(());
    }
    let made = render(document, Mark::None, parts).await?;
    put_again(kept, found, &made, parts).await?;
    tracing::warn!(document = %document.id, %found, "a lost PDF was made again");
    Ok(())
}

/// Looks whether the store still has a PDF.
pub(super) async fn look(kept: &StoredPdf, parts: &RenderParts) -> Result<Found, JobError> {
    let byte_size = u64::try_from(kept.byte_size).unwrap_or_default();
    let looking = parts
        .storage
        .inspect(&kept.object_key, byte_size, Some(&kept.sha256));
    let asked =
        |error: StorageError| JobError::retry(format_args!("the PDF could not be looked at: {error}"));
    looking.await.map_err(asked)
}

/// Puts a lost PDF where it was, if these are its bytes.
pub(super) async fn put_again(
    kept: &StoredPdf,
    found: Found,
    (pdf, sha256): &(Vec<u8>, [u8; 32]),
    parts: &RenderParts,
) -> Result<(), JobError> {
    if *sha256 != kept.sha256 {
        return Err(JobError::park(format_args!(
            "the stored PDF is lost ({found}), and this worker renders other bytes than were stored: its fonts or its release \
             differ from those of then. Nothing was stored. SHA-256 {} instead of {}",
            hex(sha256),
            hex(&kept.sha256)
        )));
    }
    put(&kept.object_key, pdf, parts).await
}

async fn put(object_key: &str, pdf: &[u8], parts: &RenderParts) -> Result<(), JobError> {
    let stored = parts.storage.put(object_key, "application/pdf", pdf).await;
    stored.map_err(|error| JobError::retry(format_args!("the PDF could not be stored: {error}")))
}

/// The PDF of the kept paper and its SHA-256.
async fn render(
    document: &Document,
    mark: Mark,
    parts: &RenderParts,
) -> Result<(Vec<u8>, [u8; 32]), JobError> {
    let paper = document.paper().map_err(|_| unknown_form())?;
    press(parts, move |renderer| renderer.render(&drawn(paper), mark)).await
}

/// The failure of a kept paper that this release cannot read. The error itself would quote what a field says.
pub(super) fn unknown_form() -> JobError {
    JobError::park("the kept paper is not of this release's form")
}

/// Draws a PDF on a thread of its own, as soon as a press is free; gives it with its SHA-256.
pub(super) async fn press<F>(parts: &RenderParts, draw: F) -> Result<(Vec<u8>, [u8; 32]), JobError>
where
    F: FnOnce(&Renderer) -> Result<Vec<u8>, DocumentError> + Send + 'static,
{
    let press = Arc::clone(&parts.presses)
        .acquire_owned()
        .await
        .map_err(JobError::retry)?;
    let renderer = Arc::clone(&parts.renderer);
    let rendering = tokio::task::spawn_blocking(move || {
        let pdf = draw(&renderer);
        drop(press);
        let pdf = pdf?;
        let sha256: [u8; 32] = Sha256::digest(&pdf).into();
        Ok((pdf, sha256))
    });
    let rendered: Result<_, DocumentError> = rendering
        .await
        .map_err(|_| JobError::retry("rendering panicked; the worker's output says where"))?;
    // Nothing but a corrected field, another font or another release helps.
    rendered.map_err(JobError::park)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
