//! Whom a step owes which message, and by which channels (DOMAIN.md, Messages).

use super::MessageTemplate;
use crate::{
    model::message::Channel,
    workflow::{
        agreement::{AgreementAction, AgreementChannel, AgreementStatus},
        destination::{DestinationAction, DestinationStatus},
        employer_registration::EmployerAction,
        leaving::LeavingAction,
        termination::{Party, TerminationAction, TerminationStatus},
    },
};

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
    /// The graduate, of what somebody else has changed in what he signed or registered, or is registering: by SMS too (§10).
    GraduateOfAmendment,
    /// A reviewer, of no step: what waits for him.
    Reviewer,
}

impl Audience {
    /// The channels by which they are told (DOMAIN.md, Messages).
    pub const fn channels(self) -> &'static [Channel] {
        match self {
            Self::Graduate => &[Channel::InApp, Channel::Wechat, Channel::Email],
            Self::GraduateOfAmendment => &[Channel::InApp, Channel::Wechat, Channel::Sms, Channel::Email],
            Self::Employer | Self::Reviewer => &[Channel::InApp, Channel::Email],
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
        _ if matches!(action, AgreementAction::Amend) => {
            return &[(Audience::GraduateOfAmendment, Text::AgreementAmended)];
        }
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
        AgreementAction::Amend => &[
            (Audience::GraduateOfAmendment, Text::AgreementAmended),
            (Employer, Text::AgreementAmended),
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
        (TerminationAction::Return, _) => &[(Graduate, Text::TerminationReturned)],
        // His own steps on an application that nobody else is a party to.
        (TerminationAction::Submit | TerminationAction::Discard, _) => &[],
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
        (DestinationAction::Change, _, _) => &[(Audience::GraduateOfAmendment, Text::DestinationChanged)],
        (DestinationAction::Amend, _, _) => &[(Audience::GraduateOfAmendment, Text::DestinationAmended)],
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

/// What a step of leaving school owes the graduate: what others do.
pub const fn leaving_owed(action: LeavingAction) -> Owed {
    use Audience::Graduate;
    use MessageTemplate as Text;
    match action {
        LeavingAction::Answer => &[(Graduate, Text::LeavingAnswered)],
        LeavingAction::Reopen => &[(Graduate, Text::LeavingReopened)],
        LeavingAction::StoreSheet => &[(Graduate, Text::DestinationSheetReady)],
        LeavingAction::SaveDraft
        | LeavingAction::Confirm
        | LeavingAction::Dispute
        | LeavingAction::Authorise
        | LeavingAction::WithdrawAuthorisation => &[],
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
