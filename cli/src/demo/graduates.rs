//! The made-up graduates: five with a story of their own, and sixty whose names are the sixty pairs of the sexagenary
//! cycle (甲子, 乙丑 …) with a given character, which no register of people would contain.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use wangqian_schema::{
    checks::{Invalid, id_card_check},
    clock::shanghai_date,
    model::graduate::{Gender, NewGraduate},
    workflow::leaving::class_leaving_next,
};

use super::{
    accounts,
    ids::{Kind, id},
    places::{Place, SECOND_SCHOOL},
};

/// The graduating year (届) of all demo graduates, of data that were begun at this moment: one whose cut-off is some months away, so that
/// nobody who tries them out is kept from anything.
pub(super) fn class_year(started: DateTime<Utc>) -> i16 {
    class_leaving_next(shanghai_date(started) + TimeDelta::days(100))
}

/// One who appears in the story by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// Has two open invitations.
    Main,
    /// Has not confirmed the basic information.
    Unconfirmed,
    /// 龚𬭎㛃
    RareName,
    /// A name with an interpunct.
    LongName,
    /// 定向
    Directed,
}

/// A graduate of the demo data: a named one, or one of the sixty by number from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// With a story of his own.
    Named(Named),
    /// One of the sixty.
    Cycle(u16),
}

/// For how long before the data were begun those who have confirmed had done so.
pub(super) const CONFIRMED_BEFORE: TimeDelta = TimeDelta::days(14);

/// How many of the sixty there are.
pub(super) const CYCLE: u16 = 60;

const NAMED: [Named; 5] = [
    Named::Main,
    Named::Unconfirmed,
    Named::RareName,
    Named::LongName,
    Named::Directed,
];

impl Who {
    /// Everybody.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        NAMED
            .into_iter()
            .map(Self::Named)
            .chain((0..CYCLE).map(Self::Cycle))
    }

    /// A number of his own, from 1.
    pub(super) fn number(self) -> u16 {
        match self {
            Self::Cycle(number) => number + 1,
            Self::Named(named) => CYCLE + 1 + named as u16,
        }
    }

    /// Where he studies.
    pub(super) fn place(self) -> Place {
        match self {
            Self::Named(Named::Directed) => SECOND_SCHOOL,
            Self::Named(_) => Place::ALL[0],
            Self::Cycle(number) => Place::ALL[usize::from(number) % Place::ALL.len()],
        }
    }

    /// Whether he has confirmed his basic information: all but the named one and every tenth.
    pub(super) fn confirmed(self) -> bool {
        match self {
            Self::Named(named) => named != Named::Unconfirmed,
            Self::Cycle(number) => number % 10 != 9,
        }
    }

    /// The id of the row.
    pub(super) fn id(self) -> uuid::Uuid {
        id(Kind::Graduate, self.number())
    }

    /// The id of the account.
    pub(super) fn account_id(self) -> uuid::Uuid {
        id(Kind::Account, 1000 + self.number())
    }

    /// What he logs in with.
    pub(super) fn email(self) -> String {
        match self {
            Self::Named(Named::Main) => accounts::GRADUATE.to_owned(),
            Self::Named(Named::Unconfirmed) => accounts::NEW_GRADUATE.to_owned(),
            Self::Named(Named::RareName) => accounts::RARE_NAME.to_owned(),
            Self::Named(Named::LongName) => accounts::LONG_NAME.to_owned(),
            Self::Named(Named::Directed) => accounts::DIRECTED.to_owned(),
            Self::Cycle(_) => format!("graduate{:02}@example.com", self.number()),
        }
    }

    /// A number of the block 100, which is not given out.
    pub(super) fn mobile(self) -> String {
        format!("1000001{:04}", self.number())
    }

    fn name(self) -> String {
        const STEMS: [char; 10] = ['甲', '乙', '丙', '丁', '戊', '己', '庚', '辛', '壬', '癸'];
        const BRANCHES: [char; 12] = [
            '子', '丑', '寅', '卯', '辰', '巳', '午', '未', '申', '酉', '戌', '亥',
        ];
        const GIVEN: [char; 11] = ['安', '晴', '朗', '宁', '悦', '和', '清', '远', '乐', '明', '然'];
        match self {
            Self::Named(Named::Main) => "示晓例".to_owned(),
            Self::Named(Named::Unconfirmed) => "示未确".to_owned(),
            Self::Named(Named::RareName) => "龚𬭎㛃".to_owned(),
            Self::Named(Named::LongName) => "示例古丽·示例提江".to_owned(),
            Self::Named(Named::Directed) => "示定向".to_owned(),
            Self::Cycle(number) => {
                let number = usize::from(number);
                [STEMS[number % 10], BRANCHES[number % 12], GIVEN[number * 3 % 11]]
                    .iter()
                    .collect()
            }
        }
    }

    fn gender(self) -> Gender {
        if self.number() % 2 == 1 {
            Gender::Female
        } else {
            Gender::Male
        }
    }

    /// An ID-card number of the region 000000, which does not exist, with a check character that fits.
    fn id_card_number(self) -> Result<String, Invalid> {
        let first = NaiveDate::from_ymd_opt(2004, 9, 1).ok_or(Invalid::Date)?;
        let born = first + TimeDelta::days(i64::from(self.number()) * 5);
        // The last digit before the check character is odd for men, even for women.
        let order = self.number() * 2 + u16::from(self.gender() == Gender::Male);
        let first_17 = format!(
            "000000{:04}{:02}{:02}{order:03}",
            born.year(),
            born.month(),
            born.day()
        );
        Ok(format!("{first_17}{}", id_card_check(&first_17)?))
    }

    fn degree_level(self) -> &'static str {
        match self.number() % 9 {
            0 => "01",
            3 | 6 => "11",
            8 => "41",
            _ => "31",
        }
    }

    fn origin_region(self) -> &'static str {
        const REGIONS: [&str; 11] = [
            "110108", "320102", "440305", "510104", "330106", "653101", "650102", "540102", "150102",
            "610113", "420106",
        ];
        match self {
            Self::Named(Named::LongName) => "653101",
            _ => REGIONS[usize::from(self.number()) % REGIONS.len()],
        }
    }

    /// The row; whoever confirmed did so at `confirmed_at`.
    pub(super) fn row(self, confirmed_at: DateTime<Utc>) -> Result<NewGraduate, Invalid> {
        let place = self.place();
        let directed = self == Self::Named(Named::Directed);
        let majors = place.majors();
        Ok(NewGraduate {
            id: self.id(),
            account_id: self.account_id(),
            school_id: place.school_id(),
            department_id: place.department_id(),
            class_year: class_year(confirmed_at + CONFIRMED_BEFORE),
            student_number: format!("2023{}{:04}", place.department_code(), self.number()),
            name: self.name(),
            gender: self.gender(),
            id_card_number: self.id_card_number()?,
            degree_level: self.degree_level().to_owned(),
            major: majors[usize::from(self.number() / 3) % majors.len()].to_owned(),
            training_mode: if directed { "2" } else { "1" }.to_owned(),
            origin_region: self.origin_region().to_owned(),
            online_signing_allowed: !directed,
            confirmed_at: self.confirmed().then_some(confirmed_at),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use wangqian_schema::{
        checks::{Email, IdCardNumber, Mobile},
        codes::CodeList,
    };

    use super::*;

    #[test]
    fn everybody_is_valid_different_and_made_up() {
        let mut seen = HashSet::new();
        let mut modes = HashSet::new();
        for who in Who::all() {
            let row = who.row(Utc::now()).unwrap();
            let number = IdCardNumber::parse(&row.id_card_number).unwrap();
            assert!(number.as_str().starts_with("000000"), "no region has this prefix");
            assert!(Mobile::parse(&who.mobile()).unwrap().as_str().starts_with("100"));
            assert!(
                Email::parse(&who.email())
                    .unwrap()
                    .as_str()
                    .ends_with("@example.com")
            );
            for (list, code) in [
                (CodeList::DegreeLevel, &row.degree_level),
                (CodeList::TrainingMode, &row.training_mode),
                (CodeList::Region, &row.origin_region),
            ] {
                assert!(list.get(code).is_some_and(|code| code.active), "{list} {code}");
            }
            modes.insert(row.training_mode.clone());
            for unique in [
                row.id.to_string(),
                row.account_id.to_string(),
                row.name,
                row.id_card_number,
                row.student_number,
                who.mobile(),
                who.email(),
            ] {
                assert!(seen.insert(unique.clone()), "{unique} twice");
            }
        }
        assert!(seen.len() >= 60 * 7 && modes.len() == 2);
    }
}
