//! A step is taken as a whole or not at all: whichever of its writes fails, nothing of it remains.

use diesel_async::AsyncPgConnection;
use wangqian_schema::{
    audit,
    step::{self, Actor, AgreementStep, IdempotencyKey, StepError},
    workflow::ReviewRoute,
};

use crate::support::{Company, Student, World, execute, invitation, reason, text};
use chrono::TimeDelta;
use wangqian_schema::model::Viewer;

/// All tables that a step may write.
const WRITTEN: [&str; 8] = [
    "agreements",
    "agreement_serials",
    "case_events",
    "documents",
    "engagements",
    "idempotency_keys",
    "jobs",
    "messages",
];

/// Everything in the tables that a step may write, as text.
async fn everything(conn: &mut AsyncPgConnection) -> Vec<String> {
    let mut rows = Vec::new();
    for table in WRITTEN {
        let query = format!("SELECT concat('{table} ', to_jsonb({table})) FROM {table} ORDER BY 1");
        rows.extend(text(conn, &query).await);
    }
    rows
}

/// Makes every write of this kind to a table fail. `deferred`: only when the transaction commits.
async fn sabotage(conn: &mut AsyncPgConnection, table: &str, write: &str, deferred: bool) {
    let kind = if deferred {
        "CREATE CONSTRAINT TRIGGER sabotage AFTER"
    } else {
        "CREATE TRIGGER sabotage AFTER"
    };
    let when = if deferred {
        "DEFERRABLE INITIALLY DEFERRED"
    } else {
        ""
    };
    execute(
        conn,
        &format!(
            "CREATE OR REPLACE FUNCTION sabotage() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'sabotaged'; END $$;
             {kind} {write} ON {table} {when} FOR EACH ROW EXECUTE FUNCTION sabotage()"
        ),
    )
    .await;
}

async fn repair(conn: &mut AsyncPgConnection, table: &str) {
    execute(conn, &format!("DROP TRIGGER sabotage ON {table}")).await;
}

/// A step with the writes that it does.
struct Attempt {
    what: &'static str,
    writes: &'static [(&'static str, &'static str)],
    step: Option<(Viewer, AgreementStep)>,
}

struct Scene {
    world: World,
    employer: Company,
    student: Student,
}

impl Scene {
    async fn run(&self, attempt: &Attempt, case: Option<uuid::Uuid>) -> Result<uuid::Uuid, StepError> {
        match &attempt.step {
            Some((viewer, step)) => {
                let actor = Actor::Viewer(*viewer);
                step::take(&self.world.platform, actor, case.unwrap(), step.clone(), None).await
            }
            None => {
                let key = IdempotencyKey {
                    key: "the same request".to_owned(),
                    request_hash: [1; 32],
                };
                let deadline = self.world.now() + TimeDelta::days(7);
                let invitation = invitation(self.student.id, deadline);
                step::invite(
                    &self.world.platform,
                    &self.employer.viewer,
                    &invitation,
                    Some(&key),
                )
                .await
            }
        }
        .map(|view| view.agreement.id)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_anywhere_leaves_nothing() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::DepartmentThenSchool).await;
    let (department, school) = (
        world.department_reviewer(&campus, 0).await,
        world.school_reviewer(&campus).await,
    );
    let scene = Scene {
        employer: world.employer().await,
        student: world.graduate(&campus, 0).await,
        world,
    };
    let graduate = scene.student.viewer;
    // Two rounds over one case each: the first ends rejected, the second signed.
    let attempts = [
        Attempt {
            what: "invite",
            writes: &[
                ("idempotency_keys", "INSERT"),
                ("agreements", "INSERT"),
                ("case_events", "INSERT"),
                ("messages", "INSERT"),
                ("jobs", "INSERT"),
                ("agreements", "UPDATE"),
            ],
            step: None,
        },
        Attempt {
            what: "accept",
            writes: &[
                ("engagements", "INSERT"),
                ("case_events", "INSERT"),
                ("messages", "INSERT"),
                ("jobs", "INSERT"),
                ("agreements", "UPDATE"),
            ],
            step: Some((graduate, AgreementStep::Accept)),
        },
        Attempt {
            what: "reject",
            writes: &[
                ("engagements", "DELETE"),
                ("case_events", "INSERT"),
                ("messages", "INSERT"),
                ("jobs", "INSERT"),
                ("agreements", "UPDATE"),
            ],
            step: Some((department, AgreementStep::Reject(reason()))),
        },
        Attempt {
            what: "approve as the department",
            writes: &[
                ("case_events", "INSERT"),
                ("messages", "INSERT"),
                ("jobs", "INSERT"),
                ("agreements", "UPDATE"),
            ],
            step: Some((department, AgreementStep::Approve)),
        },
        Attempt {
            what: "approve as the school",
            writes: &[
                ("agreement_serials", "INSERT OR UPDATE"),
                ("documents", "INSERT"),
                ("case_events", "INSERT"),
                ("messages", "INSERT"),
                ("jobs", "INSERT"),
                ("agreements", "UPDATE"),
            ],
            step: Some((school, AgreementStep::Approve)),
        },
    ];
    let [invite, accept, reject, approve, sign] = attempts;
    for round in [
        vec![&invite, &accept, &reject],
        vec![&invite, &accept, &approve, &sign],
    ] {
        let mut case = None;
        let conn = &mut *scene.world.conn().await;
        execute(conn, "DELETE FROM idempotency_keys").await;
        for attempt in round {
            for (table, write) in attempt.writes {
                for deferred in [false, true] {
                    let before = everything(conn).await;
                    let mut woken = scene.world.platform.waker.subscribe();
                    woken.mark_unchanged();
                    sabotage(conn, table, write, deferred).await;
                    let failed = scene.run(attempt, case).await;
                    let place = format!("{}: {write} {table}, deferred: {deferred}", attempt.what);
                    assert!(
                        matches!(failed, Err(StepError::Database(_))),
                        "{place}: {failed:?}"
                    );
                    assert_eq!(everything(conn).await, before, "{place}");
                    assert!(!woken.has_changed().unwrap(), "{place}: nothing to wake for");
                    repair(conn, table).await;
                }
            }
            let mut woken = scene.world.platform.waker.subscribe();
            woken.mark_unchanged();
            case = Some(scene.run(attempt, case).await.unwrap());
            assert!(woken.has_changed().unwrap(), "{} is heard of", attempt.what);
        }
    }
    let report = audit::walk(&mut *scene.world.conn().await, None).await.unwrap();
    assert_eq!((report.cases, report.events, report.breaks), (2, 7, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_invitation_leaves_an_expired_one_as_it_was() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let employer = world.employer().await;
    let student = world.graduate(&campus, 0).await;
    world.invite(&employer, &student).await;
    world.platform.clock.advance(TimeDelta::days(8));
    let conn = &mut *world.conn().await;
    let before = everything(conn).await;
    // Fails at the new invitation, after the old one was expired on the way.
    sabotage(conn, "agreements", "INSERT", false).await;
    let deadline = world.now() + TimeDelta::days(7);
    let failed = world.try_invite(&employer.viewer, student.id, deadline).await;
    assert!(matches!(failed, Err(StepError::Database(_))), "{failed:?}");
    assert_eq!(everything(conn).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_invitation_does_not_use_up_its_key() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let employer = world.employer().await;
    let student = world
        .graduate_with(&campus, 0, |new| new.online_signing_allowed = false)
        .await;
    let key = IdempotencyKey {
        key: "a request".to_owned(),
        request_hash: [1; 32],
    };
    let invitation = invitation(student.id, world.now() + TimeDelta::days(7));
    let invite = async || step::invite(&world.platform, &employer.viewer, &invitation, Some(&key)).await;
    crate::support::refusal(invite().await);
    let conn = &mut *world.conn().await;
    assert_eq!(everything(conn).await, Vec::<String>::new());
    execute(conn, "UPDATE graduates SET online_signing_allowed = true").await;
    invite().await.unwrap();
}
