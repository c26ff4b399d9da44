//! The rules of terminations: W2, the termination of an agreement that was signed online (§5).

use super::{
    ActorRole, Refusal, ReviewLevel, ReviewRoute,
    transition::{ReviewFacts, Transition},
};
use crate::text_enum::text_enum;

text_enum! {
    /// Where a termination stands.
    pub enum TerminationStatus {
        /// 待对方回应 one side has asked, the other has not answered yet.
        Requested = "REQUESTED",
        /// 已撤回 whoever asked took it back.
        Withdrawn = "WITHDRAWN",
        /// 对方不同意 the other side said no; the signing stands.
        Refused = "REFUSED",
        /// 解约审核中 both agree; the school or department reviews.
        TerminationReview = "TERMINATION_REVIEW",
        /// 已解约 approved; the agreement has ended.
        Terminated = "TERMINATED",
        /// 解约审核不通过 the review refused; the signing stands.
        Rejected = "REJECTED",
    }
}

text_enum! {
    /// What can be done to a termination.
    pub enum TerminationAction {
        /// 申请解约 one side asks; the first event of the case.
        Request = "REQUEST",
        /// 撤回申请 whoever asked takes it back.
        Withdraw = "WITHDRAW",
        /// 同意解约 the other side agrees.
        Accept = "ACCEPT",
        /// 不同意解约 the other side does not.
        Refuse = "REFUSE",
        /// 审核通过 a reviewer approves.
        Approve = "APPROVE",
        /// 审核不通过 a reviewer rejects; needs a reason.
        Reject = "REJECT",
        /// 退回修改 a reviewer wants it mended; needs a reason. Not where both sides have agreed online.
        Return = "RETURN",
    }
}

text_enum! {
    /// The side of an agreement that asks for its termination.
    pub enum Party {
        /// 毕业生 the graduate.
        Graduate = "GRADUATE",
        /// 用人单位 the employer.
        Employer = "EMPLOYER",
    }
}

impl Party {
    /// The side that a role belongs to, if it is a party.
    pub const fn of(role: ActorRole) -> Option<Self> {
        match role {
            ActorRole::Graduate => Some(Self::Graduate),
            ActorRole::Employer => Some(Self::Employer),
            _ => None,
        }
    }

    /// The other side.
    pub const fn other(self) -> Self {
        match self {
            Self::Graduate => Self::Employer,
            Self::Employer => Self::Graduate,
        }
    }
}

impl TerminationStatus {
    /// The statuses in which a termination is still to be decided; an agreement has at most one of these.
    pub const OPEN: [Self; 2] = [Self::Requested, Self::TerminationReview];
}

/// All that the rules look at.
#[derive(Clone, Debug)]
pub struct TerminationFacts {
    /// Where the termination stands.
    pub status: TerminationStatus,
    /// Who asked for it.
    pub requested_by: Party,
    /// The route by which it is, or would be, reviewed.
    pub route: ReviewRoute,
    /// The level that decides next, while under review.
    pub awaiting_review: Option<ReviewLevel>,
    /// Whether the graduate has confirmed his basic information.
    pub graduate_confirmed: bool,
    /// Whether the operator has verified the employer.
    pub employer_verified: bool,
    /// Whether the person acting is the one who submitted the case for review.
    pub own_submission: bool,
    /// Whether the person acting gives a reason.
    pub reason_given: bool,
}

impl TerminationFacts {
    const fn review(&self) -> ReviewFacts {
        ReviewFacts {
            route: self.route,
            awaiting_review: self.awaiting_review,
            own_submission: self.own_submission,
            reason_given: self.reason_given,
        }
    }
}

/// Decides an action on an existing termination.
///
/// # Errors
/// The [`Refusal`] that helps the person most: role first, then status, then what stands in the way.
pub fn decide(
    facts: &TerminationFacts,
    action: TerminationAction,
    actor: ActorRole,
) -> Result<Transition<TerminationStatus>, Refusal> {
    use TerminationAction as Do;
    use TerminationStatus as Is;

    let party = Party::of(actor);
    let role_fits = match action {
        Do::Request => party.is_some(),
        Do::Withdraw => party == Some(facts.requested_by),
        Do::Accept | Do::Refuse => party == Some(facts.requested_by.other()),
        Do::Approve | Do::Reject | Do::Return => actor.review_level().is_some(),
    };
    if !role_fits {
        return Err(Refusal::NotYourRole);
    }
    let status_fits = match action {
        Do::Request | Do::Return => false,
        Do::Withdraw | Do::Accept | Do::Refuse => facts.status == Is::Requested,
        Do::Approve | Do::Reject => facts.status == Is::TerminationReview,
    };
    if !status_fits {
        return Err(Refusal::NotInThisStatus);
    }
    // An employer whose verification was taken back may still agree, and take back what it asked for, so that it does not hold the
    // graduate; it may not say no.
    if actor == ActorRole::Employer && action == Do::Refuse && !facts.employer_verified {
        return Err(Refusal::EmployerNotVerified);
    }
    if actor == ActorRole::Graduate && !facts.graduate_confirmed {
        return Err(Refusal::DataNotConfirmed);
    }
    let review = facts.review();
    match action {
        Do::Request | Do::Return => Err(Refusal::NotInThisStatus),
        Do::Withdraw => Ok(Transition::to(Is::Withdrawn)),
        Do::Refuse => Ok(Transition::to(Is::Refused)),
        Do::Accept => Ok(Transition {
            awaiting_review: Some(facts.route.first()),
            ..Transition::to(Is::TerminationReview)
        }),
        Do::Approve => {
            review.may_decide(actor)?;
            Ok(review.approved(actor, facts.status, Is::Terminated))
        }
        Do::Reject => {
            review.may_decide(actor)?;
            review.refused(Is::Rejected)
        }
    }
}

/// What `actor` may do now: the actions that [`decide`] would let through if he gave a reason.
pub fn available(facts: &TerminationFacts, actor: ActorRole) -> Vec<TerminationAction> {
    let facts = TerminationFacts {
        reason_given: true,
        ..facts.clone()
    };
    TerminationAction::ALL
        .iter()
        .copied()
        .filter(|action| decide(&facts, *action, actor).is_ok())
        .collect()
}
