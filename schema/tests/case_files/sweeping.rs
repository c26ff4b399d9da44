//! What the sweep of uploads takes away, whatever happens at the same moment.

use diesel_async::AsyncConnection;

use super::*;

/// The keys that may be deleted, as the job would be told.
async fn over(scene: &Scene) -> Vec<(Uuid, Vec<String>)> {
    let mut conn = scene.world.conn().await;
    let over = upload::over(&mut conn, scene.world.now(), None).await.unwrap();
    over.into_iter().map(|one| (one.id, one.object_keys)).collect()
}

fn raw(id: Uuid) -> String {
    upload::object_key(id)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_attached_goes_with_its_copy_and_what_was_attached_stays() {
    let scene = Scene::new().await;
    let announced = scene.announced_by(&scene.owner).await.id;
    let checking = scene.checking_of(&scene.owner).await.id;
    let refused = scene.checking_of(&scene.owner).await.id;
    let unused = scene.ready().await;
    let used = scene.ready().await;
    let mut conn = scene.world.conn().await;
    // Refused after its copy was noted, and perhaps stored.
    case_upload::note_copy(&mut conn, refused, &copy(refused, 1))
        .await
        .unwrap();
    case_upload::refuse(&mut conn, refused, UploadRefusal::FileChanged)
        .await
        .unwrap();
    scene.attach(1, &[used]).await.unwrap();
    scene.world.platform.clock.advance(LIFETIME);
    assert_eq!(over(&scene).await, [], "whoever began in time comes to an end");
    scene.world.platform.clock.advance(GRACE);
    let with_copy = |id: Uuid| {
        vec![
            case_upload::clean_key(id, &[1; 32]),
            case_upload::thumbnail_key(id),
            raw(id),
        ]
    };
    let expected = [
        (announced, vec![raw(announced)]),
        (refused, with_copy(refused)),
        (unused, with_copy(unused)),
        (used, vec![raw(used)]),
    ];
    assert_eq!(over(&scene).await, expected, "one that is looked at is not over");
    for id in [announced, unused] {
        let now = scene.load(id).await.unwrap();
        assert_eq!(
            (now.state, now.refusal),
            (UploadState::Refused, Some(UploadRefusal::Expired))
        );
    }
    assert_eq!(scene.state(checking).await, UploadState::Checking);
    assert_eq!(
        scene.load(refused).await.unwrap().refusal,
        Some(UploadRefusal::FileChanged)
    );
    assert_eq!(over(&scene).await, expected, "again after a crash");
    let ids = expected.map(|(id, _)| id);
    upload::forget(&mut conn, &ids).await.unwrap();
    assert_eq!(over(&scene).await, []);
    assert_eq!(wrong(scene.attach(2, &[used]).await).len(), 1, "never twice");
}

/// The clock of whoever attaches lags behind that of whoever sweeps.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_attached_while_it_is_swept_stays() {
    let scene = Scene::new().await;
    let id = scene.ready().await;
    let in_time = scene.world.now();
    scene.world.platform.clock.advance(LIFETIME + GRACE);
    let mut holder = scene.world.conn().await;
    let mut beside = scene.world.conn().await;
    let waiting = "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() \
                   AND wait_event_type = 'Lock' AND query LIKE 'UPDATE \"uploads\"%'";
    let waiting = format!("({waiting})");
    let (attached, begun) = tokio::sync::oneshot::channel();
    let mut attached = Some(attached);
    let attaching = holder.transaction(async |conn| {
        let files =
            case_file::attach(conn, &scene.owner, scene.case, 1, &[id], 1..=MAX_FILES, in_time).await?;
        attached.take().unwrap().send(()).unwrap();
        // The sweep has seen it as it was before, and waits for its row.
        until(&mut beside, &waiting).await;
        Ok::<_, AttachError>(files)
    });
    let sweeping = async {
        begun.await.unwrap();
        over(&scene).await
    };
    let (attached, swept) = tokio::join!(attaching, sweeping);
    let file = attached.unwrap().remove(0);
    assert_eq!(swept, [(id, vec![raw(id)])]);
    let kept = [Some(file.object_key), file.thumbnail_key];
    let kept: Vec<String> = kept.into_iter().flatten().collect();
    assert!(kept.iter().all(|key| !swept[0].1.contains(key)), "{swept:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_swept_is_not_attached_any_more() {
    let scene = Scene::new().await;
    let id = scene.ready().await;
    let in_time = scene.world.now();
    scene.world.platform.clock.advance(LIFETIME + GRACE);
    assert_eq!(over(&scene).await.len(), 1);
    let mut conn = scene.world.conn().await;
    let attached = attach_on(&mut conn, &scene.owner, scene.case, 1, &[id], in_time).await;
    let late = ("files.0", "文件未及时使用，已过期，请重新上传".to_owned());
    assert_eq!(wrong(attached), [late]);
    upload::forget(&mut conn, &[id]).await.unwrap();
    let attached = attach_on(&mut conn, &scene.owner, scene.case, 1, &[id], in_time).await;
    assert_eq!(wrong(attached).len(), 1);
    assert_eq!(number(&mut conn, "SELECT count(*) FROM case_files").await, 0);
}
