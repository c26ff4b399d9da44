//! The secret that stands for something of which only the hash is kept: a session, an invitation to join an employer.

use rand::Rng;
use sha2::{Digest, Sha256};

/// 32 random bytes in hexadecimal. Never logged, never stored.
#[derive(Clone)]
pub struct SecretToken(String);

impl SecretToken {
    /// A new one from the system's random source.
    pub fn generate() -> Self {
        let mut bytes = [0_u8; 32];
        rand::rng().fill_bytes(&mut bytes);
        Self(hex::encode(bytes))
    }

    /// A token that somebody presents.
    pub fn presented(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The token itself, to hand or send it to its owner.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Its SHA-256, which is kept: what is that random needs no slow hash.
    pub(crate) fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.0.as_bytes()).to_vec()
    }
}

impl std::fmt::Debug for SecretToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretToken(…)")
    }
}
