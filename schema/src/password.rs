//! Passwords: hashing and checking with argon2id. Which account a hash belongs to stands in `model::account`.
//!
//! Both functions take tens of milliseconds and 19 MiB on purpose: call them inside `tokio::task::spawn_blocking`, and
//! bound how many run at a time.

use std::collections::HashSet;

use rand::Rng;

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash,
};

/// A hash that no password has, at the same cost as a real one. Who logs in with an identifier that nobody bears is
/// checked against it, so that the time of the answer does not tell whether an account exists.
pub const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5cy1zYWx0LTE2Yg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Fewest characters of a new password.
pub const MIN_LENGTH: usize = 10;
/// Most characters of a new password.
pub const MAX_LENGTH: usize = 128;
/// Fewest different characters of a new password.
const MIN_DIFFERENT: usize = 5;

/// Why a text cannot become somebody's password. The text itself is never part of the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnfitPassword {
    /// Fewer characters than [`MIN_LENGTH`].
    #[error("is too short")]
    TooShort,
    /// More characters than [`MAX_LENGTH`].
    #[error("is too long")]
    TooLong,
    /// Digits only: most often a mobile number, an ID-card number or a date.
    #[error("consists of digits only")]
    DigitsOnly,
    /// Few characters again and again.
    #[error("has too few different characters")]
    Monotonous,
    /// One of the texts that the account is known by.
    #[error("is an identifier of the account")]
    Identifier,
}

/// A password that somebody may choose: 10 to 128 characters, neither digits only nor few characters again and again, and no
/// identifier of the account. Otherwise every text goes: rules of composition make people write passwords down.
#[derive(Clone)]
pub struct NewPassword(String);

impl NewPassword {
    /// Checks a text that somebody of these identifiers has chosen.
    ///
    /// # Errors
    /// [`UnfitPassword`] says what is wrong, without repeating the text.
    pub fn parse(text: &str, identifiers: &[&str]) -> Result<Self, UnfitPassword> {
        let length = text.chars().count();
        let different: HashSet<char> = text.chars().collect();
        if length < MIN_LENGTH {
            Err(UnfitPassword::TooShort)
        } else if length > MAX_LENGTH {
            Err(UnfitPassword::TooLong)
        } else if text.bytes().all(|byte| byte.is_ascii_digit()) {
            Err(UnfitPassword::DigitsOnly)
        } else if different.len() < MIN_DIFFERENT {
            Err(UnfitPassword::Monotonous)
        } else if identifiers
            .iter()
            .any(|identifier| identifier.trim().to_lowercase() == text.trim().to_lowercase())
        {
            Err(UnfitPassword::Identifier)
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    /// The password itself, to hash it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

/// The random source of the system, or the parameters, failed.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed: {0}")]
pub struct HashingFailed(argon2::password_hash::Error);

/// OWASP's minimum for argon2id: 19 MiB, two passes, one lane.
fn hasher() -> Argon2<'static> {
    #[expect(clippy::expect_used, reason = "within the limits that the algorithm sets")]
    let params = Params::new(19_456, 2, 1, None).expect("valid parameters");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Hashes a password under a new random salt, into the PHC form `$argon2id$v=19$m=19456,t=2,p=1$…`.
///
/// # Errors
/// [`HashingFailed`] when the system has no randomness to give.
pub fn hash(password: &str) -> Result<String, HashingFailed> {
    let hash: PasswordHash = hasher()
        .hash_password(password.as_bytes())
        .map_err(HashingFailed)?;
    Ok(hash.to_string())
}

/// A password that nobody guesses: 20 characters of an alphabet of 32 in which none is taken for another, 100 bits.
pub fn generate() -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0_u8; 20];
    rand::rng().fill_bytes(&mut bytes);
    bytes
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect()
}

/// Whether the password is the one that was hashed. The hash's own parameters are used. A hash that cannot be read
/// fits no password.
pub fn verify(password: &str, hash: &str) -> bool {
    match PasswordHash::new(hash) {
        Ok(hash) => hasher().verify_password(password.as_bytes(), &hash).is_ok(),
        Err(error) => {
            tracing::error!(%error, "a stored password hash cannot be read");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_that_was_hashed_fits() {
        let hash = hash("示例口令 wangqian-demo").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify("示例口令 wangqian-demo", &hash));
        assert!(!verify("示例口令 wangqian-dem", &hash));
        assert!(!verify("", &hash));
    }

    #[test]
    fn a_new_password_is_long_and_no_identifier() {
        let wrong = |text: &str| NewPassword::parse(text, &["lin@example.com", "10000000001"]).unwrap_err();
        assert_eq!(wrong("九个字不足以成密码"), UnfitPassword::TooShort);
        assert_eq!(wrong(&"长口令x1".repeat(26)), UnfitPassword::TooLong);
        assert_eq!(wrong("10000000001"), UnfitPassword::DigitsOnly);
        assert_eq!(wrong("abababababab"), UnfitPassword::Monotonous);
        assert_eq!(wrong(" Lin@Example.com"), UnfitPassword::Identifier);
        let fit = NewPassword::parse("十个字的口令刚好够长", &["lin@example.com"]).unwrap();
        assert!(!format!("{fit:?}").contains("口令"), "never printed");
    }

    #[test]
    fn every_hash_has_a_salt_of_its_own() {
        assert_ne!(hash("same").unwrap(), hash("same").unwrap());
    }

    #[test]
    fn nobodys_hash_is_checked_at_the_same_cost_and_never_fits() {
        let real = hash("secret").unwrap();
        let parameters = |hash: &str| hash.rsplitn(3, '$').nth(2).map(str::to_owned);
        assert_eq!(parameters(NOBODYS_HASH), parameters(&real));
        assert_eq!(NOBODYS_HASH.len(), real.len(), "same lengths of salt and output");
        assert!(
            PasswordHash::new(NOBODYS_HASH).is_ok(),
            "it can be read, so it is computed"
        );
        for password in ["", "secret", "wangqian-demo"] {
            assert!(!verify(password, NOBODYS_HASH));
        }
    }

    #[test]
    fn a_broken_hash_fits_nothing() {
        for broken in ["", "plain", "$argon2id$v=19$m=19456,t=2,p=1$short"] {
            assert!(!verify("", broken) && !verify("plain", broken), "{broken}");
        }
    }
}
