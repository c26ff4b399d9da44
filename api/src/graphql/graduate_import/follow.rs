//! The progress of an import, live.

use async_graphql::{Context, ID, Subscription};
use async_stream::try_stream;
use futures_util::Stream;
use wangqian_schema::model::graduate_import as model;

use super::GraduateImport;
use crate::{
    context::ContextExt,
    error::{internal, not_found},
    id::NodeType,
    import_watch::progress,
};

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
        let imports = ctx.app().imports.clone();
        let id = NodeType::GraduateImport.uuid(&import_id).unwrap_or_default();
        let mut conn = ctx.connection().await?;
        let found = model::find(&mut conn, &viewer, id).await.map_err(internal)?;
        drop(conn);
        let import = found.ok_or_else(|| not_found("no such import"))?;
        Ok(try_stream! {
            let mut shown = progress(&import);
            let mut ended = import.finished_at.is_some();
            yield GraduateImport(import);
            if ended {
                return;
            }
            let mut live = imports.follow(id);
            while !ended && live.changed().await.is_ok() {
                let seen = live.borrow_and_update().clone();
                // What was read for others before may be older than what was read here.
                let Some(import) = seen?.filter(|import| progress(import) > shown) else { continue };
                shown = progress(&import);
                ended = import.finished_at.is_some();
                yield GraduateImport(import.as_ref().clone());
            }
        })
    }
}
