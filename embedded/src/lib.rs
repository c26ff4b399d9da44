//! PostgreSQL and an object store started beside the program: for `wangqian up` and for tests. Nothing here knows what
//! is kept in them.

pub mod object_store;
pub mod postgres;
pub mod test_database;

pub use object_store::{ObjectStore, ObjectStoreError, ObjectStoreOptions};
pub use postgres::{Postgres, PostgresError, PostgresOptions};
pub use test_database::{TestDatabase, test_database};

/// Makes a folder that only its owner enters, and those above it. One that is there is left as it is.
///
/// # Errors
/// [`std::io::Error`] when it cannot be made.
pub fn private_folder(path: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}
