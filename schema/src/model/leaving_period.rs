//! Leaving school: the confirmation periods of class years, and the last day on which anything may be begun.

use chrono::NaiveDate;
use diesel::{
    pg::Pg,
    prelude::*,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::Date,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::tables::leaving_periods;

/// 离校确认安排: when the graduates of a class year confirm. All days are in Asia/Shanghai, and count themselves.
#[derive(Queryable, Selectable, Insertable, Clone, Copy, Debug, PartialEq, Eq)]
#[diesel(table_name = leaving_periods)]
pub struct LeavingPeriod {
    /// 学校
    pub school_id: Uuid,
    /// 届
    pub class_year: i16,
    /// 确认开始日期
    pub opens_on: NaiveDate,
    /// 确认截止日期
    pub closes_on: NaiveDate,
    /// 变更截止日期: the last day on which graduates and employers begin anything on the cases of this class.
    pub cut_off_on: NaiveDate,
}

impl LeavingPeriod {
    /// Whether graduates confirm on this day.
    pub fn is_open(&self, today: NaiveDate) -> bool {
        (self.opens_on..=self.closes_on).contains(&today)
    }
}

/// The periods that schools have set, those of each newest class first.
///
/// # Errors
/// The database's.
pub async fn periods(conn: &mut AsyncPgConnection, school_ids: &[Uuid]) -> QueryResult<Vec<LeavingPeriod>> {
    leaving_periods::table
        .filter(leaving_periods::school_id.eq_any(school_ids))
        .order((leaving_periods::school_id, leaving_periods::class_year.desc()))
        .select(LeavingPeriod::as_select())
        .load(conn)
        .await
}

/// The period of a class year, where its school has set one.
///
/// # Errors
/// The database's.
pub async fn period(
    conn: &mut AsyncPgConnection,
    school_id: Uuid,
    class_year: i16,
) -> QueryResult<Option<LeavingPeriod>> {
    leaving_periods::table
        .find((school_id, class_year))
        .select(LeavingPeriod::as_select())
        .first(conn)
        .await
        .optional()
}

/// Sets the period of a class year, in the transaction that holds the school.
///
/// # Errors
/// The database's.
pub async fn set_period(conn: &mut AsyncPgConnection, period: &LeavingPeriod) -> QueryResult<()> {
    diesel::insert_into(leaving_periods::table)
        .values(period)
        .on_conflict((leaving_periods::school_id, leaving_periods::class_year))
        .do_update()
        .set((
            leaving_periods::opens_on.eq(period.opens_on),
            leaving_periods::closes_on.eq(period.closes_on),
            leaving_periods::cut_off_on.eq(period.cut_off_on),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// 最后变更日期 In a statement that reads `graduates`: the last day on which the graduate, and employers, may begin anything on his
/// cases. The cut-off of his class, which is [`default_cut_off`](crate::workflow::leaving::default_cut_off) as long as his school has set
/// none, or until when his school has reopened his, whichever is later. For [`may_begin`](crate::workflow::leaving::may_begin).
#[derive(Clone, Copy, Debug, QueryId, diesel::expression::ValidGrouping)]
pub struct LastDay;

impl Expression for LastDay {
    type SqlType = Date;
}

impl QueryFragment<Pg> for LastDay {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "(SELECT greatest(coalesce(period.cut_off_on, make_date(graduates.class_year, 8, 31)), leaving.reopened_until) \
             FROM (SELECT) AS his \
             LEFT JOIN leaving_periods AS period \
             ON period.school_id = graduates.school_id AND period.class_year = graduates.class_year \
             LEFT JOIN leaving_confirmations AS leaving \
             ON leaving.graduate_id = graduates.id AND leaving.class_year = graduates.class_year)",
        );
        Ok(())
    }
}

impl<QS> SelectableExpression<QS> for LastDay {}
impl<QS> AppearsOnTable<QS> for LastDay {}
