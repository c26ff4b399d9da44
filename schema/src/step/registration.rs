//! Steps on an employer's registration: it is registered by its first member, who has proved his e-mail address.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error as DieselError},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Actor, Doer, StepError,
    trail::{addressed, send},
};
use crate::{
    Platform,
    messages::{Audience, registration_owed},
    model::{
        Viewer,
        account::{AccountKind, NewAccount},
        employer::{self, Employer, MemberRole},
        event::{self, CHAIN_START, CaseKind, ChainEnd, Concerned, NewEvent},
        licence::{self, Licence},
        passcode,
        registration::{EmployerDetails, MemberDetails, RegistrationKey, SeenKey},
    },
    tables::{accounts, employer_members, employers},
    workflow::{
        ActorRole,
        employer_registration::{EmployerAction, EmployerVerification},
    },
};

/// A licence that was read and stored, of no employer yet.
#[derive(Clone, Debug)]
pub struct StoredLicence {
    /// Where it is.
    pub object_key: String,
    /// Its media type.
    pub content_type: String,
    /// Its size in bytes.
    pub byte_size: i32,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

/// Everything that it takes to register an employer.
#[derive(Clone)]
pub struct Registration {
    /// What it says of itself.
    pub details: EmployerDetails,
    /// Its first member.
    pub member: MemberDetails,
    /// His password's hash.
    pub password_hash: String,
    /// Its licence.
    pub licence: StoredLicence,
    /// The code that proved his address; it is used up.
    pub passcode_id: Uuid,
    /// The caller's key.
    pub key: RegistrationKey,
}

/// Registers an employer, which waits to be verified then, and opens the account of its first member, an administrator. His
/// mobile number is not proved, so it is kept as he gave it and is none to log in with.
///
/// # Errors
/// [`StepError::NotFound`] when the code was used or replaced meanwhile, [`StepError::AlreadyTaken`] of `creditCode` where an
/// employer of that code waits or is verified, of `email` where it is an account's, and of `licenceUploadId` where the file
/// was used before; nothing is written then.
pub async fn register(platform: &Platform, registration: &Registration) -> Result<Employer, StepError> {
    let mut conn = platform.pool.get().await?;
    let registered = conn
        .transaction(async |conn| {
            // The code's row lets one of two requests at once go first.
            if !passcode::consume(conn, registration.passcode_id).await? {
                return match registration.key.seen(conn).await? {
                    SeenKey::Registered(id) => employer::by_ids(conn, &[id])
                        .await?
                        .pop()
                        .ok_or(StepError::NotFound),
                    SeenKey::OtherBody => Err(StepError::KeyReused),
                    SeenKey::New => Err(StepError::NotFound),
                };
            }
            register_in(conn, registration, platform.clock.now()).await
        })
        .await?;
    platform.waker.wake();
    Ok(registered)
}

async fn register_in(
    conn: &mut AsyncPgConnection,
    registration: &Registration,
    now: DateTime<Utc>,
) -> Result<Employer, StepError> {
    let Registration { details, member, .. } = registration;
    let account = NewAccount {
        id: Uuid::now_v7(),
        kind: AccountKind::EmployerMember,
        mobile: None,
        email: Some(member.email.as_str()),
        wechat_open_id: None,
        password_hash: &registration.password_hash,
    };
    diesel::insert_into(accounts::table)
        .values(&account)
        .execute(conn)
        .await
        .map_err(taken("email"))?;
    let employer = Employer {
        id: Uuid::now_v7(),
        credit_code: details.credit_code.as_str().to_owned(),
        name: details.name.clone(),
        nature: details.nature.clone(),
        industry: details.industry.clone(),
        region: details.region.clone(),
        address: details.address.clone(),
        verification: EmployerVerification::Pending,
    };
    diesel::insert_into(employers::table)
        .values((&employer, employers::submitted_at.eq(now)))
        .execute(conn)
        .await
        .map_err(taken("creditCode"))?;
    diesel::insert_into(employer_members::table)
        .values((
            employer_members::account_id.eq(account.id),
            employer_members::employer_id.eq(employer.id),
            employer_members::name.eq(&member.name),
            employer_members::role.eq(MemberRole::Administrator),
            employer_members::contact_mobile.eq(member.mobile.as_str()),
        ))
        .execute(conn)
        .await?;
    store_licence(conn, employer.id, &registration.licence, now).await?;
    registration.key.keep(conn, employer.id, now).await?;
    let viewer = Viewer::EmployerMember {
        account_id: account.id,
        employer_id: employer.id,
    };
    let doer = Doer {
        actor: Actor::Viewer(viewer),
        role: ActorRole::Employer,
        now,
    };
    let chain = ChainEnd {
        count: 0,
        hash: CHAIN_START.to_vec(),
    };
    let entry = RegistrationEntry {
        action: EmployerAction::Register,
        from: None,
        reason: None,
        changes: json!({ "licence": hex::encode(registration.licence.sha256) }),
    };
    record_registration(conn, &employer, &chain, &doer, entry).await?;
    Ok(employer)
}

/// A violation of a unique constraint as the refusal of a field.
fn taken(field: &'static str) -> impl Fn(DieselError) -> StepError {
    move |error| match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
            StepError::AlreadyTaken { field }
        }
        other => StepError::Database(other),
    }
}

async fn store_licence(
    conn: &mut AsyncPgConnection,
    employer_id: Uuid,
    stored: &StoredLicence,
    now: DateTime<Utc>,
) -> Result<(), StepError> {
    let licence = Licence {
        id: Uuid::now_v7(),
        employer_id,
        object_key: stored.object_key.clone(),
        content_type: stored.content_type.clone(),
        byte_size: stored.byte_size,
        sha256: stored.sha256.to_vec(),
        stored_at: now,
    };
    licence::insert(conn, &licence)
        .await
        .map_err(taken("licenceUploadId"))
}

/// What is to be written of a step on a registration.
struct RegistrationEntry<'a> {
    action: EmployerAction,
    /// The status before; `None` for the first event.
    from: Option<EmployerVerification>,
    reason: Option<&'a str>,
    changes: Value,
}

/// Writes the event, the chain's new end, and the messages to the members that it owes.
async fn record_registration(
    conn: &mut AsyncPgConnection,
    employer: &Employer,
    chain: &ChainEnd,
    doer: &Doer,
    entry: RegistrationEntry<'_>,
) -> Result<(), StepError> {
    let new = NewEvent {
        occurred_at: doer.now,
        case_kind: CaseKind::Employer,
        case_id: employer.id,
        actor_role: doer.role,
        actor_account_id: doer.actor.account_id(),
        action: entry.action.as_str(),
        from_status: entry.from.map(EmployerVerification::as_str),
        to_status: employer.verification.as_str(),
        reason: entry.reason,
        changes: &entry.changes,
        concerned: Concerned::Employer(employer.id),
    };
    let (event_id, end) = event::append(conn, chain, &new).await?;
    diesel::update(employers::table.find(employer.id))
        .set((
            employers::event_count.eq(end.count),
            employers::event_hash.eq(end.hash),
        ))
        .execute(conn)
        .await?;
    let members = employer::member_accounts(conn, employer.id).await?;
    let params = json!({ "employer": employer.name, "reason": entry.reason });
    let template = registration_owed(entry.action);
    let channels = Audience::Employer.channels();
    let messages = addressed(event_id, &members, channels, template, &params, doer.now);
    send(conn, &messages, doer.now).await?;
    Ok(())
}
