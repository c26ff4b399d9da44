//! What a reviewer or a school changes in what somebody else has filled in, of whatever kind the case is: compared and kept field by field,
//! named in the event, and put in the place of what was there.

use diesel_async::AsyncPgConnection;
use serde_json::{Value, json};

use super::StepError;
use crate::{
    field_changes::FieldChange,
    model::{
        case::CaseRow,
        field_change::{self, Changes},
    },
};

/// A case whose content others than the graduate may change.
pub(super) trait Amendable: CaseRow {
    /// What somebody has filled in, as it was checked.
    type Content: Send;

    /// The fields in which it differs from what is there; `None` where nothing was handed in yet.
    fn compare(&self, with: &Self::Content) -> Option<Vec<FieldChange>>;

    /// Puts it in the place of what is there, which makes the next version.
    fn replace(&mut self, with: Self::Content);
}

/// Changes what is there in the step that is being taken, and gives what stands in its event: the names of the fields, and the hash of old
/// and new, which stand beside the trail since events outlive corrections. `None` where nothing changes: that is no step.
pub(super) async fn amend<R: Amendable>(
    conn: &mut AsyncPgConnection,
    row: &mut R,
    with: R::Content,
) -> Result<Option<Value>, StepError> {
    let made = Changes(row.compare(&with).ok_or(StepError::NotFound)?);
    if made.0.is_empty() {
        return Ok(None);
    }
    field_change::insert(conn, row.id(), row.chain().count + 1, &made).await?;
    row.replace(with);
    let sha256 = made
        .sha256()
        .map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    Ok(Some(json!({ "changed": names(made.0), "sha256": sha256 })))
}

/// The names of the fields in which what is handed in again differs from what is there: for whoever reviews it again. The values stay out
/// of the trail.
pub(super) fn changed<R: Amendable>(row: &R, with: &R::Content) -> Vec<String> {
    names(row.compare(with).unwrap_or_default())
}

fn names(changes: Vec<FieldChange>) -> Vec<String> {
    changes.into_iter().map(|change| change.path).collect()
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
