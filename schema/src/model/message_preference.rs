//! Message preferences (消息偏好): which kinds of messages a person does not want by mail or WeChat. They are honoured where messages are
//! written (`message::owe`).

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{Viewer, message::Channel};
use crate::{
    messages::{MessageGroup, offered},
    tables::message_opt_outs,
};

/// Whether a person is sent a kind of messages through a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessagePreference {
    /// The kind.
    pub group: MessageGroup,
    /// The channel.
    pub channel: Channel,
    /// Whether he is.
    pub enabled: bool,
}

/// Why there is nothing to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotOffered {
    /// He gets no such messages, or always gets them.
    Group,
    /// They do not come through this channel, or always do.
    Channel,
}

/// All that a viewer may choose, as he has chosen.
///
/// # Errors
/// The database's.
pub async fn list(conn: &mut AsyncPgConnection, viewer: &Viewer) -> QueryResult<Vec<MessagePreference>> {
    let off: Vec<(MessageGroup, Channel)> = message_opt_outs::table
        .filter(message_opt_outs::account_id.eq(viewer.account_id()))
        .select((message_opt_outs::message_group, message_opt_outs::channel))
        .load(conn)
        .await?;
    let choices = offered(viewer)
        .iter()
        .flat_map(|(group, channels)| channels.iter().map(move |channel| (*group, *channel)));
    let preference = |(group, channel)| MessagePreference {
        group,
        channel,
        enabled: !off.contains(&(group, channel)),
    };
    Ok(choices.map(preference).collect())
}

/// Switches a kind of messages through a channel off or on, for what is owed from now on.
///
/// # Errors
/// The database's; inside, that it is not his to choose.
pub async fn set(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    preference: MessagePreference,
    now: DateTime<Utc>,
) -> QueryResult<Result<(), NotOffered>> {
    let MessagePreference {
        group,
        channel,
        enabled,
    } = preference;
    let Some((_, channels)) = offered(viewer).iter().find(|(of, _)| *of == group) else {
        return Ok(Err(NotOffered::Group));
    };
    if !channels.contains(&channel) {
        return Ok(Err(NotOffered::Channel));
    }
    let key = (viewer.account_id(), group, channel);
    if enabled {
        diesel::delete(message_opt_outs::table.find(key))
            .execute(conn)
            .await?;
    } else {
        diesel::insert_into(message_opt_outs::table)
            .values((
                message_opt_outs::account_id.eq(key.0),
                message_opt_outs::message_group.eq(group),
                message_opt_outs::channel.eq(channel),
                message_opt_outs::created_at.eq(now),
            ))
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
    }
    Ok(Ok(()))
}
