//! The rules of other destinations against the table of W6 in DOMAIN.md and §9 of the guide, for every combination of what
//! they look at. The expectations are stated here a second time, from the texts.

use std::collections::BTreeSet;

use wangqian_schema::{
    destination::DestinationType::{self, EntrustedSupplement, Freelance, LabourContract},
    workflow::{
        ActorRole::{self, DepartmentReviewer, Graduate, SchoolReviewer},
        Refusal, ReviewLevel,
        ReviewRoute::{self, DepartmentOnly, DepartmentThenSchool, SchoolOnly},
        destination::{
            DestinationAction::{self, *},
            DestinationFacts,
            DestinationStatus::{self, *},
            DraftFacts, MAX_DRAFTS, available, decide, decide_draft, is_directed, route_for, types_offered,
        },
        transition::{
            EngagementEffect::{self, Free, Keep, Take},
            Holder,
        },
    },
};

const REVIEWERS: &[ActorRole] = &[DepartmentReviewer, SchoolReviewer];

/// The table of W6: which role takes a step, and from which statuses.
const STEPS: [(DestinationAction, &[ActorRole], &[DestinationStatus]); 10] = [
    (SaveDraft, &[Graduate], &[Draft, Returned]),
    (Submit, &[Graduate], &[Draft, Returned]),
    // A graduate who wants a registered one void may change his mind as well.
    (Withdraw, &[Graduate], &[RegistrationReview, VoidingReview]),
    (Discard, &[Graduate], &[Draft, Returned]),
    (Approve, REVIEWERS, &[RegistrationReview, VoidingReview]),
    (Return, REVIEWERS, &[RegistrationReview]),
    (Reject, REVIEWERS, &[RegistrationReview, VoidingReview]),
    // "While reviewing, the reviewer may change the type and any field himself."
    (Change, REVIEWERS, &[RegistrationReview]),
    // "A graduate may void (作废) a registered one."
    (Void, &[Graduate], &[Registered]),
    // "A school may amend the fields of a registered destination."
    (Amend, &[SchoolReviewer], &[Registered]),
];

#[derive(Debug)]
struct Case {
    facts: DestinationFacts,
    action: DestinationAction,
    role: ActorRole,
}

impl Case {
    fn is(&self, actions: &[DestinationAction]) -> bool {
        actions.contains(&self.action)
    }

    fn registering(&self) -> bool {
        self.facts.status == RegistrationReview
    }

    fn step(&self) -> (&'static [ActorRole], &'static [DestinationStatus]) {
        let step = STEPS.iter().find(|step| step.0 == self.action).unwrap();
        (step.1, step.2)
    }

    fn level(&self) -> Option<ReviewLevel> {
        match self.role {
            DepartmentReviewer => Some(ReviewLevel::Department),
            SchoolReviewer => Some(ReviewLevel::School),
            _ => None,
        }
    }

    /// The levels that approve, in their order: "自由职业 approved at both levels whatever the route". That a registered one is
    /// made void goes by the school's route.
    fn levels(&self, of: DestinationType) -> &'static [ReviewLevel] {
        let voiding = matches!(self.facts.status, Registered | VoidingReview);
        match self.facts.school_route {
            _ if of == Freelance && !voiding => &[ReviewLevel::Department, ReviewLevel::School],
            DepartmentOnly => &[ReviewLevel::Department],
            SchoolOnly => &[ReviewLevel::School],
            DepartmentThenSchool => &[ReviewLevel::Department, ReviewLevel::School],
        }
    }

    /// Whether this approval is the last one.
    fn last(&self) -> bool {
        self.role == SchoolReviewer || self.levels(self.facts.destination_type).len() == 1
    }

    /// "Without it he may only file 定向/委培毕业去向补充登记; no other type is offered." Nobody files that who is not 定向/委培.
    fn offered(&self, of: DestinationType) -> bool {
        match (self.facts.online_signing_allowed, self.facts.directed) {
            (false, _) => of == EntrustedSupplement,
            (true, true) => true,
            (true, false) => of != EntrustedSupplement,
        }
    }
}

type Obstacle = (Refusal, fn(&Case) -> bool);

/// What can stand in the way, the one named first that a person is told first.
const OBSTACLES: [Obstacle; 11] = [
    // The column "who".
    (Refusal::NotYourRole, |case| !case.step().0.contains(&case.role)),
    // The column "from".
    (Refusal::NotInThisStatus, |case| {
        !case.step().1.contains(&case.facts.status)
    }),
    // "He must check and confirm his basic information before any step that changes something."
    (Refusal::DataNotConfirmed, |case| {
        case.role == Graduate && !case.facts.graduate_confirmed
    }),
    // "A graduate can be held by one case only": submitting takes him.
    (Refusal::AlreadyEngaged, |case| {
        case.is(&[Submit]) && case.facts.holder == Holder::Other
    }),
    // "在学校（院系）审核之前，毕业生可点击撤回修改."
    (Refusal::ReviewBegun, |case| {
        let first = case.levels(case.facts.destination_type)[0];
        case.is(&[Withdraw]) && (case.facts.awaiting_review != Some(first) || case.facts.department_approved)
    }),
    // "In the two-level route a case stays under review until the school approves."
    (Refusal::OtherReviewLevel, |case| {
        case.is(&[Approve, Return, Reject, Change]) && case.level() != case.facts.awaiting_review
    }),
    // "Nobody reviews a case that he submitted himself."
    (Refusal::OwnSubmission, |case| {
        case.is(&[Approve, Return, Reject, Change]) && case.facts.own_submission
    }),
    // "其余去向类型也不可见": the one that is chosen ...
    (Refusal::TypeNotOffered, |case| {
        case.is(&[SaveDraft, Submit, Change]) && !case.offered(case.facts.chosen_type)
    }),
    // ... and the one that is registered.
    (Refusal::TypeNotOffered, |case| {
        case.is(&[Approve]) && case.registering() && !case.offered(case.facts.destination_type)
    }),
    // "A correction by the school asks for confirmation again", and what is registered stands on the destination sheet.
    (Refusal::ConfirmationPending, |case| {
        case.is(&[Approve]) && case.registering() && case.last() && !case.facts.graduate_confirmed
    }),
    // "RETURN and REJECT need a reason", and so does an amendment.
    (Refusal::ReasonRequired, |case| {
        case.is(&[Return, Reject, Amend]) && !case.facts.reason_given
    }),
];

type Outcome = (DestinationStatus, Option<ReviewLevel>, EngagementEffect, bool);

/// The column "to", and the engagement: taken by submitting, kept through withdraw, return, review and registered, freed by
/// reject, discard and void.
fn outcome(case: &Case) -> Outcome {
    let facts = &case.facts;
    let first = Some(case.levels(facts.chosen_type)[0]);
    let freed = match facts.holder {
        Holder::This => Free,
        Holder::None | Holder::Other => Keep,
    };
    let still = (facts.status, Some(ReviewLevel::School), Keep, false);
    match (case.action, facts.status) {
        (SaveDraft, status) => (status, None, Keep, false),
        (Submit, _) if facts.holder == Holder::This => (RegistrationReview, first, Keep, false),
        (Submit, _) => (RegistrationReview, first, Take, false),
        (Withdraw, RegistrationReview) => (Draft, None, Keep, false),
        (Withdraw | Reject, VoidingReview) => (Registered, None, Keep, false),
        (Discard, _) => (Discarded, None, freed, false),
        (Change, _) => (RegistrationReview, Some(after_change(case)), Keep, false),
        (Return, _) => (Returned, None, Keep, false),
        (Reject, RegistrationReview) => (Rejected, None, freed, false),
        (Approve, _) if !case.last() => still,
        (Approve, RegistrationReview) => (Registered, None, Keep, true),
        (Approve, VoidingReview) => (Voided, None, freed, true),
        // "Without review ... (a school may require a review of voiding, default off)."
        (Void, _) if facts.voiding_reviewed => (VoidingReview, first, Keep, false),
        (Void, _) => (Voided, None, freed, false),
        (Amend, _) => (Registered, None, Keep, false),
        (action, status) => unreachable!("{action} from {status}"),
    }
}

/// Who decides after a change: whoever was to, so long as each level that has to approve the new type still does.
fn after_change(case: &Case) -> ReviewLevel {
    let (old, new) = (case.facts.destination_type, case.facts.chosen_type);
    let was = case.facts.awaiting_review.unwrap();
    match case.facts.school_route {
        // The department has no part in it but for 自由职业, and approves once in a round.
        SchoolOnly if was == ReviewLevel::School && case.facts.department_approved => was,
        SchoolOnly if new == Freelance && old != Freelance => ReviewLevel::Department,
        SchoolOnly if new != Freelance => ReviewLevel::School,
        _ => was,
    }
}

/// One of each sort: as all others, with a route of its own, for 定向/委培 alone.
const TYPES: [DestinationType; 3] = [LabourContract, Freelance, EntrustedSupplement];

fn every_facts(mut visit: impl FnMut(&DestinationFacts)) {
    for status in DestinationStatus::ALL {
        let levels: &[Option<ReviewLevel>] = match status {
            RegistrationReview | VoidingReview => &[Some(ReviewLevel::Department), Some(ReviewLevel::School)],
            _ => &[None],
        };
        for awaiting_review in levels {
            for (destination_type, chosen_type) in TYPES.iter().flat_map(|a| TYPES.map(|b| (*a, b))) {
                for school_route in ReviewRoute::ALL {
                    for holder in [Holder::None, Holder::This, Holder::Other] {
                        for bits in 0..128u8 {
                            let bit = |at: u8| bits & (1 << at) != 0;
                            visit(&DestinationFacts {
                                status: *status,
                                destination_type,
                                chosen_type,
                                school_route: *school_route,
                                awaiting_review: *awaiting_review,
                                holder,
                                graduate_confirmed: bit(0),
                                online_signing_allowed: bit(1),
                                directed: bit(2),
                                voiding_reviewed: bit(3),
                                own_submission: bit(4),
                                reason_given: bit(5),
                                department_approved: bit(6),
                            });
                        }
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
            for action in DestinationAction::ALL {
                let case = Case {
                    facts: facts.clone(),
                    action: *action,
                    role: *role,
                };
                let obstacle = OBSTACLES.iter().find(|(_, stands)| stands(&case));
                match (obstacle, decide(&case.facts, case.action, case.role)) {
                    (Some((expected, _)), Err(refusal)) => assert_eq!(refusal, *expected, "{case:?}"),
                    (None, Ok(made)) => {
                        let made = (made.to, made.awaiting_review, made.engagement, made.completes);
                        assert_eq!(made, outcome(&case), "{case:?}");
                        taken.insert((*action, *role, facts.status));
                    }
                    (expected, decided) => panic!("{case:?}: {decided:?}, not {expected:?}"),
                }
                decisions += 1;
            }
        }
    });
    // 10 standings × 3 × 3 types × 3 routes × 3 holders × 128 × the roles × 10 actions.
    assert_eq!(decisions, 10 * 9 * 3 * 3 * 128 * ActorRole::ALL.len() * 10);
    let rows = STEPS.iter().flat_map(|(action, roles, statuses)| {
        let roles = roles.iter();
        roles.flat_map(move |role| statuses.iter().map(move |status| (*action, *role, *status)))
    });
    assert_eq!(taken, rows.collect(), "nothing stands in every way of a row");
}

#[test]
fn buttons_are_the_steps_that_would_be_taken() {
    every_facts(|facts| {
        // Which type somebody chooses, nobody knows yet.
        if facts.chosen_type != facts.destination_type {
            return;
        }
        for role in ActorRole::ALL {
            let expected: Vec<_> = DestinationAction::ALL
                .iter()
                .copied()
                .filter(|action| {
                    let case = |chosen_type| Case {
                        facts: DestinationFacts {
                            reason_given: true,
                            chosen_type,
                            ..facts.clone()
                        },
                        action: *action,
                        role: *role,
                    };
                    // Whoever may choose the type anew may do so when the present one is no longer offered.
                    let choices: &[DestinationType] = match action {
                        SaveDraft | Change => &TYPES,
                        _ => &[facts.destination_type],
                    };
                    choices.iter().any(|chosen_type| {
                        let case = case(*chosen_type);
                        !OBSTACLES.iter().any(|(_, stands)| stands(&case))
                    })
                })
                .collect();
            assert_eq!(available(facts, *role), expected, "{facts:?} {role}");
        }
    });
}

/// §9.1 note, and what follows from it for everybody else.
#[test]
fn each_graduate_is_offered_his_types() {
    assert_eq!(types_offered(false, true), [EntrustedSupplement]);
    assert_eq!(types_offered(false, false), [EntrustedSupplement]);
    assert_eq!(types_offered(true, true), DestinationType::ALL);
    let others = types_offered(true, false);
    assert_eq!(others.len(), 20);
    assert!(!others.contains(&EntrustedSupplement));
    for (mode, directed) in [
        ("1", false),
        ("2", true),
        ("3", true),
        ("4", true),
        ("5", false),
        ("0", false),
    ] {
        assert_eq!(is_directed(mode), directed, "{mode}");
    }
}

#[test]
fn only_free_work_has_a_route_of_its_own() {
    for of in DestinationType::ALL {
        for route in ReviewRoute::ALL {
            let expected = match of {
                Freelance => DepartmentThenSchool,
                _ => *route,
            };
            assert_eq!(route_for(*of, *route), expected, "{of}");
        }
    }
}

#[test]
fn a_draft_is_begun_by_whoever_may_file_it() {
    for chosen_type in DestinationType::ALL {
        for bits in 0..8u8 {
            for drafts in [0, MAX_DRAFTS - 1, MAX_DRAFTS] {
                let facts = DraftFacts {
                    chosen_type: *chosen_type,
                    graduate_confirmed: bits & 1 != 0,
                    online_signing_allowed: bits & 2 != 0,
                    directed: bits & 4 != 0,
                    drafts,
                };
                let offered = types_offered(facts.online_signing_allowed, facts.directed);
                let expected = if !facts.graduate_confirmed {
                    Err(Refusal::DataNotConfirmed)
                } else if !offered.contains(chosen_type) {
                    Err(Refusal::TypeNotOffered)
                } else if drafts == MAX_DRAFTS {
                    Err(Refusal::TooManyDrafts)
                } else {
                    Ok(())
                };
                assert_eq!(decide_draft(facts), expected, "{facts:?}");
            }
        }
    }
}
