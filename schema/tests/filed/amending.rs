//! What the school changes of an agreement that was signed on paper, or registered (DOMAIN.md, After completion).

use uuid::Uuid;
use wangqian_schema::{
    audit,
    model::field_change,
    step::{self, AgreementStep, IdempotencyKey, StampedCopy},
    workflow::{
        ReviewRoute,
        agreement::{AgreementChannel, AgreementStatus},
    },
};

use super::{Scene, filled, ready, standing};
use crate::support::{reason, text};

fn amend(salary: i32) -> AgreementStep {
    let mut terms = filled();
    terms.employer_name = "示例山区小学".to_owned();
    terms.terms.regular_salary = Some(salary);
    AgreementStep::Amend(Box::new(terms), reason())
}

impl Scene {
    /// One that was printed, stamped and signed.
    async fn signed_offline(&self) -> Uuid {
        let id = self.submitted().await;
        self.take(&self.school, id, AgreementStep::Approve).await.unwrap();
        let copy = StampedCopy {
            files: vec![ready(&self.world, &self.own()).await],
            token: None,
        };
        let copy = AgreementStep::SubmitStampedCopy(copy);
        self.take(&self.student.viewer, id, copy).await.unwrap();
        self.take(&self.school, id, AgreementStep::Approve).await.unwrap();
        id
    }

    /// One that was signed elsewhere.
    async fn registered(&self) -> Uuid {
        let key = IdempotencyKey {
            key: Uuid::now_v7().to_string(),
            request_hash: [1; 32],
        };
        let (channel, graduate) = (AgreementChannel::Registered, self.student.viewer);
        let draft = filled();
        let begun = step::create_agreement_draft(&self.world.platform, &graduate, channel, &draft, &key);
        let id = begun.await.unwrap().agreement.id;
        let proof = ready(&self.world, &self.own()).await;
        self.take(&graduate, id, AgreementStep::Submit(vec![proof]))
            .await
            .unwrap();
        self.take(&self.school, id, AgreementStep::Approve).await.unwrap();
        id
    }

    async fn rows(&self, query: &str) -> Vec<String> {
        text(&mut *self.world.conn().await, query).await
    }

    /// Amends it, and looks at what is on record and who is told: that is the same however it was signed.
    async fn amended(&self, id: Uuid) {
        let before = self.world.find(&self.school, id).await.agreement;
        let amended = self.take(&self.school, id, amend(9000)).await.unwrap();
        assert_eq!(standing(&amended), (AgreementStatus::Signed, None));
        let amended = amended.agreement;
        assert_eq!(amended.version, before.version + 1);
        assert_eq!(
            (&amended.agreement_number, amended.signed_at),
            (&before.agreement_number, before.signed_at)
        );
        let conn = &mut *self.world.conn().await;
        let kept = field_change::of_events(conn, &[(id, amended.event_count)])
            .await
            .unwrap();
        let kept = kept[0].2.0.iter();
        let kept: Vec<_> = kept
            .map(|change| (&*change.path, change.old.as_deref(), change.new.as_deref()))
            .collect();
        assert_eq!(
            kept,
            [
                ("employerName", Some("示例山区中学"), Some("示例山区小学")),
                ("regularSalary", None, Some("9000")),
            ],
            "whose employer is no party may have its name put right"
        );
        let told = "SELECT account_id || ' ' || channel || ' ' || (params->>'fields') FROM messages
            WHERE template = 'AGREEMENT_AMENDED' ORDER BY channel";
        let graduate = self.student.viewer.account_id();
        assert_eq!(
            text(conn, told).await,
            ["EMAIL", "IN_APP", "SMS", "WECHAT"].map(|by| format!("{graduate} {by} 单位名称、转正起薪")),
            "the graduate by SMS too, and no employer"
        );
        assert_eq!(audit::walk(conn, None).await.unwrap().breaks, []);
        crate::figures::assert_right(conn).await;
    }
}

/// The stamped sheet has not got the new terms on it: its paper is superseded, and beside it stands one that has.
#[tokio::test]
async fn a_paper_that_was_stamped_is_superseded_by_one_that_is_not_to_be() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let id = scene.signed_offline().await;
    let papers = "SELECT concat_ws(' ', version, superseded_at IS NOT NULL, paper->'employer'->>'name',
        paper->'terms'->>'regular_salary', paper->'amended'->>'version') FROM documents ORDER BY version";
    assert_eq!(scene.rows(papers).await, ["1 f 示例山区中学"]);
    let placed = "SELECT destination_code FROM placements WHERE destination_code IS NOT NULL";
    assert_eq!(scene.rows(placed).await, ["10"]);
    scene.amended(id).await;
    assert_eq!(
        scene.rows(papers).await,
        ["1 t 示例山区中学", "2 f 示例山区小学 9000 2"]
    );
    let codes = "SELECT count(DISTINCT verification_code)::text FROM documents";
    assert_eq!(scene.rows(codes).await, ["2"]);
    assert_eq!(scene.rows(placed).await, ["10"], "it is counted as it was");
    let files = format!("case_id = '{id}'");
    assert_eq!(
        scene.count("case_files", &files).await,
        1,
        "the stamped copy stays what it is"
    );

    // Back to the terms of before it is another amendment, with a third paper: nothing that was superseded counts again.
    let back = AgreementStep::Amend(Box::new(filled()), reason());
    scene.take(&scene.school, id, back).await.unwrap();
    let current = "SELECT version::text FROM documents WHERE superseded_at IS NULL";
    assert_eq!(scene.rows(current).await, ["3"]);
}

/// What was signed elsewhere has no paper of ours, and gets none.
#[tokio::test]
async fn a_registered_agreement_is_amended_without_a_paper() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let id = scene.registered().await;
    scene.amended(id).await;
    assert_eq!(scene.count("documents", "true").await, 0);
    assert_eq!(scene.count("jobs", "queue = 'render_document'").await, 0);
}
