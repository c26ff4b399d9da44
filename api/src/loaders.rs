//! Batched loading of the edges between nouns: one statement for all rows of a page, however many. New for each
//! operation, so that nothing is remembered across viewers.

mod figures;

pub use figures::{CrowdedEmployerKey, FigureSeriesKey, FiguresKey};

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_graphql::dataloader::{DataLoader, Loader as Batch};
use uuid::Uuid;
use wangqian_schema::{
    Platform, db,
    model::{
        Page, PageRequest, Viewer,
        agreement::{self, AgreementView},
        case_file::{self, CaseFile},
        destination::{self, DestinationView},
        destination_sheet::{self, DestinationSheet},
        document::{self, Document},
        employer::{self, Employer},
        event::{self, Event},
        field_change::{self, Changes},
        graduate::{self, Graduate},
        graduate_import::{self, ImportProblem, ProblemKey},
        leaving::{self, LeavingView},
        leaving_period::{self, LeavingPeriod},
        registration::{self, Submission},
        review_assignment::{self, ReviewAssignment},
        review_flag::{self, SharedProof},
        reviewer::{self, ReviewerAccount},
        school::{self, Department, OwnRoute, School},
        stamped_copy_link::{self, StampedCopyLink},
        termination::{self, TerminationView},
    },
};

use crate::{
    batches::Spawner,
    error::{Failing, Failure},
};

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

macro_rules! batch {
    ($(#[$meta:meta])* $key:ident($id:ty) => $value:ty, |$conn:ident, $ids:ident| $load:expr, $of:expr) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $key(pub $id);

        impl Batch<$key> for Loader {
            type Value = $value;
            type Error = LoadError;

            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, $value>, LoadError> {
                let $ids: Vec<$id> = keys.iter().map(|key| key.0).collect();
                let mut connection = self.connection().await?;
                let $conn = &mut connection;
                let rows = $load.await.map_err(db::DatabaseError::from)?;
                Ok(rows.into_iter().map(|row| ($key($of(&row)), row)).collect())
            }
        }
    };
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

macro_rules! seen {
    ($(#[$meta:meta])* $key:ident => $value:ty, |$conn:ident, $viewer:ident, $ids:ident| $load:expr, $of:expr) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $key(pub Uuid);

        impl Batch<$key> for Loader {
            type Value = $value;
            type Error = LoadError;

            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, $value>, LoadError> {
                let Some($viewer) = &self.viewer else {
                    return Ok(HashMap::new());
                };
                let $ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
                let mut connection = self.connection().await?;
                let $conn = &mut connection;
                let rows = $load.await.map_err(db::DatabaseError::from)?;
                Ok(rows.into_iter().map(|row| ($key($of(&row)), row)).collect())
            }
        }
    };
}
seen!(
    /// An agreement, if the viewer sees it.
    AgreementKey => AgreementView, |conn, viewer, ids| agreement::by_ids(conn, viewer, &ids),
    |view: &AgreementView| view.agreement.id
);
seen!(
    /// A termination, if the viewer sees it.
    TerminationKey => TerminationView, |conn, viewer, ids| termination::by_ids(conn, viewer, &ids),
    |view: &TerminationView| view.termination.id
);
seen!(
    /// The last termination of an agreement, if the viewer sees it.
    LastTerminationKey => TerminationView, |conn, viewer, ids| termination::last_of(conn, viewer, &ids),
    |view: &TerminationView| view.termination.agreement_id
);
seen!(
    /// A destination, if the viewer sees it.
    DestinationKey => DestinationView, |conn, viewer, ids| destination::by_ids(conn, viewer, &ids),
    |view: &DestinationView| view.destination.id
);
seen!(
    /// A graduate's confirmation, if the viewer sees it.
    LeavingKey => LeavingView, |conn, viewer, ids| leaving::by_ids(conn, viewer, &ids),
    |view: &LeavingView| view.confirmation.id
);
seen!(
    /// How an employer's registration stands, for its members and operators.
    SubmissionKey => Submission, |conn, viewer, ids| registration::submissions(conn, viewer, &ids),
    |submission: &Submission| submission.employer_id
);
seen!(
    /// A reviewer, if the viewer sees him.
    ReviewerKey => ReviewerAccount, |conn, viewer, ids| reviewer::by_ids(conn, viewer, &ids),
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

/// The routes of its own of a school that is open to the viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OwnRoutesKey(pub Uuid);

impl Batch<OwnRoutesKey> for Loader {
    type Value = Vec<OwnRoute>;
    type Error = LoadError;

    async fn load(&self, keys: &[OwnRoutesKey]) -> Result<HashMap<OwnRoutesKey, Vec<OwnRoute>>, LoadError> {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        let mut conn = self.connection().await?;
        let routes = school::own_routes(&mut conn, &ids)
            .await
            .map_err(db::DatabaseError::from)?;
        let mut of_school: HashMap<_, Vec<_>> = HashMap::new();
        for route in routes {
            of_school
                .entry(OwnRoutesKey(route.school_id))
                .or_default()
                .push(route);
        }
        Ok(of_school)
    }
}

/// The confirmation periods of a school that is open to the viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LeavingPeriodsKey(pub Uuid);

impl Batch<LeavingPeriodsKey> for Loader {
    type Value = Vec<LeavingPeriod>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[LeavingPeriodsKey],
    ) -> Result<HashMap<LeavingPeriodsKey, Vec<LeavingPeriod>>, LoadError> {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        let mut conn = self.connection().await?;
        let periods = leaving_period::periods(&mut conn, &ids)
            .await
            .map_err(db::DatabaseError::from)?;
        let mut of_school: HashMap<_, Vec<_>> = HashMap::new();
        for period in periods {
            of_school
                .entry(LeavingPeriodsKey(period.school_id))
                .or_default()
                .push(period);
        }
        Ok(of_school)
    }
}

/// A page of the departments of a school that is open to the viewer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DepartmentsKey {
    /// The school.
    pub school_id: Uuid,
    /// Which page; the same for all rows of a list.
    pub request: PageRequest<String>,
}

impl Batch<DepartmentsKey> for Loader {
    type Value = Page<Department>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[DepartmentsKey],
    ) -> Result<HashMap<DepartmentsKey, Page<Department>>, LoadError> {
        let mut wanted: HashMap<&PageRequest<String>, Vec<Uuid>> = HashMap::new();
        for key in keys {
            wanted.entry(&key.request).or_default().push(key.school_id);
        }
        let mut conn = self.connection().await?;
        let mut pages = HashMap::new();
        for (request, school_ids) in wanted {
            let found = school::departments_of(&mut conn, &school_ids, request)
                .await
                .map_err(db::DatabaseError::from)?;
            pages.extend(found.into_iter().map(|(school_id, page)| {
                let request = request.clone();
                (DepartmentsKey { school_id, request }, page)
            }));
        }
        Ok(pages)
    }
}

/// A page of the reviewers of a school as far as the viewer sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReviewersKey {
    /// The school.
    pub school_id: Uuid,
    /// Which page; the same for all rows of a list.
    pub request: PageRequest<Uuid>,
}

impl Batch<ReviewersKey> for Loader {
    type Value = Page<ReviewerAccount>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[ReviewersKey],
    ) -> Result<HashMap<ReviewersKey, Page<ReviewerAccount>>, LoadError> {
        let Some(viewer) = &self.viewer else {
            return Ok(HashMap::new());
        };
        let mut wanted: HashMap<PageRequest<Uuid>, Vec<Uuid>> = HashMap::new();
        for key in keys {
            wanted.entry(key.request).or_default().push(key.school_id);
        }
        let mut conn = self.connection().await?;
        let mut pages = HashMap::new();
        for (request, school_ids) in wanted {
            let found = reviewer::lists(&mut conn, viewer, &school_ids, &request)
                .await
                .map_err(db::DatabaseError::from)?;
            pages.extend(
                found
                    .into_iter()
                    .map(|(school_id, page)| (ReviewersKey { school_id, request }, page)),
            );
        }
        Ok(pages)
    }
}
