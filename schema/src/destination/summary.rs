//! A destination in the few lines that the destination sheet has for it (DOMAIN.md, Leaving school): where somebody goes, and as what.

use chrono::{Datelike, NaiveDate};

use super::{Business, Destination, Details, EmployerBlock, Grassroots, StudyLevel};
use crate::codes::{CodeList, region_name};

/// Label and value of each line, in the words that are printed, beside type and national code. Neither pay nor people's numbers.
pub fn summary(destination: &Destination) -> Vec<(&'static str, String)> {
    let mut lines = Lines(Vec::new());
    match &destination.details {
        Details::PublicRecruitment(of) => lines.employer(&of.employer),
        Details::NoncommissionedOfficer(of) => {
            lines.employer(&of.employer);
            lines.day("入伍日期", Some(of.enlisted_on));
        }
        Details::MedicalResidency(of) => {
            lines.employer(&of.employer);
            lines.day("开始日期", Some(of.start_on));
        }
        Details::InternationalOrganisation(of) | Details::WorkAbroad(of) => {
            lines.add("单位名称", &of.employer_name);
            lines.add("国家或地区", CodeList::Country.name_zh(&of.country));
            lines.add("职位名称", &of.position_title);
            lines.day("开始日期", of.start_on);
        }
        Details::LabourContract(of) => {
            lines.employer(&of.employer);
            lines.day("开始日期", Some(of.start_on));
        }
        Details::OtherEmployment(of) => {
            lines.employer(&of.employer);
            lines.day("开始日期", Some(of.start_on));
        }
        Details::ResearchAssistant(of) => {
            lines.employer(&of.employer);
            lines.day("开始日期", Some(of.start_on));
            lines.day("结束日期", Some(of.end_on));
        }
        Details::Conscript(of) => {
            lines.add("征兵机构所在地区", region_name(&of.office_region));
            lines.day("入伍日期", Some(of.enlisted_on));
        }
        Details::NationalGrassroots(of) | Details::LocalGrassroots(of) => lines.grassroots(of),
        Details::SelfEmployed(Business::Company(of)) => {
            lines.add("企业名称", &of.name);
            lines.add("统一社会信用代码", of.credit_code.as_str());
        }
        Details::SelfEmployed(Business::Incubator(of)) => lines.add("孵化机构", &of.name),
        Details::SelfEmployed(Business::ECommerce(of)) => {
            lines.add("电商平台", &of.platform);
            lines.add("店铺名称", &of.shop_name);
        }
        Details::Freelance(of) => {
            lines.add("职业", &of.occupation);
            lines.add("所在地区", region_name(&of.region));
        }
        Details::UpgradeToBachelor(of) | Details::Postgraduate(of) | Details::SecondBachelor(of) => {
            lines.add("录取院校", &of.institution);
            lines.add("录取专业", &of.major);
            lines.add("录取层次", level_zh(of.level));
        }
        Details::StudyAbroad(of) => {
            lines.add("留学国家或地区", CodeList::Country.name_zh(&of.country));
            lines.add("院校名称", &of.institution_zh);
            lines.add("专业名称", &of.major_zh);
            lines.day("开始日期", of.start_on);
        }
        Details::EntrustedSupplement(of) => {
            lines.employer(&of.employer);
            lines.add("约定就业地区", region_name(&of.agreed_region));
        }
        // Why somebody goes nowhere yet is nobody else's business.
        Details::Seeking(_) | Details::PreparingStudy(_) | Details::NotSeeking(_) => {}
    }
    lines.day("签订日期", destination.signed_on);
    lines.0
}

struct Lines(Vec<(&'static str, String)>);

impl Lines {
    fn add(&mut self, label: &'static str, value: impl Into<String>) {
        self.0.push((label, value.into()));
    }

    fn day(&mut self, label: &'static str, day: Option<NaiveDate>) {
        if let Some(day) = day {
            self.add(label, format!("{}年{}月{}日", day.year(), day.month(), day.day()));
        }
    }

    fn employer(&mut self, employer: &EmployerBlock) {
        self.add("单位名称", &employer.name);
        if let Some(code) = &employer.credit_code {
            self.add("统一社会信用代码", code.as_str());
        }
        self.add("单位性质", CodeList::EmployerNature.name_zh(&employer.nature));
        self.add("单位行业", CodeList::Industry.name_zh(&employer.industry));
        self.add(
            "单位地址",
            format!("{}{}", region_name(&employer.region), employer.address),
        );
        self.add(
            "职位类别",
            CodeList::PositionCategory.name_zh(&employer.position_category),
        );
        self.add("职位名称", &employer.position_title);
    }

    fn grassroots(&mut self, of: &Grassroots) {
        if let Some(programme) = &of.programme {
            self.add("项目名称", programme);
        }
        self.add("服务单位", &of.service_unit);
        self.add("服务地区", region_name(&of.service_region));
        self.day("开始日期", Some(of.start_on));
    }
}

const fn level_zh(level: StudyLevel) -> &'static str {
    match level {
        StudyLevel::Bachelor => "本科",
        StudyLevel::SecondBachelor => "第二学士学位",
        StudyLevel::Master => "硕士",
        StudyLevel::Doctor => "博士",
        StudyLevel::Other => "其他",
    }
}
