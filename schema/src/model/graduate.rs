//! Graduates: who sees them, and how an employer finds one. Steps on their data are in `step`.

use chrono::{DateTime, Utc};
use diesel::{dsl, pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Viewer, event::ChainEnd};
use crate::{
    checks::IdCardNumber,
    tables::{accounts, agreements, employers, graduates},
    text_enum::text_enum,
    workflow::graduate_data::GraduateDataStatus,
};

use super::employer::EmployerVerification;

text_enum! {
    /// 性别
    pub enum Gender {
        /// 男
        Male = "MALE",
        /// 女
        Female = "FEMALE",
    }
}

/// 毕业生, with the addresses of his account.
#[derive(Queryable, Selectable, Clone)]
#[diesel(table_name = graduates)]
pub struct Graduate {
    /// Its id.
    pub id: Uuid,
    /// His account.
    pub account_id: Uuid,
    /// 学校
    pub school_id: Uuid,
    /// 院系
    pub department_id: Uuid,
    /// 届
    pub class_year: i16,
    /// 学号
    pub student_number: String,
    /// 姓名
    pub name: String,
    /// 性别
    pub gender: Gender,
    /// 身份证号
    pub id_card_number: String,
    /// 学历, a code of `DEGREE_LEVEL`.
    pub degree_level: String,
    /// 专业
    pub major: String,
    /// 培养方式, a code of `TRAINING_MODE`.
    pub training_mode: String,
    /// 生源地, a code of `REGION`.
    pub origin_region: String,
    /// 是否可网签; 定向/委培 graduates may not, unless the school says otherwise.
    pub online_signing_allowed: bool,
    /// When he confirmed his basic information (§2); `None` before, and after a correction by the school.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// Goes up with every change.
    pub version: i32,
    /// Where his account can be reached: mobile and e-mail.
    #[diesel(embed)]
    pub contact: Contact,
}

/// Mobile and e-mail of an account, which its person keeps himself.
#[derive(Queryable, Selectable, Clone)]
#[diesel(table_name = accounts)]
pub struct Contact {
    /// 手机号码
    pub mobile: Option<String>,
    /// 电子邮箱
    pub email: Option<String>,
}

impl Graduate {
    /// Whether he has confirmed his basic information.
    pub fn data_status(&self) -> GraduateDataStatus {
        if self.confirmed_at.is_some() {
            GraduateDataStatus::Confirmed
        } else {
            GraduateDataStatus::Unconfirmed
        }
    }
}

impl std::fmt::Debug for Graduate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Graduate")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A row to insert.
#[derive(Insertable, Clone)]
#[diesel(table_name = graduates)]
#[expect(missing_docs, reason = "the columns of the table")]
pub struct NewGraduate {
    pub id: Uuid,
    pub account_id: Uuid,
    pub school_id: Uuid,
    pub department_id: Uuid,
    pub class_year: i16,
    pub student_number: String,
    pub name: String,
    pub gender: Gender,
    pub id_card_number: String,
    pub degree_level: String,
    pub major: String,
    pub training_mode: String,
    pub origin_region: String,
    pub online_signing_allowed: bool,
    pub confirmed_at: Option<DateTime<Utc>>,
}

/// The graduates with their accounts, as [`Graduate`] is read.
pub(crate) type WithAccount = dsl::InnerJoinQuerySource<graduates::table, accounts::table>;

/// Of whom an employer has an agreement.
type OfEmployer = dsl::Select<
    dsl::Filter<agreements::table, dsl::Eq<agreements::employer_id, Uuid>>,
    agreements::graduate_id,
>;

/// Which graduates a viewer sees: himself; those of the department or school; those the employer has an agreement with.
/// An operator sees nobody.
pub fn visible_to<QS>(viewer: &Viewer) -> Box<dyn BoxableExpression<QS, Pg, SqlType = Bool>>
where
    dsl::Eq<graduates::id, Uuid>: BoxableExpression<QS, Pg, SqlType = Bool>,
    dsl::EqAny<graduates::id, OfEmployer>: BoxableExpression<QS, Pg, SqlType = Bool>,
    dsl::Eq<graduates::department_id, Uuid>: BoxableExpression<QS, Pg, SqlType = Bool>,
    dsl::Eq<graduates::school_id, Uuid>: BoxableExpression<QS, Pg, SqlType = Bool>,
    dsl::AsExprOf<bool, Bool>: BoxableExpression<QS, Pg, SqlType = Bool>,
{
    match viewer {
        Viewer::Graduate { graduate_id, .. } => Box::new(graduates::id.eq(*graduate_id)),
        Viewer::EmployerMember { employer_id, .. } => Box::new(
            graduates::id.eq_any(
                agreements::table
                    .filter(agreements::employer_id.eq(*employer_id))
                    .select(agreements::graduate_id),
            ),
        ),
        Viewer::Reviewer {
            department_id: Some(department_id),
            ..
        } => Box::new(graduates::department_id.eq(*department_id)),
        Viewer::Reviewer {
            school_id,
            department_id: None,
            ..
        } => Box::new(graduates::school_id.eq(*school_id)),
        Viewer::Operator { .. } => Box::new(false.into_sql::<Bool>()),
    }
}

/// The graduates with these ids, in no order. For graduates of cases that the viewer sees.
///
/// # Errors
/// The database's.
pub async fn by_ids(mut conn: &AsyncPgConnection, ids: &[Uuid]) -> QueryResult<Vec<Graduate>> {
    graduates::table
        .inner_join(accounts::table)
        .filter(graduates::id.eq_any(ids))
        .select(Graduate::as_select())
        .load(&mut conn)
        .await
}

/// A graduate, if the viewer sees him.
///
/// # Errors
/// The database's.
pub async fn find(conn: &mut AsyncPgConnection, viewer: &Viewer, id: Uuid) -> QueryResult<Option<Graduate>> {
    graduates::table
        .inner_join(accounts::table)
        .filter(graduates::id.eq(id))
        .filter(visible_to::<WithAccount>(viewer))
        .select(Graduate::as_select())
        .first(conn)
        .await
        .optional()
}

/// How an employer may look for a graduate, beside the name (DOMAIN.md, Who may do what: no browsing of people).
#[derive(Clone, Debug)]
pub enum SearchNumber {
    /// 学号
    StudentNumber(String),
    /// 身份证号
    IdCardNumber(IdCardNumber),
}

/// The graduates who bear exactly this name and number. A student number may exist at several schools: at most ten.
/// Nobody is found by an employer that is not verified.
///
/// # Errors
/// The database's.
pub async fn search(
    conn: &mut AsyncPgConnection,
    employer_id: Uuid,
    name: &str,
    number: &SearchNumber,
) -> QueryResult<Vec<Graduate>> {
    let verified = dsl::exists(
        employers::table
            .filter(employers::id.eq(employer_id))
            .filter(employers::verification.eq(EmployerVerification::Verified)),
    );
    let mut query = graduates::table
        .inner_join(accounts::table)
        .filter(graduates::name.eq(name.trim()))
        .filter(verified)
        .order(graduates::id)
        .limit(10)
        .select(Graduate::as_select())
        .into_boxed();
    query = match number {
        SearchNumber::StudentNumber(number) => query.filter(graduates::student_number.eq(number.trim())),
        SearchNumber::IdCardNumber(number) => query.filter(graduates::id_card_number.eq(number.as_str())),
    };
    query.load(conn).await
}

/// Locks a graduate's row for a step on his basic information, and gives it with the end of its chain of events. Cases and
/// events may still be written that refer to him.
///
/// # Errors
/// The database's.
pub async fn lock(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<(Graduate, ChainEnd)>> {
    let end: Option<(i32, Vec<u8>)> = graduates::table
        .find(id)
        .for_no_key_update()
        .select((graduates::event_count, graduates::event_hash))
        .first(conn)
        .await
        .optional()?;
    let Some((count, hash)) = end else { return Ok(None) };
    let graduate = by_ids(conn, &[id]).await?.into_iter().next();
    Ok(graduate.map(|graduate| (graduate, ChainEnd { count, hash })))
}
