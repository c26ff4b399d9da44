//! The reviewers' daily digest, as the workers make and send it.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use mail_parser::MessageParser;
use wangqian_schema::{
    jobs::{self, DigestReviews},
    step::AgreementStep,
};

use crate::world::{Workers, World};

const TOLD: &str = "SELECT count(*) FROM messages WHERE template = 'REVIEW_DIGEST'";
const UNSENT: &str = "SELECT count(*) FROM messages WHERE template = 'REVIEW_DIGEST' AND status <> 'SENT'";
const DONE: &str = "SELECT count(*) FROM jobs WHERE queue = 'digest_reviews' AND state = 'DONE'";
/// The other recurring jobs: their planner has looked at the digest, too.
const PRUNED: &str = "SELECT count(*) FROM jobs WHERE queue = 'prune' AND state = 'DONE'";
const UNFINISHED: &str = "SELECT count(*) FROM jobs WHERE queue = 'digest_reviews' AND state <> 'DONE'";

/// Moves the clock on to a moment; its reviewer has an address then, and a case waits for him.
async fn scene(moment: &str) -> World {
    let world = World::new().await;
    let reviewer = world.reviewer.account_id();
    let address = format!("UPDATE accounts SET email = 'reviewer@example.com' WHERE id = '{reviewer}'");
    world.db.execute(&address).await;
    set_to(&world, moment);
    let agreement = world.invite(world.in_days(10)).await;
    world.take(world.graduate, agreement, AgreementStep::Accept).await;
    world
}

fn set_to(world: &World, moment: &str) {
    let moment: DateTime<Utc> = moment.parse().unwrap();
    world.platform.clock.advance(moment - world.platform.clock.now());
}

async fn stop(workers: impl IntoIterator<Item = Workers>) {
    for workers in workers {
        workers.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_half_past_eight_the_reviewer_is_told_once_whatever_workers_there_are() {
    // 08:20 in Shanghai: yesterday's is too old to be caught up with.
    let world = scene("2030-01-02T00:20:00Z").await;
    let both = [world.work(&[]), world.work(&[])];
    world.comes_to(10, PRUNED).await;
    assert_eq!(world.db.number(TOLD).await, 0);
    world.platform.clock.advance(TimeDelta::minutes(10));
    world.comes_to(2, TOLD).await;
    world.comes_to(0, UNSENT).await;
    world.comes_to(1, DONE).await;
    let mails: Vec<_> = world
        .sent("mail")
        .iter()
        .map(|mail| {
            let mail = MessageParser::default().parse(mail).unwrap();
            let to = mail.to().unwrap().first().unwrap().address().unwrap().to_owned();
            (
                to,
                mail.subject().unwrap().to_owned(),
                mail.body_text(0).unwrap().into_owned(),
            )
        })
        .filter(|(to, ..)| to == "reviewer@example.com")
        .collect();
    assert_eq!(mails.len(), 1, "{mails:?}");
    let (_, subject, body) = &mails[0];
    assert_eq!(subject, "今日待审核：1 件");
    for told in [
        "    线上签约 1 件\n",
        "2030年1月2日 08:30",
        "https://wangqian.example",
    ] {
        assert!(body.replace("\r\n", "\n").contains(told), "{told:?} in {body}");
    }
    assert!(!body.contains("林示例"), "no graduate is named: {body}");

    // The job again, as after a crash at its end: nobody is told twice.
    let again = "UPDATE jobs SET state = 'READY', finished_at = NULL WHERE queue = 'digest_reviews'";
    world.db.execute(again).await;
    world.platform.waker.wake();
    world.comes_to(0, UNFINISHED).await;
    assert_eq!(world.db.number(TOLD).await, 2);
    // The next day he is told again, as long as it waits.
    world.platform.clock.advance(TimeDelta::days(1));
    world.comes_to(4, TOLD).await;
    world.comes_to(2, DONE).await;
    stop(both).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missed_digest_comes_on_the_same_working_day_or_not_at_all() {
    // 17:29 in Shanghai.
    let world = scene("2030-01-02T09:29:00Z").await;
    let workers = world.work(&[]);
    world.comes_to(2, TOLD).await;
    world.comes_to(1, DONE).await;
    workers.stop().await;
    // The next evening.
    set_to(&world, "2030-01-03T09:31:00Z");
    let workers = world.work(&[]);
    world.comes_to(14, PRUNED).await;
    assert_eq!(world.db.number(DONE).await, 1);
    // One that an operator has driven when its day was over.
    let yesterday = DigestReviews {
        day: NaiveDate::from_ymd_opt(2030, 1, 2).unwrap(),
    };
    let now = world.platform.clock.now();
    let mut conn = world.platform.pool.get().await.unwrap();
    world
        .db
        .execute("DELETE FROM messages WHERE digest_on IS NOT NULL")
        .await;
    jobs::enqueue(&conn, &yesterday, now).await.unwrap();
    let broken = "INSERT INTO jobs (queue, payload, max_attempts) VALUES ('digest_reviews', '{\"day\": \"tomorrow\"}', 5)";
    diesel_async::SimpleAsyncConnection::batch_execute(&mut *conn, broken)
        .await
        .unwrap();
    world.platform.waker.wake();
    world.comes_to(2, DONE).await;
    world
        .comes_to(
            1,
            "SELECT count(*) FROM jobs WHERE queue = 'digest_reviews' AND state = 'PARKED'",
        )
        .await;
    assert_eq!(world.db.number(TOLD).await, 0);
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_waits_nobody_is_told() {
    let world = scene("2030-01-02T02:00:00Z").await;
    world
        .db
        .execute(
            "UPDATE agreements SET status = 'SIGNING_REJECTED', awaiting_review = NULL, waiting_since = NULL",
        )
        .await;
    let workers = world.work(&[]);
    world.comes_to(1, DONE).await;
    assert_eq!(world.db.number(TOLD).await, 0);
    workers.stop().await;
}
