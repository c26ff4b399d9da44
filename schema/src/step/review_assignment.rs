//! Taking a case that waits for review, and giving it back. No step of the case: neither its version nor its trail changes.

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use super::StepError;
use crate::{
    Platform,
    model::{
        Viewer,
        event::CaseKind,
        review_assignment::{self, NewAssignment, ReviewAssignment},
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
    let (case, new) = waiting(&mut conn, viewer, kind, case_id).await?;
    review_assignment::take(&mut conn, &new, take_over, platform.clock.now()).await?;
    match holder(&mut conn, &new, case_id).await? {
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
    let (case, new) = waiting(&mut conn, viewer, kind, case_id).await?;
    review_assignment::release(&mut conn, case_id, new.account_id).await?;
    match holder(&mut conn, &new, case_id).await? {
        Some(held) if held.account_id != new.account_id => Err(StepError::Assigned {
            reviewer: held.reviewer_name,
        }),
        _ => Ok(case),
    }
}

/// A case that waits for the viewer, with the assignment that he may ask for.
async fn waiting(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    kind: CaseKind,
    case_id: Uuid,
) -> Result<(ReviewCase, NewAssignment), StepError> {
    let case = review_queue::find(conn, viewer, kind, case_id)
        .await?
        .ok_or(StepError::NotFound)?;
    let (level, place_id) = viewer.reviews().ok_or(Refusal::NotYourRole)?;
    let round = case.round();
    match (round.awaiting_review, round.waiting_since) {
        (Some(awaiting), Some(waiting_since)) if awaiting == level => {
            let new = NewAssignment {
                round,
                level,
                place_id,
                waiting_since,
                account_id: viewer.account_id(),
            };
            Ok((case, new))
        }
        (Some(_), Some(_)) => Err(Refusal::OtherReviewLevel.into()),
        _ => Err(Refusal::NotInThisStatus.into()),
    }
}

/// Who has the case now, in the round for which the assignment was asked.
async fn holder(
    conn: &mut AsyncPgConnection,
    new: &NewAssignment,
    case_id: Uuid,
) -> QueryResult<Option<ReviewAssignment>> {
    let held = review_assignment::of_cases(conn, (new.level, new.place_id), &[case_id]).await?;
    Ok(held.into_iter().find(|held| held.is_of(&new.round)))
}
