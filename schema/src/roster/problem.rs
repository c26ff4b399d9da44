//! What can be wrong with a row of a roster, or with a field of a graduate's basic information.

use super::GraduateField;
use crate::text_enum::text_enum;

text_enum! {
    /// What is wrong.
    pub enum ProblemCode {
        /// 未填写 The field is empty and must not be; of mobile and e-mail one has to be there.
        Required = "REQUIRED",
        /// 含无法识别的字符 Characters that cannot be read: a wrong encoding, or control characters.
        Unreadable = "UNREADABLE",
        /// 过长 More characters than the field takes.
        TooLong = "TOO_LONG",
        /// 格式有误 Not of the form that the field has.
        InvalidFormat = "INVALID_FORMAT",
        /// 身份证号校验不通过 The ID-card number is no such number: length, check character or date.
        IdCardNumberInvalid = "ID_CARD_NUMBER_INVALID",
        /// 与身份证号不一致 Gender or birth date differs from that within the ID-card number.
        IdCardNumberMismatch = "ID_CARD_NUMBER_MISMATCH",
        /// 代码不存在 Neither a code nor a name of the code list, or one that may not be chosen any more.
        UnknownCode = "UNKNOWN_CODE",
        /// 院系不存在 The school has no department with this code.
        UnknownDepartment = "UNKNOWN_DEPARTMENT",
        /// 文件内重复 An earlier row of the file has the same value.
        DuplicateInFile = "DUPLICATE_IN_FILE",
        /// 属于其他学校 The ID-card number is that of a graduate of another school.
        BelongsToOtherSchool = "BELONGS_TO_OTHER_SCHOOL",
        /// 学号与身份证号不对应 Student number and ID-card number do not belong to the same graduate of the school.
        NumbersConflict = "NUMBERS_CONFLICT",
        /// 已被占用 Another account has this mobile number or e-mail address.
        Taken = "TAKEN",
    }
}

/// Something wrong with a row. Never holds what stands in the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field.
    pub field: GraduateField,
    /// What is wrong with it.
    pub code: ProblemCode,
    /// For duplicates the earlier row.
    pub other_row: Option<i32>,
}

impl Problem {
    /// One that no other row has to do with.
    pub const fn new(field: GraduateField, code: ProblemCode) -> Self {
        Self {
            field,
            code,
            other_row: None,
        }
    }

    /// What the person reads.
    pub fn message(&self) -> String {
        message(self.field, self.code, self.other_row)
    }
}

/// What the person reads of a problem.
pub fn message(field: GraduateField, code: ProblemCode, other_row: Option<i32>) -> String {
    use GraduateField as Field;
    let name = field.heading();
    match code {
        ProblemCode::Required => match field {
            Field::Mobile | Field::Email => "手机与邮箱至少填写一项，毕业生凭此设置登录密码".to_owned(),
            _ => format!("{name}未填写"),
        },
        ProblemCode::Unreadable => format!("{name}含有无法识别的字符，请检查文件编码"),
        ProblemCode::TooLong => format!("{name}过长"),
        ProblemCode::InvalidFormat => match field {
            Field::ClassYear => "届应为四位年份，如 2027".to_owned(),
            Field::Gender => "性别应为“男”或“女”".to_owned(),
            Field::OnlineSigningAllowed => "可否网签应为“是”或“否”".to_owned(),
            Field::Mobile => "手机应为 11 位大陆手机号码".to_owned(),
            Field::BirthDate => "出生日期应如 2005-01-31".to_owned(),
            _ => format!("{name}格式有误"),
        },
        ProblemCode::IdCardNumberInvalid => {
            "身份证号校验不通过，请核对；在 Excel 中该列须设为文本格式".to_owned()
        }
        ProblemCode::IdCardNumberMismatch => format!("{name}与身份证号不一致"),
        ProblemCode::UnknownCode => format!("{name}不在代码表中，应填代码或其名称"),
        ProblemCode::UnknownDepartment => "本校没有此院系代码".to_owned(),
        ProblemCode::DuplicateInFile => match other_row {
            Some(row) => format!("{name}与第 {row} 行重复"),
            None => format!("{name}在文件中重复"),
        },
        ProblemCode::BelongsToOtherSchool => "该身份证号已属于其他学校的毕业生".to_owned(),
        ProblemCode::NumbersConflict => {
            "学号与身份证号不对应：其一已属于本校另一条毕业生记录，请通过“信息更正”修改".to_owned()
        }
        ProblemCode::Taken => format!("{name}已被其他账号使用"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_of_every_field_can_be_told_in_chinese() {
        for field in GraduateField::ALL {
            for code in ProblemCode::ALL {
                let message = message(*field, *code, Some(7));
                assert!(!message.is_ascii(), "{field} {code}");
                assert!(!message.contains(code.as_str()), "{field} {code}");
            }
        }
        let duplicate = Problem {
            other_row: Some(7),
            ..Problem::new(GraduateField::StudentNumber, ProblemCode::DuplicateInFile)
        };
        assert_eq!(duplicate.message(), "学号与第 7 行重复");
    }
}
