//! Employers and their members.

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use diesel::{
    alias,
    dsl::sql,
    pg::Pg,
    prelude::*,
    sql_types::{Bool, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Page, PageRequest, Viewer, agreement, event::ChainEnd};
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
    /// What he may do there.
    pub role: MemberRole,
}

/// Which employers a viewer sees: its own; for a graduate and a reviewer the parties of agreements they see; for an
/// operator all.
pub fn visible_to(viewer: &Viewer) -> Box<dyn BoxableExpression<employers::table, Pg, SqlType = Bool>> {
    match viewer {
        Viewer::EmployerMember { employer_id, .. } => Box::new(employers::id.eq(*employer_id)),
        Viewer::Operator { .. } => Box::new(employers::id.is_not_null()),
        Viewer::Graduate { .. } | Viewer::Reviewer { .. } => Box::new(
            employers::id.eq_any(
                agreements::table
                    .filter(agreement::visible_to::<agreements::table>(viewer))
                    .select(agreements::employer_id.assume_not_null())
                    .into_boxed(),
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

/// How many characters somebody may look for: two are the least that tell, and no name is longer.
const NAME_PART: RangeInclusive<usize> = 2..=100;
/// How many that have it in their name are looked at, so that what stands in most names, such as 有限公司, costs no more than a rare word.
const CANDIDATES: i64 = 1000;
/// The most employers that are found at once.
const FOUND: i64 = 10;

define_sql_function! {
    /// The name's neighbouring characters, in small letters (the migration `name_pairs`).
    fn name_pairs(name: Text) -> Array<Text>;
}
define_sql_function! {
    /// In small letters.
    fn lower(text: Text) -> Text;
}
define_sql_function! {
    /// Where the part begins in the text, from 1; 0 where it does not stand in it.
    fn strpos(text: Text, part: Text) -> Integer;
}

/// The verified employers that have this in their name, at most ten, those whose name is or begins with it first (§6.1 单位名称 点击搜索):
/// what a public register says of them. For a graduate who fills in an agreement and for who reviews it; nothing for everybody else,
/// nor for less than two characters or more than a hundred. Of what more than a thousand have in their name, some of these.
///
/// # Errors
/// The database's.
pub async fn search(conn: &mut AsyncPgConnection, viewer: &Viewer, part: &str) -> QueryResult<Vec<Employer>> {
    let part = part.trim();
    let asks = matches!(viewer, Viewer::Graduate { .. } | Viewer::Reviewer { .. });
    // PostgreSQL's text holds no NUL, so no name does.
    if !asks || !NAME_PART.contains(&part.chars().count()) || part.contains('\0') {
        return Ok(Vec::new());
    }
    let named = alias!(employers as named);
    let name = named.field(employers::name);
    let candidates = named
        .filter(
            named
                .field(employers::verification)
                .eq(EmployerVerification::Verified),
        )
        .filter(name_pairs(name).contains(name_pairs(part)))
        .filter(strpos(lower(name), lower(part)).gt(0))
        .select(named.field(employers::id))
        .limit(CANDIDATES);
    let place = strpos(lower(employers::name), lower(part));
    employers::table
        .filter(employers::id.eq_any(candidates))
        .order((employers::name.ne(part), place, employers::name, employers::id))
        .limit(FOUND)
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

/// Where an employer stands among those that wait: since when, and its id.
pub type AwaitingKey = (DateTime<Utc>, Uuid);

/// The employers that wait to be verified, each with since when, longest first; nothing for whoever is no operator.
///
/// # Errors
/// The database's.
pub async fn awaiting_verification(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    request: &PageRequest<AwaitingKey>,
) -> QueryResult<Page<(DateTime<Utc>, Employer)>> {
    if !matches!(viewer, Viewer::Operator { .. }) {
        return Ok(Page::default());
    }
    let place = |comparison: &str, (since, id): AwaitingKey| {
        // Compared as a row, so that the index serves.
        sql::<Bool>(&format!("(employers.submitted_at, employers.id) {comparison} ("))
            .bind::<Timestamptz, _>(since)
            .sql(", ")
            .bind::<SqlUuid, _>(id)
            .sql(")")
    };
    let mut query = employers::table
        .filter(employers::verification.eq(EmployerVerification::Pending))
        .select((employers::submitted_at, Employer::as_select()))
        .limit(request.fetch())
        .into_boxed();
    if let Some(after) = request.after {
        query = query.filter(place(">", after));
    }
    if let Some(before) = request.before {
        query = query.filter(place("<", before));
    }
    query = if request.backward {
        query.order((employers::submitted_at.desc(), employers::id.desc()))
    } else {
        query.order((employers::submitted_at, employers::id))
    };
    Ok(request.page(query.load(conn).await?))
}

/// Locks the row of an employer that the viewer sees for a step on its registration; gives it with its version and the end of
/// its chain of events. Invitations and cases may still be written that refer to it.
///
/// # Errors
/// The database's.
pub async fn lock(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    id: Uuid,
) -> QueryResult<Option<(Employer, i32, ChainEnd)>> {
    let found: Option<(Employer, i32, i32, Vec<u8>)> = employers::table
        .filter(employers::id.eq(id))
        .filter(visible_to(viewer))
        .for_no_key_update()
        .select((
            Employer::as_select(),
            employers::version,
            employers::event_count,
            employers::event_hash,
        ))
        .first(conn)
        .await
        .optional()?;
    Ok(found.map(|(employer, version, count, hash)| (employer, version, ChainEnd { count, hash })))
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
