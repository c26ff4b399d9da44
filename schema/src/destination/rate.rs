//! 毕业去向落实率: into which group of the statistics a national code falls, by formula (DESTINATION_FORMS.md, Figures).
//! The counting itself is elsewhere.

use std::{collections::HashMap, sync::LazyLock};

use crate::text_enum::text_enum;

text_enum! {
    /// A version of the groups: figures say by which one they were made, so that old ones can be made again.
    pub enum RateFormula {
        /// 2021 版: 协议和合同就业、灵活就业、自主创业、升学、未就业.
        V2021 = "V2021",
        /// 2024 版: 单位就业、自主创业、自由职业、升学、未就业.
        V2024 = "V2024",
    }
}

text_enum! {
    /// 统计分组 a group of the statistics, of either formula.
    pub enum RateGroup {
        /// 协议和合同就业 (2021)
        AgreementContract = "AGREEMENT_CONTRACT",
        /// 灵活就业 (2021)
        Flexible = "FLEXIBLE",
        /// 自主创业 (2021)
        Entrepreneurship = "ENTREPRENEURSHIP",
        /// 单位就业 (2024)
        Employer = "EMPLOYER",
        /// 自主创业 (2024)
        SelfEmployedFounder = "SELF_EMPLOYED_FOUNDER",
        /// 自由职业 (2024)
        Freelance = "FREELANCE",
        /// 升学
        FurtherStudy = "FURTHER_STUDY",
        /// 未就业
        NotEmployed = "NOT_EMPLOYED",
    }
}

/// 签就业协议形式就业: the national code that a signed agreement counts as (DESTINATION_FORMS.md, Figures).
pub const SIGNED_AGREEMENT_CODE: &str = "10";

impl RateFormula {
    /// The column of `destination_codes.csv` in which its groups stand.
    const fn column(self) -> &'static str {
        match self {
            Self::V2021 => "rate_group_2021",
            Self::V2024 => "rate_group_2024",
        }
    }

    /// Its groups, in the order in which they are shown.
    pub const fn groups(self) -> &'static [RateGroup] {
        use RateGroup as Is;
        match self {
            Self::V2021 => &[
                Is::AgreementContract,
                Is::Flexible,
                Is::Entrepreneurship,
                Is::FurtherStudy,
                Is::NotEmployed,
            ],
            Self::V2024 => &[
                Is::Employer,
                Is::SelfEmployedFounder,
                Is::Freelance,
                Is::FurtherStudy,
                Is::NotEmployed,
            ],
        }
    }
}

impl RateGroup {
    /// Chinese name, as printed.
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::AgreementContract => "协议和合同就业",
            Self::Flexible => "灵活就业",
            Self::Entrepreneurship | Self::SelfEmployedFounder => "自主创业",
            Self::Employer => "单位就业",
            Self::Freelance => "自由职业",
            Self::FurtherStudy => "升学",
            Self::NotEmployed => "未就业",
        }
    }
}

/// 已落实: whether the group counts into the placed share.
pub const fn is_placed(group: RateGroup) -> bool {
    !matches!(group, RateGroup::NotEmployed)
}

/// The group of a national code by a formula, also of a code that may no longer be chosen and of one that stands for a
/// group of codes. `None` for what is no national code: nothing of that kind may be counted silently.
pub fn rate_group(national_code: &str, formula: RateFormula) -> Option<RateGroup> {
    GROUPS.get(&formula)?.get(national_code).copied()
}

static GROUPS: LazyLock<HashMap<RateFormula, HashMap<String, RateGroup>>> = LazyLock::new(|| {
    RateFormula::ALL
        .iter()
        .map(|formula| (*formula, read(formula.column())))
        .collect()
});

#[expect(
    clippy::expect_used,
    reason = "the list is compiled in and a test reads all of it"
)]
fn read(column: &str) -> HashMap<String, RateGroup> {
    let mut reader = csv::Reader::from_reader(include_str!("../../codes/destination_codes.csv").as_bytes());
    let headers = reader.headers().expect("a header line").clone();
    let at = |name: &str| headers.iter().position(|header| header == name);
    let (code, group) = (at("code").expect("codes"), at(column).expect("groups"));
    reader
        .records()
        .map(|record| {
            let record = record.expect("a readable line");
            let group = RateGroup::parse(&record[group].to_uppercase()).expect("a known group");
            (record[code].to_owned(), group)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::CodeList;

    #[test]
    fn every_code_has_a_group_of_each_formula() {
        for formula in RateFormula::ALL {
            for code in CodeList::DestinationCode.entries() {
                let group = rate_group(&code.code, *formula).unwrap();
                assert!(formula.groups().contains(&group), "{formula} {}", code.code);
                // Not placed are, by either formula, 待就业, 不就业拟升学 and 其他暂不就业.
                let intends = ["70", "71", "72"]
                    .iter()
                    .any(|prefix| code.code.starts_with(prefix));
                assert_eq!(is_placed(group), !intends, "{}", code.code);
            }
        }
        assert_eq!(rate_group("000", RateFormula::V2024), None);
    }

    #[test]
    fn the_formulas_differ_where_they_should() {
        use RateFormula::{V2021, V2024};
        for (code, by_2021, by_2024) in [
            (SIGNED_AGREEMENT_CODE, "协议和合同就业", "单位就业"),
            ("12", "灵活就业", "单位就业"),
            ("76", "灵活就业", "自由职业"),
            ("751", "自主创业", "自主创业"),
            ("801", "升学", "升学"),
            ("702", "未就业", "未就业"),
        ] {
            let name = |formula| rate_group(code, formula).unwrap().name_zh();
            assert_eq!((name(V2021), name(V2024)), (by_2021, by_2024), "{code}");
        }
    }
}
