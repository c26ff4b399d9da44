//! What papers of agreements and of confirmations have in common: how they are kept, and how the job that renders them notes where their
//! PDF is. Then those whose PDF was stored, without what they say: for the command line, which looks whether the object store still has
//! them.

use diesel::{
    prelude::*,
    sql_types::{Nullable, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::document::StoredPdf;
use crate::tables::{destination_sheets, documents};

/// What a paper says, as its row keeps it.
pub(super) fn paper_json(paper: &impl Serialize) -> QueryResult<Value> {
    serde_json::to_value(paper).map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))
}

/// Makes what is asked of one row of a table of papers: `kept_paper!(documents, Document, Paper)`.
macro_rules! kept_paper {
    ($table:ident, $row:ident, $paper:ty) => {
        impl $row {
            /// What it says.
            ///
            /// # Errors
            /// When the kept value is not of this release's form.
            pub fn paper(&self) -> Result<$paper, serde_json::Error> {
                serde_json::from_value(self.paper.clone())
            }

            /// Where its PDF was stored; `None` as long as there is none.
            pub fn stored(&self) -> Option<$crate::model::document::StoredPdf> {
                $crate::model::document::StoredPdf::of(
                    self.object_key.clone(),
                    self.sha256.as_deref(),
                    self.byte_size,
                )
            }
        }

        /// The one of this id: for the job that renders it.
        ///
        /// # Errors
        /// The database's.
        pub async fn find(
            conn: &mut diesel_async::AsyncPgConnection,
            id: uuid::Uuid,
        ) -> diesel::QueryResult<Option<$row>> {
            $table::table
                .find(id)
                .select($row::as_select())
                .first(conn)
                .await
                .optional()
        }

        /// Notes where the PDF of the one of this id is. `false` when that was noted before.
        ///
        /// # Errors
        /// The database's.
        pub async fn mark_ready(
            conn: &mut diesel_async::AsyncPgConnection,
            id: uuid::Uuid,
            pdf: &$crate::model::document::StoredPdf,
            now: chrono::DateTime<chrono::Utc>,
        ) -> diesel::QueryResult<bool> {
            let marked = diesel::update($table::table.find(id))
                .filter($table::ready_at.is_null())
                .set((
                    $table::object_key.eq(&pdf.object_key),
                    $table::sha256.eq(pdf.sha256.as_slice()),
                    $table::byte_size.eq(pdf.byte_size),
                    $table::ready_at.eq(now),
                ))
                .execute(conn)
                .await?;
            Ok(marked == 1)
        }
    };
}
pub(super) use kept_paper;

/// A paper whose PDF was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPaper {
    /// The id of the document or of the sheet.
    pub id: Uuid,
    /// What it is the paper of.
    pub of: PaperOf,
    /// Where its PDF is.
    pub pdf: StoredPdf,
    /// Where the marked copy of a superseded document is, if there is one.
    pub marked_key: Option<String>,
}

/// What a paper is the paper of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaperOf {
    /// A document, of this agreement.
    Agreement(Uuid),
    /// A destination sheet, of this confirmation.
    Confirmation(Uuid),
}

type Row = (
    Uuid,
    Uuid,
    Option<String>,
    Option<Vec<u8>>,
    Option<i32>,
    Option<String>,
);

fn paper(
    of: fn(Uuid) -> PaperOf,
    (id, case_id, object_key, sha256, byte_size, marked_key): Row,
) -> Option<StoredPaper> {
    let pdf = StoredPdf::of(object_key, sha256.as_deref(), byte_size)?;
    Some(StoredPaper {
        id,
        of: of(case_id),
        pdf,
        marked_key,
    })
}

/// The next papers whose PDF was stored, at most `limit`, by their ids; all of them, or those with this id or of the agreement or
/// confirmation with this id. For the command line, which acts without an account.
///
/// # Errors
/// The database's.
pub async fn stored(
    conn: &mut AsyncPgConnection,
    after: Uuid,
    only: Option<Uuid>,
    limit: i64,
) -> QueryResult<Vec<StoredPaper>> {
    macro_rules! of {
        ($table:ident, $case:ident, $marked_key:expr) => {{
            let mut query = $table::table
                .filter($table::ready_at.is_not_null())
                .filter($table::id.gt(after))
                .order($table::id)
                .limit(limit)
                .select((
                    $table::id,
                    $table::$case,
                    $table::object_key,
                    $table::sha256,
                    $table::byte_size,
                    $marked_key,
                ))
                .into_boxed();
            if let Some(id) = only {
                query = query.filter($table::id.eq(id).or($table::$case.eq(id)));
            }
            query.load::<Row>(conn).await?.into_iter()
        }};
    }
    let documents =
        of!(documents, agreement_id, documents::marked_key).filter_map(|row| paper(PaperOf::Agreement, row));
    let sheets = of!(
        destination_sheets,
        confirmation_id,
        None::<String>.into_sql::<Nullable<Text>>()
    )
    .filter_map(|row| paper(PaperOf::Confirmation, row));
    // Each kind has its next ones here, so the first of both are the next of all.
    let mut papers: Vec<StoredPaper> = documents.chain(sheets).collect();
    papers.sort_unstable_by_key(|paper| paper.id);
    papers.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(papers)
}
