//! The inbox: what a person is told on the platform itself.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject, connection::Connection};
use chrono::{DateTime, Utc};
use uuid::Uuid;
use wangqian_schema::{
    messages::{self, Text},
    model::{
        event::CaseKind,
        message::{self as model, Channel, Message},
    },
};

use super::{
    agreement::Agreement, destination::Destination, employer::Employer, leaving::LeavingConfirmation,
    live::Case, school::School, termination::Termination,
};
use crate::{
    context::ContextExt,
    error::{UserError, internal},
    id::NodeType,
    loaders::{AgreementKey, DestinationKey, EmployerKey, EventKey, LeavingKey, SchoolKey, TerminationKey},
    paging::{Arguments, connection, cost},
};

/// 消息 A message in the viewer's inbox.
pub struct Notification(pub Message);

impl Notification {
    fn text(&self, ctx: &Context<'_>) -> async_graphql::Result<Text> {
        let public_url = &ctx.app().platform.public_url;
        messages::write(self.0.template, Channel::InApp, &self.0.params, public_url).map_err(internal)
    }
}

/// 消息 A message in the viewer's inbox.
#[Object]
impl Notification {
    /// 全局标识 Global id, for `node`.
    pub async fn id(&self) -> ID {
        NodeType::Notification.id(self.0.id)
    }

    /// 标题 Title, in Chinese.
    async fn title(&self, ctx: &Context<'_>) -> async_graphql::Result<String> {
        Ok(self.text(ctx)?.title)
    }

    /// 内容 Text, in Chinese.
    async fn body(&self, ctx: &Context<'_>) -> async_graphql::Result<String> {
        Ok(self.text(ctx)?.body)
    }

    /// 办理事项 The case that it is about, as it is now; null for what is about the viewer's own data, and for a daily digest.
    async fn case(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Case>> {
        let Some(event_id) = self.0.event_id else {
            return Ok(None);
        };
        let event = ctx.load(EventKey(event_id)).await?;
        let Some(event) = event else { return Ok(None) };
        Ok(match event.case_kind {
            CaseKind::Agreement => ctx
                .load(AgreementKey(event.case_id))
                .await?
                .map(|view| Case::Agreement(Agreement::from(view))),
            CaseKind::Termination => ctx
                .load(TerminationKey(event.case_id))
                .await?
                .map(|view| Case::Termination(Termination::from(view))),
            CaseKind::Destination => ctx
                .load(DestinationKey(event.case_id))
                .await?
                .map(|view| Case::Destination(Destination::from(view))),
            CaseKind::Leaving => ctx
                .load(LeavingKey(event.case_id))
                .await?
                .map(|view| Case::LeavingConfirmation(LeavingConfirmation::from(view))),
            // Its members are told of it, and they see it.
            CaseKind::Employer => ctx
                .load(EmployerKey(event.case_id))
                .await?
                .map(|employer| Case::Employer(Employer(employer))),
            // That a school is there everybody sees.
            CaseKind::School => ctx
                .load(SchoolKey(event.case_id))
                .await?
                .map(|school| Case::School(School(school))),
            CaseKind::Graduate => None,
        })
    }

    /// 到达时间 When it arrived.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// 已读时间 When it was read; null before.
    async fn read_at(&self) -> Option<DateTime<Utc>> {
        self.0.read_at
    }
}

/// The viewer's inbox.
#[derive(Default)]
pub struct NotificationQuery;

#[Object]
impl NotificationQuery {
    /// 消息列表 The viewer's inbox, newest first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn notifications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "仅未读 Only those that were not read yet.", default = false)] unread_only: bool,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, Notification>> {
        let viewer = ctx.viewer()?;
        let request = Arguments {
            first,
            after,
            last,
            before,
        }
        .request()?;
        let mut conn = ctx.connection().await?;
        let page = model::inbox(&mut conn, viewer.account_id(), unread_only, &request)
            .await
            .map_err(internal)?;
        Ok(connection(page, |message| message.id, Notification))
    }

    /// 未读消息数 How many messages in the viewer's inbox are unread.
    async fn unread_notification_count(&self, ctx: &Context<'_>) -> async_graphql::Result<i32> {
        let viewer = ctx.viewer()?;
        let mut conn = ctx.connection().await?;
        let count = model::unread_count(&mut conn, viewer.account_id())
            .await
            .map_err(internal)?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }
}

/// 标为已读 Marks messages as read.
#[derive(InputObject)]
pub struct MarkNotificationsReadInput {
    /// 消息 The messages, 1 to 100: ids from `notifications`.
    notification_ids: Vec<ID>,
}

/// 标为已读的结果 What came of marking messages as read.
#[derive(SimpleObject)]
pub struct MarkNotificationsReadPayload {
    /// 未读消息数 How many messages in the inbox are still unread.
    unread_notification_count: i32,
    /// 业务错误 Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What people do with their inbox.
#[derive(Default)]
pub struct NotificationMutation;

#[Object]
impl NotificationMutation {
    /// 标为已读 Marks messages of the viewer's own inbox as read; ids that are not his are passed over.
    ///
    /// Refusals: `INVALID_INPUT`.
    async fn mark_notifications_read(
        &self,
        ctx: &Context<'_>,
        input: MarkNotificationsReadInput,
    ) -> async_graphql::Result<MarkNotificationsReadPayload> {
        let account_id = ctx.viewer()?.account_id();
        let mut conn = ctx.connection().await?;
        let mut user_errors = Vec::new();
        if (1..=100).contains(&input.notification_ids.len()) {
            let ids: Vec<Uuid> = input
                .notification_ids
                .iter()
                .filter_map(|id| NodeType::Notification.uuid(id))
                .collect();
            let now = ctx.app().platform.clock.now();
            model::mark_read(&mut conn, account_id, &ids, now)
                .await
                .map_err(internal)?;
        } else {
            user_errors.push(UserError::invalid(
                "notificationIds",
                "每次可标记 1 至 100 条消息",
            ));
        }
        let count = model::unread_count(&mut conn, account_id)
            .await
            .map_err(internal)?;
        Ok(MarkNotificationsReadPayload {
            unread_notification_count: i32::try_from(count).unwrap_or(i32::MAX),
            user_errors,
        })
    }
}
