//! The terms of an agreement: one structure for all channels (DOMAIN.md W3, DESTINATION_FORMS.md B1 and B2). How forms are checked in general,
//! and what the fields are called, stand in the modules below.

mod fields;
mod form;

use chrono::NaiveDate;
use diesel::{deserialize::FromSqlRow, expression::AsExpression, sql_types::Jsonb};
use serde::{Deserialize, Serialize};

use crate::{
    checks::{CreditCode, Email, Mobile},
    codes::CodeList,
    kept_as_json::kept_as_json,
    text_enum::text_enum,
};

use self::fields::filled_in;
pub(crate) use self::form::{Form, unkeepable};
pub use self::{
    fields::{FIELDS, changes, label_zh},
    form::{FieldError, MAX_FIELD},
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

impl AgreementDraft {
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
        let wrong: Vec<_> = filled_in(self)
            .into_iter()
            .filter_map(|(field, text)| {
                let message = unkeepable(&text)?;
                Some(FieldError { field, message })
            })
            .collect();
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(wrong),
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

impl AgreementTerms {
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
mod tests;
