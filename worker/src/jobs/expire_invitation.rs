//! Ends an invitation at its deadline. Idempotent: the rules let an invitation end once, and an answered one not at all.

use apalis::prelude::Data;
use chrono::TimeDelta;
use wangqian_schema::{Platform, jobs::ExpireInvitation, step::AgreementStep, workflow::Refusal};

use super::{Timer, again_before_deadline, take_on_time};
use crate::JobError;

/// The handler of the queue `expire_invitation`.
pub(crate) async fn expire_invitation(
    job: ExpireInvitation,
    platform: Data<Platform>,
) -> Result<(), JobError> {
    match take_on_time(&platform, job.agreement_id, AgreementStep::Expire).await? {
        Timer::Taken | Timer::Refused(Refusal::NotInThisStatus) => Ok(()),
        Timer::Refused(Refusal::TooEarly) => {
            again_before_deadline(&platform, job.agreement_id, TimeDelta::zero()).await
        }
        Timer::Refused(other) => Err(JobError::park(other)),
    }
}
