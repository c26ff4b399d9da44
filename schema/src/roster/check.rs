//! What each field of the basic information may hold. Used by the import and by the correction of a single graduate.

use std::{collections::HashMap, sync::LazyLock};

use chrono::{DateTime, Datelike, Utc};

use super::ProblemCode;
use crate::{
    checks::IdCardNumber,
    clock::shanghai_date,
    codes::{CodeList, region_name},
};

/// Most characters of a name; the longest of the minorities' transcribed names are well below.
const MAX_NAME: usize = 60;
/// Most characters of a major.
const MAX_MAJOR: usize = 100;
/// Most characters of a student number.
const MAX_STUDENT_NUMBER: usize = 32;
/// How many years a class may lie before or after the present one.
const CLASS_YEARS: i32 = 10;

/// A text that is there, can be read and is no longer than `most` characters.
fn text(text: &str, most: usize) -> Result<String, ProblemCode> {
    let text = text.trim();
    if text.is_empty() {
        return Err(ProblemCode::Required);
    }
    readable(text)?;
    if text.chars().count() > most {
        return Err(ProblemCode::TooLong);
    }
    Ok(text.to_owned())
}

/// Refuses control characters and the mark that stands for bytes of another encoding.
pub(super) fn readable(text: &str) -> Result<(), ProblemCode> {
    if text.chars().any(|c| c.is_control() || c == '\u{FFFD}') {
        return Err(ProblemCode::Unreadable);
    }
    Ok(())
}

/// 姓名
///
/// # Errors
/// What is wrong with it.
pub fn name(input: &str) -> Result<String, ProblemCode> {
    text(input, MAX_NAME)
}

/// 专业
///
/// # Errors
/// What is wrong with it.
pub fn major(input: &str) -> Result<String, ProblemCode> {
    text(input, MAX_MAJOR)
}

/// 学号: letters, digits, hyphens and underscores of ASCII.
///
/// # Errors
/// What is wrong with it.
pub fn student_number(input: &str) -> Result<String, ProblemCode> {
    let number = text(input, MAX_STUDENT_NUMBER)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if number.chars().all(fits) {
        Ok(number)
    } else {
        Err(ProblemCode::InvalidFormat)
    }
}

/// 身份证号
///
/// # Errors
/// What is wrong with it.
pub fn id_card_number(input: &str) -> Result<IdCardNumber, ProblemCode> {
    if input.trim().is_empty() {
        return Err(ProblemCode::Required);
    }
    IdCardNumber::parse(input).map_err(|_| ProblemCode::IdCardNumberInvalid)
}

/// 届: four digits, with or without the word, within ten years of `now`.
///
/// # Errors
/// What is wrong with it.
pub fn class_year(input: &str, now: DateTime<Utc>) -> Result<i16, ProblemCode> {
    let input = input.trim();
    if input.is_empty() {
        return Err(ProblemCode::Required);
    }
    let digits = input.trim_end_matches(['届', '年']);
    let this_year = shanghai_date(now).year();
    digits
        .parse::<i16>()
        .ok()
        .filter(|_| digits.len() == 4)
        .filter(|year| (i32::from(*year) - this_year).abs() <= CLASS_YEARS)
        .ok_or(ProblemCode::InvalidFormat)
}

/// Chinese names of entries that may be chosen, with their codes. Of a name that two entries bear none is taken.
type Names = HashMap<String, Option<&'static str>>;

fn names(list: CodeList) -> Names {
    let mut names = Names::new();
    for code in list.entries().iter().filter(|code| code.active) {
        let name = match list {
            CodeList::Region => region_name(&code.code),
            _ => code.name_zh.clone(),
        };
        names
            .entry(name)
            .and_modify(|code| *code = None)
            .or_insert(Some(code.code.as_str()));
    }
    names
}

static DEGREE_LEVELS: LazyLock<Names> = LazyLock::new(|| names(CodeList::DegreeLevel));
static TRAINING_MODES: LazyLock<Names> = LazyLock::new(|| names(CodeList::TrainingMode));
static REGIONS: LazyLock<Names> = LazyLock::new(|| names(CodeList::Region));

/// The code of an entry that may still be chosen, from the code itself or the Chinese name; of a region from the full
/// name, such as `北京市海淀区`. Names are taken for degree levels, training modes and regions.
///
/// # Errors
/// What is wrong with it.
pub fn code(list: CodeList, input: &str) -> Result<String, ProblemCode> {
    let input = input.trim();
    if input.is_empty() {
        return Err(ProblemCode::Required);
    }
    if let Some(entry) = list.get(input).filter(|entry| entry.active) {
        return Ok(entry.code.clone());
    }
    let names = match list {
        CodeList::DegreeLevel => &DEGREE_LEVELS,
        CodeList::TrainingMode => &TRAINING_MODES,
        CodeList::Region => &REGIONS,
        _ => return Err(ProblemCode::UnknownCode),
    };
    match names.get(input) {
        Some(Some(code)) => Ok((*code).to_owned()),
        _ => Err(ProblemCode::UnknownCode),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn texts() {
        assert_eq!(name("　林示例 ").as_deref(), Ok("林示例"));
        assert_eq!(name("阿卜杜拉·示例").as_deref(), Ok("阿卜杜拉·示例"));
        assert_eq!(name(" "), Err(ProblemCode::Required));
        assert_eq!(name("林\u{FFFD}例"), Err(ProblemCode::Unreadable));
        assert_eq!(name("林\n例"), Err(ProblemCode::Unreadable));
        assert_eq!(name(&"林".repeat(61)), Err(ProblemCode::TooLong));
        assert_eq!(student_number("2023-A_1").as_deref(), Ok("2023-A_1"));
        assert_eq!(student_number("２０２３"), Err(ProblemCode::InvalidFormat));
        assert_eq!(student_number("2023 1"), Err(ProblemCode::InvalidFormat));
    }

    #[test]
    fn class_years() {
        let now = Utc.with_ymd_and_hms(2026, 12, 31, 17, 0, 0).unwrap();
        assert_eq!(class_year("2027", now), Ok(2027));
        assert_eq!(class_year(" 2027届 ", now), Ok(2027));
        assert_eq!(
            class_year("2037", now),
            Ok(2037),
            "in Shanghai it is 2027 already"
        );
        for wrong in ["2038", "2016", "27", "02027", "二〇二七", "2027.5", "-2027"] {
            assert_eq!(class_year(wrong, now), Err(ProblemCode::InvalidFormat), "{wrong}");
        }
        assert_eq!(class_year("", now), Err(ProblemCode::Required));
    }

    #[test]
    fn codes_by_code_and_by_name() {
        assert_eq!(code(CodeList::DegreeLevel, "31").as_deref(), Ok("31"));
        assert_eq!(code(CodeList::DegreeLevel, "本科生毕业").as_deref(), Ok("31"));
        assert_eq!(code(CodeList::TrainingMode, " 定向 ").as_deref(), Ok("2"));
        assert_eq!(code(CodeList::Region, "110108").as_deref(), Ok("110108"));
        assert_eq!(code(CodeList::Region, "北京市海淀区").as_deref(), Ok("110108"));
        assert_eq!(code(CodeList::Region, "海淀区"), Err(ProblemCode::UnknownCode));
        let no_longer = code(CodeList::DegreeLevel, "21");
        assert_eq!(
            no_longer,
            Err(ProblemCode::UnknownCode),
            "may not be chosen any more"
        );
        assert_eq!(code(CodeList::DegreeLevel, "99"), Err(ProblemCode::UnknownCode));
        assert_eq!(code(CodeList::Region, ""), Err(ProblemCode::Required));
    }
}
