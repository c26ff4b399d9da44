//! The made-up schools, departments and employers, and who works there.

use uuid::Uuid;
use wangqian_schema::{
    checks::{Invalid, credit_code_check},
    model::{
        employer::{Employer, EmployerVerification},
        school::{Department, School},
    },
    workflow::ReviewRoute,
};

use super::{
    accounts,
    ids::{Kind, id},
};

/// A department of a school.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// 示例理工大学 计算机学院
    Computing,
    /// 示例理工大学 经济管理学院
    Economics,
    /// 示例师范学院 教育学院
    Education,
}

/// The only department of the second school.
pub(super) const SECOND_SCHOOL: Place = Place::Education;

impl Place {
    /// All departments.
    pub(super) const ALL: [Self; 3] = [Self::Computing, Self::Economics, Self::Education];

    /// The school.
    pub(super) fn school_id(self) -> Uuid {
        match self {
            Self::Computing | Self::Economics => id(Kind::School, 1),
            Self::Education => id(Kind::School, 2),
        }
    }

    /// The department.
    pub(super) fn department_id(self) -> Uuid {
        id(Kind::Department, self as u16 + 1)
    }

    /// The school's own code for the department.
    pub(super) fn department_code(self) -> &'static str {
        match self {
            Self::Computing | Self::Education => "01",
            Self::Economics => "02",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Computing => "计算机学院",
            Self::Economics => "经济管理学院",
            Self::Education => "教育学院",
        }
    }

    /// What is taught there.
    pub(super) fn majors(self) -> &'static [&'static str] {
        match self {
            Self::Computing => &["计算机科学与技术", "软件工程", "数据科学与大数据技术", "人工智能"],
            Self::Economics => &["会计学", "国际经济与贸易", "市场营销", "物流管理"],
            Self::Education => &[
                "汉语言文学（师范）",
                "数学与应用数学（师范）",
                "学前教育",
                "英语（师范）",
            ],
        }
    }
}

/// The schools. The second one begins with departments deciding alone; the story then gives online signing its own route.
pub(super) fn schools() -> [School; 2] {
    [
        School {
            id: Place::Computing.school_id(),
            code: "90001".to_owned(),
            name: "示例理工大学".to_owned(),
            contact_phone: Some("000-00000001".to_owned()),
            address: Some("示例省示例市示例大道1号".to_owned()),
            default_review_route: ReviewRoute::DepartmentThenSchool,
            version: 1,
            voiding_reviewed: false,
        },
        School {
            id: Place::Education.school_id(),
            code: "90002".to_owned(),
            name: "示例师范学院".to_owned(),
            contact_phone: Some("000-00000002".to_owned()),
            address: Some("示例省示例市学府路2号".to_owned()),
            default_review_route: ReviewRoute::DepartmentOnly,
            version: 1,
            voiding_reviewed: false,
        },
    ]
}

/// The departments.
pub(super) fn departments() -> [Department; 3] {
    Place::ALL.map(|place| Department {
        id: place.department_id(),
        school_id: place.school_id(),
        code: place.department_code().to_owned(),
        name: place.name().to_owned(),
    })
}

/// A made-up employer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Company {
    /// 示例云帆科技有限公司, verified, two members.
    Technology,
    /// 示例明德实验学校, verified.
    Academy,
    /// 示例远山贸易有限公司, waits for the operator.
    Trading,
}

impl Company {
    /// All employers.
    pub(super) const ALL: [Self; 3] = [Self::Technology, Self::Academy, Self::Trading];

    /// The id of the row.
    pub(super) fn id(self) -> Uuid {
        id(Kind::Employer, self as u16 + 1)
    }

    /// The row. Credit codes are of the region 000000, which does not exist.
    pub(super) fn row(self) -> Result<Employer, Invalid> {
        let (kind, name, nature, industry, region, address) = match self {
            Self::Technology => (
                "91",
                "示例云帆科技有限公司",
                "39",
                "34",
                "110108",
                "示例路1号院2号楼3层",
            ),
            Self::Academy => ("12", "示例明德实验学校", "22", "42", "330106", "示例湖路8号"),
            Self::Trading => ("91", "示例远山贸易有限公司", "39", "31", "440305", "示例大厦15层"),
        };
        let first_17 = format!("{kind}000000MA00DEM0{}", self as u16 + 1);
        let credit_code = format!("{first_17}{}", credit_code_check(&first_17)?);
        Ok(Employer {
            id: self.id(),
            credit_code,
            name: name.to_owned(),
            nature: nature.to_owned(),
            industry: industry.to_owned(),
            region: region.to_owned(),
            address: address.to_owned(),
            verification: match self {
                Self::Trading => EmployerVerification::Pending,
                Self::Technology | Self::Academy => EmployerVerification::Verified,
            },
        })
    }
}

/// Somebody who works at a school, a department, an employer or the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Staff {
    /// Of an employer; the first or second member.
    Member(Company, u16),
    /// Of a department.
    Department(Place),
    /// Of a department's school.
    School(Place),
    /// Of the platform.
    Operator,
}

impl Staff {
    /// Everybody but the operator, whose account is written last of all (see `demo::load`).
    pub(super) const BEFORE_THE_STORY: [Self; 9] = [
        Self::Member(Company::Technology, 1),
        Self::Member(Company::Technology, 2),
        Self::Member(Company::Academy, 1),
        Self::Member(Company::Trading, 1),
        Self::Department(Place::Computing),
        Self::Department(Place::Economics),
        Self::Department(Place::Education),
        Self::School(Place::Computing),
        Self::School(Place::Education),
    ];

    fn number(self) -> u16 {
        match self {
            Self::Member(company, member) => 100 + company as u16 * 10 + member,
            Self::Department(place) => 200 + place as u16,
            Self::School(place) => 300 + u16::from(place == Place::Education),
            Self::Operator => 400,
        }
    }

    /// The account.
    pub(super) fn account_id(self) -> Uuid {
        id(Kind::Account, self.number())
    }

    /// A number of the block 100, which is not given out.
    pub(super) fn mobile(self) -> String {
        format!("1000000{:04}", self.number())
    }

    /// What he logs in with.
    pub(super) fn email(self) -> &'static str {
        match self {
            Self::Member(Company::Technology, 1) => accounts::EMPLOYER,
            Self::Member(Company::Technology, _) => accounts::COLLEAGUE,
            Self::Member(Company::Academy, _) => accounts::ACADEMY,
            Self::Member(Company::Trading, _) => accounts::PENDING_EMPLOYER,
            Self::Department(Place::Computing) => accounts::DEPARTMENT,
            Self::Department(Place::Economics) => accounts::SECOND_DEPARTMENT,
            Self::Department(Place::Education) => accounts::OTHER_DEPARTMENT,
            Self::School(Place::Education) => accounts::OTHER_SCHOOL,
            Self::School(_) => accounts::SCHOOL,
            Self::Operator => accounts::OPERATOR,
        }
    }

    /// His made-up name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Member(Company::Technology, 1) => "示人事",
            Self::Member(Company::Technology, _) => "示招聘",
            Self::Member(Company::Academy, _) => "示校办",
            Self::Member(Company::Trading, _) => "示远山",
            Self::Department(Place::Computing) => "示辅导",
            Self::Department(Place::Economics) => "示经管",
            Self::Department(Place::Education) => "示教育",
            Self::School(Place::Education) => "示师范",
            Self::School(_) => "示就业",
            Self::Operator => "示平台",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use wangqian_schema::{
        checks::{CreditCode, Email, Mobile},
        codes::CodeList,
    };

    use super::*;

    #[test]
    fn employers_are_valid_and_made_up() {
        for company in Company::ALL {
            let row = company.row().unwrap();
            let code = CreditCode::parse(&row.credit_code).unwrap();
            assert_eq!(
                code.as_str().get(2..8),
                Some("000000"),
                "no region has this number"
            );
            for (list, code) in [
                (CodeList::EmployerNature, &row.nature),
                (CodeList::Industry, &row.industry),
                (CodeList::Region, &row.region),
            ] {
                assert!(list.get(code).is_some_and(|code| code.active), "{list} {code}");
            }
            assert!(row.name.starts_with("示例"));
        }
    }

    #[test]
    fn staff_are_different_and_the_table_names_all_of_them() {
        let mut seen = HashSet::new();
        for staff in Staff::BEFORE_THE_STORY.into_iter().chain([Staff::Operator]) {
            assert!(Mobile::parse(&staff.mobile()).is_ok() && Email::parse(staff.email()).is_ok());
            assert!(seen.insert(staff.account_id().to_string()));
            assert!(seen.insert(staff.email().to_owned()));
            assert!(seen.insert(staff.mobile()));
            assert!(
                accounts::ACCOUNTS
                    .iter()
                    .any(|account| account.email == staff.email())
            );
        }
    }
}
