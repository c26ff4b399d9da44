//! The reviewers' daily digest (DOMAIN.md, Messages): what waits for each of them to review, and which disputes
//! to answer. A day owes it and no step does, so that it has no event.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Nullable, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    leaving,
    message::{self, OwedBy},
    review_queue::{self, Waiting},
};
use crate::{
    clock::format_moment,
    messages::{Audience, MessageTemplate},
};

/// Reviewers who are told together: four statements, however many of them there are.
pub const BATCH: i64 = 200;

/// A place in the row of all reviewers: the school and the account.
pub type DigestKey = (Uuid, Uuid);

#[derive(QueryableByName)]
struct Reader {
    #[diesel(sql_type = SqlUuid)]
    account_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    school_id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    department_id: Option<Uuid>,
}

impl Reader {
    fn place_id(&self) -> Uuid {
        self.department_id.unwrap_or(self.school_id)
    }
}

/// School by school, so that the places of a batch are few: a range of the index `reviewers_of_school`.
const READERS: &str = "
    SELECT account_id, school_id, department_id FROM reviewers
    WHERE ($1::uuid IS NULL OR (school_id, account_id) > ($1, $2))
        AND EXISTS (SELECT FROM accounts WHERE id = account_id AND disabled_at IS NULL)
    ORDER BY school_id, account_id LIMIT $3";

/// Owes the digest of a day to the next reviewers after a place, those for whom something waits, be it for a review or for
/// the answer to a dispute. Gives the place of the last of them,
/// or `None` when there was nobody left. Whoever has been told on this day is not told again.
///
/// # Errors
/// The database's; none of the batch is told then.
pub async fn owe(
    conn: &mut AsyncPgConnection,
    day: NaiveDate,
    after: Option<DigestKey>,
    now: DateTime<Utc>,
) -> QueryResult<Option<DigestKey>> {
    let after = after.unzip();
    // Planned with its values each time, since only then the place is a range of the index.
    let readers: Vec<Reader> = sql_query(READERS)
        .bind::<Nullable<SqlUuid>, _>(after.0)
        .bind::<Nullable<SqlUuid>, _>(after.1)
        .bind::<BigInt, _>(BATCH)
        .load(conn)
        .await?;
    let Some(last) = readers.last().map(|reader| (reader.school_id, reader.account_id)) else {
        return Ok(None);
    };
    let mut departments: Vec<_> = readers.iter().filter_map(|reader| reader.department_id).collect();
    departments.sort_unstable();
    departments.dedup();
    // They come school by school.
    let mut schools: Vec<_> = readers
        .iter()
        .filter(|reader| reader.department_id.is_none())
        .map(|reader| reader.school_id)
        .collect();
    schools.dedup();
    let mut by_place: HashMap<Uuid, Vec<Waiting>> = HashMap::new();
    for waiting in review_queue::waiting(conn, &departments, &schools).await? {
        by_place.entry(waiting.place_id).or_default().push(waiting);
    }
    for of_place in by_place.values_mut() {
        of_place.sort_by_key(|waiting| waiting.workflow);
    }
    let disputes = leaving::disputes(conn, &departments, &schools).await?;
    let mut messages = Vec::new();
    for reader in &readers {
        let waiting = by_place.get(&reader.place_id()).map_or(&[][..], Vec::as_slice);
        let disputes = disputes.get(&reader.place_id()).copied().unwrap_or_default();
        if waiting.is_empty() && disputes == 0 {
            continue;
        }
        let (template, params) = text(waiting, disputes, now);
        messages.extend(message::addressed(
            OwedBy::Digest(day),
            &[reader.account_id],
            Audience::Reviewer.channels(),
            template,
            &params,
            now,
        ));
    }
    message::owe(conn, &messages).await?;
    Ok(Some(last))
}

/// What somebody is told for whom this waits. Where nothing but disputes does, the message is one of its own.
fn text(waiting: &[Waiting], disputes: i64, now: DateTime<Utc>) -> (MessageTemplate, Value) {
    let moment = format_moment(now);
    let Some(oldest) = waiting.iter().map(|waiting| waiting.oldest).min() else {
        let params = json!({ "moment": moment, "disputes": disputes });
        return (MessageTemplate::DisputeDigest, params);
    };
    let params = json!({
        "moment": moment,
        "cases": waiting.iter().map(|waiting| waiting.cases).sum::<i64>(),
        "waiting": waiting
            .iter()
            .map(|waiting| json!({ "workflow": waiting.workflow.name(), "cases": waiting.cases }))
            .collect::<Vec<_>>(),
        "oldest": format_moment(oldest),
        "disputes": disputes,
    });
    (MessageTemplate::ReviewDigest, params)
}
