//! The heading row of a roster: which column holds which field.

use super::GraduateField;

/// The columns of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    places: [Option<usize>; GraduateField::COUNT],
    /// Headings that mean no field: the columns below them are passed over.
    pub ignored: Vec<String>,
}

/// Why a heading row cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeadingError {
    /// It is none: at least student number and ID-card number have to be recognised.
    NotAHeading,
    /// Columns that have to be there are not.
    Missing(Vec<GraduateField>),
    /// Two columns mean the same field.
    Twice(GraduateField),
}

/// Most headings that mean nothing and are kept to be shown, and most characters of each.
const MAX_IGNORED: usize = 20;
const MAX_HEADING: usize = 40;

impl Columns {
    /// Reads a heading row. Blanks, stars of required columns and what stands in brackets do not count.
    ///
    /// # Errors
    /// [`HeadingError`].
    pub fn read<'a>(headings: impl Iterator<Item = &'a str>) -> Result<Self, HeadingError> {
        let mut columns = Self {
            places: [None; GraduateField::COUNT],
            ignored: Vec::new(),
        };
        let mut twice = None;
        for (place, heading) in headings.enumerate() {
            let plain = plain(heading);
            if plain.is_empty() {
                continue;
            }
            let field = GraduateField::ALL
                .iter()
                .find(|field| field.headings().contains(&plain.as_str()));
            match field {
                Some(field) => {
                    let known = &mut columns.places[*field as usize];
                    if known.replace(place).is_some() {
                        twice = twice.or(Some(*field));
                    }
                }
                None if columns.ignored.len() < MAX_IGNORED => {
                    let shown = heading.trim().chars().filter(|c| !c.is_control());
                    columns.ignored.push(shown.take(MAX_HEADING).collect());
                }
                None => {}
            }
        }
        let has = |field| columns.place(field).is_some();
        if !has(GraduateField::StudentNumber) || !has(GraduateField::IdCardNumber) {
            return Err(HeadingError::NotAHeading);
        }
        if let Some(field) = twice {
            return Err(HeadingError::Twice(field));
        }
        let mut missing: Vec<_> = GraduateField::ALL
            .iter()
            .copied()
            .filter(|field| field.column_required() && !has(*field))
            .collect();
        if !has(GraduateField::Mobile) && !has(GraduateField::Email) {
            missing.push(GraduateField::Mobile);
        }
        if missing.is_empty() {
            Ok(columns)
        } else {
            Err(HeadingError::Missing(missing))
        }
    }

    /// Where a field stands, counted from 0.
    pub const fn place(&self, field: GraduateField) -> Option<usize> {
        self.places[field as usize]
    }
}

fn plain(heading: &str) -> String {
    let head = heading.split(['(', '（', '[', '【']).next().unwrap_or_default();
    head.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '*' | '＊' | '\u{FEFF}'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = "学号,姓名,性别,身份证号,届,院系代码,学历层次,专业,培养方式,生源地,手机";

    fn read(headings: &str) -> Result<Columns, HeadingError> {
        Columns::read(headings.split(','))
    }

    #[test]
    fn headings_in_any_order_with_stars_blanks_and_hints() {
        let columns = read(
            " 姓 名 ,＊身份证号码（18位）,学号*,性别,届别,学院代码,学历,专业名称,培养方式,生源地代码,,辅导员,电子邮箱",
        )
        .unwrap();
        assert_eq!(columns.place(GraduateField::Name), Some(0));
        assert_eq!(columns.place(GraduateField::IdCardNumber), Some(1));
        assert_eq!(columns.place(GraduateField::Email), Some(12));
        assert_eq!(columns.place(GraduateField::Mobile), None);
        assert_eq!(columns.ignored, ["辅导员"]);
    }

    #[test]
    fn what_is_missing_or_twice_is_named() {
        assert_eq!(read("2027届毕业生名册"), Err(HeadingError::NotAHeading));
        let without = ALL.replace("培养方式,", "").replace(",手机", "");
        assert_eq!(
            read(&without),
            Err(HeadingError::Missing(vec![
                GraduateField::TrainingMode,
                GraduateField::Mobile
            ]))
        );
        let twice = format!("{ALL},专业名称");
        assert_eq!(read(&twice), Err(HeadingError::Twice(GraduateField::Major)));
        assert!(read(ALL).is_ok());
    }
}
