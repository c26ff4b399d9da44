//! The trail of a step: its event in the hash chain, and the messages it owes with the jobs that send them.

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use futures_util::try_join;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Doer, StepError, first, update};
use crate::{
    clock::format_moment,
    jobs,
    messages::{Audience, MessageTemplate},
    model::{
        agreement::Agreement,
        employer,
        event::{self, CaseKind, ChainEnd, Concerned, NewEvent},
        graduate::{self, Graduate},
        message::{self, Channel, MessageStatus, NewMessage},
        school::{self, School},
    },
    workflow::agreement::AgreementAction,
};

/// What is to be written of a step, beside who took it.
pub(super) struct Entry<'a> {
    pub(super) action: AgreementAction,
    pub(super) reason: Option<&'a str>,
    /// What changed beside the status; `{}` when nothing did.
    pub(super) changes: Value,
}

/// Who is to hear of a step, and what its messages say of them. Nothing is read for a step that owes nobody a word.
#[derive(Default)]
pub(super) struct Parties {
    owed: &'static [(Audience, MessageTemplate)],
    graduate: Option<Graduate>,
    school: Option<School>,
    members: Vec<Uuid>,
}

impl Parties {
    pub(super) async fn of(
        conn: &AsyncPgConnection,
        agreement: &Agreement,
        owed: &'static [(Audience, MessageTemplate)],
    ) -> Result<Self, StepError> {
        if owed.is_empty() {
            return Ok(Self::default());
        }
        let (graduate_ids, school_ids) = ([agreement.graduate_id], [agreement.school_id]);
        let to_employer = owed.iter().any(|(audience, _)| *audience == Audience::Employer);
        let members = async {
            match to_employer {
                true => employer::member_accounts(conn, agreement.employer_id).await,
                false => Ok(Vec::new()),
            }
        };
        let (graduates, schools, members) = try_join!(
            graduate::by_ids(conn, &graduate_ids),
            school::schools_by_ids(conn, &school_ids),
            members,
        )?;
        Ok(Self {
            owed,
            graduate: Some(first(graduates)?),
            school: Some(first(schools)?),
            members,
        })
    }

    /// The messages that an event on the agreement, as it is after the step, owes them.
    fn messages(
        &self,
        agreement: &Agreement,
        event_id: i64,
        reason: Option<&str>,
        now: DateTime<Utc>,
    ) -> Vec<NewMessage> {
        let (Some(graduate), Some(school)) = (&self.graduate, &self.school) else {
            return Vec::new();
        };
        let params = json!({
            "graduate": graduate.name,
            "employer": agreement.terms.employer_name,
            "school": school.name,
            "position": agreement.terms.position_title,
            "deadline": format_moment(agreement.response_deadline),
            "reason": reason,
            "agreement_number": agreement.agreement_number,
        });
        let mut messages = Vec::new();
        for (audience, template) in self.owed {
            let accounts = match audience {
                Audience::Graduate => std::slice::from_ref(&graduate.account_id),
                Audience::Employer => &self.members,
            };
            let channels = audience.channels();
            messages.extend(addressed(event_id, accounts, channels, *template, &params, now));
        }
        messages
    }
}

/// Writes the event, the case with what a step can change and the chain's new end, and the messages that the event owes
/// with the jobs that send them.
pub(super) async fn record(
    conn: &mut AsyncPgConnection,
    before: &Agreement,
    after: &mut Agreement,
    doer: &Doer,
    entry: Entry<'_>,
    parties: &Parties,
) -> Result<(), StepError> {
    let Entry {
        action,
        reason,
        changes,
    } = entry;
    let chain = ChainEnd {
        count: before.event_count,
        hash: before.event_hash.clone(),
    };
    let new = NewEvent {
        occurred_at: doer.now,
        case_kind: CaseKind::Agreement,
        case_id: after.id,
        actor_role: doer.role,
        actor_account_id: doer.actor.account_id(),
        action: action.as_str(),
        from_status: (action != AgreementAction::Invite).then_some(before.status.as_str()),
        to_status: after.status.as_str(),
        reason,
        changes: &changes,
        concerned: Concerned::Graduate {
            graduate_id: after.graduate_id,
            employer_id: Some(after.employer_id),
            school_id: after.school_id,
            department_id: after.department_id,
        },
    };
    let (event_id, chain) = event::append(conn, &chain, &new).await?;
    after.event_count = chain.count;
    after.event_hash = chain.hash;
    let messages = parties.messages(after, event_id, reason, doer.now);
    try_join!(update(conn, after), send(conn, &messages, doer.now))?;
    Ok(())
}

/// The messages of an event to people, one a person and channel.
pub(super) fn addressed(
    event_id: i64,
    accounts: &[Uuid],
    channels: &[Channel],
    template: MessageTemplate,
    params: &Value,
    now: DateTime<Utc>,
) -> Vec<NewMessage> {
    let mut messages = Vec::new();
    for account_id in accounts {
        for channel in channels {
            let in_app = *channel == Channel::InApp;
            messages.push(NewMessage {
                id: Uuid::now_v7(),
                event_id,
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

/// Writes messages with the jobs that send them, in the caller's transaction.
///
/// # Errors
/// The database's; a second message of an event to a person through a channel violates a constraint.
pub(super) async fn send(
    conn: &AsyncPgConnection,
    messages: &[NewMessage],
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let sends: Vec<_> = messages
        .iter()
        .filter(|message| message.status == MessageStatus::Pending)
        .map(|message| jobs::SendMessage {
            message_id: message.id,
        })
        .collect();
    try_join!(
        message::insert(conn, messages),
        jobs::enqueue_all(conn, &sends, now)
    )?;
    Ok(())
}
