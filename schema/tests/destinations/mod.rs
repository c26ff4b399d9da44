//! Destinations on the real database: drafts, review, a reviewer's own change, voiding, and who holds the graduate. What the tests below
//! share stands here.

mod changing;
mod drafts;
mod people;
mod races;
mod random;
mod reviewing;
mod sabotage;
mod voiding;

use serde_json::{Value, json};
use uuid::Uuid;
use wangqian_schema::{
    destination::DestinationDraft,
    model::{
        Viewer,
        case_upload::UploadOwner,
        destination::{self, DestinationView},
    },
    step::{self, Actor, DestinationStep, IdempotencyKey, StepError},
    workflow::{ReviewLevel, ReviewRoute, destination::DestinationStatus},
};

use crate::{
    filed::ready,
    support::{Campus, Student, World, count, text},
};

/// A form of a type with these fields, on which the graduate has ticked that it is true.
fn form(of: &str, fields: Value, common: Value) -> DestinationDraft {
    let mut details = fields;
    details["type"] = json!(of);
    let mut form = common;
    form["truthful"] = json!(true);
    form["details"] = details;
    serde_json::from_value(form).unwrap()
}

fn employer() -> Value {
    json!({
        "name": "示例公司", "credit_code": "12000000MA0000005B", "nature": "31", "industry": "34", "region": "110108",
        "address": "示例路一号院二号楼", "position_category": "13", "position_title": "软件工程师",
        "contact_person": "示例联系人", "contact_mobile": "10000000001", "contact_email": "hr@example.com",
    })
}

/// A labour contract with this monthly pay.
pub(crate) fn contract(monthly_pay: i32) -> DestinationDraft {
    let fields = json!({
        "employer": employer(), "start_on": "2026-07-01", "term": "OPEN", "monthly_pay": monthly_pay,
    });
    form("LABOUR_CONTRACT", fields, json!({ "signed_on": "2026-06-01" }))
}

/// Who seeks employment, which nothing has to prove.
pub(crate) fn seeking() -> DestinationDraft {
    form("SEEKING", json!({}), json!({ "national_code": "701" }))
}

fn freelance() -> DestinationDraft {
    let fields = json!({
        "occupation": "译者", "income_source": "翻译稿酬", "region": "110108", "monthly_income": 9000,
    });
    form("FREELANCE", fields, json!({}))
}

fn entrusted() -> DestinationDraft {
    let fields = json!({ "employer": employer(), "agreed_region": "110108", "as_agreed": true });
    form(
        "ENTRUSTED_SUPPLEMENT",
        fields,
        json!({ "signed_on": "2026-06-01" }),
    )
}

struct Scene {
    world: World,
    campus: Campus,
    student: Student,
    department: Viewer,
    school: Viewer,
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

    async fn try_draft(
        &self,
        viewer: &Viewer,
        draft: &DestinationDraft,
    ) -> Result<DestinationView, StepError> {
        let key = IdempotencyKey {
            key: Uuid::now_v7().to_string(),
            request_hash: [1; 32],
        };
        step::create_destination_draft(&self.world.platform, viewer, draft, &key).await
    }

    async fn draft(&self, draft: &DestinationDraft) -> Uuid {
        let created = self.try_draft(&self.student.viewer, draft).await;
        created.unwrap().destination.id
    }

    async fn save(&self, id: Uuid, draft: &DestinationDraft) -> Result<DestinationView, StepError> {
        step::save_destination_draft(&self.world.platform, &self.student.viewer, id, draft, None).await
    }

    async fn take(&self, by: &Viewer, id: Uuid, step: DestinationStep) -> Result<DestinationView, StepError> {
        step::take_destination(&self.world.platform, Actor::Viewer(*by), id, step, None).await
    }

    /// A step of the graduate's own.
    async fn own(&self, id: Uuid, step: DestinationStep) -> Result<DestinationView, StepError> {
        self.take(&self.student.viewer, id, step).await
    }

    async fn proof(&self) -> Uuid {
        ready(
            &self.world,
            &UploadOwner::Account(self.student.viewer.account_id()),
        )
        .await
    }

    /// Drafts and hands in, with proof where it has to be proved.
    async fn submitted(&self, draft: &DestinationDraft) -> Uuid {
        let id = self.draft(draft).await;
        let files = match draft.destination_type().proof_required() {
            true => vec![self.proof().await],
            false => Vec::new(),
        };
        self.own(id, DestinationStep::Submit(files)).await.unwrap();
        id
    }

    async fn registered(&self, draft: &DestinationDraft, reviewers: &[Viewer]) -> Uuid {
        let id = self.submitted(draft).await;
        for reviewer in reviewers {
            self.take(reviewer, id, DestinationStep::Approve).await.unwrap();
        }
        id
    }

    async fn discard(&self, id: Uuid) -> Result<DestinationView, StepError> {
        step::discard_destination(&self.world.platform, &self.student.viewer, id, None).await
    }

    async fn find(&self, viewer: &Viewer, id: Uuid) -> Option<DestinationView> {
        let conn = &mut *self.world.conn().await;
        destination::find(conn, viewer, id).await.unwrap()
    }

    async fn holder(&self) -> Vec<String> {
        let query = format!(
            "SELECT case_kind || ' ' || case_id::text FROM engagements WHERE graduate_id = '{}'",
            self.student.id
        );
        text(&mut *self.world.conn().await, &query).await
    }

    /// The templates of what the graduate was told in his inbox, in order.
    async fn told(&self) -> Vec<String> {
        let query = format!(
            "SELECT template FROM messages WHERE channel = 'IN_APP' AND account_id = '{}' ORDER BY id",
            self.student.viewer.account_id()
        );
        text(&mut *self.world.conn().await, &query).await
    }

    async fn count(&self, table: &str, filter: &str) -> i64 {
        count(&mut *self.world.conn().await, table, filter).await
    }
}

fn standing(view: &DestinationView) -> (DestinationStatus, Option<ReviewLevel>) {
    (view.destination.status, view.destination.awaiting_review)
}

/// The fields that a refused step names.
fn wrong(result: Result<DestinationView, StepError>) -> Vec<&'static str> {
    match result {
        Err(StepError::Invalid(errors)) => errors.iter().map(|error| error.field).collect(),
        other => panic!("expected wrong fields, not {other:?}"),
    }
}
