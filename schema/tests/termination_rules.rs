//! The rules of terminations against the table of W2 in DOMAIN.md, for every combination of what they look at. The expectations
//! are stated here a second time, from the text of DOMAIN.md.

use std::collections::BTreeSet;

use wangqian_schema::{
    messages::{Audience, MessageTemplate, termination_owed},
    workflow::{
        ActorRole::{self, DepartmentReviewer, Employer, Graduate, SchoolReviewer},
        Refusal, ReviewLevel, ReviewRoute,
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
struct Case {
    facts: TerminationFacts,
    action: TerminationAction,
    role: ActorRole,
}

impl Case {
    fn is(&self, actions: &[TerminationAction]) -> bool {
        actions.contains(&self.action)
    }

    /// The columns "who" and "from" of the table of W2.
    fn step(&self) -> (Vec<ActorRole>, Option<TerminationStatus>) {
        let (asker, other) = match self.facts.requested_by {
            Party::Graduate => (Graduate, Employer),
            Party::Employer => (Employer, Graduate),
        };
        let reviewers = vec![DepartmentReviewer, SchoolReviewer];
        match self.action {
            Request => (vec![Graduate, Employer], None),
            Withdraw => (vec![asker], Some(Requested)),
            Accept | Refuse => (vec![other], Some(Requested)),
            Approve | Reject => (reviewers, Some(TerminationReview)),
            // Both sides have agreed: there is nothing to mend.
            Return => (reviewers, None),
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
const OBSTACLES: [Obstacle; 7] = [
    (Refusal::NotYourRole, |case| !case.step().0.contains(&case.role)),
    (Refusal::NotInThisStatus, |case| {
        case.step().1 != Some(case.facts.status)
    }),
    (Refusal::EmployerNotVerified, |case| {
        case.role == Employer && case.is(&[Refuse]) && !case.facts.employer_verified
    }),
    // "He must check and confirm his basic information before any step that changes something."
    (Refusal::DataNotConfirmed, |case| {
        case.role == Graduate && !case.facts.graduate_confirmed
    }),
    // "In the two-level route a case stays under review until the school approves."
    (Refusal::OtherReviewLevel, |case| {
        case.is(&[Approve, Reject]) && case.level() != case.facts.awaiting_review
    }),
    // "Nobody reviews a case that he submitted himself."
    (Refusal::OwnSubmission, |case| {
        case.is(&[Approve, Reject]) && case.facts.own_submission
    }),
    // "RETURN and REJECT need a reason."
    (Refusal::ReasonRequired, |case| {
        case.is(&[Reject]) && !case.facts.reason_given
    }),
];

/// The column "to": status, next level, and whether the agreement ends with it.
fn outcome(case: &Case) -> (TerminationStatus, Option<ReviewLevel>, bool) {
    let route = case.facts.route;
    match case.action {
        Request | Return => unreachable!("stands in no row"),
        Withdraw => (Withdrawn, None, false),
        Refuse => (Refused, None, false),
        Reject => (Rejected, None, false),
        Accept if route == ReviewRoute::SchoolOnly => (TerminationReview, Some(ReviewLevel::School), false),
        Accept => (TerminationReview, Some(ReviewLevel::Department), false),
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
        for awaiting_review in levels {
            for requested_by in Party::ALL {
                for route in ReviewRoute::ALL {
                    for bits in 0..16u8 {
                        let bit = |at: u8| bits & (1 << at) != 0;
                        visit(&TerminationFacts {
                            status: *status,
                            requested_by: *requested_by,
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
    // 7 standings × 2 sides × 3 routes × 16 × 7 roles × 7 actions.
    assert_eq!(decisions, 32_928);
    let sides = [Withdraw, Accept, Refuse].map(|action| [(action, Graduate), (action, Employer)]);
    let reviewers = [Approve, Reject].map(|action| [(action, DepartmentReviewer), (action, SchoolReviewer)]);
    let rows = sides.into_iter().chain(reviewers).flatten();
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
