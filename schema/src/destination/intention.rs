//! Who has no destination yet says what he intends: 待就业, 不就业拟升学, 其他暂不就业 (DESTINATION_FORMS.md, Per type). The
//! reason is the national code. Nothing has to be proved.

use chrono::Datelike;
use serde::{Deserialize, Serialize};

use super::{Part, checker::Checker};
use crate::{codes::CodeList, text_enum::text_enum};

text_enum! {
    /// 就业帮扶需求 the help that a graduate asks of his school.
    pub enum HelpWanted {
        /// 岗位推荐
        JobReferral = "JOB_REFERRAL",
        /// 就业指导
        CareerGuidance = "CAREER_GUIDANCE",
        /// 职业技能培训
        SkillsTraining = "SKILLS_TRAINING",
        /// 就业见习
        Internship = "INTERNSHIP",
        /// 困难帮扶
        HardshipAid = "HARDSHIP_AID",
        /// 政策咨询
        PolicyAdvice = "POLICY_ADVICE",
    }
}

text_enum! {
    /// 拟升学类型 what somebody prepares for.
    pub enum StudyAim {
        /// 考研
        Postgraduate = "POSTGRADUATE",
        /// 第二学士学位
        SecondBachelor = "SECOND_BACHELOR",
        /// 专升本
        UpgradeToBachelor = "UPGRADE_TO_BACHELOR",
        /// 其他
        Other = "OTHER",
    }
}

/// 待就业 seeks employment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seeking {
    /// 就业帮扶需求, each once.
    pub help_wanted: Vec<HelpWanted>,
    /// 意向城市, a code of [`CodeList::Region`].
    pub wanted_region: Option<String>,
    /// 意向职位, at most 50 characters.
    pub wanted_position: Option<String>,
    /// 期望月薪 in yuan.
    pub wanted_pay: Option<u32>,
}

/// [`Seeking`] as somebody filled it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each field is the unchecked one of Seeking")]
pub struct SeekingDraft {
    pub help_wanted: Vec<HelpWanted>,
    pub wanted_region: Option<String>,
    pub wanted_position: Option<String>,
    pub wanted_pay: Option<i32>,
}

impl Part for SeekingDraft {
    type Checked = Seeking;

    fn check(&self, check: &mut Checker<'_>) -> Option<Seeking> {
        let mut help_wanted = self.help_wanted.clone();
        help_wanted.sort_unstable();
        help_wanted.dedup();
        Some(Seeking {
            help_wanted,
            wanted_region: check.optional_code("wantedRegion", CodeList::Region, &self.wanted_region),
            wanted_position: check.optional("wantedPosition", &self.wanted_position, 50),
            wanted_pay: check.optional_pay("wantedPay", self.wanted_pay),
        })
    }
}

/// 不就业拟升学 prepares for further study.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreparingStudy {
    /// 拟升学类型
    pub aim: StudyAim,
    /// 拟升学年份: this year or one of the next five.
    pub year: Option<u16>,
    /// 需要的支持, at most 200 characters.
    pub support: Option<String>,
}

/// [`PreparingStudy`] as somebody filled it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each field is the unchecked one of PreparingStudy")]
pub struct PreparingStudyDraft {
    pub aim: Option<StudyAim>,
    pub year: Option<i32>,
    pub support: Option<String>,
}

impl Part for PreparingStudyDraft {
    type Checked = PreparingStudy;

    fn check(&self, check: &mut Checker<'_>) -> Option<PreparingStudy> {
        let aim = check.chosen("aim", self.aim);
        let this_year = check.context.today.year();
        let year = check.optional_number("year", self.year, this_year..=this_year + 5, "年");
        let support = check.optional_lines("support", &self.support, 200);
        Some(PreparingStudy {
            aim: aim?,
            year,
            support,
        })
    }
}

/// 其他暂不就业 does not seek employment for now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotSeeking {
    /// 说明, at most 200 characters.
    pub note: Option<String>,
}

/// [`NotSeeking`] as somebody filled it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each field is the unchecked one of NotSeeking")]
pub struct NotSeekingDraft {
    pub note: Option<String>,
}

impl Part for NotSeekingDraft {
    type Checked = NotSeeking;

    fn check(&self, check: &mut Checker<'_>) -> Option<NotSeeking> {
        Some(NotSeeking {
            note: check.optional_lines("note", &self.note, 200),
        })
    }
}
