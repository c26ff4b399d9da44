//! Many people at the same moment: exactly one of those who cannot all win does.

use std::{collections::HashMap, future::Future, sync::Arc};

use chrono::TimeDelta;
use tokio::{sync::Barrier, task::JoinSet};
use uuid::Uuid;
use wangqian_schema::{
    audit,
    step::{self, Actor, AgreementStep, IdempotencyKey, StepError},
    workflow::{Refusal, ReviewRoute, agreement::AgreementStatus},
};

use crate::support::{World, count, distinct, invitation, number, reason, refusal, text};

/// Starts all futures at once, each in a task of its own, and gives their results in the order of the futures.
async fn at_once<F>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let futures: Vec<F> = futures.into_iter().collect();
    let start = Arc::new(Barrier::new(futures.len()));
    let mut tasks = JoinSet::new();
    for (index, future) in futures.into_iter().enumerate() {
        let start = start.clone();
        tasks.spawn(async move {
            start.wait().await;
            (index, future.await)
        });
    }
    let mut results = tasks.join_all().await;
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// How often each result came, by its text.
fn tally<T>(results: &[Result<T, StepError>]) -> HashMap<String, usize> {
    let mut tally = HashMap::new();
    for result in results {
        let key = match result {
            Ok(_) => "ok".to_owned(),
            Err(StepError::Refused(refusal)) => format!("{refusal:?}"),
            Err(error) => format!("{error:?}"),
        };
        *tally.entry(key).or_default() += 1;
    }
    tally
}

fn tallied<const N: usize>(expected: [(&str, usize); N]) -> HashMap<String, usize> {
    expected.map(|(key, count)| (key.to_owned(), count)).into()
}

async fn assert_trail_holds(world: &World) {
    let report = audit::walk(&mut *world.conn().await, None).await.unwrap();
    assert_eq!(report.breaks, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_invitations_of_one_graduate_one_is_accepted() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let student = world.graduate(&campus, 0).await;
    let mut members = Vec::new();
    for _ in 0..50 {
        members.push(world.employer().await.viewer);
    }

    let deadline = world.now() + TimeDelta::days(7);
    let invited = at_once(members.iter().map(|member| {
        let (platform, member) = (world.platform.clone(), *member);
        let invitation = invitation(student.id, deadline);
        async move { step::invite(&platform, &member, &invitation, None).await }
    }))
    .await;
    assert_eq!(tally(&invited), tallied([("ok", 50)]));
    let ids = distinct(invited.into_iter().map(|view| view.unwrap().agreement.id));

    let accepted = at_once(ids.iter().map(|id| {
        let (platform, actor, id) = (world.platform.clone(), Actor::Viewer(student.viewer), *id);
        async move { step::take(&platform, actor, id, AgreementStep::Accept, None).await }
    }))
    .await;
    assert_eq!(tally(&accepted), tallied([("ok", 1), ("AlreadyEngaged", 49)]));
    let winner = accepted.into_iter().find_map(Result::ok).unwrap().agreement.id;

    let conn = &mut *world.conn().await;
    assert_eq!(
        text(conn, "SELECT case_id FROM engagements").await,
        [winner.to_string()]
    );
    assert_eq!(
        text(conn, "SELECT id FROM agreements WHERE status = 'SIGNING_REVIEW'").await,
        [winner.to_string()]
    );
    assert_eq!(count(conn, "agreements", "status = 'INVITED'").await, 49);
    assert_eq!(count(conn, "case_events", "action = 'ACCEPT'").await, 1);
    assert_trail_holds(&world).await;
}

/// Sets two steps on one invitation against each other, twenty times; the second of them must be refused as `loser`.
async fn duel(first: fn(&Duel) -> Step, second: fn(&Duel) -> Step) {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let employer = world.employer().await;
    let mut wins = [0, 0];
    for _ in 0..20 {
        let student = world.graduate(&campus, 0).await;
        let duel = Duel {
            graduate: Actor::Viewer(student.viewer),
            employer: Actor::Viewer(employer.viewer),
        };
        let id = world.invite(&employer, &student).await;
        let results = at_once([first(&duel), second(&duel)].map(|(actor, step)| {
            let platform = world.platform.clone();
            async move { step::take(&platform, actor, id, step, None).await }
        }))
        .await;
        assert_eq!(
            tally(&results),
            tallied([("ok", 1), ("NotInThisStatus", 1)]),
            "one of both"
        );
        let winner = results.iter().position(Result::is_ok).unwrap();
        wins[winner] += 1;
        let won = results[winner].as_ref().unwrap();
        let now = world.find(&student.viewer, id).await;
        assert_eq!(now.agreement.status, won.agreement.status);
        assert_eq!(
            now.standing.held_by,
            (now.agreement.status == AgreementStatus::SigningReview).then_some(id)
        );
        assert_eq!(now.agreement.event_count, 2);
    }
    assert_eq!(wins[0] + wins[1], 20);
    assert_trail_holds(&world).await;
}

type Step = (Actor, AgreementStep);

/// The two parties of an invitation.
struct Duel {
    graduate: Actor,
    employer: Actor,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn accept_against_cancel() {
    duel(
        |duel| (duel.graduate, AgreementStep::Accept),
        |duel| (duel.employer, AgreementStep::Cancel),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn accept_against_decline() {
    duel(
        |duel| (duel.graduate, AgreementStep::Accept),
        |duel| (duel.graduate, AgreementStep::Decline(None)),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn accept_against_accept() {
    duel(
        |duel| (duel.graduate, AgreementStep::Accept),
        |duel| (duel.graduate, AgreementStep::Accept),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn around_the_deadline_an_invitation_is_answered_or_expires_but_never_both() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let employer = world.employer().await;
    for round in 0..40 {
        let student = world.graduate(&campus, 0).await;
        // So near that it passes while the steps run; in the later rounds between them.
        let deadline = world.now() + TimeDelta::days(1);
        let id = world
            .try_invite(&employer.viewer, student.id, deadline)
            .await
            .unwrap()
            .agreement
            .id;
        world
            .platform
            .clock
            .advance(deadline - world.now() - TimeDelta::microseconds(round * 250));
        let steps = [
            (Actor::Viewer(student.viewer), AgreementStep::Accept),
            (Actor::Worker, AgreementStep::Expire),
            (Actor::Viewer(employer.viewer), AgreementStep::Cancel),
            (Actor::Viewer(student.viewer), AgreementStep::Decline(None)),
        ];
        let results = at_once(steps.map(|(actor, step)| {
            let platform = world.platform.clone();
            async move { step::take(&platform, actor, id, step, None).await }
        }))
        .await;
        let expected = [
            AgreementStatus::SigningReview,
            AgreementStatus::Expired,
            AgreementStatus::Cancelled,
            AgreementStatus::Declined,
        ];
        let winners: Vec<usize> = (0..4).filter(|index| results[*index].is_ok()).collect();
        let after = world.find(&student.viewer, id).await.agreement;
        match winners[..] {
            // The expiry came a moment too early, everything else a moment too late.
            [] => {
                assert_eq!(after.status, AgreementStatus::Invited);
                assert_eq!(after.event_count, 1);
                let later = world.work(id, AgreementStep::Expire).await.unwrap();
                assert_eq!(later.agreement.status, AgreementStatus::Expired);
            }
            [winner] => {
                assert_eq!(after.status, expected[winner], "{:?}", tally(&results));
                assert_eq!(after.event_count, 2);
                let in_time = after.updated_at < deadline;
                assert_eq!(in_time, after.status != AgreementStatus::Expired, "{after:?}");
            }
            _ => panic!("more than one outcome: {:?}", tally(&results)),
        }
        for result in results.into_iter().filter(Result::is_err) {
            let refusal = refusal(result);
            assert!(
                matches!(
                    refusal,
                    Refusal::DeadlinePassed | Refusal::NotInThisStatus | Refusal::TooEarly
                ),
                "{refusal:?}"
            );
        }
    }
    assert_trail_holds(&world).await;
}

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

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_approvals_at_once_get_consecutive_numbers() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let employer = world.employer().await;
    let mut cases = Vec::new();
    for _ in 0..20 {
        let student = world.graduate(&campus, 0).await;
        let id = world.invite(&employer, &student).await;
        world
            .take(&student.viewer, id, AgreementStep::Accept)
            .await
            .unwrap();
        cases.push((id, world.school_reviewer(&campus).await));
    }
    let results = at_once(cases.into_iter().map(|(id, reviewer)| {
        let platform = world.platform.clone();
        let actor = Actor::Viewer(reviewer);
        async move { step::take(&platform, actor, id, AgreementStep::Approve, None).await }
    }))
    .await;
    let numbers = distinct(
        results
            .into_iter()
            .map(|view| view.unwrap().agreement.agreement_number.unwrap()),
    );
    let expected = (1..=20).map(|serial| format!("2027{}31{serial:06}", campus.code));
    assert_eq!(numbers, distinct(expected));
    let conn = &mut *world.conn().await;
    assert_eq!(
        number(conn, "SELECT last_serial FROM agreement_serials").await,
        20
    );
    assert_trail_holds(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_reviewers_of_one_case_one_decides() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::DepartmentOnly).await;
    let employer = world.employer().await;
    let reviewers = [
        world.department_reviewer(&campus, 0).await,
        world.department_reviewer(&campus, 0).await,
    ];
    for round in 0..20 {
        let student = world.graduate(&campus, 0).await;
        let id = world.invite(&employer, &student).await;
        world
            .take(&student.viewer, id, AgreementStep::Accept)
            .await
            .unwrap();
        let steps = [
            AgreementStep::Approve,
            if round % 2 == 0 {
                AgreementStep::Approve
            } else {
                AgreementStep::Reject(reason())
            },
        ];
        let results = at_once(reviewers.into_iter().zip(steps).map(|(reviewer, step)| {
            let platform = world.platform.clone();
            async move { step::take(&platform, Actor::Viewer(reviewer), id, step, None).await }
        }))
        .await;
        assert_eq!(tally(&results), tallied([("ok", 1), ("NotInThisStatus", 1)]));
    }
    let conn = &mut *world.conn().await;
    assert_eq!(
        number(conn, "SELECT count(*) FROM documents").await,
        count(conn, "agreements", "status = 'SIGNED'").await
    );
    assert_trail_holds(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_who_saw_the_same_version_the_second_is_told() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::DepartmentThenSchool).await;
    let employer = world.employer().await;
    let student = world.graduate(&campus, 0).await;
    let reviewer = world.department_reviewer(&campus, 0).await;
    let id = world.invite(&employer, &student).await;
    let seen = world
        .take(&student.viewer, id, AgreementStep::Accept)
        .await
        .unwrap();
    let version = seen.agreement.version;
    let results = at_once((0..2).map(|_| {
        let platform = world.platform.clone();
        let step = AgreementStep::Reject(reason());
        async move { step::take(&platform, Actor::Viewer(reviewer), id, step, Some(version)).await }
    }))
    .await;
    let stale = results.iter().filter(
        |result| matches!(result, Err(StepError::StaleVersion { current }) if *current == version + 1),
    );
    assert_eq!(stale.count(), 1, "{:?}", tally(&results));
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
}
