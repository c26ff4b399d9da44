//! Reviewers of schools and departments with their accounts, and operators.

use chrono::{DateTime, Utc};
use diesel::{
    dsl,
    pg::Pg,
    prelude::*,
    sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use uuid::Uuid;

use super::{
    Page, PageRequest, Viewer,
    terms::{FieldError, Form},
};
use crate::{
    Kept,
    checks::{Email, Mobile},
    tables::{accounts, operators, reviewers},
};

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

/// A reviewer with his account.
#[derive(Queryable, QueryableByName, Selectable, Clone)]
#[diesel(table_name = reviewers)]
pub struct ReviewerAccount {
    /// His account.
    pub account_id: Uuid,
    /// His school.
    pub school_id: Uuid,
    /// His department; `None` for a reviewer of the school.
    pub department_id: Option<Uuid>,
    /// His name.
    pub name: String,
    /// Mobile number.
    #[diesel(select_expression = accounts::mobile, sql_type = Nullable<Text>)]
    pub mobile: Option<String>,
    /// E-mail address.
    #[diesel(select_expression = accounts::email, sql_type = Nullable<Text>)]
    pub email: Option<String>,
    /// Since when his account is disabled.
    #[diesel(select_expression = accounts::disabled_at, sql_type = Nullable<Timestamptz>)]
    pub disabled_at: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for ReviewerAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReviewerAccount")
            .field("account_id", &self.account_id)
            .field("department_id", &self.department_id)
            .finish_non_exhaustive()
    }
}

/// A reviewer as somebody filled him in, not yet checked.
#[derive(Clone, Default, Serialize)]
#[expect(missing_docs, reason = "each field is the unchecked one of ReviewerDetails")]
pub struct ReviewerDraft {
    pub name: String,
    pub email: Option<String>,
    pub mobile: Option<String>,
}

impl std::fmt::Debug for ReviewerDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReviewerDraft(…)")
    }
}

/// A reviewer to be added. He has at least one of the two addresses.
#[derive(Clone, Debug)]
pub struct ReviewerDetails {
    /// 姓名, at most 30 characters.
    pub name: String,
    /// 电子邮箱
    pub email: Option<Email>,
    /// 手机号码
    pub mobile: Option<Mobile>,
}

impl ReviewerDraft {
    /// Checks it.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn check(&self) -> Result<ReviewerDetails, Vec<FieldError>> {
        fn given(text: &Option<String>) -> Option<&str> {
            text.as_deref().filter(|text| !text.trim().is_empty())
        }
        let mut form = Form::default();
        let name = form.text("name", &self.name, 1..=30, false);
        let (email, mobile) = (given(&self.email), given(&self.mobile));
        if email.is_none() && mobile.is_none() {
            form.wrong("email", "邮箱和手机号至少填写一项");
        }
        let email = email.map(Email::parse).transpose();
        if email.is_err() {
            form.wrong("email", "不是有效的邮箱地址");
        }
        let mobile = mobile.map(Mobile::parse).transpose();
        if mobile.is_err() {
            form.wrong("mobile", "应为 11 位手机号码");
        }
        match (email, mobile, form.errors) {
            (Ok(email), Ok(mobile), errors) if errors.is_empty() => {
                Ok(ReviewerDetails { name, email, mobile })
            }
            (.., errors) => Err(errors),
        }
    }
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

/// Of which reviewers a viewer sees that they are there.
#[derive(Clone, Copy)]
enum Seen {
    /// All.
    All,
    /// Those of this school.
    OfSchool(Uuid),
    /// Those of this department.
    OfDepartment(Uuid),
    /// None.
    Nobody,
}

impl Seen {
    const fn by(viewer: &Viewer) -> Self {
        match viewer {
            Viewer::Operator { .. } => Self::All,
            Viewer::Reviewer {
                department_id: Some(department_id),
                ..
            } => Self::OfDepartment(*department_id),
            Viewer::Reviewer { school_id, .. } => Self::OfSchool(*school_id),
            Viewer::Graduate { .. } | Viewer::EmployerMember { .. } => Self::Nobody,
        }
    }
}

type VisibleReviewers = Box<
    dyn BoxableExpression<dsl::InnerJoinQuerySource<reviewers::table, accounts::table>, Pg, SqlType = Bool>,
>;

/// Which reviewers a viewer sees: a reviewer of the school all of the school, one of a department his colleagues there; an
/// operator all. By which addresses he reaches them is another matter: [`addresses_shown`].
pub fn visible_to(viewer: &Viewer) -> VisibleReviewers {
    match Seen::by(viewer) {
        Seen::All => Box::new(true.into_sql::<Bool>()),
        Seen::OfSchool(id) => Box::new(reviewers::school_id.eq(id)),
        Seen::OfDepartment(id) => Box::new(reviewers::department_id.eq(id).assume_not_null()),
        Seen::Nobody => Box::new(false.into_sql::<Bool>()),
    }
}

/// How much of a reviewer's addresses somebody sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// As they are.
    Whole,
    /// So much that he who knows them recognises them.
    Masked,
    /// Nothing.
    Hidden,
}

/// How much of the addresses of a reviewer whom he sees a viewer sees: himself his own, a reviewer of the school those that the
/// school has entered, an operator enough to recognise them, a colleague in the department nothing.
pub fn addresses_shown(viewer: &Viewer, account_id: Uuid) -> Shown {
    match viewer {
        _ if viewer.account_id() == account_id => Shown::Whole,
        Viewer::Reviewer {
            department_id: None, ..
        } => Shown::Whole,
        Viewer::Operator { .. } => Shown::Masked,
        _ => Shown::Hidden,
    }
}

/// The reviewers with these accounts whom the viewer sees, in no order.
///
/// # Errors
/// The database's.
pub async fn by_ids(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    account_ids: &[Uuid],
) -> QueryResult<Vec<ReviewerAccount>> {
    reviewers::table
        .inner_join(accounts::table)
        .filter(reviewers::account_id.eq_any(account_ids))
        .filter(visible_to(viewer))
        .select(ReviewerAccount::as_select())
        .load(conn)
        .await
}

/// The reviewer behind an account, if the viewer sees him.
///
/// # Errors
/// The database's.
pub async fn find(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    account_id: Uuid,
) -> QueryResult<Option<ReviewerAccount>> {
    Ok(by_ids(conn, viewer, &[account_id]).await?.pop())
}

/// A page of the reviewers of each of several schools in one statement, as of `event`'s histories.
macro_rules! reviewers {
    ($direction:literal) => {
        concat!(
            "SELECT reviewer.* FROM unnest($1) AS wanted (school_id) CROSS JOIN LATERAL (\
               SELECT reviewers.*, mobile, email, disabled_at FROM reviewers JOIN accounts ON id = account_id \
               WHERE reviewers.school_id = wanted.school_id AND ($2 IS NULL OR department_id = $2) \
                 AND ($3 IS NULL OR account_id > $3) AND ($4 IS NULL OR account_id < $4) \
               ORDER BY account_id ",
            $direction,
            " LIMIT $5) AS reviewer ORDER BY reviewer.school_id, reviewer.account_id ",
            $direction
        )
    };
}

/// The reviewers of schools as far as the viewer sees them, in the order in which their accounts were opened.
///
/// # Errors
/// The database's.
pub async fn lists(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    school_ids: &[Uuid],
    request: &PageRequest<Uuid>,
) -> QueryResult<Vec<(Uuid, Page<ReviewerAccount>)>> {
    let (school_ids, department_id) = match Seen::by(viewer) {
        Seen::All => (school_ids.to_vec(), None),
        Seen::OfSchool(id) => (
            school_ids.iter().copied().filter(|other| *other == id).collect(),
            None,
        ),
        Seen::OfDepartment(id) => (school_ids.to_vec(), Some(id)),
        Seen::Nobody => return Ok(Vec::new()),
    };
    let query = if request.backward {
        reviewers!("DESC")
    } else {
        reviewers!("ASC")
    };
    let query = diesel::sql_query(query)
        .bind::<Array<SqlUuid>, _>(school_ids)
        .bind::<Nullable<SqlUuid>, _>(department_id)
        .bind::<Nullable<SqlUuid>, _>(request.after)
        .bind::<Nullable<SqlUuid>, _>(request.before)
        .bind::<BigInt, _>(request.fetch());
    let found: Vec<ReviewerAccount> = Kept(query).load(conn).await?;
    Ok(request.pages(found, |reviewer| reviewer.school_id))
}

/// Whether a school has an enabled reviewer of the whole school beside this account.
///
/// # Errors
/// The database's.
pub async fn another_of_school(
    conn: &mut AsyncPgConnection,
    school_id: Uuid,
    account_id: Uuid,
) -> QueryResult<bool> {
    let others = reviewers::table
        .inner_join(accounts::table)
        .filter(reviewers::school_id.eq(school_id))
        .filter(reviewers::department_id.is_null())
        .filter(reviewers::account_id.ne(account_id))
        .filter(accounts::disabled_at.is_null());
    diesel::select(dsl::exists(others)).get_result(conn).await
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
