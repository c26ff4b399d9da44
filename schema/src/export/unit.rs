//! 单位: where somebody goes, as far as a form says so: an employer with its codes, a school, a place of service.

use super::Scope;
use crate::{
    codes::{CodeList, region_name},
    destination::{Business, Destination, Details, EmployerBlock},
    model::terms::AgreementTerms,
};

/// What the forms say of it; empty where they do not.
#[derive(Clone, Debug, Default)]
pub(super) struct Unit {
    pub(super) name: String,
    pub(super) credit_code: String,
    nature: String,
    industry: String,
    region: String,
    position_category: String,
    pub(super) position_title: String,
    contact_person: String,
    contact_mobile: String,
}

/// The headings of [`Unit::cells`].
pub(super) const HEADINGS: [&str; 13] = [
    "单位名称",
    "统一社会信用代码",
    "单位性质代码",
    "单位性质",
    "单位行业代码",
    "单位行业",
    "单位所在地代码",
    "单位所在地",
    "职位类别代码",
    "职位类别",
    "职位名称",
    "单位联系人",
    "联系人手机",
];

impl Unit {
    /// The cells of [`HEADINGS`].
    pub(super) fn cells(&self, scope: &Scope) -> [String; 13] {
        let named = |list: CodeList, code: &str| match code.is_empty() {
            true => String::new(),
            false => list.name_zh(code),
        };
        [
            self.name.clone(),
            self.credit_code.clone(),
            self.nature.clone(),
            named(CodeList::EmployerNature, &self.nature),
            self.industry.clone(),
            named(CodeList::Industry, &self.industry),
            self.region.clone(),
            region(&self.region),
            self.position_category.clone(),
            named(CodeList::PositionCategory, &self.position_category),
            self.position_title.clone(),
            self.contact_person.clone(),
            scope.mobile(&self.contact_mobile),
        ]
    }

    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }
}

/// 地区: of a code of the mainland the name from the province down.
fn region(code: &str) -> String {
    match code.is_empty() {
        true => String::new(),
        false => region_name(code),
    }
}

impl From<&AgreementTerms> for Unit {
    fn from(terms: &AgreementTerms) -> Self {
        Self {
            name: terms.employer_name.clone(),
            credit_code: terms.credit_code.as_str().to_owned(),
            nature: terms.nature.clone(),
            industry: terms.industry.clone(),
            region: terms.region.clone(),
            position_category: terms.position_category.clone(),
            position_title: terms.position_title.clone(),
            contact_person: terms.contact_person.clone(),
            contact_mobile: terms.contact_mobile.as_str().to_owned(),
        }
    }
}

impl From<&EmployerBlock> for Unit {
    fn from(block: &EmployerBlock) -> Self {
        Self {
            name: block.name.clone(),
            credit_code: block
                .credit_code
                .as_ref()
                .map_or_else(String::new, |code| code.as_str().to_owned()),
            nature: block.nature.clone(),
            industry: block.industry.clone(),
            region: block.region.clone(),
            position_category: block.position_category.clone(),
            position_title: block.position_title.clone(),
            contact_person: block.contact_person.clone(),
            contact_mobile: block.contact_mobile.as_str().to_owned(),
        }
    }
}

impl From<&Destination> for Unit {
    fn from(destination: &Destination) -> Self {
        match &destination.details {
            Details::PublicRecruitment(form) => Self::from(&form.employer),
            Details::NoncommissionedOfficer(form) => Self::from(&form.employer),
            Details::MedicalResidency(form) => Self::from(&form.employer),
            Details::LabourContract(form) => Self::from(&form.employer),
            Details::OtherEmployment(form) => Self::from(&form.employer),
            Details::ResearchAssistant(form) => Self::from(&form.employer),
            Details::EntrustedSupplement(form) => Self::from(&form.employer),
            Details::InternationalOrganisation(form) | Details::WorkAbroad(form) => Self {
                industry: form.industry.clone().unwrap_or_default(),
                position_title: form.position_title.clone(),
                ..Self::named(&form.employer_name)
            },
            Details::NationalGrassroots(form) | Details::LocalGrassroots(form) => Self {
                region: form.service_region.clone(),
                ..Self::named(&form.service_unit)
            },
            Details::Conscript(form) => Self {
                region: form.office_region.clone(),
                ..Self::default()
            },
            Details::SelfEmployed(Business::Company(company)) => Self {
                credit_code: company.credit_code.as_str().to_owned(),
                ..Self::named(&company.name)
            },
            Details::SelfEmployed(Business::Incubator(incubator)) => Self::named(&incubator.name),
            Details::SelfEmployed(Business::ECommerce(shop)) => Self::named(&shop.shop_name),
            Details::Freelance(form) => Self {
                region: form.region.clone(),
                position_title: form.occupation.clone(),
                ..Self::default()
            },
            Details::UpgradeToBachelor(form)
            | Details::Postgraduate(form)
            | Details::SecondBachelor(form) => Self::named(&form.institution),
            Details::StudyAbroad(form) => Self::named(&form.institution_zh),
            Details::Seeking(_) | Details::PreparingStudy(_) | Details::NotSeeking(_) => Self::default(),
        }
    }
}
