//! 导出日志: who asked for an export and who was given a link to one. Append-only, and kept when the exports are gone.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    Page, PageRequest, Viewer,
    page::load_page,
    record_export::{ExportSubject, RecordExport},
};
use crate::{
    files::TableFormat,
    tables::{record_export_log, reviewers},
    text_enum::text_enum,
};

text_enum! {
    /// What was done.
    pub enum ExportLogAction {
        /// 申请导出 Somebody asked for an export.
        Requested = "REQUESTED",
        /// 获取下载链接 He was given a link to the file.
        LinkGiven = "LINK_GIVEN",
    }
}

/// A line of the log. It says all by itself, since the export is deleted after some days.
#[derive(Queryable, Selectable, Insertable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = record_export_log, treat_none_as_default_value = false)]
pub struct ExportLogEntry {
    /// Its id; later ones are greater.
    pub id: Uuid,
    /// The export.
    pub export_id: Uuid,
    /// 导出编号
    pub number: String,
    /// What was done.
    pub action: ExportLogAction,
    /// When.
    pub occurred_at: DateTime<Utc>,
    /// By whom.
    pub account_id: Uuid,
    /// His name then.
    pub account_name: String,
    /// The school whose records they are.
    pub school_id: Uuid,
    /// The department whose records alone they are.
    pub department_id: Option<Uuid>,
    /// What the export is of.
    pub subject: ExportSubject,
    /// The form of the file.
    pub file_format: TableFormat,
    /// 届 of the graduates.
    pub class_year: i16,
    /// Whether ID-card numbers, telephones, e-mail and postal addresses stand in it unmasked.
    pub personal_data: bool,
    /// How many rows the file has; `None` before it is made.
    pub row_count: Option<i32>,
}

/// Writes down that something was done with an export by who asked for it, in the caller's transaction.
///
/// # Errors
/// The database's.
pub async fn append(
    conn: &mut AsyncPgConnection,
    export: &RecordExport,
    action: ExportLogAction,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let account_name: String = reviewers::table
        .find(export.created_by)
        .select(reviewers::name)
        .first(conn)
        .await?;
    let row_count = match action {
        ExportLogAction::Requested => None,
        ExportLogAction::LinkGiven => Some(export.rows_done),
    };
    let entry = ExportLogEntry {
        id: Uuid::now_v7(),
        export_id: export.id,
        number: export.number.clone(),
        action,
        occurred_at: now,
        account_id: export.created_by,
        account_name,
        school_id: export.school_id,
        department_id: export.department_id,
        subject: export.subject,
        file_format: export.file_format,
        class_year: export.class_year,
        personal_data: export.personal_data,
        row_count,
    };
    diesel::insert_into(record_export_log::table)
        .values(&entry)
        .execute(conn)
        .await?;
    Ok(())
}

type VisibleEntries = Box<dyn BoxableExpression<record_export_log::table, Pg, SqlType = Bool>>;

/// Which lines a viewer sees: a reviewer of the whole school those of the school, an operator all. Who runs a school watches over what
/// leaves it.
pub fn visible_to(viewer: &Viewer) -> VisibleEntries {
    match *viewer {
        Viewer::Reviewer {
            school_id,
            department_id: None,
            ..
        } => Box::new(record_export_log::school_id.eq(school_id)),
        Viewer::Operator { .. } => Box::new(true.into_sql::<Bool>()),
        _ => Box::new(false.into_sql::<Bool>()),
    }
}

/// The lines that a viewer sees, newest first.
///
/// # Errors
/// The database's.
pub async fn list(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    request: &PageRequest<Uuid>,
) -> QueryResult<Page<ExportLogEntry>> {
    let query = record_export_log::table
        .filter(visible_to(viewer))
        .select(ExportLogEntry::as_select())
        .into_boxed();
    load_page!(conn, query, request, descending record_export_log::id)
}
