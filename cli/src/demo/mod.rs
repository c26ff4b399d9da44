//! The demo data: two made-up schools with their people, and cases in every status, made by really taking the steps.
//!
//! Loading is done once. Schools and people come in one transaction under fixed ids; the story is then played in the order
//! of time against a clock of its own; the operator's account is written last, and its presence says that all is there.
//! A run that was interrupted is taken up where it stopped.

pub mod accounts;

mod destinations;
mod graduates;
mod ids;
mod leavers;
mod offers;
mod people;
mod places;
mod story;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use uuid::Uuid;
use wangqian_schema::{
    Platform,
    checks::Invalid,
    clock::Clock,
    db::DatabaseSettings,
    model::Viewer,
    password,
    step::{
        self, Actor, AgreementStep, IdempotencyKey, Invitation, StepError, TerminationForm,
        TerminationRequest, TerminationStep,
    },
    tables::{accounts as account_rows, agreements, case_events, schools, terminations},
    workflow::{Workflow, agreement::AgreementAction, termination::Party},
};

use crate::failure::{Exit, Failure};

use self::{
    graduates::Who,
    places::{Place, SECOND_SCHOOL, Staff},
    story::{Act, Case, End, Happening},
};

/// Loads made-up data.
#[derive(Clone, Debug, clap::Args)]
#[command(
    long_about = "Loads two made-up schools with their departments and reviewers, three employers, more than sixty \
        graduates, an operator, and cases in every status. Done once: a second run finds the data and changes nothing. \
        All of it is invented; every account has the same well-known password, so this refuses a database that holds \
        other schools.",
    after_help = "Examples:\n  wangqian demo\n  wangqian demo --force    # beside other schools, never in production"
)]
pub struct Arguments {
    /// Load even beside schools that are not of the demo. Everybody knows the demo accounts' password!
    #[arg(long)]
    pub force: bool,
    /// Where people reach the product.
    #[command(flatten, next_help_heading = "Address")]
    pub address: crate::platform::AddressSettings,
    /// The database.
    #[command(flatten, next_help_heading = "Database")]
    pub database: DatabaseSettings,
}

/// Runs `wangqian demo`.
///
/// # Errors
/// [`Failure`] when the database is not ready or holds other schools.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let url = crate::platform::database_url(&arguments.database)?;
    let public_url = arguments.address.public_url("http://127.0.0.1:8080")?;
    crate::migrate::nothing_pending(url, Exit::Unavailable).await?;
    let platform = crate::platform::platform(url, &arguments.database, &public_url)?;
    let beside = if arguments.force {
        Beside::Anybody
    } else {
        Beside::Nobody
    };
    let loaded = load(&platform, beside).await.map_err(|error| failure(&error))?;
    let first = match loaded {
        Loaded::Before => "the demo data were there already; nothing was changed".to_owned(),
        Loaded::Now { steps } => format!("the demo data are loaded ({steps} steps were taken)"),
    };
    crate::print(&format!("{first}\n\n{}", accounts::table()))
}

/// What a person is told.
pub fn failure(error: &DemoError) -> Failure {
    match error {
        DemoError::OtherSchools(_) => Failure::new(
            Exit::Usage,
            "demo data were not loaded",
            error,
            "use an empty database; with --force they are loaded all the same, with accounts whose password everybody \
             knows",
        ),
        DemoError::Database(_) | DemoError::Unreachable(_) => Failure::new(
            Exit::Unavailable,
            "demo data could not be loaded",
            error,
            "check the database, then run the same command again: it goes on where it stopped",
        ),
        DemoError::Step(_) | DemoError::Hashing(_) | DemoError::Task(_) | DemoError::Number(_) => {
            Failure::internal("demo data could not be loaded", error)
        }
    }
}

/// Held while demo data are loaded, so that two processes do not do it at once ("wd" in ASCII).
const LOCK: i64 = 0x7764;

/// Whether demo data may stand beside schools that are not of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Refuse: real people must not meet demo accounts, whose password everybody knows.
    Nobody,
    /// Load them all the same.
    Anybody,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// They were there already.
    Before,
    /// They were loaded, or completed, now.
    Now {
        /// How many steps were taken.
        steps: u32,
    },
}

/// Why demo data could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Schools that are not of the demo.
    #[error("the database holds {0} other school(s)")]
    OtherSchools(i64),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] diesel::result::Error),
    /// No connection.
    #[error("the database cannot be reached: {0}")]
    Unreachable(#[from] diesel_async::pooled_connection::deadpool::PoolError),
    /// A step of the story was refused.
    #[error("a step of the demo story failed: {0} {fields}", fields = fields(.0))]
    Step(#[from] StepError),
    /// The password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] password::HashingFailed),
    /// The hashing task ended badly.
    #[error("the password could not be hashed: {0}")]
    Task(#[from] tokio::task::JoinError),
    /// A made-up number is not valid.
    #[error("a made-up number is not valid: {0}")]
    Number(#[from] Invalid),
}

/// What a step found wrong with its input.
fn fields(error: &StepError) -> String {
    let StepError::Invalid(fields) = error else {
        return String::new();
    };
    let each = fields
        .iter()
        .map(|wrong| format!("{}: {}", wrong.field, wrong.message));
    each.collect::<Vec<_>>().join("; ")
}

/// Loads the demo data, once.
///
/// # Errors
/// [`DemoError`]. What was written stays, and the next call goes on from there.
pub async fn load(platform: &Platform, beside: Beside) -> Result<Loaded, DemoError> {
    // Taken out of the pool: the lock ends with the connection, however this function is left.
    let mut conn = diesel_async::pooled_connection::deadpool::Object::take(platform.pool.get().await?);
    conn.batch_execute("SET statement_timeout = '5min'; SET lock_timeout = '5min'")
        .await?;
    diesel::sql_query("SELECT pg_advisory_lock($1)")
        .bind::<diesel::sql_types::BigInt, _>(LOCK)
        .execute(&mut conn)
        .await?;
    if is_complete(&mut conn).await? {
        return Ok(Loaded::Before);
    }
    let ours: Vec<Uuid> = places::schools().iter().map(|school| school.id).collect();
    let others: i64 = schools::table
        .filter(schools::id.ne_all(&ours))
        .count()
        .get_result(&mut conn)
        .await?;
    if others > 0 && beside == Beside::Nobody {
        return Err(DemoError::OtherSchools(others));
    }
    let hash = tokio::task::spawn_blocking(|| password::hash(accounts::PASSWORD)).await??;
    let before = started(&mut conn).await?;
    let started = match before {
        Some(started) => started,
        None => {
            people::insert(&mut conn, &hash, platform.clock.now()).await?;
            started(&mut conn).await?.ok_or(diesel::result::Error::NotFound)?
        }
    };
    let steps = Player::new(platform, started, before.is_some())
        .play(&mut conn)
        .await?;
    people::insert_operator(&mut conn, &hash).await?;
    Ok(Loaded::Now { steps })
}

/// Whether all demo data are there: the operator's account is the last row that is written.
async fn is_complete(conn: &mut AsyncPgConnection) -> QueryResult<bool> {
    let operator = account_rows::table.find(Staff::Operator.account_id());
    diesel::select(diesel::dsl::exists(operator))
        .get_result(conn)
        .await
}

/// When the first run began: the hours of the story are counted from then, also by a run that goes on later.
async fn started(conn: &mut AsyncPgConnection) -> QueryResult<Option<DateTime<Utc>>> {
    schools::table
        .find(Place::Computing.school_id())
        .select(schools::created_at)
        .first(conn)
        .await
        .optional()
}

/// Plays the story on a clock of its own.
struct Player {
    platform: Platform,
    started: DateTime<Utc>,
    /// An earlier run was interrupted, and people or the worker may have gone on with its cases meanwhile.
    resumed: bool,
    steps: u32,
}

impl Player {
    fn new(platform: &Platform, started: DateTime<Utc>, resumed: bool) -> Self {
        // A clock apart from the platform's: moving this one moves nobody else's.
        let platform = Platform {
            clock: Clock::default(),
            ..platform.clone()
        };
        Self {
            platform,
            started,
            resumed,
            steps: 0,
        }
    }

    fn at(&self, hour: story::Hour) -> DateTime<Utc> {
        self.started + TimeDelta::hours(hour)
    }

    async fn play(mut self, conn: &mut AsyncPgConnection) -> Result<u32, DemoError> {
        for (hour, happening) in story::story() {
            let clock = &self.platform.clock;
            clock.advance(self.at(hour) - clock.now());
            match happening {
                Happening::Route(route) => {
                    let reviewer = viewer_of(Staff::School(SECOND_SCHOOL));
                    let workflow = Some(Workflow::OnlineSigning);
                    step::set_review_route(&self.platform, &reviewer, workflow, Some(route), None).await?;
                }
                Happening::Act { case, nth, act } => {
                    let existing = find(conn, &case).await?;
                    let taken = match existing {
                        Some(agreement_id) => steps_taken(conn, agreement_id).await?,
                        None => 0,
                    };
                    if taken == nth {
                        match self.take(&case, existing, act).await {
                            Ok(()) => self.steps += 1,
                            Err(StepError::Refused(refusal)) if self.resumed => {
                                tracing::warn!(%refusal, ?act, "a demo case went another way meanwhile and is left as it is");
                            }
                            Err(error) => return Err(error.into()),
                        }
                    }
                }
            }
        }
        self.place().await?;
        self.leave(conn).await?;
        Ok(self.steps)
    }

    /// Plays what happened to the destinations: each on its own, after the story.
    async fn place(&mut self) -> Result<(), DemoError> {
        let actor_of = |graduate: Who, staff: Option<Staff>| match staff {
            Some(staff) => viewer_of(staff),
            None => viewer_of_graduate(graduate),
        };
        for placing in destinations::placings() {
            let clock = &self.platform.clock;
            let begun = placing.acts.as_slice().first().map_or(-20, |(hour, ..)| *hour);
            clock.advance(self.at(begun) - clock.now());
            // Once, however often a run is taken up.
            let key = IdempotencyKey {
                key: "demo-destination".to_owned(),
                request_hash: [0; 32],
            };
            let graduate = viewer_of_graduate(placing.graduate);
            let begun = step::create_destination_draft(&self.platform, &graduate, &placing.draft, &key).await;
            let view = match begun {
                Err(StepError::Refused(refusal)) if self.resumed => {
                    tracing::warn!(%refusal, "a demo graduate went another way meanwhile");
                    continue;
                }
                begun => begun?,
            };
            let (id, taken) = (view.destination.id, view.destination.event_count);
            for (nth, (hour, staff, step)) in (0..).zip(placing.acts) {
                if nth < taken {
                    continue;
                }
                let clock = &self.platform.clock;
                clock.advance(self.at(hour) - clock.now());
                let actor = Actor::Viewer(actor_of(placing.graduate, staff));
                match step::take_destination(&self.platform, actor, id, step, None).await {
                    Ok(_) => self.steps += 1,
                    Err(StepError::Refused(refusal)) if self.resumed => {
                        tracing::warn!(%refusal, "a demo destination went another way meanwhile and is left as it is");
                        break;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    async fn take(&self, case: &Case, agreement_id: Option<Uuid>, act: Act) -> Result<(), StepError> {
        let member = viewer_of(case.member);
        let graduate = case.graduate;
        let reviewer = act.staff(graduate.place());
        let step = match act {
            Act::Invite { deadline } => {
                let Staff::Member(company, _) = case.member else {
                    return Err(StepError::NotFound);
                };
                let invitation = Invitation {
                    graduate_id: graduate.id(),
                    terms: offers::offer(company, case.offer, self.started),
                    response_deadline: self.at(deadline),
                };
                step::invite(&self.platform, &member, &invitation, None).await?;
                return Ok(());
            }
            Act::Cancel => AgreementStep::Cancel,
            Act::Accept => AgreementStep::Accept,
            Act::Decline(reason) => AgreementStep::Decline(reason.map(str::to_owned)),
            Act::Expire => AgreementStep::Expire,
            Act::DepartmentApproves | Act::SchoolApproves => AgreementStep::Approve,
            Act::DepartmentRejects(reason) | Act::SchoolRejects(reason) => {
                AgreementStep::Reject(Some(reason.to_owned()))
            }
            Act::End(end) => {
                let agreement_id = agreement_id.ok_or(StepError::NotFound)?;
                return self.end(case, agreement_id, end, reviewer.map(viewer_of)).await;
            }
        };
        let actor = match (act, reviewer) {
            (_, Some(reviewer)) => Actor::Viewer(viewer_of(reviewer)),
            (Act::Cancel, None) => Actor::Viewer(member),
            (Act::Expire, None) => Actor::Worker,
            (_, None) => Actor::Viewer(viewer_of_graduate(graduate)),
        };
        let agreement_id = agreement_id.ok_or(StepError::NotFound)?;
        step::take(&self.platform, actor, agreement_id, step, None).await?;
        Ok(())
    }
}

impl Player {
    /// Does something to the last termination of an agreement.
    async fn end(
        &self,
        case: &Case,
        agreement_id: Uuid,
        end: End,
        reviewer: Option<Viewer>,
    ) -> Result<(), StepError> {
        let side = |party| match party {
            Party::Graduate => viewer_of_graduate(case.graduate),
            Party::Employer => viewer_of(case.member),
        };
        let (viewer, step) = match end {
            End::Ask(party, reason_code, explanation) => {
                let request = TerminationRequest {
                    agreement_id,
                    form: TerminationForm {
                        reason_code: reason_code.to_owned(),
                        explanation: explanation.to_owned(),
                        files: Vec::new(),
                    },
                };
                step::request_termination(&self.platform, &side(party), &request, None, None).await?;
                return Ok(());
            }
            End::Withdraw(party) => (Some(side(party)), TerminationStep::Withdraw),
            End::Agree(party) => (Some(side(party)), TerminationStep::Accept),
            End::Refuse(party, reason) => (
                Some(side(party)),
                TerminationStep::Refuse(Some(reason.to_owned())),
            ),
            End::Approve(_) => (reviewer, TerminationStep::Approve),
            End::Reject(_, reason) => (reviewer, TerminationStep::Reject(Some(reason.to_owned()))),
        };
        let actor = Actor::Viewer(viewer.ok_or(StepError::NotFound)?);
        let id = {
            let mut conn = self.platform.pool.get().await?;
            last_termination(&mut conn, agreement_id).await?
        };
        step::take_termination(&self.platform, actor, id, step, None).await?;
        Ok(())
    }
}

async fn last_termination(conn: &mut AsyncPgConnection, agreement_id: Uuid) -> QueryResult<Uuid> {
    terminations::table
        .filter(terminations::agreement_id.eq(agreement_id))
        .order(terminations::id.desc())
        .select(terminations::id)
        .first(conn)
        .await
}

/// The case of the story between these two, once it exists.
async fn find(conn: &mut AsyncPgConnection, case: &Case) -> QueryResult<Option<Uuid>> {
    let Staff::Member(company, _) = case.member else {
        return Ok(None);
    };
    agreements::table
        .filter(agreements::employer_id.eq(company.id()))
        .filter(agreements::graduate_id.eq(case.graduate.id()))
        .order(agreements::id)
        .select(agreements::id)
        .first(conn)
        .await
        .optional()
}

/// How many steps people, or a deadline, have taken on a case and its terminations; reminders and papers are the worker's own,
/// and an agreement ends with the last step on its termination.
async fn steps_taken(conn: &mut AsyncPgConnection, agreement_id: Uuid) -> QueryResult<i64> {
    let mut cases: Vec<Uuid> = terminations::table
        .filter(terminations::agreement_id.eq(agreement_id))
        .select(terminations::id)
        .load(conn)
        .await?;
    cases.push(agreement_id);
    let others = [
        AgreementAction::Remind,
        AgreementAction::StoreDocument,
        AgreementAction::Terminate,
    ];
    case_events::table
        .filter(case_events::case_id.eq_any(cases))
        .filter(case_events::action.ne_all(others))
        .count()
        .get_result(conn)
        .await
}

fn viewer_of_graduate(graduate: Who) -> Viewer {
    Viewer::Graduate {
        account_id: graduate.account_id(),
        graduate_id: graduate.id(),
        school_id: graduate.place().school_id(),
        department_id: graduate.place().department_id(),
    }
}

fn viewer_of(staff: Staff) -> Viewer {
    let account_id = staff.account_id();
    match staff {
        Staff::Member(company, _) => Viewer::EmployerMember {
            account_id,
            employer_id: company.id(),
        },
        Staff::Department(place) => Viewer::Reviewer {
            account_id,
            school_id: place.school_id(),
            department_id: Some(place.department_id()),
        },
        Staff::School(place) => Viewer::Reviewer {
            account_id,
            school_id: place.school_id(),
            department_id: None,
        },
        Staff::Operator => Viewer::Operator { account_id },
    }
}
