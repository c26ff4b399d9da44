//! The block of the employer (DESTINATION_FORMS.md B1), with what the types vary of it.

use serde::{Deserialize, Serialize};

use super::checker::{Checker, given};
use crate::{
    checks::{CreditCode, Email, Mobile},
    codes::CodeList,
};

/// 用人单位 an employer in the graduate's own words; it need not be registered (DESTINATION_FORMS.md B1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmployerBlock {
    /// 单位名称, 2 to 100 characters.
    pub name: String,
    /// 统一社会信用代码; `None` where there is none, which the type says or a reason explains.
    pub credit_code: Option<CreditCode>,
    /// 无统一社会信用代码的原因 why there is none (a few state bodies), at most 100 characters.
    pub no_credit_code_reason: Option<String>,
    /// 单位性质, a code of [`CodeList::EmployerNature`].
    pub nature: String,
    /// 单位行业, a code of [`CodeList::Industry`].
    pub industry: String,
    /// 单位地址: a code of [`CodeList::Region`].
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
}

/// The block as somebody filled it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each field is the unchecked one of EmployerBlock")]
pub struct EmployerDraft {
    pub name: Option<String>,
    pub credit_code: Option<String>,
    pub no_credit_code_reason: Option<String>,
    pub nature: Option<String>,
    pub industry: Option<String>,
    pub region: Option<String>,
    pub address: Option<String>,
    pub position_category: Option<String>,
    pub position_title: Option<String>,
    pub contact_person: Option<String>,
    pub contact_phone: Option<String>,
    pub contact_mobile: Option<String>,
    pub contact_email: Option<String>,
}

/// What a type varies of the block. What is fixed may be left out of a draft, and may be nothing else.
#[derive(Clone, Copy, Default)]
pub(super) struct EmployerRule {
    /// Whether it never has a credit code, so that none is asked for.
    pub(super) no_credit_code: bool,
    pub(super) nature: Option<&'static str>,
    pub(super) industry: Option<&'static str>,
    pub(super) position_category: Option<&'static str>,
}

impl EmployerDraft {
    pub(super) fn check(&self, check: &mut Checker<'_>, rule: EmployerRule) -> Option<EmployerBlock> {
        let coded = |check: &mut Checker<'_>, field, list, code, fixed| match fixed {
            Some(fixed) => check.fixed_code(field, list, code, fixed),
            None => check.code(field, list, code),
        };
        let name = check.text("employer.name", &self.name, 2..=100);
        let (credit_code, no_credit_code_reason) = self.credit_code(check, rule.no_credit_code);
        let nature = coded(
            check,
            "employer.nature",
            CodeList::EmployerNature,
            &self.nature,
            rule.nature,
        );
        let industry = coded(
            check,
            "employer.industry",
            CodeList::Industry,
            &self.industry,
            rule.industry,
        );
        let region = check.code("employer.region", CodeList::Region, &self.region);
        let address = check.text("employer.address", &self.address, 5..=200);
        let position_category = coded(
            check,
            "employer.positionCategory",
            CodeList::PositionCategory,
            &self.position_category,
            rule.position_category,
        );
        let position_title = check.text("employer.positionTitle", &self.position_title, 1..=50);
        let contact_person = check.text("employer.contactPerson", &self.contact_person, 1..=30);
        let contact_phone = check
            .form
            .phone("employer.contactPhone", self.contact_phone.as_deref());
        let contact_mobile = Mobile::parse(self.contact_mobile.as_deref().unwrap_or_default()).ok();
        if contact_mobile.is_none() {
            check.wrong("employer.contactMobile", "应为 11 位手机号码");
        }
        let contact_email = Email::parse(self.contact_email.as_deref().unwrap_or_default()).ok();
        if contact_email.is_none() {
            check.wrong("employer.contactEmail", "不是有效的邮箱地址");
        }
        Some(EmployerBlock {
            name,
            credit_code,
            no_credit_code_reason,
            nature,
            industry,
            region,
            address,
            position_category,
            position_title,
            contact_person,
            contact_phone,
            contact_mobile: contact_mobile?,
            contact_email: contact_email?,
        })
    }

    /// The credit code, or why there is none.
    fn credit_code(&self, check: &mut Checker<'_>, never: bool) -> (Option<CreditCode>, Option<String>) {
        const CODE: &str = "employer.creditCode";
        const REASON: &str = "employer.noCreditCodeReason";
        let code = given(&self.credit_code);
        if never {
            check.not_asked(CODE, code.is_some());
            check.not_asked(REASON, given(&self.no_credit_code_reason).is_some());
            return (None, None);
        }
        let reason = check.optional(REASON, &self.no_credit_code_reason, 100);
        match (code, &reason) {
            (Some(_), Some(_)) => check.wrong(REASON, "已填写统一社会信用代码，不必说明原因"),
            (None, None) => check.wrong(CODE, "必填；确无统一社会信用代码的，请说明原因"),
            (None, Some(_)) => check.warn(CODE, "单位无统一社会信用代码，请核实其说明的原因"),
            (Some(_), None) => {}
        }
        let code = code.and_then(|code| {
            let code = CreditCode::parse(code).ok();
            if code.is_none() {
                check.wrong(CODE, "不是有效的统一社会信用代码");
            }
            code
        });
        (code, reason)
    }
}
