//! Makes the link by which an employer's contact hands the stamped copy in and sends it (§6.3, 用人单位协助回传协议书). What cannot
//! be sent is given up in the end, which the graduate sees: he can ask again, or an operator has it tried again.

use apalis::prelude::Data;
use serde_json::json;
use uuid::Uuid;
use wangqian_schema::{
    SecretToken,
    clock::format_moment,
    jobs::SendStampedCopyLink,
    messages::{MessageTemplate, write},
    model::{
        graduate,
        message::Channel,
        stamped_copy_link::{self, LinkDelivery},
    },
};

use super::SendParts;
use crate::{
    JobError,
    channels::{Address, Outgoing},
    queue::Attempt,
};

/// The handler of the queue `send_stamped_copy_link`. Each run makes a token of its own, and the last one counts.
pub(crate) async fn send_stamped_copy_link(
    job: SendStampedCopyLink,
    parts: Data<SendParts>,
    attempt: Data<Attempt>,
) -> Result<(), JobError> {
    match send(&job, &parts).await {
        Err(error) if attempt.is_last() || matches!(error, JobError::Park(_)) => {
            let mut conn = parts.platform.pool.get().await?;
            stamped_copy_link::settle(&mut conn, job.link_id, LinkDelivery::Failed).await?;
            Err(error)
        }
        sent => sent,
    }
}

async fn send(job: &SendStampedCopyLink, parts: &SendParts) -> Result<(), JobError> {
    let platform = &parts.platform;
    let mut conn = platform.pool.get().await?;
    let now = platform.clock.now();
    let Some((link, agreement)) = stamped_copy_link::waiting(&mut conn, job.link_id, now).await? else {
        return Ok(());
    };
    let terms = agreement
        .terms
        .as_ref()
        .ok_or_else(|| JobError::park("an approved agreement has terms"))?;
    let graduates = graduate::by_ids(&conn, &[agreement.graduate_id]).await?;
    let graduate = graduates
        .first()
        .ok_or_else(|| JobError::park("an agreement has a graduate"))?;
    let token = SecretToken::generate();
    let params = json!({
        "contact": terms.contact_person,
        "employer": terms.employer_name,
        "graduate": graduate.name,
        "agreement_number": agreement.agreement_number,
        "token": token.expose(),
        "until": format_moment(link.expires_at),
    });
    let template = MessageTemplate::StampedCopyLink;
    let text = write(template, link.channel, &params, &platform.public_url).map_err(JobError::park)?;
    let (sender, to) = match link.channel {
        Channel::Sms => (&parts.channels.sms, terms.contact_mobile.as_str()),
        Channel::Email => (&parts.channels.email, terms.contact_email.as_str()),
        Channel::InApp | Channel::Wechat => {
            return Err(JobError::park("such a link goes by SMS or e-mail"));
        }
    };
    let outgoing = Outgoing {
        // A repetition is another message, since it holds another token.
        message_id: Uuid::now_v7(),
        to: Address::new(to.to_owned()),
        title: text.title,
        body: text.body,
    };
    if !stamped_copy_link::arm(&mut conn, job.link_id, &token).await? {
        return Ok(());
    }
    // No connection is held while a provider takes its time.
    drop(conn);
    sender.deliver(&outgoing).await?;
    let mut conn = platform.pool.get().await?;
    stamped_copy_link::settle(&mut conn, job.link_id, LinkDelivery::Sent).await?;
    Ok(())
}
