//! The world and the model of it, side by side: each try is made in both.

mod ending;

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use wangqian_schema::{
    model::{
        Viewer, agreement, document::StoredPdf, employer::EmployerVerification, event::CaseKind,
        school::set_review_route,
    },
    step::{self, Actor, AgreementStep, StepError},
    workflow::{
        ReviewLevel, ReviewRoute, Workflow,
        agreement::{AgreementAction, AgreementStatus},
    },
};

use super::{
    model::{Case, Employer, Graduate, Model, Outcome, Person},
    tries::{By, Try},
};
use crate::support::{Campus, Company, Student, World, execute, invitation, reason, text};

/// The world and the model of it, side by side.
pub(super) struct Run {
    pub(super) world: World,
    pub(super) model: Model,
    pub(super) begin: DateTime<Utc>,
    pub(super) schools: Vec<Campus>,
    pub(super) students: Vec<Student>,
    companies: Vec<Company>,
    people: Vec<(Person, Option<Viewer>)>,
    done: usize,
    /// What the tries came to.
    pub(super) met: HashMap<Met, u32>,
}

/// What an action came to.
pub(super) type Met = (CaseKind, &'static str, Outcome);

impl Run {
    pub(super) async fn new() -> Self {
        let world = World::new().await;
        let begin = world.now();
        world.platform.clock.advance(TimeDelta::minutes(30));
        let mut model = Model::default();
        let (mut schools, mut students, mut companies, mut people) = (vec![], vec![], vec![], vec![]);

        for (school, route) in ReviewRoute::ALL.iter().enumerate() {
            let campus = world.school(*route).await;
            model.routes.push(*route);
            model.ending_routes.push(*route);
            for department in 0..2 {
                let viewer = world.department_reviewer(&campus, department).await;
                people.push((Person::DepartmentReviewer { school, department }, Some(viewer)));
            }
            let viewer = world.school_reviewer(&campus).await;
            people.push((Person::SchoolReviewer { school }, Some(viewer)));
            for (department, confirmed, allowed) in
                [(0, true, true), (1, true, true), (0, school != 0, school == 0)]
            {
                let student = world
                    .graduate_with(&campus, department, |new| {
                        new.online_signing_allowed = allowed;
                        new.training_mode = if allowed { "1" } else { "2" }.into();
                        new.confirmed_at = confirmed.then(Utc::now);
                    })
                    .await;
                people.push((Person::Graduate(students.len()), Some(student.viewer)));
                model.graduates.push(Graduate {
                    account: student.viewer.account_id(),
                    school,
                    department,
                    confirmed,
                    allowed,
                });
                students.push(student);
            }
            schools.push(campus);
        }
        for employer in 0..4 {
            let verified = employer != 3;
            let company = world
                .employer_with(if verified {
                    EmployerVerification::Verified
                } else {
                    EmployerVerification::Pending
                })
                .await;
            let second = world.member(company.id).await;
            let members = [company.viewer, second];
            model.employers.push(Employer {
                members: members.map(|member| member.account_id()).into(),
                verified,
            });
            people.extend(members.map(|member| {
                let account = member.account_id();
                (Person::Member { employer, account }, Some(member))
            }));
            companies.push(company);
        }
        people.push((Person::Operator, Some(world.operator().await)));
        people.push((Person::Worker, None));
        Self {
            world,
            model,
            begin,
            schools,
            students,
            companies,
            people,
            done: 0,
            met: HashMap::new(),
        }
    }

    /// Tries one thing, in the model and in the program.
    pub(super) async fn attempt(&mut self, one: &Try) {
        let pick = |number: u8, of: usize| usize::from(number) % of;
        match *one {
            Try::Wait { hours } => {
                self.world.platform.clock.advance(TimeDelta::hours(hours));
                self.model.hour += hours;
            }
            Try::Confirm { graduate } => {
                let graduate = pick(graduate, self.students.len());
                let viewer = &self.students[graduate].viewer;
                let confirmed = step::confirm_data(&self.world.platform, viewer, 1).await;
                assert!(confirmed.unwrap().confirmed_at.is_some());
                let before = std::mem::replace(&mut self.model.graduates[graduate].confirmed, true);
                self.model.confirmations += usize::from(!before);
            }
            Try::Allow { graduate, allowed } => {
                let graduate = pick(graduate, self.students.len());
                let id = self.students[graduate].id;
                let change =
                    format!("UPDATE graduates SET online_signing_allowed = {allowed} WHERE id = '{id}'");
                execute(&mut *self.world.conn().await, &change).await;
                self.model.graduates[graduate].allowed = allowed;
            }
            Try::Verify { employer, verified } => {
                let employer = pick(employer, self.companies.len());
                let (id, word) = (
                    self.companies[employer].id,
                    if verified { "VERIFIED" } else { "REFUSED" },
                );
                let change = format!("UPDATE employers SET verification = '{word}' WHERE id = '{id}'");
                execute(&mut *self.world.conn().await, &change).await;
                self.model.employers[employer].verified = verified;
            }
            Try::Route {
                school,
                workflow,
                route,
            } => {
                let school = pick(school, self.schools.len());
                let conn = &mut *self.world.conn().await;
                set_review_route(conn, self.schools[school].id, workflow, route)
                    .await
                    .unwrap();
                match workflow {
                    Workflow::OnlineSigning => self.model.routes[school] = route,
                    Workflow::OnlineTermination => self.model.ending_routes[school] = route,
                    // Counts for no case of these.
                    Workflow::OfflineSigning
                    | Workflow::AgreementRegistration
                    | Workflow::OfflineTermination
                    | Workflow::OtherDestination => {}
                }
            }
            Try::Invite { by, graduate, hours } => {
                // Three of four come from somebody who may invite at all.
                let members = self.people.len() - 2;
                let by = if by % 4 == 0 {
                    pick(by / 4, self.people.len() - 1)
                } else {
                    members - 8 + pick(by / 4, 8)
                };
                self.invite(by, pick(graduate, self.students.len()), hours).await;
            }
            Try::Take {
                case,
                by,
                action,
                reason,
            } => {
                if self.model.cases.is_empty() {
                    return;
                }
                let case = self.target(case, action);
                let by = self.somebody(by, case, self.fitting(case, action));
                self.take(by, case, action, reason).await;
            }
            Try::Ask { case: number, by } => {
                if self.model.cases.is_empty() {
                    return;
                }
                let case = self.target(number, AgreementAction::RequestTermination);
                let sides = [AgreementAction::Accept, AgreementAction::Cancel];
                let fitting = self.fitting(case, sides[pick(number, 2)]);
                self.ask(self.somebody(by, case, fitting), case).await;
            }
            Try::End {
                case,
                by,
                action,
                reason,
            } => {
                let Some(case) = self.ending_target(case, action) else {
                    return;
                };
                let by = self.somebody(by, case, self.ending_fitting(case, action));
                self.end(by, case, action, reason).await;
            }
        }
        self.done += 1;
        if self.done.is_multiple_of(50) {
            self.check_all().await;
        }
    }

    fn somebody(&self, by: By, case: usize, fitting: usize) -> usize {
        let seen = |at: &usize| self.model.sees(self.people[*at].0, case);
        let reviews = |at: &usize| {
            let (person, _) = self.people[*at];
            matches!(
                person,
                Person::DepartmentReviewer { .. } | Person::SchoolReviewer { .. }
            )
        };
        let everybody = 0..self.people.len();
        let (among, number): (Vec<usize>, u8) = match by {
            By::Fitting => (vec![fitting], 0),
            By::Involved(number) => (everybody.filter(seen).collect(), number),
            By::Reviewer(number) => (everybody.filter(seen).filter(reviews).collect(), number),
            By::Anybody(number) => (everybody.collect(), number),
        };
        among[usize::from(number) % among.len()]
    }

    /// Mostly a case in the status from which the action is taken, else one of the latest.
    fn target(&self, number: u8, action: AgreementAction) -> usize {
        let from = match action {
            AgreementAction::Approve | AgreementAction::Reject => AgreementStatus::SigningReview,
            AgreementAction::StoreDocument
            | AgreementAction::RequestTermination
            | AgreementAction::Terminate => AgreementStatus::Signed,
            _ => AgreementStatus::Invited,
        };
        let cases = self.model.cases.iter().enumerate();
        let fitting: Vec<usize> = cases
            .filter(|(_, case)| case.status == from)
            .map(|(at, _)| at)
            .collect();
        let number = usize::from(number);
        if number.is_multiple_of(4) || fitting.is_empty() {
            let count = self.model.cases.len();
            count - 1 - number / 4 % count.min(9)
        } else {
            fitting[number / 4 % fitting.len()]
        }
    }

    /// The person whose step this is.
    fn fitting(&self, at: usize, action: AgreementAction) -> usize {
        let case = &self.model.cases[at];
        let home = &self.model.graduates[case.graduate];
        let (school, department) = (home.school, home.department);
        let fits = |person: &Person| match action {
            AgreementAction::Cancel | AgreementAction::Invite => {
                matches!(person, Person::Member { employer, .. } if *employer == case.employer)
            }
            AgreementAction::Accept | AgreementAction::Decline => *person == Person::Graduate(case.graduate),
            AgreementAction::Approve | AgreementAction::Reject | AgreementAction::Terminate => {
                match case.awaiting {
                    Some(ReviewLevel::School) => *person == Person::SchoolReviewer { school },
                    _ => *person == Person::DepartmentReviewer { school, department },
                }
            }
            _ => *person == Person::Worker,
        };
        self.people.iter().position(|(person, _)| fits(person)).unwrap()
    }

    async fn invite(&mut self, by: usize, graduate: usize, hours: i64) {
        let (person, viewer) = self.people[by];
        let viewer = viewer.expect("the worker is the last and never picked");
        let expected = self.model.invite(person, graduate, hours);
        let deadline = self.begin + TimeDelta::hours(self.model.hour + hours);
        let made = step::invite(
            &self.world.platform,
            &viewer,
            &invitation(self.students[graduate].id, deadline),
            None,
        )
        .await;
        assert_eq!(
            outcome(&made),
            expected,
            "{person:?} invites {graduate} for {hours} h"
        );
        let action = AgreementAction::Invite.as_str();
        *self
            .met
            .entry((CaseKind::Agreement, action, expected))
            .or_default() += 1;
        if let Ok(view) = made {
            let case = self.model.cases.last_mut().unwrap();
            case.id = Some(view.agreement.id);
            assert_agrees(&view.agreement, case);
        }
    }

    async fn take(&mut self, by: usize, at: usize, action: AgreementAction, with_reason: bool) {
        let (person, viewer) = self.people[by];
        let id = self.model.cases[at].id.unwrap();
        if let Some(viewer) = &viewer {
            let conn = &mut *self.world.conn().await;
            let seen = agreement::find(conn, viewer, id).await.unwrap();
            assert_eq!(
                seen.is_some(),
                self.model.sees(person, at),
                "{person:?} sees {at}"
            );
            if let Some(view) = seen {
                let offered = view.viewer_actions(viewer, self.world.now()).contains(&action);
                let expected = self.model.refusal(person, at, action, true).is_none();
                assert_eq!(offered, expected, "{person:?} is offered {action} of {at}");
            }
        }
        let step = match action {
            AgreementAction::Cancel => AgreementStep::Cancel,
            AgreementAction::Accept => AgreementStep::Accept,
            AgreementAction::Decline => AgreementStep::Decline(reason().filter(|_| with_reason)),
            AgreementAction::Expire => AgreementStep::Expire,
            AgreementAction::Remind => AgreementStep::Remind,
            AgreementAction::Approve => AgreementStep::Approve,
            // Blanks are no reason.
            AgreementAction::Reject if with_reason => AgreementStep::Reject(reason()),
            AgreementAction::Reject => AgreementStep::Reject(Some(" \n　".to_owned())),
            AgreementAction::StoreDocument => self.storing(id).await,
            _ => unreachable!("never generated"),
        };
        let expected = self.model.take(person, at, action, with_reason);
        let actor = viewer.map_or(Actor::Worker, Actor::Viewer);
        let taken = step::take(&self.world.platform, actor, id, step, None).await;
        assert_eq!(outcome(&taken), expected, "{person:?} takes {action} on {at}");
        let met = (CaseKind::Agreement, action.as_str(), expected);
        *self.met.entry(met).or_default() += 1;
        if let Ok(view) = taken {
            assert_agrees(&view.agreement, &self.model.cases[at]);
            let graduate = self.model.cases[at].graduate;
            let held_by = self
                .model
                .held
                .get(&graduate)
                .and_then(|case| self.model.cases[*case].id);
            assert_eq!(view.standing.held_by, held_by);
        }
    }

    async fn storing(&self, agreement: Uuid) -> AgreementStep {
        let conn = &mut *self.world.conn().await;
        let found = text(
            conn,
            &format!("SELECT id FROM documents WHERE agreement_id = '{agreement}'"),
        )
        .await;
        let document = found.first().map_or_else(Uuid::now_v7, |id| id.parse().unwrap());
        let pdf = StoredPdf {
            object_key: format!("agreements/{document}.pdf"),
            sha256: [7; 32],
            byte_size: 1000,
        };
        AgreementStep::StoreDocument(document, pdf)
    }
}

fn outcome<T>(result: &Result<T, StepError>) -> Outcome {
    match result {
        Ok(_) => Outcome::Done,
        Err(StepError::NotFound) => Outcome::NotFound,
        Err(StepError::Refused(refusal)) => Outcome::Refused(*refusal),
        Err(StepError::Invalid(wrong)) if wrong.iter().all(|error| error.field == "responseDeadline") => {
            Outcome::Invalid
        }
        Err(error) => panic!("{error:?}"),
    }
}

fn assert_agrees(agreement: &agreement::Agreement, case: &Case) {
    assert_eq!(Some(agreement.id), case.id);
    assert_eq!(agreement.status, case.status);
    assert_eq!(agreement.awaiting_review, case.awaiting);
    assert_eq!(agreement.version, case.version);
    assert_eq!(agreement.event_count as usize, case.events.len());
    assert_eq!(
        agreement.agreement_number.is_some(),
        matches!(case.status, AgreementStatus::Signed | AgreementStatus::Terminated)
    );
}
