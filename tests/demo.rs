//! The demo data: loaded once, taken up after an interruption, kept away from other people's schools.

use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use wangqian_cli::{
    demo::{self, Beside, DemoError, Loaded, accounts},
    platform::platform,
};
use wangqian_embedded::{TestDatabase, test_database};
use wangqian_schema::{
    Platform, audit, db,
    workflow::{agreement::AgreementStatus, termination::TerminationStatus},
};

async fn database() -> (TestDatabase, Platform) {
    let database = test_database(|url| async move { db::migrate(&url).await.map(drop) }).await;
    let settings = db::DatabaseSettings {
        database_url: None,
        database_connections: 4,
        statement_timeout_ms: 10_000,
    };
    let platform = platform(database.url(), &settings, "https://wangqian.example").expect("a pool");
    (database, platform)
}

#[derive(diesel::QueryableByName, Debug, PartialEq, Eq)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::Text)]
    what: String,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

/// What of each there is, without ids and times: equal for two databases in which the same happened.
async fn summary(conn: &mut AsyncPgConnection) -> Vec<Count> {
    diesel::sql_query(
        "SELECT concat_ws(' ', 'agreement', status, awaiting_review, review_route) AS what, count(*) FROM agreements \
             GROUP BY 1 \
         UNION ALL SELECT concat_ws(' ', 'termination', status, requested_by), count(*) FROM terminations GROUP BY 1 \
         UNION ALL SELECT concat_ws(' ', 'destination', status, awaiting_review), count(*) FROM destinations GROUP BY 1 \
         UNION ALL SELECT concat_ws(' ', 'confirmation', status, authorised_until IS NOT NULL), count(*) FROM leaving_confirmations \
             GROUP BY 1 \
         UNION ALL SELECT concat_ws(' ', 'event', action, actor_role, to_status), count(*) FROM case_events GROUP BY 1 \
         UNION ALL SELECT concat_ws(' ', 'message', channel, template), count(*) FROM messages GROUP BY 1 \
         UNION ALL SELECT 'account ' || kind, count(*) FROM accounts GROUP BY 1 \
         UNION ALL SELECT 'held', count(*) FROM engagements \
         ORDER BY 1",
    )
    .load(conn)
    .await
    .expect("a summary")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_status_is_there_and_a_second_run_changes_nothing() {
    let (_database, platform) = database().await;
    let loaded = demo::load(&platform, Beside::Nobody).await.expect("loads");
    assert!(
        matches!(loaded, Loaded::Now { steps } if steps > 50),
        "{loaded:?}"
    );
    let mut conn = platform.pool.get().await.expect("a connection");
    let first = summary(&mut conn).await;
    // What graduates fill in themselves is not shown by demo data yet.
    let filed = |status: &AgreementStatus| {
        use AgreementStatus::{
            Discarded, Draft, RegistrationRejected, RegistrationReturned, RegistrationReview,
            StampedCopyReturned, TermsApproved, TermsRejected, TermsReturned, TermsReview,
        };
        matches!(
            status,
            Draft
                | TermsReview
                | TermsApproved
                | TermsReturned
                | TermsRejected
                | StampedCopyReturned
                | RegistrationReview
                | RegistrationReturned
                | RegistrationRejected
                | Discarded
        )
    };
    for status in AgreementStatus::ALL.iter().filter(|status| !filed(status)) {
        assert!(
            first
                .iter()
                .any(|row| row.what.split(' ').take(2).eq(["agreement", status.as_str()])),
            "no agreement is {status}"
        );
    }
    // Nor what they hand in to end it.
    let mended =
        |status: &TerminationStatus| matches!(status, TerminationStatus::Draft | TerminationStatus::Returned);
    for status in TerminationStatus::ALL.iter().filter(|status| !mended(status)) {
        let what = format!("termination {status}");
        assert!(
            first.iter().any(|row| row.what.starts_with(&what)),
            "no termination is {status}"
        );
    }
    // Nobody gives up in the demo data, and its schools do not review what is made void.
    for status in [
        "DRAFT",
        "REGISTRATION_REVIEW",
        "RETURNED",
        "REJECTED",
        "REGISTERED",
        "VOIDED",
    ] {
        let what = format!("destination {status}");
        assert!(
            first.iter().any(|row| row.what.starts_with(&what)),
            "no destination is {status}"
        );
    }
    for what in ["CONFIRMED t", "CONFIRMED f", "DISPUTED f"] {
        let what = format!("confirmation {what}");
        assert!(first.iter().any(|row| row.what == what), "no {what}");
    }
    for kind in ["GRADUATE", "EMPLOYER_MEMBER", "REVIEWER", "OPERATOR"] {
        assert!(
            first
                .iter()
                .any(|row| row.what == format!("account {kind}") && row.count > 0)
        );
    }
    assert_eq!(
        demo::load(&platform, Beside::Nobody).await.expect("loads"),
        Loaded::Before
    );
    assert_eq!(summary(&mut conn).await, first);
    let report = audit::walk(&mut conn, None).await.expect("walks");
    assert!(report.breaks.is_empty() && report.cases > 30, "{report:?}");
}

/// What there is of schools, employers and graduates, each as one line of text.
async fn breadth(conn: &mut AsyncPgConnection) -> Vec<(String, i64)> {
    let rows: Vec<Count> = diesel::sql_query(
        "SELECT 'school with ' || (SELECT count(*) FROM departments d WHERE d.school_id = s.id) || ' departments, ' \
                || coalesce(r.review_route, s.default_review_route) AS what, count(*) \
             FROM schools s LEFT JOIN school_review_routes r ON r.school_id = s.id AND r.workflow = 'ONLINE_SIGNING' \
             GROUP BY 1 \
         UNION ALL SELECT 'employer ' || verification, count(*) FROM employers GROUP BY 1 \
         UNION ALL SELECT 'graduate', count(*) FROM graduates \
         UNION ALL SELECT 'graduate confirmed', count(*) FROM graduates WHERE confirmed_at IS NOT NULL \
         UNION ALL SELECT 'graduate not confirmed', count(*) FROM graduates WHERE confirmed_at IS NULL \
         UNION ALL SELECT 'graduate 定向', count(*) FROM graduates \
             WHERE training_mode = '2' AND NOT online_signing_allowed \
         UNION ALL SELECT 'graduate with 𬭎', count(*) FROM graduates WHERE name LIKE '%𬭎%' \
         ORDER BY 1",
    )
    .load(conn)
    .await
    .expect("a summary");
    rows.into_iter().map(|row| (row.what, row.count)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_one_of_each_kind_that_behaves_differently() {
    let (_database, platform) = database().await;
    demo::load(&platform, Beside::Nobody).await.expect("loads");
    let mut conn = platform.pool.get().await.expect("a connection");
    let found = breadth(&mut conn).await;
    let (organisations, people): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|(what, _)| !what.starts_with("graduate"));
    let organisations: Vec<(&str, i64)> = organisations
        .iter()
        .map(|(what, count)| (what.as_str(), *count))
        .collect();
    assert_eq!(
        organisations,
        [
            ("employer PENDING", 1),
            ("employer VERIFIED", 2),
            ("school with 1 departments, SCHOOL_ONLY", 1),
            ("school with 2 departments, DEPARTMENT_THEN_SCHOOL", 1),
        ]
    );
    for (what, at_least) in [
        ("graduate", 60),
        ("graduate confirmed", 50),
        ("graduate not confirmed", 1),
        ("graduate 定向", 1),
        ("graduate with 𬭎", 1),
    ] {
        assert!(
            people
                .iter()
                .any(|(name, count)| name == what && *count >= at_least),
            "fewer than {at_least} of {what}: {people:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_load_once() {
    let (_database, platform) = database().await;
    let (one, other) = tokio::join!(
        demo::load(&platform, Beside::Nobody),
        demo::load(&platform, Beside::Nobody)
    );
    let loaded = [one.expect("loads"), other.expect("loads")];
    assert_eq!(
        loaded.iter().filter(|loaded| **loaded == Loaded::Before).count(),
        1,
        "{loaded:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_is_taken_up_where_it_stopped() {
    let (_database, whole) = database().await;
    demo::load(&whole, Beside::Nobody).await.expect("loads");
    let whole = summary(&mut whole.pool.get().await.expect("a connection")).await;

    let (database, platform) = database_that_breaks().await;
    let mut conn = AsyncPgConnection::establish(database.url())
        .await
        .expect("a connection");
    for budget in [0, 1, 40] {
        conn.batch_execute(&format!("UPDATE budget SET events_left = {budget}"))
            .await
            .expect("set");
        let broken = demo::load(&platform, Beside::Nobody).await;
        assert!(matches!(broken, Err(DemoError::Step(_))), "{broken:?}");
        assert_ne!(summary(&mut conn).await, whole);
    }
    conn.batch_execute("UPDATE budget SET events_left = 1000")
        .await
        .expect("set");
    let loaded = demo::load(&platform, Beside::Nobody).await.expect("loads");
    assert!(matches!(loaded, Loaded::Now { steps } if steps > 0), "{loaded:?}");
    assert_eq!(summary(&mut conn).await, whole);
}

/// A database in which only so many events can be written as the table `budget` says.
async fn database_that_breaks() -> (TestDatabase, Platform) {
    let (database, platform) = database().await;
    let mut conn = AsyncPgConnection::establish(database.url())
        .await
        .expect("a connection");
    conn.batch_execute(
        "CREATE TABLE budget (events_left integer NOT NULL);
         INSERT INTO budget VALUES (0);
         CREATE FUNCTION spend() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
             UPDATE budget SET events_left = events_left - 1;
             IF (SELECT events_left FROM budget) < 0 THEN RAISE EXCEPTION 'the power failed'; END IF;
             RETURN NEW;
         END $$;
         CREATE TRIGGER spend BEFORE INSERT ON case_events FOR EACH ROW EXECUTE FUNCTION spend();",
    )
    .await
    .expect("a trigger");
    (database, platform)
}

#[tokio::test(flavor = "multi_thread")]
async fn other_schools_keep_demo_data_out_unless_forced() {
    let (database, platform) = database().await;
    let mut conn = AsyncPgConnection::establish(database.url())
        .await
        .expect("a connection");
    conn.batch_execute(
        "INSERT INTO schools (id, code, name, default_review_route) \
         VALUES (gen_random_uuid(), '99999', '另一所示例学校', 'SCHOOL_ONLY')",
    )
    .await
    .expect("a school");
    let refused = demo::load(&platform, Beside::Nobody).await;
    assert!(matches!(refused, Err(DemoError::OtherSchools(1))), "{refused:?}");
    assert!(
        summary(&mut conn)
            .await
            .iter()
            .all(|row| !row.what.starts_with("account"))
    );
    demo::load(&platform, Beside::Anybody).await.expect("forced");
}

#[test]
fn the_readme_names_every_demo_account() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = std::fs::read_to_string(path).expect("README.md");
    for account in accounts::ACCOUNTS {
        assert!(
            readme.contains(account.email),
            "README.md does not name {}",
            account.email
        );
    }
    assert!(readme.contains(accounts::PASSWORD));
}
