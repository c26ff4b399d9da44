//! Other destinations, as clients send them.

use serde_json::{Value, json};
use uuid::Uuid;

use super::Client;

/// What is asked of a destination after each step.
const DESTINATION: &str =
    "destination { id status version destinationType reviewRoute awaitingReview reason viewerActions
    warnings { field message } form { nationalCode { code nameZh } truthful details { __typename } }
    draft { remark details { __typename } } files { id fileName submission } }
    userErrors { code field message }";

/// The mutation of a step with this input type, asking for the destination.
pub(crate) fn mutation(name: &str, input: &str) -> String {
    format!("mutation($input: {input}!) {{ {name}(input: $input) {{ {DESTINATION} }} }}")
}

/// Who seeks employment, whole and right, with a remark.
pub(crate) fn seeking(remark: &str) -> Value {
    json!({ "nationalCode": "701", "remark": remark, "truthful": true, "details": { "seeking": { "helpWanted": ["JOB_REFERRAL"] } } })
}

/// An employer's block, whole and right.
pub(crate) fn employer() -> Value {
    json!({
        "name": "示例公司", "creditCode": "12000000MA0000005B", "nature": "31", "industry": "34", "region": "110108",
        "address": "示例路一号院二号楼", "positionCategory": "13", "positionTitle": "软件工程师",
        "contactPerson": "示例联系人", "contactMobile": "10000000001", "contactEmail": "hr@example.com",
    })
}

/// Begins a draft; the payload.
pub(crate) async fn create(client: &Client, draft: Value) -> Value {
    let key = Uuid::now_v7().to_string();
    let create = mutation("createDestinationDraft", "CreateDestinationDraftInput");
    let input = json!({ "idempotencyKey": key, "draft": draft });
    client.mutate(&create, json!({ "input": input })).await
}

/// Keeps what is filled in; the payload.
pub(crate) async fn save(client: &Client, destination: &str, draft: Value) -> Value {
    let save = mutation("saveDestinationDraft", "SaveDestinationDraftInput");
    let input = json!({ "destinationId": destination, "draft": draft });
    client.mutate(&save, json!({ "input": input })).await
}

/// Hands a destination in with these files; the payload.
pub(crate) async fn submit(client: &Client, destination: &str, files: &[&str]) -> Value {
    let submit = mutation("submitDestination", "SubmitDestinationInput");
    let input = json!({ "destinationId": destination, "files": files });
    client.mutate(&submit, json!({ "input": input })).await
}

/// A reviewer's own change; the payload.
pub(crate) async fn change(client: &Client, destination: &str, form: Value, reason: Option<&str>) -> Value {
    let version = "query($id: ID!) { node(id: $id) { ... on Destination { version } } }";
    let seen = client.query(version, json!({ "id": destination })).await;
    let change = mutation("changeDestination", "ChangeDestinationInput");
    let version = &seen["node"]["version"];
    let input =
        json!({ "destinationId": destination, "form": form, "reason": reason, "expectedVersion": version });
    client.mutate(&change, json!({ "input": input })).await
}

/// Takes a step that needs no more than the destination: `withdrawDestination`, `discardDestination`; the payload.
pub(crate) async fn step(client: &Client, name: &str, destination: &str) -> Value {
    let step = mutation(name, "DestinationStepInput");
    client
        .mutate(&step, json!({ "input": { "destinationId": destination } }))
        .await
}

/// Makes a registered one void; the payload.
pub(crate) async fn void(client: &Client, destination: &str) -> Value {
    let void = mutation("voidDestination", "VoidDestinationInput");
    client
        .mutate(&void, json!({ "input": { "destinationId": destination } }))
        .await
}

/// The id of the destination in a payload.
pub(crate) fn id(payload: &Value) -> String {
    let id = payload["destination"]["id"].as_str();
    id.unwrap_or_else(|| panic!("no destination: {payload}"))
        .to_owned()
}
