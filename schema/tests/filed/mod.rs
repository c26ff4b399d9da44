//! Agreements that graduates fill in themselves, on the real database. What the tests below share stands here.

mod amending;
mod drafts;
mod reviewing;
mod stamped_copy;
mod terminating;

use uuid::Uuid;
use wangqian_schema::{
    SecretToken,
    model::{
        Viewer,
        agreement::AgreementView,
        case_upload::{self, CleanCopy, UploadOwner},
        secret_link::{LinkDelivery, SecretLink},
        stamped_copy_link,
        terms::AgreementDraft,
    },
    step::{self, Actor, AgreementStep, AnnouncedFile, IdempotencyKey, StepError},
    workflow::{
        ReviewLevel, ReviewRoute,
        agreement::{AgreementChannel, AgreementStatus},
    },
};

use crate::support::{Campus, Student, World, count, invitation, text};

struct Scene {
    world: World,
    campus: Campus,
    student: Student,
    department: Viewer,
    school: Viewer,
}

pub(crate) fn filled() -> AgreementDraft {
    AgreementDraft {
        employer_name: "示例山区中学".to_owned(),
        credit_code: "12000000MA0000005B".to_owned(),
        terms: invitation(Uuid::nil(), chrono::Utc::now()).terms,
    }
}

impl Scene {
    async fn new(route: ReviewRoute) -> Self {
        let world = World::new().await;
        let campus = world.school(route).await;
        Self {
            student: world.graduate(&campus, 0).await,
            department: world.department_reviewer(&campus, 0).await,
            school: world.school_reviewer(&campus).await,
            world,
            campus,
        }
    }

    async fn try_draft(&self, viewer: &Viewer, draft: &AgreementDraft) -> Result<AgreementView, StepError> {
        let key = IdempotencyKey {
            key: Uuid::now_v7().to_string(),
            request_hash: [1; 32],
        };
        let channel = AgreementChannel::Offline;
        step::create_agreement_draft(&self.world.platform, viewer, channel, draft, &key).await
    }

    async fn draft(&self) -> Uuid {
        let created = self.try_draft(&self.student.viewer, &filled()).await;
        created.unwrap().agreement.id
    }

    async fn take(&self, by: &Viewer, id: Uuid, step: AgreementStep) -> Result<AgreementView, StepError> {
        step::take(&self.world.platform, Actor::Viewer(*by), id, step, None).await
    }

    async fn submitted(&self) -> Uuid {
        let id = self.draft().await;
        self.take(&self.student.viewer, id, AgreementStep::Submit(Vec::new()))
            .await
            .unwrap();
        id
    }

    async fn approved(&self) -> Uuid {
        let id = self.submitted().await;
        for reviewer in [self.department, self.school] {
            self.take(&reviewer, id, AgreementStep::Approve).await.unwrap();
        }
        id
    }

    async fn discard(&self, id: Uuid) -> Result<AgreementView, StepError> {
        step::discard_agreement(&self.world.platform, &self.student.viewer, id, None).await
    }

    async fn holder(&self) -> Vec<String> {
        let query = format!(
            "SELECT case_id::text FROM engagements WHERE graduate_id = '{}'",
            self.student.id
        );
        text(&mut *self.world.conn().await, &query).await
    }

    async fn count(&self, table: &str, filter: &str) -> i64 {
        count(&mut *self.world.conn().await, table, filter).await
    }
}

/// A checked upload of an owner's, as the job leaves it.
pub(crate) async fn ready(world: &World, owner: &UploadOwner) -> Uuid {
    let file = AnnouncedFile::parse("盖章件.png", "image/png", 5).unwrap();
    let id = step::announce_file(&world.platform, owner, &file)
        .await
        .unwrap()
        .id;
    step::hand_in_file(&world.platform, owner, id, Some(5))
        .await
        .unwrap();
    let copy = CleanCopy {
        original_sha256: vec![1; 32],
        object_key: case_upload::clean_key(id, &[1; 32]),
        content_type: "image/png".to_owned(),
        byte_size: 4,
        sha256: vec![1; 32],
        thumbnail_key: None,
        width: Some(2),
        height: Some(3),
        pages: None,
    };
    let conn = &mut *world.conn().await;
    assert!(case_upload::note_copy(conn, id, &copy).await.unwrap());
    assert!(case_upload::pass(conn, id, &copy).await.unwrap());
    id
}

impl Scene {
    fn own(&self) -> UploadOwner {
        UploadOwner::Account(self.student.viewer.account_id())
    }

    /// Asks for links and gives their tokens, as the jobs make them: by SMS and by e-mail.
    async fn links(&self, id: Uuid) -> [SecretToken; 2] {
        self.take(&self.student.viewer, id, AgreementStep::RequestStampedCopy)
            .await
            .unwrap();
        let conn = &mut *self.world.conn().await;
        let links = stamped_copy_link::of_agreements(conn, &[id], self.world.now())
            .await
            .unwrap();
        let tokens = [SecretToken::generate(), SecretToken::generate()];
        for (link, token) in links.iter().zip(&tokens) {
            let link = SecretLink::StampedCopy(link.id);
            assert!(link.arm(conn, token).await.unwrap());
            link.settle(conn, LinkDelivery::Sent).await.unwrap();
        }
        tokens
    }

    async fn by_link(&self, token: &SecretToken, file: Uuid) -> Result<AgreementView, StepError> {
        step::submit_stamped_copy_by_link(&self.world.platform, token, vec![file]).await
    }
}

fn standing(view: &AgreementView) -> (AgreementStatus, Option<ReviewLevel>) {
    (view.agreement.status, view.agreement.awaiting_review)
}
