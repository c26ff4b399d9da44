//! Random steps of random people at the same time, on the same graduates: afterwards the figures are what a recount of the rows says.

use diesel_async::AsyncPgConnection;
use uuid::Uuid;
use wangqian_schema::{
    model::{Viewer, figure::fold},
    step::{self, AgreementStep, CorrectionDraft, DestinationStep, StepError, TerminationStep},
    workflow::ReviewRoute,
};

use super::{assert_right, seeking, submitted, take};
use crate::support::{Campus, Company, Student, World, class_year, number, reason, text};

/// How many people act at the same time, and how often each.
const ACTORS: u64 = 4;
const TRIES: u32 = 150;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

struct Scene {
    world: World,
    campus: Campus,
    school: Viewer,
    company: Company,
    students: Vec<Student>,
}

/// The case of a graduate in a table that something can be done with, else his newest one, if there is one.
async fn newest(conn: &mut AsyncPgConnection, table: &str, graduate: Uuid) -> Option<Uuid> {
    let query = format!(
        "SELECT id FROM {table} WHERE graduate_id = '{graduate}' ORDER BY status IN ('SIGNING_REVIEW', 'SIGNED', 'REQUESTED',
            'TERMINATION_REVIEW', 'REGISTRATION_REVIEW', 'REGISTERED') DESC, id DESC LIMIT 1"
    );
    let found = text(conn, &query).await;
    found.first().map(|id| id.parse().unwrap())
}

impl Scene {
    /// Tries one thing. What the rules refuse is no matter; what the database refuses is.
    async fn attempt(&self, dice: &mut Dice) -> Result<(), StepError> {
        let world = &self.world;
        let student = &self.students[dice.roll(self.students.len())];
        let conn = &mut *world.conn().await;
        let agreement = newest(conn, "agreements", student.id).await;
        let termination = newest(conn, "terminations", student.id).await;
        let destination = newest(conn, "destinations", student.id).await;
        let (company, viewer) = (&self.company.viewer, &student.viewer);
        match (dice.roll(13), agreement, termination, destination) {
            (0, ..) => {
                let deadline = world.now() + chrono::TimeDelta::days(7);
                world.try_invite(company, student.id, deadline).await.map(drop)
            }
            (1, Some(id), ..) => world.take(viewer, id, AgreementStep::Accept).await.map(drop),
            (2 | 3, Some(id), ..) => world
                .take(&self.school, id, AgreementStep::Approve)
                .await
                .map(drop),
            (4, Some(id), ..) => {
                let reject = AgreementStep::Reject(reason());
                world.take(&self.school, id, reject).await.map(drop)
            }
            (5, Some(id), ..) => world.request_termination(company, id).await.map(drop),
            (6, _, Some(id), _) => {
                let accept = TerminationStep::Accept;
                world.take_termination(viewer, id, accept).await.map(drop)
            }
            (7, _, Some(id), _) => {
                let approve = TerminationStep::Approve;
                world.take_termination(&self.school, id, approve).await.map(drop)
            }
            (8, ..) => {
                // One that could not be handed in before is handed in now, so that drafts do not become too many.
                let query = format!(
                    "SELECT id FROM destinations WHERE graduate_id = '{}' AND status = 'DRAFT'",
                    student.id
                );
                match text(conn, &query).await.first() {
                    Some(id) => {
                        let id = id.parse().unwrap();
                        take(world, viewer, id, DestinationStep::Submit(Vec::new())).await
                    }
                    None => submitted(world, student, &seeking()).await.map(drop),
                }
            }
            (9, _, _, Some(id)) => take(world, &self.school, id, DestinationStep::Approve).await,
            (10, _, _, Some(id)) => take(world, viewer, id, DestinationStep::Void(None)).await,
            (11, ..) => {
                fold(conn).await?;
                Ok(())
            }
            (12, ..) => {
                let level = ["31", "11"][dice.roll(2)];
                let draft = CorrectionDraft {
                    department_id: Some(self.campus.departments[dice.roll(2)]),
                    major: Some(["甲", "乙"][dice.roll(2)].to_owned()),
                    degree_level: Some(level.to_owned()),
                    class_year: Some(i32::from(class_year()) + i32::from(dice.roll(4) == 0)),
                    ..CorrectionDraft::default()
                };
                let platform = &world.platform;
                step::correct_graduate(platform, &self.school, student.id, &draft, None, None).await?;
                // He confirms at once, that he may go on.
                let version = number(
                    conn,
                    &format!("SELECT version FROM graduates WHERE id = '{}'", student.id),
                )
                .await;
                let version = i32::try_from(version).unwrap();
                step::confirm_data(platform, viewer, version).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    async fn act(&self, seed: u64) -> u32 {
        let mut dice = Dice(seed);
        let mut done = 0;
        for _ in 0..TRIES {
            match self.attempt(&mut dice).await {
                Ok(()) => done += 1,
                Err(error @ (StepError::Database(_) | StepError::Unreachable(_))) => panic!("{error:?}"),
                Err(_) => {}
            }
        }
        done
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_people_do_at_the_same_time_the_figures_are_what_the_rows_say() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let mut students = Vec::new();
    for at in 0..5 {
        students.push(world.graduate(&campus, at % 2).await);
    }
    let scene = Scene {
        school: world.school_reviewer(&campus).await,
        company: world.employer().await,
        students,
        campus,
        world,
    };
    let acting = (0..ACTORS).map(|seed| scene.act(20_271_128 + seed));
    let done: u32 = futures_util::future::join_all(acting).await.into_iter().sum();
    assert!(done > 100, "only {done} things were done");
    let conn = &mut *scene.world.conn().await;
    let placed =
        "SELECT count(*) FROM case_events WHERE to_status IN ('SIGNED', 'TERMINATED', 'REGISTERED', 'VOIDED')
        AND case_kind <> 'TERMINATION' AND from_status <> to_status";
    assert!(number(conn, placed).await > 10, "something has moved");
    assert_right(conn).await;
    while fold(conn).await.unwrap() > 0 {}
    assert_right(conn).await;
}
