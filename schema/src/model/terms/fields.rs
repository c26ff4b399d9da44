//! The fields of the terms: the one list of them, and what follows from it.

use serde::Serialize;
use serde_json::Value;

use super::{AgreementDraft, AgreementTerms};
use crate::field_changes::{FieldChange, field_changes, fields};

macro_rules! all_fields {
    ($($field:ident => ($name:literal, $label:literal)),+ $(,)?) => {
        /// Every field of the terms, in the order of the form: its name in GraphQL, and what people call it.
        pub const FIELDS: &[(&str, &str)] = &[$(($name, $label)),+];

        // Every field stands here, or this does not compile.
        const _: fn(&AgreementTerms) = |AgreementTerms { $($field: _),+ }| {};
    };
}
all_fields! {
    employer_name => ("employerName", "单位名称"),
    credit_code => ("creditCode", "统一社会信用代码"),
    nature => ("nature", "单位性质"),
    industry => ("industry", "单位行业"),
    region => ("region", "单位所在地区"),
    address => ("address", "单位详细地址"),
    position_category => ("positionCategory", "职位类别"),
    position_title => ("positionTitle", "职位名称"),
    contact_person => ("contactPerson", "单位联系人"),
    contact_phone => ("contactPhone", "联系人电话"),
    contact_mobile => ("contactMobile", "联系人手机"),
    contact_email => ("contactEmail", "联系人邮箱"),
    probation_months => ("probationMonths", "试用期（月）"),
    probation_salary => ("probationSalary", "试用起薪"),
    regular_salary => ("regularSalary", "转正起薪"),
    liquidated_damages => ("liquidatedDamages", "违约金"),
    report_place => ("reportPlace", "报到地点"),
    report_deadline => ("reportDeadline", "报到期限"),
    work_place => ("workPlace", "实际工作地点"),
    household_registration => ("householdRegistration", "单位是否解决户籍"),
    supplementary_terms => ("supplementaryTerms", "协议补充内容"),
}

/// What people call a field of the terms, by its name in GraphQL; `None` of what is none.
pub fn label_zh(field: &str) -> Option<&'static str> {
    find(field).map(|(_, label)| label)
}

fn find(field: &str) -> Option<(&'static str, &'static str)> {
    FIELDS.iter().find(|(name, _)| *name == field).copied()
}

/// The fields in which other terms differ, with what each was and is.
pub fn changes(old: &AgreementTerms, new: &AgreementTerms) -> Vec<FieldChange> {
    field_changes(&json(old), &json(new))
}

/// The fields of a draft in which something stands, with their texts.
pub(super) fn filled_in(draft: &AgreementDraft) -> Vec<(&'static str, String)> {
    let mut value = json(draft);
    if let Some(object) = value.as_object_mut()
        && let Some(Value::Object(terms)) = object.remove("terms")
    {
        object.extend(terms);
    }
    let named = |(path, text): (String, String)| Some((find(&path)?.0, text));
    fields(&value).into_iter().filter_map(named).collect()
}

#[expect(
    clippy::expect_used,
    reason = "terms are structs of texts, numbers and dates, which JSON can always hold"
)]
fn json(terms: &impl Serialize) -> Value {
    serde_json::to_value(terms).expect("terms in JSON")
}
