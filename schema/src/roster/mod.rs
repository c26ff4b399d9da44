//! The roster (毕业生名册): the basic information of graduates as their school keeps it. Its fields and what each may hold
//! (`check`), the columns of a table that a school hands in (`columns`), a row of it (`row`), and what can be wrong with
//! one (`problem`). Pure; reading files is the worker's business, writing graduates that of `step`.

mod check;
mod columns;
mod problem;
mod row;

pub use self::{
    check::{class_year, code, id_card_number, major, name, student_number},
    columns::{Columns, HeadingError},
    problem::{Problem, ProblemCode, message},
    row::{CheckedRow, RowChecker, default_online_signing},
};

use uuid::Uuid;

use crate::{
    model::graduate::{Gender, Graduate},
    text_enum::text_enum,
};

text_enum! {
    /// A field of a graduate's basic information, or of how he is reached.
    pub enum GraduateField {
        /// 学号
        StudentNumber = "STUDENT_NUMBER",
        /// 姓名
        Name = "NAME",
        /// 性别
        Gender = "GENDER",
        /// 身份证号
        IdCardNumber = "ID_CARD_NUMBER",
        /// 出生日期: within the ID-card number, and not kept besides.
        BirthDate = "BIRTH_DATE",
        /// 届
        ClassYear = "CLASS_YEAR",
        /// 院系
        Department = "DEPARTMENT",
        /// 学历层次
        DegreeLevel = "DEGREE_LEVEL",
        /// 专业
        Major = "MAJOR",
        /// 培养方式
        TrainingMode = "TRAINING_MODE",
        /// 生源地
        OriginRegion = "ORIGIN_REGION",
        /// 可否网签
        OnlineSigningAllowed = "ONLINE_SIGNING_ALLOWED",
        /// 手机
        Mobile = "MOBILE",
        /// 邮箱
        Email = "EMAIL",
    }
}

impl GraduateField {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// What the column of this field is called, the template's word first.
    pub const fn headings(self) -> &'static [&'static str] {
        match self {
            Self::StudentNumber => &["学号"],
            Self::Name => &["姓名"],
            Self::Gender => &["性别"],
            Self::IdCardNumber => &["身份证号", "身份证号码", "身份证", "证件号码"],
            Self::BirthDate => &["出生日期", "出生年月日"],
            Self::ClassYear => &["届", "届别", "毕业届别", "毕业年份"],
            Self::Department => &["院系代码", "学院代码", "院系编号"],
            Self::DegreeLevel => &["学历层次", "学历"],
            Self::Major => &["专业", "专业名称"],
            Self::TrainingMode => &["培养方式"],
            Self::OriginRegion => &["生源地", "生源地代码", "生源所在地"],
            Self::OnlineSigningAllowed => &["可否网签", "是否可网签"],
            Self::Mobile => &["手机", "手机号", "手机号码"],
            Self::Email => &["邮箱", "电子邮箱", "电子邮件"],
        }
    }

    /// The template's word for it.
    pub const fn heading(self) -> &'static str {
        self.headings()[0]
    }

    /// Whether a table without this column cannot be taken. Of mobile and e-mail one at least is needed besides.
    pub const fn column_required(self) -> bool {
        !matches!(
            self,
            Self::BirthDate | Self::OnlineSigningAllowed | Self::Mobile | Self::Email
        )
    }
}

/// The basic information of one graduate.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of Graduate")]
pub struct GraduateData {
    pub student_number: String,
    pub name: String,
    pub gender: Gender,
    pub id_card_number: String,
    pub class_year: i16,
    pub department_id: Uuid,
    pub degree_level: String,
    pub major: String,
    pub training_mode: String,
    pub origin_region: String,
    pub online_signing_allowed: bool,
}

impl std::fmt::Debug for GraduateData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GraduateData(…)")
    }
}

impl From<&Graduate> for GraduateData {
    fn from(graduate: &Graduate) -> Self {
        Self {
            student_number: graduate.student_number.clone(),
            name: graduate.name.clone(),
            gender: graduate.gender,
            id_card_number: graduate.id_card_number.clone(),
            class_year: graduate.class_year,
            department_id: graduate.department_id,
            degree_level: graduate.degree_level.clone(),
            major: graduate.major.clone(),
            training_mode: graduate.training_mode.clone(),
            origin_region: graduate.origin_region.clone(),
            online_signing_allowed: graduate.online_signing_allowed,
        }
    }
}

impl GraduateData {
    /// The fields in which the two differ.
    pub fn differing(&self, other: &Self) -> Vec<GraduateField> {
        use GraduateField as Field;
        [
            (Field::StudentNumber, self.student_number != other.student_number),
            (Field::Name, self.name != other.name),
            (Field::Gender, self.gender != other.gender),
            (Field::IdCardNumber, self.id_card_number != other.id_card_number),
            (Field::ClassYear, self.class_year != other.class_year),
            (Field::Department, self.department_id != other.department_id),
            (Field::DegreeLevel, self.degree_level != other.degree_level),
            (Field::Major, self.major != other.major),
            (Field::TrainingMode, self.training_mode != other.training_mode),
            (Field::OriginRegion, self.origin_region != other.origin_region),
            (
                Field::OnlineSigningAllowed,
                self.online_signing_allowed != other.online_signing_allowed,
            ),
        ]
        .into_iter()
        .filter_map(|(field, differs)| differs.then_some(field))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_heading_means_two_columns_and_required_ones_are_those_without_which_a_graduate_cannot_be_kept() {
        let mut seen = std::collections::HashSet::new();
        for heading in GraduateField::ALL.iter().flat_map(|field| field.headings()) {
            assert!(seen.insert(heading), "{heading}");
        }
        let optional: Vec<_> = GraduateField::ALL
            .iter()
            .filter(|field| !field.column_required())
            .map(|field| field.heading())
            .collect();
        assert_eq!(optional, ["出生日期", "可否网签", "手机", "邮箱"]);
    }

    #[test]
    fn the_page_about_it_names_every_column_and_its_example_is_good() {
        let page = include_str!("../../../docs/IMPORT.md");
        for field in GraduateField::ALL {
            let (heading, others) = (field.heading(), field.headings()[1..].join(", "));
            let row = page
                .lines()
                .find(|line| line.starts_with(&format!("| {heading} | {others}")))
                .unwrap_or_else(|| panic!("no row of {heading} with {others:?}"));
            assert_eq!(row.contains(" | yes | "), field.column_required(), "{row}");
        }
        let mut example = page.lines().skip_while(|line| !line.starts_with("    学号,"));
        let columns = Columns::read(example.next().unwrap().trim().split(',')).unwrap();
        let cells: Vec<_> = example.next().unwrap().trim().split(',').collect();
        let now = chrono::NaiveDate::from_ymd_opt(2026, 11, 25)
            .unwrap()
            .and_hms_opt(0, 0, 0);
        let mut checker = RowChecker::new(now.unwrap().and_utc());
        let row = checker.check(2, |field| columns.place(field).map_or("", |place| cells[place]));
        assert!(row.is_ok(), "{row:?}");
    }
}
