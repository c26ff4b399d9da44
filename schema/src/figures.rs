//! 毕业去向落实率 and its parts, computed from counts by national code (DOMAIN.md, Numbers; DESTINATION_FORMS.md, Figures). Where the
//! counts come from is the business of `model::figure`.

use crate::destination::{RateFormula, RateGroup, is_placed, rate_group};

/// What stands in the place of a national code for whoever has neither signed nor registered.
pub const NO_DESTINATION: &str = "";

/// A code with which graduates are counted and that a formula knows no group for: nothing of that kind may be counted silently.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the code {code:?} has no group in the formula {formula}")]
pub struct UnknownCode {
    /// The code.
    pub code: String,
    /// The formula.
    pub formula: RateFormula,
}

/// The figures of some graduates by one formula.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// 毕业生数 how many there are, placed or not.
    pub graduates: i64,
    /// Its groups in the order of the formula, each of them, also those in which nobody is: nobody is hidden, and each graduate is in
    /// exactly one.
    pub parts: Vec<FigurePart>,
}

/// One group of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FigurePart {
    /// The group.
    pub group: RateGroup,
    /// 人数 how many are in it.
    pub graduates: i64,
    /// How many of them have which national code, [`NO_DESTINATION`] last, the others by their codes; codes that nobody has are left out.
    pub codes: Vec<(String, i64)>,
}

impl Figure {
    /// Counts by national code as figures. A code may come several times. Whoever has no destination counts as not placed.
    ///
    /// # Errors
    /// [`UnknownCode`] of a code that somebody has.
    pub fn of<'a>(
        counts: impl IntoIterator<Item = (&'a str, i64)>,
        formula: RateFormula,
    ) -> Result<Self, UnknownCode> {
        let groups = formula.groups().iter();
        let mut parts: Vec<FigurePart> = groups
            .map(|group| FigurePart {
                group: *group,
                graduates: 0,
                codes: Vec::new(),
            })
            .collect();
        let mut all = 0;
        for (code, graduates) in counts {
            let group = match code {
                NO_DESTINATION => Some(RateGroup::NotEmployed),
                code => rate_group(code, formula),
            };
            let part = parts.iter_mut().find(|part| Some(part.group) == group);
            let Some(part) = part else {
                let code = code.to_owned();
                return Err(UnknownCode { code, formula });
            };
            all += graduates;
            part.graduates += graduates;
            match part.codes.iter_mut().find(|(known, _)| known == code) {
                Some((_, known)) => *known += graduates,
                None => part.codes.push((code.to_owned(), graduates)),
            }
        }
        for part in &mut parts {
            part.codes.retain(|(_, graduates)| *graduates != 0);
            part.codes
                .sort_by(|(one, _), (other, _)| (one.is_empty(), one).cmp(&(other.is_empty(), other)));
        }
        Ok(Self {
            graduates: all,
            parts,
        })
    }

    /// 已落实人数 how many of them count into the placed share.
    pub fn placed(&self) -> i64 {
        let placed = self.parts.iter().filter(|part| is_placed(part.group));
        placed.map(|part| part.graduates).sum()
    }

    /// 占比 which share of all so many of them are, from 0 to 1, rounded to a hundredth of a percent; `None` where there is nobody.
    pub fn share(&self, graduates: i64) -> Option<f64> {
        if self.graduates <= 0 {
            return None;
        }
        let tenthousandths = (graduates * 20_000 + self.graduates) / (self.graduates * 2);
        i32::try_from(tenthousandths)
            .ok()
            .map(|tenthousandths| f64::from(tenthousandths) / 10_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{codes::CodeList, destination::RateFormula::*};

    fn counts(figure: &Figure) -> Vec<(&'static str, i64)> {
        let parts = figure.parts.iter();
        parts.map(|part| (part.group.name_zh(), part.graduates)).collect()
    }

    #[test]
    fn each_is_in_one_group_and_nobody_is_hidden() {
        let counted = [
            ("", 4),
            ("10", 2),
            ("12", 1),
            ("10", 1),
            ("801", 1),
            ("702", 1),
            ("76", 0),
        ];
        let figure = Figure::of(counted, V2024).unwrap();
        assert_eq!((figure.graduates, figure.placed()), (10, 5));
        assert_eq!(
            counts(&figure),
            [
                ("单位就业", 4),
                ("自主创业", 0),
                ("自由职业", 0),
                ("升学", 1),
                ("未就业", 5)
            ]
        );
        assert_eq!(
            figure.parts[0].codes,
            [("10".to_owned(), 3), ("12".to_owned(), 1)]
        );
        assert_eq!(figure.parts[4].codes, [("702".to_owned(), 1), (String::new(), 4)]);
        let older = Figure::of(counted, V2021).unwrap();
        assert_eq!((older.graduates, older.placed()), (10, 5));
        assert_eq!(
            counts(&older),
            [
                ("协议和合同就业", 3),
                ("灵活就业", 1),
                ("自主创业", 0),
                ("升学", 1),
                ("未就业", 5)
            ]
        );
    }

    #[test]
    fn shares_are_rounded_and_none_of_nobody() {
        let figure = Figure::of([("10", 2), ("", 1)], V2024).unwrap();
        assert_eq!(figure.share(figure.placed()), Some(0.6667));
        assert_eq!((figure.share(0), figure.share(3)), (Some(0.0), Some(1.0)));
        let nobody = Figure::of([], V2024).unwrap();
        assert_eq!((nobody.share(0), nobody.parts.len()), (None, 5));
    }

    #[test]
    fn an_unknown_code_is_no_group_and_every_known_one_is() {
        let code = "000".to_owned();
        let formula = V2021;
        assert_eq!(
            Figure::of([("000", 1)], formula),
            Err(UnknownCode { code, formula })
        );
        for formula in RateFormula::ALL {
            let codes = CodeList::DestinationCode.entries().iter();
            let one_each = codes.map(|code| (code.code.as_str(), 1));
            let figure = Figure::of(one_each, *formula).unwrap();
            let all: i64 = figure.parts.iter().map(|part| part.graduates).sum();
            assert_eq!(all, figure.graduates);
        }
    }
}
