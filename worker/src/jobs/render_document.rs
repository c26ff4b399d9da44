//! Renders the paper kept in `documents` to a PDF and stores it. Idempotent: the same paper gives the same bytes under
//! the same key, and only the first to finish marks the document as ready.

use std::sync::Arc;

use apalis::prelude::Data;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use wangqian_document::{Mark, Renderer};
use wangqian_schema::{
    Platform,
    jobs::RenderDocument,
    model::document::{self, StoredPdf},
    step::{self, Actor, AgreementStep},
};
use wangqian_storage::Storage;

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
    let platform = &parts.platform;
    let mut conn = platform.pool.get().await?;
    let document = document::find(&mut conn, job.document_id)
        .await?
        .ok_or_else(|| JobError::park("there is no such document"))?;
    drop(conn);
    if document.ready_at.is_some() {
        return Ok(());
    }
    // The error would quote what the field says.
    let paper = document
        .paper()
        .map_err(|_| JobError::park("the kept paper is not of this release's form"))?;
    let press = Arc::clone(&parts.presses)
        .acquire_owned()
        .await
        .map_err(JobError::retry)?;
    let renderer = Arc::clone(&parts.renderer);
    let rendering = tokio::task::spawn_blocking(move || {
        let pdf = renderer.render(&drawn(paper), Mark::None);
        drop(press);
        let pdf = pdf?;
        let sha256: [u8; 32] = Sha256::digest(&pdf).into();
        Ok((pdf, sha256))
    });
    let rendered: Result<_, wangqian_document::DocumentError> = rendering
        .await
        .map_err(|_| JobError::retry("rendering panicked; the worker's output says where"))?;
    // Nothing but a corrected field, another font or another release helps.
    let (pdf, sha256) = rendered.map_err(JobError::park)?;
    let byte_size = i32::try_from(pdf.len()).map_err(|_| JobError::park("the PDF is larger than 2 GB"))?;
    let object_key = format!("documents/{}/{}.pdf", document.id, hex(&sha256));
    let stored = parts.storage.put(&object_key, "application/pdf", &pdf).await;
    stored.map_err(|error| JobError::retry(format_args!("the PDF could not be stored: {error}")))?;
    let step = AgreementStep::StoreDocument(
        document.id,
        StoredPdf {
            object_key,
            sha256,
            byte_size,
        },
    );
    step::take(platform, Actor::Worker, document.agreement_id, step, None)
        .await
        .map_err(failed)?;
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
