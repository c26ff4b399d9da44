//! A destination as it is filled in and read: what all types have, and the type's own fields as a union, or as a oneOf input.

use async_graphql::{Enum, InputObject, OneofObject, SimpleObject, Union};
use wangqian_schema::destination::{self as model, BusinessDraft, DestinationDraft, DetailsDraft};

use super::{super::date::Date, blocks::*, field::Held, field::NationalCode, other_forms::*, work_forms::*};

/// 毕业去向类型 The type of a destination.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::DestinationType")]
pub enum DestinationType {
    /// 公招接收函 public recruitment
    PublicRecruitment,
    /// 士官 non-commissioned officer
    NoncommissionedOfficer,
    /// 医学规培 medical residency
    MedicalResidency,
    /// 国际组织任职 international organisation
    InternationalOrganisation,
    /// 出国出境工作 work abroad
    WorkAbroad,
    /// 签劳动合同形式就业 labour contract
    LabourContract,
    /// 其他录用形式就业 other employment
    OtherEmployment,
    /// 科研助理、管理助理 research or administrative assistant
    ResearchAssistant,
    /// 应征义务兵 conscript
    Conscript,
    /// 国家基层项目 national grassroots programme
    NationalGrassroots,
    /// 地方基层项目 local grassroots programme
    LocalGrassroots,
    /// 自主创业 own business
    SelfEmployed,
    /// 自由职业 free work
    Freelance,
    /// 专升本 from college to bachelor
    UpgradeToBachelor,
    /// 考研 postgraduate study
    Postgraduate,
    /// 第二学士学位 second bachelor's degree
    SecondBachelor,
    /// 出国出境深造 study abroad
    StudyAbroad,
    /// 定向/委培毕业去向补充登记 oriented or entrusted
    EntrustedSupplement,
    /// 待就业 seeks employment
    Seeking,
    /// 不就业拟升学 prepares for further study
    PreparingStudy,
    /// 其他暂不就业 does not seek employment for now
    NotSeeking,
}

/// 去向类型信息 A type's own fields. Types of like shape share one; which type it is, `Destination.destinationType` says.
#[derive(Union)]
pub enum DestinationDetails {
    /// 公招接收函
    PublicRecruitment(PublicRecruitmentForm),
    /// 士官
    NoncommissionedOfficer(NoncommissionedOfficerForm),
    /// 医学规培
    MedicalResidency(MedicalResidencyForm),
    /// 国际组织任职、出国出境工作
    PostAbroad(PostAbroadForm),
    /// 签劳动合同形式就业
    LabourContract(LabourContractForm),
    /// 其他录用形式就业
    OtherEmployment(OtherEmploymentForm),
    /// 科研助理、管理助理
    ResearchAssistant(ResearchAssistantForm),
    /// 应征义务兵
    Conscript(ConscriptForm),
    /// 国家基层项目、地方基层项目
    Grassroots(GrassrootsForm),
    /// 自主创业：创立公司
    Company(CompanyForm),
    /// 自主创业：在孵化机构中
    Incubator(IncubatorForm),
    /// 自主创业：电子商务
    ECommerce(ECommerceForm),
    /// 自由职业
    Freelance(FreelanceForm),
    /// 考研、第二学士学位、专升本
    Study(StudyForm),
    /// 出国出境深造
    StudyAbroad(StudyAbroadForm),
    /// 定向/委培毕业去向补充登记
    EntrustedSupplement(EntrustedSupplementForm),
    /// 待就业
    Seeking(SeekingForm),
    /// 不就业拟升学
    PreparingStudy(PreparingStudyForm),
    /// 其他暂不就业
    NotSeeking(NotSeekingForm),
}

impl From<DetailsDraft> for DestinationDetails {
    fn from(details: DetailsDraft) -> Self {
        use DetailsDraft as Of;
        match details {
            Of::PublicRecruitment(form) => Self::PublicRecruitment(form.into()),
            Of::NoncommissionedOfficer(form) => Self::NoncommissionedOfficer(form.into()),
            Of::MedicalResidency(form) => Self::MedicalResidency(form.into()),
            Of::InternationalOrganisation(form) | Of::WorkAbroad(form) => Self::PostAbroad(form.into()),
            Of::LabourContract(form) => Self::LabourContract(form.into()),
            Of::OtherEmployment(form) => Self::OtherEmployment(form.into()),
            Of::ResearchAssistant(form) => Self::ResearchAssistant(form.into()),
            Of::Conscript(form) => Self::Conscript(form.into()),
            Of::NationalGrassroots(form) | Of::LocalGrassroots(form) => Self::Grassroots(form.into()),
            Of::SelfEmployed(BusinessDraft::Company(form)) => Self::Company(form.into()),
            Of::SelfEmployed(BusinessDraft::Incubator(form)) => Self::Incubator(form.into()),
            Of::SelfEmployed(BusinessDraft::ECommerce(form)) => Self::ECommerce(form.into()),
            Of::Freelance(form) => Self::Freelance(form.into()),
            Of::UpgradeToBachelor(form) | Of::Postgraduate(form) | Of::SecondBachelor(form) => {
                Self::Study(form.into())
            }
            Of::StudyAbroad(form) => Self::StudyAbroad(form.into()),
            Of::EntrustedSupplement(form) => Self::EntrustedSupplement(form.into()),
            Of::Seeking(form) => Self::Seeking(form.into()),
            Of::PreparingStudy(form) => Self::PreparingStudy(form.into()),
            Of::NotSeeking(form) => Self::NotSeeking(form.into()),
        }
    }
}

/// 创业形式 One's own business, in one of three shapes.
#[derive(OneofObject, Clone, Debug)]
pub enum BusinessInput {
    /// 创立公司 A company or individual business.
    Company(CompanyForm),
    /// 在孵化机构中创业 In an incubator.
    Incubator(IncubatorForm),
    /// 电子商务创业 A shop on a platform.
    #[graphql(name = "eCommerce")]
    ECommerce(ECommerceForm),
}

impl From<BusinessInput> for BusinessDraft {
    fn from(input: BusinessInput) -> Self {
        match input {
            BusinessInput::Company(form) => Self::Company(form.into()),
            BusinessInput::Incubator(form) => Self::Incubator(form.into()),
            BusinessInput::ECommerce(form) => Self::ECommerce(form.into()),
        }
    }
}

/// 去向类型信息 The type that is chosen, with its own fields.
#[derive(OneofObject, Clone, Debug)]
pub enum DestinationDetailsInput {
    /// 公招接收函 Public recruitment.
    PublicRecruitment(PublicRecruitmentForm),
    /// 士官 Non-commissioned officer.
    NoncommissionedOfficer(NoncommissionedOfficerForm),
    /// 医学规培 Medical residency.
    MedicalResidency(MedicalResidencyForm),
    /// 国际组织任职 International organisation.
    InternationalOrganisation(PostAbroadForm),
    /// 出国出境工作 Work abroad.
    WorkAbroad(PostAbroadForm),
    /// 签劳动合同形式就业 Labour contract.
    LabourContract(LabourContractForm),
    /// 其他录用形式就业 Other employment.
    OtherEmployment(OtherEmploymentForm),
    /// 科研助理、管理助理 Research or administrative assistant.
    ResearchAssistant(ResearchAssistantForm),
    /// 应征义务兵 Conscript.
    Conscript(ConscriptForm),
    /// 国家基层项目 National grassroots programme.
    NationalGrassroots(GrassrootsForm),
    /// 地方基层项目 Local grassroots programme.
    LocalGrassroots(GrassrootsForm),
    /// 自主创业 Own business.
    SelfEmployed(BusinessInput),
    /// 自由职业 Free work.
    Freelance(FreelanceForm),
    /// 专升本 From college to bachelor.
    UpgradeToBachelor(StudyForm),
    /// 考研 Postgraduate study.
    Postgraduate(StudyForm),
    /// 第二学士学位 Second bachelor's degree.
    SecondBachelor(StudyForm),
    /// 出国出境深造 Study abroad.
    StudyAbroad(StudyAbroadForm),
    /// 定向/委培毕业去向补充登记 Oriented or entrusted.
    EntrustedSupplement(EntrustedSupplementForm),
    /// 待就业 Seeks employment.
    Seeking(SeekingForm),
    /// 不就业拟升学 Prepares for further study.
    PreparingStudy(PreparingStudyForm),
    /// 其他暂不就业 Does not seek employment for now.
    NotSeeking(NotSeekingForm),
}

impl From<DestinationDetailsInput> for DetailsDraft {
    fn from(input: DestinationDetailsInput) -> Self {
        macro_rules! alike {
            ($($variant:ident),+) => {
                match input { $(DestinationDetailsInput::$variant(form) => Self::$variant(form.into())),+ }
            };
        }
        alike!(
            PublicRecruitment,
            NoncommissionedOfficer,
            MedicalResidency,
            InternationalOrganisation,
            WorkAbroad,
            LabourContract,
            OtherEmployment,
            ResearchAssistant,
            Conscript,
            NationalGrassroots,
            LocalGrassroots,
            SelfEmployed,
            Freelance,
            UpgradeToBachelor,
            Postgraduate,
            SecondBachelor,
            StudyAbroad,
            EntrustedSupplement,
            Seeking,
            PreparingStudy,
            NotSeeking
        )
    }
}

/// 去向信息 What is filled in of a destination. What was handed in is complete and right; a draft is as it was typed.
#[derive(SimpleObject)]
pub struct DestinationForm {
    /// 去向代码 The national code, an entry of `DESTINATION_CODE`.
    national_code: Option<NationalCode>,
    /// 签订日期 When it was signed.
    signed_on: Option<Date>,
    /// 备注 A remark.
    remark: Option<String>,
    /// 本人承诺 Whether the graduate has ticked that all of it is true.
    truthful: bool,
    /// 档案户口信息 Archive and household, where filled in.
    archive: Option<ArchiveForm>,
    /// 去向类型信息 The type's own fields.
    details: DestinationDetails,
}

impl From<DestinationDraft> for DestinationForm {
    fn from(draft: DestinationDraft) -> Self {
        Self {
            national_code: Held::of(draft.national_code),
            signed_on: Held::of(draft.signed_on),
            remark: draft.remark,
            truthful: draft.truthful,
            archive: draft.archive.map(Into::into),
            details: draft.details.into(),
        }
    }
}

/// 去向信息填写 What is filled in of a destination, whole: a field that is left out is empty from then on. It need not be complete or right
/// before it is handed in; no text may have more than 2,000 characters. Errors, warnings and changes name a field from its form:
/// `startOn`, `employer.creditCode`, `archive.route`, `nationalCode`.
#[derive(InputObject, Clone, Debug)]
pub struct DestinationFormInput {
    /// 去向代码 A code of `DESTINATION_CODE` that the type may have; may be left out where there is only one.
    national_code: Option<String>,
    /// 签订日期 When it was signed, not in the future; whether it is needed, `offeredDestinationTypes` says.
    signed_on: Option<Date>,
    /// 备注 A remark, at most 500 characters.
    remark: Option<String>,
    /// 本人承诺 The graduate's statement that all of it is true: needed to hand it in. A reviewer who changes it leaves it as it is.
    truthful: Option<bool>,
    /// 档案户口信息 Archive and household, where known already.
    archive: Option<ArchiveForm>,
    /// 去向类型信息 The type that is chosen, with its own fields.
    details: DestinationDetailsInput,
}

impl From<DestinationFormInput> for DestinationDraft {
    fn from(input: DestinationFormInput) -> Self {
        Self {
            national_code: input.national_code,
            signed_on: input.signed_on.model(),
            remark: input.remark,
            truthful: input.truthful.unwrap_or_default(),
            archive: input.archive.map(Into::into),
            details: input.details.into(),
        }
    }
}
