//! Terminations: the object, its list and the steps of its sides.

use async_graphql::{Context, Enum, ID, InputObject, Object, connection::Connection};
use chrono::{DateTime, Utc};
use serde::Serialize;
use wangqian_schema::{
    codes::CodeList,
    model::termination::{self as model, TerminationFilter, TerminationView},
    step::{self, TerminationForm, TerminationRequest, TerminationStep},
    workflow::termination as rules,
};

use super::{
    agreement::Agreement,
    case_event::{TerminationAction, TerminationEvent, actions_of, history_of},
    case_file::{CaseFile, attachable, files_of},
    code::Code,
    graduate::Graduate,
    mutation::{Payload, case_step, idempotency_key, on, payload, take},
    review_assignment::{ReviewAssignment, assignment_of},
    review_flag::{ReviewFlag, flags_of},
    school::{ReviewLevel, ReviewRoute},
};
use crate::{
    context::ContextExt,
    error::internal,
    id::NodeType,
    loaders::{AgreementKey, GraduateKey},
    paging::{Arguments, connection, cost},
};

/// 解约状态 Where a termination stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "rules::TerminationStatus")]
pub enum TerminationStatus {
    /// 待对方回应 One side has asked, the other has not answered yet.
    Requested,
    /// 已撤回 Whoever asked took it back, or gave it up.
    Withdrawn,
    /// 对方不同意 The other side said no; the signing stands.
    Refused,
    /// 解约审核中 Both agree, or the materials of an offline one are handed in; the school or department reviews.
    TerminationReview,
    /// 已解约 Approved; the agreement has ended.
    Terminated,
    /// 解约审核不通过 The review refused; the signing stands.
    Rejected,
    /// 草稿 Offline: taken back before a reviewer had decided, to be mended.
    Draft,
    /// 解约待提交（老师退回） Offline: to be mended.
    Returned,
}

/// 签约方 A side of an agreement.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "rules::Party")]
pub enum Party {
    /// 毕业生 the graduate
    Graduate,
    /// 用人单位 the employer
    Employer,
}

/// 解约 One attempt to end a signed agreement (§5).
pub struct Termination(pub Box<TerminationView>);

impl From<TerminationView> for Termination {
    fn from(view: TerminationView) -> Self {
        Self(Box::new(view))
    }
}

/// 解约 One attempt to end a signed agreement (§5).
#[Object]
impl Termination {
    /// 全局标识 Global id, for `node`.
    pub async fn id(&self) -> ID {
        NodeType::Termination.id(self.0.termination.id)
    }

    /// 就业协议 What is to end.
    async fn agreement(&self, ctx: &Context<'_>) -> async_graphql::Result<Agreement> {
        let key = AgreementKey(self.0.termination.agreement_id);
        let found = ctx.require(key, "a termination without its agreement");
        Ok(Agreement::from(found.await?))
    }

    /// 毕业生 The graduate.
    pub async fn graduate(&self, ctx: &Context<'_>) -> async_graphql::Result<Graduate> {
        let key = GraduateKey(self.0.termination.graduate_id);
        let found = ctx.require(key, "a termination without its graduate");
        Ok(Graduate(found.await?))
    }

    /// 状态 Where it stands.
    async fn status(&self) -> TerminationStatus {
        self.0.termination.status.into()
    }

    /// 版本号 Goes up with every change of status; hand it back as `expectedVersion`.
    pub async fn version(&self) -> i32 {
        self.0.termination.version
    }

    /// 申请方 Who asked.
    async fn requested_by(&self) -> Party {
        self.0.termination.requested_by.into()
    }

    /// 解约原因 Why: an entry of `TERMINATION_REASON`.
    async fn termination_reason(&self) -> Code {
        Code::of(CodeList::TerminationReason, &self.0.termination.reason_code)
    }

    /// 解约说明 What whoever asked says of it.
    async fn explanation(&self) -> &str {
        &self.0.termination.explanation
    }

    /// 原因 Why it was refused by the other side, or rejected or returned by the review; null otherwise, and where no reason was given.
    async fn reason(&self) -> Option<&str> {
        self.0.termination.reason.as_deref()
    }

    /// 审核方式 The route by which it is reviewed, or was last; null before it is first under review.
    pub async fn review_route(&self) -> Option<ReviewRoute> {
        self.0.termination.review_route.map(Into::into)
    }

    /// 待审核环节 The level that decides next; null unless it is under review.
    pub async fn awaiting_review(&self) -> Option<ReviewLevel> {
        self.0.termination.awaiting_review.map(Into::into)
    }

    /// 待审核起始时间 Since when it waits for that level; null unless it is under review.
    pub async fn waiting_since(&self) -> Option<DateTime<Utc>> {
        self.0.termination.waiting_since
    }

    /// 审核认领 Which reviewer has taken it, for his fellows of the level and place at which it waits; null for everybody else, and where nobody
    /// has.
    pub async fn assignment(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ReviewAssignment>> {
        assignment_of(ctx, &self.0.termination).await
    }

    /// 风险提示 What of it reviewers may want to look at twice; none for everybody else. It blocks nobody.
    #[graphql(complexity = "2 * child_complexity")]
    pub async fn flags(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<ReviewFlag>> {
        flags_of(ctx, &self.0.termination, None).await
    }

    /// 申请时间 When it was asked for; of an offline one, when it was handed in last.
    async fn requested_at(&self) -> DateTime<Utc> {
        self.0.termination.requested_at
    }

    /// 回应时间 When the other side answered; null before, and always of an offline one.
    async fn answered_at(&self) -> Option<DateTime<Utc>> {
        self.0.termination.answered_at
    }

    /// 解约时间 When it took effect; null before.
    async fn terminated_at(&self) -> Option<DateTime<Utc>> {
        self.0.termination.terminated_at
    }

    /// 更新时间 When it last changed.
    pub async fn updated_at(&self) -> DateTime<Utc> {
        self.0.termination.updated_at
    }

    /// 可进行的操作 What this viewer may do now: draw the buttons from it.
    async fn viewer_actions(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<TerminationAction>> {
        actions_of(ctx, |viewer, now| self.0.viewer_actions(viewer, now))
    }

    /// 解约材料 The files that were handed in with it last, or in another submission; none of one that was asked for online.
    #[graphql(complexity = "9 * child_complexity")]
    async fn files(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "提交序号 Those of this submission: the `sequence` of an event of `history` that handed files in."
        )]
        submission: Option<i32>,
    ) -> async_graphql::Result<Vec<CaseFile>> {
        files_of(ctx, self.0.termination.id, submission).await
    }

    /// 办理记录 The history, oldest first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, TerminationEvent>> {
        let page = Arguments {
            first,
            after,
            last,
            before,
        };
        history_of(ctx, Some(self.0.termination.id), page, TerminationEvent).await
    }
}

/// Terminations.
#[derive(Default)]
pub struct TerminationQuery;

#[Object]
impl TerminationQuery {
    /// 解约列表 The terminations that the viewer sees, newest first: a graduate his own, an employer its own, a reviewer
    /// those of the department's or school's graduates.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn terminations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "状态 Only those in one of these statuses.")] statuses: Option<
            Vec<TerminationStatus>,
        >,
        #[graphql(desc = "就业协议 Only those of this agreement.")] agreement_id: Option<ID>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, Termination>> {
        let viewer = ctx.viewer()?;
        let request = Arguments {
            first,
            after,
            last,
            before,
        }
        .request()?;
        let filter = TerminationFilter {
            statuses: statuses.unwrap_or_default().into_iter().map(Into::into).collect(),
            // An id that means no agreement means nobody's terminations.
            agreement_id: agreement_id.map(|id| NodeType::Agreement.uuid(&id).unwrap_or_default()),
        };
        let mut conn = ctx.connection().await?;
        let page = model::list(&mut conn, &viewer, &filter, &request).await;
        Ok(connection(
            page.map_err(internal)?,
            |view| view.termination.id,
            Termination::from,
        ))
    }
}

/// 申请解约 Asks for the end of a signed agreement: the other side of one that was signed online, the school of any other.
#[derive(InputObject)]
pub struct RequestTerminationInput {
    /// 幂等键 Chosen by the caller, 1 to 60 characters without `/`: the same key and input ask once and give the same termination, as it is
    /// now.
    idempotency_key: String,
    /// 就业协议 What is to end.
    agreement_id: ID,
    /// 解约原因 A code of `TERMINATION_REASON` that this side may choose.
    termination_reason: String,
    /// 解约说明 Told to the other side and the reviewers; 1 to 500 characters.
    explanation: String,
    /// 解约材料 Uploads that are `READY`, at most nine: at least one, such as the letter of release, of an agreement that was signed offline or
    /// registered; none of one that was signed online.
    files: Option<Vec<ID>>,
    /// 预期版本号 The `version` of the agreement that the viewer has looked at; when given, a changed one is refused with
    /// `STALE_VERSION`.
    expected_version: Option<i32>,
}

/// What the idempotency key of a request stands for.
#[derive(Serialize)]
struct RequestBody<'a> {
    agreement_id: &'a ID,
    termination_reason: &'a str,
    explanation: &'a str,
    // Left out where there are none, so that what a key stood for before there were files it stands for still.
    #[serde(skip_serializing_if = "<[ID]>::is_empty")]
    files: &'a [ID],
}

/// 提交解约申请 Hands in again what was taken back or returned, whole.
#[derive(InputObject)]
pub struct SubmitTerminationInput {
    /// 解约 The termination.
    termination_id: ID,
    /// 解约原因 A code of `TERMINATION_REASON` that a graduate may choose.
    termination_reason: String,
    /// 解约说明 Told to the reviewers; 1 to 500 characters.
    explanation: String,
    /// 解约材料 Uploads that are `READY`, and files of the termination that are to stay, one to nine.
    files: Vec<ID>,
    /// 预期版本号 The `version` that the viewer has looked at; when given, a changed termination is refused with `STALE_VERSION`.
    expected_version: Option<i32>,
}

/// 解约办理 A step that needs nothing but the termination.
#[derive(InputObject)]
pub struct TerminationStepInput {
    /// 解约 The termination.
    termination_id: ID,
    /// 预期版本号 The `version` that the viewer has looked at; when given, a changed termination is refused with `STALE_VERSION`.
    expected_version: Option<i32>,
}

/// 不同意解约 Says no to a termination.
#[derive(InputObject)]
pub struct RefuseTerminationInput {
    /// 解约 The termination.
    termination_id: ID,
    /// 原因 Told to the other side; at most 500 characters.
    reason: Option<String>,
    /// 预期版本号 The `version` that the viewer has looked at; when given, a changed termination is refused with `STALE_VERSION`.
    expected_version: Option<i32>,
}

payload!(
    /// 解约办理结果 What came of a step on a termination.
    pub struct TerminationPayload {
        /// 解约 The termination as it is now; null when it was refused.
        termination: Termination,
    }
    of TerminationView, by Termination::from
);

case_step!(TerminationStep => TerminationPayload, Termination, "terminationId", step::take_termination);

/// The steps of the two sides of a termination.
#[derive(Default)]
pub struct TerminationMutation;

#[Object]
impl TerminationMutation {
    /// 申请解约 The graduate or the employer asks the other side to end an agreement that was signed online (§5.1); any other signed
    /// agreement the graduate asks the school to end, with materials (§7.1). It stays in force until a review has approved.
    ///
    /// Refusals: `NOT_FOUND`, `CUT_OFF_PASSED`, `INVALID_INPUT`, `STALE_VERSION`, `STEP_NOT_ALLOWED`, `DATA_NOT_CONFIRMED`,
    /// `EMPLOYER_NOT_VERIFIED`, `TERMINATION_OPEN`, `IDEMPOTENCY_KEY_REUSED`.
    async fn request_termination(
        &self,
        ctx: &Context<'_>,
        input: RequestTerminationInput,
    ) -> async_graphql::Result<TerminationPayload> {
        let (platform, viewer) = (&ctx.app().platform, ctx.viewer()?);
        let files = input.files.unwrap_or_default();
        let body = RequestBody {
            files: &files,
            agreement_id: &input.agreement_id,
            termination_reason: &input.termination_reason,
            explanation: &input.explanation,
        };
        let key = match idempotency_key(&input.idempotency_key, &body)? {
            Ok(key) => key,
            Err(error) => return Ok(TerminationPayload::refused(vec![error])),
        };
        let form = TerminationForm {
            reason_code: input.termination_reason,
            explanation: input.explanation,
            files: attachable(&files),
        };
        let requested = on(NodeType::Agreement, &input.agreement_id, async |agreement_id| {
            let request = TerminationRequest { agreement_id, form };
            step::request_termination(platform, &viewer, &request, input.expected_version, Some(&key)).await
        });
        TerminationPayload::of(requested.await, "agreementId")
    }

    /// 提交解约申请 The graduate hands an offline termination in again that he took back or that was returned (§7.1).
    ///
    /// Refusals: `NOT_FOUND`, `CUT_OFF_PASSED`, `INVALID_INPUT`, `STALE_VERSION`, `STEP_NOT_ALLOWED`, `DATA_NOT_CONFIRMED`.
    async fn submit_termination(
        &self,
        ctx: &Context<'_>,
        input: SubmitTerminationInput,
    ) -> async_graphql::Result<TerminationPayload> {
        let step = TerminationStep::Submit(TerminationForm {
            reason_code: input.termination_reason,
            explanation: input.explanation,
            files: attachable(&input.files),
        });
        take(ctx, &input.termination_id, step, input.expected_version).await
    }

    /// 放弃解约申请 The graduate gives an offline termination up that he took back or that was returned. The signing stands.
    ///
    /// Refusals: `NOT_FOUND`, `CUT_OFF_PASSED`, `STALE_VERSION`, `STEP_NOT_ALLOWED`, `DATA_NOT_CONFIRMED`.
    async fn discard_termination(
        &self,
        ctx: &Context<'_>,
        input: TerminationStepInput,
    ) -> async_graphql::Result<TerminationPayload> {
        let step = TerminationStep::Discard;
        take(ctx, &input.termination_id, step, input.expected_version).await
    }

    /// 撤回解约申请 Whoever asked takes it back, while the other side has not answered; of an offline one the graduate, before a reviewer has
    /// decided, to mend it. The signing stands.
    ///
    /// Refusals: `NOT_FOUND`, `CUT_OFF_PASSED`, `STALE_VERSION`, `STEP_NOT_ALLOWED`, `DATA_NOT_CONFIRMED`.
    async fn withdraw_termination(
        &self,
        ctx: &Context<'_>,
        input: TerminationStepInput,
    ) -> async_graphql::Result<TerminationPayload> {
        let step = TerminationStep::Withdraw;
        take(ctx, &input.termination_id, step, input.expected_version).await
    }

    /// 同意解约 The other side agrees (§5.2), and the school or department reviews.
    ///
    /// Refusals: `NOT_FOUND`, `CUT_OFF_PASSED`, `STALE_VERSION`, `STEP_NOT_ALLOWED`, `DATA_NOT_CONFIRMED`.
    async fn accept_termination(
        &self,
        ctx: &Context<'_>,
        input: TerminationStepInput,
    ) -> async_graphql::Result<TerminationPayload> {
        let step = TerminationStep::Accept;
        take(ctx, &input.termination_id, step, input.expected_version).await
    }

    /// 不同意解约 The other side does not agree (§5.2). The signing stands, and either side may ask again.
    ///
    /// Refusals: `NOT_FOUND`, `CUT_OFF_PASSED`, `STALE_VERSION`, `STEP_NOT_ALLOWED`, `DATA_NOT_CONFIRMED`, `EMPLOYER_NOT_VERIFIED` (any more; it
    /// may still agree), `INVALID_INPUT`.
    async fn refuse_termination(
        &self,
        ctx: &Context<'_>,
        input: RefuseTerminationInput,
    ) -> async_graphql::Result<TerminationPayload> {
        let step = TerminationStep::Refuse(input.reason);
        take(ctx, &input.termination_id, step, input.expected_version).await
    }
}
