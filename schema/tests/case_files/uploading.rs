//! The way of an upload until it is ready or refused, and that its check is never forgotten.

use futures_util::future::join_all;
use wangqian_schema::{
    model::{PageRequest, case_upload::MAX_OPEN},
    stuck_work::{self, GRACE as STUCK, JobState, StuckWorkKind},
};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_handed_in_once_and_looked_at_once() {
    let scene = Scene::new().await;
    let platform = &scene.world.platform;
    let id = scene.announced_by(&scene.owner).await.id;
    for size in [None, Some(4), Some(6)] {
        let answer = step::hand_in_file(platform, &scene.owner, id, size).await;
        assert_eq!(refusal(answer), Refusal::FileNotUploaded);
    }
    let all = join_all((0..4).map(|_| step::hand_in_file(platform, &scene.owner, id, Some(5)))).await;
    for one in all {
        assert_eq!(one.unwrap().state, UploadState::Checking);
    }
    let mut conn = scene.world.conn().await;
    assert_eq!(count(&mut conn, "jobs", "queue = 'check_upload'").await, 1);

    let late = scene.announced_by(&scene.owner).await.id;
    platform.clock.advance(LIFETIME);
    let answer = step::hand_in_file(platform, &scene.owner, late, Some(5)).await;
    assert!(matches!(answer, Err(StepError::NotFound)));
    let again = step::hand_in_file(platform, &scene.owner, id, None).await;
    assert_eq!(again.unwrap().state, UploadState::Checking, "as it stands");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_copy_that_was_noted_makes_it_ready_and_a_refusal_is_final() {
    let scene = Scene::new().await;
    let mut conn = scene.world.conn().await;
    let id = scene.checking_of(&scene.owner).await.id;
    let [first, other] = [copy(id, 1), copy(id, 2)];
    assert!(
        !case_upload::pass(&mut conn, id, &first).await.unwrap(),
        "not noted"
    );
    for _ in 0..2 {
        assert!(case_upload::note_copy(&mut conn, id, &first).await.unwrap());
    }
    assert!(!case_upload::note_copy(&mut conn, id, &other).await.unwrap());
    assert!(!case_upload::pass(&mut conn, id, &other).await.unwrap());
    assert_eq!(scene.load(id).await.unwrap().clean_copy(), None);
    assert!(case_upload::pass(&mut conn, id, &first).await.unwrap());
    assert_eq!(scene.load(id).await.unwrap().clean_copy(), Some(first.clone()));
    let refused = case_upload::refuse(&mut conn, id, UploadRefusal::GivenUp).await;
    assert!(!refused.unwrap(), "ready is ready");

    let id = scene.checking_of(&scene.owner).await.id;
    let refused = case_upload::refuse(&mut conn, id, UploadRefusal::Empty).await;
    assert!(refused.unwrap());
    let copy = copy(id, 1);
    assert!(!case_upload::note_copy(&mut conn, id, &copy).await.unwrap());
    assert!(!case_upload::pass(&mut conn, id, &copy).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_account_has_so_many_files_that_are_attached_to_nothing() {
    let scene = Scene::new().await;
    let file = AnnouncedFile::parse("a.png", "image/png", 5).unwrap();
    let announce = || step::announce_file(&scene.world.platform, &scene.owner, &file);
    let most = usize::try_from(MAX_OPEN).unwrap();
    let ready = scene.ready().await;
    let all = join_all((0..most + 3).map(|_| announce())).await;
    let (announced, refused): (Vec<_>, Vec<_>) = all.into_iter().partition(Result::is_ok);
    assert_eq!((announced.len(), refused.len()), (most - 1, 4));
    for answer in refused {
        assert_eq!(refusal(answer), Refusal::TooManyUploads);
    }
    let stranger = scene.stranger().await;
    scene.announced_by(&stranger).await;
    scene.attach(1, &[ready]).await.unwrap();
    announce().await.expect("there is room for one");
    assert_eq!(refusal(announce().await), Refusal::TooManyUploads);
    scene.world.platform.clock.advance(LIFETIME);
    announce().await.expect("those of yesterday do not count");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_does_not_go_on_shows_and_is_driven() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let operator = world.operator().await;
    let id = scene.checking_of(&scene.owner).await.id;
    scene.announced_by(&scene.owner).await;
    scene.ready().await;
    let mut conn = world.conn().await;
    let request = PageRequest::first(10);
    let list = async || {
        let page = stuck_work::list(&mut *world.conn().await, &operator, &request, world.now()).await;
        page.unwrap().items
    };
    assert!(list().await.is_empty(), "it has just begun");
    world.platform.clock.advance(STUCK + TimeDelta::seconds(1));
    let found = list().await;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].id, found[0].case_id), (id, id));
    assert_eq!(
        (found[0].kind, found[0].job_state),
        (StuckWorkKind::Upload, Some(JobState::Ready))
    );
    execute(&mut conn, "DELETE FROM jobs").await;
    for made in [1, 0] {
        assert_eq!(stuck_work::sweep(&mut conn, world.now()).await.unwrap(), made);
    }
    execute(
        &mut conn,
        "UPDATE jobs SET state = 'PARKED', attempt = 15, finished_at = now() WHERE queue = 'check_upload'",
    )
    .await;
    let parked = list().await.remove(0);
    assert_eq!(parked.job_state, Some(JobState::Parked));
    assert!(stuck_work::drive(&mut conn, &parked, world.now()).await.unwrap());
    assert_eq!(list().await[0].job_state, Some(JobState::Ready));
    let refused = case_upload::refuse(&mut conn, id, UploadRefusal::GivenUp).await;
    assert!(refused.unwrap() && list().await.is_empty());
    let keys = text(&mut conn, "SELECT unique_key FROM jobs").await;
    assert_eq!(keys, [id.to_string()]);
}
