//! A reviewer's decision on a case of any kind.

use uuid::Uuid;

use super::{
    Actor, AgreementStep, DestinationStep, StepError, TerminationStep, take, take_destination,
    take_termination,
};
use crate::{
    Platform,
    model::{Viewer, event::CaseKind, review_queue::ReviewCase},
    workflow::transition::ReviewDecision,
};

/// A reviewer decides a case that waits for him, with a reason where he has one.
///
/// # Errors
/// [`StepError`]; nothing is written then. A kind that nobody reviews has no such case.
pub async fn review_case(
    platform: &Platform,
    viewer: &Viewer,
    (kind, id): (CaseKind, Uuid),
    decision: ReviewDecision,
    reason: Option<String>,
    expected_version: Option<i32>,
) -> Result<ReviewCase, StepError> {
    let actor = Actor::Viewer(*viewer);
    Ok(match kind {
        CaseKind::Agreement => {
            let step = AgreementStep::of_review(decision, reason);
            let view = take(platform, actor, id, step, expected_version).await?;
            ReviewCase::Agreement(Box::new(view))
        }
        CaseKind::Termination => {
            let step = TerminationStep::of_review(decision, reason);
            let view = take_termination(platform, actor, id, step, expected_version).await?;
            ReviewCase::Termination(Box::new(view))
        }
        CaseKind::Destination => {
            let step = DestinationStep::of_review(decision, reason);
            let view = take_destination(platform, actor, id, step, expected_version).await?;
            ReviewCase::Destination(Box::new(view))
        }
        CaseKind::Leaving | CaseKind::Graduate | CaseKind::Employer | CaseKind::School => {
            return Err(StepError::NotFound);
        }
    })
}
