//! Reviewers: who they are, and what a school does about their accounts.

use async_graphql::{Context, ID, InputObject, Object, OneofObject};
use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;
use wangqian_schema::{
    mask,
    model::reviewer::{self as model, ReviewerDraft, Shown, addresses_shown},
    step::{self, NewReviewer},
};

use super::{
    mutation::{Payload, idempotency_key, payload},
    school::{Department, School, department_of, school_id},
};
use crate::{context::ContextExt, error::UserError, id::NodeType, loaders::SchoolKey};

/// 审核人 A reviewer of a school, or of one department of it.
pub struct Reviewer(pub model::ReviewerAccount);

impl Reviewer {
    /// One of his addresses as the viewer sees it.
    fn shown(&self, ctx: &Context<'_>, address: Option<&str>, mask: fn(&str) -> String) -> Option<String> {
        let (_, viewer) = ctx.caller().signed_in.as_ref()?;
        match addresses_shown(viewer, self.0.account_id) {
            Shown::Whole => address.map(str::to_owned),
            Shown::Masked => address.map(mask),
            Shown::Hidden => None,
        }
    }
}

/// 审核人 A reviewer of a school, or of one department of it. Seen by the reviewers of the school, his colleagues in the
/// department and operators.
#[Object]
impl Reviewer {
    /// 全局标识 Global id, for `node`.
    pub async fn id(&self) -> ID {
        NodeType::Reviewer.id(self.0.account_id)
    }

    /// 姓名 Name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// 学校 The school.
    async fn school(&self, ctx: &Context<'_>) -> async_graphql::Result<School> {
        let school = ctx.require(SchoolKey(self.0.school_id), "a reviewer without his school");
        Ok(School(school.await?))
    }

    /// 院系 The department; null for a reviewer of the whole school, who also runs it.
    async fn department(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Department>> {
        department_of(ctx, self.0.department_id).await
    }

    /// 电子邮箱 E-mail address; masked for operators, null for colleagues in the department.
    async fn email(&self, ctx: &Context<'_>) -> Option<String> {
        self.shown(ctx, self.0.email.as_deref(), mask::email)
    }

    /// 手机号码 Mobile number; masked for operators, null for colleagues in the department.
    async fn mobile(&self, ctx: &Context<'_>) -> Option<String> {
        self.shown(ctx, self.0.mobile.as_deref(), mask::mobile)
    }

    /// 停用时间 Since when his account is disabled; null while it is not.
    async fn disabled_at(&self) -> Option<DateTime<Utc>> {
        self.0.disabled_at
    }
}

/// 审核范围 For what a reviewer reviews.
#[derive(OneofObject, Serialize)]
pub enum ReviewerPlaceInput {
    /// 全校 The whole school, which he then also runs; has to be true.
    WholeSchool(bool),
    /// 院系 One department of the school.
    DepartmentId(ID),
}

impl ReviewerPlaceInput {
    /// The department, or `None` for the whole school.
    fn department(&self) -> Result<Option<Uuid>, UserError> {
        match self {
            Self::WholeSchool(true) => Ok(None),
            Self::WholeSchool(false) => Err(UserError::invalid(
                "place.wholeSchool",
                "应为 true，或改为指定院系",
            )),
            // An id that means no department means one that the school does not have.
            Self::DepartmentId(id) => Ok(Some(NodeType::Department.uuid(id).unwrap_or_default())),
        }
    }
}

/// 新增审核人 Opens the account of a reviewer.
#[derive(InputObject, Serialize)]
pub struct AddReviewerInput {
    /// 学校 The school; without it the viewer's own.
    school_id: Option<ID>,
    /// 审核范围 For what he reviews.
    place: ReviewerPlaceInput,
    /// 姓名 His name, at most 30 characters.
    name: String,
    /// 电子邮箱 His e-mail address: he logs in with it. One of the two is needed.
    email: Option<String>,
    /// 手机号码 His mobile number: he logs in with it. One of the two is needed.
    mobile: Option<String>,
    /// 幂等键 Chosen by the caller, 1 to 60 characters without `/`: the same key and input give the same reviewer again.
    idempotency_key: String,
}

/// 审核人变更 Changes what is given; the rest stays.
#[derive(InputObject)]
pub struct UpdateReviewerInput {
    /// 审核人 The reviewer.
    reviewer_id: ID,
    /// 姓名 His name, at most 30 characters.
    name: Option<String>,
    /// 审核范围 For what he reviews from now on. Nobody moves himself.
    place: Option<ReviewerPlaceInput>,
}

/// 停用或启用审核人 Disables a reviewer's account or enables it again.
#[derive(InputObject)]
pub struct ReviewerInput {
    /// 审核人 The reviewer.
    reviewer_id: ID,
}

payload!(
    /// 审核人办理结果 What came of a step on a reviewer's account.
    pub struct ReviewerPayload {
        /// 审核人 The reviewer as he is now; null when it was refused.
        reviewer: Reviewer,
    }
    of model::ReviewerAccount, by Reviewer
);

async fn set_enabled(ctx: &Context<'_>, id: &ID, enabled: bool) -> async_graphql::Result<ReviewerPayload> {
    let viewer = ctx.viewer()?;
    // An id that means no reviewer means one that nobody sees.
    let account_id = NodeType::Reviewer.uuid(id).unwrap_or_default();
    let set = step::set_reviewer_enabled(&ctx.app().platform, &viewer, account_id, enabled).await;
    ReviewerPayload::of(set, "reviewerId")
}

/// What is done about reviewers.
#[derive(Default)]
pub struct ReviewerMutation;

#[Object]
impl ReviewerMutation {
    /// 新增审核人 A reviewer of the school, or an operator, opens the account of a reviewer. No password fits it: he is told by mail and
    /// SMS, as far as he has an address there, to set one by `requestPasswordReset` and `resetPassword`.
    ///
    /// Refusals: `STEP_NOT_ALLOWED`, `NOT_FOUND`, `INVALID_INPUT`, `ALREADY_TAKEN`, `IDEMPOTENCY_KEY_REUSED`.
    async fn add_reviewer(
        &self,
        ctx: &Context<'_>,
        input: AddReviewerInput,
    ) -> async_graphql::Result<ReviewerPayload> {
        let viewer = ctx.viewer()?;
        let key = match idempotency_key(&input.idempotency_key, &input)? {
            Ok(key) => key,
            Err(error) => return Ok(ReviewerPayload::refused(vec![error])),
        };
        let department_id = match input.place.department() {
            Ok(department_id) => department_id,
            Err(error) => return Ok(ReviewerPayload::refused(vec![error])),
        };
        let new = NewReviewer {
            reviewer: ReviewerDraft {
                name: input.name,
                email: input.email,
                mobile: input.mobile,
            },
            department_id,
        };
        let school_id = school_id(input.school_id.as_ref());
        let added = step::add_reviewer(&ctx.app().platform, &viewer, school_id, &new, &key).await;
        ReviewerPayload::of(added, "schoolId")
    }

    /// 审核人变更 A reviewer of the school gives a reviewer another name, or has him review for something else, for which he has to
    /// log in again. His addresses he changes himself: `requestContactChange`.
    ///
    /// Refusals: `STEP_NOT_ALLOWED`, `NOT_FOUND`, `INVALID_INPUT`, `LAST_SCHOOL_REVIEWER`.
    async fn update_reviewer(
        &self,
        ctx: &Context<'_>,
        input: UpdateReviewerInput,
    ) -> async_graphql::Result<ReviewerPayload> {
        let viewer = ctx.viewer()?;
        let place = match input
            .place
            .as_ref()
            .map(ReviewerPlaceInput::department)
            .transpose()
        {
            Ok(place) => place,
            Err(error) => return Ok(ReviewerPayload::refused(vec![error])),
        };
        let account_id = NodeType::Reviewer.uuid(&input.reviewer_id).unwrap_or_default();
        let name = input.name.as_deref();
        let updated = step::update_reviewer(&ctx.app().platform, &viewer, account_id, name, place).await;
        ReviewerPayload::of(updated, "reviewerId")
    }

    /// 停用审核人 A reviewer of the school, or an operator, disables a reviewer's account: its sessions end at once, and he cannot log in.
    /// Nobody disables himself, and nobody the last enabled reviewer of the whole school (`LAST_SCHOOL_REVIEWER`).
    ///
    /// Refusals: `STEP_NOT_ALLOWED`, `NOT_FOUND`, `LAST_SCHOOL_REVIEWER`.
    async fn disable_reviewer(
        &self,
        ctx: &Context<'_>,
        input: ReviewerInput,
    ) -> async_graphql::Result<ReviewerPayload> {
        set_enabled(ctx, &input.reviewer_id, false).await
    }

    /// 启用审核人 A reviewer of the school, or an operator, enables a reviewer's account again.
    ///
    /// Refusals: `STEP_NOT_ALLOWED`, `NOT_FOUND`.
    async fn enable_reviewer(
        &self,
        ctx: &Context<'_>,
        input: ReviewerInput,
    ) -> async_graphql::Result<ReviewerPayload> {
        set_enabled(ctx, &input.reviewer_id, true).await
    }
}
