//! Graduates: what the viewer may see of one, the search by an employer, and the confirmation of the basic information.

use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject, connection::Connection};
use chrono::{DateTime, Utc};
use wangqian_schema::{
    checks::IdCardNumber,
    codes::CodeList,
    mask,
    model::{
        Viewer,
        graduate::{self as model, SearchNumber},
    },
    step::{self, CorrectionDraft, StepError},
};

use super::{
    case_event::{GraduateEvent, history_of},
    code::Code,
    mutation::{Payload, on, payload},
    school::{Department, School},
};
use crate::{
    context::ContextExt,
    error::{UserError, UserErrorCode, internal},
    id::NodeType,
    loaders::{DepartmentKey, SchoolKey},
    paging::{Arguments, cost},
};

/// 性别 Gender.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::Gender")]
pub enum Gender {
    /// 男 male
    Male,
    /// 女 female
    Female,
}

/// 毕业生 A graduate: a student of one school and department, in one graduating year.
pub struct Graduate(pub model::Graduate);

impl Graduate {
    /// Whether the viewer sees the personal data: the graduate himself and his reviewers do, an employer does not.
    fn open_to(&self, ctx: &Context<'_>) -> bool {
        ctx.caller()
            .signed_in
            .as_ref()
            .is_some_and(|(_, viewer)| matches!(viewer, Viewer::Graduate { .. } | Viewer::Reviewer { .. }))
    }
}

/// 毕业生 A graduate: a student of one school and department, in one graduating year.
#[Object]
impl Graduate {
    /// 全局标识 Global id, for `node`.
    pub async fn id(&self) -> ID {
        NodeType::Graduate.id(self.0.id)
    }

    /// 姓名 Name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// 性别 Gender.
    async fn gender(&self) -> Gender {
        self.0.gender.into()
    }

    /// 学校 School.
    async fn school(&self, ctx: &Context<'_>) -> async_graphql::Result<School> {
        let school = ctx.require(SchoolKey(self.0.school_id), "a graduate without his school");
        Ok(School(school.await?))
    }

    /// 院系 Department.
    async fn department(&self, ctx: &Context<'_>) -> async_graphql::Result<Department> {
        let department = ctx.require(
            DepartmentKey(self.0.department_id),
            "a graduate without his department",
        );
        Ok(Department(department.await?))
    }

    /// 届 Graduating year, four digits.
    async fn class_year(&self) -> i32 {
        i32::from(self.0.class_year)
    }

    /// 学号 Student number.
    async fn student_number(&self) -> &str {
        &self.0.student_number
    }

    /// 身份证号 ID-card number; for an employer all but the last four characters are masked.
    async fn id_card_number(&self, ctx: &Context<'_>) -> String {
        let number = &self.0.id_card_number;
        if self.open_to(ctx) {
            return number.clone();
        }
        mask::id_card_number(number)
    }

    /// 学历层次 Degree level, of the list `DEGREE_LEVEL`.
    async fn degree_level(&self) -> Code {
        Code::of(CodeList::DegreeLevel, &self.0.degree_level)
    }

    /// 专业 Major.
    async fn major(&self) -> &str {
        &self.0.major
    }

    /// 培养方式 Training mode, of the list `TRAINING_MODE`.
    async fn training_mode(&self) -> Code {
        Code::of(CodeList::TrainingMode, &self.0.training_mode)
    }

    /// 生源地 Where he comes from, of the list `REGION`.
    async fn origin_region(&self) -> Code {
        Code::of(CodeList::Region, &self.0.origin_region)
    }

    /// 手机号码 Mobile number; null for an employer, and when he has none.
    async fn mobile(&self, ctx: &Context<'_>) -> Option<&str> {
        self.0.contact.mobile.as_deref().filter(|_| self.open_to(ctx))
    }

    /// 电子邮箱 E-mail address; null for an employer, and when he has none.
    async fn email(&self, ctx: &Context<'_>) -> Option<&str> {
        self.0.contact.email.as_deref().filter(|_| self.open_to(ctx))
    }

    /// 可否网签 Whether he may sign online: 定向/委培 graduates may not, unless the school says otherwise.
    async fn online_signing_allowed(&self) -> bool {
        self.0.online_signing_allowed
    }

    /// 信息确认时间 When he confirmed his basic information; null before, and after a correction by the school.
    async fn confirmed_at(&self) -> Option<DateTime<Utc>> {
        self.0.confirmed_at
    }

    /// 版本号 Goes up with every change of the data: the `expectedVersion` of what is done to it.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// 信息记录 What was done to his basic information, oldest first; nothing for an employer.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, GraduateEvent>> {
        let page = Arguments {
            first,
            after,
            last,
            before,
        };
        history_of(ctx, self.open_to(ctx).then_some(self.0.id), page, GraduateEvent).await
    }
}

/// 查找到的毕业生 What an employer is told of a graduate whose name and number it knows.
pub struct GraduateMatch(model::Graduate);

/// 查找到的毕业生 What an employer is told of a graduate whose name and number it knows.
#[Object]
impl GraduateMatch {
    /// 毕业生标识 The graduate's global id, to invite him by.
    async fn graduate_id(&self) -> ID {
        NodeType::Graduate.id(self.0.id)
    }

    /// 姓名 Name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// 学校 School.
    async fn school(&self, ctx: &Context<'_>) -> async_graphql::Result<School> {
        let school = ctx.require(SchoolKey(self.0.school_id), "a graduate without his school");
        Ok(School(school.await?))
    }

    /// 院系 Department.
    async fn department(&self, ctx: &Context<'_>) -> async_graphql::Result<Department> {
        let department = ctx.require(
            DepartmentKey(self.0.department_id),
            "a graduate without his department",
        );
        Ok(Department(department.await?))
    }

    /// 届 Graduating year, four digits.
    async fn class_year(&self) -> i32 {
        i32::from(self.0.class_year)
    }

    /// 学历层次 Degree level, of the list `DEGREE_LEVEL`.
    async fn degree_level(&self) -> Code {
        Code::of(CodeList::DegreeLevel, &self.0.degree_level)
    }

    /// 专业 Major.
    async fn major(&self) -> &str {
        &self.0.major
    }

    /// 可否网签 Whether he may sign online; an invitation is refused otherwise.
    async fn online_signing_allowed(&self) -> bool {
        self.0.online_signing_allowed
    }
}

/// 学号或身份证号 The number that an employer knows beside the name.
#[derive(OneofObject)]
pub enum GraduateNumberInput {
    /// 学号 Student number.
    StudentNumber(String),
    /// 身份证号 ID-card number.
    IdCardNumber(String),
}

/// 信息确认 Confirms the basic information.
#[derive(InputObject)]
pub struct ConfirmGraduateDataInput {
    /// 预期版本号 The `version` of the data that the graduate has looked at; changed data is refused with `STALE_VERSION`.
    expected_version: i32,
}

/// 信息更正 Corrects the basic information: fields that are given, the others stay as they are.
#[derive(InputObject)]
pub struct CorrectGraduateInput {
    /// 毕业生 The graduate.
    graduate_id: ID,
    /// 预期版本号 The `version` that the reviewer has looked at; when given, changed data is refused with `STALE_VERSION`.
    expected_version: Option<i32>,
    /// 原因 Why, at most 500 characters; stands in the history.
    reason: Option<String>,
    /// 学号 Student number, at most 32 characters.
    student_number: Option<String>,
    /// 姓名 Name, at most 60 characters.
    name: Option<String>,
    /// 性别 Gender; has to fit the ID-card number.
    gender: Option<Gender>,
    /// 身份证号 ID-card number; he logs in with it.
    #[graphql(secret)]
    id_card_number: Option<String>,
    /// 届 Graduating year, four digits.
    class_year: Option<i32>,
    /// 院系 A department of the same school.
    department_id: Option<ID>,
    /// 学历层次 A code of `DEGREE_LEVEL`.
    degree_level: Option<String>,
    /// 专业 Major, at most 100 characters.
    major: Option<String>,
    /// 培养方式 A code of `TRAINING_MODE`. With another one `onlineSigningAllowed` becomes that one's default.
    training_mode: Option<String>,
    /// 生源地 A code of `REGION`.
    origin_region: Option<String>,
    /// 可否网签 Whether he may sign online.
    online_signing_allowed: Option<bool>,
}

payload!(
    /// 信息更正的结果 What came of the correction.
    pub struct CorrectGraduatePayload {
        /// 毕业生 The graduate as he is now; null when it was refused.
        graduate: Graduate,
    }
    of model::Graduate, by Graduate
);

payload!(
    /// 信息确认的结果 What came of the confirmation.
    pub struct ConfirmGraduateDataPayload {
        /// 毕业生 The graduate as he is now; null when it was refused.
        graduate: Graduate,
    }
    of model::Graduate, by Graduate
);

/// Graduates.
#[derive(Default)]
pub struct GraduateQuery;

#[Object]
impl GraduateQuery {
    /// 查找毕业生 The graduates who bear exactly this name and number, at most ten: for verified employers, who cannot
    /// browse people. Empty for everybody else. The number travels in the request's body only, so ask by POST.
    #[graphql(complexity = "10 * child_complexity")]
    async fn find_graduates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "姓名 The whole name.")] name: String,
        #[graphql(desc = "学号或身份证号 One of the two numbers.")] number: GraduateNumberInput,
    ) -> async_graphql::Result<Vec<GraduateMatch>> {
        let Viewer::EmployerMember { employer_id, .. } = ctx.viewer()? else {
            return Ok(Vec::new());
        };
        let number = match number {
            GraduateNumberInput::StudentNumber(number) => SearchNumber::StudentNumber(number),
            GraduateNumberInput::IdCardNumber(number) => match IdCardNumber::parse(&number) {
                Ok(number) => SearchNumber::IdCardNumber(number),
                Err(_) => return Ok(Vec::new()),
            },
        };
        let mut conn = ctx.connection().await?;
        let found = model::search(&mut conn, employer_id, &name, &number)
            .await
            .map_err(internal)?;
        Ok(found.into_iter().map(GraduateMatch).collect())
    }
}

/// What is done to graduates' data.
#[derive(Default)]
pub struct GraduateMutation;

#[Object]
impl GraduateMutation {
    /// 信息更正 A reviewer of the school corrects a graduate's basic information (§2). He is told and has to confirm it again; until
    /// then he takes no step. How he is reached he changes himself.
    ///
    /// Refusals: `NOT_FOUND`, `STALE_VERSION`, `STEP_NOT_ALLOWED`, `INVALID_INPUT`.
    async fn correct_graduate(
        &self,
        ctx: &Context<'_>,
        input: CorrectGraduateInput,
    ) -> async_graphql::Result<CorrectGraduatePayload> {
        let (platform, viewer) = (&ctx.app().platform, ctx.viewer()?);
        let draft = CorrectionDraft {
            student_number: input.student_number,
            name: input.name,
            gender: input.gender.map(Into::into),
            id_card_number: input.id_card_number,
            class_year: input.class_year,
            // An id that means no department means one that the school does not have.
            department_id: input
                .department_id
                .map(|id| NodeType::Department.uuid(&id).unwrap_or_default()),
            degree_level: input.degree_level,
            major: input.major,
            training_mode: input.training_mode,
            origin_region: input.origin_region,
            online_signing_allowed: input.online_signing_allowed,
        };
        let corrected = on(NodeType::Graduate, &input.graduate_id, async |id| {
            let reason = input.reason.as_deref();
            step::correct_graduate(platform, &viewer, id, &draft, reason, input.expected_version).await
        });
        CorrectGraduatePayload::of(corrected.await, "graduateId")
    }

    /// 信息确认无误，进入系统 The graduate confirms that his basic information is right (§2). Before it he takes no step.
    ///
    /// Refusals: `STALE_VERSION`, `STEP_NOT_ALLOWED`.
    async fn confirm_graduate_data(
        &self,
        ctx: &Context<'_>,
        input: ConfirmGraduateDataInput,
    ) -> async_graphql::Result<ConfirmGraduateDataPayload> {
        let viewer = ctx.viewer()?;
        let confirmed = step::confirm_data(&ctx.app().platform, &viewer, input.expected_version).await;
        match confirmed {
            Err(StepError::StaleVersion { .. }) => Ok(ConfirmGraduateDataPayload::refused(vec![UserError {
                field: Some("expectedVersion".to_owned()),
                ..UserError::new(UserErrorCode::StaleVersion, "基本信息已被更新，请重新核对")
            }])),
            confirmed => ConfirmGraduateDataPayload::of(confirmed, "expectedVersion"),
        }
    }
}
