//! Events: the history of a case, and what the live feed brings.

use async_graphql::{Enum, ID, Interface, Object};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use wangqian_schema::{
    model::event as model,
    workflow::{self, agreement as rules},
};

use super::agreement::AgreementStatus;

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
    /// 系统 the platform itself
    Worker,
}

/// 操作 What can be done to an agreement.
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
    /// 协议书生成 The PDF of a signed agreement is ready.
    StoreDocument,
}

/// 事件 One step of one case. Append-only, chained by hash.
#[derive(Interface)]
#[graphql(
    field(name = "id", ty = "ID", desc = "Id of the event."),
    field(
        name = "sequence",
        ty = "i32",
        desc = "The how-manieth event of the case, from 1."
    ),
    field(
        name = "occurred_at",
        ty = "DateTime<Utc>",
        desc = "时间 When the step was taken."
    ),
    field(
        name = "actor_role",
        ty = "ActorRole",
        desc = "办理角色 In which role somebody acted."
    ),
    field(name = "reason", ty = "Option<String>", desc = "原因 The reason given.")
)]
pub enum CaseEvent {
    /// An event of an agreement.
    AgreementEvent(AgreementEvent),
}

/// 就业协议事件 One step of an agreement.
pub struct AgreementEvent(pub model::Event);

/// 就业协议事件 One step of an agreement.
#[Object]
impl AgreementEvent {
    /// Id of the event.
    pub async fn id(&self) -> ID {
        ID(URL_SAFE_NO_PAD.encode(format!("AgreementEvent:{}", self.0.id)))
    }

    /// The how-manieth event of the agreement, from 1.
    pub async fn sequence(&self) -> i32 {
        self.0.sequence
    }

    /// 时间 When the step was taken.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at
    }

    /// 办理角色 In which role somebody acted.
    pub async fn actor_role(&self) -> ActorRole {
        self.0.actor_role.into()
    }

    /// 原因 The reason given.
    pub async fn reason(&self) -> Option<String> {
        self.0.reason.clone()
    }

    /// 操作 What was done.
    async fn action(&self) -> AgreementAction {
        self.0.action.into()
    }

    /// 原状态 The status before; null for the first event.
    async fn from_status(&self) -> Option<AgreementStatus> {
        self.0.from_status.map(Into::into)
    }

    /// 新状态 The status after.
    async fn to_status(&self) -> AgreementStatus {
        self.0.to_status.into()
    }
}
