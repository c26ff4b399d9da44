//! One graduate at two things at the same moment, and two reviewers at one destination.

use wangqian_schema::{
    step::{self, Actor, AgreementStep, DestinationStep},
    workflow::ReviewRoute,
};

use super::{Scene, seeking};
use crate::{
    races::{assert_trail_holds, at_once, tallied, tally},
    support::number,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_destination_and_an_invitation_one_holds_the_graduate() {
    let mut scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let employer = scene.world.employer().await;
    let (mut wins, mut handicap) = ([0, 0], 0_i32);
    while wins[0] + wins[1] < 20 || wins.contains(&0) {
        assert!(wins[0] + wins[1] < 100, "one always comes first: {wins:?}");
        scene.student = scene.world.graduate(&scene.campus, 0).await;
        let destination = scene.draft(&seeking()).await;
        let invitation = scene.world.invite(&employer, &scene.student).await;
        let actor = Actor::Viewer(scene.student.viewer);
        let tries = [(true, handicap), (false, -handicap)];
        let results = at_once(tries.map(|(first, handicap)| {
            let platform = scene.world.platform.clone();
            async move {
                for _ in 0..handicap {
                    number(&mut platform.pool.get().await.unwrap(), "SELECT 1").await;
                }
                match first {
                    true => {
                        let step = DestinationStep::Submit(Vec::new());
                        step::take_destination(&platform, actor, destination, step, None)
                            .await
                            .map(|_| ())
                    }
                    false => step::take(&platform, actor, invitation, AgreementStep::Accept, None)
                        .await
                        .map(|_| ()),
                }
            }
        }))
        .await;
        assert_eq!(tally(&results), tallied([("ok", 1), ("AlreadyEngaged", 1)]));
        let winner = results.iter().position(Result::is_ok).unwrap();
        wins[winner] += 1;
        handicap += if winner == 0 { 1 } else { -1 };
        let holds = [
            format!("DESTINATION {destination}"),
            format!("AGREEMENT {invitation}"),
        ];
        assert_eq!(scene.holder().await, [holds[winner].clone()]);
    }
    assert_trail_holds(&scene.world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_destinations_one_is_handed_in_and_reviewed_once() {
    let scene = Scene::new(ReviewRoute::SchoolOnly).await;
    let mut drafts = Vec::new();
    for _ in 0..20 {
        drafts.push(scene.draft(&seeking()).await);
    }
    let platform = &scene.world.platform;
    let submitted = at_once(drafts.iter().map(|id| {
        let (platform, actor, id) = (platform.clone(), Actor::Viewer(scene.student.viewer), *id);
        async move {
            step::take_destination(&platform, actor, id, DestinationStep::Submit(Vec::new()), None).await
        }
    }))
    .await;
    assert_eq!(tally(&submitted), tallied([("ok", 1), ("AlreadyEngaged", 19)]));
    let winner = submitted.into_iter().find_map(Result::ok).unwrap().destination.id;
    assert_eq!(scene.holder().await, [format!("DESTINATION {winner}")]);

    let mut reviewers = Vec::new();
    for _ in 0..10 {
        reviewers.push(scene.world.school_reviewer(&scene.campus).await);
    }
    let approved =
        at_once(
            reviewers.iter().map(|viewer| {
                let (platform, actor) = (platform.clone(), Actor::Viewer(*viewer));
                async move {
                    step::take_destination(&platform, actor, winner, DestinationStep::Approve, None).await
                }
            }),
        )
        .await;
    assert_eq!(tally(&approved), tallied([("ok", 1), ("NotInThisStatus", 9)]));
    assert_trail_holds(&scene.world).await;
}
