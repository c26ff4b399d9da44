//! The rules of terminations: W2 of an agreement that was signed online (§5), where the other side answers, and W4 of one that the
//! graduate filled in himself (§7), where he hands in materials.

use super::{
    ActorRole, Refusal, ReviewLevel, ReviewRoute,
    agreement::AgreementChannel,
    transition::{ReviewFacts, Transition},
};
use crate::text_enum::text_enum;

text_enum! {
    /// Where a termination stands.
    pub enum TerminationStatus {
        /// 待对方回应 one side has asked, the other has not answered yet.
        Requested = "REQUESTED",
        /// 已撤回 whoever asked took it back, or gave it up.
        Withdrawn = "WITHDRAWN",
        /// 对方不同意 the other side said no; the signing stands.
        Refused = "REFUSED",
        /// 解约审核中 both agree, or the materials are handed in; the school or department reviews.
        TerminationReview = "TERMINATION_REVIEW",
        /// 已解约 approved; the agreement has ended.
        Terminated = "TERMINATED",
        /// 解约审核不通过 the review refused; the signing stands.
        Rejected = "REJECTED",
        /// 草稿 offline: taken back before a reviewer had decided, to be mended.
        Draft = "DRAFT",
        /// 解约待提交（老师退回） offline: to be mended.
        Returned = "RETURNED",
    }
}

text_enum! {
    /// What can be done to a termination.
    pub enum TerminationAction {
        /// 申请解约 one side asks; the first event of the case.
        Request = "REQUEST",
        /// 撤回申请 whoever asked takes it back; offline as long as no reviewer has decided.
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
        /// 提交审核 offline: the graduate hands it in with its materials.
        Submit = "SUBMIT",
        /// 放弃申请 offline: the graduate gives it up; the signing stands.
        Discard = "DISCARD",
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
    pub const OPEN: [Self; 4] = [
        Self::Requested,
        Self::TerminationReview,
        Self::Draft,
        Self::Returned,
    ];
}

/// All that the rules look at.
#[derive(Clone, Debug)]
pub struct TerminationFacts {
    /// In which way the agreement came about that is to end.
    pub channel: AgreementChannel,
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
        Do::Submit | Do::Discard => party == Some(Party::Graduate),
        Do::Approve | Do::Reject | Do::Return => actor.review_level().is_some(),
    };
    if !role_fits {
        return Err(Refusal::NotYourRole);
    }
    let Some(to) = leads_to(facts, action) else {
        return Err(Refusal::NotInThisStatus);
    };
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
        Do::Request => Err(Refusal::NotInThisStatus),
        Do::Accept | Do::Submit => Ok(review.submitted(to)),
        Do::Withdraw if facts.status == Is::TerminationReview => review.withdrawn(to),
        Do::Withdraw | Do::Refuse | Do::Discard => Ok(Transition::to(to)),
        Do::Approve => {
            review.may_decide(actor)?;
            Ok(review.approved(actor, facts.status, to))
        }
        Do::Reject | Do::Return => {
            review.may_decide(actor)?;
            review.refused(to)
        }
    }
}

/// The status to which an action leads in the end, where the termination is in a status in which it can be done. The tables of
/// DOMAIN.md, W2 and W4.
const fn leads_to(facts: &TerminationFacts, action: TerminationAction) -> Option<TerminationStatus> {
    use AgreementChannel as Of;
    use TerminationAction as Do;
    use TerminationStatus as Is;
    Some(match (facts.channel, facts.status, action) {
        (Of::Online, Is::Requested, Do::Withdraw) => Is::Withdrawn,
        (Of::Online, Is::Requested, Do::Accept) => Is::TerminationReview,
        (Of::Online, Is::Requested, Do::Refuse) => Is::Refused,

        (Of::Offline | Of::Registered, Is::Draft | Is::Returned, Do::Submit) => Is::TerminationReview,
        (Of::Offline | Of::Registered, Is::Draft | Is::Returned, Do::Discard) => Is::Withdrawn,
        (Of::Offline | Of::Registered, Is::TerminationReview, Do::Withdraw) => Is::Draft,
        (Of::Offline | Of::Registered, Is::TerminationReview, Do::Return) => Is::Returned,

        (_, Is::TerminationReview, Do::Approve) => Is::Terminated,
        (_, Is::TerminationReview, Do::Reject) => Is::Rejected,
        _ => return None,
    })
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
