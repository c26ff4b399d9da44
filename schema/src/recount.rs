//! The figures counted anew from the rows, and what differs: the second opinion on what steps add up (DOMAIN.md, Numbers). One school at
//! a time, each under one snapshot, so that steps taken meanwhile are no differences.

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, SmallInt, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use uuid::Uuid;

use crate::{
    model::{
        figure::both,
        placement::{self, real},
    },
    tables::schools,
};

/// A count that is not what the rows say.
#[derive(QueryableByName, Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// 届
    #[diesel(sql_type = SmallInt)]
    pub class_year: i16,
    /// The code of the department.
    #[diesel(sql_type = Text)]
    pub department: String,
    /// 学历, a code of `DEGREE_LEVEL`.
    #[diesel(sql_type = Text)]
    pub degree_level: String,
    /// 专业
    #[diesel(sql_type = Text)]
    pub major: String,
    /// 去向代码; [`NO_DESTINATION`](crate::figures::NO_DESTINATION) of those who have none.
    #[diesel(sql_type = Text)]
    pub destination_code: String,
    /// How many the figures say.
    #[diesel(sql_type = BigInt)]
    pub counted: i64,
    /// How many there are.
    #[diesel(sql_type = BigInt)]
    pub recounted: i64,
}

/// What a recount of a school found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recount {
    /// How many graduates the school has.
    pub graduates: i64,
    /// The graduates who stand otherwise in the figures than they do, in the order of their ids.
    pub misplaced: Vec<Uuid>,
    /// The counts that differ, in the order of their columns.
    pub differences: Vec<Difference>,
}

impl Recount {
    /// Whether nothing differs.
    pub fn is_right(&self) -> bool {
        self.misplaced.is_empty() && self.differences.is_empty()
    }
}

/// Longer than any statement of a person's may take: a whole school is read.
const TIME_LIMIT: &str = "SET LOCAL statement_timeout = '10min'";

const GRADUATES: &str = "SELECT count(*) AS graduates FROM graduates WHERE school_id = $1";

const MISPLACED: &str = concat!(
    "SELECT really.graduate_id FROM (",
    real!(),
    " WHERE graduates.school_id = $1) AS really LEFT JOIN placements USING (graduate_id) \
     WHERE (really.school_id, really.class_year, really.department_id, really.degree_level, really.major, \
         really.destination_code, really.credit_code) IS DISTINCT FROM (placements.school_id, placements.class_year, \
         placements.department_id, placements.degree_level, placements.major, placements.destination_code, \
         placements.credit_code) \
     ORDER BY 1"
);

const DIFFERENCES: &str = concat!(
    "SELECT class_year, coalesce(departments.code, '?') AS department, degree_level, major, destination_code, \
         sum(counted)::bigint AS counted, sum(recounted)::bigint AS recounted \
     FROM (SELECT class_year, department_id, degree_level, major, destination_code, graduates AS counted, 0 AS recounted FROM ",
    both!("school_id = $1"),
    " AS counts UNION ALL \
         SELECT class_year, department_id, degree_level, major, destination_code, 0, 1 FROM (",
    real!(),
    " WHERE graduates.school_id = $1) AS really) AS figures \
     LEFT JOIN departments ON departments.id = figures.department_id \
     GROUP BY class_year, department, degree_level, major, destination_code HAVING sum(counted) <> sum(recounted) \
     ORDER BY 1, 2, 3, 4, 5"
);

/// Appends what the figures lack of the placements, from one snapshot of both: whatever is written meanwhile changes both by as much.
const LEVEL: &str = concat!(
    "INSERT INTO figure_deltas (school_id, class_year, department_id, degree_level, major, destination_code, graduates) \
     SELECT $1, class_year, department_id, degree_level, major, destination_code, sum(missing) \
     FROM (SELECT class_year, department_id, degree_level, major, destination_code, 1 AS missing FROM placements \
         WHERE school_id = $1 \
         UNION ALL SELECT class_year, department_id, degree_level, major, destination_code, -graduates FROM ",
    both!("school_id = $1"),
    " AS counts) AS figures \
     GROUP BY class_year, department_id, degree_level, major, destination_code HAVING sum(missing) <> 0"
);

/// Held while figures are mended, so that two do not both append what is missing ("wqfr" in ASCII).
const ONE_AT_A_TIME: &str = "SELECT pg_advisory_xact_lock(2003920498)";

#[derive(QueryableByName)]
struct Graduates {
    #[diesel(sql_type = BigInt)]
    graduates: i64,
}

#[derive(QueryableByName)]
struct Misplaced {
    #[diesel(sql_type = SqlUuid)]
    graduate_id: Uuid,
}

/// The schools with their codes, in the order of these.
///
/// # Errors
/// The database's.
pub async fn schools(conn: &mut AsyncPgConnection) -> QueryResult<Vec<(Uuid, String)>> {
    schools::table
        .order(schools::code)
        .select((schools::id, schools::code))
        .load(conn)
        .await
}

/// Recounts a school. Reads only.
///
/// # Errors
/// The database's.
pub async fn recount(conn: &mut AsyncPgConnection, school_id: Uuid) -> QueryResult<Recount> {
    conn.build_transaction()
        .read_only()
        .repeatable_read()
        .run(async |conn| {
            conn.batch_execute(TIME_LIMIT).await?;
            let counted: Graduates = sql_query(GRADUATES)
                .bind::<SqlUuid, _>(school_id)
                .get_result(conn)
                .await?;
            let misplaced: Vec<Misplaced> = sql_query(MISPLACED)
                .bind::<SqlUuid, _>(school_id)
                .load(conn)
                .await?;
            Ok(Recount {
                graduates: counted.graduates,
                misplaced: misplaced.into_iter().map(|one| one.graduate_id).collect(),
                differences: sql_query(DIFFERENCES)
                    .bind::<SqlUuid, _>(school_id)
                    .load(conn)
                    .await?,
            })
        })
        .await
}

/// Mends what a recount found, while steps go on: each misplaced graduate first, then the counts of the school.
///
/// # Errors
/// The database's. What was mended before stays so; another run goes on.
pub async fn repair(conn: &mut AsyncPgConnection, school_id: Uuid, found: &Recount) -> QueryResult<()> {
    for graduate_id in &found.misplaced {
        placement::mend(conn, *graduate_id).await?;
    }
    conn.transaction(async |conn| {
        conn.batch_execute(TIME_LIMIT).await?;
        sql_query(ONE_AT_A_TIME).execute(conn).await?;
        sql_query(LEVEL)
            .bind::<SqlUuid, _>(school_id)
            .execute(conn)
            .await?;
        Ok(())
    })
    .await
}
