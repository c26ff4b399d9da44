//! The texts of all messages: one file a message in `templates/`, one entry a channel.

use std::{collections::HashMap, sync::LazyLock};

use serde::Deserialize;
use serde_json::Value;

use super::MessageTemplate;
use crate::model::message::Channel;

/// A message ready to be read: for the inbox and mail with a title, elsewhere the title is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Title or subject line.
    pub title: String,
    /// The text.
    pub body: String,
}

/// A message could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the text {template} for {channel} cannot be made: {problem}")]
pub struct TextError {
    template: MessageTemplate,
    channel: Channel,
    problem: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    in_app: Option<String>,
    wechat: Option<String>,
    email: Option<String>,
    sms: Option<String>,
}

macro_rules! files {
    ($($template:ident => $file:literal),+ $(,)?) => {
        const fn source(template: MessageTemplate) -> &'static str {
            match template { $(MessageTemplate::$template => include_str!(concat!("templates/", $file, ".toml"))),+ }
        }
    };
}
files! {
    InvitationReceived => "invitation_received",
    InvitationExpiring => "invitation_expiring",
    InvitationExpired => "invitation_expired",
    InvitationCancelled => "invitation_cancelled",
    InvitationAccepted => "invitation_accepted",
    InvitationDeclined => "invitation_declined",
    InvitationUnanswered => "invitation_unanswered",
    ReviewAdvanced => "review_advanced",
    AgreementSigned => "agreement_signed",
    SigningRejected => "signing_rejected",
    TermsApproved => "terms_approved",
    AgreementReturned => "agreement_returned",
    StampedCopyReturned => "stamped_copy_returned",
    AgreementRegistered => "agreement_registered",
    RegistrationRejected => "registration_rejected",
    FiledAgreementSigned => "filed_agreement_signed",
    FiledAgreementRejected => "filed_agreement_rejected",
    StampedCopyLink => "stamped_copy_link",
    StampedCopyReceived => "stamped_copy_received",
    TerminationRequested => "termination_requested",
    TerminationWithdrawn => "termination_withdrawn",
    TerminationAccepted => "termination_accepted",
    TerminationRefused => "termination_refused",
    TerminationAdvanced => "termination_advanced",
    AgreementTerminated => "agreement_terminated",
    TerminationRejected => "termination_rejected",
    TerminationReturned => "termination_returned",
    DestinationAdvanced => "destination_advanced",
    DestinationRegistered => "destination_registered",
    DestinationReturned => "destination_returned",
    DestinationRejected => "destination_rejected",
    DestinationChanged => "destination_changed",
    AgreementAmended => "agreement_amended",
    DestinationAmended => "destination_amended",
    DestinationVoided => "destination_voided",
    VoidingRejected => "voiding_rejected",
    LeavingOpened => "leaving_opened",
    LeavingAnswered => "leaving_answered",
    LeavingReopened => "leaving_reopened",
    DestinationSheetReady => "destination_sheet_ready",
    PasswordResetCode => "password_reset_code",
    ContactChangeCode => "contact_change_code",
    ContactChanged => "contact_changed",
    PasswordChanged => "password_changed",
    OtherContactChanged => "other_contact_changed",
    RegistrationCode => "registration_code",
    EmployerRegistered => "employer_registered",
    EmployerVerified => "employer_verified",
    EmployerRefused => "employer_refused",
    MemberInvited => "member_invited",
    DataCorrected => "data_corrected",
    ReviewerAdded => "reviewer_added",
    ReviewDigest => "review_digest",
    DisputeDigest => "dispute_digest",
}

#[expect(
    clippy::expect_used,
    reason = "the files are compiled in and a test reads each of them"
)]
static FILES: LazyLock<HashMap<MessageTemplate, File>> = LazyLock::new(|| {
    MessageTemplate::ALL
        .iter()
        .map(|template| {
            (
                *template,
                toml::from_str(source(*template)).expect("a readable file"),
            )
        })
        .collect()
});

/// Writes a message for a channel.
///
/// # Errors
/// [`TextError`] when the message does not exist for that channel or a parameter is missing.
pub fn write(
    template: MessageTemplate,
    channel: Channel,
    params: &Value,
    public_url: &str,
) -> Result<Text, TextError> {
    let failed = |problem: String| TextError {
        template,
        channel,
        problem,
    };
    let file = FILES
        .get(&template)
        .ok_or_else(|| failed("no such text".to_owned()))?;
    let body = match channel {
        Channel::InApp => file.in_app.as_ref(),
        Channel::Wechat => file.wechat.as_ref(),
        Channel::Sms => file.sms.as_ref(),
        Channel::Email => file.email.as_ref(),
    };
    let body = body.ok_or_else(|| failed("not written for this channel".to_owned()))?;
    let mut engine = minijinja::Environment::new();
    engine.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    let mut context = params.as_object().cloned().unwrap_or_default();
    context.insert("public_url".to_owned(), public_url.into());
    let context = minijinja::Value::from(minijinja::value::Serde(context));
    let render = |text: &str| {
        engine
            .render_str(text, &context)
            .map_err(|error| failed(error.to_string()))
    };
    Ok(Text {
        title: render(&file.title)?,
        body: render(body)?.trim().to_owned(),
    })
}

#[cfg(test)]
mod tests;
