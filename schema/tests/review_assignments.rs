//! Taking a case that waits: who may, who hears who has it, and when it ends. It blocks nobody and leaves the case alone.

use chrono::TimeDelta;
use futures_util::future::join_all;
use uuid::Uuid;
use wangqian_schema::{
    model::{
        PageRequest, Viewer,
        event::CaseKind,
        review_assignment,
        review_queue::{self, AssignedTo, QueueFilter, ReviewCase},
    },
    step::{self, AgreementStep, StepError, TerminationStep},
    workflow::{Refusal, ReviewRoute},
};

use crate::support::{Campus, Company, Student, World, count, execute, reason, refusal, text};

struct Scene {
    world: World,
    campus: Campus,
    company: Company,
    student: Student,
    agreement: Uuid,
    department: Viewer,
    fellow: Viewer,
}

impl Scene {
    /// An agreement that waits for the department.
    async fn new() -> Self {
        let world = World::new().await;
        let campus = world.school(ReviewRoute::DepartmentThenSchool).await;
        let company = world.employer().await;
        let student = world.graduate(&campus, 0).await;
        let agreement = world.invite(&company, &student).await;
        world
            .take(&student.viewer, agreement, AgreementStep::Accept)
            .await
            .unwrap();
        Self {
            department: world.department_reviewer(&campus, 0).await,
            fellow: world.department_reviewer(&campus, 0).await,
            campus,
            company,
            student,
            agreement,
            world,
        }
    }

    async fn assign(&self, viewer: &Viewer, take_over: bool) -> Result<ReviewCase, StepError> {
        step::assign_review(
            &self.world.platform,
            viewer,
            CaseKind::Agreement,
            self.agreement,
            take_over,
        )
        .await
    }

    async fn release(&self, viewer: &Viewer) -> Result<ReviewCase, StepError> {
        step::release_review(&self.world.platform, viewer, CaseKind::Agreement, self.agreement).await
    }

    /// What a reviewer's queue holds of each assignment: all, his own, nobody's.
    async fn queue(&self, viewer: &Viewer) -> [Vec<Uuid>; 3] {
        let mut conn = self.world.conn().await;
        let mut queues = [const { Vec::new() }; 3];
        for (queue, assignment) in
            queues
                .iter_mut()
                .zip([None, Some(AssignedTo::Me), Some(AssignedTo::Nobody)])
        {
            let filter = QueueFilter {
                assignment,
                ..QueueFilter::default()
            };
            let forward = PageRequest::first(100);
            let backward = PageRequest {
                backward: true,
                ..forward
            };
            let page = review_queue::list(&mut conn, viewer, &filter, &forward)
                .await
                .unwrap();
            *queue = page.items.iter().map(|((_, id), _)| *id).collect();
            let page = review_queue::list(&mut conn, viewer, &filter, &backward)
                .await
                .unwrap();
            let mut there: Vec<_> = page.items.iter().map(|((_, id), _)| *id).collect();
            there.sort_unstable();
            let mut here = queue.clone();
            here.sort_unstable();
            assert_eq!(here, there, "both ways");
        }
        queues
    }

    /// Who holds the case, as a viewer sees it.
    async fn holder(&self, viewer: &Viewer) -> Option<Uuid> {
        let mut conn = self.world.conn().await;
        let case = review_queue::find(&mut conn, viewer, CaseKind::Agreement, self.agreement).await;
        let round = case.unwrap().unwrap().round();
        let held = review_assignment::of_cases(&mut conn, viewer.reviews().unwrap(), &[self.agreement]).await;
        let held = held.unwrap().into_iter().find(|held| held.is_of(&round));
        held.map(|held| held.account_id)
    }
}

/// Whose name a refusal tells.
fn told(result: Result<ReviewCase, StepError>) -> String {
    match result {
        Err(StepError::Assigned { reviewer }) => reviewer,
        other => unreachable!("expected to be told who has it, not {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_taken_seen_by_fellows_taken_over_and_given_back() {
    let scene = Scene::new().await;
    let (world, agreement) = (&scene.world, scene.agreement);
    let mut conn = world.conn().await;
    let row = format!("SELECT md5(a::text) FROM agreements a WHERE id = '{agreement}'");
    let before = text(&mut conn, &row).await;
    let events = count(&mut conn, "case_events", "true").await;

    assert_eq!(
        scene.queue(&scene.department).await,
        [vec![agreement], vec![], vec![agreement]]
    );
    scene.assign(&scene.department, false).await.unwrap();
    assert_eq!(
        scene.queue(&scene.department).await,
        [vec![agreement], vec![agreement], vec![]]
    );
    assert_eq!(
        scene.queue(&scene.fellow).await,
        [vec![agreement], vec![], vec![]]
    );
    assert_eq!(
        scene.holder(&scene.fellow).await,
        Some(scene.department.account_id())
    );
    // Once more changes nothing, and a fellow hears who has it.
    let taken = "SELECT assigned_at FROM review_assignments";
    let first = text(&mut conn, taken).await;
    scene.assign(&scene.department, true).await.unwrap();
    assert_eq!(text(&mut conn, taken).await, first);
    let name = "SELECT name FROM reviewers JOIN review_assignments USING (account_id)";
    let name = text(&mut conn, name).await;
    assert_eq!([told(scene.assign(&scene.fellow, false).await)], name[..]);
    assert_eq!([told(scene.release(&scene.fellow).await)], name[..]);
    assert_eq!(
        scene.holder(&scene.department).await,
        Some(scene.department.account_id())
    );

    scene.assign(&scene.fellow, true).await.unwrap();
    assert_eq!(
        scene.holder(&scene.department).await,
        Some(scene.fellow.account_id())
    );
    scene.release(&scene.fellow).await.unwrap();
    scene.release(&scene.fellow).await.unwrap();
    assert_eq!(
        scene.queue(&scene.fellow).await,
        [vec![agreement], vec![], vec![agreement]]
    );

    assert_eq!(
        text(&mut conn, &row).await,
        before,
        "the case itself is as it was"
    );
    assert_eq!(count(&mut conn, "case_events", "true").await, events);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_for_whoever_decides_next_alone() {
    let scene = Scene::new().await;
    let (world, campus) = (&scene.world, &scene.campus);
    let school = world.school_reviewer(campus).await;
    let other = world.department_reviewer(campus, 1).await;
    let stranger = world
        .school_reviewer(&world.school(ReviewRoute::SchoolOnly).await)
        .await;
    let operator = world.operator().await;
    for (viewer, refused) in [
        (&school, Refusal::OtherReviewLevel),
        (&scene.student.viewer, Refusal::NotYourRole),
        (&scene.company.viewer, Refusal::NotYourRole),
    ] {
        assert_eq!(refusal(scene.assign(viewer, true).await), refused);
        assert_eq!(refusal(scene.release(viewer).await), refused);
    }
    for viewer in [&other, &stranger, &operator] {
        assert!(matches!(
            scene.assign(viewer, true).await,
            Err(StepError::NotFound)
        ));
        assert!(matches!(scene.release(viewer).await, Err(StepError::NotFound)));
    }
    let nothing = step::assign_review(
        &world.platform,
        &school,
        CaseKind::Graduate,
        scene.student.id,
        false,
    )
    .await;
    assert!(
        matches!(nothing, Err(StepError::NotFound)),
        "nothing that is reviewed"
    );
    let mut conn = world.conn().await;
    assert_eq!(count(&mut conn, "review_assignments", "true").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_blocks_nobody_and_ends_with_the_decision_of_the_level() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let school = world.school_reviewer(&scene.campus).await;
    scene.assign(&scene.department, false).await.unwrap();
    // A fellow decides all the same.
    world
        .take(&scene.fellow, scene.agreement, AgreementStep::Approve)
        .await
        .unwrap();
    assert_eq!(scene.holder(&school).await, None);
    assert_eq!(
        scene.queue(&school).await,
        [vec![scene.agreement], vec![], vec![scene.agreement]]
    );
    assert_eq!(
        refusal(scene.release(&scene.department).await),
        Refusal::OtherReviewLevel
    );
    // Another machine's clock may have been ahead when the round began that is over.
    let mut conn = world.conn().await;
    execute(
        &mut conn,
        "UPDATE review_assignments SET waiting_since = waiting_since + interval '1 day'",
    )
    .await;
    drop(conn);
    scene.assign(&school, false).await.unwrap();
    assert_eq!(scene.holder(&school).await, Some(school.account_id()));
    let rejected = AgreementStep::Reject(reason());
    world.take(&school, scene.agreement, rejected).await.unwrap();
    assert_eq!(
        refusal(scene.assign(&school, false).await),
        Refusal::NotInThisStatus
    );
    assert_eq!(scene.holder(&school).await, None);

    // What is over is forgotten after a while, and what holds is not.
    let again = world.invite(&scene.company, &scene.student).await;
    world
        .take(&scene.student.viewer, again, AgreementStep::Accept)
        .await
        .unwrap();
    step::assign_review(&world.platform, &scene.fellow, CaseKind::Agreement, again, false)
        .await
        .unwrap();
    let mut conn = world.conn().await;
    assert_eq!(
        review_assignment::forget(&mut conn, world.now()).await.unwrap(),
        0
    );
    world.platform.clock.advance(TimeDelta::hours(2));
    assert_eq!(
        review_assignment::forget(&mut conn, world.now()).await.unwrap(),
        1
    );
    assert_eq!(
        count(&mut conn, "review_assignments", &format!("case_id = '{again}'")).await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_where_its_reviewer_no_longer_reviews() {
    let scene = Scene::new().await;
    let mut conn = scene.world.conn().await;
    let holder = scene.department.account_id();
    for (gone, back) in [
        (
            format!("UPDATE accounts SET disabled_at = now() WHERE id = '{holder}'"),
            format!("UPDATE accounts SET disabled_at = NULL WHERE id = '{holder}'"),
        ),
        (
            format!(
                "UPDATE reviewers SET department_id = '{}' WHERE account_id = '{holder}'",
                scene.campus.departments[1]
            ),
            format!(
                "UPDATE reviewers SET department_id = '{}' WHERE account_id = '{holder}'",
                scene.campus.departments[0]
            ),
        ),
    ] {
        scene.assign(&scene.department, true).await.unwrap();
        execute(&mut conn, &gone).await;
        assert_eq!(scene.holder(&scene.fellow).await, None);
        let waiting = vec![scene.agreement];
        assert_eq!(
            scene.queue(&scene.fellow).await,
            [waiting.clone(), vec![], waiting]
        );
        scene.assign(&scene.fellow, false).await.unwrap();
        execute(&mut conn, &back).await;
        assert_eq!(scene.holder(&scene.fellow).await, Some(scene.fellow.account_id()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_take_it_at_once_one_has_it_and_the_others_are_told() {
    let scene = Scene::new().await;
    let mut reviewers = Vec::new();
    for _ in 0..8 {
        reviewers.push(scene.world.department_reviewer(&scene.campus, 0).await);
    }
    for _ in 0..5 {
        let results = join_all(reviewers.iter().map(|viewer| scene.assign(viewer, false))).await;
        let (winners, losers): (Vec<_>, Vec<_>) = reviewers
            .iter()
            .zip(results)
            .partition(|(_, result)| result.is_ok());
        assert_eq!(winners.len(), 1);
        let winner = winners[0].0;
        assert_eq!(scene.holder(&scene.fellow).await, Some(winner.account_id()));
        let mut conn = scene.world.conn().await;
        let name = format!(
            "SELECT name FROM reviewers WHERE account_id = '{}'",
            winner.account_id()
        );
        let name = text(&mut conn, &name).await;
        for (_, result) in losers {
            assert_eq!([told(result)], name[..]);
        }
        scene.release(winner).await.unwrap();
    }
    // All ask to take over: each gets it or hears from whom it went, and one has it at the end.
    join_all(reviewers.iter().map(|viewer| scene.assign(viewer, true))).await;
    let holder = scene.holder(&scene.fellow).await;
    assert!(reviewers.iter().any(|viewer| Some(viewer.account_id()) == holder));
}

#[tokio::test(flavor = "multi_thread")]
async fn terminations_are_taken_in_the_same_way() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let school = world.school_reviewer(&scene.campus).await;
    for reviewer in [&scene.department, &school] {
        world
            .take(reviewer, scene.agreement, AgreementStep::Approve)
            .await
            .unwrap();
    }
    let asked = world
        .request_termination(&scene.student.viewer, scene.agreement)
        .await
        .unwrap();
    let id = asked.termination.id;
    world
        .take_termination(&scene.company.viewer, id, TerminationStep::Accept)
        .await
        .unwrap();
    let taken = step::assign_review(
        &world.platform,
        &scene.department,
        CaseKind::Termination,
        id,
        false,
    )
    .await;
    assert_eq!(taken.unwrap().round().case_id, id);
    assert_eq!(scene.queue(&scene.department).await, [vec![id], vec![id], vec![]]);
    world
        .take_termination(&scene.department, id, TerminationStep::Approve)
        .await
        .unwrap();
    assert_eq!(scene.queue(&school).await, [vec![id], vec![], vec![id]]);
}
