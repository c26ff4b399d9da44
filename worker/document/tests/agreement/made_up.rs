//! Made-up agreements, for the tests and the example. Region 000000 does not exist, so nobody real is hit.

use chrono::NaiveDate;
use wangqian_document::{
    AgreementPaper, Approval, Channel, CreditCode, EmployerBlock, GraduateBlock, SchoolBlock, SigningDates,
    TermsBlock, Verification,
};

/// A day of 2026.
#[expect(
    clippy::expect_used,
    reason = "only the tests and the example name days, as literals"
)]
pub(crate) fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).expect("a day of the year")
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// An agreement signed online, every field filled in as usual.
pub(crate) fn paper() -> AgreementPaper {
    AgreementPaper {
        layout: AgreementPaper::LAYOUT,
        number: some("20269999901000123"),
        channel: Channel::Online,
        amended: None,
        issued_on: day(7, 3),
        employer: EmployerBlock {
            name: "云岭示例精密仪器有限公司".into(),
            credit_code: CreditCode::Code("91000000MA00000X0X".into()),
            nature: "其他企业".into(),
            industry: "制造业".into(),
            region: "示例省示例市高新区".into(),
            address: "科技一路 88 号创新大厦 B 座 1206 室".into(),
            position_category: "工程技术人员".into(),
            position_title: "嵌入式软件工程师".into(),
            contact_person: "李文静".into(),
            contact_phone: some("000-8765 4321"),
            contact_mobile: "10000000001".into(),
            contact_email: "hr@example.com".into(),
        },
        graduate: GraduateBlock {
            name: "王𬭎".into(),
            gender: "男".into(),
            id_card: "000000200401010014".into(),
            school: "示例理工大学".into(),
            department: "电子信息工程学院".into(),
            major: "测控技术与仪器".into(),
            degree_level: "本科生毕业".into(),
            training_mode: "非定向".into(),
            student_number: "2022010203".into(),
            class_year: 2026,
            mobile: "10000000002".into(),
            email: some("wang@example.com"),
            place_of_origin: some("示例省示例县"),
        },
        school: SchoolBlock {
            name: "示例理工大学".into(),
            code: "99999".into(),
            department: "电子信息工程学院".into(),
            contact_phone: some("000-1234 5678"),
            contact_address: some("示例省示例市大学路 1 号学生就业指导中心"),
            approvals: vec![
                Approval {
                    level: "院系".into(),
                    on: day(7, 2),
                },
                Approval {
                    level: "学校".into(),
                    on: day(7, 3),
                },
            ],
        },
        terms: TermsBlock {
            probation_months: Some(3),
            probation_salary: Some(7_200),
            regular_salary: Some(9_000),
            liquidated_damages: Some(5_000),
            report_place: some("科技一路 88 号创新大厦 B 座一层人力资源部"),
            report_deadline: Some(day(7, 15)),
            work_place: some("示例省示例市"),
            household_registration: "签约单位接收".into(),
            supplementary: some(
                "一、甲方为乙方提供职工宿舍，入职满两年后按单位规定申请住房补贴。\n二、乙方升学、应征入伍或者考取公务员的，凭有效证明可以解除本协议，互不承担违约责任。",
            ),
        },
        dates: SigningDates {
            employer: Some(day(6, 28)),
            graduate: Some(day(7, 1)),
            school: Some(day(7, 3)),
        },
        verification: Some(Verification {
            code: "7K3M-92QX-DH4P".into(),
            url: "https://wangqian.example.edu.cn/v/7K3M92QXDH4P".into(),
        }),
    }
}

/// The same in another channel: to be signed by hand, or signed before.
pub(crate) fn paper_of(channel: Channel) -> AgreementPaper {
    let mut paper = paper();
    paper.channel = channel;
    if channel == Channel::Offline {
        paper.dates = SigningDates {
            employer: None,
            graduate: None,
            school: None,
        };
        paper.school.approvals.truncate(1);
    }
    paper
}

/// The least a form can hold: every optional value is missing.
pub(crate) fn bare_paper() -> AgreementPaper {
    let mut paper = paper();
    paper.number = None;
    paper.employer.credit_code = CreditCode::None("机关内设机构".into());
    paper.employer.contact_phone = None;
    paper.graduate.email = None;
    paper.graduate.place_of_origin = None;
    paper.school.contact_phone = None;
    paper.school.contact_address = None;
    paper.school.approvals.clear();
    paper.terms = TermsBlock {
        probation_months: None,
        probation_salary: None,
        regular_salary: None,
        liquidated_damages: None,
        report_place: None,
        report_deadline: None,
        work_place: None,
        household_registration: "不接收".into(),
        supplementary: None,
    };
    paper.dates = SigningDates {
        employer: None,
        graduate: None,
        school: None,
    };
    paper.verification = None;
    paper
}

/// Everything as long as the forms allow, and then some.
pub(crate) fn awkward_paper() -> AgreementPaper {
    let mut paper = paper();
    paper.employer.name =
        "示例省示例市高新技术产业开发区第一人民医院医疗集团附属精密仪器研究开发与成果转化中心有限责任公司"
            .into();
    paper.employer.address = "中关村软件园二期东北旺西路8号院"
        .repeat(12)
        .chars()
        .take(200)
        .collect();
    paper.employer.position_title = "高级嵌入式软件研究开发与系统集成工程师（兼技术支持）"
        .repeat(2)
        .chars()
        .take(50)
        .collect();
    paper.employer.industry = "信息传输、软件和信息技术服务业".into();
    paper.employer.position_category = "办事人员和有关人员（含行政办公人员）".into();
    paper.employer.contact_person = "买买提·阿卜杜热合曼·图尔荪江".into();
    paper.employer.contact_email =
        "a.very.long.mailbox.name.that.does.not.end.soon@subdomain.of.a.subdomain.example.com".into();
    paper.graduate.name = "阿卜杜热合曼·麦麦提图尔荪·努尔艾合买提·阿卜力孜江·伊敏尼亚孜·吐尔逊"
        .chars()
        .take(40)
        .collect();
    paper.graduate.place_of_origin = Some("W".repeat(60));
    paper.graduate.major =
        "ElectricalEngineeringAndItsAutomation_with_a_word_that_never_ends_and_goes_on_and_on".into();
    paper.graduate.email = Some(format!("{}@example.com", "m".repeat(50)));
    paper.school.contact_address =
        Some("（".repeat(60) + &"\"".repeat(150) + &"”".repeat(60) + &"！".repeat(60));
    paper.terms.report_place = Some(format!("https://example.cn/{}", "path/".repeat(30)));
    paper.terms.liquidated_damages = Some(u32::MAX);
    paper.terms.work_place = Some("—".repeat(120));
    paper.terms.supplementary = Some(
        "甲方应当按照约定为乙方提供劳动条件；#$*_<>@`//[]{}\\\"'~^&%|+=，乙方应当按时报到。（详见 https://example.cn/a/very/long/address/without/any/space/at/all?and=a&long=query#fragment）\n"
            .repeat(12)
            .chars()
            .take(1000)
            .collect(),
    );
    paper
}
