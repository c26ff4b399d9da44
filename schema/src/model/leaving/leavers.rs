//! The graduates who leave school, each as he stands: also those who have confirmed nothing yet, of whom there is no confirmation.

use std::collections::HashMap;

use diesel::{prelude::*, sql_types::Bool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{LeavingConfirmation, LeavingStanding, LeavingView, standings};
use crate::{
    fixed_sql,
    model::{Page, PageRequest, Viewer},
    tables::{graduates, leaving_confirmations},
    workflow::leaving::LeavingStatus,
};

/// A graduate who leaves school.
#[derive(Clone, Debug)]
pub struct Leaver {
    /// How he stands; with a blank confirmation where there is none.
    pub view: LeavingView,
    /// Whether there is one.
    pub begun: bool,
}

/// Which graduates of those whom the viewer reviews.
#[derive(Clone, Debug, Default)]
pub struct LeaverFilter {
    /// Only those whose confirmation is in one of these statuses; all when empty. Who has none is in [`LeavingStatus::Open`].
    pub statuses: Vec<LeavingStatus>,
    /// Only those of this class year.
    pub class_year: Option<i16>,
    /// Only those of this department.
    pub department_id: Option<Uuid>,
}

/// The graduates whom a reviewer reviews, in the order in which they were entered. Nobody for whoever is no reviewer.
///
/// # Errors
/// The database's.
pub async fn leavers(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    filter: &LeaverFilter,
    request: &PageRequest<Uuid>,
) -> QueryResult<Page<Leaver>> {
    use leaving_confirmations as own;
    let Viewer::Reviewer {
        school_id,
        department_id,
        ..
    } = *viewer
    else {
        return Ok(Page::default());
    };
    let mut query = graduates::table
        .left_join(
            own::table.on(own::graduate_id
                .eq(graduates::id)
                .and(own::class_year.eq(graduates::class_year))),
        )
        .select((graduates::id, Option::<LeavingConfirmation>::as_select()))
        .limit(request.fetch())
        .into_boxed();
    // A range of the index of one or the other.
    query = match department_id {
        Some(department_id) => query.filter(graduates::department_id.eq(department_id)),
        None => query.filter(graduates::school_id.eq(school_id)),
    };
    if let Some(department_id) = filter.department_id {
        query = query.filter(graduates::department_id.eq(department_id));
    }
    if let Some(class_year) = filter.class_year {
        query = query.filter(graduates::class_year.eq(class_year));
    }
    if !filter.statuses.is_empty() {
        if filter.statuses == [LeavingStatus::Disputed] {
            // As one value: the partial index of what is disputed serves.
            query = query.filter(fixed_sql::<Bool>("leaving_confirmations.status = 'DISPUTED'"));
        }
        let among = own::status.nullable().eq_any(filter.statuses.clone());
        query = if filter.statuses.contains(&LeavingStatus::Open) {
            query.filter(own::status.nullable().is_null().or(among))
        } else {
            query.filter(among)
        };
    }
    if let Some(after) = request.after {
        query = query.filter(graduates::id.gt(after));
    }
    if let Some(before) = request.before {
        query = query.filter(graduates::id.lt(before));
    }
    query = if request.backward {
        query.order(graduates::id.desc())
    } else {
        query.order(graduates::id.asc())
    };
    let found: Vec<(Uuid, Option<LeavingConfirmation>)> = query.load(conn).await?;
    let page = request.page(found);
    let ids: Vec<Uuid> = page.items.iter().map(|(id, _)| *id).collect();
    let standings: HashMap<Uuid, LeavingStanding> = standings(conn, &ids)
        .await?
        .into_iter()
        .map(|standing| (standing.graduate_id, standing))
        .collect();
    let leaver = |(id, confirmation): (Uuid, Option<LeavingConfirmation>)| {
        let standing = *standings.get(&id)?;
        let begun = confirmation.is_some();
        let view = match confirmation {
            Some(confirmation) => LeavingView {
                confirmation,
                standing,
            },
            None => standing.blank(),
        };
        Some(Leaver { view, begun })
    };
    Ok(Page {
        items: page.items.into_iter().filter_map(leaver).collect(),
        has_next: page.has_next,
        has_previous: page.has_previous,
    })
}
