//! The ways in which a message leaves the platform. What it says, and to whom it is owed, is decided elsewhere.

mod email;
mod outbox;
mod smtp;

pub use email::EmailChannel;
pub use outbox::{OutboxChannel, make_outbox};

use std::{fmt, sync::Arc};

use futures_util::future::BoxFuture;
use uuid::Uuid;

use crate::{JobError, WorkerError, settings::ChannelSettings};

/// Where a person is reached: an e-mail address, a mobile number or a WeChat open id. Never shown in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// An address as it stands in the account.
    pub fn new(address: impl Into<String>) -> Self {
        Self(address.into())
    }

    /// The address itself: for the provider only.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

/// A message to one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The message's id, by which a provider recognises a repetition.
    pub message_id: Uuid,
    /// To whom.
    pub to: Address,
    /// Subject of a mail; may be empty elsewhere.
    pub title: String,
    /// The text.
    pub body: String,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("message_id", &self.message_id)
            .finish_non_exhaustive()
    }
}

/// A provider's word that it has taken a message over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// What the provider calls the message.
    pub provider_reference: Option<String>,
}

/// A way to reach people. Delivering the same message twice has the effect of once, as far as the provider lets it.
pub trait Channel: Send + Sync {
    /// Hands a message to the provider.
    ///
    /// # Errors
    /// [`JobError::Retry`] when the provider may take it later, or may have taken it without saying so;
    /// [`JobError::Park`] when it never will.
    fn deliver<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Result<Receipt, JobError>>;
}

/// The channels outside the application.
#[derive(Clone)]
pub struct Channels {
    /// 邮件
    pub email: Arc<dyn Channel>,
    /// 短信
    pub sms: Arc<dyn Channel>,
    /// 微信
    pub wechat: Arc<dyn Channel>,
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channels").finish_non_exhaustive()
    }
}

impl Channels {
    /// The channels that the settings ask for.
    ///
    /// # Errors
    /// [`WorkerError::Setting`] when an address or URL cannot be used.
    pub fn new(settings: &ChannelSettings) -> Result<Self, WorkerError> {
        Ok(Self {
            email: Arc::new(EmailChannel::new(settings)?),
            sms: Arc::new(OutboxChannel::new(settings.outbox.join("sms"))),
            wechat: Arc::new(OutboxChannel::new(settings.outbox.join("wechat"))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_neither_address_nor_text() {
        let message = Outgoing {
            message_id: Uuid::nil(),
            to: Address::new("lin@example.com"),
            title: "签约邀请".into(),
            body: "林示例，您好".into(),
        };
        let shown = format!("{message:?} {:?}", message.to);
        assert!(
            !shown.contains("lin@") && !shown.contains('林') && !shown.contains('签'),
            "{shown}"
        );
    }
}
