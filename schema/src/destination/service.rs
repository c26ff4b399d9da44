//! Service: 应征义务兵 and the grassroots programmes (DESTINATION_FORMS.md, Per type; `MILITARY` and `PROGRAMME` in the list).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{
    DestinationType, Part,
    checker::{Checker, given},
};
use crate::{codes::CodeList, text_enum::text_enum};

text_enum! {
    /// 军兵种 the service a conscript joins.
    pub enum ServiceBranch {
        /// 陆军
        Army = "ARMY",
        /// 海军
        Navy = "NAVY",
        /// 空军
        AirForce = "AIR_FORCE",
        /// 火箭军
        RocketForce = "ROCKET_FORCE",
        /// 武警部队
        ArmedPolice = "ARMED_POLICE",
        /// 其他
        Other = "OTHER",
    }
}

/// 应征义务兵 a conscript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conscript {
    /// 征兵办公室所在地, a code of [`CodeList::Region`].
    pub office_region: String,
    /// 入伍日期
    pub enlisted_on: NaiveDate,
    /// 军兵种
    pub service: Option<ServiceBranch>,
}

/// [`Conscript`] as somebody filled it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each field is the unchecked one of Conscript")]
pub struct ConscriptDraft {
    pub office_region: Option<String>,
    pub enlisted_on: Option<NaiveDate>,
    pub service: Option<ServiceBranch>,
}

impl Part for ConscriptDraft {
    type Checked = Conscript;

    fn check(&self, check: &mut Checker<'_>) -> Option<Conscript> {
        let office_region = check.code("officeRegion", CodeList::Region, &self.office_region);
        let enlisted_on = check.date("enlistedOn", self.enlisted_on);
        Some(Conscript {
            office_region,
            enlisted_on: enlisted_on?,
            service: self.service,
        })
    }
}

text_enum! {
    /// 项目级别 who runs a local programme.
    pub enum ProgrammeLevel {
        /// 省级
        Province = "PROVINCE",
        /// 市级
        City = "CITY",
        /// 县级
        County = "COUNTY",
    }
}

/// 国家基层项目、地方基层项目 a grassroots programme. Which one, the national code says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grassroots {
    /// 项目名称, 2 to 50 characters: of a local programme; a national one is named by its code.
    pub programme: Option<String>,
    /// 项目级别 of a local programme.
    pub level: Option<ProgrammeLevel>,
    /// 服务单位, 2 to 100 characters.
    pub service_unit: String,
    /// 服务地区, a code of [`CodeList::Region`].
    pub service_region: String,
    /// 服务开始日期
    pub start_on: NaiveDate,
    /// 服务结束日期: always there for a national programme; some local ones have no end.
    pub end_on: Option<NaiveDate>,
}

/// [`Grassroots`] as somebody filled it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each field is the unchecked one of Grassroots")]
pub struct GrassrootsDraft {
    pub programme: Option<String>,
    pub level: Option<ProgrammeLevel>,
    pub service_unit: Option<String>,
    pub service_region: Option<String>,
    pub start_on: Option<NaiveDate>,
    pub end_on: Option<NaiveDate>,
}

impl Part for GrassrootsDraft {
    type Checked = Grassroots;

    fn check(&self, check: &mut Checker<'_>) -> Option<Grassroots> {
        let local = check.of == DestinationType::LocalGrassroots;
        let (programme, level) = match local {
            true => {
                let programme = check.text("programme", &self.programme, 2..=50);
                (Some(programme), check.chosen("level", self.level))
            }
            false => {
                check.not_asked("programme", given(&self.programme).is_some());
                check.not_asked("level", self.level.is_some());
                (None, None)
            }
        };
        let service_unit = check.text("serviceUnit", &self.service_unit, 2..=100);
        let service_region = check.code("serviceRegion", CodeList::Region, &self.service_region);
        let start_on = check.date("startOn", self.start_on);
        let end_on = match local {
            true => check.optional_end("endOn", self.start_on, self.end_on),
            false => check.end("endOn", self.start_on, self.end_on),
        };
        Some(Grassroots {
            programme,
            level,
            service_unit,
            service_region,
            start_on: start_on?,
            end_on,
        })
    }
}
