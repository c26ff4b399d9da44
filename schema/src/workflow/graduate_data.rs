//! The rules of a graduate's basic information: checked and confirmed by him before anything else (§2), corrected by the
//! school, which asks for his confirmation again.

use super::{ActorRole, Refusal};
use crate::text_enum::text_enum;

text_enum! {
    /// Whether the graduate has confirmed his basic information.
    pub enum GraduateDataStatus {
        /// 待确认 not yet, or not since the last correction.
        Unconfirmed = "UNCONFIRMED",
        /// 已确认 he has.
        Confirmed = "CONFIRMED",
    }
}

text_enum! {
    /// What can be done to a graduate's basic information.
    pub enum GraduateDataAction {
        /// 信息确认 the graduate confirms it.
        Confirm = "CONFIRM",
        /// 信息更正 the school or department corrects it.
        Correct = "CORRECT",
        /// 联系方式变更 the graduate changes his mobile number or e-mail address.
        ChangeContact = "CHANGE_CONTACT",
    }
}

/// Decides an action: the next status.
///
/// # Errors
/// The [`Refusal`]: only the graduate confirms and changes how he is reached, only his reviewers correct.
pub const fn decide(
    status: GraduateDataStatus,
    action: GraduateDataAction,
    actor: ActorRole,
) -> Result<GraduateDataStatus, Refusal> {
    match (action, actor) {
        (GraduateDataAction::Confirm, ActorRole::Graduate) => Ok(GraduateDataStatus::Confirmed),
        (GraduateDataAction::ChangeContact, ActorRole::Graduate) => Ok(status),
        (GraduateDataAction::Correct, ActorRole::SchoolReviewer | ActorRole::DepartmentReviewer) => {
            Ok(GraduateDataStatus::Unconfirmed)
        }
        _ => Err(Refusal::NotYourRole),
    }
}
