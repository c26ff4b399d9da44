//! Uploads of files for cases: announced, put into the object store by a signed link, looked at in the background, and then ready
//! to be attached by the mutation that hands a case in.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use wangqian_schema::{
    model::case_upload::{self as model, CaseUpload as Row, UploadOwner},
    step::{self, AnnouncedFile, StepError},
};

use super::{
    case_file::thumbnail_link,
    document::DownloadLink,
    mutation::{Payload, payload},
    upload::{UploadLink, upload_link},
};
use crate::{
    context::ContextExt,
    error::{UserError, internal, step_errors},
    id::NodeType,
    throttle,
};

/// 上传状态 How far an upload is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::UploadState")]
pub enum UploadState {
    /// 待上传 Its bytes may be put; then `completeUpload`.
    Announced,
    /// 检查中 They are there, and are looked at: ask again in a moment.
    Checking,
    /// 可使用 They are what they were said to be: the upload may be attached to a case, once.
    Ready,
    /// 未通过 It cannot be used; `refusal` says why. For good: upload another one.
    Refused,
}

/// 未通过原因 Why an upload cannot be used.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::UploadRefusal")]
pub enum UploadRefusalCode {
    /// 文件缺失 The bytes are not there any more.
    FileMissing,
    /// 大小不符 There are more or fewer than announced.
    WrongSize,
    /// 文件被替换 Others were put while they were looked at.
    FileChanged,
    /// 空文件 There are none.
    Empty,
    /// 文件过大 More than 10 MiB.
    TooLarge,
    /// 类型不符 It is of another kind than announced, or of none that is taken.
    WrongType,
    /// 文件不完整 It ends before its end: most often the upload broke off.
    Truncated,
    /// 图片无法读取 It is no picture that can be decoded.
    UnreadablePicture,
    /// 像素过多 The picture is larger than may be decoded.
    TooManyPixels,
    /// 动态图片 The picture moves.
    Animated,
    /// 文档无法读取 It is no PDF that can be read.
    UnreadablePdf,
    /// 检查用时过长 Looking at it takes more than any honest file does.
    TooComplex,
    /// 文档已加密 The PDF is encrypted.
    EncryptedPdf,
    /// 含活动内容 The PDF does or carries something beyond its pages: scripts, attachments.
    ActivePdf,
    /// 多重格式 It is something else as well: an archive, a page of the web.
    AlsoAnArchive,
    /// 没有页面 The PDF has no page.
    NoPages,
    /// 页数过多 The PDF has too many pages.
    TooManyPages,
    /// 检查中断 Looking at it broke off again and again.
    GivenUp,
    /// 已过期 It was not used within a day.
    Expired,
}

/// 未通过 Why an upload cannot be used, for programs and for the person.
#[derive(SimpleObject)]
pub struct UploadRefusal {
    /// 原因代码 What it is, for programs.
    code: UploadRefusalCode,
    /// 原因说明 What it is and what to do, in Chinese, for the person.
    message: &'static str,
}

/// 上传文件 A file for a case, from its announcement until a day later. Only whoever announced it sees it.
pub struct Upload(pub Row);

/// 上传文件 A file for a case, from its announcement until a day later. Only whoever announced it sees it.
#[Object]
impl Upload {
    /// 全局标识 Global id, for `node`, and for the mutation that attaches it.
    pub async fn id(&self) -> ID {
        NodeType::Upload.id(self.0.id)
    }

    /// 文件名 The file's name, as it was announced.
    async fn file_name(&self) -> &str {
        &self.0.file_name
    }

    /// 文件类型 Its media type, as it was announced.
    async fn content_type(&self) -> &str {
        &self.0.content_type
    }

    /// 文件大小 Its size in bytes, as it was announced.
    async fn byte_size(&self) -> i32 {
        self.0.byte_size
    }

    /// 状态 How far it is.
    async fn state(&self) -> UploadState {
        self.0.state.into()
    }

    /// 未通过原因 Why it cannot be used; null otherwise.
    async fn refusal(&self) -> Option<UploadRefusal> {
        let refusal = self.0.refusal?;
        Some(UploadRefusal {
            code: refusal.into(),
            message: refusal.message_zh(),
        })
    }

    /// 缩略图链接 A fresh link to a small JPEG of it, valid for a few minutes; null before it is ready, and of a PDF.
    async fn thumbnail_link(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<DownloadLink>> {
        let key = self.0.clean_copy().and_then(|copy| copy.thumbnail_key);
        thumbnail_link(ctx, &self.0.file_name, key.as_deref()).await
    }

    /// 使用时间 When it was attached to a case; null before.
    async fn attached_at(&self) -> Option<DateTime<Utc>> {
        self.0.attached_at
    }

    /// 失效时间 Until when it may be handed in and attached.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }
}

/// 上传材料 Announces a file for a case.
#[derive(InputObject)]
pub struct CreateUploadInput {
    /// 文件名 The file's name, at most 100 characters, without slashes.
    file_name: String,
    /// 文件类型 `image/jpeg`, `image/png`, `image/webp` or `application/pdf`.
    content_type: String,
    /// 文件大小 Its exact size in bytes, at most 10 MiB.
    byte_size: i32,
}

/// 上传材料的结果 What came of announcing a file for a case.
#[derive(SimpleObject)]
pub struct CreateUploadPayload {
    /// 上传文件 The upload; null when it was refused.
    upload: Option<Upload>,
    /// 上传链接 Where to hand the file in; null when it was refused.
    link: Option<UploadLink>,
    /// 业务错误 Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// 上传完成 Says that the bytes of a file were put.
#[derive(InputObject)]
pub struct CompleteUploadInput {
    /// 上传文件 The upload.
    upload_id: ID,
}

payload!(
    /// 上传完成的结果 What came of saying that the bytes of a file were put.
    pub struct CompleteUploadPayload {
        /// 上传文件 The upload, as it stands; null when it was refused.
        upload: Upload,
    }
    of Row, by Upload
);

/// Announces a file for whoever may, and gives the link by which it is put. Counting what he asks for is left to the caller.
///
/// # Errors
/// A top-level error of the database's, or where the link cannot be signed.
async fn announce(
    ctx: &Context<'_>,
    owner: &UploadOwner,
    file: &AnnouncedFile,
) -> async_graphql::Result<CreateUploadPayload> {
    let row = match step::announce_file(&ctx.app().platform, owner, file).await {
        Ok(row) => row,
        Err(error) => return Ok(refused(step_errors(error, "")?)),
    };
    let link = upload_link(ctx, &row.object_key(), &row.content_type, row.byte_size).await?;
    Ok(CreateUploadPayload {
        upload: Some(Upload(row)),
        link: Some(link),
        user_errors: Vec::new(),
    })
}

/// As [`announce`], counted by the owner.
///
/// # Errors
/// As [`announce`].
pub(super) async fn announce_counted(
    ctx: &Context<'_>,
    owner: &UploadOwner,
    file: &AnnouncedFile,
) -> async_graphql::Result<CreateUploadPayload> {
    let mut conn = ctx.connection().await?;
    let refusal = throttle::uploads_of(ctx, &mut conn, owner).await?;
    drop(conn);
    match refusal {
        Some(refusal) => Ok(refused(vec![refusal])),
        None => announce(ctx, owner, file).await,
    }
}

/// Refused for these reasons.
pub(super) const fn refused(user_errors: Vec<UserError>) -> CreateUploadPayload {
    CreateUploadPayload {
        upload: None,
        link: None,
        user_errors,
    }
}

/// Has a file of the owner's looked at whose bytes were put.
///
/// # Errors
/// A top-level error of the database's or the object store's.
pub(super) async fn complete(
    ctx: &Context<'_>,
    owner: &UploadOwner,
    upload_id: &ID,
) -> async_graphql::Result<CompleteUploadPayload> {
    CompleteUploadPayload::of(hand_in(ctx, owner, upload_id).await?, "uploadId")
}

async fn hand_in(
    ctx: &Context<'_>,
    owner: &UploadOwner,
    id: &ID,
) -> async_graphql::Result<Result<Row, StepError>> {
    let Some(id) = NodeType::Upload.uuid(id) else {
        return Ok(Err(StepError::NotFound));
    };
    let app = ctx.app();
    let mut conn = ctx.connection().await?;
    let found = model::find(&mut conn, owner, id).await.map_err(internal)?;
    // The store may take its time: no connection is held meanwhile.
    drop(conn);
    let upload = match found {
        None => return Ok(Err(StepError::NotFound)),
        Some(upload) if upload.state != model::UploadState::Announced => return Ok(Ok(upload)),
        Some(upload) => upload,
    };
    let object = app.storage.head(&upload.object_key()).await.map_err(internal)?;
    let handed_in = object.map(|object| object.byte_size);
    Ok(step::hand_in_file(&app.platform, owner, id, handed_in).await)
}

/// Uploads for cases.
#[derive(Default)]
pub struct CaseUploadMutation;

#[Object]
impl CaseUploadMutation {
    /// 上传材料 A graduate announces a file for a case and gets a link to PUT its bytes to. Then `completeUpload`. Sixty an hour,
    /// and thirty at a time that are not attached to a case; those are deleted after a day.
    ///
    /// Refusals: `STEP_NOT_ALLOWED`, `INVALID_INPUT`, `TOO_MANY_REQUESTS`.
    async fn create_upload(
        &self,
        ctx: &Context<'_>,
        input: CreateUploadInput,
    ) -> async_graphql::Result<CreateUploadPayload> {
        let owner = match step::uploading_owner(&ctx.viewer()?) {
            Ok(owner) => owner,
            Err(error) => return Ok(refused(step_errors(error, "")?)),
        };
        let file = match AnnouncedFile::parse(&input.file_name, &input.content_type, input.byte_size) {
            Ok(file) => file,
            Err(errors) => return Ok(refused(UserError::of_fields("", errors))),
        };
        announce_counted(ctx, &owner, &file).await
    }

    /// 上传完成 Says that the bytes of an announced file were put, and has them looked at: what they really are, and whether anybody
    /// should open them. Ask `node(id:)` for the upload's `state` until it is `READY` or `REFUSED`, which takes a moment. Said again, it
    /// gives the upload as it stands.
    ///
    /// Refusals: `NOT_FOUND`, `STEP_NOT_ALLOWED`, `FILE_NOT_UPLOADED`.
    async fn complete_upload(
        &self,
        ctx: &Context<'_>,
        input: CompleteUploadInput,
    ) -> async_graphql::Result<CompleteUploadPayload> {
        match step::uploading_owner(&ctx.viewer()?) {
            Ok(owner) => complete(ctx, &owner, &input.upload_id).await,
            Err(error) => CompleteUploadPayload::of(Err(error), ""),
        }
    }
}
