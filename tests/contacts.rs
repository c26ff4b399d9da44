//! Own mobile number and e-mail address: changed by whoever reads the new one, and told to the one before.

use chrono::TimeDelta;
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use wangqian_schema::{model::passcode::LIFETIME, workflow::ReviewRoute};

use crate::support::{
    Client, Server,
    client::PASSWORD,
    outbox::Outbox,
    people::{self, Person},
};

const REQUEST: &str = "mutation($input: RequestContactChangeInput!) { requestContactChange(input: $input) {
    userErrors { code field message } } }";
const CONFIRM: &str = "mutation($code: String!) { confirmContactChange(input: { code: $code }) {
    contact { mobile email } userErrors { code field message } } }";

struct Scene {
    server: Server,
    outbox: Outbox,
    person: Person,
    other: Person,
    client: Client,
}

impl Scene {
    async fn new() -> Self {
        Self::with(&[]).await
    }

    async fn with(options: &[&str]) -> Self {
        let server = Server::empty_with(options).await;
        let school = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
        let person = people::graduate(&server.platform, &school, |_| ()).await;
        Self {
            outbox: Outbox::new(server.outbox()),
            other: people::graduate(&server.platform, &school, |_| ()).await,
            client: server.login(&person.email).await,
            person,
            server,
        }
    }

    async fn request(&self, contact: Value) -> Value {
        request(&self.client, contact, PASSWORD).await
    }

    async fn confirm(&self, code: &str) -> Value {
        self.client.mutate(CONFIRM, json!({ "code": code })).await
    }

    fn pass(&self, time: TimeDelta) {
        self.server.platform.clock.advance(time);
    }
}

async fn request(client: &Client, contact: Value, password: &str) -> Value {
    let input = json!({ "contact": contact, "currentPassword": password });
    client.mutate(REQUEST, json!({ "input": input })).await
}

fn sent() -> Value {
    json!({ "userErrors": [] })
}

fn error(answer: &Value) -> (&str, Option<&str>) {
    let error = &answer["userErrors"][0];
    (error["code"].as_str().unwrap_or("none"), error["field"].as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_address_is_proved_by_a_code_and_those_before_are_told() {
    let scene = Scene::new().await;
    let Person { email, mobile, .. } = &scene.person;
    assert_eq!(
        scene.request(json!({ "email": " New@Example.com " })).await,
        sent()
    );
    let code = scene.outbox.next_code_to("new@example.com").await;
    let elsewhere = scene.server.login(&scene.other.email).await;
    let of_another = elsewhere.mutate(CONFIRM, json!({ "code": code })).await;
    assert_eq!(
        error(&of_another),
        ("WRONG_CODE", Some("code")),
        "the code is his who asked"
    );
    let changed = scene.confirm(&code).await;
    assert_eq!(
        changed["contact"],
        json!({ "mobile": mobile, "email": "new@example.com" }),
        "{changed}"
    );
    assert!(scene.outbox.next_to(email).await.contains("更换邮箱"));
    assert!(scene.outbox.next_to(mobile).await.contains("更换或新增邮箱"));
    let found = scene
        .client
        .query("{ contact { mobile email } }", json!({}))
        .await;
    assert_eq!(found["contact"], changed["contact"]);
    scene.server.login("new@example.com").await;
    assert_eq!(
        error(&scene.confirm(&code).await).0,
        "WRONG_CODE",
        "a code works once"
    );

    scene.pass(TimeDelta::minutes(1));
    assert_eq!(scene.request(json!({ "mobile": "100-1234-5678" })).await, sent());
    let code = scene.outbox.next_code_to("10012345678").await;
    assert_eq!(scene.confirm(&code).await["contact"]["mobile"], "10012345678");
    assert!(scene.outbox.next_to(mobile).await.contains("更换手机号"));
    let kept = scene.outbox.next_to("new@example.com").await;
    assert!(kept.contains("更换或新增手机号"), "{kept}");
    scene.server.login("10012345678").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_graduates_trail_says_that_he_changed_it_and_not_to_what() {
    let scene = Scene::new().await;
    let cursor = scene.client.query("{ feedCursor }", json!({})).await["feedCursor"].take();
    let follow = "subscription($after: String) { caseChanged(after: $after) { event {
        ... on GraduateEvent { action fromStatus toStatus actorRole } } case { ... on Graduate { email } } } }";
    let mut events = scene.client.subscribe(follow, json!({ "after": cursor })).await;
    scene.request(json!({ "email": "trail@example.com" })).await;
    let code = scene.outbox.next_code_to("trail@example.com").await;
    scene.confirm(&code).await;
    let event = events.next().await.expect("an event");
    assert_eq!(
        event["data"]["caseChanged"],
        json!({
            "event": { "action": "CHANGE_CONTACT", "fromStatus": null, "toStatus": "CONFIRMED", "actorRole": "GRADUATE" },
            "case": { "email": "trail@example.com" },
        })
    );
    let mut conn = scene.server.platform.pool.get().await.unwrap();
    let report = wangqian_schema::audit::walk(&mut conn, Some(scene.person.id))
        .await
        .unwrap();
    assert_eq!((report.events, report.breaks), (1, vec![]));
    let events = wangqian_schema::model::event::history(
        &mut conn,
        scene.person.id,
        &wangqian_schema::model::PageRequest::first(10),
    )
    .await
    .unwrap();
    assert_eq!(events.items[0].changes, json!({ "fields": ["email"] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn that_an_address_is_taken_is_told_to_whoever_reads_it_and_to_nobody_else() {
    let scene = Scene::new().await;
    for (contact, address, field) in [
        (
            json!({ "email": scene.other.email }),
            &scene.other.email,
            "contact.email",
        ),
        (
            json!({ "mobile": scene.other.mobile }),
            &scene.other.mobile,
            "contact.mobile",
        ),
    ] {
        assert_eq!(scene.request(contact).await, sent(), "as for a free one");
        let code = scene.outbox.next_code_to(address).await;
        assert_eq!(error(&scene.confirm("abcdef").await).0, "WRONG_CODE");
        let taken = scene.confirm(&code).await;
        assert_eq!(error(&taken), ("ALREADY_TAKEN", Some(field)));
        assert_eq!(taken["contact"], Value::Null);
        scene.pass(TimeDelta::minutes(1));
    }
    scene.server.login(&scene.other.email).await;
    scene.server.login(&scene.person.email).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_prove_one_address_at_once_do_not_both_get_it() {
    let scene = Scene::new().await;
    let rival = scene.server.login(&scene.other.email).await;
    let contact = json!({ "email": "shared@example.com" });
    scene.request(contact.clone()).await;
    let first = scene.outbox.next_code_to("shared@example.com").await;
    scene.pass(TimeDelta::minutes(1));
    request(&rival, contact, PASSWORD).await;
    let second = scene.outbox.next_code_to("shared@example.com").await;
    let (one, other) = tokio::join!(
        scene.confirm(&first),
        rival.mutate(CONFIRM, json!({ "code": second }))
    );
    let mut codes = [error(&one).0, error(&other).0];
    codes.sort_unstable();
    assert_eq!(codes, ["ALREADY_TAKEN", "none"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_address_or_too_late_or_too_much_is_refused() {
    let scene = Scene::with(&["--codes-per-day=2"]).await;
    for (contact, field) in [
        (json!({ "mobile": "12345" }), "contact.mobile"),
        (json!({ "email": "nobody" }), "contact.email"),
        (json!({ "email": scene.person.email }), "contact.email"),
        (json!({ "mobile": scene.person.mobile }), "contact.mobile"),
    ] {
        assert_eq!(
            error(&scene.request(contact).await),
            ("INVALID_INPUT", Some(field))
        );
    }
    let contact = json!({ "email": "late@example.com" });
    assert_eq!(scene.request(contact.clone()).await, sent());
    assert_eq!(
        error(&scene.request(contact.clone()).await),
        ("TOO_MANY_REQUESTS", None)
    );
    let code = scene.outbox.next_code_to("late@example.com").await;
    scene.pass(LIFETIME);
    assert_eq!(error(&scene.confirm(&code).await), ("WRONG_CODE", Some("code")));

    assert_eq!(scene.request(contact.clone()).await, sent());
    let code = scene.outbox.next_code_to("late@example.com").await;
    // One a minute to an address, whoever asks: another is answered as ever, and nothing is sent.
    let rival = scene.server.login(&scene.other.email).await;
    assert_eq!(request(&rival, contact.clone(), PASSWORD).await, sent());
    let refused = rival.mutate(CONFIRM, json!({ "code": code })).await;
    assert_eq!(error(&refused).0, "WRONG_CODE");
    assert_eq!(scene.outbox.unread_to("late@example.com"), None);
    scene.pass(TimeDelta::minutes(1));
    assert_eq!(
        error(&scene.request(contact).await).0,
        "TOO_MANY_REQUESTS",
        "two a day here"
    );
}

/// Somebody with only a mobile number, as after an import, whose session another one finds open.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_finds_an_open_session_cannot_add_an_address_of_his_own() {
    let scene = Scene::new().await;
    let mut conn = scene.server.platform.pool.get().await.unwrap();
    let forget = format!(
        "UPDATE accounts SET email = NULL WHERE email = '{}'",
        scene.person.email
    );
    conn.batch_execute(&forget).await.unwrap();
    drop(conn);
    let contact = json!({ "email": "thief@example.com" });
    for _ in 0..9 {
        let refused = request(&scene.client, contact.clone(), "not it").await;
        assert_eq!(error(&refused), ("WRONG_CREDENTIALS", Some("currentPassword")));
    }
    // Whoever knows the password as well is at least seen.
    assert_eq!(scene.request(contact.clone()).await, sent());
    let code = scene.outbox.next_code_to("thief@example.com").await;
    assert_eq!(error(&scene.confirm(&code).await).0, "none");
    let told = scene.outbox.next_to(&scene.person.mobile).await;
    assert!(told.contains("新增邮箱"), "{told}");
    assert_eq!(error(&scene.request(contact).await).0, "INVALID_INPUT");
    let eleventh = scene.request(json!({ "email": "another@example.com" })).await;
    assert_eq!(error(&eleventh), ("TOO_MANY_ATTEMPTS", None), "ten tries an hour");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_waits_at_the_old_address_is_worth_nothing_after_the_change() {
    let scene = Scene::new().await;
    let reset = "mutation($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { userErrors { code } } }";
    let mobile = &scene.person.mobile;
    scene
        .client
        .mutate(
            reset,
            json!({ "input": { "identifier": scene.person.email, "channel": "SMS" } }),
        )
        .await;
    let old = scene.outbox.next_code_to(mobile).await;
    scene.request(json!({ "mobile": "10087654321" })).await;
    let code = scene.outbox.next_code_to("10087654321").await;
    assert_eq!(error(&scene.confirm(&code).await).0, "none");
    let input = json!({ "identifier": scene.person.email, "code": old, "newPassword": "eine neue Phrase" });
    let reset =
        "mutation($input: ResetPasswordInput!) { resetPassword(input: $input) { userErrors { code } } }";
    let refused = scene.client.mutate(reset, json!({ "input": input })).await;
    assert_eq!(refused["userErrors"][0]["code"], "WRONG_CODE");
}
