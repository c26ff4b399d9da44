//! Reviewing: what waits for a reviewer, and his decision, for cases of every kind.

use std::collections::HashSet;

use async_graphql::{
    Context, Enum, ID, InputObject, Interface, Object, SimpleObject, connection::Connection,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;
use wangqian_schema::{
    model::{
        event::CaseKind,
        review_queue::{self as model, QueueFilter, ReviewCase},
    },
    step::{self, StepError},
    workflow::{Refusal, transition},
};

use super::{
    agreement::Agreement,
    destination::Destination,
    graduate::Graduate,
    mutation::{Payload, payload},
    review_assignment::{AssignedTo, ReviewAssignment},
    review_flag::ReviewFlag,
    school::{ReviewLevel, ReviewRoute, Workflow},
    termination::Termination,
};
use crate::{
    context::ContextExt,
    error::{UserError, internal, step_errors},
    id::{self, NodeType},
    paging::{Arguments, connection, cost},
};

/// 待审核事项 A case that a school or department reviews.
#[derive(Interface)]
#[graphql(
    field(name = "id", ty = "ID", desc = "全局标识 Global id, for `node`."),
    field(
        name = "version",
        ty = "i32",
        desc = "版本号 Goes up with every change; hand it back as `expectedVersion`."
    ),
    field(name = "graduate", ty = "Graduate", desc = "毕业生 The graduate."),
    field(
        name = "review_route",
        ty = "Option<ReviewRoute>",
        desc = "审核方式 The route by which it is reviewed; null until it is submitted."
    ),
    field(
        name = "awaiting_review",
        ty = "Option<ReviewLevel>",
        desc = "待审核环节 The level that decides next; null unless it is under review."
    ),
    field(
        name = "waiting_since",
        ty = "Option<DateTime<Utc>>",
        desc = "待审核起始时间 Since when it waits for that level; null unless it is under review."
    ),
    field(
        name = "assignment",
        ty = "Option<ReviewAssignment>",
        desc = "审核认领 Which reviewer has taken it, for his fellows of the level and place at which it waits; null for everybody else, and where nobody has."
    ),
    field(
        name = "flags",
        ty = "Vec<ReviewFlag>",
        desc = "风险提示 What of it reviewers may want to look at twice; none for everybody else. It blocks nobody."
    ),
    field(
        name = "updated_at",
        ty = "DateTime<Utc>",
        desc = "更新时间 When it last changed."
    )
)]
pub enum ReviewableCase {
    /// 就业协议
    Agreement(Agreement),
    /// 解约
    Termination(Termination),
    /// 毕业去向
    Destination(Destination),
}

impl From<ReviewCase> for ReviewableCase {
    fn from(case: ReviewCase) -> Self {
        match case {
            ReviewCase::Agreement(view) => Self::Agreement(Agreement(view)),
            ReviewCase::Termination(view) => Self::Termination(Termination(view)),
            ReviewCase::Destination(view) => Self::Destination(Destination(view)),
        }
    }
}

/// What waits.
#[derive(Default)]
pub struct ReviewQuery;

#[Object]
impl ReviewQuery {
    /// 待审核列表 The cases that wait for this viewer's review, longest first; empty for whoever is no reviewer.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn review_queue(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "业务 Only those of one of these workflows; all when there is none.")]
        workflows: Option<Vec<Workflow>>,
        #[graphql(desc = "院系 Only those of graduates of this department.")] department_id: Option<ID>,
        #[graphql(desc = "毕业年份 Only those of graduates of this class year.")] class_year: Option<i32>,
        #[graphql(desc = "待审核起始时间 Only those that have waited since this moment at least.")]
        waiting_since: Option<DateTime<Utc>>,
        #[graphql(
            desc = "审核认领 Only those that the viewer has taken, or that nobody has; all without it."
        )]
        assignment: Option<AssignedTo>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, ReviewableCase>> {
        let viewer = ctx.viewer()?;
        let request = Arguments {
            first,
            after,
            last,
            before,
        }
        .request()?;
        let filter = QueueFilter {
            workflows: workflows
                .unwrap_or_default()
                .into_iter()
                .map(Into::into)
                .collect(),
            // An id that means no department means nobody's cases.
            department_id: department_id.map(|id| NodeType::Department.uuid(&id).unwrap_or_default()),
            // A year that no graduate can have.
            class_year: class_year.map(|year| year.try_into().unwrap_or_default()),
            waiting_since,
            assignment: assignment.map(Into::into),
        };
        let mut conn = ctx.connection().await?;
        let page = model::list(&mut conn, &viewer, &filter, &request).await;
        Ok(connection(
            page.map_err(internal)?,
            |(place, _)| *place,
            |(_, case)| case.into(),
        ))
    }
}

/// 审核结论 A reviewer's decision.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "transition::ReviewDecision")]
pub enum ReviewDecision {
    /// 通过 approve
    Approve,
    /// 不通过 reject; needs a reason
    Reject,
    /// 退回修改 return it to be mended; needs a reason. Not what both sides have agreed online.
    Return,
}

/// 审核 Decides a case that waits for the viewer's review.
#[derive(InputObject)]
pub struct ReviewCaseInput {
    /// 办理事项 The case: the id of an agreement, of a termination or of a destination.
    case_id: ID,
    /// 审核结论 The decision.
    decision: ReviewDecision,
    /// 原因 Needed to reject or return; told to the parties; at most 500 characters.
    reason: Option<String>,
    /// 预期版本号 The `version` that the viewer has looked at; when given, a changed case is refused with `STALE_VERSION`.
    expected_version: Option<i32>,
}

payload!(
    /// 审核结果 What came of a reviewer's decision.
    pub struct ReviewCasePayload {
        /// 办理事项 The case as it is now; null when the decision was refused.
        case: ReviewableCase,
    }
    of ReviewCase, by ReviewableCase::from
);

/// 批量审核 Decides several cases in the same way.
#[derive(InputObject)]
pub struct ReviewCasesInput {
    /// 办理事项 The cases, 1 to 100, each once.
    cases: Vec<CaseToReviewInput>,
    /// 审核结论 The decision.
    decision: ReviewDecision,
    /// 原因 Needed to reject or return; told to the parties of each; at most 500 characters.
    reason: Option<String>,
}

/// 待审核的一项 One case of several that are decided in the same way.
#[derive(InputObject)]
pub struct CaseToReviewInput {
    /// 办理事项 The case: the id of an agreement, of a termination or of a destination.
    case_id: ID,
    /// 预期版本号 The `version` that the viewer has looked at; when given, a changed case is refused with `STALE_VERSION`.
    expected_version: Option<i32>,
}

/// 单项审核的结果 What came of one decision of several.
#[derive(SimpleObject)]
pub struct ReviewResult {
    /// 办理事项标识 The case that it was about.
    case_id: ID,
    /// 办理事项 The case as it is now; null when the decision was refused.
    case: Option<ReviewableCase>,
    /// 业务错误 Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// 批量审核的结果 What came of the decisions, in the order of `cases`.
#[derive(SimpleObject)]
pub struct ReviewCasesPayload {
    /// 各项结果 One result a case; empty when the input as a whole was refused.
    results: Vec<ReviewResult>,
    /// 业务错误 Why the input as a whole was refused; empty otherwise.
    user_errors: Vec<UserError>,
}

/// Deciding.
#[derive(Default)]
pub struct ReviewMutation;

#[Object]
impl ReviewMutation {
    /// 审核 A reviewer decides a case that waits for him (§4.3, §5.3, §6.2, §6.4, §8.2, §9.2). The last approval of a termination ends the agreement, and
    /// the graduate is free.
    ///
    /// Refusals: `NOT_FOUND`, `STALE_VERSION`, `STEP_NOT_ALLOWED`, `REASON_REQUIRED`, `INVALID_INPUT`; to an agreement's or
    /// destination's approval also `DATA_NOT_CONFIRMED` (he has not confirmed a correction yet), to an agreement's `ONLINE_SIGNING_NOT_ALLOWED` and
    /// `EMPLOYER_NOT_VERIFIED` (any more; both can be rejected).
    async fn review_case(
        &self,
        ctx: &Context<'_>,
        input: ReviewCaseInput,
    ) -> async_graphql::Result<ReviewCasePayload> {
        let (reason, version) = (input.reason, input.expected_version);
        let decided = decide(ctx, &input.case_id, input.decision, reason, version).await?;
        ReviewCasePayload::of(decided, "caseId")
    }

    /// 批量审核 A reviewer decides several cases in the same way, in their order. Each stands or falls by itself. After a top-level
    /// error, as when the database stands still, the first of them may have been decided: read the queue again.
    ///
    /// Refusals: `INVALID_INPUT`, `REASON_REQUIRED`; of one: `NOT_FOUND`, `STALE_VERSION`, `STEP_NOT_ALLOWED`,
    /// `REASON_REQUIRED`, `INVALID_INPUT`, `DATA_NOT_CONFIRMED`, `ONLINE_SIGNING_NOT_ALLOWED`, `EMPLOYER_NOT_VERIFIED`.
    #[graphql(complexity = "1 + input.cases.len() * child_complexity")]
    async fn review_cases(
        &self,
        ctx: &Context<'_>,
        input: ReviewCasesInput,
    ) -> async_graphql::Result<ReviewCasesPayload> {
        ctx.viewer()?;
        let refused = |message: &str| ReviewCasesPayload {
            results: Vec::new(),
            user_errors: vec![UserError::invalid("cases", message)],
        };
        if !(1..=100).contains(&input.cases.len()) {
            return Ok(refused("每次可审核 1 至 100 项"));
        }
        let distinct: HashSet<_> = input.cases.iter().map(|case| &case.case_id).collect();
        if distinct.len() != input.cases.len() {
            return Ok(refused("同一事项不能重复"));
        }
        let unexplained = input
            .reason
            .as_deref()
            .is_none_or(|reason| reason.trim().is_empty());
        if input.decision != ReviewDecision::Approve && unexplained {
            return Ok(ReviewCasesPayload {
                results: Vec::new(),
                user_errors: step_errors(Refusal::ReasonRequired.into(), "cases")?,
            });
        }
        let mut results = Vec::with_capacity(input.cases.len());
        for (at, one) in input.cases.into_iter().enumerate() {
            let reason = input.reason.clone();
            let decided = decide(ctx, &one.case_id, input.decision, reason, one.expected_version).await?;
            let (case, mut user_errors) = match decided {
                Ok(case) => (Some(case.into()), Vec::new()),
                Err(error) => (None, step_errors(error, &format!("cases.{at}.caseId"))?),
            };
            for error in &mut user_errors {
                let version = error.field.as_mut().filter(|field| *field == "expectedVersion");
                if let Some(field) = version {
                    *field = format!("cases.{at}.expectedVersion");
                }
            }
            results.push(ReviewResult {
                case_id: one.case_id,
                case,
                user_errors,
            });
        }
        Ok(ReviewCasesPayload {
            results,
            user_errors: Vec::new(),
        })
    }
}

/// Takes the step of a decision on the case of an id, of whatever kind it is.
async fn decide(
    ctx: &Context<'_>,
    case_id: &ID,
    decision: ReviewDecision,
    reason: Option<String>,
    expected_version: Option<i32>,
) -> async_graphql::Result<Result<ReviewCase, StepError>> {
    let viewer = ctx.viewer()?;
    Ok(match reviewable(case_id) {
        Ok(case) => {
            let platform = &ctx.app().platform;
            step::review_case(platform, &viewer, case, decision.into(), reason, expected_version).await
        }
        Err(error) => Err(error),
    })
}

/// The kind of case that an id means, if reviewers decide such.
pub(super) fn reviewable(id: &ID) -> Result<(CaseKind, Uuid), StepError> {
    match id::decode(id) {
        Some((NodeType::Agreement, id)) => Ok((CaseKind::Agreement, id)),
        Some((NodeType::Termination, id)) => Ok((CaseKind::Termination, id)),
        Some((NodeType::Destination, id)) => Ok((CaseKind::Destination, id)),
        _ => Err(StepError::NotFound),
    }
}
