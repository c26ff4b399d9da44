//! Whoever is no party to a destination is told that there is none, whatever its status and whatever he tries.

use wangqian_schema::{
    step::{self, DestinationStep, StepError},
    workflow::ReviewRoute,
};

use super::{Scene, contract, seeking};
use crate::support::reason;

#[tokio::test]
async fn nobody_else_comes_to_anything() {
    let scene = Scene::new(ReviewRoute::DepartmentThenSchool).await;
    let world = &scene.world;
    let elsewhere = world.school(ReviewRoute::SchoolOnly).await;
    let nobodies = [
        world.graduate(&scene.campus, 0).await.viewer,
        world.graduate(&elsewhere, 0).await.viewer,
        world.department_reviewer(&scene.campus, 1).await,
        world.department_reviewer(&elsewhere, 0).await,
        world.school_reviewer(&elsewhere).await,
        world.employer().await.viewer,
        world.operator().await,
    ];
    let id = scene.draft(&seeking()).await;
    let reviewers = [scene.department, scene.school];
    let story: [(bool, Option<(usize, DestinationStep)>); 5] = [
        // A draft is a secret of the graduate's, also before his reviewers.
        (true, None),
        (false, Some((0, DestinationStep::Submit(Vec::new())))),
        (false, Some((1, DestinationStep::Approve))),
        (false, Some((2, DestinationStep::Approve))),
        (false, Some((0, DestinationStep::Void(None)))),
    ];
    for (private, step) in story {
        if let Some((who, step)) = step {
            let viewer = [scene.student.viewer, scene.department, scene.school][who];
            scene.take(&viewer, id, step).await.unwrap();
        }
        let hidden = nobodies.iter().chain(reviewers.iter().filter(|_| private));
        for viewer in hidden {
            assert!(scene.find(viewer, id).await.is_none(), "{viewer:?}");
            let tries = [
                DestinationStep::Submit(Vec::new()),
                DestinationStep::Withdraw,
                DestinationStep::Discard,
                DestinationStep::Approve,
                DestinationStep::Return(reason()),
                DestinationStep::Reject(reason()),
                DestinationStep::Change(Box::new(contract(9000)), None),
                DestinationStep::Void(None),
            ];
            for step in tries {
                let tried = scene.take(viewer, id, step.clone()).await;
                assert!(
                    matches!(tried, Err(StepError::NotFound)),
                    "{viewer:?} {step:?}: {tried:?}"
                );
            }
            let saved = step::save_destination_draft(&world.platform, viewer, id, &seeking(), None).await;
            assert!(matches!(saved, Err(StepError::NotFound)), "{viewer:?}: {saved:?}");
            let discarded = step::discard_destination(&world.platform, viewer, id, None).await;
            assert!(
                matches!(discarded, Err(StepError::NotFound)),
                "{viewer:?}: {discarded:?}"
            );
        }
    }
}
