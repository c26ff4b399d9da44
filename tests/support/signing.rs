//! The operations of online signing as clients send them.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};
use wangqian_schema::model::terms::{HouseholdRegistration, TermsDraft};

use super::Client;

/// Invites graduates.
pub(crate) const INVITE: &str = "mutation($input: InviteGraduatesInput!) { inviteGraduates(input: $input) {
    results { graduateId agreement { id status version } warnings { field message } userErrors { code field message } }
    userErrors { code field message } } }";
/// Accepts an invitation.
pub(crate) const ACCEPT: &str = "mutation($input: AgreementStepInput!) { acceptInvitation(input: $input) {
    agreement { id status version awaitingReview } userErrors { code field message } } }";
/// Declines an invitation.
pub(crate) const DECLINE: &str =
    "mutation($input: DeclineInvitationInput!) { declineInvitation(input: $input) {
    agreement { id status version reason } userErrors { code field message } } }";
/// Takes an invitation back.
pub(crate) const CANCEL: &str = "mutation($input: AgreementStepInput!) { cancelInvitation(input: $input) {
    agreement { id status version } userErrors { code field message } } }";
/// Decides a case.
pub(crate) const REVIEW: &str = "mutation($input: ReviewCaseInput!) { reviewCase(input: $input) {
    agreement: case { ... on Agreement { id status version awaitingReview agreementNumber reason } }
    termination: case { ... on Termination { id status version awaitingReview reason } }
    destination: case { ... on Destination { id status version awaitingReview reason } }
    userErrors { code field message } } }";
/// Finds a graduate by name and student number.
pub(crate) const FIND: &str = "query($name: String!, $number: GraduateNumberInput!) {
    findGraduates(name: $name, number: $number) { graduateId name onlineSigningAllowed } }";

/// All terms of an agreement.
pub(crate) const TERMS: &str = "terms { employerName creditCode nature { code } industry { code } region { code } address
    positionCategory { code } positionTitle contactPerson contactPhone contactMobile contactEmail probationMonths
    probationSalary regularSalary liquidatedDamages reportPlace reportDeadline workPlace householdRegistration
    supplementaryTerms }";

/// A form that was read, as it was filled in: each code as itself, and nothing of what is empty.
pub(crate) fn as_filled_in(read: &Value) -> Value {
    let Value::Object(fields) = read else {
        return read.clone();
    };
    if let (1, Some(code)) = (fields.len(), fields.get("code")) {
        return code.clone();
    }
    let filled = fields
        .iter()
        .filter(|(name, value)| *name != "__typename" && !value.is_null());
    let filled: Map<_, _> = filled
        .map(|(name, value)| (name.clone(), as_filled_in(value)))
        .collect();
    filled.into()
}

/// The terms of an agreement that somebody reads, as they were filled in.
pub(crate) async fn terms_read_by(client: &Client, agreement: &str) -> Value {
    let query = format!("query($id: ID!) {{ node(id: $id) {{ ... on Agreement {{ {TERMS} }} }} }}");
    let data = client.query(&query, json!({ "id": agreement })).await;
    as_filled_in(&data["node"]["terms"])
}

/// Good terms.
pub(crate) fn terms() -> Value {
    json!({
        "nature": "39", "industry": "34", "region": "110108", "address": "示例路一号院二号楼",
        "positionCategory": "13", "positionTitle": "软件工程师", "contactPerson": "示例联系人",
        "contactMobile": "10000000001", "contactEmail": "hr@example.com", "probationMonths": 3,
        "probationSalary": 8000, "regularSalary": 10000, "liquidatedDamages": 5000, "reportPlace": "示例路一号",
        "reportDeadline": "2027-07-15", "workPlace": "北京市海淀区", "householdRegistration": "NONE",
        "supplementaryTerms": "第一行\n第二行",
    })
}

/// Good terms, as the model takes them.
pub(crate) fn draft() -> TermsDraft {
    TermsDraft {
        nature: "39".into(),
        industry: "34".into(),
        region: "110108".into(),
        address: "示例路一号院二号楼".into(),
        position_category: "13".into(),
        position_title: "软件工程师".into(),
        contact_person: "示例联系人".into(),
        contact_mobile: "10000000001".into(),
        contact_email: "hr@example.com".into(),
        household_registration: Some(HouseholdRegistration::None),
        ..TermsDraft::default()
    }
}

/// An input of `inviteGraduates` for a week of a platform whose time was not moved.
pub(crate) fn invitation(key: &str, graduates: &[String]) -> Value {
    invitation_until(key, graduates, Utc::now() + TimeDelta::days(7))
}

/// An input of `inviteGraduates` with this deadline.
pub(crate) fn invitation_until(key: &str, graduates: &[String], deadline: DateTime<Utc>) -> Value {
    json!({ "input": {
        "idempotencyKey": key, "graduateIds": graduates, "terms": terms(), "responseDeadline": deadline.to_rfc3339(),
    } })
}

/// Invites one graduate, who must be invitable; the agreement's id.
pub(crate) async fn invite(employer: &Client, graduate: &str) -> String {
    let key = uuid::Uuid::now_v7().to_string();
    let payload = employer
        .mutate(INVITE, invitation(&key, &[graduate.to_owned()]))
        .await;
    let id = payload["results"][0]["agreement"]["id"].as_str();
    id.unwrap_or_else(|| panic!("not invited: {payload}")).to_owned()
}

/// Sends a step on an agreement; the payload.
pub(crate) async fn step(client: &Client, operation: &str, agreement: &str) -> Value {
    client
        .mutate(operation, json!({ "input": { "agreementId": agreement } }))
        .await
}

/// Sends a decision; the payload.
pub(crate) async fn review(client: &Client, agreement: &str, decision: &str, reason: Option<&str>) -> Value {
    client
        .mutate(
            REVIEW,
            json!({ "input": { "caseId": agreement, "decision": decision, "reason": reason } }),
        )
        .await
}

/// The code of the only user error; `None` when there is none.
pub(crate) fn refusal(payload: &Value) -> Option<&str> {
    let errors = payload["userErrors"].as_array().expect("userErrors");
    assert!(errors.len() <= 1, "{payload}");
    errors.first().and_then(|error| error["code"].as_str())
}
