//! Recurring jobs: one a tick in the whole cluster, and what those of today delete.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use wangqian_schema::{
    Platform,
    clock::Clock,
    jobs::{self, Prune, Pruned},
};

use crate::world::World;

const TICKS: &str = "SELECT count(*) FROM jobs WHERE unique_key LIKE 'cron:%'";
const UNFINISHED: &str = "SELECT count(*) FROM jobs WHERE state <> 'DONE'";

/// Tests choose a moment with a while to the next tick of any job, so that none comes by itself meanwhile.
fn set_to(platform: &Platform, moment: &str) {
    let moment: DateTime<Utc> = moment.parse().unwrap();
    platform.clock.advance(moment - platform.clock.now());
}

/// Waits until there are so many ticks and all are done.
async fn ticks_done(world: &World, expected: i64) {
    world.comes_to(expected, TICKS).await;
    world.comes_to(0, UNFINISHED).await;
    assert_eq!(world.db.number(TICKS).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_tick_is_one_job_whatever_the_workers_their_clocks_and_restarts() {
    let world = World::new().await;
    // 10:50 in Shanghai.
    set_to(&world.platform, "2030-01-01T02:50:00Z");
    let ahead = Platform {
        clock: Clock::default(),
        ..world.platform.clone()
    };
    set_to(&ahead, "2030-01-01T02:50:07Z");
    let both = |by: TimeDelta| {
        world.platform.clock.advance(by);
        ahead.clock.advance(by);
    };
    let (first, second) = (world.work(&[]), world.work_on(&ahead, &[]));
    // Seven by the hour and the folding of the figures, three by night and two in the morning, caught up with at the first start.
    ticks_done(&world, 13).await;
    both(TimeDelta::hours(1));
    ticks_done(&world, 21).await;
    second.stop().await;
    let second = world.work_on(&ahead, &[]);
    both(TimeDelta::hours(1));
    ticks_done(&world, 29).await;

    // Nobody is there for a day: the last tick of each is caught up with, those before it are left out.
    first.stop().await;
    second.stop().await;
    both(TimeDelta::hours(24));
    let (first, second) = (world.work(&[]), world.work_on(&ahead, &[]));
    ticks_done(&world, 42).await;
    first.stop().await;
    second.stop().await;
    // At 18:50 night and morning are too long ago.
    both(TimeDelta::hours(30));
    let first = world.work(&[]);
    ticks_done(&world, 50).await;
    first.stop().await;
    let twice = "SELECT count(*) - count(DISTINCT unique_key) FROM jobs";
    assert_eq!(world.db.number(twice).await, 0);

    // At one tick at once, and after it was done.
    let tick: DateTime<Utc> = "2030-02-01T00:00:00Z".parse().unwrap();
    let enqueue = async || {
        let mut conn = world.platform.pool.get().await.unwrap();
        let job = Prune {
            what: Pruned::Sessions,
        };
        jobs::enqueue_tick(&mut conn, &job, "raced", tick, tick)
            .await
            .unwrap()
    };
    let inserted = join_all((0..8).map(|_| enqueue())).await;
    assert_eq!(inserted.iter().filter(|inserted| **inserted).count(), 1);
    for state in ["DONE", "PARKED"] {
        let end = format!(
            "UPDATE jobs SET state = '{state}', finished_at = now() WHERE unique_key LIKE 'cron:raced:%'"
        );
        world.db.execute(&end).await;
        assert!(!enqueue().await, "{state}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_kept_long_enough_is_deleted_and_nothing_else() {
    let world = World::new().await;
    set_to(&world.platform, "2030-01-01T02:50:00Z");
    let at = |days: i64, hours: i64| {
        let at = world.platform.clock.now() - TimeDelta::days(days) - TimeDelta::hours(hours);
        format!("'{}'", at.to_rfc3339())
    };
    let hash = |n: u8| format!("decode(repeat('0{n}', 32), 'hex')");
    let member = world.employer.account_id();
    for (n, [sessions, keys, invitations, hours]) in [
        (1, [at(31, 0), at(31, 0), at(0, 1), at(0, 2)]),
        (2, [at(29, 0), at(29, 0), at(-1, 0), at(0, -1)]),
    ] {
        let hash = hash(n);
        let attempts = if n == 1 { at(1, 1) } else { at(0, 23) };
        world
            .db
            .execute(&format!(
                "INSERT INTO sessions (id, account_id, token_hash, created_at, last_seen_at, expires_at)
                   VALUES (gen_random_uuid(), '{member}', {hash}, {sessions}, {sessions}, {sessions});
                 INSERT INTO idempotency_keys (account_id, key, request_hash, response, created_at)
                   VALUES ('{member}', '{n}', {hash}, '{{}}', {keys});
                 INSERT INTO registration_keys (key_hash, request_hash, employer_id, created_at)
                   SELECT {hash}, {hash}, id, {keys} FROM employers;
                 INSERT INTO member_invitations (id, employer_id, email, name, role, created_at, expires_at)
                   SELECT gen_random_uuid(), id, '{n}@example.com', '示例同事', 'MEMBER', {keys}, {invitations} FROM employers;
                 INSERT INTO passcodes (id, purpose, subject_hash, channel, requested_at, expires_at)
                   VALUES (gen_random_uuid(), 'PASSWORD_RESET', {hash}, 'SMS', {hours}, {hours});
                 INSERT INTO request_throttles (bucket_hash, requests, counted_since, last_request_at, forget_at)
                   VALUES ({hash}, 1, {hours}, {hours}, {hours});
                 INSERT INTO login_throttles (identifier_hash, attempts, last_attempt_at, locked_until)
                   VALUES ({hash}, 1, {attempts}, {attempts});
                 INSERT INTO uploads (id, purpose, content_type, byte_size, created_at, expires_at)
                   VALUES (gen_random_uuid(), 'BUSINESS_LICENCE', 'image/png', 1, {hours}, {hours});
                 INSERT INTO record_exports (id, number, school_id, created_by, subject, file_format, class_year, personal_data,
                     status, failure, created_at, progressed_at, finished_at, expires_at)
                   SELECT gen_random_uuid(), '{n}', id, '{member}', 'CASES', 'CSV', 2027, false, 'FAILED', 'SCOPE_LOST',
                     {hours}, {hours}, {hours}, {hours} FROM schools;
                 INSERT INTO review_assignments (case_id, case_kind, level, waiting_since, account_id, assigned_at)
                   VALUES (gen_random_uuid(), 'AGREEMENT', 'SCHOOL', {hours}, '{member}', {hours});
                 INSERT INTO jobs (queue, payload, max_attempts, state, finished_at)
                   VALUES ('old', '{{}}', 1, 'DONE', now() - interval '1 day' * (9 - {n}) + interval '1 hour')"
            ))
            .await;
    }
    let workers = world.work(&[]);
    ticks_done(&world, 13).await;
    for table in [
        "sessions",
        "idempotency_keys",
        "registration_keys",
        "member_invitations",
        "passcodes",
        "request_throttles",
        "login_throttles",
        "uploads",
        "record_exports",
        "review_assignments",
        "jobs WHERE queue = 'old'",
    ] {
        assert_eq!(
            world.db.number(&format!("SELECT count(*) FROM {table}")).await,
            1,
            "{table}"
        );
    }
    workers.stop().await;
}
