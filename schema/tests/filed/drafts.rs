//! Drafts: whose they are, how many there may be, and what becomes of them.

use wangqian_schema::{
    model::{
        agreement,
        terms::{self, AgreementDraft},
    },
    step::{self, AgreementStep, IdempotencyKey, StepError},
    workflow::{
        Refusal, ReviewRoute,
        agreement::{AgreementChannel, AgreementStatus, MAX_DRAFTS},
    },
};

use super::{Scene, filled};
use crate::support::{execute, refusal};

#[tokio::test]
async fn a_draft_is_its_graduates_alone_and_holds_nothing() {
    let scene = Scene::new(ReviewRoute::DepartmentThenSchool).await;
    // Anything may stand in a draft.
    let empty = scene
        .try_draft(&scene.student.viewer, &AgreementDraft::default())
        .await;
    let id = empty.unwrap().agreement.id;
    let other = scene.world.graduate(&scene.campus, 0).await.viewer;
    let employer = scene.world.employer().await.viewer;
    for nobody in [scene.department, scene.school, other, employer] {
        let conn = &mut *scene.world.conn().await;
        assert!(agreement::find(conn, &nobody, id).await.unwrap().is_none());
        let taken = scene.take(&nobody, id, AgreementStep::Submit(Vec::new())).await;
        assert!(matches!(taken, Err(StepError::NotFound)), "{taken:?}");
        let saved = step::save_agreement_draft(&scene.world.platform, &nobody, id, &filled(), None).await;
        assert!(matches!(saved, Err(StepError::NotFound)), "{saved:?}");
        let discarded = step::discard_agreement(&scene.world.platform, &nobody, id, None).await;
        assert!(matches!(discarded, Err(StepError::NotFound)), "{discarded:?}");
    }
    assert_eq!(scene.holder().await, Vec::<String>::new());
    let events = format!("case_id = '{id}'");
    assert_eq!(scene.count("case_events", &events).await, 0);

    // What is wrong is told all at once when it is handed in, and nothing is done then.
    let refused = scene
        .take(&scene.student.viewer, id, AgreementStep::Submit(Vec::new()))
        .await;
    let Err(StepError::Invalid(wrong)) = refused else {
        panic!("{refused:?}");
    };
    let fields: Vec<_> = wrong.iter().map(|error| error.field).collect();
    for field in [
        "employerName",
        "creditCode",
        "positionTitle",
        "contactMobile",
        "householdRegistration",
    ] {
        assert!(fields.contains(&field), "{field} of {fields:?}");
    }
    assert_eq!(scene.holder().await, Vec::<String>::new());

    let platform = &scene.world.platform;
    let right = filled();
    let save = |version| step::save_agreement_draft(platform, &scene.student.viewer, id, &right, version);
    let saved = save(Some(1)).await.unwrap();
    assert_eq!(saved.agreement.version, 2);
    let stale = save(Some(1)).await;
    assert!(
        matches!(stale, Err(StepError::StaleVersion { current: 2 })),
        "{stale:?}"
    );
    let mut long = filled();
    long.terms.supplementary_terms = Some("补".repeat(terms::MAX_FIELD + 1));
    long.terms.address = "\0".to_owned();
    let refused = step::save_agreement_draft(platform, &scene.student.viewer, id, &long, None).await;
    let Err(StepError::Invalid(wrong)) = refused else {
        panic!("{refused:?}");
    };
    let fields: Vec<_> = wrong.iter().map(|error| error.field).collect();
    assert_eq!(fields, ["address", "supplementaryTerms"]);

    // Given up, it is gone.
    let gone = scene.discard(id).await.unwrap();
    assert_eq!(gone.agreement.status, AgreementStatus::Discarded);
    assert_eq!(scene.count("agreements", &format!("id = '{id}'")).await, 0);
    assert_eq!(scene.count("case_events", &events).await, 0);
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
    ] {
        let refused = refusal(scene.try_draft(&nobody, &filled()).await);
        assert_eq!(refused, Refusal::NotYourRole);
    }
    let own = &scene.student;
    for _ in 0..MAX_DRAFTS {
        scene.draft().await;
    }
    let refused = refusal(scene.try_draft(&own.viewer, &filled()).await);
    assert_eq!(refused, Refusal::TooManyDrafts);

    let conn = &mut *scene.world.conn().await;
    let change = |set: &str| format!("UPDATE graduates SET {set} WHERE id = '{}'", own.id);
    execute(conn, &change("online_signing_allowed = false")).await;
    let refused = refusal(scene.try_draft(&own.viewer, &filled()).await);
    assert_eq!(refused, Refusal::OnlineSigningNotAllowed);
    execute(conn, &change("confirmed_at = NULL")).await;
    let refused = refusal(scene.try_draft(&own.viewer, &filled()).await);
    assert_eq!(refused, Refusal::DataNotConfirmed);
}

#[tokio::test]
async fn the_same_request_gives_the_same_draft() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let create = |request_hash| {
        let key = IdempotencyKey {
            key: "draft-1".to_owned(),
            request_hash,
        };
        let (platform, viewer) = (&scene.world.platform, &scene.student.viewer);
        async move {
            let channel = AgreementChannel::Offline;
            step::create_agreement_draft(platform, viewer, channel, &filled(), &key).await
        }
    };
    let (first, second) = tokio::join!(create([1; 32]), create([1; 32]));
    assert_eq!(first.unwrap().agreement.id, second.unwrap().agreement.id);
    let other = create([2; 32]).await;
    assert!(matches!(other, Err(StepError::KeyReused)), "{other:?}");
    assert_eq!(scene.count("agreements", "true").await, 1);
}
