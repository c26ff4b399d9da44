//! Values that can only be held when they are valid: credit code, ID-card number, mobile, e-mail. Parsing lives here;
//! whether a valid value belongs to anybody is asked elsewhere.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Why a text is not the value it should be. The text itself is never part of the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Wrong number of characters.
    #[error("has the wrong length")]
    Length,
    /// A character that cannot stand here.
    #[error("contains a character that cannot stand there")]
    Character,
    /// The check character does not fit the rest: most often a typing error.
    #[error("has a check character that does not fit")]
    CheckCharacter,
    /// The date within is not a date.
    #[error("contains an impossible date")]
    Date,
}

macro_rules! checked_text {
    ($(#[$meta:meta])* $name:ident, $parse:path) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks and normalises a text.
            ///
            /// # Errors
            /// [`Invalid`] says what is wrong, without repeating the text.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                $parse(text).map(Self)
            }

            /// The normalised text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;
            fn try_from(text: String) -> Result<Self, Invalid> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

checked_text!(
    /// Unified social credit code (统一社会信用代码) by GB 32100-2015: 18 characters, the last one a check character.
    CreditCode,
    parse_credit_code
);
checked_text!(
    /// ID-card number (公民身份号码) by GB 11643: 17 digits and a check character; old region prefixes are valid.
    IdCardNumber,
    parse_id_card_number
);
checked_text!(
    /// Mainland mobile number: 11 digits beginning with 1.
    Mobile,
    parse_mobile
);
checked_text!(
    /// E-mail address in lower case. Only its shape is checked: whether it exists, a mail shows.
    Email,
    parse_email
);

impl IdCardNumber {
    /// Birth date within the number.
    pub fn birth_date(&self) -> Option<NaiveDate> {
        NaiveDate::parse_from_str(self.0.get(6..14)?, "%Y%m%d").ok()
    }

    /// Whether the number is a man's: its 17th digit is odd then.
    pub fn is_male(&self) -> bool {
        self.0.as_bytes().get(16).is_some_and(|digit| digit % 2 == 1)
    }
}

const CREDIT_ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// The check character of the first 17 characters of a credit code (GB 32100-2015, weights 3^(i−1) mod 31).
pub fn credit_code_check(first_17: &str) -> Result<char, Invalid> {
    let mut sum = 0;
    let mut weight = 1;
    let mut count = 0;
    for byte in first_17.bytes() {
        let value = CREDIT_ALPHABET
            .iter()
            .position(|candidate| *candidate == byte)
            .ok_or(Invalid::Character)?;
        sum += value * weight;
        weight = weight * 3 % 31;
        count += 1;
    }
    if count != 17 {
        return Err(Invalid::Length);
    }
    Ok(char::from(CREDIT_ALPHABET[(31 - sum % 31) % 31]))
}

fn parse_credit_code(text: &str) -> Result<String, Invalid> {
    let text = text.trim().to_ascii_uppercase();
    if text.chars().count() != 18 {
        return Err(Invalid::Length);
    }
    let first_17 = text.get(..17).ok_or(Invalid::Character)?;
    if text.ends_with(credit_code_check(first_17)?) {
        Ok(text)
    } else {
        Err(Invalid::CheckCharacter)
    }
}

/// The check character of the first 17 digits of an ID-card number (GB 11643).
pub fn id_card_check(first_17: &str) -> Result<char, Invalid> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let digits = first_17
        .chars()
        .map(|c| c.to_digit(10).ok_or(Invalid::Character))
        .collect::<Result<Vec<_>, _>>()?;
    if digits.len() != WEIGHTS.len() {
        return Err(Invalid::Length);
    }
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(d, w)| d * w).sum();
    Ok(char::from(b"10X98765432"[(sum % 11) as usize]))
}

fn parse_id_card_number(text: &str) -> Result<String, Invalid> {
    let text = text.trim().to_ascii_uppercase();
    if text.chars().count() != 18 {
        return Err(Invalid::Length);
    }
    let first_17 = text.get(..17).ok_or(Invalid::Character)?;
    let check = id_card_check(first_17)?;
    NaiveDate::parse_from_str(&first_17[6..14], "%Y%m%d").map_err(|_| Invalid::Date)?;
    if text.ends_with(check) {
        Ok(text)
    } else {
        Err(Invalid::CheckCharacter)
    }
}

fn parse_mobile(text: &str) -> Result<String, Invalid> {
    let text: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let text = text.strip_prefix("+86").unwrap_or(&text);
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Invalid::Character);
    }
    if text.len() != 11 {
        return Err(Invalid::Length);
    }
    if !text.starts_with('1') {
        return Err(Invalid::Character);
    }
    Ok(text.to_owned())
}

fn parse_email(text: &str) -> Result<String, Invalid> {
    let text = text.trim().to_lowercase();
    if text.len() > 254 {
        return Err(Invalid::Length);
    }
    let (local, domain) = text.rsplit_once('@').ok_or(Invalid::Character)?;
    if local.is_empty() || local.len() > 64 || domain.is_empty() {
        return Err(Invalid::Length);
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let label_fits = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let dots_fit = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
    if dots_fit && local.chars().all(fits) && domain.contains('.') && domain.split('.').all(label_fits) {
        Ok(text)
    } else {
        Err(Invalid::Character)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credit_codes() {
        // A made-up unit of the region 000000, which cannot exist.
        let first = "91000000MA0000001";
        let check = credit_code_check(first).unwrap();
        let code = format!("{first}{check}");
        assert_eq!(CreditCode::parse(&code.to_lowercase()).unwrap().as_str(), code);
        for (at, old) in code.char_indices() {
            let new = if old == '7' { "8" } else { "7" };
            let mut wrong = code.clone();
            wrong.replace_range(at..=at, new);
            assert_eq!(CreditCode::parse(&wrong), Err(Invalid::CheckCharacter), "{wrong}");
        }
        assert_eq!(CreditCode::parse("91000000MA000000"), Err(Invalid::Length));
        assert_eq!(
            CreditCode::parse("91000000MI00000010"),
            Err(Invalid::Character),
            "I is not in the alphabet"
        );
        assert_eq!(CreditCode::parse("９１000000MA00000010"), Err(Invalid::Character));
    }

    #[test]
    fn id_card_numbers() {
        let check = id_card_check("00000020050229001").unwrap();
        assert_eq!(
            IdCardNumber::parse(&format!("00000020050229001{check}")),
            Err(Invalid::Date),
            "2005 had no 29 February"
        );
        let check = id_card_check("00000020040229001").unwrap();
        let number = IdCardNumber::parse(&format!("00000020040229001{check}")).unwrap();
        assert_eq!(number.birth_date(), NaiveDate::from_ymd_opt(2004, 2, 29));
        let other = if check == '1' { '2' } else { '1' };
        assert_eq!(
            IdCardNumber::parse(&format!("00000020040229001{other}")),
            Err(Invalid::CheckCharacter)
        );
        // The standard's own worked example.
        assert_eq!(id_card_check("11010519491231002"), Ok('X'));
        assert!(!format!("{number:?}").contains("2004"), "never printed");
    }

    #[test]
    fn mobiles_and_addresses() {
        assert_eq!(
            Mobile::parse("+86 100-0000-0001").unwrap().as_str(),
            "10000000001"
        );
        assert_eq!(Mobile::parse("20000000001"), Err(Invalid::Character));
        assert_eq!(Mobile::parse("1000000000"), Err(Invalid::Length));
        assert_eq!(
            Email::parse(" A.B@Example.COM ").unwrap().as_str(),
            "a.b@example.com"
        );
        for wrong in [
            "a",
            "a@b",
            "@b.c",
            "a@",
            "a b@c.d",
            "a@b..c",
            "a..b@c.d",
            ".a@c.d",
            "a@-b.c",
            "a\r\n@b.c",
        ] {
            assert!(Email::parse(wrong).is_err(), "{wrong}");
        }
    }
}
