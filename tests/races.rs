//! Races over HTTP: whoever comes second is told so, and the database agrees.

use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;
use wangqian_api::id::NodeType;
use wangqian_schema::{
    model::employer::EmployerVerification,
    step::{self, Actor, AgreementStep, StepError},
    workflow::{Refusal, ReviewRoute},
};

use crate::support::{Client, Server, people, process::PATIENCE, signing::*};

#[derive(diesel::QueryableByName, Debug)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

async fn count(server: &Server, sql: &str) -> i64 {
    let mut conn = server.platform.pool.get().await.unwrap();
    let row: Number = diesel::sql_query(sql).get_result(&mut conn).await.unwrap();
    row.count
}

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    id: Uuid,
}

async fn ids(server: &Server, sql: &str) -> Vec<Uuid> {
    let mut conn = server.platform.pool.get().await.unwrap();
    let rows: Vec<Row> = diesel::sql_query(sql).load(&mut conn).await.unwrap();
    rows.into_iter().map(|row| row.id).collect()
}

/// The issue's own: 50 employers invite one graduate, who accepts all 50 at once.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_accepts_of_one_graduate_and_one_wins() {
    let server = Server::empty().await;
    let platform = &server.platform;
    let school = people::school(platform, ReviewRoute::SchoolOnly).await;
    let graduate = people::graduate(platform, &school, |_| {}).await;
    let id = NodeType::Graduate.id(graduate.id).to_string();
    let invitations = join_all((0..50).map(async |_| {
        let employer = people::employer(platform, EmployerVerification::Verified).await;
        let client = server.client().login(&employer.member).await;
        invite(&client, &id).await
    }))
    .await;

    let client = server.client().login(&graduate.email).await;
    let payloads = join_all(
        invitations
            .iter()
            .map(|agreement| step(&client, ACCEPT, agreement)),
    )
    .await;
    let won = payloads
        .iter()
        .filter(|payload| payload["agreement"]["status"] == "SIGNING_REVIEW")
        .count();
    let lost = payloads
        .iter()
        .filter(|payload| refusal(payload) == Some("ALREADY_ENGAGED"))
        .count();
    assert_eq!((won, lost), (1, 49), "{payloads:?}");
    // What the graduate was told is what the database holds, and nothing else does.
    let winner = payloads
        .iter()
        .find_map(|payload| payload["agreement"]["id"].as_str());
    let winner = [uuid_of(winner.expect("an agreement"))];
    for query in [
        "SELECT case_id AS id FROM engagements",
        "SELECT id FROM agreements WHERE status = 'SIGNING_REVIEW'",
        "SELECT case_id AS id FROM case_events WHERE action = 'ACCEPT'",
    ] {
        assert_eq!(ids(&server, query).await, winner, "{query}");
    }
    let open = "SELECT count(*) FROM agreements WHERE status = 'INVITED'";
    assert_eq!(count(&server, open).await, 49);
}

fn uuid_of(agreement: &str) -> Uuid {
    NodeType::Agreement
        .uuid(&agreement.into())
        .expect("an agreement's id")
}

/// The status to which a step led, or the code of its refusal.
type Outcome = Result<String, String>;

fn outcome(payload: &Value) -> Outcome {
    match (payload["agreement"]["status"].as_str(), refusal(payload)) {
        (Some(status), None) => Ok(status.to_owned()),
        (None, Some(code)) => Err(code.to_owned()),
        _ => panic!("neither a step nor a refusal: {payload}"),
    }
}

/// What is done to an invitation while the graduate accepts it.
#[derive(Clone, Copy, Debug)]
enum Rival {
    Cancel,
    Decline,
    Expire,
}

impl Rival {
    /// Where it leads when it comes first, and what the acceptance is told then: that it is late, or
    /// that the invitation is open no more.
    fn beats(self) -> (&'static str, &'static str) {
        match self {
            Self::Cancel => ("CANCELLED", "STEP_NOT_ALLOWED"),
            Self::Decline => ("DECLINED", "STEP_NOT_ALLOWED"),
            Self::Expire => ("EXPIRED", "DEADLINE_PASSED"),
        }
    }
}

/// How often two are set against each other at least.
const ROUNDS: u32 = 12;
/// In how many rounds each of the two must have come first.
const MOST_ROUNDS: u32 = 80;

/// Of two things done to one invitation at the same moment exactly one happens, whichever comes first.
///
/// `handicap` brings them together: whoever won has a little more to do before his step in the next round, so that after
/// some rounds it is open who wins.
async fn against(rival: Rival) {
    let server = Server::empty().await;
    let platform = &server.platform;
    let school = people::school(platform, ReviewRoute::SchoolOnly).await;
    let company = people::employer(platform, EmployerVerification::Verified).await;
    let employer = server.client().login(&company.member).await;
    let (mut accepted, mut beaten, mut handicap) = (0, 0, 0_i32);
    while accepted + beaten < ROUNDS || accepted == 0 || beaten == 0 {
        assert!(
            accepted + beaten < MOST_ROUNDS,
            "{rival:?} came first {beaten} times, the acceptance {accepted} times"
        );
        let graduate = people::graduate(platform, &school, |_| {}).await;
        let client = server.client().login(&graduate.email).await;
        let id = NodeType::Graduate.id(graduate.id).to_string();
        let agreement = invite(&employer, &id).await;
        let uuid = uuid_of(&agreement);
        let accept = async {
            if !matches!(rival, Rival::Expire) {
                dawdle(&client, handicap).await;
            }
            outcome(&step(&client, ACCEPT, &agreement).await)
        };
        let other = async {
            match rival {
                Rival::Cancel => {
                    dawdle(&employer, -handicap).await;
                    outcome(&step(&employer, CANCEL, &agreement).await)
                }
                Rival::Decline => {
                    dawdle(&client, -handicap).await;
                    outcome(&step(&client, DECLINE, &agreement).await)
                }
                Rival::Expire => expire(&server, uuid, 1.25_f64.powi(-handicap) * 3_000.0).await,
            }
        };
        let (accept, other) = tokio::join!(accept, other);

        let (to, told) = rival.beats();
        let won = match (&accept, &other) {
            (Ok(status), Err(code)) => {
                assert_eq!((&**status, &**code), ("SIGNING_REVIEW", "STEP_NOT_ALLOWED"));
                true
            }
            (Err(code), Ok(status)) => {
                assert_eq!((&**status, &**code), (to, told));
                false
            }
            both => panic!("exactly one of both happens: {both:?}"),
        };
        accepted += u32::from(won);
        beaten += u32::from(!won);
        handicap += if won { 1 } else { -1 };
        let status = if won { "SIGNING_REVIEW" } else { to };
        for (rows, expected) in [
            (
                format!("agreements WHERE id = '{uuid}' AND status = '{status}'"),
                1,
            ),
            // Held exactly if accepted.
            (format!("engagements WHERE case_id = '{uuid}'"), i64::from(won)),
            (
                format!("case_events WHERE case_id = '{uuid}' AND action <> 'INVITE'"),
                1,
            ),
        ] {
            assert_eq!(
                count(&server, &format!("SELECT count(*) FROM {rows}")).await,
                expected,
                "{rows}"
            );
        }
    }
}

/// Does something else first, so many times.
async fn dawdle(client: &Client, times: i32) {
    for _ in 0..times {
        client.query("{ __typename }", json!({})).await;
    }
}

/// What the worker does at the deadline, which here is in a moment.
async fn expire(server: &Server, id: Uuid, microseconds: f64) -> Outcome {
    let mut conn = server.platform.pool.get().await.unwrap();
    let sql = format!(
        "UPDATE agreements SET response_deadline = now() + interval '{microseconds:.0} microseconds' WHERE id = '{id}'"
    );
    diesel::sql_query(sql).execute(&mut conn).await.unwrap();
    drop(conn);
    loop {
        match step::take(&server.platform, Actor::Worker, id, AgreementStep::Expire, None).await {
            Ok(view) => return Ok(view.agreement.status.to_string()),
            Err(StepError::Refused(Refusal::TooEarly)) => tokio::task::yield_now().await,
            Err(StepError::Refused(Refusal::NotInThisStatus)) => return Err("STEP_NOT_ALLOWED".to_owned()),
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accept_against_cancel() {
    against(Rival::Cancel).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accept_against_decline() {
    against(Rival::Decline).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accept_against_expiry() {
    against(Rival::Expire).await;
}

/// A client that hangs up does not stop its step, which here waits for the case: it is taken as a whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_leaves_nothing_half_done() {
    let server = Server::empty_with(&["--statement-timeout-ms=60000"]).await;
    let platform = &server.platform;
    let school = people::school(platform, ReviewRoute::SchoolOnly).await;
    let company = people::employer(platform, EmployerVerification::Verified).await;
    let employer = server.client().login(&company.member).await;
    let graduate = people::graduate(platform, &school, |_| {}).await;
    let client = server.client().login(&graduate.email).await;
    let agreement = invite(&employer, &NodeType::Graduate.id(graduate.id)).await;
    let id = uuid_of(&agreement);

    let mut holder = platform.pool.get().await.unwrap();
    let hold = format!(
        "SET idle_in_transaction_session_timeout = 0; BEGIN; SELECT FROM agreements WHERE id = '{id}' FOR UPDATE"
    );
    holder.batch_execute(&hold).await.unwrap();
    let accept = tokio::spawn(async move { step(&client, ACCEPT, &agreement).await });
    let waiting = "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE NOT granted AND datname = current_database()";
    let begun = tokio::time::Instant::now();
    while count(&server, waiting).await == 0 {
        assert!(
            begun.elapsed() < PATIENCE,
            "the acceptance never came to the case"
        );
    }
    accept.abort();
    assert!(accept.await.unwrap_err().is_cancelled());
    // The server sees that the client is gone while it answers others.
    dawdle(&server.client(), 20).await;
    assert_eq!(
        count(&server, waiting).await,
        1,
        "the acceptance is still under way"
    );
    holder.batch_execute("COMMIT").await.unwrap();

    let taken = format!(
        "SELECT count(*) FROM agreements a JOIN engagements e ON e.case_id = a.id
         WHERE a.id = '{id}' AND status = 'SIGNING_REVIEW' AND event_count = 2"
    );
    server
        .until("the acceptance", async || {
            (count(&server, &taken).await == 1).then_some(())
        })
        .await;
    let events = format!("SELECT count(*) FROM case_events WHERE case_id = '{id}'");
    assert_eq!(count(&server, &events).await, 2);
}
