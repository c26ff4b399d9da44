//! Destinations: the object; its forms, lists and the steps on it are in the modules below.

mod blocks;
mod field;
mod form;
mod list;
mod other_forms;
mod steps;
mod work_forms;

use async_graphql::{Context, Enum, ID, Object, connection::Connection};
use chrono::{DateTime, Utc};
use wangqian_schema::{
    destination::DestinationDraft,
    model::{case::CaseRow, destination::DestinationView},
    workflow::{ActorRole, destination as rules},
};

pub use self::{
    blocks::ArchiveForm,
    field::{CountryCode, IndustryCode, NationalCode, Nature, PositionCategoryCode, RegionCode},
    form::{DestinationDetails, DestinationForm, DestinationType},
    list::{DestinationQuery, DestinationTypeEntry},
    steps::{
        AmendDestinationInput, ChangeDestinationInput, CreateDestinationDraftInput, DestinationMutation,
        DestinationPayload, DestinationStepInput, SaveDestinationDraftInput, SubmitDestinationInput,
        VoidDestinationInput,
    },
};
use super::{
    agreement::Warning,
    case_event::{DestinationAction, DestinationEvent, actions_of, history_of},
    case_file::{CaseFile, files_of},
    graduate::Graduate,
    review_assignment::{ReviewAssignment, assignment_of},
    review_flag::{ReviewFlag, flags_of},
    school::{ReviewLevel, ReviewRoute},
};
use crate::{
    context::ContextExt,
    error::internal,
    id::NodeType,
    loaders::GraduateKey,
    paging::{Arguments, cost},
};

/// 毕业去向状态 Where a destination stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "rules::DestinationStatus")]
pub enum DestinationStatus {
    /// 草稿 The graduate is filling it in; nobody else sees it before it is handed in.
    Draft,
    /// 登记审核中 The school or department reviews.
    RegistrationReview,
    /// 登记待提交（老师退回） It is to be mended.
    Returned,
    /// 登记审核不通过 Void; to be registered anew.
    Rejected,
    /// 已登记 Registered.
    Registered,
    /// 作废审核中 The graduate wants it void, and his school reviews that.
    VoidingReview,
    /// 已作废 The graduate has made it void; the school sees it still.
    Voided,
    /// 已放弃 The graduate gave it up before it was registered.
    Discarded,
}

/// 毕业去向 One registration of a destination that needs no agreement (§9).
pub struct Destination(pub Box<DestinationView>);

impl From<DestinationView> for Destination {
    fn from(view: DestinationView) -> Self {
        Self(Box::new(view))
    }
}

/// 毕业去向 One registration of a destination that needs no agreement (§9).
#[Object]
impl Destination {
    /// 全局标识 Global id, for `node`.
    pub async fn id(&self) -> ID {
        NodeType::Destination.id(self.0.destination.id)
    }

    /// 毕业生 The graduate.
    pub async fn graduate(&self, ctx: &Context<'_>) -> async_graphql::Result<Graduate> {
        let key = GraduateKey(self.0.destination.graduate_id);
        let found = ctx.require(key, "a destination without its graduate");
        Ok(Graduate(found.await?))
    }

    /// 状态 Where it stands.
    async fn status(&self) -> DestinationStatus {
        self.0.destination.status.into()
    }

    /// 版本号 Goes up with every change of status or content; hand it back as `expectedVersion`.
    pub async fn version(&self) -> i32 {
        self.0.destination.version
    }

    /// 去向类型 The type of what was handed in; before, of what is filled in.
    async fn destination_type(&self) -> DestinationType {
        self.0.destination.destination_type.into()
    }

    /// 去向信息 What was handed in last, with what a reviewer has changed of it; null before.
    async fn form(&self) -> async_graphql::Result<Option<DestinationForm>> {
        let form = self.0.destination.form.as_ref();
        let draft: Option<DestinationDraft> =
            form.map(|form| form.to_draft()).transpose().map_err(internal)?;
        Ok(draft.map(Into::into))
    }

    /// 已填信息 What the graduate has filled in, for his form; null for everybody else.
    async fn draft(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<DestinationForm>> {
        let destination = &self.0.destination;
        let own = destination.role_of(&ctx.viewer()?) == Some(ActorRole::Graduate);
        Ok(own.then(|| destination.draft.clone().into()))
    }

    /// 提示 What of it is allowed but worth a second look, as on the day on which it was handed in or changed by a reviewer.
    async fn warnings(&self) -> Vec<Warning> {
        let warnings = self.0.destination.warnings.0.iter();
        warnings
            .map(|warning| Warning::of(warning.field.clone(), warning.message.clone()))
            .collect()
    }

    /// 审核方式 The route by which it is reviewed: free work by both levels, whatever the school has set; null until it is handed in.
    pub async fn review_route(&self) -> Option<ReviewRoute> {
        self.0.destination.route().map(Into::into)
    }

    /// 待审核环节 The level that decides next; null unless it is under review.
    pub async fn awaiting_review(&self) -> Option<ReviewLevel> {
        self.0.destination.awaiting_review.map(Into::into)
    }

    /// 待审核起始时间 Since when it waits for that level; null unless it is under review.
    pub async fn waiting_since(&self) -> Option<DateTime<Utc>> {
        self.0.destination.waiting_since
    }

    /// 审核认领 Which reviewer has taken it, for his fellows of the level and place at which it waits; null for everybody else, and where nobody
    /// has.
    pub async fn assignment(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ReviewAssignment>> {
        assignment_of(ctx, &self.0.destination).await
    }

    /// 风险提示 What of it reviewers may want to look at twice; none for everybody else. It blocks nobody.
    #[graphql(complexity = "2 * child_complexity")]
    pub async fn flags(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<ReviewFlag>> {
        let employer = self.0.destination.form.as_ref();
        let employer = employer.and_then(|form| form.details.employer());
        let credit_code = employer.and_then(|employer| employer.credit_code.as_ref());
        flags_of(ctx, &self.0.destination, credit_code).await
    }

    /// 原因 Why it was rejected or returned last, or not made void; null otherwise.
    async fn reason(&self) -> Option<&str> {
        self.0.destination.reason.as_deref()
    }

    /// 提交时间 When what is or was last reviewed was handed in; null before. A draft without it holds nobody; one that was taken back has it,
    /// and holds its graduate.
    async fn submitted_at(&self) -> Option<DateTime<Utc>> {
        self.0.destination.submitted_at
    }

    /// 登记时间 When it was registered; null before.
    async fn registered_at(&self) -> Option<DateTime<Utc>> {
        self.0.destination.registered_at
    }

    /// 作废时间 When it was made void; null before.
    async fn voided_at(&self) -> Option<DateTime<Utc>> {
        self.0.destination.voided_at
    }

    /// 更新时间 When it last changed.
    pub async fn updated_at(&self) -> DateTime<Utc> {
        self.0.destination.updated_at
    }

    /// 可进行的操作 What this viewer may do now: draw the buttons from it.
    async fn viewer_actions(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<DestinationAction>> {
        actions_of(ctx, |viewer, now| self.0.viewer_actions(viewer, now))
    }

    /// 证明材料 The files that were handed in with it last, or in another submission.
    #[graphql(complexity = "9 * child_complexity")]
    async fn files(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "提交序号 Those of this submission: the `sequence` of an event of `history` that handed files in."
        )]
        submission: Option<i32>,
    ) -> async_graphql::Result<Vec<CaseFile>> {
        files_of(ctx, self.0.destination.id, submission).await
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
    ) -> async_graphql::Result<Connection<String, DestinationEvent>> {
        let page = Arguments {
            first,
            after,
            last,
            before,
        };
        history_of(ctx, Some(self.0.destination.id), page, DestinationEvent).await
    }
}
