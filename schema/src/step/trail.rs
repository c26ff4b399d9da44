//! The trail of a step: its event in the hash chain, and the messages it owes with the jobs that send them.

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Doer, StepError, first};
use crate::{
    clock::format_moment,
    jobs,
    messages::{Audience, MessageTemplate, owed},
    model::{
        agreement::Agreement,
        employer,
        event::{self, CaseKind, ChainEnd, Concerned, NewEvent},
        graduate,
        message::{self, Channel, MessageStatus, NewMessage},
        school,
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

/// Writes the event, and the messages it owes with the jobs that send them.
pub(super) async fn record(
    conn: &mut AsyncPgConnection,
    before: &Agreement,
    after: &mut Agreement,
    doer: &Doer,
    entry: Entry<'_>,
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
    tell_parties(conn, after, event_id, action, reason, doer.now).await
}

/// Tells the parties of an agreement what a step on it owes them.
async fn tell_parties(
    conn: &mut AsyncPgConnection,
    agreement: &Agreement,
    event_id: i64,
    action: AgreementAction,
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), StepError> {
    let owed = owed(action, agreement.status);
    if owed.is_empty() {
        return Ok(());
    }
    let graduate = first(graduate::by_ids(conn, &[agreement.graduate_id]).await?)?;
    let school = first(school::schools_by_ids(conn, &[agreement.school_id]).await?)?;
    let params = json!({
        "graduate": graduate.name,
        "employer": agreement.terms.employer_name,
        "school": school.name,
        "position": agreement.terms.position_title,
        "deadline": format_moment(agreement.response_deadline),
        "reason": reason,
        "agreement_number": agreement.agreement_number,
    });
    for (audience, template) in owed {
        let accounts = match audience {
            Audience::Graduate => vec![graduate.account_id],
            Audience::Employer => employer::member_accounts(conn, agreement.employer_id).await?,
        };
        tell(
            conn,
            event_id,
            &accounts,
            audience.channels(),
            *template,
            &params,
            now,
        )
        .await?;
    }
    Ok(())
}

/// Writes the messages that an event owes to people, one a person and channel, with the jobs that send them, in the
/// caller's transaction.
///
/// # Errors
/// The database's; a second message of an event to a person through a channel violates a constraint.
pub(crate) async fn tell(
    conn: &mut AsyncPgConnection,
    event_id: i64,
    accounts: &[Uuid],
    channels: &[Channel],
    template: MessageTemplate,
    params: &Value,
    now: DateTime<Utc>,
) -> QueryResult<()> {
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
    message::insert(conn, &messages).await?;
    let sends: Vec<_> = messages
        .iter()
        .filter(|message| message.status == MessageStatus::Pending)
        .map(|message| jobs::SendMessage {
            message_id: message.id,
        })
        .collect();
    jobs::enqueue_all(conn, &sends, now).await
}
