//! Leaving school: the confirmations of graduates, and how each of them stands. Their periods stand in
//! [`leaving_period`](super::leaving_period), their sheets in [`destination_sheet`](super::destination_sheet).

mod leavers;
mod standing;

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

pub use self::{
    leavers::{Leaver, LeaverFilter, LeaverStatus, leavers},
    standing::{LeavingStanding, LeavingView, Registered, standings},
};
use super::{
    Page, PageRequest, Viewer,
    case::{CaseRow, visible_cases},
    event::{CaseKind, ChainEnd},
    page::load_page,
};
use crate::{
    destination::{ArchiveBlock, ArchiveDraft},
    fixed_sql,
    tables::{graduates, leaving_confirmations},
    workflow::{ActorRole, ReviewLevel, leaving::LeavingStatus, transition::ReviewDecision},
};

/// 毕业离校确认: what a graduate confirms, or disputes, before he leaves school. One row a graduate and class year.
#[derive(Queryable, Selectable, Clone)]
#[diesel(table_name = leaving_confirmations)]
pub struct LeavingConfirmation {
    /// Its id.
    pub id: Uuid,
    /// The graduate.
    pub graduate_id: Uuid,
    /// 届
    pub class_year: i16,
    /// The graduate's school.
    pub school_id: Uuid,
    /// The graduate's department.
    pub department_id: Uuid,
    /// Where it stands.
    pub status: LeavingStatus,
    /// 档案户口 as he has filled it in.
    pub draft: ArchiveDraft,
    /// 档案户口 as he has confirmed it last.
    pub archive: Option<ArchiveBlock>,
    /// What he disputes, or disputed last.
    pub reason: Option<String>,
    /// What the school has answered to it.
    pub answer: Option<String>,
    /// When he confirmed last.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// The case that he confirmed; none where nothing was registered.
    pub confirmed_case_id: Option<Uuid>,
    /// Its version then.
    pub confirmed_case_version: Option<i32>,
    /// The version of his basic information then.
    pub confirmed_data_version: Option<i32>,
    /// 转递编号, on all his sheets.
    pub transfer_number: Option<String>,
    /// The last day until which his school has reopened his cases.
    pub reopened_until: Option<NaiveDate>,
    /// The last day on which third parties may see his sheet.
    pub authorised_until: Option<NaiveDate>,
    /// Goes up with every change of status or content.
    pub version: i32,
    /// How many events it has.
    pub event_count: i32,
    /// The hash of the last of them.
    pub event_hash: Vec<u8>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl std::fmt::Debug for LeavingConfirmation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LeavingConfirmation")
            .field("id", &self.id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

visible_cases!(alone leaving_confirmations);

// By hand: nothing of it waits for a review.
impl CaseRow for LeavingConfirmation {
    const KIND: CaseKind = CaseKind::Leaving;
    type Status = LeavingStatus;

    fn id(&self) -> Uuid {
        self.id
    }

    fn graduate_id(&self) -> Uuid {
        self.graduate_id
    }

    fn employer_id(&self) -> Option<Uuid> {
        None
    }

    fn school_id(&self) -> Uuid {
        self.school_id
    }

    fn department_id(&self) -> Uuid {
        self.department_id
    }

    fn status(&self) -> LeavingStatus {
        self.status
    }

    fn word(status: LeavingStatus) -> &'static str {
        status.as_str()
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn awaiting_review(&self) -> Option<ReviewLevel> {
        None
    }

    fn waiting_since(&self) -> Option<DateTime<Utc>> {
        None
    }

    fn chain(&self) -> ChainEnd {
        ChainEnd {
            count: self.event_count,
            hash: self.event_hash.clone(),
        }
    }

    fn set_chain(&mut self, end: ChainEnd) {
        self.event_count = end.count;
        self.event_hash = end.hash;
    }

    fn advance(&mut self, to: LeavingStatus, _awaiting_review: Option<ReviewLevel>, now: DateTime<Utc>) {
        self.status = to;
        self.updated_at = now;
    }

    fn reviewed(
        &mut self,
        _decision: ReviewDecision,
        _reason: Option<&str>,
        _role: ActorRole,
        _now: DateTime<Utc>,
    ) {
    }

    fn is_private(&self) -> bool {
        false
    }
}

/// How these graduates stand, each by his id.
async fn standings_by_graduate(
    conn: &mut AsyncPgConnection,
    graduate_ids: &[Uuid],
) -> QueryResult<HashMap<Uuid, LeavingStanding>> {
    let standings = standings(conn, graduate_ids).await?;
    Ok(standings
        .into_iter()
        .map(|standing| (standing.graduate_id, standing))
        .collect())
}

/// The standings of these confirmations: in one statement, however many.
async fn viewed(
    conn: &mut AsyncPgConnection,
    confirmations: Vec<LeavingConfirmation>,
) -> QueryResult<Vec<LeavingView>> {
    if confirmations.is_empty() {
        return Ok(Vec::new());
    }
    let graduate_ids: Vec<Uuid> = confirmations.iter().map(|of| of.graduate_id).collect();
    let standings = standings_by_graduate(conn, &graduate_ids).await?;
    Ok(confirmations
        .into_iter()
        .filter_map(|confirmation| {
            let standing = *standings.get(&confirmation.graduate_id)?;
            Some(LeavingView {
                confirmation,
                standing,
            })
        })
        .collect())
}

/// A confirmation, if the viewer sees it.
///
/// # Errors
/// The database's.
pub async fn find(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    id: Uuid,
) -> QueryResult<Option<LeavingView>> {
    Ok(by_ids(conn, viewer, &[id]).await?.pop())
}

/// The confirmations with these ids that the viewer sees, in no order.
///
/// # Errors
/// The database's.
pub async fn by_ids(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    ids: &[Uuid],
) -> QueryResult<Vec<LeavingView>> {
    let found = leaving_confirmations::table
        .filter(leaving_confirmations::id.eq_any(ids))
        .filter(visible_to::<leaving_confirmations::table>(viewer))
        .select(LeavingConfirmation::as_select())
        .load(conn)
        .await?;
    viewed(conn, found).await
}

/// Whether a confirmation stands, whoever asks: for a third party who may see its sheet.
///
/// # Errors
/// The database's.
pub async fn stands(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<bool> {
    let found = leaving_confirmations::table
        .filter(leaving_confirmations::id.eq(id))
        .select(LeavingConfirmation::as_select())
        .load(conn)
        .await?;
    let views = viewed(conn, found).await?;
    Ok(views.iter().any(LeavingView::stands))
}

/// The confirmations of these graduates for the class year that they have now, in no order. For graduates whom the viewer sees.
///
/// # Errors
/// The database's.
pub async fn of_graduates(
    conn: &mut AsyncPgConnection,
    graduate_ids: &[Uuid],
) -> QueryResult<Vec<LeavingView>> {
    let found = leaving_confirmations::table
        .inner_join(graduates::table)
        .filter(leaving_confirmations::graduate_id.eq_any(graduate_ids))
        .filter(leaving_confirmations::class_year.eq(graduates::class_year))
        .select(LeavingConfirmation::as_select())
        .load(conn)
        .await?;
    viewed(conn, found).await
}

/// Locks a confirmation until the transaction ends and reads it as it then is. Without a viewer all are seen.
///
/// # Errors
/// The database's.
pub async fn lock(
    conn: &mut AsyncPgConnection,
    viewer: Option<&Viewer>,
    id: Uuid,
) -> QueryResult<Option<LeavingView>> {
    let mut row = leaving_confirmations::table
        .filter(leaving_confirmations::id.eq(id))
        .select(LeavingConfirmation::as_select())
        .for_update()
        .load::<LeavingConfirmation>(conn)
        .await?;
    row.retain(|row| viewer.is_none_or(|viewer| row.role_of(viewer).is_some()));
    Ok(viewed(conn, row).await?.pop())
}

/// The id of a graduate's confirmation for the class year that he has now; made where there is none, in the caller's transaction. He is
/// held meanwhile against a correction that moves him. `None` where there is no such graduate.
///
/// # Errors
/// The database's.
pub async fn of_graduate(
    conn: &mut AsyncPgConnection,
    graduate_id: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<Option<Uuid>> {
    use leaving_confirmations as own;
    let of: Option<(Uuid, Uuid, i16)> = graduates::table
        .find(graduate_id)
        .select((
            graduates::school_id,
            graduates::department_id,
            graduates::class_year,
        ))
        .for_share()
        .first(conn)
        .await
        .optional()?;
    let Some((school_id, department_id, class_year)) = of else {
        return Ok(None);
    };
    diesel::insert_into(own::table)
        .values((
            own::id.eq(Uuid::now_v7()),
            own::graduate_id.eq(graduate_id),
            own::class_year.eq(class_year),
            own::school_id.eq(school_id),
            own::department_id.eq(department_id),
            own::status.eq(LeavingStatus::Open),
            own::updated_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    own::table
        .filter(own::graduate_id.eq(graduate_id))
        .filter(own::class_year.eq(class_year))
        .select(own::id)
        .first(conn)
        .await
        .optional()
}

#[derive(QueryableByName)]
struct Disputes {
    #[diesel(sql_type = SqlUuid)]
    place_id: Uuid,
    #[diesel(sql_type = BigInt)]
    disputes: i64,
}

/// Both levels answer. Ranges of the partial indexes of what is disputed.
const DISPUTES: &str = "
    SELECT department_id AS place_id, count(*) AS disputes FROM leaving_confirmations
    WHERE department_id = ANY($1) AND status = 'DISPUTED' GROUP BY 1
    UNION ALL
    SELECT school_id, count(*) FROM leaving_confirmations
    WHERE school_id = ANY($2) AND status = 'DISPUTED' GROUP BY 1";

/// How many disputes wait for an answer in these departments and in these schools, by the department or school; nothing of those in which
/// none does.
///
/// # Errors
/// The database's.
pub async fn disputes(
    conn: &mut AsyncPgConnection,
    departments: &[Uuid],
    schools: &[Uuid],
) -> QueryResult<HashMap<Uuid, i64>> {
    let query = sql_query(DISPUTES)
        .bind::<Array<SqlUuid>, _>(departments)
        .bind::<Array<SqlUuid>, _>(schools);
    let found: Vec<Disputes> = query.load(conn).await?;
    Ok(found.into_iter().map(|of| (of.place_id, of.disputes)).collect())
}

/// Which confirmations of those the viewer sees.
#[derive(Clone, Debug, Default)]
pub struct LeavingFilter {
    /// Only those in one of these statuses; all when empty.
    pub statuses: Vec<LeavingStatus>,
    /// Only those of this class year.
    pub class_year: Option<i16>,
    /// Only those of this graduate.
    pub graduate_id: Option<Uuid>,
}

/// The confirmations that a viewer sees, newest first.
///
/// # Errors
/// The database's.
pub async fn list(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    filter: &LeavingFilter,
    request: &PageRequest<Uuid>,
) -> QueryResult<Page<LeavingView>> {
    use leaving_confirmations as own;
    let mut query = own::table
        .filter(visible_to::<own::table>(viewer))
        .select(LeavingConfirmation::as_select())
        .into_boxed();
    match filter.statuses.as_slice() {
        [] => {}
        // As one value: the partial index of what is disputed serves.
        [LeavingStatus::Disputed] => {
            query = query.filter(fixed_sql::<diesel::sql_types::Bool>(
                "leaving_confirmations.status = 'DISPUTED'",
            ));
        }
        statuses => query = query.filter(own::status.eq_any(statuses.to_vec())),
    }
    if let Some(class_year) = filter.class_year {
        query = query.filter(own::class_year.eq(class_year));
    }
    if let Some(graduate_id) = filter.graduate_id {
        query = query.filter(own::graduate_id.eq(graduate_id));
    }
    let page: Page<LeavingConfirmation> = load_page!(conn, query, request, descending own::id)?;
    Ok(Page {
        items: viewed(conn, page.items).await?,
        has_next: page.has_next,
        has_previous: page.has_previous,
    })
}
