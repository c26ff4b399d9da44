//! The one way of one step: lock the case, ask the rules, and write status, engagement, event, messages and jobs in one
//! transaction. Nothing else in the program changes a status.

mod agreement;
mod agreement_draft;
mod amending;
mod contact;
mod correct;
mod destination;
mod drafting;
mod employer_trail;
mod export;
mod flow;
mod graduate_data;
mod import;
mod import_batch;
mod invite;
mod leaving;
mod leaving_sheet;
mod member;
mod paper;
mod registration;
mod review;
mod review_assignment;
mod school;
mod stamped_copy;
mod termination;
mod trail;
mod upload;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error as DieselError},
};
use diesel_async::AsyncPgConnection;
use serde_json::json;
use uuid::Uuid;

pub use self::agreement::{AgreementStep, StampedCopy, take};
pub use self::agreement_draft::{create_agreement_draft, discard_agreement, save_agreement_draft};
pub use self::contact::change_contact;
pub use self::correct::{CorrectionDraft, correct_graduate};
pub use self::destination::{
    DestinationStep, create_destination_draft, discard_destination, save_destination_draft, take_destination,
};
pub use self::export::{ExportRequest, export_records, exporting_reviewer, take_export};
pub use self::graduate_data::confirm_data;
pub use self::import::{Roster, create_import, importing_school, start_import};
pub use self::import_batch::{BATCH_ROWS, BatchOutcome, ParsedRow, import_batch};
pub use self::invite::{IdempotencyKey, Invitation, MAX_RESPONSE_TIME, claim_request, invite};
pub use self::leaving::{
    LeavingStep, MAX_AUTHORISATION, MAX_REOPENING, SeenRegistration, confirm_leaving, dispute_leaving,
    reopen_leaving, save_leaving_draft, take_leaving,
};
pub use self::member::{
    Colleague, administers, invite_member, join, set_member_enabled, withdraw_member_invitation,
};
pub use self::registration::{
    Registration, StoredLicence, may_resubmit, register, resubmit_employer, verify_employer,
};
pub use self::review::review_case;
pub use self::review_assignment::{assign_review, release_review};
pub use self::school::{
    LeavingPeriodDraft, NewReviewer, NewSchool, SchoolUpdate, add_department, add_reviewer, open_school,
    rename_department, set_leaving_period, set_review_route, set_reviewer_enabled, set_voiding_review,
    update_reviewer, update_school,
};
pub use self::stamped_copy::{linked_owner, open_stamped_copy_link, submit_stamped_copy_by_link};
pub use self::termination::{
    MAX_EXPLANATION, TerminationForm, TerminationRequest, TerminationStep, request_termination,
    take_termination,
};
pub use self::upload::{AnnouncedFile, announce_file, hand_in_file, uploading_owner};
use crate::{
    clock::shanghai_date,
    model::{
        Viewer,
        case_file::AttachError,
        idempotency::{self, Claim},
        terms::FieldError,
    },
    workflow::{ActorRole, Refusal, leaving as leaving_rules},
};

/// Most characters of a reason.
pub const MAX_REASON: usize = 500;

/// Who takes a step.
#[derive(Clone, Copy, Debug)]
pub enum Actor {
    /// A signed-in person.
    Viewer(Viewer),
    /// Whoever has the link for the stamped copy of an agreement, without an account: the step looks at the link itself.
    EmployerContact,
    /// The platform itself: a job.
    Worker,
}

impl Actor {
    fn viewer(&self) -> Option<&Viewer> {
        match self {
            Self::Viewer(viewer) => Some(viewer),
            Self::EmployerContact | Self::Worker => None,
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

impl Doer {
    /// Whether he may still begin something on a graduate's cases, whose last day this is.
    ///
    /// # Errors
    /// [`Refusal::CutOffPassed`].
    fn may_begin(&self, last_day: NaiveDate) -> Result<(), Refusal> {
        leaving_rules::may_begin(self.role, last_day, shanghai_date(self.now))
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
    /// Something else is registered for the graduate than he has seen.
    #[error("something else is registered meanwhile")]
    StaleRegistration {
        /// What of it is another: `registeredId` or `registeredVersion`.
        field: &'static str,
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
    /// A fellow reviewer has taken the case.
    #[error("another reviewer has taken this case")]
    Assigned {
        /// His name.
        reviewer: String,
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

/// What is wrong with the files that a step hands in is wrong with its input.
impl From<AttachError> for StepError {
    fn from(error: AttachError) -> Self {
        match error {
            AttachError::Files(errors) => Self::Invalid(errors),
            AttachError::Database(error) => Self::Database(error),
        }
    }
}

/// A reason as it counts: without blanks around it, and none when nothing is left.
fn given(reason: &Option<String>) -> Option<&str> {
    let reason = reason.as_deref().map(str::trim);
    reason.filter(|reason| !reason.is_empty())
}

fn check_reason(reason: Option<&str>) -> Result<(), StepError> {
    match reason.and_then(|reason| text_problem(reason, MAX_REASON)) {
        Some(message) => Err(StepError::Invalid(vec![FieldError {
            field: "reason",
            message,
        }])),
        None => Ok(()),
    }
}

/// What is wrong with a text of several lines that somebody typed.
fn text_problem(text: &str, most: usize) -> Option<String> {
    if text.chars().count() > most {
        return Some(format!("不得超过 {most} 个字"));
    }
    let hidden = text.chars().any(|c| c.is_control() && c != '\n');
    hidden.then(|| "含有不可见的控制字符".to_owned())
}

/// Claims the key of a request that creates something with this id. Gives the id of what was created before, when the request is
/// a repetition.
///
/// # Errors
/// [`StepError::KeyReused`].
async fn claimed(
    conn: &mut AsyncPgConnection,
    account_id: Uuid,
    key: &str,
    request_hash: &[u8; 32],
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Uuid>, StepError> {
    match idempotency::claim(conn, account_id, key, request_hash, &json!({ "id": id }), now).await? {
        Claim::New => Ok(None),
        Claim::Seen(response) => {
            let id = response["id"].as_str().and_then(|id| id.parse().ok());
            id.map(Some).ok_or(StepError::NotFound)
        }
        Claim::OtherBody => Err(StepError::KeyReused),
    }
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

/// A violation of this unique constraint as what the rules say of it: of two who were let through at the same moment it let in one.
fn refused_by(constraint: &str, refusal: Refusal) -> impl Fn(DieselError) -> StepError {
    move |error| match &error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info)
            if info.constraint_name() == Some(constraint) =>
        {
            StepError::Refused(refusal)
        }
        _ => StepError::Database(error),
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
