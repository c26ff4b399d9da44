//! Agreements: the object; its lists and the steps on it are in the modules below.

mod amendment;
mod filing;
mod list;
mod stamped_copy;
mod steps;

use async_graphql::{Context, Enum, ID, Object, connection::Connection};
use chrono::{DateTime, Utc};
use wangqian_schema::{
    model::{agreement::AgreementView, case::CaseRow},
    workflow::{ActorRole, agreement as rules},
};

pub use self::{
    amendment::AmendmentMutation,
    filing::{AgreementDraft, AgreementFilingMutation},
    list::AgreementQuery,
    stamped_copy::{StampedCopyLink, StampedCopyMutation, StampedCopyQuery},
    steps::{AgreementMutation, AgreementPayload, InvitationResult, InviteGraduatesPayload, Warning},
};
use super::{
    agreement_input::AgreementTerms,
    case_event::{AgreementAction, AgreementEvent, actions_of, history_of},
    case_file::{CaseFile, files_of},
    document::Document,
    employer::Employer,
    graduate::Graduate,
    review_assignment::{ReviewAssignment, assignment_of},
    review_flag::{ReviewFlag, flags_of},
    school::{ReviewLevel, ReviewRoute},
    termination::Termination,
};
use crate::{
    context::ContextExt,
    id::NodeType,
    loaders::{DocumentsKey, EmployerKey, GraduateKey, LastTerminationKey, StampedCopyLinksKey},
    paging::{Arguments, cost},
};

/// 签约渠道 In which way an agreement came about.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "rules::AgreementChannel")]
pub enum AgreementChannel {
    /// 线上签约 the employer invites on the platform
    Online,
    /// 线下签约 the graduate fills in the form, the employer stamps the printed paper
    Offline,
    /// 已签就业协议登记 the graduate registers a paper that was signed elsewhere
    Registered,
}

/// 就业协议状态 Where an agreement stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "rules::AgreementStatus")]
pub enum AgreementStatus {
    /// 待应约 The graduate has been invited and may answer until the deadline.
    Invited,
    /// 已撤销 The employer took the invitation back.
    Cancelled,
    /// 已拒绝 The graduate said no.
    Declined,
    /// 已失效 The deadline passed without an answer.
    Expired,
    /// 签约审核中 The school or department reviews.
    SigningReview,
    /// 已签约 Signed.
    Signed,
    /// 签约审核不通过 The review refused; a new invitation starts again.
    SigningRejected,
    /// 已解约 A termination was approved; it is over.
    Terminated,
    /// 草稿 The graduate is filling it in; nobody else sees it before it is handed in.
    Draft,
    /// 就业协议审核中 Offline: the school or department reviews the terms.
    TermsReview,
    /// 就业协议审核通过 Offline: the paper can be printed and stamped.
    TermsApproved,
    /// 协议审核待提交（老师退回） Offline: the terms are to be mended.
    TermsReturned,
    /// 就业协议审核不通过 Offline: void; to be begun anew.
    TermsRejected,
    /// 盖章协议书待提交（老师退回） Offline: another stamped copy is wanted.
    StampedCopyReturned,
    /// 登记审核中 The school or department reviews a registration.
    RegistrationReview,
    /// 登记待提交（老师退回） A registration is to be mended.
    RegistrationReturned,
    /// 登记审核不通过 Void; to be registered anew.
    RegistrationRejected,
    /// 已放弃 The graduate gave it up.
    Discarded,
}

/// 就业协议 One attempt to sign. While INVITED it is an invitation (签约邀请), while DRAFT the graduate is filling it in.
pub struct Agreement(pub Box<AgreementView>);

impl From<AgreementView> for Agreement {
    fn from(view: AgreementView) -> Self {
        Self(Box::new(view))
    }
}

/// 就业协议 One attempt to sign. While INVITED it is an invitation (签约邀请), while DRAFT the graduate is filling it in.
#[Object]
impl Agreement {
    /// 全局标识 Global id, for `node`.
    pub async fn id(&self) -> ID {
        NodeType::Agreement.id(self.0.agreement.id)
    }

    /// 签约渠道 How it came about.
    async fn channel(&self) -> AgreementChannel {
        self.0.agreement.channel.into()
    }

    /// 状态 Where it stands.
    async fn status(&self) -> AgreementStatus {
        self.0.agreement.status.into()
    }

    /// 版本号 Goes up with every change of status or terms; hand it back as `expectedVersion`.
    pub async fn version(&self) -> i32 {
        self.0.agreement.version
    }

    /// 毕业生 The graduate.
    pub async fn graduate(&self, ctx: &Context<'_>) -> async_graphql::Result<Graduate> {
        let key = GraduateKey(self.0.agreement.graduate_id);
        let found = ctx.require(key, "an agreement without its graduate");
        Ok(Graduate(found.await?))
    }

    /// 用人单位 The employer that is a party by its own account; null where the graduate filled in the form himself.
    async fn employer(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Employer>> {
        let Some(id) = self.0.agreement.employer_id else {
            return Ok(None);
        };
        let employer = ctx.require(EmployerKey(id), "an agreement without its employer");
        Ok(Some(Employer(employer.await?)))
    }

    /// 单位名称 The employer's name, as far as it is filled in.
    async fn employer_name(&self) -> &str {
        self.0.agreement.employer_name()
    }

    /// 签约条款 What is agreed, as it was handed in last; null before.
    async fn terms(&self) -> Option<AgreementTerms> {
        self.0.agreement.terms.clone().map(AgreementTerms)
    }

    /// 已填信息 What the graduate has filled in, for his form; null for everybody else, and of an invitation.
    async fn draft(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<AgreementDraft>> {
        let own = self.0.agreement.role_of(&ctx.viewer()?) == Some(ActorRole::Graduate);
        let draft = self.0.agreement.draft.clone();
        Ok(draft.filter(|_| own).map(AgreementDraft))
    }

    /// 应约截止时间 From this moment on the invitation can no longer be answered; null where nobody was invited.
    async fn response_deadline(&self) -> Option<DateTime<Utc>> {
        self.0.agreement.response_deadline
    }

    /// 审核方式 The route by which it is reviewed; null until the graduate has accepted or handed in.
    pub async fn review_route(&self) -> Option<ReviewRoute> {
        self.0.agreement.review_route.map(Into::into)
    }

    /// 待审核环节 The level that decides next; null unless it is under review.
    pub async fn awaiting_review(&self) -> Option<ReviewLevel> {
        self.0.agreement.awaiting_review.map(Into::into)
    }

    /// 待审核起始时间 Since when it waits for that level; null unless it is under review.
    pub async fn waiting_since(&self) -> Option<DateTime<Utc>> {
        self.0.agreement.waiting_since
    }

    /// 审核认领 Which reviewer has taken it, for his fellows of the level and place at which it waits; null for everybody else, and where nobody
    /// has.
    pub async fn assignment(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ReviewAssignment>> {
        assignment_of(ctx, &self.0.agreement).await
    }

    /// 风险提示 What of it reviewers may want to look at twice; none for everybody else. It blocks nobody.
    #[graphql(complexity = "2 * child_complexity")]
    pub async fn flags(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<ReviewFlag>> {
        let terms = self.0.agreement.terms.as_ref();
        flags_of(ctx, &self.0.agreement, terms.map(|terms| &terms.credit_code)).await
    }

    /// 协议编号 The agreement number: class year, school code, degree level and serial; null until it is
    /// signed, or its paper can be printed. What was signed elsewhere has none.
    async fn agreement_number(&self) -> Option<&str> {
        self.0.agreement.agreement_number.as_deref()
    }

    /// 原因 Why it was declined, rejected, or returned last; null before, and where no reason was given.
    async fn reason(&self) -> Option<&str> {
        self.0.agreement.reason.as_deref()
    }

    /// 邀请时间 When the employer invited; null where nobody was.
    async fn invited_at(&self) -> Option<DateTime<Utc>> {
        self.0.agreement.invited_at
    }

    /// 应约时间 When the graduate accepted; null before.
    async fn accepted_at(&self) -> Option<DateTime<Utc>> {
        self.0.agreement.accepted_at
    }

    /// 提交时间 When what is or was last reviewed was handed in; null before, and of an invitation. A draft without it holds nobody; one
    /// that was taken back has it, and holds its graduate.
    async fn submitted_at(&self) -> Option<DateTime<Utc>> {
        self.0.agreement.submitted_at
    }

    /// 签约时间 When it was signed; null before.
    async fn signed_at(&self) -> Option<DateTime<Utc>> {
        self.0.agreement.signed_at
    }

    /// 更新时间 When it last changed.
    pub async fn updated_at(&self) -> DateTime<Utc> {
        self.0.agreement.updated_at
    }

    /// 可进行的操作 What this viewer may do now: draw the buttons from it.
    async fn viewer_actions(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<AgreementAction>> {
        actions_of(ctx, |viewer, now| self.0.viewer_actions(viewer, now))
    }

    /// 解约 The termination that was asked for last; null when none was. All of them: `terminations(agreementId:)`.
    async fn last_termination(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Termination>> {
        let found = ctx.load(LastTerminationKey(self.0.agreement.id)).await?;
        Ok(found.map(Termination::from))
    }

    /// 就业协议书 The documents, newest version first; the newest ten of one that was amended more often.
    #[graphql(complexity = "3 * child_complexity")]
    async fn documents(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Document>> {
        let documents = ctx.load(DocumentsKey(self.0.agreement.id)).await?;
        Ok(documents.unwrap_or_default().into_iter().map(Document).collect())
    }

    /// 办理材料 The files that were handed in with it last, or in another submission.
    #[graphql(complexity = "9 * child_complexity")]
    async fn files(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "提交序号 Those of this submission: the `sequence` of an event of `history` that handed files in."
        )]
        submission: Option<i32>,
    ) -> async_graphql::Result<Vec<CaseFile>> {
        files_of(ctx, self.0.agreement.id, submission).await
    }

    /// 协议书回传链接 The links for the stamped copy that the employer's contact was sent and that may still be used; nothing for
    /// everybody but the graduate.
    #[graphql(complexity = "2 * child_complexity")]
    async fn stamped_copy_links(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<StampedCopyLink>> {
        let agreement = &self.0.agreement;
        let offline = agreement.channel == rules::AgreementChannel::Offline;
        if !offline || agreement.role_of(&ctx.viewer()?) != Some(ActorRole::Graduate) {
            return Ok(Vec::new());
        }
        let links = ctx.load(StampedCopyLinksKey(agreement.id)).await?;
        Ok(links
            .unwrap_or_default()
            .into_iter()
            .map(StampedCopyLink)
            .collect())
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
    ) -> async_graphql::Result<Connection<String, AgreementEvent>> {
        let page = Arguments {
            first,
            after,
            last,
            before,
        };
        history_of(ctx, Some(self.0.agreement.id), page, AgreementEvent).await
    }
}
