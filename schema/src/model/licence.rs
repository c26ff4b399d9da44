//! Business licences (营业执照) of employers: each that was handed in, in the object store. Only operators read them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::Viewer;
use crate::tables::employer_licences;

/// A licence that was read and stored.
#[derive(Queryable, Selectable, Insertable, Clone, Debug)]
#[diesel(table_name = employer_licences)]
pub struct Licence {
    /// Its id.
    pub id: Uuid,
    /// The employer that handed it in.
    pub employer_id: Uuid,
    /// Where it is.
    pub object_key: String,
    /// Its media type, as its first bytes say.
    pub content_type: String,
    /// Its size in bytes.
    pub byte_size: i32,
    /// SHA-256 of its bytes.
    pub sha256: Vec<u8>,
    /// When it was stored.
    pub stored_at: DateTime<Utc>,
}

/// Takes down a licence in the transaction of the step that hands it in.
///
/// # Errors
/// The database's; a file that was used before violates a constraint.
pub async fn insert(conn: &mut AsyncPgConnection, licence: &Licence) -> QueryResult<()> {
    diesel::insert_into(employer_licences::table)
        .values(licence)
        .execute(conn)
        .await?;
    Ok(())
}

/// The newest licence of each of these employers, if the viewer may read licences at all.
///
/// # Errors
/// The database's.
pub async fn newest(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    employer_ids: &[Uuid],
) -> QueryResult<Vec<Licence>> {
    if !matches!(viewer, Viewer::Operator { .. }) {
        return Ok(Vec::new());
    }
    employer_licences::table
        .filter(employer_licences::employer_id.eq_any(employer_ids))
        .distinct_on(employer_licences::employer_id)
        .order((employer_licences::employer_id, employer_licences::id.desc()))
        .select(Licence::as_select())
        .load(conn)
        .await
}
