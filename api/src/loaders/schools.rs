//! What schools have: routes, confirmation periods, departments and reviewers.

use std::collections::HashMap;

use async_graphql::dataloader::Loader as Batch;
use uuid::Uuid;
use wangqian_schema::{
    db,
    model::{
        Page, PageRequest,
        leaving_period::{self, LeavingPeriod},
        reviewer::{self, ReviewerAccount},
        school::{self, Department, OwnRoute},
    },
};

use super::{LoadError, Loader};

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
