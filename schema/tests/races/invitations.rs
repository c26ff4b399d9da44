//! Several members of one employer, or one request sent several times.

use chrono::TimeDelta;
use uuid::Uuid;
use wangqian_schema::{
    step::{self, IdempotencyKey, StepError},
    workflow::{ReviewRoute, agreement::AgreementStatus},
};

use super::{assert_trail_holds, at_once, tallied, tally};
use crate::support::{World, count, invitation};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_members_of_one_employer_invite_at_once() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let employer = world.employer().await;
    let members = [employer.viewer, world.member(employer.id).await];
    for _ in 0..20 {
        let student = world.graduate(&campus, 0).await;
        let deadline = world.now() + TimeDelta::days(7);
        let results = at_once(members.map(|member| {
            let platform = world.platform.clone();
            let invitation = invitation(student.id, deadline);
            async move { step::invite(&platform, &member, &invitation, None).await }
        }))
        .await;
        assert_eq!(tally(&results), tallied([("ok", 1), ("AlreadyInvited", 1)]));
    }
    let conn = &mut *world.conn().await;
    assert_eq!(count(conn, "agreements", "true").await, 20);
    assert_eq!(count(conn, "case_events", "true").await, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_members_invite_anew_at_once_after_the_deadline() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let employer = world.employer().await;
    let members = [employer.viewer, world.member(employer.id).await];
    for _ in 0..10 {
        let student = world.graduate(&campus, 0).await;
        let old = world.invite(&employer, &student).await;
        world.platform.clock.advance(TimeDelta::days(8));
        let deadline = world.now() + TimeDelta::days(7);
        let results = at_once(members.map(|member| {
            let platform = world.platform.clone();
            let invitation = invitation(student.id, deadline);
            async move { step::invite(&platform, &member, &invitation, None).await }
        }))
        .await;
        assert_eq!(tally(&results), tallied([("ok", 1), ("AlreadyInvited", 1)]));
        let old = world.find(&student.viewer, old).await.agreement;
        assert_eq!(
            (old.status, old.event_count),
            (AgreementStatus::Expired, 2),
            "expired once"
        );
    }
    assert_trail_holds(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_key_at_once_makes_one_agreement() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let employer = world.employer().await;
    let deadline = world.now() + TimeDelta::days(7);
    for round in 0..10u8 {
        let student = world.graduate(&campus, 0).await;
        let key = IdempotencyKey {
            key: format!("request-{round}"),
            request_hash: [round; 32],
        };
        let results = at_once((0..8).map(|_| {
            let (platform, member, key) = (world.platform.clone(), employer.viewer, key.clone());
            let invitation = invitation(student.id, deadline);
            async move { step::invite(&platform, &member, &invitation, Some(&key)).await }
        }))
        .await;
        assert_eq!(tally(&results), tallied([("ok", 8)]));
        let ids: Vec<Uuid> = results
            .into_iter()
            .map(|view| view.unwrap().agreement.id)
            .collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "all get the same");

        let other = IdempotencyKey {
            request_hash: [255; 32],
            ..key.clone()
        };
        let reused = step::invite(
            &world.platform,
            &employer.viewer,
            &invitation(student.id, deadline),
            Some(&other),
        )
        .await;
        assert!(matches!(reused, Err(StepError::KeyReused)), "{reused:?}");
    }
    assert_eq!(count(&mut *world.conn().await, "agreements", "true").await, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_different_requests_under_one_key_one_is_let_in() {
    let world = World::new().await;
    let (employer, other) = (world.employer().await, world.employer().await);
    let key = |body: u8| IdempotencyKey {
        key: "the same key".to_owned(),
        request_hash: [body; 32],
    };
    // Eight requests that have nothing in common but the key, each sent twice.
    let results = at_once((0..16u8).map(|request| {
        let (platform, member, key) = (world.platform.clone(), employer.viewer, key(request % 8));
        async move { step::claim_request(&platform, &member, &key).await }
    }))
    .await;
    assert_eq!(tally(&results), tallied([("ok", 2), ("KeyReused", 14)]));
    let first = results.iter().position(Result::is_ok).unwrap() as u8;
    for request in 0..8 {
        let again = step::claim_request(&world.platform, &employer.viewer, &key(request)).await;
        assert_eq!(again.is_ok(), request == first, "{again:?}");
    }
    // A key is its owner's.
    step::claim_request(&world.platform, &other.viewer, &key(100))
        .await
        .unwrap();
}
