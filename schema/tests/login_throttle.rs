//! Attempts to log in: when they lock, and when they are forgotten. How it looks from outside is tested over the wire.

use chrono::TimeDelta;
use wangqian_schema::model::login_throttle::{
    Admission, Attempt, FIRST_LOCK, FORGOTTEN_AFTER, Subject, admit, forget, take_back,
};

use crate::support::{World, count, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_single_free_attempt_locks_also_where_an_old_row_was_not_swept_yet() {
    let world = World::new().await;
    let mut conn = world.conn().await;
    let subject = Subject::of("somebody@example.com");
    for _ in 0..2 {
        let now = world.now();
        let admitted = admit(&mut conn, subject, 1, now).await.unwrap();
        assert!(matches!(admitted, Admission::Admitted(_)), "{admitted:?}");
        let locked = admit(&mut conn, subject, 1, now).await.unwrap();
        assert_eq!(locked, Admission::Locked(now + FIRST_LOCK));
        world
            .platform
            .clock
            .advance(FORGOTTEN_AFTER + TimeDelta::seconds(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_a_day_goes_and_the_rest_stays() {
    let world = World::new().await;
    let mut conn = world.conn().await;
    for name in ["old", "older"] {
        let subject = Subject::of(&format!("{name}@example.com"));
        admit(&mut conn, subject, 5, world.now()).await.unwrap();
    }
    world
        .platform
        .clock
        .advance(FORGOTTEN_AFTER + TimeDelta::seconds(1));
    let young = Subject::of("young@example.com");
    admit(&mut conn, young, 5, world.now()).await.unwrap();
    assert_eq!(forget(&mut conn, world.now()).await.unwrap(), 2);
    assert_eq!(count(&mut conn, "login_throttles", "true").await, 1);
}

async fn admitted(world: &World, subject: Subject) -> Attempt {
    let mut conn = world.conn().await;
    match admit(&mut conn, subject, 5, world.now()).await.unwrap() {
        Admission::Admitted(attempt) => attempt,
        locked => panic!("{locked:?}"),
    }
}

/// The whole row.
async fn row(world: &World) -> Vec<String> {
    text(
        &mut *world.conn().await,
        "SELECT throttle::text FROM login_throttles AS throttle",
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_succeeds_leaves_the_row_as_it_found_it() {
    let world = World::new().await;
    let subject = Subject::of("somebody@example.com");
    let take_back = async |attempt: &Attempt| {
        let mut conn = world.conn().await;
        take_back(&mut conn, subject, attempt).await.unwrap();
    };
    let first = admitted(&world, subject).await;
    take_back(&first).await;
    assert_eq!(
        row(&world).await,
        Vec::<String>::new(),
        "no row before, none after"
    );

    for failed in 0..7 {
        let before = row(&world).await;
        let attempt = admitted(&world, subject).await;
        assert_ne!(row(&world).await, before);
        take_back(&attempt).await;
        assert_eq!(row(&world).await, before, "after {failed} failed ones");
        admitted(&world, subject).await;
        world.platform.clock.advance(TimeDelta::minutes(16));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_meanwhile_counts_although_the_attempt_before_it_is_taken_back() {
    let world = World::new().await;
    let subject = Subject::of("somebody@example.com");
    let slow = admitted(&world, subject).await;
    world.platform.clock.advance(TimeDelta::seconds(1));
    admitted(&world, subject).await;
    let mut conn = world.conn().await;
    take_back(&mut conn, subject, &slow).await.unwrap();
    assert_eq!(count(&mut conn, "login_throttles", "attempts = 1").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_wrong_password_each_morning_never_locks() {
    let world = World::new().await;
    let subject = Subject::of("sleepy@example.com");
    for _ in 0..20 {
        for _ in 0..2 {
            admitted(&world, subject).await;
        }
        world.platform.clock.advance(TimeDelta::hours(23));
    }
}
