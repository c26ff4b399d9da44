//! 最低工资标准: the monthly minimum wage by region (DESTINATION_FORMS.md, types with "≥ minimum wage").
//!
//! A province sets several tiers and says by county which one holds. `codes/minimum_wage.csv` has the first tier and the
//! lowest one of each province; a line for a city or county, with both the same, wins over its province's. So pay below the
//! lowest tier is certainly too low, and pay between the two may be lawful where it is earned.

use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::Deserialize;

use crate::codes::CodeList;

/// 月最低工资标准 the minimum wage of a region, from a date on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MinimumWage {
    /// 行政区划, a code of [`CodeList::Region`].
    pub region_code: String,
    /// 执行日期 from when on it holds.
    pub valid_from: NaiveDate,
    /// 第一档 the highest tier, in yuan a month.
    pub monthly_yuan: u32,
    /// 最低档 the lowest tier, in yuan a month.
    pub lowest_yuan: u32,
}

#[expect(
    clippy::expect_used,
    reason = "the list is compiled in and a test reads all of it"
)]
static WAGES: LazyLock<Vec<MinimumWage>> = LazyLock::new(|| {
    csv::Reader::from_reader(include_str!("../../codes/minimum_wage.csv").as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .expect("readable lines")
});

/// The minimum wage that holds in a region on a day: the newest of the region itself or of the nearest one above it.
/// `None` where the list has none, for instance for a region that does not exist.
pub fn minimum_wage(region: &str, on: NaiveDate) -> Option<&'static MinimumWage> {
    let mut at = CodeList::Region.get(region);
    while let Some(region) = at {
        let newest = WAGES
            .iter()
            .filter(|wage| wage.region_code == region.code && wage.valid_from <= on)
            .max_by_key(|wage| wage.valid_from);
        if newest.is_some() {
            return newest;
        }
        at = region
            .parent
            .as_deref()
            .and_then(|parent| CodeList::Region.get(parent));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn every_province_of_the_mainland_has_one() {
        let outside = ["710000", "810000", "820000"];
        let provinces = CodeList::Region.entries().iter();
        let mainland =
            provinces.filter(|region| region.parent.is_none() && !outside.contains(&&*region.code));
        let mut count = 0;
        for province in mainland {
            let wage = minimum_wage(&province.code, on(2026, 1, 1)).unwrap();
            assert!(wage.lowest_yuan <= wage.monthly_yuan && wage.lowest_yuan > 1_500);
            count += 1;
        }
        assert_eq!(count, 31);
        for wage in WAGES.iter() {
            assert!(CodeList::Region.get(&wage.region_code).is_some());
        }
    }

    #[test]
    fn the_nearest_region_and_the_newest_line_win() {
        let yuan = |region, on| minimum_wage(region, on).map(|wage| wage.monthly_yuan);
        assert_eq!(yuan("110108", on(2025, 8, 31)), Some(2420));
        assert_eq!(
            yuan("110108", on(2025, 9, 1)),
            Some(2540),
            "a district has its province's"
        );
        assert_eq!(yuan("440100", on(2026, 1, 1)), Some(2500));
        assert_eq!(
            yuan("440305", on(2026, 1, 1)),
            Some(2520),
            "a city's own line wins"
        );
        assert_eq!(yuan("110000", on(2000, 1, 1)), None, "before the first line");
        assert_eq!(yuan("000000", on(2026, 1, 1)), None);
    }
}
