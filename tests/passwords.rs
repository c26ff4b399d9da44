//! Forgotten and changed passwords: whoever reads the account's mail or SMS sets a new one, and nobody else learns a thing.

use chrono::TimeDelta;
use diesel_async::RunQueryDsl;
use futures_util::future::join_all;
use serde_json::{Value, json};
use wangqian_schema::{model::passcode::LIFETIME, workflow::ReviewRoute};

use crate::support::{
    Client, Server,
    client::PASSWORD,
    outbox::Outbox,
    people::{self, Person},
    registering,
};

const REQUEST: &str = "mutation($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) {
    userErrors { code field message } } }";
const RESET: &str = "mutation($input: ResetPasswordInput!) { resetPassword(input: $input) {
    userErrors { code field message } } }";
const CHANGE: &str = "mutation($input: ChangePasswordInput!) { changePassword(input: $input) {
    userErrors { code field message } } }";
const LOG_IN: &str = "mutation($input: LogInInput!) { logIn(input: $input) { token userErrors { code } } }";
const NEW: &str = "全新的口令 pass phrase";

struct Scene {
    server: Server,
    outbox: Outbox,
    person: Person,
}

#[derive(diesel::QueryableByName)]
struct Text {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

impl Scene {
    async fn new() -> Self {
        Self::with(&[]).await
    }

    async fn with(options: &[&str]) -> Self {
        let server = Server::empty_with(options).await;
        let school = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
        Self {
            outbox: Outbox::new(server.outbox()),
            person: people::graduate(&server.platform, &school, |_| ()).await,
            server,
        }
    }

    async fn request(&self, identifier: &str) -> Value {
        request(&self.server.client(), identifier).await
    }

    async fn reset(&self, identifier: &str, code: &str, password: &str) -> Value {
        let input = json!({ "identifier": identifier, "code": code, "newPassword": password });
        self.server
            .client()
            .mutate(RESET, json!({ "input": input }))
            .await
    }

    /// A code by mail.
    async fn code(&self) -> String {
        let email = &self.person.email;
        assert_eq!(self.request(email).await, done());
        self.outbox.next_code_to(email).await
    }

    async fn logs_in_with(&self, password: &str) -> bool {
        let input = json!({ "identifier": self.person.email, "password": password, "delivery": "BEARER" });
        let answer = self
            .server
            .client()
            .mutate(LOG_IN, json!({ "input": input }))
            .await;
        answer["token"].is_string()
    }

    async fn text(&self, query: &str) -> String {
        let mut conn = self.server.platform.pool.get().await.unwrap();
        let row: Text = diesel::sql_query(query).get_result(&mut conn).await.unwrap();
        row.text
    }

    fn pass(&self, time: TimeDelta) {
        self.server.platform.clock.advance(time);
    }
}

async fn request(client: &Client, identifier: &str) -> Value {
    let input = json!({ "input": { "identifier": identifier } });
    client.mutate(REQUEST, input).await
}

fn done() -> Value {
    json!({ "userErrors": [] })
}

fn error(answer: &Value) -> (&str, Option<&str>) {
    let error = &answer["userErrors"][0];
    (error["code"].as_str().unwrap_or("none"), error["field"].as_str())
}

/// A code that is not this one.
fn another(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

async fn signed_in(client: &Client) -> bool {
    let answer = client.graphql("{ viewer { __typename } }", json!({})).await;
    answer["data"]["viewer"].is_object()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_by_mail_sets_a_new_password_and_ends_all_sessions() {
    let scene = Scene::new().await;
    let email = &scene.person.email;
    let session = scene.server.login(email).await;
    let code = scene.code().await;
    assert_eq!(scene.reset(email, &code, NEW).await, done());
    assert!(!signed_in(&session).await, "the old sessions have ended");
    let told = scene.outbox.next_to(email).await;
    assert!(told.contains("已于") && told.contains("如非本人操作"), "{told}");
    assert!(!told.contains(NEW), "{told}");
    assert!(!scene.logs_in_with(PASSWORD).await);
    assert!(scene.logs_in_with(NEW).await);
    let again = scene.reset(email, &code, "noch ein anderes Wort").await;
    assert_eq!(error(&again), ("WRONG_CODE", Some("code")), "a code works once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_goes_by_sms_to_a_mobile_number_and_to_an_id_card_number_unless_mail_is_wanted() {
    let scene = Scene::new().await;
    let Person {
        mobile,
        email,
        id_card_number,
        ..
    } = &scene.person;
    assert_eq!(scene.request(mobile).await, done());
    let code = scene.outbox.next_code_to(mobile).await;
    assert_eq!(scene.reset(mobile, &code, NEW).await, done());
    // The count of the address is the same, whatever it was found by.
    scene.pass(TimeDelta::minutes(1));
    assert_eq!(scene.request(id_card_number).await, done());
    let code = scene.outbox.next_code_to(mobile).await;
    let other = scene.reset(mobile, &code, NEW).await;
    assert_eq!(error(&other).0, "WRONG_CODE", "asked for with another identifier");
    assert_eq!(scene.reset(id_card_number, &code, NEW).await, done());
    scene.pass(TimeDelta::minutes(1));
    let input = json!({ "input": { "identifier": mobile, "channel": "EMAIL" } });
    assert_eq!(scene.server.client().mutate(REQUEST, input).await, done());
    let code = scene.outbox.next_code_to(email).await;
    assert_eq!(scene.reset(mobile, &code, NEW).await, done());
}

#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_codes_are_enough_and_ten_minutes_too() {
    let scene = Scene::new().await;
    let email = &scene.person.email;
    let code = scene.code().await;
    for _ in 0..4 {
        let wrong = scene.reset(email, &another(&code), NEW).await;
        assert_eq!(error(&wrong), ("WRONG_CODE", Some("code")));
    }
    assert_eq!(scene.reset(email, &code, NEW).await, done(), "the fifth try");

    scene.pass(TimeDelta::minutes(1));
    let code = scene.code().await;
    // At once, so that they would get through if tries were counted after they were looked at.
    let guesses = (0..8).map(|_| scene.reset(email, "abcdef", NEW));
    for wrong in join_all(guesses).await {
        assert_eq!(error(&wrong).0, "WRONG_CODE");
    }
    assert_eq!(error(&scene.reset(email, &code, NEW).await).0, "WRONG_CODE");

    scene.pass(TimeDelta::minutes(1));
    let code = scene.code().await;
    scene.pass(LIFETIME);
    assert_eq!(error(&scene.reset(email, &code, NEW).await).0, "WRONG_CODE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_code_replaces_the_old_one() {
    let scene = Scene::new().await;
    let email = &scene.person.email;
    let old = scene.code().await;
    scene.pass(TimeDelta::minutes(1));
    let new = scene.code().await;
    if old != new {
        assert_eq!(error(&scene.reset(email, &old, NEW).await).0, "WRONG_CODE");
    }
    assert_eq!(scene.reset(email, &new, NEW).await, done());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_answered_and_counted_like_somebody() {
    let scene = Scene::new().await;
    let known = scene.person.email.as_str();
    for unknown in ["nobody@example.com", "10099999999", "neither mail nor mobile"] {
        let mut answers = [Vec::new(), Vec::new()];
        for (at, identifier) in [known, unknown].into_iter().enumerate() {
            answers[at].push(scene.request(identifier).await);
            answers[at].push(scene.request(identifier).await);
            answers[at].push(scene.reset(identifier, "000000", "zu kurz").await);
            for _ in 0..6 {
                answers[at].push(scene.reset(identifier, "abcdef", NEW).await);
            }
        }
        assert_eq!(answers[0], answers[1], "{unknown}");
        assert_eq!(error(&answers[0][1]), ("TOO_MANY_REQUESTS", None));
        assert_eq!(error(&answers[0][2]), ("INVALID_INPUT", Some("newPassword")));
        scene.pass(TimeDelta::minutes(1));
    }
    // And the same rows are written: a request, its job, the counts of the identifier, of its tries and of where the code goes.
    let written = "SELECT concat_ws(' ', (SELECT count(*) FROM passcodes), (SELECT count(*) FROM jobs WHERE queue = 'send_passcode'),
        (SELECT count(*) FROM request_throttles)) AS text";
    assert_eq!(
        scene.text(written).await,
        "4 6 13",
        "one of them asked three times; tries are counted, and the client too"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_uses_up_is_his_own_and_an_address_has_its_limit() {
    let scene = Scene::with(&["--codes-per-day=2", "--trusted-proxies=1"]).await;
    let Person {
        mobile,
        email,
        id_card_number,
        ..
    } = &scene.person;
    let (here, elsewhere) = (
        scene.server.client().from("192.0.2.1"),
        scene.server.client().from("192.0.2.2"),
    );
    // What goes to an address for another purpose is counted apart.
    let registration = here
        .mutate(registering::REQUEST_CODE, json!({ "email": email }))
        .await;
    assert_eq!(registration, done());
    scene.outbox.next_code_to(email).await;
    assert_eq!(request(&here, email).await, done());
    scene.outbox.next_code_to(email).await;

    let mut code = String::new();
    for (client, identifier) in [(&elsewhere, mobile), (&here, mobile), (&here, id_card_number)] {
        for _ in 0..2 {
            assert_eq!(request(client, identifier).await, done());
            code = scene.outbox.next_code_to(mobile).await;
            scene.pass(TimeDelta::minutes(1));
        }
        let third = request(client, identifier).await;
        assert_eq!(error(&third), ("TOO_MANY_REQUESTS", None), "two a day here");
    }
    // Six have gone to the telephone: another network is answered as ever, and it stays silent.
    assert_eq!(request(&elsewhere, id_card_number).await, done());
    let waiting = async || {
        let open =
            "SELECT count(*)::text AS text FROM jobs WHERE queue = 'send_passcode' AND state <> 'DONE'";
        (scene.text(open).await == "0").then_some(())
    };
    scene
        .server
        .eventually("the job of the silent code", waiting)
        .await;
    assert_eq!(scene.outbox.unread_to(mobile), None);
    assert_eq!(
        scene.reset(id_card_number, &code, NEW).await,
        done(),
        "the code that was sent stays good"
    );
    scene.pass(TimeDelta::days(1));
    assert_eq!(request(&here, mobile).await, done(), "tomorrow");
    scene.outbox.next_code_to(mobile).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_uses_up_codes_by_junk_runs_out_of_tries() {
    let scene = Scene::with(&["--trusted-proxies=1"]).await;
    let email = &scene.person.email;
    let stranger = scene.server.client().from("192.0.2.1");
    let junk = async || {
        let input = json!({ "identifier": email, "code": "abcdef", "newPassword": NEW });
        let answer = stranger.mutate(RESET, json!({ "input": input })).await;
        error(&answer).0.to_owned()
    };
    let tries = join_all((0..30).map(|_| junk())).await;
    assert_eq!(tries, vec!["WRONG_CODE"; 30]);
    let code = scene.code().await;
    for _ in 0..5 {
        assert_eq!(junk().await, "TOO_MANY_REQUESTS");
    }
    assert_eq!(scene.reset(email, &code, NEW).await, done());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_nowhere_in_the_database() {
    let scene = Scene::new().await;
    scene.code().await;
    let hash = scene.text("SELECT code_hash AS text FROM passcodes").await;
    assert!(hash.starts_with("$argon2id$"), "{hash}");
    let payload = "SELECT concat_ws(' ', payload - 'passcode_id', last_error) AS text FROM jobs WHERE queue = 'send_passcode'";
    assert_eq!(scene.text(payload).await, "{}");
    assert_eq!(
        scene.text("SELECT count(*)::text AS text FROM messages").await,
        "0"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_of_one_address_are_slowed_down() {
    let scene = Scene::with(&["--stranger-requests=3"]).await;
    for number in 0..3 {
        assert_eq!(
            scene.request(&format!("nobody{number}@example.com")).await,
            done()
        );
    }
    assert_eq!(
        error(&scene.request("nobody4@example.com").await).0,
        "TOO_MANY_REQUESTS"
    );
    let reset = scene.reset("nobody1@example.com", "000000", NEW).await;
    assert_eq!(error(&reset).0, "TOO_MANY_REQUESTS");
    scene.pass(TimeDelta::hours(1));
    assert_eq!(scene.request("nobody4@example.com").await, done());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_by_the_old_one_and_the_other_sessions_end() {
    let scene = Scene::new().await;
    let here = scene.server.login(&scene.person.email).await;
    let elsewhere = scene.server.login(&scene.person.email).await;
    let change = async |current: &str, new: &str| {
        let input = json!({ "currentPassword": current, "newPassword": new });
        here.mutate(CHANGE, json!({ "input": input })).await
    };
    for unfit in [
        "zu kurz",
        &"长".repeat(129),
        "20270101000",
        "aaaaaaaaaaaa",
        &scene.person.email,
    ] {
        let refused = change(PASSWORD, unfit).await;
        assert_eq!(error(&refused), ("INVALID_INPUT", Some("newPassword")), "{unfit}");
    }
    let wrong = change("not it", NEW).await;
    assert_eq!(error(&wrong), ("WRONG_CREDENTIALS", Some("currentPassword")));
    assert!(signed_in(&elsewhere).await, "nothing has changed yet");
    assert_eq!(change(PASSWORD, NEW).await, done());
    assert!(signed_in(&here).await && !signed_in(&elsewhere).await);
    assert!(scene.logs_in_with(NEW).await && !scene.logs_in_with(PASSWORD).await);
    // Who has no address is told by SMS.
    let told = "SELECT count(*)::text AS text FROM jobs WHERE queue = 'send_notice'";
    assert_eq!(scene.text(told).await, "1", "what was refused changed nothing");
    assert!(scene.outbox.next_to(&scene.person.email).await.contains("已于"));
    scene
        .text("UPDATE accounts SET email = NULL WHERE kind = 'GRADUATE' RETURNING '' AS text")
        .await;
    assert_eq!(change(NEW, PASSWORD).await, done());
    let told = scene.outbox.next_to(&scene.person.mobile).await;
    assert!(told.contains("已于") && told.contains("如非本人操作"), "{told}");
    assert_eq!(change(PASSWORD, NEW).await, done());

    for _ in 0..6 {
        assert_eq!(error(&change("not it", NEW).await).0, "WRONG_CREDENTIALS");
    }
    assert_eq!(
        error(&change(NEW, PASSWORD).await),
        ("TOO_MANY_ATTEMPTS", None),
        "even the right one"
    );
    scene.pass(TimeDelta::hours(1));
    assert_eq!(change(NEW, PASSWORD).await, done());

    let nobody = scene
        .server
        .client()
        .graphql(
            CHANGE,
            json!({ "input": { "currentPassword": "a", "newPassword": NEW } }),
        )
        .await;
    assert_eq!(nobody["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
}
