//! From handing in to the decision: what holds the graduate, by which route it is reviewed, and what is printed.

use std::time::Duration;

use chrono::NaiveDate;
use wangqian_schema::{
    audit,
    model::{Viewer, document},
    step::{self, AgreementStep, IdempotencyKey, StepError},
    workflow::{
        Refusal, ReviewLevel, ReviewRoute, Workflow,
        agreement::{AgreementAction, AgreementChannel, AgreementStatus},
    },
};

use super::{Scene, filled, ready, standing};
use crate::support::{execute, number, reason, refusal, text};

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
            r#"{"files": 0, "changed": ["contactMobile", "positionTitle"]}"#
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
