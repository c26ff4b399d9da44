//! Mail with secrets in it that its server refuses: what becomes of the code or the link, and how there is another.

use mail_parser::MessageParser;
use uuid::Uuid;
use wangqian_schema::{
    checks::Email,
    jobs::SendPasscode,
    model::{
        PageRequest, Viewer,
        employer::MemberRole,
        passcode::{self, PasscodeChannel, PasscodeRequest, PasscodeSubject, Purpose},
    },
    password,
    step::{self, Colleague},
    stuck_work::{self, GRACE, JobState, StuckWork, StuckWorkKind},
};

use crate::{
    mail::{Mood, Server},
    world::{Workers, World},
};

const REFUSED: Mood = Mood::AnswerRcpt("550 5.1.1 <lin@example.com>: not now");

fn work(world: &World, smtp: &Server) -> Workers {
    world.work(&["--smtp-url", &smtp.url, "--mail-from", "no-reply@wq.example"])
}

fn text_of(mail: &str) -> String {
    let mail = MessageParser::default().parse(mail).unwrap();
    mail.body_text(0).unwrap().into_owned()
}

/// What is stuck beside the recurring jobs of the workers, which come as the clock is moved.
async fn stuck(world: &World) -> Vec<StuckWork> {
    let mut conn = world.platform.pool.get().await.unwrap();
    let now = world.platform.clock.now();
    let page = stuck_work::page(&mut conn, &PageRequest::first(10), now).await;
    let mut items = page.unwrap().items;
    items.retain(|work| work.kind != StuckWorkKind::Recurring);
    items
}

/// The first code is worth nothing once it could not be sent, and is no work for anybody: its person asks for another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_code_comes_after_a_failed_delivery() {
    let world = World::new().await;
    let smtp = Server::start(REFUSED).await;
    let workers = work(&world, &smtp);
    let request = PasscodeRequest {
        purpose: Purpose::PasswordReset,
        subject: PasscodeSubject::of("lin@example.com"),
        account_id: Some(world.graduate.account_id()),
        channel: PasscodeChannel::Email,
        address: None,
    };
    let now = world.platform.clock.now();
    let conn = &mut *world.platform.pool.get().await.unwrap();
    let ask = async |conn: &mut _, done: i64| {
        passcode::request(conn, &request, now).await.unwrap();
        world.platform.waker.wake();
        let ended = format!(
            "SELECT count(*) FROM jobs WHERE queue = '{}' AND state = 'DONE'",
            <SendPasscode as wangqian_schema::jobs::Job>::QUEUE
        );
        world.comes_to(done, &ended).await;
    };
    ask(conn, 1).await;
    assert!(smtp.mails().is_empty());
    world.platform.clock.advance(GRACE);
    assert!(stuck(&world).await.is_empty());

    ask(conn, 2).await;
    let mails = smtp.mails();
    assert_eq!(mails.len(), 1);
    let text = text_of(&mails[0]);
    let mut runs = text.split(|c: char| !c.is_ascii_digit());
    let code = runs.find(|digits| digits.len() == 6).expect("a code");
    let tried = passcode::count_try(conn, request.purpose, request.subject, now).await;
    let hash = tried.unwrap().unwrap().code_hash.expect("it was armed");
    assert!(password::verify(code, &hash));
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_that_cannot_be_sent_is_stuck_until_it_is_driven_or_made_again() {
    let world = World::new().await;
    world
        .db
        .execute("UPDATE employer_members SET role = 'ADMINISTRATOR'")
        .await;
    let smtp = Server::start(REFUSED).await;
    let workers = work(&world, &smtp);
    let invite = async |silent: bool| {
        let colleague = Colleague {
            email: Email::parse("colleague@example.com").unwrap(),
            name: "示例同事".into(),
            role: MemberRole::Member,
        };
        step::invite_member(&world.platform, &world.employer, &colleague, silent)
            .await
            .unwrap();
    };
    let delivery = async |expected: &str| {
        let query = format!("SELECT count(*) FROM member_invitations WHERE delivery = '{expected}'");
        world.comes_to(1, &query).await;
    };
    invite(false).await;
    delivery("FAILED").await;
    world
        .comes_to(1, "SELECT count(*) FROM jobs WHERE state = 'PARKED'")
        .await;
    world.platform.clock.advance(GRACE);
    let found = stuck(&world).await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].kind, found[0].job_state),
        (StuckWorkKind::MemberInvitation, Some(JobState::Parked))
    );
    assert_eq!(
        found[0].last_error.as_deref(),
        Some("attempt 1: RCPT: the mail server answered 550 5.1.1")
    );
    let operator = Viewer::Operator {
        account_id: Uuid::now_v7(),
    };
    let mut conn = world.platform.pool.get().await.unwrap();
    let now = world.platform.clock.now();
    stuck_work::retry(&mut conn, &operator, found[0].id, now)
        .await
        .unwrap()
        .expect("it is driven");
    drop(conn);
    world.platform.waker.wake();
    delivery("SENT").await;
    assert!(text_of(&smtp.mails()[0]).contains("/join#"));
    assert!(stuck(&world).await.is_empty());

    *smtp.mood.lock().unwrap() = REFUSED;
    invite(false).await;
    delivery("FAILED").await;
    invite(false).await;
    delivery("SENT").await;
    assert_eq!(smtp.mails().len(), 2);
    // Where none may go, it shows as sent all the same.
    invite(true).await;
    delivery("SENT").await;
    world
        .comes_to(0, "SELECT count(*) FROM jobs WHERE state IN ('READY', 'RUNNING')")
        .await;
    assert_eq!(smtp.mails().len(), 2);
    workers.stop().await;
}
