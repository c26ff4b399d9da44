//! The block of archive and household (DESTINATION_FORMS.md B3). It may be filled in with a destination and is asked for
//! before the graduate leaves school; whenever it is given, it is checked.

use chrono::NaiveDate;
use diesel::{deserialize::FromSqlRow, expression::AsExpression, sql_types::Jsonb};
use serde::{Deserialize, Serialize};

use super::{
    CheckContext, DestinationType,
    checker::{Checker, given},
    labels, unkeepable,
};
use crate::{
    checks::Mobile, field_changes::fields, kept_as_json::kept_as_json, model::terms::FieldError,
    text_enum::text_enum,
};

text_enum! {
    /// 档案去向 where a graduate's archive goes (DESTINATION_FORMS.md B3).
    pub enum ArchiveRoute {
        /// 转至就业单位或其上级主管单位
        EmployerOrSuperior = "EMPLOYER_OR_SUPERIOR",
        /// 转至人才服务机构托管
        TrusteeAgency = "TRUSTEE_AGENCY",
        /// 转回生源地
        Origin = "ORIGIN",
        /// 转至录取学校
        AdmittingSchool = "ADMITTING_SCHOOL",
        /// 暂存学校
        KeptAtSchool = "KEPT_AT_SCHOOL",
    }
}

impl ArchiveRoute {
    /// What people call it, as printed.
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::EmployerOrSuperior => "转至就业单位或其上级主管单位",
            Self::TrusteeAgency => "转至人才服务机构托管",
            Self::Origin => "转回生源地",
            Self::AdmittingSchool => "转至录取学校",
            Self::KeptAtSchool => "暂存学校",
        }
    }
}

/// 档案户口 where archive and household registration go (DESTINATION_FORMS.md B3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromSqlRow, AsExpression)]
#[diesel(sql_type = Jsonb)]
#[serde(deny_unknown_fields)]
pub struct ArchiveBlock {
    /// 档案去向
    pub route: ArchiveRoute,
    /// 档案接收单位, at most 100 characters; this and the address are empty only where the archive stays at school.
    pub receiving_unit: Option<String>,
    /// 档案转递地址 down to the door number, 5 to 200 characters.
    pub address: Option<String>,
    /// 收件部门, at most 50 characters.
    pub department: Option<String>,
    /// 收件人, at most 30 characters: neither the graduate nor his family.
    pub contact_person: Option<String>,
    /// 收件人电话
    pub phone: Option<String>,
    /// 邮政编码, 6 digits.
    pub postcode: Option<String>,
    /// 是否同意接收档案 whether the receiving unit takes the archive.
    pub accepted: bool,
    /// 户口是否迁移 whether the household registration moves.
    pub household_moves: bool,
    /// 户口迁往地址 where it moves to, 5 to 200 characters.
    pub new_address: Option<String>,
}

/// The block as somebody filled it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromSqlRow, AsExpression)]
#[diesel(sql_type = Jsonb)]
#[serde(default)]
#[expect(missing_docs, reason = "each field is the unchecked one of ArchiveBlock")]
pub struct ArchiveDraft {
    pub route: Option<ArchiveRoute>,
    pub receiving_unit: Option<String>,
    pub address: Option<String>,
    pub department: Option<String>,
    pub contact_person: Option<String>,
    pub phone: Option<String>,
    pub postcode: Option<String>,
    pub accepted: Option<bool>,
    pub household_moves: Option<bool>,
    pub new_address: Option<String>,
}

impl From<ArchiveBlock> for ArchiveDraft {
    fn from(block: ArchiveBlock) -> Self {
        Self {
            route: Some(block.route),
            receiving_unit: block.receiving_unit,
            address: block.address,
            department: block.department,
            contact_person: block.contact_person,
            phone: block.phone,
            postcode: block.postcode,
            accepted: Some(block.accepted),
            household_moves: Some(block.household_moves),
            new_address: block.new_address,
        }
    }
}

/// What a type of destination expects of the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArchiveRule {
    /// Whether the form of the destination shows the block. Where it does not, the block is first asked for before leaving
    /// school.
    pub asked: bool,
    /// Whether the way to the addressee may be left out ("light"): the programme's office knows it.
    pub light: bool,
    /// Where the archive goes as a rule: taken where the block leaves it open, and any other is worth a second look.
    pub usual_route: Option<ArchiveRoute>,
}

impl ArchiveDraft {
    /// Checks the block by itself, as it is asked for before its graduate leaves school. `of` is what is registered for him; without it
    /// no route is the usual one.
    ///
    /// # Errors
    /// Every field that is wrong, as `archive.route`.
    pub fn check_alone(
        &self,
        context: &CheckContext,
        of: Option<DestinationType>,
    ) -> Result<ArchiveBlock, Vec<FieldError>> {
        let mut check = Checker::new(context, of.unwrap_or(DestinationType::Seeking));
        match self.check(&mut check) {
            Some(block) if check.form.errors.is_empty() => Ok(block),
            _ => Err(check.form.errors),
        }
    }

    /// What of the block by itself is only worth a second look, also while something of it is missing or wrong; `of` as for
    /// [`check_alone`](Self::check_alone).
    pub fn warnings(&self, of: Option<DestinationType>) -> Vec<FieldError> {
        // Nothing that is only worth a second look depends on the graduate or the day.
        let nobody = CheckContext {
            today: NaiveDate::default(),
            graduate_name: String::new(),
            graduate_mobile: None,
        };
        let mut check = Checker::new(&nobody, of.unwrap_or(DestinationType::Seeking));
        self.check(&mut check);
        check.warnings
    }

    /// What cannot be kept, even unchecked; as [`DestinationDraft::check_size`](super::DestinationDraft::check_size).
    ///
    /// # Errors
    /// Every such field by its name, and what to tell of it.
    pub fn check_size(&self) -> Result<(), Vec<FieldError>> {
        let form = serde_json::json!({ "archive": self });
        let wrong: Vec<_> = fields(&form)
            .into_iter()
            .filter_map(|(path, text)| {
                let message = unkeepable(&text)?;
                let field = labels::name(&path);
                Some(FieldError { field, message })
            })
            .collect();
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(wrong),
        }
    }

    pub(super) fn check(&self, check: &mut Checker<'_>) -> Option<ArchiveBlock> {
        let rule = check.of.archive();
        let route = check.chosen("archive.route", self.route.or(rule.usual_route));
        if let (Some(route), Some(usual)) = (route, rule.usual_route)
            && route != usual
        {
            check.warn("archive.route", "与该去向类型通常的档案去向不同，请核对");
        }
        let stays = route == Some(ArchiveRoute::KeptAtSchool);
        let receiving_unit = match stays {
            true => check.optional("archive.receivingUnit", &self.receiving_unit, 100),
            false => Some(check.text("archive.receivingUnit", &self.receiving_unit, 2..=100)),
        };
        // The addressee: required unless nothing is sent, or whoever sends it knows the way.
        let way = !stays && !rule.light;
        let required = |check: &mut Checker<'_>, field, text| {
            if way && given(text).is_none() {
                check.wrong(field, "必填");
            }
        };
        required(check, "archive.address", &self.address);
        let address = door_address(check, "archive.address", &self.address);
        let department = check.optional("archive.department", &self.department, 50);
        required(check, "archive.contactPerson", &self.contact_person);
        let contact_person = check.optional("archive.contactPerson", &self.contact_person, 30);
        required(check, "archive.phone", &self.phone);
        let phone = check.form.phone("archive.phone", self.phone.as_deref());
        required(check, "archive.postcode", &self.postcode);
        let postcode = given(&self.postcode).map(str::to_owned);
        if let Some(postcode) = &postcode
            && !(postcode.len() == 6 && postcode.bytes().all(|digit| digit.is_ascii_digit()))
        {
            check.wrong("archive.postcode", "应为 6 位数字");
        }
        self.addressee(check, contact_person.as_deref(), phone.as_deref());

        let accepted = check.chosen("archive.accepted", self.accepted);
        if accepted == Some(false) && !stays {
            check.warn("archive.accepted", "接收单位尚未同意接收档案");
        }
        let household_moves = check.chosen("archive.householdMoves", self.household_moves);
        let new_address = match household_moves {
            Some(true) => Some(check.text("archive.newAddress", &self.new_address, 5..=200)),
            Some(false) => {
                check.not_asked("archive.newAddress", given(&self.new_address).is_some());
                None
            }
            None => None,
        };
        Some(ArchiveBlock {
            route: route?,
            receiving_unit,
            address,
            department,
            contact_person,
            phone,
            postcode,
            accepted: accepted?,
            household_moves: household_moves?,
            new_address,
        })
    }

    /// Archives go to units, not to the graduate himself. His family is not known here; that the reviewer sees.
    fn addressee(&self, check: &mut Checker<'_>, contact_person: Option<&str>, phone: Option<&str>) {
        const MESSAGE: &str = "收件人不得为毕业生本人或其亲属";
        let context = check.context;
        if contact_person.is_some_and(|name| name == context.graduate_name) {
            check.wrong("archive.contactPerson", MESSAGE);
        }
        let own = |mobile: &str| Mobile::parse(mobile).ok();
        let mobile = context.graduate_mobile.as_deref().and_then(own);
        if mobile.is_some() && phone.and_then(own) == mobile {
            check.wrong("archive.phone", MESSAGE);
        }
    }
}

kept_as_json!(ArchiveBlock, ArchiveDraft);

/// An address to which something can be sent: a house or a door has a number.
fn door_address(check: &mut Checker<'_>, field: &'static str, text: &Option<String>) -> Option<String> {
    given(text)?;
    let address = check.text(field, text, 5..=200);
    let numbered = address
        .chars()
        .any(|c| c.is_numeric() || "一二三四五六七八九十号".contains(c));
    if address.chars().count() >= 5 && !numbered {
        check.wrong(field, "应详细到门牌号");
    }
    Some(address)
}
