//! Voiding (§9.2 note): at once, or after a review where the school wants one.

use wangqian_schema::{
    step::{self, AgreementStep, DestinationStep},
    workflow::{Refusal, ReviewLevel, ReviewRoute, destination::DestinationStatus::*},
};

use super::{Scene, freelance, seeking, standing};
use crate::support::{reason, refusal};

#[tokio::test]
async fn what_is_made_void_frees_its_graduate_and_stays_on_record() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let id = scene.registered(&seeking(), &[scene.school]).await;
    let employer = scene.world.employer().await;
    let invitation = scene.world.invite(&employer, &scene.student).await;
    let own = &scene.student.viewer;
    let refused = scene.world.take(own, invitation, AgreementStep::Accept).await;
    assert_eq!(refusal(refused), Refusal::AlreadyEngaged);
    let refused = scene
        .world
        .take(own, invitation, AgreementStep::Decline(None))
        .await;
    assert_eq!(refusal(refused), Refusal::AlreadyEngaged);
    let refused = refusal(scene.take(&scene.school, id, DestinationStep::Void(None)).await);
    assert_eq!(refused, Refusal::NotYourRole);

    let voided = scene.own(id, DestinationStep::Void(None)).await.unwrap();
    assert_eq!(standing(&voided), (Voided, None));
    assert!(voided.destination.voided_at.is_some());
    assert_eq!(scene.holder().await, Vec::<String>::new());
    for reviewer in [scene.department, scene.school] {
        assert_eq!(
            standing(&scene.find(&reviewer, id).await.unwrap()),
            (Voided, None)
        );
    }
    scene
        .world
        .take(own, invitation, AgreementStep::Accept)
        .await
        .unwrap();
    let refused = refusal(scene.own(id, DestinationStep::Void(None)).await);
    assert_eq!(refused, Refusal::NotInThisStatus);
}

#[tokio::test]
async fn a_school_may_review_what_is_made_void() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    step::set_voiding_review(&scene.world.platform, &scene.school, true, None)
        .await
        .unwrap();
    // Free work, too: its voiding goes by the school's route alone.
    let id = scene
        .registered(&freelance(), &[scene.department, scene.school])
        .await;
    let asked = scene.own(id, DestinationStep::Void(reason())).await.unwrap();
    assert_eq!(standing(&asked), (VoidingReview, Some(ReviewLevel::School)));
    assert_eq!(asked.destination.route(), Some(ReviewRoute::SchoolOnly));
    assert_eq!(scene.holder().await, [format!("DESTINATION {id}")]);
    let back = scene.own(id, DestinationStep::Withdraw).await.unwrap();
    assert_eq!(standing(&back), (Registered, None));

    scene.own(id, DestinationStep::Void(None)).await.unwrap();
    let refused = refusal(
        scene
            .take(&scene.school, id, DestinationStep::Return(reason()))
            .await,
    );
    assert_eq!(refused, Refusal::NotInThisStatus);
    let stands = scene
        .take(&scene.school, id, DestinationStep::Reject(reason()))
        .await
        .unwrap();
    assert_eq!(
        (standing(&stands), stands.destination.reason),
        ((Registered, None), reason())
    );
    assert_eq!(scene.holder().await, [format!("DESTINATION {id}")]);

    scene.own(id, DestinationStep::Void(None)).await.unwrap();
    // The setting counts when it is asked for, not afterwards.
    step::set_voiding_review(&scene.world.platform, &scene.school, false, None)
        .await
        .unwrap();
    let voided = scene
        .take(&scene.school, id, DestinationStep::Approve)
        .await
        .unwrap();
    assert_eq!(standing(&voided), (Voided, None));
    assert_eq!(scene.holder().await, Vec::<String>::new());
    assert_eq!(
        scene.told().await,
        [
            "DESTINATION_ADVANCED",
            "DESTINATION_REGISTERED",
            "VOIDING_REJECTED",
            "DESTINATION_VOIDED"
        ]
    );
}
