//! The rules of agreements: W1, online signing.

use chrono::{DateTime, TimeDelta, Utc};

use super::{ActorRole, Refusal, ReviewLevel, ReviewRoute};
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
    /// Whether the person acting is the one who submitted the case for review.
    pub own_submission: bool,
    /// Whether the person acting gives a reason.
    pub reason_given: bool,
}

/// What a step does beside writing its event and messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The next status.
    pub to: AgreementStatus,
    /// The level that decides next.
    pub awaiting_review: Option<ReviewLevel>,
    /// What happens to the engagement of the graduate.
    pub engagement: EngagementEffect,
    /// Whether the agreement is now signed: it gets its number, and its paper is to be rendered.
    pub signs: bool,
}

/// What a step does to the engagement of the graduate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngagementEffect {
    /// Stays as it is.
    Keep,
    /// The case takes it; refused when another one holds it.
    Take,
    /// The case gives it back.
    Free,
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
) -> Result<Transition, Refusal> {
    use AgreementAction as Do;
    use AgreementStatus as Is;

    let role_fits = match action {
        Do::Invite | Do::Cancel => actor == ActorRole::Employer,
        Do::Accept | Do::Decline => actor == ActorRole::Graduate,
        Do::Expire | Do::Remind | Do::StoreDocument => actor == ActorRole::Worker,
        Do::Approve | Do::Reject => actor.review_level().is_some(),
    };
    if !role_fits {
        return Err(Refusal::NotYourRole);
    }
    let status_fits = match action {
        Do::Invite => false,
        Do::Cancel | Do::Accept | Do::Decline | Do::Expire => facts.status == Is::Invited,
        Do::Remind => facts.status == Is::Invited && !facts.reminded,
        Do::Approve | Do::Reject => facts.status == Is::SigningReview,
        Do::StoreDocument => facts.status == Is::Signed,
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
        to: facts.status,
        awaiting_review: facts.awaiting_review,
        engagement: EngagementEffect::Keep,
        signs: false,
    };
    let end = |to| Transition {
        to,
        awaiting_review: None,
        ..stay
    };
    let open = now < facts.response_deadline;
    match action {
        Do::Invite => Err(Refusal::NotInThisStatus),
        Do::Cancel if !facts.employer_verified => Err(Refusal::EmployerNotVerified),
        Do::Accept | Do::Decline if !facts.graduate_confirmed => Err(Refusal::DataNotConfirmed),
        Do::Cancel | Do::Accept | Do::Decline if !open => Err(Refusal::DeadlinePassed),
        Do::Accept | Do::Decline if facts.graduate_held_elsewhere => Err(Refusal::AlreadyEngaged),
        Do::Accept if !facts.online_signing_allowed => Err(Refusal::OnlineSigningNotAllowed),
        Do::Accept if !facts.employer_verified => Err(Refusal::EmployerNotVerified),
        Do::Cancel => Ok(end(Is::Cancelled)),
        Do::Decline => Ok(end(Is::Declined)),
        Do::Accept => Ok(Transition {
            to: Is::SigningReview,
            awaiting_review: Some(facts.route.first()),
            engagement: EngagementEffect::Take,
            ..stay
        }),
        Do::Expire if open => Err(Refusal::TooEarly),
        Do::Expire => Ok(end(Is::Expired)),
        Do::Remind if now < facts.response_deadline - REMINDER_LEAD => Err(Refusal::TooEarly),
        Do::Remind if !open => Err(Refusal::DeadlinePassed),
        Do::Remind | Do::StoreDocument => Ok(stay),
        Do::Approve | Do::Reject if actor.review_level() != facts.awaiting_review => {
            Err(Refusal::OtherReviewLevel)
        }
        Do::Approve | Do::Reject if facts.own_submission => Err(Refusal::OwnSubmission),
        Do::Approve if !facts.graduate_confirmed => Err(Refusal::ConfirmationPending),
        // Both may have been taken back since the invitation was accepted.
        Do::Approve if !facts.online_signing_allowed => Err(Refusal::OnlineSigningNotAllowed),
        Do::Approve if !facts.employer_verified => Err(Refusal::EmployerNotVerified),
        Do::Reject if !facts.reason_given => Err(Refusal::ReasonRequired),
        Do::Reject => Ok(Transition {
            engagement: EngagementEffect::Free,
            ..end(Is::SigningRejected)
        }),
        Do::Approve => {
            let next = actor.review_level().and_then(|level| facts.route.after(level));
            Ok(match next {
                Some(level) => Transition {
                    awaiting_review: Some(level),
                    ..stay
                },
                None => Transition {
                    signs: true,
                    ..end(Is::Signed)
                },
            })
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
