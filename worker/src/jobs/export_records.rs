//! Writes an export into a file and stores it. Idempotent: every run writes all of it anew, under a key of its own, and only the last
//! one to begin makes the export ready. A worker that is killed leaves nothing on its machine, and in the store at most an object that
//! is swept with the export.

use apalis::prelude::Data;
use chrono::TimeDelta;
use tokio::sync::mpsc;
use wangqian_schema::{
    Platform,
    export::{Place, Row, Scope, moment},
    jobs::ExportRecords,
    model::{
        Viewer,
        record_export::{self as exports, ExportFailure, RecordExport, StoredExport},
        reviewer, school,
    },
};
use wangqian_storage::Storage;

use crate::{
    JobError,
    export_file::{self, Mark, Written},
};

/// Batches that are read ahead of the one that is being written.
const AHEAD: usize = 2;

/// What the handler needs.
#[derive(Clone, Debug)]
pub(crate) struct ExportParts {
    pub(crate) platform: Platform,
    pub(crate) storage: Storage,
    /// For how long a file is kept.
    pub(crate) keep: TimeDelta,
}

/// The handler of the queue `export_records`.
pub(crate) async fn export_records(job: ExportRecords, parts: Data<ExportParts>) -> Result<(), JobError> {
    let platform = &parts.platform;
    let mut conn = platform.pool.get().await?;
    let now = platform.clock.now();
    // One that was swept is done, too.
    let Some(export) = exports::begin(&mut conn, job.export_id, now).await? else {
        return Ok(());
    };
    drop(conn);
    platform.waker.wake();
    let worked = work(&parts, &export).await;
    platform.waker.wake();
    worked
}

async fn work(parts: &ExportParts, export: &RecordExport) -> Result<(), JobError> {
    let platform = &parts.platform;
    // What he may have is looked at when it is begun, and again before he is offered it.
    if !allowed(parts, export).await? {
        return Ok(());
    }
    let Some((written, rows)) = write(platform, export).await? else {
        return Ok(());
    };
    let mut file = tokio::fs::File::from_std(written.file);
    let key = export.object_key();
    let media_type = export.file_format.media_type();
    let put = parts
        .storage
        .put_from(&key, media_type, written.byte_size, &mut file)
        .await;
    put.map_err(|error| JobError::retry(format_args!("the file could not be stored: {error}")))?;
    if !allowed(parts, export).await? {
        return Ok(());
    }
    let now = platform.clock.now();
    let stored = StoredExport {
        byte_size: i64::try_from(written.byte_size).unwrap_or(i64::MAX),
        sha256: written.sha256,
        rows,
        expires_at: now + parts.keep,
    };
    let mut conn = platform.pool.get().await?;
    // Otherwise another run has begun meanwhile: what this one has stored is swept with the export.
    exports::finish(&mut conn, export, &stored, now).await?;
    Ok(())
}

/// Whether who asked may still have it; otherwise that is noted.
async fn allowed(parts: &ExportParts, export: &RecordExport) -> Result<bool, JobError> {
    let mut conn = parts.platform.pool.get().await?;
    if exports::still_his(&mut conn, export).await? {
        return Ok(true);
    }
    tracing::warn!(export = %export.id, "who asked for an export no longer reviews there");
    let now = parts.platform.clock.now();
    let failure = ExportFailure::ScopeLost;
    exports::fail(&mut conn, export.id, failure, now, now + parts.keep).await?;
    Ok(false)
}

/// Reads the rows and writes them on a thread of its own; gives the file and how many rows are in it. `None` when another run has begun.
async fn write(platform: &Platform, export: &RecordExport) -> Result<Option<(Written, i32)>, JobError> {
    let scope = Scope::from(export);
    let mark = mark(platform, export).await?;
    let (format, headings) = (export.file_format, scope.headings());
    let (sender, mut batches) = mpsc::channel::<Vec<Row>>(AHEAD);
    let writing = tokio::task::spawn_blocking(move || {
        let batches = std::iter::from_fn(|| batches.blocking_recv());
        export_file::write(format, &mark, headings, batches)
    });
    let total = scope.count(&mut *platform.pool.get().await?).await?;
    let total = i32::try_from(total).unwrap_or(i32::MAX);
    let (mut place, mut done) = (Place::default(), 0_i32);
    loop {
        let mut conn = platform.pool.get().await?;
        let now = platform.clock.now();
        if !exports::progress(&mut conn, export, done, total, now).await? {
            return Ok(None);
        }
        platform.waker.wake();
        let Some((rows, next)) = scope.batch(&mut conn, place).await? else {
            break;
        };
        place = next;
        done = done.saturating_add(i32::try_from(rows.len()).unwrap_or(i32::MAX));
        // The disk may be slow: no connection is held meanwhile.
        drop(conn);
        if sender.send(rows).await.is_err() {
            break;
        }
    }
    drop(sender);
    let written = writing.await.map_err(JobError::retry)?;
    let written = written.map_err(JobError::retry)?;
    Ok(Some((written, done)))
}

/// Who takes what, in the words that are written into the file.
async fn mark(platform: &Platform, export: &RecordExport) -> Result<Mark, JobError> {
    let mut conn = platform.pool.get().await?;
    let gone = |what: &str| JobError::park(format_args!("the export's {what} is not there"));
    let schools = school::schools_by_ids(&conn, &[export.school_id]).await?;
    let school = schools.into_iter().next().ok_or_else(|| gone("school"))?;
    let department = match export.department_id {
        Some(id) => school::department_of(&mut conn, school.id, id).await?,
        None => None,
    };
    let place = department.map_or_else(|| "全校".to_owned(), |department| department.name);
    // Who reviews for the whole school is no colleague of the one department that he exports.
    let of_school = Viewer::Reviewer {
        account_id: export.created_by,
        school_id: export.school_id,
        department_id: None,
    };
    let taker = reviewer::find(&mut conn, &of_school, export.created_by).await?;
    Ok(Mark {
        school: school.name,
        scope: format!("{place} {}届", export.class_year),
        subject: export.subject.name_zh(),
        taker: taker.ok_or_else(|| gone("reviewer"))?.name,
        taken_at: moment(platform.clock.now()),
        number: export.number.clone(),
        personal_data: export.personal_data,
    })
}
