//! Imports of rosters: their rows, who sees them, how far they are, and the report of what was wrong. What an import does to
//! graduates stands in `step`.

use chrono::{DateTime, Utc};
use diesel::{
    dsl,
    pg::Pg,
    prelude::*,
    sql_types::{Array, BigInt, Bool, Integer, SmallInt, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::{Page, PageRequest, Viewer, page::load_page, upload};
use crate::{
    Kept,
    files::TableFormat,
    roster::{GraduateField, ProblemCode},
    tables::{graduate_import_problems, graduate_imports},
    text_enum::text_enum,
};

/// Largest file, in bytes.
pub const MAX_BYTES: i32 = 50 * 1024 * 1024;
/// Most rows of a file, the heading row not counted.
pub const MAX_ROWS: i32 = 100_000;

text_enum! {
    /// How far an import is.
    pub enum ImportStatus {
        /// 待上传 The school has not handed the file in yet.
        AwaitingUpload = "AWAITING_UPLOAD",
        /// 排队中 Handed in, waiting for a worker.
        Queued = "QUEUED",
        /// 导入中 A worker is at it.
        Running = "RUNNING",
        /// 已完成 Worked through to the last row, good ones and bad ones.
        Done = "DONE",
        /// 失败 The file could not be worked through; `failure` says why.
        Failed = "FAILED",
    }
}

text_enum! {
    /// Why a file could not be worked through.
    pub enum ImportFailure {
        /// 未上传 The file was not handed in in time, or is gone.
        UploadMissing = "UPLOAD_MISSING",
        /// 文件无法读取 It is no file of its format, is damaged or has a password.
        Unreadable = "UNREADABLE",
        /// 文件过大 Unpacked it is larger than may be read.
        TooLarge = "TOO_LARGE",
        /// 行数过多 More rows than one file may have.
        TooManyRows = "TOO_MANY_ROWS",
        /// 没有数据 There is no row below the heading row.
        NoRows = "NO_ROWS",
        /// 没有表头 No heading row with student number and ID-card number was found.
        NoHeading = "NO_HEADING",
        /// 缺少列 Columns that have to be there are not; `failureHeadings` names them.
        MissingColumns = "MISSING_COLUMNS",
        /// 列重复 Two columns mean the same; `failureHeadings` names it.
        DuplicateColumn = "DUPLICATE_COLUMN",
        /// 文件被替换 Another file was handed in while the first was being worked on.
        FileChanged = "FILE_CHANGED",
        /// 多次中断 The work broke off again and again. What was done before stands; import again.
        GivenUp = "GIVEN_UP",
    }
}

/// An import of a roster.
#[derive(Queryable, Selectable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = graduate_imports)]
pub struct GraduateImport {
    /// Its id.
    pub id: Uuid,
    /// The school whose graduates they are.
    pub school_id: Uuid,
    /// The account of the reviewer who began it.
    pub created_by: Uuid,
    /// The file's name on his machine.
    pub file_name: String,
    /// Its form.
    pub file_format: TableFormat,
    /// Its size in bytes, as announced and handed in.
    pub byte_size: i32,
    /// Where it lies in the object store until the import has ended.
    pub object_key: String,
    /// SHA-256 of the file as it was first read.
    pub sha256: Option<Vec<u8>>,
    /// How far it is.
    pub status: ImportStatus,
    /// Why it failed.
    pub failure: Option<ImportFailure>,
    /// The headings that the failure is about: an array of texts.
    pub failure_headings: Value,
    /// Headings that mean no field: an array of texts.
    pub ignored_headings: Value,
    /// How many rows there are, once counted.
    pub rows_total: Option<i32>,
    /// How many have been worked through.
    pub rows_done: i32,
    /// Of them: new graduates.
    pub rows_created: i32,
    /// Graduates whose data was corrected.
    pub rows_updated: i32,
    /// Graduates who were there just so.
    pub rows_unchanged: i32,
    /// Rows with something wrong, which changed nothing.
    pub rows_failed: i32,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// Until when the file may be handed in.
    pub upload_until: DateTime<Utc>,
    /// When it last went on.
    pub progressed_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// A row to insert.
#[derive(Insertable, Clone, Debug)]
#[diesel(table_name = graduate_imports)]
#[expect(missing_docs, reason = "the columns of the table")]
pub struct NewGraduateImport {
    pub id: Uuid,
    pub school_id: Uuid,
    pub created_by: Uuid,
    pub file_name: String,
    pub file_format: TableFormat,
    pub byte_size: i32,
    pub object_key: String,
    pub status: ImportStatus,
    pub created_at: DateTime<Utc>,
    pub upload_until: DateTime<Utc>,
    pub progressed_at: DateTime<Utc>,
}

type VisibleImports = Box<dyn BoxableExpression<graduate_imports::table, Pg, SqlType = Bool>>;

/// Which imports a viewer sees: reviewers of the school those of the school. A roster holds graduates of all departments,
/// so reviewers of one department see none.
pub fn visible_to(viewer: &Viewer) -> VisibleImports {
    match viewer {
        Viewer::Reviewer {
            school_id,
            department_id: None,
            ..
        } => Box::new(graduate_imports::school_id.eq(*school_id)),
        _ => Box::new(false.into_sql::<Bool>()),
    }
}

/// An import, if the viewer sees it.
///
/// # Errors
/// The database's.
pub async fn find(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    id: Uuid,
) -> QueryResult<Option<GraduateImport>> {
    graduate_imports::table
        .filter(graduate_imports::id.eq(id))
        .filter(visible_to(viewer))
        .select(GraduateImport::as_select())
        .first(conn)
        .await
        .optional()
}

/// An import: for the job that works on it.
///
/// # Errors
/// The database's.
pub async fn load(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<GraduateImport>> {
    graduate_imports::table
        .find(id)
        .select(GraduateImport::as_select())
        .first(conn)
        .await
        .optional()
}

/// Locks an import's row and gives it.
///
/// # Errors
/// The database's.
pub async fn lock(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<GraduateImport>> {
    graduate_imports::table
        .find(id)
        .for_update()
        .select(GraduateImport::as_select())
        .first(conn)
        .await
        .optional()
}

/// The imports that a viewer sees, newest first.
///
/// # Errors
/// The database's.
pub async fn list(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    request: &PageRequest<Uuid>,
) -> QueryResult<Page<GraduateImport>> {
    let query = graduate_imports::table
        .filter(visible_to(viewer))
        .select(GraduateImport::as_select())
        .into_boxed();
    load_page!(conn, query, request, descending graduate_imports::id)
}

/// Begins to work on a queued import, or goes on with one that was broken off.
///
/// # Errors
/// The database's.
pub async fn begin(conn: &mut AsyncPgConnection, id: Uuid, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(graduate_imports::table.find(id))
        .filter(graduate_imports::status.eq(ImportStatus::Queued))
        .set((
            graduate_imports::status.eq(ImportStatus::Running),
            graduate_imports::progressed_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes what was found in the file before its first row is worked on. `false` when another file was noted before, or
/// the import has ended.
///
/// # Errors
/// The database's.
pub async fn note_file(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    sha256: &[u8; 32],
    rows_total: i32,
    ignored_headings: &[String],
) -> QueryResult<bool> {
    use graduate_imports as import;
    let noted = diesel::update(import::table.find(id))
        .filter(import::status.eq(ImportStatus::Running))
        .filter(
            import::sha256
                .is_null()
                .or(import::sha256.eq(sha256.as_slice()))
                .assume_not_null(),
        )
        .set((
            import::sha256.eq(sha256.as_slice()),
            import::rows_total.eq(rows_total),
            import::ignored_headings.eq(Value::from(ignored_headings)),
        ))
        .execute(conn)
        .await?;
    Ok(noted == 1)
}

/// Ends an import whose last row has been worked through. One that has ended already stays as it is.
///
/// # Errors
/// The database's.
pub async fn finish(conn: &mut AsyncPgConnection, id: Uuid, now: DateTime<Utc>) -> QueryResult<bool> {
    use graduate_imports as import;
    let finished = diesel::update(import::table.find(id))
        .filter(import::status.eq(ImportStatus::Running))
        .filter(import::rows_total.eq(import::rows_done.nullable()))
        .set((
            import::status.eq(ImportStatus::Done),
            import::progressed_at.eq(now),
            import::finished_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(finished == 1)
}

/// Ends an import that cannot be worked through. One that has ended already stays as it is.
///
/// # Errors
/// The database's.
pub async fn fail(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    failure: ImportFailure,
    headings: &[&str],
    now: DateTime<Utc>,
) -> QueryResult<()> {
    use graduate_imports as import;
    diesel::update(import::table.find(id))
        .filter(import::finished_at.is_null())
        .set((
            import::status.eq(ImportStatus::Failed),
            import::failure.eq(failure),
            import::failure_headings.eq(Value::from(headings)),
            import::progressed_at.eq(now),
            import::finished_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends an import whose file was never handed in. `false` when it still may be, or has been.
///
/// # Errors
/// The database's.
pub async fn abandon(conn: &mut AsyncPgConnection, id: Uuid, now: DateTime<Utc>) -> QueryResult<bool> {
    use graduate_imports as import;
    let abandoned = diesel::update(import::table.find(id))
        .filter(import::status.eq(ImportStatus::AwaitingUpload))
        .filter(import::upload_until.le(now - upload::GRACE))
        .set((
            import::status.eq(ImportStatus::Failed),
            import::failure.eq(ImportFailure::UploadMissing),
            import::progressed_at.eq(now),
            import::finished_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(abandoned == 1)
}

/// Something that was wrong with a row.
#[derive(QueryableByName, Insertable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = graduate_import_problems)]
pub struct ImportProblem {
    /// The import.
    pub import_id: Uuid,
    /// The row's number in the file.
    pub row_number: i32,
    /// The how-manieth problem of the row, from 1.
    pub position: i16,
    /// The field.
    pub field: GraduateField,
    /// What is wrong with it.
    pub code: ProblemCode,
    /// For duplicates the earlier row.
    pub other_row: Option<i32>,
}

/// A problem's place in the report.
pub type ProblemKey = (i32, i16);

impl ImportProblem {
    /// Its place in the report.
    pub const fn key(&self) -> ProblemKey {
        (self.row_number, self.position)
    }
}

/// One page of each of several imports in one statement, as of `event`'s histories: a list of imports costs no more than one.
/// The lateral join reads each page by the primary key and nothing beyond it, so a report of a hundred thousand rows costs
/// what a short one does.
macro_rules! reports {
    ($direction:literal) => {
        concat!(
            "SELECT problem.* FROM unnest($1) AS wanted (import_id) CROSS JOIN LATERAL (\
               SELECT * FROM graduate_import_problems AS problem \
               WHERE problem.import_id = wanted.import_id \
                 AND (row_number, position) > ($2, $3) AND (row_number, position) < ($4, $5) \
               ORDER BY row_number ",
            $direction,
            ", position ",
            $direction,
            " LIMIT $6) AS problem ORDER BY problem.import_id, row_number ",
            $direction,
            ", position ",
            $direction
        )
    };
}

/// What was wrong with the rows of imports that the viewer sees, in the order of the rows.
///
/// # Errors
/// The database's.
pub async fn reports(
    conn: &mut AsyncPgConnection,
    import_ids: &[Uuid],
    request: &PageRequest<ProblemKey>,
) -> QueryResult<Vec<(Uuid, Page<ImportProblem>)>> {
    let query = if request.backward {
        reports!("DESC")
    } else {
        reports!("ASC")
    };
    let after = request.after.unwrap_or((i32::MIN, i16::MIN));
    let before = request.before.unwrap_or((i32::MAX, i16::MAX));
    let query = diesel::sql_query(query)
        .bind::<Array<SqlUuid>, _>(import_ids)
        .bind::<Integer, _>(after.0)
        .bind::<SmallInt, _>(after.1)
        .bind::<Integer, _>(before.0)
        .bind::<SmallInt, _>(before.1)
        .bind::<BigInt, _>(request.fetch());
    let problems: Vec<ImportProblem> = Kept(query).load(conn).await?;
    Ok(request.pages(problems, |problem| problem.import_id))
}

/// Whether a school has a roster that is being worked on.
///
/// # Errors
/// The database's.
pub async fn at_work(conn: &mut AsyncPgConnection, school_id: Uuid) -> QueryResult<bool> {
    let at_work = graduate_imports::table
        .filter(graduate_imports::school_id.eq(school_id))
        .filter(graduate_imports::status.eq_any([ImportStatus::Queued, ImportStatus::Running]));
    diesel::select(dsl::exists(at_work)).get_result(conn).await
}
