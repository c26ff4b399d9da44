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
        /// 名单导入 the school enters the graduate by a roster.
        Import = "IMPORT",
        /// 信息确认 the graduate confirms it.
        Confirm = "CONFIRM",
        /// 信息更正 the school corrects it.
        Correct = "CORRECT",
        /// 联系方式变更 the graduate changes his mobile number or e-mail address.
        ChangeContact = "CHANGE_CONTACT",
    }
}

/// Decides an action: the next status.
///
/// # Errors
/// The [`Refusal`]: only the graduate confirms and changes how he is reached, only the school itself enters and corrects:
/// a department reads and reviews what the school has entered.
pub const fn decide(
    status: GraduateDataStatus,
    action: GraduateDataAction,
    actor: ActorRole,
) -> Result<GraduateDataStatus, Refusal> {
    match (action, actor) {
        (GraduateDataAction::Confirm, ActorRole::Graduate) => Ok(GraduateDataStatus::Confirmed),
        (GraduateDataAction::ChangeContact, ActorRole::Graduate) => Ok(status),
        (GraduateDataAction::Import | GraduateDataAction::Correct, ActorRole::SchoolReviewer) => {
            Ok(GraduateDataStatus::Unconfirmed)
        }
        _ => Err(Refusal::NotYourRole),
    }
}
