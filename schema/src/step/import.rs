//! The steps of a reviewer on an import of a roster: announcing the file, and having it worked through once it is there.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error as DieselError},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{IdempotencyKey, StepError, claimed};
use crate::{
    Platform,
    files::TableFormat,
    jobs,
    model::{
        Viewer,
        graduate_import::{self as imports, GraduateImport, ImportStatus, MAX_BYTES, NewGraduateImport},
        terms::FieldError,
        upload::{self, Upload, UploadPurpose},
    },
    tables::graduate_imports,
    workflow::Refusal,
};

/// Most characters of a file's name.
const MAX_FILE_NAME: usize = 200;

/// A file that a school announces.
#[derive(Clone, Debug)]
pub struct Roster {
    /// Its name on the person's machine.
    pub file_name: String,
    /// Its form.
    pub format: TableFormat,
    /// Its size in bytes.
    pub byte_size: i32,
    /// Until when the link to hand it in will hold.
    pub upload_until: DateTime<Utc>,
}

impl Roster {
    fn check(&self) -> Result<(), StepError> {
        let mut wrong = Vec::new();
        let length = self.file_name.trim().chars().count();
        if !(1..=MAX_FILE_NAME).contains(&length) || self.file_name.chars().any(char::is_control) {
            wrong.push(FieldError {
                field: "fileName",
                message: format!("应为 1 至 {MAX_FILE_NAME} 个字符，且不含控制字符"),
            });
        }
        if !(1..=MAX_BYTES).contains(&self.byte_size) {
            wrong.push(FieldError {
                field: "byteSize",
                message: format!("文件不能为空，且不得超过 {} MB", MAX_BYTES / 1024 / 1024),
            });
        }
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(StepError::Invalid(wrong))
        }
    }
}

/// The account and the school of a reviewer who may import: rosters hold graduates of all departments, so only reviewers of
/// the school.
///
/// # Errors
/// [`Refusal::NotYourRole`] for everybody else.
pub fn importing_school(viewer: &Viewer) -> Result<(Uuid, Uuid), StepError> {
    match *viewer {
        Viewer::Reviewer {
            account_id,
            school_id,
            department_id: None,
        } => Ok((account_id, school_id)),
        _ => Err(Refusal::NotYourRole.into()),
    }
}

/// Announces a roster. The same key with the same file gives the same import, whose link then holds until the later time.
/// Should the file never come, a job puts the import away.
///
/// # Errors
/// [`StepError`]; nothing is written then.
pub async fn create_import(
    platform: &Platform,
    viewer: &Viewer,
    roster: &Roster,
    key: &IdempotencyKey,
) -> Result<GraduateImport, StepError> {
    let (account_id, school_id) = importing_school(viewer)?;
    roster.check()?;
    let mut conn = platform.pool.get().await?;
    conn.transaction(async |conn| {
        let now = platform.clock.now();
        let id = Uuid::now_v7();
        if let Some(id) = claimed(conn, account_id, &key.key, &key.request_hash, id, now).await? {
            return again(conn, viewer, id, roster.upload_until).await;
        }
        let upload = Upload {
            id,
            purpose: UploadPurpose::Roster,
            content_type: roster.format.media_type().to_owned(),
            byte_size: roster.byte_size,
            created_at: now,
            expires_at: roster.upload_until,
        };
        upload::begin(conn, &upload).await?;
        let new = NewGraduateImport {
            id,
            school_id,
            created_by: account_id,
            file_name: roster.file_name.trim().to_owned(),
            file_format: roster.format,
            byte_size: roster.byte_size,
            object_key: upload.object_key(),
            status: ImportStatus::AwaitingUpload,
            created_at: now,
            upload_until: roster.upload_until,
            progressed_at: now,
        };
        let import = diesel::insert_into(graduate_imports::table)
            .values(&new)
            .returning(GraduateImport::as_returning())
            .get_result(conn)
            .await?;
        let job = jobs::ImportGraduates { import_id: id };
        jobs::enqueue(conn, &job, roster.upload_until + upload::GRACE).await?;
        Ok(import)
    })
    .await
}

async fn again(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    id: Uuid,
    upload_until: DateTime<Utc>,
) -> Result<GraduateImport, StepError> {
    use graduate_imports as import;
    let prolonged = diesel::update(import::table.find(id))
        .filter(import::status.eq(ImportStatus::AwaitingUpload))
        .filter(import::upload_until.lt(upload_until))
        .set(import::upload_until.eq(upload_until))
        .execute(conn)
        .await?;
    if prolonged == 1 {
        upload::prolong(conn, id, upload_until).await?;
    }
    imports::find(conn, viewer, id).await?.ok_or(StepError::NotFound)
}

/// Has a roster worked through whose file has been handed in; `handed_in` is the size of what lies there. One that was begun
/// before is given as it stands.
///
/// # Errors
/// [`Refusal::FileNotUploaded`], [`Refusal::ImportAtWork`], and [`StepError`] otherwise; nothing is written then.
pub async fn start_import(
    platform: &Platform,
    viewer: &Viewer,
    id: Uuid,
    handed_in: Option<u64>,
) -> Result<GraduateImport, StepError> {
    importing_school(viewer)?;
    let mut conn = platform.pool.get().await?;
    let started = conn
        .transaction(async |conn| {
            imports::find(conn, viewer, id)
                .await?
                .ok_or(StepError::NotFound)?;
            let mut import = imports::lock(conn, id).await?.ok_or(StepError::NotFound)?;
            if import.status != ImportStatus::AwaitingUpload {
                return Ok(import);
            }
            if handed_in != u64::try_from(import.byte_size).ok() {
                return Err(Refusal::FileNotUploaded.into());
            }
            let now = platform.clock.now();
            import.status = ImportStatus::Queued;
            import.progressed_at = now;
            diesel::update(graduate_imports::table.find(id))
                .set((
                    graduate_imports::status.eq(import.status),
                    graduate_imports::progressed_at.eq(now),
                ))
                .execute(conn)
                .await
                .map_err(|error| match error {
                    DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
                        StepError::Refused(Refusal::ImportAtWork)
                    }
                    other => StepError::Database(other),
                })?;
            jobs::hurry(conn, &jobs::ImportGraduates { import_id: id }, now).await?;
            Ok::<_, StepError>(import)
        })
        .await?;
    platform.waker.wake();
    Ok(started)
}
