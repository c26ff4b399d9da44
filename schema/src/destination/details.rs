//! The fields of each type, as one value: which type a form is of, and which struct holds its fields.

use serde::{Deserialize, Serialize};

use super::{
    DestinationType, EmployerBlock, abroad::*, business::*, checker::Checker, intention::*, service::*,
    study::*, work::*,
};

/// A type's own fields, as somebody filled them in.
pub(super) trait Part {
    type Checked;

    /// Checks all of them. `None` only with an error put down.
    fn check(&self, check: &mut Checker<'_>) -> Option<Self::Checked>;
}

macro_rules! details {
    ($($(#[$doc:meta])* $variant:ident = $word:literal: $draft:ty => $checked:ty,)+) => {
        /// The type of a destination with its own fields. Types of like shape share a struct.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "type")]
        pub enum Details {
            $($(#[$doc])* #[serde(rename = $word)] $variant($checked),)+
        }

        /// The type of a destination with its own fields, as somebody filled them in.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "type")]
        pub enum DetailsDraft {
            $($(#[$doc])* #[serde(rename = $word)] $variant($draft),)+
        }

        impl Details {
            /// 去向类型
            pub const fn destination_type(&self) -> DestinationType {
                match self { $(Self::$variant(_) => DestinationType::$variant),+ }
            }
        }

        impl DetailsDraft {
            /// A form of the type in which nothing is filled in.
            pub fn empty(of: DestinationType) -> Self {
                match of { $(DestinationType::$variant => Self::$variant(<$draft>::default())),+ }
            }

            /// 去向类型
            pub const fn destination_type(&self) -> DestinationType {
                match self { $(Self::$variant(_) => DestinationType::$variant),+ }
            }

            pub(super) fn check(&self, check: &mut Checker<'_>) -> Option<Details> {
                match self { $(Self::$variant(draft) => draft.check(check).map(Details::$variant)),+ }
            }
        }
    };
}

details! {
    /// 公招接收函
    PublicRecruitment = "PUBLIC_RECRUITMENT": PublicRecruitmentDraft => PublicRecruitment,
    /// 士官
    NoncommissionedOfficer = "NONCOMMISSIONED_OFFICER": NoncommissionedOfficerDraft => NoncommissionedOfficer,
    /// 医学规培
    MedicalResidency = "MEDICAL_RESIDENCY": MedicalResidencyDraft => MedicalResidency,
    /// 国际组织任职
    InternationalOrganisation = "INTERNATIONAL_ORGANISATION": PostAbroadDraft => PostAbroad,
    /// 出国出境工作
    WorkAbroad = "WORK_ABROAD": PostAbroadDraft => PostAbroad,
    /// 签劳动合同形式就业
    LabourContract = "LABOUR_CONTRACT": LabourContractDraft => LabourContract,
    /// 其他录用形式就业
    OtherEmployment = "OTHER_EMPLOYMENT": OtherEmploymentDraft => OtherEmployment,
    /// 科研助理、管理助理
    ResearchAssistant = "RESEARCH_ASSISTANT": ResearchAssistantDraft => ResearchAssistant,
    /// 应征义务兵
    Conscript = "CONSCRIPT": ConscriptDraft => Conscript,
    /// 国家基层项目
    NationalGrassroots = "NATIONAL_GRASSROOTS": GrassrootsDraft => Grassroots,
    /// 地方基层项目
    LocalGrassroots = "LOCAL_GRASSROOTS": GrassrootsDraft => Grassroots,
    /// 自主创业
    SelfEmployed = "SELF_EMPLOYED": BusinessDraft => Business,
    /// 自由职业
    Freelance = "FREELANCE": FreelanceDraft => Freelance,
    /// 专升本
    UpgradeToBachelor = "UPGRADE_TO_BACHELOR": StudyDraft => Study,
    /// 考研
    Postgraduate = "POSTGRADUATE": StudyDraft => Study,
    /// 第二学士学位
    SecondBachelor = "SECOND_BACHELOR": StudyDraft => Study,
    /// 出国出境深造
    StudyAbroad = "STUDY_ABROAD": StudyAbroadDraft => StudyAbroad,
    /// 定向/委培毕业去向补充登记
    EntrustedSupplement = "ENTRUSTED_SUPPLEMENT": EntrustedSupplementDraft => EntrustedSupplement,
    /// 待就业
    Seeking = "SEEKING": SeekingDraft => Seeking,
    /// 不就业拟升学
    PreparingStudy = "PREPARING_STUDY": PreparingStudyDraft => PreparingStudy,
    /// 其他暂不就业
    NotSeeking = "NOT_SEEKING": NotSeekingDraft => NotSeeking,
}

impl Details {
    /// 用人单位 the employer's block, of the types that have one.
    pub const fn employer(&self) -> Option<&EmployerBlock> {
        Some(match self {
            Self::PublicRecruitment(part) => &part.employer,
            Self::NoncommissionedOfficer(part) => &part.employer,
            Self::MedicalResidency(part) => &part.employer,
            Self::LabourContract(part) => &part.employer,
            Self::OtherEmployment(part) => &part.employer,
            Self::ResearchAssistant(part) => &part.employer,
            Self::EntrustedSupplement(part) => &part.employer,
            Self::InternationalOrganisation(_)
            | Self::WorkAbroad(_)
            | Self::Conscript(_)
            | Self::NationalGrassroots(_)
            | Self::LocalGrassroots(_)
            | Self::SelfEmployed(_)
            | Self::Freelance(_)
            | Self::UpgradeToBachelor(_)
            | Self::Postgraduate(_)
            | Self::SecondBachelor(_)
            | Self::StudyAbroad(_)
            | Self::Seeking(_)
            | Self::PreparingStudy(_)
            | Self::NotSeeking(_) => return None,
        })
    }
}
