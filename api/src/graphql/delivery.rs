//! Deliveries: how far each message got with each recipient through each channel, for operators.

use async_graphql::{Context, Enum, ID, Object, connection::Connection};
use chrono::{DateTime, Utc};
use uuid::Uuid;
use wangqian_schema::model::{
    account,
    delivery::{self as model, Delivery, DeliveryFilter},
    message,
};

use crate::{
    context::ContextExt,
    error::{bad_argument, internal},
    id::NodeType,
    paging::{Arguments, connection, cost},
};

/// 消息渠道 The ways in which a person is told.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "message::Channel")]
pub enum MessageChannel {
    /// 站内消息 The inbox on the platform.
    InApp,
    /// 微信 A template message of the official account.
    Wechat,
    /// 短信 SMS.
    Sms,
    /// 邮件 E-mail.
    Email,
}

/// 发送状态 How far a message got.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "message::MessageStatus")]
pub enum MessageStatus {
    /// 待发送 Owed; its job is on the way, or waits for its next attempt.
    Pending,
    /// 已送出 Handed over: to the inbox, or to the mail server or provider, who took it.
    Sent,
    /// 无地址 The person has no address for this channel; nothing more is tried.
    NoAddress,
    /// 已搁置 Given up: `stuckWork` lists it, and `retryStuckWork` has it sent again.
    Parked,
}

/// 收件人类别 What kind of person a message is for.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "account::AccountKind")]
pub enum RecipientKind {
    /// 毕业生 A graduate.
    Graduate,
    /// 用人单位成员 A member of an employer.
    EmployerMember,
    /// 审核人 A reviewer of a school or department.
    Reviewer,
    /// 平台管理员 An operator of the platform.
    Operator,
}

/// 消息发送情况 How far one message to one person through one channel got.
pub struct MessageDelivery(pub Delivery);

/// 消息发送情况 How far one message to one person through one channel got. What it says is the recipient's own.
#[Object]
impl MessageDelivery {
    /// 全局标识 Global id, for `node`.
    pub async fn id(&self) -> ID {
        NodeType::MessageDelivery.id(self.0.id)
    }

    /// 办理事项编号 The case whose step owes it, as `wangqian audit --case` takes it; null for a daily digest.
    async fn case_reference(&self) -> Option<String> {
        self.0.case_id.map(|id| id.to_string())
    }

    /// 收件人账号编号 The account that it is for. All messages to one person bear the same.
    async fn recipient_reference(&self) -> String {
        self.0.account_id.to_string()
    }

    /// 收件人类别 What kind of person it is for.
    async fn recipient_kind(&self) -> RecipientKind {
        self.0.recipient.into()
    }

    /// 消息渠道 The way in which the person is told.
    async fn channel(&self) -> MessageChannel {
        self.0.channel.into()
    }

    /// 消息模板 The name of its text, such as `INVITATION_RECEIVED`.
    async fn template(&self) -> String {
        self.0.template.to_string()
    }

    /// 发送状态 How far it got.
    async fn status(&self) -> MessageStatus {
        self.0.status.into()
    }

    /// 应发送时间 Since when it is owed.
    async fn owed_since(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// 送出时间 When it was handed over; null before.
    async fn sent_at(&self) -> Option<DateTime<Utc>> {
        self.0.sent_at
    }

    /// 服务商回执 What the mail server or provider calls it, to ask there; null before it took it, and in the inbox.
    async fn provider_reference(&self) -> Option<&str> {
        self.0.provider_reference.as_deref()
    }

    /// 失败原因 Why it was given up; null otherwise. Without personal data.
    async fn last_error(&self) -> Option<&str> {
        self.0.last_error.as_deref()
    }
}

/// Deliveries.
#[derive(Default)]
pub struct DeliveryQuery;

#[Object]
impl DeliveryQuery {
    /// 消息发送情况列表 How far each message got, newest first; empty for whoever is no operator.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a connection and its filters"
    )]
    async fn message_deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "办理事项编号 Only those that steps on this case owe.")] case_reference: Option<
            String,
        >,
        #[graphql(desc = "发送状态 Only those in one of these statuses.")] statuses: Option<
            Vec<MessageStatus>,
        >,
        #[graphql(desc = "消息渠道 Only those through one of these channels.")] channels: Option<
            Vec<MessageChannel>,
        >,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, MessageDelivery>> {
        let viewer = ctx.viewer()?;
        let request = Arguments {
            first,
            after,
            last,
            before,
        }
        .request()?;
        let case_id = case_reference
            .map(|text| Uuid::try_parse(&text))
            .transpose()
            .map_err(|_| bad_argument("`caseReference` is no case's: it is a UUID"))?;
        let filter = DeliveryFilter {
            case_id,
            statuses: statuses.into_iter().flatten().map(Into::into).collect(),
            channels: channels.into_iter().flatten().map(Into::into).collect(),
        };
        let mut conn = ctx.connection().await?;
        let page = model::list(&mut conn, &viewer, &filter, &request)
            .await
            .map_err(internal)?;
        Ok(connection(page, |delivery| delivery.id, MessageDelivery))
    }
}
