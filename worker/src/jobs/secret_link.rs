//! How a secret link goes out, of whatever kind it is: a token is made for the message that goes now, and what cannot be sent is noted
//! as given up in the end, which whoever asked for the link sees.

use serde_json::Value;
use uuid::Uuid;
use wangqian_schema::{
    SecretToken,
    db::Connection,
    messages::{MessageTemplate, write},
    model::{
        message::Channel,
        secret_link::{LinkDelivery, SecretLink},
    },
};

use super::SendParts;
use crate::{
    JobError,
    channels::{Address, Outgoing},
    queue::Attempt,
};

/// The message that a link goes with.
pub(super) struct Letter {
    /// What it says.
    pub(super) template: MessageTemplate,
    /// What is filled into it, without the token.
    pub(super) params: Value,
    /// By which it goes: SMS or e-mail.
    pub(super) channel: Channel,
    /// To whom.
    pub(super) to: String,
}

/// Sends a link that is still owed.
pub(super) async fn send(
    link: SecretLink,
    parts: &SendParts,
    mut conn: Connection,
    letter: Letter,
) -> Result<(), JobError> {
    let platform = &parts.platform;
    let sender = match letter.channel {
        Channel::Sms => &parts.channels.sms,
        Channel::Email => &parts.channels.email,
        Channel::InApp | Channel::Wechat => {
            return Err(JobError::park("such a link goes by SMS or e-mail"));
        }
    };
    let token = SecretToken::generate();
    let mut params = letter.params;
    params["token"] = token.expose().into();
    let text =
        write(letter.template, letter.channel, &params, &platform.public_url).map_err(JobError::park)?;
    if !link.arm(&mut conn, &token).await? {
        return Ok(());
    }
    // No connection is held while a provider takes its time.
    drop(conn);
    let outgoing = Outgoing {
        // A repetition is another message, since it holds another token.
        message_id: Uuid::now_v7(),
        to: Address::new(letter.to),
        title: text.title,
        body: text.body,
    };
    sender.deliver(&outgoing).await?;
    let mut conn = platform.pool.get().await?;
    link.sent(&mut conn, &token).await?;
    Ok(())
}

/// What a run comes to: one that is the last, or that nothing helps, gives the link up.
pub(super) async fn ended(
    link: SecretLink,
    parts: &SendParts,
    attempt: Attempt,
    sent: Result<(), JobError>,
) -> Result<(), JobError> {
    match sent {
        Err(error) if attempt.is_last() || matches!(error, JobError::Park(_)) => {
            let mut conn = parts.platform.pool.get().await?;
            link.settle(&mut conn, LinkDelivery::Failed).await?;
            Err(error)
        }
        sent => sent,
    }
}
