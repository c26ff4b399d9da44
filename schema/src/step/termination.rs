//! The steps on terminations, online ones and offline ones. The last approval ends the agreement in the same transaction.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Actor, Doer, IdempotencyKey, StepError,
    agreement::{AgreementStep, Approved},
    claimed,
    flow::{self, Flow, attach, check_version, decide_and_apply, flow_of, review_steps},
    refused_by, text_problem,
    trail::record_first,
};
use crate::{
    Kept, Platform,
    codes::CodeList,
    messages::{Owed, termination_owed},
    model::{
        Viewer,
        agreement::{self, AgreementView},
        case::{CaseRow, ReviewedRow, progress_columns},
        case_upload::UploadOwner,
        graduate::Graduate,
        placement::Placement,
        school::School,
        termination::{self, Termination, TerminationView},
        terms::FieldError,
    },
    tables::terminations,
    workflow::{
        ActorRole, Refusal,
        agreement::{AgreementAction, AgreementChannel, decide as decide_agreement},
        termination::{Party, TerminationAction, TerminationStatus, decide},
        transition::{ReviewDecision, Transition},
    },
};

/// Most characters of the explanation of a termination.
pub const MAX_EXPLANATION: usize = 500;

/// What a side of a signed agreement asks for.
#[derive(Clone, Debug)]
pub struct TerminationRequest {
    /// What is to end.
    pub agreement_id: Uuid,
    /// Why.
    pub form: TerminationForm,
}

/// What is said of a termination (§5.1, §7.1).
#[derive(Clone, Debug)]
pub struct TerminationForm {
    /// 解约原因: a code of `TERMINATION_REASON` that this side may give.
    pub reason_code: String,
    /// 解约说明.
    pub explanation: String,
    /// 解约材料: checked uploads of the graduate's, and files of the termination that are kept. Of an agreement that was signed online
    /// none, of any other at least one.
    pub files: Vec<Uuid>,
}

/// A step on an existing termination, with what the action brings along.
#[derive(Clone, Debug)]
pub enum TerminationStep {
    /// Offline: the graduate hands it in.
    Submit(TerminationForm),
    /// Offline: the graduate gives it up.
    Discard,
    /// Whoever asked takes it back.
    Withdraw,
    /// The other side agrees.
    Accept,
    /// The other side does not, with an optional reason.
    Refuse(Option<String>),
    /// A reviewer approves.
    Approve,
    /// A reviewer rejects, with a reason.
    Reject(Option<String>),
    /// A reviewer wants it mended, with a reason.
    Return(Option<String>),
}

review_steps!(TerminationStep);

impl TerminationStep {
    /// Which action of the rules this is.
    pub const fn action(&self) -> TerminationAction {
        match self {
            Self::Submit(_) => TerminationAction::Submit,
            Self::Discard => TerminationAction::Discard,
            Self::Withdraw => TerminationAction::Withdraw,
            Self::Accept => TerminationAction::Accept,
            Self::Refuse(_) => TerminationAction::Refuse,
            Self::Approve => TerminationAction::Approve,
            Self::Reject(_) => TerminationAction::Reject,
            Self::Return(_) => TerminationAction::Return,
        }
    }
}

/// Takes a step on a termination.
///
/// # Errors
/// [`StepError`]; nothing is written then.
pub async fn take_termination(
    platform: &Platform,
    actor: Actor,
    termination_id: Uuid,
    step: TerminationStep,
    expected_version: Option<i32>,
) -> Result<TerminationView, StepError> {
    flow::take(platform, actor, termination_id, &step, expected_version).await
}

/// One side asks to end a signed agreement, once for each key of a request. Of one that was signed online the other side answers; any
/// other the graduate hands in for review at once. `expected_version` is the agreement's.
///
/// # Errors
/// [`StepError`]; nothing is written then.
pub async fn request_termination(
    platform: &Platform,
    viewer: &Viewer,
    request: &TerminationRequest,
    expected_version: Option<i32>,
    key: Option<&IdempotencyKey>,
) -> Result<TerminationView, StepError> {
    let mut conn = platform.pool.get().await?;
    let requested = conn
        .transaction(async |conn| {
            let now = platform.clock.now();
            let id = Uuid::now_v7();
            if let Some(key) = key
                && let Some(id) =
                    claimed(conn, viewer.account_id(), &key.key, &key.request_hash, id, now).await?
            {
                return termination::find(conn, viewer, id)
                    .await?
                    .ok_or(StepError::NotFound);
            }
            request_in(platform, conn, viewer, id, request, expected_version).await
        })
        .await?;
    platform.waker.wake();
    Ok(requested)
}

async fn request_in(
    platform: &Platform,
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    id: Uuid,
    request: &TerminationRequest,
    expected_version: Option<i32>,
) -> Result<TerminationView, StepError> {
    let agreement = agreement::lock(conn, Some(viewer), request.agreement_id)
        .await?
        .ok_or(StepError::NotFound)?;
    check_version(agreement.agreement.version, expected_version)?;
    let role = agreement.agreement.role_of(viewer).ok_or(StepError::NotFound)?;
    let now = platform.clock.now();
    let facts = agreement.facts(Some(viewer.account_id()), true);
    decide_agreement(&facts, AgreementAction::RequestTermination, role, now)?;
    let doer = Doer {
        actor: Actor::Viewer(*viewer),
        role,
        now,
    };
    doer.may_begin(agreement.standing.last_day)?;
    let party = Party::of(role).ok_or(Refusal::NotYourRole)?;
    let form = &request.form;
    let explanation = check(form, party)?;

    let of = &agreement.agreement;
    let online = of.channel == AgreementChannel::Online;
    if online && !form.files.is_empty() {
        return Err(StepError::Invalid(vec![FieldError {
            field: "files",
            message: "线上签约的解约由对方回应，无需上传材料".to_owned(),
        }]));
    }
    let status = match online {
        true => TerminationStatus::Requested,
        false => TerminationStatus::Draft,
    };
    let row: Termination = diesel::insert_into(terminations::table)
        .values((
            terminations::id.eq(id),
            terminations::agreement_id.eq(of.id),
            terminations::status.eq(status),
            terminations::requested_by.eq(party),
            terminations::reason_code.eq(&form.reason_code),
            terminations::explanation.eq(explanation),
            terminations::graduate_id.eq(of.graduate_id),
            terminations::employer_id.eq(of.employer_id),
            terminations::school_id.eq(of.school_id),
            terminations::department_id.eq(of.department_id),
            terminations::requested_at.eq(now),
            terminations::updated_at.eq(now),
        ))
        .returning(Termination::as_returning())
        .get_result(conn)
        .await
        // The agreement is locked, so only a row that was written around the steps can be in the way.
        .map_err(refused_by("terminations_one_open", Refusal::TerminationOpen))?;
    let mut view = termination::find(conn, viewer, row.id)
        .await?
        .ok_or(StepError::NotFound)?;
    if !online {
        let step = TerminationStep::Submit(form.clone());
        return decide_and_apply(platform, conn, view, &doer, &step).await;
    }
    let action = TerminationAction::Request;
    let owed = termination_owed(action, row.status, party);
    let entry = (action.as_str(), changes(&row));
    record_first(conn, &mut view, &doer, entry, owed).await?;
    Ok(view)
}

/// What every event of a termination says: whoever follows the agreement hears of it.
fn changes(termination: &Termination) -> Value {
    json!({ "agreement": termination.agreement_id })
}

/// The explanation without blanks around it.
fn check(form: &TerminationForm, party: Party) -> Result<&str, StepError> {
    let mut wrong = Vec::new();
    let code = CodeList::TerminationReason.get(&form.reason_code);
    if !code.is_some_and(|code| code.active && code.party.is_none_or(|only| only == party)) {
        wrong.push(FieldError {
            field: "terminationReason",
            message: "请选择本方可选的解约原因".to_owned(),
        });
    }
    let explanation = form.explanation.trim();
    let problem = match explanation.is_empty() {
        true => Some("请填写解约说明".to_owned()),
        false => text_problem(explanation, MAX_EXPLANATION),
    };
    wrong.extend(problem.map(|message| FieldError {
        field: "explanation",
        message,
    }));
    match wrong.is_empty() {
        true => Ok(explanation),
        false => Err(StepError::Invalid(wrong)),
    }
}

impl Flow for TerminationView {
    flow_of!(termination: Termination, TerminationStep, termination::lock);

    fn review(step: &TerminationStep) -> Option<ReviewDecision> {
        step.review()
    }

    fn reason(step: &TerminationStep) -> Option<&str> {
        match step {
            TerminationStep::Refuse(reason)
            | TerminationStep::Reject(reason)
            | TerminationStep::Return(reason) => super::given(reason),
            _ => None,
        }
    }

    fn decide(
        &self,
        account_id: Option<Uuid>,
        step: &TerminationStep,
        role: ActorRole,
        _now: DateTime<Utc>,
    ) -> Result<Transition<TerminationStatus>, Refusal> {
        let facts = self.facts(account_id, Self::reason(step).is_some());
        decide(&facts, step.action(), role)
    }

    fn may_begin(&self, doer: &Doer) -> Result<(), Refusal> {
        doer.may_begin(self.standing.last_day)
    }

    fn set_holder(&mut self, _held_by: Option<Uuid>) {
        // The agreement holds the graduate, and lets him go.
    }

    fn placement(&self) -> Option<Placement> {
        // The agreement places him, until it ends.
        None
    }

    fn owed(&self, step: &TerminationStep, to: TerminationStatus) -> Owed {
        termination_owed(step.action(), to, self.termination.requested_by)
    }

    fn params(&self, graduate: &Graduate, school: &School, reason: Option<&str>, _changes: &Value) -> Value {
        let (termination, standing) = (&self.termination, &self.standing);
        let side = |party| match party {
            Party::Graduate => format!("毕业生{}", graduate.name),
            Party::Employer => standing.terms.employer_name.clone(),
        };
        json!({
            "graduate": graduate.name,
            "employer": standing.terms.employer_name,
            "school": school.name,
            "agreement_number": standing.agreement_number,
            "requester": side(termination.requested_by),
            "answerer": side(termination.requested_by.other()),
            // It may say something of somebody's health: kept in the messages of the request alone, and shown in the inbox only.
            "termination_reason": (termination.status == TerminationStatus::Requested)
                .then(|| CodeList::TerminationReason.name_zh(&termination.reason_code)),
            "reason": reason,
        })
    }

    async fn change(
        &mut self,
        platform: &Platform,
        conn: &mut AsyncPgConnection,
        doer: &Doer,
        step: &TerminationStep,
        completes: bool,
    ) -> Result<Option<Value>, StepError> {
        let now = doer.now;
        let route = self.standing.routes.current();
        match step {
            TerminationStep::Withdraw
            | TerminationStep::Discard
            | TerminationStep::Reject(_)
            | TerminationStep::Return(_) => {}
            TerminationStep::Submit(form) => return self.hand_in(conn, doer, form).await.map(Some),
            TerminationStep::Accept => {
                self.termination.begin_round(route, doer.actor.account_id());
                self.termination.answered_at = Some(now);
            }
            TerminationStep::Refuse(_) => {
                self.termination.answered_at = Some(now);
                self.termination.reason = Self::reason(step).map(str::to_owned);
            }
            TerminationStep::Approve => {
                if completes {
                    self.termination.terminated_at = Some(now);
                    let agreement = agreement::lock(conn, None, self.termination.agreement_id)
                        .await?
                        .ok_or(StepError::NotFound)?;
                    let step = AgreementStep::Terminate(Approved(self.termination.id));
                    let _: AgreementView = decide_and_apply(platform, conn, agreement, doer, &step).await?;
                }
            }
        }
        Ok(Some(changes(&self.termination)))
    }

    async fn update(mut conn: &AsyncPgConnection, termination: &Termination) -> QueryResult<()> {
        let update = diesel::update(terminations::table.find(termination.id)).set((
            progress_columns!(terminations, termination),
            terminations::reason_code.eq(&termination.reason_code),
            terminations::explanation.eq(&termination.explanation),
            terminations::requested_at.eq(termination.requested_at),
            terminations::answered_at.eq(termination.answered_at),
            terminations::terminated_at.eq(termination.terminated_at),
        ));
        Kept(update).execute(&mut conn).await?;
        Ok(())
    }
}

impl TerminationView {
    /// The graduate hands it in with its materials, for the first time or again. Gives what the event says: which fields changed since
    /// he handed it in last, and how many files there are.
    async fn hand_in(
        &mut self,
        conn: &mut AsyncPgConnection,
        doer: &Doer,
        form: &TerminationForm,
    ) -> Result<Value, StepError> {
        let account_id = doer.actor.account_id().ok_or(Refusal::NotYourRole)?;
        let explanation = check(form, Party::Graduate)?;
        let route = self.standing.routes.current();
        let termination = &mut self.termination;
        let changed: Vec<_> = [
            ("terminationReason", termination.reason_code != form.reason_code),
            ("explanation", termination.explanation != explanation),
        ]
        .into_iter()
        .filter_map(|(field, changed)| changed.then_some(field))
        .collect();
        termination.reason_code.clone_from(&form.reason_code);
        explanation.clone_into(&mut termination.explanation);
        termination.handed_in(route, Some(account_id), doer.now);
        let owner = UploadOwner::Account(account_id);
        attach(conn, &*termination, &owner, &form.files, 1, doer.now).await?;
        let mut event = changes(termination);
        event["changed"] = json!(changed);
        event["files"] = json!(form.files.len());
        Ok(event)
    }
}
