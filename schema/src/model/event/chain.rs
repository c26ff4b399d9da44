//! The chain of a case: how its events are hashed, and how the next is written.

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, Utc};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Bytea, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{CaseKind, Concerned, Event};
use crate::{Kept, tables::case_events, workflow::ActorRole};

/// The hash before a case's first event.
pub const CHAIN_START: [u8; 32] = [0; 32];

/// The end of a case's chain, kept with the case, so that a shortened trail shows as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainEnd {
    /// How many events there are.
    pub count: i32,
    /// The hash of the last one; [`CHAIN_START`] before the first.
    pub hash: Vec<u8>,
}

/// An event to be written; its hash is computed from exactly these fields and its place in the chain.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields of Event")]
pub struct NewEvent<'a> {
    pub occurred_at: DateTime<Utc>,
    pub case_kind: CaseKind,
    pub case_id: Uuid,
    pub actor_role: ActorRole,
    pub actor_account_id: Option<Uuid>,
    pub action: &'a str,
    pub from_status: Option<&'a str>,
    pub to_status: &'a str,
    pub reason: Option<&'a str>,
    pub changes: &'a Value,
    pub concerned: Concerned,
}

/// SHA-256 over the previous hash and the event as an array of JSON values in a fixed order.
pub(super) fn hash(event: &Event) -> [u8; 32] {
    let content = json!([
        event.occurred_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        event.case_kind,
        event.case_id,
        event.sequence,
        event.actor_role,
        event.actor_account_id,
        event.action,
        event.from_status,
        event.to_status,
        event.reason,
        canonical(&event.changes),
        event.graduate_id,
        event.employer_id,
        event.school_id,
        event.department_id,
    ]);
    let mut hasher = Sha256::new();
    hasher.update(&event.previous_hash);
    hasher.update(content.to_string().as_bytes());
    hasher.finalize().into()
}

/// A JSON value as text that does not depend on the order of an object's keys: jsonb keeps its own.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.keys().collect();
            keys.sort();
            let members = keys
                .iter()
                .map(|key| format!("{}:{}", json!(key), canonical(&map[key.as_str()])));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// The event that comes next in a case's chain.
fn next(chain: &ChainEnd, new: &NewEvent<'_>) -> Event {
    let (graduate_id, employer_id, school_id, department_id) = match new.concerned {
        Concerned::Graduate {
            graduate_id,
            employer_id,
            school_id,
            department_id,
        } => (
            Some(graduate_id),
            employer_id,
            Some(school_id),
            Some(department_id),
        ),
        Concerned::Employer(employer_id) => (None, Some(employer_id), None, None),
        Concerned::School(school_id) => (None, None, Some(school_id), None),
    };
    let mut event = Event {
        id: 0,
        txid: 0,
        occurred_at: new.occurred_at,
        case_kind: new.case_kind,
        case_id: new.case_id,
        sequence: chain.count + 1,
        actor_role: new.actor_role,
        actor_account_id: new.actor_account_id,
        action: new.action.to_owned(),
        from_status: new.from_status.map(str::to_owned),
        to_status: new.to_status.to_owned(),
        reason: new.reason.map(str::to_owned),
        changes: new.changes.clone(),
        graduate_id,
        employer_id,
        school_id,
        department_id,
        previous_hash: chain.hash.clone(),
        hash: Vec::new(),
    };
    event.hash = hash(&event).to_vec();
    event
}

/// Writes the next event of a case in the caller's transaction, in which the case's row is locked. Gives the event's id and
/// the chain's new end, which the caller writes to the case.
///
/// # Errors
/// The database's; a second event of the same sequence violates a constraint.
pub async fn append(
    conn: &mut AsyncPgConnection,
    chain: &ChainEnd,
    new: &NewEvent<'_>,
) -> QueryResult<(i64, ChainEnd)> {
    let event = next(chain, new);
    let id = diesel::insert_into(case_events::table)
        .values((
            (
                case_events::occurred_at.eq(event.occurred_at),
                case_events::case_kind.eq(event.case_kind),
                case_events::case_id.eq(event.case_id),
                case_events::sequence.eq(event.sequence),
                case_events::actor_role.eq(event.actor_role),
                case_events::actor_account_id.eq(event.actor_account_id),
                case_events::action.eq(&event.action),
                case_events::from_status.eq(&event.from_status),
                case_events::to_status.eq(&event.to_status),
            ),
            (
                case_events::reason.eq(&event.reason),
                case_events::changes.eq(&event.changes),
                case_events::graduate_id.eq(event.graduate_id),
                case_events::employer_id.eq(event.employer_id),
                case_events::school_id.eq(event.school_id),
                case_events::department_id.eq(event.department_id),
                case_events::previous_hash.eq(&event.previous_hash),
                case_events::hash.eq(&event.hash),
            ),
        ))
        .returning(case_events::id)
        .get_result(conn)
        .await?;
    let end = ChainEnd {
        count: event.sequence,
        hash: event.hash,
    };
    Ok((id, end))
}

/// Writes the next events of many cases, of each one, in one statement; otherwise like [`append`]. By arrays, since rows of
/// values would need a statement of its own for each number of events, and have no room for more than a few thousand.
const APPEND_ALL: &str = "
    INSERT INTO case_events (occurred_at, case_kind, case_id, sequence, actor_role, actor_account_id, action, from_status,
        to_status, reason, changes, graduate_id, employer_id, school_id, department_id, previous_hash, hash)
    SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
    RETURNING id, case_id";

/// Writes the next events of many cases, of each one, in one statement; otherwise like [`append`]. The ids and ends come in
/// the order of the events.
///
/// # Errors
/// The database's.
pub async fn append_all(
    conn: &mut AsyncPgConnection,
    news: &[(&ChainEnd, NewEvent<'_>)],
) -> QueryResult<Vec<(i64, ChainEnd)>> {
    #[derive(QueryableByName)]
    struct Written {
        #[diesel(sql_type = BigInt)]
        id: i64,
        #[diesel(sql_type = SqlUuid)]
        case_id: Uuid,
    }
    let events: Vec<Event> = news.iter().map(|(chain, new)| next(chain, new)).collect();
    fn column<'a, T>(events: &'a [Event], value: impl Fn(&'a Event) -> T) -> Vec<T> {
        events.iter().map(value).collect()
    }
    let insert = diesel::sql_query(APPEND_ALL)
        .bind::<Array<Timestamptz>, _>(column(&events, |event| event.occurred_at))
        .bind::<Array<Text>, _>(column(&events, |event| event.case_kind))
        .bind::<Array<SqlUuid>, _>(column(&events, |event| event.case_id))
        .bind::<Array<Integer>, _>(column(&events, |event| event.sequence))
        .bind::<Array<Text>, _>(column(&events, |event| event.actor_role))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(&events, |event| event.actor_account_id))
        .bind::<Array<Text>, _>(column(&events, |event| &event.action))
        .bind::<Array<Nullable<Text>>, _>(column(&events, |event| event.from_status.as_ref()))
        .bind::<Array<Text>, _>(column(&events, |event| &event.to_status))
        .bind::<Array<Nullable<Text>>, _>(column(&events, |event| event.reason.as_ref()))
        .bind::<Array<Jsonb>, _>(column(&events, |event| &event.changes))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(&events, |event| event.graduate_id))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(&events, |event| event.employer_id))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(&events, |event| event.school_id))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(&events, |event| event.department_id))
        .bind::<Array<Bytea>, _>(column(&events, |event| &event.previous_hash))
        .bind::<Array<Bytea>, _>(column(&events, |event| &event.hash));
    let written: Vec<Written> = Kept(insert).load(conn).await?;
    let ids: HashMap<Uuid, i64> = written.into_iter().map(|row| (row.case_id, row.id)).collect();
    Ok(events
        .into_iter()
        .map(|event| {
            let end = ChainEnd {
                count: event.sequence,
                hash: event.hash,
            };
            (ids.get(&event.case_id).copied().unwrap_or_default(), end)
        })
        .collect())
}
