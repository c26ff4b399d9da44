//! Trying to end an agreement, in the model and in the program.

use wangqian_schema::{
    model::{event::CaseKind, termination},
    step::TerminationStep,
    workflow::{
        ReviewLevel,
        agreement::AgreementAction,
        termination::{TerminationAction, TerminationStatus},
    },
};

use super::super::model::{Ending, Person};
use super::{Run, outcome};
use crate::support::reason;

impl Run {
    /// Mostly a case whose last termination is in the status from which the action is taken, else one that has any.
    pub(super) fn ending_target(&self, number: u8, action: TerminationAction) -> Option<usize> {
        let from = match action {
            TerminationAction::Approve | TerminationAction::Reject => TerminationStatus::TerminationReview,
            _ => TerminationStatus::Requested,
        };
        let cases = self.model.cases.iter().enumerate();
        let with: Vec<(usize, TerminationStatus)> = cases
            .filter_map(|(at, case)| Some((at, case.endings.last()?.status)))
            .collect();
        let mut fitting = with.clone();
        fitting.retain(|(_, status)| *status == from);
        let number = usize::from(number);
        let among = match number.is_multiple_of(4) || fitting.is_empty() {
            true => with,
            false => fitting,
        };
        (!among.is_empty()).then(|| among[number / 4 % among.len()].0)
    }

    /// The person whose step on the last termination this is.
    pub(super) fn ending_fitting(&self, at: usize, action: TerminationAction) -> usize {
        let case = &self.model.cases[at];
        let ending = case.endings.last().unwrap();
        let by_graduate = match action {
            TerminationAction::Withdraw => ending.by_graduate,
            _ => !ending.by_graduate,
        };
        match (action, by_graduate) {
            (TerminationAction::Approve | TerminationAction::Reject, _) => {
                let home = &self.model.graduates[case.graduate];
                let (school, department) = (home.school, home.department);
                let reviewer = match ending.awaiting {
                    Some(ReviewLevel::School) => Person::SchoolReviewer { school },
                    _ => Person::DepartmentReviewer { school, department },
                };
                self.people
                    .iter()
                    .position(|(person, _)| *person == reviewer)
                    .unwrap()
            }
            (_, true) => self.fitting(at, AgreementAction::Accept),
            (_, false) => self.fitting(at, AgreementAction::Cancel),
        }
    }

    pub(super) async fn ask(&mut self, by: usize, at: usize) {
        let (person, viewer) = self.people[by];
        // The worker has no way to ask.
        let Some(viewer) = viewer else { return };
        let expected = self.model.ask(person, at);
        let id = self.model.cases[at].id.unwrap();
        let asked = self.world.request_termination(&viewer, id).await;
        assert_eq!(outcome(&asked), expected, "{person:?} asks to end {at}");
        let action = TerminationAction::Request.as_str();
        *self
            .met
            .entry((CaseKind::Termination, action, expected))
            .or_default() += 1;
        if let Ok(view) = asked {
            let ending = self.model.cases[at].endings.last_mut().unwrap();
            ending.id = Some(view.termination.id);
            assert_ends(&view.termination, ending);
        }
    }

    pub(super) async fn end(&mut self, by: usize, at: usize, action: TerminationAction, with_reason: bool) {
        let (person, viewer) = self.people[by];
        let Some(viewer) = viewer else { return };
        let id = self.model.cases[at].endings.last().unwrap().id.unwrap();
        {
            let conn = &mut *self.world.conn().await;
            let seen = termination::find(conn, &viewer, id).await.unwrap();
            assert_eq!(
                seen.is_some(),
                self.model.sees(person, at),
                "{person:?} sees {at}"
            );
            if let Some(view) = seen {
                let offered = view.viewer_actions(&viewer, self.world.now()).contains(&action);
                let expected = self.model.ending_refusal(person, at, action, true).is_none();
                assert_eq!(
                    offered, expected,
                    "{person:?} is offered {action} of {at}'s termination"
                );
            }
        }
        let step = match action {
            TerminationAction::Request
            | TerminationAction::Return
            | TerminationAction::Submit
            | TerminationAction::Discard => unreachable!("never generated"),
            TerminationAction::Withdraw => TerminationStep::Withdraw,
            TerminationAction::Accept => TerminationStep::Accept,
            TerminationAction::Refuse => TerminationStep::Refuse(reason().filter(|_| with_reason)),
            TerminationAction::Approve => TerminationStep::Approve,
            TerminationAction::Reject => TerminationStep::Reject(reason().filter(|_| with_reason)),
        };
        let expected = self.model.end(person, at, action, with_reason);
        let taken = self.world.take_termination(&viewer, id, step).await;
        assert_eq!(
            outcome(&taken),
            expected,
            "{person:?} takes {action} on {at}'s termination"
        );
        *self
            .met
            .entry((CaseKind::Termination, action.as_str(), expected))
            .or_default() += 1;
        if let Ok(view) = taken {
            assert_ends(&view.termination, self.model.cases[at].endings.last().unwrap());
        }
    }
}

pub(super) fn assert_ends(termination: &termination::Termination, ending: &Ending) {
    assert_eq!(Some(termination.id), ending.id);
    assert_eq!(termination.status, ending.status);
    assert_eq!(termination.awaiting_review, ending.awaiting);
    // Each of its events moves it.
    assert_eq!(termination.version as usize, ending.events.len());
    assert_eq!(termination.event_count as usize, ending.events.len());
}
