//! The own fields of the types that are work for somebody else.

use super::*;

#[test]
fn public_recruitment() {
    each_is_named(
        DestinationType::PublicRecruitment,
        &[
            ("recruitmentKind", |d| {
                of!(d, PublicRecruitment).recruitment_kind = None
            }),
            ("letterNumber", |d| {
                of!(d, PublicRecruitment).letter_number = Some("号".repeat(51))
            }),
            ("letterDate", |d| of!(d, PublicRecruitment).letter_date = None),
            ("letterDate", |d| {
                of!(d, PublicRecruitment).letter_date = Some(on(2027, 3, 6))
            }),
        ],
    );
    each_may_be_left_out(
        DestinationType::PublicRecruitment,
        &[|d| of!(d, PublicRecruitment).letter_number = None],
    );
}

#[test]
fn military() {
    each_is_named(
        DestinationType::NoncommissionedOfficer,
        &[
            ("enlistedOn", |d| {
                of!(d, NoncommissionedOfficer).enlisted_on = None
            }),
            ("enlistedOn", |d| {
                of!(d, NoncommissionedOfficer).enlisted_on = Some(on(202, 7, 1))
            }),
        ],
    );
    each_is_named(
        DestinationType::Conscript,
        &[
            ("officeRegion", |d| of!(d, Conscript).office_region = None),
            ("officeRegion", |d| {
                of!(d, Conscript).office_region = some("000000")
            }),
            ("enlistedOn", |d| of!(d, Conscript).enlisted_on = None),
            ("enlistedOn", |d| {
                of!(d, Conscript).enlisted_on = Some(on(2200, 7, 1))
            }),
        ],
    );
    each_may_be_left_out(
        DestinationType::Conscript,
        &[|d| of!(d, Conscript).service = None],
    );
}

#[test]
fn medical_residency() {
    each_is_named(
        DestinationType::MedicalResidency,
        &[
            ("speciality", |d| {
                of!(d, MedicalResidency).speciality = Some("科".repeat(51))
            }),
            ("startOn", |d| of!(d, MedicalResidency).start_on = None),
            ("months", |d| of!(d, MedicalResidency).months = None),
            ("months", |d| of!(d, MedicalResidency).months = Some(0)),
            ("months", |d| of!(d, MedicalResidency).months = Some(61)),
        ],
    );
    each_may_be_left_out(
        DestinationType::MedicalResidency,
        &[|d| of!(d, MedicalResidency).speciality = None],
    );
}

#[test]
fn posts_abroad() {
    macro_rules! cases {
        ($variant:ident) => {
            &[
                ("employerName", |d| of!(d, $variant).employer_name = None),
                ("employerName", |d| {
                    of!(d, $variant).employer_name = Some("x".repeat(201))
                }),
                ("industry", |d| of!(d, $variant).industry = some("98")),
                ("country", |d| of!(d, $variant).country = None),
                ("country", |d| of!(d, $variant).country = some("XX")),
                ("positionTitle", |d| of!(d, $variant).position_title = None),
                ("positionTitle", |d| {
                    of!(d, $variant).position_title = Some("字".repeat(51))
                }),
                ("startOn", |d| {
                    of!(d, $variant).start_on = Some(on(1900, 1, 1))
                }),
                ("months", |d| of!(d, $variant).months = Some(0)),
                ("months", |d| of!(d, $variant).months = Some(121)),
            ]
        };
    }
    each_is_named(
        DestinationType::InternationalOrganisation,
        cases!(InternationalOrganisation),
    );
    each_is_named(DestinationType::WorkAbroad, cases!(WorkAbroad));
    each_is_named(
        DestinationType::InternationalOrganisation,
        &[("industry", |d| {
            of!(d, InternationalOrganisation).industry = some("34")
        })],
    );
    each_is_named(
        DestinationType::WorkAbroad,
        &[("country", |d| of!(d, WorkAbroad).country = some("CN"))],
    );
    each_may_be_left_out(
        DestinationType::WorkAbroad,
        &[
            |d| of!(d, WorkAbroad).industry = None,
            |d| of!(d, WorkAbroad).start_on = None,
            |d| of!(d, WorkAbroad).months = None,
            |d| of!(d, WorkAbroad).country = some("MO"),
            |d| of!(d, WorkAbroad).country = some("TW"),
        ],
    );
}

#[test]
fn labour_contract() {
    each_is_named(
        DestinationType::LabourContract,
        &[
            ("startOn", |d| of!(d, LabourContract).start_on = None),
            ("startOn", |d| {
                of!(d, LabourContract).start_on = Some(on(20, 7, 1))
            }),
            ("term", |d| of!(d, LabourContract).term = None),
            ("endOn", |d| of!(d, LabourContract).end_on = None),
            ("endOn", |d| of!(d, LabourContract).end_on = Some(on(2027, 7, 1))),
            ("endOn", |d| of!(d, LabourContract).end_on = Some(on(2207, 7, 1))),
            ("endOn", |d| {
                of!(d, LabourContract).term = Some(ContractTerm::Open)
            }),
            ("monthlyPay", |d| of!(d, LabourContract).monthly_pay = Some(0)),
            ("monthlyPay", |d| {
                of!(d, LabourContract).monthly_pay = Some(1_000_001)
            }),
        ],
    );
    each_may_be_left_out(
        DestinationType::LabourContract,
        &[
            |d| of!(d, LabourContract).monthly_pay = None,
            |d| of!(d, LabourContract).term = Some(ContractTerm::Task),
            |d| {
                let contract = of!(d, LabourContract);
                (contract.term, contract.end_on) = (Some(ContractTerm::Task), None);
            },
            |d| {
                let contract = of!(d, LabourContract);
                (contract.term, contract.end_on) = (Some(ContractTerm::Open), None);
            },
        ],
    );
}

#[test]
fn other_employment() {
    each_is_named(
        DestinationType::OtherEmployment,
        &[
            ("startOn", |d| of!(d, OtherEmployment).start_on = None),
            ("monthlyPay", |d| of!(d, OtherEmployment).monthly_pay = None),
            ("monthlyPay", |d| of!(d, OtherEmployment).monthly_pay = Some(-1)),
            ("monthlyPay", |d| {
                of!(d, OtherEmployment).monthly_pay = Some(2_539)
            }),
        ],
    );
}

#[test]
fn research_assistant() {
    each_is_named(
        DestinationType::ResearchAssistant,
        &[
            ("project", |d| {
                of!(d, ResearchAssistant).project = Some("项".repeat(101))
            }),
            ("supervisor", |d| {
                of!(d, ResearchAssistant).supervisor = Some("师".repeat(31))
            }),
            ("startOn", |d| of!(d, ResearchAssistant).start_on = None),
            ("endOn", |d| of!(d, ResearchAssistant).end_on = None),
            ("endOn", |d| {
                of!(d, ResearchAssistant).end_on = Some(on(2027, 6, 30))
            }),
            ("monthlyPay", |d| of!(d, ResearchAssistant).monthly_pay = None),
            ("monthlyPay", |d| {
                of!(d, ResearchAssistant).monthly_pay = Some(2_539)
            }),
        ],
    );
    each_may_be_left_out(
        DestinationType::ResearchAssistant,
        &[
            |d| of!(d, ResearchAssistant).project = None,
            |d| of!(d, ResearchAssistant).supervisor = None,
        ],
    );
}

#[test]
fn entrusted_supplement() {
    each_is_named(
        DestinationType::EntrustedSupplement,
        &[
            ("agreementNumber", |d| {
                of!(d, EntrustedSupplement).agreement_number = Some("1".repeat(51))
            }),
            ("agreedRegion", |d| {
                of!(d, EntrustedSupplement).agreed_region = None
            }),
            ("agreedRegion", |d| {
                of!(d, EntrustedSupplement).agreed_region = some("000000")
            }),
            ("asAgreed", |d| of!(d, EntrustedSupplement).as_agreed = false),
        ],
    );
    each_may_be_left_out(
        DestinationType::EntrustedSupplement,
        &[|d| of!(d, EntrustedSupplement).agreement_number = None],
    );
}

/// Below a province's lowest tier pay is certainly too little; above it, it depends on the county.
#[test]
fn pay_is_held_against_the_minimum_wage_of_where_it_is_earned() {
    let research = |region: &str, pay| {
        let mut draft = full(DestinationType::ResearchAssistant);
        of!(draft, ResearchAssistant).employer.region = some(region);
        of!(draft, ResearchAssistant).monthly_pay = Some(pay);
        draft
    };
    assert_eq!(wrong(&research("440100", 1_749)), ["monthlyPay"]);
    assert_eq!(warned(&research("440100", 1_750)), ["monthlyPay"]);
    assert_eq!(warned(&research("440100", 2_500)), [""; 0]);
    assert_eq!(
        wrong(&research("440305", 2_500)),
        ["monthlyPay"],
        "a city of its own"
    );
    assert_eq!(warned(&research("810000", 1)), [""; 0], "no table, no check");

    let mut contract = full(DestinationType::LabourContract);
    of!(contract, LabourContract).monthly_pay = Some(2_539);
    assert_eq!(
        warned(&contract),
        ["monthlyPay"],
        "allowed, and worth a second look"
    );

    let mut freelance = full(DestinationType::Freelance);
    of!(freelance, Freelance).region = some("440100");
    of!(freelance, Freelance).monthly_income = Some(2_000);
    assert_eq!(warned(&freelance), ["monthlyIncome"]);
}
