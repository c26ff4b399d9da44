//! What is found among the jobs, since nothing else says that it is owed: recurring jobs and the manual.

use wangqian_schema::model::manual::{self, StoredManual};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_recurring_job_that_was_not_done_shows_by_its_name_and_is_driven() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let mut conn = world.conn().await;
    let job = jobs::Prune {
        what: jobs::Pruned::Sessions,
    };
    let tick = world.now();
    let hour = TimeDelta::hours(1);
    for (name, tick) in [
        ("prune_sessions", tick),
        ("prune_sessions", tick - hour),
        ("done", tick),
    ] {
        assert!(
            jobs::enqueue_tick(&mut conn, &job, name, tick, world.now())
                .await
                .unwrap()
        );
    }
    scene
        .execute("UPDATE jobs SET state = 'DONE', finished_at = now() WHERE unique_key LIKE 'cron:done:%'")
        .await;
    assert!(scene.list().await.is_empty(), "there is a while for it yet");
    world.platform.clock.advance(GRACE);
    scene
        .execute("UPDATE jobs SET state = 'PARKED', finished_at = now(), last_error = 'refused' WHERE id = 1")
        .await;
    let found = scene.list().await;
    assert_eq!(found.len(), 2);
    for work in &found {
        assert_eq!((work.kind, work.case_id), (StuckWorkKind::Recurring, work.id));
        assert_eq!(work.recurring.as_deref(), Some("prune_sessions"));
    }
    assert_eq!(scene.sweep().await, 0, "what is parked waits for a person");
    let parked = found
        .iter()
        .find(|work| work.job_state == Some(JobState::Parked))
        .unwrap();
    assert_eq!(parked.last_error.as_deref(), Some("refused"));
    let now = world.now();
    let retried = stuck_work::retry(&mut conn, &scene.operator, parked.id, now)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (retried.job_state, retried.id),
        (Some(JobState::Ready), parked.id)
    );
    assert_eq!(
        count(&mut conn, "jobs", "state = 'READY'").await,
        2,
        "the same row"
    );
    scene
        .execute("UPDATE jobs SET state = 'RUNNING', lease_token = gen_random_uuid(), lease_until = now() WHERE state = 'READY'")
        .await;
    assert!(
        !stuck_work::drive(&mut conn, parked, now).await.unwrap(),
        "left to its worker"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manual_that_cannot_be_made_shows_until_one_was_made() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let mut conn = world.conn().await;
    manual::ask(&mut conn, world.now()).await.unwrap();
    assert!(scene.list().await.is_empty(), "there is a while for it yet");
    world.platform.clock.advance(GRACE);
    scene
        .execute("UPDATE jobs SET state = 'PARKED', finished_at = now(), last_error = 'no font'")
        .await;
    let listed = async || -> Vec<_> {
        let works = scene.list().await.into_iter();
        works
            .map(|work| (work.kind, work.id, work.job_state, work.last_error))
            .collect()
    };
    let found = listed().await;
    let [(StuckWorkKind::Manual, id, Some(JobState::Parked), Some(_))] = &found[..] else {
        panic!("{found:?}");
    };
    // Asked for again when a day has passed: one piece of work, whose job waits.
    world.platform.clock.advance(TimeDelta::days(2));
    manual::ask(&mut conn, world.now()).await.unwrap();
    world.platform.clock.advance(GRACE);
    let found = listed().await;
    let [(StuckWorkKind::Manual, same, Some(JobState::Ready), _)] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(same, id);
    assert_eq!(scene.sweep().await, 0, "nothing is lost");
    scene
        .execute("UPDATE jobs SET state = 'PARKED', finished_at = now()")
        .await;
    let retried = stuck_work::retry(&mut conn, &scene.operator, *id, world.now()).await;
    assert_eq!(retried.unwrap().unwrap().job_state, Some(JobState::Ready));
    // The manual of another release does as well.
    scene
        .execute("UPDATE jobs SET state = 'PARKED', finished_at = now()")
        .await;
    let made = StoredManual {
        source_sha256: vec![1; 32],
        sha256: vec![1; 32],
        object_key: "manuals/1.pdf".to_owned(),
        pages: 1,
        byte_size: 4,
        edition: world.now().date_naive(),
        created_at: world.now(),
    };
    manual::keep(&mut conn, &made).await.unwrap();
    assert!(listed().await.is_empty());
    // Made once, lost since, and not to be made again: that shows as well.
    let own = StoredManual {
        source_sha256: wangqian_schema::manual::manual().source_sha256.to_vec(),
        sha256: vec![2; 32],
        object_key: "manuals/2.pdf".to_owned(),
        ..made
    };
    manual::keep(&mut conn, &own).await.unwrap();
    world.platform.clock.advance(TimeDelta::days(2));
    manual::ask(&mut conn, world.now()).await.unwrap();
    world.platform.clock.advance(GRACE);
    // What is enqueued bears the database's time, which does not move with the clock.
    scene
        .execute(
            "UPDATE jobs SET created_at = created_at + interval '3 days' WHERE state = 'READY';
             UPDATE jobs SET state = 'PARKED', finished_at = now()",
        )
        .await;
    assert_eq!(listed().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_tick_is_left_out_once_a_later_one_was_begun() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let mut conn = world.conn().await;
    let job = jobs::Prune {
        what: jobs::Pruned::Sessions,
    };
    let now = world.now();
    for (name, hours) in [("a", 3), ("a", 2), ("a", 1), ("b", 3)] {
        let tick = now - TimeDelta::hours(hours);
        assert!(
            jobs::enqueue_tick(&mut conn, &job, name, tick, now)
                .await
                .unwrap()
        );
    }
    world.platform.clock.advance(GRACE);
    scene
        .execute("UPDATE jobs SET state = 'PARKED', finished_at = now() WHERE id IN (1, 2, 4)")
        .await;
    let listed = async || -> Vec<_> {
        let works = scene.list().await.into_iter();
        let mut listed: Vec<_> = works
            .map(|work| (work.recurring.unwrap(), work.job_state.unwrap().as_str()))
            .collect();
        listed.sort();
        listed
    };
    let of = |name: &str, state| (name.to_owned(), state);
    let before = [of("a", "PARKED"), of("a", "READY"), of("b", "PARKED")];
    assert_eq!(listed().await, before, "of two parked ones the later");
    scene
        .execute("UPDATE jobs SET state = 'DONE', finished_at = now() WHERE id = 3")
        .await;
    assert_eq!(listed().await, [of("b", "PARKED")], "made good");
}
