//! Pages of what happened: the histories of cases with what was changed in them, and the reports of imports.

use std::collections::HashMap;

use async_graphql::dataloader::Loader as Batch;
use uuid::Uuid;
use wangqian_schema::{
    db,
    model::{
        Page, PageRequest,
        event::{self, Event},
        field_change::{self, Changes},
        graduate_import::{self, ImportProblem, ProblemKey},
    },
};

use super::{LoadError, Loader};

/// A page of the history of a case that the viewer sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HistoryKey {
    /// The case.
    pub case_id: Uuid,
    /// Which page; the same for all rows of a list.
    pub request: PageRequest<i32>,
}

impl Batch<HistoryKey> for Loader {
    type Value = Page<Event>;
    type Error = LoadError;

    async fn load(&self, keys: &[HistoryKey]) -> Result<HashMap<HistoryKey, Page<Event>>, LoadError> {
        let mut wanted: HashMap<PageRequest<i32>, Vec<Uuid>> = HashMap::new();
        for key in keys {
            wanted.entry(key.request).or_default().push(key.case_id);
        }
        let mut conn = self.connection().await?;
        let mut pages = HashMap::new();
        for (request, case_ids) in wanted {
            let found = event::histories(&mut conn, &case_ids, &request)
                .await
                .map_err(db::DatabaseError::from)?;
            pages.extend(
                found
                    .into_iter()
                    .map(|(case_id, page)| (HistoryKey { case_id, request }, page)),
            );
        }
        Ok(pages)
    }
}

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

/// A page of the report of an import that the viewer sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReportKey {
    /// The import.
    pub import_id: Uuid,
    /// Which page; the same for all rows of a list.
    pub request: PageRequest<ProblemKey>,
}

impl Batch<ReportKey> for Loader {
    type Value = Page<ImportProblem>;
    type Error = LoadError;

    async fn load(&self, keys: &[ReportKey]) -> Result<HashMap<ReportKey, Page<ImportProblem>>, LoadError> {
        let mut wanted: HashMap<PageRequest<ProblemKey>, Vec<Uuid>> = HashMap::new();
        for key in keys {
            wanted.entry(key.request).or_default().push(key.import_id);
        }
        let mut conn = self.connection().await?;
        let mut pages = HashMap::new();
        for (request, import_ids) in wanted {
            let found = graduate_import::reports(&mut conn, &import_ids, &request)
                .await
                .map_err(db::DatabaseError::from)?;
            pages.extend(
                found
                    .into_iter()
                    .map(|(import_id, page)| (ReportKey { import_id, request }, page)),
            );
        }
        Ok(pages)
    }
}
