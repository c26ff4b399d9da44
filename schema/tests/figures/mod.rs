//! The figures: that they follow every step, that no step waits for another one of its school, that a change is folded in once, and what
//! is kept of each day.

mod flags;
mod folding;
mod random;
mod recounting;

use diesel_async::AsyncPgConnection;
use uuid::Uuid;
use wangqian_schema::{
    destination::DestinationDraft,
    model::{
        Viewer,
        case_upload::UploadOwner,
        figure::{self, FigureDimension, FigureQuery, FigureScope},
    },
    recount,
    step::{self, Actor, AgreementStep, CorrectionDraft, DestinationStep, IdempotencyKey, StepError},
    workflow::ReviewRoute,
};

use crate::{
    destinations::{contract, seeking},
    filed::ready,
    support::{Campus, Student, World, class_year, execute, number, until},
};

/// Fails unless the figures of all schools are what the rows say.
pub(crate) async fn assert_right(conn: &mut AsyncPgConnection) {
    for (id, code) in recount::schools(conn).await.unwrap() {
        let found = recount::recount(conn, id).await.unwrap();
        assert!(found.is_right(), "school {code}: {found:#?}");
    }
}

/// The graduates of a class by destination, or of a department of it.
async fn counts(world: &World, campus: &Campus, department: Option<usize>) -> Vec<(String, i64)> {
    let query = FigureQuery {
        scope: FigureScope {
            school_id: campus.id,
            department_id: department.map(|at| campus.departments[at]),
            class_year: Some(class_year()),
        },
        by: None,
    };
    let counts = figure::read(&*world.conn().await, &query).await.unwrap();
    let counts = counts.into_iter();
    counts
        .map(|count| (count.destination_code, count.graduates))
        .collect()
}

fn of(counts: &[(&str, i64)]) -> Vec<(String, i64)> {
    let counts = counts.iter();
    counts
        .map(|(code, graduates)| ((*code).to_owned(), *graduates))
        .collect()
}

/// A destination that waits for review.
pub(crate) async fn submitted(
    world: &World,
    student: &Student,
    draft: &DestinationDraft,
) -> Result<Uuid, StepError> {
    let key = IdempotencyKey {
        key: Uuid::now_v7().to_string(),
        request_hash: [1; 32],
    };
    let viewer = &student.viewer;
    let view = step::create_destination_draft(&world.platform, viewer, draft, &key).await?;
    let files = match draft.destination_type().proof_required() {
        true => vec![ready(world, &UploadOwner::Account(viewer.account_id())).await],
        false => Vec::new(),
    };
    let id = view.destination.id;
    take(world, viewer, id, DestinationStep::Submit(files)).await?;
    Ok(id)
}

async fn take(world: &World, by: &Viewer, id: Uuid, step: DestinationStep) -> Result<(), StepError> {
    let taken = step::take_destination(&world.platform, Actor::Viewer(*by), id, step, None).await;
    taken.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_follow_each_step_at_once() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let school = world.school_reviewer(&campus).await;
    let company = world.employer().await;
    let (one, other) = (world.graduate(&campus, 0).await, world.graduate(&campus, 1).await);
    let says = async |expected: &[(&str, i64)]| {
        assert_eq!(counts(&world, &campus, None).await, of(expected));
        assert_right(&mut *world.conn().await).await;
    };
    says(&[("", 2)]).await;

    let agreement = world.invite(&company, &one).await;
    world
        .take(&one.viewer, agreement, AgreementStep::Accept)
        .await
        .unwrap();
    says(&[("", 2)]).await;
    world
        .take(&school, agreement, AgreementStep::Approve)
        .await
        .unwrap();
    says(&[("", 1), ("10", 1)]).await;
    world
        .terminate(&[company.viewer, one.viewer, school], agreement)
        .await;
    says(&[("", 2)]).await;

    let destination = submitted(&world, &one, &seeking()).await.unwrap();
    let mut form = seeking();
    form.national_code = Some("702".to_owned());
    let change = DestinationStep::Change(Box::new(form), None);
    take(&world, &school, destination, change).await.unwrap();
    says(&[("", 2)]).await;
    take(&world, &school, destination, DestinationStep::Approve)
        .await
        .unwrap();
    says(&[("", 1), ("702", 1)]).await;
    // One that is to be made void stands until the school has agreed.
    step::set_voiding_review(&world.platform, &school, true, None)
        .await
        .unwrap();
    take(&world, &one.viewer, destination, DestinationStep::Void(None))
        .await
        .unwrap();
    says(&[("", 1), ("702", 1)]).await;
    take(&world, &school, destination, DestinationStep::Approve)
        .await
        .unwrap();
    says(&[("", 2)]).await;

    let contracted = submitted(&world, &other, &contract(9000)).await.unwrap();
    take(&world, &school, contracted, DestinationStep::Approve)
        .await
        .unwrap();
    says(&[("", 1), ("11", 1)]).await;
    assert_eq!(counts(&world, &campus, Some(1)).await, of(&[("11", 1)]));
    // He is moved with what he has, to another department and then out of the class.
    let correct = async |draft: CorrectionDraft| {
        let corrected = step::correct_graduate(&world.platform, &school, other.id, &draft, None, None).await;
        corrected.unwrap();
    };
    correct(CorrectionDraft {
        department_id: Some(campus.departments[0]),
        major: Some("另一专业".to_owned()),
        ..CorrectionDraft::default()
    })
    .await;
    says(&[("", 1), ("11", 1)]).await;
    assert_eq!(counts(&world, &campus, Some(1)).await, []);
    correct(CorrectionDraft {
        class_year: Some(i32::from(class_year()) - 1),
        ..CorrectionDraft::default()
    })
    .await;
    says(&[("", 1)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_told_apart_in_each_way() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let (year, before) = (class_year(), class_year() - 1);
    for (department, major, level, year) in [
        (0, "甲", "31", year),
        (0, "乙", "31", year),
        (1, "甲", "11", before),
    ] {
        world
            .graduate_with(&campus, department, |new| {
                new.major = major.to_owned();
                new.degree_level = level.to_owned();
                new.class_year = year;
            })
            .await;
    }
    let read = async |by, class_year| {
        let query = FigureQuery {
            scope: FigureScope {
                school_id: campus.id,
                department_id: None,
                class_year,
            },
            by: Some(by),
        };
        let counts = figure::read(&*world.conn().await, &query).await.unwrap();
        let mut counts: Vec<_> = counts
            .into_iter()
            .map(|count| (count.key, count.graduates, count.department_id))
            .collect();
        counts.sort();
        counts
    };
    let plain = |expected: &[(&str, i64)]| -> Vec<(String, i64, Option<Uuid>)> {
        let expected = expected.iter();
        expected
            .map(|(key, count)| ((*key).to_owned(), *count, None))
            .collect()
    };
    for folded in [false, true] {
        if folded {
            figure::fold(&mut *world.conn().await).await.unwrap();
        }
        let (first, second) = (Some(campus.departments[0]), Some(campus.departments[1]));
        assert_eq!(
            read(FigureDimension::Department, None).await,
            [("01".to_owned(), 2, first), ("02".to_owned(), 1, second)]
        );
        assert_eq!(
            read(FigureDimension::Major, None).await,
            plain(&[("乙", 1), ("甲", 2)])
        );
        assert_eq!(
            read(FigureDimension::Major, Some(before)).await,
            plain(&[("甲", 1)])
        );
        assert_eq!(
            read(FigureDimension::DegreeLevel, None).await,
            plain(&[("11", 1), ("31", 2)])
        );
        assert_eq!(
            read(FigureDimension::ClassYear, None).await,
            plain(&[(&before.to_string(), 1), (&year.to_string(), 2)])
        );
    }
}

/// A step that is held up in the middle of its transaction, after it has counted, keeps no other one of the school from being taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn steps_of_one_school_do_not_queue() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let school = world.school_reviewer(&campus).await;
    let (held, free) = (world.graduate(&campus, 0).await, world.graduate(&campus, 0).await);
    let mut cases = Vec::new();
    for student in [&held, &free] {
        cases.push(submitted(&world, student, &seeking()).await.unwrap());
    }
    let conn = &mut *world.conn().await;
    // His messages cannot be written: they refer to his account.
    let account = held.viewer.account_id();
    execute(
        conn,
        &format!("BEGIN; SELECT FROM accounts WHERE id = '{account}' FOR UPDATE"),
    )
    .await;
    let platform = world.platform.clone();
    let first = cases[0];
    let waiting = tokio::spawn(async move {
        step::take_destination(
            &platform,
            Actor::Viewer(school),
            first,
            DestinationStep::Approve,
            None,
        )
        .await
    });
    let other = &mut *world.conn().await;
    until(
        other,
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    )
    .await;
    let counted = "SELECT count(*) FROM pg_locks JOIN pg_class ON pg_class.oid = relation
        WHERE relname = 'figure_deltas' AND mode = 'RowExclusiveLock'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert_eq!(
        number(other, counted).await,
        1,
        "it has counted, and not committed"
    );

    take(&world, &school, cases[1], DestinationStep::Approve)
        .await
        .unwrap();
    assert!(!waiting.is_finished());
    assert_eq!(counts(&world, &campus, None).await, of(&[("", 1), ("701", 1)]));
    assert_eq!(
        figure::fold(other).await.unwrap(),
        4,
        "two graduates, and one moved"
    );
    execute(conn, "COMMIT").await;
    waiting.await.unwrap().unwrap();
    assert_eq!(counts(&world, &campus, None).await, of(&[("701", 2)]));
    assert_right(conn).await;
}
