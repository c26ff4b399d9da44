//! Recurring jobs: which there are, and that each of their ticks becomes one job in the whole cluster.
//!
//! There is no table of them. Every worker enqueues the last tick of each job, under a key of the job's name and the tick;
//! the first one gets it in, for all others the key is taken, as long as the row is kept. So it does not matter how many
//! workers there are, that their clocks differ, or that one was restarted. Of the ticks that nobody was there for, the
//! last one is caught up with, while it is not older than [`Recurring::catch_up`]; those before it are left out.

mod schedule;

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use wangqian_schema::{
    Platform,
    clock::shanghai_date,
    jobs::{self, AnnounceLeaving, DigestReviews, FoldFigures, Prune, Pruned, SnapshotFigures},
    model::figure_snapshot,
};

use schedule::Schedule;

/// A recurring job.
struct Recurring {
    /// Its name in keys and in the list of stuck work; without a colon.
    name: &'static str,
    schedule: Schedule,
    /// How old a missed tick may be and still be caught up with; less than done jobs are kept at least, which is a day.
    catch_up: TimeDelta,
    task: Task,
}

/// What there is to be done at a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    /// Deletes what was kept long enough.
    Prune(Pruned),
    /// Tells reviewers what waits for them on the day of the tick.
    DigestReviews,
    /// Tells graduates whose confirmation period is open by the day of the tick.
    AnnounceLeaving,
    /// Folds changes of the figures into the counts.
    FoldFigures,
    /// Keeps the figures as those of the day of the tick.
    SnapshotFigures,
}

impl Task {
    /// Enqueues its job of a tick, and says whether it was not there yet.
    async fn enqueue(
        self,
        conn: &mut AsyncPgConnection,
        name: &str,
        tick: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> QueryResult<bool> {
        match self {
            Self::Prune(what) => jobs::enqueue_tick(conn, &Prune { what }, name, tick, now).await,
            Self::DigestReviews => {
                let day = shanghai_date(tick);
                jobs::enqueue_tick(conn, &DigestReviews { day }, name, tick, now).await
            }
            Self::AnnounceLeaving => {
                let day = shanghai_date(tick);
                let all = AnnounceLeaving { day, school_id: None };
                jobs::enqueue_tick(conn, &all, name, tick, now).await
            }
            Self::FoldFigures => jobs::enqueue_tick(conn, &FoldFigures {}, name, tick, now).await,
            Self::SnapshotFigures => {
                let day = shanghai_date(tick);
                jobs::enqueue_tick(conn, &SnapshotFigures { day }, name, tick, now).await
            }
        }
    }
}

const fn hourly(name: &'static str, minute: u32, what: Pruned) -> Recurring {
    Recurring {
        name,
        schedule: Schedule::Hourly { minute },
        catch_up: TimeDelta::hours(1),
        task: Task::Prune(what),
    }
}

const fn nightly(name: &'static str, hour: u32, minute: u32, what: Pruned) -> Recurring {
    Recurring {
        name,
        schedule: Schedule::Daily { hour, minute },
        catch_up: TimeDelta::hours(12),
        task: Task::Prune(what),
    }
}

/// Every recurring job. Those by the hour delete what people's addresses stand in or what grows by the hour; those by night
/// the rest. The reviewers' digest comes in the morning; one that was missed still comes in time for the day's work; so do announcements to graduates. The figures of a day
/// are kept at its end.
const RECURRING: &[Recurring] = &[
    hourly("prune_passcodes", 5, Pruned::Passcodes),
    hourly("prune_member_invitations", 15, Pruned::MemberInvitations),
    hourly("prune_stamped_copy_links", 20, Pruned::StampedCopyLinks),
    hourly("prune_uploads", 25, Pruned::Uploads),
    hourly("prune_record_exports", 30, Pruned::RecordExports),
    hourly("prune_throttles", 35, Pruned::Throttles),
    hourly("prune_done_jobs", 45, Pruned::DoneJobs),
    nightly("prune_idempotency_keys", 3, 10, Pruned::IdempotencyKeys),
    nightly("prune_sessions", 3, 20, Pruned::Sessions),
    nightly("prune_review_assignments", 3, 30, Pruned::ReviewAssignments),
    Recurring {
        name: "digest_reviews",
        schedule: Schedule::Daily { hour: 8, minute: 30 },
        catch_up: TimeDelta::hours(9),
        task: Task::DigestReviews,
    },
    Recurring {
        name: "announce_leaving",
        schedule: Schedule::Daily { hour: 8, minute: 0 },
        catch_up: TimeDelta::hours(9),
        task: Task::AnnounceLeaving,
    },
    Recurring {
        name: "fold_figures",
        schedule: Schedule::Often { minutes: 10 },
        catch_up: TimeDelta::minutes(10),
        task: Task::FoldFigures,
    },
    Recurring {
        name: "snapshot_figures",
        schedule: Schedule::Daily { hour: 23, minute: 50 },
        catch_up: figure_snapshot::LATEST,
        task: Task::SnapshotFigures,
    },
];

/// Enqueues the ticks as they come, for ever, looking at the clock every so often. A failure is made good by the next look.
pub(crate) async fn plan(platform: &Platform, look_every: Duration) {
    let mut planned = HashMap::new();
    loop {
        let now = platform.clock.now();
        match enqueue_due(platform, &mut planned, now).await {
            Ok(0) => {}
            Ok(_) => platform.waker.wake(),
            Err(error) => tracing::warn!(%error, "recurring jobs could not be enqueued; trying again"),
        }
        tokio::time::sleep(look_every).await;
    }
}

/// Enqueues what is due and was not enqueued by this process before; gives how many of them were not there yet. Asks the
/// database nothing while no tick has come.
async fn enqueue_due(
    platform: &Platform,
    planned: &mut HashMap<&'static str, DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<usize, String> {
    let mut inserted = 0;
    for recurring in RECURRING {
        let tick = recurring.schedule.last(now);
        if planned.get(recurring.name) == Some(&tick) || now - tick > recurring.catch_up {
            continue;
        }
        let mut conn = platform.pool.get().await.map_err(|error| error.to_string())?;
        if recurring
            .task
            .enqueue(&mut conn, recurring.name, tick, now)
            .await
            .map_err(|error| error.to_string())?
        {
            inserted += 1;
        }
        planned.insert(recurring.name, tick);
    }
    Ok(inserted)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_tell_jobs_apart_and_no_tick_is_forgotten_while_it_may_be_caught_up_with() {
        let names: BTreeSet<_> = RECURRING.iter().map(|recurring| recurring.name).collect();
        assert_eq!(names.len(), RECURRING.len());
        let pruned = RECURRING.iter().filter_map(|recurring| match recurring.task {
            Task::Prune(what) => Some(what),
            Task::DigestReviews | Task::AnnounceLeaving | Task::FoldFigures | Task::SnapshotFigures => None,
        });
        let pruned: BTreeSet<_> = pruned.collect();
        assert_eq!(pruned, Pruned::ALL.iter().copied().collect());
        for recurring in RECURRING {
            assert!(!recurring.name.contains(':'), "{}", recurring.name);
            assert!(recurring.catch_up < TimeDelta::days(1), "{}", recurring.name);
        }
    }
}
