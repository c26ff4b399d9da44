//! The rules of agreements: W1 online signing, W3 offline signing, W5 registration of a signed agreement, and what a termination
//! does to one.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    ActorRole, Refusal, ReviewLevel, ReviewRoute,
    review_route::Workflow,
    transition::{Holder, ReviewFacts, Transition},
};
use crate::text_enum::text_enum;

/// How long before the deadline the graduate is reminded.
pub const REMINDER_LEAD: TimeDelta = TimeDelta::hours(24);
/// Most drafts of agreements that a graduate keeps.
pub const MAX_DRAFTS: i64 = 20;

text_enum! {
    /// In which way an agreement came about.
    pub enum AgreementChannel {
        /// 线上签约 the employer invites on the platform.
        Online = "ONLINE",
        /// 线下签约 the graduate fills in the form, the employer stamps the printed paper.
        Offline = "OFFLINE",
        /// 已签就业协议登记 the graduate registers a paper that was signed elsewhere.
        Registered = "REGISTERED",
    }
}

impl AgreementChannel {
    /// The workflow whose review route counts.
    pub const fn workflow(self) -> Workflow {
        match self {
            Self::Online => Workflow::OnlineSigning,
            Self::Offline => Workflow::OfflineSigning,
            Self::Registered => Workflow::AgreementRegistration,
        }
    }

    /// The workflow whose review route counts when it is to end.
    pub const fn termination_workflow(self) -> Workflow {
        match self {
            Self::Online => Workflow::OnlineTermination,
            Self::Offline | Self::Registered => Workflow::OfflineTermination,
        }
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
        /// 草稿 the graduate is filling it in.
        Draft = "DRAFT",
        /// 就业协议审核中 offline: the school or department reviews the terms.
        TermsReview = "TERMS_REVIEW",
        /// 就业协议审核通过 offline: the paper can be printed and stamped.
        TermsApproved = "TERMS_APPROVED",
        /// 协议审核待提交（老师退回） offline: the terms are to be mended.
        TermsReturned = "TERMS_RETURNED",
        /// 就业协议审核不通过 offline: void; to be begun anew.
        TermsRejected = "TERMS_REJECTED",
        /// 盖章协议书待提交（老师退回） offline: another stamped copy is wanted.
        StampedCopyReturned = "STAMPED_COPY_RETURNED",
        /// 登记审核中 the school or department reviews a registration.
        RegistrationReview = "REGISTRATION_REVIEW",
        /// 登记待提交（老师退回） a registration is to be mended.
        RegistrationReturned = "REGISTRATION_RETURNED",
        /// 登记审核不通过 void; to be registered anew.
        RegistrationRejected = "REGISTRATION_REJECTED",
        /// 已放弃 the graduate gave it up.
        Discarded = "DISCARDED",
    }
}

impl AgreementStatus {
    /// In these an agreement may still come to something: it is reviewed by the graduate's own department.
    pub const LIVE: [Self; 10] = [
        Self::Invited,
        Self::SigningReview,
        Self::Signed,
        Self::Draft,
        Self::TermsReview,
        Self::TermsApproved,
        Self::TermsReturned,
        Self::StampedCopyReturned,
        Self::RegistrationReview,
        Self::RegistrationReturned,
    ];
    /// In these the graduate may change what he has filled in.
    pub const EDITABLE: [Self; 3] = [Self::Draft, Self::TermsReturned, Self::RegistrationReturned];
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
        /// 保存 the graduate changes what he has filled in. Leaves no event.
        SaveDraft = "SAVE_DRAFT",
        /// 提交审核 the graduate hands in the terms, or the registration.
        Submit = "SUBMIT",
        /// 撤回修改 the graduate takes back what he handed in, before a reviewer has decided.
        Withdraw = "WITHDRAW",
        /// 放弃申请 the graduate gives it up.
        Discard = "DISCARD",
        /// 退回修改 a reviewer wants it mended; needs a reason.
        Return = "RETURN",
        /// 用人单位协助回传协议书 the graduate has the employer's contact sent a link to hand the stamped copy in.
        RequestStampedCopy = "REQUEST_STAMPED_COPY",
        /// 回传协议书 the stamped copy is handed in, by the graduate or through the link.
        SubmitStampedCopy = "SUBMIT_STAMPED_COPY",
        /// 解约生效 its termination was approved. Never taken by itself.
        Terminate = "TERMINATE",
        /// 签约后修改 the school changes the terms of a signed one; needs a reason (§10).
        Amend = "AMEND",
    }
}

/// All that the rules look at.
#[derive(Clone, Debug)]
pub struct AgreementFacts {
    /// In which way it comes about.
    pub channel: AgreementChannel,
    /// Where the agreement stands.
    pub status: AgreementStatus,
    /// Until when, exclusively, the invitation may be answered; none where nobody was invited.
    pub response_deadline: Option<DateTime<Utc>>,
    /// The route by which it is, or would be, reviewed.
    pub route: ReviewRoute,
    /// The level that decides next, while under review.
    pub awaiting_review: Option<ReviewLevel>,
    /// Whether the graduate has been reminded.
    pub reminded: bool,
    /// Who holds the graduate.
    pub holder: Holder,
    /// Whether the graduate has confirmed his basic information.
    pub graduate_confirmed: bool,
    /// 定向/委培: whether the graduate may sign online.
    pub online_signing_allowed: bool,
    /// Whether the operator has verified the employer; true where no registered employer is a party.
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
        Do::Accept
        | Do::Decline
        | Do::SaveDraft
        | Do::Submit
        | Do::Withdraw
        | Do::Discard
        | Do::RequestStampedCopy => actor == ActorRole::Graduate,
        Do::SubmitStampedCopy => matches!(actor, ActorRole::Graduate | ActorRole::EmployerContact),
        Do::Expire | Do::Remind | Do::StoreDocument => actor == ActorRole::Worker,
        Do::Approve | Do::Return | Do::Reject | Do::Terminate => actor.review_level().is_some(),
        Do::Amend => actor == ActorRole::SchoolReviewer,
        // To one that the graduate filled in himself no employer is a party on the platform.
        Do::RequestTermination => match facts.channel {
            AgreementChannel::Online => matches!(actor, ActorRole::Graduate | ActorRole::Employer),
            AgreementChannel::Offline | AgreementChannel::Registered => actor == ActorRole::Graduate,
        },
    };
    if !role_fits {
        return Err(Refusal::NotYourRole);
    }
    let Some(to) = leads_to(facts, action) else {
        // Late is late, whether or not the expiry has been written yet.
        let late = facts.status == Is::Expired && matches!(action, Do::Cancel | Do::Accept | Do::Decline);
        return Err(if late {
            Refusal::DeadlinePassed
        } else {
            Refusal::NotInThisStatus
        });
    };

    let stay = Transition {
        awaiting_review: facts.awaiting_review,
        ..Transition::to(to)
    };
    let review = facts.review();
    let open = facts.response_deadline.is_none_or(|deadline| now < deadline);
    match action {
        Do::Cancel if !facts.employer_verified => Err(Refusal::EmployerNotVerified),
        _ if actor == ActorRole::Graduate && !facts.graduate_confirmed => Err(Refusal::DataNotConfirmed),
        Do::Cancel | Do::Accept | Do::Decline if !open => Err(Refusal::DeadlinePassed),
        Do::Decline if facts.holder == Holder::Other => Err(Refusal::AlreadyEngaged),
        Do::Cancel | Do::Decline => Ok(stay),
        Do::Accept => {
            let taken = facts.holder.taken(review.submitted(to))?;
            may_sign(facts)?;
            Ok(taken)
        }
        Do::Expire if open => Err(Refusal::TooEarly),
        Do::Remind if !open => Err(Refusal::DeadlinePassed),
        Do::Remind
            if facts
                .response_deadline
                .is_some_and(|deadline| now < deadline - REMINDER_LEAD) =>
        {
            Err(Refusal::TooEarly)
        }
        Do::Expire | Do::Remind | Do::StoreDocument | Do::RequestStampedCopy => Ok(stay),
        Do::SaveDraft => may_sign(facts).map(|()| stay),
        Do::Submit => {
            let taken = facts.holder.taken(review.submitted(to))?;
            may_sign(facts)?;
            Ok(taken)
        }
        Do::SubmitStampedCopy => Ok(review.submitted(to)),
        Do::Withdraw => review.withdrawn(to),
        Do::Discard => Ok(facts.holder.freed(stay)),
        Do::RequestTermination if actor == ActorRole::Employer && !facts.employer_verified => {
            Err(Refusal::EmployerNotVerified)
        }
        Do::RequestTermination if facts.termination_open => Err(Refusal::TerminationOpen),
        Do::RequestTermination => Ok(stay),
        Do::Terminate => Ok(facts.holder.freed(Transition::to(to))),
        Do::Amend => review.with_reason(stay),
        Do::Reject => {
            review.may_decide(actor)?;
            review
                .refused(to)
                .map(|transition| facts.holder.freed(transition))
        }
        Do::Return => {
            review.may_decide(actor)?;
            review.refused(to)
        }
        Do::Approve => {
            review.may_decide(actor)?;
            if !facts.graduate_confirmed {
                return Err(Refusal::ConfirmationPending);
            }
            // Both may have been taken back since it was handed in.
            may_sign(facts)?;
            Ok(review.approved(actor, facts.status, to))
        }
        Do::Invite => Err(Refusal::NotInThisStatus),
    }
}

/// What an agreement that is to be signed needs of its parties.
const fn may_sign(facts: &AgreementFacts) -> Result<(), Refusal> {
    if !facts.online_signing_allowed {
        return Err(Refusal::OnlineSigningNotAllowed);
    }
    if !facts.employer_verified {
        return Err(Refusal::EmployerNotVerified);
    }
    Ok(())
}

/// The status to which an action leads in the end, where the agreement is in a status in which it can be done. The tables of
/// DOMAIN.md, W1, W3 and W5.
fn leads_to(facts: &AgreementFacts, action: AgreementAction) -> Option<AgreementStatus> {
    use AgreementAction as Do;
    use AgreementChannel as By;
    use AgreementStatus as Is;
    Some(match (facts.channel, facts.status, action) {
        (_, Is::Invited, Do::Cancel) => Is::Cancelled,
        (_, Is::Invited, Do::Accept) => Is::SigningReview,
        (_, Is::Invited, Do::Decline) => Is::Declined,
        (_, Is::Invited, Do::Expire) => Is::Expired,
        (_, Is::Invited, Do::Remind) if !facts.reminded => Is::Invited,

        (_, at @ (Is::Draft | Is::TermsReturned | Is::RegistrationReturned), Do::SaveDraft) => at,
        (By::Offline, Is::Draft | Is::TermsReturned, Do::Submit) => Is::TermsReview,
        (By::Registered, Is::Draft | Is::RegistrationReturned, Do::Submit) => Is::RegistrationReview,
        (_, Is::TermsReview | Is::RegistrationReview, Do::Withdraw) => Is::Draft,
        (By::Offline, Is::SigningReview, Do::Withdraw) => Is::TermsApproved,
        (
            _,
            Is::Draft
            | Is::TermsReturned
            | Is::TermsApproved
            | Is::StampedCopyReturned
            | Is::RegistrationReturned,
            Do::Discard,
        ) => Is::Discarded,
        (_, at @ (Is::TermsApproved | Is::StampedCopyReturned), Do::RequestStampedCopy) => at,
        (_, Is::TermsApproved | Is::StampedCopyReturned, Do::SubmitStampedCopy) => Is::SigningReview,

        (_, Is::TermsReview, Do::Approve) => Is::TermsApproved,
        (_, Is::TermsReview, Do::Return) => Is::TermsReturned,
        (_, Is::TermsReview, Do::Reject) => Is::TermsRejected,
        (_, Is::RegistrationReview, Do::Approve) => Is::Signed,
        (_, Is::RegistrationReview, Do::Return) => Is::RegistrationReturned,
        (_, Is::RegistrationReview, Do::Reject) => Is::RegistrationRejected,
        (_, Is::SigningReview, Do::Approve) => Is::Signed,
        (By::Offline, Is::SigningReview, Do::Return) => Is::StampedCopyReturned,
        (_, Is::SigningReview, Do::Reject) => Is::SigningRejected,

        // Papers of what has ended meanwhile are still made.
        (_, at @ (Is::Signed | Is::Terminated), Do::StoreDocument) => at,
        (
            By::Offline,
            at @ (Is::TermsApproved
            | Is::StampedCopyReturned
            | Is::SigningReview
            | Is::SigningRejected
            | Is::Discarded),
            Do::StoreDocument,
        ) => at,
        (_, Is::Signed, Do::RequestTermination | Do::Amend) => Is::Signed,
        (_, Is::Signed, Do::Terminate) if facts.termination_approved => Is::Terminated,
        _ => return None,
    })
}

/// What the rules look at when a graduate begins a draft.
#[derive(Clone, Copy, Debug)]
pub struct DraftFacts {
    /// In which way the agreement is to come about.
    pub channel: AgreementChannel,
    /// Whether he has confirmed his basic information.
    pub graduate_confirmed: bool,
    /// 定向/委培: whether he may sign.
    pub online_signing_allowed: bool,
    /// How many drafts he has.
    pub drafts: i64,
}

/// Decides whether a graduate may begin a draft. A draft holds nothing, so one who is held may.
///
/// # Errors
/// The [`Refusal`].
pub fn decide_draft(facts: DraftFacts) -> Result<(), Refusal> {
    if facts.channel == AgreementChannel::Online {
        return Err(Refusal::NotYourRole);
    }
    if !facts.graduate_confirmed {
        return Err(Refusal::DataNotConfirmed);
    }
    if !facts.online_signing_allowed {
        return Err(Refusal::OnlineSigningNotAllowed);
    }
    if facts.drafts >= MAX_DRAFTS {
        return Err(Refusal::TooManyDrafts);
    }
    Ok(())
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
