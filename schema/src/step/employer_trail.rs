//! The trail of an employer: the event of a step on its registration or on its members, and the messages that it owes.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};

use super::{Doer, StepError};
use crate::{
    messages::{Audience, registration_owed},
    model::{
        employer::{self, Employer},
        event::{self, CaseKind, ChainEnd, Concerned, NewEvent},
        message::{self, OwedBy},
    },
    tables::employers,
    workflow::employer_registration::{EmployerAction, EmployerVerification},
};

/// What is to be written of a step on an employer.
pub(super) struct EmployerEntry<'a> {
    pub(super) action: EmployerAction,
    /// The status before; `None` for the first event.
    pub(super) from: Option<EmployerVerification>,
    pub(super) reason: Option<&'a str>,
    /// Of people ids only.
    pub(super) changes: Value,
}

/// The status before a step; none before the first event, whatever the row says.
pub(super) fn status_before(employer: &Employer, chain: &ChainEnd) -> Option<EmployerVerification> {
    (chain.count > 0).then_some(employer.verification)
}

/// Writes the event, the chain's new end, and the messages to the members that it owes. The employer's row is locked.
pub(super) async fn record_employer(
    conn: &mut AsyncPgConnection,
    employer: &Employer,
    chain: &ChainEnd,
    doer: &Doer,
    entry: EmployerEntry<'_>,
) -> Result<(), StepError> {
    let new = NewEvent {
        occurred_at: doer.now,
        case_kind: CaseKind::Employer,
        case_id: employer.id,
        actor_role: doer.role,
        actor_account_id: doer.actor.account_id(),
        action: entry.action.as_str(),
        from_status: entry.from.map(EmployerVerification::as_str),
        to_status: employer.verification.as_str(),
        reason: entry.reason,
        changes: &entry.changes,
        concerned: Concerned::Employer(employer.id),
    };
    let (event_id, end) = event::append(conn, chain, &new).await?;
    diesel::update(employers::table.find(employer.id))
        .set((
            employers::event_count.eq(end.count),
            employers::event_hash.eq(end.hash),
        ))
        .execute(conn)
        .await?;
    let Some(template) = registration_owed(entry.action) else {
        return Ok(());
    };
    let members = employer::member_accounts(conn, employer.id).await?;
    let params = json!({ "employer": employer.name, "reason": entry.reason });
    let channels = Audience::Employer.channels();
    let messages = message::addressed(
        OwedBy::Event(event_id),
        &members,
        channels,
        template,
        &params,
        doer.now,
    );
    message::owe(conn, &messages).await?;
    Ok(())
}
