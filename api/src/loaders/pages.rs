//! Pages of what happened: the histories of cases with what was changed in them, and the reports of imports.

use std::collections::HashMap;

use async_graphql::dataloader::Loader as Batch;
use uuid::Uuid;
use wangqian_schema::{
    db,
    model::{
        event::{self, Event},
        field_change::{self, Changes},
        graduate_import::{self, ImportProblem, ProblemKey},
    },
};

use super::{LoadError, Loader, batch::pages};

pages!(
    /// A page of the history of a case that the viewer sees.
    HistoryKey {
        /// The case.
        case_id by i32,
    } => Event, |conn, ids, request| event::histories(conn, &ids, request)
);

/// What an event of a case that the viewer sees changed, field by field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FieldChangesKey {
    /// The case.
    pub case_id: Uuid,
    /// The number of the event.
    pub sequence: i32,
}

impl Batch<FieldChangesKey> for Loader {
    type Value = Changes;
    type Error = LoadError;

    async fn load(&self, keys: &[FieldChangesKey]) -> Result<HashMap<FieldChangesKey, Changes>, LoadError> {
        let events: Vec<_> = keys.iter().map(|key| (key.case_id, key.sequence)).collect();
        let mut conn = self.connection().await?;
        let found = field_change::of_events(&mut conn, &events)
            .await
            .map_err(db::DatabaseError::from)?;
        Ok(found
            .into_iter()
            .map(|(case_id, sequence, changes)| (FieldChangesKey { case_id, sequence }, changes))
            .collect())
    }
}

pages!(
    /// A page of the report of an import that the viewer sees.
    ReportKey {
        /// The import.
        import_id by ProblemKey,
    } => ImportProblem, |conn, ids, request| graduate_import::reports(conn, &ids, request)
);
