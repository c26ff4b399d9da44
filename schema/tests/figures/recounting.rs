//! The recount: what it finds and mends, and that the migration counts those who are there.

use wangqian_schema::{
    model::figure::fold,
    recount::{recount, repair},
    step::{AgreementStep, DestinationStep},
    workflow::ReviewRoute,
};

use super::{assert_right, contract, counts, of, seeking, submitted, take};
use crate::support::{Campus, Student, World, class_year, execute};

/// Three graduates: one has signed, one has registered and asked to make that void, one has neither.
async fn scene() -> (World, Campus, Vec<Student>) {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let school = world.school_reviewer(&campus).await;
    let company = world.employer().await;
    let mut students = Vec::new();
    for _ in 0..4 {
        students.push(world.graduate(&campus, 0).await);
    }
    let agreement = world.invite(&company, &students[0]).await;
    for (viewer, step) in [
        (&students[0].viewer, AgreementStep::Accept),
        (&school, AgreementStep::Approve),
    ] {
        world.take(viewer, agreement, step).await.unwrap();
    }
    let destination = submitted(&world, &students[1], &contract(9000)).await.unwrap();
    take(&world, &school, destination, DestinationStep::Approve)
        .await
        .unwrap();
    wangqian_schema::step::set_voiding_review(&world.platform, &school, true, None)
        .await
        .unwrap();
    take(
        &world,
        &students[1].viewer,
        destination,
        DestinationStep::Void(None),
    )
    .await
    .unwrap();
    submitted(&world, &students[2], &seeking()).await.unwrap();
    (world, campus, students)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recount_finds_what_was_changed_past_the_program_and_mends_it() {
    let (world, campus, students) = scene().await;
    let right = of(&[("", 2), ("10", 1), ("11", 1)]);
    let conn = &mut *world.conn().await;
    assert_right(conn).await;
    assert_eq!(counts(&world, &campus, None).await, right);
    let found = recount(conn, campus.id).await.unwrap();
    assert_eq!((found.graduates, found.is_right()), (4, true));
    let signed = students[0].id;
    let tampers = [
        // Counts alone.
        "DELETE FROM figure_deltas WHERE destination_code = '10'".to_owned(),
        "UPDATE figure_counts SET graduates = graduates + 5 WHERE destination_code = ''".to_owned(),
        "DELETE FROM figure_counts".to_owned(),
        // How somebody stands, with his count and without.
        format!("UPDATE placements SET destination_code = '76' WHERE graduate_id = '{signed}'"),
        format!(
            "ALTER TABLE placements DISABLE TRIGGER placements_changed;
             UPDATE placements SET destination_code = '', credit_code = NULL WHERE graduate_id = '{signed}';
             ALTER TABLE placements ENABLE TRIGGER placements_changed"
        ),
        format!("DELETE FROM placements WHERE graduate_id = '{signed}'"),
        // What stands in the rows.
        "ALTER TABLE graduates DISABLE TRIGGER graduates_moved; UPDATE graduates SET major = '别的专业';
         ALTER TABLE graduates ENABLE TRIGGER graduates_moved"
            .to_owned(),
        "DELETE FROM engagements".to_owned(),
    ];
    for (at, tamper) in tampers.iter().enumerate() {
        if at == 1 {
            assert!(fold(conn).await.unwrap() > 0);
        }
        execute(conn, tamper).await;
        let found = recount(conn, campus.id).await.unwrap();
        assert!(!found.is_right(), "{tamper}");
        // Another one that has found the same mends nothing twice.
        let other = &mut *world.conn().await;
        let both = (
            repair(conn, campus.id, &found).await,
            repair(other, campus.id, &found).await,
        );
        assert!(both.0.is_ok() && both.1.is_ok(), "{tamper}: {both:?}");
        assert_right(conn).await;
    }
    assert_eq!(counts(&world, &campus, None).await, of(&[("", 4)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_difference_says_what_it_is_about() {
    let (world, campus, _) = scene().await;
    let conn = &mut *world.conn().await;
    execute(conn, "DELETE FROM figure_deltas WHERE destination_code = '10'").await;
    let found = recount(conn, campus.id).await.unwrap();
    assert!(found.misplaced.is_empty(), "{found:?}");
    let [difference] = found.differences.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(
        (
            difference.class_year,
            difference.department.as_str(),
            difference.degree_level.as_str(),
            difference.major.as_str(),
            difference.destination_code.as_str(),
        ),
        (class_year(), "01", "31", "示例专业", "10")
    );
    assert_eq!((difference.counted, difference.recounted), (0, 1));
}

/// As on a database that had graduates before there were figures.
#[tokio::test(flavor = "multi_thread")]
async fn the_migration_counts_those_who_are_there() {
    let (world, campus, _) = scene().await;
    let conn = &mut *world.conn().await;
    for migration in [
        include_str!("../../../migrations/2026-11-28-000801_graduates_counted/down.sql"),
        include_str!("../../../migrations/2026-11-28-000800_figures/down.sql"),
        include_str!("../../../migrations/2026-11-28-000800_figures/up.sql"),
        include_str!("../../../migrations/2026-11-28-000801_graduates_counted/up.sql"),
    ] {
        execute(conn, &format!("BEGIN; {migration}; COMMIT")).await;
    }
    assert_right(conn).await;
    let fresh = &mut *world.conn().await;
    assert_right(fresh).await;
    assert_eq!(
        counts(&world, &campus, None).await,
        of(&[("", 2), ("10", 1), ("11", 1)])
    );
}
