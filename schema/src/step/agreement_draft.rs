//! Agreements that a graduate fills in himself, before he hands them in.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    AgreementStep, IdempotencyKey, StepError,
    drafting::{self, Drafted, Filer, first_columns},
};
use crate::{
    Platform,
    model::{
        Viewer,
        agreement::{self, AgreementView},
        terms::AgreementDraft,
    },
    tables::agreements,
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
    draft.check_size().map_err(StepError::Invalid)?;
    drafting::create(platform, viewer, &(channel, draft.clone()), key).await
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
    drafting::save(platform, viewer, id, draft, expected_version).await
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
    drafting::discard(platform, viewer, id, expected_version).await
}

impl Drafted for AgreementView {
    type Beginning = (AgreementChannel, AgreementDraft);
    type Draft = AgreementDraft;

    fn giving_up() -> AgreementStep {
        AgreementStep::Discard
    }

    async fn find(conn: &mut AsyncPgConnection, viewer: &Viewer, id: Uuid) -> QueryResult<Option<Self>> {
        agreement::find(conn, viewer, id).await
    }

    async fn begin(
        conn: &mut AsyncPgConnection,
        filer: &Filer,
        id: Uuid,
        (channel, draft): &(AgreementChannel, AgreementDraft),
        now: DateTime<Utc>,
    ) -> Result<(), StepError> {
        decide_draft(DraftFacts {
            channel: *channel,
            graduate_confirmed: filer.confirmed,
            online_signing_allowed: filer.online_signing_allowed,
            drafts: agreement::count_drafts(conn, filer.id).await?,
        })?;
        diesel::insert_into(agreements::table)
            .values((
                agreements::channel.eq(*channel),
                first_columns!(agreements, id, filer, AgreementStatus::Draft, draft, now),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }

    fn may_save(
        &self,
        account_id: Uuid,
        role: ActorRole,
        _draft: &AgreementDraft,
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        let facts = self.facts(Some(account_id), false);
        decide(&facts, AgreementAction::SaveDraft, role, now).map(|_| ())
    }

    async fn save(
        &mut self,
        conn: &mut AsyncPgConnection,
        draft: &AgreementDraft,
        now: DateTime<Utc>,
    ) -> QueryResult<()> {
        let agreement = &mut self.agreement;
        agreement.draft = Some(draft.clone());
        agreement.version += 1;
        agreement.updated_at = now;
        diesel::update(agreements::table.find(agreement.id))
            .set((
                agreements::draft.eq(&agreement.draft),
                agreements::version.eq(agreement.version),
                agreements::updated_at.eq(now),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }

    async fn forget(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<()> {
        agreement::forget_draft(conn, id).await
    }
}
