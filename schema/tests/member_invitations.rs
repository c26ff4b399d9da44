//! What becomes of a colleague's invitation when he is invited again.

use uuid::Uuid;
use wangqian_schema::{
    checks::Email,
    model::{employer::MemberRole, member},
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
