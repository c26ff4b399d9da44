//! The jobs of the product, as its workers run them.

use chrono::TimeDelta;
use mail_parser::MessageParser;
use sha2::{Digest, Sha256};
use wangqian_schema::step::AgreementStep;

use crate::{support::eventually, world::World};

const PENDING: &str = "SELECT count(*) FROM messages WHERE status = 'PENDING'";
const UNFINISHED: &str =
    "SELECT count(*) FROM jobs WHERE state IN ('READY', 'RUNNING') AND run_at < now() + interval '1 minute'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_is_mailed_and_nobody_is_written_to_without_an_address() {
    let world = World::new().await;
    world.invite(world.in_days(10)).await;
    let workers = world.work(&[]);
    world.comes_to(0, PENDING).await;
    let query = "SELECT count(*) FROM messages WHERE channel = 'EMAIL' AND status = 'SENT' AND sent_at IS NOT NULL \
                 AND provider_reference = id || '.eml'";
    assert_eq!(world.db.number(query).await, 1);
    assert_eq!(
        world
            .db
            .number("SELECT count(*) FROM messages WHERE channel = 'WECHAT' AND status = 'NO_ADDRESS'")
            .await,
        1
    );
    let mails = world.sent("mail");
    let mail = MessageParser::default().parse(&mails[0]).unwrap();
    assert_eq!(
        mail.to().unwrap().first().unwrap().address(),
        Some("lin@example.com")
    );
    assert!(mail.body_text(0).unwrap().contains("示例科技有限公司"));
    assert_eq!(mails.len(), 1);

    // A message that was sent is not sent again.
    std::fs::remove_dir_all(world.outbox.path().join("outbox")).unwrap();
    world.comes_to(0, UNFINISHED).await;
    world
        .db
        .execute("UPDATE jobs SET state = 'READY', finished_at = NULL WHERE queue = 'send_message'")
        .await;
    world.comes_to(0, UNFINISHED).await;
    assert!(world.sent("mail").is_empty());
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_with_a_wechat_is_told_there() {
    let world = World::new().await;
    world
        .db
        .execute("UPDATE accounts SET wechat_open_id = 'open-1' WHERE kind = 'GRADUATE'")
        .await;
    world.invite(world.in_days(10)).await;
    let workers = world.work(&[]);
    world.comes_to(0, PENDING).await;
    let texts = world.sent("wechat");
    assert!(String::from_utf8_lossy(&texts[0]).starts_with("To: open-1\n\n"));
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unanswered_invitation_is_reminded_of_and_ends_on_time() {
    let world = World::new().await;
    let agreement = world.invite(world.in_days(3)).await;
    let workers = world.work(&[]);
    world
        .platform
        .clock
        .advance(TimeDelta::days(2) + TimeDelta::minutes(1));
    world
        .comes_to(
            1,
            "SELECT count(*) FROM case_events WHERE action = 'REMIND' AND actor_role = 'WORKER'",
        )
        .await;
    assert_eq!(
        world
            .db
            .number("SELECT count(*) FROM agreements WHERE status = 'INVITED'")
            .await,
        1
    );
    world.platform.clock.advance(TimeDelta::days(1));
    world
        .comes_to(
            1,
            &format!("SELECT count(*) FROM agreements WHERE status = 'EXPIRED' AND id = '{agreement}'"),
        )
        .await;
    world.comes_to(0, PENDING).await;
    // Invited, reminded, expired to the graduate; expired to the employer.
    assert_eq!(world.sent("mail").len(), 4);
    world
        .comes_to(0, "SELECT count(*) FROM jobs WHERE state <> 'DONE'")
        .await;
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn timers_leave_an_answered_invitation_alone_and_wait_when_they_come_too_early() {
    let world = World::new().await;
    let agreement = world.invite(world.in_days(10)).await;
    world
        .db
        .execute("UPDATE jobs SET run_at = now() WHERE queue IN ('expire_invitation', 'remind_invitation')")
        .await;
    let workers = world.work(&[]);
    for (queue, lead) in [("expire_invitation", 0), ("remind_invitation", 24)] {
        let query = format!(
            "SELECT count(*) FROM jobs CROSS JOIN agreements WHERE queue = '{queue}' AND state = 'READY' AND attempt = 1 \
             AND abs(extract(epoch FROM response_deadline - interval '{lead} hours' - run_at)) < 1 \
             AND last_error = 'attempt 1: the time has not come yet'"
        );
        world.comes_to(1, &query).await;
    }
    world
        .take(world.graduate, agreement, AgreementStep::Decline(None))
        .await;
    world
        .db
        .execute("UPDATE jobs SET run_at = now() WHERE state = 'READY'")
        .await;
    world
        .comes_to(0, "SELECT count(*) FROM jobs WHERE state <> 'DONE'")
        .await;
    assert_eq!(
        world
            .db
            .number("SELECT count(*) FROM agreements WHERE status = 'DECLINED'")
            .await,
        1
    );
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_cannot_be_sent_shows_as_parked_with_the_reason() {
    let world = World::new().await;
    world
        .db
        .execute("UPDATE accounts SET email = 'lin at campus' WHERE kind = 'GRADUATE'")
        .await;
    let agreement = world.invite(world.in_days(10)).await;
    let workers = world.work(&[]);
    let parked = "SELECT count(*) FROM messages JOIN jobs ON jobs.payload ->> 'message_id' = messages.id::text \
                  WHERE status = 'PARKED' AND state = 'PARKED'";
    world
        .comes_to(
            1,
            &format!("{parked} AND messages.last_error = 'the e-mail address is not a valid one'"),
        )
        .await;
    workers.stop().await;

    // The same when the last attempt fails of something that might have passed.
    std::fs::remove_dir_all(world.outbox.path().join("outbox")).unwrap_or_default();
    std::fs::write(
        world.outbox.path().join("outbox"),
        "a file where a folder should be",
    )
    .unwrap();
    world.take(world.employer, agreement, AgreementStep::Cancel).await;
    world
        .db
        .execute("UPDATE accounts SET email = 'lin@example.com' WHERE kind = 'GRADUATE'")
        .await;
    world
        .db
        .execute("UPDATE jobs SET max_attempts = 1 WHERE state = 'READY'")
        .await;
    let workers = world.work(&[]);
    world
        .comes_to(
            1,
            &format!("{parked} AND messages.last_error LIKE 'the outbox cannot be written: %'"),
        )
        .await;
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_of_things_that_do_not_exist_are_parked() {
    let world = World::new().await;
    let nobody = "00000000-0000-0000-0000-000000000000";
    for (queue, field) in [
        ("expire_invitation", "agreement_id"),
        ("remind_invitation", "agreement_id"),
        ("render_document", "document_id"),
        ("send_message", "message_id"),
        ("check_upload", "upload_id"),
    ] {
        let insert = format!(
            "INSERT INTO jobs (queue, payload, max_attempts) VALUES ('{queue}', '{{\"{field}\": \"{nobody}\"}}', 5)"
        );
        world.db.execute(&insert).await;
    }
    let workers = world.work(&[]);
    world.comes_to(5, "SELECT count(*) FROM jobs WHERE state = 'PARKED' AND last_error LIKE 'attempt 1: there is no such %'").await;
    workers.stop().await;
}

async fn sign(world: &World) {
    let agreement = world.invite(world.in_days(10)).await;
    world.take(world.graduate, agreement, AgreementStep::Accept).await;
    world
        .take(world.reviewer, agreement, AgreementStep::Approve)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_agreement_gets_its_pdf_once() {
    let world = World::new().await;
    sign(&world).await;
    let workers = world.work(&[]);
    world
        .comes_to(1, "SELECT count(*) FROM documents WHERE ready_at IS NOT NULL")
        .await;
    world.comes_to(0, UNFINISHED).await;
    let stored = world
        .db
        .text("SELECT object_key || ' ' || encode(sha256, 'hex') || ' ' || byte_size || ' ' || id FROM documents")
        .await;
    let [key, hash, size, id] = stored.split(' ').collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(key, format!("documents/{id}/{hash}.pdf"));
    let pdf = world.storage.get(key).await.unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    assert_eq!(pdf.len().to_string(), size);
    assert_eq!(
        Sha256::digest(&pdf)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>(),
        hash
    );

    // Again, as after a crash between storing and noting, and once more for nothing.
    let events = "SELECT count(*) FROM case_events WHERE action = 'STORE_DOCUMENT'";
    assert_eq!(world.db.number(events).await, 1);
    world
        .db
        .execute("UPDATE jobs SET state = 'READY', finished_at = NULL WHERE queue = 'render_document'")
        .await;
    world.comes_to(0, UNFINISHED).await;
    assert_eq!(world.db.number(events).await, 1, "noted once");
    world
        .db
        .execute(
            "UPDATE documents SET ready_at = NULL, object_key = NULL, sha256 = NULL, byte_size = NULL; \
             UPDATE jobs SET state = 'READY', finished_at = NULL WHERE queue = 'render_document'",
        )
        .await;
    world
        .comes_to(1, "SELECT count(*) FROM documents WHERE ready_at IS NOT NULL")
        .await;
    let again = world.db.text("SELECT encode(sha256, 'hex') FROM documents").await;
    assert_eq!(again, hash, "the same paper gives the same bytes");
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_pdf_is_put_again_with_the_same_bytes_or_not_at_all() {
    let world = World::new().await;
    sign(&world).await;
    let workers = world.work(&[]);
    let ready = "SELECT count(*) FROM documents WHERE ready_at IS NOT NULL";
    world.comes_to(1, ready).await;
    world.comes_to(0, UNFINISHED).await;
    let key = world.db.text("SELECT object_key FROM documents").await;
    let pdf = world.storage.get(&key).await.unwrap();
    let again = async || {
        let due = "UPDATE jobs SET state = 'READY', finished_at = NULL WHERE queue = 'render_document'";
        world.db.execute(due).await;
        world.comes_to(0, UNFINISHED).await;
    };
    let all = "SELECT documents::text || (SELECT count(*) FROM case_events) || (SELECT count(*) FROM messages) FROM documents";
    let before = world.db.text(all).await;

    world.storage.delete(&key).await.unwrap();
    again().await;
    assert!(world.storage.get(&key).await.unwrap() == pdf);
    for damage in [&pdf[..100], &vec![b'%'; pdf.len()]] {
        world.storage.put(&key, "application/pdf", damage).await.unwrap();
        again().await;
        assert!(world.storage.get(&key).await.unwrap() == pdf);
    }
    assert_eq!(
        world.db.text(all).await,
        before,
        "nothing was noted, nobody is told"
    );

    // One that is there is not drawn again: this paper could not be.
    let form = "UPDATE documents SET paper = jsonb_set(paper, '{layout}', '\"none\"')";
    world.db.execute(form).await;
    again().await;
    let parked = "SELECT count(*) FROM jobs WHERE state = 'PARKED'";
    assert_eq!(world.db.number(parked).await, 0);

    // As with fonts or a release other than those of then.
    let other = "UPDATE documents SET paper = paper || '{\"layout\": 1, \"agreement_number\": \"2\"}'";
    world.db.execute(other).await;
    world.storage.delete(&key).await.unwrap();
    again().await;
    assert_eq!(world.db.number(parked).await, 1);
    let error = world
        .db
        .text("SELECT last_error FROM jobs WHERE state = 'PARKED'")
        .await;
    assert!(error.contains("renders other bytes than were stored"), "{error}");
    assert!(
        error.ends_with(&format!("instead of {}", &key[key.len() - 68..key.len() - 4])),
        "{error}"
    );
    assert_eq!(world.storage.head(&key).await.unwrap(), None);
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paper_that_cannot_be_drawn_is_parked_naming_the_field_and_an_absent_store_is_waited_for() {
    let world = World::new().await;
    // A character for private use: no font has it, and no person's data is in this test.
    world
        .db
        .execute("UPDATE graduates SET major = E'\\U000F0000示例专业'")
        .await;
    sign(&world).await;
    let workers = world.work(&[]);
    let parked = "SELECT count(*) FROM jobs WHERE queue = 'render_document' AND state = 'PARKED'";
    world.comes_to(1, parked).await;
    let error = world
        .db
        .text("SELECT last_error FROM jobs WHERE queue = 'render_document'")
        .await;
    assert_eq!(
        error,
        "attempt 1: no loaded font can draw U+F0000, which stands in graduate.major (专业)"
    );

    let World { store, db, .. } = world;
    store.stop().await;
    db.execute("UPDATE documents SET paper = jsonb_set(paper, '{graduate,major}', '\"示例专业\"')")
        .await;
    db.execute(
        "UPDATE jobs SET state = 'READY', finished_at = NULL, attempt = 0 WHERE queue = 'render_document'",
    )
    .await;
    let waiting = "SELECT count(*) FROM jobs WHERE state = 'READY' AND attempt = 1 \
                   AND last_error LIKE 'attempt 1: the PDF could not be stored: %'";
    eventually("the job waits for the store", async || {
        (db.number(waiting).await == 1).then_some(())
    })
    .await;
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_owed_is_done_although_its_job_was_lost() {
    let world = World::new().await;
    let agreement = world.invite(world.in_days(10)).await;
    world.take(world.graduate, agreement, AgreementStep::Accept).await;
    world
        .take(world.reviewer, agreement, AgreementStep::Approve)
        .await;
    world.db.execute("DELETE FROM jobs").await;
    world.platform.clock.advance(wangqian_schema::stuck_work::GRACE);
    let workers = world.work(&["--sweep-seconds", "1"]);
    world.comes_to(0, PENDING).await;
    world
        .comes_to(0, "SELECT count(*) FROM documents WHERE ready_at IS NULL")
        .await;
    // Invited, signed to the graduate; accepted, signed to the employer.
    let query = "SELECT count(*) FROM messages WHERE channel = 'EMAIL' AND status = 'SENT'";
    assert_eq!((world.db.number(query).await, world.sent("mail").len()), (4, 4));
    workers.stop().await;
}
