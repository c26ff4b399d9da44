//! The types outside the mainland: posts abroad and study abroad (DESTINATION_FORMS.md, Per type). Hong Kong, Macao and
//! Taiwan are 境外 here.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{DestinationType, Part, checker::Checker, study::StudyLevel};
use crate::codes::CodeList;

/// 国际组织: the industry of international organisations (GB/T 4754, section T).
const INTERNATIONAL_ORGANISATIONS: &str = "46";
/// The mainland in [`CodeList::Country`].
const MAINLAND: &str = "CN";

/// 国家或地区 one outside the mainland.
fn country_abroad(check: &mut Checker<'_>, country: &Option<String>) -> String {
    let code = check.code("country", CodeList::Country, country);
    if code == MAINLAND {
        check.wrong("country", "应为境外国家或地区");
    }
    code
}

/// 国际组织任职、出国出境工作 a post with an employer that has no credit code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostAbroad {
    /// 单位名称 in its own language, or the organisation; 2 to 200 characters.
    pub employer_name: String,
    /// 单位行业, a code of [`CodeList::Industry`]; fixed for international organisations.
    pub industry: Option<String>,
    /// 国家或地区, a code of [`CodeList::Country`]; that of an international organisation may be China.
    pub country: String,
    /// 职位名称, at most 50 characters.
    pub position_title: String,
    /// 开始日期
    pub start_on: Option<NaiveDate>,
    /// 任期 in months, 1 to 120.
    pub months: Option<u8>,
}

/// [`PostAbroad`] as somebody filled it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each field is the unchecked one of PostAbroad")]
pub struct PostAbroadDraft {
    pub employer_name: Option<String>,
    pub industry: Option<String>,
    pub country: Option<String>,
    pub position_title: Option<String>,
    pub start_on: Option<NaiveDate>,
    pub months: Option<i32>,
}

impl Part for PostAbroadDraft {
    type Checked = PostAbroad;

    fn check(&self, check: &mut Checker<'_>) -> Option<PostAbroad> {
        let organisation = check.of == DestinationType::InternationalOrganisation;
        let employer_name = check.text("employerName", &self.employer_name, 2..=200);
        let industry = match organisation {
            true => Some(check.fixed_code(
                "industry",
                CodeList::Industry,
                &self.industry,
                INTERNATIONAL_ORGANISATIONS,
            )),
            false => check.optional_code("industry", CodeList::Industry, &self.industry),
        };
        let country = match organisation {
            true => check.code("country", CodeList::Country, &self.country),
            false => country_abroad(check, &self.country),
        };
        let position_title = check.text("positionTitle", &self.position_title, 1..=50);
        let start_on = check.optional_date("startOn", self.start_on);
        let months = check.optional_number("months", self.months, 1..=120, "个月");
        Some(PostAbroad {
            employer_name,
            industry,
            country,
            position_title,
            start_on,
            months,
        })
    }
}

/// 出国出境深造 study abroad.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyAbroad {
    /// 国家或地区, a code of [`CodeList::Country`].
    pub country: String,
    /// 学校中文名称, 2 to 100 characters.
    pub institution_zh: String,
    /// 学校外文名称, 2 to 200 characters.
    pub institution_local: String,
    /// 专业中文名称, 1 to 100 characters.
    pub major_zh: String,
    /// 专业外文名称, 1 to 200 characters.
    pub major_local: String,
    /// 攻读层次
    pub level: Option<StudyLevel>,
    /// 入学日期
    pub start_on: Option<NaiveDate>,
}

/// [`StudyAbroad`] as somebody filled it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each field is the unchecked one of StudyAbroad")]
pub struct StudyAbroadDraft {
    pub country: Option<String>,
    pub institution_zh: Option<String>,
    pub institution_local: Option<String>,
    pub major_zh: Option<String>,
    pub major_local: Option<String>,
    pub level: Option<StudyLevel>,
    pub start_on: Option<NaiveDate>,
}

impl Part for StudyAbroadDraft {
    type Checked = StudyAbroad;

    fn check(&self, check: &mut Checker<'_>) -> Option<StudyAbroad> {
        Some(StudyAbroad {
            country: country_abroad(check, &self.country),
            institution_zh: check.text("institutionZh", &self.institution_zh, 2..=100),
            institution_local: check.text("institutionLocal", &self.institution_local, 2..=200),
            major_zh: check.text("majorZh", &self.major_zh, 1..=100),
            major_local: check.text("majorLocal", &self.major_local, 1..=200),
            level: self.level,
            start_on: check.optional_date("startOn", self.start_on),
        })
    }
}
