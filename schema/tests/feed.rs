//! The feed of events: in an order that never changes, without a gap and without a double, whoever commits when.

use std::time::Duration;

use chrono::TimeDelta;
use diesel_async::AsyncPgConnection;
use tokio::task::{JoinHandle, JoinSet};
use wangqian_schema::{
    model::{
        Viewer,
        event::{self, Event, EventCursor},
        message,
    },
    step::{self, AgreementStep},
    workflow::ReviewRoute,
};

use crate::support::{
    Company, Student, World, count, distinct, execute, invitation, number, reason, text, until, until_final,
};

const BEGIN: EventCursor = EventCursor { txid: 0, id: 0 };

async fn whole_feed(conn: &mut AsyncPgConnection) -> Vec<Event> {
    until_final(conn).await;
    event::feed(conn, BEGIN, i64::MAX).await.unwrap()
}

/// Two employers and a graduate; the steps of the first employer stop in mid-transaction at a gate.
struct Gated {
    world: World,
    slow: Company,
    fast: Company,
    student: Student,
}

impl Gated {
    /// The gate stands behind the writing of a row of `table`.
    async fn new(table: &str) -> Self {
        let world = World::new().await;
        let campus = world.school(ReviewRoute::SchoolOnly).await;
        let gated = Self {
            slow: world.employer().await,
            fast: world.employer().await,
            student: world.graduate(&campus, 0).await,
            world,
        };
        let slow = gated.slow.id;
        execute(
            &mut *gated.world.conn().await,
            &format!(
                "CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END $$;
                 CREATE TRIGGER gate AFTER INSERT ON {table} FOR EACH ROW
                 WHEN (NEW.employer_id = '{slow}') EXECUTE FUNCTION gate()"
            ),
        )
        .await;
        gated
    }

    /// Begins an invitation of the slow employer and waits until it stands at the closed gate.
    async fn begin_slow(&self, conn: &mut AsyncPgConnection) -> JoinHandle<i32> {
        let (platform, viewer) = (self.world.platform.clone(), self.slow.viewer);
        let invitation = invitation(self.student.id, self.world.now() + TimeDelta::days(7));
        let task = tokio::spawn(async move {
            let made = step::invite(&platform, &viewer, &invitation, None).await;
            made.unwrap().agreement.event_count
        });
        let here = "database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        until(
            conn,
            &format!("EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND {here})"),
        )
        .await;
        task
    }
}

async fn a_later_commit_of_an_earlier_transaction_is_waited_for(table: &str) {
    let gated = Gated::new(table).await;
    let conn = &mut *gated.world.conn().await;
    // The gate is closed on this connection.
    execute(conn, "SELECT pg_advisory_lock(1)").await;
    let slow = gated.begin_slow(conn).await;
    gated.world.invite(&gated.fast, &gated.student).await;

    assert_eq!(
        count(conn, "case_events", "true").await,
        1,
        "the fast one is committed"
    );
    assert_eq!(
        event::feed(conn, BEGIN, 100).await.unwrap(),
        [],
        "and waits for the slow one"
    );
    assert!(
        event::feed_pending(conn, BEGIN).await.unwrap(),
        "there is something to look for"
    );
    let viewer = &gated.student.viewer;
    let account = viewer.account_id();
    assert_eq!(event::replay(conn, viewer, BEGIN, 100).await.unwrap(), []);
    assert!(
        message::replay(conn, account, BEGIN, 100)
            .await
            .unwrap()
            .is_empty()
    );
    let place = event::horizon(conn).await.unwrap();

    execute(conn, "SELECT pg_advisory_unlock(1)").await;
    assert_eq!(slow.await.unwrap(), 1);
    let feed = whole_feed(conn).await;
    let employers: Vec<_> = feed.iter().map(|event| event.employer_id.unwrap()).collect();
    assert_eq!(employers, [gated.slow.id, gated.fast.id], "by transaction");
    assert!(
        feed.iter().all(|event| event.cursor() > place),
        "both come after the place"
    );
    assert_eq!(event::feed(conn, place, 100).await.unwrap(), feed);
    assert_eq!(event::replay(conn, viewer, place, 100).await.unwrap(), feed);
    let inbox = message::replay(conn, account, place, 100).await.unwrap();
    let cursors: Vec<EventCursor> = feed.iter().map(Event::cursor).collect();
    assert_eq!(
        inbox.iter().map(|(cursor, _)| *cursor).collect::<Vec<_>>(),
        cursors
    );
    assert!(
        inbox
            .iter()
            .all(|(cursor, message)| Some(cursor.id) == message.event_id)
    );
    let rest = message::replay(conn, account, cursors[0], 100).await.unwrap();
    assert_eq!(rest.len(), 1, "the rest after the first");
    assert!(event::horizon(conn).await.unwrap() > cursors[1]);
    assert!(event::feed_pending(conn, cursors[0]).await.unwrap());
    assert!(!event::feed_pending(conn, cursors[1]).await.unwrap());
}

/// However much has happened, what is new is found by its place: with the place unknown to the planner as well, as in a statement that
/// is kept prepared.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_new_is_looked_for_at_the_end_of_a_long_feed() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let student = world.graduate(&campus, 0).await;
    world.invite(&world.employer().await, &student).await;
    let conn = &mut *world.conn().await;
    let columns = text(
        conn,
        "SELECT attname FROM pg_attribute WHERE attrelid = 'case_events'::regclass AND attnum > 0
            AND attname NOT IN ('id', 'sequence')",
    )
    .await
    .join(", ");
    execute(
        conn,
        &format!(
            "INSERT INTO case_events (sequence, {columns})
             SELECT sequence + n, {columns} FROM case_events, generate_series(1, 20000) AS n WHERE sequence = 1; ANALYZE case_events"
        ),
    )
    .await;
    until_final(conn).await;
    let end = event::horizon(conn).await.unwrap();
    execute(conn, "SET plan_cache_mode = force_generic_plan").await;
    let read = "pg_stat_get_tuples_returned('case_events'::regclass) + pg_stat_get_tuples_fetched('case_events'::regclass)";
    execute(conn, "SELECT pg_stat_force_next_flush()").await;
    let before = number(conn, read).await;
    assert!(!event::feed_pending(conn, end).await.unwrap());
    assert_eq!(event::feed(conn, end, 100).await.unwrap(), []);
    assert_eq!(event::replay(conn, &student.viewer, end, 100).await.unwrap(), []);
    execute(conn, "SELECT pg_stat_force_next_flush()").await;
    let rows = number(conn, read).await - before;
    assert!(rows < 100, "{rows} rows were read for nothing new");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_written_but_not_committed_holds_later_ones_back() {
    a_later_commit_of_an_earlier_transaction_is_waited_for("case_events").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_not_yet_written_by_an_earlier_transaction_holds_later_ones_back() {
    // The slow transaction is the older one, but its event gets the higher id.
    a_later_commit_of_an_earlier_transaction_is_waited_for("agreements").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_rolls_back_holds_nothing_back_and_leaves_no_gap_to_wait_for() {
    let gated = Gated::new("case_events").await;
    let conn = &mut *gated.world.conn().await;
    execute(
        conn,
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'sabotaged'; END $$;
         CREATE TRIGGER fail AFTER INSERT ON case_events FOR EACH ROW EXECUTE FUNCTION fail()",
    )
    .await;
    let deadline = gated.world.now() + TimeDelta::days(7);
    let failed = gated
        .world
        .try_invite(&gated.fast.viewer, gated.student.id, deadline)
        .await;
    assert!(failed.is_err());
    execute(conn, "DROP TRIGGER fail ON case_events").await;
    gated.world.invite(&gated.fast, &gated.student).await;
    let feed = whole_feed(conn).await;
    assert_eq!(feed.len(), 1);
    assert_eq!(feed[0].id, 2, "the first id was used up");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_any_place_exactly_the_rest_is_replayed() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let reviewer = world.school_reviewer(&campus).await;
    let employers = [world.employer().await, world.employer().await];
    let mut students = Vec::new();
    for _ in 0..4 {
        let student = world.graduate(&campus, 0).await;
        for employer in &employers {
            world.invite(employer, &student).await;
        }
        students.push(student);
    }
    let conn = &mut *world.conn().await;
    for (at, student) in students.iter().enumerate() {
        let query = format!(
            "SELECT id FROM agreements WHERE graduate_id = '{}' ORDER BY id",
            student.id
        );
        let id = text(conn, &query).await[at % 2].parse().unwrap();
        world
            .take(&student.viewer, id, AgreementStep::Accept)
            .await
            .unwrap();
        world
            .take(&reviewer, id, AgreementStep::Reject(reason()))
            .await
            .unwrap();
    }

    let all = whole_feed(conn).await;
    assert_eq!(all.len(), 16);
    assert!(all.is_sorted_by(|one, next| one.cursor() < next.cursor()));
    let viewers = [
        students[0].viewer,
        students[1].viewer,
        employers[0].viewer,
        employers[1].viewer,
        reviewer,
    ];
    for start in 0..=all.len() {
        let place = start.checked_sub(1).map_or(BEGIN, |last| all[last].cursor());
        let rest = &all[start..];
        assert_eq!(event::feed(conn, place, 1000).await.unwrap(), rest);
        let page = event::feed(conn, place, 3).await.unwrap();
        assert_eq!(page, rest[..rest.len().min(3)]);
        for viewer in &viewers {
            let concerned: Vec<Event> = rest
                .iter()
                .filter(|event| match viewer {
                    Viewer::Graduate { graduate_id, .. } => event.graduate_id == Some(*graduate_id),
                    Viewer::EmployerMember { employer_id, .. } => event.employer_id == Some(*employer_id),
                    _ => true,
                })
                .cloned()
                .collect();
            assert_eq!(event::replay(conn, viewer, place, 1000).await.unwrap(), concerned);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_tail_beside_eight_writers_reads_everything_once_and_in_order() {
    const WRITERS: usize = 8;
    const STUDENTS: usize = 12;
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let mut students = Vec::new();
    for _ in 0..STUDENTS {
        students.push(world.graduate(&campus, 0).await.id);
    }
    let mut woken = world.platform.waker.subscribe();
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let (platform, employer) = (world.platform.clone(), world.employer().await);
        let (students, deadline) = (students.clone(), world.now() + TimeDelta::days(7));
        writers.spawn(async move {
            for student in students {
                let invitation = invitation(student, deadline);
                let made = step::invite(&platform, &employer.viewer, &invitation, None).await;
                let id = made.unwrap().agreement.id;
                let actor = step::Actor::Viewer(employer.viewer);
                step::take(&platform, actor, id, AgreementStep::Cancel, None)
                    .await
                    .unwrap();
            }
        });
    }

    let conn = &mut *world.conn().await;
    let (mut tail, mut place) = (Vec::new(), BEGIN);
    let mut horizons = Vec::new();
    let begun = tokio::time::Instant::now();
    while tail.len() < WRITERS * STUDENTS * 2 {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "only {} came",
            tail.len()
        );
        let page = event::feed(conn, place, 7).await.unwrap();
        if let Some(last) = page.last() {
            place = last.cursor();
            tail.extend(page);
        } else {
            // As the product does it: woken after commits, and by a clock besides.
            let _ = tokio::time::timeout(Duration::from_millis(20), woken.changed()).await;
        }
        let horizon = event::horizon(conn).await.unwrap();
        let behind = format!("txid <= {}", horizon.txid);
        horizons.push((behind.clone(), count(conn, "case_events", &behind).await));
    }
    while let Some(written) = writers.join_next().await {
        written.unwrap();
    }
    assert_eq!(
        event::feed(conn, place, 7).await.unwrap(),
        [],
        "nothing comes after the last"
    );
    assert!(
        tail.is_sorted_by(|one, next| one.cursor() < next.cursor()),
        "in order and none twice"
    );
    let ids = distinct(tail.iter().map(|event| event.id.to_string()));
    assert_eq!(ids, distinct(text(conn, "SELECT id FROM case_events").await));
    for (behind, then) in horizons {
        assert_eq!(
            count(conn, "case_events", &behind).await,
            then,
            "none was added {behind}"
        );
    }
}
