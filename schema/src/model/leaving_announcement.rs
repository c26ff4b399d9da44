//! That a class's confirmation period is open: whom it is announced to. A day owes it and no step does, so that it has no event.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::json;
use uuid::Uuid;

use super::{
    leaving_period::LeavingPeriod,
    message::{self, OwedBy},
};
use crate::{
    clock::format_day,
    messages::{Audience, MessageTemplate},
    tables::{accounts, graduates, leaving_confirmations, leaving_periods, schools},
    workflow::leaving::LeavingStatus,
};

/// Graduates who are told together: two statements, however many of them there are.
pub const BATCH: i64 = 200;

/// A period that is to be announced, and the name of its school.
#[derive(Clone, Debug)]
pub struct Announcement {
    period: LeavingPeriod,
    school_name: String,
}

/// A period that is open on this day and was not announced to all of its class.
///
/// # Errors
/// The database's.
pub async fn next(conn: &mut AsyncPgConnection, day: NaiveDate) -> QueryResult<Option<Announcement>> {
    use leaving_periods as own;
    let found: Option<(LeavingPeriod, String)> = own::table
        .inner_join(schools::table)
        .filter(own::opens_on.le(day).and(own::closes_on.ge(day)))
        .filter(own::announced_for.is_distinct_from(own::opens_on.nullable()))
        .order((own::school_id, own::class_year))
        .select((LeavingPeriod::as_select(), schools::name))
        .first(conn)
        .await
        .optional()?;
    Ok(found.map(|(period, school_name)| Announcement { period, school_name }))
}

/// Owes the announcement to the next graduates after one, in the order of their ids, without those who have confirmed already. Gives the
/// last of them, or `None` when there was nobody left. Whoever was told of this opening day is not told again.
///
/// # Errors
/// The database's; none of the batch is told then.
pub async fn owe(
    conn: &mut AsyncPgConnection,
    of: &Announcement,
    after: Option<Uuid>,
    now: DateTime<Utc>,
) -> QueryResult<Option<Uuid>> {
    let period = &of.period;
    let mut class = graduates::table
        .inner_join(accounts::table)
        .left_join(
            leaving_confirmations::table.on(leaving_confirmations::graduate_id
                .eq(graduates::id)
                .and(leaving_confirmations::class_year.eq(graduates::class_year))),
        )
        .filter(graduates::school_id.eq(period.school_id))
        .filter(graduates::class_year.eq(period.class_year))
        .filter(accounts::disabled_at.is_null())
        .filter(
            leaving_confirmations::status
                .nullable()
                .is_distinct_from(LeavingStatus::Confirmed),
        )
        .select((graduates::id, graduates::account_id, graduates::name))
        .order(graduates::id)
        .limit(BATCH)
        .into_boxed();
    if let Some(after) = after {
        class = class.filter(graduates::id.gt(after));
    }
    let told: Vec<(Uuid, Uuid, String)> = class.load(conn).await?;
    let mut messages = Vec::new();
    for (_, account_id, name) in &told {
        let params = json!({
            "graduate": name,
            "school": of.school_name,
            "class_year": period.class_year,
            "opens": format_day(period.opens_on),
            "closes": format_day(period.closes_on),
            "cut_off": format_day(period.cut_off_on),
        });
        messages.extend(message::addressed(
            OwedBy::Digest(period.opens_on),
            &[*account_id],
            Audience::Graduate.channels(),
            MessageTemplate::LeavingOpened,
            &params,
            now,
        ));
    }
    message::owe(conn, &messages).await?;
    Ok(told.last().map(|(id, ..)| *id))
}

/// Notes that all of the class were told, unless the period opens on another day by now.
///
/// # Errors
/// The database's.
pub async fn announced(conn: &mut AsyncPgConnection, of: &Announcement) -> QueryResult<()> {
    use leaving_periods as own;
    diesel::update(own::table.find((of.period.school_id, of.period.class_year)))
        .filter(own::opens_on.eq(of.period.opens_on))
        .set(own::announced_for.eq(of.period.opens_on))
        .execute(conn)
        .await?;
    Ok(())
}
