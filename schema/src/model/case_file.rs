//! Files of cases: what was handed in with one, submission by submission. Nothing changes or deletes a row, or the objects it
//! names. Who sees a case sees its files; that is asked of the case.

use std::{
    collections::{HashMap, HashSet},
    ops::RangeInclusive,
};

use chrono::{DateTime, Utc};
use diesel::{prelude::*, sql_types::Bool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    case_upload::{self, CaseUpload, UploadOwner, UploadState},
    event::CaseKind,
    terms::FieldError,
};
use crate::{fixed_sql, tables::case_files};

/// Most files of one submission (DESTINATION_FORMS.md, B4).
pub const MAX_FILES: usize = 9;

/// The names of the fields in which the ids of files stand.
const FIELDS: [&str; MAX_FILES] = [
    "files.0", "files.1", "files.2", "files.3", "files.4", "files.5", "files.6", "files.7", "files.8",
];

/// A file that was handed in with a case.
#[derive(Queryable, Selectable, Insertable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = case_files)]
pub struct CaseFile {
    /// Its id.
    pub id: Uuid,
    /// Of what kind the case is.
    pub case_kind: CaseKind,
    /// The case.
    pub case_id: Uuid,
    /// The number of the case's event with which it was handed in.
    pub sequence: i32,
    /// Its place in that submission, from 0.
    pub position: i16,
    /// Its name on the person's machine.
    pub file_name: String,
    /// Its media type, of the clean copy as all that follows.
    pub content_type: String,
    /// Its size in bytes.
    pub byte_size: i32,
    /// SHA-256 of its bytes.
    pub sha256: Vec<u8>,
    /// SHA-256 of what the person handed in, before it was cleaned.
    pub original_sha256: Vec<u8>,
    /// Where it is.
    pub object_key: String,
    /// Where its thumbnail is, a JPEG; of pictures.
    pub thumbnail_key: Option<String>,
    /// Width in pixels, of pictures.
    pub width: Option<i32>,
    /// Height in pixels, of pictures.
    pub height: Option<i32>,
    /// Number of pages, of PDFs.
    pub pages: Option<i32>,
    /// The account of whoever handed it in; none through a secret link.
    pub uploaded_by: Option<Uuid>,
    /// When it was first handed in with the case: a later submission that keeps it does not change that.
    pub created_at: DateTime<Utc>,
}

/// The files that were handed in with these cases in one submission of each, in their order: the newest one, or the one with this
/// number. The newest submission is the one that the trail says, also where nothing was handed in with it: its event has `files`.
///
/// # Errors
/// The database's.
pub async fn of_cases(
    conn: &mut AsyncPgConnection,
    case_ids: &[Uuid],
    submission: Option<i32>,
) -> QueryResult<Vec<CaseFile>> {
    let query = case_files::table
        .filter(case_files::case_id.eq_any(case_ids))
        .order((case_files::case_id, case_files::position))
        .select(CaseFile::as_select())
        .into_boxed();
    let query = match submission {
        Some(submission) => query.filter(case_files::sequence.eq(submission)),
        None => query.filter(fixed_sql::<Bool>(
            "case_files.sequence = (SELECT max(event.sequence) FROM case_events AS event \
             WHERE event.case_id = case_files.case_id AND event.changes ? 'files')",
        )),
    };
    query.load(conn).await
}

/// A file: whether the viewer sees its case is for the caller to ask.
///
/// # Errors
/// The database's.
pub async fn find(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<CaseFile>> {
    case_files::table
        .find(id)
        .select(CaseFile::as_select())
        .first(conn)
        .await
        .optional()
}

/// Why files were not attached. Nothing was written then.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// Some of them cannot be: `files`, or `files.<index>` for each.
    #[error("the files are not valid")]
    Files(Vec<FieldError>),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] diesel::result::Error),
}

impl AttachError {
    fn of_field(field: &'static str, message: impl Into<String>) -> Self {
        Self::Files(vec![FieldError {
            field,
            message: message.into(),
        }])
    }
}

/// Attaches files to a case, in the transaction of the step that hands them in; `sequence` is the number of its event. Each id is
/// that of a checked upload of the owner's, which is used up by it, or that of a file of the same case, which is kept in this
/// submission.
///
/// # Errors
/// [`AttachError::Files`] names all that is wrong; the transaction must not commit then.
pub async fn attach(
    conn: &mut AsyncPgConnection,
    owner: &UploadOwner,
    case: (CaseKind, Uuid),
    sequence: i32,
    files: &[Uuid],
    limits: RangeInclusive<usize>,
    now: DateTime<Utc>,
) -> Result<Vec<CaseFile>, AttachError> {
    let (case_kind, case_id) = case;
    check_count(files.len(), &limits)?;
    let uploads = case_upload::lock(conn, owner, files).await?;
    let uploads: HashMap<Uuid, CaseUpload> = uploads.into_iter().map(|one| (one.id, one)).collect();
    let kept = case_files::table
        .filter(case_files::id.eq_any(files))
        .filter(case_files::case_id.eq(case_id))
        .filter(case_files::case_kind.eq(case_kind))
        .select(CaseFile::as_select())
        .load(conn)
        .await?;
    let kept: HashMap<Uuid, CaseFile> = kept.into_iter().map(|one| (one.id, one)).collect();

    let (mut rows, mut wrong) = (Vec::new(), Vec::new());
    // Two ids may mean one object: a file and the same file as it was kept in a later submission.
    let mut seen = HashSet::new();
    for ((id, field), position) in files.iter().zip(FIELDS).zip(0_i16..) {
        let made = match (uploads.get(id), kept.get(id)) {
            (Some(upload), _) => of_upload(upload, owner, case, now),
            (None, Some(file)) => Ok(file.clone()),
            (None, None) => Err("文件不存在或已过期，请重新上传"),
        };
        let made = made.and_then(|file| match seen.insert(file.object_key.clone()) {
            true => Ok(file),
            false => Err("同一文件不能重复提交"),
        });
        match made {
            Ok(file) => rows.push(CaseFile {
                id: Uuid::now_v7(),
                sequence,
                position,
                ..file
            }),
            Err(message) => wrong.push(FieldError {
                field,
                message: message.to_owned(),
            }),
        }
    }
    if !wrong.is_empty() {
        return Err(AttachError::Files(wrong));
    }
    let used: Vec<Uuid> = uploads.into_keys().collect();
    case_upload::mark_attached(conn, &used, now).await?;
    diesel::insert_into(case_files::table)
        .values(&rows)
        .execute(conn)
        .await?;
    Ok(rows)
}

fn check_count(count: usize, limits: &RangeInclusive<usize>) -> Result<(), AttachError> {
    let (least, most) = (*limits.start(), (*limits.end()).min(MAX_FILES));
    match count {
        0 if least > 0 => Err(AttachError::of_field("files", "请上传材料")),
        count if count < least => Err(AttachError::of_field("files", format!("至少上传 {least} 个文件"))),
        count if count > most => Err(AttachError::of_field("files", format!("最多上传 {most} 个文件"))),
        _ => Ok(()),
    }
}

/// An upload as a file of the case, if it may become one.
fn of_upload(
    upload: &CaseUpload,
    owner: &UploadOwner,
    (case_kind, case_id): (CaseKind, Uuid),
    now: DateTime<Utc>,
) -> Result<CaseFile, &'static str> {
    let copy = match (upload.state, upload.refusal) {
        _ if upload.attached_at.is_some() => return Err("该文件已被使用，请重新上传"),
        (UploadState::Refused, Some(refusal)) => return Err(refusal.message_zh()),
        _ if upload.expires_at <= now => return Err("文件不存在或已过期，请重新上传"),
        (UploadState::Announced, _) => return Err("文件尚未上传完成"),
        (UploadState::Checking, _) => return Err("文件正在检查，请稍候再提交"),
        (UploadState::Ready | UploadState::Refused, _) => upload.clean_copy(),
    };
    let copy = copy.ok_or("文件不存在或已过期，请重新上传")?;
    Ok(CaseFile {
        id: upload.id,
        case_kind,
        case_id,
        sequence: 0,
        position: 0,
        file_name: upload.file_name.clone(),
        content_type: copy.content_type,
        byte_size: copy.byte_size,
        sha256: copy.sha256,
        original_sha256: copy.original_sha256,
        object_key: copy.object_key,
        thumbnail_key: copy.thumbnail_key,
        width: copy.width,
        height: copy.height,
        pages: copy.pages,
        uploaded_by: owner.account_id(),
        created_at: now,
    })
}
