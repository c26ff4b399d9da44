//! The rules of other destinations: W6 (§9). What a form may hold, [`crate::destination`] says.

use super::{
    ActorRole, Refusal, ReviewLevel, ReviewRoute,
    transition::{Holder, ReviewFacts, Transition},
};
use crate::{codes::CodeList, destination::DestinationType, text_enum::text_enum};

/// Most drafts of destinations that a graduate keeps.
pub const MAX_DRAFTS: i64 = 20;

text_enum! {
    /// Where a destination stands.
    pub enum DestinationStatus {
        /// 草稿 the graduate is filling it in.
        Draft = "DRAFT",
        /// 登记审核中 the school or department reviews.
        RegistrationReview = "REGISTRATION_REVIEW",
        /// 登记待提交（老师退回） it is to be mended.
        Returned = "RETURNED",
        /// 登记审核不通过 void; to be registered anew.
        Rejected = "REJECTED",
        /// 已登记 registered.
        Registered = "REGISTERED",
        /// 作废审核中 the graduate wants it void, and his school reviews that.
        VoidingReview = "VOIDING_REVIEW",
        /// 已作废 the graduate has made it void; the school sees it still.
        Voided = "VOIDED",
        /// 已放弃 the graduate gave it up before it was registered.
        Discarded = "DISCARDED",
    }
}

impl DestinationStatus {
    /// In these the graduate may change what he has filled in.
    pub const EDITABLE: [Self; 2] = [Self::Draft, Self::Returned];
    /// In these it may still come to something, or stands: it is the graduate's own department that sees it.
    pub const LIVE: [Self; 5] = [
        Self::Draft,
        Self::RegistrationReview,
        Self::Returned,
        Self::Registered,
        Self::VoidingReview,
    ];
    /// In these it is registered and counts: also while it is reviewed whether it is made void. [`standing_destinations`] in SQL.
    pub const STANDING: [Self; 2] = [Self::Registered, Self::VoidingReview];

    /// Whether it is registered and counts.
    pub fn stands(self) -> bool {
        Self::STANDING.contains(&self)
    }
}

/// [`DestinationStatus::STANDING`] in SQL, for statements that are constants.
macro_rules! standing_destinations {
    () => {
        "('REGISTERED', 'VOIDING_REVIEW')"
    };
}
pub(crate) use standing_destinations;

text_enum! {
    /// What can be done to a destination.
    pub enum DestinationAction {
        /// 保存 the graduate changes what he has filled in, the type too. Leaves no event.
        SaveDraft = "SAVE_DRAFT",
        /// 提交审核 the graduate hands it in.
        Submit = "SUBMIT",
        /// 撤回修改 the graduate takes back what he handed in, before a reviewer has decided.
        Withdraw = "WITHDRAW",
        /// 放弃登记 the graduate gives it up.
        Discard = "DISCARD",
        /// 审核通过 a reviewer approves.
        Approve = "APPROVE",
        /// 退回修改 a reviewer wants it mended; needs a reason.
        Return = "RETURN",
        /// 审核不通过 a reviewer rejects; needs a reason.
        Reject = "REJECT",
        /// 审核修改 the reviewer changes the type or fields himself (§9.2).
        Change = "CHANGE",
        /// 作废 the graduate makes a registered one void (§9.2 note).
        Void = "VOID",
        /// 登记后修改 the school changes fields of a registered one; needs a reason (§10).
        Amend = "AMEND",
    }
}

/// All that the rules look at.
#[derive(Clone, Debug)]
pub struct DestinationFacts {
    /// Where the destination stands.
    pub status: DestinationStatus,
    /// 去向类型 as it stands.
    pub destination_type: DestinationType,
    /// 去向类型 after the step: another one where the graduate or the reviewer chooses anew, the same otherwise.
    pub chosen_type: DestinationType,
    /// The school's route of this workflow, as it was when it was handed in. The type may ask for more: see [`route_for`].
    pub school_route: ReviewRoute,
    /// The level that decides next, while under review.
    pub awaiting_review: Option<ReviewLevel>,
    /// Who holds the graduate.
    pub holder: Holder,
    /// Whether the graduate has confirmed his basic information.
    pub graduate_confirmed: bool,
    /// 是否可网签: whether the graduate may sign online.
    pub online_signing_allowed: bool,
    /// 定向/委培: whether he studies for a unit that has commissioned it, see [`is_directed`].
    pub directed: bool,
    /// 作废需审核: whether the school wants to review what graduates make void.
    pub voiding_reviewed: bool,
    /// Whether the department has approved in this round.
    pub department_approved: bool,
    /// Whether the person acting is the one who submitted the case for review.
    pub own_submission: bool,
    /// Whether the person acting gives a reason.
    pub reason_given: bool,
}

impl DestinationFacts {
    /// The review of a registration of the type; that of a voiding goes by the school's route alone.
    const fn review(&self, of: DestinationType) -> ReviewFacts {
        ReviewFacts {
            route: match self.status {
                DestinationStatus::Registered | DestinationStatus::VoidingReview => self.school_route,
                _ => route_for(of, self.school_route),
            },
            awaiting_review: self.awaiting_review,
            own_submission: self.own_submission,
            reason_given: self.reason_given,
        }
    }

    const fn offered(&self, of: DestinationType) -> Result<(), Refusal> {
        match is_offered(of, self.online_signing_allowed, self.directed) {
            true => Ok(()),
            false => Err(Refusal::TypeNotOffered),
        }
    }
}

/// The route by which a type is reviewed: the school's, but for 自由职业, which both levels approve whatever the route
/// (DESTINATION_FORMS.md, Per type).
pub const fn route_for(of: DestinationType, school_route: ReviewRoute) -> ReviewRoute {
    match of {
        DestinationType::Freelance => ReviewRoute::DepartmentThenSchool,
        _ => school_route,
    }
}

/// 定向/委培: whether graduates of a training mode, a code of [`CodeList::TrainingMode`], study for a unit: those whose mode
/// does not allow online signing by itself, whatever the school has allowed the one graduate.
pub fn is_directed(training_mode: &str) -> bool {
    CodeList::TrainingMode
        .get(training_mode)
        .is_some_and(|mode| mode.online_signing == Some(false))
}

/// The types that a graduate may choose among (§9.1 note).
///
/// Who may not sign online sees 定向/委培毕业去向补充登记 alone. Who may, sees all others; and that one as well when he is
/// 定向/委培 and the school has allowed him to sign, since he may still go where it was agreed. Nobody else has a unit that
/// has commissioned his studies, so nobody else sees it.
pub fn types_offered(online_signing_allowed: bool, directed: bool) -> Vec<DestinationType> {
    DestinationType::ALL
        .iter()
        .copied()
        .filter(|of| is_offered(*of, online_signing_allowed, directed))
        .collect()
}

const fn is_offered(of: DestinationType, online_signing_allowed: bool, directed: bool) -> bool {
    match of {
        DestinationType::EntrustedSupplement => directed || !online_signing_allowed,
        _ => online_signing_allowed,
    }
}

/// Decides an action on an existing destination.
///
/// # Errors
/// The [`Refusal`] that helps the person most: role first, then status, then what stands in the way.
pub fn decide(
    facts: &DestinationFacts,
    action: DestinationAction,
    actor: ActorRole,
) -> Result<Transition<DestinationStatus>, Refusal> {
    use DestinationAction as Do;
    use DestinationStatus as Is;

    let role_fits = match action {
        Do::SaveDraft | Do::Submit | Do::Withdraw | Do::Discard | Do::Void => actor == ActorRole::Graduate,
        Do::Approve | Do::Return | Do::Reject | Do::Change => actor.review_level().is_some(),
        Do::Amend => actor == ActorRole::SchoolReviewer,
    };
    if !role_fits {
        return Err(Refusal::NotYourRole);
    }
    let Some(to) = leads_to(facts, action) else {
        return Err(Refusal::NotInThisStatus);
    };
    if actor == ActorRole::Graduate && !facts.graduate_confirmed {
        return Err(Refusal::DataNotConfirmed);
    }
    let review = facts.review(facts.destination_type);
    match action {
        Do::SaveDraft => facts.offered(facts.chosen_type).map(|()| Transition::to(to)),
        Do::Submit => {
            let review = facts.review(facts.chosen_type);
            let taken = facts.holder.taken(review.submitted(to))?;
            facts.offered(facts.chosen_type).map(|()| taken)
        }
        // A change of the type may have taken the department out of the route since it approved.
        Do::Withdraw if facts.department_approved => Err(Refusal::ReviewBegun),
        Do::Withdraw => review.withdrawn(to),
        Do::Discard => Ok(facts.holder.freed(Transition::to(to))),
        Do::Void if to == Is::VoidingReview => Ok(review.submitted(to)),
        Do::Void => Ok(facts.holder.freed(Transition::to(to))),
        Do::Change => {
            review.may_decide(actor)?;
            facts.offered(facts.chosen_type)?;
            Ok(Transition {
                awaiting_review: Some(awaiting_after_change(facts, review.route)),
                ..Transition::to(to)
            })
        }
        Do::Amend => review.with_reason(Transition::to(to)),
        Do::Return => {
            review.may_decide(actor)?;
            review.refused(to)
        }
        Do::Reject => {
            review.may_decide(actor)?;
            let rejected = review.refused(to)?;
            Ok(match to {
                // What was to be made void stands, and goes on holding him.
                Is::Registered => rejected,
                _ => facts.holder.freed(rejected),
            })
        }
        Do::Approve => {
            review.may_decide(actor)?;
            let approved = review.approved(actor, facts.status, to);
            if to == Is::Voided {
                return Ok(match approved.completes {
                    true => facts.holder.freed(approved),
                    false => approved,
                });
            }
            // He may not be offered it any more since he handed it in; the reviewer can change the type himself.
            facts.offered(facts.destination_type)?;
            if approved.completes && !facts.graduate_confirmed {
                return Err(Refusal::ConfirmationPending);
            }
            Ok(approved)
        }
    }
}

/// The status to which an action leads in the end, where the destination is in a status in which it can be done. The table of
/// DOMAIN.md, W6.
const fn leads_to(facts: &DestinationFacts, action: DestinationAction) -> Option<DestinationStatus> {
    use DestinationAction as Do;
    use DestinationStatus as Is;
    Some(match (facts.status, action) {
        (at @ (Is::Draft | Is::Returned), Do::SaveDraft) => at,
        (Is::Draft | Is::Returned, Do::Submit) => Is::RegistrationReview,
        (Is::Draft | Is::Returned, Do::Discard) => Is::Discarded,

        (Is::RegistrationReview, Do::Withdraw) => Is::Draft,
        (Is::RegistrationReview, Do::Approve) => Is::Registered,
        (Is::RegistrationReview, Do::Return) => Is::Returned,
        (Is::RegistrationReview, Do::Reject) => Is::Rejected,
        (Is::RegistrationReview, Do::Change) => Is::RegistrationReview,

        (Is::Registered, Do::Amend) => Is::Registered,
        (Is::Registered, Do::Void) if facts.voiding_reviewed => Is::VoidingReview,
        (Is::Registered, Do::Void) => Is::Voided,
        (Is::VoidingReview, Do::Withdraw | Do::Reject) => Is::Registered,
        (Is::VoidingReview, Do::Approve) => Is::Voided,
        _ => return None,
    })
}

/// Who decides next when a reviewer has changed the type and the new one has another route than `route`: whoever was to,
/// unless he has no part in the new route, or a level comes before him there that had none in the old one and has not approved.
fn awaiting_after_change(facts: &DestinationFacts, route: ReviewRoute) -> ReviewLevel {
    let new_route = route_for(facts.chosen_type, facts.school_route);
    let awaiting = facts.awaiting_review.unwrap_or(new_route.first());
    match awaiting {
        ReviewLevel::Department => new_route.first(),
        ReviewLevel::School if route.first() == ReviewLevel::School && !facts.department_approved => {
            new_route.first()
        }
        ReviewLevel::School => ReviewLevel::School,
    }
}

/// What the rules look at when a graduate begins a draft.
#[derive(Clone, Copy, Debug)]
pub struct DraftFacts {
    /// 去向类型 the type that he has chosen.
    pub chosen_type: DestinationType,
    /// Whether he has confirmed his basic information.
    pub graduate_confirmed: bool,
    /// 是否可网签: whether he may sign online.
    pub online_signing_allowed: bool,
    /// 定向/委培, see [`is_directed`].
    pub directed: bool,
    /// How many drafts of destinations he has.
    pub drafts: i64,
}

/// Decides whether a graduate may begin a draft. A draft holds nothing, so one who is held may.
///
/// # Errors
/// The [`Refusal`].
pub const fn decide_draft(facts: DraftFacts) -> Result<(), Refusal> {
    if !facts.graduate_confirmed {
        return Err(Refusal::DataNotConfirmed);
    }
    if !is_offered(facts.chosen_type, facts.online_signing_allowed, facts.directed) {
        return Err(Refusal::TypeNotOffered);
    }
    if facts.drafts >= MAX_DRAFTS {
        return Err(Refusal::TooManyDrafts);
    }
    Ok(())
}

/// What `actor` may do now: the actions that [`decide`] would let through if he gave a reason and, where he may choose the
/// type anew, chose one that is offered.
pub fn available(facts: &DestinationFacts, actor: ActorRole) -> Vec<DestinationAction> {
    let offered = types_offered(facts.online_signing_allowed, facts.directed);
    let other = match offered.contains(&facts.destination_type) {
        true => None,
        false => offered.first().copied(),
    };
    DestinationAction::ALL
        .iter()
        .copied()
        .filter(|action| {
            let chosen = match action {
                DestinationAction::SaveDraft | DestinationAction::Change => other,
                _ => None,
            };
            let facts = DestinationFacts {
                reason_given: true,
                chosen_type: chosen.unwrap_or(facts.destination_type),
                ..facts.clone()
            };
            decide(&facts, *action, actor).is_ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statuses_that_count_are_the_same_in_sql() {
        let words = DestinationStatus::STANDING.map(|status| format!("'{status}'"));
        assert_eq!(standing_destinations!(), format!("({})", words.join(", ")));
    }
}
