//! Makes the link of an invitation to join an employer and sends it. What cannot be sent is given up in the end, which the
//! administrator sees: he can invite again, or an operator has it tried again.

use apalis::prelude::Data;
use serde_json::json;
use uuid::Uuid;
use wangqian_schema::{
    SecretToken,
    jobs::SendMemberInvitation,
    messages::{MessageTemplate, write},
    model::{
        member::{self, INVITATION_LIFETIME, InvitationDelivery},
        message::Channel,
    },
};

use super::SendParts;
use crate::{
    JobError,
    channels::{Address, Outgoing},
    queue::Attempt,
};

/// The handler of the queue `send_member_invitation`. Each run makes a token of its own, and the last one counts.
pub(crate) async fn send_member_invitation(
    job: SendMemberInvitation,
    parts: Data<SendParts>,
    attempt: Data<Attempt>,
) -> Result<(), JobError> {
    match send(&job, &parts).await {
        Err(error) if attempt.is_last() || matches!(error, JobError::Park(_)) => {
            let mut conn = parts.platform.pool.get().await?;
            member::settle(&mut conn, job.invitation_id, InvitationDelivery::Failed).await?;
            Err(error)
        }
        sent => sent,
    }
}

async fn send(job: &SendMemberInvitation, parts: &SendParts) -> Result<(), JobError> {
    let platform = &parts.platform;
    let mut conn = platform.pool.get().await?;
    let now = platform.clock.now();
    let Some((invitation, employer)) = member::waiting(&mut conn, job.invitation_id, now).await? else {
        return Ok(());
    };
    if invitation.silent {
        // Noted all the same, and by a job, so that it shows like any other.
        member::settle(&mut conn, job.invitation_id, InvitationDelivery::Sent).await?;
        return Ok(());
    }
    let token = SecretToken::generate();
    let params = json!({
        "name": invitation.name,
        "employer": employer,
        "token": token.expose(),
        "days": INVITATION_LIFETIME.num_days(),
    });
    let text = write(
        MessageTemplate::MemberInvited,
        Channel::Email,
        &params,
        &platform.public_url,
    )
    .map_err(JobError::park)?;
    if !member::arm(&mut conn, job.invitation_id, &token).await? {
        return Ok(());
    }
    // No connection is held while a provider takes its time.
    drop(conn);
    let outgoing = Outgoing {
        // A repetition is another message, since it holds another token.
        message_id: Uuid::now_v7(),
        to: Address::new(invitation.email),
        title: text.title,
        body: text.body,
    };
    parts.channels.email.deliver(&outgoing).await?;
    let mut conn = platform.pool.get().await?;
    member::settle(&mut conn, job.invitation_id, InvitationDelivery::Sent).await?;
    Ok(())
}
