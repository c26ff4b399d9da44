//! The rules of terminations against W2 and W4 in DOMAIN.md, for every combination of what they look at. The expectations are
//! stated here a second time, from the text of DOMAIN.md.

use std::collections::BTreeSet;

use wangqian_schema::{
    messages::{Audience, MessageTemplate, termination_owed},
    workflow::{
        ActorRole::{self, DepartmentReviewer, Employer, Graduate, SchoolReviewer},
        Refusal, ReviewLevel, ReviewRoute,
        agreement::AgreementChannel,
        termination::{
            Party,
            TerminationAction::{self, *},
            TerminationFacts,
            TerminationStatus::{self, *},
            available, decide,
        },
        transition::EngagementEffect,
    },
};

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) facts: TerminationFacts,
    pub(crate) action: TerminationAction,
    pub(crate) role: ActorRole,
}

impl Case {
    /// What the step comes to.
    pub(crate) fn comes_to(&self) -> Result<(TerminationStatus, Option<ReviewLevel>, bool), Refusal> {
        match OBSTACLES.iter().find(|(_, stands)| stands(self)) {
            Some((refusal, _)) => Err(*refusal),
            None => Ok(outcome(self)),
        }
    }

    fn is(&self, actions: &[TerminationAction]) -> bool {
        actions.contains(&self.action)
    }

    /// Whether the agreement was signed online, so that the other side answers: W2. Else W4.
    fn online(&self) -> bool {
        self.facts.channel == AgreementChannel::Online
    }

    /// Who takes the step at all.
    fn who(&self) -> Vec<ActorRole> {
        let (asker, other) = match self.facts.requested_by {
            Party::Graduate => (Graduate, Employer),
            Party::Employer => (Employer, Graduate),
        };
        match self.action {
            Request => vec![Graduate, Employer],
            Withdraw => vec![asker],
            Accept | Refuse => vec![other],
            Submit | Discard => vec![Graduate],
            Approve | Reject | Return => vec![DepartmentReviewer, SchoolReviewer],
        }
    }

    /// The column "from".
    fn from(&self) -> &[TerminationStatus] {
        match (self.action, self.online()) {
            (Withdraw | Accept | Refuse, true) => &[Requested],
            (Approve | Reject, _) => &[TerminationReview],
            (Withdraw | Return, false) => &[TerminationReview],
            (Submit, false) => &[Draft, Returned],
            // "Freed by ... discard of a withdrawn, returned ... case": here the signing stands.
            (Discard, false) => &[Draft, Returned],
            // Where both sides have agreed there is nothing to mend; where nobody is asked nobody answers.
            (Request | Return | Submit | Discard, true) | (Request | Accept | Refuse, false) => &[],
        }
    }

    fn level(&self) -> Option<ReviewLevel> {
        match self.role {
            DepartmentReviewer => Some(ReviewLevel::Department),
            SchoolReviewer => Some(ReviewLevel::School),
            _ => None,
        }
    }
}

type Obstacle = (Refusal, fn(&Case) -> bool);

/// What can stand in the way, the one named first that a person is told first. That the operator has verified the employer is asked
/// of whoever wants to end an agreement or says no, not of whoever agrees: a graduate must get away from one that was found out.
const OBSTACLES: [Obstacle; 8] = [
    (Refusal::NotYourRole, |case| !case.who().contains(&case.role)),
    (Refusal::NotInThisStatus, |case| {
        !case.from().contains(&case.facts.status)
    }),
    (Refusal::EmployerNotVerified, |case| {
        case.role == Employer && case.is(&[Refuse]) && !case.facts.employer_verified
    }),
    // "He must check and confirm his basic information before any step that changes something."
    (Refusal::DataNotConfirmed, |case| {
        case.role == Graduate && !case.facts.graduate_confirmed
    }),
    // "撤回修改, before any reviewer has decided."
    (Refusal::ReviewBegun, |case| {
        case.is(&[Withdraw]) && !case.online() && case.facts.awaiting_review != Some(first(case.facts.route))
    }),
    // "In the two-level route a case stays under review until the school approves."
    (Refusal::OtherReviewLevel, |case| {
        case.is(&[Approve, Reject, Return]) && case.level() != case.facts.awaiting_review
    }),
    // "Nobody reviews a case that he submitted himself."
    (Refusal::OwnSubmission, |case| {
        case.is(&[Approve, Reject, Return]) && case.facts.own_submission
    }),
    // "RETURN and REJECT need a reason."
    (Refusal::ReasonRequired, |case| {
        case.is(&[Reject, Return]) && !case.facts.reason_given
    }),
];

fn first(route: ReviewRoute) -> ReviewLevel {
    match route {
        ReviewRoute::SchoolOnly => ReviewLevel::School,
        ReviewRoute::DepartmentOnly | ReviewRoute::DepartmentThenSchool => ReviewLevel::Department,
    }
}

/// The column "to": status, next level, and whether the agreement ends with it.
fn outcome(case: &Case) -> (TerminationStatus, Option<ReviewLevel>, bool) {
    let route = case.facts.route;
    match case.action {
        Request => unreachable!("stands in no row"),
        Withdraw if case.online() => (Withdrawn, None, false),
        Withdraw => (Draft, None, false),
        Discard => (Withdrawn, None, false),
        Return => (Returned, None, false),
        Refuse => (Refused, None, false),
        Reject => (Rejected, None, false),
        Accept | Submit => (TerminationReview, Some(first(route)), false),
        Approve if route == ReviewRoute::DepartmentThenSchool && case.role == DepartmentReviewer => {
            (TerminationReview, Some(ReviewLevel::School), false)
        }
        Approve => (Terminated, None, true),
    }
}

fn every_facts(mut visit: impl FnMut(&TerminationFacts)) {
    for status in TerminationStatus::ALL {
        let levels: &[Option<ReviewLevel>] = match status {
            TerminationReview => &[Some(ReviewLevel::Department), Some(ReviewLevel::School)],
            _ => &[None],
        };
        let parties = AgreementChannel::ALL
            .iter()
            .flat_map(|channel| Party::ALL.iter().map(|party| (*channel, *party)));
        for (channel, requested_by) in parties {
            for awaiting_review in levels {
                for route in ReviewRoute::ALL {
                    for bits in 0..16u8 {
                        let bit = |at: u8| bits & (1 << at) != 0;
                        visit(&TerminationFacts {
                            channel,
                            status: *status,
                            requested_by,
                            route: *route,
                            awaiting_review: *awaiting_review,
                            graduate_confirmed: bit(0),
                            own_submission: bit(1),
                            reason_given: bit(2),
                            employer_verified: bit(3),
                        });
                    }
                }
            }
        }
    }
}

#[test]
fn every_step_is_decided_as_the_table_says() {
    let mut decisions = 0;
    let mut taken = BTreeSet::new();
    every_facts(|facts| {
        for role in ActorRole::ALL {
            for action in TerminationAction::ALL {
                let case = Case {
                    facts: facts.clone(),
                    action: *action,
                    role: *role,
                };
                let obstacle = OBSTACLES.iter().find(|(_, stands)| stands(&case));
                match (obstacle, decide(&case.facts, case.action, case.role)) {
                    (Some((expected, _)), Err(refusal)) => assert_eq!(refusal, *expected, "{case:?}"),
                    (None, Ok(made)) => {
                        assert_eq!(made.engagement, EngagementEffect::Keep, "the agreement holds him");
                        let made = (made.to, made.awaiting_review, made.completes);
                        assert_eq!(made, outcome(&case), "{case:?}");
                        taken.insert((*action, *role));
                    }
                    (expected, decided) => panic!("{case:?}: {decided:?}, not {expected:?}"),
                }
                decisions += 1;
            }
        }
    });
    // 9 standings × 3 channels × 2 sides × 3 routes × 16 × 7 roles × 9 actions.
    assert_eq!(decisions, 163_296);
    let sides = [Withdraw, Accept, Refuse].map(|action| [(action, Graduate), (action, Employer)]);
    let reviewers =
        [Approve, Reject, Return].map(|action| [(action, DepartmentReviewer), (action, SchoolReviewer)]);
    let his = [(Submit, Graduate), (Discard, Graduate)];
    let rows = sides.into_iter().chain(reviewers).flatten().chain(his);
    assert_eq!(taken, rows.collect(), "nothing stands in every way of a row");
}

#[test]
fn buttons_are_the_steps_that_would_be_taken() {
    every_facts(|facts| {
        let with_reason = TerminationFacts {
            reason_given: true,
            ..facts.clone()
        };
        for role in ActorRole::ALL {
            let expected: Vec<_> = TerminationAction::ALL
                .iter()
                .copied()
                .filter(|action| {
                    let case = Case {
                        facts: with_reason.clone(),
                        action: *action,
                        role: *role,
                    };
                    !OBSTACLES.iter().any(|(_, stands)| stands(&case))
                })
                .collect();
            assert_eq!(available(facts, *role), expected, "{facts:?} {role}");
        }
    });
}

/// "termination asked for by the other side, answered: in-app the other side, e-mail both"; "review decided: both".
#[test]
fn the_other_side_is_told_and_both_have_a_mail() {
    use Audience as To;
    use MessageTemplate as Text;
    let sides = |party| match party {
        Party::Graduate => (To::Graduate, To::GraduateReceipt),
        Party::Employer => (To::Employer, To::EmployerReceipt),
    };
    for asker in Party::ALL {
        let ((own, own_receipt), (other, other_receipt)) = (sides(*asker), sides(asker.other()));
        let text = |template| [(other, template), (own_receipt, template)];
        let answer = |template| [(own, template), (other_receipt, template)];
        let owed = |action, to| termination_owed(action, to, *asker);
        assert_eq!(owed(Request, Requested), text(Text::TerminationRequested));
        assert_eq!(owed(Withdraw, Withdrawn), [(other, Text::TerminationWithdrawn)]);
        assert_eq!(owed(Accept, TerminationReview), answer(Text::TerminationAccepted));
        assert_eq!(owed(Refuse, Refused), answer(Text::TerminationRefused));
        for (action, to, template) in [
            (Approve, TerminationReview, Text::TerminationAdvanced),
            (Approve, Terminated, Text::AgreementTerminated),
            (Reject, Rejected, Text::TerminationRejected),
        ] {
            assert_eq!(
                owed(action, to),
                [(To::Graduate, template), (To::Employer, template)]
            );
        }
    }
}

/// W4: "review decided (approve, return, reject; each stage): graduate"; nobody else is a party.
#[test]
fn what_is_returned_is_told_to_the_graduate_and_his_own_steps_to_nobody() {
    let owed = |action, to| termination_owed(action, to, Party::Graduate);
    assert_eq!(
        owed(Return, Returned),
        [(Audience::Graduate, MessageTemplate::TerminationReturned)]
    );
    assert!(owed(Submit, TerminationReview).is_empty());
    assert!(owed(Discard, Withdrawn).is_empty());
}
