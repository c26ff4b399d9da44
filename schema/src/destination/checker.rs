//! What the checks of all destination forms are made of: a form that collects what is wrong, and what is only worth a
//! second look.

use chrono::{Datelike, NaiveDate};

use super::{CheckContext, DestinationType, minimum_wage::minimum_wage};
use crate::{
    codes::CodeList,
    model::terms::{FieldError, Form},
};

/// Most yuan a month that a form takes: beyond it somebody has mistyped.
const MOST_MONTHLY_YUAN: i32 = 1_000_000;
/// The years in which the dates of a form lie: beyond them somebody has mistyped.
const YEARS: std::ops::RangeInclusive<i32> = 1980..=2100;

/// A form under check.
///
/// A method that gives an `Option` gives `None` only when it has put down an error, or when the field is optional and empty.
pub(super) struct Checker<'a> {
    pub(super) form: Form,
    pub(super) warnings: Vec<FieldError>,
    pub(super) context: &'a CheckContext,
    /// The type that is filled in.
    pub(super) of: DestinationType,
}

/// What happens when pay is below the minimum wage.
#[derive(Clone, Copy)]
pub(super) enum TooLittle {
    Refused,
    Warned,
}

impl<'a> Checker<'a> {
    pub(super) fn new(context: &'a CheckContext, of: DestinationType) -> Self {
        Self {
            form: Form::default(),
            warnings: Vec::new(),
            context,
            of,
        }
    }

    pub(super) fn wrong(&mut self, field: &'static str, message: impl Into<String>) {
        self.form.wrong(field, message);
    }

    pub(super) fn warn(&mut self, field: &'static str, message: impl Into<String>) {
        self.warnings.push(FieldError {
            field,
            message: message.into(),
        });
    }

    /// A required text on one line.
    pub(super) fn text(
        &mut self,
        field: &'static str,
        text: &Option<String>,
        length: std::ops::RangeInclusive<usize>,
    ) -> String {
        self.form
            .text(field, text.as_deref().unwrap_or_default(), length, false)
    }

    /// An optional text on one line.
    pub(super) fn optional(
        &mut self,
        field: &'static str,
        text: &Option<String>,
        most: usize,
    ) -> Option<String> {
        self.form.optional(field, text.as_deref(), most, false)
    }

    /// An optional text of several lines.
    pub(super) fn optional_lines(
        &mut self,
        field: &'static str,
        text: &Option<String>,
        most: usize,
    ) -> Option<String> {
        self.form.optional(field, text.as_deref(), most, true)
    }

    /// A required code of a list.
    pub(super) fn code(&mut self, field: &'static str, list: CodeList, code: &Option<String>) -> String {
        match given(code) {
            Some(code) => self.form.code(field, list, code),
            None => {
                self.wrong(field, "必填");
                String::new()
            }
        }
    }

    /// An optional code of a list.
    pub(super) fn optional_code(
        &mut self,
        field: &'static str,
        list: CodeList,
        code: &Option<String>,
    ) -> Option<String> {
        given(code).map(|code| self.form.code(field, list, code))
    }

    /// A code that is fixed for this type: it may be left out, and may be no other.
    pub(super) fn fixed_code(
        &mut self,
        field: &'static str,
        list: CodeList,
        code: &Option<String>,
        fixed: &str,
    ) -> String {
        if given(code).is_some_and(|code| code != fixed) {
            self.wrong(field, format!("该去向类型应为“{}”", list.name_zh(fixed)));
        }
        fixed.to_owned()
    }

    /// A required choice.
    pub(super) fn chosen<T: Copy>(&mut self, field: &'static str, choice: Option<T>) -> Option<T> {
        if choice.is_none() {
            self.wrong(field, "必填");
        }
        choice
    }

    /// What this form does not ask for.
    pub(super) fn not_asked(&mut self, field: &'static str, is_given: bool) {
        if is_given {
            self.wrong(field, "此处不填");
        }
    }

    /// A statement that has to be ticked.
    pub(super) fn ticked(&mut self, field: &'static str, ticked: bool) {
        if !ticked {
            self.wrong(field, "请勾选确认");
        }
    }

    /// An optional date.
    pub(super) fn optional_date(
        &mut self,
        field: &'static str,
        date: Option<NaiveDate>,
    ) -> Option<NaiveDate> {
        if date.is_some_and(|date| !YEARS.contains(&date.year())) {
            self.wrong(field, "日期有误，请核对");
        }
        date
    }

    /// A required date.
    pub(super) fn date(&mut self, field: &'static str, date: Option<NaiveDate>) -> Option<NaiveDate> {
        self.chosen(field, date)?;
        self.optional_date(field, date)
    }

    /// An optional date of something that has happened.
    pub(super) fn optional_past(
        &mut self,
        field: &'static str,
        date: Option<NaiveDate>,
    ) -> Option<NaiveDate> {
        let date = self.optional_date(field, date)?;
        if date > self.context.today && YEARS.contains(&date.year()) {
            self.wrong(field, "不得晚于今天");
        }
        Some(date)
    }

    /// A required date of something that has happened.
    pub(super) fn past(&mut self, field: &'static str, date: Option<NaiveDate>) -> Option<NaiveDate> {
        self.chosen(field, date)?;
        self.optional_past(field, date)
    }

    /// An optional end, which comes after the start.
    pub(super) fn optional_end(
        &mut self,
        field: &'static str,
        start: Option<NaiveDate>,
        end: Option<NaiveDate>,
    ) -> Option<NaiveDate> {
        let end = self.optional_date(field, end)?;
        if start.is_some_and(|start| end <= start) && YEARS.contains(&end.year()) {
            self.wrong(field, "应晚于开始日期");
        }
        Some(end)
    }

    /// A required end, which comes after the start.
    pub(super) fn end(
        &mut self,
        field: &'static str,
        start: Option<NaiveDate>,
        end: Option<NaiveDate>,
    ) -> Option<NaiveDate> {
        self.chosen(field, end)?;
        self.optional_end(field, start, end)
    }

    /// An optional whole number.
    pub(super) fn optional_number<T: TryFrom<i32>>(
        &mut self,
        field: &'static str,
        number: Option<i32>,
        range: std::ops::RangeInclusive<i32>,
        unit: &str,
    ) -> Option<T> {
        let number = number?;
        match T::try_from(number) {
            Ok(value) if range.contains(&number) => Some(value),
            _ => {
                let (least, most) = (range.start(), range.end());
                self.wrong(field, format!("应为 {least} 至 {most} 的整数（{unit}）"));
                None
            }
        }
    }

    /// Optional yuan a month.
    pub(super) fn optional_pay(&mut self, field: &'static str, yuan: Option<i32>) -> Option<u32> {
        self.optional_number(field, yuan, 1..=MOST_MONTHLY_YUAN, "元")
    }

    /// Required yuan a month.
    pub(super) fn pay(&mut self, field: &'static str, yuan: Option<i32>) -> Option<u32> {
        self.chosen(field, yuan)?;
        self.optional_pay(field, yuan)
    }

    /// Holds pay against the minimum wage of the region where it is earned. Below the lowest tier of the province it is too
    /// little; between that and the first tier it may be right, so that is only said.
    pub(super) fn minimum_wage(
        &mut self,
        field: &'static str,
        pay: Option<u32>,
        region: &str,
        too_little: TooLittle,
    ) {
        let Some((pay, wage)) = pay.zip(minimum_wage(region, self.context.today)) else {
            return;
        };
        if pay < wage.lowest_yuan {
            let message = format!("低于当地月最低工资标准（{} 元）", wage.lowest_yuan);
            match too_little {
                TooLittle::Refused => self.wrong(field, message),
                TooLittle::Warned => self.warn(field, message),
            }
        } else if pay < wage.monthly_yuan {
            let message = format!(
                "低于当地月最低工资标准第一档（{} 元），请核对所在县区适用的标准",
                wage.monthly_yuan
            );
            self.warn(field, message);
        }
    }
}

/// A text that is not blank.
pub(super) fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}
