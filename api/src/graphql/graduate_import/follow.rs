//! The progress of an import, live.

use async_graphql::{Context, ID, Subscription};
use futures_util::{Stream, TryStreamExt};
use wangqian_schema::model::graduate_import as model;

use super::GraduateImport;
use crate::{
    context::ContextExt,
    error::{internal, not_found},
    id::NodeType,
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
        Ok(imports.follow(import).map_ok(GraduateImport))
    }
}
