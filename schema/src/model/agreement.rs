//! Agreements: rows, who sees them, lists, and what the rules need to know of one.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{dsl, pg::Pg, prelude::*, sql_types::Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    Viewer,
    case::{CaseRow, ReviewedRow, RouteColumns, SchoolRoutes, case_row, route_columns, visible_cases},
    case_reads::{case_drafts, case_list, case_lock, case_reads},
    employer::EmployerVerification,
    event::CaseKind,
    leaving_period::LastDay,
    terms::{AgreementDraft, AgreementTerms},
};
use crate::{
    FixedSql, fixed_sql,
    tables::{
        agreement_serials, agreements, employers, engagements, graduates, school_review_routes, schools,
        terminations,
    },
    workflow::{
        ReviewLevel, ReviewRoute,
        agreement::{AgreementAction, AgreementChannel, AgreementFacts, AgreementStatus, available},
        termination::TerminationStatus,
        transition::Holder,
    },
};

/// 就业协议: one attempt to sign.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = agreements)]
pub struct Agreement {
    /// Its id.
    pub id: Uuid,
    /// How it came about.
    pub channel: AgreementChannel,
    /// Where it stands.
    pub status: AgreementStatus,
    /// The graduate.
    pub graduate_id: Uuid,
    /// The employer that is a party by its own account; none where the graduate filled in the form.
    pub employer_id: Option<Uuid>,
    /// The graduate's school.
    pub school_id: Uuid,
    /// The graduate's department.
    pub department_id: Uuid,
    /// What is agreed: what was handed in last; none before.
    pub terms: Option<AgreementTerms>,
    /// What the graduate has filled in; none of an invitation.
    pub draft: Option<AgreementDraft>,
    /// Whether nobody but the graduate knows of it: a draft that was never handed in.
    pub private: bool,
    /// 应约截止时间, exclusive; only of an invitation.
    pub response_deadline: Option<DateTime<Utc>>,
    /// The route it was submitted with.
    pub review_route: Option<ReviewRoute>,
    /// The level that decides next.
    pub awaiting_review: Option<ReviewLevel>,
    /// Since when it waits for that level.
    pub waiting_since: Option<DateTime<Utc>>,
    /// Who submitted it for review.
    pub submitted_by: Option<Uuid>,
    /// 协议书编号, once signed, or once the paper can be printed.
    pub agreement_number: Option<String>,
    /// The reason of the step that ended or returned it, where one was given.
    pub reason: Option<String>,
    /// Goes up with every change of status or terms.
    pub version: i32,
    /// How many events it has.
    pub event_count: i32,
    /// The hash of the last of them.
    pub event_hash: Vec<u8>,
    /// When the graduate was reminded of the deadline.
    pub reminded_at: Option<DateTime<Utc>>,
    /// When the employer invited.
    pub invited_at: Option<DateTime<Utc>>,
    /// When the graduate accepted.
    pub accepted_at: Option<DateTime<Utc>>,
    /// When what is or was last reviewed was handed in; none of an invitation.
    pub submitted_at: Option<DateTime<Utc>>,
    /// When the department approved.
    pub department_approved_at: Option<DateTime<Utc>>,
    /// When the school approved.
    pub school_approved_at: Option<DateTime<Utc>>,
    /// When it was signed.
    pub signed_at: Option<DateTime<Utc>>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// What surrounds an agreement and decides what may be done with it.
#[derive(Queryable, Clone, Debug)]
pub struct Standing {
    /// When the graduate confirmed his basic information.
    pub graduate_confirmed_at: Option<DateTime<Utc>>,
    /// Whether the graduate may sign online.
    pub online_signing_allowed: bool,
    /// Whether the employer may act, where one is a party.
    pub employer_verification: Option<EmployerVerification>,
    /// The school's routes for the agreement's workflow.
    pub routes: SchoolRoutes,
    /// The case that holds the graduate.
    pub held_by: Option<Uuid>,
    /// The termination of it that is asked for and not decided.
    pub open_termination: Option<Uuid>,
    /// The last day on which the graduate and employers may begin anything.
    pub last_day: NaiveDate,
}

/// An agreement with its standing: what lists and steps read, in one statement.
#[derive(Queryable, Clone, Debug)]
pub struct AgreementView {
    /// The agreement.
    pub agreement: Agreement,
    /// What surrounds it.
    pub standing: Standing,
}

impl AgreementView {
    /// What the rules look at when `account_id` acts.
    pub fn facts(&self, account_id: Option<Uuid>, reason_given: bool) -> AgreementFacts {
        let (agreement, standing) = (&self.agreement, &self.standing);
        AgreementFacts {
            channel: agreement.channel,
            status: agreement.status,
            response_deadline: agreement.response_deadline,
            route: standing.routes.of(agreement),
            awaiting_review: agreement.awaiting_review,
            reminded: agreement.reminded_at.is_some(),
            holder: Holder::of(standing.held_by, agreement.id),
            graduate_confirmed: standing.graduate_confirmed_at.is_some(),
            online_signing_allowed: standing.online_signing_allowed,
            employer_verified: EmployerVerification::may_act(standing.employer_verification),
            termination_open: standing.open_termination.is_some(),
            termination_approved: false,
            own_submission: agreement.is_submission_of(account_id),
            reason_given,
        }
    }

    /// What this viewer may do now: a dashboard draws its buttons from it.
    pub fn viewer_actions(&self, viewer: &Viewer, now: DateTime<Utc>) -> Vec<AgreementAction> {
        let role = self
            .agreement
            .beginning_role_of(viewer, self.standing.last_day, now);
        role.map(|role| available(&self.facts(Some(viewer.account_id()), true), role, now))
            .unwrap_or_default()
    }
}

impl Agreement {
    /// The employer's name, as far as it is filled in.
    pub fn employer_name(&self) -> &str {
        let draft = self.draft.as_ref().map(|draft| draft.employer_name.as_str());
        let terms = self.terms.as_ref().map(|terms| terms.employer_name.as_str());
        terms.or(draft).unwrap_or_default()
    }

    /// The position, as far as it is filled in.
    pub fn position_title(&self) -> &str {
        let draft = self
            .draft
            .as_ref()
            .map(|draft| draft.terms.position_title.as_str());
        let terms = self.terms.as_ref().map(|terms| terms.position_title.as_str());
        terms.or(draft).unwrap_or_default()
    }
}

case_row!(
    Agreement,
    CaseKind::Agreement,
    AgreementStatus,
    submitted_at,
    private
);
visible_cases!(agreements, private);

/// [`AgreementChannel::workflow`] in SQL.
const WORKFLOW: &str = "CASE agreements.channel WHEN 'OFFLINE' THEN 'OFFLINE_SIGNING' \
    WHEN 'REGISTERED' THEN 'AGREEMENT_REGISTRATION' ELSE 'ONLINE_SIGNING' END";

fn workflow() -> FixedSql<Text> {
    fixed_sql(WORKFLOW)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn with_standing() -> _ {
    let workflow: FixedSql<Text> = workflow();
    let open: [TerminationStatus; 4] = TerminationStatus::OPEN;
    agreements::table
        .inner_join(graduates::table.on(graduates::id.eq(agreements::graduate_id)))
        .left_join(employers::table.on(agreements::employer_id.eq(employers::id.nullable())))
        .inner_join(schools::table.on(schools::id.eq(agreements::school_id)))
        .left_join(
            school_review_routes::table.on(school_review_routes::school_id
                .eq(agreements::school_id)
                .and(school_review_routes::workflow.eq(workflow))),
        )
        .left_join(engagements::table.on(engagements::graduate_id.eq(agreements::graduate_id)))
        .left_join(
            terminations::table.on(terminations::agreement_id
                .eq(agreements::id)
                .and(terminations::status.eq_any(open))),
        )
}

type Columns = (
    diesel::helper_types::AsSelect<Agreement, Pg>,
    (
        graduates::confirmed_at,
        graduates::online_signing_allowed,
        dsl::Nullable<employers::verification>,
        RouteColumns,
        dsl::Nullable<engagements::case_id>,
        dsl::Nullable<terminations::id>,
        LastDay,
    ),
);

fn columns() -> Columns {
    (
        Agreement::as_select(),
        (
            graduates::confirmed_at,
            graduates::online_signing_allowed,
            employers::verification.nullable(),
            route_columns(),
            engagements::case_id.nullable(),
            terminations::id.nullable(),
            LastDay,
        ),
    )
}

case_reads!(agreements, AgreementView);
case_lock!(agreements, AgreementView);
case_drafts!(agreements);

/// The live agreement of an employer with a graduate, locked: the one that stands in the way of a new invitation.
///
/// # Errors
/// The database's.
pub async fn lock_live(
    conn: &mut AsyncPgConnection,
    employer_id: Uuid,
    graduate_id: Uuid,
) -> QueryResult<Option<AgreementView>> {
    let id: Option<Uuid> = agreements::table
        .filter(agreements::employer_id.eq(employer_id))
        .filter(agreements::graduate_id.eq(graduate_id))
        .filter(agreements::channel.eq(AgreementChannel::Online))
        .filter(agreements::status.eq_any(AgreementStatus::LIVE))
        .select(agreements::id)
        .for_update()
        .first(conn)
        .await
        .optional()?;
    match id {
        Some(id) => read(conn, id).await,
        None => Ok(None),
    }
}

/// Which agreements of those the viewer sees.
#[derive(Clone, Debug, Default)]
pub struct AgreementFilter {
    /// Only those in one of these statuses; all when empty.
    pub statuses: Vec<AgreementStatus>,
    /// Only those that came about in one of these ways; all when empty.
    pub channels: Vec<AgreementChannel>,
    /// Only those of this graduate.
    pub graduate_id: Option<Uuid>,
}

case_list!(agreements, AgreementView, AgreementFilter, [statuses: status, channels: channel], graduate_id);

/// The next agreement number of a school and class year: class year, school code, degree level and a serial
/// (DOMAIN.md, Numbers). Never given twice; the serial's row stays locked until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn next_number(
    conn: &mut AsyncPgConnection,
    school_id: Uuid,
    school_code: &str,
    class_year: i16,
    degree_level: &str,
) -> QueryResult<String> {
    use agreement_serials as serials;
    let serial: i32 = diesel::insert_into(serials::table)
        .values((
            serials::school_id.eq(school_id),
            serials::class_year.eq(class_year),
            serials::last_serial.eq(1),
        ))
        .on_conflict((serials::school_id, serials::class_year))
        .do_update()
        .set(serials::last_serial.eq(serials::last_serial + 1))
        .returning(serials::last_serial)
        .get_result(conn)
        .await?;
    Ok(format!("{class_year}{school_code}{degree_level}{serial:06}"))
}
