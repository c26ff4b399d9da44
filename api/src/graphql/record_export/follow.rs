//! The progress of an export, live.

use async_graphql::{Context, ID, Subscription};
use futures_util::{Stream, TryStreamExt};
use wangqian_schema::model::record_export as model;

use super::RecordExport;
use crate::{
    context::ContextExt,
    error::{internal, not_found},
    id::NodeType,
};

/// The progress of exports, live.
#[derive(Default)]
pub struct RecordExportSubscription;

/// The progress of exports, live.
#[Subscription]
impl RecordExportSubscription {
    /// 导出进度 An export as it is now, and again whenever it has gone on, until it has ended. Steps in between may be left out.
    async fn record_export_progressed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "导出 The export. `NOT_FOUND` when there is none, or none that the viewer sees.")]
        export_id: ID,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<RecordExport>> + use<>> {
        let viewer = ctx.viewer()?;
        let exports = ctx.app().exports.clone();
        let id = NodeType::RecordExport.uuid(&export_id).unwrap_or_default();
        let now = ctx.app().platform.clock.now();
        let mut conn = ctx.connection().await?;
        let found = model::find(&mut conn, &viewer, id, now).await.map_err(internal)?;
        drop(conn);
        let export = found.ok_or_else(|| not_found("no such export"))?;
        Ok(exports.follow(export).map_ok(RecordExport))
    }
}
