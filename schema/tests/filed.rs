//! Agreements that graduates fill in themselves, on the real database: whose a draft is, what holds a graduate, what is printed.

use std::time::Duration;

use chrono::NaiveDate;
use uuid::Uuid;
use wangqian_schema::{
    audit,
    model::{
        Viewer,
        agreement::{self, AgreementView},
        document,
        terms::AgreementDraft,
    },
    step::{self, Actor, AgreementStep, IdempotencyKey, StepError},
    workflow::{
        Refusal, ReviewLevel, ReviewRoute, Workflow,
        agreement::{AgreementAction, AgreementChannel, AgreementStatus, MAX_DRAFTS},
    },
};

use crate::support::{Campus, Student, World, count, execute, invitation, number, reason, refusal, text};

struct Scene {
    world: World,
    campus: Campus,
    student: Student,
    department: Viewer,
    school: Viewer,
}

fn filled() -> AgreementDraft {
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

fn standing(view: &AgreementView) -> (AgreementStatus, Option<ReviewLevel>) {
    (view.agreement.status, view.agreement.awaiting_review)
}

#[tokio::test]
async fn a_draft_is_its_graduates_alone_and_holds_nothing() {
    let scene = Scene::new(ReviewRoute::DepartmentThenSchool).await;
    // Anything may stand in a draft.
    let empty = scene
        .try_draft(&scene.student.viewer, &AgreementDraft::default())
        .await;
    let id = empty.unwrap().agreement.id;
    let other = scene.world.graduate(&scene.campus, 0).await.viewer;
    let employer = scene.world.employer().await.viewer;
    for nobody in [scene.department, scene.school, other, employer] {
        let conn = &mut *scene.world.conn().await;
        assert!(agreement::find(conn, &nobody, id).await.unwrap().is_none());
        let taken = scene.take(&nobody, id, AgreementStep::Submit(Vec::new())).await;
        assert!(matches!(taken, Err(StepError::NotFound)), "{taken:?}");
        let saved = step::save_agreement_draft(&scene.world.platform, &nobody, id, &filled(), None).await;
        assert!(matches!(saved, Err(StepError::NotFound)), "{saved:?}");
        let discarded = step::discard_agreement(&scene.world.platform, &nobody, id, None).await;
        assert!(matches!(discarded, Err(StepError::NotFound)), "{discarded:?}");
    }
    assert_eq!(scene.holder().await, Vec::<String>::new());
    let events = format!("case_id = '{id}'");
    assert_eq!(scene.count("case_events", &events).await, 0);

    // What is wrong is told all at once when it is handed in, and nothing is done then.
    let refused = scene
        .take(&scene.student.viewer, id, AgreementStep::Submit(Vec::new()))
        .await;
    let Err(StepError::Invalid(wrong)) = refused else {
        panic!("{refused:?}");
    };
    let fields: Vec<_> = wrong.iter().map(|error| error.field).collect();
    for field in [
        "employerName",
        "creditCode",
        "positionTitle",
        "contactMobile",
        "householdRegistration",
    ] {
        assert!(fields.contains(&field), "{field} of {fields:?}");
    }
    assert_eq!(scene.holder().await, Vec::<String>::new());

    let platform = &scene.world.platform;
    let right = filled();
    let save = |version| step::save_agreement_draft(platform, &scene.student.viewer, id, &right, version);
    let saved = save(Some(1)).await.unwrap();
    assert_eq!(saved.agreement.version, 2);
    let stale = save(Some(1)).await;
    assert!(
        matches!(stale, Err(StepError::StaleVersion { current: 2 })),
        "{stale:?}"
    );
    let mut long = filled();
    long.terms.supplementary_terms = Some("补".repeat(AgreementDraft::MAX_FIELD + 1));
    long.terms.address = "\0".to_owned();
    let refused = step::save_agreement_draft(platform, &scene.student.viewer, id, &long, None).await;
    let Err(StepError::Invalid(wrong)) = refused else {
        panic!("{refused:?}");
    };
    let fields: Vec<_> = wrong.iter().map(|error| error.field).collect();
    assert_eq!(fields, ["address", "supplementaryTerms"]);

    // Given up, it is gone.
    let gone = scene.discard(id).await.unwrap();
    assert_eq!(gone.agreement.status, AgreementStatus::Discarded);
    assert_eq!(scene.count("agreements", &format!("id = '{id}'")).await, 0);
    assert_eq!(scene.count("case_events", &events).await, 0);
    let again = scene.discard(id).await;
    assert!(matches!(again, Err(StepError::NotFound)), "{again:?}");
}

#[tokio::test]
async fn who_may_begin_a_draft_and_how_many() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    for nobody in [
        scene.department,
        scene.school,
        scene.world.employer().await.viewer,
    ] {
        let refused = refusal(scene.try_draft(&nobody, &filled()).await);
        assert_eq!(refused, Refusal::NotYourRole);
    }
    let own = &scene.student;
    for _ in 0..MAX_DRAFTS {
        scene.draft().await;
    }
    let refused = refusal(scene.try_draft(&own.viewer, &filled()).await);
    assert_eq!(refused, Refusal::TooManyDrafts);

    let conn = &mut *scene.world.conn().await;
    let change = |set: &str| format!("UPDATE graduates SET {set} WHERE id = '{}'", own.id);
    execute(conn, &change("online_signing_allowed = false")).await;
    let refused = refusal(scene.try_draft(&own.viewer, &filled()).await);
    assert_eq!(refused, Refusal::OnlineSigningNotAllowed);
    execute(conn, &change("confirmed_at = NULL")).await;
    let refused = refusal(scene.try_draft(&own.viewer, &filled()).await);
    assert_eq!(refused, Refusal::DataNotConfirmed);
}

#[tokio::test]
async fn the_same_request_gives_the_same_draft() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let create = |request_hash| {
        let key = IdempotencyKey {
            key: "draft-1".to_owned(),
            request_hash,
        };
        let (platform, viewer) = (&scene.world.platform, &scene.student.viewer);
        async move {
            let channel = AgreementChannel::Offline;
            step::create_agreement_draft(platform, viewer, channel, &filled(), &key).await
        }
    };
    let (first, second) = tokio::join!(create([1; 32]), create([1; 32]));
    assert_eq!(first.unwrap().agreement.id, second.unwrap().agreement.id);
    let other = create([2; 32]).await;
    assert!(matches!(other, Err(StepError::KeyReused)), "{other:?}");
    assert_eq!(scene.count("agreements", "true").await, 1);
}

/// "Taken by ... submitting an OFFLINE agreement; kept through withdraw and RETURN; freed by REJECT, discard of a withdrawn, returned
/// or approved-but-not-yet-stamped case."
#[tokio::test]
async fn what_is_handed_in_holds_the_graduate_until_it_ends() {
    use AgreementStatus as Is;
    let scene = Scene::new(ReviewRoute::DepartmentThenSchool).await;
    let graduate = scene.student.viewer;
    let employer = scene.world.employer().await;
    let invited = scene.world.invite(&employer, &scene.student).await;
    let (department, school) = (Some(ReviewLevel::Department), Some(ReviewLevel::School));

    let id = scene.submitted().await;
    let held = vec![id.to_string()];
    let refused = |taken| assert_eq!(refusal(taken), Refusal::AlreadyEngaged);
    refused(scene.take(&graduate, invited, AgreementStep::Accept).await);
    let second = scene.draft().await;
    refused(
        scene
            .take(&graduate, second, AgreementStep::Submit(Vec::new()))
            .await,
    );

    let walk = [
        (graduate, AgreementStep::Withdraw, (Is::Draft, None)),
        (
            graduate,
            AgreementStep::Submit(Vec::new()),
            (Is::TermsReview, department),
        ),
        (
            scene.department,
            AgreementStep::Return(reason()),
            (Is::TermsReturned, None),
        ),
        (
            graduate,
            AgreementStep::Submit(Vec::new()),
            (Is::TermsReview, department),
        ),
        (
            scene.department,
            AgreementStep::Approve,
            (Is::TermsReview, school),
        ),
        (
            scene.school,
            AgreementStep::Return(reason()),
            (Is::TermsReturned, None),
        ),
        (
            graduate,
            AgreementStep::Submit(Vec::new()),
            (Is::TermsReview, department),
        ),
        (
            scene.department,
            AgreementStep::Approve,
            (Is::TermsReview, school),
        ),
        (scene.school, AgreementStep::Approve, (Is::TermsApproved, None)),
    ];
    for (by, step, to) in walk {
        // As it stood when somebody else decided, nobody takes it back.
        let what = format!("{step:?}");
        let taken = scene.take(&by, id, step).await.unwrap();
        assert_eq!(standing(&taken), to, "{what}");
        assert_eq!(scene.holder().await, held, "{what}");
        if to == (Is::TermsReview, school) {
            let late = scene.take(&graduate, id, AgreementStep::Withdraw).await;
            assert_eq!(refusal(late), Refusal::ReviewBegun);
        }
        refused(
            scene
                .take(&graduate, second, AgreementStep::Submit(Vec::new()))
                .await,
        );
    }
    scene.discard(id).await.unwrap();
    assert_eq!(scene.holder().await, Vec::<String>::new());

    scene
        .take(&graduate, second, AgreementStep::Submit(Vec::new()))
        .await
        .unwrap();
    let blanks = scene
        .take(
            &scene.department,
            second,
            AgreementStep::Reject(Some(" ".to_owned())),
        )
        .await;
    assert_eq!(refusal(blanks), Refusal::ReasonRequired);
    let rejected = scene
        .take(&scene.department, second, AgreementStep::Reject(reason()))
        .await
        .unwrap();
    assert_eq!(standing(&rejected), (Is::TermsRejected, None));
    assert_eq!(scene.holder().await, Vec::<String>::new());
    scene
        .take(&graduate, invited, AgreementStep::Accept)
        .await
        .unwrap();
    let report = audit::walk(&mut *scene.world.conn().await, None).await.unwrap();
    assert!(report.breaks.is_empty(), "{report:?}");
}

/// "Number given, blank agreement PDF rendered for printing"; a number is never given twice.
#[tokio::test]
async fn the_paper_to_be_printed_says_what_was_handed_in_and_has_blank_dates() {
    let scene = Scene::new(ReviewRoute::DepartmentThenSchool).await;
    let first = scene.approved().await;
    let conn = &mut *scene.world.conn().await;
    let seen = scene.world.find(&scene.student.viewer, first).await.agreement;
    let number_of = seen.agreement_number.clone().unwrap();
    assert!(seen.signed_at.is_none());
    let papers = document::of_agreements(conn, &[first]).await.unwrap();
    let paper = papers[0].paper().unwrap();
    assert_eq!(papers.len(), 1);
    assert_eq!(paper.channel, AgreementChannel::Offline);
    assert_eq!(
        (&paper.agreement_number, paper.employer.name.as_str()),
        (&number_of, "示例山区中学")
    );
    assert_eq!(paper.graduate.id_card_number, scene.student.id_card_number);
    let dates: [Option<NaiveDate>; 5] = [
        paper.invited_on,
        paper.accepted_on,
        paper.department_approved_on,
        paper.school_approved_on,
        paper.signed_on,
    ];
    assert_eq!(dates, [None; 5]);
    assert!(paper.issued_on.is_some());
    let jobs = number(conn, "SELECT count(*) FROM jobs WHERE queue = 'render_document'").await;
    assert_eq!(jobs, 1);

    scene.discard(first).await.unwrap();
    let second = scene.approved().await;
    let next = scene.world.find(&scene.student.viewer, second).await.agreement;
    assert_ne!(next.agreement_number.unwrap(), number_of);
}

/// A reviewer who looks at it again is told what is new.
#[tokio::test]
async fn what_changed_since_it_was_returned_stands_in_the_trail_by_name() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let (graduate, platform) = (scene.student.viewer, &scene.world.platform);
    let id = scene.submitted().await;
    scene
        .take(&scene.school, id, AgreementStep::Return(reason()))
        .await
        .unwrap();
    let mut mended = filled();
    mended.terms.contact_mobile = "10000000002".to_owned();
    mended.terms.position_title = "物理教师".to_owned();
    step::save_agreement_draft(platform, &graduate, id, &mended, None)
        .await
        .unwrap();
    // Saved and not handed in yet: reviewers go on seeing what they returned.
    let seen = scene.world.find(&scene.school, id).await.agreement;
    assert_ne!(seen.terms.unwrap().position_title, "物理教师");
    let again = scene
        .take(&graduate, id, AgreementStep::Submit(Vec::new()))
        .await
        .unwrap();
    assert_eq!(again.agreement.terms.unwrap().position_title, "物理教师");
    assert_eq!(again.agreement.reason, None);
    let query = format!("SELECT changes::text FROM case_events WHERE case_id = '{id}' ORDER BY sequence");
    let changes = text(&mut *scene.world.conn().await, &query).await;
    assert_eq!(
        changes,
        [
            r#"{"changed": []}"#,
            "{}",
            r#"{"changed": ["positionTitle", "contactMobile"]}"#
        ]
    );
}

/// "One default and its own for any workflow".
#[tokio::test]
async fn offline_signing_goes_its_own_route() {
    let scene = Scene::new(ReviewRoute::DepartmentThenSchool).await;
    let conn = &mut *scene.world.conn().await;
    for (workflow, route) in [
        (Workflow::OfflineSigning, ReviewRoute::SchoolOnly),
        (Workflow::AgreementRegistration, ReviewRoute::DepartmentOnly),
    ] {
        let school = scene.campus.id;
        let set = format!(
            "INSERT INTO school_review_routes (school_id, workflow, review_route)
             VALUES ('{school}', '{workflow}', '{route}')"
        );
        execute(conn, &set).await;
    }
    let id = scene.submitted().await;
    let seen = scene.world.find(&scene.school, id).await;
    assert_eq!(
        standing(&seen),
        (AgreementStatus::TermsReview, Some(ReviewLevel::School))
    );
    let approved = scene
        .take(&scene.school, id, AgreementStep::Approve)
        .await
        .unwrap();
    assert_eq!(standing(&approved), (AgreementStatus::TermsApproved, None));
}

/// Two drafts handed in at the same moment, over and over: one takes the graduate, the other is told so.
#[tokio::test]
async fn of_two_drafts_handed_in_at_once_one_is_taken() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let graduate = scene.student.viewer;
    for _ in 0..8 {
        let (one, other) = (scene.draft().await, scene.draft().await);
        let both = async {
            tokio::join!(
                scene.take(&graduate, one, AgreementStep::Submit(Vec::new())),
                scene.take(&graduate, other, AgreementStep::Submit(Vec::new()))
            )
        };
        let (first, second) = tokio::time::timeout(Duration::from_secs(60), both)
            .await
            .expect("neither waits for the other for ever");
        let (won, lost) = match (first, second) {
            (Ok(won), lost) => (won, lost),
            (lost, Ok(won)) => (won, lost),
            neither => panic!("{neither:?}"),
        };
        assert_eq!(refusal(lost), Refusal::AlreadyEngaged);
        assert_eq!(scene.holder().await, [won.agreement.id.to_string()]);
        let reject = AgreementStep::Reject(reason());
        scene.take(&scene.school, won.agreement.id, reject).await.unwrap();
        for draft in [one, other] {
            if draft != won.agreement.id {
                scene.discard(draft).await.unwrap();
            }
        }
    }
}

/// Buttons: a graduate under review may take it back, and a reviewer may return it.
#[tokio::test]
async fn everybody_is_offered_what_he_may_do() {
    use AgreementAction::{Approve, Reject, Return, Withdraw};
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let id = scene.submitted().await;
    let offered = async |viewer: &Viewer| {
        let view = scene.world.find(viewer, id).await;
        view.viewer_actions(viewer, scene.world.now())
    };
    assert_eq!(offered(&scene.student.viewer).await, [Withdraw]);
    assert_eq!(offered(&scene.school).await, [Approve, Reject, Return]);
    assert_eq!(offered(&scene.department).await, []);
}
