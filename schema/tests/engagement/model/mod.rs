//! Online signing once more, as simply as it can be told: in memory, in whole hours, one step after the other. What a
//! step must come to, and what must be owed afterwards, without looking at the program.

mod ending;

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;
use wangqian_schema::workflow::{
    Refusal, ReviewLevel, ReviewRoute,
    agreement::{AgreementAction, AgreementStatus},
    termination::{TerminationAction, TerminationStatus},
};

/// Somebody who may try something, by his place in the lists of [`Model`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Person {
    Graduate(usize),
    Member { employer: usize, account: Uuid },
    DepartmentReviewer { school: usize, department: usize },
    SchoolReviewer { school: usize },
    Operator,
    Worker,
}

#[derive(Clone, Debug)]
pub(super) struct Graduate {
    pub(super) account: Uuid,
    pub(super) school: usize,
    pub(super) department: usize,
    pub(super) confirmed: bool,
    pub(super) allowed: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Employer {
    pub(super) members: Vec<Uuid>,
    pub(super) verified: bool,
}

/// One termination of an agreement.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    /// Known once the program has made it.
    pub(super) id: Option<Uuid>,
    pub(super) by_graduate: bool,
    pub(super) status: TerminationStatus,
    pub(super) awaiting: Option<ReviewLevel>,
    pub(super) events: Vec<(TerminationAction, TerminationStatus)>,
    route: Option<ReviewRoute>,
}

/// One agreement.
#[derive(Clone, Debug)]
pub(super) struct Case {
    /// Known once the program has made it.
    pub(super) id: Option<Uuid>,
    pub(super) graduate: usize,
    pub(super) employer: usize,
    pub(super) status: AgreementStatus,
    pub(super) awaiting: Option<ReviewLevel>,
    pub(super) deadline: i64,
    pub(super) remind_job: bool,
    pub(super) version: i32,
    pub(super) events: Vec<(AgreementAction, AgreementStatus)>,
    pub(super) serial: Option<u32>,
    /// What was asked for to end it, in the order of time.
    pub(super) endings: Vec<Ending>,
    route: Option<ReviewRoute>,
    reminded: bool,
    stored: bool,
}

/// What came of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Outcome {
    Done,
    NotFound,
    Invalid,
    Refused(Refusal),
}

/// A case: an agreement, or of one a termination, by their places.
pub(super) type At = (usize, Option<usize>);

/// A message that must exist: case, its event, account, channel, text.
pub(super) type Owed = (At, usize, Uuid, &'static str, &'static str);

#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    /// Full hours since the beginning; the program's clock is always half an hour further.
    pub(super) hour: i64,
    pub(super) routes: Vec<ReviewRoute>,
    pub(super) ending_routes: Vec<ReviewRoute>,
    pub(super) graduates: Vec<Graduate>,
    /// Events of graduates who confirmed their data meanwhile.
    pub(super) confirmations: usize,
    pub(super) employers: Vec<Employer>,
    pub(super) cases: Vec<Case>,
    pub(super) held: BTreeMap<usize, usize>,
    pub(super) messages: BTreeSet<Owed>,
    serials: BTreeMap<usize, u32>,
}

impl Model {
    /// Whether somebody sees a case.
    pub(super) fn sees(&self, person: Person, case: usize) -> bool {
        let case = &self.cases[case];
        let home = &self.graduates[case.graduate];
        match person {
            Person::Graduate(graduate) => graduate == case.graduate,
            Person::Member { employer, .. } => employer == case.employer,
            Person::DepartmentReviewer { school, department } => {
                (school, department) == (home.school, home.department)
            }
            Person::SchoolReviewer { school } => school == home.school,
            Person::Operator => false,
            Person::Worker => true,
        }
    }

    /// An employer invites for so many hours.
    pub(super) fn invite(&mut self, person: Person, graduate: usize, hours: i64) -> Outcome {
        let Person::Member { employer, .. } = person else {
            return Outcome::Refused(Refusal::NotYourRole);
        };
        if !self.employers[employer].verified {
            return Outcome::Refused(Refusal::EmployerNotVerified);
        }
        if !(1..=180 * 24).contains(&hours) {
            return Outcome::Invalid;
        }
        if !self.graduates[graduate].allowed {
            return Outcome::Refused(Refusal::OnlineSigningNotAllowed);
        }
        let live = [
            AgreementStatus::Invited,
            AgreementStatus::SigningReview,
            AgreementStatus::Signed,
        ];
        let found = self.cases.iter().position(|case| {
            (case.employer, case.graduate) == (employer, graduate) && live.contains(&case.status)
        });
        if let Some(found) = found {
            let old = &self.cases[found];
            if old.status != AgreementStatus::Invited || self.hour < old.deadline {
                return Outcome::Refused(Refusal::AlreadyInvited);
            }
            self.move_to(found, AgreementAction::Expire, AgreementStatus::Expired);
        }
        self.cases.push(Case {
            id: None,
            graduate,
            employer,
            status: AgreementStatus::Invited,
            awaiting: None,
            deadline: self.hour + hours,
            remind_job: hours > 24,
            version: 1,
            events: Vec::new(),
            serial: None,
            endings: Vec::new(),
            route: None,
            reminded: false,
            stored: false,
        });
        self.note(self.cases.len() - 1, AgreementAction::Invite);
        Outcome::Done
    }

    /// Somebody tries something on a case.
    pub(super) fn take(
        &mut self,
        person: Person,
        at: usize,
        action: AgreementAction,
        reason: bool,
    ) -> Outcome {
        use AgreementAction as Do;
        use AgreementStatus as Is;

        if !self.sees(person, at) {
            return Outcome::NotFound;
        }
        if let Some(refusal) = self.refusal(person, at, action, reason) {
            return Outcome::Refused(refusal);
        }
        let graduate = self.cases[at].graduate;
        match action {
            Do::Invite => unreachable!("not a step on a case"),
            Do::Cancel => self.move_to(at, action, Is::Cancelled),
            Do::Decline => self.move_to(at, action, Is::Declined),
            Do::Expire => self.move_to(at, action, Is::Expired),
            Do::Remind => {
                self.cases[at].reminded = true;
                self.note(at, action);
            }
            Do::Accept => {
                let route = self.routes[self.graduates[graduate].school];
                self.held.insert(graduate, at);
                self.cases[at].route = Some(route);
                self.cases[at].awaiting = Some(match route {
                    ReviewRoute::SchoolOnly => ReviewLevel::School,
                    _ => ReviewLevel::Department,
                });
                self.move_to(at, action, Is::SigningReview);
            }
            Do::Reject => {
                self.held.remove(&graduate);
                self.cases[at].awaiting = None;
                self.move_to(at, action, Is::SigningRejected);
            }
            Do::Approve => {
                let two_levels = self.cases[at].route == Some(ReviewRoute::DepartmentThenSchool);
                if two_levels && self.cases[at].awaiting == Some(ReviewLevel::Department) {
                    self.cases[at].awaiting = Some(ReviewLevel::School);
                    self.move_to(at, action, Is::SigningReview);
                } else {
                    let serial = self.serials.entry(self.graduates[graduate].school).or_default();
                    *serial += 1;
                    self.cases[at].serial = Some(*serial);
                    self.cases[at].awaiting = None;
                    self.move_to(at, action, Is::Signed);
                }
            }
            Do::StoreDocument if self.cases[at].stored => {}
            Do::StoreDocument => {
                self.cases[at].stored = true;
                self.note(at, action);
            }
            _ => unreachable!("not taken by themselves, or not by these people"),
        }
        Outcome::Done
    }

    /// Why somebody who sees a case may not do something now.
    pub(super) fn refusal(
        &self,
        person: Person,
        at: usize,
        action: AgreementAction,
        reason: bool,
    ) -> Option<Refusal> {
        use AgreementAction as Do;

        let case = &self.cases[at];
        let graduate = &self.graduates[case.graduate];
        let open = self.hour < case.deadline;
        let held_elsewhere = self.held.get(&case.graduate).is_some_and(|holder| *holder != at);
        let open_ending = case.endings.iter().any(|ending| {
            matches!(
                ending.status,
                TerminationStatus::Requested | TerminationStatus::TerminationReview
            )
        });
        let when = |condition: bool, refusal| condition.then_some(refusal);
        let needs = |status| when(case.status != status, Refusal::NotInThisStatus);
        let needs_invited = || {
            when(case.status == AgreementStatus::Expired, Refusal::DeadlinePassed)
                .or(needs(AgreementStatus::Invited))
        };
        match (action, person) {
            (Do::Cancel, Person::Member { .. }) => needs_invited()
                .or(when(
                    !self.employers[case.employer].verified,
                    Refusal::EmployerNotVerified,
                ))
                .or(when(!open, Refusal::DeadlinePassed)),
            (Do::Accept | Do::Decline, Person::Graduate(_)) => needs_invited()
                .or(when(!graduate.confirmed, Refusal::DataNotConfirmed))
                .or(when(!open, Refusal::DeadlinePassed))
                .or(when(held_elsewhere, Refusal::AlreadyEngaged))
                .or_else(|| self.may_not_sign(at).filter(|_| action == Do::Accept)),
            (Do::Expire, Person::Worker) => needs(AgreementStatus::Invited).or(when(open, Refusal::TooEarly)),
            (Do::Remind, Person::Worker) => needs(AgreementStatus::Invited)
                .or(when(case.reminded, Refusal::NotInThisStatus))
                .or(when(!open, Refusal::DeadlinePassed))
                .or(when(self.hour < case.deadline - 24, Refusal::TooEarly)),
            (Do::StoreDocument, Person::Worker) => {
                needs(AgreementStatus::Signed).filter(|_| case.status != AgreementStatus::Terminated)
            }
            (Do::RequestTermination, Person::Graduate(_)) => needs(AgreementStatus::Signed)
                .or(when(!graduate.confirmed, Refusal::DataNotConfirmed))
                .or(when(open_ending, Refusal::TerminationOpen)),
            (Do::RequestTermination, Person::Member { .. }) => needs(AgreementStatus::Signed)
                .or(when(
                    !self.employers[case.employer].verified,
                    Refusal::EmployerNotVerified,
                ))
                .or(when(open_ending, Refusal::TerminationOpen)),
            (Do::Terminate, Person::DepartmentReviewer { .. } | Person::SchoolReviewer { .. }) => {
                Some(Refusal::NotInThisStatus)
            }
            (Do::Approve | Do::Reject, Person::DepartmentReviewer { .. } | Person::SchoolReviewer { .. }) => {
                let level = match person {
                    Person::SchoolReviewer { .. } => ReviewLevel::School,
                    _ => ReviewLevel::Department,
                };
                needs(AgreementStatus::SigningReview)
                    .or(when(case.awaiting != Some(level), Refusal::OtherReviewLevel))
                    .or(when(action == Do::Reject && !reason, Refusal::ReasonRequired))
                    .or_else(|| self.may_not_sign(at).filter(|_| action == Do::Approve))
            }
            _ => Some(Refusal::NotYourRole),
        }
    }

    /// Why these two may not sign with each other now.
    fn may_not_sign(&self, at: usize) -> Option<Refusal> {
        let case = &self.cases[at];
        let forbidden = !self.graduates[case.graduate].allowed;
        let unverified = !self.employers[case.employer].verified;
        forbidden
            .then_some(Refusal::OnlineSigningNotAllowed)
            .or(unverified.then_some(Refusal::EmployerNotVerified))
    }

    fn move_to(&mut self, at: usize, action: AgreementAction, to: AgreementStatus) {
        self.cases[at].status = to;
        self.cases[at].version += 1;
        self.note(at, action);
    }

    /// One more event, and the messages that it owes (DOMAIN.md, Messages).
    fn note(&mut self, at: usize, action: AgreementAction) {
        use AgreementAction as Do;

        let case = &mut self.cases[at];
        case.events.push((action, case.status));
        let (to_graduate, to_employer) = match action {
            Do::Invite => (Some("INVITATION_RECEIVED"), None),
            Do::Remind => (Some("INVITATION_EXPIRING"), None),
            Do::Cancel => (Some("INVITATION_CANCELLED"), None),
            Do::Accept => (None, Some("INVITATION_ACCEPTED")),
            Do::Decline => (None, Some("INVITATION_DECLINED")),
            Do::Expire => (Some("INVITATION_EXPIRED"), Some("INVITATION_UNANSWERED")),
            Do::Reject => (Some("SIGNING_REJECTED"), Some("SIGNING_REJECTED")),
            Do::Approve if case.status == AgreementStatus::Signed => {
                (Some("AGREEMENT_SIGNED"), Some("AGREEMENT_SIGNED"))
            }
            Do::Approve => (Some("REVIEW_ADVANCED"), Some("REVIEW_ADVANCED")),
            _ => (None, None),
        };
        let sequence = case.events.len();
        let (graduate, employer) = (case.graduate, case.employer);
        if let Some(text) = to_graduate {
            self.tell_graduate(
                (at, None),
                sequence,
                graduate,
                &["IN_APP", "WECHAT", "EMAIL"],
                text,
            );
        }
        if let Some(text) = to_employer {
            self.tell_employer((at, None), sequence, employer, &["IN_APP", "EMAIL"], text);
        }
    }

    fn tell_graduate(
        &mut self,
        at: At,
        sequence: usize,
        graduate: usize,
        by: &[&'static str],
        text: &'static str,
    ) {
        let account = self.graduates[graduate].account;
        self.messages
            .extend(by.iter().map(|channel| (at, sequence, account, *channel, text)));
    }

    fn tell_employer(
        &mut self,
        at: At,
        sequence: usize,
        employer: usize,
        by: &[&'static str],
        text: &'static str,
    ) {
        for account in &self.employers[employer].members {
            self.messages
                .extend(by.iter().map(|channel| (at, sequence, *account, *channel, text)));
        }
    }
}
