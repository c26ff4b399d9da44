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

    /// A decision against the case leads to `to`, and needs a reason.
    ///
    /// # Errors
    /// [`Refusal::ReasonRequired`].
    pub fn refused<S>(&self, to: S) -> Result<Transition<S>, Refusal> {
        match self.reason_given {
            true => Ok(Transition::to(to)),
            false => Err(Refusal::ReasonRequired),
        }
    }
}
