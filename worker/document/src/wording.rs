//! How single values read in Chinese: dates, amounts, capital numerals; nothing about where they stand on the page.

use chrono::{Datelike, NaiveDate};

/// `2026年7月1日`.
pub(crate) fn date(day: NaiveDate) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

/// `12,000`: groups of three.
pub(crate) fn grouped(amount: u32) -> String {
    let digits = amount.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// An amount of whole yuan in the capital numerals that contracts use: `壹万贰仟元整`.
pub(crate) fn capital_yuan(amount: u32) -> String {
    const DIGITS: [char; 10] = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];
    const PLACES: [&str; 4] = ["", "拾", "佰", "仟"];
    const GROUPS: [&str; 3] = ["", "万", "亿"];
    if amount == 0 {
        return "零元整".to_owned();
    }
    let mut out = String::new();
    // A gap of zeros reads as one 零, but only between two figures.
    let mut gap = false;
    for (group, unit) in GROUPS.iter().enumerate().rev() {
        let four = amount / 10_u32.pow(4 * group as u32) % 10_000;
        if four == 0 {
            gap = gap || !out.is_empty();
            continue;
        }
        for (place, name) in PLACES.iter().enumerate().rev() {
            let digit = (four / 10_u32.pow(place as u32) % 10) as usize;
            if digit == 0 {
                gap = gap || !out.is_empty();
                continue;
            }
            if gap {
                out.push('零');
                gap = false;
            }
            out.push(DIGITS[digit]);
            out.push_str(name);
        }
        out.push_str(unit);
        // Zeros that end a group are read only when a figure follows, which the next round decides.
        gap = four.is_multiple_of(10);
    }
    out.push_str("元整");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_no_leading_zeros() {
        let day = NaiveDate::from_ymd_opt(2026, 7, 1).unwrap();
        assert_eq!(date(day), "2026年7月1日");
    }

    #[test]
    fn amounts_are_grouped_by_three() {
        for (amount, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (12_345, "12,345"),
            (100_000, "100,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(amount), text);
        }
    }

    #[test]
    fn capital_numerals() {
        for (amount, text) in [
            (0, "零元整"),
            (5, "伍元整"),
            (10, "壹拾元整"),
            (105, "壹佰零伍元整"),
            (5_000, "伍仟元整"),
            (10_000, "壹万元整"),
            (12_000, "壹万贰仟元整"),
            (10_500, "壹万零伍佰元整"),
            (100_001, "壹拾万零壹元整"),
            (101_000, "壹拾万零壹仟元整"),
            (1_005_000, "壹佰万零伍仟元整"),
            (100_000_000, "壹亿元整"),
            (100_000_010, "壹亿零壹拾元整"),
            (2_000_300_000, "贰拾亿零叁拾万元整"),
            (u32::MAX, "肆拾贰亿玖仟肆佰玖拾陆万柒仟贰佰玖拾伍元整"),
        ] {
            assert_eq!(capital_yuan(amount), text);
        }
    }
}
