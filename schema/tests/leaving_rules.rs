//! The rules of leaving school against DOMAIN.md, for every combination of what they look at. The expectations are stated here a second
//! time, from the text of DOMAIN.md.

use chrono::{Days, NaiveDate};
use wangqian_schema::workflow::{
    ActorRole::{self, DepartmentReviewer, Employer, EmployerContact, Graduate, SchoolReviewer, Worker},
    Refusal,
    leaving::{
        LeavingAction::{self, *},
        LeavingFacts,
        LeavingStatus::{self, *},
        available, class_leaving_next, decide, default_cut_off, may_begin,
    },
    transition::EngagementEffect,
};

struct Case {
    facts: LeavingFacts,
    action: LeavingAction,
    role: ActorRole,
}

impl Case {
    fn is(&self, actions: &[LeavingAction]) -> bool {
        actions.contains(&self.action)
    }

    /// Who takes the step at all.
    fn who(&self) -> &[ActorRole] {
        match self.action {
            SaveDraft | Confirm | Dispute | Authorise | WithdrawAuthorisation => &[Graduate],
            // "A reason that the school answers": whoever reviews the graduate.
            Answer => &[DepartmentReviewer, SchoolReviewer],
            // "Only the school reopens a case."
            Reopen => &[SchoolReviewer],
            StoreSheet => &[Worker],
        }
    }

    /// Whether it can be done in this status.
    fn fits(&self) -> bool {
        let LeavingFacts {
            status,
            stands,
            filled_in_anew,
            of_his_class,
            has_sheet,
            authorised,
            ..
        } = self.facts;
        match self.action {
            // "For a class year": for another he has another.
            SaveDraft | Confirm | Dispute if !of_his_class => false,
            SaveDraft | Reopen => true,
            // "The answer lets him confirm again"; what he has confirmed needs it only once it stands no longer, or he fills the block anew.
            Confirm => {
                matches!(status, Open | Answered) || (status == Confirmed && (!stands || filled_in_anew))
            }
            Dispute => status != Disputed,
            Answer => status == Disputed,
            StoreSheet | Authorise => has_sheet,
            WithdrawAuthorisation => authorised,
        }
    }

    fn to(&self) -> LeavingStatus {
        match self.action {
            Confirm => Confirmed,
            Dispute => Disputed,
            Answer => Answered,
            SaveDraft | Reopen | StoreSheet | Authorise | WithdrawAuthorisation => self.facts.status,
        }
    }
}

type Obstacle = (Refusal, fn(&Case) -> bool);

/// What can stand in the way, the one named first that a person is told first.
const OBSTACLES: [Obstacle; 5] = [
    (Refusal::NotYourRole, |case| !case.who().contains(&case.role)),
    (Refusal::NotInThisStatus, |case| !case.fits()),
    // "He must check and confirm his basic information before any step that changes something."
    (Refusal::DataNotConfirmed, |case| {
        case.role == Graduate && !case.facts.graduate_confirmed && case.action != WithdrawAuthorisation
    }),
    // "A school opens a confirmation period for a class year."
    (Refusal::LeavingNotOpen, |case| {
        // He may still answer to what he was answered, and to what has changed since he confirmed.
        let changed = case.facts.status == Confirmed && !case.facts.stands;
        let late = case.facts.status == Answered || changed;
        case.is(&[SaveDraft, Confirm, Dispute]) && !case.facts.open && !late
    }),
    (Refusal::ReasonRequired, |case| {
        case.is(&[Dispute, Answer, Reopen]) && !case.facts.reason_given
    }),
];

fn every_facts() -> Vec<LeavingFacts> {
    let mut every = Vec::new();
    for status in LeavingStatus::ALL {
        for bits in 0..=u8::MAX {
            let bit = |at: u8| bits & (1 << at) != 0;
            every.push(LeavingFacts {
                status: *status,
                stands: bit(0),
                graduate_confirmed: bit(1),
                open: bit(2),
                has_sheet: bit(3),
                authorised: bit(4),
                reason_given: bit(5),
                filled_in_anew: bit(6),
                of_his_class: bit(7),
            });
        }
    }
    every
}

#[test]
fn every_action_of_everybody_in_every_status_is_as_the_domain_says() {
    let mut done = 0;
    for facts in every_facts() {
        for role in ActorRole::ALL {
            for action in LeavingAction::ALL {
                let case = Case {
                    facts,
                    action: *action,
                    role: *role,
                };
                let obstacle = OBSTACLES.iter().find(|(_, stands)| stands(&case));
                let decided = decide(&facts, *action, *role);
                match obstacle {
                    Some((refusal, _)) => {
                        assert_eq!(decided.err(), Some(*refusal), "{action} by {role} with {facts:?}");
                    }
                    None => {
                        let decided = decided.unwrap();
                        assert_eq!(decided.to, case.to(), "{action} by {role} with {facts:?}");
                        assert_eq!(decided.awaiting_review, None);
                        assert_eq!(decided.engagement, EngagementEffect::Keep, "it holds nobody");
                        done += 1;
                    }
                }
            }
        }
    }
    assert!(done > 100, "{done}");
}

#[test]
fn the_buttons_are_what_would_be_let_through_with_a_reason() {
    for facts in every_facts() {
        for role in ActorRole::ALL {
            let with_reason = LeavingFacts {
                reason_given: true,
                ..facts
            };
            let expected: Vec<_> = LeavingAction::ALL
                .iter()
                .copied()
                .filter(|action| decide(&with_reason, *action, *role).is_ok())
                .collect();
            assert_eq!(available(&facts, *role), expected);
        }
    }
}

/// "After the class's cut-off date (31 August unless set) only the school reopens a case"; reviewers still decide.
#[test]
fn after_the_last_day_neither_side_begins_anything() {
    let last_day = default_cut_off(2027);
    assert_eq!(class_leaving_next(last_day), 2027);
    assert_eq!(class_leaving_next(last_day + Days::new(1)), 2028);
    assert_eq!(last_day, NaiveDate::from_ymd_opt(2027, 8, 31).unwrap());
    for role in ActorRole::ALL {
        let begins = [Graduate, Employer, EmployerContact].contains(role);
        for (today, over) in [
            (last_day - Days::new(1), false),
            (last_day, false),
            (last_day + Days::new(1), true),
        ] {
            let expected = match begins && over {
                true => Err(Refusal::CutOffPassed),
                false => Ok(()),
            };
            assert_eq!(may_begin(*role, last_day, today), expected, "{role} on {today}");
        }
    }
}
