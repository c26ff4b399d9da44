//! Several reviewers, of one case or of one school.

use wangqian_schema::{
    step::{self, Actor, AgreementStep, StepError},
    workflow::ReviewRoute,
};

use super::{assert_trail_holds, at_once, tallied, tally};
use crate::support::{World, class_year, count, distinct, number, reason};

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
    let expected = (1..=20).map(|serial| format!("{}{}31{serial:06}", class_year(), campus.code));
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
