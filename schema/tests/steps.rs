//! What a step checks and writes beside the decision of the rules: reasons, versions, the graduate, the paper.

use chrono::TimeDelta;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use uuid::Uuid;
use wangqian_schema::{
    model::{
        document::{self, StoredPdf},
        employer::EmployerVerification,
        school::set_review_route,
    },
    step::{self, Actor, AgreementStep, MAX_REASON, StepError},
    workflow::{Refusal, ReviewLevel, ReviewRoute, Workflow, agreement::AgreementStatus},
};

use crate::support::{World, count, invitation, refusal, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_is_readable_text_of_some_length() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let student = world.graduate(&campus, 0).await;
    let reviewer = world.school_reviewer(&campus).await;
    let id = world.invite(&world.employer().await, &student).await;
    world
        .take(&student.viewer, id, AgreementStep::Accept)
        .await
        .unwrap();
    let reject = |reason: &str| world.take(&reviewer, id, AgreementStep::Reject(Some(reason.to_owned())));

    for wrong in [
        "字".repeat(MAX_REASON + 1).as_str(),
        "不\u{0}可",
        "不\u{1b}[31m可",
        "不\r可",
    ] {
        match reject(wrong).await {
            Err(StepError::Invalid(errors)) => assert_eq!(errors[0].field, "reason"),
            other => panic!("{other:?}"),
        }
    }
    for blank in ["", "  ", "\n", "　"] {
        assert_eq!(refusal(reject(blank).await), Refusal::ReasonRequired);
    }
    let longest = "字".repeat(MAX_REASON);
    let rejected = reject(&format!("  {longest}\n")).await.unwrap();
    assert_eq!(
        rejected.agreement.reason.as_deref(),
        Some(longest.as_str()),
        "without the blanks around it"
    );
    let conn = &mut *world.conn().await;
    let kept = text(conn, "SELECT reason FROM case_events WHERE action = 'REJECT'").await;
    assert_eq!(kept, [longest.as_str()]);
    let told = text(
        conn,
        "SELECT DISTINCT params->>'reason' FROM messages WHERE template = 'SIGNING_REJECTED'",
    )
    .await;
    assert_eq!(told, [longest.as_str()], "shown to both");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_on_what_has_changed_meanwhile_is_refused() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let student = world.graduate(&campus, 0).await;
    let id = world.invite(&world.employer().await, &student).await;
    let accept = async |version| {
        let actor = Actor::Viewer(student.viewer);
        step::take(&world.platform, actor, id, AgreementStep::Accept, Some(version)).await
    };
    for wrong in [0, 2] {
        let stale = accept(wrong).await;
        assert!(
            matches!(stale, Err(StepError::StaleVersion { current: 1 })),
            "{stale:?}"
        );
    }
    assert_eq!(accept(1).await.unwrap().agreement.version, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_employer_that_is_not_verified_learns_nothing_of_anybody() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let student = world.graduate(&campus, 0).await;
    let deadline = world.now() + TimeDelta::days(7);
    for verification in [EmployerVerification::Pending, EmployerVerification::Refused] {
        let employer = world.employer_with(verification).await;
        for graduate in [student.id, Uuid::now_v7()] {
            let refused = world.try_invite(&employer.viewer, graduate, deadline).await;
            assert_eq!(refusal(refused), Refusal::EmployerNotVerified);
        }
    }
    let verified = world.employer().await;
    let nobody = world.try_invite(&verified.viewer, Uuid::now_v7(), deadline).await;
    assert!(matches!(nobody, Err(StepError::NotFound)), "{nobody:?}");
    let reviewer = world.school_reviewer(&campus).await;
    for other in [student.viewer, reviewer, world.operator().await] {
        let refused = world.try_invite(&other, student.id, deadline).await;
        assert_eq!(refusal(refused), Refusal::NotYourRole);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_wrong_with_an_invitation_is_said_at_once() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let student = world.graduate(&campus, 0).await;
    let employer = world.employer().await;
    let mut wrong = invitation(student.id, world.now() - TimeDelta::days(1));
    wrong.terms.address = "短".into();
    wrong.terms.contact_mobile = "12345".into();
    match step::invite(&world.platform, &employer.viewer, &wrong, None).await {
        Err(StepError::Invalid(errors)) => {
            let fields: Vec<&str> = errors.iter().map(|error| error.field).collect();
            assert_eq!(fields, ["responseDeadline", "address", "contactMobile"]);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(count(&mut *world.conn().await, "agreements", "true").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_school_s_own_route_counts_from_the_next_submission_on() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::DepartmentThenSchool).await;
    let employer = world.employer().await;
    let (early, late) = (world.graduate(&campus, 0).await, world.graduate(&campus, 0).await);
    let (old, new) = (
        world.invite(&employer, &early).await,
        world.invite(&employer, &late).await,
    );
    world
        .take(&early.viewer, old, AgreementStep::Accept)
        .await
        .unwrap();
    let conn = &mut *world.conn().await;
    set_review_route(conn, campus.id, Workflow::OnlineSigning, ReviewRoute::SchoolOnly)
        .await
        .unwrap();
    let accepted = world
        .take(&late.viewer, new, AgreementStep::Accept)
        .await
        .unwrap()
        .agreement;
    assert_eq!(accepted.awaiting_review, Some(ReviewLevel::School));

    let department = world.department_reviewer(&campus, 0).await;
    let advanced = world
        .take(&department, old, AgreementStep::Approve)
        .await
        .unwrap()
        .agreement;
    assert_eq!(
        advanced.awaiting_review,
        Some(ReviewLevel::School),
        "the route it was submitted with"
    );
    let school = world.school_reviewer(&campus).await;
    for id in [old, new] {
        let signed = world
            .take(&school, id, AgreementStep::Approve)
            .await
            .unwrap()
            .agreement;
        assert_eq!(signed.status, AgreementStatus::Signed);
        assert_eq!(signed.department_approved_at.is_some(), id == old);
        assert_eq!(signed.school_approved_at, signed.signed_at);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_agreement_has_its_paper_and_notes_the_pdf_once() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::DepartmentOnly).await;
    let student = world.graduate(&campus, 0).await;
    let id = world.invite(&world.employer().await, &student).await;
    world
        .take(&student.viewer, id, AgreementStep::Accept)
        .await
        .unwrap();
    let reviewer = world.department_reviewer(&campus, 0).await;
    let signed = world
        .take(&reviewer, id, AgreementStep::Approve)
        .await
        .unwrap()
        .agreement;

    let mut conn = AsyncPgConnection::establish(world.url()).await.unwrap();
    let conn = &mut conn;
    let made = document::of_agreements(conn, &[id]).await.unwrap().remove(0);
    let paper = made.paper().unwrap();
    assert_eq!(Some(&paper.agreement_number), signed.agreement_number.as_ref());
    assert_eq!(paper.graduate.id_card_number, student.id_card_number);
    assert_eq!(
        paper.verification_url,
        format!("https://wangqian.example/verify/{}", made.verification_code)
    );
    assert!(paper.department_approved_on.is_some() && paper.school_approved_on.is_none());
    let (found, status, _) = document::find_by_code(conn, &made.verification_code)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((found.id, status), (made.id, AgreementStatus::Signed));

    let pdf = |byte| StoredPdf {
        object_key: format!("agreements/{byte}.pdf"),
        sha256: [byte; 32],
        byte_size: 1000,
    };
    for byte in [1, 2] {
        let step = AgreementStep::StoreDocument(made.id, pdf(byte));
        world.work(id, step).await.unwrap();
    }
    let stored = document::find(conn, made.id).await.unwrap().unwrap();
    assert_eq!(stored.sha256, Some(vec![1; 32]), "the first to finish counts");
    assert_eq!(count(conn, "case_events", "action = 'STORE_DOCUMENT'").await, 1);
    let changes = text(
        conn,
        "SELECT changes->>'sha256' FROM case_events WHERE action = 'STORE_DOCUMENT'",
    )
    .await;
    assert_eq!(changes, ["01".repeat(32)]);
    let forged = world
        .take(&reviewer, id, AgreementStep::StoreDocument(made.id, pdf(3)))
        .await;
    assert_eq!(refusal(forged), Refusal::NotYourRole);
}
