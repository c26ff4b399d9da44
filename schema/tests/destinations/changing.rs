//! A reviewer's own change (§9.2): field by field on record, the graduate told, his statements left alone.

use wangqian_schema::{
    audit,
    destination::DestinationType,
    model::{case_file, field_change},
    step::DestinationStep,
    workflow::{Refusal, ReviewLevel, ReviewRoute, destination::DestinationStatus::*},
};

use super::{Scene, contract, freelance, seeking, standing, wrong};
use crate::{
    audit::tamper,
    support::{reason, refusal, text},
};

fn change(form: wangqian_schema::destination::DestinationDraft) -> DestinationStep {
    DestinationStep::Change(Box::new(form), reason())
}

#[tokio::test]
async fn a_reviewer_changes_fields_and_type_and_goes_on_reviewing() {
    let scene = Scene::new(ReviewRoute::DepartmentThenSchool).await;
    let id = scene.submitted(&contract(9000)).await;
    let before = scene.find(&scene.department, id).await.unwrap();

    // What comes to the same is no step.
    let mut same = contract(9000);
    same.truthful = false;
    let same = scene.take(&scene.department, id, change(same)).await.unwrap();
    assert_eq!(same.destination.version, before.destination.version);
    assert_eq!(scene.count("field_changes", "true").await, 0);
    assert_eq!(scene.told().await, Vec::<String>::new());

    let mut form = contract(8000);
    form.remark = Some("合同月薪以第三条为准".to_owned());
    // Nobody ticks for the graduate, or takes his tick away.
    form.truthful = false;
    let refused = refusal(scene.take(&scene.school, id, change(form.clone())).await);
    assert_eq!(refused, Refusal::OtherReviewLevel);
    let refused = refusal(scene.own(id, change(form.clone())).await);
    assert_eq!(refused, Refusal::NotYourRole);
    let changed = scene.take(&scene.department, id, change(form)).await.unwrap();
    assert_eq!(
        standing(&changed),
        (RegistrationReview, Some(ReviewLevel::Department))
    );
    assert!(
        !changed.destination.draft.truthful,
        "what somebody else wrote is not his word"
    );
    assert!(changed.destination.version > before.destination.version);

    let conn = &mut *scene.world.conn().await;
    let sequence = changed.destination.event_count;
    let kept = field_change::of_events(conn, &[(id, sequence)]).await.unwrap();
    let (_, _, changes) = &kept[0];
    let listed: Vec<_> = changes
        .0
        .iter()
        .map(|change| (&*change.path, change.old.as_deref(), change.new.as_deref()))
        .collect();
    assert_eq!(
        listed,
        [
            ("monthlyPay", Some("9000"), Some("8000")),
            ("remark", None, Some("合同月薪以第三条为准")),
        ]
    );
    // The event names the fields and vouches for the values, and holds none.
    let event = format!("SELECT changes::text FROM case_events WHERE case_id = '{id}' AND action = 'CHANGE'");
    let event = &text(conn, &event).await[0];
    assert!(event.contains("monthlyPay") && !event.contains("8000"), "{event}");
    assert!(event.contains(&changes.sha256().unwrap()), "{event}");
    let told = "SELECT params->>'fields' FROM messages WHERE template = 'DESTINATION_CHANGED' AND channel = 'IN_APP'";
    assert_eq!(text(conn, told).await, ["月薪、备注"]);
    // What was registered was modified: by WeChat and SMS as well (§10), whether it counts yet or not.
    let channels = "SELECT channel FROM messages WHERE template = 'DESTINATION_CHANGED' ORDER BY channel";
    assert_eq!(text(conn, channels).await, ["EMAIL", "IN_APP", "SMS", "WECHAT"]);

    // Wrong fields are named; nothing is done then.
    let mut form = contract(8000);
    form.signed_on = None;
    assert_eq!(
        wrong(scene.take(&scene.department, id, change(form)).await),
        ["signedOn"]
    );

    // Another type: the graduate finds it in his form when it is returned.
    let other = scene
        .take(&scene.department, id, change(seeking()))
        .await
        .unwrap();
    assert_eq!(other.destination.destination_type, DestinationType::Seeking);
    let returned = scene
        .take(&scene.department, id, DestinationStep::Return(reason()))
        .await
        .unwrap();
    assert_eq!(
        returned.destination.draft.destination_type(),
        DestinationType::Seeking
    );
    assert_eq!(
        scene.told().await,
        [
            "DESTINATION_CHANGED",
            "DESTINATION_CHANGED",
            "DESTINATION_RETURNED"
        ]
    );
    // He states anew that it is true. What he hands in without proof is without proof: that of the round before is the round's.
    let unsaid = scene.own(id, DestinationStep::Submit(Vec::new())).await;
    assert_eq!(wrong(unsaid), ["truthful"]);
    scene.save(id, &seeking()).await.unwrap();
    scene.own(id, DestinationStep::Submit(Vec::new())).await.unwrap();
    assert_eq!(case_file::of_cases(conn, &[id], None).await.unwrap(), []);
    let again = scene.take(&scene.department, id, change(contract(8000))).await;
    assert_eq!(
        wrong(again),
        ["type"],
        "the contract of before was not handed in again"
    );

    // Old and new are what the trail vouches for.
    assert_eq!(audit::walk(conn, Some(id)).await.unwrap().breaks, []);
    let broken = vec![audit::Break {
        case_id: id,
        sequence,
        kind: audit::BreakKind::ChangedFields,
    }];
    let tamperings = [
        format!(
            "UPDATE field_changes SET changes = jsonb_set(changes, '{{0,new}}', '\"1\"') WHERE sequence = {sequence}"
        ),
        format!("DELETE FROM field_changes WHERE sequence = {sequence}"),
    ];
    for tampering in tamperings {
        tamper(conn, &tampering).await;
        assert_eq!(audit::walk(conn, Some(id)).await.unwrap().breaks, broken);
    }
}

#[tokio::test]
async fn the_new_type_decides_who_reviews_and_what_is_to_be_proved() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let unproved = scene.submitted(&seeking()).await;
    assert_eq!(
        wrong(scene.take(&scene.school, unproved, change(contract(9000))).await),
        ["type"],
        "there is no contract among the files"
    );
    scene
        .take(&scene.school, unproved, DestinationStep::Reject(reason()))
        .await
        .unwrap();

    let id = scene.submitted(&contract(9000)).await;
    let free = scene.take(&scene.school, id, change(freelance())).await.unwrap();
    assert_eq!(
        standing(&free),
        (RegistrationReview, Some(ReviewLevel::Department)),
        "both levels approve free work"
    );
    let refused = refusal(scene.take(&scene.school, id, DestinationStep::Approve).await);
    assert_eq!(refused, Refusal::OtherReviewLevel);
    // There and back: the proof is still there, and the school decides alone again.
    scene
        .take(&scene.department, id, change(seeking()))
        .await
        .unwrap();
    let back = scene
        .take(&scene.school, id, change(contract(9000)))
        .await
        .unwrap();
    assert_eq!(standing(&back), (RegistrationReview, Some(ReviewLevel::School)));
    let registered = scene
        .take(&scene.school, id, DestinationStep::Approve)
        .await
        .unwrap();
    assert_eq!(standing(&registered), (Registered, None));
    let refused = refusal(scene.take(&scene.school, id, change(seeking())).await);
    assert_eq!(refused, Refusal::NotInThisStatus);
}
