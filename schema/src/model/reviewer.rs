//! Reviewers of schools and departments, and operators.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::tables::{operators, reviewers};

/// A reviewer of a school, or of one department of it.
#[derive(Queryable, Selectable, Insertable, Clone, Debug)]
#[diesel(table_name = reviewers)]
pub struct Reviewer {
    /// His account.
    pub account_id: Uuid,
    /// His school.
    pub school_id: Uuid,
    /// His department; `None` for a reviewer of the school.
    pub department_id: Option<Uuid>,
    /// His name.
    pub name: String,
}

/// 平台管理员
#[derive(Queryable, Selectable, Insertable, Clone, Debug)]
#[diesel(table_name = operators)]
pub struct Operator {
    /// His account.
    pub account_id: Uuid,
    /// His name.
    pub name: String,
}

/// The reviewer behind an account.
///
/// # Errors
/// The database's.
pub async fn find(conn: &mut AsyncPgConnection, account_id: Uuid) -> QueryResult<Option<Reviewer>> {
    reviewers::table
        .find(account_id)
        .select(Reviewer::as_select())
        .first(conn)
        .await
        .optional()
}

/// The operator behind an account.
///
/// # Errors
/// The database's.
pub async fn find_operator(conn: &mut AsyncPgConnection, account_id: Uuid) -> QueryResult<Option<Operator>> {
    operators::table
        .find(account_id)
        .select(Operator::as_select())
        .first(conn)
        .await
        .optional()
}
