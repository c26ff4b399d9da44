//! Events: one append-only record of one step of one case, chained by hash; the trail, the live feed and the source of
//! every message.

mod chain;
mod feed;

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Bool, Integer, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use self::chain::hash;
pub(in crate::model) use self::feed::after;
pub use self::{
    chain::{CHAIN_START, ChainEnd, NewEvent, append, append_all},
    feed::{EventCursor, feed, feed_pending, horizon, replay},
};
use super::{Page, PageRequest};
use crate::{Kept, tables::case_events, text_enum::text_enum, workflow::ActorRole};

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
    /// Whether operators follow the cases of this kind; [`replay`] says the same in SQL.
    pub const fn followed_by_operators(self) -> bool {
        matches!(self, Self::Employer | Self::School)
    }
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
