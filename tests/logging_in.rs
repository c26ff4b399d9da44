//! Who guesses passwords is slowed down, and learns nothing from it.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};
use wangqian_schema::{
    model::login_throttle::{FORGOTTEN_AFTER, LONGEST_LOCK},
    workflow::ReviewRoute,
};

use crate::support::{
    Client, Server,
    client::PASSWORD,
    people::{self, Person},
    signing::refusal,
};

const LOG_IN: &str = "mutation($input: LogInInput!) { logIn(input: $input) { session { id } userErrors { code message field } } }";

struct Scene {
    server: Server,
    client: Client,
    person: Person,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::empty().await;
        let school = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
        Self {
            client: server.client(),
            person: people::graduate(&server.platform, &school, |_| ()).await,
            server,
        }
    }

    async fn attempt(&self, identifier: &str, password: &str) -> Value {
        let input = json!({ "identifier": identifier, "password": password, "delivery": "BEARER" });
        self.client.mutate(LOG_IN, json!({ "input": input })).await
    }

    /// The code of the refusal; `None` for whoever is in.
    async fn code(&self, identifier: &str, password: &str) -> Option<String> {
        let answer = self.attempt(identifier, password).await;
        answer["userErrors"][0]["code"].as_str().map(str::to_owned)
    }

    fn pass(&self, time: TimeDelta) {
        self.server.platform.clock.advance(time);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_passwords_lock_an_identifier_for_a_while_that_grows() {
    let scene = Scene::new().await;
    let email = scene.person.email.as_str();
    let known = async |password: &str| scene.code(email, password).await;
    for _ in 0..5 {
        assert_eq!(known("not it").await.as_deref(), Some("WRONG_CREDENTIALS"));
    }
    assert_eq!(known("not it").await.as_deref(), Some("TOO_MANY_ATTEMPTS"));
    assert_eq!(
        known(PASSWORD).await.as_deref(),
        Some("TOO_MANY_ATTEMPTS"),
        "even the right one"
    );
    let shouted = email.to_uppercase();
    assert_eq!(
        scene.code(&shouted, PASSWORD).await.as_deref(),
        Some("TOO_MANY_ATTEMPTS"),
        "the same identifier"
    );
    assert_eq!(
        scene.code(&scene.person.mobile, PASSWORD).await,
        None,
        "another one of his"
    );

    // Each wrong one after the lock doubles it, up to the longest.
    for minutes in [1, 2, 4, 8, 15, 15] {
        scene.pass(TimeDelta::minutes(minutes) - TimeDelta::seconds(20));
        assert_eq!(
            known("not it").await.as_deref(),
            Some("TOO_MANY_ATTEMPTS"),
            "{minutes} min"
        );
        scene.pass(TimeDelta::seconds(20));
        assert_eq!(
            known("not it").await.as_deref(),
            Some("WRONG_CREDENTIALS"),
            "{minutes} min"
        );
    }
    scene.pass(LONGEST_LOCK);
    assert_eq!(known(PASSWORD).await, None);
    assert_eq!(known("not it").await.as_deref(), Some("WRONG_CREDENTIALS"));
    assert_eq!(
        known(PASSWORD).await.as_deref(),
        Some("TOO_MANY_ATTEMPTS"),
        "a log-in does not begin the count anew"
    );
    scene.pass(FORGOTTEN_AFTER + TimeDelta::seconds(1));
    for _ in 0..4 {
        assert_eq!(
            known("not it").await.as_deref(),
            Some("WRONG_CREDENTIALS"),
            "after a day"
        );
    }
    assert_eq!(known(PASSWORD).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_identifier_is_answered_word_for_word_like_a_known_one() {
    let scene = Scene::new().await;
    for unknown in ["nobody@example.com", "10099999999", "neither mail nor mobile"] {
        // The answers to one identifier after the other, so that both are at the same place.
        let (mut theirs, mut his) = (Vec::new(), Vec::new());
        for _ in 0..7 {
            theirs.push(scene.attempt(unknown, "not it").await);
            his.push(scene.attempt(&scene.person.email, "not it").await);
        }
        assert_eq!(theirs, his, "{unknown}");
        assert_eq!(theirs[6]["userErrors"][0]["code"], "TOO_MANY_ATTEMPTS");
        scene.pass(FORGOTTEN_AFTER + TimeDelta::seconds(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_made_at_once_are_no_more_than_guesses_made_one_by_one() {
    let scene = Scene::new().await;
    let guesses = (0..40).map(|guess| {
        let (scene, password) = (&scene, format!("guess {guess}"));
        async move { scene.code(&scene.person.email, &password).await }
    });
    let answers = join_all(guesses).await;
    let looked_at = answers
        .iter()
        .filter(|code| code.as_deref() == Some("WRONG_CREDENTIALS"));
    assert_eq!(looked_at.count(), 5);
    let refused = answers
        .iter()
        .filter(|code| code.as_deref() == Some("TOO_MANY_ATTEMPTS"));
    assert_eq!(refused.count(), 35);
}

/// Whoever guesses and counts gets word for word the same, whether or not the person logs in between his guesses.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_does_not_show_in_what_others_are_answered() {
    let scene = Scene::new().await;
    let school = people::school(&scene.server.platform, ReviewRoute::SchoolOnly).await;
    let absent = people::graduate(&scene.server.platform, &school, |_| ()).await;
    let mut told: [Vec<Value>; 3] = Default::default();
    for round in 0..12 {
        let identifiers = [&scene.person.email, &absent.email, "nobody@example.com"];
        for (told, identifier) in told.iter_mut().zip(identifiers) {
            told.push(scene.attempt(identifier, "not it").await);
        }
        // He comes when his identifier is not locked.
        scene.pass(LONGEST_LOCK);
        assert_eq!(scene.code(&scene.person.email, PASSWORD).await, None, "{round}");
        for (told, identifier) in told.iter_mut().zip(identifiers) {
            told.push(scene.attempt(identifier, "not it either").await);
            told.push(scene.attempt(identifier, "nor this").await);
        }
        scene.pass(TimeDelta::minutes(16));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0], told[2]);
    let locked = told[0]
        .iter()
        .filter(|answer| answer["userErrors"][0]["code"] == "TOO_MANY_ATTEMPTS");
    assert!(locked.count() > 5, "it came to locks");
}

/// §1: log-in by all three identifiers; sessions can be listed and ended; a wrong password and an unknown account read alike.
#[tokio::test(flavor = "multi_thread")]
async fn logging_in_and_out() {
    let scene = Scene::new().await;
    let person = &scene.person;
    let own = scene.server.login(&person.email).await;
    let anybody = &scene.client;
    for identifier in [&person.email, &person.mobile, &person.id_card_number] {
        let data = anybody
            .login(identifier)
            .await
            .query("{ viewer { ... on Graduate { name } } }", json!({}))
            .await;
        assert_eq!(data["viewer"]["name"], person.name);
    }
    let attempt = async |identifier: &str, password: &str| scene.attempt(identifier, password).await;
    let wrong = attempt(&person.email, "not it").await;
    assert_eq!(refusal(&wrong), Some("WRONG_CREDENTIALS"));
    assert_eq!(attempt("nobody@example.com", "not it").await, wrong, "read alike");
    assert_eq!(attempt("neither mobile nor mail", "not it").await, wrong);

    let list = "{ sessions(first: 10) { edges { node { id current } } } }";
    let sessions = own.query(list, json!({})).await;
    let edges = sessions["sessions"]["edges"].as_array().unwrap();
    assert_eq!(edges.len(), 4);
    let current = edges.iter().find(|edge| edge["node"]["current"] == true).unwrap()["node"]["id"].clone();
    let other = edges
        .iter()
        .find(|edge| edge["node"]["current"] == false)
        .unwrap()["node"]["id"]
        .clone();
    let operator = people::operator(&scene.server.platform).await;
    let stranger = scene.server.login(&operator).await;
    let end = "mutation($id: ID!) { endSession(input: { sessionId: $id }) { sessionId userErrors { code field message } } }";
    assert_eq!(own.mutate(end, json!({ "id": other })).await["sessionId"], other);
    assert_eq!(
        refusal(&own.mutate(end, json!({ "id": other })).await),
        Some("NOT_FOUND"),
        "once"
    );
    assert_eq!(
        refusal(&stranger.mutate(end, json!({ "id": current })).await),
        Some("NOT_FOUND"),
        "not his"
    );
    own.mutate("mutation { logOut { userErrors { code } } }", json!({}))
        .await;
    let answer = own.graphql(list, json!({})).await;
    assert_eq!(
        answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED",
        "{answer}"
    );
}
