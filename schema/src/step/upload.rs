//! The steps on a file for a case before it belongs to one: announcing it, and having it looked at once it is there. Attaching it is
//! part of the step that hands the case in (`model::case_file`).

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use uuid::Uuid;

use super::StepError;
use crate::{
    Platform,
    files::FileKind,
    jobs,
    model::{
        Viewer,
        case_upload::{self, CaseUpload, MAX_FILE_NAME, MAX_OPEN, UploadOwner, UploadState},
        terms::FieldError,
        upload::MAX_BYTES,
    },
    tables::accounts,
    workflow::Refusal,
};

/// A file that somebody announces, of a kind and size that are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnouncedFile {
    name: String,
    kind: FileKind,
    byte_size: i32,
}

impl AnnouncedFile {
    /// Checks a name, a media type and a size in bytes.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn parse(name: &str, content_type: &str, byte_size: i32) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut wrong = |field, message: String| errors.push(FieldError { field, message });
        let name = name.trim();
        if !(1..=MAX_FILE_NAME).contains(&name.chars().count()) || name.contains(cannot_be_named) {
            let message = format!("应为 1 至 {MAX_FILE_NAME} 个字符，且不含斜杠和不可见字符");
            wrong("fileName", message);
        }
        let kind = FileKind::of_content_type(content_type);
        if kind.is_none() {
            wrong("contentType", "仅支持 JPEG、PNG、WebP 图片和 PDF 文件".to_owned());
        }
        if !(1..=MAX_BYTES).contains(&byte_size) {
            wrong("byteSize", "文件不能为空，且不得超过 10 MB".to_owned());
        }
        match kind {
            Some(kind) if errors.is_empty() => Ok(Self {
                name: name.to_owned(),
                kind,
                byte_size,
            }),
            _ => Err(errors),
        }
    }
}

/// Characters that no name of a file holds: those that mean a folder, and those by which a name reads as another one.
fn cannot_be_named(c: char) -> bool {
    let direction =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let unseen = matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{2060}' | '\u{feff}'
    );
    c.is_control() || matches!(c, '/' | '\\') || direction || unseen
}

/// Whose files are those that this viewer uploads for a case.
///
/// # Errors
/// [`Refusal::NotYourRole`] for whoever hands in no files.
pub fn uploading_owner(viewer: &Viewer) -> Result<UploadOwner, StepError> {
    match *viewer {
        Viewer::Graduate { account_id, .. } => Ok(UploadOwner::Account(account_id)),
        _ => Err(Refusal::NotYourRole.into()),
    }
}

/// Announces a file for a case: from now on its bytes may be put.
///
/// # Errors
/// [`Refusal::TooManyUploads`], and [`StepError`] otherwise; nothing is written then.
pub async fn announce_file(
    platform: &Platform,
    owner: &UploadOwner,
    file: &AnnouncedFile,
) -> Result<CaseUpload, StepError> {
    let mut conn = platform.pool.get().await?;
    conn.transaction(async |conn| {
        if let Some(account_id) = owner.account_id() {
            // One after the other, so that of many at once no more get through.
            accounts::table
                .find(account_id)
                .select(accounts::id)
                .for_no_key_update()
                .first::<Uuid>(conn)
                .await?;
        }
        let now = platform.clock.now();
        if case_upload::count_open(conn, owner, now).await? >= MAX_OPEN {
            return Err(Refusal::TooManyUploads.into());
        }
        let content_type = file.kind.content_type();
        let announced = case_upload::announce(conn, owner, &file.name, content_type, file.byte_size, now);
        Ok(announced.await?)
    })
    .await
}

/// Has a file looked at whose bytes were put; `handed_in` is the size of what lies there. One that was handed in before is given as
/// it stands.
///
/// # Errors
/// [`StepError::NotFound`] for one that is somebody else's or whose time has passed, [`Refusal::FileNotUploaded`], and [`StepError`]
/// otherwise; nothing is written then.
pub async fn hand_in_file(
    platform: &Platform,
    owner: &UploadOwner,
    id: Uuid,
    handed_in: Option<u64>,
) -> Result<CaseUpload, StepError> {
    let mut conn = platform.pool.get().await?;
    let upload = conn
        .transaction(async |conn| {
            let found = case_upload::lock(conn, owner, &[id]).await?.pop();
            let upload = found.ok_or(StepError::NotFound)?;
            if upload.state != UploadState::Announced {
                return Ok(upload);
            }
            let now = platform.clock.now();
            if upload.expires_at <= now {
                return Err(StepError::NotFound);
            }
            if handed_in != u64::try_from(upload.byte_size).ok() {
                return Err(Refusal::FileNotUploaded.into());
            }
            let upload = case_upload::hand_in(conn, id, now).await?;
            jobs::enqueue(conn, &jobs::CheckUpload { upload_id: id }, now).await?;
            Ok(upload)
        })
        .await?;
    platform.waker.wake();
    Ok(upload)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(name: &str, content_type: &str, byte_size: i32) -> Vec<&'static str> {
        let errors = AnnouncedFile::parse(name, content_type, byte_size).err();
        errors
            .unwrap_or_default()
            .iter()
            .map(|error| error.field)
            .collect()
    }

    #[test]
    fn a_file_is_announced_as_what_is_taken() {
        for content_type in ["image/jpeg", "image/png", "image/webp", "application/pdf"] {
            assert_eq!(wrong(" 协议 第1页.jpg ", content_type, MAX_BYTES), [""; 0]);
        }
        assert_eq!(wrong("a", "image/svg+xml", 1), ["contentType"]);
        assert_eq!(wrong("a", "image/png", 0), ["byteSize"]);
        assert_eq!(wrong("a", "image/png", MAX_BYTES + 1), ["byteSize"]);
        let long = "长".repeat(MAX_FILE_NAME);
        assert_eq!(wrong(&long, "image/png", 1), [""; 0]);
        for name in [
            "",
            "  ",
            "../a",
            "a\\b",
            "a\u{0}",
            "a\nb",
            "a\u{202e}fdp.exe",
            "a\u{200b}b",
            &format!("{long}a"),
        ] {
            assert_eq!(wrong(name, "image/png", 1), ["fileName"], "{name:?}");
        }
        assert_eq!(wrong("", "", 0), ["fileName", "contentType", "byteSize"]);
    }
}
