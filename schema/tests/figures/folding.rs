//! Folding changes in: each once, whatever breaks off; and the snapshots of days.

use chrono::{NaiveDate, TimeDelta};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use wangqian_schema::{
    model::{
        PageRequest,
        figure::{FOLD_BATCH, FigureScope, fold},
        figure_snapshot::{series, take as snapshot},
    },
    step::DestinationStep,
    workflow::ReviewRoute,
};

use super::{assert_right, counts, of, seeking, submitted, take};
use crate::support::{World, class_year, execute, number};

const CHANGES: &str = "SELECT count(*) FROM figure_deltas";

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_folded_in_once_whatever_breaks_off() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    for _ in 0..3 {
        world.graduate(&campus, 0).await;
    }
    let all = of(&[("", 3)]);
    let conn = &mut *world.conn().await;

    // One that is killed in its middle leaves everything as it was; meanwhile every figure is right, and another one finds nothing.
    let mut killed = AsyncPgConnection::establish(world.url()).await.unwrap();
    execute(&mut killed, "BEGIN").await;
    assert_eq!(fold(&mut killed).await.unwrap(), 3);
    assert_eq!(counts(&world, &campus, None).await, all);
    assert_eq!(fold(conn).await.unwrap(), 0, "they are taken");
    drop(killed);
    crate::support::until(
        conn,
        "SELECT count(*) = 0 FROM pg_locks WHERE relation = 'figure_deltas'::regclass AND mode = 'RowExclusiveLock'",
    )
    .await;
    assert_eq!(number(conn, CHANGES).await, 3);
    assert_eq!(number(conn, "SELECT count(*) FROM figure_counts").await, 0);

    // One that cannot write keeps them.
    execute(
        conn,
        "ALTER TABLE figure_counts ADD CONSTRAINT sabotage CHECK (false) NOT VALID",
    )
    .await;
    fold(conn).await.unwrap_err();
    assert_eq!(number(conn, CHANGES).await, 3);
    execute(conn, "ALTER TABLE figure_counts DROP CONSTRAINT sabotage").await;

    assert_eq!(fold(conn).await.unwrap(), 3);
    assert_eq!(fold(conn).await.unwrap(), 0);
    assert_eq!(number(conn, CHANGES).await, 0);
    assert_eq!(counts(&world, &campus, None).await, all);

    // Many at the same time, with several at a time and while more come.
    execute(
        conn,
        "INSERT INTO figure_deltas (school_id, class_year, department_id, degree_level, major, destination_code, graduates)
         SELECT school_id, class_year, department_id, degree_level, major || n % 7, destination_code, 1
         FROM placements, generate_series(1, 1000) AS n",
    )
    .await;
    let folding = (0..4).map(|_| {
        let pool = world.platform.pool.clone();
        tokio::spawn(async move {
            let mut all = 0;
            loop {
                let folded = fold(&mut pool.get().await.unwrap()).await.unwrap();
                all += folded;
                if folded < FOLD_BATCH {
                    return all;
                }
            }
        })
    });
    let mut folded = 0;
    for one in folding.collect::<Vec<_>>() {
        folded += one.await.unwrap();
    }
    folded += fold(conn).await.unwrap();
    assert_eq!(folded, 3000);
    assert_eq!(counts(&world, &campus, None).await, of(&[("", 3003)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_kept_once_and_stays_as_it_was() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let school = world.school_reviewer(&campus).await;
    let elsewhere = world.school(ReviewRoute::SchoolOnly).await;
    let student = world.graduate(&campus, 0).await;
    world.graduate(&campus, 1).await;
    world.graduate(&elsewhere, 0).await;
    world.graduate_with(&campus, 0, |new| new.class_year = 2020).await;
    let day = |number| NaiveDate::from_ymd_opt(2027, 6, number).unwrap();
    let conn = &mut *world.conn().await;
    let all = async |conn: &mut AsyncPgConnection, of| {
        let mut after = None;
        loop {
            after = snapshot(conn, of, after, world.now()).await.unwrap();
            if after.is_none() {
                return;
            }
        }
    };
    all(conn, day(1)).await;
    let destination = submitted(&world, &student, &seeking()).await.unwrap();
    take(&world, &school, destination, DestinationStep::Approve)
        .await
        .unwrap();
    // Again, as after a crash: the day stays.
    all(conn, day(1)).await;
    fold(conn).await.unwrap();
    all(conn, day(2)).await;
    all(conn, day(4)).await;

    let scope = |department_id| FigureScope {
        school_id: campus.id,
        department_id,
        class_year: Some(class_year()),
    };
    let read = async |scope, request: PageRequest<NaiveDate>| {
        let page = series(&*world.conn().await, &scope, &request).await.unwrap();
        let days = page.items.into_iter().map(|day| (day.day, day.counts));
        (days.collect::<Vec<_>>(), page.has_previous, page.has_next)
    };
    let (before, after) = (of(&[("", 2)]), of(&[("", 1), ("701", 1)]));
    let first = PageRequest::first(2);
    assert_eq!(
        read(scope(None), first).await,
        (
            vec![(day(1), before.clone()), (day(2), after.clone())],
            false,
            true
        )
    );
    let last = PageRequest {
        backward: true,
        ..PageRequest::first(1)
    };
    assert_eq!(
        read(scope(None), last).await,
        (vec![(day(4), after.clone())], true, false)
    );
    let next = PageRequest {
        after: Some(day(1)),
        ..PageRequest::first(5)
    };
    assert_eq!(read(scope(None), next).await.0.len(), 2);
    let of_department = read(scope(Some(campus.departments[1])), first).await.0;
    assert_eq!(of_department[0].1, of(&[("", 1)]));
    // A class that left long ago is not kept again and again.
    let old = "SELECT count(*) FROM figure_snapshots WHERE class_year = 2020";
    assert_eq!(number(conn, old).await, 0);
    world.platform.clock.advance(TimeDelta::days(1));
    assert_right(conn).await;
}
