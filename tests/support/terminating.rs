//! The operations of online termination as clients send them.

use serde_json::{Value, json};

use super::Client;

/// Asks to end an agreement.
pub(crate) const REQUEST: &str =
    "mutation($input: RequestTerminationInput!) { requestTermination(input: $input) {
    termination { id status version } userErrors { code field message } } }";
/// Takes it back.
pub(crate) const WITHDRAW_TERMINATION: &str =
    "mutation($input: TerminationStepInput!) { withdrawTermination(input: $input) {
    termination { id status version } userErrors { code field message } } }";
/// Agrees.
pub(crate) const ACCEPT_TERMINATION: &str =
    "mutation($input: TerminationStepInput!) { acceptTermination(input: $input) {
    termination { id status version awaitingReview } userErrors { code field message } } }";
/// Does not agree.
pub(crate) const REFUSE_TERMINATION: &str =
    "mutation($input: RefuseTerminationInput!) { refuseTermination(input: $input) {
    termination { id status version reason } userErrors { code field message } } }";

/// Asks to end an agreement; the payload.
pub(crate) async fn request(client: &Client, agreement: &str, reason: &str, explanation: &str) -> Value {
    let input = json!({
        "idempotencyKey": uuid::Uuid::now_v7(), "agreementId": agreement, "terminationReason": reason,
        "explanation": explanation,
    });
    client.mutate(REQUEST, json!({ "input": input })).await
}

/// Sends a step on a termination that needs nothing else; the payload.
pub(crate) async fn answer(client: &Client, operation: &str, termination: &str) -> Value {
    client
        .mutate(operation, json!({ "input": { "terminationId": termination } }))
        .await
}

/// The termination of a payload.
pub(crate) fn id(payload: &Value) -> String {
    let id = payload["termination"]["id"].as_str();
    id.unwrap_or_else(|| panic!("no termination: {payload}"))
        .to_owned()
}

/// Hands an offline termination in again.
pub(crate) const SUBMIT_TERMINATION: &str =
    "mutation($input: SubmitTerminationInput!) { submitTermination(input: $input) {
    termination { id status version awaitingReview reason } userErrors { code field message } } }";
/// Gives it up.
pub(crate) const DISCARD_TERMINATION: &str =
    "mutation($input: TerminationStepInput!) { discardTermination(input: $input) {
    termination { id status version } userErrors { code field message } } }";

/// Asks to end an agreement with these files; the payload.
pub(crate) async fn hand_in(client: &Client, agreement: &str, reason: &str, files: &[&str]) -> Value {
    let input = json!({
        "idempotencyKey": uuid::Uuid::now_v7(), "agreementId": agreement, "terminationReason": reason,
        "explanation": "与单位协商一致，解约函附后。", "files": files,
    });
    client.mutate(REQUEST, json!({ "input": input })).await
}

/// Hands a termination in again with these files; the payload.
pub(crate) async fn hand_in_again(client: &Client, termination: &str, reason: &str, files: &[&str]) -> Value {
    let input = json!({
        "terminationId": termination, "terminationReason": reason, "explanation": "已按要求更换解约函。",
        "files": files,
    });
    client.mutate(SUBMIT_TERMINATION, json!({ "input": input })).await
}
