//! The rules of an employer's registration: it acts only once an operator has verified it.

use super::{ActorRole, Refusal};
use crate::text_enum::text_enum;

text_enum! {
    /// Whether an operator has verified that the employer is who it says.
    pub enum EmployerVerification {
        /// 待核验 waiting; may look around, may not act.
        Pending = "PENDING",
        /// 已核验 may act.
        Verified = "VERIFIED",
        /// 核验不通过 may not act; may hand in again.
        Refused = "REFUSED",
    }
}

text_enum! {
    /// What can be done to a registration.
    pub enum EmployerAction {
        /// 注册 somebody registers the employer and becomes its first member; the first event.
        Register = "REGISTER",
        /// 重新提交 a member hands in again what was refused.
        Resubmit = "RESUBMIT",
        /// 核验通过 an operator verifies it.
        Verify = "VERIFY",
        /// 核验不通过 an operator refuses it, or takes a verification back; needs a reason.
        Refuse = "REFUSE",
    }
}

/// Decides an action on a registration: the next status.
///
/// # Errors
/// The [`Refusal`].
pub const fn decide(
    status: EmployerVerification,
    action: EmployerAction,
    actor: ActorRole,
    reason_given: bool,
) -> Result<EmployerVerification, Refusal> {
    use EmployerVerification::{Pending, Refused, Verified};
    match (action, actor) {
        (EmployerAction::Register | EmployerAction::Resubmit, ActorRole::Employer)
        | (EmployerAction::Verify | EmployerAction::Refuse, ActorRole::Operator) => {}
        _ => return Err(Refusal::NotYourRole),
    }
    match (action, status) {
        (EmployerAction::Resubmit, Refused) => Ok(Pending),
        (EmployerAction::Verify, Pending | Refused) => Ok(Verified),
        (EmployerAction::Refuse, Pending | Verified) if reason_given => Ok(Refused),
        (EmployerAction::Refuse, Pending | Verified) => Err(Refusal::ReasonRequired),
        _ => Err(Refusal::NotInThisStatus),
    }
}
