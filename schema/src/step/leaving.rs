//! The steps of leaving school: a graduate fills in archive and household, confirms or disputes what is registered for him, and lets
//! third parties see his sheet; his school answers, and reopens after the cut-off. The sheet itself is made in `leaving_sheet`.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Actor, Doer, StepError,
    flow::{self, Flow, check_version, flow_of},
    leaving_sheet,
};
use crate::{
    Kept, Platform,
    clock::{format_day, shanghai_date},
    destination::ArchiveDraft,
    messages::{Owed, leaving_owed},
    model::{
        Viewer, destination_sheet,
        document::StoredPdf,
        graduate::{self, Graduate},
        leaving::{self, LeavingConfirmation, LeavingView},
        placement::Placement,
        school::School,
        terms::FieldError,
    },
    tables::leaving_confirmations,
    workflow::{
        ActorRole, Refusal,
        leaving::{LeavingAction, LeavingStatus, decide},
        transition::{ReviewDecision, Transition},
    },
};

/// For how long third parties may be let see a sheet at most, counted from the day itself.
pub const MAX_AUTHORISATION: TimeDelta = TimeDelta::days(366);
/// For how long a graduate's cases may be reopened at most, counted from the day itself.
pub const MAX_REOPENING: TimeDelta = TimeDelta::days(366);

/// What a graduate has seen registered when he confirms: the case and its version, or nothing.
pub type SeenRegistration = Option<(Uuid, i32)>;

/// A step on an existing confirmation, with what the action brings along.
#[derive(Clone, Debug)]
pub enum LeavingStep {
    /// The graduate confirms what he has seen.
    Confirm(SeenRegistration),
    /// The graduate disputes what is registered, with a reason.
    Dispute(Option<String>),
    /// A reviewer answers.
    Answer(Option<String>),
    /// The school reopens his cases until the end of a day, with a reason.
    Reopen(NaiveDate, Option<String>),
    /// The PDF of a sheet is stored.
    StoreSheet(Uuid, StoredPdf),
    /// The graduate lets third parties see his sheet until the end of a day.
    Authorise(NaiveDate),
    /// The graduate takes that back.
    WithdrawAuthorisation,
}

impl LeavingStep {
    /// Which action of the rules this is.
    pub const fn action(&self) -> LeavingAction {
        match self {
            Self::Confirm(_) => LeavingAction::Confirm,
            Self::Dispute(_) => LeavingAction::Dispute,
            Self::Answer(_) => LeavingAction::Answer,
            Self::Reopen(..) => LeavingAction::Reopen,
            Self::StoreSheet(..) => LeavingAction::StoreSheet,
            Self::Authorise(_) => LeavingAction::Authorise,
            Self::WithdrawAuthorisation => LeavingAction::WithdrawAuthorisation,
        }
    }
}

/// Takes a step on a confirmation.
///
/// # Errors
/// [`StepError`]; nothing is written then.
pub async fn take_leaving(
    platform: &Platform,
    actor: Actor,
    confirmation_id: Uuid,
    step: LeavingStep,
    expected_version: Option<i32>,
) -> Result<LeavingView, StepError> {
    flow::take(platform, actor, confirmation_id, &step, expected_version).await
}

/// The graduate confirms what is registered for him, and what he has filled in of archive and household.
///
/// # Errors
/// [`StepError`]: [`StepError::StaleRegistration`] where something else is registered than he has seen; nothing is written then.
pub async fn confirm_leaving(
    platform: &Platform,
    viewer: &Viewer,
    seen: SeenRegistration,
    expected_version: Option<i32>,
) -> Result<LeavingView, StepError> {
    let step = LeavingStep::Confirm(seen);
    take_of(platform, viewer, own(viewer)?, step, expected_version).await
}

/// The graduate disputes what is registered for him.
///
/// # Errors
/// [`StepError`]; nothing is written then.
pub async fn dispute_leaving(
    platform: &Platform,
    viewer: &Viewer,
    reason: Option<String>,
    expected_version: Option<i32>,
) -> Result<LeavingView, StepError> {
    let step = LeavingStep::Dispute(reason);
    take_of(platform, viewer, own(viewer)?, step, expected_version).await
}

/// The school reopens a graduate's cases until the end of a day, also before the cut-off and before he has confirmed anything.
///
/// # Errors
/// [`StepError`]; nothing is written then.
pub async fn reopen_leaving(
    platform: &Platform,
    viewer: &Viewer,
    graduate_id: Uuid,
    until: NaiveDate,
    reason: Option<String>,
) -> Result<LeavingView, StepError> {
    take_of(
        platform,
        viewer,
        graduate_id,
        LeavingStep::Reopen(until, reason),
        None,
    )
    .await
}

fn own(viewer: &Viewer) -> Result<Uuid, Refusal> {
    match viewer {
        Viewer::Graduate { graduate_id, .. } => Ok(*graduate_id),
        _ => Err(Refusal::NotYourRole),
    }
}

/// Takes a step on the confirmation of a graduate for his class year, which begins with it where there is none.
async fn take_of(
    platform: &Platform,
    viewer: &Viewer,
    graduate_id: Uuid,
    step: LeavingStep,
    expected_version: Option<i32>,
) -> Result<LeavingView, StepError> {
    let mut conn = platform.pool.get().await?;
    let taken = conn
        .transaction(async |conn| {
            if graduate::find(conn, viewer, graduate_id).await?.is_none() {
                return Err(StepError::NotFound);
            }
            let id = leaving::of_graduate(conn, graduate_id, platform.clock.now())
                .await?
                .ok_or(StepError::NotFound)?;
            flow::take_in(
                platform,
                conn,
                Actor::Viewer(*viewer),
                id,
                &step,
                expected_version,
            )
            .await
        })
        .await?;
    platform.waker.wake();
    Ok(taken)
}

/// Keeps what the graduate has filled in of archive and household, also what is not complete or wrong yet. No step: it leaves no event.
///
/// # Errors
/// [`StepError`]; nothing is written then.
pub async fn save_leaving_draft(
    platform: &Platform,
    viewer: &Viewer,
    draft: &ArchiveDraft,
    expected_version: Option<i32>,
) -> Result<LeavingView, StepError> {
    let graduate_id = own(viewer)?;
    draft.check_size().map_err(StepError::Invalid)?;
    let mut conn = platform.pool.get().await?;
    conn.transaction(async |conn| {
        let id = leaving::of_graduate(conn, graduate_id, platform.clock.now())
            .await?
            .ok_or(StepError::NotFound)?;
        let mut view = leaving::lock(conn, Some(viewer), id)
            .await?
            .ok_or(StepError::NotFound)?;
        check_version(view.confirmation.version, expected_version)?;
        let now = platform.clock.now();
        let facts = view.facts(false, now);
        decide(&facts, LeavingAction::SaveDraft, ActorRole::Graduate)?;
        let confirmation = &mut view.confirmation;
        confirmation.draft = draft.clone();
        confirmation.version += 1;
        confirmation.updated_at = now;
        diesel::update(leaving_confirmations::table.find(id))
            .set((
                leaving_confirmations::draft.eq(draft),
                leaving_confirmations::version.eq(confirmation.version),
                leaving_confirmations::updated_at.eq(now),
            ))
            .execute(conn)
            .await?;
        Ok(view)
    })
    .await
}

impl Flow for LeavingView {
    flow_of!(confirmation: LeavingConfirmation, LeavingStep, leaving::lock);

    fn review(_step: &LeavingStep) -> Option<ReviewDecision> {
        None
    }

    fn reason(step: &LeavingStep) -> Option<&str> {
        match step {
            LeavingStep::Dispute(reason) | LeavingStep::Answer(reason) | LeavingStep::Reopen(_, reason) => {
                super::given(reason)
            }
            _ => None,
        }
    }

    fn decide(
        &self,
        _account_id: Option<Uuid>,
        step: &LeavingStep,
        role: ActorRole,
        now: DateTime<Utc>,
    ) -> Result<Transition<LeavingStatus>, Refusal> {
        let facts = self.facts(Self::reason(step).is_some(), now);
        decide(&facts, step.action(), role)
    }

    fn may_begin(&self, _doer: &Doer) -> Result<(), Refusal> {
        // What is confirmed has days of its own.
        Ok(())
    }

    fn set_holder(&mut self, _held_by: Option<Uuid>) {
        // It holds nobody.
    }

    fn placement(&self) -> Option<Placement> {
        // What he confirms has placed him already.
        None
    }

    fn owed(&self, step: &LeavingStep, _to: LeavingStatus) -> Owed {
        leaving_owed(step.action())
    }

    fn params(&self, graduate: &Graduate, school: &School, reason: Option<&str>, _changes: &Value) -> Value {
        let until = self.confirmation.reopened_until;
        json!({
            "graduate": graduate.name,
            "school": school.name,
            "class_year": self.confirmation.class_year,
            "reason": reason,
            "until": until.map(format_day),
        })
    }

    async fn change(
        &mut self,
        platform: &Platform,
        conn: &mut AsyncPgConnection,
        doer: &Doer,
        step: &LeavingStep,
        _completes: bool,
    ) -> Result<Option<Value>, StepError> {
        let today = shanghai_date(doer.now);
        let changes = match step {
            LeavingStep::StoreSheet(sheet_id, pdf) => {
                // The event exists where another run of the job was faster. The version stays: nobody has to look again.
                let stored = destination_sheet::mark_ready(conn, *sheet_id, pdf, doer.now).await?;
                let sha256 = hex::encode(pdf.sha256);
                return Ok(stored.then(|| json!({ "sheet": sheet_id, "sha256": sha256 })));
            }
            LeavingStep::Confirm(seen) => {
                leaving_sheet::confirm(platform, conn, self, *seen, doer.now).await?
            }
            LeavingStep::Dispute(_) => {
                self.confirmation.reason = Self::reason(step).map(str::to_owned);
                self.confirmation.answer = None;
                json!({})
            }
            LeavingStep::Answer(_) => {
                self.confirmation.answer = Self::reason(step).map(str::to_owned);
                json!({})
            }
            LeavingStep::Reopen(until, _) => {
                self.confirmation.reopened_until = Some(day(*until, today, MAX_REOPENING)?);
                json!({ "until": until })
            }
            LeavingStep::Authorise(until) => {
                self.confirmation.authorised_until = Some(day(*until, today, MAX_AUTHORISATION)?);
                json!({ "until": until })
            }
            LeavingStep::WithdrawAuthorisation => {
                self.confirmation.authorised_until = None;
                json!({})
            }
        };
        self.confirmation.version += 1;
        Ok(Some(changes))
    }

    async fn update(mut conn: &AsyncPgConnection, row: &LeavingConfirmation) -> QueryResult<()> {
        use leaving_confirmations as own;
        let update = diesel::update(own::table.find(row.id)).set((
            (
                own::status.eq(row.status),
                own::draft.eq(&row.draft),
                own::archive.eq(&row.archive),
                own::reason.eq(&row.reason),
                own::answer.eq(&row.answer),
                own::confirmed_at.eq(row.confirmed_at),
                own::confirmed_case_id.eq(row.confirmed_case_id),
                own::confirmed_case_version.eq(row.confirmed_case_version),
                own::confirmed_data_version.eq(row.confirmed_data_version),
                own::transfer_number.eq(&row.transfer_number),
            ),
            (
                own::reopened_until.eq(row.reopened_until),
                own::authorised_until.eq(row.authorised_until),
                own::version.eq(row.version),
                own::event_count.eq(row.event_count),
                own::event_hash.eq(&row.event_hash),
                own::updated_at.eq(row.updated_at),
            ),
        ));
        Kept(update).execute(&mut conn).await?;
        Ok(())
    }
}

/// A last day that is not over, and not too far away.
fn day(until: NaiveDate, today: NaiveDate, most: TimeDelta) -> Result<NaiveDate, StepError> {
    if (today..=today + most).contains(&until) {
        return Ok(until);
    }
    Err(StepError::Invalid(vec![FieldError {
        field: "until",
        message: format!("应不早于今天，且不超过 {} 天", most.num_days()),
    }]))
}
