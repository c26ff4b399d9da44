//! Whom a step of online signing owes a message.

use wangqian_schema::{
    messages::{Audience, MessageTemplate, owed},
    model::message::Channel,
    workflow::agreement::{
        AgreementAction::{self, *},
        AgreementChannel,
        AgreementStatus::{self, *},
    },
};

#[test]
fn every_step_owes_the_messages_of_the_table() {
    use MessageTemplate as Text;

    const GRADUATE: Audience = Audience::Graduate;
    const EMPLOYER: Audience = Audience::Employer;
    // The rows of DOMAIN.md, Messages, that online signing has; a cancelled invitation is told to the graduate too.
    type Row = (AgreementAction, AgreementStatus, &'static [(Audience, Text)]);
    let expected: [Row; 10] = [
        (Invite, Invited, &[(GRADUATE, Text::InvitationReceived)]),
        (Remind, Invited, &[(GRADUATE, Text::InvitationExpiring)]),
        (Cancel, Cancelled, &[(GRADUATE, Text::InvitationCancelled)]),
        (Accept, SigningReview, &[(EMPLOYER, Text::InvitationAccepted)]),
        (Decline, Declined, &[(EMPLOYER, Text::InvitationDeclined)]),
        (
            Expire,
            Expired,
            &[
                (GRADUATE, Text::InvitationExpired),
                (EMPLOYER, Text::InvitationUnanswered),
            ],
        ),
        (
            Approve,
            SigningReview,
            &[(GRADUATE, Text::ReviewAdvanced), (EMPLOYER, Text::ReviewAdvanced)],
        ),
        (
            Approve,
            Signed,
            &[
                (GRADUATE, Text::AgreementSigned),
                (EMPLOYER, Text::AgreementSigned),
            ],
        ),
        (
            Reject,
            SigningRejected,
            &[
                (GRADUATE, Text::SigningRejected),
                (EMPLOYER, Text::SigningRejected),
            ],
        ),
        (StoreDocument, Signed, &[]),
    ];
    for (action, to, messages) in expected {
        assert_eq!(
            owed(AgreementChannel::Online, action, to),
            messages,
            "{action} {to}"
        );
    }
    assert_eq!(
        GRADUATE.channels(),
        [Channel::InApp, Channel::Wechat, Channel::Email]
    );
    assert_eq!(EMPLOYER.channels(), [Channel::InApp, Channel::Email]);
}
