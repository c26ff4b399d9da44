//! Steps on a school: opened by an operator with its first reviewer, then run by the reviewers of the whole school. Each is an
//! event of the school's trail. Its departments and its reviewers' accounts stand in files of their own.

mod department;
mod leaving_period;
mod reviewer;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};
use uuid::Uuid;

pub use self::{
    department::{add_department, rename_department},
    leaving_period::{LeavingPeriodDraft, set_leaving_period},
    reviewer::{NewReviewer, add_reviewer, set_reviewer_enabled, update_reviewer},
};
use super::{
    Actor, Doer, IdempotencyKey, StepError, claimed, first, flow::check_version, role_of_person, taken,
};
use crate::{
    Platform,
    model::{
        Viewer,
        event::{self, CHAIN_START, CaseKind, ChainEnd, Concerned, NewEvent},
        reviewer as reviewers,
        reviewer::ReviewerDraft,
        school::{self, School, SchoolDraft},
    },
    tables::schools,
    workflow::{
        ActorRole, Refusal, ReviewRoute, Workflow,
        school::{SchoolAction, SchoolFacts, SchoolStatus, decide, permit},
    },
};

/// A school to be opened.
#[derive(Clone, Debug)]
pub struct NewSchool {
    /// What it is.
    pub school: SchoolDraft,
    /// How it reviews until it says otherwise.
    pub route: ReviewRoute,
    /// Who runs it first.
    pub reviewer: ReviewerDraft,
}

/// Opens a school with the account of its first reviewer, who is told. The same key with the same input gives the same school.
///
/// # Errors
/// [`StepError`]: [`StepError::AlreadyTaken`] of `code`, `reviewer.email` and `reviewer.mobile`; nothing is written then.
pub async fn open_school(
    platform: &Platform,
    viewer: &Viewer,
    new: &NewSchool,
    key: &IdempotencyKey,
) -> Result<School, StepError> {
    let role = role_of_person(viewer);
    permit(SchoolAction::Open, role)?;
    let id = Uuid::now_v7();
    let (school, reviewer) = match (new.school.check(id, new.route), new.reviewer.check()) {
        (Ok(school), Ok(reviewer)) => (school, reviewer),
        (school, reviewer) => {
            let mut wrong = school.err().unwrap_or_default();
            let of_reviewer = reviewer.err().unwrap_or_default().into_iter();
            wrong.extend(of_reviewer.map(|mut error| {
                error.field = of_first_reviewer(error.field);
                error
            }));
            return Err(StepError::Invalid(wrong));
        }
    };
    let mut conn = platform.pool.get().await?;
    let opened = conn
        .transaction(async |conn| {
            let now = platform.clock.now();
            if let Some(id) = claim(conn, viewer, key, id, now).await? {
                return Ok(first(school::schools_by_ids(conn, &[id]).await?)?);
            }
            diesel::insert_into(schools::table)
                .values(&school)
                .execute(conn)
                .await
                .map_err(taken("code"))?;
            let mut held = Held {
                school,
                chain: ChainEnd {
                    count: 0,
                    hash: CHAIN_START.to_vec(),
                },
                doer: Doer {
                    actor: Actor::Viewer(*viewer),
                    role,
                    now,
                },
            };
            let changes = json!({ "review_route": [null, new.route] });
            held.record(conn, SchoolAction::Open, &changes).await?;
            reviewer::open_account(conn, &mut held, Uuid::now_v7(), &reviewer, None)
                .await
                .map_err(|error| match error {
                    StepError::AlreadyTaken { field } => StepError::AlreadyTaken {
                        field: of_first_reviewer(field),
                    },
                    other => other,
                })?;
            Ok::<_, StepError>(held.school)
        })
        .await?;
    platform.waker.wake();
    Ok(opened)
}

/// A field of a reviewer as one of the input that opens a school.
fn of_first_reviewer(field: &'static str) -> &'static str {
    match field {
        "name" => "reviewer.name",
        "email" => "reviewer.email",
        "mobile" => "reviewer.mobile",
        other => other,
    }
}

/// What is to stand in a school's fields; those without a value stay as they are, an empty telephone or address is taken away.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the fields of School")]
pub struct SchoolUpdate {
    pub name: Option<String>,
    pub contact_phone: Option<String>,
    pub address: Option<String>,
}

/// Changes a school's data, for papers that are signed from now on. An update that changes nothing does nothing.
///
/// # Errors
/// [`StepError`]; nothing is written then.
pub async fn update_school(
    platform: &Platform,
    viewer: &Viewer,
    school_id: Option<Uuid>,
    update: &SchoolUpdate,
    expected_version: Option<i32>,
) -> Result<School, StepError> {
    let facts = SchoolFacts {
        renames: update.name.is_some(),
        ..SchoolFacts::default()
    };
    let action = SchoolAction::Update;
    let school_id = Held::school(viewer, school_id, action)?;
    decide(action, role_of_person(viewer), facts)?;
    let mut conn = platform.pool.get().await?;
    let updated = conn
        .transaction(async |conn| {
            let mut held = Held::lock_expecting(platform, conn, viewer, school_id, expected_version).await?;
            let before = held.school.clone();
            let given =
                |update: &Option<String>, before: &Option<String>| update.clone().or_else(|| before.clone());
            let draft = SchoolDraft {
                code: before.code.clone(),
                name: update.name.clone().unwrap_or_else(|| before.name.clone()),
                contact_phone: given(&update.contact_phone, &before.contact_phone),
                address: given(&update.address, &before.address),
            };
            let after = draft
                .check(before.id, before.default_review_route)
                .map_err(StepError::Invalid)?;
            let changes = changes(&[
                ("name", &json!(before.name), &json!(after.name)),
                (
                    "contact_phone",
                    &json!(before.contact_phone),
                    &json!(after.contact_phone),
                ),
                ("address", &json!(before.address), &json!(after.address)),
            ]);
            let Some(changes) = changes else {
                return Ok(before);
            };
            held.school = School {
                version: before.version,
                voiding_reviewed: before.voiding_reviewed,
                ..after
            };
            held.next_version(conn, action, &changes).await
        })
        .await?;
    platform.waker.wake();
    Ok(updated)
}

/// Sets the school's default route, or its own for a workflow, where `None` takes that one away. Cases under review keep the route
/// with which they were submitted. A route that stands already does nothing.
///
/// # Errors
/// [`StepError`]; nothing is written then.
pub async fn set_review_route(
    platform: &Platform,
    viewer: &Viewer,
    workflow: Option<Workflow>,
    route: Option<ReviewRoute>,
    expected_version: Option<i32>,
) -> Result<School, StepError> {
    let action = SchoolAction::SetReviewRoute;
    let school_id = Held::school(viewer, None, action)?;
    let mut conn = platform.pool.get().await?;
    let set = conn
        .transaction(async |conn| {
            let mut held = Held::lock_expecting(platform, conn, viewer, school_id, expected_version).await?;
            let before = match workflow {
                None => Some(held.school.default_review_route),
                Some(workflow) => school::own_routes(conn, &[school_id])
                    .await?
                    .into_iter()
                    .find(|own| own.workflow == workflow)
                    .map(|own| own.review_route),
            };
            if before == route {
                return Ok(held.school);
            }
            match (workflow, route) {
                (None, None) => return Err(required("route")),
                (None, Some(route)) => held.school.default_review_route = route,
                (Some(workflow), Some(route)) => {
                    school::set_review_route(conn, school_id, workflow, route).await?;
                }
                (Some(workflow), None) => school::clear_review_route(conn, school_id, workflow).await?,
            }
            let changes = json!({ "workflow": workflow, "review_route": [before, route] });
            held.next_version(conn, action, &changes).await
        })
        .await?;
    platform.waker.wake();
    Ok(set)
}

/// Sets whether the school reviews what its graduates make void. What waits for that review already stays there. A setting that stands
/// already does nothing.
///
/// # Errors
/// [`StepError`]; nothing is written then.
pub async fn set_voiding_review(
    platform: &Platform,
    viewer: &Viewer,
    reviewed: bool,
    expected_version: Option<i32>,
) -> Result<School, StepError> {
    let action = SchoolAction::SetVoidingReview;
    let school_id = Held::school(viewer, None, action)?;
    let mut conn = platform.pool.get().await?;
    let set = conn
        .transaction(async |conn| {
            let mut held = Held::lock_expecting(platform, conn, viewer, school_id, expected_version).await?;
            let before = held.school.voiding_reviewed;
            if before == reviewed {
                return Ok(held.school);
            }
            held.school.voiding_reviewed = reviewed;
            let changes = json!({ "voiding_reviewed": [before, reviewed] });
            held.next_version(conn, action, &changes).await
        })
        .await?;
    platform.waker.wake();
    Ok(set)
}

/// A field that has to be given.
fn required(field: &'static str) -> StepError {
    StepError::Invalid(vec![crate::model::terms::FieldError {
        field,
        message: "必填".to_owned(),
    }])
}

/// Which fields are to change, from what to what; `None` when none is.
fn changes(fields: &[(&str, &Value, &Value)]) -> Option<Value> {
    let changed = fields.iter().filter(|(_, before, after)| before != after);
    let changes: serde_json::Map<_, _> = changed
        .map(|(field, before, after)| ((*field).to_owned(), json!([before, after])))
        .collect();
    (!changes.is_empty()).then_some(Value::Object(changes))
}

/// Claims the caller's key for what is about to be created as `id`. Gives what was created under it before.
async fn claim(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    key: &IdempotencyKey,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Uuid>, StepError> {
    claimed(conn, viewer.account_id(), &key.key, &key.request_hash, id, now).await
}

/// A school whose row this transaction holds, and who takes the step.
struct Held {
    school: School,
    chain: ChainEnd,
    doer: Doer,
}

impl Held {
    /// Which school a viewer means who may take an action: his own, or for an operator the given one.
    fn school(viewer: &Viewer, given: Option<Uuid>, action: SchoolAction) -> Result<Uuid, StepError> {
        permit(action, role_of_person(viewer))?;
        match (viewer, given) {
            (Viewer::Reviewer { school_id, .. }, None) => Ok(*school_id),
            (Viewer::Reviewer { school_id, .. }, Some(given)) if *school_id == given => Ok(given),
            (Viewer::Operator { .. }, Some(given)) => Ok(given),
            _ => Err(StepError::NotFound),
        }
    }

    /// Locks the school. Of two reviewers who disable each other one comes second, and is none any more: so he is looked at again
    /// under the lock.
    async fn lock(
        platform: &Platform,
        conn: &mut AsyncPgConnection,
        viewer: &Viewer,
        school_id: Uuid,
    ) -> Result<Self, StepError> {
        let (school, chain) = school::lock(conn, school_id).await?.ok_or(StepError::NotFound)?;
        let role = role_of_person(viewer);
        if role == ActorRole::SchoolReviewer {
            let own = reviewers::find(conn, viewer, viewer.account_id()).await?;
            let still = own.is_some_and(|own| own.disabled_at.is_none() && own.department_id.is_none());
            if !still {
                return Err(Refusal::NotYourRole.into());
            }
        }
        Ok(Self {
            school,
            chain,
            doer: Doer {
                actor: Actor::Viewer(*viewer),
                role,
                now: platform.clock.now(),
            },
        })
    }

    /// As [`Self::lock`], for whoever has looked at this version of the school.
    async fn lock_expecting(
        platform: &Platform,
        conn: &mut AsyncPgConnection,
        viewer: &Viewer,
        school_id: Uuid,
        version: Option<i32>,
    ) -> Result<Self, StepError> {
        let held = Self::lock(platform, conn, viewer, school_id).await?;
        check_version(held.school.version, version)?;
        Ok(held)
    }

    /// As [`Self::record`], of a change that makes the next version of the school. Gives that.
    async fn next_version(
        mut self,
        conn: &mut AsyncPgConnection,
        action: SchoolAction,
        changes: &Value,
    ) -> Result<School, StepError> {
        self.school.version += 1;
        self.record(conn, action, changes).await?;
        Ok(self.school)
    }

    /// Writes the event, and the school with the chain's new end. Gives the event's id, for its messages.
    async fn record(
        &mut self,
        conn: &mut AsyncPgConnection,
        action: SchoolAction,
        changes: &Value,
    ) -> Result<i64, StepError> {
        let School { id, .. } = self.school;
        let status = SchoolStatus::Open.as_str();
        let new = NewEvent {
            occurred_at: self.doer.now,
            case_kind: CaseKind::School,
            case_id: id,
            actor_role: self.doer.role,
            actor_account_id: self.doer.actor.account_id(),
            action: action.as_str(),
            from_status: (self.chain.count > 0).then_some(status),
            to_status: status,
            reason: None,
            changes,
            concerned: Concerned::School(id),
        };
        let (event_id, end) = event::append(conn, &self.chain, &new).await?;
        diesel::update(schools::table.find(id))
            .set((
                schools::name.eq(&self.school.name),
                schools::contact_phone.eq(&self.school.contact_phone),
                schools::address.eq(&self.school.address),
                schools::default_review_route.eq(self.school.default_review_route),
                schools::version.eq(self.school.version),
                schools::voiding_reviewed.eq(self.school.voiding_reviewed),
                schools::event_count.eq(end.count),
                schools::event_hash.eq(&end.hash),
            ))
            .execute(conn)
            .await?;
        self.chain = end;
        Ok(event_id)
    }
}
