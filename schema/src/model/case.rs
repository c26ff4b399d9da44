//! What the rows of all kinds of cases have in common, said once for each: who is concerned, where the case stands, and the
//! end of its trail.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    dsl,
    prelude::*,
    sql_query,
    sql_types::{Array, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    Viewer,
    event::{CaseKind, ChainEnd, Concerned},
};
use crate::{
    Kept,
    clock::shanghai_date,
    tables::{school_review_routes, schools},
    workflow::{
        ActorRole, ReviewLevel, ReviewRoute, agreement::AgreementStatus, destination::DestinationStatus,
        leaving::may_begin, transition::ReviewDecision,
    },
};

/// The row of a case that moves through a workflow.
pub trait CaseRow: Clone + Send + Sync {
    /// Of what kind it is.
    const KIND: CaseKind;
    /// The kind's own list of statuses.
    type Status: Copy + PartialEq + Send + Sync;

    /// Its id.
    fn id(&self) -> Uuid;
    /// The graduate.
    fn graduate_id(&self) -> Uuid;
    /// The employer that is a party, if there is one.
    fn employer_id(&self) -> Option<Uuid>;
    /// The graduate's school.
    fn school_id(&self) -> Uuid;
    /// The graduate's department.
    fn department_id(&self) -> Uuid;
    /// Where it stands.
    fn status(&self) -> Self::Status;
    /// The word of a status in the trail.
    fn word(status: Self::Status) -> &'static str;
    /// Goes up with every change of status or content.
    fn version(&self) -> i32;
    /// The level that decides next.
    fn awaiting_review(&self) -> Option<ReviewLevel>;
    /// Since when it waits for that level.
    fn waiting_since(&self) -> Option<DateTime<Utc>>;
    /// The end of its trail.
    fn chain(&self) -> ChainEnd;
    /// Notes the new end of its trail.
    fn set_chain(&mut self, end: ChainEnd);
    /// Notes where it stands from now on.
    fn advance(&mut self, to: Self::Status, awaiting_review: Option<ReviewLevel>, now: DateTime<Utc>);
    /// Notes what a reviewer of this role has decided: that his level has approved, or why it has not.
    fn reviewed(
        &mut self,
        decision: ReviewDecision,
        reason: Option<&str>,
        role: ActorRole,
        now: DateTime<Utc>,
    );

    /// Whom its events concern.
    fn concerned(&self) -> Concerned {
        Concerned::Graduate {
            graduate_id: self.graduate_id(),
            employer_id: self.employer_id(),
            school_id: self.school_id(),
            department_id: self.department_id(),
        }
    }

    /// Whether nobody but the graduate knows of it.
    fn is_private(&self) -> bool;

    /// What a viewer is to it; `None` for whoever does not see it. The same answer in SQL is the kind's `visible_to`.
    fn role_of(&self, viewer: &Viewer) -> Option<ActorRole> {
        match *viewer {
            Viewer::Graduate { graduate_id, .. } if graduate_id == self.graduate_id() => {
                Some(ActorRole::Graduate)
            }
            Viewer::EmployerMember { employer_id, .. } if Some(employer_id) == self.employer_id() => {
                Some(ActorRole::Employer)
            }
            Viewer::Reviewer {
                department_id: Some(department_id),
                ..
            } if department_id == self.department_id() && !self.is_private() => {
                Some(ActorRole::DepartmentReviewer)
            }
            Viewer::Reviewer {
                school_id,
                department_id: None,
                ..
            } if school_id == self.school_id() && !self.is_private() => Some(ActorRole::SchoolReviewer),
            _ => None,
        }
    }

    /// What a viewer is to it who may still begin something with it, as of its graduate's last day; `None` for whoever may not, or does
    /// not see it.
    fn beginning_role_of(
        &self,
        viewer: &Viewer,
        last_day: NaiveDate,
        now: DateTime<Utc>,
    ) -> Option<ActorRole> {
        let role = self.role_of(viewer)?;
        may_begin(role, last_day, shanghai_date(now)).ok()?;
        Some(role)
    }
}

/// The row of a case that is handed in for rounds of reviews.
pub trait ReviewedRow: CaseRow {
    /// The school's route of its round, or of the last one.
    fn review_route(&self) -> Option<ReviewRoute>;
    /// Who handed it in for that.
    fn submitted_by(&self) -> Option<Uuid>;
    /// Notes that a round begins by this route, on which this account has a part: it does not review itself.
    fn begin_round(&mut self, route: ReviewRoute, account_id: Option<Uuid>);
    /// Notes that this account hands it in for a round by this route: reviewers know of it from now on, and what was said of an earlier
    /// round is answered.
    fn handed_in(&mut self, route: ReviewRoute, account_id: Option<Uuid>, now: DateTime<Utc>);

    /// Whether it was this account that handed it in.
    fn is_submission_of(&self, account_id: Option<Uuid>) -> bool {
        account_id.is_some() && account_id == self.submitted_by()
    }
}

/// The routes by which a school reviews one of its workflows.
#[derive(Queryable, Clone, Copy, Debug)]
pub struct SchoolRoutes {
    /// That of all its workflows.
    pub default: ReviewRoute,
    /// That of this one, where it has its own.
    pub own: Option<ReviewRoute>,
}

/// The columns of [`SchoolRoutes`].
pub(super) type RouteColumns = (
    schools::default_review_route,
    dsl::Nullable<school_review_routes::review_route>,
);

/// The columns of [`SchoolRoutes`].
pub(super) fn route_columns() -> RouteColumns {
    (
        schools::default_review_route,
        school_review_routes::review_route.nullable(),
    )
}

impl SchoolRoutes {
    /// The one that the school has now.
    pub fn current(self) -> ReviewRoute {
        self.own.unwrap_or(self.default)
    }

    /// The one by which a case is, or would be, reviewed: a round keeps the route with which it began; the next one goes by the route
    /// that the school has then.
    pub fn of(self, row: &impl ReviewedRow) -> ReviewRoute {
        row.review_route()
            .filter(|_| row.awaiting_review().is_some())
            .unwrap_or_else(|| self.current())
    }
}

/// Says that a row with the columns of a case is one that is reviewed: `case_row!(Agreement, CaseKind::Agreement, AgreementStatus,
/// submitted_at, private)`, with the column of when it was handed in, and the one that hides it from reviewers where there is one;
/// `case_row!(alone Destination, …)` where no employer is a party.
macro_rules! case_row {
    (alone $row:ty, $kind:expr, $status:ty, $handed_in_at:ident $(, $private:ident)?) => {
        $crate::model::case::case_row!(@ $row, $kind, $status, $handed_in_at, [], [$($private)?]);
    };
    ($row:ty, $kind:expr, $status:ty, $handed_in_at:ident $(, $private:ident)?) => {
        $crate::model::case::case_row!(@ $row, $kind, $status, $handed_in_at, [employer_id], [$($private)?]);
    };
    (@ $row:ty, $kind:expr, $status:ty, $handed_in_at:ident, [$($employer:ident)?], [$($private:ident)?]) => {
        impl $crate::model::case::ReviewedRow for $row {
            fn review_route(&self) -> Option<$crate::workflow::ReviewRoute> {
                self.review_route
            }

            fn submitted_by(&self) -> Option<uuid::Uuid> {
                self.submitted_by
            }

            fn begin_round(&mut self, route: $crate::workflow::ReviewRoute, account_id: Option<uuid::Uuid>) {
                self.review_route = Some(route);
                self.submitted_by = account_id;
                self.department_approved_at = None;
                self.school_approved_at = None;
            }

            fn handed_in(
                &mut self,
                route: $crate::workflow::ReviewRoute,
                account_id: Option<uuid::Uuid>,
                now: chrono::DateTime<chrono::Utc>,
            ) {
                $( self.$private = false; )?
                self.reason = None;
                self.$handed_in_at = now.into();
                self.begin_round(route, account_id);
            }
        }

        impl $crate::model::case::CaseRow for $row {
            const KIND: $crate::model::event::CaseKind = $kind;
            type Status = $status;

            fn id(&self) -> uuid::Uuid {
                self.id
            }

            fn graduate_id(&self) -> uuid::Uuid {
                self.graduate_id
            }

            fn employer_id(&self) -> Option<uuid::Uuid> {
                None$(.or(self.$employer))?
            }

            fn school_id(&self) -> uuid::Uuid {
                self.school_id
            }

            fn department_id(&self) -> uuid::Uuid {
                self.department_id
            }

            fn status(&self) -> $status {
                self.status
            }

            fn word(status: $status) -> &'static str {
                status.as_str()
            }

            fn version(&self) -> i32 {
                self.version
            }

            fn awaiting_review(&self) -> Option<$crate::workflow::ReviewLevel> {
                self.awaiting_review
            }

            fn waiting_since(&self) -> Option<chrono::DateTime<chrono::Utc>> {
                self.waiting_since
            }

            fn is_private(&self) -> bool {
                false $(|| self.$private)?
            }

            fn chain(&self) -> $crate::model::event::ChainEnd {
                $crate::model::event::ChainEnd {
                    count: self.event_count,
                    hash: self.event_hash.clone(),
                }
            }

            fn set_chain(&mut self, end: $crate::model::event::ChainEnd) {
                self.event_count = end.count;
                self.event_hash = end.hash;
            }

            fn advance(
                &mut self,
                to: $status,
                awaiting_review: Option<$crate::workflow::ReviewLevel>,
                now: chrono::DateTime<chrono::Utc>,
            ) {
                if self.awaiting_review != awaiting_review {
                    self.waiting_since = awaiting_review.map(|_| now);
                }
                if self.status != to || self.awaiting_review != awaiting_review {
                    self.version += 1;
                }
                self.status = to;
                self.awaiting_review = awaiting_review;
                self.updated_at = now;
            }

            fn reviewed(
                &mut self,
                decision: $crate::workflow::transition::ReviewDecision,
                reason: Option<&str>,
                role: $crate::workflow::ActorRole,
                now: chrono::DateTime<chrono::Utc>,
            ) {
                use $crate::workflow::{ReviewLevel, transition::ReviewDecision};
                match (decision, role.review_level()) {
                    (ReviewDecision::Approve, Some(ReviewLevel::Department)) => {
                        self.department_approved_at = Some(now);
                    }
                    (ReviewDecision::Approve, _) => self.school_approved_at = Some(now),
                    (ReviewDecision::Reject | ReviewDecision::Return, _) => {
                        self.reason = reason.map(str::to_owned);
                    }
                }
            }
        }
    };
}
pub(crate) use case_row;

/// The columns of a row of [`case_row!`] that a step of any kind moves, as they are to be written: `progress_columns!(agreements,
/// agreement)`.
macro_rules! progress_columns {
    ($table:ident, $row:expr) => {
        (
            $table::status.eq($row.status),
            $table::awaiting_review.eq($row.awaiting_review),
            $table::waiting_since.eq($row.waiting_since),
            $table::review_route.eq($row.review_route),
            $table::submitted_by.eq($row.submitted_by),
            $table::department_approved_at.eq($row.department_approved_at),
            $table::school_approved_at.eq($row.school_approved_at),
            $table::reason.eq(&$row.reason),
            $table::version.eq($row.version),
            $table::event_count.eq($row.event_count),
            $table::event_hash.eq(&$row.event_hash),
            $table::updated_at.eq($row.updated_at),
        )
    };
}
pub(crate) use progress_columns;

/// Makes the `visible_to` of a table of cases: a graduate and an employer see their own, a reviewer those of the department's or
/// school's graduates, an operator none. The same answer as [`CaseRow::role_of`], in SQL.
///
/// With the name of a column, `visible_cases!(agreements, private)`, reviewers do not see the rows for which it is true; with `alone`
/// before the table no employer is ever a party.
macro_rules! visible_cases {
    (alone $table:ident $(, $private:ident)?) => {
        $crate::model::case::visible_cases!(@ $table, [], [$($private)?]);
    };
    ($table:ident $(, $private:ident)?) => {
        $crate::model::case::visible_cases!(@ $table, [employer_id], [$($private)?]);
    };
    (@ $table:ident, [$($employer:ident)?], [$($private:ident)?]) => {
        /// Which of them a viewer sees: a graduate and an employer their own, a reviewer those of the department's or
        /// school's graduates, an operator none. The same answer as
        /// [`CaseRow::role_of`](crate::model::case::CaseRow::role_of), in SQL.
        pub fn visible_to<QS>(
            viewer: &$crate::model::Viewer,
        ) -> Box<dyn diesel::BoxableExpression<QS, diesel::pg::Pg, SqlType = diesel::sql_types::Bool>>
        where
            diesel::dsl::Eq<$table::graduate_id, uuid::Uuid>:
                diesel::BoxableExpression<QS, diesel::pg::Pg, SqlType = diesel::sql_types::Bool>,
            $(
                diesel::dsl::Eq<diesel::dsl::AssumeNotNull<$table::$employer>, uuid::Uuid>:
                    diesel::BoxableExpression<QS, diesel::pg::Pg, SqlType = diesel::sql_types::Bool>,
            )?
            diesel::dsl::Eq<$table::department_id, uuid::Uuid>:
                diesel::BoxableExpression<QS, diesel::pg::Pg, SqlType = diesel::sql_types::Bool>,
            diesel::dsl::Eq<$table::school_id, uuid::Uuid>:
                diesel::BoxableExpression<QS, diesel::pg::Pg, SqlType = diesel::sql_types::Bool>,
            diesel::dsl::AsExprOf<bool, diesel::sql_types::Bool>:
                diesel::BoxableExpression<QS, diesel::pg::Pg, SqlType = diesel::sql_types::Bool>,
            $(
                diesel::dsl::And<diesel::dsl::Eq<$table::department_id, uuid::Uuid>, diesel::dsl::not<$table::$private>>:
                    diesel::BoxableExpression<QS, diesel::pg::Pg, SqlType = diesel::sql_types::Bool>,
                diesel::dsl::And<diesel::dsl::Eq<$table::school_id, uuid::Uuid>, diesel::dsl::not<$table::$private>>:
                    diesel::BoxableExpression<QS, diesel::pg::Pg, SqlType = diesel::sql_types::Bool>,
            )?
        {
            use $crate::model::Viewer;
            match *viewer {
                Viewer::Graduate { graduate_id, .. } => Box::new($table::graduate_id.eq(graduate_id)),
                $(
                    Viewer::EmployerMember { employer_id, .. } => {
                        Box::new($table::$employer.assume_not_null().eq(employer_id))
                    }
                )?
                Viewer::Reviewer {
                    department_id: Some(department_id),
                    ..
                } => Box::new($table::department_id.eq(department_id)$(.and(diesel::dsl::not($table::$private)))?),
                Viewer::Reviewer {
                    school_id,
                    department_id: None,
                    ..
                } => Box::new($table::school_id.eq(school_id)$(.and(diesel::dsl::not($table::$private)))?),
                // Operators, and employers where none is a party.
                _ => Box::new(false.into_sql::<diesel::sql_types::Bool>()),
            }
        }
    };
}
pub(crate) use visible_cases;

/// Takes the cases of a table along with their graduates; `$of` says which cases, where not all.
macro_rules! follow {
    ($table:literal $(, $of:literal)?) => {
        concat!(
            "UPDATE ", $table, " SET department_id = moved.department_id \
             FROM unnest($1, $2) AS moved (graduate_id, department_id) \
             WHERE ", $table, ".graduate_id = moved.graduate_id AND ", $table, ".department_id <> moved.department_id"
            $(, " AND ", $of)?
        )
    };
}

const FOLLOW_AGREEMENTS: &str = follow!("agreements", "agreements.status = ANY($3)");

/// A termination is where its agreement is: whoever sees the one sees the other.
const FOLLOW_TERMINATIONS: &str = "
    UPDATE terminations SET department_id = moved.department_id
    FROM unnest($1, $2) AS moved (graduate_id, department_id), agreements
    WHERE agreements.graduate_id = moved.graduate_id AND agreements.status = ANY($3)
      AND terminations.agreement_id = agreements.id AND terminations.department_id <> moved.department_id";

const FOLLOW_DESTINATIONS: &str = follow!("destinations", "destinations.status = ANY($3)");

const FOLLOW_LEAVING: &str = follow!("leaving_confirmations");

/// Takes the cases of graduates along to the departments to which they are moved, in the transaction that corrects their data: "a
/// department reviewer sees the graduates of the department". Live agreements with their terminations, the destinations that stand or
/// may still come to something, and what is confirmed before leaving school; those that have ended stay where they were reviewed. To
/// be called when the graduates are locked and before they are written: steps lock an agreement first and refer to its graduate
/// afterwards, which a changed key of his would keep them from.
///
/// # Errors
/// The database's.
pub async fn follow_graduates(
    conn: &mut AsyncPgConnection,
    graduate_ids: &[Uuid],
    department_ids: &[Uuid],
) -> QueryResult<()> {
    let agreements = AgreementStatus::LIVE.map(AgreementStatus::as_str);
    let destinations = DestinationStatus::LIVE.map(DestinationStatus::as_str);
    for (statement, live) in [
        (FOLLOW_AGREEMENTS, &agreements[..]),
        (FOLLOW_TERMINATIONS, &agreements[..]),
        (FOLLOW_DESTINATIONS, &destinations[..]),
    ] {
        let update = sql_query(statement)
            .bind::<Array<SqlUuid>, _>(graduate_ids)
            .bind::<Array<SqlUuid>, _>(department_ids)
            .bind::<Array<Text>, _>(live);
        Kept(update).execute(conn).await?;
    }
    let update = sql_query(FOLLOW_LEAVING)
        .bind::<Array<SqlUuid>, _>(graduate_ids)
        .bind::<Array<SqlUuid>, _>(department_ids);
    Kept(update).execute(conn).await?;
    Ok(())
}
