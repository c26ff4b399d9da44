//! Whether an object is still what was put there.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::{Storage, StorageError};

/// What the store has where an object was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The object, as far as was looked.
    Whole,
    /// Nothing.
    Missing,
    /// Something of another size, in bytes.
    OtherSize(u64),
    /// Something of the same size with other bytes.
    OtherBytes,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("WHOLE"),
            Self::Missing => f.write_str("MISSING"),
            Self::OtherSize(bytes) => write!(f, "OTHER SIZE ({bytes} bytes)"),
            Self::OtherBytes => f.write_str("OTHER BYTES"),
        }
    }
}

impl Storage {
    /// Looks whether an object is there with its size in bytes. With its SHA-256 it is read as well, into the memory, once its
    /// size is right.
    ///
    /// # Errors
    /// [`StorageError`]; an object that is not there is none.
    pub async fn inspect(
        &self,
        key: &str,
        byte_size: u64,
        sha256: Option<&[u8; 32]>,
    ) -> Result<Found, StorageError> {
        match self.head(key).await? {
            None => return Ok(Found::Missing),
            Some(head) if head.byte_size != byte_size => return Ok(Found::OtherSize(head.byte_size)),
            Some(_) => {}
        }
        let Some(sha256) = sha256 else {
            return Ok(Found::Whole);
        };
        match self.get(key).await {
            Ok(bytes) if Sha256::digest(&bytes).as_slice() == sha256 => Ok(Found::Whole),
            Ok(_) => Ok(Found::OtherBytes),
            Err(StorageError::NotFound) => Ok(Found::Missing),
            Err(error) => Err(error),
        }
    }
}
