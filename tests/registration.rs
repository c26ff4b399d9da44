//! An employer registers: what it says is checked, its address proved, its licence looked at, and then it waits.

use chrono::TimeDelta;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::future::join_all;
use serde_json::{Value, json};
use wangqian_schema::{
    model::{employer::EmployerVerification, upload},
    workflow::ReviewRoute,
};

use crate::support::{Server, made_files as made, outbox::Outbox, people, registering::*, roster, signing};

struct Scene {
    server: Server,
    outbox: Outbox,
}

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

impl Scene {
    async fn new() -> Self {
        Self::with(&[]).await
    }

    async fn with(options: &[&str]) -> Self {
        let server = Server::empty_with(options).await;
        Self {
            outbox: Outbox::new(server.outbox()),
            server,
        }
    }

    async fn input(&self, number: u32) -> Value {
        input(
            &self.server,
            &self.outbox,
            number,
            &format!("hr{number}@example.com"),
        )
        .await
    }

    async fn register(&self, input: &Value) -> Value {
        register(&self.server, input).await
    }

    async fn count(&self, of: &str) -> i64 {
        let mut conn = self.server.platform.pool.get().await.unwrap();
        let query = format!("SELECT count(*) AS n FROM {of}");
        let row: Number = diesel::sql_query(query).get_result(&mut conn).await.unwrap();
        row.n
    }
}

fn errors(answer: &Value) -> Vec<(&str, &str)> {
    let errors = answer["userErrors"].as_array().expect("a list");
    errors
        .iter()
        .map(|error| {
            (
                error["code"].as_str().unwrap(),
                error["field"].as_str().unwrap_or(""),
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_employer_registers_waits_and_may_not_act_yet() {
    let scene = Scene::new().await;
    let input = scene.input(1).await;
    let registered = scene.register(&input).await;
    assert_eq!(errors(&registered), []);
    let employer = &registered["employer"];
    assert_eq!(employer["verification"], "PENDING");
    assert_eq!(employer["creditCode"], credit_code(1));
    assert!(
        scene
            .outbox
            .next_to("hr1@example.com")
            .await
            .contains("等待平台核验")
    );

    let member = scene.server.login("hr1@example.com").await;
    let who =
        "{ viewer { ... on EmployerMember { name employer { id verification } } } contact { mobile email }
        notifications { nodes { title } } }";
    let found = member.query(who, json!({})).await;
    assert_eq!(found["viewer"]["employer"]["id"], employer["id"]);
    assert_eq!(
        found["contact"],
        json!({ "mobile": null, "email": "hr1@example.com" }),
        "not proved, not an identifier"
    );
    assert_eq!(
        found["notifications"]["nodes"][0]["title"],
        "单位注册信息已提交，等待核验"
    );
    let invited = member
        .mutate(
            signing::INVITE,
            signing::invitation("key", &["R3JhZHVhdGU6MA".to_owned()]),
        )
        .await;
    assert_eq!(invited["userErrors"][0]["code"], "EMPLOYER_NOT_VERIFIED");
    let mut conn = scene.server.platform.pool.get().await.unwrap();
    let report = wangqian_schema::audit::walk(&mut conn, None).await.unwrap();
    assert_eq!((report.events, report.breaks), (1, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_gives_the_first_answer_and_never_a_second_employer() {
    let scene = Scene::new().await;
    let input = scene.input(1).await;
    let all = join_all((0..4).map(|_| scene.register(&input))).await;
    for answer in &all {
        assert_eq!(answer, &all[0]);
        assert_eq!(errors(answer), []);
    }
    assert_eq!(
        scene.register(&input).await,
        all[0],
        "later as well, although the code is used up"
    );
    assert_eq!(scene.count("employers").await, 1);
    assert_eq!(scene.count("employer_licences").await, 1);
    let mut other = input.clone();
    other["employer"]["name"] = json!("另一示例有限公司");
    assert_eq!(
        errors(&scene.register(&other).await),
        [("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")]
    );
}

/// A request that has found nothing of its key yet, when the first one with it uses up the code.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_while_the_first_is_about_to_commit_gives_its_answer() {
    let scene = Scene::with(&["--statement-timeout-ms=60000"]).await;
    let input = scene.input(1).await;
    let mut holder = scene.server.platform.pool.get().await.unwrap();
    let hold = "SET idle_in_transaction_session_timeout = 0; BEGIN; LOCK TABLE employers IN SHARE MODE";
    holder.batch_execute(hold).await.unwrap();
    let waits_after = async |before: i64| {
        let waiting =
            "pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()";
        let seen = async || (scene.count(waiting).await > before).then_some(());
        scene.server.eventually("a request that waits", seen).await;
    };
    let second = async {
        waits_after(0).await;
        scene.register(&input).await
    };
    let release = async {
        waits_after(1).await;
        holder.batch_execute("COMMIT").await.unwrap();
    };
    let (first, second, ()) = tokio::join!(scene.register(&input), second, release);
    assert_eq!(errors(&first), []);
    assert_eq!(second, first);
    assert_eq!(scene.count("employers").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_wrong_with_the_form_is_named_at_once() {
    let scene = Scene::new().await;
    let wrong = json!({
        "employer": { "creditCode": "91000000MB00000019", "name": "短", "nature": "25", "industry": "", "region": "999999", "address": "短" },
        "member": { "name": " ", "mobile": "12345", "email": "nobody", "code": "000000", "password": "zu kurz" },
        "licenceUploadId": "x", "idempotencyKey": "",
    });
    let good = credit_code(1);
    assert_ne!(good, "91000000MB00000019", "its check character is another");
    let fields: Vec<_> = [
        "employer.creditCode",
        "employer.name",
        "employer.nature",
        "employer.industry",
        "employer.region",
        "employer.address",
        "member.name",
        "member.mobile",
        "member.email",
        "member.password",
        "idempotencyKey",
    ]
    .map(|field| ("INVALID_INPUT", field))
    .into();
    assert_eq!(errors(&scene.register(&wrong).await), fields);
    let nobody = scene
        .server
        .client()
        .mutate(REQUEST_CODE, json!({ "email": "nobody" }))
        .await;
    assert_eq!(errors(&nobody), [("INVALID_INPUT", "email")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_has_to_be_proved() {
    let scene = Scene::new().await;
    let mut input = scene.input(1).await;
    let code = input["member"]["code"].take();
    for _ in 0..4 {
        input["member"]["code"] = json!("abcdef");
        assert_eq!(
            errors(&scene.register(&input).await),
            [("WRONG_CODE", "member.code")]
        );
    }
    input["member"]["email"] = json!("another@example.com");
    input["member"]["code"] = code.clone();
    assert_eq!(
        errors(&scene.register(&input).await),
        [("WRONG_CODE", "member.code")]
    );
    input["member"]["email"] = json!("hr1@example.com");
    assert_eq!(errors(&scene.register(&input).await), [], "the fifth try");
    let again = scene
        .server
        .client()
        .mutate(REQUEST_CODE, json!({ "email": "hr1@example.com" }))
        .await;
    assert_eq!(errors(&again), [("TOO_MANY_REQUESTS", "")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credit_code_or_an_address_that_is_taken_is_named() {
    let scene = Scene::new().await;
    let input = scene.input(1).await;
    scene.register(&input).await;
    let mut rival = scene.input(2).await;
    rival["employer"]["creditCode"] = json!(credit_code(1).to_lowercase());
    assert_eq!(
        errors(&scene.register(&rival).await),
        [("ALREADY_TAKEN", "employer.creditCode")]
    );
    assert_eq!(scene.count("employers").await, 1);
    // Nothing was used up: with the right code it goes.
    rival["employer"]["creditCode"] = json!(credit_code(2));
    assert_eq!(errors(&scene.register(&rival).await), []);

    scene.server.platform.clock.advance(TimeDelta::minutes(1));
    let mut same = input_for(&scene, 3, "hr1@example.com").await;
    assert_eq!(
        errors(&scene.register(&same).await),
        [("ALREADY_TAKEN", "member.email")]
    );
    same["member"]["code"] = json!("abcdef");
    assert_eq!(
        errors(&scene.register(&same).await),
        [("WRONG_CODE", "member.code")],
        "told to nobody else"
    );
}

async fn input_for(scene: &Scene, number: u32, email: &str) -> Value {
    input(&scene.server, &scene.outbox, number, email).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_register_one_credit_code_at_once_do_not_both_get_it() {
    let scene = Scene::new().await;
    let mut inputs = [scene.input(1).await, scene.input(2).await];
    inputs[1]["employer"]["creditCode"] = json!(credit_code(1));
    let answers = join_all(inputs.iter().map(|input| scene.register(input))).await;
    let mut told: Vec<_> = answers.iter().map(errors).collect();
    told.sort();
    assert_eq!(told, [vec![], vec![("ALREADY_TAKEN", "employer.creditCode")]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_refused_stands_in_nobodys_way() {
    let scene = Scene::new().await;
    let refused = people::employer(&scene.server.platform, EmployerVerification::Refused).await;
    let mut input = scene.input(1).await;
    let mut conn = scene.server.platform.pool.get().await.unwrap();
    let found = wangqian_schema::model::employer::by_ids(&mut conn, &[refused.id])
        .await
        .unwrap();
    drop(conn);
    input["employer"]["creditCode"] = json!(found[0].credit_code);
    assert_eq!(errors(&scene.register(&input).await), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_licence_counts_only_as_what_it_is() {
    let scene = Scene::new().await;
    let client = scene.server.client();
    let begin = async |content_type: &str, byte_size: i64| {
        let input =
            json!({ "purpose": "BUSINESS_LICENCE", "contentType": content_type, "byteSize": byte_size });
        client.mutate(BEGIN_UPLOAD, json!({ "input": input })).await
    };
    for (content_type, byte_size, field) in [
        ("image/svg+xml", 5, "contentType"),
        ("image/png", 0, "byteSize"),
        ("image/png", 10 * 1024 * 1024 + 1, "byteSize"),
    ] {
        let refused = begin(content_type, byte_size).await;
        assert_eq!(
            (errors(&refused), &refused["link"]),
            (vec![("INVALID_INPUT", field)], &Value::Null)
        );
    }
    let begun = begin("image/png", 5).await;
    let url = begun["link"]["url"].as_str().unwrap();
    assert_eq!(
        put(url, "image/png", b"longer than five").await,
        403,
        "the store refuses another size"
    );
    assert_eq!(put(url, "text/html", b"12345").await, 403, "and another type");

    let mut input = scene.input(1).await;
    let good = input["licenceUploadId"].take();
    let html = upload(&client, "image/png", b"<html><script>").await;
    for (id, code) in [
        (json!("no such upload"), "NOT_FOUND"),
        (json!(uuid::Uuid::new_v4().to_string()), "NOT_FOUND"),
        (begun["uploadId"].clone(), "FILE_NOT_UPLOADED"),
        (json!(html), "INVALID_INPUT"),
    ] {
        input["licenceUploadId"] = id;
        assert_eq!(errors(&scene.register(&input).await), [(code, "licenceUploadId")]);
    }
    input["licenceUploadId"] = good.clone();
    assert_eq!(errors(&scene.register(&input).await), []);
    let mut second = scene.input(2).await;
    second["licenceUploadId"] = good;
    assert_eq!(
        errors(&scene.register(&second).await),
        [("ALREADY_TAKEN", "licenceUploadId")],
        "a file is used once"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn unused_uploads_are_pruned_and_licences_stay() {
    let scene = Scene::new().await;
    let client = scene.server.client();
    // The oldest one cannot be deleted: what lies in its place is no file.
    let (stuck, _) = begin_png(&client, made::png().len()).await;
    let in_its_place = upload::object_key(uuid::Uuid::try_parse(&stuck).unwrap());
    std::fs::create_dir_all(scene.server.object_path(&in_its_place).join("a")).unwrap();
    let unused = upload(&client, "image/png", made::png()).await;
    // One that was read, and then refused.
    let mut refused = scene.input(2).await;
    refused["employer"]["creditCode"] = json!(credit_code(1));
    let input = scene.input(1).await;
    assert_eq!(errors(&scene.register(&input).await), []);
    assert_ne!(errors(&scene.register(&refused).await), []);
    scene
        .server
        .platform
        .clock
        .advance(upload::LIFETIME + TimeDelta::hours(2));
    let pruned = async || (scene.count("uploads").await == 1).then_some(());
    scene.server.eventually("the uploads to be pruned", pruned).await;
    assert_eq!(scene.count(&format!("uploads WHERE id = '{stuck}'")).await, 1);
    let storage = &scene.server.storage;
    for (id, kept) in [
        (unused.as_str(), false),
        (refused["licenceUploadId"].as_str().unwrap(), false),
        (input["licenceUploadId"].as_str().unwrap(), true),
    ] {
        let id = uuid::Uuid::try_parse(id).unwrap();
        assert_eq!(storage.head(&upload::object_key(id)).await.unwrap(), None);
        let folder = scene.server.object_path(&format!("licences/{}", id.simple()));
        let files = std::fs::read_dir(folder).map_or(0, |entries| {
            entries
                .filter(|entry| entry.as_ref().unwrap().path().is_file())
                .count()
        });
        assert_eq!(files > 0, kept, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_uploads_an_hour_are_enough_for_one_client() {
    let scene = Scene::new().await;
    let client = scene.server.client();
    let input = json!({ "purpose": "BUSINESS_LICENCE", "contentType": "image/png", "byteSize": 5 });
    let begin = || client.mutate(BEGIN_UPLOAD, json!({ "input": input }));
    let answers = join_all((0..64).map(|_| begin())).await;
    let refused = answers
        .iter()
        .filter(|answer| errors(answer) == [("TOO_MANY_REQUESTS", "")]);
    assert_eq!(refused.count(), 4);
    // Rosters are files as well.
    let school = people::school(&scene.server.platform, ReviewRoute::SchoolOnly).await;
    let reviewer = scene.server.login(&school.school_reviewer).await;
    let announced = json!({ "fileName": "a", "format": "CSV", "byteSize": 3, "idempotencyKey": "k" });
    let announce = || reviewer.mutate(roster::CREATE, json!({ "input": announced }));
    assert_eq!(errors(&announce().await), [("TOO_MANY_REQUESTS", "")]);
    scene.server.platform.clock.advance(TimeDelta::hours(1));
    assert_eq!(errors(&begin().await), []);
    assert_eq!(errors(&announce().await), []);
}
