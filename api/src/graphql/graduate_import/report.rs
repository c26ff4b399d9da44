//! What was wrong with the rows of a roster.

use async_graphql::{Enum, Object};
use wangqian_schema::{model::graduate_import as model, roster};

/// 信息项 A field of a graduate's basic information, or of how he is reached.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "roster::GraduateField")]
pub enum GraduateField {
    /// 学号 student number
    StudentNumber,
    /// 姓名 name
    Name,
    /// 性别 gender
    Gender,
    /// 身份证号 ID-card number
    IdCardNumber,
    /// 出生日期 date of birth, within the ID-card number; compared with it, not kept
    BirthDate,
    /// 届 graduating year
    ClassYear,
    /// 院系 department
    Department,
    /// 学历层次 degree level
    DegreeLevel,
    /// 专业 major
    Major,
    /// 培养方式 training mode
    TrainingMode,
    /// 生源地 where he comes from
    OriginRegion,
    /// 可否网签 whether he may sign online
    OnlineSigningAllowed,
    /// 手机 mobile number
    Mobile,
    /// 邮箱 e-mail address
    Email,
}

/// 导入问题代码 What can be wrong with a row of a roster.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "roster::ProblemCode")]
pub enum ImportProblemCode {
    /// 未填写 The field is empty and must not be; of mobile and e-mail one has to be there.
    Required,
    /// 含无法识别的字符 Characters that cannot be read: a wrong encoding, or control characters.
    Unreadable,
    /// 过长 More characters than the field takes.
    TooLong,
    /// 格式有误 Not of the form that the field has.
    InvalidFormat,
    /// 身份证号校验不通过 The ID-card number is no such number: length, check character or date.
    IdCardNumberInvalid,
    /// 与身份证号不一致 Gender or birth date differs from that within the ID-card number.
    IdCardNumberMismatch,
    /// 代码不存在 Neither a code nor a name of the code list, or one that may not be chosen any more.
    UnknownCode,
    /// 院系不存在 The school has no department with this code.
    UnknownDepartment,
    /// 文件内重复 An earlier row of the file has the same value.
    DuplicateInFile,
    /// 属于其他学校 The ID-card number is that of a graduate of another school.
    BelongsToOtherSchool,
    /// 学号与身份证号不对应 The two numbers do not belong to the same graduate of the school.
    NumbersConflict,
    /// 已被占用 Another account has this mobile number or e-mail address.
    Taken,
}

/// 导入问题 Something that was wrong with a row of a roster; never what stands in the field.
pub struct ImportProblem(pub model::ImportProblem);

/// 导入问题 Something that was wrong with a row of a roster; never what stands in the field.
#[Object]
impl ImportProblem {
    /// 行号 The row's number in the file, as a spreadsheet shows it.
    async fn row_number(&self) -> i32 {
        self.0.row_number
    }

    /// 信息项 The field.
    async fn field(&self) -> GraduateField {
        self.0.field.into()
    }

    /// 列名 The field as the template calls it.
    async fn heading(&self) -> &'static str {
        self.0.field.heading()
    }

    /// 问题代码 What is wrong, for programs.
    async fn code(&self) -> ImportProblemCode {
        self.0.code.into()
    }

    /// 问题说明 What is wrong, in Chinese, for the person.
    async fn message(&self) -> String {
        roster::message(self.0.field, self.0.code, self.0.other_row)
    }

    /// 重复的行 For duplicates the number of the earlier row; null otherwise.
    async fn other_row(&self) -> Option<i32> {
        self.0.other_row
    }
}
