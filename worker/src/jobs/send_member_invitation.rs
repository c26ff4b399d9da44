//! Makes the link of an invitation to join an employer and sends it. What cannot be sent is given up in the end, which the
//! administrator sees: he can invite again, or an operator has it tried again.

use apalis::prelude::Data;
use serde_json::json;
use wangqian_schema::{
    jobs::SendMemberInvitation,
    messages::MessageTemplate,
    model::{
        member::{self, INVITATION_LIFETIME},
        message::Channel,
        secret_link::{LinkDelivery, SecretLink},
    },
};

use super::{
    SendParts,
    secret_link::{self, Letter},
};
use crate::{JobError, queue::Attempt};

/// The handler of the queue `send_member_invitation`. Each run makes a token of its own, and the last one counts.
pub(crate) async fn send_member_invitation(
    job: SendMemberInvitation,
    parts: Data<SendParts>,
    attempt: Data<Attempt>,
) -> Result<(), JobError> {
    let link = SecretLink::MemberInvitation(job.invitation_id);
    let sent = send(link, &job, &parts).await;
    secret_link::ended(link, &parts, *attempt, sent).await
}

async fn send(link: SecretLink, job: &SendMemberInvitation, parts: &SendParts) -> Result<(), JobError> {
    let mut conn = parts.platform.pool.get().await?;
    let now = parts.platform.clock.now();
    let Some((invitation, employer)) = member::waiting(&mut conn, job.invitation_id, now).await? else {
        return Ok(());
    };
    if invitation.silent {
        // Noted all the same, and by a job, so that it shows like any other.
        link.settle(&mut conn, LinkDelivery::Sent).await?;
        return Ok(());
    }
    let letter = Letter {
        template: MessageTemplate::MemberInvited,
        params: json!({
            "name": invitation.name,
            "employer": employer,
            "days": INVITATION_LIFETIME.num_days(),
        }),
        channel: Channel::Email,
        to: invitation.email,
    };
    secret_link::send(link, parts, conn, letter).await
}
