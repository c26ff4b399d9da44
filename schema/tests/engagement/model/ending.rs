//! Terminations in the model: who may ask for one, answer it and decide it, and what is owed then.

use wangqian_schema::workflow::{
    Refusal, ReviewLevel, ReviewRoute,
    agreement::{AgreementAction, AgreementStatus},
    termination::{TerminationAction, TerminationStatus},
};

use super::{Ending, Model, Outcome, Person};

impl Model {
    /// A side asks to end an agreement.
    pub(in super::super) fn ask(&mut self, person: Person, at: usize) -> Outcome {
        if !self.sees(person, at) {
            return Outcome::NotFound;
        }
        if let Some(refusal) = self.refusal(person, at, AgreementAction::RequestTermination, true) {
            return Outcome::Refused(refusal);
        }
        self.cases[at].endings.push(Ending {
            id: None,
            by_graduate: matches!(person, Person::Graduate(_)),
            status: TerminationStatus::Requested,
            awaiting: None,
            events: Vec::new(),
            route: None,
        });
        self.note_ending(at, TerminationAction::Request);
        Outcome::Done
    }

    /// Somebody tries something on the last termination of a case.
    pub(in super::super) fn end(
        &mut self,
        person: Person,
        at: usize,
        action: TerminationAction,
        reason: bool,
    ) -> Outcome {
        use TerminationAction as Do;
        use TerminationStatus as Is;

        if !self.sees(person, at) {
            return Outcome::NotFound;
        }
        if let Some(refusal) = self.ending_refusal(person, at, action, reason) {
            return Outcome::Refused(refusal);
        }
        let graduate = self.cases[at].graduate;
        let route = self.ending_routes[self.graduates[graduate].school];
        let ending = self.cases[at].endings.last_mut().unwrap();
        ending.status = match action {
            Do::Request | Do::Return | Do::Submit | Do::Discard => {
                unreachable!("not a step on such a termination")
            }
            Do::Withdraw => Is::Withdrawn,
            Do::Refuse => Is::Refused,
            Do::Reject => Is::Rejected,
            Do::Accept => {
                ending.route = Some(route);
                Is::TerminationReview
            }
            Do::Approve => match (ending.route, ending.awaiting) {
                (Some(ReviewRoute::DepartmentThenSchool), Some(ReviewLevel::Department)) => {
                    Is::TerminationReview
                }
                _ => Is::Terminated,
            },
        };
        ending.awaiting = match (ending.status, action, ending.route) {
            (Is::TerminationReview, Do::Accept, Some(ReviewRoute::SchoolOnly)) => Some(ReviewLevel::School),
            (Is::TerminationReview, Do::Accept, _) => Some(ReviewLevel::Department),
            (Is::TerminationReview, ..) => Some(ReviewLevel::School),
            _ => None,
        };
        let ended = ending.status == Is::Terminated;
        self.note_ending(at, action);
        if ended {
            self.held.remove(&graduate);
            self.move_to(at, AgreementAction::Terminate, AgreementStatus::Terminated);
        }
        Outcome::Done
    }

    /// Why somebody who sees a case may not do something to its last termination now.
    pub(in super::super) fn ending_refusal(
        &self,
        person: Person,
        at: usize,
        action: TerminationAction,
        reason: bool,
    ) -> Option<Refusal> {
        use TerminationAction as Do;
        use TerminationStatus as Is;

        let case = &self.cases[at];
        let ending = case.endings.last().unwrap();
        let when = |condition: bool, refusal| condition.then_some(refusal);
        let side = |graduate: bool| {
            let from = when(ending.status != Is::Requested, Refusal::NotInThisStatus);
            let unconfirmed = !self.graduates[case.graduate].confirmed;
            from.or(when(graduate && unconfirmed, Refusal::DataNotConfirmed))
        };
        match (action, person) {
            (Do::Withdraw, Person::Graduate(_)) if ending.by_graduate => side(true),
            (Do::Withdraw, Person::Member { .. }) if !ending.by_graduate => side(false),
            (Do::Accept | Do::Refuse, Person::Graduate(_)) if !ending.by_graduate => side(true),
            (Do::Accept, Person::Member { .. }) if ending.by_graduate => side(false),
            (Do::Refuse, Person::Member { .. }) if ending.by_graduate => side(false).or(when(
                !self.employers[case.employer].verified,
                Refusal::EmployerNotVerified,
            )),
            (Do::Approve | Do::Reject, Person::DepartmentReviewer { .. } | Person::SchoolReviewer { .. }) => {
                let level = match person {
                    Person::SchoolReviewer { .. } => ReviewLevel::School,
                    _ => ReviewLevel::Department,
                };
                when(ending.status != Is::TerminationReview, Refusal::NotInThisStatus)
                    .or(when(ending.awaiting != Some(level), Refusal::OtherReviewLevel))
                    .or(when(action == Do::Reject && !reason, Refusal::ReasonRequired))
            }
            _ => Some(Refusal::NotYourRole),
        }
    }

    /// One more event of the last termination of a case, and the messages that it owes.
    pub(super) fn note_ending(&mut self, at: usize, action: TerminationAction) {
        use TerminationAction as Do;

        let case = &mut self.cases[at];
        let (graduate, employer, place) = (case.graduate, case.employer, case.endings.len() - 1);
        let ending = &mut case.endings[place];
        ending.events.push((action, ending.status));
        let (sequence, by_graduate, at) = (ending.events.len(), ending.by_graduate, (at, Some(place)));
        let ended = ending.status == TerminationStatus::Terminated;
        let (text, graduate_acts) = match action {
            Do::Request => ("TERMINATION_REQUESTED", Some(by_graduate)),
            Do::Withdraw => ("TERMINATION_WITHDRAWN", Some(by_graduate)),
            Do::Accept => ("TERMINATION_ACCEPTED", Some(!by_graduate)),
            Do::Refuse => ("TERMINATION_REFUSED", Some(!by_graduate)),
            Do::Approve if ended => ("AGREEMENT_TERMINATED", None),
            Do::Approve => ("TERMINATION_ADVANCED", None),
            Do::Reject => ("TERMINATION_REJECTED", None),
            Do::Return | Do::Submit | Do::Discard => unreachable!("not a step on such a termination"),
        };
        // Whoever acts has a mail of what he did; of taking back what nobody has answered he has none.
        let receipt: &[&str] = if action == Do::Withdraw { &[] } else { &["EMAIL"] };
        let (by_graduates, by_employers) = match graduate_acts {
            Some(true) => (receipt, &["IN_APP", "EMAIL"][..]),
            Some(false) => (&["IN_APP", "WECHAT", "EMAIL"][..], receipt),
            None => (&["IN_APP", "WECHAT", "EMAIL"][..], &["IN_APP", "EMAIL"][..]),
        };
        self.tell_graduate(at, sequence, graduate, by_graduates, text);
        self.tell_employer(at, sequence, employer, by_employers, text);
    }
}
