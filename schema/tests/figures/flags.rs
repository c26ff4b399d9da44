//! Flags for reviewers: files that several people handed in, and employers at which many are placed.

use wangqian_schema::{
    model::review_flag::{crowded_employers, shared_proofs},
    step::DestinationStep,
    workflow::ReviewRoute,
};

use super::{contract, submitted, take};
use crate::support::World;

/// The employer of [`contract`].
const EMPLOYER: &str = "12000000MA0000005B";

#[tokio::test(flavor = "multi_thread")]
async fn flags_count_people_of_the_school_and_class() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let school = world.school_reviewer(&campus).await;
    let elsewhere = world.school(ReviewRoute::SchoolOnly).await;
    let mut cases = Vec::new();
    let mut students = Vec::new();
    for at in 0..3 {
        let student = world.graduate(&campus, at % 2).await;
        // Each file that a test hands in has the same bytes.
        cases.push(submitted(&world, &student, &contract(9000)).await.unwrap());
        students.push(student);
    }
    let stranger = world.graduate(&elsewhere, 0).await;
    let alone = submitted(&world, &stranger, &contract(9000)).await.unwrap();
    // His own second case is no other person.
    take(
        &world,
        &school,
        cases[0],
        DestinationStep::Reject(Some("示例".to_owned())),
    )
    .await
    .unwrap();
    let again = submitted(&world, &students[0], &contract(9000)).await.unwrap();

    let conn = &*world.conn().await;
    let mut asked = cases.clone();
    asked.extend([alone, again]);
    let mut shared = shared_proofs(conn, &asked).await.unwrap();
    shared.sort_by_key(|shared| shared.case_id);
    assert_eq!(shared.len(), 4, "the only one of his school has none: {shared:?}");
    assert!(shared.iter().all(|shared| shared.others == 2), "{shared:?}");

    let crowd = async |more_than| {
        let asked = [
            (students[0].id, EMPLOYER),
            (students[0].id, EMPLOYER),
            (students[1].id, "91000000MA0000001X"),
            (stranger.id, EMPLOYER),
        ];
        let conn = &*world.conn().await;
        let mut crowded = crowded_employers(conn, &asked, more_than).await.unwrap();
        crowded.sort_by_key(|crowded| crowded.graduates);
        let crowded = crowded.into_iter();
        crowded
            .map(|crowded| (crowded.graduate_id, crowded.graduates))
            .collect::<Vec<_>>()
    };
    assert_eq!(crowd(0).await, [], "none is placed yet");
    for case in &cases[1..] {
        take(&world, &school, *case, DestinationStep::Approve)
            .await
            .unwrap();
    }
    assert_eq!(crowd(1).await, [(students[0].id, 2)]);
    assert_eq!(crowd(2).await, []);
    take(&world, &students[1].viewer, cases[1], DestinationStep::Void(None))
        .await
        .unwrap();
    assert_eq!(crowd(0).await, [(students[0].id, 1)]);
}
