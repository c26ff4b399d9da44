//! Files for cases: announced, put straight into the object store, looked at, attached once, shown to whoever sees the case; and
//! the hostile ones, of which nothing is ever served.

use chrono::TimeDelta;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wangqian_schema::{
    model::{employer::EmployerVerification, upload},
    workflow::ReviewRoute,
};

use crate::support::{
    Client, Server,
    made_files::{self as made, HTML, PLACE},
    papers::fetch,
    people::{self, Company, Person},
    signing,
    uploading::{self, COMPLETE, CREATE, FILE, UPLOAD, announce, complete, put, upload as uploaded},
};

struct Scene {
    server: Server,
    graduate: Person,
    client: Client,
    company: Company,
    /// An invitation to the graduate.
    agreement: String,
    classmate: Client,
}

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::empty().await;
        let school = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
        let graduate = people::graduate(&server.platform, &school, |_| {}).await;
        let classmate = people::graduate(&server.platform, &school, |_| {}).await;
        let company = people::employer(&server.platform, EmployerVerification::Verified).await;
        let id = wangqian_api::id::NodeType::Graduate.id(graduate.id).to_string();
        let agreement = signing::invite(&server.login(&company.member).await, &id).await;
        Self {
            client: server.login(&graduate.email).await,
            classmate: server.login(&classmate.email).await,
            agreement,
            graduate,
            company,
            server,
        }
    }

    async fn upload(&self, name: &str, content_type: &str, bytes: Vec<u8>) -> Value {
        uploaded(&self.server, &self.client, name, content_type, bytes).await
    }

    /// Attaches an upload to the agreement; the id of the file.
    async fn attach(&self, upload: &Value) -> String {
        let account = people::account_of(&self.server.platform, &self.graduate.email).await;
        let id = upload["id"].as_str().expect("an id");
        uploading::attach(&self.server.platform, account, &self.agreement, id).await
    }

    async fn file(&self, client: &Client, id: &str) -> Value {
        client.query(FILE, json!({ "id": id })).await["node"].take()
    }

    async fn create(&self, name: &str, content_type: &str, byte_size: i64) -> Value {
        let input = json!({ "fileName": name, "contentType": content_type, "byteSize": byte_size });
        self.client.mutate(CREATE, json!({ "input": input })).await
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
    let text = |value: &Value| value.as_str().unwrap_or_default().len();
    assert!(errors.iter().all(|error| text(&error["message"]) > 0));
    errors
        .iter()
        .map(|error| {
            let code = error["code"].as_str().unwrap();
            (code, error["field"].as_str().unwrap_or(""))
        })
        .collect()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The link of a field, and the headers and content that it gives.
async fn opened(link: &Value) -> (String, String, Vec<u8>) {
    let url = link["url"].as_str().unwrap_or_else(|| panic!("no link: {link}"));
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let response = client.get(url).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    let header = |name: &str| {
        let value = response.headers().get(name).expect("the header");
        value.to_str().expect("text").to_owned()
    };
    let (content_type, disposition) = (header("content-type"), header("content-disposition"));
    let bytes = response.bytes().await.expect("bytes").to_vec();
    (content_type, disposition, bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_announced_put_looked_at_attached_and_shown() {
    let scene = Scene::new().await;
    let dirty = made::png_and_page();
    let (id, url) = announce(&scene.client, "盖章件 1.PNG", "image/png", dirty.len()).await;
    let early = scene.client.mutate(COMPLETE, json!({ "id": id })).await;
    assert_eq!(errors(&early), [("FILE_NOT_UPLOADED", "uploadId")]);
    assert_eq!(put(&url, "image/png", b"longer or shorter".to_vec()).await, 403);
    assert_eq!(put(&url, "image/png", Vec::new()).await, 403, "not even nothing");
    assert_eq!(put(&url, "text/html", dirty.clone()).await, 403, "no other type");
    assert_eq!(put(&url, "image/png", dirty.clone()).await, 200);
    let ready = complete(&scene.server, &scene.client, &id).await;
    assert_eq!(
        (&ready["state"], &ready["refusal"]),
        (&json!("READY"), &Value::Null)
    );
    assert_eq!(opened(&ready["thumbnailLink"]).await.0, "image/jpeg");
    let again = scene.client.mutate(COMPLETE, json!({ "id": id })).await;
    assert_eq!(
        (errors(&again), &again["upload"]["state"]),
        (vec![], &json!("READY"))
    );

    // Nobody else sees it or says anything about it.
    let member = scene.server.login(&scene.company.member).await;
    for other in [&scene.classmate, &member] {
        let found = other.query(UPLOAD, json!({ "id": id })).await;
        assert_eq!(found["node"], Value::Null);
    }
    let told = scene.classmate.mutate(COMPLETE, json!({ "id": id })).await;
    assert_eq!(errors(&told), [("NOT_FOUND", "uploadId")]);

    let file = scene.attach(&ready).await;
    let used = scene.client.query(UPLOAD, json!({ "id": id })).await;
    assert!(used["node"]["attachedAt"].is_string());
    let shown = scene.file(&scene.client, &file).await;
    assert_eq!(
        (&shown["width"], &shown["height"], &shown["pages"]),
        (&json!(40), &json!(30), &Value::Null)
    );
    assert_eq!(
        (&shown["submission"], &shown["fileName"]),
        (&json!(1), &json!("盖章件 1.PNG"))
    );
    let (content_type, disposition, bytes) = opened(&shown["downloadLink"]).await;
    assert_eq!(content_type, "image/png");
    assert_eq!(
        disposition,
        "attachment; filename=\"file.png\"; filename*=UTF-8''%E7%9B%96%E7%AB%A0%E4%BB%B6%201.png"
    );
    assert_eq!(shown["sha256"], hex(&Sha256::digest(&bytes)));
    assert_eq!(shown["byteSize"], bytes.len());
    assert!(
        !holds(&bytes, PLACE) && !holds(&bytes, HTML),
        "nothing but the picture"
    );
    assert_eq!(opened(&shown["thumbnailLink"]).await.0, "image/jpeg");

    // Whoever sees the case sees its file, by its own link; nobody else.
    let seen = scene.file(&member, &file).await;
    assert_eq!(opened(&seen["downloadLink"]).await.2, bytes);
    assert_eq!(scene.file(&scene.classmate, &file).await, Value::Null);
    let link = shown["downloadLink"]["url"].as_str().unwrap();
    let (unsigned, _) = link.split_once('?').unwrap();
    assert_eq!(fetch(unsigned).await.0, 403, "the store is closed");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pdf_is_offered_as_one_whatever_it_is_called() {
    let scene = Scene::new().await;
    let pdf = made::pdf();
    let ready = scene.upload("协议.html", "application/pdf", pdf.clone()).await;
    assert_eq!(
        (&ready["state"], &ready["thumbnailLink"]),
        (&json!("READY"), &Value::Null)
    );
    let file = scene.attach(&ready).await;
    let shown = scene.file(&scene.client, &file).await;
    assert_eq!((&shown["pages"], &shown["width"]), (&json!(1), &Value::Null));
    let (content_type, disposition, bytes) = opened(&shown["downloadLink"]).await;
    assert_eq!((content_type.as_str(), bytes), ("application/pdf", pdf));
    assert!(
        disposition.starts_with("attachment; ") && disposition.ends_with(".html.pdf"),
        "{disposition}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_webp_what_everybody_can_open_is_kept() {
    let scene = Scene::new().await;
    let ready = scene.upload("照片.webp", "image/webp", made::webp()).await;
    let file = scene.attach(&ready).await;
    let shown = scene.file(&scene.client, &file).await;
    assert_eq!(shown["contentType"], "image/jpeg");
    let (content_type, disposition, bytes) = opened(&shown["downloadLink"]).await;
    assert_eq!(content_type, "image/jpeg");
    assert!(
        bytes.starts_with(b"\xff\xd8\xff") && disposition.ends_with(".jpg"),
        "{disposition}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_after_it_was_looked_at_changes_nothing() {
    let scene = Scene::new().await;
    // As long as the honest one, so that the link takes it.
    let mut hostile = made::bomb();
    let honest = made::png();
    hostile.resize(honest.len(), 0);
    let (id, url) = announce(&scene.client, "a.png", "image/png", honest.len()).await;
    assert_eq!(put(&url, "image/png", honest.clone()).await, 200);
    let ready = complete(&scene.server, &scene.client, &id).await;
    assert_eq!(
        put(&url, "image/png", hostile.clone()).await,
        200,
        "the link still holds"
    );
    let again = complete(&scene.server, &scene.client, &id).await;
    assert_eq!(again["state"], "READY");
    let file = scene.attach(&ready).await;
    let first = scene.file(&scene.client, &file).await;
    assert_eq!(put(&url, "image/png", hostile.clone()).await, 200);
    let shown = scene.file(&scene.client, &file).await;
    assert_eq!(shown["sha256"], first["sha256"]);
    let (_, _, bytes) = opened(&shown["downloadLink"]).await;
    assert_eq!(shown["sha256"], hex(&Sha256::digest(&bytes)));
    assert_ne!(bytes, hostile);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_files_are_refused_with_the_reason_and_nothing_is_served_of_them() {
    let scene = Scene::new().await;
    for file in made::hostile() {
        let upload = scene.upload("a.pdf", file.content_type, file.bytes).await;
        assert_eq!(
            (&upload["state"], &upload["refusal"]["code"]),
            (&json!("REFUSED"), &json!(file.refusal)),
            "{}",
            file.name
        );
        let message = upload["refusal"]["message"].as_str().unwrap();
        assert!(message.contains("上传"), "what to do: {message}");
        assert_eq!(upload["thumbnailLink"], Value::Null);
        let again = complete(&scene.server, &scene.client, upload["id"].as_str().unwrap()).await;
        assert_eq!(again["state"], "REFUSED", "for good");
    }
    assert_eq!(scene.count("uploads WHERE clean_key IS NOT NULL").await, 0);
    assert!(!scene.server.object_path("files").exists(), "nothing was stored");

    let large = i64::from(upload::MAX_BYTES) + 1;
    for (name, content_type, byte_size, field) in [
        ("a.png", "image/png", 0, "byteSize"),
        ("a.png", "image/png", large, "byteSize"),
        ("a.svg", "image/svg+xml", 5, "contentType"),
        ("../a.png", "image/png", 5, "fileName"),
        ("a\u{202e}gnp.exe", "image/png", 5, "fileName"),
    ] {
        let refused = scene.create(name, content_type, byte_size).await;
        assert_eq!(errors(&refused), [("INVALID_INPUT", field)]);
        assert_eq!(
            (&refused["upload"], &refused["link"]),
            (&Value::Null, &Value::Null)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_files_are_enough_for_one_account() {
    let scene = Scene::new().await;
    let create = || scene.create("a.png", "image/png", 5);
    for _ in 0..30 {
        assert_eq!(errors(&create().await), []);
    }
    assert_eq!(
        errors(&create().await),
        [("TOO_MANY_REQUESTS", "")],
        "thirty wait to be used"
    );
    let (_, _) = announce(&scene.classmate, "a.png", "image/png", 5).await;
    scene.server.platform.clock.advance(upload::LIFETIME);
    assert_eq!(errors(&create().await), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_attached_is_swept_and_the_files_of_cases_stay() {
    let scene = Scene::new().await;
    let png = || made::png();
    let unused = scene.upload("unused.png", "image/png", png()).await;
    let used = scene.upload("used.png", "image/png", png()).await;
    let file = scene.attach(&used).await;
    let (_, late) = announce(&scene.client, "late.png", "image/png", png().len()).await;
    assert_eq!(put(&late, "image/png", png()).await, 200);
    let kept = scene.file(&scene.client, &file).await;
    let folder = |id: &Value| {
        let id = wangqian_api::id::decode(&id.as_str().unwrap().into()).unwrap().1;
        scene.server.object_path(&format!("files/{}", id.simple()))
    };
    let files = |folder: std::path::PathBuf| match std::fs::read_dir(folder) {
        Ok(entries) => entries
            .filter(|entry| entry.as_ref().unwrap().path().is_file())
            .count(),
        Err(_) => 0,
    };
    assert_eq!(files(folder(&unused["id"])), files(folder(&used["id"])));
    scene
        .server
        .platform
        .clock
        .advance(upload::LIFETIME + TimeDelta::hours(2));
    let swept = async || (scene.count("uploads").await == 0).then_some(());
    scene.server.eventually("the uploads to be swept", swept).await;
    assert_eq!(files(folder(&unused["id"])), 0);
    assert_eq!(files(scene.server.object_path("uploads")), 0);
    let client = scene.server.login(&scene.graduate.email).await;
    let shown = scene.file(&client, &file).await;
    assert_eq!(shown["sha256"], kept["sha256"]);
    let (_, _, bytes) = opened(&shown["downloadLink"]).await;
    assert_eq!(shown["sha256"], hex(&Sha256::digest(&bytes)));
    assert_eq!(opened(&shown["thumbnailLink"]).await.0, "image/jpeg");
}
