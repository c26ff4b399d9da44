//! Files for cases: what may be attached, once; and what the sweep of uploads deletes and never deletes.

mod attaching;
mod sweeping;
mod uploading;

use chrono::TimeDelta;
use uuid::Uuid;
use wangqian_schema::{
    db,
    model::{
        case_file::{self, AttachError, CaseFile, MAX_FILES},
        case_upload::{self, CaseUpload, CleanCopy, UploadOwner, UploadRefusal, UploadState},
        event::CaseKind,
        upload::{self, GRACE, LIFETIME},
    },
    step::{self, AnnouncedFile, StepError},
    workflow::{Refusal, ReviewRoute},
};

use crate::support::{World, count, execute, number, refusal, text, until};

struct Scene {
    world: World,
    owner: UploadOwner,
    case: (CaseKind, Uuid),
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let campus = world.school(ReviewRoute::SchoolOnly).await;
        let student = world.graduate(&campus, 0).await;
        Self {
            owner: UploadOwner::Account(student.viewer.account_id()),
            case: (CaseKind::Agreement, Uuid::now_v7()),
            world,
        }
    }

    /// Another account.
    async fn stranger(&self) -> UploadOwner {
        UploadOwner::Account(self.world.operator().await.account_id())
    }

    async fn announced_by(&self, owner: &UploadOwner) -> CaseUpload {
        let file = AnnouncedFile::parse("盖章件.png", "image/png", 5).unwrap();
        step::announce_file(&self.world.platform, owner, &file)
            .await
            .unwrap()
    }

    async fn checking_of(&self, owner: &UploadOwner) -> CaseUpload {
        let id = self.announced_by(owner).await.id;
        step::hand_in_file(&self.world.platform, owner, id, Some(5))
            .await
            .unwrap()
    }

    async fn ready_of(&self, owner: &UploadOwner) -> Uuid {
        let id = self.checking_of(owner).await.id;
        let copy = copy(id, 1);
        let mut conn = self.world.conn().await;
        assert!(case_upload::note_copy(&mut conn, id, &copy).await.unwrap());
        assert!(case_upload::pass(&mut conn, id, &copy).await.unwrap());
        id
    }

    async fn ready(&self) -> Uuid {
        self.ready_of(&self.owner).await
    }

    /// Attaches in a transaction of its own, which does not commit what was refused.
    async fn attach(&self, sequence: i32, files: &[Uuid]) -> Result<Vec<CaseFile>, AttachError> {
        self.attach_as(&self.owner, sequence, files).await
    }

    async fn attach_as(
        &self,
        owner: &UploadOwner,
        sequence: i32,
        files: &[Uuid],
    ) -> Result<Vec<CaseFile>, AttachError> {
        let mut conn = self.world.conn().await;
        attach_on(&mut conn, owner, self.case, sequence, files, self.world.now()).await
    }

    async fn state(&self, id: Uuid) -> UploadState {
        self.load(id).await.unwrap().state
    }

    async fn load(&self, id: Uuid) -> Option<CaseUpload> {
        case_upload::load(&mut *self.world.conn().await, id)
            .await
            .unwrap()
    }
}

async fn attach_on(
    conn: &mut db::Connection,
    owner: &UploadOwner,
    case: (CaseKind, Uuid),
    sequence: i32,
    files: &[Uuid],
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Vec<CaseFile>, AttachError> {
    use diesel_async::AsyncConnection;
    conn.transaction(async |conn| {
        case_file::attach(conn, owner, case, sequence, files, 1..=MAX_FILES, now).await
    })
    .await
}

/// What was made of an upload, by the content of what was put.
fn copy(id: Uuid, content: u8) -> CleanCopy {
    CleanCopy {
        original_sha256: vec![content; 32],
        object_key: case_upload::clean_key(id, &[content; 32]),
        content_type: "image/png".to_owned(),
        byte_size: 4,
        sha256: vec![content; 32],
        thumbnail_key: Some(case_upload::thumbnail_key(id)),
        width: Some(2),
        height: Some(3),
        pages: None,
    }
}

/// The fields that are wrong, and what is said of each.
fn wrong(result: Result<Vec<CaseFile>, AttachError>) -> Vec<(&'static str, String)> {
    match result {
        Err(AttachError::Files(errors)) => errors
            .into_iter()
            .map(|error| (error.field, error.message))
            .collect(),
        other => panic!("{other:?}"),
    }
}
