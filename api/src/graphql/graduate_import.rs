//! Imports of graduates: a school announces a roster, hands the file in by a link, and has it worked through in the background.

mod follow;
mod report;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject, connection::Connection};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use wangqian_schema::{
    files::TableFormat,
    model::{
        Viewer,
        graduate_import::{self as model, GraduateImport as Row},
    },
    step::{self, Roster, StepError},
};

pub use self::{
    follow::GraduateImportSubscription,
    report::{GraduateField, ImportProblem, ImportProblemCode},
};
use super::{
    mutation::{Payload, idempotency_key, payload},
    upload::{UploadLink, upload_link},
};
use crate::{
    context::ContextExt,
    error::{UserError, internal, step_errors},
    id::NodeType,
    loaders::ReportKey,
    paging::{Arguments, connection, cost},
    throttle,
};

/// 导入状态 How far an import is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::ImportStatus")]
pub enum GraduateImportStatus {
    /// 待上传 The file has not been handed in yet.
    AwaitingUpload,
    /// 排队中 Handed in, waiting for a worker.
    Queued,
    /// 导入中 A worker is at it.
    Running,
    /// 已完成 Worked through to the last row: the good ones are in, the others stand in the report.
    Done,
    /// 失败 The file could not be worked through; `failure` says why.
    Failed,
}

/// 文件格式 The form of a roster's file.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "TableFormat")]
pub enum RosterFormat {
    /// 工作簿 Excel workbook (.xlsx); its first visible sheet is read.
    Xlsx,
    /// 逗号分隔文件 Comma-separated values (.csv), in UTF-8 or GB 18030.
    Csv,
}

/// 导入失败原因 Why a file could not be worked through.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::ImportFailure")]
pub enum GraduateImportFailureCode {
    /// 未上传 The file was not handed in in time, or is gone.
    UploadMissing,
    /// 文件无法读取 It is no file of its format, is damaged or has a password.
    Unreadable,
    /// 文件过大 Unpacked it is larger than may be read.
    TooLarge,
    /// 行数过多 More than 100,000 rows.
    TooManyRows,
    /// 没有数据 There is no row below the heading row.
    NoRows,
    /// 没有表头 No heading row was found among the first rows.
    NoHeading,
    /// 缺少列 Columns that have to be there are not.
    MissingColumns,
    /// 列重复 Two columns mean the same.
    DuplicateColumn,
    /// 文件被替换 Another file was handed in while the first was being worked on.
    FileChanged,
    /// 多次中断 The work broke off again and again. What was done before stands; import again.
    GivenUp,
}

/// 导入失败 Why a file could not be worked through, for programs and for the person.
#[derive(SimpleObject)]
pub struct GraduateImportFailure {
    /// 失败代码 What it is, for programs.
    code: GraduateImportFailureCode,
    /// 失败说明 What it is, in Chinese, for the person.
    message: String,
    /// 相关列名 The headings that it is about; empty when it is about none.
    headings: Vec<String>,
}

fn failure_message(failure: model::ImportFailure, headings: &[String]) -> String {
    use model::ImportFailure as Failure;
    match failure {
        Failure::UploadMissing => "文件未在规定时间内上传".to_owned(),
        Failure::Unreadable => "文件无法读取：格式不符、已损坏或设有密码".to_owned(),
        Failure::TooLarge => "文件展开后过大，请删去无关的工作表或拆分后再导入".to_owned(),
        Failure::TooManyRows => format!("超过 {} 行，请拆分后再导入", model::MAX_ROWS),
        Failure::NoRows => "表头之下没有数据".to_owned(),
        Failure::NoHeading => "没有找到含“学号”“身份证号”的表头".to_owned(),
        Failure::MissingColumns => format!("缺少列：{}", headings.join("、")),
        Failure::DuplicateColumn => format!("列重复：{}", headings.join("、")),
        Failure::FileChanged => "导入过程中文件被替换，请重新导入".to_owned(),
        Failure::GivenUp => "导入多次中断，已导入的数据有效，请重新导入".to_owned(),
    }
}

/// 毕业生导入 A roster that a school hands in: good rows go in, the others are reported, one by one.
pub struct GraduateImport(pub Row);

fn texts(value: &serde_json::Value) -> Vec<String> {
    let texts = value.as_array().into_iter().flatten();
    texts.filter_map(|text| Some(text.as_str()?.to_owned())).collect()
}

/// 毕业生导入 A roster that a school hands in: good rows go in, the others are reported, one by one.
#[Object]
impl GraduateImport {
    /// 全局标识 Global id, for `node`.
    pub async fn id(&self) -> ID {
        NodeType::GraduateImport.id(self.0.id)
    }

    /// 文件名 The file's name, as it was announced.
    async fn file_name(&self) -> &str {
        &self.0.file_name
    }

    /// 文件格式 Its form.
    async fn format(&self) -> RosterFormat {
        self.0.file_format.into()
    }

    /// 文件大小 Its size in bytes.
    async fn byte_size(&self) -> i32 {
        self.0.byte_size
    }

    /// 状态 How far it is.
    async fn status(&self) -> GraduateImportStatus {
        self.0.status.into()
    }

    /// 失败原因 Why it failed; null otherwise.
    async fn failure(&self) -> Option<GraduateImportFailure> {
        let failure = self.0.failure?;
        let headings = texts(&self.0.failure_headings);
        Some(GraduateImportFailure {
            code: failure.into(),
            message: failure_message(failure, &headings),
            headings,
        })
    }

    /// 忽略的列 Headings that mean nothing here: the columns below them are passed over.
    async fn ignored_headings(&self) -> Vec<String> {
        texts(&self.0.ignored_headings)
    }

    /// 总行数 How many rows there are below the headings, blank ones left out; null until they are counted.
    async fn rows_total(&self) -> Option<i32> {
        self.0.rows_total
    }

    /// 已处理行数 How many have been worked through.
    async fn rows_done(&self) -> i32 {
        self.0.rows_done
    }

    /// 新增行数 Of those done: graduates who were entered.
    async fn rows_created(&self) -> i32 {
        self.0.rows_created
    }

    /// 更正行数 Graduates whose data was corrected; they have to confirm it again.
    async fn rows_updated(&self) -> i32 {
        self.0.rows_updated
    }

    /// 无变化行数 Graduates who were there just so.
    async fn rows_unchanged(&self) -> i32 {
        self.0.rows_unchanged
    }

    /// 失败行数 Rows with something wrong, which changed nothing: see `report`.
    async fn rows_failed(&self) -> i32 {
        self.0.rows_failed
    }

    /// 建立时间 When it was announced.
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

    /// 问题清单 What was wrong, in the order of the rows; of one row all that is wrong with it. Grows while the import runs.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, ImportProblem>> {
        let request = Arguments {
            first,
            after,
            last,
            before,
        }
        .request()?;
        let key = ReportKey {
            import_id: self.0.id,
            request,
        };
        let page = ctx.load(key).await?;
        Ok(connection(
            page.unwrap_or_default(),
            model::ImportProblem::key,
            ImportProblem,
        ))
    }
}

/// 建立导入 Announces a roster.
#[derive(InputObject, Serialize)]
pub struct CreateGraduateImportInput {
    /// 文件名 The file's name, at most 200 characters.
    file_name: String,
    /// 文件格式 Its form.
    format: RosterFormat,
    /// 文件大小 Its exact size in bytes, at most 50 MB.
    byte_size: i32,
    /// 幂等键 Chosen by the caller, 1 to 60 characters without `/`: the same key and input give the same import again, with a fresh link.
    idempotency_key: String,
}

impl Serialize for RosterFormat {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        TableFormat::from(*self).serialize(serializer)
    }
}

/// 建立导入的结果 What came of announcing a roster.
#[derive(SimpleObject)]
pub struct CreateGraduateImportPayload {
    /// 毕业生导入 The import; null when it was refused.
    graduate_import: Option<GraduateImport>,
    /// 上传链接 Where to hand the file in; null when that has been done, and when it was refused.
    link: Option<UploadLink>,
    /// 业务错误 Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// 开始导入 Has a roster worked through.
#[derive(InputObject)]
pub struct StartGraduateImportInput {
    /// 导入 The import whose file has been handed in.
    import_id: ID,
}

payload!(
    /// 开始导入的结果 What came of having a roster worked through.
    pub struct StartGraduateImportPayload {
        /// 毕业生导入 The import; null when it was refused.
        graduate_import: GraduateImport,
    }
    of Row, by GraduateImport
);

/// Imports of graduates.
#[derive(Default)]
pub struct GraduateImportQuery;

#[Object]
impl GraduateImportQuery {
    /// 毕业生导入列表 The imports of the viewer's school, newest first; empty for whoever is no reviewer of a whole school.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn graduate_imports(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, GraduateImport>> {
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
        Ok(connection(page, |import| import.id, GraduateImport))
    }
}

/// What schools do to import graduates.
#[derive(Default)]
pub struct GraduateImportMutation;

#[Object]
impl GraduateImportMutation {
    /// 建立毕业生导入 A reviewer of the school announces a roster and gets a link to hand it in. Then `startGraduateImport`.
    /// Counted with the files of `beginUpload`.
    ///
    /// Refusals: `STEP_NOT_ALLOWED`, `INVALID_INPUT`, `IDEMPOTENCY_KEY_REUSED`, `TOO_MANY_REQUESTS`.
    async fn create_graduate_import(
        &self,
        ctx: &Context<'_>,
        input: CreateGraduateImportInput,
    ) -> async_graphql::Result<CreateGraduateImportPayload> {
        let viewer = ctx.viewer()?;
        let refused = |user_errors| CreateGraduateImportPayload {
            graduate_import: None,
            link: None,
            user_errors,
        };
        let key = match idempotency_key(&input.idempotency_key, &input)? {
            Ok(key) => key,
            Err(error) => return Ok(refused(vec![error])),
        };
        // Whoever may not, uses nothing up.
        if let Err(error) = step::importing_school(&viewer) {
            return Ok(refused(step_errors(error, "")?));
        }
        if let Some(refusal) = throttle::uploads(ctx, &mut *ctx.connection().await?).await? {
            return Ok(refused(vec![refusal]));
        }
        let app = ctx.app();
        let seconds = app.settings.upload_link_seconds;
        let roster = Roster {
            file_name: input.file_name,
            format: input.format.into(),
            byte_size: input.byte_size,
            upload_until: app.platform.clock.now() + TimeDelta::seconds(seconds.into()),
        };
        let import = match step::create_import(&app.platform, &viewer, &roster, &key).await {
            Ok(import) => import,
            Err(error) => return Ok(refused(step_errors(error, "idempotencyKey")?)),
        };
        let link = if import.status == model::ImportStatus::AwaitingUpload {
            let media_type = import.file_format.media_type();
            Some(upload_link(ctx, &import.object_key, media_type, import.byte_size).await?)
        } else {
            None
        };
        Ok(CreateGraduateImportPayload {
            graduate_import: Some(GraduateImport(import)),
            link,
            user_errors: Vec::new(),
        })
    }

    /// 开始导入 Has a roster worked through whose file has been handed in; `FILE_NOT_UPLOADED` when it has not. A school has
    /// one at a time. Starting one that was started before gives it as it stands.
    ///
    /// Refusals: `NOT_FOUND`, `STEP_NOT_ALLOWED`, `FILE_NOT_UPLOADED`.
    async fn start_graduate_import(
        &self,
        ctx: &Context<'_>,
        input: StartGraduateImportInput,
    ) -> async_graphql::Result<StartGraduateImportPayload> {
        let viewer = ctx.viewer()?;
        StartGraduateImportPayload::of(start(ctx, &viewer, &input.import_id).await?, "importId")
    }
}

async fn start(ctx: &Context<'_>, viewer: &Viewer, id: &ID) -> async_graphql::Result<Result<Row, StepError>> {
    if let Err(error) = step::importing_school(viewer) {
        return Ok(Err(error));
    }
    let Some(id) = NodeType::GraduateImport.uuid(id) else {
        return Ok(Err(StepError::NotFound));
    };
    let app = ctx.app();
    let mut conn = ctx.connection().await?;
    let found = model::find(&mut conn, viewer, id).await.map_err(internal)?;
    // The store may take its time: no connection is held meanwhile.
    drop(conn);
    let Some(import) = found else {
        return Ok(Err(StepError::NotFound));
    };
    let object = app.storage.head(&import.object_key).await.map_err(internal)?;
    let handed_in = object.map(|object| object.byte_size);
    Ok(step::start_import(&app.platform, viewer, id, handed_in).await)
}
