//! The operations of the review desk, and of what people want to be told, as clients send them.

use serde_json::{Value, json};

/// Takes a case.
pub(crate) const ASSIGN: &str = "mutation($input: AssignReviewInput!) { assignReview(input: $input) {
    case { id assignment { reviewerName mine assignedAt } } userErrors { code field message } } }";
/// Gives a case back.
pub(crate) const RELEASE: &str = "mutation($input: ReleaseReviewInput!) { releaseReview(input: $input) {
    case { id assignment { mine } } userErrors { code field message } } }";
/// Switches a kind of messages off or on.
pub(crate) const SET_PREFERENCE: &str =
    "mutation($input: SetMessagePreferenceInput!) { setMessagePreference(input: $input) {
    messagePreferences { group channel enabled } userErrors { code field message } } }";

/// An input about a case.
pub(crate) fn of_case(id: &str) -> Value {
    json!({ "input": { "caseId": id } })
}
