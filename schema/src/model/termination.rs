//! Terminations: rows, who sees them, lists, and what the rules need to know of one.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    dsl::{self, sql},
    pg::Pg,
    prelude::*,
    sql_types::{Array, Bool, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    Viewer,
    case::{CaseRow, ReviewedRow, RouteColumns, SchoolRoutes, case_row, route_columns, visible_cases},
    case_reads::{case_list, case_reads},
    employer::EmployerVerification,
    event::CaseKind,
    leaving_period::LastDay,
    terms::AgreementTerms,
};
use crate::{
    FixedSql, Kept, fixed_sql,
    tables::{agreements, employers, graduates, school_review_routes, schools, terminations},
    workflow::{
        ReviewLevel, ReviewRoute,
        agreement::AgreementChannel,
        termination::{Party, TerminationAction, TerminationFacts, TerminationStatus, available},
    },
};

/// 解约: one attempt to end a signed agreement.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = terminations)]
pub struct Termination {
    /// Its id.
    pub id: Uuid,
    /// What is to end.
    pub agreement_id: Uuid,
    /// Where it stands.
    pub status: TerminationStatus,
    /// Who asked.
    pub requested_by: Party,
    /// 解约原因: a code of `TERMINATION_REASON`.
    pub reason_code: String,
    /// 解约说明.
    pub explanation: String,
    /// The graduate.
    pub graduate_id: Uuid,
    /// The employer that is a party by its own account.
    pub employer_id: Option<Uuid>,
    /// The graduate's school.
    pub school_id: Uuid,
    /// The graduate's department.
    pub department_id: Uuid,
    /// The route it was submitted with.
    pub review_route: Option<ReviewRoute>,
    /// The level that decides next.
    pub awaiting_review: Option<ReviewLevel>,
    /// Since when it waits for that level.
    pub waiting_since: Option<DateTime<Utc>>,
    /// Who submitted it for review: whoever agreed, or the graduate with his materials.
    pub submitted_by: Option<Uuid>,
    /// The reason of the step that ended it or returned it, where one was given.
    pub reason: Option<String>,
    /// Goes up with every change of status.
    pub version: i32,
    /// How many events it has.
    pub event_count: i32,
    /// The hash of the last of them.
    pub event_hash: Vec<u8>,
    /// When it was asked for, or handed in last.
    pub requested_at: DateTime<Utc>,
    /// When the other side answered; never offline.
    pub answered_at: Option<DateTime<Utc>>,
    /// When the department approved.
    pub department_approved_at: Option<DateTime<Utc>>,
    /// When the school approved.
    pub school_approved_at: Option<DateTime<Utc>>,
    /// When it took effect.
    pub terminated_at: Option<DateTime<Utc>>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

case_row!(
    Termination,
    CaseKind::Termination,
    TerminationStatus,
    requested_at
);
visible_cases!(terminations);

/// What surrounds a termination and decides what may be done with it.
#[derive(Queryable, Clone, Debug)]
pub struct TerminationStanding {
    /// In which way the agreement came about that is to end.
    pub channel: AgreementChannel,
    /// When the graduate confirmed his basic information.
    pub graduate_confirmed_at: Option<DateTime<Utc>>,
    /// Whether the employer may act, where one is a party.
    pub employer_verification: Option<EmployerVerification>,
    /// The school's routes for the termination's workflow.
    pub routes: SchoolRoutes,
    /// What was agreed.
    pub terms: AgreementTerms,
    /// The number of the agreement that is to end.
    pub agreement_number: Option<String>,
    /// The last day on which its sides may begin anything.
    pub last_day: NaiveDate,
}

/// A termination with its standing: what lists and steps read, in one statement.
#[derive(Queryable, Clone, Debug)]
pub struct TerminationView {
    /// The termination.
    pub termination: Termination,
    /// What surrounds it.
    pub standing: TerminationStanding,
}

impl TerminationView {
    /// What the rules look at when `account_id` acts.
    pub fn facts(&self, account_id: Option<Uuid>, reason_given: bool) -> TerminationFacts {
        let (termination, standing) = (&self.termination, &self.standing);
        TerminationFacts {
            channel: standing.channel,
            status: termination.status,
            requested_by: termination.requested_by,
            route: standing.routes.of(termination),
            awaiting_review: termination.awaiting_review,
            graduate_confirmed: standing.graduate_confirmed_at.is_some(),
            employer_verified: EmployerVerification::may_act(standing.employer_verification),
            own_submission: termination.is_submission_of(account_id),
            reason_given,
        }
    }

    /// What this viewer may do now: a dashboard draws its buttons from it.
    pub fn viewer_actions(&self, viewer: &Viewer, now: DateTime<Utc>) -> Vec<TerminationAction> {
        let role = self
            .termination
            .beginning_role_of(viewer, self.standing.last_day, now);
        role.map(|role| available(&self.facts(Some(viewer.account_id()), true), role))
            .unwrap_or_default()
    }
}

/// [`AgreementChannel::termination_workflow`] in SQL.
fn workflow() -> FixedSql<Text> {
    fixed_sql(
        "CASE agreements.channel WHEN 'ONLINE' THEN 'ONLINE_TERMINATION' ELSE 'OFFLINE_TERMINATION' END",
    )
}

#[diesel::dsl::auto_type(no_type_alias)]
fn with_standing() -> _ {
    let workflow: FixedSql<Text> = workflow();
    terminations::table
        .inner_join(agreements::table.on(agreements::id.eq(terminations::agreement_id)))
        .inner_join(graduates::table.on(graduates::id.eq(terminations::graduate_id)))
        .left_join(employers::table.on(terminations::employer_id.eq(employers::id.nullable())))
        .inner_join(schools::table.on(schools::id.eq(terminations::school_id)))
        .left_join(
            school_review_routes::table.on(school_review_routes::school_id
                .eq(terminations::school_id)
                .and(school_review_routes::workflow.eq(workflow))),
        )
}

type Columns = (
    diesel::helper_types::AsSelect<Termination, Pg>,
    (
        agreements::channel,
        graduates::confirmed_at,
        dsl::Nullable<employers::verification>,
        RouteColumns,
        dsl::AssumeNotNull<agreements::terms>,
        agreements::agreement_number,
        LastDay,
    ),
);

fn columns() -> Columns {
    (
        Termination::as_select(),
        (
            agreements::channel,
            graduates::confirmed_at,
            employers::verification.nullable(),
            route_columns(),
            agreements::terms.assume_not_null(),
            agreements::agreement_number,
            LastDay,
        ),
    )
}

case_reads!(terminations, TerminationView);

/// The last termination of each of these agreements that the viewer sees, in no order.
///
/// # Errors
/// The database's.
pub async fn last_of(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    agreement_ids: &[Uuid],
) -> QueryResult<Vec<TerminationView>> {
    let query = with_standing()
        .filter(
            sql::<Bool>("terminations.id IN (SELECT newest.id FROM unnest(")
                .bind::<Array<SqlUuid>, _>(agreement_ids)
                .sql(
                    ") AS wanted (id) CROSS JOIN LATERAL (SELECT id FROM terminations AS of \
                 WHERE of.agreement_id = wanted.id ORDER BY of.id DESC LIMIT 1) AS newest)",
                ),
        )
        .filter(visible_to(viewer))
        .select(columns());
    Kept(query).load(conn).await
}

/// Locks a termination, and before it its agreement, until the transaction ends, and reads it as it then is. In this order
/// always: whoever asks for a termination holds the agreement and waits for one that is being decided.
///
/// # Errors
/// The database's.
pub async fn lock(
    conn: &mut AsyncPgConnection,
    viewer: Option<&Viewer>,
    id: Uuid,
) -> QueryResult<Option<TerminationView>> {
    let row = terminations::table
        .filter(terminations::id.eq(id))
        .select(terminations::agreement_id);
    let agreement_id: Option<Uuid> = match viewer {
        Some(viewer) => row
            .filter(visible_to::<terminations::table>(viewer))
            .first(conn)
            .await
            .optional()?,
        None => row.first(conn).await.optional()?,
    };
    let Some(agreement_id) = agreement_id else {
        return Ok(None);
    };
    agreements::table
        .find(agreement_id)
        .select(agreements::id)
        .for_update()
        .first::<Uuid>(conn)
        .await?;
    terminations::table
        .find(id)
        .select(terminations::id)
        .for_update()
        .first::<Uuid>(conn)
        .await?;
    read(conn, id).await
}

/// Which terminations of those the viewer sees.
#[derive(Clone, Debug, Default)]
pub struct TerminationFilter {
    /// Only those in one of these statuses; all when empty.
    pub statuses: Vec<TerminationStatus>,
    /// Only those of this agreement.
    pub agreement_id: Option<Uuid>,
}

case_list!(terminations, TerminationView, TerminationFilter, [statuses: status], agreement_id);
