//! Steps on a graduate's basic information.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Doer, StepError, first, flow::check_version};
use crate::{
    Platform,
    messages::{Audience, MessageTemplate},
    model::{
        Viewer,
        event::{self, CaseKind, ChainEnd, Concerned, NewEvent},
        graduate::{self, Graduate},
        message::{self, OwedBy},
        school,
    },
    roster::GraduateField,
    tables::graduates,
    workflow::{
        ActorRole, Refusal,
        graduate_data::{GraduateDataAction, GraduateDataStatus, decide},
    },
};

/// The graduate confirms the basic information that he has seen as `seen_version` (§2). Confirming again changes nothing.
///
/// # Errors
/// [`StepError::StaleVersion`] when the data changed since he looked at it; he has to look again.
pub async fn confirm_data(
    platform: &Platform,
    viewer: &Viewer,
    seen_version: i32,
) -> Result<Graduate, StepError> {
    let Viewer::Graduate { graduate_id, .. } = *viewer else {
        return Err(Refusal::NotYourRole.into());
    };
    let mut conn = platform.pool.get().await?;
    let confirmed = conn
        .transaction(async |conn| {
            let (mut graduate, chain) = graduate::lock(conn, graduate_id)
                .await?
                .ok_or(StepError::NotFound)?;
            check_version(graduate.version, Some(seen_version))?;
            if graduate.confirmed_at.is_some() {
                return Ok::<_, StepError>(graduate);
            }
            let doer = Doer {
                actor: super::Actor::Viewer(*viewer),
                role: ActorRole::Graduate,
                now: platform.clock.now(),
            };
            let before = graduate.data_status();
            let after = decide(before, GraduateDataAction::Confirm, doer.role)?;
            graduate.confirmed_at = Some(doer.now);
            diesel::update(graduates::table.find(graduate_id))
                .set(graduates::confirmed_at.eq(graduate.confirmed_at))
                .execute(conn)
                .await?;
            let entry = DataEntry {
                action: GraduateDataAction::Confirm,
                from: before,
                to: after,
                reason: None,
                changes: json!({}),
            };
            record_data(conn, &graduate, &chain, &doer, entry).await?;
            Ok(graduate)
        })
        .await?;
    platform.waker.wake();
    Ok(confirmed)
}

/// Tells graduates that the school has corrected their data: by what event, whom, and which fields. The message names the
/// fields and no value.
pub(super) async fn tell_of_corrections(
    conn: &AsyncPgConnection,
    school_id: Uuid,
    corrections: &[(i64, &Graduate, &[GraduateField])],
    now: DateTime<Utc>,
) -> Result<(), StepError> {
    if corrections.is_empty() {
        return Ok(());
    }
    let school = first(school::schools_by_ids(conn, &[school_id]).await?)?;
    let mut messages = Vec::new();
    for (event_id, graduate, fields) in corrections {
        let names: Vec<_> = fields.iter().map(|field| field.heading()).collect();
        let params = json!({ "graduate": graduate.name, "school": school.name, "fields": names.join("、") });
        let accounts = std::slice::from_ref(&graduate.account_id);
        let channels = Audience::Graduate.channels();
        let template = MessageTemplate::DataCorrected;
        messages.extend(message::addressed(
            OwedBy::Event(*event_id),
            accounts,
            channels,
            template,
            &params,
            now,
        ));
    }
    message::owe(conn, &messages).await?;
    Ok(())
}

/// What is to be written of a step on a graduate's data.
pub(super) struct DataEntry<'a> {
    pub(super) action: GraduateDataAction,
    pub(super) from: GraduateDataStatus,
    pub(super) to: GraduateDataStatus,
    pub(super) reason: Option<&'a str>,
    /// Which fields changed; never a number or an address.
    pub(super) changes: Value,
}

/// Writes the event and the chain's new end. Gives the event's id, for its messages.
pub(super) async fn record_data(
    conn: &mut AsyncPgConnection,
    graduate: &Graduate,
    chain: &ChainEnd,
    doer: &Doer,
    entry: DataEntry<'_>,
) -> QueryResult<i64> {
    let new = NewEvent {
        occurred_at: doer.now,
        case_kind: CaseKind::Graduate,
        case_id: graduate.id,
        actor_role: doer.role,
        actor_account_id: doer.actor.account_id(),
        action: entry.action.as_str(),
        from_status: (chain.count > 0).then_some(entry.from.as_str()),
        to_status: entry.to.as_str(),
        reason: entry.reason,
        changes: &entry.changes,
        concerned: Concerned::Graduate {
            graduate_id: graduate.id,
            employer_id: None,
            school_id: graduate.school_id,
            department_id: graduate.department_id,
        },
    };
    let (event_id, end) = event::append(conn, chain, &new).await?;
    diesel::update(graduates::table.find(graduate.id))
        .set((
            graduates::event_count.eq(end.count),
            graduates::event_hash.eq(end.hash),
        ))
        .execute(conn)
        .await?;
    Ok(event_id)
}
