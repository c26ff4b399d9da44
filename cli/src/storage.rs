//! The object store of the roles.

use wangqian_storage::{Storage, StorageError, StorageSettings};

use crate::failure::{Exit, Failure};

/// A client of the store that the settings name. Nothing is asked of it yet: while it is away, people still sign.
///
/// # Errors
/// [`Failure`] when the settings name none.
pub(crate) fn connect(settings: &StorageSettings) -> Result<Storage, Failure> {
    Storage::new(settings).map_err(|error| failure(&error))
}

/// What a person is told.
pub(crate) fn failure(error: &StorageError) -> Failure {
    let remedy = "set S3_ENDPOINT, S3_BUCKET, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY to those of your object store; \
                  docs/CONFIGURATION.md lists the rest";
    match error {
        StorageError::Settings(_) => {
            Failure::new(Exit::Usage, "the object store is not set up", error, remedy)
        }
        _ => Failure::new(
            Exit::Unavailable,
            "the object store cannot be used",
            error,
            remedy,
        ),
    }
}
