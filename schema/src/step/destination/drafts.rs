//! Drafts of destinations: begun, saved and given up by their graduates.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::super::{
    IdempotencyKey, StepError,
    drafting::{self, Drafted, Filer, first_columns},
};
use super::{DestinationStep, Filed};
use crate::{
    Platform,
    destination::DestinationDraft,
    model::{
        Viewer,
        destination::{self, DestinationView},
    },
    tables::destinations,
    workflow::{
        ActorRole, Refusal,
        destination::{DestinationAction, DestinationStatus, DraftFacts, decide, decide_draft, is_directed},
    },
};

/// Begins a draft, once for each key of a request.
///
/// # Errors
/// [`StepError`]; nothing is written then.
pub async fn create_destination_draft(
    platform: &Platform,
    viewer: &Viewer,
    draft: &DestinationDraft,
    key: &IdempotencyKey,
) -> Result<DestinationView, StepError> {
    draft.check_size().map_err(StepError::Invalid)?;
    let created: Filed = drafting::create(platform, viewer, draft, key).await?;
    Ok(created.view)
}

/// Keeps what the graduate has filled in, also what is not complete or wrong yet, and of another type.
///
/// # Errors
/// [`StepError`]; nothing is written then.
pub async fn save_destination_draft(
    platform: &Platform,
    viewer: &Viewer,
    id: Uuid,
    draft: &DestinationDraft,
    expected_version: Option<i32>,
) -> Result<DestinationView, StepError> {
    draft.check_size().map_err(StepError::Invalid)?;
    let saved: Filed = drafting::save(platform, viewer, id, draft, expected_version).await?;
    Ok(saved.view)
}

/// Gives a destination up that is not registered. A draft that was never handed in is gone then; whatever was handed in stays on record.
///
/// # Errors
/// [`StepError`]; nothing is written then.
pub async fn discard_destination(
    platform: &Platform,
    viewer: &Viewer,
    id: Uuid,
    expected_version: Option<i32>,
) -> Result<DestinationView, StepError> {
    let discarded: Filed = drafting::discard(platform, viewer, id, expected_version).await?;
    Ok(discarded.view)
}

impl Drafted for Filed {
    type Beginning = DestinationDraft;
    type Draft = DestinationDraft;

    fn giving_up() -> DestinationStep {
        DestinationStep::Discard
    }

    async fn find(conn: &mut AsyncPgConnection, viewer: &Viewer, id: Uuid) -> QueryResult<Option<Self>> {
        Ok(destination::find(conn, viewer, id).await?.map(Self::of))
    }

    async fn begin(
        conn: &mut AsyncPgConnection,
        filer: &Filer,
        id: Uuid,
        draft: &DestinationDraft,
        now: DateTime<Utc>,
    ) -> Result<(), StepError> {
        decide_draft(DraftFacts {
            chosen_type: draft.destination_type(),
            graduate_confirmed: filer.confirmed,
            online_signing_allowed: filer.online_signing_allowed,
            directed: is_directed(&filer.training_mode),
            drafts: destination::count_drafts(conn, filer.id).await?,
        })?;
        diesel::insert_into(destinations::table)
            .values(first_columns!(
                destinations,
                id,
                filer,
                DestinationStatus::Draft,
                draft,
                now
            ))
            .execute(conn)
            .await?;
        Ok(())
    }

    fn may_save(
        &self,
        account_id: Uuid,
        role: ActorRole,
        draft: &DestinationDraft,
        _now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        let facts = self.facts(Some(account_id), false, draft.destination_type());
        decide(&facts, DestinationAction::SaveDraft, role).map(|_| ())
    }

    async fn save(
        &mut self,
        conn: &mut AsyncPgConnection,
        draft: &DestinationDraft,
        now: DateTime<Utc>,
    ) -> QueryResult<()> {
        let destination = &mut self.view.destination;
        destination.draft = draft.clone();
        if destination.form.is_none() {
            destination.destination_type = draft.destination_type();
        }
        destination.version += 1;
        destination.updated_at = now;
        diesel::update(destinations::table.find(destination.id))
            .set((
                destinations::draft.eq(draft),
                destinations::version.eq(destination.version),
                destinations::updated_at.eq(now),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }

    async fn forget(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<()> {
        destination::forget_draft(conn, id).await
    }
}
