//! A whole office at one queue.

use std::collections::HashSet;

use uuid::Uuid;
use wangqian_schema::{
    Platform,
    model::{
        PageRequest, Viewer,
        review_queue::{self, QueueFilter, ReviewCase},
    },
    step::{self, Actor, AgreementStep, DestinationStep, StepError},
    workflow::{Refusal, ReviewRoute},
};

use super::{assert_trail_holds, at_once};
use crate::{
    destinations::seeking,
    figures,
    support::{World, number, reason},
};

/// How many graduates wait: half of them with an agreement, half with a destination.
const WAITING: usize = 80;
/// How many reviewers of each level sit down at the queue.
const OF_EACH_LEVEL: usize = 100;

/// What a reviewer makes of the case he has picked.
async fn decide(
    platform: &Platform,
    reviewer: Viewer,
    case: &ReviewCase,
    mood: usize,
) -> Result<(), StepError> {
    let actor = Actor::Viewer(reviewer);
    match case {
        ReviewCase::Agreement(view) => {
            let step = match mood % 5 {
                0 => AgreementStep::Reject(reason()),
                _ => AgreementStep::Approve,
            };
            let (id, version) = (view.agreement.id, view.agreement.version);
            step::take(platform, actor, id, step, Some(version))
                .await
                .map(drop)
        }
        ReviewCase::Destination(view) => {
            let step = match mood % 5 {
                0 => DestinationStep::Reject(reason()),
                1 => DestinationStep::Return(reason()),
                _ => DestinationStep::Approve,
            };
            let (id, version) = (view.destination.id, view.destination.version);
            step::take_destination(platform, actor, id, step, Some(version))
                .await
                .map(drop)
        }
        other => panic!("nobody ends anything here: {other:?}"),
    }
}

/// Decides whatever he finds in the queue until nothing waits for anybody. Gives the cases he has decided.
async fn sit_down(platform: Platform, reviewer: Viewer, seat: usize) -> Vec<Uuid> {
    let mut decided = Vec::new();
    let mut turn = seat;
    loop {
        // So many people wait for a connection for a while.
        let Ok(mut conn) = platform.pool.get().await else {
            continue;
        };
        let page = review_queue::list(
            &mut conn,
            &reviewer,
            &QueueFilter::default(),
            &PageRequest::first(10),
        )
        .await
        .unwrap();
        let waiting = "SELECT (SELECT count(*) FROM agreements WHERE awaiting_review IS NOT NULL)
            + (SELECT count(*) FROM destinations WHERE awaiting_review IS NOT NULL)";
        if page.items.is_empty() && number(&mut conn, waiting).await == 0 {
            return decided;
        }
        drop(conn);
        let Some((_, case)) = page.items.get(turn % page.items.len().max(1)) else {
            tokio::task::yield_now().await;
            continue;
        };
        turn += 7;
        match decide(&platform, reviewer, case, turn).await {
            Ok(()) => decided.push(case.round().case_id),
            // Somebody was faster, or no connection was free.
            Err(
                StepError::StaleVersion { .. }
                | StepError::Unreachable(_)
                | StepError::Refused(Refusal::NotInThisStatus | Refusal::OtherReviewLevel),
            ) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_reviewers_at_one_queue_decide_each_case_once() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::DepartmentThenSchool).await;
    let employer = world.employer().await;
    for nth in 0..WAITING {
        let student = world.graduate(&campus, 0).await;
        if nth % 2 == 0 {
            let id = world.invite(&employer, &student).await;
            world
                .take(&student.viewer, id, AgreementStep::Accept)
                .await
                .unwrap();
        } else {
            figures::submitted(&world, &student, &seeking()).await.unwrap();
        }
    }
    let mut reviewers = Vec::new();
    for _ in 0..OF_EACH_LEVEL {
        reviewers.push(world.department_reviewer(&campus, 0).await);
        reviewers.push(world.school_reviewer(&campus).await);
    }
    let seats = reviewers.into_iter().enumerate();
    let decided =
        at_once(seats.map(|(seat, reviewer)| sit_down(world.platform.clone(), reviewer, seat))).await;
    assert!(
        decided.iter().filter(|cases| !cases.is_empty()).count() > 20,
        "many have decided something"
    );

    // Every decision that somebody was told is on record, none is twice, and no other is.
    let decided: Vec<Uuid> = decided.into_iter().flatten().collect();
    let different: HashSet<&Uuid> = decided.iter().collect();
    assert_eq!(different.len(), WAITING);
    let conn = &mut *world.conn().await;
    const DECISIONS: &str = "FROM case_events WHERE action IN ('APPROVE', 'RETURN', 'REJECT')";
    let on_record = number(conn, &format!("SELECT count(*) {DECISIONS}")).await;
    assert_eq!(on_record, decided.len() as i64);
    let twice = format!(
        "SELECT count(*) FROM (SELECT 1 {DECISIONS} GROUP BY case_id, actor_role HAVING count(*) > 1) AS twice"
    );
    assert_eq!(number(conn, &twice).await, 0);
    let after_no = format!(
        "SELECT count(*) FROM (SELECT 1 {DECISIONS} GROUP BY case_id HAVING count(*) > 1
            AND bool_or(action <> 'APPROVE' AND actor_role = 'DEPARTMENT_REVIEWER')) AS after_no"
    );
    assert_eq!(number(conn, &after_no).await, 0);
    figures::assert_right(conn).await;
    assert_trail_holds(&world).await;
}
