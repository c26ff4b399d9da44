//! Lists: every row once and in order, page by page in both directions, and one statement for each page.

use std::{
    fmt::Debug,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use diesel::connection::InstrumentationEvent;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use uuid::Uuid;
use wangqian_schema::{
    model::{
        Page, PageRequest, Viewer,
        agreement::{self, AgreementFilter, AgreementView},
        document, employer, event, graduate, message,
        page::MAX_PAGE,
        school,
    },
    step::AgreementStep,
    workflow::{ReviewRoute, agreement::AgreementStatus},
};

use wangqian_schema::model::review_queue::{self, QueueFilter, QueueKey, ReviewCase};

use crate::support::{World, execute, text, until_final};

const ROWS: usize = 250;

/// A school whose 250 graduates were all invited by one employer and accepted, and wait for review.
struct Crowd {
    world: World,
    member: Viewer,
    reviewer: Viewer,
}

impl Crowd {
    async fn new() -> Self {
        let world = World::new().await;
        let campus = world.school(ReviewRoute::SchoolOnly).await;
        let reviewer = world.school_reviewer(&campus).await;
        let company = world.employer().await;
        for _ in 0..ROWS {
            let student = world.graduate(&campus, 0).await;
            let id = world.invite(&company, &student).await;
            world
                .take(&student.viewer, id, AgreementStep::Accept)
                .await
                .unwrap();
        }
        Self {
            world,
            member: company.viewer,
            reviewer,
        }
    }
}

/// Reads a list forward and backward in pages of several sizes and compares with the whole of it.
async fn assert_paged<K, T>(
    expected: &[K],
    key: impl Fn(&T) -> K,
    mut load: impl AsyncFnMut(PageRequest<K>) -> Page<T>,
) where
    K: Copy + PartialEq + Debug,
{
    assert_eq!(expected.len(), ROWS);
    for limit in [1, 7, 50, 99, 100, 1000] {
        let mut seen: Vec<K> = Vec::new();
        let mut request = PageRequest::first(limit);
        assert_eq!(request.limit, limit.min(MAX_PAGE));
        loop {
            let page = load(request).await;
            assert_eq!(page.has_previous, !seen.is_empty());
            seen.extend(page.items.iter().map(&key));
            assert_eq!(page.has_next, seen.len() < ROWS, "{limit}");
            if !page.has_next {
                break;
            }
            request.after = seen.last().copied();
        }
        assert_eq!(seen, expected, "forward by {limit}");

        let mut seen: Vec<K> = Vec::new();
        let mut request = PageRequest {
            backward: true,
            ..PageRequest::first(limit)
        };
        loop {
            let page = load(request).await;
            assert_eq!(page.has_next, !seen.is_empty());
            seen.splice(0..0, page.items.iter().map(&key));
            assert_eq!(page.has_previous, seen.len() < ROWS, "{limit}");
            if !page.has_previous {
                break;
            }
            request.before = seen.first().copied();
        }
        assert_eq!(seen, expected, "backward by {limit}");
    }
    // Between two rows lie exactly the rows between them, from either end.
    for backward in [false, true] {
        let request = PageRequest {
            after: Some(expected[9]),
            before: Some(expected[15]),
            backward,
            ..PageRequest::first(100)
        };
        let page = load(request).await;
        assert_eq!(page.items.iter().map(&key).collect::<Vec<_>>(), expected[10..15]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_is_there_once_and_in_order() {
    let crowd = Crowd::new().await;
    let conn = &mut *crowd.world.conn().await;
    let ids = async |conn: &mut AsyncPgConnection, query: &str| -> Vec<Uuid> {
        let lines = text(conn, query).await;
        lines.iter().map(|id| id.parse().unwrap()).collect()
    };

    let expected = ids(conn, "SELECT id FROM agreements ORDER BY invited_at DESC").await;
    for viewer in [crowd.member, crowd.reviewer] {
        for statuses in [
            vec![],
            vec![AgreementStatus::SigningReview, AgreementStatus::Signed],
        ] {
            let filter = AgreementFilter {
                statuses,
                ..AgreementFilter::default()
            };
            let load = async |request| agreement::list(conn, &viewer, &filter, &request).await.unwrap();
            assert_paged(&expected, |view: &AgreementView| view.agreement.id, load).await;
        }
    }

    let account = crowd.member.account_id();
    let expected = ids(
        conn,
        "SELECT id FROM messages WHERE channel = 'IN_APP' AND template = 'INVITATION_ACCEPTED'
         ORDER BY event_id DESC",
    )
    .await;
    let load = async |request| message::inbox(conn, account, true, &request).await.unwrap();
    assert_paged(&expected, |message: &message::Message| message.id, load).await;

    // The longest waiting first; of those that wait since the same moment the older agreement.
    execute(
        conn,
        "UPDATE agreements SET waiting_since = timestamptz '2026-11-01' + interval '1 hour' *
             (('x' || right(id::text, 4))::bit(16)::int % 20)",
    )
    .await;
    let lines = text(
        conn,
        "SELECT extract(epoch FROM waiting_since)::bigint || ' ' || id FROM agreements ORDER BY waiting_since, id",
    )
    .await;
    let expected: Vec<QueueKey> = lines
        .iter()
        .map(|line| {
            let (seconds, id) = line.split_once(' ').unwrap();
            let since = chrono::DateTime::from_timestamp(seconds.parse().unwrap(), 0).unwrap();
            (since, id.parse().unwrap())
        })
        .collect();
    let key = |(place, _): &(QueueKey, ReviewCase)| *place;
    let load = async |request| {
        review_queue::list(conn, &crowd.reviewer, &QueueFilter::default(), &request)
            .await
            .unwrap()
    };
    assert_paged(&expected, key, load).await;
    let request = PageRequest::first(100);
    let other = review_queue::list(conn, &crowd.member, &QueueFilter::default(), &request)
        .await
        .unwrap();
    assert_eq!((other.items.len(), other.has_next), (0, false), "not a reviewer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_nothing_fits_gives_an_empty_page() {
    let world = World::new().await;
    let company = world.employer().await;
    let conn = &mut *world.conn().await;
    for backward in [false, true] {
        let request = PageRequest {
            backward,
            ..PageRequest::first(10)
        };
        let all = AgreementFilter::default();
        let page = agreement::list(conn, &company.viewer, &all, &request)
            .await
            .unwrap();
        assert_eq!(
            (page.items.len(), page.has_next, page.has_previous),
            (0, false, false)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_of_a_case_is_paged_by_its_sequence() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::DepartmentThenSchool).await;
    let student = world.graduate(&campus, 0).await;
    let company = world.employer().await;
    world.invite(&world.employer().await, &student).await;
    let id = world.invite(&company, &student).await;
    world
        .take(&student.viewer, id, AgreementStep::Accept)
        .await
        .unwrap();
    let department = world.department_reviewer(&campus, 0).await;
    world.take(&department, id, AgreementStep::Approve).await.unwrap();
    let conn = &mut *world.conn().await;
    let other = world
        .invite(&world.employer().await, &world.graduate(&campus, 0).await)
        .await;
    let mut request = PageRequest::first(2);
    let both = event::histories(conn, &[id, other, Uuid::now_v7()], &request)
        .await
        .unwrap();
    assert_eq!(both.len(), 2, "those that exist");
    for (case, page) in &both {
        assert!(page.items.iter().all(|event| event.case_id == *case));
        assert_eq!(page.items[0].sequence, 1);
        assert_eq!(
            (page.items.len(), page.has_next),
            if *case == id { (2, true) } else { (1, false) }
        );
    }
    let first = event::history(conn, id, &request).await.unwrap();
    assert_eq!(
        first.items.iter().map(|event| event.sequence).collect::<Vec<_>>(),
        [1, 2]
    );
    assert!(first.has_next && !first.has_previous);
    request.after = Some(2);
    let second = event::history(conn, id, &request).await.unwrap();
    assert_eq!(
        second
            .items
            .iter()
            .map(|event| event.sequence)
            .collect::<Vec<_>>(),
        [3]
    );
    assert!(!second.has_next && second.has_previous);
    let backward = PageRequest {
        backward: true,
        ..PageRequest::first(2)
    };
    let last = event::history(conn, id, &backward).await.unwrap();
    assert_eq!(
        last.items.iter().map(|event| event.sequence).collect::<Vec<_>>(),
        [2, 3]
    );
    assert!(!last.has_next && last.has_previous);
}

/// Counts the statements that reach the database through a connection.
fn counted(conn: &mut AsyncPgConnection) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if matches!(event, InstrumentationEvent::StartQuery { .. }) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn each_list_is_one_statement_whatever_the_number_of_rows() {
    let crowd = Crowd::new().await;
    let mut conn = AsyncPgConnection::establish(crowd.world.url()).await.unwrap();
    let conn = &mut conn;
    until_final(conn).await;
    let ids = async |conn: &mut AsyncPgConnection, query: &str| -> Vec<Uuid> {
        let lines = text(conn, query).await;
        lines.iter().map(|id| id.parse().unwrap()).collect()
    };
    // A hundred are signed, the others wait for review.
    let agreements = ids(conn, "SELECT id FROM agreements ORDER BY id").await;
    for agreement in &agreements[..100] {
        crowd
            .world
            .take(&crowd.reviewer, *agreement, AgreementStep::Approve)
            .await
            .unwrap();
    }
    for _ in 1..100 {
        crowd.world.employer().await;
        crowd.world.school(ReviewRoute::SchoolOnly).await;
    }
    until_final(conn).await;
    let graduates = ids(conn, "SELECT id FROM graduates").await;
    let employers = ids(conn, "SELECT id FROM employers").await;
    let schools = ids(conn, "SELECT id FROM schools").await;
    let departments = ids(conn, "SELECT id FROM departments").await;
    let events: Vec<i64> = text(conn, "SELECT id FROM case_events")
        .await
        .iter()
        .map(|id| id.parse().unwrap())
        .collect();
    let account = crowd.member.account_id();
    let (member, reviewer) = (&crowd.member, &crowd.reviewer);
    let (all, begin) = (AgreementFilter::default(), event::EventCursor { txid: 0, id: 0 });

    let statements = counted(conn);
    // Diesel asks for the ids of types it does not know once a connection; then the counting begins.
    agreement::list(conn, member, &all, &PageRequest::first(1))
        .await
        .unwrap();
    for rows in [1, 100] {
        let (few, numbers) = (rows as usize, i64::from(rows));
        macro_rules! one_statement {
            ($what:literal, $query:expr) => {
                statements!($what, 1, $query)
            };
        }
        // The queue's places, and the cases of each kind.
        macro_rules! statements {
            ($what:literal, $expected:literal, $query:expr) => {{
                let before = statements.load(Ordering::Relaxed);
                let found = $query.await.unwrap();
                let took = statements.load(Ordering::Relaxed) - before;
                assert_eq!(took, $expected, "{} of {rows} rows", $what);
                found
            }};
        }
        let page = PageRequest::first(rows);
        let queue = PageRequest::first(rows);
        let ids = &agreements[..few];
        let listed = one_statement!("list of an employer", agreement::list(conn, member, &all, &page));
        assert_eq!(listed.items.len(), few);
        let listed = one_statement!("list of a school", agreement::list(conn, reviewer, &all, &page));
        assert_eq!(listed.items.len(), few);
        let waiting = statements!(
            "review queue",
            4,
            review_queue::list(conn, reviewer, &QueueFilter::default(), &queue)
        );
        assert_eq!(waiting.items.len(), few);
        let inbox = one_statement!("inbox", message::inbox(conn, account, false, &page));
        assert_eq!(inbox.items.len(), few);
        let found = one_statement!("agreements by ids", agreement::by_ids(conn, member, ids));
        assert_eq!(found.len(), few);
        let found = one_statement!("graduates by ids", graduate::by_ids(conn, &graduates[..few]));
        assert_eq!(found.len(), few);
        let found = one_statement!("events by ids", event::by_ids(conn, &events[..few]));
        assert_eq!(found.len(), few);
        let found = one_statement!("employers by ids", employer::by_ids(conn, &employers[..few]));
        assert_eq!(found.len(), few);
        let found = one_statement!("schools by ids", school::schools_by_ids(conn, &schools[..few]));
        assert_eq!(found.len(), few);
        let found = one_statement!(
            "departments by ids",
            school::departments_by_ids(conn, &departments[..few])
        );
        assert_eq!(found.len(), few);
        let history = PageRequest::first(5);
        let found = one_statement!("histories", event::histories(conn, ids, &history));
        assert_eq!(found.len(), few);
        let found = one_statement!("documents", document::of_agreements(conn, ids));
        assert_eq!(found.len(), few);
        let found = one_statement!("feed", event::feed(conn, begin, numbers));
        assert_eq!(found.len(), few);
        let found = one_statement!("replay", event::replay(conn, member, begin, numbers));
        assert_eq!(found.len(), few);
        let found = one_statement!("inbox replay", message::replay(conn, account, begin, numbers));
        assert_eq!(found.len(), few);
    }
    let before = statements.load(Ordering::Relaxed);
    agreement::find(conn, member, agreements[0])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(statements.load(Ordering::Relaxed) - before, 1, "find");
}
