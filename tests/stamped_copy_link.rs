//! The secret link for the stamped copy (§6.3) in the hands of somebody who means no good, or comes too late: hostile files, and links
//! in each of their states.

use serde_json::{Value, json};
use wangqian_storage::{Disposition, DownloadName};

use crate::support::{
    filing, made_files as made,
    offline::Story,
    papers::fetch,
    people,
    signing::{refusal, review},
};

const MOBILE: &str = "10000000001";
const EMAIL: &str = "hr@example.com";

/// The raw id behind a global one.
fn uuid(id: &str) -> uuid::Uuid {
    wangqian_api::id::decode(&id.into()).expect("a global id").1
}

fn not_found(field: &str) -> Value {
    json!([{ "code": "NOT_FOUND", "field": field, "message": "所指的内容不存在" }])
}

impl Story {
    /// Has the contact sent links, and gives the tokens: by SMS and by e-mail.
    async fn asked(&self, agreement: &str) -> [String; 2] {
        let asked = filing::step(&self.client, "requestStampedCopy", agreement).await;
        assert_eq!(asked["userErrors"], json!([]), "{asked}");
        [self.token(MOBILE).await, self.token(EMAIL).await]
    }

    /// Each of the four operations with a token and an upload answers as if there were nothing.
    async fn finds_nothing(&self, state: &str, token: &str, upload: &str) {
        assert_eq!(self.opened_with(token, upload).await, Value::Null, "{state}");
        let announced = self.announce_by_link(token, "a.png", "image/png", 10).await;
        let nothing = json!({ "upload": null, "link": null, "userErrors": not_found("token") });
        assert_eq!(announced, nothing, "{state}");
        let completed = self.complete_by_link(token, upload).await;
        let nothing = json!({ "upload": null, "userErrors": not_found("token") });
        assert_eq!(completed, nothing, "{state}");
        let submitted = self.submit_by_link(token, &[upload]).await;
        let nothing = json!({ "submitted": false, "userErrors": not_found("token") });
        assert_eq!(submitted, nothing, "{state}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_files_are_refused_through_the_link_and_nothing_is_served_of_them() {
    let story = Story::begun().await;
    let agreement = story.terms_approved().await;
    let [token, _] = story.asked(&agreement).await;
    for file in made::hostile() {
        let upload = story
            .file_by_link(&token, "盖章页", file.content_type, file.bytes)
            .await;
        assert_eq!(
            (&upload["state"], &upload["refusal"]["code"]),
            (&json!("REFUSED"), &json!(file.refusal)),
            "{}",
            file.name
        );
        let message = upload["refusal"]["message"].as_str().unwrap();
        assert!(message.contains("上传"), "what to do: {message}");
        assert_eq!(upload["thumbnailLink"], Value::Null);

        // What was put is gone, whoever asks the store.
        let id = upload["id"].as_str().unwrap();
        let key = wangqian_schema::model::upload::object_key(uuid(id));
        let storage = &story.server.storage;
        let gone = async || storage.head(&key).await.unwrap().is_none().then_some(());
        story.server.eventually("what was put to be deleted", gone).await;
        let hour = std::time::Duration::from_secs(3600);
        let name = DownloadName {
            name: "a",
            ascii: "a",
        };
        let signed = storage.presign_get(&key, hour, Disposition::Attachment, name, file.content_type);
        let signed = signed.await.unwrap();
        assert_eq!(fetch(&signed).await.0, 404, "{}", file.name);
        let (unsigned, _) = signed.split_once('?').unwrap();
        assert_eq!(fetch(unsigned).await.0, 403, "the store is closed");

        // Nor can it be handed in.
        let refused = story.submit_by_link(&token, &[id]).await;
        let error = &refused["userErrors"][0];
        assert_eq!(
            (&refused["submitted"], &error["code"], &error["field"]),
            (&json!(false), &json!("INVALID_INPUT"), &json!("files.0")),
            "{}: {refused}",
            file.name
        );
    }
    assert!(!story.server.object_path("files").exists(), "nothing was stored");
    assert_eq!(story.status(&agreement).await, "TERMS_APPROVED");

    // Neither by the graduate himself, with an upload of his own.
    let hostile = made::hostile().swap_remove(0);
    let own = crate::support::uploading::upload(
        &story.server,
        &story.client,
        "盖章页.pdf",
        hostile.content_type,
        hostile.bytes,
    )
    .await;
    assert_eq!(own["state"], "REFUSED");
    let refused = filing::submit_copy(&story.client, &agreement, &[own["id"].as_str().unwrap()]).await;
    assert_eq!(refusal(&refused), Some("INVALID_INPUT"), "{refused}");
    assert_eq!(refused["userErrors"][0]["field"], "files.0");
    assert_eq!(story.status(&agreement).await, "TERMS_APPROVED");

    // Nothing of all this has used the link up.
    let page = story.page_by_link(&token).await;
    let submitted = story.submit_by_link(&token, &[&page]).await;
    assert_eq!(submitted["submitted"], json!(true), "{submitted}");
    assert_eq!(story.status(&agreement).await, "SIGNING_REVIEW");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_does_not_hold_any_more_finds_nothing_whatever_is_asked_with_it() {
    let story = Story::begun().await;
    let agreement = story.terms_approved().await;
    let [replaced_sms, replaced_mail] = story.asked(&agreement).await;
    let first = story.page_by_link(&replaced_sms).await;
    let [used, beside_used] = story.asked(&agreement).await;
    let second = story.page_by_link(&used).await;
    let submitted = story.submit_by_link(&used, &[&second]).await;
    assert_eq!(submitted["submitted"], json!(true), "{submitted}");
    // The copy is wanted again, so that nothing but the link's own end is in its way.
    review(&story.department, &agreement, "RETURN", Some("缺一页")).await;
    assert_eq!(story.status(&agreement).await, "STAMPED_COPY_RETURNED");
    let [expired, beside_expired] = story.asked(&agreement).await;
    let third = story.page_by_link(&expired).await;
    let mut conn = story.server.platform.pool.get().await.unwrap();
    let age = "UPDATE stamped_copy_links SET expires_at = now() - interval '1 second'";
    diesel_async::RunQueryDsl::execute(diesel::sql_query(age), &mut conn)
        .await
        .unwrap();
    drop(conn);

    let stranger = wangqian_api::id::NodeType::Upload
        .id(uuid::Uuid::now_v7())
        .to_string();
    let wrong = "0".repeat(64);
    for (state, token) in [
        ("empty", ""),
        ("wrong", "00"),
        ("wrong, of the right length", &wrong),
        ("replaced", &replaced_sms),
        ("replaced, by mail", &replaced_mail),
        ("used", &used),
        ("beside the used one", &beside_used),
        ("expired", &expired),
        ("expired, by mail", &beside_expired),
    ] {
        for upload in [&first, &second, &third, &stranger, "x"] {
            story.finds_nothing(state, token, upload).await;
        }
    }
    assert_eq!(story.status(&agreement).await, "STAMPED_COPY_RETURNED");
}

/// A link that holds is one agreement's: of another's uploads it knows nothing, not even that they are there.
#[tokio::test(flavor = "multi_thread")]
async fn another_agreements_link_does_not_reach_the_uploads_of_this_one() {
    let story = Story::begun().await;
    let agreement = story.terms_approved().await;
    let [token, _] = story.asked(&agreement).await;
    let page = story.page_by_link(&token).await;

    let classmate = people::graduate(&story.server.platform, &story.campus, |_| {}).await;
    let classmate = story.server.login(&classmate.email).await;
    let mut draft = filing::filled();
    draft["contactMobile"] = json!("10000000002");
    let other = story.terms_approved_of(&classmate, draft).await;
    let asked = filing::step(&classmate, "requestStampedCopy", &other).await;
    assert_eq!(asked["userErrors"], json!([]), "{asked}");
    let others = story.token("10000000002").await;

    let stranger = wangqian_api::id::NodeType::Upload
        .id(uuid::Uuid::now_v7())
        .to_string();
    let unlike = story.opened_with(&others, &stranger).await;
    assert_eq!(unlike["upload"], Value::Null);
    let seen = story.opened_with(&others, &page).await;
    assert_eq!(seen["upload"], Value::Null, "{seen}");
    let completed = story.complete_by_link(&others, &page).await;
    let nothing = json!({ "upload": null, "userErrors": not_found("uploadId") });
    assert_eq!(completed, nothing);
    assert_eq!(story.complete_by_link(&others, &stranger).await, nothing);
    let submitted = story.submit_by_link(&others, &[&page]).await;
    assert_eq!(submitted["submitted"], json!(false));
    let error = &submitted["userErrors"][0];
    assert_eq!(
        (&error["code"], &error["field"]),
        (&json!("INVALID_INPUT"), &json!("files.0"))
    );
    assert_eq!(story.submit_by_link(&others, &[&stranger]).await, submitted);

    // What was tried with it has changed nothing: each link hands its own agreement's pages in.
    let own = story.page_by_link(&others).await;
    for (token, page) in [(&token, &page), (&others, &own)] {
        let submitted = story.submit_by_link(token, &[page]).await;
        assert_eq!(submitted["submitted"], json!(true), "{submitted}");
    }
}
