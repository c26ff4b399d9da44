//! PostgreSQL and an object store started beside the program: for `wangqian up` and for tests. Nothing here knows what
//! is kept in them.

pub mod object_store;
pub mod postgres;
pub mod test_database;

pub use object_store::{ObjectStore, ObjectStoreError, ObjectStoreOptions};
pub use postgres::{Postgres, PostgresError, PostgresOptions};
pub use test_database::{TestDatabase, test_database};
