//! The reviewers' daily digest: who is told of what, once a day whatever runs beside.

use chrono::{NaiveDate, TimeDelta};
use diesel_async::RunQueryDsl;
use futures_util::future::join_all;
use wangqian_schema::{
    clock::{format_moment, shanghai_date},
    messages::{self, MessageTemplate},
    model::{
        PageRequest, Viewer,
        delivery::{self, DeliveryFilter},
        message::{self, Channel, MessageStatus},
        review_digest,
    },
    step::{AgreementStep, TerminationStep},
    stuck_work::{self, GRACE, StuckWorkKind},
    workflow::ReviewRoute,
};

use crate::support::{World, count, execute, number, text};

/// Owes the digest of a day to everybody; how many batches there were.
async fn owe(world: &World, day: NaiveDate) -> usize {
    let mut conn = world.conn().await;
    let (mut after, mut batches) = (None, 0);
    loop {
        after = review_digest::owe(&mut conn, day, after, world.now())
            .await
            .unwrap();
        if after.is_none() {
            return batches;
        }
        batches += 1;
    }
}

async fn inbox(world: &World, viewer: &Viewer) -> Vec<String> {
    let mut conn = world.conn().await;
    let page = message::inbox(&mut conn, viewer.account_id(), false, &PageRequest::first(10)).await;
    page.unwrap()
        .items
        .iter()
        .filter(|message| {
            [MessageTemplate::ReviewDigest, MessageTemplate::DisputeDigest].contains(&message.template)
        })
        .map(|message| {
            assert_eq!(message.event_id, None);
            messages::write(message.template, Channel::InApp, &message.params, "")
                .unwrap()
                .body
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reviewer_is_told_of_what_waits_at_his_level_and_place() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::DepartmentThenSchool).await;
    let elsewhere = world.school(ReviewRoute::SchoolOnly).await;
    let (first, second) = (world.graduate(&campus, 0).await, world.graduate(&campus, 0).await);
    let other = world.graduate(&campus, 1).await;
    let company = world.employer().await;
    let department = world.department_reviewer(&campus, 0).await;
    let other_department = world.department_reviewer(&campus, 1).await;
    let school = world.school_reviewer(&campus).await;
    let stranger = world.school_reviewer(&elsewhere).await;
    let disabled = world.department_reviewer(&campus, 0).await;
    let mut conn = world.conn().await;
    let disable = format!(
        "UPDATE accounts SET disabled_at = now() WHERE id = '{}'",
        disabled.account_id()
    );
    execute(&mut conn, &disable).await;

    // One waits for the school, one for its termination at the department, one to be signed at the other department.
    let signed = world.invite(&company, &first).await;
    world
        .take(&first.viewer, signed, AgreementStep::Accept)
        .await
        .unwrap();
    world
        .take(&department, signed, AgreementStep::Approve)
        .await
        .unwrap();
    world.take(&school, signed, AgreementStep::Approve).await.unwrap();
    let ended = world.request_termination(&first.viewer, signed).await.unwrap();
    let ended = world
        .take_termination(&company.viewer, ended.termination.id, TerminationStep::Accept)
        .await
        .unwrap();
    let oldest = ended.termination.waiting_since.unwrap();
    let signing = world.invite(&company, &second).await;
    world
        .take(&second.viewer, signing, AgreementStep::Accept)
        .await
        .unwrap();
    world.platform.clock.advance(TimeDelta::hours(2));
    let third = world.invite(&company, &other).await;
    world
        .take(&other.viewer, third, AgreementStep::Accept)
        .await
        .unwrap();
    let third = world
        .take(&other_department, third, AgreementStep::Approve)
        .await
        .unwrap();
    let newest = third.agreement.waiting_since.unwrap();

    let day = shanghai_date(world.now());
    assert_eq!(owe(&world, day).await, 1);
    for (viewer, waiting, since) in [
        (
            &department,
            "有 2 件事项待您审核：线上签约 1 件、线上解约 1 件",
            oldest,
        ),
        (&school, "有 1 件事项待您审核：线上签约 1 件", newest),
    ] {
        let told = inbox(&world, viewer).await;
        let expected = format!("，{waiting}。最早的一件自{}起等待审核。", format_moment(since));
        assert!(
            matches!(&told[..], [one] if one.ends_with(&expected)),
            "{told:?}, not {expected}"
        );
    }
    for nobody in [other_department, stranger, disabled] {
        assert!(inbox(&world, &nobody).await.is_empty());
    }
    // By mail as well, with the job that sends it.
    let mails = "SELECT status FROM messages WHERE template = 'REVIEW_DIGEST' AND channel = 'EMAIL'";
    assert_eq!(text(&mut conn, mails).await, ["PENDING"; 2]);
    let sends = "SELECT count(*) FROM jobs JOIN messages ON unique_key = messages.id::text \
                 WHERE queue = 'send_message' AND digest_on IS NOT NULL AND payload = jsonb_build_object('message_id', messages.id) \
                 AND priority = 0 AND max_attempts = 20 AND run_at = messages.created_at";
    assert_eq!(number(&mut conn, sends).await, 2);

    // Nothing more on that day, also of what came later; the next day all the same.
    world
        .take(&department, signing, AgreementStep::Approve)
        .await
        .unwrap();
    owe(&world, day).await;
    assert_eq!(inbox(&world, &department).await.len(), 1);
    owe(&world, day + TimeDelta::days(1)).await;
    assert_eq!(inbox(&world, &department).await.len(), 2);
    assert_eq!(inbox(&world, &school).await.len(), 2);
}

/// What a graduate disputes before he leaves school waits for both levels, also where nothing else does.
#[tokio::test(flavor = "multi_thread")]
async fn disputes_are_told_to_whoever_may_answer_them() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let company = world.employer().await;
    let (first, second) = (world.graduate(&campus, 0).await, world.graduate(&campus, 1).await);
    let department = world.department_reviewer(&campus, 0).await;
    let school = world.school_reviewer(&campus).await;
    let mut conn = world.conn().await;
    let disputed = "INSERT INTO leaving_confirmations (id, graduate_id, class_year, school_id, department_id, status, reason, answer, updated_at)
        SELECT gen_random_uuid(), id, class_year, school_id, department_id, status, '示例', '示例', now()
        FROM graduates, (VALUES ('DISPUTED'), ('ANSWERED')) AS of (status)
        WHERE (status = 'DISPUTED') = (student_number <> ";
    execute(&mut conn, &format!("{disputed} '{}')", first.student_number)).await;
    let signing = world.invite(&company, &first).await;
    world
        .take(&first.viewer, signing, AgreementStep::Accept)
        .await
        .unwrap();
    let day = shanghai_date(world.now());
    owe(&world, day).await;
    assert!(
        inbox(&world, &department).await.is_empty(),
        "answered, and the other is of another department"
    );
    let told = inbox(&world, &school).await;
    assert!(
        matches!(&told[..], [one] if one.contains("线上签约 1 件") && one.ends_with("。有 1 件离校确认异议待您答复。")),
        "{told:?}"
    );
    let both = format!(
        "UPDATE leaving_confirmations SET status = 'DISPUTED' WHERE graduate_id <> '{}'",
        second.id
    );
    execute(&mut conn, &both).await;
    owe(&world, day + TimeDelta::days(1)).await;
    let told = inbox(&world, &department).await;
    assert!(
        matches!(&told[..], [one] if one.ends_with("，有 1 件离校确认异议待您答复。") && !one.contains("审核")),
        "{told:?}"
    );
    assert!(inbox(&world, &school).await[0].contains("有 2 件离校确认异议"));
    // Alone they are a message of their own, which a worker that knows of reviews only does not take for one of them.
    for (of, template) in [(&department, "DISPUTE_DIGEST"), (&school, "REVIEW_DIGEST")] {
        let newest = format!(
            "SELECT DISTINCT template FROM messages WHERE account_id = '{}' AND digest_on = '{}'",
            of.account_id(),
            day + TimeDelta::days(1)
        );
        assert_eq!(text(&mut conn, &newest).await, [template]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_runs_at_once_tells_each_reviewer_once_and_batches_miss_nobody() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let company = world.employer().await;
    let student = world.graduate(&campus, 0).await;
    let agreement = world.invite(&company, &student).await;
    world
        .take(&student.viewer, agreement, AgreementStep::Accept)
        .await
        .unwrap();
    let mut conn = world.conn().await;
    let many = format!(
        "WITH opened AS (INSERT INTO accounts (id, kind, email, password_hash) \
           SELECT gen_random_uuid(), 'REVIEWER', 'many' || n || '@example.com', '-' FROM generate_series(1, 450) AS n RETURNING id) \
         INSERT INTO reviewers (account_id, school_id, name) SELECT id, '{}', '示例老师' FROM opened",
        campus.id
    );
    execute(&mut conn, &many).await;
    let day = shanghai_date(world.now());
    let batches = join_all((0..4).map(|_| owe(&world, day))).await;
    assert_eq!(batches, [3; 4], "450 reviewers by 200");
    for channel in ["IN_APP", "EMAIL"] {
        let told = format!("template = 'REVIEW_DIGEST' AND channel = '{channel}'");
        assert_eq!(count(&mut conn, "messages", &told).await, 450, "{channel}");
    }
    let sends = "SELECT count(*) FROM jobs JOIN messages ON unique_key = messages.id::text WHERE digest_on IS NOT NULL";
    assert_eq!(number(&mut conn, sends).await, 450);
    // The database itself: one a person, day and channel, and never of an event as well.
    for wrong in [
        "INSERT INTO messages (id, digest_on, account_id, channel, template, params, status, created_at) \
         SELECT gen_random_uuid(), digest_on, account_id, channel, template, params, status, created_at \
         FROM messages WHERE digest_on IS NOT NULL LIMIT 1",
        "UPDATE messages SET digest_on = NULL WHERE digest_on IS NOT NULL",
        "UPDATE messages SET digest_on = '2027-03-05' WHERE event_id IS NOT NULL",
    ] {
        assert!(
            diesel::sql_query(wrong).execute(&mut conn).await.is_err(),
            "{wrong}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_how_far_a_digest_got_and_drive_what_is_stuck() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let company = world.employer().await;
    let student = world.graduate(&campus, 0).await;
    let reviewer = world.school_reviewer(&campus).await;
    let agreement = world.invite(&company, &student).await;
    world
        .take(&student.viewer, agreement, AgreementStep::Accept)
        .await
        .unwrap();
    owe(&world, shanghai_date(world.now())).await;
    let operator = world.operator().await;
    let mut conn = world.conn().await;

    let all = DeliveryFilter::default();
    let page = delivery::list(&mut conn, &operator, &all, &PageRequest::first(50))
        .await
        .unwrap();
    let of_digest: Vec<_> = page
        .items
        .iter()
        .filter(|delivery| delivery.template == MessageTemplate::ReviewDigest)
        .collect();
    assert_eq!(of_digest.len(), 2);
    for delivery in &of_digest {
        assert_eq!(
            (delivery.case_id, delivery.account_id),
            (None, reviewer.account_id())
        );
        let found = delivery::find(&mut conn, &operator, delivery.id).await.unwrap();
        assert_eq!(found.unwrap().case_id, None);
    }
    let of_case = DeliveryFilter {
        case_id: Some(agreement),
        ..all
    };
    let page = delivery::list(&mut conn, &operator, &of_case, &PageRequest::first(50))
        .await
        .unwrap();
    assert!(
        !page.items.is_empty()
            && page
                .items
                .iter()
                .all(|delivery| delivery.case_id == Some(agreement))
    );

    // Its mail is parked; the account stands where the case stands otherwise.
    let mail = of_digest
        .iter()
        .find(|delivery| delivery.channel == Channel::Email)
        .unwrap()
        .id;
    execute(
        &mut conn,
        &format!("UPDATE messages SET status = 'PARKED' WHERE id = '{mail}'"),
    )
    .await;
    world.platform.clock.advance(GRACE);
    let now = world.now();
    let stuck = stuck_work::find(&mut conn, &operator, mail, now)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (stuck.kind, stuck.case_id),
        (StuckWorkKind::Message, reviewer.account_id())
    );
    stuck_work::retry(&mut conn, &operator, mail, now)
        .await
        .unwrap()
        .unwrap();
    let again = message::find(&mut conn, mail).await.unwrap().unwrap();
    assert_eq!(again.status, MessageStatus::Pending);
    // A lost job is made anew.
    execute(
        &mut conn,
        &format!("DELETE FROM jobs WHERE unique_key = '{mail}'"),
    )
    .await;
    assert_eq!(stuck_work::sweep(&mut conn, now).await.unwrap(), 1);
    let made = format!("SELECT payload->>'message_id' FROM jobs WHERE unique_key = '{mail}'");
    assert_eq!(text(&mut conn, &made).await, [mail.to_string()]);
}
