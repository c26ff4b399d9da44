//! The types that name an employer of the mainland (DESTINATION_FORMS.md, Per type; `EMPLOYER` and `MILITARY` in the list).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{
    Part,
    checker::{Checker, TooLittle},
    employer::{EmployerBlock, EmployerDraft, EmployerRule},
};
use crate::{codes::CodeList, text_enum::text_enum};

text_enum! {
    /// 招录类别 the kind of a public recruitment.
    pub enum RecruitmentKind {
        /// 公务员
        CivilServant = "CIVIL_SERVANT",
        /// 选调生
        SelectedGraduate = "SELECTED_GRADUATE",
        /// 事业单位
        PublicInstitution = "PUBLIC_INSTITUTION",
        /// 教师
        Teacher = "TEACHER",
        /// 国有企业
        StateOwnedEnterprise = "STATE_OWNED_ENTERPRISE",
        /// 其他
        Other = "OTHER",
    }
}

text_enum! {
    /// 合同期限类型 the term of a labour contract (labour contract law, article 12).
    pub enum ContractTerm {
        /// 固定期限
        Fixed = "FIXED",
        /// 无固定期限
        Open = "OPEN",
        /// 以完成一定工作任务为期限
        Task = "TASK",
    }
}

/// 公招接收函 hired by public recruitment, with a sealed letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicRecruitment {
    /// 用人单位
    pub employer: EmployerBlock,
    /// 招录类别
    pub recruitment_kind: RecruitmentKind,
    /// 接收函文号, at most 50 characters.
    pub letter_number: Option<String>,
    /// 接收函日期
    pub letter_date: NaiveDate,
}

/// [`PublicRecruitment`] as somebody filled it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each field is the unchecked one of PublicRecruitment")]
pub struct PublicRecruitmentDraft {
    pub employer: EmployerDraft,
    pub recruitment_kind: Option<RecruitmentKind>,
    pub letter_number: Option<String>,
    pub letter_date: Option<NaiveDate>,
}

impl Part for PublicRecruitmentDraft {
    type Checked = PublicRecruitment;

    fn check(&self, check: &mut Checker<'_>) -> Option<PublicRecruitment> {
        let employer = self.employer.check(check, EmployerRule::default());
        let recruitment_kind = check.chosen("recruitmentKind", self.recruitment_kind);
        let letter_number = check.optional("letterNumber", &self.letter_number, 50);
        let letter_date = check.past("letterDate", self.letter_date);
        Some(PublicRecruitment {
            employer: employer?,
            recruitment_kind: recruitment_kind?,
            letter_number,
            letter_date: letter_date?,
        })
    }
}

/// 士官 a non-commissioned officer. The unit or recruiting office is the employer: nature, industry and position are those
/// of the armed forces, and there is no credit code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoncommissionedOfficer {
    /// 部队或招收机构
    pub employer: EmployerBlock,
    /// 入伍日期
    pub enlisted_on: NaiveDate,
}

/// [`NoncommissionedOfficer`] as somebody filled it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    missing_docs,
    reason = "each field is the unchecked one of NoncommissionedOfficer"
)]
pub struct NoncommissionedOfficerDraft {
    pub employer: EmployerDraft,
    pub enlisted_on: Option<NaiveDate>,
}

impl Part for NoncommissionedOfficerDraft {
    type Checked = NoncommissionedOfficer;

    fn check(&self, check: &mut Checker<'_>) -> Option<NoncommissionedOfficer> {
        let armed_forces = EmployerRule {
            no_credit_code: true,
            nature: Some("40"),
            industry: Some("80"),
            position_category: Some("80"),
        };
        let employer = self.employer.check(check, armed_forces);
        let enlisted_on = check.date("enlistedOn", self.enlisted_on);
        Some(NoncommissionedOfficer {
            employer: employer?,
            enlisted_on: enlisted_on?,
        })
    }
}

/// 医学规培 a standardised residency. The hospital is the employer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MedicalResidency {
    /// 培训基地（医院）
    pub employer: EmployerBlock,
    /// 规培专业, at most 50 characters.
    pub speciality: Option<String>,
    /// 开始日期
    pub start_on: NaiveDate,
    /// 培训时长 in months, 1 to 60.
    pub months: u8,
}

/// [`MedicalResidency`] as somebody filled it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each field is the unchecked one of MedicalResidency")]
pub struct MedicalResidencyDraft {
    pub employer: EmployerDraft,
    pub speciality: Option<String>,
    pub start_on: Option<NaiveDate>,
    pub months: Option<i32>,
}

impl Part for MedicalResidencyDraft {
    type Checked = MedicalResidency;

    fn check(&self, check: &mut Checker<'_>) -> Option<MedicalResidency> {
        let hospital = EmployerRule {
            nature: Some("23"),
            ..EmployerRule::default()
        };
        let employer = self.employer.check(check, hospital);
        let speciality = check.optional("speciality", &self.speciality, 50);
        let start_on = check.date("startOn", self.start_on);
        let months = check.chosen("months", self.months);
        let months = check.optional_number("months", months, 1..=60, "个月");
        Some(MedicalResidency {
            employer: employer?,
            speciality,
            start_on: start_on?,
            months: months?,
        })
    }
}

/// 签劳动合同形式就业 a labour contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabourContract {
    /// 用人单位
    pub employer: EmployerBlock,
    /// 合同开始日期
    pub start_on: NaiveDate,
    /// 合同期限类型
    pub term: ContractTerm,
    /// 合同结束日期: there with a fixed term, never with an open one.
    pub end_on: Option<NaiveDate>,
    /// 月薪 in yuan.
    pub monthly_pay: Option<u32>,
}

/// [`LabourContract`] as somebody filled it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each field is the unchecked one of LabourContract")]
pub struct LabourContractDraft {
    pub employer: EmployerDraft,
    pub start_on: Option<NaiveDate>,
    pub term: Option<ContractTerm>,
    pub end_on: Option<NaiveDate>,
    pub monthly_pay: Option<i32>,
}

impl Part for LabourContractDraft {
    type Checked = LabourContract;

    fn check(&self, check: &mut Checker<'_>) -> Option<LabourContract> {
        let employer = self.employer.check(check, EmployerRule::default());
        let start_on = check.date("startOn", self.start_on);
        let term = check.chosen("term", self.term);
        let end_on = match term {
            Some(ContractTerm::Fixed) => check.end("endOn", self.start_on, self.end_on),
            Some(ContractTerm::Open) => {
                check.not_asked("endOn", self.end_on.is_some());
                None
            }
            Some(ContractTerm::Task) | None => check.optional_end("endOn", self.start_on, self.end_on),
        };
        let monthly_pay = check.optional_pay("monthlyPay", self.monthly_pay);
        let employer = employer?;
        check.minimum_wage("monthlyPay", monthly_pay, &employer.region, TooLittle::Warned);
        Some(LabourContract {
            employer,
            start_on: start_on?,
            term: term?,
            end_on,
            monthly_pay,
        })
    }
}

/// 其他录用形式就业 employment proved by the employer's certificate or by one's own income.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherEmployment {
    /// 用人单位
    pub employer: EmployerBlock,
    /// 开始日期
    pub start_on: NaiveDate,
    /// 月薪 in yuan, not below the region's minimum wage.
    pub monthly_pay: u32,
}

/// [`OtherEmployment`] as somebody filled it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each field is the unchecked one of OtherEmployment")]
pub struct OtherEmploymentDraft {
    pub employer: EmployerDraft,
    pub start_on: Option<NaiveDate>,
    pub monthly_pay: Option<i32>,
}

impl Part for OtherEmploymentDraft {
    type Checked = OtherEmployment;

    fn check(&self, check: &mut Checker<'_>) -> Option<OtherEmployment> {
        let employer = self.employer.check(check, EmployerRule::default());
        let start_on = check.date("startOn", self.start_on);
        let monthly_pay = check.pay("monthlyPay", self.monthly_pay);
        let region = self.employer.region.as_deref().unwrap_or_default();
        check.minimum_wage("monthlyPay", monthly_pay, region, TooLittle::Refused);
        Some(OtherEmployment {
            employer: employer?,
            start_on: start_on?,
            monthly_pay: monthly_pay?,
        })
    }
}

/// 科研助理、管理助理 a research or administrative assistant, or postdoctoral entry. The host is the employer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResearchAssistant {
    /// 聘用单位
    pub employer: EmployerBlock,
    /// 项目或平台, at most 100 characters.
    pub project: Option<String>,
    /// 项目负责人或导师, at most 30 characters.
    pub supervisor: Option<String>,
    /// 聘期开始日期
    pub start_on: NaiveDate,
    /// 聘期结束日期
    pub end_on: NaiveDate,
    /// 月薪 in yuan, not below the region's minimum wage.
    pub monthly_pay: u32,
}

/// [`ResearchAssistant`] as somebody filled it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each field is the unchecked one of ResearchAssistant")]
pub struct ResearchAssistantDraft {
    pub employer: EmployerDraft,
    pub project: Option<String>,
    pub supervisor: Option<String>,
    pub start_on: Option<NaiveDate>,
    pub end_on: Option<NaiveDate>,
    pub monthly_pay: Option<i32>,
}

impl Part for ResearchAssistantDraft {
    type Checked = ResearchAssistant;

    fn check(&self, check: &mut Checker<'_>) -> Option<ResearchAssistant> {
        let employer = self.employer.check(check, EmployerRule::default());
        let project = check.optional("project", &self.project, 100);
        let supervisor = check.optional("supervisor", &self.supervisor, 30);
        let start_on = check.date("startOn", self.start_on);
        let end_on = check.end("endOn", self.start_on, self.end_on);
        let monthly_pay = check.pay("monthlyPay", self.monthly_pay);
        let region = self.employer.region.as_deref().unwrap_or_default();
        check.minimum_wage("monthlyPay", monthly_pay, region, TooLittle::Refused);
        Some(ResearchAssistant {
            employer: employer?,
            project,
            supervisor,
            start_on: start_on?,
            end_on: end_on?,
            monthly_pay: monthly_pay?,
        })
    }
}

/// 定向/委培毕业去向补充登记 what an oriented or entrusted graduate goes to, as agreed before (§9.1). The commissioning unit
/// is the employer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntrustedSupplement {
    /// 定向/委培单位
    pub employer: EmployerBlock,
    /// 协议编号, at most 50 characters.
    pub agreement_number: Option<String>,
    /// 协议约定地区, a code of [`CodeList::Region`].
    pub agreed_region: String,
}

/// [`EntrustedSupplement`] as somebody filled it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    missing_docs,
    reason = "each field is the unchecked one of EntrustedSupplement"
)]
pub struct EntrustedSupplementDraft {
    pub employer: EmployerDraft,
    pub agreement_number: Option<String>,
    pub agreed_region: Option<String>,
    /// 按协议就业 the statement that he goes where it was agreed.
    pub as_agreed: bool,
}

impl Part for EntrustedSupplementDraft {
    type Checked = EntrustedSupplement;

    fn check(&self, check: &mut Checker<'_>) -> Option<EntrustedSupplement> {
        let employer = self.employer.check(check, EmployerRule::default());
        let agreement_number = check.optional("agreementNumber", &self.agreement_number, 50);
        let agreed_region = check.code("agreedRegion", CodeList::Region, &self.agreed_region);
        check.ticked("asAgreed", self.as_agreed);
        Some(EntrustedSupplement {
            employer: employer?,
            agreement_number,
            agreed_region,
        })
    }
}
