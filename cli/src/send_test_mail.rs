//! `wangqian send-test-mail`: one mail by the settings of the worker, so that they are known to be right before anybody
//! waits for a mail.

use chrono::{SecondsFormat, Utc};
use clap::Args;
use uuid::Uuid;
use wangqian_worker::{
    ChannelSettings, WorkerError,
    channels::{Address, Channel, EmailChannel, Outgoing},
};

use crate::failure::{Exit, Failure};

/// Sends one mail.
#[derive(Clone, Debug, Args)]
#[command(
    long_about = "Sends one mail to the given address, by the same settings and in the same way as the worker, and says what the \
        mail server answered. Needs no database. Without SMTP_URL the mail is written to the outbox.",
    after_help = "Example:\n  \
        SMTP_URL=smtps://user:password@mail.example:465 WANGQIAN_MAIL_FROM='网签 <no-reply@mail.example>' \\\n    \
        wangqian send-test-mail --to operator@mail.example"
)]
pub struct Arguments {
    /// To whom
    #[arg(long, value_name = "ADDRESS")]
    pub to: String,
    /// How mails leave the platform.
    #[command(flatten, next_help_heading = "Messages")]
    pub channels: ChannelSettings,
}

/// Runs it.
///
/// # Errors
/// [`Failure`] when a setting cannot be used or the mail was not taken.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let email = EmailChannel::new(&arguments.channels).map_err(|error| setting(&error))?;
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
    let mail = Outgoing {
        message_id: Uuid::now_v7(),
        to: Address::new(arguments.to.as_str()),
        title: "网签平台测试邮件".to_owned(),
        body: format!("这是网签平台的测试邮件，发送时间 {now}。收到本邮件，说明邮件发送设置可用。\n"),
    };
    let receipt = email.deliver(&mail).await.map_err(|error| {
        Failure::new(
            Exit::Finding,
            "the mail was not taken",
            error,
            "mend SMTP_URL, WANGQIAN_MAIL_FROM or the address; the answer's code is explained by the mail server's manual",
        )
    })?;
    let answer = receipt.provider_reference.unwrap_or_default();
    match &arguments.channels.smtp_url {
        Some(_) => crate::print(&format!(
            "the mail server took the mail {}: {answer}\n",
            mail.message_id
        )),
        None => {
            let file = arguments.channels.outbox.join("mail").join(answer);
            crate::print(&format!(
                "SMTP_URL is not set; the mail was written to {}\n",
                file.display()
            ))
        }
    }
}

fn setting(error: &WorkerError) -> Failure {
    Failure::new(
        Exit::Usage,
        "a setting of the mails cannot be used",
        error,
        "docs/CONFIGURATION.md says what it may be",
    )
}
