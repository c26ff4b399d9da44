//! Messages: what an event, or the digest of a day, owes to one person through one channel, and how far it got. The channel `IN_APP` is
//! the inbox.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{
        Array, BigInt, Date, Integer, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid,
    },
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    Page, PageRequest,
    event::{self, EventCursor},
    page::load_page,
};
use crate::{
    Kept,
    jobs::{Job, SendMessage},
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
    /// The event that owes it; `None` for what a digest owes.
    pub event_id: Option<i64>,
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

/// What owes a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwedBy {
    /// A step, by its event.
    Event(i64),
    /// The digest of a day in Asia/Shanghai.
    Digest(NaiveDate),
}

impl OwedBy {
    const fn event_id(self) -> Option<i64> {
        match self {
            Self::Event(id) => Some(id),
            Self::Digest(_) => None,
        }
    }

    const fn digest_on(self) -> Option<NaiveDate> {
        match self {
            Self::Event(_) => None,
            Self::Digest(day) => Some(day),
        }
    }
}

/// A message to be written.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields of Message")]
pub struct NewMessage {
    pub id: Uuid,
    pub owed_by: OwedBy,
    pub account_id: Uuid,
    pub channel: Channel,
    pub template: MessageTemplate,
    pub params: serde_json::Value,
    pub status: MessageStatus,
    pub created_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
}

/// The messages of an event or of a digest to people, one a person and channel.
pub(crate) fn addressed(
    owed_by: OwedBy,
    accounts: &[Uuid],
    channels: &[Channel],
    template: MessageTemplate,
    params: &serde_json::Value,
    now: DateTime<Utc>,
) -> Vec<NewMessage> {
    let mut messages = Vec::new();
    for account_id in accounts {
        for channel in channels {
            let in_app = *channel == Channel::InApp;
            messages.push(NewMessage {
                id: Uuid::now_v7(),
                owed_by,
                account_id: *account_id,
                channel: *channel,
                template,
                params: params.clone(),
                status: if in_app {
                    MessageStatus::Sent
                } else {
                    MessageStatus::Pending
                },
                created_at: now,
                sent_at: in_app.then_some(now),
            });
        }
    }
    messages
}

/// The job of each message that has to leave the platform is made from what was written, so that there is none without the other.
const OWE: &str = "
    WITH owed AS (
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS owed
            (id, event_id, digest_on, account_id, channel, template, params, status, created_at, sent_at, message_group)),
    written AS (
        INSERT INTO messages (id, event_id, digest_on, account_id, channel, template, params, status, created_at, sent_at)
        SELECT id, event_id, digest_on, account_id, channel, template, params, status, created_at, sent_at FROM owed
        WHERE NOT EXISTS (SELECT FROM message_opt_outs AS off WHERE off.account_id = owed.account_id
            AND off.message_group = owed.message_group AND off.channel = owed.channel)
        ON CONFLICT (account_id, digest_on, channel) WHERE digest_on IS NOT NULL DO NOTHING
        RETURNING id, status, created_at)
    INSERT INTO jobs (queue, payload, priority, max_attempts, unique_key, run_at)
    SELECT $12, jsonb_build_object('message_id', id), $13, $14, id::text, created_at FROM written WHERE status = 'PENDING'
    ON CONFLICT DO NOTHING";

/// Writes messages with the jobs that send them, in the caller's transaction: by arrays, so that any number of them is one and the
/// same statement. Gives how many have to be sent. What somebody does not want through a channel is not owed to him through it, and what a
/// digest owes already is left as it is.
///
/// # Errors
/// The database's; a second message of an event to a person through a channel violates a constraint.
pub async fn owe(mut conn: &AsyncPgConnection, new: &[NewMessage]) -> QueryResult<usize> {
    if new.is_empty() {
        return Ok(0);
    }
    fn column<'a, T>(new: &'a [NewMessage], value: impl Fn(&'a NewMessage) -> T) -> Vec<T> {
        new.iter().map(value).collect()
    }
    let owe = sql_query(OWE)
        .bind::<Array<SqlUuid>, _>(column(new, |message| message.id))
        .bind::<Array<Nullable<BigInt>>, _>(column(new, |message| message.owed_by.event_id()))
        .bind::<Array<Nullable<Date>>, _>(column(new, |message| message.owed_by.digest_on()))
        .bind::<Array<SqlUuid>, _>(column(new, |message| message.account_id))
        .bind::<Array<Text>, _>(column(new, |message| message.channel))
        .bind::<Array<Text>, _>(column(new, |message| message.template))
        .bind::<Array<Jsonb>, _>(column(new, |message| &message.params))
        .bind::<Array<Text>, _>(column(new, |message| message.status))
        .bind::<Array<Timestamptz>, _>(column(new, |message| message.created_at))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(new, |message| message.sent_at))
        .bind::<Array<Nullable<Text>>, _>(column(new, |message| message.template.group()))
        .bind::<Text, _>(SendMessage::QUEUE)
        .bind::<SmallInt, _>(SendMessage::PRIORITY)
        .bind::<Integer, _>(SendMessage::MAX_ATTEMPTS);
    Kept(owe).execute(&mut conn).await
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
        .select(Message::as_select())
        .into_boxed();
    if unread_only {
        query = query.filter(messages::read_at.is_null());
    }
    load_page!(conn, query, request, descending messages::id)
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
