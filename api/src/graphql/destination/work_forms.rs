//! The forms of work: with an employer, abroad, in service, on one's own (DESTINATION_FORMS.md, Per type).

use async_graphql::Enum;
use wangqian_schema::destination as model;

use super::{
    super::date::Date,
    blocks::EmployerForm,
    field::{CountryCode, IndustryCode, RegionCode, chosen, form},
};

/// 招录类别 The kind of a public recruitment.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::RecruitmentKind")]
pub enum RecruitmentKind {
    /// 公务员 civil servant
    CivilServant,
    /// 选调生 selected graduate
    SelectedGraduate,
    /// 事业单位 public institution
    PublicInstitution,
    /// 教师 teacher
    Teacher,
    /// 国有企业 state-owned enterprise
    StateOwnedEnterprise,
    /// 其他 other
    Other,
}

/// 合同期限类型 The term of a labour contract.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::ContractTerm")]
pub enum ContractTerm {
    /// 固定期限 fixed
    Fixed,
    /// 无固定期限 open
    Open,
    /// 以完成一定工作任务为期限 until a task is done
    Task,
}

/// 军兵种 The service that a conscript joins.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::ServiceBranch")]
pub enum ServiceBranch {
    /// 陆军 army
    Army,
    /// 海军 navy
    Navy,
    /// 空军 air force
    AirForce,
    /// 火箭军 rocket force
    RocketForce,
    /// 武警部队 armed police
    ArmedPolice,
    /// 其他 other
    Other,
}

/// 项目级别 Who runs a local grassroots programme.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::ProgrammeLevel")]
pub enum ProgrammeLevel {
    /// 省级 a province
    Province,
    /// 市级 a city
    City,
    /// 县级 a county
    County,
}

/// 本人身份 What a founder is in his company.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::BusinessRole")]
pub enum BusinessRole {
    /// 法定代表人 legal representative
    LegalRepresentative,
    /// 股东或合伙人 shareholder or partner
    Shareholder,
    /// 个体工商户经营者 sole proprietor
    SoleProprietor,
    /// 其他创始团队成员 another founder
    OtherFounder,
}

chosen!(
    RecruitmentKind: model::RecruitmentKind,
    ContractTerm: model::ContractTerm,
    ServiceBranch: model::ServiceBranch,
    ProgrammeLevel: model::ProgrammeLevel,
    BusinessRole: model::BusinessRole,
);

form! {
    /// 公招接收函 Hired by public recruitment.
    PublicRecruitmentForm("PublicRecruitmentForm", "PublicRecruitmentInput"): model::PublicRecruitmentDraft {
        /// 用人单位 The employer.
        employer: Option<EmployerForm>,
        /// 招录类别 The kind of recruitment; needed.
        recruitment_kind: Option<RecruitmentKind>,
        /// 接收函文号 Number of the letter, at most 50 characters.
        letter_number: Option<String>,
        /// 接收函日期 Date of the letter, not in the future; needed.
        letter_date: Option<Date>,
    }
}
form! {
    /// 士官 A non-commissioned officer; the unit or recruiting office is the employer and has no credit code.
    NoncommissionedOfficerForm("NoncommissionedOfficerForm", "NoncommissionedOfficerInput"): model::NoncommissionedOfficerDraft {
        /// 部队或招收机构 The unit or recruiting office.
        employer: Option<EmployerForm>,
        /// 入伍日期 Date of enlistment; needed.
        enlisted_on: Option<Date>,
    }
}
form! {
    /// 医学规培 A standardised residency; the hospital is the employer.
    MedicalResidencyForm("MedicalResidencyForm", "MedicalResidencyInput"): model::MedicalResidencyDraft {
        /// 培训基地 The hospital.
        employer: Option<EmployerForm>,
        /// 规培专业 Speciality, at most 50 characters.
        speciality: Option<String>,
        /// 开始日期 Since when; needed.
        start_on: Option<Date>,
        /// 培训时长 Months, 1 to 60; needed.
        months: Option<i32>,
    }
}
form! {
    /// 境外任职 A post with an international organisation or an employer abroad.
    PostAbroadForm("PostAbroadForm", "PostAbroadInput"): model::PostAbroadDraft {
        /// 单位名称 The employer in its own language, or the organisation; 2 to 200 characters.
        employer_name: Option<String>,
        /// 单位行业 Industry, a code of `INDUSTRY`; that of an international organisation is fixed.
        industry: Option<IndustryCode>,
        /// 国家或地区 A code of `COUNTRY`; needed.
        country: Option<CountryCode>,
        /// 职位名称 The post, at most 50 characters.
        position_title: Option<String>,
        /// 开始日期 Since when.
        start_on: Option<Date>,
        /// 任期 Months, 1 to 120.
        months: Option<i32>,
    }
}
form! {
    /// 劳动合同 A labour contract.
    LabourContractForm("LabourContractForm", "LabourContractInput"): model::LabourContractDraft {
        /// 用人单位 The employer.
        employer: Option<EmployerForm>,
        /// 合同开始日期 Since when; needed.
        start_on: Option<Date>,
        /// 合同期限类型 Its term; needed.
        term: Option<ContractTerm>,
        /// 合同结束日期 Until when: needed with a fixed term, none with an open one.
        end_on: Option<Date>,
        /// 月薪 Yuan a month; below the minimum wage there is a warning.
        monthly_pay: Option<i32>,
    }
}
form! {
    /// 其他录用形式就业 Employment that the employer certifies.
    OtherEmploymentForm("OtherEmploymentForm", "OtherEmploymentInput"): model::OtherEmploymentDraft {
        /// 用人单位 The employer.
        employer: Option<EmployerForm>,
        /// 开始日期 Since when; needed.
        start_on: Option<Date>,
        /// 月薪 Yuan a month, not below the region's minimum wage; needed.
        monthly_pay: Option<i32>,
    }
}
form! {
    /// 科研助理、管理助理 A research or administrative assistant; the host is the employer.
    ResearchAssistantForm("ResearchAssistantForm", "ResearchAssistantInput"): model::ResearchAssistantDraft {
        /// 聘用单位 The host.
        employer: Option<EmployerForm>,
        /// 项目或平台 Project or platform, at most 100 characters.
        project: Option<String>,
        /// 项目负责人或导师 Supervisor, at most 30 characters.
        supervisor: Option<String>,
        /// 聘期开始日期 Since when; needed.
        start_on: Option<Date>,
        /// 聘期结束日期 Until when; needed.
        end_on: Option<Date>,
        /// 月薪 Yuan a month, not below the region's minimum wage; needed.
        monthly_pay: Option<i32>,
    }
}
form! {
    /// 定向/委培毕业去向补充登记 Where an oriented or entrusted graduate goes as agreed; the commissioning unit is the employer.
    EntrustedSupplementForm("EntrustedSupplementForm", "EntrustedSupplementInput"): model::EntrustedSupplementDraft {
        /// 定向/委培单位 The commissioning unit.
        employer: Option<EmployerForm>,
        /// 协议编号 Number of the agreement, at most 50 characters.
        agreement_number: Option<String>,
        /// 协议约定地区 The agreed region, a code of `REGION`; needed.
        agreed_region: Option<RegionCode>,
        /// 按协议就业 The graduate's statement that he goes where it was agreed; needed.
        as_agreed: Option<bool>,
    }
}
form! {
    /// 应征义务兵 A conscript.
    ConscriptForm("ConscriptForm", "ConscriptInput"): model::ConscriptDraft {
        /// 征兵办公室所在地 The recruiting office's region, a code of `REGION`; needed.
        office_region: Option<RegionCode>,
        /// 入伍日期 Date of enlistment; needed.
        enlisted_on: Option<Date>,
        /// 军兵种 The service.
        service: Option<ServiceBranch>,
    }
}
form! {
    /// 基层项目 A grassroots programme, national or local.
    GrassrootsForm("GrassrootsForm", "GrassrootsInput"): model::GrassrootsDraft {
        /// 项目名称 Of a local programme, 2 to 50 characters; a national one is named by its code.
        programme: Option<String>,
        /// 项目级别 Of a local programme.
        level: Option<ProgrammeLevel>,
        /// 服务单位 Unit of service, 2 to 100 characters.
        service_unit: Option<String>,
        /// 服务地区 Region of service, a code of `REGION`.
        service_region: Option<RegionCode>,
        /// 服务开始日期 Since when; needed.
        start_on: Option<Date>,
        /// 服务结束日期 Until when; needed of a national programme.
        end_on: Option<Date>,
    }
}
form! {
    /// 创立公司 One's own company or individual business.
    CompanyForm("CompanyForm", "CompanyInput"): model::CompanyDraft {
        /// 企业名称 Name, 2 to 100 characters.
        name: Option<String>,
        /// 统一社会信用代码 Unified social credit code.
        credit_code: Option<String>,
        /// 本人身份 What he is in it; needed.
        role: Option<BusinessRole>,
        /// 持股比例 Per cent, 1 to 100.
        share_percent: Option<i32>,
        /// 成立日期 When it was founded, not in the future; needed.
        founded_on: Option<Date>,
    }
}
form! {
    /// 在孵化机构中创业 A start-up in an incubator.
    IncubatorForm("IncubatorForm", "IncubatorInput"): model::IncubatorDraft {
        /// 孵化机构名称 Name, 2 to 100 characters.
        name: Option<String>,
        /// 孵化协议编号 Number of the agreement, at most 50 characters.
        agreement_number: Option<String>,
    }
}
form! {
    /// 电子商务创业 A shop on a platform.
    ECommerceForm("ECommerceForm", "ECommerceInput"): model::ECommerceDraft {
        /// 平台名称 The platform, at most 50 characters.
        platform: Option<String>,
        /// 网店网址 Address of the shop, with `https://` or `http://`; at most 300 characters.
        shop_url: Option<String>,
        /// 网店名称 Name of the shop, at most 50 characters.
        shop_name: Option<String>,
    }
}
form! {
    /// 自由职业 Free work.
    FreelanceForm("FreelanceForm", "FreelanceInput"): model::FreelanceDraft {
        /// 职业 Occupation, at most 50 characters.
        occupation: Option<String>,
        /// 收入来源 Source of income, at most 200 characters.
        income_source: Option<String>,
        /// 从业地区 Where he works, a code of `REGION`: whose minimum wage holds.
        region: Option<RegionCode>,
        /// 月收入 Yuan a month, not below the region's minimum wage.
        monthly_income: Option<i32>,
    }
}
