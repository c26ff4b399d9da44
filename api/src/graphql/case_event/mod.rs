//! Events: the history of a case, and what the live feed brings.

mod words;

use async_graphql::{Context, ID, Interface, Object, OutputType, SimpleObject, connection::Connection};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use uuid::Uuid;
use wangqian_schema::{
    destination::label_zh,
    model::{Viewer, event as model, terms},
    roster,
    workflow::{
        self, agreement as rules, destination, employer_registration, graduate_data, leaving, school,
        termination,
    },
};

pub use self::words::{
    ActorRole, AgreementAction, DestinationAction, EmployerAction, GraduateDataAction, GraduateDataStatus,
    LeavingAction, SchoolAction, SchoolStatus, TerminationAction,
};
use super::{
    agreement::AgreementStatus,
    destination::DestinationStatus,
    employer::EmployerVerification,
    graduate_import::GraduateField,
    leaving::LeavingStatus,
    reviewer::Reviewer,
    school::{Department, department_of},
    termination::TerminationStatus,
};
use crate::{
    context::ContextExt,
    error::internal,
    id::NodeType,
    loaders::{FieldChangesKey, HistoryKey, ReviewerKey},
    paging::{Arguments, connection},
};

/// 修改项 One field that was changed in what somebody else had filled in.
#[derive(SimpleObject)]
pub struct FieldChange {
    /// 字段 The field, from its form: `startOn`, `employer.creditCode`, `type`.
    field: String,
    /// 字段名称 What people call it, in Chinese.
    label: String,
    /// 修改前 What it was: codes and closed lists by their code or word; null where it was empty.
    old: Option<String>,
    /// 修改后 What it is; null where it is empty.
    new: Option<String>,
}

/// 办理事件 One step of one case. Append-only, chained by hash.
#[derive(Interface)]
#[graphql(
    field(
        name = "id",
        ty = "ID",
        desc = "事件标识 Id of the event. Events are no nodes: they are read in the history of their case."
    ),
    field(
        name = "sequence",
        ty = "i32",
        desc = "序号 Its number among the events of the case, from 1."
    ),
    field(
        name = "occurred_at",
        ty = "DateTime<Utc>",
        desc = "办理时间 When the step was taken."
    ),
    field(
        name = "actor_role",
        ty = "ActorRole",
        desc = "办理角色 In which role somebody acted."
    ),
    field(
        name = "reason",
        ty = "Option<String>",
        desc = "原因 The reason given; null where none was."
    )
)]
pub enum CaseEvent {
    /// An event of an agreement.
    AgreementEvent(AgreementEvent),
    /// An event of a termination.
    TerminationEvent(TerminationEvent),
    /// An event of a destination.
    DestinationEvent(DestinationEvent),
    /// An event of a graduate's confirmation before he leaves school.
    LeavingEvent(LeavingEvent),
    /// An event of a graduate's basic information.
    GraduateEvent(GraduateEvent),
    /// An event of an employer's registration or of its members.
    EmployerEvent(EmployerEvent),
    /// An event of a school.
    SchoolEvent(SchoolEvent),
}

impl From<model::Event> for CaseEvent {
    fn from(event: model::Event) -> Self {
        match event.case_kind {
            model::CaseKind::Agreement => Self::AgreementEvent(AgreementEvent(event)),
            model::CaseKind::Termination => Self::TerminationEvent(TerminationEvent(event)),
            model::CaseKind::Destination => Self::DestinationEvent(DestinationEvent(event)),
            model::CaseKind::Leaving => Self::LeavingEvent(LeavingEvent(event)),
            model::CaseKind::Graduate => Self::GraduateEvent(GraduateEvent(event)),
            model::CaseKind::Employer => Self::EmployerEvent(EmployerEvent(event)),
            model::CaseKind::School => Self::SchoolEvent(SchoolEvent(event)),
        }
    }
}

/// A word of the trail as the value of a closed list. All were written from these lists.
fn word<T, G: From<T>>(parsed: Option<T>) -> async_graphql::Result<G> {
    parsed
        .map(G::from)
        .ok_or_else(|| internal("an event with an unknown word"))
}

/// Declares an event of one kind of case: what all have in common, and its own action and status.
macro_rules! event {
    ($(#[doc = $doc:literal])+ $name:ident, $action:ident($actions:path), $status:ident($statuses:path) $(, $more:item)*) => {
        $(#[doc = $doc])+
        pub struct $name(pub model::Event);

        $(#[doc = $doc])+
        #[Object]
        impl $name {
            /// 事件标识 Id of the event. Events are no nodes: they are read in the history of their case.
            pub async fn id(&self) -> ID {
                ID(URL_SAFE_NO_PAD.encode(format!(concat!(stringify!($name), ":{}"), self.0.id)))
            }

            /// 序号 Its number among the events of the case, from 1.
            pub async fn sequence(&self) -> i32 {
                self.0.sequence
            }

            /// 办理时间 When the step was taken.
            pub async fn occurred_at(&self) -> DateTime<Utc> {
                self.0.occurred_at
            }

            /// 办理角色 In which role somebody acted.
            pub async fn actor_role(&self) -> ActorRole {
                self.0.actor_role.into()
            }

            /// 原因 The reason given; null where none was.
            pub async fn reason(&self) -> Option<String> {
                self.0.reason.clone()
            }

            /// 操作 What was done.
            async fn action(&self) -> async_graphql::Result<$action> {
                word(<$actions>::parse(&self.0.action))
            }

            /// 原状态 The status before; null for the first event.
            #[graphql(name = "fromStatus")]
            async fn status_before(&self) -> async_graphql::Result<Option<$status>> {
                let from = self.0.from_status.as_deref();
                from.map(|from| word(<$statuses>::parse(from))).transpose()
            }

            /// 新状态 The status after.
            #[graphql(name = "toStatus")]
            async fn status_after(&self) -> async_graphql::Result<$status> {
                word(<$statuses>::parse(&self.0.to_status))
            }

            $($more)*
        }
    };
}

event!(
    /// 就业协议事件 One step of an agreement.
    AgreementEvent,
    AgreementAction(rules::AgreementAction),
    AgreementStatus(rules::AgreementStatus),
    /// 变更字段 The fields of the terms that changed: of a submission since the one before, of an amendment all that it changed.
    async fn changed_fields(&self) -> Vec<String> {
        changed_fields(&self.0)
    },
    /// 修改项 What the school's amendment made of each field; empty of all other steps.
    async fn field_changes(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<FieldChange>> {
        field_changes(ctx, &self.0, terms::label_zh).await
    }
);

/// The names of the fields that an event changed.
fn changed_fields(event: &model::Event) -> Vec<String> {
    let fields = event.changes["changed"].as_array().into_iter().flatten();
    fields
        .filter_map(|field| field.as_str().map(str::to_owned))
        .collect()
}

/// What somebody changed by an event in what another had filled in; nothing where it names no such change.
async fn field_changes(
    ctx: &Context<'_>,
    event: &model::Event,
    label_zh: fn(&str) -> Option<&'static str>,
) -> async_graphql::Result<Vec<FieldChange>> {
    if event.fields_hash().is_none() {
        return Ok(Vec::new());
    }
    let key = FieldChangesKey {
        case_id: event.case_id,
        sequence: event.sequence,
    };
    let found = ctx.load(key).await?;
    let changes = found.into_iter().flat_map(|changes| changes.0);
    Ok(changes
        .map(|change| FieldChange {
            label: label_zh(&change.path).unwrap_or(&change.path).to_owned(),
            field: change.path,
            old: change.old,
            new: change.new,
        })
        .collect())
}

event!(
    /// 解约事件 One step of a termination.
    TerminationEvent,
    TerminationAction(termination::TerminationAction),
    TerminationStatus(termination::TerminationStatus)
);

event!(
    /// 毕业去向事件 One step of a destination.
    DestinationEvent,
    DestinationAction(destination::DestinationAction),
    DestinationStatus(destination::DestinationStatus),
    /// 变更字段 The fields that changed: of a submission since the one before, of a reviewer's own change all that it changed.
    async fn changed_fields(&self) -> Vec<String> {
        changed_fields(&self.0)
    },
    /// 修改项 What a reviewer's own change, or the school's amendment, made of each field; empty of all other steps.
    async fn field_changes(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<FieldChange>> {
        field_changes(ctx, &self.0, label_zh).await
    }
);

event!(
    /// 离校确认事件 One step of a graduate's confirmation before he leaves school.
    LeavingEvent,
    LeavingAction(leaving::LeavingAction),
    LeavingStatus(leaving::LeavingStatus)
);

event!(
    /// 毕业生信息事件 One step on a graduate's basic information.
    GraduateEvent,
    GraduateDataAction(graduate_data::GraduateDataAction),
    GraduateDataStatus(graduate_data::GraduateDataStatus),
    /// 更正的项目 Which fields the school corrected; never what stood or stands in them.
    async fn changed_fields(&self) -> Vec<GraduateField> {
        let words = self.0.changes["fields"].as_array().into_iter().flatten();
        let fields = words.filter_map(|word| roster::GraduateField::parse(word.as_str()?));
        fields.map(Into::into).collect()
    }
);

event!(
    /// 用人单位事件 One step of an employer's registration, or on its members.
    EmployerEvent,
    EmployerAction(employer_registration::EmployerAction),
    EmployerVerification(employer_registration::EmployerVerification),
    /// 办理人 The member who acted; null for an operator.
    async fn actor_id(&self) -> Option<ID> {
        let member = self.0.actor_account_id.filter(|_| self.0.actor_role == workflow::ActorRole::Employer);
        member.map(|id| NodeType::EmployerMember.id(id))
    },
    /// 成员 The member who joined, or whose account was disabled or enabled.
    async fn member_id(&self) -> Option<ID> {
        let member = Uuid::try_parse(self.0.changes["member"].as_str()?).ok()?;
        Some(NodeType::EmployerMember.id(member))
    }
);

event!(
    /// 学校事件 One step on a school: its data, review routes, departments and reviewers' accounts.
    SchoolEvent,
    SchoolAction(school::SchoolAction),
    SchoolStatus(school::SchoolStatus),
    /// 操作人 The reviewer who did it; null for an operator.
    async fn actor(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Reviewer>> {
        reviewer(ctx, self.0.actor_account_id).await
    },
    /// 相关审核人 The reviewer whose account it was about.
    async fn reviewer(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Reviewer>> {
        reviewer(ctx, self.id_of("reviewer")).await
    },
    /// 相关届别 The class year whose confirmation period was set.
    async fn class_year(&self) -> Option<i32> {
        self.0.changes["class_year"].as_i64()?.try_into().ok()
    },
    /// 相关院系 The department that it was about; null for the whole school.
    async fn department(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Department>> {
        department_of(ctx, self.id_of("department")).await
    }
);

/// A page of the history of a case whose history the viewer sees, oldest first; an empty one without a case.
///
/// # Errors
/// A top-level error of the arguments, or of the database's.
pub(super) async fn history_of<N: OutputType>(
    ctx: &Context<'_>,
    case_id: Option<Uuid>,
    page: Arguments,
    node: fn(model::Event) -> N,
) -> async_graphql::Result<Connection<String, N>> {
    let request = page.request()?;
    let events = match case_id {
        Some(case_id) => ctx.load(HistoryKey { case_id, request }).await?,
        None => None,
    };
    let events = events.unwrap_or_default();
    Ok(connection(events, |event| event.sequence, node))
}

/// What the viewer may do on a case now, by the case's own rule.
///
/// # Errors
/// A top-level error UNAUTHENTICATED.
pub(super) fn actions_of<A, G: From<A>>(
    ctx: &Context<'_>,
    rule: impl FnOnce(&Viewer, DateTime<Utc>) -> Vec<A>,
) -> async_graphql::Result<Vec<G>> {
    let actions = rule(&ctx.viewer()?, ctx.app().platform.clock.now());
    Ok(actions.into_iter().map(G::from).collect())
}

impl SchoolEvent {
    /// What the event was about: an id, or of one that changed the new one.
    fn id_of(&self, what: &str) -> Option<Uuid> {
        let value = &self.0.changes[what];
        value.as_str().or_else(|| value[1].as_str())?.parse().ok()
    }
}

async fn reviewer(ctx: &Context<'_>, account_id: Option<Uuid>) -> async_graphql::Result<Option<Reviewer>> {
    let Some(id) = account_id else { return Ok(None) };
    let found = ctx.load(ReviewerKey(id)).await?;
    Ok(found.map(Reviewer))
}
