//! The stamped copy through the employer's link (§6.3): whoever has the link acts, without an account.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Actor, AgreementStep, StampedCopy, StepError, take};
use crate::{
    Platform, SecretToken,
    model::{
        agreement::{Agreement, AgreementView},
        case_upload::UploadOwner,
        stamped_copy_link,
    },
    workflow::Refusal,
};

/// What a link opens: the agreement whose stamped copy is wanted, and until when.
///
/// # Errors
/// [`StepError::NotFound`] for a token that is wrong, used, replaced or too old, and for one whose agreement wants no copy any more:
/// all read the same.
pub async fn open_stamped_copy_link(
    platform: &Platform,
    token: &SecretToken,
) -> Result<(Agreement, DateTime<Utc>), StepError> {
    let mut conn = platform.pool.get().await?;
    let opened = stamped_copy_link::opens(&mut conn, token, platform.clock.now()).await?;
    opened.ok_or(StepError::NotFound)
}

/// Whose the files are that come through a link.
///
/// # Errors
/// As [`open_stamped_copy_link`].
pub async fn linked_owner(platform: &Platform, token: &SecretToken) -> Result<UploadOwner, StepError> {
    let (agreement, _) = open_stamped_copy_link(platform, token).await?;
    Ok(UploadOwner::Link {
        agreement_id: agreement.id,
    })
}

/// Hands the stamped copy in through a link, which is used up by it.
///
/// # Errors
/// As [`open_stamped_copy_link`], and [`StepError::Invalid`] about the files; nothing is written then.
pub async fn submit_stamped_copy_by_link(
    platform: &Platform,
    token: &SecretToken,
    files: Vec<Uuid>,
) -> Result<AgreementView, StepError> {
    let (agreement, _) = open_stamped_copy_link(platform, token).await?;
    let copy = StampedCopy {
        files,
        token: Some(token.clone()),
    };
    let step = AgreementStep::SubmitStampedCopy(copy);
    match take(platform, Actor::EmployerContact, agreement.id, step, None).await {
        // The agreement left the state meanwhile, and its link ended with that.
        Err(StepError::Refused(Refusal::NotInThisStatus)) => Err(StepError::NotFound),
        taken => taken,
    }
}
