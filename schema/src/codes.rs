//! The code lists of `schema/codes/*.csv`: what a code means and which ones may still be chosen.

use std::{collections::HashMap, sync::LazyLock};

use crate::{text_enum::text_enum, workflow::termination::Party};

text_enum! {
    /// The code lists that forms are made of.
    pub enum CodeList {
        /// 学历 degree level.
        DegreeLevel = "DEGREE_LEVEL",
        /// 培养方式 training mode.
        TrainingMode = "TRAINING_MODE",
        /// 单位性质 employer nature.
        EmployerNature = "EMPLOYER_NATURE",
        /// 单位行业 industry.
        Industry = "INDUSTRY",
        /// 职位类别 position category.
        PositionCategory = "POSITION_CATEGORY",
        /// 户籍接收 household registration.
        HouseholdRegistration = "HOUSEHOLD_REGISTRATION",
        /// 解约原因 reason of a termination.
        TerminationReason = "TERMINATION_REASON",
        /// 行政区划 region: province, city, county.
        Region = "REGION",
        /// 国家和地区 country or territory of ISO 3166-1.
        Country = "COUNTRY",
        /// 毕业去向 national code of a destination; those that another names as its parent stand for a whole group.
        DestinationCode = "DESTINATION_CODE",
    }
}

/// One entry of a code list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// The code itself.
    pub code: String,
    /// Chinese name, as printed.
    pub name_zh: String,
    /// English name; for regions the Chinese one.
    pub name_en: String,
    /// The code above this one (regions and national codes of destinations).
    pub parent: Option<String>,
    /// Whether it may still be chosen. An old one keeps its meaning for ever.
    pub active: bool,
    /// Training modes only: whether graduates of this mode may sign online unless the school says otherwise.
    pub online_signing: Option<bool>,
    /// Reasons of terminations only: the one side that may give it, where not either may.
    pub party: Option<Party>,
}

struct List {
    entries: Vec<Code>,
    by_code: HashMap<String, usize>,
}

static LISTS: LazyLock<HashMap<CodeList, List>> = LazyLock::new(|| {
    CodeList::ALL
        .iter()
        .map(|list| (*list, read(source(*list))))
        .collect()
});

fn source(list: CodeList) -> &'static str {
    match list {
        CodeList::DegreeLevel => include_str!("../codes/degree_level.csv"),
        CodeList::TrainingMode => include_str!("../codes/training_mode.csv"),
        CodeList::EmployerNature => include_str!("../codes/employer_nature.csv"),
        CodeList::Industry => include_str!("../codes/industry.csv"),
        CodeList::PositionCategory => include_str!("../codes/position_category.csv"),
        CodeList::HouseholdRegistration => include_str!("../codes/household_registration.csv"),
        CodeList::TerminationReason => include_str!("../codes/termination_reason.csv"),
        CodeList::Region => include_str!("../codes/region.csv"),
        CodeList::Country => include_str!("../codes/country.csv"),
        CodeList::DestinationCode => include_str!("../codes/destination_codes.csv"),
    }
}

#[expect(
    clippy::expect_used,
    reason = "the lists are compiled in and a test reads each of them"
)]
fn read(text: &str) -> List {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().expect("a header line").clone();
    let column = |name: &str| headers.iter().position(|header| header == name);
    let (code, name_zh) = (column("code").expect("codes"), column("name_zh").expect("names"));
    let (name_en, parent) = (column("name_en"), column("parent_code"));
    let (active, online) = (column("active"), column("default_online_signing"));
    let initiator = column("initiator");
    let entries: Vec<Code> = reader
        .records()
        .map(|record| {
            let record = record.expect("a readable line");
            let text = |column: usize| record[column].to_owned();
            Code {
                code: text(code),
                name_zh: text(name_zh),
                name_en: text(name_en.unwrap_or(name_zh)),
                parent: parent.map(text).filter(|parent| !parent.is_empty()),
                active: active.is_none_or(|column| &record[column] == "true"),
                online_signing: online.map(|column| &record[column] == "true"),
                party: initiator.and_then(|column| Party::parse(&record[column].to_uppercase())),
            }
        })
        .collect();
    let by_code = entries
        .iter()
        .enumerate()
        .map(|(index, entry)| (entry.code.clone(), index))
        .collect();
    List { entries, by_code }
}

impl CodeList {
    /// All entries in the order of the list, those that may no longer be chosen included.
    pub fn entries(self) -> &'static [Code] {
        LISTS.get(&self).map_or(&[], |list| &list.entries)
    }

    /// The entry of a code, whether or not it may still be chosen.
    pub fn get(self, code: &str) -> Option<&'static Code> {
        let list = LISTS.get(&self)?;
        list.by_code.get(code).map(|index| &list.entries[*index])
    }

    /// The Chinese name of a code, or the code itself where the list does not know it.
    pub fn name_zh(self, code: &str) -> String {
        self.get(code)
            .map_or_else(|| code.to_owned(), |entry| entry.name_zh.clone())
    }
}

/// A region's full Chinese name from the province down, such as `北京市海淀区`.
pub fn region_name(code: &str) -> String {
    let mut names = Vec::new();
    let mut at = CodeList::Region.get(code);
    while let Some(region) = at {
        names.push(region.name_zh.as_str());
        at = region
            .parent
            .as_deref()
            .and_then(|parent| CodeList::Region.get(parent));
    }
    if names.is_empty() {
        return code.to_owned();
    }
    names.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_reads_and_has_no_code_twice() {
        for list in CodeList::ALL {
            let read = &LISTS[list];
            assert!(read.entries.len() > 3, "{list}");
            assert_eq!(read.entries.len(), read.by_code.len(), "{list} has a code twice");
        }
        assert_eq!(CodeList::Region.entries().len(), 3212);
        assert_eq!(CodeList::Country.entries().len(), 249);
        for (code, name) in [
            ("CN", "中国"),
            ("HK", "中国香港"),
            ("MO", "中国澳门"),
            ("TW", "中国台湾"),
        ] {
            assert_eq!(CodeList::Country.name_zh(code), name);
        }
        assert_eq!(
            CodeList::EmployerNature.get("25").map(|code| code.active),
            Some(false)
        );
        assert_eq!(
            CodeList::TrainingMode
                .get("2")
                .and_then(|code| code.online_signing),
            Some(false)
        );
    }

    #[test]
    fn region_names_start_at_the_province_and_every_parent_exists() {
        assert_eq!(region_name("110108"), "北京市海淀区");
        assert_eq!(region_name("130102"), "河北省石家庄市长安区");
        assert_eq!(region_name("000000"), "000000");
        for region in CodeList::Region.entries() {
            if let Some(parent) = &region.parent {
                assert!(CodeList::Region.get(parent).is_some(), "{}", region.code);
            }
        }
    }
}
