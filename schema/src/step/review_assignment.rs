//! Taking a case that waits for review, and giving it back. No step of the case: neither its version nor its trail changes.

use uuid::Uuid;

use super::StepError;
use crate::{
    Platform,
    model::{
        Viewer,
        event::CaseKind,
        review_assignment::{self, NewAssignment},
        review_queue::{self, ReviewCase},
    },
    workflow::Refusal,
};

/// A reviewer takes a case that waits at his level and place; with `take_over` also from a fellow. Who has it already keeps it.
///
/// # Errors
/// [`StepError`]: [`StepError::Assigned`] where a fellow has it; nothing is written then.
pub async fn assign_review(
    platform: &Platform,
    viewer: &Viewer,
    kind: CaseKind,
    case_id: Uuid,
    take_over: bool,
) -> Result<ReviewCase, StepError> {
    let mut conn = platform.pool.get().await?;
    let case = review_queue::find(&mut conn, viewer, kind, case_id)
        .await?
        .ok_or(StepError::NotFound)?;
    let new = waiting(viewer, &case)?;
    review_assignment::take(&mut conn, &new, take_over, platform.clock.now()).await?;
    let held = review_assignment::of_cases(&mut conn, (new.level, new.place_id), &[case_id]).await?;
    match held.into_iter().find(|held| held.is_of(&new.round)) {
        Some(held) if held.account_id == new.account_id => Ok(case),
        Some(held) => Err(StepError::Assigned {
            reviewer: held.reviewer_name,
        }),
        // It was decided, and perhaps is back, in this very moment.
        None => Err(Refusal::NotInThisStatus.into()),
    }
}

/// A reviewer gives a case back that he has taken. Nothing happens where nobody has it.
///
/// # Errors
/// [`StepError`]: [`StepError::Assigned`] where a fellow has it; nothing is written then.
pub async fn release_review(
    platform: &Platform,
    viewer: &Viewer,
    kind: CaseKind,
    case_id: Uuid,
) -> Result<ReviewCase, StepError> {
    let mut conn = platform.pool.get().await?;
    let case = review_queue::find(&mut conn, viewer, kind, case_id)
        .await?
        .ok_or(StepError::NotFound)?;
    let new = waiting(viewer, &case)?;
    review_assignment::release(&mut conn, case_id, new.account_id).await?;
    let held = review_assignment::of_cases(&mut conn, (new.level, new.place_id), &[case_id]).await?;
    match held.into_iter().find(|held| held.is_of(&new.round)) {
        Some(held) if held.account_id != new.account_id => Err(StepError::Assigned {
            reviewer: held.reviewer_name,
        }),
        _ => Ok(case),
    }
}

/// The assignment that a viewer may ask for, where the case waits for him.
fn waiting(viewer: &Viewer, case: &ReviewCase) -> Result<NewAssignment, Refusal> {
    let (level, place_id) = viewer.reviews().ok_or(Refusal::NotYourRole)?;
    let round = case.round();
    match (round.awaiting_review, round.waiting_since) {
        (Some(awaiting), Some(waiting_since)) if awaiting == level => Ok(NewAssignment {
            round,
            level,
            place_id,
            waiting_since,
            account_id: viewer.account_id(),
        }),
        (Some(_), Some(_)) => Err(Refusal::OtherReviewLevel),
        _ => Err(Refusal::NotInThisStatus),
    }
}
