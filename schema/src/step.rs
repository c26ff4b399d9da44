//! The one way of one step: lock the case, ask the rules, and write status, engagement, event, messages and jobs in one
//! transaction. Nothing else in the program changes a status.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error as DieselError},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Platform,
    checks::CreditCode,
    clock::{format_moment, shanghai_date},
    codes::{CodeList, region_name},
    jobs,
    messages::{Audience, owed},
    model::{
        Viewer,
        agreement::{self, Agreement, AgreementView, role_of},
        document::{self, Paper, PaperEmployer, PaperGraduate, PaperSchool, PaperTerms, StoredPdf},
        employer, engagement,
        event::{self, CHAIN_START, CaseKind, NewEvent},
        graduate::{self, Gender},
        idempotency::{self, Claim},
        message::{self, Channel, MessageStatus, NewMessage},
        school,
        terms::{FieldError, TermsDraft},
    },
    tables::{agreements, employers, graduates},
    workflow::{
        ActorRole, Refusal,
        agreement::{
            AgreementAction, AgreementChannel, AgreementStatus, EngagementEffect, InviteFacts, REMINDER_LEAD,
            Transition, decide, decide_invite,
        },
    },
};

/// Most characters of a reason.
pub const MAX_REASON: usize = 500;

/// Longest time that an invitation may stay open.
pub const MAX_RESPONSE_TIME: chrono::TimeDelta = chrono::TimeDelta::days(180);

/// Who takes a step.
#[derive(Clone, Copy, Debug)]
pub enum Actor {
    /// A signed-in person.
    Viewer(Viewer),
    /// The platform itself: a job.
    Worker,
}

impl Actor {
    fn viewer(&self) -> Option<&Viewer> {
        match self {
            Self::Viewer(viewer) => Some(viewer),
            Self::Worker => None,
        }
    }

    fn account_id(&self) -> Option<Uuid> {
        self.viewer().map(Viewer::account_id)
    }
}

/// A step on an existing agreement, with what the action brings along.
#[derive(Clone, Debug)]
pub enum AgreementStep {
    /// The employer takes the invitation back.
    Cancel,
    /// The graduate accepts.
    Accept,
    /// The graduate declines, with an optional reason.
    Decline(Option<String>),
    /// The deadline passed.
    Expire,
    /// 24 hours are left.
    Remind,
    /// A reviewer approves.
    Approve,
    /// A reviewer rejects, with a reason.
    Reject(Option<String>),
    /// The PDF of a document is stored.
    StoreDocument(Uuid, StoredPdf),
}

impl AgreementStep {
    /// Which action of the rules this is.
    pub const fn action(&self) -> AgreementAction {
        match self {
            Self::Cancel => AgreementAction::Cancel,
            Self::Accept => AgreementAction::Accept,
            Self::Decline(_) => AgreementAction::Decline,
            Self::Expire => AgreementAction::Expire,
            Self::Remind => AgreementAction::Remind,
            Self::Approve => AgreementAction::Approve,
            Self::Reject(_) => AgreementAction::Reject,
            Self::StoreDocument(..) => AgreementAction::StoreDocument,
        }
    }

    fn reason(&self) -> Option<&str> {
        match self {
            Self::Decline(reason) | Self::Reject(reason) => reason
                .as_deref()
                .map(str::trim)
                .filter(|reason| !reason.is_empty()),
            _ => None,
        }
    }
}

/// Why a step was not taken. Nothing was written then.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// No such case, graduate or employer, or none that this person sees: both read the same.
    #[error("no such thing")]
    NotFound,
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The case changed since the person looked at it.
    #[error("the case has changed meanwhile")]
    StaleVersion {
        /// Its version now.
        current: i32,
    },
    /// Fields are wrong.
    #[error("the input is not valid")]
    Invalid(Vec<FieldError>),
    /// The caller's key was used before with another body.
    #[error("this idempotency key was used with another request")]
    KeyReused,
    /// The database failed; the transaction was rolled back.
    #[error("the database failed: {0}")]
    Database(#[from] DieselError),
    /// No connection was free in time.
    #[error("no database connection: {0}")]
    Unreachable(#[from] diesel_async::pooled_connection::deadpool::PoolError),
}

/// Takes a step on an agreement.
///
/// # Errors
/// [`StepError`]; nothing is written then.
pub async fn take(
    platform: &Platform,
    actor: Actor,
    agreement_id: Uuid,
    step: AgreementStep,
    expected_version: Option<i32>,
) -> Result<AgreementView, StepError> {
    check_reason(step.reason())?;
    let mut conn = platform.pool.get().await?;
    let taken = conn
        .transaction(async |conn| {
            let view = agreement::lock(conn, actor.viewer(), agreement_id)
                .await?
                .ok_or(StepError::NotFound)?;
            if let Some(expected) = expected_version
                && expected != view.agreement.version
            {
                return Err(StepError::StaleVersion {
                    current: view.agreement.version,
                });
            }
            let role = match &actor {
                Actor::Viewer(viewer) => role_of(viewer, &view.agreement).ok_or(StepError::NotFound)?,
                Actor::Worker => ActorRole::Worker,
            };
            // Read under the lock: whoever waited for it is judged by the time at which he got it.
            let now = platform.clock.now();
            let facts = view.facts(actor.account_id(), step.reason().is_some());
            let transition = decide(&facts, step.action(), role, now)?;
            apply(platform, conn, view, &actor, role, &step, &transition, now).await
        })
        .await?;
    platform.waker.wake();
    Ok(taken)
}

#[expect(
    clippy::too_many_arguments,
    reason = "the whole of one step, called in two places of this file"
)]
async fn apply(
    platform: &Platform,
    conn: &mut AsyncPgConnection,
    view: AgreementView,
    actor: &Actor,
    role: ActorRole,
    step: &AgreementStep,
    transition: &Transition,
    now: DateTime<Utc>,
) -> Result<AgreementView, StepError> {
    let AgreementView {
        agreement: before,
        mut standing,
    } = view;
    let mut after = before.clone();
    let action = step.action();

    match transition.engagement {
        EngagementEffect::Keep => {}
        EngagementEffect::Take => {
            let taken =
                engagement::take(conn, before.graduate_id, CaseKind::Agreement, before.id, now).await?;
            if !taken {
                return Err(Refusal::AlreadyEngaged.into());
            }
            standing.held_by = Some(before.id);
        }
        EngagementEffect::Free => {
            engagement::free(conn, before.graduate_id, before.id).await?;
            standing.held_by = None;
        }
    }

    after.status = transition.to;
    after.awaiting_review = transition.awaiting_review;
    if after.awaiting_review != before.awaiting_review {
        after.waiting_since = after.awaiting_review.map(|_| now);
    }
    after.updated_at = now;
    let mut changes = json!({});
    match step {
        AgreementStep::Accept => {
            after.accepted_at = Some(now);
            after.review_route = Some(standing.own_route.unwrap_or(standing.default_route));
            after.submitted_by = actor.account_id();
        }
        AgreementStep::Approve => match role {
            ActorRole::DepartmentReviewer => after.department_approved_at = Some(now),
            _ => after.school_approved_at = Some(now),
        },
        AgreementStep::Remind => after.reminded_at = Some(now),
        AgreementStep::Decline(_) | AgreementStep::Reject(_) => {
            after.reason = step.reason().map(str::to_owned)
        }
        AgreementStep::StoreDocument(document_id, pdf) => {
            if !document::mark_ready(conn, *document_id, pdf, now).await? {
                // Another run of the job was faster; the event exists.
                return Ok(AgreementView {
                    agreement: before,
                    standing,
                });
            }
            changes = json!({ "document": document_id, "sha256": hex::encode(pdf.sha256) });
        }
        AgreementStep::Cancel | AgreementStep::Expire => {}
    }
    let moved = after.status != before.status || after.awaiting_review != before.awaiting_review;
    if moved {
        after.version += 1;
    }
    if transition.signs {
        sign(platform, conn, &mut after, now).await?;
    }
    record(
        conn,
        &before,
        &mut after,
        actor,
        role,
        action,
        step.reason(),
        changes,
        now,
    )
    .await?;
    update(conn, &after).await?;
    Ok(AgreementView {
        agreement: after,
        standing,
    })
}

/// Gives the number and orders the paper.
async fn sign(
    platform: &Platform,
    conn: &mut AsyncPgConnection,
    agreement: &mut Agreement,
    now: DateTime<Utc>,
) -> Result<(), StepError> {
    let graduate = first(graduate::by_ids(conn, &[agreement.graduate_id]).await?)?;
    let school = first(school::schools_by_ids(conn, &[agreement.school_id]).await?)?;
    let department = first(school::departments_by_ids(conn, &[agreement.department_id]).await?)?;
    let number = agreement::next_number(
        conn,
        school.id,
        &school.code,
        graduate.class_year,
        &graduate.degree_level,
    )
    .await?;
    agreement.signed_at = Some(now);
    agreement.agreement_number = Some(number.clone());

    let terms = &agreement.terms;
    let verification_code = document::new_verification_code();
    let paper = Paper {
        layout: 1,
        agreement_number: number,
        verification_url: format!("{}/verify/{verification_code}", platform.public_url),
        verification_code,
        graduate: PaperGraduate {
            name: graduate.name,
            gender: match graduate.gender {
                Gender::Male => "男".to_owned(),
                Gender::Female => "女".to_owned(),
            },
            id_card_number: graduate.id_card_number,
            student_number: graduate.student_number,
            class_year: graduate.class_year,
            degree_level: CodeList::DegreeLevel.name_zh(&graduate.degree_level),
            major: graduate.major,
            training_mode: CodeList::TrainingMode.name_zh(&graduate.training_mode),
            origin_region: region_name(&graduate.origin_region),
            mobile: graduate.contact.mobile,
            email: graduate.contact.email,
        },
        employer: PaperEmployer {
            name: terms.employer_name.clone(),
            credit_code: terms.credit_code.as_str().to_owned(),
            nature: CodeList::EmployerNature.name_zh(&terms.nature),
            industry: CodeList::Industry.name_zh(&terms.industry),
            address: format!("{}{}", region_name(&terms.region), terms.address),
            position_category: CodeList::PositionCategory.name_zh(&terms.position_category),
            position_title: terms.position_title.clone(),
            contact_person: terms.contact_person.clone(),
            contact_phone: terms.contact_phone.clone(),
            contact_mobile: terms.contact_mobile.as_str().to_owned(),
            contact_email: terms.contact_email.as_str().to_owned(),
        },
        school: PaperSchool {
            name: school.name,
            code: school.code,
            department: department.name,
            contact_phone: school.contact_phone,
            address: school.address,
        },
        terms: PaperTerms {
            probation_months: terms.probation_months,
            probation_salary: terms.probation_salary,
            regular_salary: terms.regular_salary,
            liquidated_damages: terms.liquidated_damages,
            report_place: terms.report_place.clone(),
            report_deadline: terms.report_deadline,
            work_place: terms.work_place.clone(),
            household_registration: CodeList::HouseholdRegistration
                .name_zh(terms.household_registration.as_str()),
            supplementary_terms: terms.supplementary_terms.clone(),
        },
        invited_on: shanghai_date(agreement.invited_at),
        accepted_on: shanghai_date(agreement.accepted_at.unwrap_or(now)),
        department_approved_on: agreement.department_approved_at.map(shanghai_date),
        school_approved_on: agreement.school_approved_at.map(shanghai_date),
        signed_on: shanghai_date(now),
    };
    let document_id = Uuid::now_v7();
    document::insert(conn, document_id, agreement.id, 1, &paper, now).await?;
    jobs::enqueue(conn, &jobs::RenderDocument { document_id }, now).await?;
    Ok(())
}

/// Writes the event, and the messages it owes with the jobs that send them.
#[expect(
    clippy::too_many_arguments,
    reason = "the whole of one event, called in two places of this file"
)]
async fn record(
    conn: &mut AsyncPgConnection,
    before: &Agreement,
    after: &mut Agreement,
    actor: &Actor,
    role: ActorRole,
    action: AgreementAction,
    reason: Option<&str>,
    changes: Value,
    now: DateTime<Utc>,
) -> Result<(), StepError> {
    let (event_id, hash) = event::append(
        conn,
        &NewEvent {
            occurred_at: now,
            case_kind: CaseKind::Agreement,
            case_id: after.id,
            sequence: before.event_count + 1,
            actor_role: role,
            actor_account_id: actor.account_id(),
            action,
            from_status: (action != AgreementAction::Invite).then_some(before.status),
            to_status: after.status,
            reason: reason.map(str::to_owned),
            changes,
            graduate_id: after.graduate_id,
            employer_id: Some(after.employer_id),
            school_id: after.school_id,
            department_id: after.department_id,
            previous_hash: before.event_hash.clone(),
        },
    )
    .await?;
    after.event_count = before.event_count + 1;
    after.event_hash = hash.to_vec();
    tell(conn, after, event_id, action, reason, now).await
}

async fn tell(
    conn: &mut AsyncPgConnection,
    agreement: &Agreement,
    event_id: i64,
    action: AgreementAction,
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), StepError> {
    let owed = owed(action, agreement.status);
    if owed.is_empty() {
        return Ok(());
    }
    let graduate = first(graduate::by_ids(conn, &[agreement.graduate_id]).await?)?;
    let school = first(school::schools_by_ids(conn, &[agreement.school_id]).await?)?;
    let params = json!({
        "graduate": graduate.name,
        "employer": agreement.terms.employer_name,
        "school": school.name,
        "position": agreement.terms.position_title,
        "deadline": format_moment(agreement.response_deadline),
        "reason": reason,
        "agreement_number": agreement.agreement_number,
    });
    let mut messages = Vec::new();
    for (audience, template) in owed {
        let accounts = match audience {
            Audience::Graduate => vec![graduate.account_id],
            Audience::Employer => employer::member_accounts(conn, agreement.employer_id).await?,
        };
        for account_id in accounts {
            for channel in audience.channels() {
                let in_app = *channel == Channel::InApp;
                messages.push(NewMessage {
                    id: Uuid::now_v7(),
                    event_id,
                    account_id,
                    channel: *channel,
                    template: *template,
                    params: params.clone(),
                    status: if in_app {
                        MessageStatus::Sent
                    } else {
                        MessageStatus::Pending
                    },
                    created_at: now,
                    sent_at: in_app.then_some(now),
                });
            }
        }
    }
    message::insert(conn, &messages).await?;
    let sends: Vec<_> = messages
        .iter()
        .filter(|message| message.status == MessageStatus::Pending)
        .map(|message| jobs::SendMessage {
            message_id: message.id,
        })
        .collect();
    jobs::enqueue_all(conn, &sends, now).await?;
    Ok(())
}

async fn update(conn: &mut AsyncPgConnection, agreement: &Agreement) -> QueryResult<()> {
    diesel::update(agreements::table.find(agreement.id))
        .set((
            (
                agreements::status.eq(agreement.status),
                agreements::awaiting_review.eq(agreement.awaiting_review),
                agreements::waiting_since.eq(agreement.waiting_since),
                agreements::review_route.eq(agreement.review_route),
                agreements::submitted_by.eq(agreement.submitted_by),
                agreements::agreement_number.eq(&agreement.agreement_number),
                agreements::reason.eq(&agreement.reason),
                agreements::version.eq(agreement.version),
            ),
            (
                agreements::event_count.eq(agreement.event_count),
                agreements::event_hash.eq(&agreement.event_hash),
                agreements::reminded_at.eq(agreement.reminded_at),
                agreements::accepted_at.eq(agreement.accepted_at),
                agreements::department_approved_at.eq(agreement.department_approved_at),
                agreements::school_approved_at.eq(agreement.school_approved_at),
                agreements::signed_at.eq(agreement.signed_at),
                agreements::updated_at.eq(agreement.updated_at),
            ),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// What an employer sends to a graduate.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Whom it is for.
    pub graduate_id: Uuid,
    /// What is offered, as filled in.
    pub terms: TermsDraft,
    /// Until when, exclusively, it may be answered.
    pub response_deadline: DateTime<Utc>,
}

/// The caller's key of a creating request, with the hash of the whole request.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    /// Chosen by the caller.
    pub key: String,
    /// Of the request's body.
    pub request_hash: [u8; 32],
}

/// Claims the key of a request as a whole, before its parts are done: so that the same key with another body is refused
/// even where no part of the two is the same.
///
/// # Errors
/// [`StepError::KeyReused`].
pub async fn claim_request(
    platform: &Platform,
    viewer: &Viewer,
    key: &IdempotencyKey,
) -> Result<(), StepError> {
    let mut conn = platform.pool.get().await?;
    let now = platform.clock.now();
    let response = json!({});
    match idempotency::claim(
        &mut conn,
        viewer.account_id(),
        &key.key,
        &key.request_hash,
        &response,
        now,
    )
    .await?
    {
        Claim::New | Claim::Seen(_) => Ok(()),
        Claim::OtherBody => Err(StepError::KeyReused),
    }
}

/// Invites one graduate. An earlier invitation of the same employer whose deadline has passed is expired on the way, so
/// that it does not stand in the way when the worker is late.
///
/// # Errors
/// [`StepError`]; nothing is written then.
pub async fn invite(
    platform: &Platform,
    viewer: &Viewer,
    invitation: &Invitation,
    key: Option<&IdempotencyKey>,
) -> Result<AgreementView, StepError> {
    let Viewer::EmployerMember {
        account_id,
        employer_id,
    } = *viewer
    else {
        return Err(Refusal::NotYourRole.into());
    };
    let mut conn = platform.pool.get().await?;
    let invited = conn
        .transaction(async |conn| {
            let now = platform.clock.now();
            let id = Uuid::now_v7();
            if let Some(key) = key {
                let response = json!({ "agreement_id": id });
                // One key for each graduate of a request: what was committed before a crash is not done again.
                let item = format!("{}/{}", key.key, invitation.graduate_id);
                match idempotency::claim(conn, account_id, &item, &key.request_hash, &response, now).await? {
                    Claim::New => {}
                    Claim::Seen(response) => {
                        let id = response["agreement_id"].as_str().and_then(|id| id.parse().ok());
                        let id = id.ok_or(StepError::NotFound)?;
                        return agreement::find(conn, viewer, id)
                            .await?
                            .ok_or(StepError::NotFound);
                    }
                    Claim::OtherBody => return Err(StepError::KeyReused),
                }
            }
            invite_in(platform, conn, viewer, employer_id, id, invitation, now).await
        })
        .await?;
    platform.waker.wake();
    Ok(invited)
}

async fn invite_in(
    platform: &Platform,
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    employer_id: Uuid,
    id: Uuid,
    invitation: &Invitation,
    now: DateTime<Utc>,
) -> Result<AgreementView, StepError> {
    type EmployerRow = (String, String, employer::EmployerVerification);
    let (name, credit_code, verification): EmployerRow = employers::table
        .find(employer_id)
        .select((employers::name, employers::credit_code, employers::verification))
        .first(conn)
        .await?;
    let verified = verification == employer::EmployerVerification::Verified;
    if !verified {
        // Before the graduate is looked at: an employer that may not act learns nothing of anybody.
        return Err(Refusal::EmployerNotVerified.into());
    }
    let graduate: Option<(Uuid, Uuid, bool)> = graduates::table
        .find(invitation.graduate_id)
        .select((
            graduates::school_id,
            graduates::department_id,
            graduates::online_signing_allowed,
        ))
        .first(conn)
        .await
        .optional()?;
    let (school_id, department_id, online_signing_allowed) = graduate.ok_or(StepError::NotFound)?;

    let credit_code = CreditCode::parse(&credit_code)
        .map_err(|error| DieselError::DeserializationError(Box::new(error)))?;
    let mut wrong = Vec::new();
    let deadline = DateTime::from_timestamp_micros(invitation.response_deadline.timestamp_micros())
        .unwrap_or(invitation.response_deadline);
    if deadline <= now || deadline > now + MAX_RESPONSE_TIME {
        wrong.push(FieldError {
            field: "responseDeadline",
            message: format!("应晚于当前时间，且不超过 {} 天", MAX_RESPONSE_TIME.num_days()),
        });
    }
    let terms = match invitation.terms.check(&name, credit_code) {
        Ok(terms) if wrong.is_empty() => terms,
        Ok(_) => return Err(StepError::Invalid(wrong)),
        Err(errors) => {
            wrong.extend(errors);
            return Err(StepError::Invalid(wrong));
        }
    };

    let mut live = agreement::lock_live(conn, employer_id, invitation.graduate_id).await?;
    if let Some(view) = &live
        && view.agreement.status == AgreementStatus::Invited
        && view.agreement.response_deadline <= now
    {
        let step = AgreementStep::Expire;
        let transition = decide(&view.facts(None, false), step.action(), ActorRole::Worker, now)?;
        apply(
            platform,
            conn,
            view.clone(),
            &Actor::Worker,
            ActorRole::Worker,
            &step,
            &transition,
            now,
        )
        .await?;
        live = None;
    }
    decide_invite(InviteFacts {
        employer_verified: verified,
        online_signing_allowed,
        live: live.map(|view| view.agreement.status),
    })?;

    let inserted: Agreement = diesel::insert_into(agreements::table)
        .values((
            agreements::id.eq(id),
            agreements::channel.eq(AgreementChannel::Online),
            agreements::status.eq(AgreementStatus::Invited),
            agreements::graduate_id.eq(invitation.graduate_id),
            agreements::employer_id.eq(employer_id),
            agreements::school_id.eq(school_id),
            agreements::department_id.eq(department_id),
            agreements::terms.eq(terms),
            agreements::response_deadline.eq(deadline),
            agreements::invited_at.eq(now),
            agreements::updated_at.eq(now),
        ))
        .returning(Agreement::as_returning())
        .get_result(conn)
        .await
        .map_err(|error| match error {
            // Two members invited at the same moment; the constraint let one in.
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, ref info)
                if info.constraint_name() == Some("agreements_one_live_per_employer") =>
            {
                StepError::Refused(Refusal::AlreadyInvited)
            }
            other => StepError::Database(other),
        })?;
    debug_assert_eq!(inserted.event_hash, CHAIN_START);
    let mut agreement = inserted.clone();
    let actor = Actor::Viewer(*viewer);
    record(
        conn,
        &inserted,
        &mut agreement,
        &actor,
        ActorRole::Employer,
        AgreementAction::Invite,
        None,
        json!({}),
        now,
    )
    .await?;
    update(conn, &agreement).await?;
    jobs::enqueue(conn, &jobs::ExpireInvitation { agreement_id: id }, deadline).await?;
    let reminder = deadline - REMINDER_LEAD;
    if reminder > now {
        jobs::enqueue(conn, &jobs::RemindInvitation { agreement_id: id }, reminder).await?;
    }
    agreement::find(conn, viewer, id)
        .await?
        .ok_or(StepError::NotFound)
}

fn check_reason(reason: Option<&str>) -> Result<(), StepError> {
    let Some(reason) = reason else { return Ok(()) };
    let message = if reason.chars().count() > MAX_REASON {
        format!("不得超过 {MAX_REASON} 个字")
    } else if reason.chars().any(|c| c.is_control() && c != '\n') {
        "含有不可见的控制字符".to_owned()
    } else {
        return Ok(());
    };
    Err(StepError::Invalid(vec![FieldError {
        field: "reason",
        message,
    }]))
}

fn first<T>(rows: Vec<T>) -> QueryResult<T> {
    rows.into_iter().next().ok_or(DieselError::NotFound)
}
