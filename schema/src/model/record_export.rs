//! Exports of a school's records: their rows, whose they are, how far they are, and what becomes of them. What stands in the file says
//! [`crate::export`]; who asked for one and took one is kept by [`super::record_export_log`].

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    Page, PageRequest, Viewer,
    page::load_page,
    upload::{GRACE, Over},
};
use crate::{
    clock::shanghai_date,
    files::TableFormat,
    tables::{accounts, record_exports, reviewers},
    text_enum::text_enum,
};

/// Exports that are swept at a time.
const BATCH: i64 = 100;

text_enum! {
    /// What an export is of.
    pub enum ExportSubject {
        /// 毕业生 graduates with what holds them now and their destination: a row each.
        Graduates = "GRADUATES",
        /// 办理事项 cases of all kinds that reviewers see: a row each.
        Cases = "CASES",
    }
}

impl ExportSubject {
    /// Chinese name, as it stands in files and their names.
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Graduates => "毕业生名单",
            Self::Cases => "办理事项",
        }
    }
}

text_enum! {
    /// How far an export is.
    pub enum ExportStatus {
        /// 排队中 It waits for a worker.
        Queued = "QUEUED",
        /// 导出中 A worker is at it.
        Running = "RUNNING",
        /// 可下载 The file is there, until it expires.
        Ready = "READY",
        /// 失败 There will be no file; `failure` says why.
        Failed = "FAILED",
    }
}

text_enum! {
    /// Why there will be no file.
    pub enum ExportFailure {
        /// 权限已变更 Who asked for it no longer reviews for what he asked of.
        ScopeLost = "SCOPE_LOST",
    }
}

/// An export.
#[derive(Queryable, Selectable, Insertable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = record_exports, treat_none_as_default_value = false)]
pub struct RecordExport {
    /// Its id.
    pub id: Uuid,
    /// 导出编号, which stands in the file, too.
    pub number: String,
    /// The school whose records they are.
    pub school_id: Uuid,
    /// The department whose records alone they are; `None` for the whole school.
    pub department_id: Option<Uuid>,
    /// The account of the reviewer who asked for it.
    pub created_by: Uuid,
    /// What it is of.
    pub subject: ExportSubject,
    /// The form of the file.
    pub file_format: TableFormat,
    /// 届 of the graduates.
    pub class_year: i16,
    /// Whether ID-card numbers, telephones, e-mail and postal addresses stand in it unmasked.
    pub personal_data: bool,
    /// How far it is.
    pub status: ExportStatus,
    /// Why there will be no file.
    pub failure: Option<ExportFailure>,
    /// How often a worker has begun.
    pub run: i32,
    /// How many rows there are, as counted when the last run began; at the end, as many as are in the file.
    pub rows_total: Option<i32>,
    /// How many the last run has read.
    pub rows_done: i32,
    /// The file's size in bytes, once it is there.
    pub byte_size: Option<i64>,
    /// The file's SHA-256, once it is there.
    pub sha256: Option<Vec<u8>>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it last went on.
    pub progressed_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// From when on nobody is given it any more.
    pub expires_at: Option<DateTime<Utc>>,
}

impl RecordExport {
    /// Where the file of a run lies. Each run has a place of its own: what a run puts that was broken off, or that another has
    /// overtaken, is never taken for the file.
    fn key_of(&self, run: i32) -> String {
        format!(
            "exports/{}/{run}.{}",
            self.id.simple(),
            self.file_format.extension()
        )
    }

    /// Where the last run puts the file.
    pub fn object_key(&self) -> String {
        self.key_of(self.run)
    }

    /// Everywhere where a run may have put something.
    fn object_keys(&self) -> Vec<String> {
        (1..=self.run).map(|run| self.key_of(run)).collect()
    }

    /// Who sees exactly the records that are in it: a reviewer for its school or department.
    pub const fn reader(&self) -> Viewer {
        Viewer::Reviewer {
            account_id: self.created_by,
            school_id: self.school_id,
            department_id: self.department_id,
        }
    }
}

/// 导出编号 of an export that is asked for now: the day in Asia/Shanghai, and the random end of its id.
pub fn number_of(id: Uuid, now: DateTime<Utc>) -> String {
    let [.., a, b, c, d] = *id.as_bytes();
    format!(
        "{}-{:08X}",
        shanghai_date(now).format("%Y%m%d"),
        u32::from_be_bytes([a, b, c, d])
    )
}

type VisibleExports = Box<dyn BoxableExpression<record_exports::table, Pg, SqlType = Bool>>;

/// Which exports a viewer sees: those that he asked for himself, as long as he reviews for what is in them. Other reviewers of
/// the school see in the log that there is one, and do not get it.
pub fn visible_to(viewer: &Viewer) -> VisibleExports {
    match *viewer {
        Viewer::Reviewer {
            account_id,
            school_id,
            department_id: None,
        } => Box::new(
            record_exports::created_by
                .eq(account_id)
                .and(record_exports::school_id.eq(school_id)),
        ),
        Viewer::Reviewer {
            account_id,
            department_id: Some(department_id),
            ..
        } => Box::new(
            record_exports::created_by
                .eq(account_id)
                .and(record_exports::department_id.is_not_distinct_from(department_id)),
        ),
        _ => Box::new(false.into_sql::<Bool>()),
    }
}

/// The reviewer behind an account as he reviews now; `None` when he is none, or his account is disabled.
async fn reviewer_now(conn: &mut AsyncPgConnection, account_id: Uuid) -> QueryResult<Option<Viewer>> {
    let place: Option<(Uuid, Option<Uuid>)> = reviewers::table
        .inner_join(accounts::table)
        .filter(reviewers::account_id.eq(account_id))
        .filter(accounts::disabled_at.is_null())
        .select((reviewers::school_id, reviewers::department_id))
        .first(conn)
        .await
        .optional()?;
    Ok(place.map(|(school_id, department_id)| Viewer::Reviewer {
        account_id,
        school_id,
        department_id,
    }))
}

/// Whether who asked for an export may still have what is in it.
///
/// # Errors
/// The database's.
pub async fn still_his(conn: &mut AsyncPgConnection, export: &RecordExport) -> QueryResult<bool> {
    let Some(viewer) = reviewer_now(conn, export.created_by).await? else {
        return Ok(false);
    };
    let seen: Option<Uuid> = record_exports::table
        .filter(record_exports::id.eq(export.id))
        .filter(visible_to(&viewer))
        .select(record_exports::id)
        .first(conn)
        .await
        .optional()?;
    Ok(seen.is_some())
}

/// An export, if the viewer sees it and it has not expired.
///
/// # Errors
/// The database's.
pub async fn find(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    id: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<Option<RecordExport>> {
    record_exports::table
        .filter(record_exports::id.eq(id))
        .filter(visible_to(viewer))
        .filter(not_expired(now))
        .select(RecordExport::as_select())
        .first(conn)
        .await
        .optional()
}

#[diesel::dsl::auto_type(no_type_alias)]
fn not_expired(now: DateTime<Utc>) -> _ {
    record_exports::expires_at
        .is_null()
        .or(record_exports::expires_at.assume_not_null().gt(now))
}

/// An export: for the job that works on it, and for those who follow it.
///
/// # Errors
/// The database's.
pub async fn load(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<RecordExport>> {
    record_exports::table
        .find(id)
        .select(RecordExport::as_select())
        .first(conn)
        .await
        .optional()
}

/// The exports that a viewer sees, newest first.
///
/// # Errors
/// The database's.
pub async fn list(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    request: &PageRequest<Uuid>,
    now: DateTime<Utc>,
) -> QueryResult<Page<RecordExport>> {
    let query = record_exports::table
        .filter(visible_to(viewer))
        .filter(not_expired(now))
        .select(RecordExport::as_select())
        .into_boxed();
    load_page!(conn, query, request, descending record_exports::id)
}

/// Begins to work on an export, from its first row, and gives it as it stands then. `None` when it has ended. From now on whatever
/// an earlier run still does counts for nothing.
///
/// # Errors
/// The database's.
pub async fn begin(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<Option<RecordExport>> {
    use record_exports as export;
    diesel::update(export::table.find(id))
        .filter(export::finished_at.is_null())
        .set((
            export::status.eq(ExportStatus::Running),
            export::run.eq(export::run + 1),
            export::rows_total.eq(None::<i32>),
            export::rows_done.eq(0),
            export::progressed_at.eq(now),
        ))
        .returning(RecordExport::as_returning())
        .get_result(conn)
        .await
        .optional()
}

/// Notes how many rows a run has read, and how many there are; `false` when another run has begun.
///
/// # Errors
/// The database's.
pub async fn progress(
    conn: &mut AsyncPgConnection,
    export: &RecordExport,
    rows_done: i32,
    rows_total: i32,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    use record_exports as row;
    let noted = diesel::update(row::table.find(export.id))
        .filter(row::status.eq(ExportStatus::Running))
        .filter(row::run.eq(export.run))
        .set((
            row::rows_done.eq(rows_done),
            // Who was entered since they were counted is read as well.
            row::rows_total.eq(rows_total.max(rows_done)),
            row::progressed_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(noted == 1)
}

/// A file that a run has stored.
#[derive(Clone, Debug)]
pub struct StoredExport {
    /// Its size in bytes.
    pub byte_size: i64,
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// How many rows are in it, headings not counted.
    pub rows: i32,
    /// Until when it is kept.
    pub expires_at: DateTime<Utc>,
}

/// Makes an export ready whose file a run has stored; `false` when another run has begun, or it has ended.
///
/// # Errors
/// The database's.
pub async fn finish(
    conn: &mut AsyncPgConnection,
    export: &RecordExport,
    stored: &StoredExport,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    use record_exports as row;
    let finished = diesel::update(row::table.find(export.id))
        .filter(row::status.eq(ExportStatus::Running))
        .filter(row::run.eq(export.run))
        .set((
            row::status.eq(ExportStatus::Ready),
            row::byte_size.eq(stored.byte_size),
            row::sha256.eq(stored.sha256.as_slice()),
            row::rows_done.eq(stored.rows),
            row::rows_total.eq(stored.rows),
            row::progressed_at.eq(now),
            row::finished_at.eq(now),
            row::expires_at.eq(stored.expires_at),
        ))
        .execute(conn)
        .await?;
    Ok(finished == 1)
}

/// Ends an export of which there will be no file. One that has ended already stays as it is.
///
/// # Errors
/// The database's.
pub async fn fail(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    failure: ExportFailure,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> QueryResult<()> {
    use record_exports as row;
    diesel::update(row::table.find(id))
        .filter(row::finished_at.is_null())
        .set((
            row::status.eq(ExportStatus::Failed),
            row::failure.eq(failure),
            row::progressed_at.eq(now),
            row::finished_at.eq(now),
            row::expires_at.eq(expires_at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Some exports that have expired, after one of them, with all that was stored of them. Links that were given out have run out
/// by then.
///
/// # Errors
/// The database's.
pub async fn over(
    conn: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    after: Option<(DateTime<Utc>, Uuid)>,
) -> QueryResult<Vec<Over>> {
    use record_exports as row;
    let end = row::expires_at.assume_not_null();
    let mut query = row::table
        .filter(end.le(now - GRACE))
        .filter(row::expires_at.is_not_null())
        .order((end, row::id))
        .limit(BATCH)
        .select((end, RecordExport::as_select()))
        .into_boxed();
    if let Some((at, id)) = after {
        query = query.filter(end.gt(at).or(end.eq(at).and(row::id.gt(id))));
    }
    let found: Vec<(DateTime<Utc>, RecordExport)> = query.load(conn).await?;
    let over = found.into_iter().map(|(end, export)| Over {
        id: export.id,
        place: (end, export.id),
        object_keys: export.object_keys(),
    });
    Ok(over.collect())
}

/// Forgets exports whose objects are deleted. That they were there stays in the log.
///
/// # Errors
/// The database's.
pub async fn forget(conn: &mut AsyncPgConnection, ids: &[Uuid]) -> QueryResult<()> {
    diesel::delete(record_exports::table.filter(record_exports::id.eq_any(ids)))
        .execute(conn)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_tells_the_day_of_shanghai_and_the_export() {
        let id: Uuid = "0194aaaa-0000-7000-8000-0000deadbeef".parse().unwrap();
        let now = "2027-03-04T16:00:00Z".parse().unwrap();
        assert_eq!(number_of(id, now), "20270305-DEADBEEF");
    }
}
