//! Graduate, employer and worker at one invitation, or at many of one graduate.

use chrono::TimeDelta;
use wangqian_schema::{
    step::{self, Actor, AgreementStep},
    workflow::{Refusal, ReviewRoute, agreement::AgreementStatus},
};

use super::{assert_trail_holds, at_once, tallied, tally};
use crate::support::{World, count, distinct, invitation, number, refusal, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_invitations_of_one_graduate_one_is_accepted() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let student = world.graduate(&campus, 0).await;
    let mut members = Vec::new();
    for _ in 0..50 {
        members.push(world.employer().await.viewer);
    }

    let deadline = world.now() + TimeDelta::days(7);
    let invited = at_once(members.iter().map(|member| {
        let (platform, member) = (world.platform.clone(), *member);
        let invitation = invitation(student.id, deadline);
        async move { step::invite(&platform, &member, &invitation, None).await }
    }))
    .await;
    assert_eq!(tally(&invited), tallied([("ok", 50)]));
    let ids = distinct(invited.into_iter().map(|view| view.unwrap().agreement.id));

    let accepted = at_once(ids.iter().map(|id| {
        let (platform, actor, id) = (world.platform.clone(), Actor::Viewer(student.viewer), *id);
        async move { step::take(&platform, actor, id, AgreementStep::Accept, None).await }
    }))
    .await;
    assert_eq!(tally(&accepted), tallied([("ok", 1), ("AlreadyEngaged", 49)]));
    let winner = accepted.into_iter().find_map(Result::ok).unwrap().agreement.id;

    let conn = &mut *world.conn().await;
    assert_eq!(
        text(conn, "SELECT case_id FROM engagements").await,
        [winner.to_string()]
    );
    assert_eq!(
        text(conn, "SELECT id FROM agreements WHERE status = 'SIGNING_REVIEW'").await,
        [winner.to_string()]
    );
    assert_eq!(count(conn, "agreements", "status = 'INVITED'").await, 49);
    assert_eq!(count(conn, "case_events", "action = 'ACCEPT'").await, 1);
    assert_trail_holds(&world).await;
}

/// Sets two steps on one invitation against each other, twenty times and until each has come first: one of them is taken.
/// Whoever won has more to do before his step in the next round, the more the oftener he has won in a row, so that it stays open who wins.
async fn duel(first: fn(&Duel) -> Step, second: fn(&Duel) -> Step) {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let employer = world.employer().await;
    let mut wins = [0, 0];
    let (mut handicap, mut streak) = (0_i32, 0_i32);
    while wins[0] + wins[1] < 20 || wins.contains(&0) {
        assert!(wins[0] + wins[1] < 100, "one always comes first: {wins:?}");
        let student = world.graduate(&campus, 0).await;
        let duel = Duel {
            graduate: Actor::Viewer(student.viewer),
            employer: Actor::Viewer(employer.viewer),
        };
        let id = world.invite(&employer, &student).await;
        let steps = [(first(&duel), handicap), (second(&duel), -handicap)];
        let results = at_once(steps.map(|((actor, step), handicap)| {
            let platform = world.platform.clone();
            async move {
                for _ in 0..handicap {
                    number(&mut platform.pool.get().await.unwrap(), "SELECT 1").await;
                }
                step::take(&platform, actor, id, step, None).await
            }
        }))
        .await;
        assert_eq!(
            tally(&results),
            tallied([("ok", 1), ("NotInThisStatus", 1)]),
            "one of both"
        );
        let winner = results.iter().position(Result::is_ok).unwrap();
        wins[winner] += 1;
        let side = if winner == 0 { 1 } else { -1 };
        streak = if streak.signum() == side {
            streak + side
        } else {
            side
        };
        handicap += streak;
        let won = results[winner].as_ref().unwrap();
        let now = world.find(&student.viewer, id).await;
        assert_eq!(now.agreement.status, won.agreement.status);
        assert_eq!(
            now.standing.held_by,
            (now.agreement.status == AgreementStatus::SigningReview).then_some(id)
        );
        assert_eq!(now.agreement.event_count, 2);
    }
    assert_trail_holds(&world).await;
}

type Step = (Actor, AgreementStep);

/// The two parties of an invitation.
struct Duel {
    graduate: Actor,
    employer: Actor,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn accept_against_cancel() {
    duel(
        |duel| (duel.graduate, AgreementStep::Accept),
        |duel| (duel.employer, AgreementStep::Cancel),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn accept_against_decline() {
    duel(
        |duel| (duel.graduate, AgreementStep::Accept),
        |duel| (duel.graduate, AgreementStep::Decline(None)),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn accept_against_accept() {
    duel(
        |duel| (duel.graduate, AgreementStep::Accept),
        |duel| (duel.graduate, AgreementStep::Accept),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn around_the_deadline_an_invitation_is_answered_or_expires_but_never_both() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let employer = world.employer().await;
    // So near that it passes while the steps run: nearer when somebody was in time, farther when nobody was.
    let (mut lead, mut in_time, mut late) = (4_000, 0, 0);
    for _ in 0..40 {
        let student = world.graduate(&campus, 0).await;
        let deadline = world.now() + TimeDelta::days(1);
        let id = world
            .try_invite(&employer.viewer, student.id, deadline)
            .await
            .unwrap()
            .agreement
            .id;
        world
            .platform
            .clock
            .advance(deadline - world.now() - TimeDelta::microseconds(lead));
        let steps = [
            (Actor::Viewer(student.viewer), AgreementStep::Accept),
            (Actor::Worker, AgreementStep::Expire),
            (Actor::Viewer(employer.viewer), AgreementStep::Cancel),
            (Actor::Viewer(student.viewer), AgreementStep::Decline(None)),
        ];
        let results = at_once(steps.map(|(actor, step)| {
            let platform = world.platform.clone();
            async move { step::take(&platform, actor, id, step, None).await }
        }))
        .await;
        let expected = [
            AgreementStatus::SigningReview,
            AgreementStatus::Expired,
            AgreementStatus::Cancelled,
            AgreementStatus::Declined,
        ];
        let winners: Vec<usize> = (0..4).filter(|index| results[*index].is_ok()).collect();
        let after = world.find(&student.viewer, id).await.agreement;
        match winners[..] {
            // The expiry came a moment too early, everything else a moment too late.
            [] => {
                assert_eq!(after.status, AgreementStatus::Invited);
                assert_eq!(after.event_count, 1);
                let later = world.work(id, AgreementStep::Expire).await.unwrap();
                assert_eq!(later.agreement.status, AgreementStatus::Expired);
            }
            [winner] => {
                assert_eq!(after.status, expected[winner], "{:?}", tally(&results));
                assert_eq!(after.event_count, 2);
                let answered = after.status != AgreementStatus::Expired;
                assert_eq!(after.updated_at < deadline, answered, "{after:?}");
            }
            _ => panic!("more than one outcome: {:?}", tally(&results)),
        }
        if matches!(winners[..], [0 | 2 | 3]) {
            in_time += 1;
            lead -= lead / 4;
        } else {
            late += 1;
            lead += lead / 4 + 100;
        }
        for result in results.into_iter().filter(Result::is_err) {
            let refusal = refusal(result);
            assert!(
                matches!(
                    refusal,
                    Refusal::DeadlinePassed | Refusal::NotInThisStatus | Refusal::TooEarly
                ),
                "{refusal:?}"
            );
        }
    }
    assert!(in_time > 0 && late > 0, "{in_time} in time, {late} late");
    assert_trail_holds(&world).await;
}
