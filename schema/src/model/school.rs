//! Schools and their departments, and the route by which a school reviews.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::{
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
}

/// 院系
#[derive(Queryable, Selectable, Insertable, Clone, Debug, PartialEq, Eq)]
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
