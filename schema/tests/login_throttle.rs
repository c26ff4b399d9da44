//! Attempts to log in: when they lock, and when they are forgotten. How it looks from outside is tested over the wire.

use chrono::TimeDelta;
use wangqian_schema::model::login_throttle::{
    Admission, FIRST_LOCK, FORGOTTEN_AFTER, Subject, admit, forget,
};

use crate::support::{World, count};

#[tokio::test(flavor = "multi_thread")]
async fn a_single_free_attempt_locks_also_where_an_old_row_was_not_swept_yet() {
    let world = World::new().await;
    let mut conn = world.conn().await;
    let subject = Subject::of("somebody@example.com");
    for _ in 0..2 {
        let now = world.now();
        assert_eq!(
            admit(&mut conn, subject, 1, now).await.unwrap(),
            Admission::Admitted
        );
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
