//! What a graduate does with a case that he fills in himself, of any kind, before he hands it in: begin, change, give up. Drafts leave
//! no trail: nobody but him knows of them until he hands them in.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    Actor, Doer, IdempotencyKey, StepError, claimed,
    flow::{Flow, check_version, decide, decide_and_apply},
};
use crate::{
    Platform,
    model::{Viewer, case::CaseRow, leaving_period::LastDay},
    tables::graduates,
    workflow::{ActorRole, Refusal},
};

/// The graduate who begins a draft. His row is held against a correction that moves him, which takes his cases along, and against a
/// second draft beyond the limit.
#[derive(Queryable)]
pub(super) struct Filer {
    pub(super) id: Uuid,
    pub(super) school_id: Uuid,
    pub(super) department_id: Uuid,
    pub(super) confirmed: bool,
    pub(super) online_signing_allowed: bool,
    pub(super) training_mode: String,
    last_day: NaiveDate,
}

/// A kind of case that begins as a draft of its graduate's alone.
pub(super) trait Drafted: Flow {
    /// What he begins with.
    type Beginning: Send + Sync;
    /// What he fills in.
    type Draft: Send + Sync;

    /// The step that gives it up.
    fn giving_up() -> Self::Step;

    /// A case that the viewer sees.
    fn find(
        conn: &mut AsyncPgConnection,
        viewer: &Viewer,
        id: Uuid,
    ) -> impl Future<Output = QueryResult<Option<Self>>> + Send;

    /// Asks the rules about a new draft, and writes it.
    fn begin(
        conn: &mut AsyncPgConnection,
        filer: &Filer,
        id: Uuid,
        beginning: &Self::Beginning,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), StepError>> + Send;

    /// Asks the rules about another content.
    fn may_save(
        &self,
        account_id: Uuid,
        role: ActorRole,
        draft: &Self::Draft,
        now: DateTime<Utc>,
    ) -> Result<(), Refusal>;

    /// Keeps another content, with the next version.
    fn save(
        &mut self,
        conn: &mut AsyncPgConnection,
        draft: &Self::Draft,
        now: DateTime<Utc>,
    ) -> impl Future<Output = QueryResult<()>> + Send;

    /// Removes a draft that was never handed in.
    fn forget(conn: &mut AsyncPgConnection, id: Uuid) -> impl Future<Output = QueryResult<()>> + Send;
}

/// The columns of a new draft of its graduate's alone, of whatever kind: `first_columns!(agreements, id, filer, AgreementStatus::Draft,
/// draft, now)`.
macro_rules! first_columns {
    ($table:ident, $id:expr, $filer:expr, $status:expr, $draft:expr, $now:expr) => {
        (
            $table::id.eq($id),
            $table::status.eq($status),
            $table::graduate_id.eq($filer.id),
            $table::school_id.eq($filer.school_id),
            $table::department_id.eq($filer.department_id),
            $table::draft.eq($draft),
            $table::private.eq(true),
            $table::updated_at.eq($now),
        )
    };
}
pub(super) use first_columns;

/// Begins a draft, once for each key of a request.
pub(super) async fn create<D: Drafted>(
    platform: &Platform,
    viewer: &Viewer,
    beginning: &D::Beginning,
    key: &IdempotencyKey,
) -> Result<D, StepError> {
    let Viewer::Graduate {
        account_id,
        graduate_id,
        ..
    } = *viewer
    else {
        return Err(Refusal::NotYourRole.into());
    };
    let mut conn = platform.pool.get().await?;
    conn.transaction(async |conn| {
        let now = platform.clock.now();
        let id = Uuid::now_v7();
        let seen = claimed(conn, account_id, &key.key, &key.request_hash, id, now).await?;
        if seen.is_none() {
            let filer: Filer = graduates::table
                .find(graduate_id)
                .select((
                    graduates::id,
                    graduates::school_id,
                    graduates::department_id,
                    graduates::confirmed_at.is_not_null(),
                    graduates::online_signing_allowed,
                    graduates::training_mode,
                    LastDay,
                ))
                .for_no_key_update()
                .first(conn)
                .await?;
            D::begin(conn, &filer, id, beginning, now).await?;
            let doer = Doer {
                actor: Actor::Viewer(*viewer),
                role: ActorRole::Graduate,
                now,
            };
            doer.may_begin(filer.last_day)?;
        }
        D::find(conn, viewer, seen.unwrap_or(id))
            .await?
            .ok_or(StepError::NotFound)
    })
    .await
}

/// Keeps what the graduate has filled in.
pub(super) async fn save<D: Drafted>(
    platform: &Platform,
    viewer: &Viewer,
    id: Uuid,
    draft: &D::Draft,
    expected_version: Option<i32>,
) -> Result<D, StepError> {
    let mut conn = platform.pool.get().await?;
    conn.transaction(async |conn| {
        let (mut view, role) = lock::<D>(conn, viewer, id, expected_version).await?;
        let now = platform.clock.now();
        view.may_save(viewer.account_id(), role, draft, now)?;
        let doer = Doer {
            actor: Actor::Viewer(*viewer),
            role,
            now,
        };
        view.may_begin(&doer)?;
        view.save(conn, draft, now).await?;
        Ok(view)
    })
    .await
}

/// Gives a case up that has come to nothing yet. A draft that was never handed in is gone then; whatever was handed in stays on record.
pub(super) async fn discard<D: Drafted>(
    platform: &Platform,
    viewer: &Viewer,
    id: Uuid,
    expected_version: Option<i32>,
) -> Result<D, StepError> {
    let mut conn = platform.pool.get().await?;
    let discarded = conn
        .transaction(async |conn| {
            let (mut view, role) = lock::<D>(conn, viewer, id, expected_version).await?;
            let doer = Doer {
                actor: Actor::Viewer(*viewer),
                role,
                now: platform.clock.now(),
            };
            let step = D::giving_up();
            if !view.row().is_private() {
                return decide_and_apply(platform, conn, view, &doer, &step).await;
            }
            let transition = decide(&view, &doer, &step)?;
            D::forget(conn, id).await?;
            view.row_mut().advance(transition.to, None, doer.now);
            Ok(view)
        })
        .await?;
    platform.waker.wake();
    Ok(discarded)
}

async fn lock<D: Drafted>(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    id: Uuid,
    expected_version: Option<i32>,
) -> Result<(D, ActorRole), StepError> {
    let view = D::lock(conn, Some(viewer), id)
        .await?
        .ok_or(StepError::NotFound)?;
    check_version(view.row().version(), expected_version)?;
    let role = view.row().role_of(viewer).ok_or(StepError::NotFound)?;
    Ok((view, role))
}
