//! Reminds the graduate 24 hours before the deadline. Idempotent: the rules let an invitation be reminded of once.

use apalis::prelude::Data;
use wangqian_schema::{
    Platform,
    jobs::RemindInvitation,
    step::AgreementStep,
    workflow::{Refusal, agreement::REMINDER_LEAD},
};

use super::{Timer, again_before_deadline, take_on_time};
use crate::JobError;

/// The handler of the queue `remind_invitation`.
pub(crate) async fn remind_invitation(
    job: RemindInvitation,
    platform: Data<Platform>,
) -> Result<(), JobError> {
    match take_on_time(&platform, job.agreement_id, AgreementStep::Remind).await? {
        Timer::Taken | Timer::Refused(Refusal::NotInThisStatus | Refusal::DeadlinePassed) => Ok(()),
        Timer::Refused(Refusal::TooEarly) => {
            again_before_deadline(&platform, job.agreement_id, REMINDER_LEAD).await
        }
        Timer::Refused(other) => Err(JobError::park(other)),
    }
}
