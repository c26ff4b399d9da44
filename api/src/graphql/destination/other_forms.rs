//! The forms of further study, and of whoever has no destination yet (DESTINATION_FORMS.md, Per type).

use async_graphql::Enum;
use wangqian_schema::destination as model;

use super::{
    super::date::Date,
    field::{CountryCode, Held, RegionCode, chosen, form},
};

/// 攻读层次 The level that is studied for.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::StudyLevel")]
pub enum StudyLevel {
    /// 本科 bachelor
    Bachelor,
    /// 第二学士学位 second bachelor's degree
    SecondBachelor,
    /// 硕士 master
    Master,
    /// 博士 doctor
    Doctor,
    /// 其他 other
    Other,
}

/// 学习形式 Full or part time.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::StudyMode")]
pub enum StudyMode {
    /// 全日制 full time
    FullTime,
    /// 非全日制 part time
    PartTime,
}

/// 就业帮扶需求 The help that a graduate asks of his school.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::HelpWanted")]
pub enum HelpWanted {
    /// 岗位推荐 recommendation for a job
    JobReferral,
    /// 就业指导 guidance
    CareerGuidance,
    /// 职业技能培训 training of skills
    SkillsTraining,
    /// 就业见习 internship
    Internship,
    /// 困难帮扶 aid in hardship
    HardshipAid,
    /// 政策咨询 advice on policies
    PolicyAdvice,
}

/// 拟升学类型 What somebody prepares for.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::StudyAim")]
pub enum StudyAim {
    /// 考研 postgraduate study
    Postgraduate,
    /// 第二学士学位 second bachelor's degree
    SecondBachelor,
    /// 专升本 from college to bachelor
    UpgradeToBachelor,
    /// 其他 other
    Other,
}

chosen!(
    StudyLevel: model::StudyLevel,
    StudyMode: model::StudyMode,
    StudyAim: model::StudyAim,
);

impl Held<Vec<model::HelpWanted>> for Option<Vec<HelpWanted>> {
    fn of(model: Vec<model::HelpWanted>) -> Self {
        Some(model.into_iter().map(Into::into).collect())
    }

    fn model(self) -> Vec<model::HelpWanted> {
        self.unwrap_or_default().into_iter().map(Into::into).collect()
    }
}

form! {
    /// 境内升学 Further study in the mainland.
    StudyForm("StudyForm", "StudyInput"): model::StudyDraft {
        /// 录取学校 The institution, 2 to 100 characters.
        institution: Option<String>,
        /// 录取专业 The major, at most 100 characters.
        major: Option<String>,
        /// 攻读层次 The level, one that the type allows; may be left out where there is only one.
        level: Option<StudyLevel>,
        /// 学习形式 Full or part time; needed.
        mode: Option<StudyMode>,
        /// 入学年月 Month of enrolment, as `2027-09`.
        enrolment_month: Option<String>,
    }
}
form! {
    /// 境外留学 Study abroad.
    StudyAbroadForm("StudyAbroadForm", "StudyAbroadInput"): model::StudyAbroadDraft {
        /// 国家或地区 A code of `COUNTRY`.
        country: Option<CountryCode>,
        /// 学校中文名称 The institution in Chinese, 2 to 100 characters.
        institution_zh: Option<String>,
        /// 学校外文名称 The institution in its own language, 2 to 200 characters.
        institution_local: Option<String>,
        /// 专业中文名称 The major in Chinese, at most 100 characters.
        major_zh: Option<String>,
        /// 专业外文名称 The major in the institution's language, at most 200 characters.
        major_local: Option<String>,
        /// 攻读层次 The level.
        level: Option<StudyLevel>,
        /// 入学日期 When it begins.
        start_on: Option<Date>,
    }
}
form! {
    /// 待就业 Seeks employment; `nationalCode` says in which way.
    SeekingForm("SeekingForm", "SeekingInput"): model::SeekingDraft {
        /// 就业帮扶需求 What help he asks of his school.
        help_wanted: Option<Vec<HelpWanted>>,
        /// 意向城市 Where he would like to work, a code of `REGION`.
        wanted_region: Option<RegionCode>,
        /// 意向职位 As what, at most 50 characters.
        wanted_position: Option<String>,
        /// 期望月薪 For how many yuan a month.
        wanted_pay: Option<i32>,
    }
}
form! {
    /// 不就业拟升学 Prepares for further study.
    PreparingStudyForm("PreparingStudyForm", "PreparingStudyInput"): model::PreparingStudyDraft {
        /// 拟升学类型 What for; needed.
        aim: Option<StudyAim>,
        /// 拟升学年份 In which year: this one or one of the next five.
        year: Option<i32>,
        /// 需要的支持 What support he needs, at most 200 characters.
        support: Option<String>,
    }
}
form! {
    /// 其他暂不就业 Does not seek employment for now; `nationalCode` says why.
    NotSeekingForm("NotSeekingForm", "NotSeekingInput"): model::NotSeekingDraft {
        /// 说明 A note, at most 200 characters.
        note: Option<String>,
    }
}
