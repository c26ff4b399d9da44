//! Employers and their members.

use diesel::{pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::Viewer;
use crate::{
    tables::{accounts, agreements, employer_members, employers},
    text_enum::text_enum,
};

pub use crate::workflow::employer_registration::EmployerVerification;

/// 用人单位
#[derive(Queryable, Selectable, Insertable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = employers)]
pub struct Employer {
    /// Its id.
    pub id: Uuid,
    /// 统一社会信用代码
    pub credit_code: String,
    /// 单位名称
    pub name: String,
    /// 单位性质
    pub nature: String,
    /// 单位行业
    pub industry: String,
    /// 所在地 region code.
    pub region: String,
    /// 详细地址
    pub address: String,
    /// Whether it may act.
    pub verification: EmployerVerification,
}

text_enum! {
    /// What a member may do at his employer.
    pub enum MemberRole {
        /// 管理员 also opens and disables the accounts of colleagues.
        Administrator = "ADMINISTRATOR",
        /// 成员
        Member = "MEMBER",
    }
}

/// A member of an employer.
#[derive(Queryable, Selectable, Insertable, Clone, Debug)]
#[diesel(table_name = employer_members)]
pub struct EmployerMember {
    /// His account.
    pub account_id: Uuid,
    /// His employer.
    pub employer_id: Uuid,
    /// His name.
    pub name: String,
}

/// Which employers a viewer sees: its own; for a graduate and a reviewer the parties of agreements they see; for an
/// operator all.
pub fn visible_to(viewer: &Viewer) -> Box<dyn BoxableExpression<employers::table, Pg, SqlType = Bool>> {
    match viewer {
        Viewer::EmployerMember { employer_id, .. } => Box::new(employers::id.eq(*employer_id)),
        Viewer::Operator { .. } => Box::new(employers::id.is_not_null()),
        Viewer::Graduate { graduate_id, .. } => Box::new(
            employers::id.eq_any(
                agreements::table
                    .filter(agreements::graduate_id.eq(*graduate_id))
                    .select(agreements::employer_id),
            ),
        ),
        Viewer::Reviewer {
            school_id,
            department_id: None,
            ..
        } => Box::new(
            employers::id.eq_any(
                agreements::table
                    .filter(agreements::school_id.eq(*school_id))
                    .select(agreements::employer_id),
            ),
        ),
        Viewer::Reviewer {
            department_id: Some(department_id),
            ..
        } => Box::new(
            employers::id.eq_any(
                agreements::table
                    .filter(agreements::department_id.eq(*department_id))
                    .select(agreements::employer_id),
            ),
        ),
    }
}

/// The employers with these ids, in no order.
///
/// # Errors
/// The database's.
pub async fn by_ids(conn: &mut AsyncPgConnection, ids: &[Uuid]) -> QueryResult<Vec<Employer>> {
    employers::table
        .filter(employers::id.eq_any(ids))
        .select(Employer::as_select())
        .load(conn)
        .await
}

/// An employer, if the viewer sees it.
///
/// # Errors
/// The database's.
pub async fn find(conn: &mut AsyncPgConnection, viewer: &Viewer, id: Uuid) -> QueryResult<Option<Employer>> {
    employers::table
        .filter(employers::id.eq(id))
        .filter(visible_to(viewer))
        .select(Employer::as_select())
        .first(conn)
        .await
        .optional()
}

/// The accounts of the members who are told what concerns an employer.
///
/// # Errors
/// The database's.
pub async fn member_accounts(mut conn: &AsyncPgConnection, employer_id: Uuid) -> QueryResult<Vec<Uuid>> {
    employer_members::table
        .inner_join(accounts::table)
        .filter(employer_members::employer_id.eq(employer_id))
        .filter(accounts::disabled_at.is_null())
        .order(accounts::id)
        .select(accounts::id)
        .load(&mut conn)
        .await
}

/// The membership of an account.
///
/// # Errors
/// The database's.
pub async fn membership(
    conn: &mut AsyncPgConnection,
    account_id: Uuid,
) -> QueryResult<Option<EmployerMember>> {
    employer_members::table
        .find(account_id)
        .select(EmployerMember::as_select())
        .first(conn)
        .await
        .optional()
}
