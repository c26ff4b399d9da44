//! Messages: what an event owes to one person through one channel, and how far it got. The channel `IN_APP` is the inbox.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    Page, PageRequest,
    event::{self, EventCursor},
};
use crate::{
    Kept,
    messages::MessageTemplate,
    tables::{case_events, messages},
    text_enum::text_enum,
};

text_enum! {
    /// The ways in which a person is told (DOMAIN.md, Messages).
    pub enum Channel {
        /// The inbox on the platform.
        InApp = "IN_APP",
        /// 微信 template message of the official account.
        Wechat = "WECHAT",
        /// 短信
        Sms = "SMS",
        /// 邮件
        Email = "EMAIL",
    }
}

text_enum! {
    /// How far a message got.
    pub enum MessageStatus {
        /// Owed; its job is on the way.
        Pending = "PENDING",
        /// Handed over: to the inbox, or to the provider.
        Sent = "SENT",
        /// The person has no address for this channel; nothing more is tried.
        NoAddress = "NO_ADDRESS",
        /// Given up; an operator sees it and can send it again.
        Parked = "PARKED",
    }
}

/// A message.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = messages)]
pub struct Message {
    /// Its id, which travels to the provider.
    pub id: Uuid,
    /// The event that owes it.
    pub event_id: i64,
    /// Whom it is for.
    pub account_id: Uuid,
    /// Through which channel.
    pub channel: Channel,
    /// Which text.
    pub template: MessageTemplate,
    /// What the text is filled with.
    pub params: serde_json::Value,
    /// How far it got.
    pub status: MessageStatus,
    /// When it was owed.
    pub created_at: DateTime<Utc>,
    /// When the person read it (inbox only).
    pub read_at: Option<DateTime<Utc>>,
}

/// A message to be written.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields of Message")]
pub struct NewMessage {
    pub id: Uuid,
    pub event_id: i64,
    pub account_id: Uuid,
    pub channel: Channel,
    pub template: MessageTemplate,
    pub params: serde_json::Value,
    pub status: MessageStatus,
    pub created_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
}

const INSERT: &str = "
    INSERT INTO messages (id, event_id, account_id, channel, template, params, status, created_at, sent_at)
    SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)";

/// Writes messages in the caller's transaction: by arrays, so that any number of them is one and the same statement.
///
/// # Errors
/// The database's; a second message of an event to a person through a channel violates a constraint.
pub async fn insert(mut conn: &AsyncPgConnection, new: &[NewMessage]) -> QueryResult<()> {
    if new.is_empty() {
        return Ok(());
    }
    fn column<'a, T>(new: &'a [NewMessage], value: impl Fn(&'a NewMessage) -> T) -> Vec<T> {
        new.iter().map(value).collect()
    }
    let insert = sql_query(INSERT)
        .bind::<Array<SqlUuid>, _>(column(new, |message| message.id))
        .bind::<Array<BigInt>, _>(column(new, |message| message.event_id))
        .bind::<Array<SqlUuid>, _>(column(new, |message| message.account_id))
        .bind::<Array<Text>, _>(column(new, |message| message.channel))
        .bind::<Array<Text>, _>(column(new, |message| message.template))
        .bind::<Array<Jsonb>, _>(column(new, |message| &message.params))
        .bind::<Array<Text>, _>(column(new, |message| message.status))
        .bind::<Array<Timestamptz>, _>(column(new, |message| message.created_at))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(new, |message| message.sent_at));
    Kept(insert).execute(&mut conn).await?;
    Ok(())
}

/// A message by its id: for the job that sends it.
///
/// # Errors
/// The database's.
pub async fn find(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<Message>> {
    messages::table
        .find(id)
        .select(Message::as_select())
        .first(conn)
        .await
        .optional()
}

/// Notes how a pending message fared. `false` when it was not pending any more, so that somebody else noted it first.
///
/// # Errors
/// The database's.
pub async fn settle(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    status: MessageStatus,
    provider_reference: Option<&str>,
    error: Option<&str>,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let sent_at = (status == MessageStatus::Sent).then_some(now);
    let settled = diesel::update(messages::table.find(id))
        .filter(messages::status.eq(MessageStatus::Pending))
        .set((
            messages::status.eq(status),
            messages::provider_reference.eq(provider_reference),
            messages::last_error.eq(error),
            messages::sent_at.eq(sent_at),
        ))
        .execute(conn)
        .await?;
    Ok(settled == 1)
}

/// A person's inbox, newest first.
///
/// # Errors
/// The database's.
pub async fn inbox(
    conn: &mut AsyncPgConnection,
    account_id: Uuid,
    unread_only: bool,
    request: &PageRequest<Uuid>,
) -> QueryResult<Page<Message>> {
    let mut query = messages::table
        .filter(messages::account_id.eq(account_id))
        .filter(messages::channel.eq(Channel::InApp))
        .limit(request.fetch())
        .select(Message::as_select())
        .into_boxed();
    if unread_only {
        query = query.filter(messages::read_at.is_null());
    }
    if let Some(after) = request.after {
        query = query.filter(messages::id.lt(after));
    }
    if let Some(before) = request.before {
        query = query.filter(messages::id.gt(before));
    }
    query = if request.backward {
        query.order(messages::id.asc())
    } else {
        query.order(messages::id.desc())
    };
    Ok(request.page(query.load(conn).await?))
}

/// A message in a person's inbox.
///
/// # Errors
/// The database's.
pub async fn find_in_inbox(
    conn: &mut AsyncPgConnection,
    account_id: Uuid,
    id: Uuid,
) -> QueryResult<Option<Message>> {
    messages::table
        .find(id)
        .filter(messages::account_id.eq(account_id))
        .filter(messages::channel.eq(Channel::InApp))
        .select(Message::as_select())
        .first(conn)
        .await
        .optional()
}

/// How many messages in a person's inbox are unread.
///
/// # Errors
/// The database's.
pub async fn unread_count(conn: &mut AsyncPgConnection, account_id: Uuid) -> QueryResult<i64> {
    messages::table
        .filter(messages::account_id.eq(account_id))
        .filter(messages::channel.eq(Channel::InApp))
        .filter(messages::read_at.is_null())
        .count()
        .get_result(conn)
        .await
}

/// Marks messages of a person's inbox as read; ids that are not his are passed over. Gives how many were unread.
///
/// # Errors
/// The database's.
pub async fn mark_read(
    conn: &mut AsyncPgConnection,
    account_id: Uuid,
    ids: &[Uuid],
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::update(messages::table.filter(messages::id.eq_any(ids)))
        .filter(messages::account_id.eq(account_id))
        .filter(messages::channel.eq(Channel::InApp))
        .filter(messages::read_at.is_null())
        .set(messages::read_at.eq(now))
        .execute(conn)
        .await
}

/// The inbox messages that these events owe, in no order: what the live feed hands to people.
///
/// # Errors
/// The database's.
pub async fn of_events(conn: &mut AsyncPgConnection, event_ids: &[i64]) -> QueryResult<Vec<Message>> {
    messages::table
        .filter(messages::event_id.eq_any(event_ids))
        .filter(messages::channel.eq(Channel::InApp))
        .select(Message::as_select())
        .load(conn)
        .await
}

/// The inbox messages of a person whose events come after a place in the feed, in feed order: what a subscription
/// replays.
///
/// # Errors
/// The database's.
pub async fn replay(
    conn: &mut AsyncPgConnection,
    account_id: Uuid,
    cursor: EventCursor,
    limit: i64,
) -> QueryResult<Vec<(EventCursor, Message)>> {
    let rows: Vec<(i64, i64, Message)> = messages::table
        .inner_join(case_events::table)
        .filter(messages::account_id.eq(account_id))
        .filter(messages::channel.eq(Channel::InApp))
        .filter(event::after(cursor))
        .order((case_events::txid, case_events::id))
        .limit(limit)
        .select((case_events::txid, case_events::id, Message::as_select()))
        .load(conn)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(txid, id, message)| (EventCursor { txid, id }, message))
        .collect())
}
