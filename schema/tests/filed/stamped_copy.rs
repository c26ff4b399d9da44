//! The stamped copy: handed in by the graduate or through a link, and what a link is good for.

use wangqian_schema::{
    SecretToken, audit,
    model::{
        case_upload::{self, UploadOwner, UploadState},
        secret_link::SecretLink,
        stamped_copy_link,
    },
    step::{self, Actor, AgreementStep, StampedCopy, StepError},
    workflow::{Refusal, ReviewRoute, agreement::AgreementStatus},
};

use super::{Scene, ready};

/// "For one agreement, ends with its use, with a new link, or when the agreement leaves the state": whoever comes second at the very
/// moment is told that there is no such link, and hands nothing in.
#[tokio::test]
async fn of_two_who_hand_the_copy_in_at_once_one_is_taken() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let graduate = scene.student.viewer;
    let id = scene.submitted().await;
    scene
        .take(&scene.school, id, AgreementStep::Approve)
        .await
        .unwrap();
    let linked = UploadOwner::Link { agreement_id: id };
    for round in 0..6 {
        let [by_sms, by_mail] = scene.links(id).await;
        let (one, other) = (
            ready(&scene.world, &linked).await,
            ready(&scene.world, &linked).await,
        );
        let own = ready(&scene.world, &scene.own()).await;
        let copy = StampedCopy {
            files: vec![own],
            token: None,
        };
        let himself = async {
            scene
                .take(&graduate, id, AgreementStep::SubmitStampedCopy(copy))
                .await
        };
        // Both links, one link twice, and a link against the graduate.
        let results = match round % 3 {
            0 => tokio::join!(scene.by_link(&by_sms, one), scene.by_link(&by_mail, other)),
            1 => tokio::join!(scene.by_link(&by_sms, one), scene.by_link(&by_sms, other)),
            _ => tokio::join!(scene.by_link(&by_sms, one), himself),
        };
        let lost = match results {
            (Ok(_), Err(lost)) | (Err(lost), Ok(_)) => lost,
            neither => panic!("{neither:?}"),
        };
        // The graduate sees his agreement, and that it is under review already.
        let told = matches!(lost, StepError::NotFound)
            || matches!(lost, StepError::Refused(Refusal::NotInThisStatus)) && round % 3 == 2;
        assert!(told, "{lost:?}");
        let files =
            format!("case_id = '{id}' AND sequence = (SELECT event_count FROM agreements WHERE id = '{id}')");
        assert_eq!(scene.count("case_files", &files).await, 1);
        for token in [&by_sms, &by_mail] {
            let again = scene.by_link(token, one).await;
            assert!(matches!(again, Err(StepError::NotFound)), "{again:?}");
        }
        let back = scene.take(&graduate, id, AgreementStep::Withdraw).await.unwrap();
        assert_eq!(back.agreement.status, AgreementStatus::TermsApproved);
        // Back where a copy is wanted, and yet used is used.
        let again = scene.by_link(&by_sms, one).await;
        assert!(matches!(again, Err(StepError::NotFound)), "{again:?}");
    }
    let report = audit::walk(&mut *scene.world.conn().await, None).await.unwrap();
    assert!(report.breaks.is_empty(), "{report:?}");
}

/// The step itself looks at the link again, under the agreement's lock: whatever was seen of it before.
#[tokio::test]
async fn the_step_asks_for_the_link_again() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let id = scene.submitted().await;
    scene
        .take(&scene.school, id, AgreementStep::Approve)
        .await
        .unwrap();
    let [old, _] = scene.links(id).await;
    let [fresh, _] = scene.links(id).await;
    let linked = UploadOwner::Link { agreement_id: id };
    for dead in [old, SecretToken::generate()] {
        let copy = StampedCopy {
            files: vec![ready(&scene.world, &linked).await],
            token: Some(dead),
        };
        let step = AgreementStep::SubmitStampedCopy(copy);
        let refused = step::take(&scene.world.platform, Actor::EmployerContact, id, step, None).await;
        assert!(matches!(refused, Err(StepError::NotFound)), "{refused:?}");
    }
    // A job that is run again after the use gives no new life to it.
    let links =
        stamped_copy_link::of_agreements(&mut *scene.world.conn().await, &[id], scene.world.now()).await;
    let link = links.unwrap()[0].id;
    let file = ready(&scene.world, &linked).await;
    scene.by_link(&fresh, file).await.unwrap();
    let conn = &mut *scene.world.conn().await;
    assert!(
        !SecretLink::StampedCopy(link)
            .arm(conn, &SecretToken::generate())
            .await
            .unwrap()
    );
    assert!(
        stamped_copy_link::waiting(conn, link, scene.world.now())
            .await
            .unwrap()
            .is_none()
    );
}

/// Whoever had an old link leaves nothing behind that stands in the way of the next one.
#[tokio::test]
async fn what_came_through_an_old_link_is_given_up() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let id = scene.submitted().await;
    scene
        .take(&scene.school, id, AgreementStep::Approve)
        .await
        .unwrap();
    let [old, _] = scene.links(id).await;
    let linked = UploadOwner::Link { agreement_id: id };
    let left = ready(&scene.world, &linked).await;
    let conn = &mut *scene.world.conn().await;
    let now = scene.world.now();
    assert_eq!(case_upload::count_open(conn, &linked, now).await.unwrap(), 1);
    scene.links(id).await;
    assert_eq!(case_upload::count_open(conn, &linked, now).await.unwrap(), 0);
    let upload = case_upload::load(conn, left).await.unwrap().unwrap();
    assert_eq!(upload.state, UploadState::Refused);
    let refused = scene.by_link(&old, left).await;
    assert!(matches!(refused, Err(StepError::NotFound)), "{refused:?}");
}
