//! Sends one message through one outside channel. Idempotent as far as the provider lets it be: a message that is not
//! PENDING any more is left alone, and the message's id travels along.

use std::time::Duration;

use apalis::prelude::Data;
use diesel_async::pooled_connection::deadpool::PoolError;
use wangqian_schema::{
    Platform,
    jobs::SendMessage,
    messages::write,
    model::{
        account::addresses,
        message::{self, Channel, Message, MessageStatus},
    },
};

use crate::{
    JobError,
    channels::{Address, Channels, Outgoing},
    queue::Attempt,
};

/// How often a message's end is tried to be noted before the whole job is repeated, which sends it again.
const NOTES: u32 = 6;

/// What the handler needs.
#[derive(Clone, Debug)]
pub(crate) struct SendParts {
    pub(crate) platform: Platform,
    pub(crate) channels: Channels,
}

/// The handler of the queue `send_message`.
pub(crate) async fn send_message(
    job: SendMessage,
    parts: Data<SendParts>,
    attempt: Data<Attempt>,
) -> Result<(), JobError> {
    let platform = &parts.platform;
    let mut conn = platform.pool.get().await?;
    let message = message::find(&mut conn, job.message_id)
        .await?
        .ok_or_else(|| JobError::park("there is no such message"))?;
    if message.status != MessageStatus::Pending {
        return Ok(());
    }
    // The address of today, not that of the day on which the message was owed.
    let known = addresses(&mut conn, message.account_id).await?;
    // No connection is held while a provider takes its time.
    drop(conn);
    let (channel, address) = match message.channel {
        Channel::Email => (&parts.channels.email, known.and_then(|known| known.email)),
        Channel::Sms => (&parts.channels.sms, known.and_then(|known| known.mobile)),
        Channel::Wechat => (
            &parts.channels.wechat,
            known.and_then(|known| known.wechat_open_id),
        ),
        Channel::InApp => return Err(JobError::park("the inbox needs no sending")),
    };
    let Some(address) = address else {
        return note(platform, &message, MessageStatus::NoAddress, None, None).await;
    };
    let delivered = match write(
        message.template,
        message.channel,
        &message.params,
        &platform.public_url,
    ) {
        Ok(text) => {
            let outgoing = Outgoing {
                message_id: message.id,
                to: Address::new(address),
                title: text.title,
                body: text.body,
            };
            channel.deliver(&outgoing).await
        }
        Err(error) => Err(JobError::park(error)),
    };
    match delivered {
        Ok(receipt) => {
            note(
                platform,
                &message,
                MessageStatus::Sent,
                receipt.provider_reference.as_deref(),
                None,
            )
            .await
        }
        Err(error) => {
            if attempt.is_last() || matches!(error, JobError::Park(_)) {
                note(
                    platform,
                    &message,
                    MessageStatus::Parked,
                    None,
                    Some(&error.to_string()),
                )
                .await?;
            }
            Err(error)
        }
    }
}

/// Notes how the message fared, unless another run noted it before.
async fn note(
    platform: &Platform,
    message: &Message,
    status: MessageStatus,
    reference: Option<&str>,
    error: Option<&str>,
) -> Result<(), JobError> {
    let mut pause = Duration::from_millis(100);
    for tries in 1.. {
        let noted = async {
            let mut conn = platform.pool.get().await?;
            let now = platform.clock.now();
            let noted = message::settle(&mut conn, message.id, status, reference, error, now).await;
            Ok::<_, PoolError>(noted)
        };
        match noted.await {
            Ok(Ok(_)) => break,
            Ok(Err(failure)) if tries == NOTES => return Err(failure.into()),
            Err(failure) if tries == NOTES => return Err(failure.into()),
            Ok(Err(_)) | Err(_) => {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
        }
    }
    Ok(())
}
