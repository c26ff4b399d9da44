//! What terms may say.

use super::*;
use crate::checks::credit_code_check;

fn credit_code() -> CreditCode {
    let first = "91000000MA0000001";
    CreditCode::parse(&format!("{first}{}", credit_code_check(first).unwrap())).unwrap()
}

fn draft() -> TermsDraft {
    TermsDraft {
        nature: "31".into(),
        industry: "34".into(),
        region: "110108".into(),
        address: "示例路一号院二号楼".into(),
        position_category: "13".into(),
        position_title: "软件工程师".into(),
        contact_person: "示例联系人".into(),
        contact_mobile: "10000000001".into(),
        contact_email: "hr@example.com".into(),
        household_registration: Some(HouseholdRegistration::None),
        ..TermsDraft::default()
    }
}

#[test]
fn good_terms_pass_and_survive_storage() {
    let terms = draft().check("示例公司", credit_code()).unwrap();
    let stored = serde_json::to_value(&terms).unwrap();
    assert_eq!(serde_json::from_value::<AgreementTerms>(stored).unwrap(), terms);
}

#[test]
fn each_wrong_field_is_named() {
    type Spoil = fn(&mut TermsDraft);
    let cases: [(&str, Spoil); 22] = [
        ("nature", |d| d.nature = "98".into()),
        ("nature", |d| d.nature = "25".into()),
        ("industry", |d| d.industry = String::new()),
        ("region", |d| d.region = "999999".into()),
        ("address", |d| d.address = "短".into()),
        ("address", |d| d.address = "长".repeat(201)),
        ("positionCategory", |d| d.position_category = "09".into()),
        ("positionTitle", |d| d.position_title = "字".repeat(51)),
        ("positionTitle", |d| d.position_title = "工\u{7}程师".into()),
        ("contactPerson", |d| d.contact_person = "  ".into()),
        ("contactPhone", |d| d.contact_phone = Some("没有".into())),
        ("contactMobile", |d| d.contact_mobile = "12345".into()),
        ("contactEmail", |d| d.contact_email = "nobody".into()),
        ("probationMonths", |d| d.probation_months = Some(7)),
        ("probationMonths", |d| d.probation_months = Some(-1)),
        ("probationSalary", |d| d.probation_salary = Some(-1)),
        ("regularSalary", |d| d.regular_salary = Some(i32::MAX)),
        ("liquidatedDamages", |d| d.liquidated_damages = Some(-5)),
        ("reportPlace", |d| d.report_place = Some("地".repeat(101))),
        ("workPlace", |d| d.work_place = Some("一\n二".into())),
        ("householdRegistration", |d| d.household_registration = None),
        ("supplementaryTerms", |d| {
            d.supplementary_terms = Some("补".repeat(1001))
        }),
    ];
    for (field, spoil) in cases {
        let mut draft = draft();
        spoil(&mut draft);
        let errors = draft.check("示例公司", credit_code()).unwrap_err();
        assert_eq!(errors.iter().map(|e| e.field).collect::<Vec<_>>(), [field]);
    }
    assert!(
        TermsDraft::default()
            .check("示例公司", credit_code())
            .unwrap_err()
            .len()
            > 8,
        "all at once"
    );
}

#[test]
fn a_low_probation_salary_is_a_warning() {
    let mut draft = draft();
    (draft.probation_salary, draft.regular_salary) = (Some(7_999), Some(10_000));
    let terms = draft.check("示例公司", credit_code()).unwrap();
    assert_eq!(terms.warnings()[0].field, "probationSalary");
    draft.probation_salary = Some(8_000);
    assert_eq!(draft.check("示例公司", credit_code()).unwrap().warnings(), []);
}

/// The names in the list are those under which the fields are kept, written as GraphQL writes them.
#[test]
fn every_field_is_named_as_it_is_kept() {
    let mut whole = serde_json::to_value(AgreementDraft::default()).unwrap();
    let object = whole.as_object_mut().unwrap();
    let serde_json::Value::Object(terms) = object.remove("terms").unwrap() else {
        panic!("terms are an object");
    };
    object.extend(terms);
    for value in object.values_mut() {
        *value = "x".into();
    }
    let mut kept: Vec<String> = crate::field_changes::fields(&whole).into_keys().collect();
    let mut named: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
    kept.sort_unstable();
    named.sort_unstable();
    assert_eq!(kept, named);
}

#[test]
fn a_draft_keeps_half_a_form_but_nothing_endless() {
    let mut draft = AgreementDraft {
        credit_code: "\0".into(),
        ..AgreementDraft::default()
    };
    draft.terms.work_place = Some("长".repeat(MAX_FIELD + 1));
    draft.terms.address = "长".repeat(MAX_FIELD);
    let wrong = draft.check_size().unwrap_err();
    let fields: Vec<_> = wrong.iter().map(|error| error.field).collect();
    assert_eq!(fields, ["creditCode", "workPlace"]);
    assert_eq!(AgreementDraft::default().check_size(), Ok(()));
}
