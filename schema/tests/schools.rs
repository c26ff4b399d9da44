//! Schools: opened and run by steps whose trail the audit follows; at the same moment one of two who exclude each other wins.

use uuid::Uuid;
use wangqian_schema::{
    audit::{self, Break, BreakKind},
    model::{
        Viewer,
        reviewer::ReviewerDraft,
        school::{self, SchoolDraft},
    },
    step::{self, IdempotencyKey, NewReviewer, NewSchool, SchoolUpdate, StepError},
    workflow::{Refusal, ReviewRoute, Workflow},
};

use crate::{
    races::{at_once, tally},
    support::{Campus, World, count, execute, refusal, text},
};

fn key(name: &str) -> IdempotencyKey {
    IdempotencyKey {
        key: name.to_owned(),
        request_hash: [0; 32],
    }
}

fn draft(email: &str) -> ReviewerDraft {
    ReviewerDraft {
        name: "示例老师".to_owned(),
        email: Some(email.to_owned()),
        mobile: None,
    }
}

fn new_school(code: &str, email: &str) -> NewSchool {
    NewSchool {
        school: SchoolDraft {
            code: code.to_owned(),
            name: "示例新大学".to_owned(),
            contact_phone: None,
            address: None,
        },
        route: ReviewRoute::SchoolOnly,
        reviewer: draft(email),
    }
}

/// The first reviewer of a school.
async fn first_reviewer(world: &World, school_id: Uuid) -> Viewer {
    let query = format!("SELECT account_id::text FROM reviewers WHERE school_id = '{school_id}' LIMIT 1");
    let found = text(&mut *world.conn().await, &query).await;
    Viewer::Reviewer {
        account_id: found[0].parse().unwrap(),
        school_id,
        department_id: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_is_an_event_that_the_audit_follows() {
    let world = World::new().await;
    let (platform, operator) = (&world.platform, world.operator().await);
    let new = new_school("80001", "first@example.com");
    let school = step::open_school(platform, &operator, &new, &key("1"))
        .await
        .unwrap();
    let first = first_reviewer(&world, school.id).await;

    let update = SchoolUpdate {
        address: Some("示例路二号院".to_owned()),
        ..SchoolUpdate::default()
    };
    let updated = step::update_school(platform, &first, None, &update, Some(1))
        .await
        .unwrap();
    assert_eq!(updated.version, 2);
    let again = step::update_school(platform, &first, None, &update, None)
        .await
        .unwrap();
    assert_eq!(again.version, 2, "nothing changed");
    let route = async |workflow, route| {
        step::set_review_route(platform, &first, workflow, route, None)
            .await
            .map(|school| school.version)
    };
    let two_levels = Some(ReviewRoute::DepartmentThenSchool);
    assert_eq!(route(Some(Workflow::OnlineSigning), two_levels).await.unwrap(), 3);
    assert_eq!(route(Some(Workflow::OnlineSigning), two_levels).await.unwrap(), 3);
    let conn = &mut *world.conn().await;
    let in_force = school::review_route(conn, school.id, Workflow::OnlineSigning).await;
    assert_eq!(in_force.unwrap(), ReviewRoute::DepartmentThenSchool);
    assert_eq!(route(Some(Workflow::OnlineSigning), None).await.unwrap(), 4);
    assert!(matches!(route(None, None).await, Err(StepError::Invalid(_))));
    assert_eq!(route(None, Some(ReviewRoute::DepartmentOnly)).await.unwrap(), 5);
    let voiding = async |reviewed, version| {
        step::set_voiding_review(platform, &first, reviewed, version)
            .await
            .map(|school| (school.voiding_reviewed, school.version))
    };
    assert_eq!(voiding(false, None).await.unwrap(), (false, 5), "as it stands");
    assert_eq!(voiding(true, Some(5)).await.unwrap(), (true, 6));
    let stale = voiding(false, Some(5)).await;
    assert!(
        matches!(stale, Err(StepError::StaleVersion { current: 6 })),
        "{stale:?}"
    );
    let telephone = SchoolUpdate {
        contact_phone: Some("000-00000009".to_owned()),
        ..SchoolUpdate::default()
    };
    let updated = step::update_school(platform, &first, None, &telephone, None).await;
    assert!(
        updated.unwrap().voiding_reviewed,
        "another change leaves it as it is"
    );
    let department = step::add_department(platform, &first, "01", "示例学院", &key("2"))
        .await
        .unwrap();
    let renamed = step::rename_department(platform, &first, department.id, None, Some("示例新学院"));
    assert_eq!(renamed.await.unwrap().name, "示例新学院");
    let new = NewReviewer {
        reviewer: draft("second@example.com"),
        department_id: Some(department.id),
    };
    let second = step::add_reviewer(platform, &first, None, &new, &key("3"))
        .await
        .unwrap();
    let second = second.account_id;
    let moved = step::update_reviewer(platform, &first, second, Some("示例老师乙"), Some(None));
    assert_eq!(moved.await.unwrap().department_id, None);
    for enabled in [false, true] {
        step::set_reviewer_enabled(platform, &operator, second, enabled)
            .await
            .unwrap();
    }

    let query = format!(
        "SELECT action FROM case_events WHERE case_id = '{}' ORDER BY sequence",
        school.id
    );
    let actions = [
        "OPEN",
        "ADD_REVIEWER",
        "UPDATE",
        "SET_REVIEW_ROUTE",
        "SET_REVIEW_ROUTE",
        "SET_REVIEW_ROUTE",
        "SET_VOIDING_REVIEW",
        "UPDATE",
        "ADD_DEPARTMENT",
        "RENAME_DEPARTMENT",
        "ADD_REVIEWER",
        "UPDATE_REVIEWER",
        "DISABLE_REVIEWER",
        "ENABLE_REVIEWER",
    ];
    assert_eq!(text(conn, &query).await, actions);
    let changes = text(conn, "SELECT changes::text FROM case_events").await.concat();
    for personal in ["example.com", "示例老师"] {
        assert!(!changes.contains(personal), "{changes}");
    }
    let report = audit::walk(conn, None).await.unwrap();
    assert_eq!((report.cases, report.events, report.breaks), (1, 14, Vec::new()));
    execute(conn, "UPDATE schools SET event_count = 13").await;
    let broken = Break {
        case_id: school.id,
        sequence: 14,
        kind: BreakKind::WrongEnd,
    };
    assert_eq!(audit::walk(conn, Some(school.id)).await.unwrap().breaks, [broken]);
}

/// A school's reviewers, each of the whole school.
async fn two_reviewers(world: &World) -> (Campus, Viewer, Viewer) {
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let (one, other) = (
        world.school_reviewer(&campus).await,
        world.school_reviewer(&campus).await,
    );
    (campus, one, other)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_those_who_disable_or_move_each_other_at_once_one_stays() {
    let world = World::new().await;
    for moves in [false, true] {
        let (campus, one, other) = two_reviewers(&world).await;
        let department = campus.departments[0];
        let attempts = [(one, other), (other, one)].map(|(actor, target)| {
            let (platform, target) = (world.platform.clone(), target.account_id());
            async move {
                match moves {
                    true => {
                        let place = Some(Some(department));
                        step::update_reviewer(&platform, &actor, target, None, place).await
                    }
                    false => step::set_reviewer_enabled(&platform, &actor, target, false).await,
                }
            }
        });
        let mut results = at_once(attempts).await;
        let lost = results.iter().position(Result::is_err).expect("one loses");
        assert_eq!(refusal(results.swap_remove(lost)), Refusal::NotYourRole);
        assert!(results[0].is_ok(), "moves: {moves}");
    }
    // Two operators, since nobody else could leave a school without anybody.
    let (_, one, other) = two_reviewers(&world).await;
    let operators = [world.operator().await, world.operator().await];
    let attempts = [(operators[0], one), (operators[1], other)].map(|(operator, target)| {
        let platform = world.platform.clone();
        async move { step::set_reviewer_enabled(&platform, &operator, target.account_id(), false).await }
    });
    let mut results = at_once(attempts).await;
    let lost = results.iter().position(Result::is_err).expect("one loses");
    assert_eq!(refusal(results.swap_remove(lost)), Refusal::LastSchoolReviewer);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_code_and_an_address_asked_for_at_once_are_given_once() {
    let world = World::new().await;
    let operator = world.operator().await;
    let open = |new: NewSchool, name: &'static str| {
        let platform = world.platform.clone();
        async move { step::open_school(&platform, &operator, &new, &key(name)).await }
    };
    let same_key = at_once((0..4).map(|_| open(new_school("80002", "one@example.com"), "same"))).await;
    let ids: Vec<_> = same_key.into_iter().map(|opened| opened.unwrap().id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "one school: {ids:?}");
    let codes = [
        ("80003", "two@example.com", "a"),
        ("80003", "three@example.com", "b"),
    ];
    let addresses = [
        ("80004", "four@example.com", "c"),
        ("80005", "four@example.com", "d"),
    ];
    for (pair, field) in [(codes, "code"), (addresses, "reviewer.email")] {
        let results = at_once(pair.map(|(code, email, name)| open(new_school(code, email), name))).await;
        let taken = results.iter().filter(
            |result| matches!(result, Err(StepError::AlreadyTaken { field: taken }) if *taken == field),
        );
        assert_eq!(taken.count(), 1, "{field}: {:?}", tally(&results));
    }
    let conn = &mut *world.conn().await;
    let whole = "event_count = 2 AND EXISTS (SELECT FROM reviewers WHERE school_id = schools.id)";
    assert_eq!(count(conn, "schools", whole).await, 3, "all or nothing of each");
    assert_eq!(count(conn, "schools", "true").await, 3);
}
