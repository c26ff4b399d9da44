//! One's own business and free work: 自主创业, 自由职业 (DESTINATION_FORMS.md, Per type).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{
    Part,
    checker::{Checker, TooLittle, given},
};
use crate::{checks::CreditCode, codes::CodeList, text_enum::text_enum};

text_enum! {
    /// 本人身份 what a founder is in his company.
    pub enum BusinessRole {
        /// 法定代表人
        LegalRepresentative = "LEGAL_REPRESENTATIVE",
        /// 股东或合伙人
        Shareholder = "SHAREHOLDER",
        /// 个体工商户经营者
        SoleProprietor = "SOLE_PROPRIETOR",
        /// 其他创始团队成员
        OtherFounder = "OTHER_FOUNDER",
    }
}

/// 自主创业 one's own business, in one of three shapes; each has a national code of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Business {
    /// 创立公司
    #[serde(rename = "COMPANY")]
    Company(Company),
    /// 在孵化机构中创业
    #[serde(rename = "INCUBATOR")]
    Incubator(Incubator),
    /// 电子商务创业
    #[serde(rename = "E_COMMERCE")]
    ECommerce(ECommerce),
}

/// 创立公司（含个体工商户） a registered company or individual business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Company {
    /// 企业名称, 2 to 100 characters.
    pub name: String,
    /// 统一社会信用代码
    pub credit_code: CreditCode,
    /// 本人身份
    pub role: BusinessRole,
    /// 持股比例 in per cent, 1 to 100.
    pub share_percent: Option<u8>,
    /// 成立日期
    pub founded_on: NaiveDate,
}

/// 在孵化机构中创业 in an incubator, not registered yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incubator {
    /// 孵化机构名称, 2 to 100 characters.
    pub name: String,
    /// 孵化协议编号, 1 to 50 characters.
    pub agreement_number: String,
}

/// 电子商务创业 a shop on a platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ECommerce {
    /// 平台名称, 1 to 50 characters.
    pub platform: String,
    /// 网店网址, at most 300 characters.
    pub shop_url: String,
    /// 网店名称, 1 to 50 characters.
    pub shop_name: String,
}

/// [`Business`] as somebody filled it in. Its fields stand beside `kind`, and so do their names in errors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind")]
#[expect(missing_docs, reason = "each variant is the unchecked one of Business")]
pub enum BusinessDraft {
    #[serde(rename = "COMPANY")]
    Company(CompanyDraft),
    #[serde(rename = "INCUBATOR")]
    Incubator(IncubatorDraft),
    #[serde(rename = "E_COMMERCE")]
    ECommerce(ECommerceDraft),
}

impl Default for BusinessDraft {
    fn default() -> Self {
        Self::Company(CompanyDraft::default())
    }
}

/// [`Company`] as somebody filled it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each field is the unchecked one of Company")]
pub struct CompanyDraft {
    pub name: Option<String>,
    pub credit_code: Option<String>,
    pub role: Option<BusinessRole>,
    pub share_percent: Option<i32>,
    pub founded_on: Option<NaiveDate>,
}

/// [`Incubator`] as somebody filled it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each field is the unchecked one of Incubator")]
pub struct IncubatorDraft {
    pub name: Option<String>,
    pub agreement_number: Option<String>,
}

/// [`ECommerce`] as somebody filled it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each field is the unchecked one of ECommerce")]
pub struct ECommerceDraft {
    pub platform: Option<String>,
    pub shop_url: Option<String>,
    pub shop_name: Option<String>,
}

impl BusinessDraft {
    /// 去向代码 the national code of this shape.
    pub const fn national_code(&self) -> &'static str {
        match self {
            Self::Company(_) => "751",
            Self::Incubator(_) => "752",
            Self::ECommerce(_) => "753",
        }
    }
}

impl Part for BusinessDraft {
    type Checked = Business;

    fn check(&self, check: &mut Checker<'_>) -> Option<Business> {
        match self {
            Self::Company(company) => company.check(check).map(Business::Company),
            Self::Incubator(incubator) => Some(Business::Incubator(Incubator {
                name: check.text("name", &incubator.name, 2..=100),
                agreement_number: check.text("agreementNumber", &incubator.agreement_number, 1..=50),
            })),
            Self::ECommerce(shop) => Some(Business::ECommerce(ECommerce {
                platform: check.text("platform", &shop.platform, 1..=50),
                shop_url: shop_url(check, &shop.shop_url),
                shop_name: check.text("shopName", &shop.shop_name, 1..=50),
            })),
        }
    }
}

impl CompanyDraft {
    fn check(&self, check: &mut Checker<'_>) -> Option<Company> {
        let name = check.text("name", &self.name, 2..=100);
        let credit_code = CreditCode::parse(self.credit_code.as_deref().unwrap_or_default()).ok();
        if credit_code.is_none() {
            check.wrong("creditCode", "不是有效的统一社会信用代码");
        }
        let role = check.chosen("role", self.role);
        let share_percent = check.optional_number("sharePercent", self.share_percent, 1..=100, "%");
        let founded_on = check.past("foundedOn", self.founded_on);
        Some(Company {
            name,
            credit_code: credit_code?,
            role: role?,
            share_percent,
            founded_on: founded_on?,
        })
    }
}

/// The address of a shop. Only its shape is checked: reviewers open it.
fn shop_url(check: &mut Checker<'_>, url: &Option<String>) -> String {
    const FIELD: &str = "shopUrl";
    let text = check.text(FIELD, url, 1..=300);
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
    let fits = host.is_some_and(|host| host.contains('.') && !host.starts_with('.') && !host.contains('@'));
    let told_already = given(url).is_none() || text.chars().count() > 300;
    if !told_already && (!fits || text.contains(char::is_whitespace)) {
        check.wrong(FIELD, "应为完整网址，以 http:// 或 https:// 开头");
    }
    text
}

/// 自由职业 free work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freelance {
    /// 职业, 1 to 50 characters.
    pub occupation: String,
    /// 收入来源, 1 to 200 characters.
    pub income_source: String,
    /// 从业地区, a code of [`CodeList::Region`]: whose minimum wage holds.
    pub region: String,
    /// 月收入 in yuan, not below the region's minimum wage.
    pub monthly_income: u32,
}

/// [`Freelance`] as somebody filled it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each field is the unchecked one of Freelance")]
pub struct FreelanceDraft {
    pub occupation: Option<String>,
    pub income_source: Option<String>,
    pub region: Option<String>,
    pub monthly_income: Option<i32>,
}

impl Part for FreelanceDraft {
    type Checked = Freelance;

    fn check(&self, check: &mut Checker<'_>) -> Option<Freelance> {
        let occupation = check.text("occupation", &self.occupation, 1..=50);
        let income_source = check.text("incomeSource", &self.income_source, 1..=200);
        let region = check.code("region", CodeList::Region, &self.region);
        let monthly_income = check.pay("monthlyIncome", self.monthly_income);
        check.minimum_wage("monthlyIncome", monthly_income, &region, TooLittle::Refused);
        Some(Freelance {
            occupation,
            income_source,
            region,
            monthly_income: monthly_income?,
        })
    }
}
