//! Events: one append-only record of one step of one case, chained by hash; the trail, the live feed and the source of
//! every message.

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, Utc};
use diesel::{
    dsl::{self, sql},
    pg::Pg,
    prelude::*,
    sql_types::{Array, BigInt, Bool, Bytea, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Page, PageRequest, Viewer};
use crate::{Kept, fixed_sql, tables::case_events, text_enum::text_enum, workflow::ActorRole};

text_enum! {
    /// What has a trail of events.
    pub enum CaseKind {
        /// 就业协议
        Agreement = "AGREEMENT",
        /// 解约
        Termination = "TERMINATION",
        /// 毕业去向
        Destination = "DESTINATION",
        /// 毕业离校: what a graduate confirms before he leaves school.
        Leaving = "LEAVING",
        /// 毕业生基本信息: its confirmation and correction. The case's id is the graduate's.
        Graduate = "GRADUATE",
        /// 用人单位注册与核验. The case's id is the employer's.
        Employer = "EMPLOYER",
        /// 学校 its data, review routes, departments and reviewers' accounts. The case's id is the school's.
        School = "SCHOOL",
    }
}

impl CaseKind {
    /// Whether operators follow the cases of this kind; [`FOLLOWED_BY_OPERATORS`] says the same in SQL.
    pub const fn followed_by_operators(self) -> bool {
        matches!(self, Self::Employer | Self::School)
    }
}

/// The words of the partial index, which the planner does not find in a list of parameters.
const FOLLOWED_BY_OPERATORS: &str = "case_events.case_kind IN ('EMPLOYER', 'SCHOOL')";

/// The hash before a case's first event.
pub const CHAIN_START: [u8; 32] = [0; 32];

/// The oldest transaction that is still running: all events below it are there and none will be added.
const HORIZON: &str = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint";

/// A place in the order in which events became visible to all: by transaction, then by id. The default is before all events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventCursor {
    /// The transaction that wrote the event.
    pub txid: i64,
    /// The event.
    pub id: i64,
}

/// One step of one case.
#[derive(Queryable, QueryableByName, Selectable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = case_events)]
pub struct Event {
    /// Its id; not the order in which events become visible, see [`EventCursor`].
    pub id: i64,
    /// The transaction that wrote it.
    pub txid: i64,
    /// When the step was taken.
    pub occurred_at: DateTime<Utc>,
    /// Of what kind the case is.
    pub case_kind: CaseKind,
    /// The case.
    pub case_id: Uuid,
    /// The how-manieth event of the case, from 1.
    pub sequence: i32,
    /// In which role somebody acted.
    pub actor_role: ActorRole,
    /// Who acted; `None` for the platform itself.
    pub actor_account_id: Option<Uuid>,
    /// What was done: a word of the kind's own list of actions.
    pub action: String,
    /// The status before: a word of the kind's own list.
    pub from_status: Option<String>,
    /// The status after.
    pub to_status: String,
    /// The reason given.
    pub reason: Option<String>,
    /// Other facts of the step. Never a number or an address of a person: events outlive corrections.
    pub changes: Value,
    /// The graduate concerned.
    pub graduate_id: Option<Uuid>,
    /// The employer concerned.
    pub employer_id: Option<Uuid>,
    /// The school concerned.
    pub school_id: Option<Uuid>,
    /// The department concerned.
    pub department_id: Option<Uuid>,
    /// The hash of the case's event before this one.
    pub previous_hash: Vec<u8>,
    /// The hash over this event and `previous_hash`.
    pub hash: Vec<u8>,
}

/// Whom an event concerns: they follow it live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concerned {
    /// A case of a graduate, to which an employer may be a party.
    Graduate {
        /// The graduate.
        graduate_id: Uuid,
        /// The employer, if there is one.
        employer_id: Option<Uuid>,
        /// The graduate's school.
        school_id: Uuid,
        /// The graduate's department.
        department_id: Uuid,
    },
    /// The registration of an employer: its members and the operators.
    Employer(Uuid),
    /// The trail of a school: the reviewers of the school and the operators.
    School(Uuid),
}

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
fn hash(event: &Event) -> [u8; 32] {
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

impl Event {
    /// Its place in the feed.
    pub fn cursor(&self) -> EventCursor {
        EventCursor {
            txid: self.txid,
            id: self.id,
        }
    }

    /// Whether it is an event of this case, or of one that hangs on it.
    pub fn is_about(&self, case_id: Uuid) -> bool {
        let on = || {
            self.changes["agreement"]
                .as_str()
                .and_then(|id| Uuid::try_parse(id).ok())
        };
        self.case_id == case_id || on() == Some(case_id)
    }

    /// The hash of what is kept of the fields that it changed, where somebody changed what another had filled in.
    pub fn fields_hash(&self) -> Option<&str> {
        self.changes.get("changed")?;
        self.changes.get("sha256")?.as_str()
    }

    /// The hash that the row's own fields give.
    pub fn computed_hash(&self) -> [u8; 32] {
        hash(self)
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

/// Where the feed stands now: every event at or before this place is visible to all, and all others come after it.
///
/// # Errors
/// The database's.
pub async fn horizon(conn: &mut AsyncPgConnection) -> QueryResult<EventCursor> {
    let txid: i64 = diesel::select(fixed_sql::<BigInt>(HORIZON))
        .get_result(conn)
        .await?;
    Ok(EventCursor {
        txid: txid - 1,
        id: i64::MAX,
    })
}

type Condition<QS> = Box<dyn BoxableExpression<QS, Pg, SqlType = Bool>>;

/// After a place and final: compared as a row, so that the index of the feed serves.
pub(super) fn after<QS>(cursor: EventCursor) -> Condition<QS> {
    Box::new(
        sql::<Bool>("(case_events.txid, case_events.id) > (")
            .bind::<BigInt, _>(cursor.txid)
            .sql(", ")
            .bind::<BigInt, _>(cursor.id)
            .sql(") AND case_events.txid < ")
            .sql(HORIZON),
    )
}

/// Whether there are events after a place that are committed but not final yet: then it pays to look again soon.
///
/// # Errors
/// The database's.
pub async fn feed_pending(conn: &mut AsyncPgConnection, cursor: EventCursor) -> QueryResult<bool> {
    let beyond = sql::<Bool>("(case_events.txid, case_events.id) > (")
        .bind::<BigInt, _>(cursor.txid)
        .sql(", ")
        .bind::<BigInt, _>(cursor.id)
        .sql(")");
    let select = diesel::select(dsl::exists(case_events::table.filter(beyond)));
    Kept(select).get_result(conn).await
}

/// The next events of everybody after a place, in feed order: what the one tail of a process reads.
///
/// # Errors
/// The database's.
pub async fn feed(conn: &mut AsyncPgConnection, cursor: EventCursor, limit: i64) -> QueryResult<Vec<Event>> {
    let select = case_events::table
        .filter(after(cursor))
        .order((case_events::txid, case_events::id))
        .limit(limit)
        .select(Event::as_select());
    Kept(select).load(conn).await
}

/// The next events that concern a viewer after a place, in feed order: what a subscription replays.
///
/// # Errors
/// The database's.
pub async fn replay(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    cursor: EventCursor,
    limit: i64,
) -> QueryResult<Vec<Event>> {
    let query = case_events::table
        .filter(after(cursor))
        .order((case_events::txid, case_events::id))
        .limit(limit)
        .select(Event::as_select())
        .into_boxed();
    let query = match viewer {
        Viewer::Graduate { graduate_id, .. } => query.filter(case_events::graduate_id.eq(*graduate_id)),
        Viewer::EmployerMember { employer_id, .. } => query.filter(case_events::employer_id.eq(*employer_id)),
        Viewer::Reviewer {
            department_id: Some(department_id),
            ..
        } => query.filter(case_events::department_id.eq(*department_id)),
        Viewer::Reviewer {
            school_id,
            department_id: None,
            ..
        } => query.filter(case_events::school_id.eq(*school_id)),
        Viewer::Operator { .. } => query.filter(fixed_sql::<Bool>(FOLLOWED_BY_OPERATORS)),
    };
    Kept(query).load(conn).await
}

/// The events with these ids, in no order.
///
/// # Errors
/// The database's.
pub async fn by_ids(conn: &mut AsyncPgConnection, ids: &[i64]) -> QueryResult<Vec<Event>> {
    case_events::table
        .filter(case_events::id.eq_any(ids))
        .select(Event::as_select())
        .load(conn)
        .await
}

/// A page of the history of each of several cases in one statement: a list of cases costs no more than one case. The
/// lateral join reads each case's page by the index on (case_id, sequence) and nothing beyond it.
const HISTORIES: &str = "
    SELECT event.*
    FROM unnest($1) AS wanted (case_id)
    CROSS JOIN LATERAL (
        SELECT * FROM case_events
        WHERE case_events.case_id = wanted.case_id AND sequence > $2 AND sequence < $3
        ORDER BY CASE WHEN $4 THEN -sequence ELSE sequence END
        LIMIT $5
    ) AS event
    ORDER BY event.case_id, CASE WHEN $4 THEN -event.sequence ELSE event.sequence END";

/// The histories of cases, oldest event first. Whoever sees a case sees its history.
///
/// # Errors
/// The database's.
pub async fn histories(
    conn: &mut AsyncPgConnection,
    case_ids: &[Uuid],
    request: &PageRequest<i32>,
) -> QueryResult<Vec<(Uuid, Page<Event>)>> {
    let query = diesel::sql_query(HISTORIES)
        .bind::<Array<SqlUuid>, _>(case_ids)
        .bind::<Integer, _>(request.after.unwrap_or(0))
        .bind::<Integer, _>(request.before.unwrap_or(i32::MAX))
        .bind::<Bool, _>(request.backward)
        .bind::<BigInt, _>(request.fetch());
    let events: Vec<Event> = Kept(query).load(conn).await?;
    Ok(request.pages(events, |event| event.case_id))
}

/// The history of one case; otherwise like [`histories`].
///
/// # Errors
/// The database's.
pub async fn history(
    conn: &mut AsyncPgConnection,
    case_id: Uuid,
    request: &PageRequest<i32>,
) -> QueryResult<Page<Event>> {
    let found = histories(conn, &[case_id], request).await?;
    Ok(found.into_iter().next().map(|(_, page)| page).unwrap_or_default())
}
