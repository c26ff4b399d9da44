//! W4: the graduate ends with materials what he had filled in himself.

use std::time::Duration;

use uuid::Uuid;
use wangqian_schema::{
    audit,
    model::{Viewer, termination::TerminationView},
    step::{self, Actor, AgreementStep, StampedCopy, StepError, TerminationForm, TerminationStep},
    workflow::{
        Refusal, ReviewLevel, ReviewRoute, Workflow,
        agreement::AgreementStatus,
        termination::TerminationStatus::{self, *},
    },
};

use super::{Scene, ready};
use crate::support::{mutual, reason, refusal, text};

impl Scene {
    /// An offline agreement that is signed.
    async fn signed(&self) -> Uuid {
        self.signed_by(&[self.department, self.school]).await
    }

    /// An offline agreement that these reviewers have approved at both stages.
    async fn signed_by(&self, reviewers: &[Viewer]) -> Uuid {
        let id = self.submitted().await;
        let mut taken = Vec::new();
        for reviewer in reviewers {
            taken.push(self.take(reviewer, id, AgreementStep::Approve).await.unwrap());
        }
        let copy = StampedCopy {
            files: vec![self.letter().await],
            token: None,
        };
        let graduate = self.student.viewer;
        self.take(&graduate, id, AgreementStep::SubmitStampedCopy(copy))
            .await
            .unwrap();
        for reviewer in reviewers {
            taken.push(self.take(reviewer, id, AgreementStep::Approve).await.unwrap());
        }
        assert_eq!(taken.last().unwrap().agreement.status, AgreementStatus::Signed);
        id
    }

    async fn letter(&self) -> Uuid {
        ready(&self.world, &self.own()).await
    }

    async fn ask(&self, agreement: Uuid) -> TerminationView {
        let letter = self.letter().await;
        let graduate = self.student.viewer;
        self.world
            .hand_in_termination(&graduate, agreement, &[letter])
            .await
            .unwrap()
    }

    async fn end(&self, by: &Viewer, id: Uuid, step: TerminationStep) -> Result<TerminationView, StepError> {
        self.world.take_termination(by, id, step).await
    }

    async fn again(&self, id: Uuid) -> TerminationView {
        let form = mutual(&[self.letter().await]);
        let graduate = self.student.viewer;
        self.end(&graduate, id, TerminationStep::Submit(form))
            .await
            .unwrap()
    }
}

fn at(view: &TerminationView) -> (TerminationStatus, Option<ReviewLevel>) {
    (view.termination.status, view.termination.awaiting_review)
}

fn wrong(taken: Result<TerminationView, StepError>) -> Vec<&'static str> {
    match taken {
        Err(StepError::Invalid(errors)) => errors.iter().map(|error| error.field).collect(),
        other => panic!("{other:?}"),
    }
}

/// Submit, withdraw, submit again, return, submit again, approve: the agreement ends, and the graduate is free.
#[tokio::test]
async fn handed_in_mended_and_over() {
    let scene = Scene::new(ReviewRoute::DepartmentThenSchool).await;
    let graduate = scene.student.viewer;
    let (department, school) = (Some(ReviewLevel::Department), Some(ReviewLevel::School));
    let agreement = scene.signed().await;
    let asked = scene.ask(agreement).await;
    let id = asked.termination.id;
    assert_eq!(at(&asked), (TerminationReview, department));
    assert_eq!(asked.termination.submitted_by, Some(graduate.account_id()));
    let held = vec![agreement.to_string()];
    assert_eq!(scene.holder().await, held, "the signing stands");

    let open = scene
        .world
        .hand_in_termination(&graduate, agreement, &[scene.letter().await])
        .await;
    assert_eq!(refusal(open), Refusal::TerminationOpen);
    let back = scene.end(&graduate, id, TerminationStep::Withdraw).await.unwrap();
    assert_eq!(at(&back), (Draft, None));
    let open = scene
        .world
        .hand_in_termination(&graduate, agreement, &[scene.letter().await])
        .await;
    assert_eq!(
        refusal(open),
        Refusal::TerminationOpen,
        "this one is to be mended"
    );
    for reviewer in [scene.department, scene.school] {
        let early = scene.end(&reviewer, id, TerminationStep::Approve).await;
        assert_eq!(refusal(early), Refusal::NotInThisStatus);
    }

    assert_eq!(at(&scene.again(id).await), (TerminationReview, department));
    let returned = scene
        .end(&scene.department, id, TerminationStep::Return(reason()))
        .await
        .unwrap();
    assert_eq!(at(&returned), (Returned, None));
    assert_eq!(returned.termination.reason, reason());
    let mended = scene.again(id).await;
    assert_eq!(
        (at(&mended), mended.termination.reason.as_deref()),
        ((TerminationReview, department), None)
    );
    let first = scene
        .end(&scene.department, id, TerminationStep::Approve)
        .await
        .unwrap();
    assert_eq!(at(&first), (TerminationReview, school));
    let late = scene.end(&graduate, id, TerminationStep::Withdraw).await;
    assert_eq!(refusal(late), Refusal::ReviewBegun);
    assert_eq!(scene.holder().await, held);
    let over = scene
        .end(&scene.school, id, TerminationStep::Approve)
        .await
        .unwrap();
    assert_eq!(at(&over), (Terminated, None));
    let ended = scene.world.find(&graduate, agreement).await.agreement;
    assert_eq!(ended.status, AgreementStatus::Terminated);
    assert_eq!(scene.holder().await, Vec::<String>::new());

    // He may begin anew, with the same employer.
    scene.signed().await;
    let report = audit::walk(&mut *scene.world.conn().await, None).await.unwrap();
    assert!(report.breaks.is_empty(), "{report:?}");
}

/// "Reject → REJECTED, the signing still stands, may apply anew"; so it is after he has given it up.
#[tokio::test]
async fn rejected_or_given_up_the_signing_stands_and_he_may_apply_anew() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let graduate = scene.student.viewer;
    let agreement = scene.signed_by(&[scene.school]).await;
    let first = scene.ask(agreement).await.termination.id;
    let blank = TerminationStep::Reject(Some(" ".to_owned()));
    assert_eq!(
        refusal(scene.end(&scene.school, first, blank).await),
        Refusal::ReasonRequired
    );
    let rejected = scene
        .end(&scene.school, first, TerminationStep::Reject(reason()))
        .await
        .unwrap();
    assert_eq!(at(&rejected), (Rejected, None));
    let dead = TerminationStep::Submit(mutual(&[scene.letter().await]));
    assert_eq!(
        refusal(scene.end(&graduate, first, dead).await),
        Refusal::NotInThisStatus
    );
    let second = scene.ask(agreement).await.termination.id;
    for early in [TerminationStep::Discard, TerminationStep::Accept] {
        let refused = refusal(scene.end(&graduate, second, early.clone()).await);
        let expected = match early {
            // Nobody is asked, so nobody answers.
            TerminationStep::Accept => Refusal::NotYourRole,
            _ => Refusal::NotInThisStatus,
        };
        assert_eq!(refused, expected);
    }
    scene
        .end(&scene.school, second, TerminationStep::Return(reason()))
        .await
        .unwrap();
    let given_up = scene
        .end(&graduate, second, TerminationStep::Discard)
        .await
        .unwrap();
    assert_eq!(at(&given_up), (Withdrawn, None));
    assert_eq!(scene.holder().await, vec![agreement.to_string()]);
    let third = scene.ask(agreement).await.termination.id;
    scene
        .end(&scene.school, third, TerminationStep::Approve)
        .await
        .unwrap();
    assert_eq!(scene.holder().await, Vec::<String>::new());
}

/// What is wrong is named, and nothing of it is kept.
#[tokio::test]
async fn what_is_handed_in_is_checked_field_by_field() {
    let scene = Scene::new(ReviewRoute::DepartmentThenSchool).await;
    let graduate = scene.student.viewer;
    let agreement = scene.signed().await;
    let world = &scene.world;
    let none = world.hand_in_termination(&graduate, agreement, &[]).await;
    assert_eq!(wrong(none), ["files"], "至少一份解约材料");
    let form = TerminationForm {
        reason_code: "NO_SUCH".to_owned(),
        explanation: " ".to_owned(),
        files: vec![scene.letter().await],
    };
    let request = step::TerminationRequest {
        agreement_id: agreement,
        form: form.clone(),
    };
    let asked = step::request_termination(&world.platform, &graduate, &request, None, None).await;
    assert_eq!(wrong(asked), ["terminationReason", "explanation"]);
    assert_eq!(scene.count("terminations", "true").await, 0);

    let id = scene.ask(agreement).await.termination.id;
    scene.end(&graduate, id, TerminationStep::Withdraw).await.unwrap();
    let again = scene.end(&graduate, id, TerminationStep::Submit(form)).await;
    assert_eq!(wrong(again), ["terminationReason", "explanation"]);
    let empty = TerminationStep::Submit(mutual(&[]));
    assert_eq!(wrong(scene.end(&graduate, id, empty).await), ["files"]);
    assert_eq!(scene.count("case_files", "case_kind = 'TERMINATION'").await, 1);

    // The other side of what was signed online answers: nothing is handed in.
    let employer = world.employer().await;
    let other = world.graduate(&scene.campus, 0).await;
    let invited = world.invite(&employer, &other).await;
    for (by, step) in [
        (other.viewer, AgreementStep::Accept),
        (scene.department, AgreementStep::Approve),
        (scene.school, AgreementStep::Approve),
    ] {
        scene.take(&by, invited, step).await.unwrap();
    }
    let owner = wangqian_schema::model::case_upload::UploadOwner::Account(other.viewer.account_id());
    let file = ready(world, &owner).await;
    let online = world.hand_in_termination(&other.viewer, invited, &[file]).await;
    assert_eq!(wrong(online), ["files"]);
    let online = world.hand_in_termination(&other.viewer, invited, &[]).await;
    assert_eq!(at(&online.unwrap()), (Requested, None));
}

/// A school has a route of its own for offline terminations, and a round goes by the one that was set when it began.
#[tokio::test]
async fn the_route_is_that_of_offline_terminations() {
    let scene = Scene::new(ReviewRoute::DepartmentThenSchool).await;
    let graduate = scene.student.viewer;
    let agreement = scene.signed().await;
    let set = async |route| {
        let workflow = Some(Workflow::OfflineTermination);
        step::set_review_route(&scene.world.platform, &scene.school, workflow, route, None)
            .await
            .unwrap();
    };
    set(Some(ReviewRoute::SchoolOnly)).await;
    let asked = scene.ask(agreement).await;
    let id = asked.termination.id;
    assert_eq!(at(&asked), (TerminationReview, Some(ReviewLevel::School)));
    set(Some(ReviewRoute::DepartmentOnly)).await;
    let wrong = scene.end(&scene.department, id, TerminationStep::Approve).await;
    assert_eq!(
        refusal(wrong),
        Refusal::OtherReviewLevel,
        "this round began before"
    );
    scene
        .end(&scene.school, id, TerminationStep::Return(reason()))
        .await
        .unwrap();
    assert_eq!(
        at(&scene.again(id).await),
        (TerminationReview, Some(ReviewLevel::Department))
    );
    scene.end(&graduate, id, TerminationStep::Withdraw).await.unwrap();
    scene.again(id).await;
    let over = scene
        .end(&scene.department, id, TerminationStep::Approve)
        .await
        .unwrap();
    assert_eq!(at(&over), (Terminated, None), "one level is enough now");
}

/// Whoever comes second is told so: two requests, and a withdrawal against a decision.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_at_once_one_is_taken() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let graduate = scene.student.viewer;
    let world = &scene.world;
    let agreement = scene.signed_by(&[scene.school]).await;
    let mut seen = [0, 0];
    for round in 0..12 {
        let letters = [[scene.letter().await], [scene.letter().await]];
        let asked = tokio::join!(
            world.hand_in_termination(&graduate, agreement, &letters[0]),
            world.hand_in_termination(&graduate, agreement, &letters[1]),
        );
        let id = match asked {
            (Ok(taken), Err(StepError::Refused(Refusal::TerminationOpen)))
            | (Err(StepError::Refused(Refusal::TerminationOpen)), Ok(taken)) => taken.termination.id,
            other => panic!("{other:?}"),
        };
        let platform = &world.platform;
        let decide = async {
            tokio::time::sleep(Duration::from_micros(300 * (round % 4))).await;
            let step = TerminationStep::Reject(reason());
            step::take_termination(platform, Actor::Viewer(scene.school), id, step, None).await
        };
        let back = scene.end(&graduate, id, TerminationStep::Withdraw);
        match tokio::join!(back, decide) {
            (Ok(_), Err(StepError::Refused(Refusal::NotInThisStatus))) => {
                seen[0] += 1;
                scene.end(&graduate, id, TerminationStep::Discard).await.unwrap();
            }
            (Err(StepError::Refused(Refusal::NotInThisStatus)), Ok(_)) => seen[1] += 1,
            other => panic!("{other:?}"),
        }
    }
    let ends = text(
        &mut *world.conn().await,
        "SELECT status FROM terminations ORDER BY status",
    )
    .await;
    let withdrawn = ends.iter().filter(|status| *status == "WITHDRAWN").count();
    assert_eq!((withdrawn, ends.len()), (seen[0], 12));
}
