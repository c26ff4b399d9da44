//! A tampered trail is found, and the first break of it is named.

use chrono::TimeDelta;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use tokio::task::JoinSet;
use uuid::Uuid;
use wangqian_schema::{
    audit::{self, Break, BreakKind},
    step::{self, Actor, AgreementStep},
    workflow::ReviewRoute,
};

use crate::support::{World, count, execute, invitation, reason};

/// A case of four events, invited, accepted, approved by the department and rejected by the school, beside one that
/// nobody touches.
async fn scene() -> (World, Uuid) {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::DepartmentThenSchool).await;
    let student = world.graduate(&campus, 0).await;
    world.invite(&world.employer().await, &student).await;
    let id = world.invite(&world.employer().await, &student).await;
    world
        .take(&student.viewer, id, AgreementStep::Accept)
        .await
        .unwrap();
    let department = world.department_reviewer(&campus, 0).await;
    world.take(&department, id, AgreementStep::Approve).await.unwrap();
    let school = world.school_reviewer(&campus).await;
    world
        .take(&school, id, AgreementStep::Reject(reason()))
        .await
        .unwrap();
    (world, id)
}

/// Does what only a superuser can: writes past the triggers.
pub(crate) async fn tamper(conn: &mut AsyncPgConnection, statements: &str) {
    let all = format!("BEGIN; SET LOCAL session_replication_role = replica; {statements}; COMMIT");
    execute(conn, &all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_untouched_trail_holds() {
    let (world, id) = scene().await;
    let conn = &mut *world.conn().await;
    let all = audit::walk(conn, None).await.unwrap();
    assert_eq!((all.cases, all.events, all.breaks), (2, 5, vec![]));
    let one = audit::walk(conn, Some(id)).await.unwrap();
    assert_eq!((one.cases, one.events, one.breaks), (1, 4, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_of_a_graduates_data_is_walked_too() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let student = world
        .graduate_with(&campus, 0, |new| new.confirmed_at = None)
        .await;
    let graduate = step::confirm_data(&world.platform, &student.viewer, 1)
        .await
        .unwrap();
    let again = step::confirm_data(&world.platform, &student.viewer, 1)
        .await
        .unwrap();
    assert_eq!(again.confirmed_at, graduate.confirmed_at, "once is enough");
    let conn = &mut *world.conn().await;
    let found = audit::walk(conn, Some(student.id)).await.unwrap();
    assert_eq!((found.cases, found.events, found.breaks), (1, 1, vec![]));
    tamper(conn, "UPDATE graduates SET confirmed_at = NULL").await;
    let found = audit::walk(conn, None).await.unwrap().breaks;
    let kind = BreakKind::WrongStatus;
    let case_id = student.id;
    assert_eq!(
        found,
        [Break {
            case_id,
            sequence: 1,
            kind
        }]
    );
    tamper(conn, "UPDATE graduates SET event_count = 0").await;
    let found = audit::walk(conn, None).await.unwrap().breaks;
    assert_eq!(found[0].kind, BreakKind::WrongEnd);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_of_tampering_is_found_at_its_place() {
    use BreakKind::{Changed, Missing, NoCase, Unlinked, WrongEnd, WrongStatus};
    let (world, id) = scene().await;
    let conn = &mut *world.conn().await;
    // What is changed of which event, what the walk must say, and where.
    let event = |sequence, set: &str| {
        format!("UPDATE case_events SET {set} WHERE case_id = '{id}' AND sequence = {sequence}")
    };
    let delete =
        |sequences| format!("DELETE FROM case_events WHERE case_id = '{id}' AND sequence {sequences}");
    let case = |set| format!("UPDATE agreements SET {set} WHERE id = '{id}'");
    let tamperings = [
        (event(4, "reason = '另一个原因'"), 4, Changed),
        (event(4, "reason = NULL"), 4, Changed),
        (event(2, "reason = '没有人说过'"), 2, Changed),
        (
            event(3, "occurred_at = occurred_at + interval '1 microsecond'"),
            3,
            Changed,
        ),
        (
            event(1, "occurred_at = occurred_at - interval '1 year'"),
            1,
            Changed,
        ),
        (event(2, "to_status = 'SIGNED'"), 2, Changed),
        (event(2, "from_status = NULL"), 2, Changed),
        (event(4, "action = 'APPROVE'"), 4, Changed),
        (event(3, "actor_role = 'SCHOOL_REVIEWER'"), 3, Changed),
        (
            event(
                3,
                "actor_account_id = (SELECT actor_account_id FROM case_events WHERE id = 1)",
            ),
            3,
            Changed,
        ),
        (event(3, "changes = '{\"a\": 1}'"), 3, Changed),
        (event(2, "graduate_id = gen_random_uuid()"), 2, Changed),
        (event(2, "employer_id = NULL"), 2, Changed),
        (event(2, "school_id = gen_random_uuid()"), 2, Changed),
        (event(2, "department_id = gen_random_uuid()"), 2, Changed),
        (event(2, "hash = sha256('x')"), 2, Changed),
        (event(2, "previous_hash = sha256('x')"), 2, Unlinked),
        (delete("= 4"), 4, Missing),
        (delete("= 2"), 2, Missing),
        (delete("= 1"), 1, Missing),
        (delete("> 0"), 1, Missing),
        // Two change places.
        (
            format!(
                "{}; {}; {}",
                event(2, "sequence = 99"),
                event(3, "sequence = 2"),
                event(99, "sequence = 3")
            ),
            2,
            Unlinked,
        ),
        // The last one is taken away and the case told so.
        (
            format!("{}; {}", delete("= 4"), case("event_count = 3")),
            3,
            WrongEnd,
        ),
        (case("event_count = 3"), 4, WrongEnd),
        (case("event_hash = sha256('x')"), 4, WrongEnd),
        // The case is set back without its trail.
        (case("status = 'DECLINED'"), 4, WrongStatus),
        // The case itself is gone.
        (format!("DELETE FROM agreements WHERE id = '{id}'"), 1, NoCase),
    ];
    execute(
        conn,
        "CREATE TABLE kept_events AS TABLE case_events; CREATE TABLE kept AS TABLE agreements",
    )
    .await;
    for (tampering, sequence, kind) in tamperings {
        tamper(conn, &tampering).await;
        let expected = [Break {
            case_id: id,
            sequence,
            kind,
        }];
        assert_eq!(
            audit::walk(conn, None).await.unwrap().breaks,
            expected,
            "{tampering}"
        );
        assert_eq!(
            audit::walk(conn, Some(id)).await.unwrap().breaks,
            expected,
            "{tampering}"
        );
        tamper(
            conn,
            "DELETE FROM case_events; DELETE FROM agreements; INSERT INTO agreements TABLE kept;
             INSERT INTO case_events OVERRIDING SYSTEM VALUE TABLE kept_events",
        )
        .await;
        assert_eq!(audit::walk(conn, None).await.unwrap().breaks, [], "restored");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_broken_case_is_named_once_in_the_order_of_the_cases() {
    let (world, id) = scene().await;
    let conn = &mut *world.conn().await;
    tamper(conn, "UPDATE case_events SET reason = 'x'").await;
    let breaks = audit::walk(conn, None).await.unwrap().breaks;
    assert_eq!(breaks.len(), 2);
    assert!(
        breaks
            .iter()
            .all(|one| (one.sequence, one.kind) == (1, BreakKind::Changed))
    );
    assert!(breaks.is_sorted_by_key(|one| one.case_id));
    assert_eq!(breaks[1].case_id, id, "ids rise with time");
}

#[tokio::test(flavor = "multi_thread")]
async fn history_can_be_neither_changed_nor_deleted() {
    let (world, _) = scene().await;
    let mut conn = AsyncPgConnection::establish(world.url()).await.unwrap();
    for statement in [
        "UPDATE case_events SET reason = 'x'",
        "UPDATE case_events SET reason = 'x' WHERE false",
        "DELETE FROM case_events",
        "DELETE FROM case_events WHERE sequence = 4",
        "TRUNCATE case_events",
        "TRUNCATE case_events CASCADE",
    ] {
        let refused = conn.batch_execute(statement).await.unwrap_err().to_string();
        let word = if statement == "TRUNCATE case_events" {
            // PostgreSQL itself is faster: messages refer to the events.
            "foreign key"
        } else {
            "append-only"
        };
        assert!(refused.contains(word), "{statement}: {refused}");
    }
    assert_eq!(count(&mut conn, "case_events", "true").await, 5);
}

/// What each of the people at work does: an invitation and an answer.
const ROUNDS: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_walk_beside_people_at_work_finds_no_break() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let mut people = JoinSet::new();
    for _ in 0..4 {
        let platform = world.platform.clone();
        let (student, employer) = (world.graduate(&campus, 0).await, world.employer().await);
        people.spawn(async move {
            for _ in 0..ROUNDS {
                let deadline = platform.clock.now() + TimeDelta::days(7);
                let invitation = invitation(student.id, deadline);
                let made = step::invite(&platform, &employer.viewer, &invitation, None).await;
                let id = made.unwrap().agreement.id;
                let actor = Actor::Viewer(student.viewer);
                step::take(&platform, actor, id, AgreementStep::Decline(None), None)
                    .await
                    .unwrap();
            }
        });
    }
    let conn = &mut *world.conn().await;
    let (mut walks, mut breaks) = (0, Vec::new());
    while !people.is_empty() {
        breaks.extend(audit::walk(conn, None).await.unwrap().breaks);
        walks += 1;
        while let Some(person) = people.try_join_next() {
            person.unwrap();
        }
    }
    assert!(walks > 1, "they were at work meanwhile");
    assert_eq!(breaks, []);
}
