//! Which reviewer has taken a case that waits, and taking one.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use wangqian_schema::{
    model::{
        case::CaseRow,
        review_queue::{self, ReviewCase, ReviewRound},
    },
    step,
};

use super::{
    mutation::{Payload, payload},
    review::{ReviewableCase, reviewable},
};
use crate::{context::ContextExt, loaders::AssignmentKey};

/// 审核认领 That a reviewer has taken a case which waits. Advice for his fellows: any of them may decide it all the same. It ends with the
/// decision of the level, and when the case leaves the review.
#[derive(SimpleObject)]
pub struct ReviewAssignment {
    /// 审核人姓名 Who has taken it.
    reviewer_name: String,
    /// 是否本人 Whether it is the viewer himself.
    mine: bool,
    /// 认领时间 Since when he has it.
    assigned_at: DateTime<Utc>,
}

/// Who has taken a case, as far as the viewer is his fellow.
pub(super) async fn assignment_of(
    ctx: &Context<'_>,
    row: &impl CaseRow,
) -> async_graphql::Result<Option<ReviewAssignment>> {
    let viewer = ctx.viewer()?;
    let round = ReviewRound::of(row);
    if round.awaiting_review.is_none() || viewer.reviews().map(|(level, _)| level) != round.awaiting_review {
        return Ok(None);
    }
    let held = ctx.load(AssignmentKey(round.case_id)).await?;
    let held = held.filter(|held| held.is_of(&round));
    Ok(held.map(|held| ReviewAssignment {
        mine: held.account_id == viewer.account_id(),
        reviewer_name: held.reviewer_name,
        assigned_at: held.assigned_at,
    }))
}

/// 认领筛选 By whom a case is taken.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "review_queue::AssignedTo")]
pub enum AssignedTo {
    /// 本人已认领 By the viewer.
    Me,
    /// 无人认领 By nobody.
    Nobody,
}

/// 认领 Takes a case that waits for the viewer's review.
#[derive(InputObject)]
pub struct AssignReviewInput {
    /// 办理事项 The case: the id of an agreement, of a termination or of a destination.
    case_id: ID,
    /// 接手 Whether to take it over from a fellow who has it.
    #[graphql(default)]
    take_over: bool,
}

/// 退回认领 Gives back a case that the viewer has taken.
#[derive(InputObject)]
pub struct ReleaseReviewInput {
    /// 办理事项 The case: the id of an agreement, of a termination or of a destination.
    case_id: ID,
}

payload!(
    /// 认领结果 What came of taking a case or giving it back.
    pub struct ReviewAssignmentPayload {
        /// 办理事项 The case; null when it was refused.
        case: ReviewableCase,
    }
    of ReviewCase, by ReviewableCase::from
);

/// Taking cases.
#[derive(Default)]
pub struct ReviewAssignmentMutation;

#[Object]
impl ReviewAssignmentMutation {
    /// 认领 A reviewer takes a case that waits at his level and place, for his fellows to see. It blocks nobody, and changes neither the case's
    /// version nor its history. Whoever has it already keeps it.
    ///
    /// Refusals: `NOT_FOUND`, `STEP_NOT_ALLOWED` (it does not wait at his level, or no longer), `ALREADY_ASSIGNED` (a fellow has it, and it was not asked to take it over).
    async fn assign_review(
        &self,
        ctx: &Context<'_>,
        input: AssignReviewInput,
    ) -> async_graphql::Result<ReviewAssignmentPayload> {
        let (platform, viewer) = (&ctx.app().platform, ctx.viewer()?);
        let taken = match reviewable(&input.case_id) {
            Ok((kind, id)) => step::assign_review(platform, &viewer, kind, id, input.take_over).await,
            Err(error) => Err(error),
        };
        ReviewAssignmentPayload::of(taken, "caseId")
    }

    /// 退回认领 A reviewer gives back a case that he has taken. Nothing happens where nobody has it.
    ///
    /// Refusals: `NOT_FOUND`, `STEP_NOT_ALLOWED` (it does not wait at his level, or no longer), `ALREADY_ASSIGNED` (a fellow has it).
    async fn release_review(
        &self,
        ctx: &Context<'_>,
        input: ReleaseReviewInput,
    ) -> async_graphql::Result<ReviewAssignmentPayload> {
        let (platform, viewer) = (&ctx.app().platform, ctx.viewer()?);
        let released = match reviewable(&input.case_id) {
            Ok((kind, id)) => step::release_review(platform, &viewer, kind, id).await,
            Err(error) => Err(error),
        };
        ReviewAssignmentPayload::of(released, "caseId")
    }
}
