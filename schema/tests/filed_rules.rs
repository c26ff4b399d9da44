//! The rules of agreements that graduates fill in themselves against the tables of W3 and W5 in DOMAIN.md, for every combination
//! of what they look at. The tables are stated here a second time, from the text.

use std::collections::BTreeSet;

use chrono::DateTime;
use wangqian_schema::{
    messages::{Audience, MessageTemplate as Text, owed},
    workflow::{
        ActorRole::{self, DepartmentReviewer, EmployerContact, Graduate, SchoolReviewer, Worker},
        Refusal, ReviewLevel, ReviewRoute, Workflow,
        agreement::{
            AgreementAction::{self, *},
            AgreementChannel::{self, Offline, Online, Registered},
            AgreementFacts,
            AgreementStatus::{self, *},
            DraftFacts, MAX_DRAFTS, available, decide, decide_draft,
        },
        transition::{EngagementEffect, Holder},
    },
};

/// A row of a table: what is done, by whom, from where, to where in the end.
type Row = (
    AgreementAction,
    &'static [ActorRole],
    AgreementStatus,
    AgreementStatus,
);

const REVIEWERS: &[ActorRole] = &[DepartmentReviewer, SchoolReviewer];
const SCHOOL: &[ActorRole] = &[SchoolReviewer];
const GRADUATE: &[ActorRole] = &[Graduate];
const HANDS_COPY_IN: &[ActorRole] = &[Graduate, EmployerContact];

/// W3.
const OFFLINE: &[Row] = &[
    (SaveDraft, GRADUATE, Draft, Draft),
    (SaveDraft, GRADUATE, TermsReturned, TermsReturned),
    (Discard, GRADUATE, Draft, Discarded),
    (Discard, GRADUATE, TermsReturned, Discarded),
    (Discard, GRADUATE, TermsApproved, Discarded),
    // "Freed by ... discard of a withdrawn, returned or approved-but-not-yet-stamped case".
    (Discard, GRADUATE, StampedCopyReturned, Discarded),
    (Submit, GRADUATE, Draft, TermsReview),
    (Submit, GRADUATE, TermsReturned, TermsReview),
    (Withdraw, GRADUATE, TermsReview, Draft),
    (Approve, REVIEWERS, TermsReview, TermsApproved),
    (Return, REVIEWERS, TermsReview, TermsReturned),
    (Reject, REVIEWERS, TermsReview, TermsRejected),
    (RequestStampedCopy, GRADUATE, TermsApproved, TermsApproved),
    (
        RequestStampedCopy,
        GRADUATE,
        StampedCopyReturned,
        StampedCopyReturned,
    ),
    (SubmitStampedCopy, HANDS_COPY_IN, TermsApproved, SigningReview),
    (
        SubmitStampedCopy,
        HANDS_COPY_IN,
        StampedCopyReturned,
        SigningReview,
    ),
    (Withdraw, GRADUATE, SigningReview, TermsApproved),
    (Approve, REVIEWERS, SigningReview, Signed),
    (Return, REVIEWERS, SigningReview, StampedCopyReturned),
    (Reject, REVIEWERS, SigningReview, SigningRejected),
    // The paper that is printed, also when the agreement is no longer where it was ordered.
    (StoreDocument, &[Worker], TermsApproved, TermsApproved),
    (StoreDocument, &[Worker], SigningReview, SigningReview),
    (StoreDocument, &[Worker], StampedCopyReturned, StampedCopyReturned),
    (StoreDocument, &[Worker], SigningRejected, SigningRejected),
    (StoreDocument, &[Worker], Discarded, Discarded),
    (StoreDocument, &[Worker], Signed, Signed),
    (StoreDocument, &[Worker], Terminated, Terminated),
    (RequestTermination, GRADUATE, Signed, Signed),
    (Terminate, REVIEWERS, Signed, Terminated),
    (Amend, SCHOOL, Signed, Signed),
];

/// W5.
const REGISTERED: &[Row] = &[
    (SaveDraft, GRADUATE, Draft, Draft),
    (SaveDraft, GRADUATE, RegistrationReturned, RegistrationReturned),
    (Discard, GRADUATE, Draft, Discarded),
    (Discard, GRADUATE, RegistrationReturned, Discarded),
    (Submit, GRADUATE, Draft, RegistrationReview),
    (Submit, GRADUATE, RegistrationReturned, RegistrationReview),
    (Withdraw, GRADUATE, RegistrationReview, Draft),
    (Approve, REVIEWERS, RegistrationReview, Signed),
    (Return, REVIEWERS, RegistrationReview, RegistrationReturned),
    (Reject, REVIEWERS, RegistrationReview, RegistrationRejected),
    (StoreDocument, &[Worker], Signed, Signed),
    (StoreDocument, &[Worker], Terminated, Terminated),
    (RequestTermination, GRADUATE, Signed, Signed),
    (Terminate, REVIEWERS, Signed, Terminated),
    (Amend, SCHOOL, Signed, Signed),
];

const OFFLINE_STATUSES: &[AgreementStatus] = &[
    Draft,
    TermsReview,
    TermsApproved,
    TermsReturned,
    TermsRejected,
    SigningReview,
    StampedCopyReturned,
    Signed,
    SigningRejected,
    Discarded,
    Terminated,
];
const REGISTERED_STATUSES: &[AgreementStatus] = &[
    Draft,
    RegistrationReview,
    RegistrationReturned,
    RegistrationRejected,
    Signed,
    Discarded,
    Terminated,
];

const UNDER_REVIEW: [AgreementStatus; 3] = [TermsReview, SigningReview, RegistrationReview];

fn level(role: ActorRole) -> Option<ReviewLevel> {
    match role {
        DepartmentReviewer => Some(ReviewLevel::Department),
        SchoolReviewer => Some(ReviewLevel::School),
        _ => None,
    }
}

fn first(route: ReviewRoute) -> ReviewLevel {
    match route {
        ReviewRoute::SchoolOnly => ReviewLevel::School,
        ReviewRoute::DepartmentOnly | ReviewRoute::DepartmentThenSchool => ReviewLevel::Department,
    }
}

type Made = (AgreementStatus, Option<ReviewLevel>, EngagementEffect, bool);

/// What the tables and the sentences of DOMAIN.md say of one step.
fn expected(
    rows: &[Row],
    facts: &AgreementFacts,
    action: AgreementAction,
    role: ActorRole,
) -> Result<Made, Refusal> {
    use EngagementEffect::{Free, Keep, Take};
    let roles: &[ActorRole] = match action {
        Invite | Cancel => &[ActorRole::Employer],
        Accept | Decline | SaveDraft | Submit | Withdraw | Discard | RequestStampedCopy => GRADUATE,
        Expire | Remind | StoreDocument => &[Worker],
        Approve | Return | Reject | Terminate => REVIEWERS,
        SubmitStampedCopy => HANDS_COPY_IN,
        RequestTermination => GRADUATE,
        Amend => SCHOOL,
    };
    if !roles.contains(&role) {
        return Err(Refusal::NotYourRole);
    }
    let row = rows.iter().find(|row| (row.0, row.2) == (action, facts.status));
    let Some((.., to)) = row.filter(|_| action != Terminate || facts.termination_approved) else {
        return Err(Refusal::NotInThisStatus);
    };
    // "He must check and confirm his basic information before any step that changes something."
    if role == Graduate && !facts.graduate_confirmed {
        return Err(Refusal::DataNotConfirmed);
    }
    // "At most one open termination per agreement."
    if action == RequestTermination && facts.termination_open {
        return Err(Refusal::TerminationOpen);
    }
    if action == Submit && facts.holder == Holder::Other {
        return Err(Refusal::AlreadyEngaged);
    }
    // "Withdraw, before any reviewer has decided."
    if action == Withdraw && facts.awaiting_review != Some(first(facts.route)) {
        return Err(Refusal::ReviewBegun);
    }
    if matches!(action, Approve | Return | Reject) {
        if level(role) != facts.awaiting_review {
            return Err(Refusal::OtherReviewLevel);
        }
        if facts.own_submission {
            return Err(Refusal::OwnSubmission);
        }
    }
    if action == Approve && !facts.graduate_confirmed {
        return Err(Refusal::ConfirmationPending);
    }
    // "Without it he may only file the destination type ...; no other workflow is offered."
    if matches!(action, SaveDraft | Submit | Approve) && !facts.online_signing_allowed {
        return Err(Refusal::OnlineSigningNotAllowed);
    }
    // "RETURN and REJECT need a reason", and so does an amendment.
    if matches!(action, Return | Reject | Amend) && !facts.reason_given {
        return Err(Refusal::ReasonRequired);
    }
    let freed = if facts.holder == Holder::This { Free } else { Keep };
    Ok(match action {
        Submit => {
            let taken = if facts.holder == Holder::This { Keep } else { Take };
            (*to, Some(first(facts.route)), taken, false)
        }
        SubmitStampedCopy => (*to, Some(first(facts.route)), Keep, false),
        Discard | Reject | Terminate => (*to, None, freed, false),
        Approve if facts.route == ReviewRoute::DepartmentThenSchool && role == DepartmentReviewer => {
            (facts.status, Some(ReviewLevel::School), Keep, false)
        }
        Approve => (*to, None, Keep, true),
        StoreDocument => (*to, facts.awaiting_review, Keep, false),
        _ => (*to, None, Keep, false),
    })
}

fn every_facts(
    channel: AgreementChannel,
    statuses: &[AgreementStatus],
    mut visit: impl FnMut(&AgreementFacts),
) {
    for status in statuses {
        let levels: Vec<_> = match UNDER_REVIEW.contains(status) {
            true => ReviewLevel::ALL.iter().copied().map(Some).collect(),
            false => vec![None],
        };
        let combinations = levels.into_iter().flat_map(|level| {
            ReviewRoute::ALL
                .iter()
                .flat_map(move |route| (0..64u8).map(move |bits| (level, *route, bits)))
        });
        for (awaiting_review, route, bits) in combinations {
            for holder in [Holder::None, Holder::This, Holder::Other] {
                let bit = |at: u16| bits & (1 << at) != 0;
                visit(&AgreementFacts {
                    channel,
                    status: *status,
                    response_deadline: None,
                    route,
                    awaiting_review,
                    reminded: false,
                    holder,
                    graduate_confirmed: bit(0),
                    online_signing_allowed: bit(1),
                    employer_verified: true,
                    termination_open: bit(2),
                    termination_approved: bit(3),
                    own_submission: bit(4),
                    reason_given: bit(5),
                });
            }
        }
    }
}

fn check(channel: AgreementChannel, rows: &[Row], statuses: &[AgreementStatus]) {
    let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let mut taken = BTreeSet::new();
    every_facts(channel, statuses, |facts| {
        for role in ActorRole::ALL {
            for action in AgreementAction::ALL {
                let decided = decide(facts, *action, *role, now);
                let decided = decided.map(|to| (to.to, to.awaiting_review, to.engagement, to.completes));
                let wanted = expected(rows, facts, *action, *role);
                assert_eq!(decided, wanted, "{facts:?} {action} {role}");
                if wanted.is_ok() {
                    taken.insert((*action, *role, facts.status));
                }
            }
            let offered = available(facts, *role, now);
            let with_reason = AgreementFacts {
                reason_given: true,
                ..facts.clone()
            };
            for action in AgreementAction::ALL {
                let wanted = expected(rows, &with_reason, *action, *role).is_ok();
                assert_eq!(offered.contains(action), wanted, "{facts:?} {action} {role}");
            }
        }
    });
    let all = rows
        .iter()
        .flat_map(|(action, roles, from, _)| roles.iter().map(|role| (*action, *role, *from)));
    assert_eq!(taken, all.collect(), "nothing stands in every way of a row");
}

#[test]
fn offline_signing_is_decided_as_the_table_says() {
    check(Offline, OFFLINE, OFFLINE_STATUSES);
}

#[test]
fn registrations_of_signed_agreements_are_decided_as_the_table_says() {
    check(Registered, REGISTERED, REGISTERED_STATUSES);
}

/// "A draft holds nothing; a graduate may keep several drafts"; §9.1 note.
#[test]
fn who_may_begin_a_draft() {
    for channel in AgreementChannel::ALL {
        for bits in 0..8 {
            let facts = DraftFacts {
                channel: *channel,
                graduate_confirmed: bits & 1 != 0,
                online_signing_allowed: bits & 2 != 0,
                drafts: if bits & 4 != 0 { MAX_DRAFTS } else { MAX_DRAFTS - 1 },
            };
            let expected = match (*channel, bits & 1 != 0, bits & 2 != 0, bits & 4 != 0) {
                // An employer begins those.
                (Online, ..) => Err(Refusal::NotYourRole),
                (_, false, ..) => Err(Refusal::DataNotConfirmed),
                (_, _, false, _) => Err(Refusal::OnlineSigningNotAllowed),
                (.., true) => Err(Refusal::TooManyDrafts),
                _ => Ok(()),
            };
            assert_eq!(decide_draft(facts), expected, "{facts:?}");
        }
    }
}

/// "Review decided (approve, return, reject; each stage): graduate", and nobody else: no employer is a party on the platform.
#[test]
fn every_decision_is_told_to_the_graduate() {
    for channel in [Offline, Registered] {
        for action in AgreementAction::ALL {
            for to in AgreementStatus::ALL {
                let told = owed(channel, *action, *to);
                let offline = channel == Offline;
                let expected = match (action, to) {
                    (Approve, Signed) if !offline => Some(Text::AgreementRegistered),
                    (Reject, _) if !offline => Some(Text::RegistrationRejected),
                    (Approve, TermsApproved) if !offline => Some(Text::ReviewAdvanced),
                    (Return, _) if !offline => Some(Text::AgreementReturned),
                    (Approve, TermsApproved) => Some(Text::TermsApproved),
                    (Approve, Signed) => Some(Text::FiledAgreementSigned),
                    (Approve, _) => Some(Text::ReviewAdvanced),
                    (Return, StampedCopyReturned) => Some(Text::StampedCopyReturned),
                    (Return, _) => Some(Text::AgreementReturned),
                    (Reject, _) => Some(Text::FiledAgreementRejected),
                    _ => None,
                };
                let expected = expected.map(|text| (Audience::Graduate, text));
                // "WeChat *and* SMS to the graduate."
                let amended = (Audience::GraduateOfAmendment, Text::AgreementAmended);
                let expected: Vec<_> = expected
                    .or((*action == Amend).then_some(amended))
                    .into_iter()
                    .collect();
                assert_eq!(told, expected, "{channel} {action} {to}");
            }
        }
    }
}

#[test]
fn each_channel_has_the_route_of_its_workflow() {
    let workflows = [
        (Online, Workflow::OnlineSigning),
        (Offline, Workflow::OfflineSigning),
        (Registered, Workflow::AgreementRegistration),
    ];
    for (channel, workflow) in workflows {
        assert_eq!(channel.workflow(), workflow);
    }
}
