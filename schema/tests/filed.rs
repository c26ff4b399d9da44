//! Agreements that graduates fill in themselves, on the real database: whose a draft is, what holds a graduate, what is printed.

use std::time::Duration;

use chrono::NaiveDate;
use uuid::Uuid;
use wangqian_schema::{
    SecretToken, audit,
    model::{
        Viewer,
        agreement::{self, AgreementView},
        case_upload::{self, CleanCopy, UploadOwner, UploadState},
        document,
        stamped_copy_link::{self, LinkDelivery},
        terms::AgreementDraft,
    },
    step::{self, Actor, AgreementStep, AnnouncedFile, IdempotencyKey, StampedCopy, StepError},
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
            assert!(stamped_copy_link::arm(conn, link.id, token).await.unwrap());
            stamped_copy_link::settle(conn, link.id, LinkDelivery::Sent)
                .await
                .unwrap();
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
            r#"{"files": 0, "changed": []}"#,
            "{}",
            r#"{"files": 0, "changed": ["positionTitle", "contactMobile"]}"#
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

/// "A case under review keeps the route": and the next round goes by the route that the school has then.
#[tokio::test]
async fn each_round_goes_by_the_route_that_the_school_has_when_it_begins() {
    let scene = Scene::new(ReviewRoute::DepartmentOnly).await;
    let graduate = scene.student.viewer;
    let id = scene.submitted().await;
    let school = scene.campus.id;
    let set = format!("UPDATE schools SET default_review_route = 'SCHOOL_ONLY' WHERE id = '{school}'");
    execute(&mut *scene.world.conn().await, &set).await;
    let returned = scene
        .take(&scene.department, id, AgreementStep::Return(reason()))
        .await
        .unwrap();
    assert_eq!(standing(&returned), (AgreementStatus::TermsReturned, None));
    let again = scene
        .take(&graduate, id, AgreementStep::Submit(Vec::new()))
        .await
        .unwrap();
    assert_eq!(
        standing(&again),
        (AgreementStatus::TermsReview, Some(ReviewLevel::School))
    );
    // Nobody has decided in this round, so it can be taken back.
    scene.take(&graduate, id, AgreementStep::Withdraw).await.unwrap();
    scene
        .take(&graduate, id, AgreementStep::Submit(Vec::new()))
        .await
        .unwrap();
    let refused = refusal(scene.take(&scene.department, id, AgreementStep::Approve).await);
    assert_eq!(refused, Refusal::OtherReviewLevel);
    let approved = scene
        .take(&scene.school, id, AgreementStep::Approve)
        .await
        .unwrap();
    assert_eq!(approved.agreement.status, AgreementStatus::TermsApproved);
}

/// "For one agreement, ends with its use, with a new link, or when the agreement leaves the state": whoever comes second at the very
/// moment is told that there is no such link, and hands nothing in.
#[tokio::test]
async fn of_two_who_hand_the_copy_in_at_once_one_is_taken() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let graduate = scene.student.viewer;
    let id = scene.submitted().await;
    scene
        .take(&scene.school, id, AgreementStep::Approve)
        .await
        .unwrap();
    let linked = UploadOwner::Link { agreement_id: id };
    for round in 0..6 {
        let [by_sms, by_mail] = scene.links(id).await;
        let (one, other) = (
            ready(&scene.world, &linked).await,
            ready(&scene.world, &linked).await,
        );
        let own = ready(&scene.world, &scene.own()).await;
        let copy = StampedCopy {
            files: vec![own],
            token: None,
        };
        let himself = async {
            scene
                .take(&graduate, id, AgreementStep::SubmitStampedCopy(copy))
                .await
        };
        // Both links, one link twice, and a link against the graduate.
        let results = match round % 3 {
            0 => tokio::join!(scene.by_link(&by_sms, one), scene.by_link(&by_mail, other)),
            1 => tokio::join!(scene.by_link(&by_sms, one), scene.by_link(&by_sms, other)),
            _ => tokio::join!(scene.by_link(&by_sms, one), himself),
        };
        let lost = match results {
            (Ok(_), Err(lost)) | (Err(lost), Ok(_)) => lost,
            neither => panic!("{neither:?}"),
        };
        // The graduate sees his agreement, and that it is under review already.
        let told = matches!(lost, StepError::NotFound)
            || matches!(lost, StepError::Refused(Refusal::NotInThisStatus)) && round % 3 == 2;
        assert!(told, "{lost:?}");
        let files =
            format!("case_id = '{id}' AND sequence = (SELECT event_count FROM agreements WHERE id = '{id}')");
        assert_eq!(scene.count("case_files", &files).await, 1);
        for token in [&by_sms, &by_mail] {
            let again = scene.by_link(token, one).await;
            assert!(matches!(again, Err(StepError::NotFound)), "{again:?}");
        }
        let back = scene.take(&graduate, id, AgreementStep::Withdraw).await.unwrap();
        assert_eq!(back.agreement.status, AgreementStatus::TermsApproved);
        // Back where a copy is wanted, and yet used is used.
        let again = scene.by_link(&by_sms, one).await;
        assert!(matches!(again, Err(StepError::NotFound)), "{again:?}");
    }
    let report = audit::walk(&mut *scene.world.conn().await, None).await.unwrap();
    assert!(report.breaks.is_empty(), "{report:?}");
}

/// The step itself looks at the link again, under the agreement's lock: whatever was seen of it before.
#[tokio::test]
async fn the_step_asks_for_the_link_again() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let id = scene.submitted().await;
    scene
        .take(&scene.school, id, AgreementStep::Approve)
        .await
        .unwrap();
    let [old, _] = scene.links(id).await;
    let [fresh, _] = scene.links(id).await;
    let linked = UploadOwner::Link { agreement_id: id };
    for dead in [old, SecretToken::generate()] {
        let copy = StampedCopy {
            files: vec![ready(&scene.world, &linked).await],
            token: Some(dead),
        };
        let step = AgreementStep::SubmitStampedCopy(copy);
        let refused = step::take(&scene.world.platform, Actor::EmployerContact, id, step, None).await;
        assert!(matches!(refused, Err(StepError::NotFound)), "{refused:?}");
    }
    // A job that is run again after the use gives no new life to it.
    let links =
        stamped_copy_link::of_agreements(&mut *scene.world.conn().await, &[id], scene.world.now()).await;
    let link = links.unwrap()[0].id;
    let file = ready(&scene.world, &linked).await;
    scene.by_link(&fresh, file).await.unwrap();
    let conn = &mut *scene.world.conn().await;
    assert!(
        !stamped_copy_link::arm(conn, link, &SecretToken::generate())
            .await
            .unwrap()
    );
    assert!(
        stamped_copy_link::waiting(conn, link, scene.world.now())
            .await
            .unwrap()
            .is_none()
    );
}

/// Whoever had an old link leaves nothing behind that stands in the way of the next one.
#[tokio::test]
async fn what_came_through_an_old_link_is_given_up() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let id = scene.submitted().await;
    scene
        .take(&scene.school, id, AgreementStep::Approve)
        .await
        .unwrap();
    let [old, _] = scene.links(id).await;
    let linked = UploadOwner::Link { agreement_id: id };
    let left = ready(&scene.world, &linked).await;
    let conn = &mut *scene.world.conn().await;
    let now = scene.world.now();
    assert_eq!(case_upload::count_open(conn, &linked, now).await.unwrap(), 1);
    scene.links(id).await;
    assert_eq!(case_upload::count_open(conn, &linked, now).await.unwrap(), 0);
    let upload = case_upload::load(conn, left).await.unwrap().unwrap();
    assert_eq!(upload.state, UploadState::Refused);
    let refused = scene.by_link(&old, left).await;
    assert!(matches!(refused, Err(StepError::NotFound)), "{refused:?}");
}

/// W5: "terms and at least one image of the stamped paper agreement".
#[tokio::test]
async fn a_registration_comes_with_the_paper() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let graduate = scene.student.viewer;
    let key = IdempotencyKey {
        key: "registered".to_owned(),
        request_hash: [1; 32],
    };
    let (platform, channel) = (&scene.world.platform, AgreementChannel::Registered);
    let created = step::create_agreement_draft(platform, &graduate, channel, &filled(), &key).await;
    let id = created.unwrap().agreement.id;
    let bare = scene.take(&graduate, id, AgreementStep::Submit(Vec::new())).await;
    let Err(StepError::Invalid(wrong)) = bare else {
        panic!("{bare:?}");
    };
    assert_eq!(wrong[0].field, "files");
    assert_eq!(scene.holder().await, Vec::<String>::new());
    let events = format!("case_id = '{id}'");
    assert_eq!(
        scene.count("case_events", &events).await,
        0,
        "nothing is half done"
    );
    let page = ready(&scene.world, &scene.own()).await;
    let submitted = scene
        .take(&graduate, id, AgreementStep::Submit(vec![page]))
        .await
        .unwrap();
    assert_eq!(
        standing(&submitted),
        (AgreementStatus::RegistrationReview, Some(ReviewLevel::School))
    );
    let signed = scene
        .take(&scene.school, id, AgreementStep::Approve)
        .await
        .unwrap();
    assert_eq!(standing(&signed), (AgreementStatus::Signed, None));
    assert_eq!(signed.agreement.agreement_number, None);
    assert_eq!(scene.count("documents", "true").await, 0, "it has its paper");
}
