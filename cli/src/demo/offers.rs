//! The made-up terms that the demo employers offer.

use chrono::{DateTime, TimeDelta, Utc};
use wangqian_schema::{
    clock::shanghai_date,
    model::terms::{HouseholdRegistration, TermsDraft},
};

use super::places::Company;

struct Position {
    category: &'static str,
    title: &'static str,
    probation_salary: i32,
    regular_salary: i32,
    supplement: Option<&'static str>,
}

const TECHNOLOGY: [Position; 4] = [
    Position {
        category: "13",
        title: "后端开发工程师",
        probation_salary: 12_000,
        regular_salary: 15_000,
        supplement: Some(
            "一、甲方为乙方提供入职培训，培训期计入试用期。\n二、乙方须在报到时提交毕业证书、学位证书原件供核验。\n\
             三、乙方考取研究生、公务员或应征入伍的，凭录取（录用）通知解除本协议，双方互不承担违约责任。\n\
             四、甲方按规定为乙方缴纳五险一金，公积金缴存比例为 12%。",
        ),
    },
    Position {
        category: "13",
        title: "数据分析师",
        probation_salary: 10_400,
        regular_salary: 13_000,
        supplement: Some(
            "一、工作时间执行标准工时制，每周五天，每天八小时。\n二、甲方提供两年的人才公寓，租金按示例市标准的 50% 收取。",
        ),
    },
    Position {
        category: "21",
        title: "财务专员",
        probation_salary: 7_200,
        regular_salary: 9_000,
        supplement: None,
    },
    Position {
        category: "40",
        title: "示例产品客户经理",
        probation_salary: 6_500,
        regular_salary: 8_000,
        supplement: Some("业绩奖金按甲方《示例激励办法》执行，该办法为本协议附件。"),
    },
];

const ACADEMY: [Position; 2] = [
    Position {
        category: "24",
        title: "初中数学教师",
        probation_salary: 7_000,
        regular_salary: 8_500,
        supplement: Some(
            "一、乙方须在报到前取得相应学段的教师资格证书，否则本协议自动终止。\n二、首聘期三年，期满经考核合格续聘。",
        ),
    },
    Position {
        category: "24",
        title: "小学语文教师",
        probation_salary: 6_800,
        regular_salary: 8_200,
        supplement: None,
    },
];

/// The offer of an employer; `variant` picks the position.
pub(super) fn offer(company: Company, variant: usize, now: DateTime<Utc>) -> TermsDraft {
    let positions: &[Position] = match company {
        Company::Academy => &ACADEMY,
        Company::Technology | Company::Trading => &TECHNOLOGY,
    };
    let position = &positions[variant % positions.len()];
    let academy = company == Company::Academy;
    TermsDraft {
        nature: if academy { "22" } else { "39" }.to_owned(),
        industry: if academy { "42" } else { "34" }.to_owned(),
        region: if academy { "330106" } else { "110108" }.to_owned(),
        address: if academy {
            "示例湖路8号"
        } else {
            "示例路1号院2号楼3层"
        }
        .to_owned(),
        position_category: position.category.to_owned(),
        position_title: position.title.to_owned(),
        contact_person: if academy { "示校办" } else { "示人事" }.to_owned(),
        contact_phone: Some("000-00000003-801".to_owned()),
        contact_mobile: "10000000003".to_owned(),
        contact_email: if academy {
            "academy@example.com"
        } else {
            "employer@example.com"
        }
        .to_owned(),
        probation_months: Some(if academy { 6 } else { 3 }),
        probation_salary: Some(position.probation_salary),
        regular_salary: Some(position.regular_salary),
        liquidated_damages: (variant % 3 != 2).then_some(5_000),
        report_place: Some(
            if academy {
                "示例明德实验学校人事处"
            } else {
                "示例路1号院2号楼1层接待处"
            }
            .to_owned(),
        ),
        report_deadline: Some(shanghai_date(now + TimeDelta::days(230))),
        work_place: Some(
            if academy {
                "浙江省杭州市"
            } else {
                "北京市、示例省示例市"
            }
            .to_owned(),
        ),
        household_registration: Some(if variant.is_multiple_of(2) {
            HouseholdRegistration::Employer
        } else {
            HouseholdRegistration::None
        }),
        supplementary_terms: position.supplement.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use wangqian_schema::checks::CreditCode;

    use super::*;

    #[test]
    fn every_offer_passes_without_a_warning() {
        for company in Company::ALL {
            let row = company.row().unwrap();
            for variant in 0..6 {
                let code = CreditCode::parse(&row.credit_code).unwrap();
                let terms = offer(company, variant, Utc::now())
                    .check(&row.name, code)
                    .unwrap();
                assert_eq!(terms.warnings(), [], "{company:?} {variant}");
            }
        }
    }
}
