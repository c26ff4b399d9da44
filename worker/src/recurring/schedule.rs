//! When a recurring job is due: always by the clocks of Asia/Shanghai, which have no summer time (`in_shanghai`), so that no
//! tick is left out or comes twice. Typed rather than a crontab's text, so that there is none that cannot be read.

use chrono::{DateTime, Duration, Timelike, Utc};
use wangqian_schema::clock::in_shanghai;

/// The ticks of a recurring job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Schedule {
    /// Every hour at this minute.
    Hourly {
        /// 0 to 59.
        minute: u32,
    },
    /// Every so many minutes, from the full hour.
    Often {
        /// A divisor of 60.
        minutes: u32,
    },
    /// Every day at this time in Asia/Shanghai.
    Daily {
        /// 0 to 23.
        hour: u32,
        /// 0 to 59.
        minute: u32,
    },
}

impl Schedule {
    /// The last tick at or before a moment.
    pub(super) fn last(self, now: DateTime<Utc>) -> DateTime<Utc> {
        let local = in_shanghai(now);
        let (period, into) = match self {
            Self::Often { minutes } => (minutes * 60, local.minute() * 60 + local.second()),
            Self::Hourly { minute } => (3600, local.minute() * 60 + local.second() + 3600 - minute * 60),
            Self::Daily { hour, minute } => (
                86_400,
                local.num_seconds_from_midnight() + 86_400 - (hour * 60 + minute) * 60,
            ),
        };
        let since = Duration::seconds(i64::from(into % period));
        let within_second = Duration::nanoseconds(i64::from(now.nanosecond()));
        now - since - within_second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_tick_is_by_the_clock_of_shanghai() {
        let hourly = Schedule::Hourly { minute: 20 };
        let daily = Schedule::Daily { hour: 3, minute: 10 };
        let often = Schedule::Often { minutes: 10 };
        for (schedule, now, last) in [
            (hourly, "2027-03-05T10:20:00.000001Z", "2027-03-05T10:20:00Z"),
            (often, "2027-03-05T10:20:00Z", "2027-03-05T10:20:00Z"),
            (often, "2027-03-05T10:59:59.9Z", "2027-03-05T10:50:00Z"),
            (often, "2027-03-05T11:00:01Z", "2027-03-05T11:00:00Z"),
            (hourly, "2027-03-05T10:20:00Z", "2027-03-05T10:20:00Z"),
            (hourly, "2027-03-05T10:19:59.999999Z", "2027-03-05T09:20:00Z"),
            (hourly, "2027-01-01T00:00:00Z", "2026-12-31T23:20:00Z"),
            // 03:10 in Shanghai is 19:10 of the day before.
            (daily, "2027-03-05T19:10:00Z", "2027-03-05T19:10:00Z"),
            (daily, "2027-03-05T19:09:59.9Z", "2027-03-04T19:10:00Z"),
            (daily, "2027-03-05T16:00:00Z", "2027-03-04T19:10:00Z"),
            (daily, "2027-03-05T15:59:59Z", "2027-03-04T19:10:00Z"),
        ] {
            let [now, last] = [now, last].map(|text| text.parse::<DateTime<Utc>>().unwrap());
            assert_eq!(schedule.last(now), last, "{schedule:?} at {now}");
        }
    }

    /// China's last summer time was that of 1991. Where Europe or America change their clocks, every day has its tick.
    #[test]
    fn no_day_of_a_year_is_without_its_tick_and_none_has_two() {
        let daily = Schedule::Daily { hour: 2, minute: 30 };
        let mut tick = daily.last("2027-01-01T00:00:00Z".parse().unwrap());
        for _ in 0..366 {
            let next = daily.last(tick + Duration::hours(24));
            assert_eq!(next - tick, Duration::hours(24));
            assert_eq!(daily.last(next - Duration::microseconds(1)), tick);
            tick = next;
        }
    }
}
