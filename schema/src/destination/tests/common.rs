//! What all types have: national code, signing date, remark, statement of truth, employer, archive.

use super::*;

/// The types that name an employer of the mainland, with its block.
fn employer_of(draft: &mut DestinationDraft) -> Option<&mut EmployerDraft> {
    match &mut draft.details {
        DetailsDraft::PublicRecruitment(details) => Some(&mut details.employer),
        DetailsDraft::NoncommissionedOfficer(details) => Some(&mut details.employer),
        DetailsDraft::MedicalResidency(details) => Some(&mut details.employer),
        DetailsDraft::LabourContract(details) => Some(&mut details.employer),
        DetailsDraft::OtherEmployment(details) => Some(&mut details.employer),
        DetailsDraft::ResearchAssistant(details) => Some(&mut details.employer),
        DetailsDraft::EntrustedSupplement(details) => Some(&mut details.employer),
        _ => None,
    }
}

#[test]
fn each_wrong_field_of_the_employer_is_named() {
    type Spoil = fn(&mut EmployerDraft);
    let cases: [(&str, Spoil); 20] = [
        ("employer.name", |e| e.name = None),
        ("employer.name", |e| e.name = some("一")),
        ("employer.name", |e| e.name = Some("长".repeat(101))),
        ("employer.nature", |e| e.nature = some("98")),
        ("employer.industry", |e| e.industry = some("98")),
        ("employer.region", |e| e.region = None),
        ("employer.region", |e| e.region = some("000000")),
        ("employer.address", |e| e.address = some("短")),
        ("employer.address", |e| e.address = Some("长".repeat(201))),
        ("employer.positionCategory", |e| e.position_category = some("09")),
        ("employer.positionTitle", |e| e.position_title = some(" ")),
        ("employer.positionTitle", |e| {
            e.position_title = Some("字".repeat(51))
        }),
        ("employer.positionTitle", |e| {
            e.position_title = some("工\u{7}程师")
        }),
        ("employer.contactPerson", |e| e.contact_person = None),
        ("employer.contactPerson", |e| {
            e.contact_person = Some("名".repeat(31))
        }),
        ("employer.contactPhone", |e| e.contact_phone = some("没有")),
        ("employer.contactMobile", |e| e.contact_mobile = None),
        ("employer.contactMobile", |e| {
            e.contact_mobile = some("20000000001")
        }),
        ("employer.contactEmail", |e| e.contact_email = None),
        ("employer.contactEmail", |e| e.contact_email = some("nobody")),
    ];
    let mut types = 0;
    for of in DestinationType::ALL {
        let mut draft = full(*of);
        if employer_of(&mut draft).is_none() {
            continue;
        }
        types += 1;
        for (field, spoil) in cases {
            let mut draft = draft.clone();
            spoil(employer_of(&mut draft).unwrap());
            assert_eq!(wrong(&draft), [field], "{of}");
        }
    }
    assert_eq!(types, 7);
}

#[test]
fn the_employers_codes_are_those_of_the_type() {
    let mut draft = full(DestinationType::LabourContract);
    let employer = employer_of(&mut draft).unwrap();
    (employer.nature, employer.industry, employer.position_category) = (None, None, some("  "));
    assert_eq!(
        wrong(&draft),
        [
            "employer.nature",
            "employer.industry",
            "employer.positionCategory"
        ]
    );

    let mut draft = full(DestinationType::NoncommissionedOfficer);
    let employer = employer_of(&mut draft).unwrap();
    (employer.nature, employer.industry, employer.position_category) = (some("31"), some("34"), some("13"));
    assert_eq!(
        wrong(&draft),
        [
            "employer.nature",
            "employer.industry",
            "employer.positionCategory"
        ]
    );

    let mut draft = full(DestinationType::MedicalResidency);
    employer_of(&mut draft).unwrap().nature = some("31");
    assert_eq!(wrong(&draft), ["employer.nature"]);
    employer_of(&mut draft).unwrap().nature = some("23");
    assert_eq!(wrong(&draft), [""; 0]);
}

#[test]
fn a_credit_code_or_the_reason_why_there_is_none() {
    for of in [
        DestinationType::PublicRecruitment,
        DestinationType::MedicalResidency,
        DestinationType::LabourContract,
        DestinationType::OtherEmployment,
        DestinationType::ResearchAssistant,
        DestinationType::EntrustedSupplement,
    ] {
        let with = |code: Option<String>, reason: Option<String>| {
            let mut draft = full(of);
            let employer = employer_of(&mut draft).unwrap();
            (employer.credit_code, employer.no_credit_code_reason) = (code, reason);
            draft
        };
        let reason = || some("涉密单位，无统一社会信用代码");
        assert_eq!(wrong(&with(None, None)), ["employer.creditCode"]);
        assert_eq!(wrong(&with(some(" "), some(" "))), ["employer.creditCode"]);
        assert_eq!(
            wrong(&with(some("91000000MA00000011"), None)),
            ["employer.creditCode"]
        );
        assert_eq!(
            wrong(&with(credit_code(), reason())),
            ["employer.noCreditCodeReason"],
            "both"
        );
        assert_eq!(
            wrong(&with(None, Some("长".repeat(101)))),
            ["employer.noCreditCodeReason"]
        );
        assert_eq!(
            warned(&with(None, reason())),
            ["employer.creditCode"],
            "a second look"
        );
    }
    let mut draft = full(DestinationType::NoncommissionedOfficer);
    employer_of(&mut draft).unwrap().credit_code = credit_code();
    assert_eq!(wrong(&draft), ["employer.creditCode"], "armed forces have none");
    employer_of(&mut draft).unwrap().credit_code = None;
    employer_of(&mut draft).unwrap().no_credit_code_reason = some("部队");
    assert_eq!(wrong(&draft), ["employer.noCreditCodeReason"]);
}

#[test]
fn the_national_code_is_one_of_the_types() {
    for of in DestinationType::ALL {
        let mut draft = full(*of);
        for code in ["27", "50", "51", "75", "80", "70", "72", "000", "13"] {
            draft.national_code = some(code);
            assert_eq!(
                wrong(&draft),
                ["nationalCode"],
                "{of} {code}: a group, or no code"
            );
        }
        draft.national_code = None;
        let several = of.national_codes().count() > 1 && *of != DestinationType::SelfEmployed;
        let expected: &[&str] = if several { &["nationalCode"] } else { &[] };
        assert_eq!(wrong(&draft), expected, "{of}: the only one is filled in");
    }
    for of in DestinationType::ALL {
        for code in of.national_codes() {
            let mut draft = full(*of);
            draft.national_code = Some(code.code.clone());
            if let DetailsDraft::SelfEmployed(business) = &draft.details {
                let fits = business.national_code() == code.code;
                assert_eq!(wrong(&draft).is_empty(), fits, "the code of its shape");
            } else {
                assert_eq!(wrong(&draft), [""; 0], "{of} {}", code.code);
            }
        }
    }
}

#[test]
fn what_every_type_has() {
    for of in DestinationType::ALL {
        let mut draft = full(*of);
        draft.truthful = false;
        assert_eq!(wrong(&draft), ["truthful"], "{of}");

        let mut draft = full(*of);
        draft.remark = Some("备".repeat(501));
        assert_eq!(wrong(&draft), ["remark"], "{of}");
        draft.remark = Some(format!("{}\n{}", "备".repeat(250), "注".repeat(249)));
        assert_eq!(wrong(&draft), [""; 0], "{of}");

        let mut draft = full(*of);
        draft.signed_on = None;
        let required = [
            DestinationType::LabourContract,
            DestinationType::ResearchAssistant,
            DestinationType::EntrustedSupplement,
        ];
        let expected: &[&str] = if required.contains(of) { &["signedOn"] } else { &[] };
        assert_eq!(wrong(&draft), expected, "{of}");
        for date in [on(2027, 3, 6), on(1027, 3, 5), on(2207, 3, 5)] {
            draft.signed_on = Some(date);
            assert_eq!(wrong(&draft), ["signedOn"], "{of}: tomorrow, or mistyped");
        }
    }
    let mut draft = full(DestinationType::Seeking);
    draft.signed_on = Some(on(2027, 3, 1));
    assert_eq!(wrong(&draft), ["signedOn"], "nothing is signed");
}

#[test]
fn each_wrong_field_of_the_archive_is_named() {
    type Spoil = fn(&mut ArchiveDraft);
    let cases: [(&str, Spoil); 22] = [
        ("archive.route", |a| a.route = None),
        ("archive.receivingUnit", |a| a.receiving_unit = None),
        ("archive.receivingUnit", |a| {
            a.receiving_unit = Some("长".repeat(101))
        }),
        ("archive.address", |a| a.address = None),
        ("archive.address", |a| a.address = some("短路1")),
        ("archive.address", |a| a.address = some("示例市示例路")),
        ("archive.address", |a| a.address = Some("1".repeat(201))),
        ("archive.department", |a| a.department = Some("长".repeat(51))),
        ("archive.contactPerson", |a| a.contact_person = None),
        ("archive.contactPerson", |a| {
            a.contact_person = Some("名".repeat(31))
        }),
        ("archive.contactPerson", |a| {
            a.contact_person = some(" 示例毕业生 ")
        }),
        ("archive.phone", |a| a.phone = None),
        ("archive.phone", |a| a.phone = some("没有")),
        ("archive.phone", |a| a.phone = some("+86 100 0000 0009")),
        ("archive.postcode", |a| a.postcode = some(" ")),
        ("archive.postcode", |a| a.postcode = some("10000")),
        ("archive.postcode", |a| a.postcode = some("１00000")),
        ("archive.accepted", |a| a.accepted = None),
        ("archive.newAddress", |a| a.new_address = None),
        ("archive.newAddress", |a| a.new_address = some("短")),
        // Whether the household moves decides what the address means.
        ("archive.householdMoves", |a| a.household_moves = None),
        ("archive.newAddress", |a| a.household_moves = Some(false)),
    ];
    for of in DestinationType::ALL {
        let rule = of.archive();
        for (field, spoil) in cases {
            let mut draft = full(*of);
            let mut archive = ArchiveDraft {
                route: rule.usual_route.or(archive().route),
                ..archive()
            };
            spoil(&mut archive);
            let way_left_out = rule.light
                && ((field == "archive.address" && archive.address.is_none())
                    || (field == "archive.contactPerson" && archive.contact_person.is_none())
                    || (field == "archive.phone" && archive.phone.is_none())
                    || (field == "archive.postcode" && archive.postcode.as_deref() == Some(" ")));
            let filled_in = field == "archive.route" && rule.usual_route.is_some();
            draft.archive = Some(archive);
            let expected: &[&str] = if way_left_out || filled_in { &[] } else { &[field] };
            assert_eq!(
                wrong(&draft),
                expected,
                "{of}: also where it is not asked for yet"
            );
        }
        let mut draft = full(*of);
        draft.archive = None;
        assert_eq!(wrong(&draft), [""; 0], "{of}: asked for before leaving school");
    }
}

#[test]
fn an_archive_that_stays_has_no_addressee() {
    let mut draft = full(DestinationType::Seeking);
    draft.archive = Some(ArchiveDraft {
        route: Some(ArchiveRoute::KeptAtSchool),
        accepted: Some(false),
        household_moves: Some(false),
        ..ArchiveDraft::default()
    });
    assert_eq!(warned(&draft), [""; 0]);
}

#[test]
fn an_unusual_way_of_an_archive_is_worth_a_second_look() {
    let with = |of, spoil: fn(&mut ArchiveDraft)| {
        let mut draft = full(of);
        spoil(draft.archive.as_mut().unwrap());
        draft
    };
    let origin: fn(&mut ArchiveDraft) = |a| a.route = Some(ArchiveRoute::Origin);
    for of in [
        DestinationType::Postgraduate,
        DestinationType::SecondBachelor,
        DestinationType::UpgradeToBachelor,
    ] {
        assert_eq!(warned(&with(of, origin)), ["archive.route"], "{of}");
    }
    assert_eq!(warned(&with(DestinationType::StudyAbroad, origin)), [""; 0]);
    assert_eq!(
        warned(&with(DestinationType::StudyAbroad, |a| a.route =
            Some(ArchiveRoute::TrusteeAgency))),
        ["archive.route"]
    );
    assert_eq!(
        warned(&with(DestinationType::Seeking, |a| a.accepted = Some(false))),
        ["archive.accepted"]
    );
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    for of in DestinationType::ALL {
        let errors = wrong(&DestinationDraft::empty(*of));
        assert!(errors.contains(&"truthful"), "{of}");
        let mut once = errors.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), errors.len(), "{of}: each field once");
    }
    let mut empty = DestinationDraft::empty(DestinationType::ResearchAssistant);
    empty.archive = Some(ArchiveDraft::default());
    assert_eq!(
        wrong(&empty),
        [
            "nationalCode",
            "employer.name",
            "employer.creditCode",
            "employer.nature",
            "employer.industry",
            "employer.region",
            "employer.address",
            "employer.positionCategory",
            "employer.positionTitle",
            "employer.contactPerson",
            "employer.contactMobile",
            "employer.contactEmail",
            "startOn",
            "endOn",
            "monthlyPay",
            "signedOn",
            "archive.route",
            "archive.receivingUnit",
            "archive.address",
            "archive.contactPerson",
            "archive.phone",
            "archive.postcode",
            "archive.accepted",
            "archive.householdMoves",
            "truthful",
        ]
    );
}
