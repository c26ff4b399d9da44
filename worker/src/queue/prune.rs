//! Pruning: deletes jobs that were done long ago.

use std::time::Duration;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;

use super::sql;

/// Jobs deleted in one statement: short enough not to be in anybody's way.
const BATCH: usize = 1000;

/// Deletes jobs that were done longer than `age` ago, whatever their queue; gives how many. Parked ones stay.
///
/// # Errors
/// The database's; what was deleted before stays deleted.
pub async fn prune_done(conn: &mut AsyncPgConnection, age: Duration) -> QueryResult<usize> {
    let mut all = 0;
    loop {
        let deleted = sql::prune(conn, age, BATCH).await?;
        all += deleted;
        if deleted < BATCH {
            return Ok(all);
        }
    }
}
