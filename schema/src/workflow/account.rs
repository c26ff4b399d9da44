//! The rule of accounts that people who run something have in their care: the members of an employer, and the reviewers of a school.
//! Who runs what, the employer's and the school's own rules say.

use super::Refusal;

/// What the rule looks at of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountFacts {
    /// Whether it is that of the person acting.
    pub own: bool,
    /// Whether it is enabled.
    pub enabled: bool,
}

impl AccountFacts {
    /// Whether it, or something that it may do, may be taken away: nobody does that to his own, so that there is always somebody left who runs
    /// things.
    ///
    /// # Errors
    /// [`Refusal::OwnAccount`].
    pub const fn may_take_away(self) -> Result<(), Refusal> {
        match self.own {
            true => Err(Refusal::OwnAccount),
            false => Ok(()),
        }
    }

    /// Whether it may be disabled.
    ///
    /// # Errors
    /// [`Refusal::OwnAccount`], and [`Refusal::NotInThisStatus`] where it is disabled.
    pub const fn may_disable(self) -> Result<(), Refusal> {
        match (self.may_take_away(), self.enabled) {
            (Ok(()), true) => Ok(()),
            (Ok(()), false) => Err(Refusal::NotInThisStatus),
            (refused, _) => refused,
        }
    }

    /// Whether it may be enabled again.
    ///
    /// # Errors
    /// [`Refusal::NotInThisStatus`] where it is enabled.
    pub const fn may_enable(self) -> Result<(), Refusal> {
        match self.enabled {
            true => Err(Refusal::NotInThisStatus),
            false => Ok(()),
        }
    }
}
