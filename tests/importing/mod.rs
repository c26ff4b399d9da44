//! Schools import their graduates: what a file's rows come to, over the wire.

mod large;

use chrono::TimeDelta;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use wangqian_api::id::NodeType;
use wangqian_schema::{Platform, model::upload, workflow::ReviewRoute};

use crate::support::{
    Client, Server,
    people::{self, SchoolWorld},
    process::{output, stderr},
    roster::{self, Row},
};

#[derive(diesel::QueryableByName)]
struct Text {
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    text: Option<String>,
}

/// One text of the database.
async fn text(platform: &Platform, query: &str) -> String {
    let mut conn = platform.pool.get().await.unwrap();
    let row: Text = diesel::sql_query(query).get_result(&mut conn).await.unwrap();
    row.text.unwrap_or_default()
}

/// All that an import could change of people.
const PEOPLE: &str = "SELECT concat_ws(' ',
    (SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM graduates t),
    (SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM accounts t),
    (SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM case_events t),
    (SELECT count(*) FROM messages)) AS text";

struct Scene {
    server: Server,
    school: SchoolWorld,
    reviewer: Client,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::empty().await;
        let school = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
        let reviewer = server.login(&school.school_reviewer).await;
        Self {
            server,
            school,
            reviewer,
        }
    }

    async fn import(&self, key: &str, rows: &[Row]) -> (String, Value) {
        roster::import(&self.reviewer, key, "CSV", roster::csv(rows)).await
    }
}

fn counts(import: &Value) -> [i64; 4] {
    ["rowsCreated", "rowsUpdated", "rowsUnchanged", "rowsFailed"]
        .map(|count| import[count].as_i64().unwrap_or_else(|| panic!("{import}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn good_rows_go_in_once_and_the_same_file_changes_nothing() {
    let scene = Scene::new().await;
    let platform = &scene.server.platform;
    let mut rows: Vec<Row> = (0..3).map(roster::row).collect();
    rows[1][8] = "定向".to_owned();
    let (_, ended) = scene.import("first", &rows).await;
    assert_eq!(
        (&ended["status"], counts(&ended)),
        (&json!("DONE"), [3, 0, 0, 0]),
        "{ended}"
    );

    let kept = "SELECT string_agg(concat_ws(' ', student_number, g.name, gender, degree_level, training_mode,
        origin_region, online_signing_allowed, confirmed_at IS NULL, mobile, email, event_count), '; ' ORDER BY student_number)
        AS text FROM graduates g JOIN accounts a ON a.id = account_id";
    assert_eq!(
        text(platform, kept).await,
        "R000000 林示例0 MALE 31 1 110108 t t 10050000000 roster0@example.com 1; \
         R000001 林示例1 FEMALE 31 2 110108 f t 10050000001 roster1@example.com 1; \
         R000002 林示例2 MALE 31 1 110108 t t 10050000002 roster2@example.com 1"
    );
    let trail = "SELECT string_agg(concat_ws(' ', actor_role, action, from_status, to_status, changes::text), ';') AS text
        FROM (SELECT * FROM case_events LIMIT 1) t";
    let trail = text(platform, trail).await;
    assert!(
        trail.starts_with("SCHOOL_REVIEWER IMPORT UNCONFIRMED {\"import\""),
        "{trail}"
    );

    let audit = output(&mut scene.server.command(&["audit"]));
    assert!(audit.status.success(), "{}", stderr(&audit));

    let before = text(platform, PEOPLE).await;
    for (key, format, file) in [
        ("again", "CSV", roster::csv(&rows)),
        ("as a workbook", "XLSX", roster::xlsx(&rows)),
    ] {
        let (_, ended) = roster::import(&scene.reviewer, key, format, file).await;
        assert_eq!(counts(&ended), [0, 0, 3, 0], "{key}");
    }
    assert_eq!(text(platform, PEOPLE).await, before);
    // The files hold people's numbers, so they go as soon as they are worked through.
    let keys = "SELECT string_agg(object_key, ' ') AS text FROM graduate_imports";
    for key in text(platform, keys).await.split(' ') {
        let gone = async || {
            scene
                .server
                .storage
                .head(key)
                .await
                .unwrap()
                .is_none()
                .then_some(())
        };
        scene.server.until("the file to be deleted", gone).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_logs_in_to_an_imported_account_before_he_has_set_a_password() {
    let scene = Scene::new().await;
    scene.import("first", &[roster::row(0)]).await;
    let log_in = "mutation($input: LogInInput!) { logIn(input: $input) { token userErrors { code } } }";
    let number = roster::id_card(0);
    for password in ["", &number[12..], &number, "123456"] {
        for identifier in [&number, "10050000000", "roster0@example.com"] {
            let input =
                json!({ "input": { "identifier": identifier, "password": password, "delivery": "BEARER" } });
            let answer = scene.server.client().mutate(log_in, input).await;
            assert_ne!(answer["userErrors"], json!([]), "{identifier}");
            assert_eq!(answer["token"], Value::Null);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_differs_corrects_and_asks_for_confirmation_again() {
    let scene = Scene::new().await;
    let platform = &scene.server.platform;
    // Somebody who has confirmed, and has another mobile by now than the school knows.
    let person = people::graduate(platform, &scene.school, |new| {
        new.student_number = "R000005".to_owned();
        new.id_card_number = roster::id_card(5);
        new.name = "林示例5".to_owned();
        new.gender = wangqian_schema::model::graduate::Gender::Female;
    })
    .await;
    let mut row = roster::row(5);
    row[11] = String::new();
    let (_, ended) = scene.import("same", &[row.clone()]).await;
    assert_eq!(
        counts(&ended),
        [0, 0, 1, 0],
        "how he is reached is his own business: {ended}"
    );

    row[1] = "林示范".to_owned();
    row[8] = "委培".to_owned();
    let (_, ended) = scene.import("other", &[row.clone()]).await;
    assert_eq!(counts(&ended), [0, 1, 0, 0], "{ended}");
    let graduate = scene.server.login(&person.email).await;
    let me = "{ viewer { ... on Graduate { name onlineSigningAllowed confirmedAt version mobile } }
        notifications(first: 1) { nodes { title body } } }";
    let me = graduate.query(me, json!({})).await;
    assert_eq!(
        me["viewer"],
        json!({ "name": "林示范", "onlineSigningAllowed": false, "confirmedAt": null, "version": 2, "mobile": person.mobile })
    );
    let told = me["notifications"]["nodes"][0]["body"]
        .as_str()
        .expect("a message");
    assert!(told.contains("姓名、培养方式、可否网签"), "{told}");
    let event = "SELECT changes ->> 'fields' AS text FROM case_events WHERE action = 'CORRECT'";
    assert_eq!(
        text(platform, event).await,
        "[\"NAME\", \"TRAINING_MODE\", \"ONLINE_SIGNING_ALLOWED\"]"
    );
    // The one mail that was owed and no more: whoever has not confirmed is not told again.
    row[1] = "林示例五".to_owned();
    let (_, ended) = scene.import("third", &[row]).await;
    assert_eq!(counts(&ended), [0, 1, 0, 0], "{ended}");
    let messages = "SELECT count(*)::text AS text FROM messages WHERE channel = 'IN_APP'";
    assert_eq!(text(platform, messages).await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_into_others_is_reported_without_a_number() {
    let scene = Scene::new().await;
    let platform = &scene.server.platform;
    let elsewhere = people::school(platform, ReviewRoute::SchoolOnly).await;
    let stranger = people::graduate(platform, &elsewhere, |_| ()).await;
    scene.import("first", &[roster::row(0), roster::row(1)]).await;

    let mut other_school = roster::row(2);
    other_school[3].clone_from(&stranger.id_card_number);
    other_school[2] = if stranger.id_card_number.as_bytes()[16] % 2 == 1 {
        "男"
    } else {
        "女"
    }
    .to_owned();
    let mut other_card = roster::row(3);
    other_card[0] = "R000000".to_owned();
    let mut other_number = roster::row(1);
    other_number[0] = "R000009".to_owned();
    let mut taken = roster::row(4);
    taken[10].clone_from(&stranger.mobile);
    taken[11].clone_from(&stranger.email);
    let mut department = roster::row(5);
    department[5] = "99".to_owned();
    let rows = [
        other_school,
        other_card,
        other_number,
        taken,
        department,
        roster::row(6),
    ];
    let (id, ended) = scene.import("second", &rows).await;
    assert_eq!(counts(&ended), [1, 0, 0, 5], "{ended}");
    let report = roster::report(&scene.reviewer, &id).await;
    let told: Vec<_> = report
        .iter()
        .map(|problem| {
            format!(
                "{} {} {}",
                problem["rowNumber"], problem["field"], problem["code"]
            )
            .replace('"', "")
        })
        .collect();
    assert_eq!(
        told,
        [
            "2 ID_CARD_NUMBER BELONGS_TO_OTHER_SCHOOL",
            "3 ID_CARD_NUMBER NUMBERS_CONFLICT",
            "4 STUDENT_NUMBER NUMBERS_CONFLICT",
            "5 MOBILE TAKEN",
            "5 EMAIL TAKEN",
            "6 DEPARTMENT UNKNOWN_DEPARTMENT",
        ]
    );
    let all = json!(report).to_string();
    for row in &rows {
        assert!(!all.contains(&row[3]) && !all.contains(&row[10]), "{all}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_worked_through_says_why() {
    let scene = Scene::new().await;
    let without = String::from_utf8(roster::csv(&[roster::row(0)]))
        .unwrap()
        .replace("培养方式,", "");
    for (key, format, file, code, headings) in [
        (
            "missing",
            "CSV",
            without.into_bytes(),
            "MISSING_COLUMNS",
            json!(["培养方式"]),
        ),
        ("none", "CSV", b"1,2,3\n".to_vec(), "NO_HEADING", json!([])),
        ("empty", "CSV", roster::csv(&[]), "NO_ROWS", json!([])),
        (
            "no workbook",
            "XLSX",
            roster::csv(&[roster::row(0)]),
            "UNREADABLE",
            json!([]),
        ),
    ] {
        let (_, ended) = roster::import(&scene.reviewer, key, format, file).await;
        assert_eq!(ended["status"], "FAILED", "{key}");
        assert_eq!(ended["failure"]["code"], code, "{key}");
        assert_eq!(ended["failure"]["headings"], headings, "{key}");
        assert!(!ended["failure"]["message"].as_str().unwrap().is_ascii(), "{key}");
    }
    assert_eq!(
        text(
            &scene.server.platform,
            "SELECT count(*)::text AS text FROM graduates"
        )
        .await,
        "0"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_names_its_field() {
    let scene = Scene::new().await;
    let reviewer = &scene.reviewer;
    let announce = async |name: &str, size: i64, key: &str| {
        let input = json!({ "fileName": name, "format": "CSV", "byteSize": size, "idempotencyKey": key });
        reviewer.mutate(roster::CREATE, json!({ "input": input })).await
    };
    let errors = |payload: &Value| {
        payload["userErrors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| {
                format!(
                    "{} {}",
                    error["code"].as_str().unwrap(),
                    error["field"].as_str().unwrap_or("–")
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        errors(&announce("", 0, "k").await),
        ["INVALID_INPUT fileName", "INVALID_INPUT byteSize"]
    );
    assert_eq!(
        errors(&announce("a", 52_428_801, "k").await),
        ["INVALID_INPUT byteSize"]
    );
    assert_eq!(
        errors(&announce("a", 1, "").await),
        ["INVALID_INPUT idempotencyKey"]
    );

    let file = roster::csv(&[roster::row(0)]);
    let size = i64::try_from(file.len()).unwrap();
    let first = announce("a", size, "k").await;
    let again = announce("a", size, "k").await;
    assert_eq!(first["graduateImport"]["id"], again["graduateImport"]["id"]);
    assert_eq!(
        errors(&announce("b", size, "k").await),
        ["IDEMPOTENCY_KEY_REUSED idempotencyKey"]
    );

    let id = first["graduateImport"]["id"].as_str().unwrap();
    let refused = reviewer.mutate(roster::START, json!({ "id": id })).await;
    assert_eq!(errors(&refused), ["FILE_NOT_UPLOADED importId"]);
    let nothing = NodeType::GraduateImport.id(uuid::Uuid::now_v7()).to_string();
    let refused = reviewer.mutate(roster::START, json!({ "id": nothing })).await;
    assert_eq!(errors(&refused), ["NOT_FOUND importId"]);
    let mut longer = file.clone();
    longer.push(b'\n');
    assert_eq!(
        roster::put(&again["link"], longer).await,
        403,
        "not what was announced"
    );
    assert_eq!(roster::put(&again["link"], file).await, 200);

    // Somebody else's roster of the same school is at work.
    let other = "INSERT INTO graduate_imports (id, school_id, created_by, file_name, file_format, byte_size, object_key,
        status, created_at, upload_until, progressed_at) SELECT gen_random_uuid(), school_id, created_by, 'b', 'CSV', 1, 'x',
        'QUEUED', now(), now(), now() FROM graduate_imports RETURNING id::text AS text";
    let other = text(&scene.server.platform, other).await;
    let refused = reviewer.mutate(roster::START, json!({ "id": id })).await;
    assert_eq!(errors(&refused), ["STEP_NOT_ALLOWED –"]);
    let end = format!("DELETE FROM graduate_imports WHERE id = '{other}' RETURNING id::text AS text");
    text(&scene.server.platform, &end).await;
    roster::start(reviewer, id).await;
    assert_eq!(
        roster::follow(reviewer, id).await.pop().unwrap()["status"],
        "DONE"
    );
    // Once more is no harm.
    roster::start(reviewer, id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_never_comes_is_not_waited_for() {
    let scene = Scene::new().await;
    let input = json!({ "fileName": "a", "format": "CSV", "byteSize": 3, "idempotencyKey": "k" });
    let created = scene
        .reviewer
        .mutate(roster::CREATE, json!({ "input": input }))
        .await;
    let id = created["graduateImport"]["id"].as_str().unwrap();
    let platform = &scene.server.platform;
    platform.clock.advance(upload::GRACE + TimeDelta::minutes(16));
    platform.waker.wake();
    let ended = roster::follow(&scene.reviewer, id).await.pop().unwrap();
    assert_eq!(ended["failure"]["code"], "UPLOAD_MISSING", "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_put_again_after_the_import_is_deleted_as_well() {
    let server = Server::empty().await;
    let school = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
    let reviewer = server.login(&school.school_reviewer).await;
    let file = roster::csv(&[roster::row(0)]);
    let input = json!({ "input": {
        "fileName": "a", "format": "CSV", "byteSize": file.len(), "idempotencyKey": "k",
    } });
    let created = reviewer.mutate(roster::CREATE, input).await;
    let id = created["graduateImport"]["id"].as_str().unwrap();
    assert_eq!(roster::put(&created["link"], file.clone()).await, 200);
    // However late it is, one that was not worked through yet stays: its job may have waited for a worker.
    let over = TimeDelta::minutes(16) + upload::GRACE;
    let mut conn = server.platform.pool.get().await.unwrap();
    let later = server.platform.clock.now() + over;
    let kept = upload::over(&mut conn, later, None).await.unwrap();
    assert!(kept.is_empty(), "{kept:?}");

    roster::start(&reviewer, id).await;
    assert_eq!(
        roster::follow(&reviewer, id).await.pop().unwrap()["status"],
        "DONE"
    );
    let key = text(
        &server.platform,
        "SELECT object_key AS text FROM graduate_imports",
    )
    .await;
    let is_there = async || server.storage.head(&key).await.unwrap().is_some();
    let gone = async || (!is_there().await).then_some(());
    server.eventually("the file to be deleted", gone).await;
    assert_eq!(
        roster::put(&created["link"], file).await,
        200,
        "the link still holds"
    );
    assert!(is_there().await);
    server.platform.clock.advance(over);
    server.eventually("the file to be deleted again", gone).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_file_than_the_one_that_was_begun_with_is_not_gone_on_with() {
    let scene = Scene::new().await;
    let id = roster::hand_in(&scene.reviewer, "k", "CSV", roster::csv(&[roster::row(0)])).await;
    let uuid = NodeType::GraduateImport
        .uuid(&async_graphql::ID(id.clone()))
        .unwrap();
    let begun = format!(
        "UPDATE graduate_imports SET sha256 = decode(repeat('00', 32), 'hex') WHERE id = '{uuid}' RETURNING 'x' AS text"
    );
    text(&scene.server.platform, &begun).await;
    roster::start(&scene.reviewer, &id).await;
    let ended = roster::follow(&scene.reviewer, &id).await.pop().unwrap();
    assert_eq!(ended["failure"]["code"], "FILE_CHANGED", "{ended}");
}
