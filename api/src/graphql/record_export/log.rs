//! The log of exports: who asked for one, and who was given a link.

use async_graphql::{Context, Enum, Object, connection::Connection};
use chrono::{DateTime, Utc};
use wangqian_schema::model::record_export_log::{self as model, ExportLogEntry as Row};

use super::{RecordExportFormat, RecordExportSubject};
use crate::{
    context::ContextExt,
    error::internal,
    graphql::{
        reviewer::Reviewer,
        school::{Department, School, department_of},
    },
    loaders::{ReviewerKey, SchoolKey},
    paging::{Arguments, connection, cost},
};

/// 导出操作 What was done with an export.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::ExportLogAction")]
pub enum RecordExportLogAction {
    /// 申请导出 Somebody asked for it.
    Requested,
    /// 获取下载链接 He was given a link to the file.
    LinkGiven,
}

/// 导出日志记录 A line of the log of exports. It stays when the export is deleted.
pub struct RecordExportLogEntry(pub Row);

/// 导出日志记录 A line of the log of exports. It stays when the export is deleted.
#[Object]
impl RecordExportLogEntry {
    /// 操作 What was done.
    async fn action(&self) -> RecordExportLogAction {
        self.0.action.into()
    }

    /// 操作时间 When.
    async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at
    }

    /// 操作人姓名 The name of who did it, as it was then.
    async fn actor_name(&self) -> &str {
        &self.0.account_name
    }

    /// 操作人 Who did it, as he is now.
    async fn actor(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Reviewer>> {
        let key = ReviewerKey(self.0.account_id);
        let reviewer = ctx.load(key).await?;
        Ok(reviewer.map(Reviewer))
    }

    /// 导出编号 The number of the export, which stands in the file.
    async fn number(&self) -> &str {
        &self.0.number
    }

    /// 学校 The school whose records they are.
    async fn school(&self, ctx: &Context<'_>) -> async_graphql::Result<School> {
        let key = SchoolKey(self.0.school_id);
        let school = ctx.require(key, "an export without its school");
        Ok(School(school.await?))
    }

    /// 院系 The department whose records alone they are; null for the whole school.
    async fn department(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Department>> {
        department_of(ctx, self.0.department_id).await
    }

    /// 导出内容 What the export is of.
    async fn subject(&self) -> RecordExportSubject {
        self.0.subject.into()
    }

    /// 导出格式 The form of the file.
    async fn format(&self) -> RecordExportFormat {
        self.0.file_format.into()
    }

    /// 届 Graduating year of the graduates.
    async fn class_year(&self) -> i32 {
        i32::from(self.0.class_year)
    }

    /// 含个人信息 Whether ID-card numbers, telephones, e-mail and postal addresses stand in it unmasked.
    async fn includes_personal_data(&self) -> bool {
        self.0.personal_data
    }

    /// 行数 How many rows the file has; null where it was only asked for.
    async fn row_count(&self) -> Option<i32> {
        self.0.row_count
    }
}

/// The log of exports.
#[derive(Default)]
pub struct RecordExportLogQuery;

#[Object]
impl RecordExportLogQuery {
    /// 导出日志 Who asked for exports and was given links to them, newest first: for a reviewer of the whole school those of the school, for an
    /// operator all; empty for everybody else. Nothing deletes a line.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn record_export_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, RecordExportLogEntry>> {
        let viewer = ctx.viewer()?;
        let request = Arguments {
            first,
            after,
            last,
            before,
        }
        .request()?;
        let mut conn = ctx.connection().await?;
        let page = model::list(&mut conn, &viewer, &request)
            .await
            .map_err(internal)?;
        Ok(connection(page, |entry| entry.id, RecordExportLogEntry))
    }
}
