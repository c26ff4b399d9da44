//! The rules of an employer's registration: it acts only once an operator has verified it. What is done to its members leaves
//! the registration as it is, and stands on the same trail; that only administrators do it is decided with the members.

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

impl EmployerVerification {
    /// Whether the employer of a case may act, where one is a party by its own account.
    pub fn may_act(party: Option<Self>) -> bool {
        party.is_none_or(|verification| verification == Self::Verified)
    }
}

text_enum! {
    /// What can be done to a registration and to an employer's members.
    pub enum EmployerAction {
        /// 注册 somebody registers the employer and becomes its first member; the first event.
        Register = "REGISTER",
        /// 重新提交 a member hands in again what was refused.
        Resubmit = "RESUBMIT",
        /// 核验通过 an operator verifies it.
        Verify = "VERIFY",
        /// 核验不通过 an operator refuses it, or takes a verification back; needs a reason.
        Refuse = "REFUSE",
        /// 邀请成员 an administrator invites a colleague.
        InviteMember = "INVITE_MEMBER",
        /// 撤回成员邀请 an administrator takes an invitation back.
        WithdrawMemberInvitation = "WITHDRAW_MEMBER_INVITATION",
        /// 成员加入 an invited colleague joins.
        JoinMember = "JOIN_MEMBER",
        /// 停用成员 an administrator disables a colleague's account.
        DisableMember = "DISABLE_MEMBER",
        /// 启用成员 an administrator enables it again.
        EnableMember = "ENABLE_MEMBER",
    }
}

impl EmployerAction {
    /// Those that decide a registration or hand it in: its reason is the last one's.
    pub const OF_REGISTRATION: &[Self] = &[Self::Register, Self::Resubmit, Self::Verify, Self::Refuse];
}

/// Decides an action on a registration: the next status. An employer that is not verified must not send mails to strangers.
///
/// # Errors
/// The [`Refusal`].
pub const fn decide(
    status: EmployerVerification,
    action: EmployerAction,
    actor: ActorRole,
    reason_given: bool,
) -> Result<EmployerVerification, Refusal> {
    use EmployerAction as Do;
    use EmployerVerification::{Pending, Refused, Verified};
    match (action, actor) {
        (Do::Verify | Do::Refuse, ActorRole::Operator) => {}
        (Do::Verify | Do::Refuse, _) => return Err(Refusal::NotYourRole),
        (_, ActorRole::Employer) => {}
        _ => return Err(Refusal::NotYourRole),
    }
    match (action, status) {
        (Do::Resubmit, Refused) => Ok(Pending),
        (Do::Verify, Pending | Refused) => Ok(Verified),
        (Do::Refuse, Pending | Verified) if reason_given => Ok(Refused),
        (Do::Refuse, Pending | Verified) => Err(Refusal::ReasonRequired),
        (Do::InviteMember, Verified) => Ok(Verified),
        (Do::InviteMember, Pending | Refused) => Err(Refusal::EmployerNotVerified),
        (Do::WithdrawMemberInvitation | Do::JoinMember | Do::DisableMember | Do::EnableMember, status) => {
            Ok(status)
        }
        _ => Err(Refusal::NotInThisStatus),
    }
}
