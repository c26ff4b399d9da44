//! Sends a notice to the address that it is for. Idempotent as far as the provider lets it be: the notice's id travels along,
//! and its row is gone once it was sent.

use apalis::prelude::Data;
use wangqian_schema::{
    jobs::SendNotice,
    messages::write,
    model::{account_notice, passcode::PasscodeChannel},
};

use super::SendParts;
use crate::{
    JobError,
    channels::{Address, Outgoing},
};

/// The handler of the queue `send_notice`.
pub(crate) async fn send_notice(job: SendNotice, parts: Data<SendParts>) -> Result<(), JobError> {
    let platform = &parts.platform;
    let mut conn = platform.pool.get().await?;
    let Some(notice) = account_notice::find(&mut conn, job.notice_id).await? else {
        return Ok(());
    };
    // No connection is held while a provider takes its time.
    drop(conn);
    let text = write(
        notice.template,
        notice.channel.into(),
        &notice.params,
        &platform.public_url,
    )
    .map_err(JobError::park)?;
    let outgoing = Outgoing {
        message_id: notice.id,
        to: Address::new(notice.address),
        title: text.title,
        body: text.body,
    };
    let channel = match notice.channel {
        PasscodeChannel::Sms => &parts.channels.sms,
        PasscodeChannel::Email => &parts.channels.email,
    };
    channel.deliver(&outgoing).await?;
    let mut conn = platform.pool.get().await?;
    account_notice::sent(&mut conn, notice.id).await?;
    Ok(())
}
