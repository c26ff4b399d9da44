//! Following an import costs the same however many follow it.

use std::sync::atomic::Ordering;

use async_graphql::{Request, Response};
use diesel_async::SimpleAsyncConnection;
use futures_util::{StreamExt, stream::BoxStream};
use uuid::Uuid;
use wangqian_api::{context::Caller, id::NodeType};

use super::World;
use crate::support::process::PATIENCE;

const FOLLOWERS: usize = 50;

impl World {
    async fn follow(&self, import: Uuid) -> BoxStream<'static, Response> {
        let caller = Caller {
            signed_in: Some((self.begin_session(self.reviewer).await, self.reviewer)),
            ..Caller::default()
        };
        let id = NodeType::GraduateImport.id(import);
        let document = format!(
            "subscription {{ graduateImportProgressed(importId: \"{}\") {{ status rowsDone }} }}",
            id.as_str()
        );
        self.schema
            .execute_stream(Request::new(document).data(caller))
            .boxed()
    }

    async fn set(&self, import: Uuid, values: &str) {
        let mut conn = self.app.platform.pool.get().await.unwrap();
        let update = format!("UPDATE graduate_imports SET {values} WHERE id = '{import}'");
        conn.batch_execute(&update).await.unwrap();
        self.app.platform.waker.wake();
    }
}

/// The next progress: status and rows done; `None` at the end.
async fn next(stream: &mut BoxStream<'static, Response>) -> Option<(String, i64)> {
    let next = tokio::time::timeout(PATIENCE, stream.next()).await;
    let response = next.expect("progress in time")?;
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    let import = response.data.into_json().unwrap()["graduateImportProgressed"].take();
    Some((
        import["status"].as_str().unwrap().to_owned(),
        import["rowsDone"].as_i64().unwrap(),
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_read_once_for_all_who_follow_it_and_not_for_nobody() {
    let world = World::new().await;
    let import = Uuid::now_v7();
    let insert = format!(
        "INSERT INTO graduate_imports (id, school_id, created_by, file_name, file_format, byte_size, object_key, status,
        rows_total, created_at, upload_until, progressed_at) SELECT '{import}', school_id, account_id, 'a', 'CSV', 1, 'x',
        'RUNNING', 9, now(), now(), now() FROM reviewers WHERE department_id IS NULL"
    );
    let mut conn = world.app.platform.pool.get().await.unwrap();
    conn.batch_execute(&insert).await.unwrap();
    drop(conn);
    let mut followers = Vec::new();
    for _ in 0..FOLLOWERS {
        let mut follower = world.follow(import).await;
        assert_eq!(next(&mut follower).await, Some(("RUNNING".to_owned(), 0)));
        followers.push(follower);
    }
    let before = world.statements.load(Ordering::Relaxed);
    for done in 1..=3 {
        world
            .set(import, &format!("rows_done = {done}, rows_created = {done}"))
            .await;
        for follower in &mut followers {
            assert_eq!(next(follower).await, Some(("RUNNING".to_owned(), done)));
        }
    }
    let cost = world.statements.load(Ordering::Relaxed) - before;
    assert!(cost < FOLLOWERS, "{cost} statements");

    let nobody = async || {
        let ended = async {
            while world.app.imports.count() > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, ended)
            .await
            .expect("it is read for nobody");
    };
    assert_eq!(world.app.imports.count(), 1);
    let mut rest = followers.split_off(FOLLOWERS / 2);
    drop(followers);
    world.set(import, "rows_done = 4, rows_created = 4").await;
    for follower in &mut rest {
        assert_eq!(next(follower).await, Some(("RUNNING".to_owned(), 4)));
    }
    drop(rest);
    nobody().await;

    let mut follower = world.follow(import).await;
    assert_eq!(next(&mut follower).await, Some(("RUNNING".to_owned(), 4)));
    world
        .set(import, "rows_total = 4, status = 'DONE', finished_at = now()")
        .await;
    assert_eq!(next(&mut follower).await, Some(("DONE".to_owned(), 4)));
    assert_eq!(next(&mut follower).await, None);
    nobody().await;
}
