//! What one caller may ask for, and that a flood of too much is turned away while others are served.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use wangqian_schema::workflow::ReviewRoute;

use crate::support::{Client, Server, client::PASSWORD, people};

const LOG_IN: &str =
    "mutation($input: LogInInput!) { logIn(input: $input) { token userErrors { code field } } }";

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"]
        .as_str()
        .unwrap_or_default()
}

async fn somebody(server: &Server) -> Client {
    let school = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
    let graduate = people::graduate(&server.platform, &school, |_| ()).await;
    server.login(&graduate.email).await
}

fn nested(levels: usize) -> String {
    let unit = "{ ... on School { __typename ";
    format!(
        "{{ node(id: \"x\") {} {} }}",
        unit.repeat(levels),
        "} }".repeat(levels)
    )
}

/// Seven levels.
const DEEP: &str = "{ agreements { edges { node { graduate { department { school { name } } } } } } }";

/// Every answer says what it cost; above the limits nothing runs, and the error says by how much.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_operation_costs_is_said_and_limited() {
    let server = Server::empty_with(&["--query-cost=500", "--query-depth=6"]).await;
    let client = somebody(&server).await;
    let cheap = client
        .graphql("{ agreements(first: 3) { nodes { id status } } }", json!({}))
        .await;
    let cost = &cheap["extensions"]["cost"];
    assert_eq!(cost["maximum"], 500, "{cheap}");
    let requested = cost["requested"].as_u64().expect("a number");
    assert!(
        (6..=12).contains(&requested),
        "3 rows of 2 fields and a little: {cheap}"
    );

    let dear = "{ agreements(first: 100) { nodes { id history(first: 100) { nodes { id } } } } }";
    let refused = client.graphql(dear, json!({})).await;
    assert_eq!(code(&refused), "QUERY_TOO_COSTLY", "{refused}");
    let error = &refused["errors"][0]["extensions"];
    assert_eq!(error["maximum"], 500);
    assert!(
        error["requested"].as_u64().is_some_and(|cost| cost > 10_000),
        "{refused}"
    );
    assert_eq!(refused["data"], Value::Null);

    let refused = client.graphql(DEEP, json!({})).await;
    assert_eq!(code(&refused), "QUERY_TOO_DEEP", "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_at_most_a_hundred() {
    let server = Server::empty().await;
    let client = somebody(&server).await;
    for arguments in [
        "first: 101",
        "first: 1000000",
        "last: 101",
        "first: 0",
        "first: -1",
        "first: 1, last: 1",
    ] {
        let answer = client
            .graphql(
                &format!("{{ agreements({arguments}) {{ nodes {{ id }} }} }}"),
                json!({}),
            )
            .await;
        assert_eq!(code(&answer), "INVALID_ARGUMENT", "{arguments}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_not_told_where_introspection_is_off() {
    let server = Server::empty_with(&["--introspection=false"]).await;
    let client = somebody(&server).await;
    let schema = client.graphql("{ __schema { types { name } } }", json!({})).await;
    assert!(
        schema["data"].is_null() || schema["data"]["__schema"].is_null(),
        "{schema}"
    );
    let guess = client
        .graphql("{ agrements { nodes { id } } }", json!({}))
        .await
        .to_string();
    assert!(
        !guess.contains("agreements") && guess.contains("errors"),
        "{guess}"
    );

    let open = Server::empty().await;
    let guess = open
        .client()
        .graphql("{ agrements { nodes { id } } }", json!({}))
        .await
        .to_string();
    assert!(
        guess.contains("agreements"),
        "helpful where the schema is public anyway: {guess}"
    );
}

/// A statement that takes too long is ended, and the caller told what to do.
#[tokio::test(flavor = "multi_thread")]
async fn a_statement_has_its_time() {
    let server = Server::empty_with(&["--statement-timeout-ms=2000"]).await;
    let client = somebody(&server).await;
    let mut conn = server.platform.pool.get().await.unwrap();
    diesel_async::SimpleAsyncConnection::batch_execute(
        &mut conn,
        "SET idle_in_transaction_session_timeout = 0; BEGIN; LOCK TABLE messages IN ACCESS EXCLUSIVE MODE",
    )
    .await
    .unwrap();
    let answer = client.graphql("{ unreadNotificationCount }", json!({})).await;
    assert_eq!(code(&answer), "TIMEOUT", "{answer}");
    diesel_async::SimpleAsyncConnection::batch_execute(&mut conn, "ROLLBACK")
        .await
        .unwrap();
    let answer = client.graphql("{ unreadNotificationCount }", json!({})).await;
    assert_eq!(answer["data"]["unreadNotificationCount"], 0, "{answer}");
}

/// Floods of every kind at the same time, and somebody who goes on working.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_ordinary_user_is_served_in_a_flood() {
    let server = Server::empty_with(&["--query-cost=2000", "--query-depth=6"]).await;
    let client = somebody(&server).await;
    let nobody = server.client();
    // The codes tell that it was the flood that was refused, and not that nobody has signed in.
    let kinds: [(&str, String); 8] = [
        ("QUERY_TOO_DEEP", DEEP.to_owned()),
        ("GRAPHQL_PARSE_FAILED", nested(40)),
        (
            "QUERY_TOO_COSTLY",
            "{ agreements(first: 100) { nodes { history(first: 100) { nodes { id } } } } }".to_owned(),
        ),
        (
            "DOCUMENT_TOO_LARGE",
            format!(
                "{{ {} }}",
                (0..2_000)
                    .map(|at| format!("a{at}: __typename "))
                    .collect::<String>()
            ),
        ),
        (
            "DOCUMENT_TOO_LARGE",
            format!("{{ {} }}", "viewer { __typename } ".repeat(1_000)),
        ),
        (
            "DOCUMENT_TOO_LARGE",
            format!("{{ __typename {} }}", "@include(if: true) ".repeat(3_000)),
        ),
        (
            "DOCUMENT_TOO_LARGE",
            format!(
                "{{ ...f0 }} {} fragment f30 on Query {{ __typename }}",
                (0..30)
                    .map(|at| format!(
                        "fragment f{at} on Query {{ {} }}",
                        format!("...f{} ", at + 1).repeat(8)
                    ))
                    .collect::<String>()
            ),
        ),
        (
            "DOCUMENT_TOO_LARGE",
            format!("{{ __typename }} # {}", "x".repeat(900_000)),
        ),
    ];
    let mut flood = JoinSet::new();
    for (expected, query) in kinds {
        for _ in 0..4 {
            let (nobody, query) = (nobody.clone(), query.clone());
            flood.spawn(async move {
                for _ in 0..15 {
                    let answer = nobody.graphql(&query, json!({})).await;
                    assert_eq!(code(&answer), expected, "{:.60}: {answer}", query);
                    assert!(answer["data"].is_null(), "{answer}");
                }
            });
        }
    }
    let mut served = 0;
    while !flood.is_empty() {
        let answer = client
            .query(
                "{ viewer { __typename } agreements(first: 20) { nodes { id status } } }",
                json!({}),
            )
            .await;
        assert_eq!(answer["viewer"]["__typename"], "Graduate");
        served += 1;
        while let Some(done) = flood.try_join_next() {
            done.expect("each is refused");
        }
    }
    assert!(served > 3, "served {served} times meanwhile");
}

/// Attempts to log in as people whom nobody knows, one after the other in one request.
fn guesses(of: usize, so_many: usize) -> String {
    let aliases = (0..so_many).map(|at| {
        format!(
            "a{at}: logIn(input: {{ identifier: \"nobody{of}-{at}@example.com\", password: \"not it\" }}) {{
            userErrors {{ code }} }} "
        )
    });
    format!("mutation {{ {} }}", aliases.collect::<String>())
}

async fn numbers(server: &Server, query: &str) -> Vec<i64> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        n: i64,
    }
    let mut conn = server.platform.pool.get().await.unwrap();
    let rows: Vec<Row> = diesel_async::RunQueryDsl::load(diesel::sql_query(query), &mut conn)
        .await
        .unwrap();
    rows.into_iter().map(|row| row.n).collect()
}

/// Guesses from one network, all at once, and somebody elsewhere who logs in meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_logs_in_is_served_in_a_flood_of_guesses() {
    let server = Server::empty_with(&[
        "--trusted-proxies=1",
        "--login-failures=100",
        "--login-wait-ms=60000",
        "--operation-time-limit-seconds=180",
    ])
    .await;
    let school = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
    let email = people::graduate(&server.platform, &school, |_| ()).await.email;
    let (flooder, ordinary) = (
        server.client().from("192.0.2.1"),
        server.client().from("192.0.2.2"),
    );
    let answered = Arc::new(AtomicUsize::new(0));
    let mut flood = JoinSet::new();
    for (of, so_many) in (0..80).map(|of| (of, 1)).chain((80..84).map(|of| (of, 10))) {
        let (flooder, answered) = (flooder.clone(), Arc::clone(&answered));
        flood.spawn(async move {
            let answer = flooder.query(&guesses(of, so_many), json!({})).await;
            answered.fetch_add(1, Ordering::Relaxed);
            let payloads = answer.as_object().unwrap().values();
            let codes = payloads.map(|payload| payload["userErrors"][0]["code"].as_str().unwrap().to_owned());
            codes.collect::<Vec<_>>()
        });
    }
    let counts = "SELECT requests::bigint AS n FROM request_throttles ORDER BY 1";
    let under_way = async || {
        numbers(&server, counts)
            .await
            .iter()
            .any(|n| *n >= 60)
            .then_some(())
    };
    server.eventually("the flood", under_way).await;
    ordinary.login(&email).await;
    let before = answered.load(Ordering::Relaxed);
    assert!(before < 60, "he waited for {before} of the flood");

    let told: Vec<_> = flood.join_all().await.concat();
    let of = |code: &str| told.iter().filter(|told| *told == code).count();
    assert_eq!((of("WRONG_CREDENTIALS"), of("TOO_MANY_REQUESTS")), (100, 20));
    for _ in 0..2 {
        ordinary.login(&email).await;
    }
    assert_eq!(
        numbers(&server, counts).await,
        [1, 100],
        "only what failed counts"
    );
    let right = json!({ "identifier": email, "password": PASSWORD, "delivery": "BEARER" });
    let refused = flooder.mutate(LOG_IN, json!({ "input": right })).await;
    assert_eq!(refused["userErrors"][0]["code"], "TOO_MANY_REQUESTS");
    assert_eq!(refused["userErrors"][0]["field"], Value::Null);
    server.platform.clock.advance(TimeDelta::minutes(15));
    flooder.login(&email).await;
}

/// Whoever waits in vain is told so, and that was no attempt.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_ever_until_his_password_is_looked_at() {
    let server = Server::empty_with(&["--login-wait-ms=1"]).await;
    let client = server.client();
    let attempts = (0..60).map(|of| {
        let (client, guess) = (&client, guesses(of, 1));
        async move { client.graphql(&guess, json!({})).await }
    });
    let answers = join_all(attempts).await;
    let unavailable = answers
        .iter()
        .filter(|answer| code(answer) == "UNAVAILABLE")
        .count();
    let looked_at = answers
        .iter()
        .filter(|answer| answer["data"]["a0"]["userErrors"][0]["code"] == "WRONG_CREDENTIALS")
        .count();
    assert_eq!(unavailable + looked_at, 60, "{answers:?}");
    assert!(unavailable > 0);
    let counted = numbers(&server, "SELECT count(*) AS n FROM login_throttles").await;
    assert_eq!(counted, [i64::try_from(looked_at).unwrap()]);
}

/// Many requests in one body are refused, whatever they are.
#[tokio::test(flavor = "multi_thread")]
async fn batches_are_off() {
    let server = Server::empty().await;
    let answer = reqwest::Client::new()
        .post(format!("{}/graphql", server.url))
        .json(&json!([{ "query": "{ __typename }" }, { "query": "{ __typename }" }]))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 400);
    let said: Value = answer.json().await.expect("JSON");
    assert_eq!(code(&said), "BAD_REQUEST");
}
