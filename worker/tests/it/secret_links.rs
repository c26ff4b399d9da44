//! Secret links that go out by message: one that was sent stays the one that opens, whatever its job does afterwards.

use uuid::Uuid;
use wangqian_schema::{
    checks::Email,
    model::{
        employer::MemberRole,
        terms::{AgreementDraft, HouseholdRegistration, TermsDraft},
    },
    step::{self, AgreementStep, Colleague, IdempotencyKey},
    workflow::agreement::AgreementChannel,
};

use crate::world::World;

/// Has a colleague invited, with the link to join that goes with it.
async fn invite_a_colleague(world: &World) {
    world
        .db
        .execute("UPDATE employer_members SET role = 'ADMINISTRATOR'")
        .await;
    let colleague = Colleague {
        email: Email::parse("colleague@example.com").unwrap(),
        name: "示例同事".into(),
        role: MemberRole::Member,
    };
    step::invite_member(&world.platform, &world.employer, &colleague, false)
        .await
        .unwrap();
}

/// Has an approved agreement's contact sent the links for its stamped copy.
async fn ask_for_a_stamped_copy(world: &World) {
    let draft = AgreementDraft {
        employer_name: "示例山区中学".into(),
        credit_code: "12000000MA0000005B".into(),
        terms: TermsDraft {
            nature: "31".into(),
            industry: "34".into(),
            region: "110108".into(),
            address: "示例路一号".into(),
            position_category: "13".into(),
            position_title: "软件工程师".into(),
            contact_person: "示例联系人".into(),
            contact_mobile: "10000000001".into(),
            contact_email: "hr@example.com".into(),
            household_registration: Some(HouseholdRegistration::None),
            ..TermsDraft::default()
        },
    };
    let key = IdempotencyKey {
        key: Uuid::now_v7().to_string(),
        request_hash: [1; 32],
    };
    let channel = AgreementChannel::Offline;
    let drafted = step::create_agreement_draft(&world.platform, &world.graduate, channel, &draft, &key);
    let id = drafted.await.unwrap().agreement.id;
    world
        .take(world.graduate, id, AgreementStep::Submit(Vec::new()))
        .await;
    world.take(world.reviewer, id, AgreementStep::Approve).await;
    world
        .take(world.graduate, id, AgreementStep::RequestStampedCopy)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_runs_again_sends_nothing_more_and_ends_no_link_that_was_sent() {
    let world = World::new().await;
    let workers = world.work(&[]);
    invite_a_colleague(&world).await;
    ask_for_a_stamped_copy(&world).await;
    let kinds = [
        ("member_invitations", "send_member_invitation", 1),
        ("stamped_copy_links", "send_stamped_copy_link", 2),
    ];
    let tokens = |table| format!("SELECT string_agg(token_hash::text, ' ' ORDER BY id) FROM {table}");
    let ended =
        |queue| format!("SELECT count(*) FROM jobs WHERE queue = '{queue}' AND state IN ('DONE', 'PARKED')");
    let mut first = Vec::new();
    for (table, queue, links) in kinds {
        let sent = format!("SELECT count(*) FROM {table} WHERE delivery = 'SENT'");
        world.comes_to(links, &sent).await;
        world.comes_to(links, &ended(queue)).await;
        first.push(world.db.text(&tokens(table)).await);
    }

    // As when the worker was killed before the queue heard of it: another run, be it the last one, while nothing can be sent.
    let outbox = world.outbox.path().join("outbox");
    std::fs::rename(&outbox, world.outbox.path().join("before")).unwrap();
    std::fs::write(&outbox, "no folder").unwrap();
    for ((table, queue, links), first) in kinds.into_iter().zip(first) {
        let again = format!(
            "UPDATE jobs SET state = 'READY', finished_at = NULL, run_at = now(), attempt = max_attempts - 1 \
             WHERE queue = '{queue}'"
        );
        world.db.execute(&again).await;
        world.comes_to(links, &ended(queue)).await;
        let failed = format!("SELECT count(*) FROM jobs WHERE queue = '{queue}' AND state = 'PARKED'");
        assert_eq!(world.db.number(&failed).await, 0, "{table}: nothing was tried");
        assert_eq!(world.db.text(&tokens(table)).await, first, "{table}");
        let sent = format!("SELECT count(*) FROM {table} WHERE delivery = 'SENT'");
        assert_eq!(world.db.number(&sent).await, links, "{table}");
    }
    workers.stop().await;
}
