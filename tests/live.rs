//! What people follow live, over both transports, with other people's clients (graphql-ws, graphql-sse) on the other end.

use std::{collections::HashSet, process::Stdio};

use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    task::JoinSet,
};
use wangqian_api::id::NodeType;
use wangqian_schema::{
    Platform,
    model::employer::EmployerVerification,
    step::{self, Actor, AgreementStep},
    wake::Waker,
    workflow::ReviewRoute,
};

use crate::support::{
    Client, Server, node,
    people::{self, Person, SchoolWorld},
    process::PATIENCE,
    signing::*,
};

const TRANSPORTS: [&str; 2] = ["ws", "sse"];
const CASES: &str =
    "subscription($after: String, $caseId: ID) { caseChanged(after: $after, caseId: $caseId) {
    cursor event { ... on AgreementEvent { id action } } case { ... on Agreement { id status version } } } }";
const INBOX: &str = "subscription($after: String) { notificationReceived(after: $after) {
    cursor notification { id title readAt } } }";

/// Somebody's open subscription.
struct Follower {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Follower {
    fn open(client: &Client, transport: &str, document: &str, variables: &Value) -> Self {
        let mut process = Command::new("node")
            .current_dir(node::folder())
            .args([
                "follow.mjs",
                transport,
                &client.endpoint(),
                document,
                &variables.to_string(),
            ])
            .env("TOKEN", client.token())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node starts");
        let lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        Self { process, lines }
    }

    /// The next result's only field.
    async fn next(&mut self) -> Value {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await;
        let Some(line) = line.expect("a result in time").expect("text") else {
            panic!("the subscription ended: {}", self.end().await)
        };
        let mut result: Value = serde_json::from_str(&line).expect("JSON");
        let fields = result["data"].as_object_mut().unwrap_or_else(|| panic!("{line}"));
        fields.values_mut().next().expect("a field").take()
    }

    /// What the client says when the server ends it; empty when all was said.
    async fn end(&mut self) -> String {
        let mut said = String::new();
        let ending = async {
            let stderr = self.process.stderr.as_mut().expect("a pipe");
            stderr.read_to_string(&mut said).await.expect("text");
            self.process.wait().await.expect("a child of ours")
        };
        tokio::time::timeout(PATIENCE, ending)
            .await
            .expect("an end in time");
        said.trim().to_owned()
    }
}

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
    let told = inbox.next().await;
    assert_eq!(told["notification"]["readAt"], Value::Null, "{told}");

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
    for (transport, said) in [("ws", "4403"), ("sse", "")] {
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
        assert!(end.contains(said), "{transport}: {end}");
        let rest = follower.lines.next_line().await.expect("text");
        assert_eq!(rest.filter(|line| !line.contains("UNAUTHENTICATED")), None);
    }
}

/// What another process commits is seen as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_step_of_another_process_arrives() {
    let scene = Scene::new().await;
    let agreement = invite(&scene.employer, &scene.graduate_id).await;
    let from = json!({ "after": feed_cursor(&scene.employer).await });
    let mut follower = Follower::open(&scene.employer, "ws", CASES, &from);
    // Its wake-ups reach this one by NOTIFY only.
    let other = Platform {
        waker: Waker::default(),
        ..scene.server.platform.clone()
    };
    let forward = tokio::spawn({
        let other = other.clone();
        async move { other.waker.forward(other.pool.clone()).await }
    });
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
    loop {
        let change = follower.next().await;
        if change["case"]["status"] == "EXPIRED" {
            break;
        }
    }
    forward.abort();
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
