//! What is done to schools: opened by operators, run by their reviewers.

use async_graphql::{Context, ID, InputObject, Object};
use serde::Serialize;
use wangqian_schema::{
    model::{reviewer::ReviewerDraft, school as model, school::SchoolDraft},
    step::{self, NewSchool, SchoolUpdate},
    workflow,
};

use super::{
    super::mutation::{Payload, idempotency_key, payload},
    Department, ReviewRoute, School, Workflow,
};
use crate::{context::ContextExt, id::NodeType};

/// The school of an input. An id that means no school means one that is not there.
pub(in crate::graphql) fn school_id(id: Option<&ID>) -> Option<uuid::Uuid> {
    id.map(|id| NodeType::School.uuid(id).unwrap_or_default())
}

impl Serialize for ReviewRoute {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        workflow::ReviewRoute::from(*self).serialize(serializer)
    }
}

/// 首名审核人 The first reviewer of a school, who runs it.
#[derive(InputObject, Serialize)]
pub struct FirstReviewerInput {
    /// 姓名 His name, at most 30 characters.
    name: String,
    /// 电子邮箱 His e-mail address: he logs in with it. One of the two is needed.
    email: Option<String>,
    /// 手机号码 His mobile number: he logs in with it. One of the two is needed.
    mobile: Option<String>,
}

/// 开通学校 Opens a school.
#[derive(InputObject, Serialize)]
pub struct OpenSchoolInput {
    /// 学校代码 National school code, five digits.
    code: String,
    /// 学校名称 Its name, 2 to 60 characters.
    name: String,
    /// 联系电话 Telephone of the careers office.
    contact_phone: Option<String>,
    /// 通讯地址 Postal address, at most 200 characters.
    address: Option<String>,
    /// 默认审核方式 How it reviews, until it says otherwise.
    default_review_route: ReviewRoute,
    /// 首名审核人 Who runs it first.
    reviewer: FirstReviewerInput,
    /// 幂等键 Chosen by the caller, 1 to 60 characters without `/`: the same key and input give the same school again.
    idempotency_key: String,
}

/// 学校信息变更 Changes what is given; the rest stays.
#[derive(InputObject)]
pub struct UpdateSchoolInput {
    /// 学校 The school; without it the viewer's own.
    school_id: Option<ID>,
    /// 学校名称 Its name, 2 to 60 characters; for operators only.
    name: Option<String>,
    /// 联系电话 Telephone of the careers office; an empty one takes it away.
    contact_phone: Option<String>,
    /// 通讯地址 Postal address, at most 200 characters; an empty one takes it away.
    address: Option<String>,
    /// 版本号 The `version` that the viewer has looked at; when given, a changed school is refused.
    expected_version: Option<i32>,
}

/// 设置审核方式 Sets how the viewer's school reviews.
#[derive(InputObject)]
pub struct SetReviewRouteInput {
    /// 业务 The workflow; without it the default of all that have no route of their own.
    workflow: Option<Workflow>,
    /// 审核方式 The route; without it a workflow has none of its own any more, and the default counts.
    route: Option<ReviewRoute>,
    /// 版本号 The school's `version` that the viewer has looked at; when given, a changed school is refused.
    expected_version: Option<i32>,
}

/// 作废审核设置 Sets whether the viewer's school reviews what graduates make void.
#[derive(InputObject)]
pub struct SetVoidingReviewInput {
    /// 作废需审核 Whether it does.
    reviewed: bool,
    /// 版本号 The school's `version` that the viewer has looked at; when given, a changed school is refused.
    expected_version: Option<i32>,
}

/// 新增院系 Adds a department to the viewer's school.
#[derive(InputObject, Serialize)]
pub struct AddDepartmentInput {
    /// 院系代码 The school's own code for it, as in rosters: 1 to 20 letters, digits, `-`, `_` and `.`.
    code: String,
    /// 院系名称 Its name, at most 60 characters.
    name: String,
    /// 幂等键 Chosen by the caller, 1 to 60 characters without `/`: the same key and input give the same department again.
    idempotency_key: String,
}

/// 院系更名 Changes what is given; the rest stays.
#[derive(InputObject)]
pub struct RenameDepartmentInput {
    /// 院系 A department of the viewer's school.
    department_id: ID,
    /// 院系代码 Its code.
    code: Option<String>,
    /// 院系名称 Its name.
    name: Option<String>,
}

payload!(
    /// 学校办理结果 What came of a step on a school.
    pub struct SchoolPayload {
        /// 学校 The school as it is now; null when it was refused.
        school: School,
    }
    of model::School, by School
);

payload!(
    /// 院系办理结果 What came of a step on a department.
    pub struct DepartmentPayload {
        /// 院系 The department as it is now; null when it was refused.
        department: Department,
    }
    of model::Department, by Department
);

/// What is done to schools.
#[derive(Default)]
pub struct SchoolMutation;

#[Object]
impl SchoolMutation {
    /// 开通学校 An operator opens a school with the account of its first reviewer, who is told how to set his password and runs it
    /// from then on. A code belongs to one school (`ALREADY_TAKEN`).
    ///
    /// Refusals: `STEP_NOT_ALLOWED`, `INVALID_INPUT`, `ALREADY_TAKEN`, `IDEMPOTENCY_KEY_REUSED`.
    async fn open_school(
        &self,
        ctx: &Context<'_>,
        input: OpenSchoolInput,
    ) -> async_graphql::Result<SchoolPayload> {
        let viewer = ctx.viewer()?;
        let key = match idempotency_key(&input.idempotency_key, &input)? {
            Ok(key) => key,
            Err(error) => return Ok(SchoolPayload::refused(vec![error])),
        };
        let new = NewSchool {
            school: SchoolDraft {
                code: input.code,
                name: input.name,
                contact_phone: input.contact_phone,
                address: input.address,
            },
            route: input.default_review_route.into(),
            reviewer: ReviewerDraft {
                name: input.reviewer.name,
                email: input.reviewer.email,
                mobile: input.reviewer.mobile,
            },
        };
        let opened = step::open_school(&ctx.app().platform, &viewer, &new, &key).await;
        SchoolPayload::of(opened, "code")
    }

    /// 学校信息变更 A reviewer of the school, or an operator, changes its telephone and address, an operator also its name. Papers that
    /// are signed from then on show it; those that exist stay as they are.
    ///
    /// Refusals: `STEP_NOT_ALLOWED`, `NOT_FOUND`, `INVALID_INPUT`, `STALE_VERSION`.
    async fn update_school(
        &self,
        ctx: &Context<'_>,
        input: UpdateSchoolInput,
    ) -> async_graphql::Result<SchoolPayload> {
        let viewer = ctx.viewer()?;
        let update = SchoolUpdate {
            name: input.name,
            contact_phone: input.contact_phone,
            address: input.address,
        };
        let (platform, school_id) = (&ctx.app().platform, school_id(input.school_id.as_ref()));
        let updated =
            step::update_school(platform, &viewer, school_id, &update, input.expected_version).await;
        SchoolPayload::of(updated, "schoolId")
    }

    /// 设置审核方式 A reviewer of the school sets by which route it reviews, by default or in one workflow. Cases under review keep the
    /// route with which they were submitted.
    ///
    /// Refusals: `STEP_NOT_ALLOWED`, `NOT_FOUND`, `INVALID_INPUT`, `STALE_VERSION`.
    async fn set_review_route(
        &self,
        ctx: &Context<'_>,
        input: SetReviewRouteInput,
    ) -> async_graphql::Result<SchoolPayload> {
        let viewer = ctx.viewer()?;
        let set = step::set_review_route(
            &ctx.app().platform,
            &viewer,
            input.workflow.map(Into::into),
            input.route.map(Into::into),
            input.expected_version,
        )
        .await;
        SchoolPayload::of(set, "workflow")
    }

    /// 作废审核设置 A reviewer of the school sets whether it reviews what graduates make void of their registered destinations; no, unless set.
    /// What waits for that review already goes on waiting.
    ///
    /// Refusals: `STEP_NOT_ALLOWED`, `NOT_FOUND`, `STALE_VERSION`.
    async fn set_voiding_review(
        &self,
        ctx: &Context<'_>,
        input: SetVoidingReviewInput,
    ) -> async_graphql::Result<SchoolPayload> {
        let viewer = ctx.viewer()?;
        let (platform, version) = (&ctx.app().platform, input.expected_version);
        let set = step::set_voiding_review(platform, &viewer, input.reviewed, version).await;
        SchoolPayload::of(set, "expectedVersion")
    }

    /// 新增院系 A reviewer of the school adds a department. Its code is its own in the school (`ALREADY_TAKEN`); none is taken away.
    ///
    /// Refusals: `STEP_NOT_ALLOWED`, `INVALID_INPUT`, `ALREADY_TAKEN`, `IDEMPOTENCY_KEY_REUSED`.
    async fn add_department(
        &self,
        ctx: &Context<'_>,
        input: AddDepartmentInput,
    ) -> async_graphql::Result<DepartmentPayload> {
        let viewer = ctx.viewer()?;
        let key = match idempotency_key(&input.idempotency_key, &input)? {
            Ok(key) => key,
            Err(error) => return Ok(DepartmentPayload::refused(vec![error])),
        };
        let platform = &ctx.app().platform;
        let added = step::add_department(platform, &viewer, &input.code, &input.name, &key).await;
        DepartmentPayload::of(added, "code")
    }

    /// 院系更名 A reviewer of the school gives a department another name or code.
    ///
    /// Refusals: `STEP_NOT_ALLOWED`, `NOT_FOUND`, `INVALID_INPUT`, `ALREADY_TAKEN`.
    async fn rename_department(
        &self,
        ctx: &Context<'_>,
        input: RenameDepartmentInput,
    ) -> async_graphql::Result<DepartmentPayload> {
        let viewer = ctx.viewer()?;
        // An id that means no department means one that the school does not have.
        let id = NodeType::Department
            .uuid(&input.department_id)
            .unwrap_or_default();
        let (platform, code, name) = (&ctx.app().platform, input.code.as_deref(), input.name.as_deref());
        let renamed = step::rename_department(platform, &viewer, id, code, name).await;
        DepartmentPayload::of(renamed, "departmentId")
    }
}
