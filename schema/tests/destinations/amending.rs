//! What the school changes of a registered destination (§10; DOMAIN.md, After completion).

use chrono::TimeDelta;
use wangqian_schema::{
    audit,
    destination::DestinationDraft,
    model::{Viewer, field_change},
    step::{DestinationStep, StepError},
    workflow::{Refusal, ReviewRoute, destination::DestinationStatus::*},
};

use super::{Scene, contract, seeking, standing, wrong};
use crate::support::{reason, refusal, text};

fn amend(form: DestinationDraft) -> DestinationStep {
    DestinationStep::Amend(Box::new(form), reason())
}

async fn registered(form: &DestinationDraft) -> (Scene, uuid::Uuid) {
    let scene = Scene::new(ReviewRoute::DepartmentThenSchool).await;
    let reviewers: [Viewer; 2] = [scene.department, scene.school];
    let id = scene.registered(form, &reviewers).await;
    (scene, id)
}

#[tokio::test]
async fn a_school_amends_what_is_registered_on_record_and_the_graduate_hears_of_it() {
    let (scene, id) = registered(&contract(9000)).await;
    let before = scene.find(&scene.school, id).await.unwrap().destination;
    let form = contract(9500);
    let amended = scene.take(&scene.school, id, amend(form.clone())).await.unwrap();
    assert_eq!(standing(&amended), (Registered, None));
    let amended = amended.destination;
    assert_eq!(amended.version, before.version + 1);
    assert_eq!(amended.registered_at, before.registered_at);

    let conn = &mut *scene.world.conn().await;
    let kept = field_change::of_events(conn, &[(id, amended.event_count)])
        .await
        .unwrap();
    let changes = &kept[0].2.0;
    let listed = changes
        .iter()
        .map(|change| (&*change.path, change.old.as_deref(), change.new.as_deref()));
    assert_eq!(
        listed.collect::<Vec<_>>(),
        [("monthlyPay", Some("9000"), Some("9500"))]
    );
    let event = format!("SELECT changes::text FROM case_events WHERE case_id = '{id}' AND action = 'AMEND'");
    let event = &text(conn, &event).await[0];
    assert!(event.contains("monthlyPay") && !event.contains("9500"), "{event}");
    let told = format!(
        "SELECT concat_ws(' ', channel, params->>'fields') FROM messages WHERE template = 'DESTINATION_AMENDED'
         AND account_id = '{}' ORDER BY channel",
        scene.student.viewer.account_id()
    );
    assert_eq!(
        text(conn, &told).await,
        ["EMAIL", "IN_APP", "SMS", "WECHAT"].map(|channel| format!("{channel} 月薪"))
    );

    // What comes to the same is no step.
    let same = scene
        .take(&scene.school, id, amend(form))
        .await
        .unwrap()
        .destination;
    assert_eq!(
        (same.version, same.event_count),
        (amended.version, amended.event_count)
    );
    assert_eq!(audit::walk(conn, None).await.unwrap().breaks, []);
    crate::figures::assert_right(conn).await;
}

#[tokio::test]
async fn who_and_what_may_not_amend() {
    let (scene, id) = registered(&contract(9000)).await;
    let before = scene.find(&scene.school, id).await.unwrap().destination;
    let step = || amend(contract(9500));
    for somebody in [scene.student.viewer, scene.department] {
        assert_eq!(
            refusal(scene.take(&somebody, id, step()).await),
            Refusal::NotYourRole
        );
    }
    let elsewhere = scene.world.school(ReviewRoute::SchoolOnly).await;
    for stranger in [
        scene.world.school_reviewer(&elsewhere).await,
        scene.world.graduate(&scene.campus, 0).await.viewer,
    ] {
        assert!(matches!(
            scene.take(&stranger, id, step()).await,
            Err(StepError::NotFound)
        ));
    }
    let silent = DestinationStep::Amend(Box::new(contract(9500)), Some(" ".to_owned()));
    assert_eq!(
        refusal(scene.take(&scene.school, id, silent).await),
        Refusal::ReasonRequired
    );
    let mut bare = contract(9500);
    bare.signed_on = None;
    assert_eq!(
        wrong(scene.take(&scene.school, id, amend(bare)).await),
        ["signedOn"]
    );
    // It stays what it is: another type is registered anew.
    assert_eq!(
        wrong(scene.take(&scene.school, id, amend(seeking())).await),
        ["type"]
    );
    let after = scene.find(&scene.school, id).await.unwrap().destination;
    assert_eq!(
        (after.version, after.event_count),
        (before.version, before.event_count)
    );
    assert_eq!(scene.count("field_changes", "true").await, 0);

    // What is under review to be made void, or is void, is not amended.
    scene.own(id, DestinationStep::Void(None)).await.unwrap();
    assert_eq!(
        refusal(scene.take(&scene.school, id, step()).await),
        Refusal::NotInThisStatus
    );
}

/// What was right on the day of the registration does not become wrong with another year.
#[tokio::test]
async fn an_amendment_is_checked_as_of_the_day_of_registration() {
    let year = chrono::Datelike::year(&chrono::Utc::now());
    let study = |remark: &str| {
        let mut form = super::form(
            "PREPARING_STUDY",
            serde_json::json!({ "aim": "POSTGRADUATE", "year": year }),
            serde_json::json!({}),
        );
        form.remark = Some(remark.to_owned());
        form
    };
    let (scene, id) = registered(&study("示例")).await;
    scene.world.platform.clock.advance(TimeDelta::days(400));
    scene.take(&scene.school, id, amend(study("改正"))).await.unwrap();
}
