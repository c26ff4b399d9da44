//! What a reviewer or a school changes in what somebody else has filled in, of whatever kind the case is: kept field by field, and named
//! in the event.

use diesel_async::AsyncPgConnection;
use serde_json::{Value, json};

use super::StepError;
use crate::model::{
    case::CaseRow,
    field_change::{self, Changes},
};

/// Keeps what the step that is being taken has changed, and gives what stands in its event: the names of the fields, and the hash of old
/// and new, which stand beside the trail since events outlive corrections.
pub(super) async fn keep<R: CaseRow>(
    conn: &mut AsyncPgConnection,
    row: &R,
    made: &Changes,
) -> Result<Value, StepError> {
    field_change::insert(conn, row.id(), row.chain().count + 1, made).await?;
    let names: Vec<&str> = made.0.iter().map(|change| change.path.as_str()).collect();
    let sha256 = made
        .sha256()
        .map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    Ok(json!({ "changed": names, "sha256": sha256 }))
}

/// What people call the fields that an event names as changed, each once.
pub(super) fn labels(changes: &Value, label_zh: fn(&str) -> Option<&'static str>) -> String {
    let names = changes["changed"].as_array().into_iter().flatten();
    let mut labels: Vec<&'static str> = Vec::new();
    for label in names.filter_map(|name| label_zh(name.as_str()?)) {
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels.join("、")
}
