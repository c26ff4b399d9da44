//! A deadline holds by itself: no worker has to run for it, and nobody has to be punctual.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use wangqian_schema::{
    clock::{format_day, shanghai_date},
    step::{self, AgreementStep, LeavingPeriodDraft, StepError},
    workflow::{Refusal, ReviewRoute, agreement::AgreementStatus},
};

use crate::support::{Campus, Company, Student, World, class_year, count, reason, refusal, text};

struct Scene {
    world: World,
    campus: Campus,
    employer: Company,
    student: Student,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let campus = world.school(ReviewRoute::SchoolOnly).await;
        Self {
            employer: world.employer().await,
            student: world.graduate(&campus, 0).await,
            campus,
            world,
        }
    }

    async fn invite_until(&self, deadline: DateTime<Utc>) -> Uuid {
        let made = self
            .world
            .try_invite(&self.employer.viewer, self.student.id, deadline)
            .await;
        made.unwrap().agreement.id
    }

    /// Sets the clock; it goes on from there.
    fn set(&self, moment: DateTime<Utc>) {
        self.world.platform.clock.advance(moment - self.world.now());
    }

    async fn status(&self, id: Uuid) -> AgreementStatus {
        self.world.find(&self.student.viewer, id).await.agreement.status
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_worker_a_passed_deadline_refuses_every_answer() {
    let scene = Scene::new().await;
    let deadline = scene.world.now() + TimeDelta::days(3);
    let id = scene.invite_until(deadline).await;
    scene.set(deadline);
    for (viewer, step) in [
        (scene.student.viewer, AgreementStep::Accept),
        (scene.student.viewer, AgreementStep::Decline(None)),
        (scene.employer.viewer, AgreementStep::Cancel),
    ] {
        let refused = scene.world.take(&viewer, id, step).await;
        assert_eq!(refusal(refused), Refusal::DeadlinePassed);
    }
    assert_eq!(scene.status(id).await, AgreementStatus::Invited, "no worker came");
    let view = scene.world.find(&scene.student.viewer, id).await;
    assert_eq!(view.viewer_actions(&scene.student.viewer, scene.world.now()), []);
    // A microsecond earlier it could be answered.
    let earlier = deadline - TimeDelta::microseconds(1);
    assert_eq!(view.viewer_actions(&scene.student.viewer, earlier).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_counts_by_the_microsecond_at_which_it_is_written() {
    let scene = Scene::new().await;
    let (mut answered, mut late) = (0, 0);
    // The clock runs: whoever was in time begins later the next time, whoever was late earlier, so that the deadline
    // comes to pass while he answers.
    let mut lead = 10_000;
    for _ in 0..60 {
        let deadline = scene.world.now() + TimeDelta::days(1);
        let id = scene.invite_until(deadline).await;
        scene.set(deadline - TimeDelta::microseconds(lead));
        match scene
            .world
            .take(&scene.student.viewer, id, AgreementStep::Decline(None))
            .await
        {
            Ok(view) => {
                assert!(view.agreement.updated_at < deadline);
                answered += 1;
                lead -= lead / 4;
            }
            refused => {
                assert_eq!(refusal(refused), Refusal::DeadlinePassed);
                assert!(scene.world.now() >= deadline);
                scene.world.work(id, AgreementStep::Expire).await.unwrap();
                late += 1;
                lead += lead / 4 + 100;
            }
        }
    }
    assert!(answered > 0 && late > 0, "{answered} in time, {late} late");
    let conn = &mut *scene.world.conn().await;
    let wrong = "status = 'DECLINED' AND updated_at >= response_deadline
        OR status = 'EXPIRED' AND updated_at < response_deadline";
    assert_eq!(count(conn, "agreements", wrong).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_is_kept_as_it_was_given_and_reads_the_same_everywhere() {
    let scene = Scene::new().await;
    // More than PostgreSQL keeps: the rest is dropped before anything is decided by it.
    let given = scene.world.now() + TimeDelta::days(2) + TimeDelta::nanoseconds(123_456_789);
    let id = scene.invite_until(given).await;
    let kept = scene
        .world
        .find(&scene.student.viewer, id)
        .await
        .agreement
        .response_deadline
        .unwrap();
    assert_eq!(kept.timestamp_micros(), given.timestamp_micros());
    assert_eq!(kept.timestamp_subsec_nanos() % 1_000, 0);
    let conn = &mut *scene.world.conn().await;
    let jobs = text(
        conn,
        "SELECT queue || ' ' || trim_scale(extract(epoch FROM run_at - response_deadline))
         FROM jobs JOIN agreements ON agreements.id::text = payload->>'agreement_id' ORDER BY 1",
    )
    .await;
    assert_eq!(jobs, ["expire_invitation 0", "remind_invitation -86400"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_lies_in_the_future_and_within_180_days() {
    let scene = Scene::new().await;
    let now = scene.world.now();
    for wrong in [
        now - TimeDelta::days(1),
        now,
        now + TimeDelta::days(181),
        DateTime::<Utc>::MAX_UTC,
    ] {
        match scene
            .world
            .try_invite(&scene.employer.viewer, scene.student.id, wrong)
            .await
        {
            Err(StepError::Invalid(errors)) => assert_eq!(errors[0].field, "responseDeadline"),
            other => panic!("{wrong}: {other:?}"),
        }
    }
    scene.invite_until(now + TimeDelta::days(180)).await;
}

/// The last day on which he may still sign ends with midnight in Shanghai; the deadline may be that moment, which is exclusive.
#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_lies_within_the_days_on_which_the_graduate_may_sign() {
    let scene = Scene::new().await;
    let school = scene.world.school_reviewer(&scene.campus).await;
    let last_day = shanghai_date(scene.world.now()) + TimeDelta::days(9);
    let period = LeavingPeriodDraft {
        class_year: class_year().into(),
        opens_on: last_day,
        closes_on: last_day,
        cut_off_on: Some(last_day),
    };
    step::set_leaving_period(&scene.world.platform, &school, &period)
        .await
        .unwrap();
    let over: DateTime<Utc> = format!("{last_day}T16:00:00Z").parse().unwrap();
    let (employer, student) = (&scene.employer.viewer, scene.student.id);
    for late in [over + TimeDelta::microseconds(1), over + TimeDelta::days(30)] {
        match scene.world.try_invite(employer, student, late).await {
            Err(StepError::Invalid(errors)) => {
                assert_eq!((errors.len(), errors[0].field), (1, "responseDeadline"));
                assert!(errors[0].message.contains(&format_day(last_day)), "{errors:?}");
            }
            other => panic!("{late}: {other:?}"),
        }
    }
    // Of a deadline that is too far away in any case nothing more is said.
    match scene
        .world
        .try_invite(employer, student, over + TimeDelta::days(190))
        .await
    {
        Err(StepError::Invalid(errors)) => assert!(errors[0].message.contains("180"), "{errors:?}"),
        other => panic!("{other:?}"),
    }
    let invited = scene.invite_until(over).await;
    let conn = &mut *scene.world.conn().await;
    assert_eq!(
        count(conn, "jobs", "queue = 'remind_invitation'").await,
        1,
        "he is reminded of what he may still accept"
    );
    scene.set(over - TimeDelta::minutes(1));
    let accept = AgreementStep::Accept;
    scene
        .world
        .take(&scene.student.viewer, invited, accept)
        .await
        .unwrap();

    // Reopened, his own last day counts; after it all inviting is refused, whatever the deadline.
    let reopened = last_day + TimeDelta::days(2);
    let (other, rival) = (
        scene.world.graduate(&scene.campus, 0).await,
        scene.world.employer().await,
    );
    scene.set(over);
    let refused = scene
        .world
        .try_invite(&rival.viewer, other.id, over + TimeDelta::days(1))
        .await;
    assert_eq!(refusal(refused), Refusal::CutOffPassed);
    step::reopen_leaving(&scene.world.platform, &school, other.id, reopened, reason())
        .await
        .unwrap();
    let over = over + TimeDelta::days(2);
    let late = scene
        .world
        .try_invite(&rival.viewer, other.id, over + TimeDelta::hours(1))
        .await;
    assert!(matches!(late, Err(StepError::Invalid(_))), "{late:?}");
    scene
        .world
        .try_invite(&rival.viewer, other.id, over)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_invitation_expires_the_old_one_on_the_way() {
    let scene = Scene::new().await;
    let deadline = scene.world.now() + TimeDelta::days(3);
    let old = scene.invite_until(deadline).await;
    let again = deadline + TimeDelta::days(3);

    let refused = scene
        .world
        .try_invite(&scene.employer.viewer, scene.student.id, again)
        .await;
    assert_eq!(refusal(refused), Refusal::AlreadyInvited);
    scene.set(deadline);
    let new = scene.invite_until(again).await;
    assert_eq!(scene.status(old).await, AgreementStatus::Expired);
    assert_eq!(scene.status(new).await, AgreementStatus::Invited);

    let conn = &mut *scene.world.conn().await;
    let told = text(
        conn,
        &format!(
            "SELECT template || ' ' || channel FROM messages JOIN case_events ON case_events.id = event_id
             WHERE action = 'EXPIRE' AND case_id = '{old}' AND actor_role = 'WORKER' ORDER BY 1"
        ),
    )
    .await;
    let expected = [
        "INVITATION_EXPIRED EMAIL",
        "INVITATION_EXPIRED IN_APP",
        "INVITATION_EXPIRED WECHAT",
        "INVITATION_UNANSWERED EMAIL",
        "INVITATION_UNANSWERED IN_APP",
    ];
    assert_eq!(told, expected, "both are told as if the worker had come");
    // The worker comes late and finds nothing to do.
    let late = scene.world.work(old, AgreementStep::Expire).await;
    assert_eq!(refusal(late), Refusal::NotInThisStatus);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reminder_comes_once_between_24_hours_before_and_the_deadline() {
    let scene = Scene::new().await;
    let deadline = scene.world.now() + TimeDelta::days(3);
    let id = scene.invite_until(deadline).await;
    let remind = || scene.world.work(id, AgreementStep::Remind);

    scene.set(deadline - TimeDelta::hours(24) - TimeDelta::minutes(1));
    assert_eq!(refusal(remind().await), Refusal::TooEarly);
    scene.set(deadline - TimeDelta::hours(24));
    let reminded = remind().await.unwrap().agreement;
    assert!(reminded.reminded_at.is_some());
    assert_eq!(
        (reminded.version, reminded.event_count),
        (1, 2),
        "nobody's view goes stale by it"
    );
    assert_eq!(refusal(remind().await), Refusal::NotInThisStatus);
    let conn = &mut *scene.world.conn().await;
    let told = count(conn, "messages", "template = 'INVITATION_EXPIRING'").await;
    assert_eq!(told, 3, "one a channel");

    let other = scene.world.employer().await;
    let late = scene
        .world
        .try_invite(&other.viewer, scene.student.id, deadline)
        .await;
    let late = late.unwrap().agreement.id;
    scene.set(deadline);
    let refused = scene.world.work(late, AgreementStep::Remind).await;
    assert_eq!(refusal(refused), Refusal::DeadlinePassed);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_for_less_than_a_day_has_no_reminder() {
    let scene = Scene::new().await;
    scene.invite_until(scene.world.now() + TimeDelta::hours(23)).await;
    let conn = &mut *scene.world.conn().await;
    let queues = text(conn, "SELECT queue FROM jobs WHERE queue LIKE '%_invitation'").await;
    assert_eq!(queues, ["expire_invitation"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_expires_before_its_deadline_and_a_held_graduate_s_invitations_do() {
    let scene = Scene::new().await;
    let deadline = scene.world.now() + TimeDelta::days(3);
    let id = scene.invite_until(deadline).await;
    let other = scene.world.employer().await;
    let held = scene.world.invite(&other, &scene.student).await;
    scene
        .world
        .take(&scene.student.viewer, held, AgreementStep::Accept)
        .await
        .unwrap();

    scene.set(deadline - TimeDelta::minutes(1));
    let early = scene.world.work(id, AgreementStep::Expire).await;
    assert_eq!(refusal(early), Refusal::TooEarly);
    scene.set(deadline);
    scene.world.work(id, AgreementStep::Expire).await.unwrap();
    assert_eq!(scene.status(id).await, AgreementStatus::Expired);
    assert_eq!(scene.status(held).await, AgreementStatus::SigningReview);
}

#[tokio::test(flavor = "multi_thread")]
async fn freed_before_the_deadline_an_invitation_can_be_answered_again() {
    let scene = Scene::new().await;
    let (world, student) = (&scene.world, &scene.student);
    let id = world.invite(&scene.employer, student).await;
    let other = world.employer().await;
    let held = world.invite(&other, student).await;
    world
        .take(&student.viewer, held, AgreementStep::Accept)
        .await
        .unwrap();
    for step in [AgreementStep::Accept, AgreementStep::Decline(None)] {
        let refused = world.take(&student.viewer, id, step).await;
        assert_eq!(refusal(refused), Refusal::AlreadyEngaged);
    }
    assert!(
        world
            .find(&student.viewer, id)
            .await
            .viewer_actions(&student.viewer, world.now())
            .is_empty()
    );

    let reviewer = world.school_reviewer(&scene.campus).await;
    world
        .take(&reviewer, held, AgreementStep::Reject(reason()))
        .await
        .unwrap();
    world
        .take(&student.viewer, id, AgreementStep::Accept)
        .await
        .unwrap();
    assert_eq!(world.find(&student.viewer, id).await.standing.held_by, Some(id));
}
