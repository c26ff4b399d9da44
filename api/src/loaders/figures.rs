//! Batched loading of figures, and of what flags count.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader as Batch;
use chrono::NaiveDate;
use uuid::Uuid;
use wangqian_schema::{
    db,
    model::{
        Page, PageRequest,
        figure::{self, FigureCount, FigureQuery, FigureScope},
        figure_snapshot::{self, FigureDay},
        review_flag::{self, CrowdedEmployer},
    },
};

use super::{LoadError, Loader};

/// How many of a graduate's class are placed at an employer, if they are more than so many; for whoever reviews him.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CrowdedEmployerKey {
    /// The graduate.
    pub graduate_id: Uuid,
    /// The employer's credit code.
    pub credit_code: String,
    /// More than so many; the same for all.
    pub more_than: u32,
}

impl Batch<CrowdedEmployerKey> for Loader {
    type Value = CrowdedEmployer;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[CrowdedEmployerKey],
    ) -> Result<HashMap<CrowdedEmployerKey, CrowdedEmployer>, LoadError> {
        let Some(more_than) = keys.first().map(|key| key.more_than) else {
            return Ok(HashMap::new());
        };
        let asked: Vec<_> = keys
            .iter()
            .map(|key| (key.graduate_id, key.credit_code.as_str()))
            .collect();
        let conn = self.connection().await?;
        let crowded = review_flag::crowded_employers(&conn, &asked, more_than)
            .await
            .map_err(db::DatabaseError::from)?;
        let key = |crowded: &CrowdedEmployer| CrowdedEmployerKey {
            graduate_id: crowded.graduate_id,
            credit_code: crowded.credit_code.clone(),
            more_than,
        };
        Ok(crowded.into_iter().map(|found| (key(&found), found)).collect())
    }
}

/// Figures that the viewer sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FiguresKey(pub FigureQuery);

impl Batch<FiguresKey> for Loader {
    type Value = Arc<Vec<FigureCount>>;
    type Error = LoadError;

    // A statement each: all of a viewer's are of one school, and the same ones asked for twice are one key.
    async fn load(
        &self,
        keys: &[FiguresKey],
    ) -> Result<HashMap<FiguresKey, Arc<Vec<FigureCount>>>, LoadError> {
        let conn = self.connection().await?;
        let mut found = HashMap::new();
        for key in keys {
            let counts = figure::read(&conn, &key.0)
                .await
                .map_err(db::DatabaseError::from)?;
            found.insert(*key, Arc::new(counts));
        }
        Ok(found)
    }
}

/// A page of the days of figures that the viewer sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FigureSeriesKey {
    /// Of whom.
    pub scope: FigureScope,
    /// Which page.
    pub request: PageRequest<NaiveDate>,
}

impl Batch<FigureSeriesKey> for Loader {
    type Value = Page<FigureDay>;
    type Error = LoadError;

    // A statement each, as with figures.
    async fn load(
        &self,
        keys: &[FigureSeriesKey],
    ) -> Result<HashMap<FigureSeriesKey, Page<FigureDay>>, LoadError> {
        let conn = self.connection().await?;
        let mut found = HashMap::new();
        for key in keys {
            let page = figure_snapshot::series(&conn, &key.scope, &key.request).await;
            found.insert(*key, page.map_err(db::DatabaseError::from)?);
        }
        Ok(found)
    }
}
