//! What passes is kept and read back, and can be filled in again from what was kept.

use super::*;
use crate::field_changes::fields;

#[test]
fn a_full_form_of_every_type_passes_and_survives_storage() {
    for of in DestinationType::ALL {
        let draft = full(*of);
        let checked = draft
            .check(&context())
            .unwrap_or_else(|errors| panic!("{of}: {errors:?}"));
        assert_eq!(checked.warnings, [], "{of}");
        let destination = checked.destination;
        assert_eq!(destination.destination_type(), *of);
        let stored = json(&destination);
        assert_eq!(stored["details"]["type"], of.as_str());
        assert_eq!(
            serde_json::from_value::<Destination>(stored).unwrap(),
            destination,
            "{of}"
        );
        assert_eq!(
            serde_json::from_value::<DestinationDraft>(json(&draft)).unwrap(),
            draft,
            "{of}"
        );
        let again = destination.to_draft().unwrap().check(&context()).unwrap();
        assert_eq!(again.destination, destination, "{of}: filled in again");
    }
}

#[test]
fn what_is_kept_is_as_it_was_checked() {
    let mut draft = full(DestinationType::Seeking);
    draft.national_code = some(" 703 ");
    draft.remark = some("  ");
    let kept = draft.check(&context()).unwrap().destination;
    assert_eq!((kept.national_code.as_str(), &kept.remark), ("703", &None));
    let Details::Seeking(seeking) = kept.details else {
        panic!("another type")
    };
    assert_eq!(
        seeking.help_wanted,
        [HelpWanted::JobReferral, HelpWanted::Internship],
        "each once"
    );

    let kept = full(DestinationType::NoncommissionedOfficer)
        .check(&context())
        .unwrap();
    let Details::NoncommissionedOfficer(officer) = kept.destination.details else {
        panic!("another type")
    };
    let employer = officer.employer;
    assert_eq!(
        (
            &*employer.nature,
            &*employer.industry,
            &*employer.position_category
        ),
        ("40", "80", "80"),
        "what is fixed is filled in"
    );
    assert_eq!(employer.credit_code, None);
}

#[test]
fn nothing_unknown_is_read_back() {
    for of in DestinationType::ALL {
        let stored = json(&full(*of).check(&context()).unwrap().destination);
        for place in ["", "/details", "/details/employer", "/archive"] {
            let mut stored = stored.clone();
            if let Some(serde_json::Value::Object(object)) = stored.pointer_mut(place) {
                object.insert("unknown".to_owned(), true.into());
                assert!(
                    serde_json::from_value::<Destination>(stored).is_err(),
                    "{of} {place}"
                );
            }
        }
    }
}

#[test]
fn a_draft_may_be_empty_and_keeps_anything_of_a_size() {
    for of in DestinationType::ALL {
        let empty = DestinationDraft::empty(*of);
        let word = serde_json::json!({ "details": { "type": of.as_str(), "kind": "COMPANY" } });
        assert_eq!(
            serde_json::from_value::<DestinationDraft>(word).unwrap(),
            empty,
            "{of}"
        );
        assert_eq!(empty.check_size(), Ok(()));
    }
    let mut draft = full(DestinationType::OtherEmployment);
    draft.remark = Some("长".repeat(2_001));
    of!(draft, OtherEmployment).employer.address = some("零\0");
    let errors = draft.check_size().unwrap_err();
    let paths: Vec<_> = errors.iter().map(|error| error.field).collect();
    assert_eq!(paths, ["employer.address", "remark"]);
}

#[test]
fn errors_name_fields_that_the_form_has() {
    for of in DestinationType::ALL {
        let known = fields(&flat(&full(*of)));
        let mut empty = DestinationDraft::empty(*of);
        empty.archive = full(*of).archive.map(|_| ArchiveDraft::default());
        for field in wrong(&empty) {
            let filled_in_by_the_type = ["employer.nature", "employer.creditCode"];
            assert!(
                known.contains_key(field) || filled_in_by_the_type.contains(&field),
                "{of}: {field}"
            );
        }
    }
}

#[test]
fn changes_are_named_as_errors_are() {
    let old = full(DestinationType::LabourContract)
        .check(&context())
        .unwrap()
        .destination;
    assert_eq!(changes(&old, &old), []);
    let mut draft = old.to_draft().unwrap();
    of!(draft, LabourContract).employer.address = some("新示例路一号");
    of!(draft, LabourContract).monthly_pay = None;
    let named = |new: &Destination| -> Vec<_> {
        changes(&old, new)
            .into_iter()
            .map(|change| (change.path, change.old.is_some(), change.new.is_some()))
            .collect()
    };
    assert_eq!(
        named(&draft.check(&context()).unwrap().destination),
        [
            ("employer.address".into(), true, true),
            ("monthlyPay".into(), true, false)
        ]
    );

    let other = full(DestinationType::OtherEmployment)
        .check(&context())
        .unwrap()
        .destination;
    assert_eq!(
        named(&other),
        [
            ("endOn".into(), true, false),
            ("monthlyPay".into(), true, true),
            ("nationalCode".into(), true, true),
            ("term".into(), true, false),
            ("type".into(), true, true),
        ],
        "another type: the employer stays"
    );
}

#[test]
fn every_field_has_a_name_that_people_know() {
    for of in DestinationType::ALL {
        let mut draft = full(*of);
        draft.archive = Some(archive());
        let variants: Vec<DestinationDraft> = match of {
            DestinationType::SelfEmployed => {
                let with = |business| DestinationDraft {
                    details: DetailsDraft::SelfEmployed(business),
                    ..draft.clone()
                };
                let text = || some("示例");
                vec![
                    draft.clone(),
                    with(BusinessDraft::Incubator(IncubatorDraft {
                        name: text(),
                        agreement_number: text(),
                    })),
                    with(BusinessDraft::ECommerce(ECommerceDraft {
                        platform: text(),
                        shop_url: text(),
                        shop_name: text(),
                    })),
                ]
            }
            _ => vec![draft],
        };
        for draft in variants {
            for field in fields(&flat(&draft)).into_keys() {
                assert!(label_zh(&field).is_some(), "{of}: {field}");
            }
        }
    }
}
