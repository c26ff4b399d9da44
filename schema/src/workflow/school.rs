//! The rules of a school: an operator opens it, the reviewers of the whole school run it. Whoever reviews for one department
//! only changes nothing of the school.

use super::{ActorRole, Refusal, account::AccountFacts};
use crate::text_enum::text_enum;

text_enum! {
    /// Where a school stands.
    pub enum SchoolStatus {
        /// 已开通 open.
        Open = "OPEN",
    }
}

text_enum! {
    /// What can be done to a school.
    pub enum SchoolAction {
        /// 开通学校 an operator opens it; the first event.
        Open = "OPEN",
        /// 学校信息变更 name, telephone or address.
        Update = "UPDATE",
        /// 审核方式变更 the default review route, or that of a workflow.
        SetReviewRoute = "SET_REVIEW_ROUTE",
        /// 作废审核设置 whether it reviews what graduates make void of their registered destinations.
        SetVoidingReview = "SET_VOIDING_REVIEW",
        /// 离校确认设置 the confirmation period of a class year and its cut-off date.
        SetLeavingPeriod = "SET_LEAVING_PERIOD",
        /// 新增院系 a department.
        AddDepartment = "ADD_DEPARTMENT",
        /// 院系更名 another name or code of a department.
        RenameDepartment = "RENAME_DEPARTMENT",
        /// 新增审核人 the account of a reviewer is opened.
        AddReviewer = "ADD_REVIEWER",
        /// 审核人变更 name of a reviewer, or what he reviews for.
        UpdateReviewer = "UPDATE_REVIEWER",
        /// 停用审核人 his account is disabled.
        DisableReviewer = "DISABLE_REVIEWER",
        /// 启用审核人 his account is enabled again.
        EnableReviewer = "ENABLE_REVIEWER",
    }
}

/// All that the rules look at. What an action is not about is false.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SchoolFacts {
    /// Whether the school would get another name: it stands on the paper of all agreements, so it is the operator's to change.
    pub renames: bool,
    /// Whether the reviewer is the person acting.
    pub own_account: bool,
    /// Whether the reviewer's account is enabled.
    pub reviewer_enabled: bool,
    /// Whether the reviewer is the only enabled one of the whole school.
    pub last_of_school: bool,
    /// Whether the reviewer would review for something else.
    pub moves: bool,
}

/// Whether somebody takes an action at all.
///
/// # Errors
/// [`Refusal::NotYourRole`].
pub const fn permit(action: SchoolAction, actor: ActorRole) -> Result<(), Refusal> {
    use SchoolAction as Do;
    match (action, actor) {
        (Do::Open, ActorRole::Operator)
        // An operator can help a school whose only administrator is gone.
        | (
            Do::Update | Do::AddReviewer | Do::DisableReviewer | Do::EnableReviewer,
            ActorRole::Operator | ActorRole::SchoolReviewer,
        )
        | (
            Do::SetReviewRoute
            | Do::SetVoidingReview
            | Do::SetLeavingPeriod
            | Do::AddDepartment
            | Do::RenameDepartment
            | Do::UpdateReviewer,
            ActorRole::SchoolReviewer,
        ) => Ok(()),
        _ => Err(Refusal::NotYourRole),
    }
}

/// Decides an action on a school: the next status.
///
/// # Errors
/// The [`Refusal`] that helps the person most: role first, then what stands in the way.
pub const fn decide(
    action: SchoolAction,
    actor: ActorRole,
    facts: SchoolFacts,
) -> Result<SchoolStatus, Refusal> {
    use SchoolAction as Do;
    if let Err(refusal) = permit(action, actor) {
        return Err(refusal);
    }
    let account = AccountFacts {
        own: facts.own_account,
        enabled: facts.reviewer_enabled,
    };
    let (allowed, takes_away) = match action {
        Do::Update if facts.renames && !matches!(actor, ActorRole::Operator) => {
            (Err(Refusal::NotYourRole), false)
        }
        Do::DisableReviewer => (account.may_disable(), true),
        Do::EnableReviewer => (account.may_enable(), false),
        Do::UpdateReviewer if facts.moves => (account.may_take_away(), true),
        _ => (Ok(()), false),
    };
    match allowed {
        Err(refusal) => Err(refusal),
        Ok(()) if takes_away && facts.last_of_school => Err(Refusal::LastSchoolReviewer),
        Ok(()) => Ok(SchoolStatus::Open),
    }
}
