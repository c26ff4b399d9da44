//! Uploads: a signed link by which a browser puts a file straight into the object store. What it put is looked at by the
//! mutation that uses it ([`licence`](super::licence)), or by a job ([`case_upload`](super::case_upload)).

use std::time::Duration;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, TimeDelta, Utc};
use wangqian_schema::{
    files::FileKind,
    model::upload::{self, MAX_BYTES, Upload},
};

use crate::{
    context::ContextExt,
    error::{UserError, internal},
    throttle,
};

/// 上传用途 What a file is to be used for, and nothing else.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadPurpose {
    /// 营业执照 The business licence of an employer that registers.
    BusinessLicence,
}

/// Not the other way round: a roster is announced by `createGraduateImport`, a file for a case by `createUpload`.
impl From<UploadPurpose> for upload::UploadPurpose {
    fn from(purpose: UploadPurpose) -> Self {
        match purpose {
            UploadPurpose::BusinessLicence => Self::BusinessLicence,
        }
    }
}

/// 上传文件 Announces a file.
#[derive(InputObject)]
pub struct BeginUploadInput {
    /// 用途 What it is for.
    purpose: UploadPurpose,
    /// 文件类型 `application/pdf`, `image/png` or `image/jpeg`.
    content_type: String,
    /// 文件大小 Its exact size in bytes, at most 10 MiB.
    byte_size: i32,
}

/// 请求头 A header of a request.
#[derive(SimpleObject)]
pub struct HttpHeader {
    /// 名称 Its name.
    name: String,
    /// 值 Its value.
    value: String,
}

/// 上传链接 A link by which one file of the announced size and type is handed in without a session, for a short time.
#[derive(SimpleObject)]
pub struct UploadLink {
    /// 链接地址 Where to PUT the file's bytes. Whoever has it can hand in a file until it ends: do not keep it.
    url: String,
    /// 请求头 Headers that have to be sent along. The store refuses any other size or type than the announced one.
    headers: Vec<HttpHeader>,
    /// 失效时间 When it ends.
    expires_at: DateTime<Utc>,
}

/// Makes the link by which a file is put.
///
/// # Errors
/// A top-level error where it cannot be signed.
pub(super) async fn upload_link(
    ctx: &Context<'_>,
    object_key: &str,
    content_type: &str,
    byte_size: i32,
) -> async_graphql::Result<UploadLink> {
    let app = ctx.app();
    let seconds = app.settings.upload_link_seconds;
    let lifetime = Duration::from_secs(seconds.into());
    let size = u64::try_from(byte_size).unwrap_or_default();
    let url = app
        .storage
        .presign_put(object_key, lifetime, content_type, size)
        .await
        .map_err(internal)?;
    Ok(UploadLink {
        url,
        headers: vec![HttpHeader {
            name: "Content-Type".to_owned(),
            value: content_type.to_owned(),
        }],
        // The link is judged by the object store's clock, so by the real time.
        expires_at: Utc::now() + TimeDelta::seconds(seconds.into()),
    })
}

/// 上传申请的结果 What came of announcing a file.
#[derive(SimpleObject)]
pub struct BeginUploadPayload {
    /// 上传标识 The upload, for the mutation that uses it within a day; null when it was refused. Whoever has it can use the
    /// file: do not pass it on.
    upload_id: Option<ID>,
    /// 上传链接 Where to hand the file in; null when it was refused.
    link: Option<UploadLink>,
    /// 业务错误 Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Uploads.
#[derive(Default)]
pub struct UploadMutation;

#[Object]
impl UploadMutation {
    /// 上传文件 Gives a link by which a file can be put into the object store until `expiresAt`. The file counts only once a
    /// mutation uses it: what it really is, is looked at then. Unused ones are deleted after a day. Public; sixty files an
    /// hour from one client address, rosters included.
    ///
    /// Refusals: `INVALID_INPUT`, `TOO_MANY_REQUESTS`.
    async fn begin_upload(
        &self,
        ctx: &Context<'_>,
        input: BeginUploadInput,
    ) -> async_graphql::Result<BeginUploadPayload> {
        let refused = |user_errors| BeginUploadPayload {
            upload_id: None,
            link: None,
            user_errors,
        };
        let mut wrong = Vec::new();
        let kind = FileKind::of_content_type(&input.content_type)
            .filter(|kind| FileKind::OF_LICENCES.contains(kind));
        if kind.is_none() {
            wrong.push(UserError::invalid("contentType", "仅支持 PDF、PNG、JPEG 文件"));
        }
        if !(1..=MAX_BYTES).contains(&input.byte_size) {
            wrong.push(UserError::invalid("byteSize", "文件不能为空，且不得超过 10 MB"));
        }
        let (Some(kind), true) = (kind, wrong.is_empty()) else {
            return Ok(refused(wrong));
        };
        let app = ctx.app();
        let mut conn = ctx.connection().await?;
        if let Some(refusal) = throttle::uploads(ctx, &mut conn).await? {
            return Ok(refused(vec![refusal]));
        }
        let now = app.platform.clock.now();
        let upload = Upload::new(input.purpose.into(), kind, input.byte_size, now);
        upload::begin(&mut conn, &upload).await.map_err(internal)?;
        drop(conn);
        let link = upload_link(ctx, &upload.object_key(), &upload.content_type, upload.byte_size).await?;
        Ok(BeginUploadPayload {
            upload_id: Some(ID(upload.id.simple().to_string())),
            link: Some(link),
            user_errors: Vec::new(),
        })
    }
}
