//! Kinds of messages that people may not want by mail or WeChat: which message is of which kind, and to whom a choice is offered. The inbox
//! always has everything that others do; codes, security notices, links that somebody waits for and every SMS are sent whatever is chosen.

use super::MessageTemplate;
use crate::{
    model::{Viewer, message::Channel},
    text_enum::text_enum,
};

text_enum! {
    /// A kind of messages.
    pub enum MessageGroup {
        /// 签约邀请: invitations, how they are answered, and how they end.
        Invitations = "INVITATIONS",
        /// 审核: how agreements, registrations and destinations, and what is disputed before leaving school, fare with the reviewers.
        Reviews = "REVIEWS",
        /// 解约: terminations with their answers and reviews.
        Terminations = "TERMINATIONS",
        /// 信息更正: what the school has changed in somebody's basic information.
        DataCorrections = "DATA_CORRECTIONS",
        /// 签约及去向信息修改: what the school has changed in what is signed or registered, or is being reviewed (§10).
        Amendments = "AMENDMENTS",
        /// 单位注册: how an employer's registration fares.
        EmployerRegistration = "EMPLOYER_REGISTRATION",
        /// 待审核提醒: a reviewer's daily digest.
        DailyDigest = "DAILY_DIGEST",
    }
}

impl MessageTemplate {
    /// Of which kind it is; `None` for what nobody switches off.
    pub const fn group(self) -> Option<MessageGroup> {
        Some(match self {
            Self::InvitationReceived
            | Self::InvitationExpiring
            | Self::InvitationExpired
            | Self::InvitationCancelled
            | Self::InvitationAccepted
            | Self::InvitationDeclined
            | Self::InvitationUnanswered => MessageGroup::Invitations,
            Self::ReviewAdvanced
            | Self::AgreementSigned
            | Self::SigningRejected
            | Self::TermsApproved
            | Self::AgreementReturned
            | Self::StampedCopyReturned
            | Self::StampedCopyReceived
            | Self::AgreementRegistered
            | Self::RegistrationRejected
            | Self::FiledAgreementSigned
            | Self::FiledAgreementRejected
            | Self::DestinationAdvanced
            | Self::DestinationRegistered
            | Self::DestinationReturned
            | Self::DestinationRejected
            | Self::DestinationVoided
            | Self::VoidingRejected
            | Self::LeavingOpened
            | Self::LeavingAnswered
            | Self::LeavingReopened
            | Self::DestinationSheetReady => MessageGroup::Reviews,
            Self::TerminationRequested
            | Self::TerminationWithdrawn
            | Self::TerminationAccepted
            | Self::TerminationRefused
            | Self::TerminationAdvanced
            | Self::AgreementTerminated
            | Self::TerminationRejected
            | Self::TerminationReturned => MessageGroup::Terminations,
            Self::DataCorrected => MessageGroup::DataCorrections,
            Self::AgreementAmended | Self::DestinationAmended | Self::DestinationChanged => {
                MessageGroup::Amendments
            }
            Self::EmployerRegistered | Self::EmployerVerified | Self::EmployerRefused => {
                MessageGroup::EmployerRegistration
            }
            Self::ReviewDigest => MessageGroup::DailyDigest,
            Self::StampedCopyLink
            | Self::PasswordResetCode
            | Self::ContactChangeCode
            | Self::ContactChanged
            | Self::PasswordChanged
            | Self::OtherContactChanged
            | Self::RegistrationCode
            | Self::MemberInvited
            | Self::ReviewerAdded => return None,
        })
    }
}

/// The kinds about which somebody may choose, each with the channels by which he may not want it. That something was changed in what is signed
/// or registered reaches a graduate by WeChat and SMS in any case (§10).
pub const fn offered(viewer: &Viewer) -> &'static [(MessageGroup, &'static [Channel])] {
    const MAIL: &[Channel] = &[Channel::Email];
    const MAIL_AND_WECHAT: &[Channel] = &[Channel::Email, Channel::Wechat];
    match viewer {
        Viewer::Graduate { .. } => &[
            (MessageGroup::Invitations, MAIL_AND_WECHAT),
            (MessageGroup::Reviews, MAIL_AND_WECHAT),
            (MessageGroup::Terminations, MAIL_AND_WECHAT),
            (MessageGroup::DataCorrections, MAIL_AND_WECHAT),
            (MessageGroup::Amendments, MAIL),
        ],
        Viewer::EmployerMember { .. } => &[
            (MessageGroup::Invitations, MAIL),
            (MessageGroup::Reviews, MAIL),
            (MessageGroup::Terminations, MAIL),
            (MessageGroup::Amendments, MAIL),
            (MessageGroup::EmployerRegistration, MAIL),
        ],
        Viewer::Reviewer { .. } => &[(MessageGroup::DailyDigest, MAIL)],
        Viewer::Operator { .. } => &[],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use uuid::Uuid;

    use super::*;
    use crate::{
        messages::{
            Audience, Owed, STAMPED_COPY_RECEIVED, destination_owed, leaving_owed, owed, registration_owed,
            termination_owed,
        },
        workflow::{
            agreement::{AgreementAction, AgreementChannel, AgreementStatus},
            destination::{DestinationAction, DestinationStatus},
            employer_registration::EmployerAction,
            leaving::LeavingAction,
            termination::{Party, TerminationAction, TerminationStatus},
        },
    };

    const NOBODY: Uuid = Uuid::nil();
    const GRADUATE: Viewer = Viewer::Graduate {
        account_id: NOBODY,
        graduate_id: NOBODY,
        school_id: NOBODY,
        department_id: NOBODY,
    };
    const MEMBER: Viewer = Viewer::EmployerMember {
        account_id: NOBODY,
        employer_id: NOBODY,
    };
    const REVIEWER: Viewer = Viewer::Reviewer {
        account_id: NOBODY,
        school_id: NOBODY,
        department_id: None,
    };

    const fn told(audience: Audience) -> Viewer {
        match audience {
            Audience::Graduate | Audience::GraduateReceipt | Audience::GraduateOfAmendment => GRADUATE,
            Audience::Employer | Audience::EmployerReceipt => MEMBER,
            Audience::Reviewer => REVIEWER,
        }
    }

    /// Whatever a step owes.
    fn all_owed() -> Vec<(Audience, MessageTemplate)> {
        let mut all: Vec<(Audience, MessageTemplate)> = Vec::new();
        let mut add = |owed: Owed| all.extend(owed);
        add(STAMPED_COPY_RECEIVED);
        for action in AgreementAction::ALL {
            for status in AgreementStatus::ALL {
                for channel in AgreementChannel::ALL {
                    add(owed(*channel, *action, *status));
                }
            }
        }
        for action in TerminationAction::ALL {
            for status in TerminationStatus::ALL {
                for party in Party::ALL {
                    add(termination_owed(*action, *status, *party));
                }
            }
        }
        for action in DestinationAction::ALL {
            for from in DestinationStatus::ALL {
                for to in DestinationStatus::ALL {
                    add(destination_owed(*action, *from, *to));
                }
            }
        }
        for action in LeavingAction::ALL {
            add(leaving_owed(*action));
        }
        let of_registration = EmployerAction::ALL
            .iter()
            .filter_map(|action| registration_owed(*action));
        all.extend(of_registration.map(|template| (Audience::Employer, template)));
        all.push((Audience::Graduate, MessageTemplate::DataCorrected));
        all.push((Audience::Reviewer, MessageTemplate::ReviewDigest));
        all.push((Audience::Graduate, MessageTemplate::LeavingOpened));
        all
    }

    #[test]
    fn whoever_is_told_may_choose_and_nobody_is_offered_what_he_never_gets() {
        let mut used = HashSet::new();
        for (audience, template) in all_owed() {
            let group = template
                .group()
                .expect("what steps owe to people with an inbox may be switched off");
            let choices = offered(&told(audience));
            let (_, channels) = choices
                .iter()
                .find(|(of, _)| *of == group)
                .unwrap_or_else(|| panic!("{template} to {audience:?}"));
            for channel in audience.channels() {
                let always = match channel {
                    Channel::InApp | Channel::Sms => true,
                    Channel::Wechat => group == MessageGroup::Amendments,
                    Channel::Email => false,
                };
                assert_eq!(channels.contains(channel), !always, "{template} by {channel}");
                used.insert((std::mem::discriminant(&told(audience)), group, *channel));
            }
        }
        for viewer in [GRADUATE, MEMBER, REVIEWER] {
            for (group, channels) in offered(&viewer) {
                for channel in *channels {
                    assert!(
                        used.contains(&(std::mem::discriminant(&viewer), *group, *channel)),
                        "{group} by {channel}"
                    );
                }
            }
        }
        assert_eq!(offered(&Viewer::Operator { account_id: NOBODY }), []);
    }

    #[test]
    fn codes_links_and_security_notices_are_of_no_kind_and_nothing_else() {
        let always: Vec<_> = MessageTemplate::ALL
            .iter()
            .copied()
            .filter(|template| template.group().is_none())
            .collect();
        assert_eq!(
            always,
            [
                MessageTemplate::StampedCopyLink,
                MessageTemplate::PasswordResetCode,
                MessageTemplate::ContactChangeCode,
                MessageTemplate::ContactChanged,
                MessageTemplate::PasswordChanged,
                MessageTemplate::OtherContactChanged,
                MessageTemplate::RegistrationCode,
                MessageTemplate::MemberInvited,
                MessageTemplate::ReviewerAdded,
            ]
        );
    }
}
