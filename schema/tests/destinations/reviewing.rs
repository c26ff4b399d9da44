//! Handing in, taking back and the reviewers' decisions, with files, warnings and messages.

use chrono::TimeDelta;
use wangqian_schema::{
    audit,
    model::{
        PageRequest, case_file,
        event::CaseKind,
        review_assignment,
        review_queue::{self, AssignedTo, QueueFilter},
    },
    step::{self, CorrectionDraft, DestinationStep},
    workflow::{Refusal, ReviewLevel, ReviewRoute, Workflow, destination::DestinationStatus::*},
};

use super::{Scene, contract, freelance, seeking, standing, wrong};
use crate::support::{reason, refusal, text};

#[tokio::test]
async fn a_destination_goes_its_way() {
    let scene = Scene::new(ReviewRoute::DepartmentThenSchool).await;
    let id = scene.draft(&contract(9000)).await;
    assert_eq!(
        wrong(scene.own(id, DestinationStep::Submit(Vec::new())).await),
        ["files"],
        "a contract has to be proved"
    );
    let proof = scene.proof().await;
    let submitted = scene.own(id, DestinationStep::Submit(vec![proof])).await.unwrap();
    assert_eq!(
        standing(&submitted),
        (RegistrationReview, Some(ReviewLevel::Department))
    );
    assert_eq!(scene.holder().await, [format!("DESTINATION {id}")]);
    assert!(scene.find(&scene.department, id).await.is_some());

    // Taken back, it is a draft again, holds its graduate and is no secret.
    let withdrawn = scene.own(id, DestinationStep::Withdraw).await.unwrap();
    assert_eq!(standing(&withdrawn), (Draft, None));
    assert_eq!(scene.holder().await, [format!("DESTINATION {id}")]);
    assert!(scene.find(&scene.school, id).await.is_some());
    let conn = &mut *scene.world.conn().await;
    let kept = case_file::of_cases(conn, &[id], None).await.unwrap()[0].id;
    scene.own(id, DestinationStep::Submit(vec![kept])).await.unwrap();

    let refused = refusal(scene.take(&scene.school, id, DestinationStep::Approve).await);
    assert_eq!(refused, Refusal::OtherReviewLevel);
    let advanced = scene.take(&scene.department, id, DestinationStep::Approve).await;
    assert_eq!(
        standing(&advanced.unwrap()),
        (RegistrationReview, Some(ReviewLevel::School))
    );
    let refused = refusal(scene.own(id, DestinationStep::Withdraw).await);
    assert_eq!(refused, Refusal::ReviewBegun);
    let registered = scene
        .take(&scene.school, id, DestinationStep::Approve)
        .await
        .unwrap();
    assert_eq!(standing(&registered), (Registered, None));
    assert!(registered.destination.registered_at.is_some());
    assert_eq!(scene.holder().await, [format!("DESTINATION {id}")]);
    assert_eq!(
        scene.told().await,
        ["DESTINATION_ADVANCED", "DESTINATION_REGISTERED"]
    );
    let report = audit::walk(conn, Some(id)).await.unwrap();
    assert_eq!((report.events, report.breaks), (5, vec![]));
}

#[tokio::test]
async fn returned_it_is_mended_rejected_it_is_void() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let id = scene.submitted(&contract(9000)).await;
    let unexplained = DestinationStep::Return(Some("  ".to_owned()));
    let refused = refusal(scene.take(&scene.school, id, unexplained).await);
    assert_eq!(refused, Refusal::ReasonRequired);
    let returned = scene
        .take(&scene.school, id, DestinationStep::Return(reason()))
        .await
        .unwrap();
    assert_eq!(
        (standing(&returned), returned.destination.reason),
        ((Returned, None), reason())
    );
    assert_eq!(scene.holder().await, [format!("DESTINATION {id}")]);

    // Mended as another type, which needs no proof and takes none.
    scene.save(id, &seeking()).await.unwrap();
    let proof = scene.proof().await;
    assert_eq!(
        wrong(scene.own(id, DestinationStep::Submit(vec![proof])).await),
        ["files"]
    );
    let mended = scene.own(id, DestinationStep::Submit(Vec::new())).await.unwrap();
    assert_eq!(mended.destination.reason, None);
    let conn = &mut *scene.world.conn().await;
    let changed = format!(
        "SELECT changes->>'changed' FROM case_events WHERE case_id = '{id}' AND action = 'SUBMIT' ORDER BY sequence"
    );
    let changed = text(conn, &changed).await;
    assert_eq!(changed[0], "[]");
    assert!(
        changed[1].contains("\"type\"") && changed[1].contains("\"startOn\""),
        "{changed:?}"
    );

    let rejected = scene
        .take(&scene.school, id, DestinationStep::Reject(reason()))
        .await
        .unwrap();
    assert_eq!(standing(&rejected), (Rejected, None));
    assert_eq!(scene.holder().await, Vec::<String>::new(), "free for another");
    assert_eq!(
        scene.told().await,
        ["DESTINATION_RETURNED", "DESTINATION_REJECTED"]
    );
    let again = scene.submitted(&seeking()).await;
    assert_eq!(scene.holder().await, [format!("DESTINATION {again}")]);
    // Given up after it was handed in, it stays on record and frees him.
    scene.own(again, DestinationStep::Withdraw).await.unwrap();
    assert_eq!(standing(&scene.discard(again).await.unwrap()), (Discarded, None));
    assert_eq!(scene.holder().await, Vec::<String>::new());
    assert!(scene.find(&scene.school, again).await.is_some());
}

/// Figures of minimum wages warn; where DESTINATION_FORMS.md demands them, pay below the lowest tier is refused.
#[tokio::test]
async fn what_is_only_worth_a_second_look_keeps_nobody() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let id = scene.submitted(&contract(100)).await;
    let view = scene.find(&scene.school, id).await.unwrap();
    let warned: Vec<_> = view
        .destination
        .warnings
        .0
        .iter()
        .map(|warning| &*warning.field)
        .collect();
    assert_eq!(warned, ["monthlyPay"]);
    scene
        .take(&scene.school, id, DestinationStep::Approve)
        .await
        .unwrap();

    let mut poor = freelance();
    if let wangqian_schema::destination::DetailsDraft::Freelance(free) = &mut poor.details {
        free.monthly_income = Some(100);
    }
    let other = scene.draft(&poor).await;
    scene.own(id, DestinationStep::Void(None)).await.unwrap();
    let proof = scene.proof().await;
    assert_eq!(
        wrong(scene.own(other, DestinationStep::Submit(vec![proof])).await),
        ["monthlyIncome"]
    );
}

#[tokio::test]
async fn free_work_is_approved_by_both_levels_and_waits_in_their_queues() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let id = scene.submitted(&freelance()).await;
    let waiting = async |viewer| {
        let conn = &mut *scene.world.conn().await;
        let filter = QueueFilter {
            workflows: vec![Workflow::OtherDestination],
            ..QueueFilter::default()
        };
        let request = PageRequest {
            after: None,
            before: None,
            limit: 10,
            backward: false,
        };
        let page = review_queue::list(conn, viewer, &filter, &request).await.unwrap();
        page.items.len()
    };
    assert_eq!(
        (waiting(&scene.department).await, waiting(&scene.school).await),
        (1, 0)
    );
    let advanced = scene
        .take(&scene.department, id, DestinationStep::Approve)
        .await
        .unwrap();
    assert_eq!(
        standing(&advanced),
        (RegistrationReview, Some(ReviewLevel::School))
    );
    assert_eq!(
        advanced.destination.route(),
        Some(ReviewRoute::DepartmentThenSchool)
    );
    assert_eq!(
        (waiting(&scene.department).await, waiting(&scene.school).await),
        (0, 1)
    );
    let registered = scene
        .take(&scene.school, id, DestinationStep::Approve)
        .await
        .unwrap();
    assert_eq!(standing(&registered), (Registered, None));
    assert_eq!(waiting(&scene.school).await, 0);
}

#[tokio::test]
async fn a_graduate_who_is_moved_takes_his_destination_along() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let voided = scene.registered(&seeking(), &[scene.school]).await;
    scene.own(voided, DestinationStep::Void(None)).await.unwrap();
    let id = scene.submitted(&seeking()).await;
    let moved = CorrectionDraft {
        department_id: Some(scene.campus.departments[1]),
        ..CorrectionDraft::default()
    };
    step::correct_graduate(
        &scene.world.platform,
        &scene.school,
        scene.student.id,
        &moved,
        None,
        None,
    )
    .await
    .unwrap();
    let other = scene.world.department_reviewer(&scene.campus, 1).await;
    let seen = async |viewer, id| scene.find(viewer, id).await.map(|view| view.destination.status);
    assert_eq!(seen(&other, id).await, Some(RegistrationReview));
    assert_eq!(seen(&scene.department, id).await, None);
    assert_eq!(seen(&scene.department, voided).await, Some(Voided));
    // A correction asks him to confirm again, and nothing is registered before.
    let refused = refusal(scene.take(&scene.school, id, DestinationStep::Approve).await);
    assert_eq!(refused, Refusal::ConfirmationPending);
}

/// Who has taken it is seen in the queue as of every other kind of case, for as long as it waits for his level.
#[tokio::test]
async fn a_destination_is_taken_and_forgotten_like_other_cases() {
    let scene = Scene::new(ReviewRoute::DepartmentThenSchool).await;
    let platform = &scene.world.platform;
    let id = scene.draft(&seeking()).await;
    let submit = DestinationStep::Submit(Vec::new());
    scene.take(&scene.student.viewer, id, submit).await.unwrap();
    let taken = step::assign_review(platform, &scene.department, CaseKind::Destination, id, false).await;
    assert_eq!(taken.unwrap().round().case_id, id);
    let conn = &mut *scene.world.conn().await;
    for (assignment, expected) in [(AssignedTo::Me, vec![id]), (AssignedTo::Nobody, vec![])] {
        let filter = QueueFilter {
            assignment: Some(assignment),
            ..QueueFilter::default()
        };
        let page = review_queue::list(conn, &scene.department, &filter, &PageRequest::first(9)).await;
        let found: Vec<_> = page.unwrap().items.iter().map(|((_, id), _)| *id).collect();
        assert_eq!(found, expected, "{assignment:?}");
    }
    platform.clock.advance(TimeDelta::hours(2));
    let now = platform.clock.now();
    assert_eq!(review_assignment::forget(conn, now).await.unwrap(), 0);
    scene
        .take(&scene.department, id, DestinationStep::Approve)
        .await
        .unwrap();
    assert_eq!(review_assignment::forget(conn, now).await.unwrap(), 1);
}
