//! The manuals that were made (操作手册): which there are, and which may go. Everybody may read them.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::{dsl::exists, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::{
    jobs::{self, Job, PublishManual},
    manual::manual,
    tables::{jobs as jobs_table, manuals},
};

/// So long a manual is kept after a newer one was made, where it is not the release's own: the release before may still run, or come back.
pub const KEPT: TimeDelta = TimeDelta::days(30);

/// After one that could not be made was parked, nobody has it tried anew by asking for so long.
const TRIED_AGAIN_AFTER: TimeDelta = TimeDelta::days(1);

/// A manual that was made.
#[derive(Queryable, Selectable, Insertable, AsChangeset, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = manuals)]
pub struct StoredManual {
    /// SHA-256 of the text and data from which it was made.
    pub source_sha256: Vec<u8>,
    /// SHA-256 of the PDF.
    pub sha256: Vec<u8>,
    /// Where the PDF is in the object store.
    pub object_key: String,
    /// 页数
    pub pages: i32,
    /// 文件大小 in bytes.
    pub byte_size: i32,
    /// 修订日期
    pub edition: NaiveDate,
    /// When it was made, the last time if it was lost.
    pub created_at: DateTime<Utc>,
}

/// The manual of this release, once it was made.
///
/// # Errors
/// The database's.
pub async fn own(conn: &mut AsyncPgConnection) -> QueryResult<Option<StoredManual>> {
    manuals::table
        .find(manual().source_sha256.as_slice())
        .select(StoredManual::as_select())
        .first(conn)
        .await
        .optional()
}

/// The newest manual of any release, to be shown while this one's is being made.
///
/// # Errors
/// The database's.
pub async fn newest(conn: &mut AsyncPgConnection) -> QueryResult<Option<StoredManual>> {
    manuals::table
        .order(manuals::created_at.desc())
        .select(StoredManual::as_select())
        .first(conn)
        .await
        .optional()
}

/// Has the manual of this release made, unless that is under way or has been given up not long ago.
///
/// # Errors
/// The database's.
pub async fn ask(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<()> {
    let job = PublishManual {
        source_sha256: manual().id(),
    };
    let given_up = jobs_table::table
        .filter(jobs_table::queue.eq(PublishManual::QUEUE))
        .filter(jobs_table::unique_key.eq(job.unique_key()))
        .filter(jobs_table::state.eq("PARKED"))
        .filter(jobs_table::created_at.gt(now - TRIED_AGAIN_AFTER));
    match diesel::select(exists(given_up)).get_result(conn).await? {
        true => Ok(()),
        false => jobs::enqueue(conn, &job, now).await,
    }
}

/// Notes a manual that was stored. One that was noted before, and was lost, is noted anew.
///
/// # Errors
/// The database's.
pub async fn keep(conn: &mut AsyncPgConnection, made: &StoredManual) -> QueryResult<()> {
    diesel::insert_into(manuals::table)
        .values(made)
        .on_conflict(manuals::source_sha256)
        .do_update()
        .set(made)
        .execute(conn)
        .await?;
    Ok(())
}

/// The manuals of other releases that were kept long enough after the next one was made.
///
/// # Errors
/// The database's.
pub async fn outdated(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<Vec<StoredManual>> {
    let later = diesel::alias!(manuals as later);
    let replaced = later
        .filter(later.field(manuals::created_at).gt(manuals::created_at))
        .filter(later.field(manuals::created_at).lt(now - KEPT));
    manuals::table
        .filter(manuals::source_sha256.ne(manual().source_sha256.as_slice()))
        .filter(exists(replaced))
        .select(StoredManual::as_select())
        .load(conn)
        .await
}

/// Forgets a manual whose PDF was deleted.
///
/// # Errors
/// The database's.
pub async fn forget(conn: &mut AsyncPgConnection, gone: &StoredManual) -> QueryResult<()> {
    diesel::delete(manuals::table.find(&gone.source_sha256))
        .execute(conn)
        .await?;
    Ok(())
}
