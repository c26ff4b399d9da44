//! 风险提示: what reviewers may want to look at twice in a case (DOMAIN.md, Numbers): one proof that several people handed in, and many
//! graduates at one employer. Within a school only, as numbers and not as names; they block nobody.

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::Kept;

/// Of a case, how many graduates a flag is about.
#[derive(QueryableByName, Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedProof {
    /// The case.
    #[diesel(sql_type = SqlUuid)]
    pub case_id: Uuid,
    /// How many other graduates of the school have handed in a file of it, byte for byte.
    #[diesel(sql_type = BigInt)]
    pub others: i64,
}

/// By the index `case_files_original`; whose a file is, its case says.
const SHARED: &str = "
    WITH cases AS NOT MATERIALIZED (
        SELECT id, graduate_id, school_id FROM agreements
        UNION ALL SELECT id, graduate_id, school_id FROM terminations
        UNION ALL SELECT id, graduate_id, school_id FROM destinations
    )
    SELECT own.id AS case_id, count(DISTINCT others.graduate_id) AS others
    FROM cases AS own
    JOIN case_files AS file ON file.case_id = own.id
    JOIN case_files AS same ON same.original_sha256 = file.original_sha256 AND same.case_id <> own.id
    JOIN cases AS others ON others.id = same.case_id AND others.school_id = own.school_id
        AND others.graduate_id <> own.graduate_id
    WHERE own.id = ANY($1)
    GROUP BY own.id";

/// Of these cases those with a file that other graduates of the school have handed in as well, in no order.
///
/// # Errors
/// The database's.
pub async fn shared_proofs(mut conn: &AsyncPgConnection, case_ids: &[Uuid]) -> QueryResult<Vec<SharedProof>> {
    let select = sql_query(SHARED).bind::<Array<SqlUuid>, _>(case_ids);
    Kept(select).load(&mut conn).await
}

/// How many graduates of somebody's class are placed at an employer.
#[derive(QueryableByName, Clone, Debug, PartialEq, Eq)]
pub struct CrowdedEmployer {
    /// The graduate whose school and class it is about.
    #[diesel(sql_type = SqlUuid)]
    pub graduate_id: Uuid,
    /// 统一社会信用代码 of the employer.
    #[diesel(sql_type = Text)]
    pub credit_code: String,
    /// How many, himself included where he is one of them.
    #[diesel(sql_type = BigInt)]
    pub graduates: i64,
}

/// By the index `placements_employer`.
const CROWDED: &str = "
    SELECT asked.graduate_id, asked.credit_code, count(*) AS graduates
    FROM (SELECT DISTINCT graduate_id, credit_code FROM unnest($1, $2) AS a (graduate_id, credit_code)) AS asked
    JOIN placements AS own ON own.graduate_id = asked.graduate_id
    JOIN placements AS placed ON placed.school_id = own.school_id AND placed.class_year = own.class_year
        AND placed.credit_code = asked.credit_code
    GROUP BY asked.graduate_id, asked.credit_code HAVING count(*) > $3";

/// Of these graduates with an employer each, those at whose employer more than so many of their school's class are placed now.
///
/// # Errors
/// The database's.
pub async fn crowded_employers(
    mut conn: &AsyncPgConnection,
    asked: &[(Uuid, &str)],
    more_than: u32,
) -> QueryResult<Vec<CrowdedEmployer>> {
    let (graduate_ids, credit_codes): (Vec<Uuid>, Vec<&str>) = asked.iter().copied().unzip();
    let select = sql_query(CROWDED)
        .bind::<Array<SqlUuid>, _>(graduate_ids)
        .bind::<Array<Text>, _>(credit_codes)
        .bind::<BigInt, _>(i64::from(more_than));
    Kept(select).load(&mut conn).await
}
