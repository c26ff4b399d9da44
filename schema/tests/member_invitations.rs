//! What becomes of a colleague's invitation when he is invited again.

use uuid::Uuid;
use wangqian_schema::{
    SecretToken,
    checks::Email,
    model::{employer::MemberRole, member, secret_link::SecretLink},
    step::{Colleague, invite_member},
};

use crate::support::{World, execute, number, text};

#[tokio::test(flavor = "multi_thread")]
async fn invited_again_before_the_mail_went_the_first_mail_still_goes() {
    let world = World::new().await;
    let company = world.employer().await;
    let conn = &mut *world.conn().await;
    execute(conn, "UPDATE employer_members SET role = 'ADMINISTRATOR'").await;
    let invite = async |name: &str, silent: bool| {
        let colleague = Colleague {
            name: name.to_owned(),
            email: Email::parse("joiner@example.com").unwrap(),
            role: MemberRole::Member,
        };
        invite_member(&world.platform, &company.viewer, &colleague, silent)
            .await
            .unwrap();
    };
    invite("示例同事", false).await;
    let sending: Uuid = text(conn, "SELECT id::text FROM member_invitations").await[0]
        .parse()
        .unwrap();
    // At once again, with another name: no second mail may go, and the first is still to.
    invite("示例新名", true).await;
    let owed = member::waiting(conn, sending, world.now()).await.unwrap();
    let (owed, _) = owed.expect("its job finds it");
    assert_eq!((owed.name.as_str(), owed.silent), ("示例新名", false));
    let told = "SELECT DISTINCT changes->>'invitation' FROM case_events WHERE action = 'INVITE_MEMBER'";
    assert_eq!(
        text(conn, told).await,
        [sending.to_string()],
        "the trail knows no other"
    );

    // After it went, or was given up, the newer one counts, and sends nothing.
    execute(conn, "UPDATE member_invitations SET delivery = 'SENT'").await;
    invite("示例同事", true).await;
    assert!(
        member::waiting(conn, sending, world.now())
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(
        number(conn, "SELECT count(*) FROM member_invitations WHERE silent").await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_that_was_armed_last_is_the_one_that_is_to_be_sent() {
    let world = World::new().await;
    let company = world.employer().await;
    let conn = &mut *world.conn().await;
    execute(conn, "UPDATE employer_members SET role = 'ADMINISTRATOR'").await;
    let colleague = Colleague {
        name: "示例同事".to_owned(),
        email: Email::parse("joiner@example.com").unwrap(),
        role: MemberRole::Member,
    };
    invite_member(&world.platform, &company.viewer, &colleague, false)
        .await
        .unwrap();
    let id = text(conn, "SELECT id::text FROM member_invitations").await[0]
        .parse()
        .unwrap();
    let link = SecretLink::MemberInvitation(id);
    let (first, second) = (SecretToken::generate(), SecretToken::generate());
    assert!(link.arm(conn, &first).await.unwrap());
    // Its worker vanished for the queue, and another one has begun.
    assert!(link.arm(conn, &second).await.unwrap());
    let delivery = "SELECT delivery FROM member_invitations";
    link.sent(conn, &first).await.unwrap();
    assert_eq!(text(conn, delivery).await, ["PENDING"], "what went opens nothing");
    link.sent(conn, &second).await.unwrap();
    assert_eq!(text(conn, delivery).await, ["SENT"]);
}
