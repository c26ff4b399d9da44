//! The steps of a reviewer on exports: asking for one, and being given the file. Each is written into the log in its own transaction.

use diesel_async::{AsyncConnection, RunQueryDsl};
use uuid::Uuid;

use super::{IdempotencyKey, StepError, claimed};
use crate::{
    Platform,
    files::TableFormat,
    jobs,
    model::{
        Viewer,
        record_export::{self as exports, ExportStatus, ExportSubject, RecordExport, number_of},
        record_export_log::{self as log, ExportLogAction},
        request_throttle::{Bucket, Limit, admit},
        school,
        terms::FieldError,
    },
    tables::record_exports,
    workflow::Refusal,
};

/// What a reviewer asks for.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// Graduates, or cases.
    pub subject: ExportSubject,
    /// The form of the file.
    pub format: TableFormat,
    /// 届 of the graduates.
    pub class_year: i32,
    /// The department whose records alone he wants; `None` for all that he reviews for.
    pub department_id: Option<Uuid>,
    /// Whether he wants ID-card numbers, telephones, e-mail and postal addresses unmasked.
    pub personal_data: bool,
}

/// The account and the place of a reviewer: nobody else exports.
///
/// # Errors
/// [`Refusal::NotYourRole`] for everybody else.
pub fn exporting_reviewer(viewer: &Viewer) -> Result<(Uuid, Uuid, Option<Uuid>), StepError> {
    match *viewer {
        Viewer::Reviewer {
            account_id,
            school_id,
            department_id,
        } => Ok((account_id, school_id, department_id)),
        _ => Err(Refusal::NotYourRole.into()),
    }
}

/// Asks for an export. The same key with the same request gives the same export. `daily` is how many one person may ask for.
///
/// # Errors
/// [`StepError::NotFound`] for a department that he does not review for, [`Refusal::TooManyExports`], and [`StepError`] otherwise;
/// nothing is written then.
pub async fn export_records(
    platform: &Platform,
    viewer: &Viewer,
    request: &ExportRequest,
    daily: &Limit,
    key: &IdempotencyKey,
) -> Result<RecordExport, StepError> {
    let (account_id, school_id, own_department) = exporting_reviewer(viewer)?;
    let class_year = i16::try_from(request.class_year)
        .ok()
        .filter(|year| (2000..=2100).contains(year))
        .ok_or_else(|| {
            StepError::Invalid(vec![FieldError {
                field: "classYear",
                message: "应为四位毕业年份".to_owned(),
            }])
        })?;
    let mut conn = platform.pool.get().await?;
    let department_id = match (own_department, request.department_id) {
        (Some(own), Some(wanted)) if own != wanted => return Err(StepError::NotFound),
        (Some(own), _) => Some(own),
        (None, None) => None,
        (None, Some(wanted)) => {
            let found = school::department_of(&mut conn, school_id, wanted).await?;
            Some(found.ok_or(StepError::NotFound)?.id)
        }
    };
    let export = conn
        .transaction(async |conn| {
            let now = platform.clock.now();
            let id = Uuid::now_v7();
            if let Some(id) = claimed(conn, account_id, &key.key, &key.request_hash, id, now).await? {
                let before = exports::find(conn, viewer, id, now).await?;
                return before.ok_or(StepError::NotFound);
            }
            let bucket = Bucket::of("exports of an account", account_id.as_bytes());
            if !admit(conn, bucket, daily, now).await? {
                return Err(Refusal::TooManyExports.into());
            }
            let export = RecordExport {
                id,
                number: number_of(id, now),
                school_id,
                department_id,
                created_by: account_id,
                subject: request.subject,
                file_format: request.format,
                class_year,
                personal_data: request.personal_data,
                status: ExportStatus::Queued,
                failure: None,
                run: 0,
                rows_total: None,
                rows_done: 0,
                byte_size: None,
                sha256: None,
                created_at: now,
                progressed_at: now,
                finished_at: None,
                expires_at: None,
            };
            diesel::insert_into(record_exports::table)
                .values(&export)
                .execute(conn)
                .await?;
            log::append(conn, &export, ExportLogAction::Requested, now).await?;
            jobs::enqueue(conn, &jobs::ExportRecords { export_id: id }, now).await?;
            Ok::<_, StepError>(export)
        })
        .await?;
    platform.waker.wake();
    Ok(export)
}

/// Gives who asked for an export the file: writes that into the log, and gives the export whose object may be opened now.
///
/// # Errors
/// [`StepError::NotFound`] for everybody else, and once it has expired; [`Refusal::NotInThisStatus`] before the file is there.
pub async fn take_export(platform: &Platform, viewer: &Viewer, id: Uuid) -> Result<RecordExport, StepError> {
    let mut conn = platform.pool.get().await?;
    conn.transaction(async |conn| {
        let now = platform.clock.now();
        let export = exports::find(conn, viewer, id, now)
            .await?
            .ok_or(StepError::NotFound)?;
        if export.status != ExportStatus::Ready {
            return Err(Refusal::NotInThisStatus.into());
        }
        // The viewer is as old as his request: since then he may have been moved.
        if !exports::still_his(conn, &export).await? {
            return Err(StepError::NotFound);
        }
        log::append(conn, &export, ExportLogAction::LinkGiven, now).await?;
        Ok(export)
    })
    .await
}
