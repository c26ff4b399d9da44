//! The texts of all messages: one file a message in `templates/`, one entry a channel. Whom a step owes which message
//! stands here too; sending is the worker's business.

use std::{collections::HashMap, sync::LazyLock};

use serde::Deserialize;
use serde_json::Value;

use crate::{
    model::message::Channel,
    text_enum::text_enum,
    workflow::{
        agreement::{AgreementAction, AgreementChannel, AgreementStatus},
        destination::{DestinationAction, DestinationStatus},
        employer_registration::EmployerAction,
        termination::{Party, TerminationAction, TerminationStatus},
    },
};

text_enum! {
    /// The messages that exist; the file of a text bears the same name.
    pub enum MessageTemplate {
        /// To the graduate: somebody invites him.
        InvitationReceived = "INVITATION_RECEIVED",
        /// To the graduate: 24 hours are left.
        InvitationExpiring = "INVITATION_EXPIRING",
        /// To the graduate: the deadline passed.
        InvitationExpired = "INVITATION_EXPIRED",
        /// To the graduate: the employer took the invitation back.
        InvitationCancelled = "INVITATION_CANCELLED",
        /// To the employer: the graduate accepted.
        InvitationAccepted = "INVITATION_ACCEPTED",
        /// To the employer: the graduate declined.
        InvitationDeclined = "INVITATION_DECLINED",
        /// To the employer: the graduate did not answer in time.
        InvitationUnanswered = "INVITATION_UNANSWERED",
        /// To both: the department approved, the school decides next.
        ReviewAdvanced = "REVIEW_ADVANCED",
        /// To both: signed.
        AgreementSigned = "AGREEMENT_SIGNED",
        /// To both: the review refused.
        SigningRejected = "SIGNING_REJECTED",
        /// To the graduate: the terms of an offline agreement are approved, its paper can be printed.
        TermsApproved = "TERMS_APPROVED",
        /// To the graduate: what he filled in is to be mended.
        AgreementReturned = "AGREEMENT_RETURNED",
        /// To the graduate: another stamped copy is wanted.
        StampedCopyReturned = "STAMPED_COPY_RETURNED",
        /// To the graduate: the agreement that he registered counts as signed.
        AgreementRegistered = "AGREEMENT_REGISTERED",
        /// To the graduate: the review refused what he registered, which is void.
        RegistrationRejected = "REGISTRATION_REJECTED",
        /// To the graduate: an offline agreement is signed.
        FiledAgreementSigned = "FILED_AGREEMENT_SIGNED",
        /// To the graduate: the review refused what he filed, which is void.
        FiledAgreementRejected = "FILED_AGREEMENT_REJECTED",
        /// To the employer's contact: the link by which he hands the stamped copy in.
        StampedCopyLink = "STAMPED_COPY_LINK",
        /// To the graduate: his employer has handed the stamped copy in.
        StampedCopyReceived = "STAMPED_COPY_RECEIVED",
        /// To both: one side asks to end the agreement.
        TerminationRequested = "TERMINATION_REQUESTED",
        /// To the other side: whoever asked took it back.
        TerminationWithdrawn = "TERMINATION_WITHDRAWN",
        /// To both: the other side agrees to end it, the school decides.
        TerminationAccepted = "TERMINATION_ACCEPTED",
        /// To both: the other side does not agree.
        TerminationRefused = "TERMINATION_REFUSED",
        /// To both: the department approved the termination, the school decides next.
        TerminationAdvanced = "TERMINATION_ADVANCED",
        /// To both: the agreement has ended.
        AgreementTerminated = "AGREEMENT_TERMINATED",
        /// To both: the review refused the termination.
        TerminationRejected = "TERMINATION_REJECTED",
        /// To the graduate: the department approved his destination, or its voiding; the school decides next.
        DestinationAdvanced = "DESTINATION_ADVANCED",
        /// To the graduate: his destination is registered.
        DestinationRegistered = "DESTINATION_REGISTERED",
        /// To the graduate: his destination is to be mended.
        DestinationReturned = "DESTINATION_RETURNED",
        /// To the graduate: the review refused his destination, which is void.
        DestinationRejected = "DESTINATION_REJECTED",
        /// To the graduate: a reviewer has changed what he filled in.
        DestinationChanged = "DESTINATION_CHANGED",
        /// To the graduate: his destination is void, as he wanted.
        DestinationVoided = "DESTINATION_VOIDED",
        /// To the graduate: his destination stands, although he wanted it void.
        VoidingRejected = "VOIDING_REJECTED",
        /// To whoever reads the address: the code with which a new password can be set.
        PasswordResetCode = "PASSWORD_RESET_CODE",
        /// To whoever reads the address: the code with which it becomes the account's own.
        ContactChangeCode = "CONTACT_CHANGE_CODE",
        /// To an account's former address: it is no longer the account's.
        ContactChanged = "CONTACT_CHANGED",
        /// To an account: its password was changed.
        PasswordChanged = "PASSWORD_CHANGED",
        /// To the address that an account keeps: its other one is new.
        OtherContactChanged = "OTHER_CONTACT_CHANGED",
        /// To whoever reads the address: the code with which an employer can be registered.
        RegistrationCode = "REGISTRATION_CODE",
        /// To the employer: it waits to be verified.
        EmployerRegistered = "EMPLOYER_REGISTERED",
        /// To the employer: an operator has verified it.
        EmployerVerified = "EMPLOYER_VERIFIED",
        /// To the employer: an operator has refused it, and why.
        EmployerRefused = "EMPLOYER_REFUSED",
        /// To a colleague: the link with which he joins an employer.
        MemberInvited = "MEMBER_INVITED",
        /// To the graduate: the school has corrected his basic information.
        DataCorrected = "DATA_CORRECTED",
        /// To a new reviewer: his account is open, and how he sets its password.
        ReviewerAdded = "REVIEWER_ADDED",
    }
}

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The graduate of the case.
    Graduate,
    /// Every member of the employer that is a party.
    Employer,
    /// The graduate, of his own step: a mail for his papers.
    GraduateReceipt,
    /// Every member of the employer, of its own step: a mail for its papers.
    EmployerReceipt,
}

impl Audience {
    /// The channels by which they are told (DOMAIN.md, Messages).
    pub const fn channels(self) -> &'static [Channel] {
        match self {
            Self::Graduate => &[Channel::InApp, Channel::Wechat, Channel::Email],
            Self::Employer => &[Channel::InApp, Channel::Email],
            Self::GraduateReceipt | Self::EmployerReceipt => &[Channel::Email],
        }
    }

    /// Whether it is the employer's members.
    pub const fn is_employer(self) -> bool {
        matches!(self, Self::Employer | Self::EmployerReceipt)
    }
}

/// What a step owes to whom.
pub type Owed = &'static [(Audience, MessageTemplate)];

/// What a step on an agreement owes to whom. Its end is told by the termination that brings it.
pub const fn owed(channel: AgreementChannel, action: AgreementAction, to: AgreementStatus) -> Owed {
    use Audience::{Employer, Graduate};
    use MessageTemplate as Text;
    match channel {
        AgreementChannel::Online => {}
        AgreementChannel::Offline => return offline_owed(action, to),
        AgreementChannel::Registered => return registered_owed(action, to),
    }
    match action {
        AgreementAction::Invite => &[(Graduate, Text::InvitationReceived)],
        AgreementAction::Remind => &[(Graduate, Text::InvitationExpiring)],
        AgreementAction::Cancel => &[(Graduate, Text::InvitationCancelled)],
        AgreementAction::Accept => &[(Employer, Text::InvitationAccepted)],
        AgreementAction::Decline => &[(Employer, Text::InvitationDeclined)],
        AgreementAction::Expire => &[
            (Graduate, Text::InvitationExpired),
            (Employer, Text::InvitationUnanswered),
        ],
        AgreementAction::Approve => match to {
            AgreementStatus::Signed => &[
                (Graduate, Text::AgreementSigned),
                (Employer, Text::AgreementSigned),
            ],
            _ => &[(Graduate, Text::ReviewAdvanced), (Employer, Text::ReviewAdvanced)],
        },
        AgreementAction::Reject => &[
            (Graduate, Text::SigningRejected),
            (Employer, Text::SigningRejected),
        ],
        _ => &[],
    }
}

/// What a step on an offline agreement owes the graduate: the reviewers' decisions. That his employer has handed the stamped copy in is
/// [`STAMPED_COPY_RECEIVED`].
const fn offline_owed(action: AgreementAction, to: AgreementStatus) -> Owed {
    use Audience::Graduate;
    use MessageTemplate as Text;
    match (action, to) {
        (AgreementAction::Approve, AgreementStatus::TermsApproved) => &[(Graduate, Text::TermsApproved)],
        (AgreementAction::Approve, AgreementStatus::Signed) => &[(Graduate, Text::FiledAgreementSigned)],
        (AgreementAction::Approve, _) => &[(Graduate, Text::ReviewAdvanced)],
        (AgreementAction::Return, AgreementStatus::StampedCopyReturned) => {
            &[(Graduate, Text::StampedCopyReturned)]
        }
        (AgreementAction::Return, _) => &[(Graduate, Text::AgreementReturned)],
        (AgreementAction::Reject, _) => &[(Graduate, Text::FiledAgreementRejected)],
        _ => &[],
    }
}

/// What a step on the registration of a signed agreement owes the graduate.
const fn registered_owed(action: AgreementAction, to: AgreementStatus) -> Owed {
    use Audience::Graduate;
    use MessageTemplate as Text;
    match (action, to) {
        (AgreementAction::Approve, AgreementStatus::Signed) => &[(Graduate, Text::AgreementRegistered)],
        (AgreementAction::Approve, _) => &[(Graduate, Text::ReviewAdvanced)],
        (AgreementAction::Return, _) => &[(Graduate, Text::AgreementReturned)],
        (AgreementAction::Reject, _) => &[(Graduate, Text::RegistrationRejected)],
        _ => &[],
    }
}

/// What the graduate hears when his employer has handed the stamped copy in.
pub const STAMPED_COPY_RECEIVED: Owed = &[(Audience::Graduate, MessageTemplate::StampedCopyReceived)];

/// What a step on a termination that this side has asked for owes to whom: the side that did not take it hears of it, and of what
/// changes something both have a mail (DOMAIN.md, Messages).
pub const fn termination_owed(action: TerminationAction, to: TerminationStatus, requested_by: Party) -> Owed {
    use Audience::{Employer, EmployerReceipt, Graduate, GraduateReceipt};
    use MessageTemplate as Text;
    match (action, requested_by) {
        (TerminationAction::Request, Party::Graduate) => &[
            (Employer, Text::TerminationRequested),
            (GraduateReceipt, Text::TerminationRequested),
        ],
        (TerminationAction::Request, Party::Employer) => &[
            (Graduate, Text::TerminationRequested),
            (EmployerReceipt, Text::TerminationRequested),
        ],
        (TerminationAction::Withdraw, Party::Graduate) => &[(Employer, Text::TerminationWithdrawn)],
        (TerminationAction::Withdraw, Party::Employer) => &[(Graduate, Text::TerminationWithdrawn)],
        (TerminationAction::Accept, Party::Graduate) => &[
            (Graduate, Text::TerminationAccepted),
            (EmployerReceipt, Text::TerminationAccepted),
        ],
        (TerminationAction::Accept, Party::Employer) => &[
            (Employer, Text::TerminationAccepted),
            (GraduateReceipt, Text::TerminationAccepted),
        ],
        (TerminationAction::Refuse, Party::Graduate) => &[
            (Graduate, Text::TerminationRefused),
            (EmployerReceipt, Text::TerminationRefused),
        ],
        (TerminationAction::Refuse, Party::Employer) => &[
            (Employer, Text::TerminationRefused),
            (GraduateReceipt, Text::TerminationRefused),
        ],
        (TerminationAction::Approve, _) => match to {
            TerminationStatus::Terminated => &[
                (Graduate, Text::AgreementTerminated),
                (Employer, Text::AgreementTerminated),
            ],
            _ => &[
                (Graduate, Text::TerminationAdvanced),
                (Employer, Text::TerminationAdvanced),
            ],
        },
        (TerminationAction::Reject, _) => &[
            (Graduate, Text::TerminationRejected),
            (Employer, Text::TerminationRejected),
        ],
        (TerminationAction::Return, _) => &[],
    }
}

/// What a step on a destination owes the graduate: the decisions and changes of others.
pub const fn destination_owed(
    action: DestinationAction,
    from: DestinationStatus,
    to: DestinationStatus,
) -> Owed {
    use Audience::Graduate;
    use DestinationStatus as Is;
    use MessageTemplate as Text;
    match (action, from, to) {
        (DestinationAction::Approve, _, Is::Registered) => &[(Graduate, Text::DestinationRegistered)],
        (DestinationAction::Approve, _, Is::Voided) => &[(Graduate, Text::DestinationVoided)],
        (DestinationAction::Approve, _, _) => &[(Graduate, Text::DestinationAdvanced)],
        (DestinationAction::Return, _, _) => &[(Graduate, Text::DestinationReturned)],
        (DestinationAction::Reject, Is::VoidingReview, _) => &[(Graduate, Text::VoidingRejected)],
        (DestinationAction::Reject, _, _) => &[(Graduate, Text::DestinationRejected)],
        (DestinationAction::Change, _, _) => &[(Graduate, Text::DestinationChanged)],
        // His own steps.
        (
            DestinationAction::SaveDraft
            | DestinationAction::Submit
            | DestinationAction::Withdraw
            | DestinationAction::Discard
            | DestinationAction::Void,
            _,
            _,
        ) => &[],
    }
}

/// What a step on an employer's registration owes to each of its members; one on its members owes nothing.
pub const fn registration_owed(action: EmployerAction) -> Option<MessageTemplate> {
    match action {
        EmployerAction::Register | EmployerAction::Resubmit => Some(MessageTemplate::EmployerRegistered),
        EmployerAction::Verify => Some(MessageTemplate::EmployerVerified),
        EmployerAction::Refuse => Some(MessageTemplate::EmployerRefused),
        EmployerAction::InviteMember
        | EmployerAction::WithdrawMemberInvitation
        | EmployerAction::JoinMember
        | EmployerAction::DisableMember
        | EmployerAction::EnableMember => None,
    }
}

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
    DestinationAdvanced => "destination_advanced",
    DestinationRegistered => "destination_registered",
    DestinationReturned => "destination_returned",
    DestinationRejected => "destination_rejected",
    DestinationChanged => "destination_changed",
    DestinationVoided => "destination_voided",
    VoidingRejected => "voiding_rejected",
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
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::passcode::Purpose;

    #[test]
    fn every_message_is_written_for_every_channel_that_may_owe_it() {
        let params = json!({
            "graduate": "林示例", "employer": "示例科技有限公司", "school": "示例大学", "position": "工程师",
            "deadline": "2027年3月5日 18:00", "reason": "示例原因", "agreement_number": "20279000131000001",
        });
        let steps = AgreementChannel::ALL
            .iter()
            .flat_map(|channel| AgreementAction::ALL.iter().map(move |action| (*channel, *action)));
        for (channel, action) in steps {
            for status in AgreementStatus::ALL {
                for (audience, template) in owed(channel, action, *status) {
                    for channel in audience.channels() {
                        let text = write(*template, *channel, &params, "https://wq.example").unwrap();
                        assert!(!text.body.contains("{{"), "{template} {channel}");
                        assert!(
                            !text.title.is_empty() && !text.title.contains('\n'),
                            "{template} {channel}"
                        );
                    }
                }
            }
        }
        let corrected = json!({ "graduate": "林示例", "school": "示例大学", "fields": "姓名、专业" });
        for channel in Audience::Graduate.channels() {
            let text = write(
                MessageTemplate::DataCorrected,
                *channel,
                &corrected,
                "https://wq.example",
            )
            .unwrap();
            assert!(text.body.contains("姓名、专业"), "{channel}");
        }
    }

    #[test]
    fn every_step_of_a_termination_is_written_for_whoever_hears_of_it() {
        let params = json!({
            "graduate": "林示例", "employer": "示例科技有限公司", "school": "示例大学", "requester": "毕业生林示例",
            "answerer": "示例科技有限公司", "agreement_number": "20279000131000001", "termination_reason": "家庭原因",
            "reason": "示例原因",
        });
        // Nothing that both sides have agreed online is returned.
        let actions = TerminationAction::ALL
            .iter()
            .filter(|action| **action != TerminationAction::Return);
        for action in actions {
            for status in TerminationStatus::ALL {
                for party in Party::ALL {
                    let owed = termination_owed(*action, *status, *party);
                    assert!(!owed.is_empty(), "{action} {party}");
                    for (audience, template) in owed {
                        for channel in audience.channels() {
                            let text = write(*template, *channel, &params, "https://wq.example").unwrap();
                            assert!(text.body.contains("20279000131000001"), "{template} {channel}");
                            assert!(!text.title.is_empty(), "{template} {channel}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn every_step_of_others_on_a_destination_is_written_for_its_graduate() {
        for voiding in [false, true] {
            let params = json!({
                "graduate": "林示例", "school": "示例大学", "type": "自主创业", "reason": "示例原因",
                "fields": "去向类型、备注", "voiding": voiding,
            });
            for action in DestinationAction::ALL {
                let by_himself = !matches!(
                    action,
                    DestinationAction::Approve
                        | DestinationAction::Return
                        | DestinationAction::Reject
                        | DestinationAction::Change
                );
                for (from, to) in DestinationStatus::ALL
                    .iter()
                    .flat_map(|from| DestinationStatus::ALL.iter().map(move |to| (*from, *to)))
                {
                    let owed = destination_owed(*action, from, to);
                    assert_eq!(owed.is_empty(), by_himself, "{action}");
                    for (audience, template) in owed {
                        for channel in audience.channels() {
                            let text = write(*template, *channel, &params, "https://wq.example").unwrap();
                            assert!(text.body.contains("自主创业"), "{template} {channel}");
                            assert!(!text.title.is_empty(), "{template} {channel}");
                            let gives_reason =
                                matches!(action, DestinationAction::Return | DestinationAction::Reject);
                            assert_eq!(
                                text.body.contains("示例原因"),
                                gives_reason || *action == DestinationAction::Change,
                                "{template} {channel}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn every_code_is_written_for_mail_and_sms() {
        let params = json!({ "code": "042042", "minutes": 10 });
        for purpose in Purpose::ALL {
            // A mail address is all that a registration proves.
            let channels = match purpose {
                Purpose::Registration => &[Channel::Email][..],
                _ => &[Channel::Email, Channel::Sms],
            };
            for channel in channels.iter().copied() {
                let text = write(purpose.template(), channel, &params, "https://wq.example").unwrap();
                assert!(
                    text.body.contains("042042") && text.body.contains("10"),
                    "{purpose} {channel}"
                );
                assert!(
                    !text.title.contains("042042"),
                    "a title shows on locked screens and in lists"
                );
            }
            assert!(write(purpose.template(), Channel::InApp, &params, "").is_err());
        }
    }

    #[test]
    fn every_step_of_a_registration_is_written_for_mail_and_inbox() {
        let params = json!({ "employer": "示例科技有限公司", "reason": "示例原因" });
        for action in EmployerAction::OF_REGISTRATION {
            let template = registration_owed(*action).unwrap();
            for channel in Audience::Employer.channels() {
                let text = write(template, *channel, &params, "https://wq.example").unwrap();
                assert!(text.body.contains("示例科技有限公司"), "{action} {channel}");
                assert_eq!(text.body.contains("示例原因"), *action == EmployerAction::Refuse);
            }
        }
    }

    #[test]
    fn every_notice_about_an_account_is_written_for_mail_and_sms() {
        let params = json!({ "moment": "2027年3月5日 18:00" });
        for template in [
            MessageTemplate::ContactChanged,
            MessageTemplate::OtherContactChanged,
            MessageTemplate::PasswordChanged,
        ] {
            for channel in [Channel::Email, Channel::Sms] {
                let text = write(template, channel, &params, "https://wq.example").unwrap();
                assert!(text.body.contains("2027年3月5日 18:00"), "{template} {channel}");
            }
        }
    }

    #[test]
    fn a_colleague_is_invited_by_mail_with_his_link() {
        let params =
            json!({ "name": "示例同事", "employer": "示例科技有限公司", "token": "abc123", "days": 7 });
        let text = write(
            MessageTemplate::MemberInvited,
            Channel::Email,
            &params,
            "https://wq.example",
        )
        .unwrap();
        assert!(
            text.body.contains("https://wq.example/join#abc123"),
            "{}",
            text.body
        );
    }

    #[test]
    fn a_new_reviewer_is_told_by_mail_and_sms_how_to_set_his_password() {
        for channel in [Channel::Email, Channel::Sms] {
            let params = json!({ "name": "示例老师", "school": "示例大学", "place": "全校" });
            let text = write(
                MessageTemplate::ReviewerAdded,
                channel,
                &params,
                "https://wq.example",
            )
            .unwrap();
            for told in ["示例大学", "https://wq.example", "验证码"] {
                assert!(text.body.contains(told), "{channel}: {}", text.body);
            }
        }
    }

    #[test]
    fn a_missing_parameter_is_an_error_and_user_text_is_not_a_template() {
        let error = write(
            MessageTemplate::SigningRejected,
            Channel::Email,
            &json!({}),
            "https://wq.example",
        )
        .unwrap_err();
        assert!(error.to_string().contains("SIGNING_REJECTED"), "{error}");
        let params = json!({ "graduate": "林", "employer": "甲", "school": "大学", "position": "乙", "deadline": "", "reason": "{{ 7 * 6 }} <b>&", "agreement_number": null });
        let text = write(
            MessageTemplate::SigningRejected,
            Channel::InApp,
            &params,
            "https://wq.example",
        )
        .unwrap();
        assert!(text.body.contains("{{ 7 * 6 }} <b>&"), "{}", text.body);
    }
}
