//! The inputs of the steps on agreements, and the terms as they are filled in and read.

use async_graphql::{Enum, ID, InputObject, Object};
use chrono::{DateTime, Utc};
use serde::Serialize;
use wangqian_schema::{
    codes::CodeList,
    model::terms::{self as model, AgreementTerms as Model, TermsDraft},
};

use super::{agreement::Warning, code::Code, date::Date};

/// 单位是否解决户籍 Who takes the graduate's household registration.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::HouseholdRegistration")]
pub enum HouseholdRegistration {
    /// 签约单位接收 the employer
    Employer,
    /// 托管单位接收 a trustee unit
    Trustee,
    /// 上级主管单位接收 the superior unit
    Superior,
    /// 不接收 nobody
    None,
}

/// 签约条款 The terms of an invitation. Name and credit code are those the employer is registered with.
#[derive(InputObject, Clone)]
pub struct AgreementTermsInput {
    /// 单位性质 Nature: a code of `EMPLOYER_NATURE`.
    nature: String,
    /// 单位行业 Industry: a code of `INDUSTRY`.
    industry: String,
    /// 通讯地址 Region: a code of `REGION`.
    region: String,
    /// 详细地址 Detailed address, 5 to 200 characters.
    address: String,
    /// 职位类别 Position category: a code of `POSITION_CATEGORY`.
    position_category: String,
    /// 职位名称 Position title, at most 50 characters.
    position_title: String,
    /// 单位联系人 Contact person, at most 30 characters.
    contact_person: String,
    /// 联系人电话 Landline: digits, `+`, `-`, brackets and blanks; at most 30 characters.
    contact_phone: Option<String>,
    /// 联系人手机 Mobile number, 11 digits.
    contact_mobile: String,
    /// 联系人邮箱 E-mail address.
    contact_email: String,
    /// 试用期 Probation in months, 0 to 6 (labour contract law, article 19).
    probation_months: Option<i32>,
    /// 试用起薪 Yuan a month, 0 to 100 million.
    probation_salary: Option<i32>,
    /// 转正起薪 Yuan a month, 0 to 100 million.
    regular_salary: Option<i32>,
    /// 违约金 Liquidated damages in yuan, 0 to 100 million.
    liquidated_damages: Option<i32>,
    /// 报到地点 Where to report, at most 100 characters.
    report_place: Option<String>,
    /// 报到期限 Until when to report.
    report_deadline: Option<Date>,
    /// 实际工作地点 Where the work is done, at most 100 characters.
    work_place: Option<String>,
    /// 单位是否解决户籍 Who takes the household registration.
    household_registration: HouseholdRegistration,
    /// 协议补充内容 Supplementary terms, at most 1000 characters.
    supplementary_terms: Option<String>,
}

impl From<AgreementTermsInput> for TermsDraft {
    fn from(input: AgreementTermsInput) -> Self {
        Self {
            nature: input.nature,
            industry: input.industry,
            region: input.region,
            address: input.address,
            position_category: input.position_category,
            position_title: input.position_title,
            contact_person: input.contact_person,
            contact_phone: input.contact_phone,
            contact_mobile: input.contact_mobile,
            contact_email: input.contact_email,
            probation_months: input.probation_months,
            probation_salary: input.probation_salary,
            regular_salary: input.regular_salary,
            liquidated_damages: input.liquidated_damages,
            report_place: input.report_place,
            report_deadline: input.report_deadline.map(|date| date.0),
            work_place: input.work_place,
            household_registration: Some(input.household_registration.into()),
            supplementary_terms: input.supplementary_terms,
        }
    }
}

/// 签约条款 The terms of an agreement.
pub struct AgreementTerms(pub Model);

/// 签约条款 The terms of an agreement.
#[Object]
impl AgreementTerms {
    /// 提示 What is allowed but worth a second look, such as a low salary during probation.
    async fn warnings(&self) -> Vec<Warning> {
        self.0.warnings().into_iter().map(Warning::of_terms).collect()
    }

    /// 单位名称 The employer's name when it invited.
    async fn employer_name(&self) -> &str {
        &self.0.employer_name
    }

    /// 统一社会信用代码 Unified social credit code.
    async fn credit_code(&self) -> &str {
        self.0.credit_code.as_str()
    }

    /// 单位性质 Nature.
    async fn nature(&self) -> Code {
        Code::of(CodeList::EmployerNature, &self.0.nature)
    }

    /// 单位行业 Industry.
    async fn industry(&self) -> Code {
        Code::of(CodeList::Industry, &self.0.industry)
    }

    /// 通讯地址 Region.
    async fn region(&self) -> Code {
        Code::of(CodeList::Region, &self.0.region)
    }

    /// 详细地址 Detailed address.
    async fn address(&self) -> &str {
        &self.0.address
    }

    /// 职位类别 Position category.
    async fn position_category(&self) -> Code {
        Code::of(CodeList::PositionCategory, &self.0.position_category)
    }

    /// 职位名称 Position title.
    async fn position_title(&self) -> &str {
        &self.0.position_title
    }

    /// 单位联系人 Contact person.
    async fn contact_person(&self) -> &str {
        &self.0.contact_person
    }

    /// 联系人电话 Contact's landline.
    async fn contact_phone(&self) -> Option<&str> {
        self.0.contact_phone.as_deref()
    }

    /// 联系人手机 Contact's mobile.
    async fn contact_mobile(&self) -> &str {
        self.0.contact_mobile.as_str()
    }

    /// 联系人邮箱 Contact's e-mail address.
    async fn contact_email(&self) -> &str {
        self.0.contact_email.as_str()
    }

    /// 试用期 Probation, in months.
    async fn probation_months(&self) -> Option<i32> {
        self.0.probation_months.map(Into::into)
    }

    /// 试用起薪 Salary during probation, in yuan a month.
    async fn probation_salary(&self) -> Option<u32> {
        self.0.probation_salary
    }

    /// 转正起薪 Salary after probation, in yuan a month.
    async fn regular_salary(&self) -> Option<u32> {
        self.0.regular_salary
    }

    /// 违约金 Liquidated damages in yuan.
    async fn liquidated_damages(&self) -> Option<u32> {
        self.0.liquidated_damages
    }

    /// 报到地点 Where to report.
    async fn report_place(&self) -> Option<&str> {
        self.0.report_place.as_deref()
    }

    /// 报到期限 Until when to report.
    async fn report_deadline(&self) -> Option<Date> {
        self.0.report_deadline.map(Date)
    }

    /// 实际工作地点 Where the work is done.
    async fn work_place(&self) -> Option<&str> {
        self.0.work_place.as_deref()
    }

    /// 单位是否解决户籍 Who takes the household registration.
    async fn household_registration(&self) -> HouseholdRegistration {
        self.0.household_registration.into()
    }

    /// 协议补充内容 Supplementary terms.
    async fn supplementary_terms(&self) -> Option<&str> {
        self.0.supplementary_terms.as_deref()
    }
}

/// 签约邀请 Invites one graduate or many with the same terms.
#[derive(InputObject)]
pub struct InviteGraduatesInput {
    /// 幂等键 Chosen by the caller, 1 to 60 characters without `/`: the same key and input invite nobody a second time and give
    /// the same agreements, as they are now.
    pub idempotency_key: String,
    /// 毕业生 Whom to invite, 1 to 100, each once: ids from `findGraduates`.
    pub graduate_ids: Vec<ID>,
    /// 签约条款 What is offered.
    pub terms: AgreementTermsInput,
    /// 应约截止时间 Until when, exclusively, they may answer: in the future, at most 180 days away, and not after the end (Asia/Shanghai) of the last
    /// day on which the graduate may still sign, which is the cut-off of his class.
    pub response_deadline: DateTime<Utc>,
}

/// What the idempotency key of an invitation stands for.
#[derive(Serialize)]
pub struct InviteBody<'a> {
    /// Whom to invite.
    pub graduate_ids: &'a [ID],
    /// What is offered.
    pub terms: &'a TermsDraft,
    /// Until when.
    pub response_deadline: DateTime<Utc>,
}

/// 就业协议办理 A step that needs nothing but the agreement.
#[derive(InputObject)]
pub struct AgreementStepInput {
    /// 就业协议 The agreement.
    pub agreement_id: ID,
    /// 预期版本号 The `version` that the viewer has looked at; when given, a changed agreement is refused with `STALE_VERSION`.
    pub expected_version: Option<i32>,
}

/// 拒绝邀请 Declines an invitation.
#[derive(InputObject)]
pub struct DeclineInvitationInput {
    /// 就业协议 The agreement.
    pub agreement_id: ID,
    /// 原因 Told to the employer; at most 500 characters.
    pub reason: Option<String>,
    /// 预期版本号 The `version` that the viewer has looked at; when given, a changed agreement is refused with `STALE_VERSION`.
    pub expected_version: Option<i32>,
}
