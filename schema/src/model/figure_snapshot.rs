//! The figures as they were on each day of Asia/Shanghai: taken once a day by a recurring job, kept for good. By department and
//! destination, not by degree level and major, which would be many times as much.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Bool, Date, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    Page, PageRequest,
    figure::{FigureScope, both},
};
use crate::Kept;

/// Schools whose figures are taken together.
const BATCH: i64 = 50;

/// For how long after the end of its day a snapshot may still be taken as that day's.
pub const LATEST: TimeDelta = TimeDelta::hours(6);

/// So many years after it graduated a class's figures are taken no more: they do not change then.
const YEARS: i32 = 2;

/// Held while a batch is written, so that of two runs one comes first and the other finds the school done ("wqfs" in ASCII).
const ONE_AT_A_TIME: &str = "SELECT pg_advisory_xact_lock(2003920499)";

/// $1 the day, $2 when, $3 the first class year, $4 the school after which, $5 how many schools.
const TAKE: &str = concat!(
    "WITH next AS (SELECT id FROM schools WHERE $4::uuid IS NULL OR id > $4 ORDER BY id LIMIT $5), taken AS ( \
     INSERT INTO figure_snapshots (school_id, day, class_year, department_id, destination_code, graduates, taken_at) \
     SELECT school_id, $1, class_year, department_id, destination_code, sum(graduates), $2 FROM ",
    both!("school_id IN (SELECT id FROM next) AND class_year >= $3"),
    " AS figures WHERE NOT EXISTS \
         (SELECT FROM figure_snapshots AS before WHERE before.school_id = figures.school_id AND before.day = $1) \
     GROUP BY school_id, class_year, department_id, destination_code HAVING sum(graduates) <> 0) \
     SELECT id FROM next ORDER BY id DESC LIMIT 1"
);

#[derive(QueryableByName)]
struct Last {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Takes the figures of the next schools after one as those of a day. Gives the last of them, or `None` when none was left. A school of
/// which there is a snapshot of the day keeps it.
///
/// # Errors
/// The database's; nothing of the batch is taken then.
pub async fn take(
    conn: &mut AsyncPgConnection,
    day: NaiveDate,
    after: Option<Uuid>,
    now: DateTime<Utc>,
) -> QueryResult<Option<Uuid>> {
    let first_class = i16::try_from(day.year() - YEARS + 1).unwrap_or(i16::MAX);
    conn.transaction(async |conn| {
        sql_query(ONE_AT_A_TIME).execute(conn).await?;
        let last: Option<Last> = sql_query(TAKE)
            .bind::<Date, _>(day)
            .bind::<Timestamptz, _>(now)
            .bind::<SmallInt, _>(first_class)
            .bind::<Nullable<SqlUuid>, _>(after)
            .bind::<BigInt, _>(BATCH)
            .get_result(conn)
            .await
            .optional()?;
        Ok(last.map(|last| last.id))
    })
    .await
}

/// The counts of one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FigureDay {
    /// The day in Asia/Shanghai.
    pub day: NaiveDate,
    /// When they were taken.
    pub taken_at: DateTime<Utc>,
    /// How many graduates had which national code.
    pub counts: Vec<(String, i64)>,
}

#[derive(QueryableByName)]
struct DayCount {
    #[diesel(sql_type = Date)]
    day: NaiveDate,
    #[diesel(sql_type = Timestamptz)]
    taken_at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    destination_code: String,
    #[diesel(sql_type = BigInt)]
    graduates: i64,
}

/// The days first and then what is in them, so that a page is a page of days. $1 the school, $2 the department, $3 the class year, $4
/// the day after which, $5 the day before which, $6 how many, $7 whether from the end.
const SERIES: &str = "
    WITH mine AS (
        SELECT day, taken_at, destination_code, graduates FROM figure_snapshots
        WHERE school_id = $1 AND ($2::uuid IS NULL OR department_id = $2) AND ($3::smallint IS NULL OR class_year = $3)
            AND ($4::date IS NULL OR day > $4) AND ($5::date IS NULL OR day < $5)
    ), days AS (
        SELECT day FROM mine GROUP BY day ORDER BY CASE WHEN $7 THEN day END DESC, CASE WHEN NOT $7 THEN day END LIMIT $6
    )
    SELECT day, max(taken_at) AS taken_at, destination_code, sum(graduates) AS graduates
    FROM mine JOIN days USING (day) GROUP BY day, destination_code ORDER BY day, destination_code";

/// The days of a class, oldest first.
///
/// # Errors
/// The database's.
pub async fn series(
    mut conn: &AsyncPgConnection,
    scope: &FigureScope,
    request: &PageRequest<NaiveDate>,
) -> QueryResult<Page<FigureDay>> {
    let select = sql_query(SERIES)
        .bind::<SqlUuid, _>(scope.school_id)
        .bind::<Nullable<SqlUuid>, _>(scope.department_id)
        .bind::<Nullable<SmallInt>, _>(scope.class_year)
        .bind::<Nullable<Date>, _>(request.after)
        .bind::<Nullable<Date>, _>(request.before)
        .bind::<Integer, _>(i32::try_from(request.fetch()).unwrap_or(i32::MAX))
        .bind::<Bool, _>(request.backward);
    let counts: Vec<DayCount> = Kept(select).load(&mut conn).await?;
    let mut days: Vec<FigureDay> = Vec::new();
    for count in counts {
        let counted = (count.destination_code, count.graduates);
        match days.last_mut() {
            Some(last) if last.day == count.day => last.counts.push(counted),
            _ => days.push(FigureDay {
                day: count.day,
                taken_at: count.taken_at,
                counts: vec![counted],
            }),
        }
    }
    if request.backward {
        days.reverse();
    }
    Ok(request.page(days))
}
