//! Further study in the mainland: 考研, 第二学士学位, 专升本 (DESTINATION_FORMS.md, Per type).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{DestinationType, Part, checker::Checker, checker::given};
use crate::{checks::Invalid, text_enum::text_enum};

text_enum! {
    /// 攻读层次 the level that is studied for.
    pub enum StudyLevel {
        /// 本科
        Bachelor = "BACHELOR",
        /// 第二学士学位
        SecondBachelor = "SECOND_BACHELOR",
        /// 硕士
        Master = "MASTER",
        /// 博士
        Doctor = "DOCTOR",
        /// 其他
        Other = "OTHER",
    }
}

text_enum! {
    /// 学习形式
    pub enum StudyMode {
        /// 全日制
        FullTime = "FULL_TIME",
        /// 非全日制
        PartTime = "PART_TIME",
    }
}

/// A month of a year, written as `2027-09`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct YearMonth {
    year: u16,
    month: u8,
}

impl FromStr for YearMonth {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (year, month) = text.split_once('-').ok_or(Invalid::Character)?;
        if year.len() != 4 || month.len() != 2 {
            return Err(Invalid::Length);
        }
        if !year
            .bytes()
            .chain(month.bytes())
            .all(|digit| digit.is_ascii_digit())
        {
            return Err(Invalid::Character);
        }
        let year = year.parse().map_err(|_| Invalid::Date)?;
        let month = month.parse().map_err(|_| Invalid::Date)?;
        match (1980..=2100).contains(&year) && (1..=12).contains(&month) {
            true => Ok(Self { year, month }),
            false => Err(Invalid::Date),
        }
    }
}

impl fmt::Display for YearMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl TryFrom<String> for YearMonth {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<YearMonth> for String {
    fn from(month: YearMonth) -> Self {
        month.to_string()
    }
}

/// 考研、第二学士学位、专升本 further study in the mainland.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// 录取学校, 2 to 100 characters.
    pub institution: String,
    /// 录取专业, 1 to 100 characters.
    pub major: String,
    /// 攻读层次, one that the type allows.
    pub level: StudyLevel,
    /// 学习形式
    pub mode: StudyMode,
    /// 入学年月
    pub enrolment_month: Option<YearMonth>,
}

/// [`Study`] as somebody filled it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each field is the unchecked one of Study")]
pub struct StudyDraft {
    pub institution: Option<String>,
    pub major: Option<String>,
    /// May be left out where the type has only one.
    pub level: Option<StudyLevel>,
    pub mode: Option<StudyMode>,
    /// As `2027-09`.
    pub enrolment_month: Option<String>,
}

/// The levels of a type.
const fn levels(of: DestinationType) -> &'static [StudyLevel] {
    match of {
        DestinationType::Postgraduate => &[StudyLevel::Master, StudyLevel::Doctor],
        DestinationType::SecondBachelor => &[StudyLevel::SecondBachelor],
        _ => &[StudyLevel::Bachelor],
    }
}

impl Part for StudyDraft {
    type Checked = Study;

    fn check(&self, check: &mut Checker<'_>) -> Option<Study> {
        let institution = check.text("institution", &self.institution, 2..=100);
        let major = check.text("major", &self.major, 1..=100);
        let levels = levels(check.of);
        let only = match levels {
            [only] => Some(*only),
            _ => None,
        };
        let level = check.chosen("level", self.level.or(only));
        if level.is_some_and(|level| !levels.contains(&level)) {
            check.wrong("level", "与所选去向类型不符");
        }
        let mode = check.chosen("mode", self.mode);
        let enrolment_month = given(&self.enrolment_month).and_then(|month| {
            let month = month.parse().ok();
            if month.is_none() {
                check.wrong("enrolmentMonth", "应为年月，例如 2027-09");
            }
            month
        });
        Some(Study {
            institution,
            major,
            level: level?,
            mode: mode?,
            enrolment_month,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_read_and_written_alike() {
        let month: YearMonth = "2027-09".parse().unwrap();
        assert_eq!(month.to_string(), "2027-09");
        for wrong in [
            "2027-13",
            "2027-00",
            "2027-9",
            "202709",
            "+027-09",
            "2027-0９",
            "0027-09",
        ] {
            assert!(wrong.parse::<YearMonth>().is_err(), "{wrong}");
        }
    }
}
