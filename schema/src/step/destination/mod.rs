//! The steps on destinations (W6, §9).

mod drafts;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};
use uuid::Uuid;

pub use self::drafts::{create_destination_draft, discard_destination, save_destination_draft};
use super::{
    Actor, Doer, StepError,
    amending::{self, Amendable},
    first,
    flow::{self, Flow, flow_of, review_steps},
};
use crate::{
    Kept, Platform,
    clock::shanghai_date,
    destination::{
        CheckContext, Checked, DestinationDraft, DestinationType, DetailsDraft, Warnings, changes, label_zh,
    },
    field_changes::FieldChange,
    messages::{Owed, destination_owed},
    model::{
        Viewer,
        case::{ReviewedRow, progress_columns},
        case_file,
        case_upload::UploadOwner,
        destination::{self, Destination, DestinationView},
        event::CaseKind,
        graduate::{self, Graduate},
        placement::Placement,
        school::School,
        terms::FieldError,
    },
    tables::destinations,
    workflow::{
        ActorRole, Refusal,
        destination::{DestinationAction, DestinationFacts, DestinationStatus, decide},
        transition::{ReviewDecision, Transition},
    },
};

/// A step on an existing destination, with what the action brings along.
#[derive(Clone, Debug)]
pub enum DestinationStep {
    /// The graduate hands in what he has filled in, with these files as its proof.
    Submit(Vec<Uuid>),
    /// The graduate takes back what he handed in.
    Withdraw,
    /// The graduate gives it up.
    Discard,
    /// A reviewer approves.
    Approve,
    /// A reviewer wants it mended, with a reason.
    Return(Option<String>),
    /// A reviewer rejects, with a reason.
    Reject(Option<String>),
    /// A reviewer changes type or fields himself, with an optional reason: the form as it is to be, whole.
    Change(Box<DestinationDraft>, Option<String>),
    /// The graduate makes a registered one void, with an optional reason.
    Void(Option<String>),
    /// The school changes fields of a registered one, with a reason: the form as it is to be, whole.
    Amend(Box<DestinationDraft>, Option<String>),
}

review_steps!(DestinationStep);

impl DestinationStep {
    /// Which action of the rules this is.
    pub const fn action(&self) -> DestinationAction {
        match self {
            Self::Submit(_) => DestinationAction::Submit,
            Self::Withdraw => DestinationAction::Withdraw,
            Self::Discard => DestinationAction::Discard,
            Self::Approve => DestinationAction::Approve,
            Self::Return(_) => DestinationAction::Return,
            Self::Reject(_) => DestinationAction::Reject,
            Self::Change(..) => DestinationAction::Change,
            Self::Void(_) => DestinationAction::Void,
            Self::Amend(..) => DestinationAction::Amend,
        }
    }
}

/// Takes a step on a destination.
///
/// # Errors
/// [`StepError`]; nothing is written then.
pub async fn take_destination(
    platform: &Platform,
    actor: Actor,
    destination_id: Uuid,
    step: DestinationStep,
    expected_version: Option<i32>,
) -> Result<DestinationView, StepError> {
    if let DestinationStep::Change(form, _) | DestinationStep::Amend(form, _) = &step {
        form.check_size().map_err(StepError::Invalid)?;
    }
    let taken: Filed = flow::take(platform, actor, destination_id, &step, expected_version).await?;
    Ok(taken.view)
}

/// A destination in the course of a step.
#[derive(Clone)]
struct Filed {
    view: DestinationView,
}

impl Filed {
    fn of(view: DestinationView) -> Self {
        Self { view }
    }

    fn facts(
        &self,
        account_id: Option<Uuid>,
        reason_given: bool,
        chosen: DestinationType,
    ) -> DestinationFacts {
        DestinationFacts {
            chosen_type: chosen,
            ..self.view.facts(account_id, reason_given)
        }
    }
}

/// Locks a destination, as every step does first.
async fn lock_filed(
    conn: &mut AsyncPgConnection,
    viewer: Option<&Viewer>,
    id: Uuid,
) -> QueryResult<Option<Filed>> {
    Ok(destination::lock(conn, viewer, id).await?.map(Filed::of))
}

impl Flow for Filed {
    flow_of!(view.destination: Destination, DestinationStep, lock_filed);

    fn review(step: &DestinationStep) -> Option<ReviewDecision> {
        step.review()
    }

    fn reason(step: &DestinationStep) -> Option<&str> {
        match step {
            DestinationStep::Return(reason)
            | DestinationStep::Reject(reason)
            | DestinationStep::Change(_, reason)
            | DestinationStep::Amend(_, reason)
            | DestinationStep::Void(reason) => super::given(reason),
            _ => None,
        }
    }

    fn decide(
        &self,
        account_id: Option<Uuid>,
        step: &DestinationStep,
        role: ActorRole,
        _now: DateTime<Utc>,
    ) -> Result<Transition<DestinationStatus>, Refusal> {
        let chosen = match step {
            DestinationStep::Change(form, _) => form.destination_type(),
            _ => self.row().standing_type(),
        };
        let facts = self.facts(account_id, Self::reason(step).is_some(), chosen);
        decide(&facts, step.action(), role)
    }

    fn may_begin(&self, doer: &Doer) -> Result<(), Refusal> {
        doer.may_begin(self.view.standing.last_day)
    }

    fn set_holder(&mut self, held_by: Option<Uuid>) {
        self.view.standing.held_by = held_by;
    }

    fn placement(&self) -> Option<Placement> {
        self.row().placement()
    }

    fn owed(&self, step: &DestinationStep, to: DestinationStatus) -> Owed {
        destination_owed(step.action(), self.row().status, to)
    }

    fn params(&self, graduate: &Graduate, school: &School, reason: Option<&str>, changes: &Value) -> Value {
        json!({
            "graduate": graduate.name,
            "school": school.name,
            "type": self.row().destination_type.name_zh(),
            "reason": reason,
            "fields": amending::labels(changes, label_zh),
            "voiding": self.row().status == DestinationStatus::VoidingReview,
        })
    }

    async fn change(
        &mut self,
        _platform: &Platform,
        conn: &mut AsyncPgConnection,
        doer: &Doer,
        step: &DestinationStep,
        completes: bool,
    ) -> Result<Option<Value>, StepError> {
        let now = doer.now;
        match step {
            DestinationStep::Submit(files) => {
                let changed = self.hand_in(conn, doer).await?;
                self.attach(conn, doer, files).await?;
                return Ok(Some(json!({ "changed": changed, "files": files.len() })));
            }
            DestinationStep::Change(form, _) => return self.mend(conn, doer, form).await,
            DestinationStep::Amend(form, _) => {
                if form.destination_type() != self.row().destination_type {
                    return Err(wrong(
                        "type",
                        "已登记的毕业去向不能更改类型，请由毕业生作废后重新登记",
                    ));
                }
                return self.mend(conn, doer, form).await;
            }
            DestinationStep::Withdraw
            | DestinationStep::Discard
            | DestinationStep::Return(_)
            | DestinationStep::Reject(_) => {}
            DestinationStep::Approve => {
                let destination = &mut self.view.destination;
                if completes && destination.status == DestinationStatus::Registered {
                    destination.registered_at = Some(now);
                }
                if completes && destination.status == DestinationStatus::Voided {
                    destination.voided_at = Some(now);
                }
            }
            DestinationStep::Void(_) => {
                let route = self.view.standing.routes.current();
                let destination = &mut self.view.destination;
                match destination.status {
                    DestinationStatus::Voided => {
                        destination.reason = None;
                        destination.voided_at = Some(now);
                    }
                    _ => destination.handed_in(route, doer.actor.account_id(), now),
                }
            }
        }
        Ok(Some(json!({})))
    }

    async fn update(mut conn: &AsyncPgConnection, destination: &Destination) -> QueryResult<()> {
        let update = diesel::update(destinations::table.find(destination.id)).set((
            progress_columns!(destinations, destination),
            destinations::draft.eq(&destination.draft),
            destinations::form.eq(&destination.form),
            destinations::warnings.eq(&destination.warnings),
            destinations::private.eq(destination.private),
            destinations::submitted_at.eq(destination.submitted_at),
            destinations::registered_at.eq(destination.registered_at),
            destinations::voided_at.eq(destination.voided_at),
        ));
        Kept(update).execute(&mut conn).await?;
        Ok(())
    }
}

impl Filed {
    /// What the graduate has filled in becomes what is reviewed. Gives the names of the fields that changed since he handed it in last, for
    /// whoever reviews it again; their names only, since events outlive corrections.
    async fn hand_in(&mut self, conn: &AsyncPgConnection, doer: &Doer) -> Result<Vec<String>, StepError> {
        let checked = self.check(conn, doer.now, &self.row().draft).await?;
        let route = self.view.standing.routes.current();
        let destination = &mut self.view.destination;
        let changed = amending::changed(destination, &checked);
        destination.put(checked);
        destination.handed_in(route, doer.actor.account_id(), doer.now);
        Ok(changed)
    }

    /// The proof that is handed in: as many files as the type takes.
    async fn attach(
        &self,
        conn: &mut AsyncPgConnection,
        doer: &Doer,
        files: &[Uuid],
    ) -> Result<(), StepError> {
        let row = self.row();
        if !row.destination_type.proof_required() && !files.is_empty() {
            return Err(wrong("files", "该去向类型不需要证明材料"));
        }
        let owner = doer.actor.account_id().ok_or(StepError::NotFound)?;
        let owner = UploadOwner::Account(owner);
        let (case, sequence) = ((CaseKind::Destination, row.id), row.event_count + 1);
        let limits = row.destination_type.proof_files();
        case_file::attach(conn, &owner, case, sequence, files, limits, doer.now).await?;
        Ok(())
    }

    /// A reviewer's own change, or the school's: recorded field by field, the graduate told. One that changes nothing is no step. The
    /// statements that the graduate has ticked are his, and count for what is reviewed.
    async fn mend(
        &mut self,
        conn: &mut AsyncPgConnection,
        doer: &Doer,
        form: &DestinationDraft,
    ) -> Result<Option<Value>, StepError> {
        let before = self.row().form.as_ref().ok_or(StepError::NotFound)?;
        let before = before.destination_type();
        let mut form = form.clone();
        form.truthful = true;
        if let DetailsDraft::EntrustedSupplement(supplement) = &mut form.details {
            supplement.as_agreed |= before == DestinationType::EntrustedSupplement;
        }
        // What was right on the day it was registered is not wrong since another year, or another minimum wage, has begun.
        let day = self.row().registered_at.unwrap_or(doer.now);
        let checked = self.check(conn, day, &form).await?;
        let of = checked.destination.destination_type();
        if of.proof_required() && !before.proof_required() {
            let files = case_file::of_cases(conn, &[self.row().id], None).await?;
            if files.is_empty() {
                return Err(wrong("type", "该去向类型须有证明材料，请退回由毕业生补充"));
            }
        }
        let destination = &mut self.view.destination;
        let Some(event) = amending::amend(conn, destination, checked).await? else {
            return Ok(None);
        };
        // Should he get it back, he has to state anew that what somebody else wrote is true.
        form.truthful = false;
        if let DetailsDraft::EntrustedSupplement(supplement) = &mut form.details {
            supplement.as_agreed = false;
        }
        destination.draft = form;
        Ok(Some(event))
    }

    /// Checks a form as one of the graduate's, as it counts on this day.
    async fn check(
        &self,
        conn: &AsyncPgConnection,
        day: DateTime<Utc>,
        form: &DestinationDraft,
    ) -> Result<Checked, StepError> {
        let graduate = first(graduate::by_ids(conn, &[self.row().graduate_id]).await?)?;
        let context = CheckContext {
            today: shanghai_date(day),
            graduate_name: graduate.name,
            graduate_mobile: graduate.contact.mobile,
        };
        form.check(&context).map_err(StepError::Invalid)
    }
}

impl Destination {
    fn put(&mut self, checked: Checked) {
        self.destination_type = checked.destination.destination_type();
        self.warnings = Warnings::from(checked.warnings);
        self.form = Some(checked.destination);
    }
}

impl Amendable for Destination {
    type Content = Checked;

    fn compare(&self, with: &Checked) -> Option<Vec<FieldChange>> {
        Some(changes(self.form.as_ref()?, &with.destination))
    }

    fn replace(&mut self, with: Checked) {
        self.put(with);
        self.version += 1;
    }
}

fn wrong(field: &'static str, message: &str) -> StepError {
    StepError::Invalid(vec![FieldError {
        field,
        message: message.to_owned(),
    }])
}
