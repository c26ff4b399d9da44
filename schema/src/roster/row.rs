//! A row of a roster, checked as far as it can be without asking the database.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::{GraduateField as Field, Problem, ProblemCode, check};
use crate::{
    checks::{Email, IdCardNumber, Mobile},
    codes::CodeList,
    model::graduate::Gender,
};

/// A row in which nothing is wrong by itself. Whether it fits what is there already, the database tells.
#[derive(Clone)]
pub struct CheckedRow {
    /// Its number in the file.
    pub number: i32,
    /// 学号
    pub student_number: String,
    /// 姓名
    pub name: String,
    /// 性别
    pub gender: Gender,
    /// 身份证号
    pub id_card_number: IdCardNumber,
    /// 届
    pub class_year: i16,
    /// 院系代码, the school's own.
    pub department_code: String,
    /// 学历层次, a code.
    pub degree_level: String,
    /// 专业
    pub major: String,
    /// 培养方式, a code.
    pub training_mode: String,
    /// 生源地, a code.
    pub origin_region: String,
    /// 可否网签, where the file says so; otherwise it follows from the training mode.
    pub online_signing: Option<bool>,
    /// 手机
    pub mobile: Option<Mobile>,
    /// 邮箱
    pub email: Option<Email>,
}

impl std::fmt::Debug for CheckedRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CheckedRow({})", self.number)
    }
}

impl CheckedRow {
    /// Whether he may sign online: what the file says, else what his training mode says.
    pub fn online_signing_allowed(&self) -> bool {
        self.online_signing
            .unwrap_or_else(|| default_online_signing(&self.training_mode))
    }
}

/// Whether graduates of a training mode may sign online unless the school says otherwise (定向/委培 may not).
pub fn default_online_signing(training_mode: &str) -> bool {
    CodeList::TrainingMode
        .get(training_mode)
        .and_then(|mode| mode.online_signing)
        .unwrap_or(false)
}

/// Checks the rows of one file, from its first to its last: it remembers what must not come twice.
pub struct RowChecker {
    now: DateTime<Utc>,
    seen: HashMap<(Field, String), i32>,
}

impl RowChecker {
    /// One for a new file; class years are judged by `now`.
    pub fn new(now: DateTime<Utc>) -> Self {
        Self {
            now,
            seen: HashMap::new(),
        }
    }

    /// Checks the next row, all of its fields, so that a person sees everything at once. `cells` gives the text of a field,
    /// empty where there is none.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn check<'a>(
        &mut self,
        number: i32,
        cells: impl Fn(Field) -> &'a str,
    ) -> Result<CheckedRow, Vec<Problem>> {
        let mut problems = Vec::new();
        let now = self.now;
        let cell = |field| cells(field).trim();
        let mut taken = |field, result| note(&mut problems, field, result);

        let student_number = taken(
            Field::StudentNumber,
            check::student_number(cell(Field::StudentNumber)),
        );
        let name = taken(Field::Name, check::name(cell(Field::Name)));
        let major = taken(Field::Major, check::major(cell(Field::Major)));
        let degree_level = taken(
            Field::DegreeLevel,
            check::code(CodeList::DegreeLevel, cell(Field::DegreeLevel)),
        );
        let training_mode = taken(
            Field::TrainingMode,
            check::code(CodeList::TrainingMode, cell(Field::TrainingMode)),
        );
        let origin_region = taken(
            Field::OriginRegion,
            check::code(CodeList::Region, cell(Field::OriginRegion)),
        );
        let department_code = taken(Field::Department, required(cell(Field::Department)));
        let class_year = note(
            &mut problems,
            Field::ClassYear,
            check::class_year(cell(Field::ClassYear), now),
        );
        let gender = note(&mut problems, Field::Gender, gender(cell(Field::Gender)));
        let id_card_number = note(
            &mut problems,
            Field::IdCardNumber,
            check::id_card_number(cell(Field::IdCardNumber)),
        );
        let birth_date = note(&mut problems, Field::BirthDate, date(cell(Field::BirthDate))).flatten();
        let online_signing = note(
            &mut problems,
            Field::OnlineSigningAllowed,
            yes_or_no(cell(Field::OnlineSigningAllowed)),
        );
        let mobile = note(
            &mut problems,
            Field::Mobile,
            optional(cell(Field::Mobile), Mobile::parse),
        );
        let email = note(
            &mut problems,
            Field::Email,
            optional(cell(Field::Email), Email::parse),
        );

        if let Some(number) = &id_card_number {
            let within = if number.is_male() {
                Gender::Male
            } else {
                Gender::Female
            };
            if gender.is_some_and(|gender| gender != within) {
                problems.push(Problem::new(Field::Gender, ProblemCode::IdCardNumberMismatch));
            }
            if birth_date.is_some() && birth_date != number.birth_date() {
                problems.push(Problem::new(Field::BirthDate, ProblemCode::IdCardNumberMismatch));
            }
        }
        if mobile == Some(None) && email == Some(None) {
            problems.push(Problem::new(Field::Mobile, ProblemCode::Required));
        }
        for (field, value) in [
            (Field::StudentNumber, student_number.as_deref()),
            (
                Field::IdCardNumber,
                id_card_number.as_ref().map(IdCardNumber::as_str),
            ),
            (Field::Mobile, mobile.iter().flatten().map(Mobile::as_str).next()),
            (Field::Email, email.iter().flatten().map(Email::as_str).next()),
        ] {
            let Some(value) = value else { continue };
            if let Some(other) = self.seen.get(&(field, value.to_owned())) {
                problems.push(Problem {
                    other_row: Some(*other),
                    ..Problem::new(field, ProblemCode::DuplicateInFile)
                });
            } else {
                self.seen.insert((field, value.to_owned()), number);
            }
        }
        let whole = || {
            Some(CheckedRow {
                number,
                student_number: student_number?,
                name: name?,
                gender: gender?,
                id_card_number: id_card_number?,
                class_year: class_year?,
                department_code: department_code?,
                degree_level: degree_level?,
                major: major?,
                training_mode: training_mode?,
                origin_region: origin_region?,
                online_signing: online_signing?,
                mobile: mobile?,
                email: email?,
            })
        };
        match whole() {
            Some(row) if problems.is_empty() => Ok(row),
            _ => Err(problems),
        }
    }
}

impl std::fmt::Debug for RowChecker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RowChecker(…)")
    }
}

fn note<T>(problems: &mut Vec<Problem>, field: Field, result: Result<T, ProblemCode>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(code) => {
            problems.push(Problem::new(field, code));
            None
        }
    }
}

fn required(text: &str) -> Result<String, ProblemCode> {
    if text.is_empty() {
        return Err(ProblemCode::Required);
    }
    Ok(text.to_owned())
}

fn optional<T, E>(text: &str, parse: impl Fn(&str) -> Result<T, E>) -> Result<Option<T>, ProblemCode> {
    if text.is_empty() {
        return Ok(None);
    }
    parse(text).map(Some).map_err(|_| ProblemCode::InvalidFormat)
}

fn gender(text: &str) -> Result<Gender, ProblemCode> {
    match text {
        "" => Err(ProblemCode::Required),
        "男" | "男性" => Ok(Gender::Male),
        "女" | "女性" => Ok(Gender::Female),
        _ => Err(ProblemCode::InvalidFormat),
    }
}

fn yes_or_no(text: &str) -> Result<Option<bool>, ProblemCode> {
    match text {
        "" => Ok(None),
        "是" | "可" | "可以" => Ok(Some(true)),
        "否" | "不可" | "不可以" => Ok(Some(false)),
        _ => Err(ProblemCode::InvalidFormat),
    }
}

/// The ways in which people and spreadsheets write a date.
fn date(text: &str) -> Result<Option<NaiveDate>, ProblemCode> {
    if text.is_empty() {
        return Ok(None);
    }
    ["%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"]
        .iter()
        .find_map(|form| NaiveDate::parse_from_str(text, form).ok())
        .map(Some)
        .ok_or(ProblemCode::InvalidFormat)
}

#[cfg(test)]
#[path = "row_tests.rs"]
mod tests;
