//! What a try must come to, by the tables of the tests of the rules.

use std::collections::BTreeSet;

use wangqian_schema::workflow::{
    ActorRole, Refusal, ReviewLevel, ReviewRoute,
    agreement::{
        AgreementAction as AnAgreement,
        AgreementChannel::{self, Offline, Online, Registered},
        AgreementFacts, AgreementStatus,
    },
    destination::{DestinationAction as ADestination, DestinationFacts},
    termination::{TerminationAction as ATermination, TerminationFacts, TerminationStatus},
    transition::{EngagementEffect, Holder},
};

use super::{Comes, Do, Known, Lives, No, Of, Who};
use crate::{destination_rules, destinations, filed_rules, termination_rules};

/// W1, as far as people take its steps; W3 and W5 stand in the tests of their rules.
fn invited(status: AgreementStatus, action: AnAgreement) -> Option<(&'static [ActorRole], AgreementStatus)> {
    use ActorRole as By;
    use AgreementStatus as Is;
    const REVIEWERS: &[ActorRole] = &[By::DepartmentReviewer, By::SchoolReviewer];
    Some(match (action, status) {
        (AnAgreement::Cancel, Is::Invited) => (&[By::Employer], Is::Cancelled),
        (AnAgreement::Accept, Is::Invited) => (&[By::Graduate], Is::SigningReview),
        (AnAgreement::Decline, Is::Invited) => (&[By::Graduate], Is::Declined),
        (AnAgreement::Approve, Is::SigningReview) => (REVIEWERS, Is::Signed),
        (AnAgreement::Reject, Is::SigningReview) => (REVIEWERS, Is::SigningRejected),
        (AnAgreement::RequestTermination, Is::Signed) => (&[By::Graduate, By::Employer], Is::Signed),
        (AnAgreement::Amend, Is::Signed) => (&[By::SchoolReviewer], Is::Signed),
        _ => return None,
    })
}

/// The column "who" of W1.
fn inviting(action: AnAgreement) -> &'static [ActorRole] {
    use AgreementStatus::{Invited, Signed, SigningReview};
    let rows = [Invited, SigningReview, Signed].map(|status| invited(status, action));
    rows.into_iter().flatten().next().map_or_else(
        || match action {
            // No step of W1; where they are one, these take it.
            AnAgreement::Return => &[ActorRole::DepartmentReviewer, ActorRole::SchoolReviewer][..],
            _ => &[ActorRole::Graduate][..],
        },
        |row| row.0,
    )
}

impl Lives {
    pub(super) fn channel(&self, known: &Known) -> Option<AgreementChannel> {
        match known.of {
            Of::Agreement(channel, _) => Some(channel),
            Of::Termination(of, ..) => self.channel(&self.cases[of]),
            Of::Destination { .. } => None,
        }
    }

    pub(super) fn sees(&self, known: &Known, who: Who) -> bool {
        match who {
            Who::Graduate => true,
            Who::Employer => self.channel(known) == Some(Online),
            Who::Department | Who::School => known.told,
            Who::Stranger(_) => false,
        }
    }

    pub(super) fn open_termination(&self, agreement: usize) -> bool {
        self.cases.iter().any(|case| {
            matches!(case.of, Of::Termination(of, _, status) if of == agreement && TerminationStatus::OPEN.contains(&status))
        })
    }

    pub(super) fn expected(&self, at: usize, who: Who, what: Do) -> Comes {
        let known = self.cases[at];
        if !self.sees(&known, who) {
            return Err(No::Unseen);
        }
        let role = who.role();
        let holder = match self.held[known.graduate] {
            None => Holder::None,
            Some(place) if place == at => Holder::This,
            Some(_) => Holder::Other,
        };
        let after = |awaiting, of| Known {
            awaiting,
            of,
            ..known
        };
        match (what, known.of) {
            (Do::Agreement(action), Of::Agreement(channel, status)) => {
                let facts = AgreementFacts {
                    channel,
                    status,
                    response_deadline: None,
                    route: ReviewRoute::DepartmentThenSchool,
                    awaiting_review: known.awaiting,
                    reminded: false,
                    holder,
                    graduate_confirmed: true,
                    online_signing_allowed: true,
                    employer_verified: true,
                    termination_open: self.open_termination(at),
                    termination_approved: false,
                    own_submission: false,
                    reason_given: true,
                };
                let made = match channel {
                    Online => Self::online(&facts, action, role),
                    Offline => filed_rules::expected(filed_rules::OFFLINE, &facts, action, role)
                        .map(|made| (made.0, made.1, made.2)),
                    Registered => filed_rules::expected(filed_rules::REGISTERED, &facts, action, role)
                        .map(|made| (made.0, made.1, made.2)),
                };
                let (to, awaiting, effect) = made.map_err(No::Refused)?;
                let mut after = after(awaiting, Of::Agreement(channel, to));
                after.told |= action == AnAgreement::Submit;
                Ok((after, effect, false))
            }
            (Do::Termination(action), Of::Termination(of, requested_by, status)) => {
                let case = termination_rules::Case {
                    facts: TerminationFacts {
                        channel: self.channel(&known).unwrap(),
                        status,
                        requested_by,
                        route: ReviewRoute::DepartmentThenSchool,
                        awaiting_review: known.awaiting,
                        graduate_confirmed: true,
                        employer_verified: true,
                        own_submission: false,
                        reason_given: true,
                    },
                    action,
                    role,
                };
                let (to, awaiting, ends) = case.comes_to().map_err(No::Refused)?;
                let after = after(awaiting, Of::Termination(of, requested_by, to));
                Ok((after, EngagementEffect::Keep, ends))
            }
            (
                Do::Destination(action),
                Of::Destination {
                    status,
                    ticked,
                    department_approved,
                },
            ) => {
                let of = destinations::seeking().destination_type();
                let case = destination_rules::Case {
                    facts: DestinationFacts {
                        status,
                        destination_type: of,
                        chosen_type: of,
                        school_route: ReviewRoute::DepartmentThenSchool,
                        awaiting_review: known.awaiting,
                        holder,
                        graduate_confirmed: true,
                        online_signing_allowed: true,
                        directed: false,
                        voiding_reviewed: self.voiding_reviewed,
                        department_approved,
                        own_submission: false,
                        reason_given: true,
                    },
                    action,
                    role,
                };
                let (to, awaiting, effect) = case.comes_to().map_err(No::Refused)?;
                if action == ADestination::Submit && !ticked {
                    return Err(No::Unticked);
                }
                let of = Of::Destination {
                    status: to,
                    ticked: ticked && !matches!(action, ADestination::Change | ADestination::Amend),
                    department_approved: awaiting == Some(ReviewLevel::School),
                };
                let mut after = after(awaiting, of);
                after.told |= action == ADestination::Submit;
                Ok((after, effect, false))
            }
            (what, of) => panic!("{what:?} is nothing to do to {of:?}"),
        }
    }

    /// W1 in a sentence each, for what is invited online.
    fn online(
        facts: &AgreementFacts,
        action: AnAgreement,
        role: ActorRole,
    ) -> Result<(AgreementStatus, Option<ReviewLevel>, EngagementEffect), Refusal> {
        if !inviting(action).contains(&role) {
            return Err(Refusal::NotYourRole);
        }
        let Some((_, to)) = invited(facts.status, action) else {
            return Err(Refusal::NotInThisStatus);
        };
        if matches!(action, AnAgreement::Accept | AnAgreement::Decline) && facts.holder == Holder::Other {
            return Err(Refusal::AlreadyEngaged);
        }
        if action == AnAgreement::RequestTermination && facts.termination_open {
            return Err(Refusal::TerminationOpen);
        }
        let level = role.review_level();
        if matches!(action, AnAgreement::Approve | AnAgreement::Reject) && level != facts.awaiting_review {
            return Err(Refusal::OtherReviewLevel);
        }
        Ok(match action {
            AnAgreement::Accept => (to, Some(ReviewLevel::Department), EngagementEffect::Take),
            AnAgreement::Approve if level == Some(ReviewLevel::Department) => {
                (facts.status, Some(ReviewLevel::School), EngagementEffect::Keep)
            }
            AnAgreement::Reject => (to, None, EngagementEffect::Free),
            _ => (to, None, EngagementEffect::Keep),
        })
    }

    /// All that people may try on a case.
    pub(super) fn tries(&self, at: usize) -> Vec<(Who, Do)> {
        let all: Vec<Do> = match self.cases[at].of {
            Of::Agreement(..) => AnAgreement::ALL
                .iter()
                .filter(|action| {
                    !matches!(
                        action,
                        // Of the worker, of what begins a case, and of what is saved.
                        AnAgreement::Invite
                            | AnAgreement::Expire
                            | AnAgreement::Remind
                            | AnAgreement::StoreDocument
                            | AnAgreement::SaveDraft
                            // So many messages a day; has tests of its own.
                            | AnAgreement::RequestStampedCopy
                            | AnAgreement::Terminate
                    )
                })
                .map(|action| Do::Agreement(*action))
                .collect(),
            Of::Termination(..) => ATermination::ALL
                .iter()
                .filter(|action| **action != ATermination::Request)
                .map(|action| Do::Termination(*action))
                .collect(),
            Of::Destination { .. } => ADestination::ALL
                .iter()
                .filter(|action| **action != ADestination::SaveDraft)
                .map(|action| Do::Destination(*action))
                .collect(),
        };
        let all = &all;
        Who::ALL
            .iter()
            .flat_map(|who| all.iter().map(move |what| (*who, *what)))
            .collect()
    }

    /// What must have been done at least once.
    pub(super) fn everything(&self) -> BTreeSet<String> {
        use ATermination as T;
        use AnAgreement as A;
        let agreements = [
            (
                Online,
                &[A::Cancel, A::Accept, A::Decline, A::Approve, A::Reject][..],
            ),
            (
                Offline,
                &[
                    A::Submit,
                    A::Withdraw,
                    A::Discard,
                    A::Approve,
                    A::Return,
                    A::Reject,
                    A::SubmitStampedCopy,
                ],
            ),
            (
                Registered,
                &[
                    A::Submit,
                    A::Withdraw,
                    A::Discard,
                    A::Approve,
                    A::Return,
                    A::Reject,
                ],
            ),
        ];
        let agreements = agreements.into_iter().flat_map(|(channel, actions)| {
            let actions = actions.iter().chain(&[A::RequestTermination, A::Amend]);
            actions.map(move |action| (Some(channel), Do::Agreement(*action)))
        });
        let online = [T::Withdraw, T::Accept, T::Refuse, T::Approve, T::Reject];
        let offline = [
            T::Withdraw,
            T::Submit,
            T::Discard,
            T::Approve,
            T::Return,
            T::Reject,
        ];
        let terminations = (online.iter().map(|action| (Online, *action)))
            .chain(offline.iter().map(|action| (Offline, *action)))
            .map(|(channel, action)| (Some(channel), Do::Termination(action)));
        let destinations = ADestination::ALL
            .iter()
            .filter(|action| **action != ADestination::SaveDraft)
            .map(|action| (None, Do::Destination(*action)));
        agreements
            .chain(terminations)
            .chain(destinations)
            .map(|(channel, what): (Option<AgreementChannel>, Do)| format!("{channel:?} {what:?}"))
            .collect()
    }
}
