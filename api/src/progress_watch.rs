//! Long work that is followed, imports and exports: of each one task reads the row for all who follow it in this process, and ends
//! with the last of them.

use std::time::Duration;

use async_stream::try_stream;
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use futures_util::Stream;
use tokio::sync::watch;
use uuid::Uuid;
use wangqian_schema::{
    Platform,
    model::{
        graduate_import::{self, GraduateImport, ImportStatus},
        record_export::{self, ExportStatus, RecordExport},
    },
};

use crate::{
    error::internal,
    feed::patiently,
    followed::{Followed, Seen, tell},
};

/// It is looked at least this often, should a wake-up be lost,
const POLL: Duration = Duration::from_secs(1);
/// and no more often than this: every commit of the platform wakes, and what others do is not to be a query each;
const PAUSE: Duration = Duration::from_millis(100);
/// nor than this while a person is waited for, who takes his time.
const AWAITING_PAUSE: Duration = Duration::from_secs(1);

/// A row whose progress is followed.
pub trait Watched: Clone + Send + Sync + 'static {
    /// How far it is; it only grows.
    type Progress: PartialOrd + Send;

    /// The row.
    fn load(conn: &mut AsyncPgConnection, id: Uuid)
    -> impl Future<Output = QueryResult<Option<Self>>> + Send;
    /// Which one it is.
    fn id(&self) -> Uuid;
    /// How far it is.
    fn progress(&self) -> Self::Progress;
    /// Whether nothing more will come.
    fn ended(&self) -> bool;
    /// Whether it waits for a person.
    fn awaits_somebody(&self) -> bool;
}

impl Watched for GraduateImport {
    type Progress = (ImportStatus, i32, bool);

    fn load(
        conn: &mut AsyncPgConnection,
        id: Uuid,
    ) -> impl Future<Output = QueryResult<Option<Self>>> + Send {
        graduate_import::load(conn, id)
    }

    fn id(&self) -> Uuid {
        self.id
    }

    fn progress(&self) -> Self::Progress {
        (self.status, self.rows_done, self.rows_total.is_some())
    }

    fn ended(&self) -> bool {
        self.finished_at.is_some()
    }

    fn awaits_somebody(&self) -> bool {
        self.status == ImportStatus::AwaitingUpload
    }
}

impl Watched for RecordExport {
    /// A run that begins anew has further to go, and is further all the same.
    type Progress = (ExportStatus, i32, i32, bool);

    fn load(
        conn: &mut AsyncPgConnection,
        id: Uuid,
    ) -> impl Future<Output = QueryResult<Option<Self>>> + Send {
        record_export::load(conn, id)
    }

    fn id(&self) -> Uuid {
        self.id
    }

    fn progress(&self) -> Self::Progress {
        (self.status, self.run, self.rows_done, self.rows_total.is_some())
    }

    fn ended(&self) -> bool {
        self.finished_at.is_some()
    }

    fn awaits_somebody(&self) -> bool {
        false
    }
}

/// The imports that are followed in this process.
pub type ImportWatch = ProgressWatch<GraduateImport>;
/// The exports that are followed in this process.
pub type ExportWatch = ProgressWatch<RecordExport>;

/// What of one kind is followed in this process.
pub struct ProgressWatch<T> {
    platform: Platform,
    followed: Followed<Uuid, T>,
}

impl<T> Clone for ProgressWatch<T> {
    fn clone(&self) -> Self {
        Self {
            platform: self.platform.clone(),
            followed: self.followed.clone(),
        }
    }
}

impl<T: Watched> ProgressWatch<T> {
    /// Nobody follows any yet.
    pub fn new(platform: Platform) -> Self {
        Self {
            platform,
            followed: Followed::default(),
        }
    }

    /// How many are followed.
    pub fn count(&self) -> usize {
        self.followed.count()
    }

    /// A row that the caller may see as he has read it, and again whenever it has gone on, until it has ended. Steps in between may be
    /// left out.
    pub fn follow(self, row: T) -> impl Stream<Item = async_graphql::Result<T>> + use<T> {
        try_stream! {
            let id = row.id();
            let mut shown = row.progress();
            let mut ended = row.ended();
            yield row;
            if ended {
                return;
            }
            let mut live = self.subscribe(id);
            while !ended && live.changed().await.is_ok() {
                let seen = live.borrow_and_update().clone();
                // What was read for others before may be older than what was read here.
                let Some(row) = seen?.filter(|row| row.progress() > shown) else { continue };
                shown = row.progress();
                ended = row.ended();
                yield row.as_ref().clone();
            }
        }
    }

    /// Changes at once where it was read for others, and closes after its end.
    fn subscribe(&self, id: Uuid) -> watch::Receiver<Seen<T>> {
        self.followed
            .follow(id, |seen| self.clone().keep_reading(id, seen))
    }

    async fn keep_reading(self, id: Uuid, seen: watch::Sender<Seen<T>>) {
        let mut commits = self.platform.waker.subscribe();
        loop {
            let look = async {
                commits.mark_unchanged();
                let Some(pause) = self.look(id, &seen).await else {
                    return false;
                };
                tokio::time::sleep(pause).await;
                let _ = tokio::time::timeout(POLL, commits.changed()).await;
                true
            };
            if !self.followed.turn(id, &seen, look).await {
                return;
            }
        }
    }

    /// Reads a row for all who follow it. Gives the pause before the next time; `None` when nothing more will come.
    async fn look(&self, id: Uuid, seen: &watch::Sender<Seen<T>>) -> Option<Duration> {
        let read = || async {
            let mut conn = self.platform.pool.get().await?;
            Ok(T::load(&mut conn, id).await?)
        };
        let found = patiently(read).await.map_err(internal);
        let pause = match &found {
            Ok(Some(row)) if row.ended() => None,
            Ok(Some(row)) if row.awaits_somebody() => Some(AWAITING_PAUSE),
            Ok(Some(_)) => Some(PAUSE),
            Ok(None) | Err(_) => None,
        };
        tell(seen, found, |now, before| now.progress() == before.progress());
        pause
    }
}
