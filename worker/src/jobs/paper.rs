//! From the paper that is kept with a document to what the typesetter draws.

use wangqian_document::{
    AgreementPaper, Amendment, Approval, Channel, CreditCode, EmployerBlock, GraduateBlock, SchoolBlock,
    SigningDates, TermsBlock, Verification,
};
use wangqian_schema::{model::document::Paper, workflow::agreement::AgreementChannel};

/// The paper as the typesetter wants it.
pub(super) fn drawn(paper: Paper) -> AgreementPaper {
    let (employer, graduate, school, terms) = (paper.employer, paper.graduate, paper.school, paper.terms);
    let approvals = [
        ("院系", paper.department_approved_on),
        ("学校", paper.school_approved_on),
    ];
    AgreementPaper {
        layout: paper.layout,
        number: Some(paper.agreement_number),
        channel: match paper.channel {
            AgreementChannel::Online => Channel::Online,
            AgreementChannel::Offline => Channel::Offline,
            AgreementChannel::Registered => Channel::Registered,
        },
        amended: paper.amended.map(|amended| Amendment {
            version: u32::try_from(amended.version).unwrap_or_default(),
            on: amended.on,
        }),
        issued_on: paper.issued_on.or(paper.signed_on).unwrap_or_default(),
        employer: EmployerBlock {
            name: employer.name,
            credit_code: CreditCode::Code(employer.credit_code),
            nature: employer.nature,
            industry: employer.industry,
            // Kept as one text with the region in front.
            region: employer.address,
            address: String::new(),
            position_category: employer.position_category,
            position_title: employer.position_title,
            contact_person: employer.contact_person,
            contact_phone: employer.contact_phone,
            contact_mobile: employer.contact_mobile,
            contact_email: employer.contact_email,
        },
        graduate: GraduateBlock {
            name: graduate.name,
            gender: graduate.gender,
            id_card: graduate.id_card_number,
            school: school.name.clone(),
            department: school.department.clone(),
            major: graduate.major,
            degree_level: graduate.degree_level,
            training_mode: graduate.training_mode,
            student_number: graduate.student_number,
            class_year: u16::try_from(graduate.class_year).unwrap_or_default(),
            mobile: graduate.mobile.unwrap_or_default(),
            email: graduate.email,
            place_of_origin: Some(graduate.origin_region),
        },
        school: SchoolBlock {
            name: school.name,
            code: school.code,
            department: school.department,
            contact_phone: school.contact_phone,
            contact_address: school.address,
            approvals: approvals
                .into_iter()
                .filter_map(|(level, on)| {
                    Some(Approval {
                        level: level.to_owned(),
                        on: on?,
                    })
                })
                .collect(),
        },
        terms: TermsBlock {
            probation_months: terms.probation_months,
            probation_salary: terms.probation_salary,
            regular_salary: terms.regular_salary,
            liquidated_damages: terms.liquidated_damages,
            report_place: terms.report_place,
            report_deadline: terms.report_deadline,
            work_place: terms.work_place,
            household_registration: terms.household_registration,
            supplementary: terms.supplementary_terms,
        },
        dates: SigningDates {
            employer: paper.invited_on,
            graduate: paper.accepted_on,
            school: paper.signed_on,
        },
        verification: Some(Verification {
            code: paper.verification_code,
            url: paper.verification_url,
        }),
    }
}

#[cfg(test)]
mod tests {
    use wangqian_document::{DocumentError, Mark, Renderer};

    use super::*;

    fn paper(name: &str) -> Paper {
        let day = "2027-03-05";
        serde_json::from_value(serde_json::json!({
            "layout": 1, "agreement_number": "20279000131000001", "verification_code": "0000-0000-0000-0000",
            "verification_url": "https://wangqian.example/verify/0000-0000-0000-0000",
            "graduate": {
                "name": name, "gender": "女", "id_card_number": "000000200001010009", "student_number": "S1",
                "class_year": 2027, "degree_level": "本科", "major": "示例专业", "training_mode": "非定向",
                "origin_region": "北京市海淀区", "mobile": null, "email": "lin@example.com",
            },
            "employer": {
                "name": "示例科技有限公司", "credit_code": "91000000MA00000010", "nature": "其他企业", "industry": "软件业",
                "address": "北京市海淀区示例路一号", "position_category": "工程技术人员", "position_title": "软件工程师",
                "contact_person": "示例联系人", "contact_phone": null, "contact_mobile": "10000000001",
                "contact_email": "hr@example.com",
            },
            "school": {
                "name": "示例大学", "code": "90001", "department": "示例学院", "contact_phone": null, "address": null,
            },
            "terms": {
                "probation_months": 3, "probation_salary": 8000, "regular_salary": 10000, "liquidated_damages": null,
                "report_place": null, "report_deadline": null, "work_place": null, "household_registration": "不接收",
                "supplementary_terms": "试用期内按国家规定缴纳社会保险。",
            },
            "invited_on": day, "accepted_on": day, "department_approved_on": day, "school_approved_on": null,
            "signed_on": day,
        }))
        .unwrap()
    }

    #[test]
    fn a_kept_paper_can_be_drawn_and_a_character_without_a_glyph_names_its_field() {
        let renderer = Renderer::new(&[]).unwrap();
        let pdf = renderer.render(&drawn(paper("林示例")), Mark::None).unwrap();
        assert!(pdf.starts_with(b"%PDF-"));
        let error = renderer
            .render(&drawn(paper("林\u{F0000}")), Mark::None)
            .unwrap_err();
        assert!(
            matches!(
                error,
                DocumentError::MissingGlyph {
                    field: "graduate.name",
                    ..
                }
            ),
            "{error}"
        );
        assert!(!error.to_string().contains('林'));
    }
}
