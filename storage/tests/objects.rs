//! The client against a real S3 server.

#![expect(clippy::unwrap_used, reason = "what a test does not expect fails it")]

use std::time::Duration;

use reqwest::{StatusCode, header};
use tempfile::TempDir;
use wangqian_embedded::{ObjectStore, ObjectStoreOptions};
use wangqian_storage::{Disposition, DownloadName, Storage, StorageError, StorageSettings};

const MINUTE: Duration = Duration::from_secs(60);
const PAPER: DownloadName<'static> = DownloadName {
    name: "协议.pdf",
    ascii: "agreement.pdf",
};

struct Scene {
    store: ObjectStore,
    settings: StorageSettings,
    _folder: TempDir,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = ObjectStoreOptions::new(folder.path().join("objects"), "files");
        let store = ObjectStore::start(store).await.unwrap();
        let settings = StorageSettings {
            s3_endpoint: Some(store.endpoint()),
            s3_public_endpoint: None,
            s3_region: "us-east-1".to_owned(),
            s3_bucket: "files".to_owned(),
            s3_access_key_id: store.access_key_id().to_owned(),
            s3_secret_access_key: store.secret_access_key().to_owned(),
            s3_path_style: true,
            s3_timeout_seconds: 5,
        };
        Self {
            store,
            settings,
            _folder: folder,
        }
    }

    fn storage(&self) -> Storage {
        Storage::new(&self.settings).unwrap()
    }

    fn with(&self, change: impl FnOnce(&mut StorageSettings)) -> Storage {
        let mut settings = self.settings.clone();
        change(&mut settings);
        Storage::new(&settings).unwrap()
    }
}

#[tokio::test]
async fn objects_come_back_as_they_were_put() {
    let scene = Scene::new().await;
    let storage = scene.storage();
    let bytes: Vec<u8> = (0..200_000u32).map(|at| (at % 251) as u8).collect();
    assert_eq!(storage.head("a/b 签.bin").await.unwrap(), None);
    assert!(matches!(
        storage.get("a/b 签.bin").await,
        Err(StorageError::NotFound)
    ));
    storage
        .put("a/b 签.bin", "application/x-made-up", &bytes)
        .await
        .unwrap();
    assert!(storage.get("a/b 签.bin").await.unwrap() == bytes);
    let head = storage.head("a/b 签.bin").await.unwrap().unwrap();
    assert_eq!(head.byte_size, 200_000);
    assert_eq!(head.content_type.as_deref(), Some("application/x-made-up"));

    storage.put("a/b 签.bin", "text/plain", b"other").await.unwrap();
    assert_eq!(storage.get("a/b 签.bin").await.unwrap(), b"other");
    let replaced = storage.head("a/b 签.bin").await.unwrap().unwrap();
    assert_ne!(replaced.etag, head.etag);

    storage.delete("a/b 签.bin").await.unwrap();
    storage.delete("a/b 签.bin").await.unwrap();
    assert_eq!(storage.head("a/b 签.bin").await.unwrap(), None);
}

#[tokio::test]
async fn a_link_opens_one_object_for_a_while() {
    let scene = Scene::new().await;
    let storage = scene.storage();
    storage
        .put("paper.pdf", "application/pdf", b"%PDF")
        .await
        .unwrap();
    storage
        .put("other.pdf", "application/pdf", b"secret")
        .await
        .unwrap();
    let link = storage
        .presign_get(
            "paper.pdf",
            MINUTE,
            Disposition::Attachment,
            PAPER,
            "application/pdf",
        )
        .await
        .unwrap();
    let answer = reqwest::get(&link).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/pdf");
    let offered = answer.headers()[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert_eq!(
        offered,
        "attachment; filename=\"agreement.pdf\"; filename*=UTF-8''%E5%8D%8F%E8%AE%AE.pdf"
    );
    assert_eq!(answer.bytes().await.unwrap().as_ref(), b"%PDF");

    let other = link.replace("paper.pdf?", "other.pdf?");
    let longer = link.replace("X-Amz-Expires=60", "X-Amz-Expires=6000");
    let bare = link.split('?').next().unwrap().to_owned();
    for wrong in [other, longer, bare] {
        assert_ne!(wrong, link);
        assert_eq!(
            reqwest::get(&wrong).await.unwrap().status(),
            StatusCode::FORBIDDEN,
            "{wrong}"
        );
    }
    assert!(!link.contains(scene.store.secret_access_key()));
}

/// The link is for the address under which browsers reach the store; nothing is asked of it.
#[tokio::test]
async fn links_are_made_for_the_public_address() {
    let scene = Scene::new().await;
    let storage =
        scene.with(|settings| settings.s3_public_endpoint = Some("https://files.example".to_owned()));
    let link = storage
        .presign_get("a.pdf", MINUTE, Disposition::Attachment, PAPER, "application/pdf")
        .await
        .unwrap();
    assert!(link.starts_with("https://files.example/files/a.pdf?"), "{link}");
}

#[tokio::test]
async fn the_bucket_is_made_once_and_checked() {
    let scene = Scene::new().await;
    scene.storage().check().await.unwrap();
    let other = scene.with(|settings| settings.s3_bucket = "others".to_owned());
    let error = other.check().await.unwrap_err();
    assert!(matches!(error, StorageError::NotFound), "{error}");
    assert!(!error.is_transient());
    other.ensure_bucket().await.unwrap();
    other.ensure_bucket().await.unwrap();
    other.check().await.unwrap();
}

#[tokio::test]
async fn a_wrong_key_is_said_and_the_key_is_not() {
    let scene = Scene::new().await;
    let secret = "nobody-knows-this-one";
    let storage = scene.with(|settings| settings.s3_secret_access_key = secret.to_owned());
    let error = storage.get("a").await.unwrap_err();
    assert!(matches!(error, StorageError::Denied(403)), "{error}");
    assert!(!error.is_transient(), "trying again does not help");
    let said = format!("{error} {error:?} {storage:?} {:?}", scene.settings);
    assert!(
        !said.contains(secret) && !said.contains(scene.store.secret_access_key()),
        "{said}"
    );
}

#[tokio::test]
async fn a_store_that_is_away_or_silent_is_waited_for_no_longer_than_set() {
    let scene = Scene::new().await;
    let away = scene.with(|settings| settings.s3_endpoint = Some("http://127.0.0.1:9".to_owned()));
    let error = away.get("a").await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(
        !error.to_string().contains("X-Amz"),
        "no signature in errors: {error}"
    );

    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_address = format!("http://{}", silent.local_addr().unwrap());
    let storage = scene.with(|settings| {
        settings.s3_endpoint = Some(silent_address);
        settings.s3_timeout_seconds = 1;
    });
    let error = storage.get("a").await.unwrap_err();
    assert!(matches!(error, StorageError::Timeout), "{error}");
    assert!(error.is_transient());
}

#[tokio::test]
async fn settings_that_name_no_store_are_said() {
    let scene = Scene::new().await;
    for (endpoint, said) in [
        (None, "S3_ENDPOINT"),
        (Some("ftp://x"), "http"),
        (Some("x"), "relative URL"),
    ] {
        let settings = StorageSettings {
            s3_endpoint: endpoint.map(str::to_owned),
            ..scene.settings.clone()
        };
        let error = Storage::new(&settings).unwrap_err();
        assert!(
            matches!(&error, StorageError::Settings(about) if about.contains(said)),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_link_to_put_takes_a_file_of_its_size_and_type_only() {
    let scene = Scene::new().await;
    let storage = scene.storage();
    let link = storage
        .presign_put("uploads/1", MINUTE, "image/png", 5)
        .await
        .unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let put = async |link: &str, content_type: &str, body: &'static str| {
        let request = client
            .put(link)
            .header(header::CONTENT_TYPE, content_type)
            .body(body);
        request.send().await.unwrap().status()
    };
    for (content_type, body) in [
        ("image/png", "123456"),
        ("image/png", "1234"),
        ("text/html", "12345"),
    ] {
        assert_eq!(
            put(&link, content_type, body).await,
            StatusCode::FORBIDDEN,
            "{content_type} {body}"
        );
    }
    assert_eq!(
        put(&link.replace("uploads/1", "uploads/2"), "image/png", "12345").await,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        storage.head("uploads/1").await.unwrap(),
        None,
        "nothing was stored"
    );
    assert_eq!(put(&link, "image/png", "12345").await, StatusCode::OK);
    assert_eq!(storage.get("uploads/1").await.unwrap(), b"12345");
    let read = client.get(&link).send().await.unwrap();
    assert_eq!(read.status(), StatusCode::FORBIDDEN, "it does not read");
}

#[tokio::test]
async fn a_page_of_another_origin_may_put_by_a_link() {
    let scene = Scene::new().await;
    let link = scene
        .storage()
        .presign_put("uploads/1", MINUTE, "image/png", 5)
        .await
        .unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let asked = client
        .request(reqwest::Method::OPTIONS, &link)
        .header(header::ORIGIN, "https://wangqian.example")
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "PUT")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type")
        .send()
        .await
        .unwrap();
    assert!(asked.status().is_success());
    assert_eq!(asked.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    let put = client
        .put(&link)
        .header(header::ORIGIN, "https://wangqian.example")
        .header(header::CONTENT_TYPE, "image/png")
        .body("12345")
        .send()
        .await
        .unwrap();
    assert!(put.status().is_success());
    assert_eq!(put.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
}

#[tokio::test]
async fn an_object_is_read_piece_by_piece_and_never_beyond_the_limit() {
    let scene = Scene::new().await;
    let storage = scene.storage();
    let bytes: Vec<u8> = (0..300_000u32).map(|at| (at % 251) as u8).collect();
    storage.put("big", "text/csv", &bytes).await.unwrap();
    let mut read = Vec::new();
    assert_eq!(
        storage.get_into("big", 300_000, &mut read).await.unwrap(),
        300_000
    );
    assert!(read == bytes);
    let mut read = Vec::new();
    let refused = storage.get_into("big", 299_999, &mut read).await;
    assert!(
        matches!(refused, Err(StorageError::TooLarge(299_999))),
        "{refused:?}"
    );
    assert!(read.len() < 300_000);
    let missing = storage.get_into("nothing", 10, &mut Vec::new()).await;
    assert!(matches!(missing, Err(StorageError::NotFound)), "{missing:?}");
}
