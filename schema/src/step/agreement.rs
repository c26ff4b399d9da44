//! The steps on agreements.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Actor, Doer, StepError,
    amending::{self, Amendable},
    flow::{self, Flow, attach, flow_of, review_steps},
    paper,
};
use crate::{
    Kept, Platform, SecretToken,
    clock::format_moment,
    field_changes::FieldChange,
    messages::{Owed, STAMPED_COPY_RECEIVED, owed},
    model::{
        agreement::{self, Agreement, AgreementView, Standing},
        case::{ReviewedRow, progress_columns},
        case_upload::UploadOwner,
        document::{self, StoredPdf},
        graduate::Graduate,
        placement::Placement,
        school::School,
        stamped_copy_link,
        terms::{self, AgreementDraft, AgreementTerms, FieldError},
    },
    tables::agreements,
    workflow::{
        ActorRole, Refusal,
        agreement::{AgreementAction, AgreementChannel, AgreementStatus, decide},
        transition::{ReviewDecision, Transition},
    },
};

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
    /// A reviewer wants it mended, with a reason.
    Return(Option<String>),
    /// The graduate hands in what he has filled in, with these files: of a registration at least one.
    Submit(Vec<Uuid>),
    /// The graduate takes back what he handed in.
    Withdraw,
    /// The graduate gives it up.
    Discard,
    /// The graduate has the employer's contact sent a link.
    RequestStampedCopy,
    /// The stamped copy is handed in.
    SubmitStampedCopy(StampedCopy),
    /// The PDF of a document is stored.
    StoreDocument(Uuid, StoredPdf),
    /// This termination of it was approved. Taken by the step of the termination alone.
    Terminate(Approved),
    /// The school changes the terms of a signed one, with a reason: the terms as they are to be, whole.
    Amend(Box<AgreementDraft>, Option<String>),
}

/// A stamped copy, as it is handed in.
#[derive(Clone, Debug)]
pub struct StampedCopy {
    /// Its pages: checked uploads of whoever hands it in, or files of the agreement that are kept.
    pub files: Vec<Uuid>,
    /// The token of the link, where it comes through one.
    pub token: Option<SecretToken>,
}

/// A termination whose last reviewer has approved: only its own step can say so.
#[derive(Clone, Copy, Debug)]
pub struct Approved(pub(super) Uuid);

review_steps!(AgreementStep);

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
            Self::Return(_) => AgreementAction::Return,
            Self::Submit(_) => AgreementAction::Submit,
            Self::Withdraw => AgreementAction::Withdraw,
            Self::Discard => AgreementAction::Discard,
            Self::RequestStampedCopy => AgreementAction::RequestStampedCopy,
            Self::SubmitStampedCopy(_) => AgreementAction::SubmitStampedCopy,
            Self::StoreDocument(..) => AgreementAction::StoreDocument,
            Self::Terminate(_) => AgreementAction::Terminate,
            Self::Amend(..) => AgreementAction::Amend,
        }
    }
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
    flow::take(platform, actor, agreement_id, &step, expected_version).await
}

impl Flow for AgreementView {
    flow_of!(agreement: Agreement, AgreementStep, agreement::lock);

    fn review(step: &AgreementStep) -> Option<ReviewDecision> {
        step.review()
    }

    fn reason(step: &AgreementStep) -> Option<&str> {
        match step {
            AgreementStep::Decline(reason)
            | AgreementStep::Reject(reason)
            | AgreementStep::Return(reason)
            | AgreementStep::Amend(_, reason) => super::given(reason),
            _ => None,
        }
    }

    fn decide(
        &self,
        account_id: Option<Uuid>,
        step: &AgreementStep,
        role: ActorRole,
        now: DateTime<Utc>,
    ) -> Result<Transition<AgreementStatus>, Refusal> {
        let mut facts = self.facts(account_id, Self::reason(step).is_some());
        facts.termination_approved = matches!(step, AgreementStep::Terminate(_));
        decide(&facts, step.action(), role, now)
    }

    fn may_begin(&self, doer: &Doer) -> Result<(), Refusal> {
        doer.may_begin(self.standing.last_day)
    }

    fn set_holder(&mut self, held_by: Option<Uuid>) {
        self.standing.held_by = held_by;
    }

    fn placement(&self) -> Option<Placement> {
        self.agreement.placement()
    }

    fn owed(&self, step: &AgreementStep, to: AgreementStatus) -> Owed {
        match step {
            AgreementStep::SubmitStampedCopy(copy) if copy.token.is_some() => STAMPED_COPY_RECEIVED,
            _ => owed(self.agreement.channel, step.action(), to),
        }
    }

    fn params(&self, graduate: &Graduate, school: &School, reason: Option<&str>, changes: &Value) -> Value {
        let agreement = &self.agreement;
        json!({
            "graduate": graduate.name,
            "employer": agreement.employer_name(),
            "school": school.name,
            "position": agreement.position_title(),
            "deadline": agreement.response_deadline.map(format_moment),
            "reason": reason,
            "agreement_number": agreement.agreement_number,
            "fields": amending::labels(changes, terms::label_zh),
        })
    }

    async fn change(
        &mut self,
        platform: &Platform,
        conn: &mut AsyncPgConnection,
        doer: &Doer,
        step: &AgreementStep,
        completes: bool,
    ) -> Result<Option<Value>, StepError> {
        let now = doer.now;
        if let AgreementStep::Amend(form, _) = step {
            return amend(&mut self.agreement, platform, conn, form, now).await;
        }
        let Self { agreement, standing } = self;
        match step {
            AgreementStep::Accept => {
                agreement.accepted_at = Some(now);
                agreement.begin_round(standing.routes.current(), doer.actor.account_id());
            }
            AgreementStep::Approve if completes => {
                agreement.signed_at = (agreement.status == AgreementStatus::Signed).then_some(now);
                if paper::is_due(agreement) {
                    paper::order(platform, conn, agreement, now).await?;
                }
            }
            AgreementStep::Submit(files) => {
                let changed = hand_in(agreement, standing, doer)?;
                let least = usize::from(agreement.channel == AgreementChannel::Registered);
                let owner = owner(doer, agreement.id);
                attach(conn, agreement, &owner, files, least, now).await?;
                return Ok(Some(json!({ "changed": changed, "files": files.len() })));
            }
            AgreementStep::RequestStampedCopy => stamped_copy_link::request(conn, agreement.id, now).await?,
            AgreementStep::SubmitStampedCopy(copy) => {
                if let Some(token) = &copy.token
                    && !stamped_copy_link::still_opens(conn, token, agreement.id, now).await?
                {
                    return Err(StepError::NotFound);
                }
                let owner = owner(doer, agreement.id);
                attach(conn, agreement, &owner, &copy.files, 1, now).await?;
                stamped_copy_link::end(conn, agreement.id).await?;
                agreement.handed_in(standing.routes.current(), doer.actor.account_id(), now);
                return Ok(Some(json!({ "files": copy.files.len() })));
            }
            AgreementStep::Discard => stamped_copy_link::end(conn, agreement.id).await?,
            AgreementStep::Remind => agreement.reminded_at = Some(now),
            AgreementStep::Decline(_) => {
                agreement.reason = Self::reason(step).map(str::to_owned);
            }
            AgreementStep::StoreDocument(document_id, pdf) => {
                if !document::mark_ready(conn, *document_id, pdf, now).await? {
                    // Another run of the job was faster; the event exists.
                    return Ok(None);
                }
                let sha256 = hex::encode(pdf.sha256);
                return Ok(Some(json!({ "document": document_id, "sha256": sha256 })));
            }
            AgreementStep::Terminate(Approved(termination_id)) => {
                standing.open_termination = None;
                return Ok(Some(json!({ "termination": termination_id })));
            }
            AgreementStep::Cancel
            | AgreementStep::Expire
            | AgreementStep::Approve
            | AgreementStep::Reject(_)
            | AgreementStep::Return(_)
            | AgreementStep::Withdraw
            | AgreementStep::Amend(..) => {}
        }
        Ok(Some(json!({})))
    }

    async fn update(mut conn: &AsyncPgConnection, agreement: &Agreement) -> QueryResult<()> {
        let update = diesel::update(agreements::table.find(agreement.id)).set((
            progress_columns!(agreements, agreement),
            agreements::agreement_number.eq(&agreement.agreement_number),
            agreements::terms.eq(&agreement.terms),
            agreements::private.eq(agreement.private),
            agreements::submitted_at.eq(agreement.submitted_at),
            agreements::reminded_at.eq(agreement.reminded_at),
            agreements::accepted_at.eq(agreement.accepted_at),
            agreements::signed_at.eq(agreement.signed_at),
        ));
        Kept(update).execute(&mut conn).await?;
        Ok(())
    }
}

/// What the graduate has filled in becomes what is reviewed. Gives the fields that changed since he handed it in last, for whoever
/// reviews it again; their names only, since events outlive corrections.
fn hand_in(agreement: &mut Agreement, standing: &Standing, doer: &Doer) -> Result<Vec<String>, StepError> {
    let draft = agreement.draft.as_ref().ok_or(StepError::NotFound)?;
    let terms = draft.check().map_err(StepError::Invalid)?;
    let changed = amending::changed(agreement, &terms);
    agreement.terms = Some(terms);
    agreement.handed_in(standing.routes.current(), doer.actor.account_id(), doer.now);
    Ok(changed)
}

/// The school's own change of what is signed: recorded field by field, and printed anew where there is a paper. One that changes nothing is
/// no step.
async fn amend(
    agreement: &mut Agreement,
    platform: &Platform,
    conn: &mut AsyncPgConnection,
    form: &AgreementDraft,
    now: DateTime<Utc>,
) -> Result<Option<Value>, StepError> {
    let before = agreement.terms.as_ref().ok_or(StepError::NotFound)?;
    let after = form.check().map_err(StepError::Invalid)?;
    if agreement.channel == AgreementChannel::Online {
        keeps_party(before, &after)?;
    }
    let event = amending::amend(conn, agreement, after).await?;
    if event.is_some() {
        paper::renew(platform, conn, agreement, now).await?;
    }
    Ok(event)
}

impl Amendable for Agreement {
    type Content = AgreementTerms;

    fn compare(&self, with: &AgreementTerms) -> Option<Vec<FieldChange>> {
        Some(terms::changes(self.terms.as_ref()?, with))
    }

    fn replace(&mut self, with: AgreementTerms) {
        self.terms = Some(with);
        self.version += 1;
    }
}

/// What was signed online was signed with a registered employer, which no amendment replaces by another.
fn keeps_party(before: &AgreementTerms, after: &AgreementTerms) -> Result<(), StepError> {
    let fields = [
        ("employerName", before.employer_name == after.employer_name),
        ("creditCode", before.credit_code == after.credit_code),
    ];
    let wrong: Vec<_> = fields
        .into_iter()
        .filter(|(_, same)| !same)
        .map(|(field, _)| FieldError {
            field,
            message: "线上签约的用人单位不能更改".to_owned(),
        })
        .collect();
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(StepError::Invalid(wrong)),
    }
}

/// Whose files are handed in.
fn owner(doer: &Doer, agreement_id: Uuid) -> UploadOwner {
    match doer.actor.account_id() {
        Some(account_id) => UploadOwner::Account(account_id),
        None => UploadOwner::Link { agreement_id },
    }
}
