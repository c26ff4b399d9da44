//! 毕业去向登记信息表: the paper of a graduate's confirmation. Its whole content is kept, so that the PDF can be made again at any time.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    document::random_code,
    stored_paper::{kept_paper, paper_json},
};
use crate::tables::{destination_sheets, leaving_confirmations};

/// What the sheet says, in the words that are printed. Frozen when the graduate confirms.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SheetPaper {
    /// Version of the form; a new one does not change sheets that exist.
    pub layout: u16,
    /// 转递编号
    pub transfer_number: String,
    /// 核验编号
    pub verification_number: String,
    /// The public page; the QR code holds it.
    pub verification_url: String,
    /// 姓名
    pub graduate_name: String,
    /// 届
    pub class_year: i16,
    /// 学校
    pub school_name: String,
    /// 确认日期
    pub confirmed_on: NaiveDate,
    /// What it says, block by block.
    pub sections: Vec<SheetSection>,
}

/// A block of the sheet.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SheetSection {
    /// Its heading.
    pub heading: String,
    /// Its lines.
    pub lines: Vec<SheetLine>,
}

/// A line of the sheet.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SheetLine {
    /// What it is called.
    pub label: String,
    /// What it is.
    pub value: String,
    /// Whether it is printed alone, and no third party is shown it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
}

impl std::fmt::Debug for SheetPaper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SheetPaper")
            .field("layout", &self.layout)
            .finish_non_exhaustive()
    }
}

/// A sheet.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = destination_sheets)]
pub struct DestinationSheet {
    /// Its id.
    pub id: Uuid,
    /// The confirmation it is the paper of.
    pub confirmation_id: Uuid,
    /// 1 for the first; each further confirmation makes the next.
    pub version: i32,
    /// What it says, as kept; read it by [`DestinationSheet::paper`].
    pub paper: serde_json::Value,
    /// 核验编号, printed on it, by which a third party asks for it.
    pub verification_number: String,
    /// Its place in the object store, once the PDF is there.
    pub object_key: Option<String>,
    /// SHA-256 of the PDF.
    pub sha256: Option<Vec<u8>>,
    /// Size of the PDF in bytes.
    pub byte_size: Option<i32>,
    /// When the PDF was stored.
    pub ready_at: Option<DateTime<Utc>>,
    /// When it was ordered.
    pub created_at: DateTime<Utc>,
}

kept_paper!(destination_sheets, DestinationSheet, SheetPaper);

/// A new transfer number: `ZD`, and 12 characters of Crockford's base 32 (60 random bits) in three groups.
pub fn new_transfer_number() -> String {
    format!("ZD-{}", random_code(12))
}

/// Orders the next sheet of a confirmation in the caller's transaction, which holds the confirmation.
///
/// # Errors
/// The database's.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    confirmation_id: Uuid,
    paper: &SheetPaper,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let before: Option<i32> = destination_sheets::table
        .filter(destination_sheets::confirmation_id.eq(confirmation_id))
        .select(diesel::dsl::max(destination_sheets::version))
        .first(conn)
        .await?;
    let content = paper_json(paper)?;
    diesel::insert_into(destination_sheets::table)
        .values((
            destination_sheets::id.eq(id),
            destination_sheets::confirmation_id.eq(confirmation_id),
            destination_sheets::version.eq(before.unwrap_or_default() + 1),
            destination_sheets::paper.eq(content),
            destination_sheets::verification_number.eq(&paper.verification_number),
            destination_sheets::created_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// The last sheet of each of these confirmations. Whoever sees a confirmation sees its sheet.
///
/// # Errors
/// The database's.
pub async fn last_of(
    conn: &mut AsyncPgConnection,
    confirmation_ids: &[Uuid],
) -> QueryResult<Vec<DestinationSheet>> {
    destination_sheets::table
        .filter(destination_sheets::confirmation_id.eq_any(confirmation_ids))
        .distinct_on(destination_sheets::confirmation_id)
        .order((
            destination_sheets::confirmation_id,
            destination_sheets::version.desc(),
        ))
        .select(DestinationSheet::as_select())
        .load(conn)
        .await
}

/// The sheet with a number, as long as its graduate lets third parties see it. Public: the caller compares the name.
///
/// # Errors
/// The database's.
pub async fn find_authorised(
    conn: &mut AsyncPgConnection,
    verification_number: &str,
    today: NaiveDate,
) -> QueryResult<Option<DestinationSheet>> {
    destination_sheets::table
        .inner_join(leaving_confirmations::table)
        .filter(destination_sheets::verification_number.eq(verification_number))
        .filter(leaving_confirmations::authorised_until.ge(today))
        .select(DestinationSheet::as_select())
        .first(conn)
        .await
        .optional()
}
