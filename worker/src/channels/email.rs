//! E-mail: makes the mail of a message, and hands it to an SMTP server or writes it to a file.

use std::{path::PathBuf, time::SystemTime};

use futures_util::future::BoxFuture;
use lettre::{
    Address as MailAddress, Message,
    address::Envelope,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
};
use uuid::Uuid;

use super::{Channel, Outgoing, Receipt, outbox::write_once, smtp::Smtp};
use crate::{JobError, WorkerError, settings::ChannelSettings};

/// Sends plain-text mail by SMTP, or without a server writes `<outbox>/mail/<message id>.eml`.
#[derive(Debug)]
pub struct EmailChannel {
    from: Mailbox,
    envelope_from: MailAddress,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Smtp(Smtp),
    Files(PathBuf),
}

impl EmailChannel {
    /// The channel that the settings ask for. No connection is made before the first mail.
    ///
    /// # Errors
    /// [`WorkerError::Setting`] when an address or the URL cannot be used.
    pub fn new(settings: &ChannelSettings) -> Result<Self, WorkerError> {
        let from: Mailbox = settings.mail_from.parse().map_err(|_| {
            setting(
                "WANGQIAN_MAIL_FROM",
                "not an address such as 网签 <no-reply@example.cn>",
            )
        })?;
        let envelope_from = match &settings.mail_envelope_from {
            Some(address) => address.parse().map_err(|_| {
                setting(
                    "WANGQIAN_MAIL_ENVELOPE_FROM",
                    "not an address such as bounce@example.cn",
                )
            })?,
            None => from.email.clone(),
        };
        let way = match &settings.smtp_url {
            Some(url) => Way::Smtp(
                Smtp::new(url, settings.mail_time_limit(), settings.mail_idle_limit())
                    .map_err(|reason| setting("SMTP_URL", reason))?,
            ),
            None => Way::Files(settings.outbox.join("mail")),
        };
        Ok(Self {
            from,
            envelope_from,
            way,
        })
    }

    fn compose(&self, message: &Outgoing, to: MailAddress) -> Result<Vec<u8>, JobError> {
        let auto_submitted = HeaderName::new_from_ascii_str("Auto-Submitted");
        let mail = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(one_line(&message.title))
            .message_id(Some(format!(
                "<{}@{}>",
                message.message_id,
                self.from.email.domain()
            )))
            .date(owed_at(message.message_id))
            .raw_header(HeaderValue::new(auto_submitted, "auto-generated".to_owned()))
            .header(ContentType::TEXT_PLAIN)
            .body(message.body.clone())
            .map_err(|error| JobError::park(format_args!("the mail cannot be composed: {error}")))?;
        Ok(mail.formatted())
    }
}

fn setting(setting: &'static str, reason: impl Into<String>) -> WorkerError {
    WorkerError::Setting {
        setting,
        reason: reason.into(),
    }
}

/// A subject is one line (RFC 5322): a line break from a person's input must not begin a header of its own.
fn one_line(title: &str) -> String {
    title
        .split(char::is_control)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// When the message was owed, which its id tells (UUID version 7): a repetition is the same mail to the letter.
fn owed_at(id: Uuid) -> SystemTime {
    id.get_timestamp()
        .map(SystemTime::from)
        .unwrap_or_else(SystemTime::now)
}

impl Channel for EmailChannel {
    fn deliver<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Result<Receipt, JobError>> {
        Box::pin(async move {
            let to: MailAddress = message
                .to
                .as_str()
                .parse()
                .map_err(|_| JobError::park("the e-mail address is not a valid one"))?;
            let mail = self.compose(message, to.clone())?;
            match &self.way {
                Way::Smtp(smtp) => {
                    let envelope = Envelope::new(Some(self.envelope_from.clone()), vec![to])
                        .map_err(|error| JobError::park(format_args!("the mail has no envelope: {error}")))?;
                    let reference = smtp.send(&envelope, &mail).await?;
                    Ok(Receipt {
                        provider_reference: reference,
                    })
                }
                Way::Files(folder) => write_once(folder, &format!("{}.eml", message.message_id), &mail).await,
            }
        })
    }
}
