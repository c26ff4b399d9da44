//! What people do not want by mail or WeChat is not owed to them there; the inbox has everything.

use wangqian_schema::{
    clock::shanghai_date,
    messages::MessageGroup,
    model::{
        Viewer,
        message::Channel,
        message_preference::{self, MessagePreference, NotOffered},
        review_digest,
    },
    step::AgreementStep,
    workflow::ReviewRoute,
};

use crate::support::{World, count, number, text};

async fn set(
    world: &World,
    viewer: &Viewer,
    group: MessageGroup,
    channel: Channel,
    enabled: bool,
) -> Result<(), NotOffered> {
    let preference = MessagePreference {
        group,
        channel,
        enabled,
    };
    let mut conn = world.conn().await;
    message_preference::set(&mut conn, viewer, preference, world.now())
        .await
        .unwrap()
}

/// By which channels somebody is told of what, as `TEMPLATE CHANNEL`.
async fn told(world: &World, viewer: &Viewer) -> Vec<String> {
    let mut conn = world.conn().await;
    let query = format!(
        "SELECT template || ' ' || channel FROM messages WHERE account_id = '{}' ORDER BY created_at, channel",
        viewer.account_id()
    );
    text(&mut conn, &query).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_does_not_want_by_mail_still_comes_to_his_inbox() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let (student, classmate) = (world.graduate(&campus, 0).await, world.graduate(&campus, 0).await);
    let company = world.employer().await;
    let colleague = world.member(company.id).await;
    let reviewer = world.school_reviewer(&campus).await;
    set(
        &world,
        &student.viewer,
        MessageGroup::Invitations,
        Channel::Email,
        false,
    )
    .await
    .unwrap();
    set(
        &world,
        &colleague,
        MessageGroup::Invitations,
        Channel::Email,
        false,
    )
    .await
    .unwrap();
    set(
        &world,
        &reviewer,
        MessageGroup::DailyDigest,
        Channel::Email,
        false,
    )
    .await
    .unwrap();

    let agreement = world.invite(&company, &student).await;
    world.invite(&company, &classmate).await;
    assert_eq!(
        told(&world, &student.viewer).await,
        ["INVITATION_RECEIVED IN_APP", "INVITATION_RECEIVED WECHAT"]
    );
    assert_eq!(
        told(&world, &classmate.viewer).await.len(),
        3,
        "another's choice is his own"
    );
    world
        .take(&student.viewer, agreement, AgreementStep::Accept)
        .await
        .unwrap();
    assert_eq!(
        told(&world, &company.viewer).await,
        ["INVITATION_ACCEPTED EMAIL", "INVITATION_ACCEPTED IN_APP"]
    );
    assert_eq!(told(&world, &colleague).await, ["INVITATION_ACCEPTED IN_APP"]);
    let mut conn = world.conn().await;
    review_digest::owe(&mut conn, shanghai_date(world.now()), None, world.now())
        .await
        .unwrap();
    assert_eq!(told(&world, &reviewer).await, ["REVIEW_DIGEST IN_APP"]);
    // Other kinds go on, and so do these once they are wanted again.
    world
        .take(&reviewer, agreement, AgreementStep::Approve)
        .await
        .unwrap();
    let signed = told(&world, &student.viewer).await;
    assert_eq!(
        signed[2..],
        [
            "AGREEMENT_SIGNED EMAIL",
            "AGREEMENT_SIGNED IN_APP",
            "AGREEMENT_SIGNED WECHAT"
        ]
    );
    set(
        &world,
        &colleague,
        MessageGroup::Invitations,
        Channel::Email,
        true,
    )
    .await
    .unwrap();
    let other = world.graduate(&campus, 1).await;
    let declined = world.invite(&company, &other).await;
    world
        .take(&other.viewer, declined, AgreementStep::Decline(None))
        .await
        .unwrap();
    assert!(
        told(&world, &colleague)
            .await
            .contains(&"INVITATION_DECLINED EMAIL".to_owned())
    );

    // No message without its job, and no job without its message.
    let sends = count(&mut conn, "jobs", "queue = 'send_message'").await;
    let owed = "SELECT count(*) FROM messages JOIN jobs ON unique_key = messages.id::text AND queue = 'send_message' WHERE channel <> 'IN_APP'";
    assert_eq!(number(&mut conn, owed).await, sends);
    assert_eq!(count(&mut conn, "messages", "channel <> 'IN_APP'").await, sends);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_offered_is_chosen_and_everybody_chooses_for_himself() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let student = world.graduate(&campus, 0).await.viewer;
    let member = world.employer().await.viewer;
    let reviewer = world.school_reviewer(&campus).await;
    let operator = world.operator().await;
    for (viewer, group, channel, refused) in [
        (
            &student,
            MessageGroup::DailyDigest,
            Channel::Email,
            NotOffered::Group,
        ),
        (
            &student,
            MessageGroup::Invitations,
            Channel::Sms,
            NotOffered::Channel,
        ),
        (
            &student,
            MessageGroup::Invitations,
            Channel::InApp,
            NotOffered::Channel,
        ),
        (
            &member,
            MessageGroup::Invitations,
            Channel::Wechat,
            NotOffered::Channel,
        ),
        (
            &member,
            MessageGroup::DataCorrections,
            Channel::Email,
            NotOffered::Group,
        ),
        (
            &reviewer,
            MessageGroup::Reviews,
            Channel::Email,
            NotOffered::Group,
        ),
        (
            &operator,
            MessageGroup::DailyDigest,
            Channel::Email,
            NotOffered::Group,
        ),
    ] {
        for enabled in [true, false] {
            assert_eq!(
                set(&world, viewer, group, channel, enabled).await,
                Err(refused),
                "{group} {channel}"
            );
        }
    }
    let mut conn = world.conn().await;
    assert_eq!(count(&mut conn, "message_opt_outs", "true").await, 0);
    // Twice is once.
    for enabled in [false, false] {
        set(&world, &student, MessageGroup::Reviews, Channel::Wechat, enabled)
            .await
            .unwrap();
    }
    let chosen = message_preference::list(&mut conn, &student).await.unwrap();
    assert_eq!(chosen.len(), 9);
    let off: Vec<_> = chosen.iter().filter(|preference| !preference.enabled).collect();
    assert_eq!(
        off,
        [&MessagePreference {
            group: MessageGroup::Reviews,
            channel: Channel::Wechat,
            enabled: false,
        }]
    );
    for (viewer, length) in [(member, 5), (reviewer, 1), (operator, 0)] {
        let chosen = message_preference::list(&mut conn, &viewer).await.unwrap();
        assert_eq!(chosen.len(), length);
        assert!(chosen.iter().all(|preference| preference.enabled));
    }
    for enabled in [true, true] {
        set(&world, &student, MessageGroup::Reviews, Channel::Wechat, enabled)
            .await
            .unwrap();
    }
    assert_eq!(count(&mut conn, "message_opt_outs", "true").await, 0);
}
