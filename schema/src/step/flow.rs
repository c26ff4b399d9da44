//! The one way of one step, for cases of every kind: lock, ask the rules, write. What is particular to a kind is its
//! [`Flow`].

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::try_join;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Actor, Doer, StepError, check_reason,
    trail::{Entry, Parties, record},
};
use crate::{
    Platform,
    messages::Owed,
    model::{
        Viewer,
        case::CaseRow,
        case_file::{self, MAX_FILES},
        case_upload::UploadOwner,
        engagement,
        graduate::Graduate,
        placement::{Moved, Placement},
        school::School,
    },
    workflow::{
        ActorRole, Refusal,
        transition::{EngagementEffect, ReviewDecision, Transition},
    },
};

/// A kind of case as the way of a step sees it: a row with what surrounds it.
pub(super) trait Flow: Clone + Send + Sync + Sized {
    /// The case's row.
    type Row: CaseRow;
    /// A step with what it brings along.
    type Step: Send + Sync;

    /// Locks the case, if the viewer sees it; without one (the worker) all are seen.
    fn lock(
        conn: &mut AsyncPgConnection,
        viewer: Option<&Viewer>,
        id: Uuid,
    ) -> impl Future<Output = QueryResult<Option<Self>>> + Send;

    fn row(&self) -> &Self::Row;

    fn row_mut(&mut self) -> &mut Self::Row;

    /// The word of a step's action in the trail.
    fn action(step: &Self::Step) -> &'static str;

    /// The reason that a step gives.
    fn reason(step: &Self::Step) -> Option<&str>;

    /// What a reviewer decides by a step, if it is a review.
    fn review(step: &Self::Step) -> Option<ReviewDecision>;

    /// Asks the rules.
    fn decide(
        &self,
        account_id: Option<Uuid>,
        step: &Self::Step,
        role: ActorRole,
        now: DateTime<Utc>,
    ) -> Result<TransitionOf<Self>, Refusal>;

    /// Whether this person may still begin something on it, by the last day for the graduate's class or by days of its own.
    fn may_begin(&self, doer: &Doer) -> Result<(), Refusal>;

    /// Notes which case holds the graduate from now on.
    fn set_holder(&mut self, held_by: Option<Uuid>);

    /// Where the case, as it stands, places its graduate in the figures: what changes of it in a step is counted with the step.
    fn placement(&self) -> Option<Placement>;

    /// What the step owes to whom.
    fn owed(&self, step: &Self::Step, to: <Self::Row as CaseRow>::Status) -> Owed;

    /// What the messages of a step say; `changes` is what stands in its event beside the status.
    fn params(&self, graduate: &Graduate, school: &School, reason: Option<&str>, changes: &Value) -> Value;

    /// Does what the step does beside moving the case: to its own fields, and to what hangs on it. Gives what is to stand in the
    /// event, or `None` when another run has done it all before.
    fn change(
        &mut self,
        platform: &Platform,
        conn: &mut AsyncPgConnection,
        doer: &Doer,
        step: &Self::Step,
        completes: bool,
    ) -> impl Future<Output = Result<Option<Value>, StepError>> + Send;

    /// Writes what a step can change of the row.
    fn update(conn: &AsyncPgConnection, row: &Self::Row) -> impl Future<Output = QueryResult<()>> + Send;
}

/// What of a [`Flow`] reads the same for all kinds: `flow_of!(agreement: Agreement, AgreementStep, agreement::lock)`, with where a view
/// has its row.
macro_rules! flow_of {
    ($($at:ident).+: $row:ty, $step:ty, $lock:path) => {
        type Row = $row;
        type Step = $step;

        async fn lock(
            conn: &mut diesel_async::AsyncPgConnection,
            viewer: Option<&$crate::model::Viewer>,
            id: uuid::Uuid,
        ) -> diesel::QueryResult<Option<Self>> {
            $lock(conn, viewer, id).await
        }

        fn row(&self) -> &$row {
            &self.$($at).+
        }

        fn row_mut(&mut self) -> &mut $row {
            &mut self.$($at).+
        }

        fn action(step: &$step) -> &'static str {
            step.action().as_str()
        }
    };
}
pub(super) use flow_of;

/// Says of a kind's steps which of them are a reviewer's decisions.
macro_rules! review_steps {
    ($step:ident) => {
        impl $step {
            /// The step by which a reviewer decides so, with the reason that he gives.
            pub fn of_review(decision: ReviewDecision, reason: Option<String>) -> Self {
                match decision {
                    ReviewDecision::Approve => Self::Approve,
                    ReviewDecision::Reject => Self::Reject(reason),
                    ReviewDecision::Return => Self::Return(reason),
                }
            }

            /// What a reviewer decides by it, if it is a review.
            pub const fn review(&self) -> Option<ReviewDecision> {
                match self {
                    Self::Approve => Some(ReviewDecision::Approve),
                    Self::Reject(_) => Some(ReviewDecision::Reject),
                    Self::Return(_) => Some(ReviewDecision::Return),
                    _ => None,
                }
            }
        }
    };
}
pub(super) use review_steps;

type TransitionOf<F> = Transition<<<F as Flow>::Row as CaseRow>::Status>;

/// Takes a step on a case of any kind.
pub(super) async fn take<F: Flow>(
    platform: &Platform,
    actor: Actor,
    id: Uuid,
    step: &F::Step,
    expected_version: Option<i32>,
) -> Result<F, StepError> {
    let mut conn = platform.pool.get().await?;
    let taken = conn
        .transaction(async |conn| take_in(platform, conn, actor, id, step, expected_version).await)
        .await?;
    platform.waker.wake();
    Ok(taken)
}

/// As [`take`], in the caller's transaction; he wakes whoever waits, once it is committed.
pub(super) async fn take_in<F: Flow>(
    platform: &Platform,
    conn: &mut AsyncPgConnection,
    actor: Actor,
    id: Uuid,
    step: &F::Step,
    expected_version: Option<i32>,
) -> Result<F, StepError> {
    check_reason(F::reason(step))?;
    // All that a step reads is found by keys, whatever their values. Left to itself PostgreSQL plans the joins around the case anew each
    // time, which takes longer than all else that it does in the step.
    conn.batch_execute("SET LOCAL plan_cache_mode = force_generic_plan")
        .await?;
    let view = F::lock(conn, actor.viewer(), id)
        .await?
        .ok_or(StepError::NotFound)?;
    check_version(view.row().version(), expected_version)?;
    let role = match &actor {
        Actor::Viewer(viewer) => view.row().role_of(viewer).ok_or(StepError::NotFound)?,
        Actor::EmployerContact => ActorRole::EmployerContact,
        Actor::Worker => ActorRole::Worker,
    };
    // Read under the lock: whoever waited for it is judged by the time at which he got it.
    let now = platform.clock.now();
    let doer = Doer { actor, role, now };
    decide_and_apply(platform, conn, view, &doer, step).await
}

/// Refuses whoever has looked at another version.
pub(super) fn check_version(current: i32, expected: Option<i32>) -> Result<(), StepError> {
    match expected {
        Some(expected) if expected != current => Err(StepError::StaleVersion { current }),
        _ => Ok(()),
    }
}

/// Asks the rules about a step on a locked case, and writes what they decide.
pub(super) async fn decide_and_apply<F: Flow>(
    platform: &Platform,
    conn: &mut AsyncPgConnection,
    view: F,
    doer: &Doer,
    step: &F::Step,
) -> Result<F, StepError> {
    let transition = decide(&view, doer, step)?;
    apply(platform, conn, view, doer, step, &transition).await
}

/// Asks the rules: those of the kind, and the one of all kinds that ends with the last day for the graduate's class.
pub(super) fn decide<F: Flow>(view: &F, doer: &Doer, step: &F::Step) -> Result<TransitionOf<F>, Refusal> {
    let transition = view.decide(doer.actor.account_id(), step, doer.role, doer.now)?;
    view.may_begin(doer)?;
    Ok(transition)
}

/// Writes what the rules decided.
async fn apply<F: Flow>(
    platform: &Platform,
    conn: &mut AsyncPgConnection,
    before: F,
    doer: &Doer,
    step: &F::Step,
    transition: &TransitionOf<F>,
) -> Result<F, StepError> {
    let mut after = before.clone();
    let owed = before.owed(step, transition.to);
    // Statements that do not wait for each other go to the database together, here and in `record`.
    let ((), parties) = try_join!(
        engage(conn, &mut after, transition.engagement, doer.now),
        Parties::of(conn, before.row(), owed),
    )?;
    after
        .row_mut()
        .advance(transition.to, transition.awaiting_review, doer.now);
    if let Some(decision) = F::review(step) {
        after
            .row_mut()
            .reviewed(decision, F::reason(step), doer.role, doer.now);
    }
    let changed = after
        .change(platform, conn, doer, step, transition.completes)
        .await?;
    let Some(changes) = changed else {
        return Ok(before);
    };
    let entry = Entry {
        action: F::action(step),
        from: Some(before.row().status()),
        reason: F::reason(step),
        changes,
    };
    let moved = Moved::between(before.row().graduate_id(), before.placement(), after.placement());
    record(conn, &mut after, doer, entry, &parties, moved.as_ref()).await?;
    Ok(after)
}

/// Attaches what is handed in with the step that is being taken, at least so many files.
pub(super) async fn attach<R: CaseRow>(
    conn: &mut AsyncPgConnection,
    row: &R,
    owner: &UploadOwner,
    files: &[Uuid],
    least: usize,
    now: DateTime<Utc>,
) -> Result<(), StepError> {
    let (case, sequence) = ((R::KIND, row.id()), row.chain().count + 1);
    case_file::attach(conn, owner, case, sequence, files, least..=MAX_FILES, now).await?;
    Ok(())
}

/// Takes or frees the engagement as the rules decided.
async fn engage<F: Flow>(
    conn: &AsyncPgConnection,
    view: &mut F,
    effect: EngagementEffect,
    now: DateTime<Utc>,
) -> Result<(), StepError> {
    let (graduate_id, case_id) = (view.row().graduate_id(), view.row().id());
    match effect {
        EngagementEffect::Keep => {}
        EngagementEffect::Take => {
            if !engagement::take(conn, graduate_id, F::Row::KIND, case_id, now).await? {
                return Err(Refusal::AlreadyEngaged.into());
            }
            view.set_holder(Some(case_id));
        }
        EngagementEffect::Free => {
            engagement::free(conn, graduate_id, case_id).await?;
            view.set_holder(None);
        }
    }
    Ok(())
}
