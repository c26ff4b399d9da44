//! Makes a code and sends it. Whoever asked waits in front of a screen for ten minutes at most, so that a code which cannot
//! be sent is tried a few times and then left: its person asks for another.

use apalis::prelude::Data;
use serde_json::json;
use uuid::Uuid;
use wangqian_schema::{
    jobs::SendPasscode,
    messages::write,
    model::{
        account::addresses,
        passcode::{self, LIFETIME, Passcode, PasscodeChannel},
    },
    password,
};

use super::SendParts;
use crate::{
    JobError,
    channels::{Address, Outgoing},
    queue::Attempt,
};

/// The handler of the queue `send_passcode`. Each run makes a code of its own, and the last one counts.
pub(crate) async fn send_passcode(
    job: SendPasscode,
    parts: Data<SendParts>,
    attempt: Data<Attempt>,
) -> Result<(), JobError> {
    match send(&job, &parts).await {
        Err(error) if attempt.is_last() || matches!(error, JobError::Park(_)) => {
            tracing::warn!(%error, passcode_id = %job.passcode_id, "a code could not be sent");
            Ok(())
        }
        sent => sent,
    }
}

async fn send(job: &SendPasscode, parts: &SendParts) -> Result<(), JobError> {
    let platform = &parts.platform;
    let mut conn = platform.pool.get().await?;
    let Some(waiting) = passcode::waiting(&mut conn, job.passcode_id, platform.clock.now()).await? else {
        return Ok(());
    };
    let address = match (waiting.address, waiting.account_id) {
        (Some(address), _) => Some(address),
        (None, Some(account_id)) => {
            let known = addresses(&mut conn, account_id).await?;
            known.and_then(|known| match waiting.channel {
                PasscodeChannel::Sms => known.mobile,
                PasscodeChannel::Email => known.email,
            })
        }
        (None, None) => None,
    };
    let Some(address) = address else { return Ok(()) };
    // Hashing and sending take a while: no connection is held meanwhile.
    drop(conn);
    let code = Passcode::generate();
    let secret = code.clone();
    let hash = tokio::task::spawn_blocking(move || password::hash(secret.expose()))
        .await
        .map_err(JobError::retry)?
        .map_err(JobError::retry)?;
    let params = json!({ "code": code.expose(), "minutes": LIFETIME.num_minutes() });
    let text = write(
        waiting.purpose.template(),
        waiting.channel.into(),
        &params,
        &platform.public_url,
    )
    .map_err(JobError::park)?;
    let mut conn = platform.pool.get().await?;
    if !passcode::arm(&mut conn, job.passcode_id, &hash).await? {
        return Ok(());
    }
    drop(conn);
    let outgoing = Outgoing {
        // A repetition is another message, since it holds another code.
        message_id: Uuid::now_v7(),
        to: Address::new(address),
        title: text.title,
        body: text.body,
    };
    let channel = match waiting.channel {
        PasscodeChannel::Sms => &parts.channels.sms,
        PasscodeChannel::Email => &parts.channels.email,
    };
    channel.deliver(&outgoing).await?;
    Ok(())
}
