//! Message preferences: which kinds of messages somebody does not want by mail or WeChat.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use wangqian_schema::{
    messages,
    model::message_preference::{self as model, NotOffered},
};

use super::delivery::MessageChannel;
use crate::{
    context::ContextExt,
    error::{UserError, internal},
};

/// 消息类别 A kind of messages.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "messages::MessageGroup")]
pub enum MessageGroup {
    /// 签约邀请 Invitations, how they are answered, and how they end.
    Invitations,
    /// 审核 How agreements, registrations and destinations fare with the reviewers.
    Reviews,
    /// 解约 Terminations with their answers and reviews.
    Terminations,
    /// 信息更正 What the school has changed in the viewer's basic information.
    DataCorrections,
    /// 签约及去向信息修改 What the school or a reviewer has changed in what is signed, registered or being reviewed; to a graduate by WeChat and SMS in any case.
    Amendments,
    /// 单位注册 How the employer's registration fares.
    EmployerRegistration,
    /// 待审核提醒 A reviewer's daily digest.
    DailyDigest,
}

/// 消息偏好 Whether the viewer is sent a kind of messages through a channel. The inbox has everything that
/// others do, and not the mails about one's own steps; SMS, codes, security notices and links
/// that somebody waits for are sent in any case.
#[derive(SimpleObject)]
pub struct MessagePreference {
    /// 消息类别 The kind.
    group: MessageGroup,
    /// 消息渠道 The channel.
    channel: MessageChannel,
    /// 是否接收 Whether he is.
    enabled: bool,
}

impl From<model::MessagePreference> for MessagePreference {
    fn from(preference: model::MessagePreference) -> Self {
        Self {
            group: preference.group.into(),
            channel: preference.channel.into(),
            enabled: preference.enabled,
        }
    }
}

async fn chosen(ctx: &Context<'_>) -> async_graphql::Result<Vec<MessagePreference>> {
    let viewer = ctx.viewer()?;
    let mut conn = ctx.connection().await?;
    let all = model::list(&mut conn, &viewer).await.map_err(internal)?;
    Ok(all.into_iter().map(Into::into).collect())
}

/// The viewer's preferences.
#[derive(Default)]
pub struct MessagePreferenceQuery;

#[Object]
impl MessagePreferenceQuery {
    /// 消息偏好 All that the viewer may choose, as he has chosen; everything is sent at first. Empty for operators.
    #[graphql(complexity = "8 * child_complexity")]
    async fn message_preferences(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<MessagePreference>> {
        chosen(ctx).await
    }
}

/// 设置消息偏好 Switches a kind of messages through a channel off or on.
#[derive(InputObject)]
pub struct SetMessagePreferenceInput {
    /// 消息类别 The kind: one of `messagePreferences`.
    group: MessageGroup,
    /// 消息渠道 The channel: one that `messagePreferences` has for this kind.
    channel: MessageChannel,
    /// 是否接收 Whether the viewer wants to be sent them.
    enabled: bool,
}

/// 设置消息偏好的结果 What came of setting a preference.
#[derive(SimpleObject)]
pub struct SetMessagePreferencePayload {
    /// 消息偏好 All that the viewer may choose, as it stands now.
    message_preferences: Vec<MessagePreference>,
    /// 业务错误 Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Setting preferences.
#[derive(Default)]
pub struct MessagePreferenceMutation;

#[Object]
impl MessagePreferenceMutation {
    /// 设置消息偏好 Switches a kind of messages off or on, by mail or WeChat, for what is owed from now on.
    ///
    /// Refusals: `INVALID_INPUT` (the viewer gets no such messages, or always gets them).
    async fn set_message_preference(
        &self,
        ctx: &Context<'_>,
        input: SetMessagePreferenceInput,
    ) -> async_graphql::Result<SetMessagePreferencePayload> {
        let viewer = ctx.viewer()?;
        let preference = model::MessagePreference {
            group: input.group.into(),
            channel: input.channel.into(),
            enabled: input.enabled,
        };
        let now = ctx.app().platform.clock.now();
        let mut conn = ctx.connection().await?;
        let set = model::set(&mut conn, &viewer, preference, now)
            .await
            .map_err(internal)?;
        drop(conn);
        let refused = set.err().map(|not_offered| match not_offered {
            NotOffered::Group => UserError::invalid("group", "不能设置此类消息"),
            NotOffered::Channel => UserError::invalid("channel", "此类消息在该渠道不能设置"),
        });
        Ok(SetMessagePreferencePayload {
            message_preferences: chosen(ctx).await?,
            user_errors: refused.into_iter().collect(),
        })
    }
}
