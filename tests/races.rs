//! Races over HTTP: whoever comes second is told so, and the database agrees.

use diesel_async::RunQueryDsl;
use futures_util::future::join_all;
use serde_json::{Value, json};
use wangqian_api::id::NodeType;
use wangqian_schema::{
    model::employer::EmployerVerification,
    step::{self, Actor, AgreementStep},
    workflow::ReviewRoute,
};

use crate::support::{Client, Server, people, signing::*};

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
    assert_eq!(count(&server, "SELECT count(*) FROM engagements").await, 1);
    assert_eq!(
        count(
            &server,
            "SELECT count(*) FROM agreements WHERE status = 'SIGNING_REVIEW'"
        )
        .await,
        1
    );
    assert_eq!(
        count(
            &server,
            "SELECT count(*) FROM agreements WHERE status = 'INVITED'"
        )
        .await,
        49
    );
    assert_eq!(
        count(
            &server,
            "SELECT count(*) FROM case_events WHERE action = 'ACCEPT'"
        )
        .await,
        1
    );
}

/// Of two things done to one invitation at the same moment exactly one happens, again and again.
async fn against(other: &str) {
    let server = Server::empty().await;
    let platform = &server.platform;
    let school = people::school(platform, ReviewRoute::SchoolOnly).await;
    let company = people::employer(platform, EmployerVerification::Verified).await;
    let employer = server.client().login(&company.member).await;
    let mut accepted = 0;
    for round in 0..12 {
        let graduate = people::graduate(platform, &school, |_| {}).await;
        let client = server.client().login(&graduate.email).await;
        let id = NodeType::Graduate.id(graduate.id).to_string();
        let agreement = invite(&employer, &id).await;
        let uuid = NodeType::Agreement.uuid(&agreement.as_str().into()).unwrap();
        let accept = step(&client, ACCEPT, &agreement);
        let rival = async {
            match other {
                "CANCEL" => step(&employer, CANCEL, &agreement).await,
                "DECLINE" => step(&client, DECLINE, &agreement).await,
                _ => expire(&server, uuid).await,
            }
        };
        let (accept, rival) = if round % 2 == 0 {
            tokio::join!(accept, rival)
        } else {
            let (rival, accept) = tokio::join!(rival, accept);
            (accept, rival)
        };
        let (yes, no) = (
            accept["agreement"]["status"] == "SIGNING_REVIEW",
            !rival["agreement"].is_null(),
        );
        assert!(yes != no, "exactly one of {accept} and {rival}");
        accepted += i32::from(yes);
        let held = count(
            &server,
            &format!("SELECT count(*) FROM engagements WHERE case_id = '{uuid}'"),
        )
        .await;
        assert_eq!(held, i64::from(yes), "held exactly if accepted");
        let events =
            format!("SELECT count(*) FROM case_events WHERE case_id = '{uuid}' AND action <> 'INVITE'");
        assert_eq!(count(&server, &events).await, 1);
    }
    tracing::info!(accepted, other, "of 12 rounds");
}

/// What the worker does at the deadline, which here is now.
async fn expire(server: &Server, id: uuid::Uuid) -> Value {
    let mut conn = server.platform.pool.get().await.unwrap();
    let sql = format!(
        "UPDATE agreements SET response_deadline = now() + interval '3 milliseconds' WHERE id = '{id}'"
    );
    diesel::sql_query(sql).execute(&mut conn).await.unwrap();
    drop(conn);
    loop {
        match step::take(&server.platform, Actor::Worker, id, AgreementStep::Expire, None).await {
            Ok(_) => return json!({ "agreement": { "status": "EXPIRED" } }),
            Err(step::StepError::Refused(wangqian_schema::workflow::Refusal::TooEarly)) => {
                tokio::task::yield_now().await
            }
            Err(_) => return json!({ "agreement": null }),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accept_against_cancel() {
    against("CANCEL").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accept_against_decline() {
    against("DECLINE").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accept_against_expiry() {
    against("EXPIRE").await;
}

/// A client that hangs up does not stop the step in its middle: it is whole or not at all.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_leaves_nothing_half_done() {
    let server = Server::empty().await;
    let platform = &server.platform;
    let school = people::school(platform, ReviewRoute::SchoolOnly).await;
    let company = people::employer(platform, EmployerVerification::Verified).await;
    let employer = server.client().login(&company.member).await;
    for round in 0..10_u64 {
        let graduate = people::graduate(platform, &school, |_| {}).await;
        let client: Client = server.client().login(&graduate.email).await;
        let agreement = invite(&employer, &NodeType::Graduate.id(graduate.id)).await;
        let hang_up = std::time::Duration::from_millis(round);
        let _ = tokio::time::timeout(hang_up, step(&client, ACCEPT, &agreement)).await;
    }
    let torn = "SELECT count(*) FROM agreements a WHERE
        (a.status = 'SIGNING_REVIEW') <> EXISTS (SELECT FROM engagements e WHERE e.case_id = a.id)
        OR a.event_count <> (SELECT count(*) FROM case_events c WHERE c.case_id = a.id)";
    assert_eq!(count(&server, torn).await, 0);
}
