//! What a step does to a case, whatever its kind, and the one rule of reviewing that all kinds share.

use super::{ActorRole, Refusal, ReviewLevel, ReviewRoute};

/// What a step does beside writing its event and messages. `S` is the kind's own list of statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition<S> {
    /// The next status.
    pub to: S,
    /// The level that decides next.
    pub awaiting_review: Option<ReviewLevel>,
    /// What happens to the engagement of the graduate.
    pub engagement: EngagementEffect,
    /// Whether the last reviewer has approved, so that what was applied for takes effect now.
    pub completes: bool,
}

impl<S> Transition<S> {
    /// To a status in which nobody reviews, and which keeps the engagement as it is.
    pub const fn to(to: S) -> Self {
        Self {
            to,
            awaiting_review: None,
            engagement: EngagementEffect::Keep,
            completes: false,
        }
    }
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

/// 审核结论 What a reviewer decides, of whatever kind the case is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewDecision {
    /// 通过 approve
    Approve,
    /// 不通过 reject; needs a reason
    Reject,
    /// 退回修改 return it to be mended; needs a reason
    Return,
}

/// What the rule of reviewing looks at.
#[derive(Clone, Copy, Debug)]
pub struct ReviewFacts {
    /// The route by which the case is reviewed.
    pub route: ReviewRoute,
    /// The level that decides next.
    pub awaiting_review: Option<ReviewLevel>,
    /// Whether the reviewer is the one who submitted the case.
    pub own_submission: bool,
    /// Whether he gives a reason.
    pub reason_given: bool,
}

impl ReviewFacts {
    /// Whether this reviewer decides now, of whatever kind the case is.
    ///
    /// # Errors
    /// [`Refusal::OtherReviewLevel`] and [`Refusal::OwnSubmission`].
    pub fn may_decide(&self, actor: ActorRole) -> Result<(), Refusal> {
        if actor.review_level() != self.awaiting_review {
            return Err(Refusal::OtherReviewLevel);
        }
        if self.own_submission {
            return Err(Refusal::OwnSubmission);
        }
        Ok(())
    }

    /// What his approval leads to: the other level's review in the same status, or `done`.
    pub fn approved<S>(&self, actor: ActorRole, still: S, done: S) -> Transition<S> {
        let next = actor.review_level().and_then(|level| self.route.after(level));
        match next {
            Some(_) => Transition {
                awaiting_review: next,
                ..Transition::to(still)
            },
            None => Transition {
                completes: true,
                ..Transition::to(done)
            },
        }
    }

    /// Handing the case in begins a round: it waits for the first level.
    pub fn submitted<S>(&self, to: S) -> Transition<S> {
        Transition {
            awaiting_review: Some(self.route.first()),
            ..Transition::to(to)
        }
    }

    /// Taking back what was handed in leads to `to`, as long as no reviewer of this round has decided (§6.1, 撤回修改).
    ///
    /// # Errors
    /// [`Refusal::ReviewBegun`].
    pub fn withdrawn<S>(&self, to: S) -> Result<Transition<S>, Refusal> {
        match self.awaiting_review == Some(self.route.first()) {
            true => Ok(Transition::to(to)),
            false => Err(Refusal::ReviewBegun),
        }
    }

    /// A decision against the case leads to `to`, and needs a reason.
    ///
    /// # Errors
    /// [`Refusal::ReasonRequired`].
    pub fn refused<S>(&self, to: S) -> Result<Transition<S>, Refusal> {
        self.with_reason(Transition::to(to))
    }

    /// The transition, which somebody has to hear a reason for.
    ///
    /// # Errors
    /// [`Refusal::ReasonRequired`].
    pub fn with_reason<S>(&self, transition: Transition<S>) -> Result<Transition<S>, Refusal> {
        match self.reason_given {
            true => Ok(transition),
            false => Err(Refusal::ReasonRequired),
        }
    }
}

/// Who holds the graduate, as seen from a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Nobody.
    None,
    /// This case.
    This,
    /// Another case.
    Other,
}

impl Holder {
    /// Who holds him, by the id of the case that does.
    pub fn of(held_by: Option<uuid::Uuid>, case_id: uuid::Uuid) -> Self {
        match held_by {
            None => Self::None,
            Some(held_by) if held_by == case_id => Self::This,
            Some(_) => Self::Other,
        }
    }

    /// The transition with the engagement: kept where the case has it, taken where nobody has.
    ///
    /// # Errors
    /// [`Refusal::AlreadyEngaged`].
    pub fn taken<S>(self, transition: Transition<S>) -> Result<Transition<S>, Refusal> {
        let engagement = match self {
            Self::None => EngagementEffect::Take,
            Self::This => EngagementEffect::Keep,
            Self::Other => return Err(Refusal::AlreadyEngaged),
        };
        Ok(Transition {
            engagement,
            ..transition
        })
    }

    /// The transition without the engagement: given back where the case has it.
    pub fn freed<S>(self, transition: Transition<S>) -> Transition<S> {
        let engagement = match self {
            Self::This => EngagementEffect::Free,
            Self::None | Self::Other => EngagementEffect::Keep,
        };
        Transition {
            engagement,
            ..transition
        }
    }
}
