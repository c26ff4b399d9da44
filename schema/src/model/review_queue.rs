//! What waits for a reviewer: cases of every kind in one list, longest first.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Bool, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    Page, PageRequest, Viewer,
    agreement::{self, AgreementView},
    case::CaseRow,
    destination::{self, DestinationView},
    event::CaseKind,
    review_assignment::holds,
    termination::{self, TerminationView},
};
use crate::workflow::{ReviewLevel, Workflow};

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

/// Where a case stands in its review: at which level it waits since when, if it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReviewRound {
    /// Of what kind the case is.
    pub kind: CaseKind,
    /// Which it is.
    pub case_id: Uuid,
    /// The level that decides next.
    pub awaiting_review: Option<ReviewLevel>,
    /// Since when it waits for that level.
    pub waiting_since: Option<DateTime<Utc>>,
}

impl ReviewRound {
    /// That of a case's row.
    pub fn of<R: CaseRow>(row: &R) -> Self {
        Self {
            kind: R::KIND,
            case_id: row.id(),
            awaiting_review: row.awaiting_review(),
            waiting_since: row.waiting_since(),
        }
    }
}

impl ReviewCase {
    /// Where it stands in its review.
    pub fn round(&self) -> ReviewRound {
        match self {
            Self::Agreement(view) => ReviewRound::of(&view.agreement),
            Self::Termination(view) => ReviewRound::of(&view.termination),
            Self::Destination(view) => ReviewRound::of(&view.destination),
        }
    }
}

/// A case that reviewers decide, by its kind and id, if the viewer sees it.
///
/// # Errors
/// The database's.
pub async fn find(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    kind: CaseKind,
    id: Uuid,
) -> QueryResult<Option<ReviewCase>> {
    Ok(match kind {
        CaseKind::Agreement => agreement::find(conn, viewer, id)
            .await?
            .map(|view| ReviewCase::Agreement(Box::new(view))),
        CaseKind::Termination => termination::find(conn, viewer, id)
            .await?
            .map(|view| ReviewCase::Termination(Box::new(view))),
        CaseKind::Destination => destination::find(conn, viewer, id)
            .await?
            .map(|view| ReviewCase::Destination(Box::new(view))),
        CaseKind::Leaving | CaseKind::Graduate | CaseKind::Employer | CaseKind::School => None,
    })
}

/// By whom a case is taken, to look only for such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssignedTo {
    /// By the viewer.
    Me,
    /// By nobody.
    Nobody,
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
    /// Only those that the viewer has taken, or that nobody has.
    pub assignment: Option<AssignedTo>,
}

/// Whether a case is taken: by the one reviewer of a parameter, or by any.
macro_rules! taken {
    ($table:literal, $level:literal, $by:expr) => {
        concat!(
            "EXISTS (SELECT FROM review_assignments AS held WHERE held.case_id = ",
            $table,
            ".id AND held.waiting_since = ",
            $table,
            ".waiting_since AND held.level = '",
            $level,
            "' AND ",
            $by,
            ")"
        )
    };
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
            " AND ($11::uuid IS NULL OR ",
            taken!($table, $level, "held.account_id = $11"),
            ") AND (NOT $12 OR NOT ",
            taken!($table, $level, holds!("held", "$1")),
            ") AND ($2::timestamptz IS NULL OR (waiting_since, id) > ($2, $3))",
            " AND ($4::timestamptz IS NULL OR (waiting_since, id) < ($4, $5))",
            " ORDER BY waiting_since ",
            $direction,
            ", id ",
            $direction,
            " LIMIT $6)"
        )
    };
}

/// The parts of all kinds of cases: `$part` with the kind, the workflow of a row and the table of each, and what else it takes.
macro_rules! every_kind {
    ($part:ident $(, $argument:tt)*) => {
        concat!(
            $part!(
                "AGREEMENT",
                // As `AgreementChannel::workflow` says.
                "CASE channel WHEN 'OFFLINE' THEN 'OFFLINE_SIGNING' WHEN 'REGISTERED' THEN 'AGREEMENT_REGISTRATION' \
                 ELSE 'ONLINE_SIGNING' END",
                "agreements"
                $(, $argument)*
            ),
            " UNION ALL ",
            $part!(
                "TERMINATION",
                // As `AgreementChannel::termination_workflow` says: only an online agreement has an employer of the platform.
                "CASE WHEN employer_id IS NULL THEN 'OFFLINE_TERMINATION' ELSE 'ONLINE_TERMINATION' END",
                "terminations"
                $(, $argument)*
            ),
            " UNION ALL ",
            $part!(
                "DESTINATION",
                "'OTHER_DESTINATION'",
                "destinations"
                $(, $argument)*
            )
        )
    };
}

pub(super) use every_kind;

/// $1 the department or school, $2 and $3 the place after which, $4 and $5 the place before which, $6 how many; then the filter:
/// $7 the workflows, $8 the department, $9 the class year, $10 since when, $11 who has taken it, $12 whether nobody has.
macro_rules! queue {
    ($place:literal, $level:literal, $direction:literal) => {
        concat!(
            every_kind!(part, $place, $level, $direction),
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
    let Some((level, place_id)) = viewer.reviews() else {
        return Ok(request.page(Vec::new()));
    };
    let query = match (level, request.backward) {
        (ReviewLevel::Department, false) => queue!("department_id", "DEPARTMENT", "ASC"),
        (ReviewLevel::Department, true) => queue!("department_id", "DEPARTMENT", "DESC"),
        (ReviewLevel::School, false) => queue!("school_id", "SCHOOL", "ASC"),
        (ReviewLevel::School, true) => queue!("school_id", "SCHOOL", "DESC"),
    };
    let mine = (filter.assignment == Some(AssignedTo::Me)).then_some(viewer.account_id());
    let (after, before) = (request.after.unzip(), request.before.unzip());
    let query = sql_query(query)
        .bind::<SqlUuid, _>(place_id)
        .bind::<Nullable<Timestamptz>, _>(after.0)
        .bind::<Nullable<SqlUuid>, _>(after.1)
        .bind::<Nullable<Timestamptz>, _>(before.0)
        .bind::<Nullable<SqlUuid>, _>(before.1)
        .bind::<BigInt, _>(request.fetch())
        .bind::<Nullable<Array<Text>>, _>((!filter.workflows.is_empty()).then_some(&filter.workflows))
        .bind::<Nullable<SqlUuid>, _>(filter.department_id)
        .bind::<Nullable<SmallInt>, _>(filter.class_year)
        .bind::<Nullable<Timestamptz>, _>(filter.waiting_since)
        .bind::<Nullable<SqlUuid>, _>(mine)
        .bind::<Bool, _>(filter.assignment == Some(AssignedTo::Nobody));
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

/// How many cases of a workflow wait at a level of a department or school.
#[derive(QueryableByName, Clone, Debug)]
pub struct Waiting {
    /// The department or school.
    #[diesel(sql_type = SqlUuid)]
    pub place_id: Uuid,
    /// Of which workflow.
    #[diesel(sql_type = Text)]
    pub workflow: Workflow,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub cases: i64,
    /// Since when the one that waits longest does.
    #[diesel(sql_type = Timestamptz)]
    pub oldest: DateTime<Utc>,
}

/// How many of one kind wait at some places: ranges of the same partial indexes.
macro_rules! count {
    ($kind:literal, $workflow:literal, $table:literal, $place:literal, $level:literal, $places:literal) => {
        concat!(
            "(SELECT ",
            $place,
            " AS place_id, ",
            $workflow,
            " AS workflow, count(*) AS cases, min(waiting_since) AS oldest FROM ",
            $table,
            " WHERE ",
            $place,
            " = ANY(",
            $places,
            ") AND awaiting_review = '",
            $level,
            "' GROUP BY 1, 2)"
        )
    };
}

/// What waits for these departments, at the department's level, and for these schools, at the school's, as [`list`] shows it to their
/// reviewers; nothing of a workflow of which nothing waits.
///
/// # Errors
/// The database's.
pub async fn waiting(
    conn: &mut AsyncPgConnection,
    departments: &[Uuid],
    schools: &[Uuid],
) -> QueryResult<Vec<Waiting>> {
    let query = sql_query(concat!(
        every_kind!(count, "department_id", "DEPARTMENT", "$1"),
        " UNION ALL ",
        every_kind!(count, "school_id", "SCHOOL", "$2"),
    ));
    query
        .bind::<Array<SqlUuid>, _>(departments)
        .bind::<Array<SqlUuid>, _>(schools)
        .load(conn)
        .await
}
