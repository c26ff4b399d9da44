//! What the jobs do, one file a job. Each may be run again at any time, also while an earlier run still goes on: the
//! rows it changes decide which run counts.

mod announce_leaving;
mod check_upload;
mod digest_reviews;
mod expire_invitation;
mod export_records;
mod fold_figures;
mod import_graduates;
mod paper;
mod prune;
mod publish_manual;
mod remind_invitation;
mod render_document;
mod render_sheet;
mod secret_link;
mod send_member_invitation;
mod send_message;
mod send_notice;
mod send_passcode;
mod send_stamped_copy_link;
mod snapshot_figures;

pub(crate) use announce_leaving::announce_leaving;
pub(crate) use check_upload::{CheckParts, check_upload};
pub(crate) use digest_reviews::digest_reviews;
pub(crate) use expire_invitation::expire_invitation;
pub(crate) use export_records::{ExportParts, export_records};
pub(crate) use fold_figures::fold_figures;
pub(crate) use import_graduates::{ImportParts, import_graduates};
pub(crate) use prune::{PruneParts, prune};
pub(crate) use publish_manual::publish_manual;
pub(crate) use remind_invitation::remind_invitation;
pub(crate) use render_document::{RenderParts, render_document};
pub(crate) use render_sheet::render_sheet;
pub(crate) use send_member_invitation::send_member_invitation;
pub(crate) use send_message::{SendParts, send_message};
pub(crate) use send_notice::send_notice;
pub(crate) use send_passcode::send_passcode;
pub(crate) use send_stamped_copy_link::send_stamped_copy_link;
pub(crate) use snapshot_figures::snapshot_figures;

use std::time::Duration;

use chrono::TimeDelta;
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;
use wangqian_schema::{
    Platform,
    step::{self, Actor, AgreementStep, StepError},
    tables::agreements,
    workflow::Refusal,
};

use crate::JobError;

/// What became of a timer's step.
enum Timer {
    /// It was taken.
    Taken,
    /// The rules do not want it any more, or not yet.
    Refused(Refusal),
}

/// Takes the step of a timer.
async fn take_on_time(
    platform: &Platform,
    agreement_id: Uuid,
    step: AgreementStep,
) -> Result<Timer, JobError> {
    match step::take(platform, Actor::Worker, agreement_id, step, None).await {
        Ok(_) => Ok(Timer::Taken),
        Err(StepError::Refused(refusal)) => Ok(Timer::Refused(refusal)),
        Err(error) => Err(failed(error)),
    }
}

/// A timer that came too early, since clocks differ: again at the time that lies `lead` before the deadline.
async fn again_before_deadline(
    platform: &Platform,
    agreement_id: Uuid,
    lead: TimeDelta,
) -> Result<(), JobError> {
    let mut conn = platform.pool.get().await?;
    let deadline: Option<Option<chrono::DateTime<chrono::Utc>>> = agreements::table
        .filter(agreements::id.eq(agreement_id))
        .select(agreements::response_deadline)
        .first(&mut conn)
        .await
        .optional()?;
    let deadline = deadline
        .flatten()
        .ok_or_else(|| JobError::park("there is no such invitation"))?;
    let pause = (deadline - lead - platform.clock.now())
        .to_std()
        .unwrap_or_default();
    Err(JobError::retry_after(
        pause.max(Duration::from_millis(100)),
        "the time has not come yet",
    ))
}

/// A step that failed otherwise than by the rules.
fn failed(error: StepError) -> JobError {
    match error {
        StepError::Database(_) | StepError::Unreachable(_) => JobError::retry(error),
        StepError::NotFound => JobError::park("there is no such case"),
        other => JobError::park(other),
    }
}
