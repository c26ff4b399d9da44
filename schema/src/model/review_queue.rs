//! What waits for a reviewer: cases of every kind in one list, longest first.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    Page, PageRequest, Viewer,
    agreement::{self, AgreementView},
    destination::{self, DestinationView},
    event::CaseKind,
    termination::{self, TerminationView},
};
use crate::workflow::Workflow;

/// A place in the queue: since when the case waits, and which it is.
pub type QueueKey = (DateTime<Utc>, Uuid);

/// A case that a reviewer decides.
#[derive(Clone, Debug)]
pub enum ReviewCase {
    /// An agreement.
    Agreement(Box<AgreementView>),
    /// A termination.
    Termination(Box<TerminationView>),
    /// A destination.
    Destination(Box<DestinationView>),
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = Text)]
    kind: CaseKind,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    waiting_since: DateTime<Utc>,
}

/// Which cases of those that wait.
#[derive(Clone, Debug, Default)]
pub struct QueueFilter {
    /// Only those of one of these workflows; all when empty.
    pub workflows: Vec<Workflow>,
    /// Only those of graduates of this department.
    pub department_id: Option<Uuid>,
    /// Only those of graduates of this class year.
    pub class_year: Option<i16>,
    /// Only those that have waited since this moment at least.
    pub waiting_since: Option<DateTime<Utc>>,
}

/// One kind's part of the queue: a range of the partial index of its table, in the queue's order, no longer than a page.
macro_rules! part {
    ($kind:literal, $workflow:literal, $table:literal, $place:literal, $level:literal, $direction:literal) => {
        concat!(
            "(SELECT '",
            $kind,
            "' AS kind, id, waiting_since FROM ",
            $table,
            " WHERE ",
            $place,
            " = $1 AND awaiting_review = '",
            $level,
            "' AND ($7::text[] IS NULL OR ",
            $workflow,
            " = ANY($7)) AND ($8::uuid IS NULL OR department_id = $8)",
            " AND ($9::smallint IS NULL OR EXISTS (SELECT FROM graduates WHERE id = graduate_id AND class_year = $9))",
            " AND ($10::timestamptz IS NULL OR waiting_since <= $10)",
            " AND ($2::timestamptz IS NULL OR (waiting_since, id) > ($2, $3))",
            " AND ($4::timestamptz IS NULL OR (waiting_since, id) < ($4, $5))",
            " ORDER BY waiting_since ",
            $direction,
            ", id ",
            $direction,
            " LIMIT $6)"
        )
    };
}

/// $1 the department or school, $2 and $3 the place after which, $4 and $5 the place before which, $6 how many; then the filter:
/// $7 the workflows, $8 the department, $9 the class year, $10 since when.
macro_rules! queue {
    ($place:literal, $level:literal, $direction:literal) => {
        concat!(
            part!(
                "AGREEMENT",
                // As `AgreementChannel::workflow` says.
                "CASE channel WHEN 'OFFLINE' THEN 'OFFLINE_SIGNING' WHEN 'REGISTERED' THEN 'AGREEMENT_REGISTRATION' \
                 ELSE 'ONLINE_SIGNING' END",
                "agreements",
                $place,
                $level,
                $direction
            ),
            " UNION ALL ",
            part!(
                "TERMINATION",
                "'ONLINE_TERMINATION'",
                "terminations",
                $place,
                $level,
                $direction
            ),
            " UNION ALL ",
            part!(
                "DESTINATION",
                "'OTHER_DESTINATION'",
                "destinations",
                $place,
                $level,
                $direction
            ),
            " ORDER BY waiting_since ",
            $direction,
            ", id ",
            $direction,
            " LIMIT $6"
        )
    };
}

/// The cases that wait for this viewer's review, longest first, each with its place. Empty for whoever is no reviewer.
///
/// # Errors
/// The database's.
pub async fn list(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    filter: &QueueFilter,
    request: &PageRequest<QueueKey>,
) -> QueryResult<Page<(QueueKey, ReviewCase)>> {
    let Viewer::Reviewer {
        school_id,
        department_id,
        ..
    } = *viewer
    else {
        return Ok(request.page(Vec::new()));
    };
    let query = match (department_id.is_some(), request.backward) {
        (true, false) => queue!("department_id", "DEPARTMENT", "ASC"),
        (true, true) => queue!("department_id", "DEPARTMENT", "DESC"),
        (false, false) => queue!("school_id", "SCHOOL", "ASC"),
        (false, true) => queue!("school_id", "SCHOOL", "DESC"),
    };
    let (after, before) = (request.after.unzip(), request.before.unzip());
    let query = sql_query(query)
        .bind::<SqlUuid, _>(department_id.unwrap_or(school_id))
        .bind::<Nullable<Timestamptz>, _>(after.0)
        .bind::<Nullable<SqlUuid>, _>(after.1)
        .bind::<Nullable<Timestamptz>, _>(before.0)
        .bind::<Nullable<SqlUuid>, _>(before.1)
        .bind::<BigInt, _>(request.fetch())
        .bind::<Nullable<Array<Text>>, _>((!filter.workflows.is_empty()).then_some(&filter.workflows))
        .bind::<Nullable<SqlUuid>, _>(filter.department_id)
        .bind::<Nullable<SmallInt>, _>(filter.class_year)
        .bind::<Nullable<Timestamptz>, _>(filter.waiting_since);
    // Planned with its values each time, since only then a place is a range of the indexes.
    let places: Vec<Place> = query.load(conn).await?;
    let of = |kind: CaseKind| -> Vec<Uuid> {
        places
            .iter()
            .filter(|place| place.kind == kind)
            .map(|place| place.id)
            .collect()
    };
    let mut found = HashMap::new();
    let agreements = agreement::by_ids(conn, viewer, &of(CaseKind::Agreement)).await?;
    found.extend(
        agreements
            .into_iter()
            .map(|view| (view.agreement.id, ReviewCase::Agreement(Box::new(view)))),
    );
    let terminations = termination::by_ids(conn, viewer, &of(CaseKind::Termination)).await?;
    found.extend(
        terminations
            .into_iter()
            .map(|view| (view.termination.id, ReviewCase::Termination(Box::new(view)))),
    );
    let destinations = destination::by_ids(conn, viewer, &of(CaseKind::Destination)).await?;
    found.extend(
        destinations
            .into_iter()
            .map(|view| (view.destination.id, ReviewCase::Destination(Box::new(view)))),
    );
    let page = request.page(places);
    let items = page.items.into_iter();
    Ok(Page {
        // As they are now: one may have been decided since its place was read, and is shown all the same.
        items: items
            .filter_map(|place| Some(((place.waiting_since, place.id), found.remove(&place.id)?)))
            .collect(),
        has_next: page.has_next,
        has_previous: page.has_previous,
    })
}
