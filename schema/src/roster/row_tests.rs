use chrono::TimeZone;

use super::*;
use crate::checks::id_card_check;

/// An ID-card number of somebody made up, born on 1 May 2005.
fn id_card(sequence: u32) -> String {
    let first = format!("00000020050501{sequence:03}");
    let check = id_card_check(&first).unwrap();
    format!("{first}{check}")
}

fn good(sequence: u32) -> HashMap<Field, String> {
    let gender = if sequence % 2 == 1 { "男" } else { "女" };
    [
        (Field::StudentNumber, format!("2023{sequence:04}")),
        (Field::Name, "林示例".to_owned()),
        (Field::Gender, gender.to_owned()),
        (Field::IdCardNumber, id_card(sequence)),
        (Field::ClassYear, "2027".to_owned()),
        (Field::Department, "01".to_owned()),
        (Field::DegreeLevel, "31".to_owned()),
        (Field::Major, "软件工程".to_owned()),
        (Field::TrainingMode, "非定向".to_owned()),
        (Field::OriginRegion, "北京市海淀区".to_owned()),
        (Field::Mobile, format!("100{sequence:08}")),
    ]
    .into()
}

fn checker() -> RowChecker {
    RowChecker::new(Utc.with_ymd_and_hms(2026, 11, 25, 0, 0, 0).unwrap())
}

fn check(
    checker: &mut RowChecker,
    number: i32,
    cells: &HashMap<Field, String>,
) -> Result<CheckedRow, Vec<Problem>> {
    checker.check(number, |field| cells.get(&field).map_or("", String::as_str))
}

#[test]
fn a_good_row_is_taken_with_its_codes_and_its_training_mode_decides_about_online_signing() {
    let mut cells = good(1);
    cells.insert(Field::BirthDate, "2005/05/01".to_owned());
    cells.insert(Field::Email, " Lin@Example.com ".to_owned());
    let row = check(&mut checker(), 2, &cells).unwrap();
    assert_eq!((row.number, row.gender, row.class_year), (2, Gender::Male, 2027));
    assert_eq!(
        (row.training_mode.as_str(), row.origin_region.as_str()),
        ("1", "110108")
    );
    assert_eq!(row.email.as_ref().map(Email::as_str), Some("lin@example.com"));
    assert!(row.online_signing_allowed());
    cells.insert(Field::TrainingMode, "定向".to_owned());
    assert!(!check(&mut checker(), 2, &cells).unwrap().online_signing_allowed());
    cells.insert(Field::OnlineSigningAllowed, "是".to_owned());
    assert!(check(&mut checker(), 2, &cells).unwrap().online_signing_allowed());
    assert!(!format!("{row:?}").contains("2005"), "never printed");
}

#[test]
fn each_field_is_judged_by_itself() {
    use ProblemCode as Code;
    let wrong_check = {
        let number = id_card(1);
        let other = if number.ends_with('1') { "2" } else { "1" };
        format!("{}{other}", &number[..17])
    };
    let table: &[(Field, &str, Field, Code)] = &[
        (Field::StudentNumber, "", Field::StudentNumber, Code::Required),
        (Field::Name, "林\u{FFFD}", Field::Name, Code::Unreadable),
        (Field::Gender, "未知", Field::Gender, Code::InvalidFormat),
        (Field::Gender, "女", Field::Gender, Code::IdCardNumberMismatch),
        (
            Field::IdCardNumber,
            &wrong_check,
            Field::IdCardNumber,
            Code::IdCardNumberInvalid,
        ),
        (
            Field::IdCardNumber,
            "1.1E+17",
            Field::IdCardNumber,
            Code::IdCardNumberInvalid,
        ),
        (
            Field::BirthDate,
            "2005-05-02",
            Field::BirthDate,
            Code::IdCardNumberMismatch,
        ),
        (
            Field::BirthDate,
            "五月一日",
            Field::BirthDate,
            Code::InvalidFormat,
        ),
        (Field::ClassYear, "2207", Field::ClassYear, Code::InvalidFormat),
        (Field::Department, " ", Field::Department, Code::Required),
        (
            Field::DegreeLevel,
            "博士后",
            Field::DegreeLevel,
            Code::UnknownCode,
        ),
        (Field::TrainingMode, "7", Field::TrainingMode, Code::UnknownCode),
        (
            Field::OriginRegion,
            "999999",
            Field::OriginRegion,
            Code::UnknownCode,
        ),
        (
            Field::OnlineSigningAllowed,
            "也许",
            Field::OnlineSigningAllowed,
            Code::InvalidFormat,
        ),
        (Field::Mobile, "1000000000", Field::Mobile, Code::InvalidFormat),
        (Field::Mobile, "", Field::Mobile, Code::Required),
        (Field::Email, "not an address", Field::Email, Code::InvalidFormat),
    ];
    for (changed, value, field, code) in table {
        let mut cells = good(1);
        cells.insert(*changed, (*value).to_owned());
        let problems = check(&mut checker(), 2, &cells).unwrap_err();
        assert_eq!(problems, [Problem::new(*field, *code)], "{changed} {value:?}");
    }
}

#[test]
fn all_that_is_wrong_with_a_row_is_told_at_once() {
    let problems = check(&mut checker(), 2, &HashMap::new()).unwrap_err();
    let fields: Vec<_> = problems.iter().map(|problem| problem.field).collect();
    assert_eq!(problems.len(), 11, "{fields:?}");
    assert!(
        problems
            .iter()
            .all(|problem| problem.code == ProblemCode::Required)
    );
}

#[test]
fn what_came_before_is_a_duplicate_of_the_first_row_that_has_it() {
    let mut checker = checker();
    assert!(check(&mut checker, 2, &good(1)).is_ok());
    let mut cells = good(2);
    cells.insert(Field::StudentNumber, good(1)[&Field::StudentNumber].clone());
    for number in [3, 4] {
        let problems = check(&mut checker, number, &cells).unwrap_err();
        assert_eq!(problems[0].other_row, Some(2));
        assert_eq!(problems[0].field, Field::StudentNumber);
        assert_eq!(problems[0].code, ProblemCode::DuplicateInFile);
        // In the second round the other numbers are those of row 3, wrong as that was.
        assert_eq!(problems.len(), if number == 3 { 1 } else { 3 });
    }
    let mut lower = good(5);
    lower.insert(Field::IdCardNumber, id_card(1).to_lowercase());
    lower.insert(Field::Gender, "男".to_owned());
    let problems = check(&mut checker, 6, &lower).unwrap_err();
    assert_eq!(problems[0].field, Field::IdCardNumber, "{problems:?}");
}
