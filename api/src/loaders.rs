//! Batched loading of the edges between nouns: one statement for all rows of a page, however many. New for each
//! operation, so that nothing is remembered across viewers.

mod batch;
mod figures;
mod pages;
mod papers;
mod schools;

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_graphql::dataloader::{DataLoader, Loader as Batch};
use uuid::Uuid;
use wangqian_schema::{
    Platform, db,
    model::{
        Viewer,
        agreement::{self, AgreementView},
        destination::{self, DestinationView},
        destination_sheet::{self, DestinationSheet},
        employer::{self, Employer},
        event::{self, Event},
        graduate::{self, Graduate},
        leaving::{self, LeavingView},
        registration::{self, Submission},
        review_assignment::{self, ReviewAssignment},
        review_flag::{self, SharedProof},
        reviewer::{self, ReviewerAccount},
        school::{self, Department, School},
        termination::{self, TerminationView},
    },
};

use self::batch::batch;
pub use self::{
    pages::{FieldChangesKey, HistoryKey, ReportKey},
    papers::{CaseFilesKey, DocumentsKey, StampedCopyLinksKey},
    schools::{DepartmentsKey, LeavingPeriodsKey, OwnRoutesKey, ReviewersKey},
};
use crate::{
    batches::Spawner,
    error::{Failing, Failure},
};
pub use figures::{CrowdedEmployerKey, FigureSeriesKey, FiguresKey};

/// Loads by the keys below.
pub struct Loader {
    platform: Platform,
    viewer: Option<Viewer>,
}

/// A failure, shared by all keys of a batch.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{said}")]
pub struct LoadError {
    said: Arc<str>,
    /// What it comes to for the caller.
    pub failure: Failure,
}

impl From<db::DatabaseError> for LoadError {
    fn from(error: db::DatabaseError) -> Self {
        Self {
            failure: error.failure(),
            said: error.to_string().into(),
        }
    }
}

impl Loader {
    /// For one operation of one viewer; the loads run where `spawner` puts them.
    pub fn new(platform: Platform, viewer: Option<Viewer>, spawner: Spawner) -> DataLoader<Self> {
        let spawn = move |batch| {
            // Nobody waits for a load of an operation that has ended.
            let _ended = spawner.send(batch);
        };
        DataLoader::new(Self { platform, viewer }, spawn).delay(Duration::ZERO)
    }

    async fn connection(&self) -> Result<db::Connection, db::DatabaseError> {
        Ok(self.platform.pool.get().await?)
    }
}

batch!(
    /// A graduate of a case that the viewer sees.
    GraduateKey(Uuid) => Graduate, |conn, ids| graduate::by_ids(conn, &ids), |row: &Graduate| row.id
);

batch!(
    /// An employer of a case that the viewer sees.
    EmployerKey(Uuid) => Employer, |conn, ids| employer::by_ids(conn, &ids), |row: &Employer| row.id
);

batch!(
    /// A school.
    SchoolKey(Uuid) => School, |conn, ids| school::schools_by_ids(conn, &ids), |row: &School| row.id
);

batch!(
    /// A department.
    DepartmentKey(Uuid) => Department, |conn, ids| school::departments_by_ids(conn, &ids), |row: &Department| row.id
);

batch!(
    /// What other graduates have handed in of the files of a case that the viewer reviews.
    SharedProofKey(Uuid) => SharedProof, |conn, ids| review_flag::shared_proofs(conn, &ids), |row: &SharedProof| row.case_id
);

batch!(
    /// An event by its number; only for events of messages in the viewer's own inbox.
    EventKey(i64) => Event, |conn, ids| event::by_ids(conn, &ids), |row: &Event| row.id
);

batch!(
    /// The last sheet of a confirmation that the viewer sees.
    SheetKey(Uuid) => DestinationSheet, |conn, ids| destination_sheet::last_of(conn, &ids),
    |row: &DestinationSheet| row.confirmation_id
);

batch!(
    /// An agreement, if the viewer sees it.
    AgreementKey(Uuid) => AgreementView, for viewer, |conn, ids| agreement::by_ids(conn, viewer, &ids),
    |view: &AgreementView| view.agreement.id
);

batch!(
    /// A termination, if the viewer sees it.
    TerminationKey(Uuid) => TerminationView, for viewer, |conn, ids| termination::by_ids(conn, viewer, &ids),
    |view: &TerminationView| view.termination.id
);

batch!(
    /// The last termination of an agreement, if the viewer sees it.
    LastTerminationKey(Uuid) => TerminationView, for viewer, |conn, ids| termination::last_of(conn, viewer, &ids),
    |view: &TerminationView| view.termination.agreement_id
);

batch!(
    /// A destination, if the viewer sees it.
    DestinationKey(Uuid) => DestinationView, for viewer, |conn, ids| destination::by_ids(conn, viewer, &ids),
    |view: &DestinationView| view.destination.id
);

batch!(
    /// A graduate's confirmation, if the viewer sees it.
    LeavingKey(Uuid) => LeavingView, for viewer, |conn, ids| leaving::by_ids(conn, viewer, &ids),
    |view: &LeavingView| view.confirmation.id
);

batch!(
    /// How an employer's registration stands, for its members and operators.
    SubmissionKey(Uuid) => Submission, for viewer, |conn, ids| registration::submissions(conn, viewer, &ids),
    |submission: &Submission| submission.employer_id
);

batch!(
    /// A reviewer, if the viewer sees him.
    ReviewerKey(Uuid) => ReviewerAccount, for viewer, |conn, ids| reviewer::by_ids(conn, viewer, &ids),
    |reviewer: &ReviewerAccount| reviewer.account_id
);

/// Which fellow reviewer has taken a case that waits at the viewer's level and place, in whatever round of its review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AssignmentKey(pub Uuid);

impl Batch<AssignmentKey> for Loader {
    type Value = ReviewAssignment;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[AssignmentKey],
    ) -> Result<HashMap<AssignmentKey, ReviewAssignment>, LoadError> {
        let Some(desk) = self.viewer.as_ref().and_then(Viewer::reviews) else {
            return Ok(HashMap::new());
        };
        let case_ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        let mut conn = self.connection().await?;
        let held = review_assignment::of_cases(&mut conn, desk, &case_ids)
            .await
            .map_err(db::DatabaseError::from)?;
        let by_case = held.into_iter().map(|held| (AssignmentKey(held.case_id), held));
        Ok(by_case.collect())
    }
}
