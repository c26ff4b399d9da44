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

use super::{LoadError, Loader, batch::many};

many!(
    /// The documents of an agreement that the viewer sees, newest first.
    DocumentsKey => Document, |conn, ids| document::of_agreements(conn, &ids),
    |document: &Document| document.agreement_id
);

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

many!(
    /// The links for the stamped copy of an agreement of the viewer's own that may still be used.
    StampedCopyLinksKey => StampedCopyLink, at now, |conn, ids| stamped_copy_link::of_agreements(conn, &ids, now),
    |link: &StampedCopyLink| link.agreement_id
);
