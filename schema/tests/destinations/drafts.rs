//! Drafts: whose they are, which types they may be of, and what becomes of them.

use wangqian_schema::{
    destination::{DestinationDraft, DestinationType},
    model::terms,
    step::{self, DestinationStep, IdempotencyKey, StepError},
    workflow::{
        Refusal, ReviewRoute,
        destination::{DestinationAction, DestinationStatus, MAX_DRAFTS},
    },
};

use super::{Scene, contract, entrusted, seeking, wrong};
use crate::support::{execute, refusal};

#[tokio::test]
async fn a_draft_is_its_graduates_alone_and_holds_nothing() {
    let scene = Scene::new(ReviewRoute::DepartmentThenSchool).await;
    // Anything may stand in a draft, and every type begins with nothing filled in.
    for of in DestinationType::ALL {
        let offered = *of != DestinationType::EntrustedSupplement;
        let begun = scene
            .try_draft(&scene.student.viewer, &DestinationDraft::empty(*of))
            .await;
        match offered {
            true => {
                let id = begun.unwrap().destination.id;
                scene.discard(id).await.unwrap();
            }
            false => assert_eq!(refusal(begun), Refusal::TypeNotOffered),
        }
    }
    assert_eq!(
        scene.count("destinations", "true").await,
        0,
        "given up, they are gone"
    );

    let id = scene
        .draft(&DestinationDraft::empty(DestinationType::LabourContract))
        .await;
    for reviewer in [scene.department, scene.school] {
        assert!(scene.find(&reviewer, id).await.is_none());
    }
    assert_eq!(scene.holder().await, Vec::<String>::new());
    assert_eq!(scene.count("case_events", &format!("case_id = '{id}'")).await, 0);

    // What is wrong is told all at once when it is handed in, and nothing is done then.
    let fields = wrong(scene.own(id, DestinationStep::Submit(Vec::new())).await);
    for field in ["employer.name", "startOn", "term", "signedOn", "truthful"] {
        assert!(fields.contains(&field), "{field} of {fields:?}");
    }
    assert_eq!(scene.holder().await, Vec::<String>::new());

    // Another type, chosen anew.
    let saved = scene.save(id, &seeking()).await.unwrap();
    assert_eq!(
        (saved.destination.version, saved.destination.destination_type),
        (2, DestinationType::Seeking)
    );
    let found = scene.find(&scene.student.viewer, id).await.unwrap();
    assert_eq!(found.destination.destination_type, DestinationType::Seeking);
    let mut long = contract(9000);
    long.remark = Some("备".repeat(terms::MAX_FIELD + 1));
    long.signed_on = None;
    assert_eq!(wrong(scene.save(id, &long).await), ["remark"]);

    let gone = scene.discard(id).await.unwrap();
    assert_eq!(gone.destination.status, DestinationStatus::Discarded);
    assert_eq!(scene.count("destinations", "true").await, 0);
    let again = scene.discard(id).await;
    assert!(matches!(again, Err(StepError::NotFound)), "{again:?}");
}

#[tokio::test]
async fn who_may_begin_a_draft_and_how_many() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    for nobody in [
        scene.department,
        scene.school,
        scene.world.employer().await.viewer,
        scene.world.operator().await,
    ] {
        let refused = refusal(scene.try_draft(&nobody, &seeking()).await);
        assert_eq!(refused, Refusal::NotYourRole);
    }
    for _ in 0..MAX_DRAFTS {
        scene.draft(&seeking()).await;
    }
    let own = &scene.student;
    let refused = refusal(scene.try_draft(&own.viewer, &seeking()).await);
    assert_eq!(refused, Refusal::TooManyDrafts);
    let conn = &mut *scene.world.conn().await;
    execute(conn, "UPDATE graduates SET confirmed_at = NULL").await;
    let refused = refusal(scene.try_draft(&own.viewer, &seeking()).await);
    assert_eq!(refused, Refusal::DataNotConfirmed);
}

#[tokio::test]
async fn the_same_request_gives_the_same_draft() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let draft = seeking();
    let create = |request_hash| {
        let key = IdempotencyKey {
            key: "draft-1".to_owned(),
            request_hash,
        };
        let (platform, viewer, draft) = (&scene.world.platform, &scene.student.viewer, &draft);
        async move { step::create_destination_draft(platform, viewer, draft, &key).await }
    };
    let (first, second) = tokio::join!(create([1; 32]), create([1; 32]));
    assert_eq!(first.unwrap().destination.id, second.unwrap().destination.id);
    let other = create([2; 32]).await;
    assert!(matches!(other, Err(StepError::KeyReused)), "{other:?}");
    assert_eq!(scene.count("destinations", "true").await, 1);
}

/// §9.1 note: 定向/委培 graduates who may not sign online file one type alone.
#[tokio::test]
async fn an_oriented_graduate_files_his_one_type() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let conn = &mut *scene.world.conn().await;
    let before = scene.draft(&contract(9000)).await;
    let change = "UPDATE graduates SET online_signing_allowed = false, training_mode = '2'";
    execute(conn, change).await;
    let own = &scene.student.viewer;
    for of in DestinationType::ALL {
        let begun = scene.try_draft(own, &DestinationDraft::empty(*of)).await;
        match of {
            DestinationType::EntrustedSupplement => {
                scene.discard(begun.unwrap().destination.id).await.unwrap();
            }
            _ => assert_eq!(refusal(begun), Refusal::TypeNotOffered, "{of}"),
        }
    }
    // What he began before can be given up or turned into the one type, and no more.
    let view = scene.find(own, before).await.unwrap();
    assert_eq!(
        view.viewer_actions(own, scene.world.now()),
        [DestinationAction::SaveDraft, DestinationAction::Discard]
    );
    let proof = vec![scene.proof().await];
    let refused = refusal(scene.own(before, DestinationStep::Submit(proof.clone())).await);
    assert_eq!(refused, Refusal::TypeNotOffered);
    let refused = refusal(scene.save(before, &seeking()).await);
    assert_eq!(refused, Refusal::TypeNotOffered);
    scene.save(before, &entrusted()).await.unwrap();
    let submitted = scene.own(before, DestinationStep::Submit(proof)).await.unwrap();
    assert_eq!(
        submitted.destination.destination_type,
        DestinationType::EntrustedSupplement
    );
    // Meanwhile the school lets him sign, and says that he is no 定向 graduate: nobody approves what is not offered any more.
    execute(
        conn,
        "UPDATE graduates SET online_signing_allowed = true, training_mode = '1'",
    )
    .await;
    let refused = refusal(scene.take(&scene.school, before, DestinationStep::Approve).await);
    assert_eq!(refused, Refusal::TypeNotOffered);
    let changed = scene
        .take(
            &scene.school,
            before,
            DestinationStep::Change(Box::new(contract(9000)), None),
        )
        .await
        .unwrap();
    assert_eq!(
        changed.destination.destination_type,
        DestinationType::LabourContract
    );
    let approved = scene.take(&scene.school, before, DestinationStep::Approve).await;
    assert_eq!(
        approved.unwrap().destination.status,
        DestinationStatus::Registered
    );
}
