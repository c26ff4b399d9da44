//! Random people try random things on the cases of many graduates, in all six workflows at once: every try comes to what the tables of
//! DOMAIN.md say, as the tests of the rules state them a second time, and the database holds the same.

mod acting;
mod model;

use std::collections::BTreeSet;

use uuid::Uuid;
use wangqian_schema::{
    audit,
    model::Viewer,
    step::{self, IdempotencyKey, StepError},
    workflow::{
        ActorRole, Refusal, ReviewLevel, ReviewRoute,
        agreement::{AgreementAction as AnAgreement, AgreementChannel, AgreementStatus},
        destination::{DestinationAction as ADestination, DestinationStatus},
        termination::{Party, TerminationAction as ATermination, TerminationStatus},
        transition::EngagementEffect,
    },
};

use crate::{
    destinations,
    filed::filled,
    support::{Company, Student, World, number, text},
};

/// How many tries each of the four sequences has; with those of the tests of single workflows they are more than 20,000.
const TRIES: u32 = 3_600;
const GRADUATES: usize = 8;

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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Graduate,
    Employer,
    Department,
    School,
    /// Another graduate of the same school, or a reviewer of another one.
    Stranger(bool),
}

impl Who {
    const ALL: [Self; 6] = [
        Self::Graduate,
        Self::Employer,
        Self::Department,
        Self::School,
        Self::Stranger(false),
        Self::Stranger(true),
    ];

    fn role(self) -> ActorRole {
        match self {
            Self::Graduate => ActorRole::Graduate,
            Self::Employer => ActorRole::Employer,
            Self::Department => ActorRole::DepartmentReviewer,
            Self::School => ActorRole::SchoolReviewer,
            Self::Stranger(_) => unreachable!("sees nothing"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Do {
    Agreement(AnAgreement),
    Termination(ATermination),
    Destination(ADestination),
}

/// What is known of a case of one kind.
#[derive(Clone, Copy, Debug)]
enum Of {
    Agreement(AgreementChannel, AgreementStatus),
    /// Of the agreement at this place.
    Termination(usize, Party, TerminationStatus),
    Destination {
        status: DestinationStatus,
        ticked: bool,
        department_approved: bool,
    },
}

#[derive(Clone, Copy, Debug)]
struct Known {
    id: Uuid,
    graduate: usize,
    awaiting: Option<ReviewLevel>,
    /// Whether anybody but the graduate has ever known of it.
    told: bool,
    of: Of,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum No {
    Unseen,
    Unticked,
    Refused(Refusal),
}

/// What a step comes to: the case after it, what becomes of the engagement, and whether the agreement of a termination ends.
type Comes = Result<(Known, EngagementEffect, bool), No>;

struct Lives {
    world: World,
    students: Vec<Student>,
    employer: Company,
    department: Viewer,
    school: Viewer,
    elsewhere: Viewer,
    cases: Vec<Known>,
    /// The place of the case that holds each graduate.
    held: [Option<usize>; GRADUATES],
    voiding_reviewed: bool,
    /// How many events there must be.
    events: usize,
    /// What was done at least once.
    taken: BTreeSet<String>,
}

impl Known {
    /// Whether nothing more comes of it.
    fn over(&self) -> bool {
        use AgreementStatus as Is;
        match self.of {
            Of::Agreement(_, status) => matches!(
                status,
                Is::Cancelled
                    | Is::Declined
                    | Is::Expired
                    | Is::Discarded
                    | Is::Terminated
                    | Is::TermsRejected
                    | Is::SigningRejected
                    | Is::RegistrationRejected
            ),
            Of::Termination(_, _, status) => !TerminationStatus::OPEN.contains(&status),
            Of::Destination { status, .. } => matches!(
                status,
                DestinationStatus::Rejected | DestinationStatus::Voided | DestinationStatus::Discarded
            ),
        }
    }

    /// Given up before anybody knew of it: there is no such row any more.
    fn gone(&self) -> bool {
        !self.told && self.over()
    }

    fn status(&self) -> &'static str {
        match self.of {
            Of::Agreement(_, status) => status.as_str(),
            Of::Termination(_, _, status) => status.as_str(),
            Of::Destination { status, .. } => status.as_str(),
        }
    }
}

impl Lives {
    async fn new() -> Self {
        let world = World::new().await;
        let campus = world.school(ReviewRoute::DepartmentThenSchool).await;
        let mut students = Vec::new();
        for _ in 0..GRADUATES {
            students.push(world.graduate(&campus, 0).await);
        }
        let other = world.school(ReviewRoute::SchoolOnly).await;
        Self {
            department: world.department_reviewer(&campus, 0).await,
            school: world.school_reviewer(&campus).await,
            elsewhere: world.school_reviewer(&other).await,
            employer: world.employer().await,
            students,
            world,
            cases: Vec::new(),
            held: [None; GRADUATES],
            voiding_reviewed: false,
            events: 0,
            taken: BTreeSet::new(),
        }
    }

    fn viewer(&self, who: Who, graduate: usize) -> Viewer {
        match who {
            Who::Graduate => self.students[graduate].viewer,
            Who::Employer => self.employer.viewer,
            Who::Department => self.department,
            Who::School => self.school,
            Who::Stranger(false) => self.students[(graduate + 1) % GRADUATES].viewer,
            Who::Stranger(true) => self.elsewhere,
        }
    }

    /// Begins something for a graduate who has little going on.
    async fn begin(&mut self, dice: &mut Dice) {
        let graduate = dice.roll(GRADUATES);
        let live = |case: &&Known| case.graduate == graduate && !case.over();
        let mut going_on: Vec<AgreementChannel> = Vec::new();
        let mut destinations = 0;
        for case in self.cases.iter().filter(live) {
            match case.of {
                Of::Agreement(channel, _) => going_on.push(channel),
                Of::Destination { .. } => destinations += 1,
                Of::Termination(..) => {}
            }
        }
        if going_on.len() + destinations > 3 {
            return;
        }
        let (platform, student) = (&self.world.platform, &self.students[graduate]);
        let key = IdempotencyKey {
            key: Uuid::now_v7().to_string(),
            request_hash: [1; 32],
        };
        // Invitations most: each is answered by one step.
        let channel = match dice.roll(4) {
            0 => AgreementChannel::Offline,
            1 => AgreementChannel::Registered,
            _ => AgreementChannel::Online,
        };
        let (id, told, of) = if dice.roll(4) == 0 {
            if destinations > 0 {
                return;
            }
            let draft = destinations::seeking();
            let made = step::create_destination_draft(platform, &student.viewer, &draft, &key).await;
            let of = Of::Destination {
                status: DestinationStatus::Draft,
                ticked: true,
                department_approved: false,
            };
            (made.unwrap().destination.id, false, of)
        } else if going_on.contains(&channel) {
            return;
        } else if channel == AgreementChannel::Online {
            let id = self.world.invite(&self.employer, student).await;
            self.events += 1;
            (id, true, Of::Agreement(channel, AgreementStatus::Invited))
        } else {
            let made =
                step::create_agreement_draft(platform, &student.viewer, channel, &filled(), &key).await;
            let of = Of::Agreement(channel, AgreementStatus::Draft);
            (made.unwrap().agreement.id, false, of)
        };
        self.cases.push(Known {
            id,
            graduate,
            awaiting: None,
            told,
            of,
        });
    }

    /// Who filled in a destination that a reviewer changed reads it again and ticks that it is true.
    async fn tick(&mut self, at: usize) {
        let known = self.cases[at];
        let Of::Destination {
            status,
            ticked: false,
            department_approved,
        } = known.of
        else {
            return;
        };
        if !DestinationStatus::EDITABLE.contains(&status) {
            return;
        }
        let (platform, viewer) = (&self.world.platform, &self.students[known.graduate].viewer);
        step::save_destination_draft(platform, viewer, known.id, &destinations::seeking(), None)
            .await
            .unwrap();
        self.cases[at].of = Of::Destination {
            status,
            ticked: true,
            department_approved,
        };
    }

    /// One random try, in the model and in the program.
    async fn try_something(&mut self, nth: u32, dice: &mut Dice) {
        // What is over is tried again now and then.
        let any = dice.roll(12) == 0;
        let there: Vec<usize> = (0..self.cases.len())
            .filter(|at| !self.cases[*at].gone() && (any || !self.cases[*at].over()))
            .collect();
        let at = there[dice.roll(there.len())];
        if dice.roll(4) == 0 {
            self.tick(at).await;
        }
        let all = self.tries(at);
        let promising =
            |(who, what): &&(Who, Do)| matches!(self.expected(at, *who, *what), Ok(_) | Err(No::Unticked));
        let mut fitting: Vec<(Who, Do)> = all.iter().filter(promising).copied().collect();
        // Most go on, else few would ever come far.
        let ends = |(who, what): &(Who, Do)| matches!(self.expected(at, *who, *what), Ok((after, ..)) if after.over());
        if dice.roll(4) > 0 && !fitting.iter().all(ends) {
            fitting.retain(|one| !ends(one));
        }
        let (who, what) = match dice.roll(3) > 0 && !fitting.is_empty() {
            true => fitting[dice.roll(fitting.len())],
            false => all[dice.roll(all.len())],
        };
        let (known, expected) = (self.cases[at], self.expected(at, who, what));
        let came = self.attempt(nth, at, who, what, expected.is_ok()).await;
        let says = format!(
            "{nth}: {who:?} tries {what:?} on {known:?} held by {:?}",
            self.held[known.graduate]
        );
        match (expected, came) {
            (Ok((after, effect, ends)), Ok((standing, awaiting, begun))) => {
                let stands = Known {
                    awaiting,
                    of: standing,
                    ..after
                };
                assert_eq!(
                    (stands.status(), awaiting),
                    (after.status(), after.awaiting),
                    "{says}"
                );
                self.cases[at] = after;
                self.events += usize::from(!after.gone());
                let holder = &mut self.held[known.graduate];
                match effect {
                    EngagementEffect::Take => *holder = Some(at),
                    EngagementEffect::Free => *holder = None,
                    EngagementEffect::Keep => {}
                }
                if let (true, Of::Termination(of, ..)) = (ends, after.of) {
                    let Of::Agreement(channel, _) = self.cases[of].of else {
                        unreachable!("of an agreement")
                    };
                    self.cases[of].of = Of::Agreement(channel, AgreementStatus::Terminated);
                    self.events += 1;
                    *holder = None;
                }
                self.taken.insert(format!("{:?} {what:?}", self.channel(&known)));
                self.cases.extend(begun);
            }
            (Err(No::Unseen), Err(StepError::NotFound)) => {}
            (Err(No::Unticked), Err(StepError::Invalid(wrong))) => {
                let fields: Vec<_> = wrong.iter().map(|error| error.field).collect();
                assert_eq!(fields, ["truthful"], "{says}");
            }
            (Err(No::Refused(expected)), Err(StepError::Refused(refusal))) => {
                assert_eq!(refusal, expected, "{says}");
            }
            (expected, came) => panic!("{says}: {came:?}, not {expected:?}"),
        }
    }

    /// What the database holds is what is known.
    async fn agrees(&self) {
        let conn = &mut *self.world.conn().await;
        let there = self.cases.iter().filter(|case| !case.gone());
        let known: BTreeSet<String> = there
            .map(|case| format!("{} {}", case.id, case.status()))
            .collect();
        let rows = "SELECT concat_ws(' ', id, status) FROM agreements UNION ALL
            SELECT concat_ws(' ', id, status) FROM terminations UNION ALL SELECT concat_ws(' ', id, status) FROM destinations";
        assert_eq!(text(conn, rows).await.into_iter().collect::<BTreeSet<_>>(), known);
        let held = self
            .held
            .iter()
            .zip(&self.students)
            .filter_map(|(place, student)| {
                place.map(|place| format!("{} {}", student.id, self.cases[place].id))
            });
        let rows = "SELECT concat_ws(' ', graduate_id, case_id) FROM engagements";
        let rows: BTreeSet<String> = text(conn, rows).await.into_iter().collect();
        assert_eq!(rows, held.collect());
        let events =
            "SELECT count(*) FROM case_events WHERE case_kind IN ('AGREEMENT', 'TERMINATION', 'DESTINATION')";
        assert_eq!(usize::try_from(number(conn, events).await).unwrap(), self.events);
        assert_eq!(audit::walk(conn, None).await.unwrap().breaks, []);
        crate::figures::assert_right(conn).await;
    }
}

async fn play(seed: u64) {
    let mut lives = Lives::new().await;
    let mut dice = Dice(seed);
    lives.begin(&mut dice).await;
    while lives.cases.is_empty() {
        lives.begin(&mut dice).await;
    }
    let everything = lives.everything();
    // Random tries that never get anywhere would prove nothing: they go on until everything was done.
    for nth in 0..2 * TRIES {
        if nth >= TRIES && lives.taken.is_superset(&everything) {
            break;
        }
        if nth % 200 == 199 {
            lives.voiding_reviewed = !lives.voiding_reviewed;
            step::set_voiding_review(&lives.world.platform, &lives.school, lives.voiding_reviewed, None)
                .await
                .unwrap();
        }
        if dice.roll(2) == 0 {
            lives.begin(&mut dice).await;
        }
        while lives.cases.iter().all(Known::over) {
            lives.begin(&mut dice).await;
        }
        lives.try_something(nth, &mut dice).await;
        if nth % 500 == 499 {
            lives.agrees().await;
        }
    }
    lives.agrees().await;
    let missed: Vec<&String> = everything.difference(&lives.taken).collect();
    assert!(missed.is_empty(), "never taken: {missed:?}");
}

// Beside each other, as far as the machine goes.
#[tokio::test(flavor = "multi_thread")]
async fn what_people_try_comes_to_what_the_tables_say_once() {
    play(20_271_127).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_try_comes_to_what_the_tables_say_twice() {
    play(11_223_344).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_try_comes_to_what_the_tables_say_a_third_time() {
    play(987_654_321).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_try_comes_to_what_the_tables_say_a_fourth_time() {
    play(31_415_926).await;
}
