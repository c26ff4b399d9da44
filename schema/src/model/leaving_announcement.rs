//! That a class's confirmation period is open: whom it is announced to. A day owes it and no step does, so that it has no event.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    dsl::{exists, not},
    prelude::*,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::json;
use uuid::Uuid;

use super::{
    leaving_period::LeavingPeriod,
    message::{self, Channel, OwedBy},
};
use crate::{
    clock::format_day,
    messages::{Audience, MessageTemplate},
    tables::{accounts, graduates, leaving_confirmations, leaving_periods, messages, schools},
    workflow::leaving::LeavingStatus,
};

/// Graduates who are told together: two statements, however many of them there are.
pub const BATCH: i64 = 200;

/// A place in the row of all periods: the school and the class year.
pub type PeriodKey = (Uuid, i16);

/// A period that is to be announced, and the name of its school.
#[derive(Clone, Debug)]
pub struct Announcement {
    period: LeavingPeriod,
    school_name: String,
}

impl Announcement {
    /// The place of its period.
    pub const fn key(&self) -> PeriodKey {
        (self.period.school_id, self.period.class_year)
    }
}

/// The next period after a place that is open on this day, of one school or of all.
///
/// # Errors
/// The database's.
pub async fn next(
    conn: &mut AsyncPgConnection,
    day: NaiveDate,
    school_id: Option<Uuid>,
    after: Option<PeriodKey>,
) -> QueryResult<Option<Announcement>> {
    use leaving_periods as own;
    let mut open = own::table
        .inner_join(schools::table)
        .filter(own::opens_on.le(day).and(own::closes_on.ge(day)))
        .order((own::school_id, own::class_year))
        .select((LeavingPeriod::as_select(), schools::name))
        .into_boxed();
    if let Some(school_id) = school_id {
        open = open.filter(own::school_id.eq(school_id));
    }
    if let Some((school_id, class_year)) = after {
        let later_class = own::school_id.eq(school_id).and(own::class_year.gt(class_year));
        open = open.filter(own::school_id.gt(school_id).or(later_class));
    }
    let found: Option<(LeavingPeriod, String)> = open.first(conn).await.optional()?;
    Ok(found.map(|(period, school_name)| Announcement { period, school_name }))
}

/// Owes the announcement to the next graduates after one, in the order of their ids, without those who have confirmed already, and those
/// who were told of this opening day: so whoever joins the class later is told as well, and only he. Gives the last of them, or `None` when
/// there was nobody left.
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
    // The inbox takes whatever anybody is told.
    let told = messages::table
        .filter(messages::account_id.eq(graduates::account_id))
        .filter(messages::digest_on.eq(period.opens_on))
        .filter(messages::channel.eq(Channel::InApp));
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
        .filter(not(exists(told)))
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
