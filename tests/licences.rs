//! Business licences are inspected as the files of cases are: hostile ones are refused, of others a clean copy is kept.

use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Server, made_files as made, outbox::Outbox, registering::*};

struct Scene {
    server: Server,
    outbox: Outbox,
}

#[derive(diesel::QueryableByName)]
struct Key {
    #[diesel(sql_type = diesel::sql_types::Text)]
    object_key: String,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::empty().await;
        Self {
            outbox: Outbox::new(server.outbox()),
            server,
        }
    }

    async fn input(&self, number: u32) -> Value {
        let email = format!("hr{number}@example.com");
        input(&self.server, &self.outbox, number, &email).await
    }

    async fn register(&self, input: &Value) -> Value {
        register(&self.server, input).await
    }

    /// The licences that are kept, as they lie in the store: each under the hash of its bytes.
    async fn licences(&self) -> Vec<Vec<u8>> {
        let mut conn = self.server.platform.pool.get().await.unwrap();
        let query = "SELECT object_key FROM employer_licences ORDER BY id";
        let keys: Vec<Key> = diesel::sql_query(query).load(&mut conn).await.unwrap();
        let mut licences = Vec::new();
        for key in keys {
            let bytes = self.server.storage.get(&key.object_key).await.unwrap();
            let hash: String = Sha256::digest(&bytes)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            assert!(key.object_key.ends_with(&hash), "{}", key.object_key);
            licences.push(bytes);
        }
        licences
    }
}

fn errors(answer: &Value) -> Vec<(&str, &str)> {
    let errors = answer["userErrors"].as_array().expect("a list");
    errors
        .iter()
        .map(|error| {
            let code = error["code"].as_str().unwrap();
            (code, error["field"].as_str().unwrap_or(""))
        })
        .collect()
}

/// As of a file for a case: see the inspection's own tests.
#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_licence_is_refused_and_nothing_of_it_is_kept() {
    let scene = Scene::new().await;
    let client = scene.server.client();
    for (number, file) in (1..).zip(made::hostile()) {
        let mut input = scene.input(number).await;
        let hostile = upload(&client, file.content_type, file.bytes).await;
        input["licenceUploadId"] = json!(hostile);
        let refused = scene.register(&input).await;
        assert_eq!(
            errors(&refused),
            [("INVALID_INPUT", "licenceUploadId")],
            "{}",
            file.name
        );
        let message = refused["userErrors"][0]["message"].as_str().unwrap();
        assert!(message.contains("上传"), "what to do: {message}");
        assert_eq!(refused["employer"], Value::Null);
    }
    assert!(scene.licences().await.is_empty());
    assert!(
        !scene.server.object_path("licences").exists(),
        "nothing was stored"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_licence_a_clean_copy_is_kept() {
    let scene = Scene::new().await;
    let client = scene.server.client();
    let pdf = made::pdf();
    for (number, content_type, bytes) in [
        (1, "image/png", made::png_and_page()),
        (2, "application/pdf", pdf.clone()),
        (3, "image/jpeg", [made::jpeg(), made::HTML.to_vec()].concat()),
    ] {
        let mut input = scene.input(number).await;
        input["licenceUploadId"] = json!(upload(&client, content_type, bytes).await);
        assert_eq!(errors(&scene.register(&input).await), []);
    }
    let kept = scene.licences().await;
    assert_eq!((kept.len(), &kept[1]), (3, &pdf), "seals hold for bytes");
    for bytes in &kept {
        for trace in [made::PLACE, made::HTML] {
            assert!(!bytes.windows(trace.len()).any(|window| window == trace));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_licence_that_is_handed_in_stays_what_it_is_whatever_the_link_puts_later() {
    let scene = Scene::new().await;
    // As long as each other, so that the link takes both; what follows a picture's end is not kept.
    let mut other = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(60, 30)
        .write_to(&mut other, image::ImageFormat::Png)
        .unwrap();
    let (mut honest, mut other) = (made::png(), other.into_inner());
    let longer = honest.len().max(other.len());
    honest.resize(longer, 0);
    other.resize(longer, 0);
    let (id, url) = begin_png(&scene.server.client(), honest.len()).await;
    assert_eq!(put(&url, "image/png", honest).await, 200);
    let mut first = scene.input(1).await;
    first["licenceUploadId"] = json!(id);
    assert_eq!(errors(&scene.register(&first).await), []);
    assert_eq!(put(&url, "image/png", other).await, 200, "the link still holds");
    let mut second = scene.input(2).await;
    second["licenceUploadId"] = json!(id);
    let refused = scene.register(&second).await;
    assert_eq!(errors(&refused), [("INVALID_INPUT", "licenceUploadId")]);
    let message = refused["userErrors"][0]["message"].as_str().unwrap();
    assert!(message.contains("被替换"), "{message}");
    let kept = scene.licences().await;
    let picture = image::load_from_memory(&kept[0]).unwrap();
    assert_eq!((kept.len(), picture.width()), (1, 40));
}
