//! The object store of the roles.

use wangqian_storage::Storage;

use crate::failure::Failure;

/// TEMPORARY
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct StorageSettings {
    /// x
    #[arg(long, env = "S3_ENDPOINT")]
    pub s3_endpoint: Option<String>,
}

/// Connects.
pub(crate) fn connect(_settings: &StorageSettings) -> Result<Storage, Failure> {
    Ok(Storage)
}
