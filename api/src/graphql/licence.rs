//! Business licences: read from where a link has put them, inspected as the files of cases are, and stored where no link reaches them.
//!
//! Here and not in a job, since whoever registers has no account to ask with for what became of it, and each repetition of his
//! registration would cost one of his code's tries. So one is inspected at a time in a process, of fewer pixels than elsewhere.

use std::time::Duration;

use async_graphql::{Context, ID};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use wangqian_intake::{Intake, Kind, Refused, inspect_up_to};
use wangqian_schema::{
    model::upload::{self, Upload},
    step::StoredLicence,
};
use wangqian_storage::StorageError;

use crate::{
    context::ContextExt,
    error::{UserError, UserErrorCode, internal},
    slots, throttle,
};

/// Pixels that a licence's picture may have: an A4 page at 500 dpi, and half of what a case's file may have. They
/// decide how much memory an inspection takes at most, some 300 MB.
const MAX_PIXELS: u64 = 26_000_000;
/// Inspections at the same time in one process.
pub(crate) const PLACES: usize = 1;
/// How long somebody waits for a place: well within the time that an operation may take.
pub(crate) const WAIT: Duration = Duration::from_secs(15);

fn not_uploaded(field: &str, message: &str) -> UserError {
    UserError {
        field: Some(field.to_owned()),
        ..UserError::new(UserErrorCode::FileNotUploaded, message)
    }
}

/// Reads the file of an upload, looks what it is, and stores its clean copy where no link reaches it. `Err` says what the person
/// has to put right about `field`.
///
/// # Errors
/// A top-level error of the database's or the object store's, and UNAVAILABLE when there was no place to look at it in time.
pub(super) async fn take_licence(
    ctx: &Context<'_>,
    upload_id: &ID,
    field: &str,
) -> async_graphql::Result<Result<StoredLicence, UserError>> {
    let app = ctx.app();
    let Ok(id) = Uuid::try_parse(upload_id) else {
        return Ok(Err(UserError::not_found(field)));
    };
    let purpose = upload::UploadPurpose::BusinessLicence;
    let mut conn = ctx.connection().await?;
    let found = upload::find(&mut conn, id, purpose, app.platform.clock.now())
        .await
        .map_err(internal)?;
    let Some(upload) = found else {
        return Ok(Err(UserError::not_found(field)));
    };
    if let Some(refusal) = throttle::licences(ctx, &mut conn).await? {
        return Ok(Err(refusal));
    }
    drop(conn);
    let copy = match inspected(ctx, &upload, field).await? {
        Ok(copy) => copy,
        Err(error) => return Ok(Err(error)),
    };
    // Of one file there is one copy; so whoever puts another one and uses the upload again is found out.
    let sha256: [u8; 32] = Sha256::digest(&copy.bytes).into();
    let mut conn = ctx.connection().await?;
    let same = upload::note_read(&mut conn, id, &sha256)
        .await
        .map_err(internal)?;
    drop(conn);
    if !same {
        return Ok(Err(UserError::invalid(field, "文件在使用后被替换，请重新上传")));
    }
    let object_key = upload::licence_key(id, &sha256);
    let content_type = copy.kind.content_type();
    app.storage
        .put(&object_key, content_type, &copy.bytes)
        .await
        .map_err(internal)?;
    Ok(Ok(StoredLicence {
        object_key,
        content_type: content_type.to_owned(),
        byte_size: i32::try_from(copy.bytes.len())
            .map_err(|_| internal("a copy of more bytes than are taken"))?,
        sha256,
    }))
}

/// The clean copy of what was put, or why there is none.
async fn inspected(
    ctx: &Context<'_>,
    upload: &Upload,
    field: &str,
) -> async_graphql::Result<Result<Intake, UserError>> {
    let app = ctx.app();
    let Some(announced) = Kind::of_content_type(&upload.content_type) else {
        let (announced, found) = (Kind::Pdf, None);
        let refused = Refused::WrongType { announced, found };
        return Ok(Err(UserError::invalid(field, refusal_zh(&refused))));
    };
    let put = app.storage.head(&upload.object_key()).await.map_err(internal)?;
    if put.is_none() {
        return Ok(Err(not_uploaded(field, "文件尚未上传完成")));
    }
    // Before it is read: what waits holds no file.
    let slot = slots::take(ctx, &app.licence_slots).await?;
    // The link took this size only; looked at again while it is read into memory.
    let size = u64::try_from(upload.byte_size).unwrap_or_default();
    let mut bytes = Vec::with_capacity(usize::try_from(upload.byte_size).unwrap_or_default());
    match app.storage.get_into(&upload.object_key(), size, &mut bytes).await {
        Ok(read) if read == size => {}
        Ok(_) | Err(StorageError::TooLarge(_) | StorageError::NotFound) => {
            return Ok(Err(not_uploaded(field, "文件大小与上传前不符，请重新上传")));
        }
        Err(error) => return Err(internal(error)),
    }
    let inspecting = tokio::task::spawn_blocking(move || {
        let inspected = inspect_up_to(&bytes, announced, MAX_PIXELS);
        // Here, since it goes on although nobody waits for it any more.
        drop(slot);
        inspected
    });
    let inspected = inspecting.await.map_err(internal)?;
    Ok(inspected.map_err(|refused| {
        tracing::info!(upload = %upload.id, reason = %refused, "a licence is not what it should be");
        UserError::invalid(field, refusal_zh(&refused))
    }))
}

/// What the person is told.
fn refusal_zh(refused: &Refused) -> &'static str {
    match refused {
        Refused::WrongType { .. } => "文件内容与类型不符，请上传 PDF、PNG 或 JPEG 文件",
        Refused::TooManyPixels => "图片尺寸过大（总计不超过 2600 万像素），请缩小后重新上传",
        other => other.message_zh().trim_end_matches('。'),
    }
}
