//! Code lists: what forms are made of.

use async_graphql::{Enum, Object, SimpleObject};
use wangqian_schema::codes::{self, CodeList};

use super::termination::Party;

/// 代码表 The code lists that forms are made of.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "CodeList")]
pub enum CodeListName {
    /// 学历层次 degree level
    DegreeLevel,
    /// 培养方式 training mode
    TrainingMode,
    /// 单位性质 employer nature
    EmployerNature,
    /// 单位行业 industry
    Industry,
    /// 职位类别 position category
    PositionCategory,
    /// 单位是否解决户籍 who takes the household registration
    HouseholdRegistration,
    /// 解约原因 reason of a termination
    TerminationReason,
    /// 行政区划 region: province, city, county
    Region,
    /// 国家和地区 country or territory of ISO 3166-1
    Country,
    /// 毕业去向 national code of a destination; one that others have as `parentCode` stands for a group and is not chosen
    DestinationCode,
}

/// 代码项 One entry of a code list.
#[derive(SimpleObject, Clone, Debug)]
pub struct Code {
    /// 代码值 The code itself.
    pub code: String,
    /// 中文名称 Chinese name, as printed.
    pub name_zh: String,
    /// 英文名称 English name; for regions the Chinese one.
    pub name_en: String,
    /// 上级代码 The code above this one; null at the top, and in lists without levels (all but `REGION` and `DESTINATION_CODE`).
    pub parent_code: Option<String>,
    /// 是否可选 Whether it may still be chosen; an old one keeps its meaning.
    pub active: bool,
    /// 适用方 The one side that may choose it; null where either may, and in lists other than `TERMINATION_REASON`.
    pub party: Option<Party>,
}

impl From<&codes::Code> for Code {
    fn from(code: &codes::Code) -> Self {
        Self {
            code: code.code.clone(),
            name_zh: code.name_zh.clone(),
            name_en: code.name_en.clone(),
            parent_code: code.parent.clone(),
            active: code.active,
            party: code.party.map(Into::into),
        }
    }
}

impl Code {
    /// The entry of a code; one that the list does not know stands for itself.
    pub fn of(list: CodeList, code: &str) -> Self {
        list.get(code).map_or_else(
            || Self {
                code: code.to_owned(),
                name_zh: code.to_owned(),
                name_en: code.to_owned(),
                parent_code: None,
                active: false,
                party: None,
            },
            Self::from,
        )
    }
}

/// Code lists.
#[derive(Default)]
pub struct CodeQuery;

#[Object]
impl CodeQuery {
    /// 代码表 The entries of a code list, in its order. Of regions those directly below `parentCode`; without it the
    /// provinces. Public.
    #[graphql(complexity = "40 * child_complexity")]
    async fn codes(
        &self,
        #[graphql(desc = "代码表 Which list.")] list: CodeListName,
        #[graphql(desc = "上级代码 Regions only: the code above.")] parent_code: Option<String>,
    ) -> Vec<Code> {
        let list = CodeList::from(list);
        list.entries()
            .iter()
            .filter(|code| list != CodeList::Region || code.parent == parent_code)
            .map(Code::from)
            .collect()
    }
}
