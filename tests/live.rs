//! What people follow live, over both transports, with other people's clients (graphql-ws, graphql-sse) on the other end.

use std::collections::HashSet;

use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;
use wangqian_api::{feed::Feed, id::NodeType};
use wangqian_schema::{
    Platform,
    model::employer::EmployerVerification,
    step::{self, Actor, AgreementStep},
    wake::Waker,
    workflow::ReviewRoute,
};

use crate::support::{
    Client, Server,
    follower::{Cable, Follower},
    node,
    people::{self, Person, SchoolWorld},
    process::PATIENCE,
    server::platform,
    signing::*,
};

const TRANSPORTS: [&str; 2] = ["ws", "sse"];
const CASES: &str =
    "subscription($after: String, $caseId: ID) { caseChanged(after: $after, caseId: $caseId) {
    cursor event { ... on AgreementEvent { id action } } case { ... on Agreement { id status version } } } }";
const INBOX: &str = "subscription($after: String) { notificationReceived(after: $after) {
    cursor notification { id title readAt } } }";

async fn feed_cursor(client: &Client) -> Value {
    client.query("{ feedCursor }", json!({})).await["feedCursor"].take()
}

struct Scene {
    server: Server,
    school: SchoolWorld,
    person: Person,
    graduate: Client,
    graduate_id: String,
    employer: Client,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::empty().await;
        let school = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
        let person = people::graduate(&server.platform, &school, |_| ()).await;
        let company = people::employer(&server.platform, EmployerVerification::Verified).await;
        Self {
            graduate: server.login(&person.email).await,
            graduate_id: NodeType::Graduate.id(person.id).to_string(),
            employer: server.login(&company.member).await,
            server,
            school,
            person,
        }
    }

    async fn employer(&self) -> Client {
        let company = people::employer(&self.server.platform, EmployerVerification::Verified).await;
        self.server.login(&company.member).await
    }
}

/// Every party sees every step of the case as it is committed, and the message that goes with it; a stranger sees none.
async fn each_step_arrives_at_each_party_and_nobody_else(transport: &str) {
    let scene = Scene::new().await;
    let school = scene.server.login(&scene.school.school_reviewer).await;
    let stranger = people::graduate(&scene.server.platform, &scene.school, |_| ()).await;
    let strangers_id = NodeType::Graduate.id(stranger.id).to_string();
    let stranger = scene.server.login(&stranger.email).await;
    let mut parties = Vec::new();
    for client in [&scene.graduate, &scene.employer, &school] {
        let from = json!({ "after": feed_cursor(client).await });
        parties.push(Follower::open(client, transport, CASES, &from));
    }
    let from = json!({ "after": feed_cursor(&stranger).await });
    let mut strangers = Follower::open(&stranger, transport, CASES, &from);
    let mut inbox = Follower::open(&scene.graduate, transport, INBOX, &from);

    let agreement = invite(&scene.employer, &scene.graduate_id).await;
    for party in &mut parties {
        let change = party.next().await;
        assert_eq!(change["event"]["action"], "INVITE", "{change}");
        assert_eq!(change["case"]["id"], agreement);
    }
    let invited = inbox.next().await["notification"]["title"].to_string();
    assert!(invited.contains("邀请您签约"), "{invited}");

    step(&scene.graduate, ACCEPT, &agreement).await;
    for party in &mut parties {
        let change = party.next().await;
        assert_eq!(change["event"]["action"], "ACCEPT");
        assert_eq!(change["case"]["status"], "SIGNING_REVIEW");
    }
    review(&school, &agreement, "REJECT", Some("条款有误")).await;
    for party in &mut parties {
        assert_eq!(party.next().await["case"]["status"], "SIGNING_REJECTED");
    }
    // Of his own acceptance he is told nothing.
    let told = inbox.next().await["notification"].take();
    let title = told["title"].as_str().expect("a title");
    assert!(title.contains("不通过"), "{told}");
    assert_eq!(told["readAt"], Value::Null, "{told}");

    // The first that the stranger hears of is his own.
    let own = invite(&scene.employer, &strangers_id).await;
    assert_eq!(strangers.next().await["case"]["id"], own);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_arrives_by_web_socket() {
    each_step_arrives_at_each_party_and_nobody_else("ws").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_arrives_by_server_sent_events() {
    each_step_arrives_at_each_party_and_nobody_else("sse").await;
}

/// A follower that breaks off again and again in a flood of steps, each time going on after its last cursor, has in the
/// end every event once and in order.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_cursor_nothing_is_missed_or_doubled() {
    let scene = Scene::new().await;
    let start = feed_cursor(&scene.graduate).await;
    let mut flood = JoinSet::new();
    for _ in 0..4 {
        let (employer, graduate) = (scene.employer().await, scene.graduate_id.clone());
        flood.spawn(async move {
            for _ in 0..20 {
                let agreement = invite(&employer, &graduate).await;
                let cancelled = step(&employer, CANCEL, &agreement).await;
                assert_eq!(cancelled["agreement"]["status"], "CANCELLED", "{cancelled}");
            }
        });
    }
    let (mut cursor, mut seen) = (start.clone(), Vec::new());
    for round in 0.. {
        let transport = TRANSPORTS[round % 2];
        let mut follower = Follower::open(&scene.graduate, transport, CASES, &json!({ "after": cursor }));
        for _ in 0..20 {
            let mut change = follower.next().await;
            cursor = change["cursor"].take();
            seen.push(change["event"]["id"].as_str().expect("an id").to_owned());
        }
        if seen.len() >= 160 {
            break;
        }
    }
    while let Some(done) = flood.join_next().await {
        done.expect("no refusal");
    }
    let once: HashSet<&String> = seen.iter().collect();
    assert_eq!(once.len(), seen.len(), "none came twice");
    assert_eq!(seen.len(), 160, "4 employers, 20 rounds, 2 steps");

    // Whoever starts from the beginning reads the same in the same order.
    let mut again = Follower::open(&scene.graduate, "ws", CASES, &json!({ "after": start }));
    for id in &seen {
        assert_eq!(again.next().await["event"]["id"], *id);
    }
}

/// A follower of an inbox whose connection is cut again and again in a flood of messages, each time going on after the
/// last that it was told, has in the end every message of his own once, and is told of each cut.
async fn an_inbox_survives_its_connections(transport: &str) {
    let scene = Scene::new().await;
    let neighbour = people::graduate(&scene.server.platform, &scene.school, |_| ()).await;
    let neighbours_id = NodeType::Graduate.id(neighbour.id).to_string();
    let start = feed_cursor(&scene.graduate).await;
    let mut flood = JoinSet::new();
    for _ in 0..4 {
        let (employer, graduate) = (scene.employer().await, scene.graduate_id.clone());
        let neighbour = neighbours_id.clone();
        flood.spawn(async move {
            for _ in 0..10 {
                // Of an invitation and its cancellation the graduate is told; what his neighbour is told is not his.
                for graduate in [&graduate, &neighbour] {
                    let agreement = invite(&employer, graduate).await;
                    let cancelled = step(&employer, CANCEL, &agreement).await;
                    assert_eq!(cancelled["agreement"]["status"], "CANCELLED", "{cancelled}");
                }
            }
        });
    }
    let told = 4 * 10 * 2;
    let (mut after, mut seen) = (start.clone(), Vec::new());
    let note = |seen: &mut Vec<Value>, mut item: Value| {
        seen.push(item["notification"]["id"].take());
        item["cursor"].take()
    };
    for reads in [1, 2, 3, 5, 8, 1, 2, 3, 5, 8] {
        let cable = Cable::to(&scene.server).await;
        let from = json!({ "after": after });
        let mut follower = Follower::open_at(
            &format!("{}/graphql", cable.base),
            &scene.graduate,
            transport,
            INBOX,
            &from,
        );
        for _ in 0..reads.min(told - seen.len()) {
            let item = follower.next().await;
            after = note(&mut seen, item);
        }
        cable.cut();
        // What had come through already is no less told.
        for mut result in follower.rest().await {
            after = note(&mut seen, result["data"]["notificationReceived"].take());
        }
        let (status, said) = follower.end().await;
        assert_eq!(status, Some(3), "a cut is no end: {said}");
    }
    while let Some(done) = flood.join_next().await {
        done.expect("no refusal");
    }
    let mut follower = Follower::open(&scene.graduate, transport, INBOX, &json!({ "after": after }));
    while seen.len() < told {
        let item = follower.next().await;
        note(&mut seen, item);
    }
    // What comes next is the next that happens, and none of the flood once more.
    invite(&scene.employer, &scene.graduate_id).await;
    let item = follower.next().await;
    note(&mut seen, item);

    let list = "{ notifications(first: 100) { nodes { id } } }";
    let list = scene.graduate.query(list, json!({})).await;
    let nodes = list["notifications"]["nodes"].as_array().expect("a list");
    let inbox: HashSet<&str> = nodes.iter().filter_map(|node| node["id"].as_str()).collect();
    let once: HashSet<&str> = seen.iter().filter_map(Value::as_str).collect();
    assert_eq!((seen.len(), once.len()), (told + 1, told + 1), "none came twice");
    assert_eq!(once, inbox, "none was missed");

    // Whoever starts from the beginning reads the same in the same order.
    let mut again = Follower::open(&scene.graduate, transport, INBOX, &json!({ "after": start }));
    for id in &seen {
        assert_eq!(again.next().await["notification"]["id"], *id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_survives_broken_web_sockets() {
    an_inbox_survives_its_connections("ws").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_survives_broken_event_streams() {
    an_inbox_survives_its_connections("sse").await;
}

/// Only the case asked for; and a page that asks for the feed's place first misses nothing that happens meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn one_case_and_the_place_of_a_page() {
    let scene = Scene::new().await;
    let other = scene.employer().await;
    let page = "{ feedCursor agreements(first: 10) { nodes { id } } }";
    let first = invite(&scene.employer, &scene.graduate_id).await;
    let shown = scene.graduate.query(page, json!({})).await;
    assert_eq!(shown["agreements"]["nodes"], json!([{ "id": first }]));
    // Between the page and the subscription.
    let second = invite(&other, &scene.graduate_id).await;
    step(&scene.employer, CANCEL, &first).await;
    for transport in TRANSPORTS {
        let from = json!({ "after": shown["feedCursor"], "caseId": first });
        let mut only = Follower::open(&scene.graduate, transport, CASES, &from);
        let mut change = only.next().await;
        if change["event"]["action"] == "INVITE" {
            // The place may lie a moment before the page, never after it.
            change = only.next().await;
        }
        assert_eq!(
            change["case"],
            json!({ "id": first, "status": "CANCELLED", "version": 2 })
        );
        let mut all = Follower::open(
            &scene.graduate,
            transport,
            CASES,
            &json!({ "after": shown["feedCursor"] }),
        );
        let ids: Vec<Value> = vec![
            all.next().await["case"]["id"].take(),
            all.next().await["case"]["id"].take(),
        ];
        assert!(ids.contains(&json!(second)), "{ids:?}");
    }
}

/// Who logs out is cut off, from wherever he does it.
#[tokio::test(flavor = "multi_thread")]
async fn an_ended_session_ends_its_subscriptions() {
    for transport in TRANSPORTS {
        let scene = Scene::new().await;
        let elsewhere = scene.server.login(&scene.person.email).await;
        let from = json!({ "after": feed_cursor(&elsewhere).await });
        let mut follower = Follower::open(&elsewhere, transport, CASES, &from);
        let agreement = invite(&scene.employer, &scene.graduate_id).await;
        follower.next().await;
        step(&scene.employer, CANCEL, &agreement).await;
        follower.next().await;

        let sessions = scene
            .graduate
            .query("{ sessions(first: 10) { nodes { id current } } }", json!({}))
            .await;
        let nodes = sessions["sessions"]["nodes"].as_array().expect("a list");
        for session in nodes.iter().filter(|session| session["current"] == false) {
            let end =
                "mutation($input: EndSessionInput!) { endSession(input: $input) { userErrors { code } } }";
            let ended = scene
                .graduate
                .mutate(end, json!({ "input": { "sessionId": session["id"] } }))
                .await;
            assert_eq!(ended["userErrors"], json!([]));
        }
        let end = follower.end().await;
        let mut rest = follower.rest().await;
        if transport == "ws" {
            assert_eq!((end, rest), ((Some(3), "4403".to_owned()), vec![]));
        } else {
            // An event stream has no codes: the reason is its last result.
            assert_eq!(end, (Some(0), String::new()));
            let reason = rest.pop().expect("a reason");
            assert_eq!(
                reason["errors"][0]["extensions"]["code"], "UNAUTHENTICATED",
                "{reason}"
            );
            assert_eq!(rest, [Value::Null; 0]);
        }
    }
}

/// What another process commits is seen as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_step_of_another_process_arrives() {
    let scene = Scene::new().await;
    let agreement = invite(&scene.employer, &scene.graduate_id).await;
    let from = json!({ "after": feed_cursor(&scene.employer).await });
    let mut follower = Follower::open(&scene.employer, "ws", CASES, &from);
    let other = Platform {
        waker: Waker::default(),
        ..scene.server.platform.clone()
    };
    let id = NodeType::Agreement
        .uuid(&agreement.as_str().into())
        .expect("an id");
    let mut conn = other.pool.get().await.expect("a connection");
    diesel::sql_query(format!(
        "UPDATE agreements SET response_deadline = now() - interval '1 second' WHERE id = '{id}'"
    ))
    .execute(&mut conn)
    .await
    .expect("a deadline that has passed");
    step::take(&other, Actor::Worker, id, AgreementStep::Expire, None)
        .await
        .expect("expired");
    let mut change = follower.next().await;
    if change["event"]["action"] == "INVITE" {
        // The place may lie a moment early.
        change = follower.next().await;
    }
    assert_eq!(change["event"]["action"], "EXPIRE", "{change}");
    assert_eq!(change["case"]["status"], "EXPIRED", "{change}");
}

/// The feed of one process is woken by the commits of another, rather than only looking once a second: nothing but the
/// other's NOTIFY can wake this one.
#[tokio::test(flavor = "multi_thread")]
async fn the_wake_up_of_another_process_arrives() {
    let (platform, url) = platform().await;
    let mut commits = platform.waker.subscribe();
    let feed = Feed::open(platform.clone(), 16).await.expect("a feed");
    let stop = CancellationToken::new();
    tokio::spawn(feed.listen(url, stop.clone()));
    let woken = async |commits: &mut watch::Receiver<u64>| {
        let woken = tokio::time::timeout(PATIENCE, commits.changed()).await;
        woken.expect("woken in time").expect("a platform");
    };
    // Once when it has begun to listen, since something may have happened before.
    woken(&mut commits).await;
    let other = Waker::default();
    let (forwarding, pool) = (other.clone(), platform.pool.clone());
    tokio::spawn(async move { stop.run_until_cancelled(forwarding.forward(pool)).await });
    for _ in 0..3 {
        assert!(!commits.has_changed().expect("a platform"));
        other.wake();
        woken(&mut commits).await;
    }
}

/// The transports themselves, with the whole product behind them.
#[tokio::test(flavor = "multi_thread")]
async fn the_audits_and_clients_of_others_are_content() {
    let server = Server::empty().await;
    let url = format!("{}/graphql", server.url);
    let audited = node::run(&["audit.mjs", &url]).await;
    assert!(audited.contains("61 of 61 audits are ok"), "{audited}");
    node::run(&["websocket.mjs", &url]).await;
    node::run(&["sse.mjs", &url]).await;
}

/// The published schema keeps to the rules of GraphQL and Relay.
#[tokio::test(flavor = "multi_thread")]
async fn the_schema_passes_the_lint() {
    node::run(&["lint-schema.mjs"]).await;
}
