//! What a graduate does with an agreement that he fills in himself, before he hands it in: begin, change, give up. Drafts leave no
//! trail: nobody but him knows of them until he hands them in.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    Actor, AgreementStep, Doer, IdempotencyKey, StepError, claimed,
    flow::{check_version, decide_and_apply},
};
use crate::{
    Platform,
    model::{
        Viewer,
        agreement::{self, AgreementView},
        case::CaseRow,
        terms::AgreementDraft,
    },
    tables::{agreements, graduates},
    workflow::{
        ActorRole, Refusal,
        agreement::{AgreementAction, AgreementChannel, AgreementStatus, DraftFacts, decide, decide_draft},
    },
};

/// Begins a draft, once for each key of a request.
///
/// # Errors
/// [`StepError`]; nothing is written then.
pub async fn create_agreement_draft(
    platform: &Platform,
    viewer: &Viewer,
    channel: AgreementChannel,
    draft: &AgreementDraft,
    key: &IdempotencyKey,
) -> Result<AgreementView, StepError> {
    let Viewer::Graduate {
        account_id,
        graduate_id,
        ..
    } = *viewer
    else {
        return Err(Refusal::NotYourRole.into());
    };
    draft.check_size().map_err(StepError::Invalid)?;
    let mut conn = platform.pool.get().await?;
    conn.transaction(async |conn| {
        let now = platform.clock.now();
        let id = Uuid::now_v7();
        if let Some(id) = claimed(conn, account_id, &key.key, &key.request_hash, id, now).await? {
            return agreement::find(conn, viewer, id)
                .await?
                .ok_or(StepError::NotFound);
        }
        // Held against a correction that moves him, which takes his cases along, and against a second draft beyond the limit.
        let (school_id, department_id, confirmed, online_signing_allowed): (Uuid, Uuid, bool, bool) =
            graduates::table
                .find(graduate_id)
                .select((
                    graduates::school_id,
                    graduates::department_id,
                    graduates::confirmed_at.is_not_null(),
                    graduates::online_signing_allowed,
                ))
                .for_no_key_update()
                .first(conn)
                .await?;
        decide_draft(DraftFacts {
            channel,
            graduate_confirmed: confirmed,
            online_signing_allowed,
            drafts: agreement::count_drafts(conn, graduate_id).await?,
        })?;
        diesel::insert_into(agreements::table)
            .values((
                agreements::id.eq(id),
                agreements::channel.eq(channel),
                agreements::status.eq(AgreementStatus::Draft),
                agreements::graduate_id.eq(graduate_id),
                agreements::school_id.eq(school_id),
                agreements::department_id.eq(department_id),
                agreements::draft.eq(draft),
                agreements::private.eq(true),
                agreements::updated_at.eq(now),
            ))
            .execute(conn)
            .await?;
        agreement::find(conn, viewer, id)
            .await?
            .ok_or(StepError::NotFound)
    })
    .await
}

/// Keeps what the graduate has filled in, also what is not complete or wrong yet.
///
/// # Errors
/// [`StepError`]; nothing is written then.
pub async fn save_agreement_draft(
    platform: &Platform,
    viewer: &Viewer,
    id: Uuid,
    draft: &AgreementDraft,
    expected_version: Option<i32>,
) -> Result<AgreementView, StepError> {
    draft.check_size().map_err(StepError::Invalid)?;
    let mut conn = platform.pool.get().await?;
    conn.transaction(async |conn| {
        let (mut view, role) = lock(conn, viewer, id, expected_version).await?;
        let now = platform.clock.now();
        let facts = view.facts(Some(viewer.account_id()), false);
        decide(&facts, AgreementAction::SaveDraft, role, now)?;
        view.agreement.draft = Some(draft.clone());
        view.agreement.version += 1;
        view.agreement.updated_at = now;
        diesel::update(agreements::table.find(id))
            .set((
                agreements::draft.eq(&view.agreement.draft),
                agreements::version.eq(view.agreement.version),
                agreements::updated_at.eq(now),
            ))
            .execute(conn)
            .await?;
        Ok(view)
    })
    .await
}

/// Gives an agreement up that is not signed. A draft that was never handed in is gone then; whatever was handed in stays on record.
///
/// # Errors
/// [`StepError`]; nothing is written then.
pub async fn discard_agreement(
    platform: &Platform,
    viewer: &Viewer,
    id: Uuid,
    expected_version: Option<i32>,
) -> Result<AgreementView, StepError> {
    let mut conn = platform.pool.get().await?;
    let discarded = conn
        .transaction(async |conn| {
            let (mut view, role) = lock(conn, viewer, id, expected_version).await?;
            let now = platform.clock.now();
            if !view.agreement.private {
                let doer = Doer {
                    actor: Actor::Viewer(*viewer),
                    role,
                    now,
                };
                return decide_and_apply(platform, conn, view, &doer, &AgreementStep::Discard).await;
            }
            let facts = view.facts(Some(viewer.account_id()), false);
            let transition = decide(&facts, AgreementAction::Discard, role, now)?;
            agreement::forget_draft(conn, id).await?;
            view.agreement.advance(transition.to, None, now);
            Ok(view)
        })
        .await?;
    platform.waker.wake();
    Ok(discarded)
}

async fn lock(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    id: Uuid,
    expected_version: Option<i32>,
) -> Result<(AgreementView, ActorRole), StepError> {
    let view = agreement::lock(conn, Some(viewer), id)
        .await?
        .ok_or(StepError::NotFound)?;
    check_version(view.agreement.version, expected_version)?;
    let role = view.agreement.role_of(viewer).ok_or(StepError::NotFound)?;
    Ok((view, role))
}
