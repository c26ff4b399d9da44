//! The rules of online signing against the table of W1 in DOMAIN.md, for every combination of what they look at; then
//! those of basic information and of registrations. Roles are those of a case's own people; `people.rs` tries the others.
//!
//! The expectations are stated here a second time, from the text of DOMAIN.md: a table of steps, and one sentence for
//! each thing that can stand in the way.

mod owing;
mod parties;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use wangqian_schema::workflow::{
    ActorRole::{
        self, DepartmentReviewer, Employer, EmployerContact, Graduate, Operator, SchoolReviewer, Worker,
    },
    Refusal, ReviewLevel, ReviewRoute,
    agreement::{
        AgreementAction::{self, *},
        AgreementChannel, AgreementFacts,
        AgreementStatus::{self, *},
        InviteFacts, available, decide, decide_invite,
    },
    transition::{EngagementEffect, Holder},
};

/// The table of W1: which role takes a step, and from which status. The first step, `Invite`, starts from nothing; the
/// document of a signed agreement is stored by the worker (§4.3).
const STEPS: [(AgreementAction, &[ActorRole], &[AgreementStatus]); 19] = [
    (Invite, &[Employer], &[]),
    (Cancel, &[Employer], &[Invited]),
    (Accept, &[Graduate], &[Invited]),
    (Decline, &[Graduate], &[Invited]),
    (Expire, &[Worker], &[Invited]),
    (Remind, &[Worker], &[Invited]),
    (Approve, &[DepartmentReviewer, SchoolReviewer], &[SigningReview]),
    (Reject, &[DepartmentReviewer, SchoolReviewer], &[SigningReview]),
    // The paper of what has ended meanwhile is made all the same.
    (StoreDocument, &[Worker], &[Signed, Terminated]),
    // W2: either side asks, and the last reviewer's approval ends the agreement.
    (RequestTermination, &[Graduate, Employer], &[Signed]),
    (Terminate, &[DepartmentReviewer, SchoolReviewer], &[Signed]),
    // "A school may amend the terms of a signed agreement."
    (Amend, &[SchoolReviewer], &[Signed]),
    // "RETURN does not exist here", nor does what belongs to the other channels.
    (SaveDraft, &[Graduate], &[]),
    (Submit, &[Graduate], &[]),
    (Withdraw, &[Graduate], &[]),
    (Discard, &[Graduate], &[]),
    (Return, &[DepartmentReviewer, SchoolReviewer], &[]),
    (RequestStampedCopy, &[Graduate], &[]),
    (SubmitStampedCopy, &[Graduate, EmployerContact], &[]),
];

/// The statuses of an agreement that is signed online.
const STATUSES: [AgreementStatus; 8] = [
    Invited,
    Cancelled,
    Declined,
    Expired,
    SigningReview,
    Signed,
    SigningRejected,
    Terminated,
];

#[derive(Debug)]
struct Case {
    facts: AgreementFacts,
    action: AgreementAction,
    role: ActorRole,
    now: DateTime<Utc>,
}

impl Case {
    fn is(&self, actions: &[AgreementAction]) -> bool {
        actions.contains(&self.action)
    }

    fn step(&self) -> (&'static [ActorRole], &'static [AgreementStatus]) {
        let step = STEPS.iter().find(|step| step.0 == self.action).unwrap();
        (step.1, step.2)
    }

    fn level(&self) -> Option<ReviewLevel> {
        match self.role {
            DepartmentReviewer => Some(ReviewLevel::Department),
            SchoolReviewer => Some(ReviewLevel::School),
            Graduate | Employer | EmployerContact | Operator | Worker => None,
        }
    }
}

type Obstacle = (Refusal, fn(&Case) -> bool);

/// What can stand in the way, the one named first that a person is told first.
const OBSTACLES: [Obstacle; 17] = [
    // The column "who".
    (Refusal::NotYourRole, |case| !case.step().0.contains(&case.role)),
    // "Refused from the deadline on, whether or not the expiry job has run": here it has.
    (Refusal::DeadlinePassed, |case| {
        case.is(&[Accept, Decline, Cancel]) && case.facts.status == Expired
    }),
    // The column "from".
    (Refusal::NotInThisStatus, |case| {
        !case.step().1.contains(&case.facts.status)
    }),
    // "TERMINATED; the agreement becomes TERMINATED": by the approval of its termination and by nothing else.
    (Refusal::NotInThisStatus, |case| {
        case.is(&[Terminate]) && !case.facts.termination_approved
    }),
    // A case is reminded of once.
    (Refusal::NotInThisStatus, |case| {
        case.is(&[Remind]) && case.facts.reminded
    }),
    // "An employer ... may act only once the operator has verified it."
    (Refusal::EmployerNotVerified, |case| {
        case.role == Employer && !case.facts.employer_verified
    }),
    // "He must check and confirm his basic information before any step that changes something."
    (Refusal::DataNotConfirmed, |case| {
        case.role == Graduate && !case.facts.graduate_confirmed
    }),
    // "Refused from the deadline on, whether or not the expiry job has run."
    (Refusal::DeadlinePassed, |case| {
        case.is(&[Accept, Decline, Cancel, Remind]) && case.now >= deadline()
    }),
    // "While held, other invitations ... can be neither accepted nor declined."
    (Refusal::AlreadyEngaged, |case| {
        case.is(&[Accept, Decline]) && case.facts.holder == Holder::Other
    }),
    // "At most one open termination per agreement."
    (Refusal::TerminationOpen, |case| {
        case.is(&[RequestTermination]) && case.facts.termination_open
    }),
    // "At the deadline", and "reminder 24 h before".
    (Refusal::TooEarly, |case| {
        let lead = if case.is(&[Remind]) { 24 } else { 0 };
        let moment = deadline() - TimeDelta::hours(lead);
        case.is(&[Expire, Remind]) && case.now < moment
    }),
    // "In the two-level route a case stays under review until the school approves."
    (Refusal::OtherReviewLevel, |case| {
        case.is(&[Approve, Reject]) && case.level() != case.facts.awaiting_review
    }),
    // "Nobody reviews a case that he submitted himself."
    (Refusal::OwnSubmission, |case| {
        case.is(&[Approve, Reject]) && case.facts.own_submission
    }),
    // "A correction by the school asks for confirmation again", and what is approved is printed.
    (Refusal::ConfirmationPending, |case| {
        case.is(&[Approve]) && !case.facts.graduate_confirmed
    }),
    // "Without it he may only file the destination type ...; no other workflow is offered."
    (Refusal::OnlineSigningNotAllowed, |case| {
        case.is(&[Accept, Approve]) && !case.facts.online_signing_allowed
    }),
    // Nobody signs with an employer whose verification was taken back meanwhile.
    (Refusal::EmployerNotVerified, |case| {
        case.is(&[Accept, Approve]) && !case.facts.employer_verified
    }),
    // "RETURN and REJECT need a reason", and so does an amendment.
    (Refusal::ReasonRequired, |case| {
        case.is(&[Reject, Amend]) && !case.facts.reason_given
    }),
];

/// The column "to" with the column "also": status, next level, engagement, whether it signs.
fn outcome(case: &Case) -> (AgreementStatus, Option<ReviewLevel>, EngagementEffect, bool) {
    use EngagementEffect::{Free, Keep, Take};
    let facts = &case.facts;
    let freed = if facts.holder == Holder::This { Free } else { Keep };
    match case.action {
        Invite | SaveDraft | Submit | Withdraw | Discard | Return | RequestStampedCopy
        | SubmitStampedCopy => {
            unreachable!("stands in no row")
        }
        Cancel => (Cancelled, None, Keep, false),
        Decline => (Declined, None, Keep, false),
        Expire => (Expired, None, Keep, false),
        Reject => (SigningRejected, None, freed, false),
        Remind | StoreDocument | RequestTermination | Amend => {
            (facts.status, facts.awaiting_review, Keep, false)
        }
        // "The graduate is free."
        Terminate => (Terminated, None, freed, false),
        Accept => {
            let first = match facts.route {
                ReviewRoute::SchoolOnly => ReviewLevel::School,
                ReviewRoute::DepartmentOnly | ReviewRoute::DepartmentThenSchool => ReviewLevel::Department,
            };
            // An invitation holds nobody yet.
            let taken = if facts.holder == Holder::None { Take } else { Keep };
            (SigningReview, Some(first), taken, false)
        }
        Approve if facts.route == ReviewRoute::DepartmentThenSchool && case.role == DepartmentReviewer => {
            (SigningReview, Some(ReviewLevel::School), Keep, false)
        }
        Approve => (Signed, None, Keep, true),
    }
}

/// Every status with the review levels that can go with it.
fn standings() -> Vec<(AgreementStatus, Option<ReviewLevel>)> {
    let mut standings = Vec::new();
    for status in STATUSES {
        if status == SigningReview {
            standings.extend(ReviewLevel::ALL.iter().map(|level| (status, Some(*level))));
        } else {
            standings.push((status, None));
        }
    }
    standings
}

fn every_facts(mut visit: impl FnMut(&AgreementFacts)) {
    for (status, awaiting_review) in standings() {
        for route in ReviewRoute::ALL {
            for bits in 0..512u16 {
                let bit = |at: u16| bits & (1 << at) != 0;
                visit(&AgreementFacts {
                    channel: AgreementChannel::Online,
                    status,
                    response_deadline: Some(deadline()),
                    route: *route,
                    awaiting_review,
                    reminded: bit(0),
                    // One that is under review or signed has its graduate; an invitation may find him with another.
                    holder: match (status, bit(1)) {
                        (SigningReview | Signed, true) => Holder::This,
                        (_, true) => Holder::Other,
                        (_, false) => Holder::None,
                    },
                    graduate_confirmed: bit(2),
                    online_signing_allowed: bit(3),
                    employer_verified: bit(4),
                    own_submission: bit(5),
                    reason_given: bit(6),
                    termination_open: bit(7),
                    termination_approved: bit(8),
                });
            }
        }
    }
}

fn deadline() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// The moments around which something changes, to the microsecond.
fn moments() -> [DateTime<Utc>; 4] {
    let (tick, lead) = (TimeDelta::microseconds(1), TimeDelta::hours(24));
    [
        deadline() - lead - tick,
        deadline() - lead,
        deadline() - tick,
        deadline(),
    ]
}

#[test]
fn every_step_is_decided_as_the_table_says() {
    let mut decisions = 0;
    let mut taken = BTreeSet::new();
    every_facts(|facts| {
        for now in moments() {
            for role in ActorRole::ALL {
                for action in AgreementAction::ALL {
                    let case = Case {
                        facts: facts.clone(),
                        action: *action,
                        role: *role,
                        now,
                    };
                    let obstacle = OBSTACLES.iter().find(|(_, stands)| stands(&case));
                    let decided = decide(&case.facts, case.action, case.role, case.now);
                    match (obstacle, decided) {
                        (Some((expected, _)), Err(refusal)) => {
                            assert_eq!(refusal, *expected, "{case:?}");
                        }
                        (None, Ok(made)) => {
                            let made = (made.to, made.awaiting_review, made.engagement, made.completes);
                            assert_eq!(made, outcome(&case), "{case:?}");
                            taken.insert((*action, *role));
                        }
                        (expected, decided) => panic!("{case:?}: {decided:?}, not {expected:?}"),
                    }
                    decisions += 1;
                }
            }
        }
    });
    // 9 standings × 3 routes × 512 × 4 moments × 7 roles × 19 actions.
    assert_eq!(decisions, 7_354_368);
    let rows = STEPS.iter().filter(|(.., from)| !from.is_empty());
    let rows = rows.flat_map(|(action, roles, _)| roles.iter().map(|role| (*action, *role)));
    assert_eq!(taken, rows.collect(), "nothing stands in every way of a row");
}

#[test]
fn buttons_are_the_steps_that_would_be_taken() {
    every_facts(|facts| {
        // A person is shown the button before he gives his reason.
        let with_reason = AgreementFacts {
            reason_given: true,
            ..facts.clone()
        };
        for now in moments() {
            for role in ActorRole::ALL {
                let offered = available(facts, *role, now);
                let expected: Vec<AgreementAction> = AgreementAction::ALL
                    .iter()
                    .copied()
                    .filter(|action| {
                        let case = Case {
                            facts: with_reason.clone(),
                            action: *action,
                            role: *role,
                            now,
                        };
                        !OBSTACLES.iter().any(|(_, stands)| stands(&case))
                    })
                    .collect();
                assert_eq!(offered, expected, "{facts:?} {role} {now}");
            }
        }
    });
}

#[test]
fn a_held_graduate_may_be_invited_and_a_live_agreement_stands_in_the_way() {
    let live = [None, Some(Invited), Some(SigningReview), Some(Signed)];
    for live in live {
        for bits in 0..4 {
            let facts = InviteFacts {
                employer_verified: bits & 1 != 0,
                online_signing_allowed: bits & 2 != 0,
                live,
            };
            let expected = match (facts.employer_verified, facts.online_signing_allowed, live) {
                (false, _, _) => Err(Refusal::EmployerNotVerified),
                (true, false, _) => Err(Refusal::OnlineSigningNotAllowed),
                (true, true, Some(_)) => Err(Refusal::AlreadyInvited),
                (true, true, None) => Ok(()),
            };
            assert_eq!(decide_invite(facts), expected, "{facts:?}");
        }
    }
}
