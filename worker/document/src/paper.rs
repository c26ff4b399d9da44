//! The snapshot of an agreement that the paper shows; no rule about agreements lives here, and no typesetting.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Everything the paper shows. All strings are ready for the reader: code names are resolved to Chinese by the caller.
///
/// The very snapshot is kept as JSON, so unknown fields are refused and `layout` says which layout it was made for.
/// `Debug` shows no personal data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementPaper {
    /// Which layout draws it; [`AgreementPaper::LAYOUT`] for a new snapshot.
    pub layout: u16,
    /// Agreement number (协议书编号); none before one is given.
    pub number: Option<String>,
    /// How it was signed, which decides some clauses and the signature blocks.
    pub channel: Channel,
    /// That the school amended the terms after they were signed; none on a first paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amended: Option<Amendment>,
    /// The day the snapshot was taken (制表日期); it is also the PDF's creation date.
    pub issued_on: NaiveDate,
    /// 甲方.
    pub employer: EmployerBlock,
    /// 乙方.
    pub graduate: GraduateBlock,
    /// 丙方.
    pub school: SchoolBlock,
    /// What employer and graduate agreed on.
    pub terms: TermsBlock,
    /// Who signed when.
    pub dates: SigningDates,
    /// How a reader can check the paper; none on a draft.
    pub verification: Option<Verification>,
}

impl AgreementPaper {
    /// The layout of new snapshots.
    pub const LAYOUT: u16 = 1;
}

impl fmt::Debug for AgreementPaper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgreementPaper")
            .field("layout", &self.layout)
            .field("number", &self.number)
            .field("channel", &self.channel)
            .field("issued_on", &self.issued_on)
            .field("dates", &self.dates)
            .finish_non_exhaustive()
    }
}

/// How the agreement was signed (DOMAIN.md, "Words").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Channel {
    /// 线上签约: each party confirmed on the platform, the paper names the dates.
    Online,
    /// 线下签约: the paper is printed, signed and stamped by hand, so it has blank lines.
    Offline,
    /// 已签就业协议登记: a paper agreement was signed before; this sheet states what was registered.
    Registered,
}

/// The employer's block (DESTINATION_FORMS.md, B1).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmployerBlock {
    /// 单位名称.
    pub name: String,
    /// 统一社会信用代码, or why there is none.
    pub credit_code: CreditCode,
    /// 单位性质.
    pub nature: String,
    /// 单位行业.
    pub industry: String,
    /// 单位地址: the region's full name.
    pub region: String,
    /// 单位地址: street and number.
    pub address: String,
    /// 工作职位类别.
    pub position_category: String,
    /// 职位名称.
    pub position_title: String,
    /// 联系人.
    pub contact_person: String,
    /// 固定电话.
    pub contact_phone: Option<String>,
    /// 联系人手机.
    pub contact_mobile: String,
    /// 电子邮箱.
    pub contact_email: String,
}

impl fmt::Debug for EmployerBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmployerBlock").finish_non_exhaustive()
    }
}

/// The employer's unified social credit code (GB 32100); a few state bodies have none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CreditCode {
    /// The 18 characters.
    Code(String),
    /// There is none, and this is why.
    None(String),
}

/// The graduate's block, as he confirmed it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GraduateBlock {
    /// 姓名.
    pub name: String,
    /// 性别.
    pub gender: String,
    /// 身份证号.
    pub id_card: String,
    /// 学校.
    pub school: String,
    /// 院系.
    pub department: String,
    /// 专业.
    pub major: String,
    /// 学历.
    pub degree_level: String,
    /// 培养方式.
    pub training_mode: String,
    /// 学号.
    pub student_number: String,
    /// 毕业届别: the year, printed as 2026届.
    pub class_year: u16,
    /// 手机号码.
    pub mobile: String,
    /// 电子邮箱.
    pub email: Option<String>,
    /// 生源地.
    pub place_of_origin: Option<String>,
}

impl fmt::Debug for GraduateBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraduateBlock")
            .field("class_year", &self.class_year)
            .finish_non_exhaustive()
    }
}

/// The school's block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchoolBlock {
    /// 学校名称.
    pub name: String,
    /// 学校代码.
    pub code: String,
    /// 院系.
    pub department: String,
    /// 联系电话.
    pub contact_phone: Option<String>,
    /// 联系地址.
    pub contact_address: Option<String>,
    /// Who approved, in order: none before the review, one or two after it.
    pub approvals: Vec<Approval>,
}

/// One level's approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The level: 院系 or 学校.
    pub level: String,
    /// The day.
    pub on: NaiveDate,
}

/// The amendment that brought a paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amendment {
    /// Which version of the paper it is, from 2.
    pub version: u32,
    /// The day.
    pub on: NaiveDate,
}

/// What employer and graduate agreed on (DESTINATION_FORMS.md, B2). What was left open prints as 未约定.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermsBlock {
    /// 试用期, months; 0 prints as 无试用期.
    pub probation_months: Option<u8>,
    /// 试用期工资, yuan a month.
    pub probation_salary: Option<u32>,
    /// 转正后工资, yuan a month.
    pub regular_salary: Option<u32>,
    /// 违约金, yuan.
    pub liquidated_damages: Option<u32>,
    /// 报到地点.
    pub report_place: Option<String>,
    /// 报到期限: report on or before this day.
    pub report_deadline: Option<NaiveDate>,
    /// 实际工作地点.
    pub work_place: Option<String>,
    /// 户口接收方式.
    pub household_registration: String,
    /// 补充约定: up to 1000 characters, may have several lines.
    pub supplementary: Option<String>,
}

/// Who signed when; a day that has not come yet is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningDates {
    /// The employer invited the graduate, or signed the paper.
    pub employer: Option<NaiveDate>,
    /// The graduate accepted, or signed the paper.
    pub graduate: Option<NaiveDate>,
    /// The school approved, or stamped the paper.
    pub school: Option<NaiveDate>,
}

/// How a reader can check the paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// 核验码, printed beside the QR code.
    pub code: String,
    /// The public page; the QR code holds it.
    pub url: String,
}

/// What is stamped across every page; not a part of the snapshot, because it changes while the snapshot does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// Nothing: the agreement as it stands.
    None,
    /// 草稿: a preview that binds nobody.
    Draft,
    /// 已作废: a newer version has replaced it.
    Superseded,
    /// 已解约: the agreement has been ended.
    Terminated,
}
