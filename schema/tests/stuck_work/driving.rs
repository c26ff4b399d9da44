//! Having it tried again, by a person and by the sweep.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_message_and_its_job_are_driven_together() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let student = world.graduate(&scene.campus, 0).await;
    world.invite(&scene.employer, &student).await;
    world.platform.clock.advance(GRACE);
    let id = scene.list().await[0].id;
    scene
        .execute(&format!(
            "UPDATE messages SET status = 'PARKED', last_error = 'no' WHERE id = '{id}';
             UPDATE jobs SET state = 'PARKED', attempt = 20, last_error = 'attempt 20: no', finished_at = now()
             WHERE unique_key = '{id}'"
        ))
        .await;
    let found = async || {
        let mut conn = world.conn().await;
        stuck_work::find(&mut conn, &scene.operator, id, world.now())
            .await
            .unwrap()
            .unwrap()
    };
    let parked = found().await;
    assert_eq!(parked.job_state, Some(JobState::Parked));
    assert_eq!((parked.attempt, parked.next_attempt_at), (Some(20), None));
    assert_eq!(parked.last_error.as_deref(), Some("attempt 20: no"));
    assert_eq!(scene.sweep().await, 0, "what is parked waits for a person");

    let mut conn = world.conn().await;
    let now = world.now();
    let retried = stuck_work::retry(&mut conn, &scene.operator, id, now)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (retried.job_state, retried.attempt),
        (Some(JobState::Ready), Some(0))
    );
    assert_eq!(retried.next_attempt_at, Some(now));
    assert_eq!(count(&mut conn, "messages", "status = 'PARKED'").await, 0);
    assert_eq!(
        count(&mut conn, "jobs", &format!("unique_key = '{id}'")).await,
        1,
        "the same row"
    );

    // The job is gone as well: the message was given up all the same, and is not sent by itself.
    scene
        .execute(&format!(
            "UPDATE messages SET status = 'PARKED' WHERE id = '{id}'; DELETE FROM jobs WHERE unique_key = '{id}'"
        ))
        .await;
    assert_eq!(found().await.job_state, Some(JobState::Parked));
    assert_eq!(scene.sweep().await, 0);
    stuck_work::retry(&mut conn, &scene.operator, id, now)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        count(
            &mut conn,
            "jobs",
            &format!("unique_key = '{id}' AND state = 'READY'")
        )
        .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_is_left_to_its_worker_and_an_unfinished_one_goes_before_a_parked_one() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let student = world.graduate(&scene.campus, 0).await;
    world.invite(&scene.employer, &student).await;
    world.platform.clock.advance(GRACE);
    let id = scene.list().await[0].id;
    scene
        .execute(&format!(
            "INSERT INTO jobs (queue, payload, max_attempts, unique_key, state, finished_at)
             SELECT queue, payload, max_attempts, unique_key, 'PARKED', now() FROM jobs WHERE unique_key = '{id}';
             UPDATE jobs SET state = 'RUNNING', attempt = 3, lease_token = gen_random_uuid(), lease_until = now() + '1 hour'
             WHERE unique_key = '{id}' AND state = 'READY'"
        ))
        .await;
    let query = format!("SELECT jobs FROM jobs WHERE unique_key = '{id}' ORDER BY id");
    let mut conn = world.conn().await;
    let before = text(&mut conn, &query).await;
    let work = stuck_work::retry(&mut conn, &scene.operator, id, world.now())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((work.job_state, work.attempt), (Some(JobState::Running), Some(3)));
    assert_eq!(text(&mut conn, &query).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn sweeps_make_lost_jobs_anew_once() {
    let scene = Scene::new().await;
    let world = &scene.world;
    for _ in 0..3 {
        let student = world.graduate(&scene.campus, 0).await;
        world.invite(&scene.employer, &student).await;
    }
    let mut conn = world.conn().await;
    scene.execute("DELETE FROM jobs").await;
    assert_eq!(scene.sweep().await, 0, "nothing is late yet");
    world.platform.clock.advance(TimeDelta::days(60));
    let owed = number(
        &mut conn,
        "SELECT count(*) FROM messages WHERE status = 'PENDING'",
    )
    .await
        + 3;
    let sweeps: Vec<usize> = futures_util::future::join_all((0..4).map(|_| scene.sweep())).await;
    let made = sweeps.iter().sum::<usize>();
    assert_eq!(made, usize::try_from(owed).unwrap(), "each by one of them");
    assert_eq!(
        count(&mut conn, "jobs", "state = 'READY'").await,
        owed,
        "each once"
    );
    assert_eq!(scene.sweep().await, 0);
}

/// Another sweep made the job first, it ran and waits for its next attempt: this one read its page before that.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_sweep_neither_hurries_a_job_nor_gives_it_its_attempts_back() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let student = world.graduate(&scene.campus, 0).await;
    world.invite(&scene.employer, &student).await;
    world.platform.clock.advance(GRACE);
    scene
        .execute(
            "UPDATE jobs SET attempt = 7, run_at = now() + interval '1 hour' WHERE queue = 'send_message'",
        )
        .await;
    let mut conn = world.conn().await;
    let query = "SELECT jobs FROM jobs ORDER BY id";
    let before = text(&mut conn, query).await;
    let sendings: Vec<_> = scene
        .list()
        .await
        .iter()
        .map(|work| jobs::SendMessage { message_id: work.id })
        .collect();
    assert_eq!(jobs::enqueue_all(&conn, &sendings, world.now()).await.unwrap(), 0);
    assert_eq!(scene.sweep().await, 0);
    assert_eq!(text(&mut conn, query).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_has_not_left_is_listed_swept_and_driven() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let notice = AccountNotice {
        id: Uuid::now_v7(),
        account_id: scene.operator.account_id(),
        channel: PasscodeChannel::Email,
        address: "former@example.com".into(),
        template: MessageTemplate::ContactChanged,
        params: serde_json::json!({ "moment": "2027年3月5日 18:00" }),
        created_at: world.now(),
    };
    account_notice::owe(&mut *world.conn().await, &notice)
        .await
        .unwrap();
    assert!(scene.list().await.is_empty());
    world.platform.clock.advance(GRACE);
    let found = scene.list().await;
    assert_eq!((found[0].id, found[0].kind), (notice.id, StuckWorkKind::Notice));
    assert_eq!(found[0].job_state, Some(JobState::Ready));
    scene.execute("DELETE FROM jobs").await;
    assert_eq!(scene.sweep().await, 1, "a lost job is made anew");
    assert_eq!(scene.sweep().await, 0);
    scene
        .execute("UPDATE jobs SET state = 'PARKED', finished_at = now(), last_error = 'refused'")
        .await;
    let parked = scene.list().await.remove(0);
    assert_eq!(parked.job_state, Some(JobState::Parked));
    let mut conn = world.conn().await;
    assert!(stuck_work::drive(&mut conn, &parked, world.now()).await.unwrap());
    assert_eq!(scene.list().await[0].job_state, Some(JobState::Ready));
    account_notice::sent(&mut conn, notice.id).await.unwrap();
    assert!(scene.list().await.is_empty(), "sent, and its address is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_that_does_not_go_on_shows_and_is_driven() {
    let scene = Scene::new().await;
    let world = &scene.world;
    world.school_reviewer(&scene.campus).await;
    let insert = |status: &str, finished: &str| {
        format!(
            "INSERT INTO graduate_imports (id, school_id, created_by, file_name, file_format, byte_size, object_key, status,
                created_at, upload_until, progressed_at, finished_at)
             SELECT gen_random_uuid(), school_id, account_id, 'a', 'CSV', 1, '{status}', '{status}', now(), now(), now(), {finished}
             FROM reviewers LIMIT 1"
        )
    };
    for (status, finished) in [("AWAITING_UPLOAD", "NULL"), ("DONE", "now()"), ("QUEUED", "NULL")] {
        scene.execute(&insert(status, finished)).await;
    }
    assert_eq!(scene.kinds().await, Vec::<&str>::new(), "it has just begun");
    world.platform.clock.advance(GRACE + TimeDelta::seconds(1));
    assert_eq!(scene.kinds().await, ["IMPORT"]);
    let work = scene.list().await.remove(0);
    assert_eq!((work.job_state, work.case_id), (None, work.id), "its job is gone");
    assert_eq!(scene.sweep().await, 1);
    assert_eq!(scene.sweep().await, 0, "one job is enough");
    assert_eq!(scene.list().await[0].job_state, Some(JobState::Ready));
    scene
        .execute("UPDATE jobs SET state = 'PARKED', attempt = 10, finished_at = now() WHERE queue = 'import_graduates'")
        .await;
    let parked = scene.list().await.remove(0);
    assert_eq!(parked.job_state, Some(JobState::Parked));
    let mut conn = world.conn().await;
    assert!(stuck_work::drive(&mut conn, &parked, world.now()).await.unwrap());
    drop(conn);
    assert_eq!(scene.list().await[0].job_state, Some(JobState::Ready));
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_documents_are_walked_page_by_page_and_one_that_is_lost_has_one_job() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let student = world.graduate(&scene.campus, 0).await;
    let agreement = world.invite(&scene.employer, &student).await;
    let insert = format!(
        "INSERT INTO documents (id, agreement_id, version, paper, verification_code, created_at,
            ready_at, object_key, sha256, byte_size, superseded_at, marked_key)
         SELECT gen_random_uuid(), '{agreement}', n, '{{}}', n, now(), now(), 'key ' || n, sha256(n::text::bytea), n, now(), 'marked ' || n
         FROM generate_series(1, 3) AS n;
         INSERT INTO documents (id, agreement_id, version, paper, verification_code, created_at)
         VALUES ('{agreement}', '{agreement}', 4, '{{}}', 4, now())"
    );
    scene.execute(&insert).await;
    let mut conn = world.conn().await;
    let (mut walked, mut after) = (Vec::new(), Uuid::nil());
    while let Some(next) = stored_paper::stored(&mut conn, after, None, 1)
        .await
        .unwrap()
        .pop()
    {
        after = next.id;
        walked.push(next);
    }
    assert_eq!(walked.len(), 3, "what is not rendered is not there to be lost");
    assert!(walked.is_sorted_by_key(|document| document.id));
    for document in &walked {
        assert_eq!(document.of, PaperOf::Agreement(agreement));
        assert_eq!(document.pdf.object_key, format!("key {}", document.pdf.byte_size));
    }
    for (only, expected) in [(agreement, &walked[..]), (walked[1].id, &walked[1..2])] {
        let found = stored_paper::stored(&mut conn, Uuid::nil(), Some(only), 9).await;
        assert_eq!(found.unwrap(), expected);
    }

    let [lost, other] = [&walked[0], &walked[1]];
    let (of_lost, now) = (format!("unique_key = '{}'", lost.id), world.now());
    for _ in 0..2 {
        assert!(stuck_work::restore(&mut conn, lost, now).await.unwrap());
        assert_eq!(count(&mut conn, "jobs", &of_lost).await, 1);
    }
    let park = "UPDATE jobs SET state = 'PARKED', finished_at = now(), last_error = 'other fonts' WHERE";
    scene.execute(&format!("{park} {of_lost}")).await;
    let parked = stuck_work::parked_renderings(&mut conn, &[other, lost]).await;
    assert_eq!(parked.unwrap(), [(lost.id, "other fonts".to_owned())].into());
    assert!(stuck_work::restore(&mut conn, lost, now).await.unwrap());
    assert_eq!(count(&mut conn, "jobs", &of_lost).await, 1, "the same row");
    let parked = stuck_work::parked_renderings(&mut conn, &[other, lost]).await;
    assert!(parked.unwrap().is_empty());
    let running = format!(
        "UPDATE jobs SET state = 'RUNNING', lease_token = gen_random_uuid(), lease_until = now() WHERE {of_lost}"
    );
    scene.execute(&running).await;
    assert!(!stuck_work::restore(&mut conn, lost, now).await.unwrap());
}

/// Nobody was left to note it on the message or on the invitation.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_vanished_worker_gave_up_says_so_itself_after_the_sweep() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let student = world.graduate(&scene.campus, 0).await;
    world.invite(&scene.employer, &student).await;
    world.platform.clock.advance(GRACE);
    let ids: Vec<_> = scene.list().await.iter().map(|work| work.id).collect();
    let (given_up, other) = (ids[0], ids[1]);
    let invitation = Uuid::now_v7();
    scene
        .execute(&format!(
            "INSERT INTO member_invitations (id, employer_id, email, name, role, created_at, expires_at, delivery, silent)
             SELECT '{invitation}', employer_id, 'new@example.com', 'new', 'MEMBER', now() - interval '1 day',
                now() + interval '400 days', 'PENDING', false FROM employer_members LIMIT 1;
             INSERT INTO jobs (queue, payload, max_attempts, unique_key, state, finished_at, last_error)
             VALUES ('send_member_invitation', '{{}}', 5, '{invitation}', 'PARKED', now(), 'vanished');
             UPDATE jobs SET state = 'PARKED', attempt = 20, last_error = 'vanished', finished_at = now()
             WHERE unique_key = '{given_up}'"
        ))
        .await;
    assert_eq!(scene.sweep().await, 0, "what is parked waits for a person");
    let mut conn = world.conn().await;
    let message = |id: Uuid| {
        format!("SELECT status || ' ' || coalesce(last_error, '') FROM messages WHERE id = '{id}'")
    };
    assert_eq!(text(&mut conn, &message(given_up)).await, ["PARKED vanished"]);
    assert_eq!(text(&mut conn, &message(other)).await, ["PENDING "]);
    let delivery = format!("SELECT delivery FROM member_invitations WHERE id = '{invitation}'");
    assert_eq!(text(&mut conn, &delivery).await, ["FAILED"]);

    for id in [given_up, invitation] {
        let now = world.now();
        let retried = stuck_work::retry(&mut conn, &scene.operator, id, now)
            .await
            .unwrap();
        assert_eq!(retried.unwrap().job_state, Some(JobState::Ready));
    }
    assert_eq!(text(&mut conn, &message(given_up)).await, ["PENDING "]);
    assert_eq!(text(&mut conn, &delivery).await, ["PENDING"]);
}

/// An operator has it tried again after the sweep has read its page: the message must not be given up then, or the job that he
/// made due would find nothing to send.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_driven_while_the_sweep_looks_at_it_is_not_given_up() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let student = world.graduate(&scene.campus, 0).await;
    world.invite(&scene.employer, &student).await;
    world.platform.clock.advance(GRACE);
    let id = scene.list().await[0].id;
    scene
        .execute(&format!(
            "UPDATE jobs SET state = 'PARKED', finished_at = now() WHERE unique_key = '{id}'"
        ))
        .await;
    let (mut holder, mut watcher) = (world.conn().await, world.conn().await);
    let hold = format!("BEGIN; SELECT FROM jobs WHERE unique_key = '{id}' FOR UPDATE");
    execute(&mut holder, &hold).await;
    tokio::join!(scene.sweep(), async {
        let here = "datname = current_database() AND wait_event_type = 'Lock'";
        until(
            &mut watcher,
            &format!("EXISTS (SELECT FROM pg_stat_activity WHERE {here})"),
        )
        .await;
        let drive =
            format!("UPDATE jobs SET state = 'READY', finished_at = NULL WHERE unique_key = '{id}'; COMMIT");
        execute(&mut holder, &drive).await;
    });
    let status = format!("SELECT status FROM messages WHERE id = '{id}'");
    assert_eq!(text(&mut watcher, &status).await, ["PENDING"]);
}
