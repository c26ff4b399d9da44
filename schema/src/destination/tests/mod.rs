//! The forms of all types: what passes, and that each wrong field is named and nothing else.

mod common;
mod kept;
mod other;
mod work;

use chrono::NaiveDate;

use super::*;
use crate::checks::credit_code_check;

fn on(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn context() -> CheckContext {
    CheckContext {
        today: on(2027, 3, 5),
        graduate_name: "示例毕业生".to_owned(),
        graduate_mobile: some("10000000009"),
    }
}

/// A made-up unit of the region 000000, which cannot exist.
fn credit_code() -> Option<String> {
    let first = "91000000MA0000001";
    Some(format!("{first}{}", credit_code_check(first).unwrap()))
}

fn employer() -> EmployerDraft {
    EmployerDraft {
        name: some("示例公司"),
        credit_code: credit_code(),
        no_credit_code_reason: None,
        nature: some("31"),
        industry: some("34"),
        region: some("110108"),
        address: some("示例路一号院二号楼"),
        position_category: some("13"),
        position_title: some("软件工程师"),
        contact_person: some("示例联系人"),
        contact_phone: some("010-00000000"),
        contact_mobile: some("10000000001"),
        contact_email: some("hr@example.com"),
    }
}

fn archive() -> ArchiveDraft {
    ArchiveDraft {
        route: Some(ArchiveRoute::TrusteeAgency),
        receiving_unit: some("示例人才服务中心"),
        address: some("示例市示例路 1 号 2 室"),
        department: some("档案科"),
        contact_person: some("示例收件人"),
        phone: some("010-00000001"),
        postcode: some("100000"),
        accepted: Some(true),
        household_moves: Some(true),
        new_address: some("示例市示例路 3 号"),
    }
}

/// A form of the type in which all that it asks for is filled in well.
fn full(of: DestinationType) -> DestinationDraft {
    use DestinationType as Type;
    let start_on = Some(on(2027, 7, 1));
    let end_on = Some(on(2029, 6, 30));
    let employer = employer();
    let details = match of {
        Type::PublicRecruitment => DetailsDraft::PublicRecruitment(PublicRecruitmentDraft {
            employer,
            recruitment_kind: Some(RecruitmentKind::Teacher),
            letter_number: some("示例〔2027〕1号"),
            letter_date: Some(on(2027, 3, 1)),
        }),
        Type::NoncommissionedOfficer => DetailsDraft::NoncommissionedOfficer(NoncommissionedOfficerDraft {
            employer: EmployerDraft {
                credit_code: None,
                nature: None,
                industry: some("80"),
                position_category: None,
                ..employer
            },
            enlisted_on: start_on,
        }),
        Type::MedicalResidency => DetailsDraft::MedicalResidency(MedicalResidencyDraft {
            employer: EmployerDraft {
                nature: None,
                ..employer
            },
            speciality: some("内科"),
            start_on,
            months: Some(36),
        }),
        Type::InternationalOrganisation => DetailsDraft::InternationalOrganisation(PostAbroadDraft {
            employer_name: some("Example Organisation"),
            industry: None,
            country: some("CN"),
            position_title: some("项目官员"),
            start_on,
            months: Some(24),
        }),
        Type::WorkAbroad => DetailsDraft::WorkAbroad(PostAbroadDraft {
            employer_name: some("例示株式会社"),
            industry: some("34"),
            country: some("HK"),
            position_title: some("工程师"),
            start_on,
            months: Some(12),
        }),
        Type::LabourContract => DetailsDraft::LabourContract(LabourContractDraft {
            employer,
            start_on,
            term: Some(ContractTerm::Fixed),
            end_on,
            monthly_pay: Some(8_000),
        }),
        Type::OtherEmployment => DetailsDraft::OtherEmployment(OtherEmploymentDraft {
            employer,
            start_on,
            monthly_pay: Some(2_540),
        }),
        Type::ResearchAssistant => DetailsDraft::ResearchAssistant(ResearchAssistantDraft {
            employer,
            project: some("示例项目"),
            supervisor: some("示例导师"),
            start_on,
            end_on,
            monthly_pay: Some(2_540),
        }),
        Type::Conscript => DetailsDraft::Conscript(ConscriptDraft {
            office_region: some("110108"),
            enlisted_on: start_on,
            service: Some(ServiceBranch::Navy),
        }),
        Type::NationalGrassroots => DetailsDraft::NationalGrassroots(GrassrootsDraft {
            service_unit: some("示例乡人民政府"),
            service_region: some("130102"),
            start_on,
            end_on,
            ..GrassrootsDraft::default()
        }),
        Type::LocalGrassroots => DetailsDraft::LocalGrassroots(GrassrootsDraft {
            programme: some("示例计划"),
            level: Some(ProgrammeLevel::City),
            service_unit: some("示例乡人民政府"),
            service_region: some("130102"),
            start_on,
            end_on,
        }),
        Type::SelfEmployed => DetailsDraft::SelfEmployed(BusinessDraft::Company(CompanyDraft {
            name: some("示例公司"),
            credit_code: credit_code(),
            role: Some(BusinessRole::LegalRepresentative),
            share_percent: Some(60),
            founded_on: Some(on(2026, 12, 1)),
        })),
        Type::Freelance => DetailsDraft::Freelance(FreelanceDraft {
            occupation: some("插画师"),
            income_source: some("接受委托绘制插画"),
            region: some("110108"),
            monthly_income: Some(2_540),
        }),
        Type::UpgradeToBachelor => DetailsDraft::UpgradeToBachelor(study(None)),
        Type::Postgraduate => DetailsDraft::Postgraduate(study(Some(StudyLevel::Doctor))),
        Type::SecondBachelor => DetailsDraft::SecondBachelor(study(Some(StudyLevel::SecondBachelor))),
        Type::StudyAbroad => DetailsDraft::StudyAbroad(StudyAbroadDraft {
            country: some("FR"),
            institution_zh: some("示例大学"),
            institution_local: some("Université d’exemple"),
            major_zh: some("数学"),
            major_local: some("Mathématiques"),
            level: Some(StudyLevel::Master),
            start_on,
        }),
        Type::EntrustedSupplement => DetailsDraft::EntrustedSupplement(EntrustedSupplementDraft {
            employer,
            agreement_number: some("示例-1"),
            agreed_region: some("130102"),
            as_agreed: true,
        }),
        Type::Seeking => DetailsDraft::Seeking(SeekingDraft {
            help_wanted: vec![
                HelpWanted::Internship,
                HelpWanted::JobReferral,
                HelpWanted::Internship,
            ],
            wanted_region: some("110000"),
            wanted_position: some("教师"),
            wanted_pay: Some(6_000),
        }),
        Type::PreparingStudy => DetailsDraft::PreparingStudy(PreparingStudyDraft {
            aim: Some(StudyAim::Postgraduate),
            year: Some(2028),
            support: some("自习室\n复习资料"),
        }),
        Type::NotSeeking => DetailsDraft::NotSeeking(NotSeekingDraft {
            note: some("示例说明"),
        }),
    };
    let rule = of.archive();
    DestinationDraft {
        national_code: of.national_codes().next().map(|code| code.code.clone()),
        signed_on: match of.signing_date() {
            Asked::Required | Asked::Optional => Some(on(2027, 3, 5)),
            Asked::No => None,
        },
        remark: some("示例备注"),
        truthful: true,
        archive: rule.asked.then(|| ArchiveDraft {
            route: rule.usual_route.or(archive().route),
            ..archive()
        }),
        details,
    }
}

fn study(level: Option<StudyLevel>) -> StudyDraft {
    StudyDraft {
        institution: some("示例大学"),
        major: some("数学"),
        level,
        mode: Some(StudyMode::FullTime),
        enrolment_month: some("2027-09"),
    }
}

/// The names of the fields that are wrong.
fn wrong(draft: &DestinationDraft) -> Vec<&'static str> {
    match draft.check(&context()) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(|error| error.field).collect(),
    }
}

/// The names of the fields that are worth a second look.
fn warned(draft: &DestinationDraft) -> Vec<&'static str> {
    let checked = draft.check(&context()).unwrap();
    checked.warnings.iter().map(|warning| warning.field).collect()
}

type Spoil = fn(&mut DestinationDraft);

fn each_is_named(of: DestinationType, cases: &[(&str, Spoil)]) {
    for (at, (field, spoil)) in cases.iter().enumerate() {
        let mut draft = full(of);
        spoil(&mut draft);
        assert_eq!(wrong(&draft), [*field], "{of}, case {at}");
    }
}

fn each_may_be_left_out(of: DestinationType, spoils: &[Spoil]) {
    for (at, spoil) in spoils.iter().enumerate() {
        let mut draft = full(of);
        spoil(&mut draft);
        assert_eq!(wrong(&draft), [""; 0], "{of}, case {at}");
    }
}

/// The fields of the type, to be spoilt.
macro_rules! of {
    ($draft:expr, $variant:ident) => {
        match &mut $draft.details {
            DetailsDraft::$variant(details) => details,
            other => panic!("{:?}", other.destination_type()),
        }
    };
}
use of;
