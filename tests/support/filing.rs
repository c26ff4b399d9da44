//! Agreements that graduates fill in, as clients send them.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Client, signing};

/// What is asked of an agreement after each step.
const AGREEMENT: &str = "agreement { id status version awaitingReview agreementNumber reason viewerActions
    terms { employerName positionTitle warnings { field } } draft { employerName positionTitle contactMobile } }
    userErrors { code field message }";

/// The mutation of a step with this input type, asking for the agreement.
pub(crate) fn mutation(name: &str, input: &str) -> String {
    format!("mutation($input: {input}!) {{ {name}(input: $input) {{ {AGREEMENT} }} }}")
}

/// What is filled in, whole and right.
pub(crate) fn filled() -> Value {
    let mut draft = signing::terms();
    draft["employerName"] = json!("示例山区中学");
    draft["creditCode"] = json!("12000000MA0000005B");
    draft
}

/// Begins a draft of a channel; the payload.
pub(crate) async fn create(client: &Client, channel: &str, draft: Value) -> Value {
    let key = Uuid::now_v7().to_string();
    let input = json!({ "idempotencyKey": key, "channel": channel, "draft": draft });
    let create = mutation("createAgreementDraft", "CreateAgreementDraftInput");
    client.mutate(&create, json!({ "input": input })).await
}

/// Keeps what is filled in; the payload.
pub(crate) async fn save(client: &Client, agreement: &str, draft: Value) -> Value {
    let save = mutation("saveAgreementDraft", "SaveAgreementDraftInput");
    let input = json!({ "agreementId": agreement, "draft": draft });
    client.mutate(&save, json!({ "input": input })).await
}

/// Hands an agreement in with these files; the payload.
pub(crate) async fn submit(client: &Client, agreement: &str, files: &[&str]) -> Value {
    let submit = mutation("submitAgreement", "SubmitAgreementInput");
    let input = json!({ "agreementId": agreement, "files": files });
    client.mutate(&submit, json!({ "input": input })).await
}

/// Hands the stamped copy in; the payload.
pub(crate) async fn submit_copy(client: &Client, agreement: &str, files: &[&str]) -> Value {
    let submit = mutation("submitStampedCopy", "SubmitStampedCopyInput");
    let input = json!({ "agreementId": agreement, "files": files });
    client.mutate(&submit, json!({ "input": input })).await
}

/// Takes a step that needs no more than the agreement: `withdrawAgreement`, `discardAgreement`, `requestStampedCopy`; the payload.
pub(crate) async fn step(client: &Client, name: &str, agreement: &str) -> Value {
    let step = mutation(name, "AgreementStepInput");
    client
        .mutate(&step, json!({ "input": { "agreementId": agreement } }))
        .await
}

/// The id of the agreement in a payload.
pub(crate) fn id(payload: &Value) -> String {
    let id = payload["agreement"]["id"].as_str();
    id.unwrap_or_else(|| panic!("no agreement: {payload}")).to_owned()
}
