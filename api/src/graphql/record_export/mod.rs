//! Exports of a school's records: a reviewer asks for a table, a job makes it in the background, and he alone gets it by a link.

mod follow;
mod log;

use std::convert::identity;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject, connection::Connection};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use wangqian_schema::{
    files::TableFormat,
    model::{
        record_export::{self as model, RecordExport as Row},
        request_throttle::Limit,
    },
    step::{self, ExportRequest},
};
use wangqian_storage::DownloadName;

pub use self::{
    follow::RecordExportSubscription,
    log::{RecordExportLogAction, RecordExportLogEntry, RecordExportLogQuery},
};
use super::{
    document::DownloadLink,
    mutation::{Payload, idempotency_key, on, payload},
    school::{Department, department_of},
};
use crate::{
    context::ContextExt,
    error::{UserError, internal},
    id::NodeType,
    loaders::SchoolKey,
    paging::{Arguments, connection, cost},
};

/// 导出内容 What an export is of.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::ExportSubject")]
pub enum RecordExportSubject {
    /// 毕业生名单 Graduates, each with the case that holds him now and his destination.
    Graduates,
    /// 办理事项 Cases of all kinds that the viewer sees: agreements, terminations, destinations.
    Cases,
}

/// 导出格式 The form of an export's file.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "TableFormat")]
pub enum RecordExportFormat {
    /// 工作簿 Excel workbook (.xlsx); all cells are texts, and a first sheet says who took it.
    Xlsx,
    /// 逗号分隔文件 Comma-separated values (.csv) in UTF-8 with a byte order mark; the last columns of each row say who took it.
    Csv,
}

/// 导出状态 How far an export is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::ExportStatus")]
pub enum RecordExportStatus {
    /// 排队中 It waits for a worker.
    Queued,
    /// 导出中 A worker is at it.
    Running,
    /// 可下载 The file can be downloaded until `expiresAt`.
    Ready,
    /// 失败 There will be no file; `failure` says why.
    Failed,
}

/// 导出失败原因 Why there will be no file.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::ExportFailure")]
pub enum RecordExportFailureCode {
    /// 权限已变更 Who asked for it no longer reviews for what he asked of.
    ScopeLost,
}

/// 导出失败 Why there will be no file, for programs and for the person.
#[derive(SimpleObject)]
pub struct RecordExportFailure {
    /// 失败代码 What it is, for programs.
    code: RecordExportFailureCode,
    /// 失败说明 What it is, in Chinese, for the person.
    message: &'static str,
}

/// 导出 A table of graduates or cases that a reviewer has asked for. It is his alone, as long as he reviews for what is in it; that he
/// took it stands in the log.
pub struct RecordExport(pub Row);

/// 导出 A table of graduates or cases that a reviewer has asked for. It is his alone, as long as he reviews for what is in it; that he
/// took it stands in the log.
#[Object]
impl RecordExport {
    /// 全局标识 Global id, for `node`.
    pub async fn id(&self) -> ID {
        NodeType::RecordExport.id(self.0.id)
    }

    /// 导出编号 Its number, which stands in the file and in the log.
    async fn number(&self) -> &str {
        &self.0.number
    }

    /// 导出内容 What it is of.
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

    /// 院系 The department whose records alone are in it; null for the whole school.
    async fn department(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Department>> {
        department_of(ctx, self.0.department_id).await
    }

    /// 含个人信息 Whether ID-card numbers, telephones, e-mail and postal addresses stand in it unmasked.
    async fn includes_personal_data(&self) -> bool {
        self.0.personal_data
    }

    /// 状态 How far it is.
    async fn status(&self) -> RecordExportStatus {
        self.0.status.into()
    }

    /// 失败原因 Why there will be no file; null unless it failed.
    async fn failure(&self) -> Option<RecordExportFailure> {
        self.0.failure.map(|failure| RecordExportFailure {
            code: failure.into(),
            message: match failure {
                model::ExportFailure::ScopeLost => "您的审核范围已变更，不能再导出这些数据",
            },
        })
    }

    /// 总行数 How many rows there are, headings not counted; null until they are counted. At the end as many as are in the file.
    async fn rows_total(&self) -> Option<i32> {
        self.0.rows_total
    }

    /// 已处理行数 How many have been read. A worker that was broken off begins anew.
    async fn rows_done(&self) -> i32 {
        self.0.rows_done
    }

    /// 文件大小 The file's size in bytes; null before it is there.
    async fn byte_size(&self) -> Option<i64> {
        self.0.byte_size
    }

    /// 文件摘要 The file's SHA-256, in hexadecimal; null before it is there.
    async fn sha256(&self) -> Option<String> {
        let bytes = self.0.sha256.as_ref()?;
        Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// 申请时间 When it was asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// 最近进展时间 When it last went on.
    async fn progressed_at(&self) -> DateTime<Utc> {
        self.0.progressed_at
    }

    /// 结束时间 When it ended; null before.
    async fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at
    }

    /// 失效时间 From when on it cannot be downloaded any more, and is deleted; null before it has ended.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.expires_at
    }
}

/// 导出数据 Asks for an export.
#[derive(InputObject, Serialize)]
pub struct ExportRecordsInput {
    /// 导出内容 Graduates, or cases.
    subject: RecordExportSubject,
    /// 导出格式 The form of the file. A CSV file that is opened in Excel loses leading zeros and digits of long numbers: take XLSX for that.
    format: RecordExportFormat,
    /// 届 Graduating year, four digits.
    class_year: i32,
    /// 院系 One department of the school; all that the viewer reviews for unless given.
    department_id: Option<ID>,
    /// 含个人信息 Whether ID-card numbers, telephones, e-mail and postal addresses are to be written out; masked unless it is true. The log tells of it.
    #[graphql(default)]
    include_personal_data: bool,
    /// 幂等键 Chosen by the caller, 1 to 60 characters without `/`: the same key and input give the same export again.
    idempotency_key: String,
}

impl Serialize for RecordExportSubject {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        model::ExportSubject::from(*self).serialize(serializer)
    }
}

impl Serialize for RecordExportFormat {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        TableFormat::from(*self).serialize(serializer)
    }
}

payload!(
    /// 导出数据的结果 What came of asking for an export.
    pub struct ExportRecordsPayload {
        /// 导出 The export; null when it was refused.
        record_export: RecordExport,
    }
    of Row, by RecordExport
);

/// 下载导出文件 Asks for a link to the file of an export.
#[derive(InputObject)]
pub struct DownloadRecordExportInput {
    /// 导出 The viewer's export, which has to be ready.
    export_id: ID,
}

payload!(
    /// 下载导出文件的结果 What came of asking for a link to the file of an export.
    pub struct DownloadRecordExportPayload {
        /// 下载链接 A link to the file, valid for a few minutes; null when it was refused.
        link: DownloadLink,
    }
    of DownloadLink, by identity
);

/// Exports.
#[derive(Default)]
pub struct RecordExportQuery;

#[Object]
impl RecordExportQuery {
    /// 导出列表 The exports that the viewer has asked for himself and that have not expired, newest first; empty for whoever is no reviewer.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn record_exports(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, RecordExport>> {
        let viewer = ctx.viewer()?;
        let request = Arguments {
            first,
            after,
            last,
            before,
        }
        .request()?;
        let now = ctx.app().platform.clock.now();
        let mut conn = ctx.connection().await?;
        let page = model::list(&mut conn, &viewer, &request, now)
            .await
            .map_err(internal)?;
        Ok(connection(page, |export| export.id, RecordExport))
    }
}

/// What reviewers do to export records.
#[derive(Default)]
pub struct RecordExportMutation;

#[Object]
impl RecordExportMutation {
    /// 导出数据 A reviewer asks for graduates or cases of a class as a table: of the whole school, or of his department. A job makes it in the
    /// background; follow it by `recordExportProgressed`. Each request is written into the log.
    ///
    /// Refusals: `STEP_NOT_ALLOWED`, `INVALID_INPUT`, `NOT_FOUND`, `IDEMPOTENCY_KEY_REUSED`, `TOO_MANY_REQUESTS`.
    async fn export_records(
        &self,
        ctx: &Context<'_>,
        input: ExportRecordsInput,
    ) -> async_graphql::Result<ExportRecordsPayload> {
        let viewer = ctx.viewer()?;
        let refused = |error| ExportRecordsPayload::refused(vec![error]);
        let key = match idempotency_key(&input.idempotency_key, &input)? {
            Ok(key) => key,
            Err(error) => return Ok(refused(error)),
        };
        if let Err(error) = step::exporting_reviewer(&viewer) {
            return ExportRecordsPayload::of(Err(error), "");
        }
        let department_id = match &input.department_id {
            None => None,
            Some(id) => match NodeType::Department.uuid(id) {
                Some(id) => Some(id),
                None => return Ok(refused(UserError::not_found("departmentId"))),
            },
        };
        let app = ctx.app();
        let request = ExportRequest {
            subject: input.subject.into(),
            format: input.format.into(),
            class_year: input.class_year,
            department_id,
            personal_data: input.include_personal_data,
        };
        let daily = Limit {
            most: app.settings.exports_per_day,
            within: TimeDelta::days(1),
            pause: TimeDelta::zero(),
        };
        let asked = step::export_records(&app.platform, &viewer, &request, &daily, &key).await;
        ExportRecordsPayload::of(asked, "departmentId")
    }

    /// 下载导出文件 Gives who asked for an export a link to its file, once it is ready. Each link is written into the log.
    ///
    /// Refusals: `NOT_FOUND`, `STEP_NOT_ALLOWED`.
    async fn download_record_export(
        &self,
        ctx: &Context<'_>,
        input: DownloadRecordExportInput,
    ) -> async_graphql::Result<DownloadRecordExportPayload> {
        let (app, viewer) = (ctx.app(), ctx.viewer()?);
        let taken = on(NodeType::RecordExport, &input.export_id, async |id| {
            step::take_export(&app.platform, &viewer, id).await
        });
        let export = match taken.await {
            Ok(export) => export,
            Err(error) => return DownloadRecordExportPayload::of(Err(error), "exportId"),
        };
        let school = ctx.load(SchoolKey(export.school_id)).await?;
        let (year, number) = (export.class_year, &export.number);
        let ending = export.file_format.extension();
        let (subject, plain) = match export.subject {
            model::ExportSubject::Graduates => (export.subject.name_zh(), "graduates"),
            model::ExportSubject::Cases => (export.subject.name_zh(), "cases"),
        };
        let school = school.map(|school| school.name).unwrap_or_default();
        let offered = DownloadName {
            name: &format!("{school}{year}届{subject}-{number}.{ending}"),
            ascii: &format!("{plain}-{year}-{number}.{ending}"),
        };
        let link = DownloadLink::to(
            app,
            &export.object_key(),
            offered,
            export.file_format.media_type(),
        )
        .await?;
        Ok(DownloadRecordExportPayload::done(link))
    }
}
