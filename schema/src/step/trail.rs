//! The trail of a step: its event in the hash chain, and the messages it owes with the jobs that send them.

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use futures_util::try_join;
use serde_json::Value;
use uuid::Uuid;

use super::{Doer, StepError, first, flow::Flow};
use crate::{
    messages::Owed,
    model::{
        case::CaseRow,
        employer,
        event::{self, NewEvent},
        graduate::{self, Graduate},
        message::{self, NewMessage, OwedBy},
        placement::{self, Moved},
        school::{self, School},
    },
};

/// What is to be written of a step, beside who took it.
pub(super) struct Entry<'a, S> {
    /// The action's word.
    pub(super) action: &'static str,
    /// The status before; `None` for the first event of a case.
    pub(super) from: Option<S>,
    pub(super) reason: Option<&'a str>,
    /// What changed beside the status; `{}` when nothing did.
    pub(super) changes: Value,
}

/// Who is to hear of a step, and what its messages say of them. Nothing is read for a step that owes nobody a word.
#[derive(Default)]
pub(super) struct Parties {
    owed: Owed,
    graduate: Option<Graduate>,
    school: Option<School>,
    members: Vec<Uuid>,
}

impl Parties {
    pub(super) async fn of(
        conn: &AsyncPgConnection,
        row: &impl CaseRow,
        owed: Owed,
    ) -> Result<Self, StepError> {
        if owed.is_empty() {
            return Ok(Self::default());
        }
        let (graduate_ids, school_ids) = ([row.graduate_id()], [row.school_id()]);
        let to_employer = owed.iter().any(|(audience, _)| audience.is_employer());
        let employer_id = row.employer_id().filter(|_| to_employer);
        let members = async {
            match employer_id {
                Some(employer_id) => employer::member_accounts(conn, employer_id).await,
                None => Ok(Vec::new()),
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

    /// The messages that an event on the case, as it is after the step, owes them.
    fn messages<F: Flow>(
        &self,
        view: &F,
        event_id: i64,
        (reason, changes): (Option<&str>, &Value),
        now: DateTime<Utc>,
    ) -> Vec<NewMessage> {
        let (Some(graduate), Some(school)) = (&self.graduate, &self.school) else {
            return Vec::new();
        };
        let params = view.params(graduate, school, reason, changes);
        let mut messages = Vec::new();
        for (audience, template) in self.owed {
            let accounts = match audience.is_employer() {
                true => &self.members,
                false => std::slice::from_ref(&graduate.account_id),
            };
            let channels = audience.channels();
            messages.extend(message::addressed(
                OwedBy::Event(event_id),
                accounts,
                channels,
                *template,
                &params,
                now,
            ));
        }
        messages
    }
}

/// Writes the first event of a case whose row has just been written, and the messages that it owes.
pub(super) async fn record_first<F: Flow>(
    conn: &mut AsyncPgConnection,
    view: &mut F,
    doer: &Doer,
    (action, changes): (&'static str, Value),
    owed: Owed,
) -> Result<(), StepError> {
    let parties = Parties::of(conn, view.row(), owed).await?;
    let entry = Entry {
        action,
        from: None,
        reason: None,
        changes,
    };
    record(conn, view, doer, entry, &parties, None).await
}

/// Writes the event, the case with what a step can change and the chain's new end, and the messages that the event owes
/// with the jobs that send them; of a step that changes where the graduate stands in the figures, that too.
pub(super) async fn record<F: Flow>(
    conn: &mut AsyncPgConnection,
    view: &mut F,
    doer: &Doer,
    entry: Entry<'_, <F::Row as CaseRow>::Status>,
    parties: &Parties,
    moved: Option<&Moved>,
) -> Result<(), StepError> {
    let row = view.row();
    let new = NewEvent {
        occurred_at: doer.now,
        case_kind: F::Row::KIND,
        case_id: row.id(),
        actor_role: doer.role,
        actor_account_id: doer.actor.account_id(),
        action: entry.action,
        from_status: entry.from.map(F::Row::word),
        to_status: F::Row::word(row.status()),
        reason: entry.reason,
        changes: &entry.changes,
        concerned: row.concerned(),
    };
    let (event_id, end) = event::append(conn, &row.chain(), &new).await?;
    view.row_mut().set_chain(end);
    let messages = parties.messages(view, event_id, (entry.reason, &entry.changes), doer.now);
    // The placement before the messages: an import, too, comes to a graduate's placement before his account.
    try_join!(
        placement::write(conn, moved),
        F::update(conn, view.row()),
        message::owe(conn, &messages)
    )?;
    Ok(())
}
