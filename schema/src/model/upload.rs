//! Uploads: files that somebody may put into the object store by a signed link. One counts only once a mutation has read it
//! and stored it elsewhere; whatever nobody used is pruned.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{dsl, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::{
    files::FileKind,
    tables::{employer_licences, uploads},
    text_enum::text_enum,
};

/// How long a link takes the file.
pub const LINK_LIFETIME: TimeDelta = TimeDelta::minutes(15);
/// How long an upload may be used, from the link on; longer than the link, so that nothing is put after it was pruned.
pub const LIFETIME: TimeDelta = TimeDelta::hours(24);
/// Largest file, in bytes: 10 MiB.
pub const MAX_BYTES: i32 = 10 * 1024 * 1024;
/// How long after its end an upload is pruned: whoever began to use it in time has come to an end by then.
const GRACE: TimeDelta = TimeDelta::hours(1);
/// Uploads pruned at a time.
const BATCH: i64 = 100;

text_enum! {
    /// What a file is to be used for, and nothing else.
    pub enum UploadPurpose {
        /// 营业执照
        BusinessLicence = "BUSINESS_LICENCE",
    }
}

/// A file that may be put, and may have been.
#[derive(Queryable, Selectable, Insertable, Clone, Debug)]
#[diesel(table_name = uploads)]
pub struct Upload {
    /// Its id: random, since whoever knows it may use the file.
    pub id: Uuid,
    /// What it is for.
    pub purpose: UploadPurpose,
    /// Its media type, as announced.
    pub content_type: String,
    /// Its size in bytes, as announced.
    pub byte_size: i32,
    /// When the link was made.
    pub created_at: DateTime<Utc>,
    /// Until when it may be used.
    pub expires_at: DateTime<Utc>,
}

impl Upload {
    /// An upload that begins now.
    pub fn new(purpose: UploadPurpose, kind: FileKind, byte_size: i32, now: DateTime<Utc>) -> Self {
        Self {
            id: Uuid::new_v4(),
            purpose,
            content_type: kind.content_type().to_owned(),
            byte_size,
            created_at: now,
            expires_at: now + LIFETIME,
        }
    }

    /// Where the file is put.
    pub fn object_key(&self) -> String {
        object_key(self.id)
    }
}

/// Where the file of an upload is put.
pub fn object_key(id: Uuid) -> String {
    format!("uploads/{}", id.simple())
}

/// Where the licence of an upload is kept, once it was read.
pub fn licence_key(id: Uuid) -> String {
    format!("licences/{}", id.simple())
}

/// Takes down that a file may be put.
///
/// # Errors
/// The database's.
pub async fn begin(conn: &mut AsyncPgConnection, upload: &Upload) -> QueryResult<()> {
    diesel::insert_into(uploads::table)
        .values(upload)
        .execute(conn)
        .await?;
    Ok(())
}

/// An upload for a purpose, if it may still be used.
///
/// # Errors
/// The database's.
pub async fn find(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    purpose: UploadPurpose,
    now: DateTime<Utc>,
) -> QueryResult<Option<Upload>> {
    uploads::table
        .find(id)
        .filter(uploads::purpose.eq(purpose))
        .filter(uploads::expires_at.gt(now))
        .select(Upload::as_select())
        .first(conn)
        .await
        .optional()
}

/// Some uploads that are over, and the keys in the object store that nothing refers to any more: the file as it was put, and
/// what was stored of it by a mutation that failed in the end.
///
/// # Errors
/// The database's.
pub async fn over(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<Vec<(Uuid, Vec<String>)>> {
    let ids: Vec<Uuid> = uploads::table
        .filter(uploads::expires_at.le(now - GRACE))
        .order(uploads::expires_at)
        .limit(BATCH)
        .select(uploads::id)
        .load(conn)
        .await?;
    let mut over = Vec::with_capacity(ids.len());
    for id in ids {
        let kept = licence_key(id);
        let used = dsl::exists(employer_licences::table.filter(employer_licences::object_key.eq(&kept)));
        let used: bool = diesel::select(used).get_result(conn).await?;
        let mut keys = vec![object_key(id)];
        if !used {
            keys.push(kept);
        }
        over.push((id, keys));
    }
    Ok(over)
}

/// Forgets an upload whose objects are deleted.
///
/// # Errors
/// The database's.
pub async fn forget(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<()> {
    diesel::delete(uploads::table.find(id)).execute(conn).await?;
    Ok(())
}
