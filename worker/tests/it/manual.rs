//! The manual: made once a release, and those of other releases put away.

use chrono::TimeDelta;
use diesel_async::AsyncPgConnection;
use sha2::{Digest, Sha256};
use wangqian_schema::{
    jobs::{self, Job, PublishManual},
    manual::manual,
    model::manual::{self as manuals, StoredManual},
};

use crate::world::World;

const WAITING: &str =
    "SELECT count(*) FROM jobs WHERE queue = 'publish_manual' AND state IN ('READY', 'RUNNING')";
const ASKED: &str = "SELECT count(*) FROM jobs WHERE queue = 'publish_manual'";

impl World {
    /// A manual of another release, made so many days ago.
    async fn other_manual(&self, conn: &mut AsyncPgConnection, n: u8, days: i64) -> StoredManual {
        let made = StoredManual {
            source_sha256: vec![n; 32],
            sha256: vec![n; 32],
            object_key: format!("manuals/{n}.pdf"),
            pages: 1,
            byte_size: 4,
            edition: manual().edition,
            created_at: self.platform.clock.now() - TimeDelta::days(days),
        };
        let put = self.storage.put(&made.object_key, "application/pdf", b"%PDF");
        put.await.unwrap();
        manuals::keep(conn, &made).await.unwrap();
        made
    }

    async fn has_manual(&self, manual: &StoredManual) -> bool {
        self.storage.get(&manual.object_key).await.is_ok()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_manual_is_made_once_and_those_of_other_releases_go_in_time() {
    let world = World::new().await;
    let mut conn = world.platform.pool.get().await.unwrap();
    let now = world.platform.clock.now();
    let old = world.other_manual(&mut conn, 1, 90).await;
    let young = world.other_manual(&mut conn, 2, 31).await;
    assert_eq!(manuals::own(&mut conn).await.unwrap(), None);
    assert_eq!(manuals::newest(&mut conn).await.unwrap(), Some(young.clone()));

    // Many ask: it is made once. What another release asks for is nobody's here.
    for _ in 0..3 {
        manuals::ask(&mut conn, now).await.unwrap();
    }
    assert_eq!(world.db.number(ASKED).await, 1);
    let others = PublishManual {
        source_sha256: "00".repeat(32),
    };
    jobs::enqueue(&conn, &others, now).await.unwrap();
    let workers = world.work(&[]);
    world.comes_to(0, WAITING).await;
    let made = manuals::own(&mut conn).await.unwrap().expect("the manual");
    let pdf = world.storage.get(&made.object_key).await.unwrap();
    assert!(pdf.starts_with(b"%PDF"));
    assert_eq!(Sha256::digest(&pdf).as_slice(), made.sha256);
    assert_eq!(made.byte_size, i32::try_from(pdf.len()).unwrap());
    assert_eq!(manuals::newest(&mut conn).await.unwrap(), Some(made.clone()));
    assert!(!world.has_manual(&old).await && world.has_manual(&young).await);
    assert_eq!(world.db.number("SELECT count(*) FROM manuals").await, 2);

    // As another text that gives the same pages has a place of its own, the place is the text's.
    assert_eq!(made.object_key, format!("manuals/{}.pdf", manual().id()));

    // Its own age does not matter, and what is there is not made again.
    world
        .db
        .execute("UPDATE manuals SET created_at = created_at - interval '1 year'")
        .await;
    manuals::ask(&mut conn, now).await.unwrap();
    world.comes_to(0, WAITING).await;
    let kept = manuals::own(&mut conn).await.unwrap().expect("the manual");
    assert_eq!(kept.created_at, made.created_at - TimeDelta::days(365));

    // Lost, it is made again, to the same bytes.
    world.storage.delete(&made.object_key).await.unwrap();
    manuals::ask(&mut conn, now).await.unwrap();
    world.comes_to(0, WAITING).await;
    assert_eq!(world.storage.get(&made.object_key).await.unwrap(), pdf);
    assert!(
        world.has_manual(&young).await,
        "kept for a while after the next one"
    );
    // Lost again after a year: what it took the place of is not needed any more.
    world
        .db
        .execute("UPDATE manuals SET created_at = created_at - interval '1 year'")
        .await;
    world.storage.delete(&made.object_key).await.unwrap();
    let newer = world.other_manual(&mut conn, 3, 31).await;
    manuals::ask(&mut conn, now).await.unwrap();
    world.comes_to(0, WAITING).await;
    assert!(!world.has_manual(&young).await && world.has_manual(&newer).await);
    workers.stop().await;

    // One that was given up is not tried again by everybody who asks, but the day after.
    let park = format!(
        "UPDATE jobs SET state = 'PARKED', finished_at = now() WHERE queue = '{}'",
        PublishManual::QUEUE
    );
    world.db.execute(&park).await;
    let asked = world.db.number(ASKED).await;
    manuals::ask(&mut conn, now).await.unwrap();
    assert_eq!(world.db.number(ASKED).await, asked);
    manuals::ask(&mut conn, now + TimeDelta::days(2)).await.unwrap();
    assert_eq!(world.db.number(ASKED).await, asked + 1);
}
