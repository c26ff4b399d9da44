//! How whatever people fill in is checked: all that is wrong with a form is collected, each thing by its field. What a form asks for stands
//! with the form.

use crate::codes::CodeList;

/// Most characters that a draft keeps of any field: more than any field may have in the end.
pub const MAX_FIELD: usize = 2_000;

/// Why a text cannot be kept, even unchecked.
pub(crate) fn unkeepable(text: &str) -> Option<String> {
    match text {
        // PostgreSQL keeps no such character in a text.
        text if text.contains('\0') => Some("含有不可见的控制字符".to_owned()),
        text if text.chars().count() > MAX_FIELD => Some(format!("不得超过 {MAX_FIELD} 个字")),
        _ => None,
    }
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
