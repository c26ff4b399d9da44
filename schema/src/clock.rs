//! The time that the rules go by. Handed in, so that a test can move it instead of sleeping.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, TimeDelta, Timelike, Utc};

/// The system's time, moved by an offset that only tests and demonstrations set.
///
/// Processes of one installation must keep their clocks together (NTP): a deadline holds by the clock of the process
/// that takes the step.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset_micros: Arc<AtomicI64>,
}

impl Clock {
    /// Now, in whole microseconds: what PostgreSQL keeps, so that a stored time equals the one that was hashed.
    pub fn now(&self) -> DateTime<Utc> {
        let now = Utc::now() + TimeDelta::microseconds(self.offset_micros.load(Ordering::Relaxed));
        now.with_nanosecond(now.nanosecond() / 1_000 * 1_000)
            .unwrap_or(now)
    }

    /// Moves this clock and all its clones.
    pub fn advance(&self, by: TimeDelta) {
        let micros = by.num_microseconds().unwrap_or(i64::MAX);
        self.offset_micros.fetch_add(micros, Ordering::Relaxed);
    }
}

/// The moment as clocks in Asia/Shanghai show it (UTC+8 without summer time since 1991).
pub fn in_shanghai(moment: DateTime<Utc>) -> DateTime<FixedOffset> {
    #[expect(clippy::expect_used, reason = "eight hours are within a day")]
    let offset = FixedOffset::east_opt(8 * 3600).expect("a valid offset");
    moment.with_timezone(&offset)
}

/// The date in Asia/Shanghai.
pub fn shanghai_date(moment: DateTime<Utc>) -> NaiveDate {
    in_shanghai(moment).date_naive()
}

/// The moment at which a day is over in Asia/Shanghai: the first that is no longer of it.
pub fn end_of_day(day: NaiveDate) -> DateTime<Utc> {
    let midnight = day
        .succ_opt()
        .unwrap_or(NaiveDate::MAX)
        .and_time(chrono::NaiveTime::MIN)
        .and_utc();
    midnight - TimeDelta::hours(8)
}

/// A day as people in China read it, such as `2027年3月5日`.
pub fn format_day(day: NaiveDate) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

/// A moment as people in China read it, such as `2027年3月5日 18:00`.
pub fn format_moment(moment: DateTime<Utc>) -> String {
    let local = in_shanghai(moment);
    let day = format_day(local.date_naive());
    format!("{day} {:02}:{:02}", local.hour(), local.minute())
}
