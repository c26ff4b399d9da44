//! Makes the link by which an employer's contact hands the stamped copy in and sends it (§6.3, 用人单位协助回传协议书). What cannot
//! be sent is given up in the end, which the graduate sees: he can ask again, or an operator has it tried again.

use apalis::prelude::Data;
use serde_json::json;
use wangqian_schema::{
    clock::format_moment,
    jobs::SendStampedCopyLink,
    messages::MessageTemplate,
    model::{graduate, message::Channel, secret_link::SecretLink, stamped_copy_link},
};

use super::{
    SendParts,
    secret_link::{self, Letter},
};
use crate::{JobError, queue::Attempt};

/// The handler of the queue `send_stamped_copy_link`. Each run makes a token of its own, and the last one counts.
pub(crate) async fn send_stamped_copy_link(
    job: SendStampedCopyLink,
    parts: Data<SendParts>,
    attempt: Data<Attempt>,
) -> Result<(), JobError> {
    let link = SecretLink::StampedCopy(job.link_id);
    let sent = send(link, &job, &parts).await;
    secret_link::ended(link, &parts, *attempt, sent).await
}

async fn send(link: SecretLink, job: &SendStampedCopyLink, parts: &SendParts) -> Result<(), JobError> {
    let mut conn = parts.platform.pool.get().await?;
    let now = parts.platform.clock.now();
    let Some((owed, agreement)) = stamped_copy_link::waiting(&mut conn, job.link_id, now).await? else {
        return Ok(());
    };
    let terms = agreement
        .terms
        .ok_or_else(|| JobError::park("an approved agreement has terms"))?;
    let graduates = graduate::by_ids(&conn, &[agreement.graduate_id]).await?;
    let graduate = graduates
        .first()
        .ok_or_else(|| JobError::park("an agreement has a graduate"))?;
    let letter = Letter {
        template: MessageTemplate::StampedCopyLink,
        params: json!({
            "contact": terms.contact_person,
            "employer": terms.employer_name,
            "graduate": graduate.name,
            "agreement_number": agreement.agreement_number,
            "until": format_moment(owed.expires_at),
        }),
        to: match owed.channel {
            Channel::Sms => terms.contact_mobile.as_str().to_owned(),
            _ => terms.contact_email.as_str().to_owned(),
        },
        channel: owed.channel,
    };
    secret_link::send(link, parts, conn, letter).await
}
