//! Destinations: rows, who sees them, lists, and what the rules need to know of one.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{dsl, pg::Pg, prelude::*};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    Viewer,
    case::{CaseRow, ReviewedRow, RouteColumns, SchoolRoutes, case_row, route_columns, visible_cases},
    case_reads::{case_drafts, case_list, case_lock, case_reads},
    event::CaseKind,
    leaving_period::LastDay,
};
use crate::{
    destination::{Destination as Form, DestinationDraft, DestinationType, Warnings},
    tables::{destinations, engagements, graduates, school_review_routes, schools},
    workflow::{
        ReviewLevel, ReviewRoute, Workflow,
        destination::{
            DestinationAction, DestinationFacts, DestinationStatus, available, is_directed, route_for,
        },
        transition::Holder,
    },
};

/// 毕业去向: one registration of a destination that needs no agreement.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = destinations)]
pub struct Destination {
    /// Its id.
    pub id: Uuid,
    /// Where it stands.
    pub status: DestinationStatus,
    /// The graduate.
    pub graduate_id: Uuid,
    /// The graduate's school.
    pub school_id: Uuid,
    /// The graduate's department.
    pub department_id: Uuid,
    /// What the graduate has filled in, or a reviewer has made of it.
    pub draft: DestinationDraft,
    /// What was handed in last, with what a reviewer has changed of it; none before.
    pub form: Option<Form>,
    /// What of it is worth a second look.
    pub warnings: Warnings,
    /// 去向类型 of what was handed in; before, of what is filled in.
    pub destination_type: DestinationType,
    /// Whether nobody but the graduate knows of it: a draft that was never handed in.
    pub private: bool,
    /// The school's route it was submitted with, for its registration or for its voiding.
    pub review_route: Option<ReviewRoute>,
    /// The level that decides next.
    pub awaiting_review: Option<ReviewLevel>,
    /// Since when it waits for that level.
    pub waiting_since: Option<DateTime<Utc>>,
    /// Who submitted it for review.
    pub submitted_by: Option<Uuid>,
    /// The reason of the step that ended or returned it, where one was given.
    pub reason: Option<String>,
    /// Goes up with every change of status or content.
    pub version: i32,
    /// How many events it has.
    pub event_count: i32,
    /// The hash of the last of them.
    pub event_hash: Vec<u8>,
    /// When what is or was last reviewed was handed in.
    pub submitted_at: Option<DateTime<Utc>>,
    /// When the department approved, in this round.
    pub department_approved_at: Option<DateTime<Utc>>,
    /// When the school approved, in this round.
    pub school_approved_at: Option<DateTime<Utc>>,
    /// When it was registered.
    pub registered_at: Option<DateTime<Utc>>,
    /// When it was made void.
    pub voided_at: Option<DateTime<Utc>>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

case_row!(alone Destination, CaseKind::Destination, DestinationStatus, submitted_at, private);
visible_cases!(alone destinations, private);

impl Destination {
    /// 去向类型 as the next step sees it: what the graduate may still change counts as he has filled it in.
    pub const fn standing_type(&self) -> DestinationType {
        match self.status {
            DestinationStatus::Draft | DestinationStatus::Returned => self.draft.destination_type(),
            _ => self.destination_type,
        }
    }

    /// The route by which it is, or was, reviewed: that of its type, or for its voiding the school's alone. None before it is handed in.
    pub fn route(&self) -> Option<ReviewRoute> {
        let school_route = self.review_route?;
        Some(match self.status {
            DestinationStatus::VoidingReview | DestinationStatus::Voided => school_route,
            _ => route_for(self.destination_type, school_route),
        })
    }
}

/// What surrounds a destination and decides what may be done with it.
#[derive(Queryable, Clone, Debug)]
pub struct DestinationStanding {
    /// When the graduate confirmed his basic information.
    pub graduate_confirmed_at: Option<DateTime<Utc>>,
    /// Whether the graduate may sign online.
    pub online_signing_allowed: bool,
    /// 培养方式 of the graduate.
    pub training_mode: String,
    /// Whether the school reviews what is made void.
    pub voiding_reviewed: bool,
    /// The school's routes for destinations.
    pub routes: SchoolRoutes,
    /// The case that holds the graduate.
    pub held_by: Option<Uuid>,
    /// The last day on which the graduate may begin anything.
    pub last_day: NaiveDate,
}

/// A destination with its standing: what lists and steps read, in one statement.
#[derive(Queryable, Clone, Debug)]
pub struct DestinationView {
    /// The destination.
    pub destination: Destination,
    /// What surrounds it.
    pub standing: DestinationStanding,
}

impl DestinationView {
    /// What the rules look at when `account_id` acts, and the type stays as it is.
    pub fn facts(&self, account_id: Option<Uuid>, reason_given: bool) -> DestinationFacts {
        let (destination, standing) = (&self.destination, &self.standing);
        let of = destination.standing_type();
        DestinationFacts {
            status: destination.status,
            destination_type: of,
            chosen_type: of,
            school_route: standing.routes.of(destination),
            awaiting_review: destination.awaiting_review,
            holder: Holder::of(standing.held_by, destination.id),
            graduate_confirmed: standing.graduate_confirmed_at.is_some(),
            online_signing_allowed: standing.online_signing_allowed,
            directed: is_directed(&standing.training_mode),
            voiding_reviewed: standing.voiding_reviewed,
            department_approved: destination.department_approved_at.is_some(),
            own_submission: destination.is_submission_of(account_id),
            reason_given,
        }
    }

    /// What this viewer may do now: a dashboard draws its buttons from it.
    pub fn viewer_actions(&self, viewer: &Viewer, now: DateTime<Utc>) -> Vec<DestinationAction> {
        let role = self
            .destination
            .beginning_role_of(viewer, self.standing.last_day, now);
        role.map(|role| available(&self.facts(Some(viewer.account_id()), true), role))
            .unwrap_or_default()
    }
}

#[diesel::dsl::auto_type(no_type_alias)]
fn with_standing() -> _ {
    let workflow: Workflow = Workflow::OtherDestination;
    destinations::table
        .inner_join(graduates::table.on(graduates::id.eq(destinations::graduate_id)))
        .inner_join(schools::table.on(schools::id.eq(destinations::school_id)))
        .left_join(
            school_review_routes::table.on(school_review_routes::school_id
                .eq(destinations::school_id)
                .and(school_review_routes::workflow.eq(workflow))),
        )
        .left_join(engagements::table.on(engagements::graduate_id.eq(destinations::graduate_id)))
}

type Columns = (
    diesel::helper_types::AsSelect<Destination, Pg>,
    (
        graduates::confirmed_at,
        graduates::online_signing_allowed,
        graduates::training_mode,
        schools::voiding_reviewed,
        RouteColumns,
        dsl::Nullable<engagements::case_id>,
        LastDay,
    ),
);

fn columns() -> Columns {
    (
        Destination::as_select(),
        (
            graduates::confirmed_at,
            graduates::online_signing_allowed,
            graduates::training_mode,
            schools::voiding_reviewed,
            route_columns(),
            engagements::case_id.nullable(),
            LastDay,
        ),
    )
}

case_reads!(destinations, DestinationView);
case_lock!(destinations, DestinationView);
case_drafts!(destinations);

/// Which destinations of those the viewer sees.
#[derive(Clone, Debug, Default)]
pub struct DestinationFilter {
    /// Only those in one of these statuses; all when empty.
    pub statuses: Vec<DestinationStatus>,
    /// Only those of one of these types; all when empty.
    pub types: Vec<DestinationType>,
    /// Only those of this graduate.
    pub graduate_id: Option<Uuid>,
}

case_list!(destinations, DestinationView, DestinationFilter, [statuses: status, types: destination_type], graduate_id);
