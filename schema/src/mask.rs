//! Numbers and addresses of people with what they are recognised by left out: shown to whoever only has to recognise them.

/// All but the last four characters of an ID-card number.
pub fn id_card_number(number: &str) -> String {
    let hidden = number.chars().count().saturating_sub(4);
    number
        .chars()
        .enumerate()
        .map(|(at, c)| if at < hidden { '*' } else { c })
        .collect()
}

/// All of an e-mail address but the first character before the `@` and what comes after it.
pub fn email(email: &str) -> String {
    let (local, domain) = email.split_once('@').unwrap_or((email, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}***@{domain}")
}

/// A mobile number without the four digits in the middle.
pub fn mobile(mobile: &str) -> String {
    let (head, tail) = (mobile.get(..3), mobile.get(7..));
    format!("{}****{}", head.unwrap_or_default(), tail.unwrap_or_default())
}

/// Any telephone number, with whatever stands between its digits: all but the last four of them, and nothing of one that is hardly
/// longer.
pub fn phone(phone: &str) -> String {
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    let hidden = if digits > 8 { digits - 4 } else { digits };
    let mut seen = 0;
    phone
        .chars()
        .map(|c| {
            seen += usize::from(c.is_ascii_digit());
            if c.is_ascii_digit() && seen <= hidden {
                '*'
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_reached_by_what_is_left() {
        assert_eq!(id_card_number("000000200501010017"), "**************0017");
        assert_eq!(id_card_number("123"), "123");
        assert_eq!(email("teacher@example.com"), "t***@example.com");
        assert_eq!(email("t@example.com"), "t***@example.com");
        assert_eq!(mobile("10012345678"), "100****5678");
        assert_eq!(mobile(""), "****");
        assert_eq!(phone("0571-88886666"), "****-****6666");
        assert_eq!(phone("(0571) 8888 6666"), "(****) **** 6666");
        assert_eq!(phone("+86 10012345678"), "+** *******5678");
        assert_eq!(phone("88886666"), "********");
        assert_eq!(phone("95588"), "*****");
        assert_eq!(phone(""), "");
    }
}
