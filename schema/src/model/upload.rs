//! Uploads: files that somebody may put into the object store by a signed link. One counts only once it was read, and is
//! stored elsewhere where it is to stay; whatever a link has put is pruned after the link's end. What is particular to files
//! for cases stands in `case_upload`.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{dsl, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::case_upload::{self, UploadState};
use crate::{
    files::FileKind,
    tables::{employer_licences, graduate_imports, uploads},
    text_enum::text_enum,
};

/// How long a document's upload may be used, from the link on: as long as a link lasts at most, or longer.
pub const LIFETIME: TimeDelta = TimeDelta::hours(24);
/// Largest document, in bytes: 10 MiB.
pub const MAX_BYTES: i32 = 10 * 1024 * 1024;
/// How long after its end an upload is pruned: whoever began to put or to use it in time has come to an end by then.
pub const GRACE: TimeDelta = TimeDelta::hours(1);
/// Uploads pruned at a time.
const BATCH: i64 = 100;

text_enum! {
    /// What a file is to be used for, and nothing else.
    pub enum UploadPurpose {
        /// 营业执照
        BusinessLicence = "BUSINESS_LICENCE",
        /// 毕业生名册, of the import with the upload's id.
        Roster = "ROSTER",
        /// 办理材料, to be attached to a case.
        CaseFile = "CASE_FILE",
    }
}

/// A file that may be put, and may have been.
#[derive(Queryable, Selectable, Insertable, Clone, Debug)]
#[diesel(table_name = uploads)]
pub struct Upload {
    /// Its id. Of a document random, since whoever knows it may use the file.
    pub id: Uuid,
    /// What it is for.
    pub purpose: UploadPurpose,
    /// Its media type, as announced.
    pub content_type: String,
    /// Its size in bytes, as announced.
    pub byte_size: i32,
    /// When the link was made.
    pub created_at: DateTime<Utc>,
    /// Until when it may be used; not before the link's end.
    pub expires_at: DateTime<Utc>,
}

impl Upload {
    /// A document's upload that begins now.
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

/// Where the licence of an upload is kept, once it was read: by its content, so that no other one takes its place.
pub fn licence_key(id: Uuid, sha256: &[u8]) -> String {
    format!("licences/{}/{}", id.simple(), hex::encode(sha256))
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

/// Lets an upload end later: another link to it is given out.
///
/// # Errors
/// The database's.
pub async fn prolong(conn: &mut AsyncPgConnection, id: Uuid, until: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(uploads::table.find(id))
        .set(uploads::expires_at.eq(until))
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

/// Notes what was read of an upload, before it is stored elsewhere. `false` when something else was read before: the link
/// may have put another file since.
///
/// # Errors
/// The database's.
pub async fn note_read(conn: &mut AsyncPgConnection, id: Uuid, sha256: &[u8; 32]) -> QueryResult<bool> {
    let same = uploads::sha256.eq(sha256.as_slice()).assume_not_null();
    let noted = diesel::update(uploads::table.find(id))
        .filter(uploads::sha256.is_null().or(same))
        .set(uploads::sha256.eq(sha256.as_slice()))
        .execute(conn)
        .await?;
    Ok(noted == 1)
}

/// An upload that is over.
#[derive(Clone, Debug)]
pub struct Over {
    /// Which one.
    pub id: Uuid,
    /// Its place among those that are over.
    pub place: (DateTime<Utc>, Uuid),
    /// The keys in the object store that nothing refers to any more: the file as it was put, and what was stored of it by a
    /// mutation that failed in the end, or for a case to which it was never attached.
    pub object_keys: Vec<String>,
}

/// What says which objects of an upload nothing refers to.
#[derive(Queryable, Selectable)]
#[diesel(table_name = uploads)]
struct Leftover {
    id: Uuid,
    purpose: UploadPurpose,
    sha256: Option<Vec<u8>>,
    attached_at: Option<DateTime<Utc>>,
    clean_key: Option<String>,
    thumbnail_key: Option<String>,
}

impl Leftover {
    /// Where a mutation has stored a licence that it read.
    fn licence_key(&self) -> Option<String> {
        let sha256 = self.sha256.as_deref()?;
        (self.purpose == UploadPurpose::BusinessLicence).then(|| licence_key(self.id, sha256))
    }

    fn object_keys(self, used: &HashSet<String>) -> Vec<String> {
        let licence = self.licence_key().filter(|key| !used.contains(key));
        let of_case = match self.attached_at {
            Some(_) => [None, None],
            None => [self.clean_key, self.thumbnail_key],
        };
        let stored = licence.into_iter().chain(of_case.into_iter().flatten());
        stored.chain([object_key(self.id)]).collect()
    }
}

/// Some uploads that are over, after one of them. A roster whose import has not ended is not over, however late it is, nor is a
/// file for a case while it is looked at. One that nobody has attached to a case is given up first: from then on nobody can.
///
/// # Errors
/// The database's.
pub async fn over(
    conn: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    after: Option<(DateTime<Utc>, Uuid)>,
) -> QueryResult<Vec<Over>> {
    let at_work = graduate_imports::table
        .filter(graduate_imports::id.eq(uploads::id))
        .filter(graduate_imports::finished_at.is_null());
    let mut query = uploads::table
        .filter(uploads::expires_at.le(now - GRACE))
        .filter(uploads::state.is_distinct_from(UploadState::Checking))
        .filter(dsl::not(dsl::exists(at_work)))
        .order((uploads::expires_at, uploads::id))
        .limit(BATCH)
        .select((uploads::expires_at, uploads::id))
        .into_boxed();
    if let Some((end, id)) = after {
        let later = uploads::expires_at.gt(end);
        query = query.filter(later.or(uploads::expires_at.eq(end).and(uploads::id.gt(id))));
    }
    let places: Vec<(DateTime<Utc>, Uuid)> = query.load(conn).await?;
    let ids: Vec<Uuid> = places.iter().map(|(_, id)| *id).collect();
    case_upload::give_up(conn, &ids, now - GRACE).await?;
    // Read after that: what was attached at the last moment says so now.
    let rows = uploads::table
        .filter(uploads::id.eq_any(&ids))
        .filter(uploads::state.is_distinct_from(UploadState::Checking))
        .select(Leftover::as_select())
        .load(conn)
        .await?;
    let licences: Vec<String> = rows.iter().filter_map(Leftover::licence_key).collect();
    let used: HashSet<String> = employer_licences::table
        .filter(employer_licences::object_key.eq_any(&licences))
        .select(employer_licences::object_key)
        .load(conn)
        .await?
        .into_iter()
        .collect();
    let mut rows: HashMap<Uuid, Leftover> = rows.into_iter().map(|row| (row.id, row)).collect();
    let over = places.into_iter().filter_map(|place| {
        let row = rows.remove(&place.1)?;
        Some(Over {
            id: row.id,
            place,
            object_keys: row.object_keys(&used),
        })
    });
    Ok(over.collect())
}

/// Forgets uploads whose objects are deleted.
///
/// # Errors
/// The database's.
pub async fn forget(conn: &mut AsyncPgConnection, ids: &[Uuid]) -> QueryResult<()> {
    diesel::delete(uploads::table.filter(uploads::id.eq_any(ids)))
        .execute(conn)
        .await?;
    Ok(())
}
