//! Which work is found, in which order, and by whom.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_owed_too_long_shows_oldest_first_and_nothing_else() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let student = world.graduate(&scene.campus, 0).await;
    let invited = world.invite(&scene.employer, &student).await;
    let deadline = world
        .find(&student.viewer, invited)
        .await
        .agreement
        .response_deadline
        .unwrap();
    assert_eq!(scene.kinds().await, Vec::<&str>::new(), "nothing is late yet");

    world.platform.clock.advance(GRACE);
    let messages = scene.list().await;
    assert!(!messages.is_empty());
    for work in &messages {
        assert_eq!((work.kind, work.case_id), (StuckWorkKind::Message, invited));
        assert_eq!(work.job_state, Some(JobState::Ready));
        assert!(work.next_attempt_at.is_some());
    }
    scene
        .execute("UPDATE messages SET status = 'SENT' WHERE channel <> 'IN_APP'")
        .await;
    assert_eq!(scene.kinds().await, Vec::<&str>::new(), "sent");

    let to = |moment| world.platform.clock.advance(moment - world.now());
    to(deadline - TimeDelta::hours(24) + GRACE - TimeDelta::seconds(5));
    assert_eq!(
        scene.kinds().await,
        Vec::<&str>::new(),
        "the reminder has its grace too"
    );
    to(deadline - TimeDelta::hours(24) + GRACE);
    assert_eq!(scene.kinds().await, ["REMINDER"]);
    to(deadline);
    assert_eq!(scene.kinds().await, Vec::<&str>::new(), "too late to remind");
    to(deadline + GRACE);
    assert_eq!(scene.kinds().await, ["EXPIRY"]);
    assert_eq!(scene.list().await[0].owed_since, deadline);
    world.work(invited, AgreementStep::Expire).await.unwrap();
    scene
        .execute("UPDATE messages SET status = 'SENT' WHERE channel <> 'IN_APP'")
        .await;
    assert_eq!(scene.kinds().await, Vec::<&str>::new());

    let again = world.invite(&scene.employer, &student).await;
    world
        .take(&student.viewer, again, AgreementStep::Accept)
        .await
        .unwrap();
    let school = world.school_reviewer(&scene.campus).await;
    world.take(&school, again, AgreementStep::Approve).await.unwrap();
    world.platform.clock.advance(GRACE);
    let kinds: Vec<_> = scene.list().await.iter().map(|work| work.kind).collect();
    assert!(
        kinds.contains(&StuckWorkKind::Document) && kinds.contains(&StuckWorkKind::Message),
        "{kinds:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_operators_sees_or_drives_it() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let student = world.graduate(&scene.campus, 0).await;
    world.invite(&scene.employer, &student).await;
    world.platform.clock.advance(GRACE);
    let work = scene.list().await.remove(0);
    let before = text(&mut *world.conn().await, "SELECT jobs FROM jobs ORDER BY id").await;
    for viewer in [
        student.viewer,
        scene.employer.viewer,
        world.school_reviewer(&scene.campus).await,
        world.department_reviewer(&scene.campus, 0).await,
    ] {
        let mut conn = world.conn().await;
        let now = world.now();
        let page = stuck_work::list(&mut conn, &viewer, &PageRequest::first(10), now).await;
        assert!(page.unwrap().items.is_empty(), "{viewer:?}");
        assert!(
            stuck_work::find(&mut conn, &viewer, work.id, now)
                .await
                .unwrap()
                .is_none()
        );
        assert!(
            stuck_work::retry(&mut conn, &viewer, work.id, now)
                .await
                .unwrap()
                .is_none()
        );
    }
    let after = text(&mut *world.conn().await, "SELECT jobs FROM jobs ORDER BY id").await;
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_hold_every_piece_once_in_both_directions() {
    let scene = Scene::new().await;
    let world = &scene.world;
    for _ in 0..4 {
        let student = world.graduate(&scene.campus, 0).await;
        world.invite(&scene.employer, &student).await;
    }
    // All owed at the same moment, so that only the id tells their places.
    scene
        .execute("UPDATE messages SET created_at = '2026-01-01'")
        .await;
    world.platform.clock.advance(TimeDelta::days(60));
    let all: Vec<_> = scene.list().await.iter().map(StuckWork::key).collect();
    assert!(all.len() >= 8 && all.is_sorted(), "{all:?}");
    for backward in [false, true] {
        let mut request = PageRequest {
            backward,
            ..PageRequest::first(3)
        };
        let mut seen = Vec::new();
        loop {
            let mut conn = world.conn().await;
            let page = stuck_work::list(&mut conn, &scene.operator, &request, world.now())
                .await
                .unwrap();
            let keys: Vec<_> = page.items.iter().map(StuckWork::key).collect();
            if backward {
                seen.splice(0..0, keys.iter().copied());
                request.before = keys.first().copied();
            } else {
                seen.extend(&keys);
                request.after = keys.last().copied();
            }
            if !(if backward {
                page.has_previous
            } else {
                page.has_next
            }) {
                break;
            }
        }
        assert_eq!(seen, all, "backward: {backward}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reminders_are_paged_by_the_time_they_were_due() {
    let scene = Scene::new().await;
    let world = &scene.world;
    for _ in 0..5 {
        let student = world.graduate(&scene.campus, 0).await;
        world.invite(&scene.employer, &student).await;
    }
    scene
        .execute(
            "UPDATE messages SET status = 'SENT' WHERE channel <> 'IN_APP';
             UPDATE agreements SET invited_at = now() - interval '9 days',
               response_deadline = now() + interval '20 hours' - interval '1 hour' * (abs(hashtext(id::text)) % 9)",
        )
        .await;
    let all = scene.list().await;
    assert!(
        all.len() == 5 && all.iter().all(|work| work.kind == StuckWorkKind::Reminder),
        "{all:?}"
    );
    let mut request = PageRequest::first(2);
    let mut seen = Vec::new();
    loop {
        let mut conn = world.conn().await;
        let page = stuck_work::list(&mut conn, &scene.operator, &request, world.now())
            .await
            .unwrap();
        seen.extend(page.items.iter().map(StuckWork::key));
        request.after = seen.last().copied();
        if !page.has_next {
            break;
        }
    }
    assert_eq!(seen, all.iter().map(StuckWork::key).collect::<Vec<_>>());
    assert!(seen.is_sorted());
}
