//! What operators have tried again, over the wire.

use serde_json::{Value, json};
use uuid::Uuid;
use wangqian_api::id::NodeType;
use wangqian_schema::workflow::ReviewRoute;

use crate::support::{Client, Server, people, signing};

const RETRY: &str = "mutation($ids: [ID!]!) { retryStuckWork(input: { stuckWorkIds: $ids }) {
    stuckWork { id kind jobState attempts } userErrors { code field } } }";

async fn retry(operator: &Client, ids: &[String]) -> Value {
    operator.mutate(RETRY, json!({ "ids": ids })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stuck_is_tried_again_and_what_is_not_is_named_by_its_place() {
    // Nothing is sent here, so that the messages of an invitation wait.
    let server = Server::empty_with(&["--send-concurrency=0"]).await;
    let platform = &server.platform;
    let school = people::school(platform, ReviewRoute::SchoolOnly).await;
    let graduate = people::graduate(platform, &school, |_| ()).await;
    let employer = people::employer(
        platform,
        wangqian_schema::model::employer::EmployerVerification::Verified,
    )
    .await;
    let member = server.login(&employer.member).await;
    let id = NodeType::Graduate.id(graduate.id).to_string();
    signing::invite(&member, &id).await;
    platform.clock.advance(wangqian_schema::stuck_work::GRACE);

    let operator = server.login(&people::operator(platform).await).await;
    let list = "{ stuckWork(first: 10) { nodes { id kind jobState lastError } } }";
    let listed = operator.query(list, json!({})).await;
    // A recurring job that runs just now is as late by the clock that was advanced, and may be there as well.
    let mut nodes = listed["stuckWork"]["nodes"].as_array().unwrap().iter();
    let message = nodes.find(|node| node["kind"] == "MESSAGE").expect("a message");
    let stuck = message["id"].as_str().unwrap().to_owned();

    let nothing = NodeType::StuckWork.id(Uuid::now_v7()).to_string();
    let mixed = retry(&operator, &[id, stuck.clone(), nothing, "no id".to_owned()]).await;
    assert_eq!(
        mixed["stuckWork"],
        json!([{ "id": stuck, "kind": "MESSAGE", "jobState": "READY", "attempts": 0 }])
    );
    let refused: Vec<_> = [0, 2, 3]
        .map(|at| json!({ "code": "NOT_FOUND", "field": format!("stuckWorkIds.{at}") }))
        .into();
    assert_eq!(mixed["userErrors"], json!(refused));

    for ids in [vec![], vec![stuck; 101]] {
        let answer = retry(&operator, &ids).await;
        assert_eq!(
            answer["userErrors"],
            json!([{ "code": "INVALID_INPUT", "field": "stuckWorkIds" }])
        );
        assert_eq!(answer["stuckWork"], json!([]));
    }
}
