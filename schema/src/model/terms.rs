//! The terms of an agreement: one structure for all channels (DOMAIN.md W3, DESTINATION_FORMS.md B1 and B2).

use chrono::NaiveDate;
use diesel::{deserialize::FromSqlRow, expression::AsExpression, sql_types::Jsonb};
use serde::{Deserialize, Serialize};

use crate::{
    checks::{CreditCode, Email, Mobile},
    codes::CodeList,
    kept_as_json::kept_as_json,
    text_enum::text_enum,
};

text_enum! {
    /// 单位是否解决户籍 who takes the graduate's household registration.
    pub enum HouseholdRegistration {
        /// 签约单位接收
        Employer = "EMPLOYER",
        /// 托管单位接收
        Trustee = "TRUSTEE",
        /// 上级主管单位接收
        Superior = "SUPERIOR",
        /// 不接收
        None = "NONE",
    }
}

/// Valid terms, as they are kept in `agreements.terms`. Made from a [`TermsDraft`].
///
/// They are one JSON value, not columns: they are written and read as a whole, printed as a whole, and no query asks
/// for a single one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromSqlRow, AsExpression)]
#[diesel(sql_type = Jsonb)]
#[serde(deny_unknown_fields)]
pub struct AgreementTerms {
    /// 单位名称
    pub employer_name: String,
    /// 统一社会信用代码
    pub credit_code: CreditCode,
    /// 单位性质, a code of [`CodeList::EmployerNature`].
    pub nature: String,
    /// 单位行业, a code of [`CodeList::Industry`].
    pub industry: String,
    /// 通讯地址: a code of [`CodeList::Region`].
    pub region: String,
    /// 详细地址, 5 to 200 characters.
    pub address: String,
    /// 职位类别, a code of [`CodeList::PositionCategory`].
    pub position_category: String,
    /// 职位名称, at most 50 characters.
    pub position_title: String,
    /// 单位联系人, at most 30 characters.
    pub contact_person: String,
    /// 联系人电话 (landline).
    pub contact_phone: Option<String>,
    /// 联系人手机
    pub contact_mobile: Mobile,
    /// 联系人邮箱
    pub contact_email: Email,
    /// 试用期 in months, 0 to 6 (labour contract law, article 19).
    pub probation_months: Option<u8>,
    /// 试用起薪 in yuan a month.
    pub probation_salary: Option<u32>,
    /// 转正起薪 in yuan a month.
    pub regular_salary: Option<u32>,
    /// 违约金 in yuan.
    pub liquidated_damages: Option<u32>,
    /// 报到地点
    pub report_place: Option<String>,
    /// 报到期限
    pub report_deadline: Option<NaiveDate>,
    /// 实际工作地点
    pub work_place: Option<String>,
    /// 单位是否解决户籍
    pub household_registration: HouseholdRegistration,
    /// 协议补充内容, at most 1000 characters.
    pub supplementary_terms: Option<String>,
}

/// What a graduate has filled in of an agreement that he handles himself: the employer in his own words, and the terms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromSqlRow, AsExpression)]
#[diesel(sql_type = Jsonb)]
#[serde(deny_unknown_fields)]
pub struct AgreementDraft {
    /// 单位名称
    pub employer_name: String,
    /// 统一社会信用代码
    pub credit_code: String,
    /// The rest.
    pub terms: TermsDraft,
}

/// Terms as somebody filled them in, not yet checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each field is the unchecked one of AgreementTerms")]
pub struct TermsDraft {
    pub nature: String,
    pub industry: String,
    pub region: String,
    pub address: String,
    pub position_category: String,
    pub position_title: String,
    pub contact_person: String,
    pub contact_phone: Option<String>,
    pub contact_mobile: String,
    pub contact_email: String,
    pub probation_months: Option<i32>,
    pub probation_salary: Option<i32>,
    pub regular_salary: Option<i32>,
    pub liquidated_damages: Option<i32>,
    pub report_place: Option<String>,
    pub report_deadline: Option<NaiveDate>,
    pub work_place: Option<String>,
    pub household_registration: Option<HouseholdRegistration>,
    pub supplementary_terms: Option<String>,
}

/// One thing wrong with one field. `field` is the name in GraphQL, so that a form can show it beside the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field, in camelCase.
    pub field: &'static str,
    /// What is wrong, in Chinese, for the person who fills in the form.
    pub message: String,
}

/// Collects what is wrong with a form, so that all of it is shown at once.
#[derive(Debug, Default)]
pub(crate) struct Form {
    pub(crate) errors: Vec<FieldError>,
}

impl Form {
    pub(crate) fn wrong(&mut self, field: &'static str, message: impl Into<String>) {
        self.errors.push(FieldError {
            field,
            message: message.into(),
        });
    }

    pub(crate) fn text(
        &mut self,
        field: &'static str,
        text: &str,
        length: std::ops::RangeInclusive<usize>,
        lines: bool,
    ) -> String {
        let text = text.replace("\r\n", "\n").trim().to_owned();
        let count = text.chars().count();
        if !length.contains(&count) {
            if count == 0 {
                self.wrong(field, "必填");
            } else {
                self.wrong(field, format!("应为 {} 至 {} 个字", length.start(), length.end()));
            }
        }
        if text.chars().any(|c| c.is_control() && !(lines && c == '\n')) {
            self.wrong(field, "含有不可见的控制字符");
        }
        text
    }

    pub(crate) fn optional(
        &mut self,
        field: &'static str,
        text: Option<&str>,
        most: usize,
        lines: bool,
    ) -> Option<String> {
        let text = text.map(str::trim).filter(|text| !text.is_empty())?;
        Some(self.text(field, text, 1..=most, lines))
    }

    /// A telephone number, also of a landline and with an extension.
    pub(crate) fn phone(&mut self, field: &'static str, text: Option<&str>) -> Option<String> {
        let phone = self.optional(field, text, 30, false)?;
        if !phone.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c))
            || phone.chars().filter(char::is_ascii_digit).count() < 5
        {
            self.wrong(field, "不是有效的电话号码");
        }
        Some(phone)
    }

    pub(crate) fn code(&mut self, field: &'static str, list: CodeList, code: &str) -> String {
        match list.get(code) {
            Some(entry) if entry.active => {}
            Some(_) => self.wrong(field, "该选项已停用，请重新选择"),
            None => self.wrong(field, "请从列表中选择"),
        }
        code.to_owned()
    }

    pub(crate) fn amount(&mut self, field: &'static str, amount: Option<i32>, most: u32) -> Option<u32> {
        let amount = amount?;
        match u32::try_from(amount) {
            Ok(amount) if amount <= most => Some(amount),
            _ => {
                self.wrong(field, format!("应为 0 至 {most} 的整数（元）"));
                None
            }
        }
    }
}

impl AgreementDraft {
    /// Most characters that a draft keeps of any field: more than any field may have in the end.
    pub const MAX_FIELD: usize = 2_000;

    /// Checks what is filled in, as terms.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn check(&self) -> Result<AgreementTerms, Vec<FieldError>> {
        let mut form = Form::default();
        let name = form.text("employerName", &self.employer_name, 2..=100, false);
        let credit_code = CreditCode::parse(&self.credit_code);
        if credit_code.is_err() {
            form.wrong("creditCode", "不是有效的统一社会信用代码");
        }
        // Checked with any code where that one is wrong, so that all that is wrong shows at once.
        match (credit_code, form.errors.is_empty()) {
            (Ok(credit_code), true) => self.terms.check(&name, credit_code),
            (credit_code, _) => {
                let rest = credit_code.or_else(|_| CreditCode::parse("91000000MA0000000N"));
                if let Some(Err(errors)) = rest.ok().map(|code| self.terms.check(&name, code)) {
                    form.errors.extend(errors);
                }
                Err(form.errors)
            }
        }
    }

    /// What is too long to be kept, even unchecked.
    ///
    /// # Errors
    /// Every field that is.
    pub fn check_size(&self) -> Result<(), Vec<FieldError>> {
        let terms = &self.terms;
        let optional = |text: &'_ Option<String>| text.clone().unwrap_or_default();
        let fields = [
            ("employerName", self.employer_name.clone()),
            ("creditCode", self.credit_code.clone()),
            ("nature", terms.nature.clone()),
            ("industry", terms.industry.clone()),
            ("region", terms.region.clone()),
            ("address", terms.address.clone()),
            ("positionCategory", terms.position_category.clone()),
            ("positionTitle", terms.position_title.clone()),
            ("contactPerson", terms.contact_person.clone()),
            ("contactPhone", optional(&terms.contact_phone)),
            ("contactMobile", terms.contact_mobile.clone()),
            ("contactEmail", terms.contact_email.clone()),
            ("reportPlace", optional(&terms.report_place)),
            ("workPlace", optional(&terms.work_place)),
            ("supplementaryTerms", optional(&terms.supplementary_terms)),
        ];
        let mut form = Form::default();
        for (field, text) in fields {
            if text.chars().count() > Self::MAX_FIELD {
                form.wrong(field, format!("不得超过 {} 个字", Self::MAX_FIELD));
            }
            // PostgreSQL keeps no such character in a text.
            if text.contains('\0') {
                form.wrong(field, "含有不可见的控制字符");
            }
        }
        match form.errors.is_empty() {
            true => Ok(()),
            false => Err(form.errors),
        }
    }
}

impl TermsDraft {
    /// Checks the terms of an employer that is known by name and credit code.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn check(
        &self,
        employer_name: &str,
        credit_code: CreditCode,
    ) -> Result<AgreementTerms, Vec<FieldError>> {
        const MOST_YUAN: u32 = 100_000_000;
        let mut form = Form::default();
        let nature = form.code("nature", CodeList::EmployerNature, &self.nature);
        let industry = form.code("industry", CodeList::Industry, &self.industry);
        let region = form.code("region", CodeList::Region, &self.region);
        let address = form.text("address", &self.address, 5..=200, false);
        let position_category = form.code(
            "positionCategory",
            CodeList::PositionCategory,
            &self.position_category,
        );
        let position_title = form.text("positionTitle", &self.position_title, 1..=50, false);
        let contact_person = form.text("contactPerson", &self.contact_person, 1..=30, false);
        let contact_phone = form.phone("contactPhone", self.contact_phone.as_deref());
        let contact_mobile = Mobile::parse(&self.contact_mobile);
        if contact_mobile.is_err() {
            form.wrong("contactMobile", "应为 11 位手机号码");
        }
        let contact_email = Email::parse(&self.contact_email);
        if contact_email.is_err() {
            form.wrong("contactEmail", "不是有效的邮箱地址");
        }
        let probation_months = self
            .probation_months
            .and_then(|months| match u8::try_from(months) {
                Ok(months) if months <= 6 => Some(months),
                _ => {
                    form.wrong("probationMonths", "试用期不得超过 6 个月（劳动合同法第十九条）");
                    None
                }
            });
        let probation_salary = form.amount("probationSalary", self.probation_salary, MOST_YUAN);
        let regular_salary = form.amount("regularSalary", self.regular_salary, MOST_YUAN);
        let liquidated_damages = form.amount("liquidatedDamages", self.liquidated_damages, MOST_YUAN);
        let report_place = form.optional("reportPlace", self.report_place.as_deref(), 100, false);
        let work_place = form.optional("workPlace", self.work_place.as_deref(), 100, false);
        if self.household_registration.is_none() {
            form.wrong("householdRegistration", "必填");
        }
        let supplementary_terms = form.optional(
            "supplementaryTerms",
            self.supplementary_terms.as_deref(),
            1000,
            true,
        );
        match (contact_mobile, contact_email, self.household_registration) {
            (Ok(contact_mobile), Ok(contact_email), Some(household_registration))
                if form.errors.is_empty() =>
            {
                Ok(AgreementTerms {
                    employer_name: employer_name.to_owned(),
                    credit_code,
                    nature,
                    industry,
                    region,
                    address,
                    position_category,
                    position_title,
                    contact_person,
                    contact_phone,
                    contact_mobile,
                    contact_email,
                    probation_months,
                    probation_salary,
                    regular_salary,
                    liquidated_damages,
                    report_place,
                    report_deadline: self.report_deadline,
                    work_place,
                    household_registration,
                    supplementary_terms,
                })
            }
            _ => Err(form.errors),
        }
    }
}

kept_as_json!(AgreementTerms, AgreementDraft);

/// What people call a field of the terms, by its name in GraphQL; `None` of what is none.
pub fn label_zh(field: &str) -> Option<&'static str> {
    Some(match field {
        "employerName" => "单位名称",
        "creditCode" => "统一社会信用代码",
        "nature" => "单位性质",
        "industry" => "单位行业",
        "region" => "单位所在地区",
        "address" => "单位详细地址",
        "positionCategory" => "职位类别",
        "positionTitle" => "职位名称",
        "contactPerson" => "单位联系人",
        "contactPhone" => "联系人电话",
        "contactMobile" => "联系人手机",
        "contactEmail" => "联系人邮箱",
        "probationMonths" => "试用期（月）",
        "probationSalary" => "试用起薪",
        "regularSalary" => "转正起薪",
        "liquidatedDamages" => "违约金",
        "reportPlace" => "报到地点",
        "reportDeadline" => "报到期限",
        "workPlace" => "实际工作地点",
        "householdRegistration" => "单位是否解决户籍",
        "supplementaryTerms" => "协议补充内容",
        _ => return None,
    })
}

impl AgreementTerms {
    /// The fields in which other terms differ, by their names in GraphQL.
    pub fn changed_fields(&self, other: &Self) -> Vec<&'static str> {
        macro_rules! differing {
            ($($field:ident => $name:literal),+ $(,)?) => {{
                // Every field stands here, or this does not compile.
                let Self { $($field: _),+ } = self;
                [$((self.$field != other.$field, $name)),+]
            }};
        }
        differing! {
            employer_name => "employerName", credit_code => "creditCode", nature => "nature", industry => "industry",
            region => "region", address => "address", position_category => "positionCategory",
            position_title => "positionTitle", contact_person => "contactPerson", contact_phone => "contactPhone",
            contact_mobile => "contactMobile", contact_email => "contactEmail", probation_months => "probationMonths",
            probation_salary => "probationSalary", regular_salary => "regularSalary",
            liquidated_damages => "liquidatedDamages", report_place => "reportPlace", report_deadline => "reportDeadline",
            work_place => "workPlace", household_registration => "householdRegistration",
            supplementary_terms => "supplementaryTerms",
        }
        .into_iter()
        .filter_map(|(differs, name)| differs.then_some(name))
        .collect()
    }

    /// What is allowed but worth a second look.
    pub fn warnings(&self) -> Vec<FieldError> {
        let mut warnings = Vec::new();
        if let (Some(probation), Some(regular)) = (self.probation_salary, self.regular_salary)
            && u64::from(probation) * 100 < u64::from(regular) * 80
        {
            warnings.push(FieldError {
                field: "probationSalary",
                message: "试用期工资低于转正工资的 80%（劳动合同法第二十条）".to_owned(),
            });
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::credit_code_check;

    fn credit_code() -> CreditCode {
        let first = "91000000MA0000001";
        CreditCode::parse(&format!("{first}{}", credit_code_check(first).unwrap())).unwrap()
    }

    fn draft() -> TermsDraft {
        TermsDraft {
            nature: "31".into(),
            industry: "34".into(),
            region: "110108".into(),
            address: "示例路一号院二号楼".into(),
            position_category: "13".into(),
            position_title: "软件工程师".into(),
            contact_person: "示例联系人".into(),
            contact_mobile: "10000000001".into(),
            contact_email: "hr@example.com".into(),
            household_registration: Some(HouseholdRegistration::None),
            ..TermsDraft::default()
        }
    }

    #[test]
    fn good_terms_pass_and_survive_storage() {
        let terms = draft().check("示例公司", credit_code()).unwrap();
        let stored = serde_json::to_value(&terms).unwrap();
        assert_eq!(serde_json::from_value::<AgreementTerms>(stored).unwrap(), terms);
    }

    #[test]
    fn each_wrong_field_is_named() {
        type Spoil = fn(&mut TermsDraft);
        let cases: [(&str, Spoil); 22] = [
            ("nature", |d| d.nature = "98".into()),
            ("nature", |d| d.nature = "25".into()),
            ("industry", |d| d.industry = String::new()),
            ("region", |d| d.region = "999999".into()),
            ("address", |d| d.address = "短".into()),
            ("address", |d| d.address = "长".repeat(201)),
            ("positionCategory", |d| d.position_category = "09".into()),
            ("positionTitle", |d| d.position_title = "字".repeat(51)),
            ("positionTitle", |d| d.position_title = "工\u{7}程师".into()),
            ("contactPerson", |d| d.contact_person = "  ".into()),
            ("contactPhone", |d| d.contact_phone = Some("没有".into())),
            ("contactMobile", |d| d.contact_mobile = "12345".into()),
            ("contactEmail", |d| d.contact_email = "nobody".into()),
            ("probationMonths", |d| d.probation_months = Some(7)),
            ("probationMonths", |d| d.probation_months = Some(-1)),
            ("probationSalary", |d| d.probation_salary = Some(-1)),
            ("regularSalary", |d| d.regular_salary = Some(i32::MAX)),
            ("liquidatedDamages", |d| d.liquidated_damages = Some(-5)),
            ("reportPlace", |d| d.report_place = Some("地".repeat(101))),
            ("workPlace", |d| d.work_place = Some("一\n二".into())),
            ("householdRegistration", |d| d.household_registration = None),
            ("supplementaryTerms", |d| {
                d.supplementary_terms = Some("补".repeat(1001))
            }),
        ];
        for (field, spoil) in cases {
            let mut draft = draft();
            spoil(&mut draft);
            let errors = draft.check("示例公司", credit_code()).unwrap_err();
            assert_eq!(errors.iter().map(|e| e.field).collect::<Vec<_>>(), [field]);
        }
        assert!(
            TermsDraft::default()
                .check("示例公司", credit_code())
                .unwrap_err()
                .len()
                > 8,
            "all at once"
        );
    }

    #[test]
    fn a_low_probation_salary_is_a_warning() {
        let mut draft = draft();
        (draft.probation_salary, draft.regular_salary) = (Some(7_999), Some(10_000));
        let terms = draft.check("示例公司", credit_code()).unwrap();
        assert_eq!(terms.warnings()[0].field, "probationSalary");
        draft.probation_salary = Some(8_000);
        assert_eq!(draft.check("示例公司", credit_code()).unwrap().warnings(), []);
    }
}
