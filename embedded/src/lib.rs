//! PostgreSQL and an object store started beside the program: for `wangqian up` and for tests. Nothing here knows what
//! is kept in them.

pub mod object_store;
pub mod postgres;
pub mod test_database;

pub use object_store::{ObjectStore, ObjectStoreError, ObjectStoreOptions};
pub use postgres::{Postgres, PostgresError, PostgresOptions};
pub use test_database::{TestDatabase, test_database};

/// Makes a folder in which a server of ours may have its own, and those above it. One that is there is left as it is. Only its
/// owner enters it, unless root starts a server as somebody else who could not pass through: others may then pass, and not look.
///
/// # Errors
/// [`std::io::Error`] when it cannot be made.
pub fn passable_folder(path: &std::path::Path) -> std::io::Result<()> {
    let others_pass = nix::unistd::geteuid().is_root() && !postgres::passes_closed_folders();
    make_folder(path, if others_pass { 0o711 } else { 0o700 })
}

/// Makes a folder that only its owner enters, and those above it. One that is there is left as it is.
///
/// # Errors
/// [`std::io::Error`] when it cannot be made.
pub fn private_folder(path: &std::path::Path) -> std::io::Result<()> {
    make_folder(path, 0o700)
}

fn make_folder(path: &std::path::Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(mode).create(path)
}
