//! What may be attached to a case, and only once.

use futures_util::future::join_all;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn files_are_attached_in_their_order_and_kept_ones_again() {
    let scene = Scene::new().await;
    let (first, second) = (scene.ready().await, scene.ready().await);
    let attached = scene.attach(3, &[second, first]).await.unwrap();
    assert_eq!(attached.len(), 2);
    let id = second.simple();
    let file = &attached[0];
    assert_eq!(
        (file.sequence, file.position, file.file_name.as_str()),
        (3, 0, "盖章件.png")
    );
    assert_eq!(file.object_key, format!("files/{id}/{}", "01".repeat(32)));
    assert_eq!(
        file.thumbnail_key.as_deref(),
        Some(&*format!("files/{id}/thumbnail"))
    );
    assert_eq!((file.width, file.height, file.pages), (Some(2), Some(3), None));
    assert_eq!(file.uploaded_by, scene.owner.account_id());
    assert_ne!(file.id, second, "an id of its own");

    // Returned and handed in again: the first file is kept, and there is another one.
    scene.world.platform.clock.advance(TimeDelta::days(3));
    let third = scene.ready().await;
    let again = scene.attach(7, &[third, attached[1].id]).await.unwrap();
    assert_eq!((again[1].position, again[1].sequence), (1, 7));
    assert_eq!(again[1].object_key, attached[1].object_key);
    assert_eq!(again[1].created_at, attached[1].created_at, "when it first came");
    assert_ne!(again[1].id, attached[1].id);

    let elsewhere = (CaseKind::Termination, Uuid::now_v7());
    let mut conn = scene.world.conn().await;
    let fourth = scene.ready().await;
    let other = attach_on(
        &mut conn,
        &scene.owner,
        elsewhere,
        1,
        &[fourth],
        scene.world.now(),
    )
    .await;
    let other = other.unwrap();
    let mut found = case_file::of_cases(&mut conn, &[scene.case.1], Some(7))
        .await
        .unwrap();
    found.extend(
        case_file::of_cases(&mut conn, &[elsewhere.1], Some(1))
            .await
            .unwrap(),
    );
    let of = |case: Uuid| {
        found
            .iter()
            .filter(move |file| file.case_id == case)
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(of(scene.case.1), again, "the newest submission");
    let before = case_file::of_cases(&mut conn, &[scene.case.1, elsewhere.1], Some(3))
        .await
        .unwrap();
    let before: Vec<_> = before
        .into_iter()
        .filter(|file| file.case_id == scene.case.1)
        .collect();
    assert_eq!(before, attached, "the one before");
    assert_eq!(of(elsewhere.1), other);
    assert_eq!(
        case_file::find(&mut conn, other[0].id).await.unwrap().as_ref(),
        Some(&other[0])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_attached_is_named_by_its_place() {
    let scene = Scene::new().await;
    let stranger = scene.stranger().await;
    let ready = scene.ready().await;
    let announced = scene.announced_by(&scene.owner).await.id;
    let checking = scene.checking_of(&scene.owner).await.id;
    let refused = scene.checking_of(&scene.owner).await.id;
    let used = scene.ready().await;
    let of_stranger = scene.ready_of(&stranger).await;
    let mut conn = scene.world.conn().await;
    case_upload::refuse(&mut conn, refused, UploadRefusal::EncryptedPdf)
        .await
        .unwrap();
    let attached = scene.attach(1, &[used]).await.unwrap();
    let elsewhere = (CaseKind::Termination, Uuid::now_v7());
    let of_other_case = attach_on(
        &mut conn,
        &scene.owner,
        elsewhere,
        1,
        &[scene.ready().await],
        scene.world.now(),
    )
    .await;
    let of_other_case = of_other_case.unwrap()[0].id;

    let all = [
        ready,
        announced,
        checking,
        refused,
        used,
        of_stranger,
        of_other_case,
        ready,
        Uuid::nil(),
    ];
    let none = "文件不存在或已过期，请重新上传";
    let expected = [
        ("files.1", "文件尚未上传完成"),
        ("files.2", "文件正在检查，请稍候再提交"),
        ("files.3", "PDF 文件设有密码或已加密，请解除后重新上传"),
        ("files.4", "该文件已被使用，请重新上传"),
        ("files.5", none),
        ("files.6", none),
        ("files.7", "同一文件不能重复提交"),
        ("files.8", none),
    ]
    .map(|(field, message)| (field, message.to_owned()));
    assert_eq!(wrong(scene.attach(2, &all).await), expected);
    assert_eq!(count(&mut conn, "case_files", "sequence = 2").await, 0);
    assert_eq!(
        scene.load(ready).await.unwrap().attached_at,
        None,
        "nothing was used up"
    );

    let few = ("files", "请上传材料".to_owned());
    assert_eq!(wrong(scene.attach(2, &[]).await), [few]);
    let many = ("files", "最多上传 9 个文件".to_owned());
    assert_eq!(wrong(scene.attach(2, &[ready; 10]).await), [many]);
    // One object under two ids.
    let again = scene.attach(2, &[attached[0].id]).await.unwrap();
    let twice = scene.attach(3, &[attached[0].id, again[0].id]).await;
    assert_eq!(wrong(twice), [("files.1", "同一文件不能重复提交".to_owned())]);
    // A day later it is too late.
    scene.world.platform.clock.advance(LIFETIME);
    assert_eq!(
        wrong(scene.attach(3, &[ready]).await),
        [("files.0", none.to_owned())]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_through_the_link_of_an_agreement_is_that_links_alone() {
    let scene = Scene::new().await;
    let link = |agreement_id| UploadOwner::Link { agreement_id };
    let (here, elsewhere) = (link(scene.case.1), link(Uuid::now_v7()));
    let id = scene.ready_of(&here).await;
    let mut conn = scene.world.conn().await;
    for other in [elsewhere, scene.owner] {
        assert_eq!(case_upload::find(&mut conn, &other, id).await.unwrap(), None);
        assert_eq!(wrong(scene.attach_as(&other, 1, &[id]).await).len(), 1);
        let handed_in = step::hand_in_file(&scene.world.platform, &other, id, Some(5)).await;
        assert!(matches!(handed_in, Err(StepError::NotFound)));
    }
    let attached = scene.attach_as(&here, 1, &[id]).await.unwrap();
    assert_eq!(attached[0].uploaded_by, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_attach_one_upload_at_once_one_does() {
    let scene = Scene::new().await;
    let (first, second) = (scene.ready().await, scene.ready().await);
    let tries = (1..=6).map(|sequence| {
        // Each in another order, so that they would wait for each other.
        let mut files = [first, second];
        files.rotate_left(usize::try_from(sequence % 2).unwrap());
        let scene = &scene;
        async move { scene.attach(sequence, &files).await }
    });
    let results = join_all(tries).await;
    let (done, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), refused.len()), (1, 5));
    for result in refused {
        let used = |field| (field, "该文件已被使用，请重新上传".to_owned());
        assert_eq!(wrong(result), [used("files.0"), used("files.1")]);
    }
    assert_eq!(
        count(&mut *scene.world.conn().await, "case_files", "true").await,
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_changes_or_deletes_a_file_of_a_case() {
    let scene = Scene::new().await;
    let file = scene.ready().await;
    scene.attach(1, &[file]).await.unwrap();
    let mut conn = scene.world.conn().await;
    for statement in [
        "UPDATE case_files SET file_name = 'a'",
        "DELETE FROM case_files",
        "TRUNCATE case_files",
    ] {
        use diesel_async::SimpleAsyncConnection;
        let error = conn.batch_execute(statement).await.unwrap_err().to_string();
        assert!(error.contains("append-only"), "{statement}: {error}");
    }
}
