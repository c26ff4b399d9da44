//! The confirmation period of a class year, and its cut-off date.

use chrono::{Datelike, NaiveDate};
use diesel_async::AsyncConnection;
use serde_json::json;

use super::Held;
use crate::{
    Platform,
    clock::shanghai_date,
    jobs::{self, AnnounceLeaving},
    model::{
        Viewer,
        leaving_period::{self, LeavingPeriod},
        terms::FieldError,
    },
    step::StepError,
    workflow::{leaving::default_cut_off, school::SchoolAction},
};

/// A period to be set. All days are in Asia/Shanghai, and count themselves.
#[derive(Clone, Copy, Debug)]
pub struct LeavingPeriodDraft {
    /// 届
    pub class_year: i32,
    /// 确认开始日期
    pub opens_on: NaiveDate,
    /// 确认截止日期
    pub closes_on: NaiveDate,
    /// 变更截止日期; 31 August of the class year where none is given.
    pub cut_off_on: Option<NaiveDate>,
}

/// Opens the confirmation period of a class year, or sets its days anew, the cut-off date of the class among them. One that stands
/// already does nothing.
///
/// # Errors
/// [`StepError`]; nothing is written then.
pub async fn set_leaving_period(
    platform: &Platform,
    viewer: &Viewer,
    draft: &LeavingPeriodDraft,
) -> Result<LeavingPeriod, StepError> {
    let action = SchoolAction::SetLeavingPeriod;
    let school_id = Held::school(viewer, None, action)?;
    let (class_year, cut_off_on) = check(draft)?;
    let mut period = LeavingPeriod {
        school_id,
        class_year,
        opens_on: draft.opens_on,
        closes_on: draft.closes_on,
        cut_off_on,
    };
    let mut conn = platform.pool.get().await?;
    conn.transaction(async |conn| {
        let mut held = Held::lock(platform, conn, viewer, school_id).await?;
        let before = leaving_period::period(conn, school_id, class_year).await?;
        // One that was set stays where no other is given.
        if let (None, Some(before)) = (draft.cut_off_on, &before) {
            period.cut_off_on = before.cut_off_on;
        }
        if before == Some(period) {
            return Ok(());
        }
        leaving_period::set_period(conn, &period).await?;
        let changes = json!({
            "class_year": class_year,
            "opens_on": [before.map(|before| before.opens_on), period.opens_on],
            "closes_on": [before.map(|before| before.closes_on), period.closes_on],
            "cut_off_on": [before.map(|before| before.cut_off_on), period.cut_off_on],
        });
        held.record(conn, action, &changes).await?;
        // One that opens later is announced by the job of that morning.
        let day = shanghai_date(held.doer.now);
        if period.is_open(day) && before.is_none_or(|before| before.opens_on != period.opens_on) {
            let announce = AnnounceLeaving {
                day,
                school_id: Some(school_id),
            };
            jobs::enqueue(conn, &announce, held.doer.now).await?;
        }
        Ok::<_, StepError>(())
    })
    .await?;
    platform.waker.wake();
    Ok(period)
}

/// The class year, and the cut-off date that counts for it.
fn check(draft: &LeavingPeriodDraft) -> Result<(i16, NaiveDate), StepError> {
    const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;
    let mut wrong = Vec::new();
    let mut say = |field, message: &str| {
        wrong.push(FieldError {
            field,
            message: message.to_owned(),
        });
    };
    let class_year = i16::try_from(draft.class_year).ok();
    let class_year = class_year.filter(|_| YEARS.contains(&draft.class_year));
    if class_year.is_none() {
        say("classYear", "届别有误，请核对");
    }
    let cut_off_on = draft.cut_off_on.or(class_year.map(default_cut_off));
    // A class leaves in its year, some a little before or later: beyond that somebody has mistyped.
    let near = |day: NaiveDate| (day.year() - draft.class_year).abs() <= 2;
    let mut days = [
        ("opensOn", Some(draft.opens_on)),
        ("closesOn", Some(draft.closes_on)),
        ("cutOffOn", draft.cut_off_on),
    ]
    .into_iter();
    if class_year.is_some()
        && let Some((field, _)) = days.find(|(_, day)| day.is_some_and(|day| !near(day)))
    {
        say(field, "日期与届别不符，请核对");
    }
    if draft.closes_on < draft.opens_on {
        say("closesOn", "不得早于开始日期");
    }
    match (class_year, cut_off_on) {
        (Some(class_year), Some(cut_off_on)) if wrong.is_empty() => Ok((class_year, cut_off_on)),
        _ => Err(StepError::Invalid(wrong)),
    }
}
