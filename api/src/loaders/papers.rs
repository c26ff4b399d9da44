//! What hangs on cases in one statement for all of them: papers, files, links.

use std::collections::HashMap;

use async_graphql::dataloader::Loader as Batch;
use uuid::Uuid;
use wangqian_schema::{
    db,
    model::{
        case_file::{self, CaseFile},
        document::{self, Document},
        stamped_copy_link::{self, StampedCopyLink},
    },
};

use super::{LoadError, Loader};

/// The documents of an agreement that the viewer sees, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DocumentsKey(pub Uuid);

impl Batch<DocumentsKey> for Loader {
    type Value = Vec<Document>;
    type Error = LoadError;

    async fn load(&self, keys: &[DocumentsKey]) -> Result<HashMap<DocumentsKey, Vec<Document>>, LoadError> {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        let mut conn = self.connection().await?;
        let documents = document::of_agreements(&mut conn, &ids)
            .await
            .map_err(db::DatabaseError::from)?;
        let mut by_agreement: HashMap<_, Vec<_>> = HashMap::new();
        for document in documents {
            by_agreement
                .entry(DocumentsKey(document.agreement_id))
                .or_default()
                .push(document);
        }
        Ok(by_agreement)
    }
}

/// The files of a case that the viewer sees: those of one submission, or of the newest one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CaseFilesKey {
    /// The case.
    pub case_id: Uuid,
    /// The number of the event with which they were handed in.
    pub submission: Option<i32>,
}

impl Batch<CaseFilesKey> for Loader {
    type Value = Vec<CaseFile>;
    type Error = LoadError;

    async fn load(&self, keys: &[CaseFilesKey]) -> Result<HashMap<CaseFilesKey, Vec<CaseFile>>, LoadError> {
        let mut by_submission: HashMap<_, Vec<Uuid>> = HashMap::new();
        for key in keys {
            by_submission.entry(key.submission).or_default().push(key.case_id);
        }
        let mut conn = self.connection().await?;
        let mut by_case: HashMap<_, Vec<_>> = HashMap::new();
        for (submission, case_ids) in by_submission {
            let files = case_file::of_cases(&mut conn, &case_ids, submission).await;
            for file in files.map_err(db::DatabaseError::from)? {
                let key = CaseFilesKey {
                    case_id: file.case_id,
                    submission,
                };
                by_case.entry(key).or_default().push(file);
            }
        }
        Ok(by_case)
    }
}

/// The links for the stamped copy of an agreement of the viewer's own that may still be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StampedCopyLinksKey(pub Uuid);

impl Batch<StampedCopyLinksKey> for Loader {
    type Value = Vec<StampedCopyLink>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[StampedCopyLinksKey],
    ) -> Result<HashMap<StampedCopyLinksKey, Vec<StampedCopyLink>>, LoadError> {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        let now = self.platform.clock.now();
        let mut conn = self.connection().await?;
        let links = stamped_copy_link::of_agreements(&mut conn, &ids, now)
            .await
            .map_err(db::DatabaseError::from)?;
        let mut by_agreement: HashMap<_, Vec<_>> = HashMap::new();
        for link in links {
            let key = StampedCopyLinksKey(link.agreement_id);
            by_agreement.entry(key).or_default().push(link);
        }
        Ok(by_agreement)
    }
}
