//! The types of destination and what is fixed for each of them (§9.1 figure 27; `codes/destination_types.csv`).

use std::{ops::RangeInclusive, sync::LazyLock};

use super::archive::{ArchiveRoute, ArchiveRule};
use crate::{
    codes::{Code, CodeList},
    text_enum::text_enum,
};

text_enum! {
    /// 毕业去向类型 the type of a destination that needs no agreement.
    pub enum DestinationType {
        /// 公招接收函
        PublicRecruitment = "PUBLIC_RECRUITMENT",
        /// 士官
        NoncommissionedOfficer = "NONCOMMISSIONED_OFFICER",
        /// 医学规培
        MedicalResidency = "MEDICAL_RESIDENCY",
        /// 国际组织任职
        InternationalOrganisation = "INTERNATIONAL_ORGANISATION",
        /// 出国出境工作
        WorkAbroad = "WORK_ABROAD",
        /// 签劳动合同形式就业
        LabourContract = "LABOUR_CONTRACT",
        /// 其他录用形式就业
        OtherEmployment = "OTHER_EMPLOYMENT",
        /// 科研助理、管理助理
        ResearchAssistant = "RESEARCH_ASSISTANT",
        /// 应征义务兵
        Conscript = "CONSCRIPT",
        /// 国家基层项目
        NationalGrassroots = "NATIONAL_GRASSROOTS",
        /// 地方基层项目
        LocalGrassroots = "LOCAL_GRASSROOTS",
        /// 自主创业
        SelfEmployed = "SELF_EMPLOYED",
        /// 自由职业
        Freelance = "FREELANCE",
        /// 专升本
        UpgradeToBachelor = "UPGRADE_TO_BACHELOR",
        /// 考研
        Postgraduate = "POSTGRADUATE",
        /// 第二学士学位
        SecondBachelor = "SECOND_BACHELOR",
        /// 出国出境深造
        StudyAbroad = "STUDY_ABROAD",
        /// 定向/委培毕业去向补充登记
        EntrustedSupplement = "ENTRUSTED_SUPPLEMENT",
        /// 待就业
        Seeking = "SEEKING",
        /// 不就业拟升学
        PreparingStudy = "PREPARING_STUDY",
        /// 其他暂不就业
        NotSeeking = "NOT_SEEKING",
    }
}

/// What a line of `destination_types.csv` says of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeFacts {
    /// Chinese name, as printed.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// 证明材料 what proves it, for the form; empty where nothing has to be proved.
    pub proof: String,
    /// 去向代码 the national codes it may be registered under, those that may no longer be chosen included.
    pub national_codes: Vec<String>,
}

static FACTS: LazyLock<Vec<TypeFacts>> = LazyLock::new(read);

#[expect(
    clippy::expect_used,
    reason = "the list is compiled in and a test reads all of it"
)]
fn read() -> Vec<TypeFacts> {
    let mut reader = csv::Reader::from_reader(include_str!("../../codes/destination_types.csv").as_bytes());
    let headers = reader.headers().expect("a header line").clone();
    let records: Vec<_> = reader
        .records()
        .collect::<Result<_, _>>()
        .expect("readable lines");
    let text = |record: &csv::StringRecord, name: &str| {
        let column = headers.iter().position(|header| header == name);
        record[column.expect("the column")].to_owned()
    };
    DestinationType::ALL
        .iter()
        .map(|of| {
            let record = records
                .iter()
                .find(|record| text(record, "code") == of.as_str())
                .expect("a line for every type");
            TypeFacts {
                name_zh: text(record, "name_zh"),
                name_en: text(record, "name_en"),
                proof: text(record, "proof"),
                national_codes: text(record, "official_codes")
                    .split('|')
                    .map(str::to_owned)
                    .collect(),
            }
        })
        .collect()
}

/// Most files of proof (DESTINATION_FORMS.md B4).
const MOST_PROOFS: usize = 9;

impl DestinationType {
    /// What the list says of it.
    pub fn facts(self) -> &'static TypeFacts {
        &FACTS[self as usize]
    }

    /// Chinese name, as printed.
    pub fn name_zh(self) -> &'static str {
        &self.facts().name_zh
    }

    /// 证明材料 what proves it, for the form; `None` where nothing has to be proved.
    pub fn proof_text(self) -> Option<&'static str> {
        Some(self.facts().proof.as_str()).filter(|proof| !proof.is_empty())
    }

    /// 去向代码 the national codes that may be chosen now, in the order of the list.
    pub fn national_codes(self) -> impl Iterator<Item = &'static Code> {
        self.facts()
            .national_codes
            .iter()
            .filter_map(|code| CodeList::DestinationCode.get(code))
            .filter(|code| code.active)
    }

    /// Whether proof has to be handed in: always, but where the graduate says only what he intends.
    pub const fn proof_required(self) -> bool {
        !matches!(self, Self::Seeking | Self::PreparingStudy | Self::NotSeeking)
    }

    /// How many files of proof there are (DESTINATION_FORMS.md B4).
    pub const fn proof_files(self) -> RangeInclusive<usize> {
        match self.proof_required() {
            true => 1..=MOST_PROOFS,
            false => 0..=0,
        }
    }

    /// 签订日期 whether it is asked for (DESTINATION_FORMS.md B5): required where both sides sign what is handed in as
    /// proof, possible where they may have, and not asked for where nobody signs or the letter has a date of its own.
    pub const fn signing_date(self) -> Asked {
        match self {
            Self::LabourContract | Self::ResearchAssistant | Self::EntrustedSupplement => Asked::Required,
            Self::NoncommissionedOfficer
            | Self::MedicalResidency
            | Self::InternationalOrganisation
            | Self::WorkAbroad
            | Self::OtherEmployment
            | Self::NationalGrassroots
            | Self::LocalGrassroots => Asked::Optional,
            Self::PublicRecruitment
            | Self::Conscript
            | Self::SelfEmployed
            | Self::Freelance
            | Self::UpgradeToBachelor
            | Self::Postgraduate
            | Self::SecondBachelor
            | Self::StudyAbroad
            | Self::Seeking
            | Self::PreparingStudy
            | Self::NotSeeking => Asked::No,
        }
    }

    /// What of the archive block its form shows and expects (DESTINATION_FORMS.md, column "blocks").
    pub const fn archive(self) -> ArchiveRule {
        let asked = ArchiveRule {
            asked: true,
            light: false,
            usual_route: None,
        };
        match self {
            Self::PublicRecruitment
            | Self::LabourContract
            | Self::OtherEmployment
            | Self::ResearchAssistant
            | Self::EntrustedSupplement
            | Self::Seeking
            | Self::PreparingStudy
            | Self::NotSeeking => asked,
            Self::NationalGrassroots | Self::LocalGrassroots => ArchiveRule { light: true, ..asked },
            Self::UpgradeToBachelor | Self::Postgraduate | Self::SecondBachelor => ArchiveRule {
                usual_route: Some(ArchiveRoute::AdmittingSchool),
                ..asked
            },
            Self::StudyAbroad => ArchiveRule {
                usual_route: Some(ArchiveRoute::Origin),
                ..asked
            },
            Self::NoncommissionedOfficer
            | Self::MedicalResidency
            | Self::InternationalOrganisation
            | Self::WorkAbroad
            | Self::Conscript
            | Self::SelfEmployed
            | Self::Freelance => ArchiveRule {
                asked: false,
                ..asked
            },
        }
    }
}

/// Whether a form asks for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// 必填
    Required,
    /// 选填
    Optional,
    /// 不填
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_list_is_a_type_and_every_code_can_be_chosen() {
        let lines = include_str!("../../codes/destination_types.csv").lines().skip(1);
        let words: Vec<_> = lines.filter_map(|line| line.split(',').next()).collect();
        let types: Vec<_> = DestinationType::ALL.iter().map(|of| of.as_str()).collect();
        assert_eq!(types, words, "21 types, in the order of the list");
        assert_eq!(types.len(), 21);
        for of in DestinationType::ALL {
            let codes = &of.facts().national_codes;
            assert_eq!(of.national_codes().count(), codes.len(), "{of}");
            for entry in CodeList::DestinationCode.entries() {
                let group = entry.parent.as_ref().is_some_and(|parent| codes.contains(parent));
                assert!(!group, "{of}: a group is not chosen");
            }
        }
        assert_eq!(DestinationType::Freelance.name_zh(), "自由职业");
    }

    #[test]
    fn who_only_intends_proves_nothing() {
        for of in DestinationType::ALL {
            assert_eq!(of.proof_required(), of.proof_text().is_some(), "{of}");
            let files = if of.proof_required() { 1..=9 } else { 0..=0 };
            assert_eq!(of.proof_files(), files);
        }
        let none = DestinationType::ALL.iter().filter(|of| !of.proof_required());
        assert_eq!(none.count(), 3);
    }
}
