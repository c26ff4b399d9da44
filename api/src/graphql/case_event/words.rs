//! The words of the trail: who acts, what can be done to a case of each kind, and the statuses that are nowhere else.

use async_graphql::Enum;
use wangqian_schema::workflow::{
    self, agreement as rules, destination, employer_registration, graduate_data, leaving, school, termination,
};

/// 办理角色 In which role somebody acted.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "workflow::ActorRole")]
pub enum ActorRole {
    /// 毕业生 the graduate
    Graduate,
    /// 用人单位 the employer
    Employer,
    /// 院系审核人 a reviewer of the department
    DepartmentReviewer,
    /// 学校审核人 a reviewer of the school
    SchoolReviewer,
    /// 用人单位联系人 the employer's contact who has the link for the stamped copy, without an account
    EmployerContact,
    /// 平台管理员 an operator of the platform
    Operator,
    /// 系统 the platform itself
    Worker,
}

/// 就业协议操作 What can be done to an agreement.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "rules::AgreementAction")]
pub enum AgreementAction {
    /// 发起签约邀请 The employer invites.
    Invite,
    /// 撤销邀请 The employer takes the invitation back: `cancelInvitation`.
    Cancel,
    /// 接受 The graduate accepts: `acceptInvitation`.
    Accept,
    /// 拒绝 The graduate declines: `declineInvitation`.
    Decline,
    /// 到期失效 The deadline passed.
    Expire,
    /// 到期提醒 24 hours are left.
    Remind,
    /// 审核通过 A reviewer approves: `reviewCase`.
    Approve,
    /// 审核不通过 A reviewer rejects: `reviewCase`.
    Reject,
    /// 协议书生成 The PDF of the agreement is ready.
    StoreDocument,
    /// 申请解约 One side asks to end it: `requestTermination`. The event of that is the termination's.
    RequestTermination,
    /// 保存 The graduate changes what he has filled in: `saveAgreementDraft`. Leaves no event.
    SaveDraft,
    /// 提交审核 The graduate hands it in: `submitAgreement`.
    Submit,
    /// 撤回修改 The graduate takes it back: `withdrawAgreement`.
    Withdraw,
    /// 放弃申请 The graduate gives it up: `discardAgreement`.
    Discard,
    /// 退回修改 A reviewer wants it mended: `reviewCase`.
    Return,
    /// 用人单位协助回传协议书 The employer's contact is sent a link to hand the stamped copy in: `requestStampedCopy`.
    RequestStampedCopy,
    /// 回传协议书 The stamped copy is handed in: `submitStampedCopy`.
    SubmitStampedCopy,
    /// 解约生效 Its termination was approved.
    Terminate,
    /// 签约后修改 The school changes the terms of a signed one: `amendAgreement`.
    Amend,
}

/// 解约操作 What can be done to a termination.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "termination::TerminationAction")]
pub enum TerminationAction {
    /// 申请解约 One side asks: `requestTermination`.
    Request,
    /// 撤回申请 Whoever asked takes it back: `withdrawTermination`.
    Withdraw,
    /// 同意解约 The other side agrees: `acceptTermination`.
    Accept,
    /// 不同意解约 The other side does not: `refuseTermination`.
    Refuse,
    /// 审核通过 A reviewer approves: `reviewCase`.
    Approve,
    /// 审核不通过 A reviewer rejects: `reviewCase`.
    Reject,
    /// 退回修改 A reviewer wants it mended: `reviewCase`.
    Return,
    /// 提交审核 The graduate hands it in with its materials: `requestTermination`, and again `submitTermination`.
    Submit,
    /// 放弃申请 The graduate gives it up: `discardTermination`.
    Discard,
}

/// 毕业去向操作 What can be done to a destination.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "destination::DestinationAction")]
pub enum DestinationAction {
    /// 保存 The graduate changes what he has filled in: `saveDestinationDraft`. Leaves no event.
    SaveDraft,
    /// 提交审核 The graduate hands it in: `submitDestination`.
    Submit,
    /// 撤回修改 The graduate takes it back: `withdrawDestination`.
    Withdraw,
    /// 放弃登记 The graduate gives it up: `discardDestination`.
    Discard,
    /// 审核通过 A reviewer approves: `reviewCase`.
    Approve,
    /// 退回修改 A reviewer wants it mended: `reviewCase`.
    Return,
    /// 审核不通过 A reviewer rejects: `reviewCase`.
    Reject,
    /// 审核修改 A reviewer changes the type or fields himself: `changeDestination`.
    Change,
    /// 作废 The graduate makes a registered one void: `voidDestination`.
    Void,
    /// 登记后修改 The school changes fields of a registered one: `amendDestination`.
    Amend,
}

/// 离校确认操作 What can be done to a graduate's confirmation before he leaves school.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "leaving::LeavingAction")]
pub enum LeavingAction {
    /// 保存 He changes what he has filled in of archive and household: `saveLeavingDraft`. Leaves no event.
    SaveDraft,
    /// 确认 He confirms what is registered for him: `confirmLeaving`. Offered again once that has changed, or he has filled in archive and
    /// household anew.
    Confirm,
    /// 提出异议 He disputes it: `disputeLeaving`.
    Dispute,
    /// 答复异议 A reviewer answers: `answerLeavingDispute`.
    Answer,
    /// 重新开放 The school reopens his cases: `reopenLeaving`.
    Reopen,
    /// 登记信息表生成 The PDF of the sheet is ready.
    StoreSheet,
    /// 授权查询 He lets third parties see his sheet: `authoriseSheet`.
    Authorise,
    /// 取消授权 He takes that back: `withdrawSheetAuthorisation`.
    WithdrawAuthorisation,
}

/// 基本信息操作 What can be done to a graduate's basic information.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "graduate_data::GraduateDataAction")]
pub enum GraduateDataAction {
    /// 名单导入 The school entered the graduate by a roster: `startGraduateImport`.
    Import,
    /// 信息确认 The graduate confirms it: `confirmGraduateData`.
    Confirm,
    /// 信息更正 The school corrects it, by itself or by a roster.
    Correct,
    /// 联系方式变更 The graduate changes his mobile number or e-mail address.
    ChangeContact,
}

/// 信息确认状态 Whether the graduate has confirmed his basic information.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "graduate_data::GraduateDataStatus")]
pub enum GraduateDataStatus {
    /// 待确认 Not yet, or not since the last correction.
    Unconfirmed,
    /// 已确认 He has.
    Confirmed,
}

/// 单位操作 What can be done to an employer's registration and to its members.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "employer_registration::EmployerAction")]
pub enum EmployerAction {
    /// 注册 Somebody registers the employer.
    Register,
    /// 重新提交 A member hands in again what was refused.
    Resubmit,
    /// 核验通过 An operator verifies it.
    Verify,
    /// 核验不通过 An operator refuses it.
    Refuse,
    /// 邀请成员 An administrator invites a colleague: `inviteEmployerMember`.
    InviteMember,
    /// 撤回成员邀请 An administrator takes an invitation back: `withdrawMemberInvitation`.
    WithdrawMemberInvitation,
    /// 成员加入 An invited colleague joins: `joinEmployer`.
    JoinMember,
    /// 停用成员 An administrator disables a colleague's account: `disableEmployerMember`.
    DisableMember,
    /// 启用成员 An administrator enables it again: `enableEmployerMember`.
    EnableMember,
}

/// 学校状态 Where a school stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "school::SchoolStatus")]
pub enum SchoolStatus {
    /// 已开通 Open.
    Open,
}

/// 操作 What can be done to a school.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "school::SchoolAction")]
pub enum SchoolAction {
    /// 开通学校 An operator opens it: `openSchool`.
    Open,
    /// 学校信息变更 Its name, telephone or address changes: `updateSchool`.
    Update,
    /// 审核方式变更 It reviews by another route: `setReviewRoute`.
    SetReviewRoute,
    /// 作废审核设置 It reviews what graduates make void, or no longer: `setVoidingReview`.
    SetVoidingReview,
    /// 离校确认设置 The graduates of a class year confirm on other days, or have another cut-off date: `setLeavingPeriod`.
    SetLeavingPeriod,
    /// 新增院系 It has another department: `addDepartment`.
    AddDepartment,
    /// 院系更名 A department has another name or code: `renameDepartment`.
    RenameDepartment,
    /// 新增审核人 The account of a reviewer is opened: `addReviewer`.
    AddReviewer,
    /// 审核人变更 A reviewer has another name, or reviews for something else: `updateReviewer`.
    UpdateReviewer,
    /// 停用审核人 His account is disabled: `disableReviewer`.
    DisableReviewer,
    /// 启用审核人 His account is enabled again: `enableReviewer`.
    EnableReviewer,
}
