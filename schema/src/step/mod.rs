//! The one way of one step: lock the case, ask the rules, and write status, engagement, event, messages and jobs in one
//! transaction. Nothing else in the program changes a status.

mod contact;
mod correct;
mod employer_trail;
mod graduate_data;
mod import;
mod import_batch;
mod invite;
mod member;
mod paper;
mod registration;
mod school;
mod trail;

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error as DieselError},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use futures_util::try_join;
use serde_json::json;
use uuid::Uuid;

pub use self::contact::change_contact;
pub use self::correct::{CorrectionDraft, correct_graduate};
pub use self::graduate_data::confirm_data;
pub use self::import::{Roster, create_import, importing_school, start_import};
pub use self::import_batch::{BATCH_ROWS, BatchOutcome, ParsedRow, import_batch};
pub use self::invite::{IdempotencyKey, Invitation, MAX_RESPONSE_TIME, claim_request, invite};
pub use self::member::{
    Colleague, administers, invite_member, join, set_member_enabled, withdraw_member_invitation,
};
pub use self::registration::{
    Registration, StoredLicence, may_resubmit, register, resubmit_employer, verify_employer,
};
pub use self::school::{
    NewReviewer, NewSchool, SchoolUpdate, add_department, add_reviewer, open_school, rename_department,
    set_review_route, set_reviewer_enabled, update_reviewer, update_school,
};
use self::trail::{Entry, Parties, record};
use crate::{
    Kept, Platform,
    messages::owed,
    model::{
        Viewer,
        agreement::{self, Agreement, AgreementView, role_of},
        document::{self, StoredPdf},
        engagement,
        event::CaseKind,
        terms::FieldError,
    },
    tables::agreements,
    workflow::{
        ActorRole, Refusal,
        agreement::{AgreementAction, EngagementEffect, Transition, decide},
    },
};

/// Most characters of a reason.
pub const MAX_REASON: usize = 500;

/// Who takes a step.
#[derive(Clone, Copy, Debug)]
pub enum Actor {
    /// A signed-in person.
    Viewer(Viewer),
    /// The platform itself: a job.
    Worker,
}

impl Actor {
    fn viewer(&self) -> Option<&Viewer> {
        match self {
            Self::Viewer(viewer) => Some(viewer),
            Self::Worker => None,
        }
    }

    fn account_id(&self) -> Option<Uuid> {
        self.viewer().map(Viewer::account_id)
    }
}

/// Who takes a step, in which role, and when.
struct Doer {
    actor: Actor,
    role: ActorRole,
    now: DateTime<Utc>,
}

/// A step on an existing agreement, with what the action brings along.
#[derive(Clone, Debug)]
pub enum AgreementStep {
    /// The employer takes the invitation back.
    Cancel,
    /// The graduate accepts.
    Accept,
    /// The graduate declines, with an optional reason.
    Decline(Option<String>),
    /// The deadline passed.
    Expire,
    /// 24 hours are left.
    Remind,
    /// A reviewer approves.
    Approve,
    /// A reviewer rejects, with a reason.
    Reject(Option<String>),
    /// The PDF of a document is stored.
    StoreDocument(Uuid, StoredPdf),
}

impl AgreementStep {
    /// Which action of the rules this is.
    pub const fn action(&self) -> AgreementAction {
        match self {
            Self::Cancel => AgreementAction::Cancel,
            Self::Accept => AgreementAction::Accept,
            Self::Decline(_) => AgreementAction::Decline,
            Self::Expire => AgreementAction::Expire,
            Self::Remind => AgreementAction::Remind,
            Self::Approve => AgreementAction::Approve,
            Self::Reject(_) => AgreementAction::Reject,
            Self::StoreDocument(..) => AgreementAction::StoreDocument,
        }
    }

    fn reason(&self) -> Option<&str> {
        match self {
            Self::Decline(reason) | Self::Reject(reason) => reason
                .as_deref()
                .map(str::trim)
                .filter(|reason| !reason.is_empty()),
            _ => None,
        }
    }
}

/// Why a step was not taken. Nothing was written then.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// No such case, graduate or employer, or none that this person sees: both read the same.
    #[error("no such thing")]
    NotFound,
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The case changed since the person looked at it.
    #[error("the case has changed meanwhile")]
    StaleVersion {
        /// Its version now.
        current: i32,
    },
    /// Fields are wrong.
    #[error("the input is not valid")]
    Invalid(Vec<FieldError>),
    /// What a field holds belongs to somebody else already, and may be told.
    #[error("{field} is taken already")]
    AlreadyTaken {
        /// The field, in camelCase.
        field: &'static str,
    },
    /// The caller's key was used before with another body.
    #[error("this idempotency key was used with another request")]
    KeyReused,
    /// The database failed; the transaction was rolled back.
    #[error("the database failed: {0}")]
    Database(#[from] DieselError),
    /// No connection was free in time.
    #[error("no database connection: {0}")]
    Unreachable(#[from] diesel_async::pooled_connection::deadpool::PoolError),
}

/// Takes a step on an agreement.
///
/// # Errors
/// [`StepError`]; nothing is written then.
pub async fn take(
    platform: &Platform,
    actor: Actor,
    agreement_id: Uuid,
    step: AgreementStep,
    expected_version: Option<i32>,
) -> Result<AgreementView, StepError> {
    check_reason(step.reason())?;
    let mut conn = platform.pool.get().await?;
    let taken = conn
        .transaction(async |conn| {
            let view = agreement::lock(conn, actor.viewer(), agreement_id)
                .await?
                .ok_or(StepError::NotFound)?;
            if let Some(expected) = expected_version
                && expected != view.agreement.version
            {
                return Err(StepError::StaleVersion {
                    current: view.agreement.version,
                });
            }
            let role = match &actor {
                Actor::Viewer(viewer) => role_of(viewer, &view.agreement).ok_or(StepError::NotFound)?,
                Actor::Worker => ActorRole::Worker,
            };
            // Read under the lock: whoever waited for it is judged by the time at which he got it.
            let now = platform.clock.now();
            let facts = view.facts(actor.account_id(), step.reason().is_some());
            let transition = decide(&facts, step.action(), role, now)?;
            let doer = Doer { actor, role, now };
            apply(platform, conn, view, &doer, &step, &transition).await
        })
        .await?;
    platform.waker.wake();
    Ok(taken)
}

/// Writes what the rules decided.
async fn apply(
    platform: &Platform,
    conn: &mut AsyncPgConnection,
    view: AgreementView,
    doer: &Doer,
    step: &AgreementStep,
    transition: &Transition,
) -> Result<AgreementView, StepError> {
    let now = doer.now;
    let AgreementView {
        agreement: before,
        mut standing,
    } = view;
    let mut after = before.clone();

    let owed = owed(step.action(), transition.to);
    // Statements that do not wait for each other go to the database together, here and in `record`.
    let (held, parties) = try_join!(
        engage(conn, transition.engagement, &before, standing.held_by, now),
        Parties::of(conn, &before, owed),
    )?;
    standing.held_by = held;

    after.status = transition.to;
    after.awaiting_review = transition.awaiting_review;
    if after.awaiting_review != before.awaiting_review {
        after.waiting_since = after.awaiting_review.map(|_| now);
    }
    after.updated_at = now;
    let mut changes = json!({});
    match step {
        AgreementStep::Accept => {
            after.accepted_at = Some(now);
            after.review_route = Some(standing.own_route.unwrap_or(standing.default_route));
            after.submitted_by = doer.actor.account_id();
        }
        AgreementStep::Approve => match doer.role {
            ActorRole::DepartmentReviewer => after.department_approved_at = Some(now),
            _ => after.school_approved_at = Some(now),
        },
        AgreementStep::Remind => after.reminded_at = Some(now),
        AgreementStep::Decline(_) | AgreementStep::Reject(_) => {
            after.reason = step.reason().map(str::to_owned)
        }
        AgreementStep::StoreDocument(document_id, pdf) => {
            if !document::mark_ready(conn, *document_id, pdf, now).await? {
                // Another run of the job was faster; the event exists.
                return Ok(AgreementView {
                    agreement: before,
                    standing,
                });
            }
            changes = json!({ "document": document_id, "sha256": hex::encode(pdf.sha256) });
        }
        AgreementStep::Cancel | AgreementStep::Expire => {}
    }
    let moved = after.status != before.status || after.awaiting_review != before.awaiting_review;
    if moved {
        after.version += 1;
    }
    if transition.signs {
        paper::sign(platform, conn, &mut after, now).await?;
    }
    let entry = Entry {
        action: step.action(),
        reason: step.reason(),
        changes,
    };
    record(conn, &before, &mut after, doer, entry, &parties).await?;
    Ok(AgreementView {
        agreement: after,
        standing,
    })
}

/// Takes or frees the engagement as the rules decided. Gives the case that holds the graduate now.
async fn engage(
    conn: &AsyncPgConnection,
    effect: EngagementEffect,
    agreement: &Agreement,
    held_by: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<Option<Uuid>, StepError> {
    let (graduate_id, case_id) = (agreement.graduate_id, agreement.id);
    match effect {
        EngagementEffect::Keep => Ok(held_by),
        EngagementEffect::Take => {
            if engagement::take(conn, graduate_id, CaseKind::Agreement, case_id, now).await? {
                Ok(Some(case_id))
            } else {
                Err(Refusal::AlreadyEngaged.into())
            }
        }
        EngagementEffect::Free => {
            engagement::free(conn, graduate_id, case_id).await?;
            Ok(None)
        }
    }
}

/// Writes what a step can change.
async fn update(mut conn: &AsyncPgConnection, agreement: &Agreement) -> QueryResult<()> {
    let update = diesel::update(agreements::table.find(agreement.id)).set((
        (
            agreements::status.eq(agreement.status),
            agreements::awaiting_review.eq(agreement.awaiting_review),
            agreements::waiting_since.eq(agreement.waiting_since),
            agreements::review_route.eq(agreement.review_route),
            agreements::submitted_by.eq(agreement.submitted_by),
            agreements::agreement_number.eq(&agreement.agreement_number),
            agreements::reason.eq(&agreement.reason),
            agreements::version.eq(agreement.version),
        ),
        (
            agreements::event_count.eq(agreement.event_count),
            agreements::event_hash.eq(&agreement.event_hash),
            agreements::reminded_at.eq(agreement.reminded_at),
            agreements::accepted_at.eq(agreement.accepted_at),
            agreements::department_approved_at.eq(agreement.department_approved_at),
            agreements::school_approved_at.eq(agreement.school_approved_at),
            agreements::signed_at.eq(agreement.signed_at),
            agreements::updated_at.eq(agreement.updated_at),
        ),
    ));
    Kept(update).execute(&mut conn).await?;
    Ok(())
}

fn check_reason(reason: Option<&str>) -> Result<(), StepError> {
    let Some(reason) = reason else { return Ok(()) };
    let message = if reason.chars().count() > MAX_REASON {
        format!("不得超过 {MAX_REASON} 个字")
    } else if reason.chars().any(|c| c.is_control() && c != '\n') {
        "含有不可见的控制字符".to_owned()
    } else {
        return Ok(());
    };
    Err(StepError::Invalid(vec![FieldError {
        field: "reason",
        message,
    }]))
}

/// What somebody is to whatever he sees of graduates and schools.
const fn role_of_person(viewer: &Viewer) -> ActorRole {
    match viewer {
        Viewer::Graduate { .. } => ActorRole::Graduate,
        Viewer::EmployerMember { .. } => ActorRole::Employer,
        Viewer::Reviewer {
            department_id: Some(_),
            ..
        } => ActorRole::DepartmentReviewer,
        Viewer::Reviewer {
            department_id: None, ..
        } => ActorRole::SchoolReviewer,
        Viewer::Operator { .. } => ActorRole::Operator,
    }
}

/// A violation of a unique constraint as the refusal of a field.
fn taken(field: &'static str) -> impl Fn(DieselError) -> StepError {
    move |error| match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
            StepError::AlreadyTaken { field }
        }
        other => StepError::Database(other),
    }
}

/// As [`taken`], where one of several fields may be: each with the name of its constraint.
fn taken_by_constraint(fields: &[(&str, &'static str)]) -> impl Fn(DieselError) -> StepError {
    move |error| {
        let field = match &error {
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info) => fields
                .iter()
                .find(|(constraint, _)| info.constraint_name() == Some(constraint)),
            _ => None,
        };
        match field {
            Some((_, field)) => StepError::AlreadyTaken { field },
            None => StepError::Database(error),
        }
    }
}

fn first<T>(rows: Vec<T>) -> QueryResult<T> {
    rows.into_iter().next().ok_or(DieselError::NotFound)
}
