//! The figures: changes folded into the counts once, whatever ends in the middle, and what is kept of each day.

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};

use crate::world::{World, class_year};

const CHANGES: &str = "SELECT count(*) FROM figure_deltas";
const GRADUATES: &str = "SELECT coalesce((SELECT sum(graduates) FROM figure_counts), 0) + coalesce((SELECT sum(graduates) FROM figure_deltas), 0)";
const FOLDED: &str = "SELECT count(*) FROM jobs WHERE queue = 'fold_figures' AND state = 'DONE'";
const WAITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
    AND wait_event_type = 'Lock' AND query LIKE '%figure_deltas%'";
const KEPT: &str = "SELECT count(*) FROM jobs WHERE queue = 'snapshot_figures' AND state = 'DONE'";
const DAYS: &str = "SELECT count(*) FROM figure_snapshots";

fn set_to(world: &World, moment: &str) {
    let moment: DateTime<Utc> = moment.parse().unwrap();
    world.platform.clock.advance(moment - world.platform.clock.now());
}

/// Many changes of one graduate's: more than one statement folds.
async fn many_changes(world: &World) {
    let many = "INSERT INTO figure_deltas (school_id, class_year, department_id, degree_level, major, destination_code, graduates)
        SELECT school_id, class_year, department_id, degree_level, major, destination_code, 1
        FROM placements, generate_series(1, 2500)";
    world.db.execute(many).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_folded_in_once_although_a_worker_ends_in_the_middle() {
    let world = World::new().await;
    set_to(&world, "2030-01-01T02:50:00Z");
    many_changes(&world).await;
    assert_eq!(world.db.number(GRADUATES).await, 2501);
    // It comes to the counts, and gets no further.
    let mut held = AsyncPgConnection::establish(&world.db.url).await.unwrap();
    held.batch_execute("BEGIN; LOCK TABLE figure_counts IN SHARE MODE")
        .await
        .unwrap();
    let first = world.work(&["--shutdown-grace-seconds", "0"]);
    world.comes_to(1, WAITING).await;
    let cut =
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()
        AND wait_event_type = 'Lock' AND query LIKE '%figure_deltas%' AND pid <> pg_backend_pid()";
    assert_eq!(world.db.number(cut).await, 1);
    first.stop().await;
    assert_eq!(world.db.number(GRADUATES).await, 2501);
    assert_eq!(world.db.number(CHANGES).await, 2501, "nothing was folded");
    held.batch_execute("COMMIT").await.unwrap();

    let both = [world.work(&[]), world.work(&[])];
    world.comes_to(0, CHANGES).await;
    assert_eq!(world.db.number(GRADUATES).await, 2501);
    world.comes_to(1, FOLDED).await;
    // The next time.
    many_changes(&world).await;
    world.platform.clock.advance(TimeDelta::minutes(10));
    world.comes_to(2, FOLDED).await;
    assert_eq!(world.db.number(CHANGES).await, 0);
    assert_eq!(world.db.number(GRADUATES).await, 5001);
    for workers in both {
        workers.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_figures_of_each_day_are_kept_once() {
    let world = World::new().await;
    // 23:45 in Shanghai: the day before is too long over.
    set_to(&world, "2027-06-02T15:45:00Z");
    let workers = world.work(&[]);
    world.comes_to(1, FOLDED).await;
    assert_eq!(world.db.number(DAYS).await, 0);
    world.platform.clock.advance(TimeDelta::minutes(5));
    world.comes_to(1, KEPT).await;
    assert_eq!(world.db.number(DAYS).await, 1);
    let kept = "SELECT concat_ws(' ', day, class_year, destination_code, graduates) FROM figure_snapshots ORDER BY day LIMIT 1";
    let expected = format!("2027-06-02 {}  1", class_year());
    assert_eq!(world.db.text(kept).await, expected);

    // The job again, as after a crash at its end.
    let again = "UPDATE jobs SET state = 'READY', finished_at = NULL WHERE queue = 'snapshot_figures'";
    world.db.execute(again).await;
    world.platform.waker.wake();
    world.comes_to(1, KEPT).await;
    assert_eq!(world.db.number(DAYS).await, 1);
    world.platform.clock.advance(TimeDelta::days(1));
    world.comes_to(2, KEPT).await;
    assert_eq!(world.db.number(DAYS).await, 2);
    workers.stop().await;

    // Nobody was there at the end of the 4th: in the small hours it is made good, later not any more.
    set_to(&world, "2027-06-04T21:40:00Z");
    let workers = world.work(&[]);
    world.comes_to(3, KEPT).await;
    assert_eq!(
        world
            .db
            .number("SELECT count(*) FROM figure_snapshots WHERE day = '2027-06-04'")
            .await,
        1
    );
    workers.stop().await;
    set_to(&world, "2027-06-05T22:40:00Z");
    let workers = world.work(&[]);
    world
        .comes_to(0, "SELECT count(*) FROM jobs WHERE state <> 'DONE'")
        .await;
    assert_eq!(world.db.number(KEPT).await, 3);
    // One that an operator has driven when its day was long over.
    let old = "INSERT INTO jobs (queue, payload, max_attempts) VALUES ('snapshot_figures', '{\"day\": \"2027-06-01\"}', 5)";
    world.db.execute(old).await;
    world.platform.waker.wake();
    world.comes_to(4, KEPT).await;
    assert_eq!(world.db.number(DAYS).await, 3);
    workers.stop().await;
}
