//! Schools and their departments, and the route by which a school reviews. That they are there everybody sees; who sees how a
//! school is run stands in [`open_to`] and [`history_open_to`].

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Nullable, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use uuid::Uuid;

use super::{
    Page, PageRequest, Viewer,
    event::ChainEnd,
    page::load_page,
    terms::{FieldError, Form},
};
use crate::{
    Kept,
    tables::{departments, school_review_routes, schools},
    workflow::{ReviewRoute, Workflow},
};

/// 学校
#[derive(Queryable, Selectable, Insertable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = schools)]
pub struct School {
    /// Its id.
    pub id: Uuid,
    /// National school code, five digits.
    pub code: String,
    /// 学校名称
    pub name: String,
    /// The careers office's telephone, printed on the agreement.
    pub contact_phone: Option<String>,
    /// Postal address, printed on the agreement.
    pub address: Option<String>,
    /// The route of every workflow that has none of its own.
    pub default_review_route: ReviewRoute,
    /// Goes up with every change of the school's own data and of its routes.
    pub version: i32,
    /// 作废需审核: whether it reviews what graduates make void of their registered destinations (§9.2: no, unless it says so).
    pub voiding_reviewed: bool,
}

/// 院系
#[derive(Queryable, QueryableByName, Selectable, Insertable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = departments)]
pub struct Department {
    /// Its id.
    pub id: Uuid,
    /// The school it belongs to.
    pub school_id: Uuid,
    /// The school's own code for it.
    pub code: String,
    /// 院系名称
    pub name: String,
}

/// A school as somebody filled it in, not yet checked.
#[derive(Clone, Debug, Default, Serialize)]
#[expect(missing_docs, reason = "each field is the unchecked one of School")]
pub struct SchoolDraft {
    pub code: String,
    pub name: String,
    pub contact_phone: Option<String>,
    pub address: Option<String>,
}

impl SchoolDraft {
    /// Checks it: the school as it would be, reviewing by `route`.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn check(&self, id: Uuid, route: ReviewRoute) -> Result<School, Vec<FieldError>> {
        let mut form = Form::default();
        let code = self.code.trim().to_owned();
        if code.len() != 5 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            form.wrong("code", "应为 5 位数字的学校标识码");
        }
        let name = form.text("name", &self.name, 2..=60, false);
        let contact_phone = form.phone("contactPhone", self.contact_phone.as_deref());
        let address = form.optional("address", self.address.as_deref(), 200, false);
        match form.errors.is_empty() {
            true => Ok(School {
                id,
                code,
                name,
                contact_phone,
                address,
                default_review_route: route,
                version: 1,
                voiding_reviewed: false,
            }),
            false => Err(form.errors),
        }
    }
}

/// Checks code and name of a department: 1 to 20 letters, digits, `-`, `_` and `.`; 1 to 60 characters.
///
/// # Errors
/// Every field that is wrong.
pub fn check_department(code: &str, name: &str) -> Result<(String, String), Vec<FieldError>> {
    let mut form = Form::default();
    let code = code.trim().to_owned();
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !(1..=20).contains(&code.chars().count()) || !code.chars().all(fits) {
        form.wrong("code", "应为 1 至 20 个字母、数字或 - _ .");
    }
    let name = form.text("name", name, 1..=60, false);
    match form.errors.is_empty() {
        true => Ok((code, name)),
        false => Err(form.errors),
    }
}

/// Whether a viewer sees the departments of a school as a list, and its review routes: its reviewers and operators do.
pub fn open_to(viewer: &Viewer, id: Uuid) -> bool {
    match viewer {
        Viewer::Reviewer { school_id, .. } => *school_id == id,
        Viewer::Operator { .. } => true,
        Viewer::Graduate { .. } | Viewer::EmployerMember { .. } => false,
    }
}

/// Whether a viewer sees what was done to a school: the reviewers of the whole school and operators do.
pub fn history_open_to(viewer: &Viewer, id: Uuid) -> bool {
    let of_department = matches!(
        viewer,
        Viewer::Reviewer {
            department_id: Some(_),
            ..
        }
    );
    open_to(viewer, id) && !of_department
}

/// All schools in the order of their codes, for operators; nothing for anybody else.
///
/// # Errors
/// The database's.
pub async fn list(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    request: &PageRequest<String>,
) -> QueryResult<Page<School>> {
    if !matches!(viewer, Viewer::Operator { .. }) {
        return Ok(Page::default());
    }
    let query = schools::table.select(School::as_select()).into_boxed();
    load_page!(conn, query, request, ascending schools::code)
}

/// Locks the row of a school for a step; gives it with the end of its chain of events. What only refers to the school does
/// not wait.
///
/// # Errors
/// The database's.
pub async fn lock(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<(School, ChainEnd)>> {
    let found: Option<(School, i32, Vec<u8>)> = schools::table
        .find(id)
        .for_no_key_update()
        .select((School::as_select(), schools::event_count, schools::event_hash))
        .first(conn)
        .await
        .optional()?;
    Ok(found.map(|(school, count, hash)| (school, ChainEnd { count, hash })))
}

/// The schools with these ids, in no order.
///
/// # Errors
/// The database's.
pub async fn schools_by_ids(mut conn: &AsyncPgConnection, ids: &[Uuid]) -> QueryResult<Vec<School>> {
    schools::table
        .filter(schools::id.eq_any(ids))
        .select(School::as_select())
        .load(&mut conn)
        .await
}

/// The departments with these ids, in no order.
///
/// # Errors
/// The database's.
pub async fn departments_by_ids(conn: &mut AsyncPgConnection, ids: &[Uuid]) -> QueryResult<Vec<Department>> {
    departments::table
        .filter(departments::id.eq_any(ids))
        .select(Department::as_select())
        .load(conn)
        .await
}

/// A department of a school.
///
/// # Errors
/// The database's.
pub async fn department_of(
    conn: &mut AsyncPgConnection,
    school_id: Uuid,
    id: Uuid,
) -> QueryResult<Option<Department>> {
    departments::table
        .find(id)
        .filter(departments::school_id.eq(school_id))
        .select(Department::as_select())
        .first(conn)
        .await
        .optional()
}

/// A page of the departments of each of several schools in one statement, as of `event`'s histories.
macro_rules! departments {
    ($direction:literal) => {
        concat!(
            "SELECT department.* FROM unnest($1) AS wanted (school_id) CROSS JOIN LATERAL (\
               SELECT * FROM departments WHERE departments.school_id = wanted.school_id \
                 AND ($2 IS NULL OR code > $2) AND ($3 IS NULL OR code < $3) \
               ORDER BY code ",
            $direction,
            " LIMIT $4) AS department ORDER BY department.school_id, department.code ",
            $direction
        )
    };
}

/// The departments of schools that are [`open_to`] the viewer, in the order of their codes.
///
/// # Errors
/// The database's.
pub async fn departments_of(
    conn: &mut AsyncPgConnection,
    school_ids: &[Uuid],
    request: &PageRequest<String>,
) -> QueryResult<Vec<(Uuid, Page<Department>)>> {
    let query = if request.backward {
        departments!("DESC")
    } else {
        departments!("ASC")
    };
    let query = diesel::sql_query(query)
        .bind::<Array<SqlUuid>, _>(school_ids)
        .bind::<Nullable<Text>, _>(&request.after)
        .bind::<Nullable<Text>, _>(&request.before)
        .bind::<BigInt, _>(request.fetch());
    let found: Vec<Department> = Kept(query).load(conn).await?;
    Ok(request.pages(found, |department| department.school_id))
}

/// A route that a school has set for a workflow.
#[derive(Queryable, Selectable, Clone, Copy, Debug, PartialEq, Eq)]
#[diesel(table_name = school_review_routes)]
pub struct OwnRoute {
    /// The school.
    pub school_id: Uuid,
    /// The workflow.
    pub workflow: Workflow,
    /// The route.
    pub review_route: ReviewRoute,
}

/// The routes that schools have set for workflows, as far as they have; for schools that are [`open_to`] the viewer.
///
/// # Errors
/// The database's.
pub async fn own_routes(conn: &mut AsyncPgConnection, school_ids: &[Uuid]) -> QueryResult<Vec<OwnRoute>> {
    school_review_routes::table
        .filter(school_review_routes::school_id.eq_any(school_ids))
        .order((school_review_routes::school_id, school_review_routes::workflow))
        .select(OwnRoute::as_select())
        .load(conn)
        .await
}

/// The route by which a school reviews a workflow now.
///
/// # Errors
/// The database's.
pub async fn review_route(
    conn: &mut AsyncPgConnection,
    school_id: Uuid,
    workflow: Workflow,
) -> QueryResult<ReviewRoute> {
    let (default, own): (ReviewRoute, Option<ReviewRoute>) = schools::table
        .find(school_id)
        .left_join(
            school_review_routes::table.on(school_review_routes::school_id
                .eq(schools::id)
                .and(school_review_routes::workflow.eq(workflow))),
        )
        .select((
            schools::default_review_route,
            school_review_routes::review_route.nullable(),
        ))
        .first(conn)
        .await?;
    Ok(own.unwrap_or(default))
}

/// Sets a school's own route for a workflow. Cases under review keep the route they were submitted with.
///
/// # Errors
/// The database's.
pub async fn set_review_route(
    conn: &mut AsyncPgConnection,
    school_id: Uuid,
    workflow: Workflow,
    route: ReviewRoute,
) -> QueryResult<()> {
    use school_review_routes as own;
    diesel::insert_into(own::table)
        .values((
            own::school_id.eq(school_id),
            own::workflow.eq(workflow),
            own::review_route.eq(route),
        ))
        .on_conflict((own::school_id, own::workflow))
        .do_update()
        .set(own::review_route.eq(route))
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes a school's own route for a workflow away: the default counts again.
///
/// # Errors
/// The database's.
pub async fn clear_review_route(
    conn: &mut AsyncPgConnection,
    school_id: Uuid,
    workflow: Workflow,
) -> QueryResult<()> {
    diesel::delete(school_review_routes::table.find((school_id, workflow)))
        .execute(conn)
        .await?;
    Ok(())
}
