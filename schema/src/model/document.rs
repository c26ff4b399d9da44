//! Documents: the paper of an agreement that is signed, or that is to be signed by hand. Its whole content is kept, so that the PDF can be made again at any time.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{prelude::*, sql_types::Bool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rand::RngExt;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::stored_paper::{kept_paper, paper_json};
use crate::{
    Kept, fixed_sql,
    tables::{agreements, documents},
    workflow::agreement::{AgreementChannel, AgreementStatus},
};

/// What the paper says, in the words that are printed. Frozen when the agreement is signed, or when its paper can be printed to be
/// signed by hand.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "named like the fields of graduates, terms and agreements that they are taken from"
)]
pub struct Paper {
    /// Version of the form; a new one does not change papers that exist.
    pub layout: u16,
    pub agreement_number: String,
    pub verification_code: String,
    pub verification_url: String,
    pub graduate: PaperGraduate,
    pub employer: PaperEmployer,
    pub school: PaperSchool,
    pub terms: PaperTerms,
    /// In which way the agreement comes about. Papers of before say nothing: they were signed online.
    #[serde(default = "online", skip_serializing_if = "is_online")]
    pub channel: AgreementChannel,
    pub invited_on: Option<NaiveDate>,
    pub accepted_on: Option<NaiveDate>,
    pub department_approved_on: Option<NaiveDate>,
    pub school_approved_on: Option<NaiveDate>,
    pub signed_on: Option<NaiveDate>,
    /// When a paper that is to be signed by hand was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_on: Option<NaiveDate>,
    /// That the school amended the terms after they were signed; not of a first paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amended: Option<Amended>,
}

/// 签约后修改 the amendment that brought a paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amended {
    /// Which version of the paper it is, from 2.
    pub version: i32,
    /// On which day, in Shanghai.
    pub on: NaiveDate,
}

const fn online() -> AgreementChannel {
    AgreementChannel::Online
}

fn is_online(channel: &AgreementChannel) -> bool {
    *channel == AgreementChannel::Online
}

/// 乙方 the graduate on the paper: his confirmed data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "named like the columns of graduates")]
pub struct PaperGraduate {
    pub name: String,
    pub gender: String,
    pub id_card_number: String,
    pub student_number: String,
    pub class_year: i16,
    pub degree_level: String,
    pub major: String,
    pub training_mode: String,
    pub origin_region: String,
    pub mobile: Option<String>,
    pub email: Option<String>,
}

/// 甲方 the employer on the paper.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "named like the fields of AgreementTerms")]
pub struct PaperEmployer {
    pub name: String,
    pub credit_code: String,
    pub nature: String,
    pub industry: String,
    pub address: String,
    pub position_category: String,
    pub position_title: String,
    pub contact_person: String,
    pub contact_phone: Option<String>,
    pub contact_mobile: String,
    pub contact_email: String,
}

/// 丙方 the school on the paper.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "named like the columns of schools and departments")]
pub struct PaperSchool {
    pub name: String,
    pub code: String,
    pub department: String,
    pub contact_phone: Option<String>,
    pub address: Option<String>,
}

/// The terms on the paper.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "named like the fields of AgreementTerms")]
pub struct PaperTerms {
    pub probation_months: Option<u8>,
    pub probation_salary: Option<u32>,
    pub regular_salary: Option<u32>,
    pub liquidated_damages: Option<u32>,
    pub report_place: Option<String>,
    pub report_deadline: Option<NaiveDate>,
    pub work_place: Option<String>,
    pub household_registration: String,
    pub supplementary_terms: Option<String>,
}

impl std::fmt::Debug for Paper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Paper")
            .field("agreement_number", &self.agreement_number)
            .finish_non_exhaustive()
    }
}

/// A document of an agreement.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = documents)]
pub struct Document {
    /// Its id.
    pub id: Uuid,
    /// The agreement it is the paper of.
    pub agreement_id: Uuid,
    /// 1 for the first; an amendment makes the next.
    pub version: i32,
    /// What it says, as kept; read it by [`Document::paper`].
    pub paper: serde_json::Value,
    /// The code printed on it, by which anybody can check it.
    pub verification_code: String,
    /// Its place in the object store, once the PDF is there.
    pub object_key: Option<String>,
    /// SHA-256 of the PDF.
    pub sha256: Option<Vec<u8>>,
    /// Size of the PDF in bytes.
    pub byte_size: Option<i32>,
    /// When the PDF was stored.
    pub ready_at: Option<DateTime<Utc>>,
    /// When a newer version took its place.
    pub superseded_at: Option<DateTime<Utc>>,
    /// The place of the copy that says so across its pages, once it is there.
    pub marked_key: Option<String>,
    /// When it was ordered.
    pub created_at: DateTime<Utc>,
}

kept_paper!(documents, Document, Paper);

/// A new code to print on a document: 16 characters of Crockford's base 32 (80 random bits) in four groups.
pub fn new_verification_code() -> String {
    random_code(16)
}

/// So many random characters of Crockford's base 32, in groups of four.
pub(super) fn random_code(length: usize) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut rng = rand::rng();
    let mut code = String::with_capacity(length + length / 4);
    for position in 0..length {
        if position > 0 && position % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(ALPHABET[rng.random_range(0..ALPHABET.len())]));
    }
    code
}

/// A code as it was printed, from what somebody typed: case, blanks and dashes do not matter, and the letters that
/// Crockford's alphabet leaves out are read as the digits they look like.
pub fn normalise_verification_code(typed: &str) -> Option<String> {
    let plain: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    let valid = plain.len() == 16 && plain.bytes().all(|b| b.is_ascii_alphanumeric() && b != b'U');
    valid.then(|| [&plain[..4], &plain[4..8], &plain[8..12], &plain[12..]].join("-"))
}

/// Orders a document in the caller's transaction.
///
/// # Errors
/// The database's.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    agreement_id: Uuid,
    version: i32,
    paper: &Paper,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let content = paper_json(paper)?;
    diesel::insert_into(documents::table)
        .values((
            documents::id.eq(id),
            documents::agreement_id.eq(agreement_id),
            documents::version.eq(version),
            documents::paper.eq(content),
            documents::verification_code.eq(&paper.verification_code),
            documents::created_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes that the current paper of an agreement is superseded, in the caller's transaction, which brings the next: after it, since the
/// database lets an agreement have one current paper only. `None` where there is no paper.
///
/// # Errors
/// The database's.
pub async fn supersede(
    conn: &mut AsyncPgConnection,
    agreement_id: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<Option<Document>> {
    let update = diesel::update(documents::table)
        .filter(documents::agreement_id.eq(agreement_id))
        .filter(documents::superseded_at.is_null())
        .set(documents::superseded_at.eq(now))
        .returning(Document::as_returning());
    Kept(update).get_result(conn).await.optional()
}

/// Notes where the copy of a superseded document is that says so across its pages. Doing so again changes nothing.
///
/// # Errors
/// The database's.
pub async fn mark_superseded_copy(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    object_key: &str,
) -> QueryResult<()> {
    diesel::update(documents::table.find(id))
        .filter(documents::superseded_at.is_not_null())
        .filter(documents::marked_key.is_null())
        .set(documents::marked_key.eq(object_key))
        .execute(conn)
        .await?;
    Ok(())
}

/// Whether a document was superseded meanwhile.
///
/// # Errors
/// The database's.
pub async fn is_superseded(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<bool> {
    let found = documents::table
        .find(id)
        .filter(documents::superseded_at.is_not_null());
    diesel::select(diesel::dsl::exists(found)).get_result(conn).await
}

/// Where a rendered PDF was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPdf {
    /// Its place in the object store.
    pub object_key: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Its size in bytes.
    pub byte_size: i32,
}

impl StoredPdf {
    /// From the columns, which are all set or none.
    pub(super) fn of(
        object_key: Option<String>,
        sha256: Option<&[u8]>,
        byte_size: Option<i32>,
    ) -> Option<Self> {
        Some(Self {
            object_key: object_key?,
            sha256: sha256?.try_into().ok()?,
            byte_size: byte_size?,
        })
    }
}

/// The newest ten documents of each of these agreements, newest version first. Whoever sees an agreement sees its documents.
///
/// # Errors
/// The database's.
pub async fn of_agreements(
    conn: &mut AsyncPgConnection,
    agreement_ids: &[Uuid],
) -> QueryResult<Vec<Document>> {
    documents::table
        .filter(documents::agreement_id.eq_any(agreement_ids))
        .filter(fixed_sql::<Bool>(
            "documents.version > (SELECT max(newest.version) - 10 FROM documents AS newest \
             WHERE newest.agreement_id = documents.agreement_id)",
        ))
        .order((documents::agreement_id, documents::version.desc()))
        .select(Document::as_select())
        .load(conn)
        .await
}

/// The document that bears a code, with the status of its agreement and when that was signed. Public: show only what a holder of the paper may
/// be told.
///
/// # Errors
/// The database's.
pub async fn find_by_code(
    conn: &mut AsyncPgConnection,
    code: &str,
) -> QueryResult<Option<(Document, AgreementStatus, Option<DateTime<Utc>>)>> {
    documents::table
        .inner_join(agreements::table)
        .filter(documents::verification_code.eq(code))
        .select((Document::as_select(), agreements::status, agreements::signed_at))
        .first(conn)
        .await
        .optional()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_they_are_typed() {
        let code = new_verification_code();
        assert_eq!(code.len(), 19);
        assert_eq!(normalise_verification_code(&code), Some(code.clone()));
        assert_eq!(
            normalise_verification_code(&code.to_lowercase().replace('-', " ")),
            Some(code)
        );
        assert_eq!(
            normalise_verification_code("oOiL-0000-0000-0000").as_deref(),
            Some("0011-0000-0000-0000")
        );
        for wrong in [
            "",
            "0000",
            "0000-0000-0000-000U",
            "0000-0000-0000-00000",
            "００００-0000-0000-0000",
        ] {
            assert_eq!(normalise_verification_code(wrong), None, "{wrong}");
        }
    }
}
