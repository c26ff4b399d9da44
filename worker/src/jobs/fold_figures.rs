//! Folds changes of the figures into the counts, batch by batch. Each batch is one statement, so that a run may end anywhere.

use apalis::prelude::Data;
use wangqian_schema::{
    Platform,
    jobs::FoldFigures,
    model::figure::{FOLD_BATCH, fold},
};

use crate::JobError;

/// The handler of the queue `fold_figures`.
pub(crate) async fn fold_figures(_job: FoldFigures, platform: Data<Platform>) -> Result<(), JobError> {
    loop {
        // A connection for each batch, so that others get theirs meanwhile.
        let folded = fold(&mut *platform.pool.get().await?).await?;
        if folded < FOLD_BATCH {
            return Ok(());
        }
    }
}
