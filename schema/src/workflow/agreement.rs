//! The rules of agreements: W1, online signing, and what a termination (W2) does to one.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    ActorRole, Refusal, ReviewLevel, ReviewRoute,
    transition::{EngagementEffect, ReviewFacts, Transition},
};
use crate::text_enum::text_enum;

/// How long before the deadline the graduate is reminded.
pub const REMINDER_LEAD: TimeDelta = TimeDelta::hours(24);

text_enum! {
    /// In which way an agreement came about.
    pub enum AgreementChannel {
        /// 线上签约 the employer invites on the platform.
        Online = "ONLINE",
    }
}

text_enum! {
    /// Where an agreement stands.
    pub enum AgreementStatus {
        /// 待应约 the graduate has been invited and may answer until the deadline.
        Invited = "INVITED",
        /// 已撤销 the employer took the invitation back.
        Cancelled = "CANCELLED",
        /// 已拒绝 the graduate said no.
        Declined = "DECLINED",
        /// 已失效 the deadline passed without an answer.
        Expired = "EXPIRED",
        /// 签约审核中 the school or department reviews.
        SigningReview = "SIGNING_REVIEW",
        /// 已签约 signed.
        Signed = "SIGNED",
        /// 签约审核不通过 the review refused; a new invitation starts again.
        SigningRejected = "SIGNING_REJECTED",
        /// 已解约 a termination was approved; it is over.
        Terminated = "TERMINATED",
    }
}

text_enum! {
    /// What can be done to an agreement.
    pub enum AgreementAction {
        /// 发起签约邀请 the employer invites; the first event of the case.
        Invite = "INVITE",
        /// 撤销邀请 the employer takes it back.
        Cancel = "CANCEL",
        /// 接受 the graduate accepts.
        Accept = "ACCEPT",
        /// 拒绝 the graduate declines.
        Decline = "DECLINE",
        /// 到期失效 the deadline passed.
        Expire = "EXPIRE",
        /// 到期提醒 24 hours are left.
        Remind = "REMIND",
        /// 审核通过 a reviewer approves.
        Approve = "APPROVE",
        /// 审核不通过 a reviewer rejects; needs a reason.
        Reject = "REJECT",
        /// 协议书生成 the PDF of a signed agreement is stored.
        StoreDocument = "STORE_DOCUMENT",
        /// 申请解约 one side asks to end it. Begins a termination, and is an event of that.
        RequestTermination = "REQUEST_TERMINATION",
        /// 解约生效 its termination was approved. Never taken by itself.
        Terminate = "TERMINATE",
    }
}

/// All that the rules look at.
#[derive(Clone, Debug)]
pub struct AgreementFacts {
    /// Where the agreement stands.
    pub status: AgreementStatus,
    /// Until when, exclusively, the invitation may be answered.
    pub response_deadline: DateTime<Utc>,
    /// The route by which it is, or would be, reviewed.
    pub route: ReviewRoute,
    /// The level that decides next, while under review.
    pub awaiting_review: Option<ReviewLevel>,
    /// Whether the graduate has been reminded.
    pub reminded: bool,
    /// Whether a case other than this one holds the graduate.
    pub graduate_held_elsewhere: bool,
    /// Whether the graduate has confirmed his basic information.
    pub graduate_confirmed: bool,
    /// 定向/委培: whether the graduate may sign online.
    pub online_signing_allowed: bool,
    /// Whether the operator has verified the employer.
    pub employer_verified: bool,
    /// Whether a termination of it is asked for and not decided.
    pub termination_open: bool,
    /// Whether this is the step of a termination that has just been approved.
    pub termination_approved: bool,
    /// Whether the person acting is the one who submitted the case for review.
    pub own_submission: bool,
    /// Whether the person acting gives a reason.
    pub reason_given: bool,
}

impl AgreementFacts {
    const fn review(&self) -> ReviewFacts {
        ReviewFacts {
            route: self.route,
            awaiting_review: self.awaiting_review,
            own_submission: self.own_submission,
            reason_given: self.reason_given,
        }
    }
}

/// Decides an action on an existing agreement.
///
/// # Errors
/// The [`Refusal`] that helps the person most: role first, then status, then what stands in the way.
pub fn decide(
    facts: &AgreementFacts,
    action: AgreementAction,
    actor: ActorRole,
    now: DateTime<Utc>,
) -> Result<Transition<AgreementStatus>, Refusal> {
    use AgreementAction as Do;
    use AgreementStatus as Is;

    let role_fits = match action {
        Do::Invite | Do::Cancel => actor == ActorRole::Employer,
        Do::Accept | Do::Decline => actor == ActorRole::Graduate,
        Do::Expire | Do::Remind | Do::StoreDocument => actor == ActorRole::Worker,
        Do::Approve | Do::Reject | Do::Terminate => actor.review_level().is_some(),
        Do::RequestTermination => matches!(actor, ActorRole::Graduate | ActorRole::Employer),
    };
    if !role_fits {
        return Err(Refusal::NotYourRole);
    }
    let status_fits = match action {
        Do::Invite => false,
        Do::Cancel | Do::Accept | Do::Decline | Do::Expire => facts.status == Is::Invited,
        Do::Remind => facts.status == Is::Invited && !facts.reminded,
        Do::Approve | Do::Reject => facts.status == Is::SigningReview,
        // Papers of what has ended meanwhile are still made.
        Do::StoreDocument => matches!(facts.status, Is::Signed | Is::Terminated),
        Do::RequestTermination => facts.status == Is::Signed,
        Do::Terminate => facts.status == Is::Signed && facts.termination_approved,
    };
    if !status_fits {
        // Late is late, whether or not the expiry has been written yet.
        let late = facts.status == Is::Expired && matches!(action, Do::Cancel | Do::Accept | Do::Decline);
        return Err(if late {
            Refusal::DeadlinePassed
        } else {
            Refusal::NotInThisStatus
        });
    }

    let stay = Transition {
        awaiting_review: facts.awaiting_review,
        ..Transition::to(facts.status)
    };
    let free = |transition| Transition {
        engagement: EngagementEffect::Free,
        ..transition
    };
    let review = facts.review();
    let open = now < facts.response_deadline;
    match action {
        Do::Invite => Err(Refusal::NotInThisStatus),
        Do::Cancel if !facts.employer_verified => Err(Refusal::EmployerNotVerified),
        Do::Accept | Do::Decline if !facts.graduate_confirmed => Err(Refusal::DataNotConfirmed),
        Do::Cancel | Do::Accept | Do::Decline if !open => Err(Refusal::DeadlinePassed),
        Do::Accept | Do::Decline if facts.graduate_held_elsewhere => Err(Refusal::AlreadyEngaged),
        Do::Accept if !facts.online_signing_allowed => Err(Refusal::OnlineSigningNotAllowed),
        Do::Accept if !facts.employer_verified => Err(Refusal::EmployerNotVerified),
        Do::Cancel => Ok(Transition::to(Is::Cancelled)),
        Do::Decline => Ok(Transition::to(Is::Declined)),
        Do::Accept => Ok(Transition {
            awaiting_review: Some(facts.route.first()),
            engagement: EngagementEffect::Take,
            ..Transition::to(Is::SigningReview)
        }),
        Do::Expire if open => Err(Refusal::TooEarly),
        Do::Expire => Ok(Transition::to(Is::Expired)),
        Do::Remind if now < facts.response_deadline - REMINDER_LEAD => Err(Refusal::TooEarly),
        Do::Remind if !open => Err(Refusal::DeadlinePassed),
        Do::Remind | Do::StoreDocument => Ok(stay),
        Do::RequestTermination => {
            match actor {
                ActorRole::Employer if !facts.employer_verified => return Err(Refusal::EmployerNotVerified),
                ActorRole::Graduate if !facts.graduate_confirmed => return Err(Refusal::DataNotConfirmed),
                _ => {}
            }
            match facts.termination_open {
                true => Err(Refusal::TerminationOpen),
                false => Ok(stay),
            }
        }
        Do::Terminate => Ok(free(Transition::to(Is::Terminated))),
        Do::Reject => {
            review.may_decide(actor)?;
            review.refused(Is::SigningRejected).map(free)
        }
        Do::Approve => {
            review.may_decide(actor)?;
            if !facts.graduate_confirmed {
                return Err(Refusal::ConfirmationPending);
            }
            // Both may have been taken back since the invitation was accepted.
            if !facts.online_signing_allowed {
                return Err(Refusal::OnlineSigningNotAllowed);
            }
            if !facts.employer_verified {
                return Err(Refusal::EmployerNotVerified);
            }
            Ok(review.approved(actor, facts.status, Is::Signed))
        }
    }
}

/// What the rules look at when an employer invites.
#[derive(Clone, Copy, Debug)]
pub struct InviteFacts {
    /// Whether the operator has verified the employer.
    pub employer_verified: bool,
    /// 定向/委培: whether the graduate may sign online.
    pub online_signing_allowed: bool,
    /// The employer's live agreement with this graduate, if there is one.
    pub live: Option<AgreementStatus>,
}

/// Decides whether an employer may invite a graduate. Held graduates may be invited (§4.2 note 2).
///
/// # Errors
/// The [`Refusal`].
pub fn decide_invite(facts: InviteFacts) -> Result<(), Refusal> {
    if !facts.employer_verified {
        return Err(Refusal::EmployerNotVerified);
    }
    if !facts.online_signing_allowed {
        return Err(Refusal::OnlineSigningNotAllowed);
    }
    match facts.live {
        None => Ok(()),
        Some(_) => Err(Refusal::AlreadyInvited),
    }
}

/// What `actor` may do now: the actions that [`decide`] would let through if he gave a reason.
pub fn available(facts: &AgreementFacts, actor: ActorRole, now: DateTime<Utc>) -> Vec<AgreementAction> {
    let facts = AgreementFacts {
        reason_given: true,
        ..facts.clone()
    };
    AgreementAction::ALL
        .iter()
        .copied()
        .filter(|action| decide(&facts, *action, actor, now).is_ok())
        .collect()
}
