//! Agreements that a graduate fills in himself: his drafts, and handing them in (§6.1, §8.1).

use async_graphql::{Context, ID, InputObject, Object};
use serde::Serialize;
use wangqian_schema::{
    codes::CodeList,
    model::terms::{AgreementDraft as Model, TermsDraft},
    step::{self, AgreementStep},
    workflow::agreement as rules,
};

use super::{
    super::{
        agreement_input::{AgreementStepInput, HouseholdRegistration},
        case_file::attachable,
        code::Code,
        date::Date,
        mutation::{Payload, idempotency_key, on, take},
    },
    AgreementChannel,
    steps::AgreementPayload,
};
use crate::{context::ContextExt, id::NodeType};

/// 已填信息 What a graduate has filled in so far, as it was typed; nothing of it is checked before it is handed in.
pub struct AgreementDraft(pub Model);

/// What is filled in; nothing where the field is empty.
fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// A code that is filled in, also one that the list does not know.
fn code(list: CodeList, code: &str) -> Option<Code> {
    filled(code).map(|code| Code::of(list, code))
}

/// 已填信息 What a graduate has filled in so far, as it was typed; nothing of it is checked before it is handed in.
#[Object]
impl AgreementDraft {
    /// 单位名称 The employer's name.
    async fn employer_name(&self) -> Option<&str> {
        filled(&self.0.employer_name)
    }

    /// 统一社会信用代码 The unified social credit code.
    async fn credit_code(&self) -> Option<&str> {
        filled(&self.0.credit_code)
    }

    /// 单位性质 A code of `EMPLOYER_NATURE`.
    async fn nature(&self) -> Option<Code> {
        code(CodeList::EmployerNature, &self.0.terms.nature)
    }

    /// 单位行业 A code of `INDUSTRY`.
    async fn industry(&self) -> Option<Code> {
        code(CodeList::Industry, &self.0.terms.industry)
    }

    /// 所在地区 A code of `REGION`.
    async fn region(&self) -> Option<Code> {
        code(CodeList::Region, &self.0.terms.region)
    }

    /// 详细地址 The address within the region.
    async fn address(&self) -> Option<&str> {
        filled(&self.0.terms.address)
    }

    /// 职位类别 A code of `POSITION_CATEGORY`.
    async fn position_category(&self) -> Option<Code> {
        code(CodeList::PositionCategory, &self.0.terms.position_category)
    }

    /// 职位名称 The position.
    async fn position_title(&self) -> Option<&str> {
        filled(&self.0.terms.position_title)
    }

    /// 单位联系人 Whom to ask for.
    async fn contact_person(&self) -> Option<&str> {
        filled(&self.0.terms.contact_person)
    }

    /// 联系人电话 A landline.
    async fn contact_phone(&self) -> Option<&str> {
        self.0.terms.contact_phone.as_deref()
    }

    /// 联系人手机 The contact's mobile number.
    async fn contact_mobile(&self) -> Option<&str> {
        filled(&self.0.terms.contact_mobile)
    }

    /// 联系人邮箱 The contact's e-mail address.
    async fn contact_email(&self) -> Option<&str> {
        filled(&self.0.terms.contact_email)
    }

    /// 试用期 Probation in months.
    async fn probation_months(&self) -> Option<i32> {
        self.0.terms.probation_months
    }

    /// 试用起薪 Salary during probation, in yuan a month.
    async fn probation_salary(&self) -> Option<i32> {
        self.0.terms.probation_salary
    }

    /// 转正起薪 Salary afterwards, in yuan a month.
    async fn regular_salary(&self) -> Option<i32> {
        self.0.terms.regular_salary
    }

    /// 违约金 Liquidated damages in yuan.
    async fn liquidated_damages(&self) -> Option<i32> {
        self.0.terms.liquidated_damages
    }

    /// 报到地点 Where to report.
    async fn report_place(&self) -> Option<&str> {
        self.0.terms.report_place.as_deref()
    }

    /// 报到期限 Until when to report.
    async fn report_deadline(&self) -> Option<Date> {
        self.0.terms.report_deadline.map(Date)
    }

    /// 实际工作地点 Where the work is done.
    async fn work_place(&self) -> Option<&str> {
        self.0.terms.work_place.as_deref()
    }

    /// 单位是否解决户籍 Who takes the household registration.
    async fn household_registration(&self) -> Option<HouseholdRegistration> {
        self.0.terms.household_registration.map(Into::into)
    }

    /// 协议补充内容 Supplementary terms.
    async fn supplementary_terms(&self) -> Option<&str> {
        self.0.terms.supplementary_terms.as_deref()
    }
}

/// 填写信息 What a graduate fills in, whole: a field that is left out is empty from then on. It need not be complete or right
/// before it is handed in; no text may have more than 2,000 characters.
#[derive(InputObject, Clone)]
pub struct AgreementDraftInput {
    /// 单位名称 The employer's name, 2 to 100 characters.
    employer_name: Option<String>,
    /// 统一社会信用代码 The unified social credit code (GB 32100).
    credit_code: Option<String>,
    /// 单位性质 A code of `EMPLOYER_NATURE`.
    nature: Option<String>,
    /// 单位行业 A code of `INDUSTRY`.
    industry: Option<String>,
    /// 所在地区 A code of `REGION`.
    region: Option<String>,
    /// 详细地址 The address within the region, 5 to 200 characters.
    address: Option<String>,
    /// 职位类别 A code of `POSITION_CATEGORY`.
    position_category: Option<String>,
    /// 职位名称 The position, at most 50 characters.
    position_title: Option<String>,
    /// 单位联系人 Whom to ask for, at most 30 characters.
    contact_person: Option<String>,
    /// 联系人电话 A landline.
    contact_phone: Option<String>,
    /// 联系人手机 The contact's mobile number: the link for the stamped copy goes there.
    contact_mobile: Option<String>,
    /// 联系人邮箱 The contact's e-mail address.
    contact_email: Option<String>,
    /// 试用期 Probation in months, 0 to 6.
    probation_months: Option<i32>,
    /// 试用起薪 Salary during probation, in yuan a month.
    probation_salary: Option<i32>,
    /// 转正起薪 Salary afterwards, in yuan a month.
    regular_salary: Option<i32>,
    /// 违约金 Liquidated damages in yuan.
    liquidated_damages: Option<i32>,
    /// 报到地点 Where to report, at most 100 characters.
    report_place: Option<String>,
    /// 报到期限 Until when to report.
    report_deadline: Option<Date>,
    /// 实际工作地点 Where the work is done, at most 100 characters.
    work_place: Option<String>,
    /// 单位是否解决户籍 Who takes the household registration.
    household_registration: Option<HouseholdRegistration>,
    /// 协议补充内容 Supplementary terms, at most 1000 characters.
    supplementary_terms: Option<String>,
}

impl From<AgreementDraftInput> for Model {
    fn from(input: AgreementDraftInput) -> Self {
        let text = Option::unwrap_or_default;
        Self {
            employer_name: text(input.employer_name),
            credit_code: text(input.credit_code),
            terms: TermsDraft {
                nature: text(input.nature),
                industry: text(input.industry),
                region: text(input.region),
                address: text(input.address),
                position_category: text(input.position_category),
                position_title: text(input.position_title),
                contact_person: text(input.contact_person),
                contact_phone: input.contact_phone,
                contact_mobile: text(input.contact_mobile),
                contact_email: text(input.contact_email),
                probation_months: input.probation_months,
                probation_salary: input.probation_salary,
                regular_salary: input.regular_salary,
                liquidated_damages: input.liquidated_damages,
                report_place: input.report_place,
                report_deadline: input.report_deadline.map(|date| date.0),
                work_place: input.work_place,
                household_registration: input.household_registration.map(Into::into),
                supplementary_terms: input.supplementary_terms,
            },
        }
    }
}

/// 新建草稿 Begins an agreement that the graduate fills in.
#[derive(InputObject)]
pub(super) struct CreateAgreementDraftInput {
    /// 幂等键 Chosen by the caller, 1 to 60 characters without `/`: the same request sent again gives the same draft.
    idempotency_key: String,
    /// 签约渠道 `OFFLINE` (未签就业协议申请签约) or `REGISTERED` (已签就业协议登记信息).
    channel: AgreementChannel,
    /// 填写信息 What is filled in so far.
    draft: AgreementDraftInput,
}

/// 保存草稿 Keeps what the graduate has filled in.
#[derive(InputObject)]
pub(super) struct SaveAgreementDraftInput {
    /// 就业协议 The agreement.
    agreement_id: ID,
    /// 填写信息 What is filled in, whole.
    draft: AgreementDraftInput,
    /// 预期版本号 The `version` that the viewer has looked at; when given, a changed one is refused with `STALE_VERSION`.
    expected_version: Option<i32>,
}

/// 提交审核 Hands in what is filled in.
#[derive(InputObject)]
pub(super) struct SubmitAgreementInput {
    /// 就业协议 The agreement.
    agreement_id: ID,
    /// 材料 Uploads that are `READY`, and files of the agreement that are to stay, at most nine. At least one of a registration: the
    /// stamped paper.
    files: Option<Vec<ID>>,
    /// 预期版本号 The `version` that the viewer has looked at; when given, a changed one is refused with `STALE_VERSION`.
    expected_version: Option<i32>,
}

#[derive(Serialize)]
struct CreateBody<'a> {
    channel: &'static str,
    draft: &'a Model,
}

/// The steps of the graduate on agreements that he fills in.
#[derive(Default)]
pub struct AgreementFilingMutation;

#[Object]
impl AgreementFilingMutation {
    /// 新建就业协议草稿 The graduate begins to fill in an agreement: to sign offline (§6.1), or to register one that is signed
    /// (§8.1). A draft holds nothing, nobody else sees it, and he may keep twenty.
    ///
    /// Refusals: `CUT_OFF_PASSED`, `INVALID_INPUT`, `STEP_NOT_ALLOWED` (also of a draft too many), `DATA_NOT_CONFIRMED`,
    /// `ONLINE_SIGNING_NOT_ALLOWED`, `IDEMPOTENCY_KEY_REUSED`, `NOT_FOUND` (the draft of this key was given up since).
    async fn create_agreement_draft(
        &self,
        ctx: &Context<'_>,
        input: CreateAgreementDraftInput,
    ) -> async_graphql::Result<AgreementPayload> {
        let viewer = ctx.viewer()?;
        let channel = rules::AgreementChannel::from(input.channel);
        let draft = Model::from(input.draft);
        let body = CreateBody {
            channel: channel.as_str(),
            draft: &draft,
        };
        let key = match idempotency_key(&input.idempotency_key, &body)? {
            Ok(key) => key,
            Err(error) => return Ok(AgreementPayload::refused(vec![error])),
        };
        let platform = &ctx.app().platform;
        let created = step::create_agreement_draft(platform, &viewer, channel, &draft, &key).await;
        AgreementPayload::of_form(created, "idempotencyKey", "draft.")
    }

    /// 保存就业协议草稿 Keeps what the graduate has filled in, also what is not complete or wrong yet: while it is a draft, or
    /// returned to be mended.
    ///
    /// Refusals: `NOT_FOUND`, `CUT_OFF_PASSED`, `INVALID_INPUT`, `STALE_VERSION`, `STEP_NOT_ALLOWED`, `DATA_NOT_CONFIRMED`,
    /// `ONLINE_SIGNING_NOT_ALLOWED`.
    async fn save_agreement_draft(
        &self,
        ctx: &Context<'_>,
        input: SaveAgreementDraftInput,
    ) -> async_graphql::Result<AgreementPayload> {
        let (platform, viewer) = (&ctx.app().platform, ctx.viewer()?);
        let draft = Model::from(input.draft);
        let saved = on(NodeType::Agreement, &input.agreement_id, async |id| {
            step::save_agreement_draft(platform, &viewer, id, &draft, input.expected_version).await
        });
        AgreementPayload::of_form(saved.await, "agreementId", "draft.")
    }

    /// 提交就业协议审核 The graduate hands in what he has filled in (§6.1, §8.1), a registration with pictures of the stamped paper.
    /// From now on this agreement holds him, and the school or department reviews.
    ///
    /// Refusals: `NOT_FOUND`, `CUT_OFF_PASSED`, `INVALID_INPUT` (each field of the draft with its path, and of the files), `STALE_VERSION`, `STEP_NOT_ALLOWED`,
    /// `DATA_NOT_CONFIRMED`, `ALREADY_ENGAGED`, `ONLINE_SIGNING_NOT_ALLOWED`.
    async fn submit_agreement(
        &self,
        ctx: &Context<'_>,
        input: SubmitAgreementInput,
    ) -> async_graphql::Result<AgreementPayload> {
        let step = AgreementStep::Submit(attachable(&input.files.unwrap_or_default()));
        take(ctx, &input.agreement_id, step, input.expected_version).await
    }

    /// 撤回修改 The graduate takes back what he handed in, before a reviewer has decided (§6.1, §6.3, §8.1): terms and registrations
    /// are a draft again, a stamped copy is to be handed in again. He stays held by it.
    ///
    /// Refusals: `NOT_FOUND`, `CUT_OFF_PASSED`, `STALE_VERSION`, `STEP_NOT_ALLOWED`, `DATA_NOT_CONFIRMED`.
    async fn withdraw_agreement(
        &self,
        ctx: &Context<'_>,
        input: AgreementStepInput,
    ) -> async_graphql::Result<AgreementPayload> {
        let step = AgreementStep::Withdraw;
        take(ctx, &input.agreement_id, step, input.expected_version).await
    }

    /// 放弃申请 The graduate gives up an agreement that he fills in himself and that is neither under review nor signed; he is free
    /// then. A draft that was never handed in is gone.
    ///
    /// Refusals: `NOT_FOUND`, `CUT_OFF_PASSED`, `STALE_VERSION`, `STEP_NOT_ALLOWED`, `DATA_NOT_CONFIRMED`.
    async fn discard_agreement(
        &self,
        ctx: &Context<'_>,
        input: AgreementStepInput,
    ) -> async_graphql::Result<AgreementPayload> {
        let (platform, viewer) = (&ctx.app().platform, ctx.viewer()?);
        let discarded = on(NodeType::Agreement, &input.agreement_id, async |id| {
            step::discard_agreement(platform, &viewer, id, input.expected_version).await
        });
        AgreementPayload::of(discarded.await, "agreementId")
    }
}
