//! Review assignments (审核认领): which reviewer has taken a case that waits. It is advice for his fellows of the same level and place, blocks
//! nobody, and leaves the case itself alone. It holds for one round of a review: as long as the case waits for the same level since the same
//! moment, and its reviewer still reviews there. So no step has to end it.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, Bool, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::review_queue::{ReviewRound, every_kind};
use crate::{Kept, tables::review_assignments, workflow::ReviewLevel};

/// Whether the reviewer of an assignment still reviews for a place, whose id stands in a parameter.
macro_rules! holds {
    ($held:literal, $place:literal) => {
        concat!(
            "EXISTS (SELECT FROM reviewers JOIN accounts ON accounts.id = reviewers.account_id WHERE reviewers.account_id = ",
            $held,
            ".account_id AND coalesce(reviewers.department_id, reviewers.school_id) = ",
            $place,
            " AND accounts.disabled_at IS NULL)"
        )
    };
}
pub(super) use holds;

/// Whether a case of one kind still waits as it did when it was taken.
macro_rules! still {
    ($kind:literal, $workflow:literal, $table:literal) => {
        concat!(
            "SELECT 1 FROM ",
            $table,
            " WHERE id = held.case_id AND awaiting_review = held.level AND waiting_since = held.waiting_since"
        )
    };
}

/// Who has taken a case.
#[derive(QueryableByName, Clone, Debug)]
pub struct ReviewAssignment {
    /// The case.
    #[diesel(sql_type = SqlUuid)]
    pub case_id: Uuid,
    /// For which level the case waited.
    #[diesel(sql_type = Text)]
    pub level: ReviewLevel,
    /// Since when.
    #[diesel(sql_type = Timestamptz)]
    pub waiting_since: DateTime<Utc>,
    /// The reviewer's account.
    #[diesel(sql_type = SqlUuid)]
    pub account_id: Uuid,
    /// His name.
    #[diesel(sql_type = Text)]
    pub reviewer_name: String,
    /// When he took it.
    #[diesel(sql_type = Timestamptz)]
    pub assigned_at: DateTime<Utc>,
}

impl ReviewAssignment {
    /// Whether it holds for this round of the review.
    pub fn is_of(&self, round: &ReviewRound) -> bool {
        self.case_id == round.case_id
            && Some(self.level) == round.awaiting_review
            && Some(self.waiting_since) == round.waiting_since
    }
}

/// The assignments of cases to reviewers of a level and place, whatever round they are of: at most one a case, in no order.
///
/// # Errors
/// The database's.
pub async fn of_cases(
    conn: &mut AsyncPgConnection,
    (level, place_id): (ReviewLevel, Uuid),
    case_ids: &[Uuid],
) -> QueryResult<Vec<ReviewAssignment>> {
    const OF_CASES: &str = concat!(
        "SELECT held.*, (SELECT name FROM reviewers WHERE account_id = held.account_id) AS reviewer_name \
         FROM review_assignments AS held WHERE held.case_id = ANY($1) AND held.level = $2 AND ",
        holds!("held", "$3")
    );
    let query = sql_query(OF_CASES)
        .bind::<Array<SqlUuid>, _>(case_ids)
        .bind::<Text, _>(level)
        .bind::<SqlUuid, _>(place_id);
    Kept(query).load(conn).await
}

/// An assignment to be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewAssignment {
    pub(crate) round: ReviewRound,
    pub(crate) level: ReviewLevel,
    /// The department or school for which the reviewer reviews.
    pub(crate) place_id: Uuid,
    pub(crate) waiting_since: DateTime<Utc>,
    pub(crate) account_id: Uuid,
}

/// Takes a case for a reviewer, where nobody has it, or where he takes it over. Whoever comes second changes nothing; nor does who has it
/// already.
///
/// # Errors
/// The database's.
pub(crate) async fn take(
    conn: &mut AsyncPgConnection,
    new: &NewAssignment,
    take_over: bool,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    // Only while it waits as the viewer has seen it; who waited for another's row is judged by it. Rounds are told apart and never put in
    // an order: they bear the times of different machines.
    const TAKE: &str = concat!(
        "INSERT INTO review_assignments AS held (case_id, case_kind, level, waiting_since, account_id, assigned_at) \
         SELECT held.* FROM (VALUES ($1::uuid, $2::text, $3::text, $4::timestamptz, $5::uuid, $6::timestamptz)) \
           AS held (case_id, case_kind, level, waiting_since, account_id, assigned_at) WHERE EXISTS (",
        every_kind!(still),
        ") ON CONFLICT (case_id) DO UPDATE SET level = EXCLUDED.level, waiting_since = EXCLUDED.waiting_since, \
           account_id = EXCLUDED.account_id, assigned_at = EXCLUDED.assigned_at \
         WHERE (held.level, held.waiting_since) <> (EXCLUDED.level, EXCLUDED.waiting_since) \
           OR held.account_id <> EXCLUDED.account_id AND ($7 OR NOT ",
        holds!("held", "$8"),
        ")"
    );
    let query = sql_query(TAKE)
        .bind::<SqlUuid, _>(new.round.case_id)
        .bind::<Text, _>(new.round.kind)
        .bind::<Text, _>(new.level)
        .bind::<Timestamptz, _>(new.waiting_since)
        .bind::<SqlUuid, _>(new.account_id)
        .bind::<Timestamptz, _>(now)
        .bind::<Bool, _>(take_over)
        .bind::<SqlUuid, _>(new.place_id);
    Kept(query).execute(conn).await?;
    Ok(())
}

/// Gives a case back that a reviewer has; nothing changes where he has not.
///
/// # Errors
/// The database's.
pub(crate) async fn release(
    conn: &mut AsyncPgConnection,
    case_id: Uuid,
    account_id: Uuid,
) -> QueryResult<()> {
    diesel::delete(review_assignments::table.find(case_id))
        .filter(review_assignments::account_id.eq(account_id))
        .execute(conn)
        .await?;
    Ok(())
}

/// For how long what is over is kept: nobody asks for it.
const KEPT: TimeDelta = TimeDelta::hours(1);

/// Deletes the assignments of cases that have been decided, or have left the review; gives how many.
///
/// # Errors
/// The database's.
pub async fn forget(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    const FORGET: &str = concat!(
        "DELETE FROM review_assignments AS held WHERE assigned_at < $1 AND NOT EXISTS (",
        every_kind!(still),
        ")"
    );
    sql_query(FORGET)
        .bind::<Timestamptz, _>(now - KEPT)
        .execute(conn)
        .await
}
