//! The progress of an import, live.

use std::time::Duration;

use async_graphql::{Context, ID, Subscription};
use async_stream::try_stream;
use futures_util::Stream;
use wangqian_schema::model::graduate_import as model;

use super::GraduateImport;
use crate::{
    context::ContextExt,
    error::{internal, not_found},
    feed::patiently,
    id::NodeType,
};

/// It is looked at least this often, should a wake-up be lost, and no more often than this.
const POLL: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(100);

/// The progress of imports, live.
#[derive(Default)]
pub struct GraduateImportSubscription;

/// The progress of imports, live.
#[Subscription]
impl GraduateImportSubscription {
    /// 导入进度 An import as it is now, and again whenever it has gone on, until it has ended. Steps in between may be left out.
    async fn graduate_import_progressed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "导入 The import. `NOT_FOUND` when there is none, or none that the viewer sees.")]
        import_id: ID,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<GraduateImport>> + use<>> {
        let viewer = ctx.viewer()?;
        let platform = ctx.app().platform.clone();
        let id = NodeType::GraduateImport.uuid(&import_id).unwrap_or_default();
        let mut conn = ctx.connection().await?;
        if model::find(&mut conn, &viewer, id)
            .await
            .map_err(internal)?
            .is_none()
        {
            return Err(not_found("no such import"));
        }
        drop(conn);
        Ok(try_stream! {
            let mut commits = platform.waker.subscribe();
            let mut shown = None;
            loop {
                commits.mark_unchanged();
                let read = || async {
                    let mut conn = platform.pool.get().await?;
                    Ok(model::find(&mut conn, &viewer, id).await?)
                };
                let import = patiently(read).await.map_err(internal)?;
                let Some(import) = import else { break };
                if shown.as_ref() != Some(&import) {
                    let ended = import.finished_at.is_some();
                    shown = Some(import.clone());
                    yield GraduateImport(import);
                    if ended {
                        break;
                    }
                }
                // Every commit of the platform wakes: what others do is not to be a query each.
                tokio::time::sleep(PAUSE).await;
                let _ = tokio::time::timeout(POLL, commits.changed()).await;
            }
        })
    }
}
