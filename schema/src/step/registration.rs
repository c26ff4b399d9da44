//! Steps on an employer's registration: registered by its first member, who has proved his e-mail address; verified or refused
//! by an operator; handed in again by a member.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Actor, Doer, StepError, check_reason,
    employer_trail::{EmployerEntry, record_employer, status_before},
    flow::check_version,
    taken,
};
use crate::{
    Platform,
    model::{
        Viewer,
        account::{AccountKind, NewAccount},
        employer::{self, Employer, MemberRole},
        event::{CHAIN_START, ChainEnd},
        licence::{self, Licence},
        passcode,
        registration::{EmployerDetails, MemberDetails, RegistrationKey, SeenKey},
    },
    tables::{accounts, employer_members, employers},
    workflow::{
        ActorRole, Refusal,
        employer_registration::{EmployerAction, EmployerVerification, decide},
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
    let employer = described(Uuid::now_v7(), details, EmployerVerification::Pending);
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
    let entry = EmployerEntry {
        action: EmployerAction::Register,
        from: None,
        reason: None,
        changes: json!({ "licence": hex::encode(registration.licence.sha256) }),
    };
    record_employer(conn, &employer, &chain, &doer, entry).await?;
    Ok(employer)
}

/// An operator verifies an employer, or refuses it with a reason.
///
/// # Errors
/// [`StepError::NotFound`] for whoever does not see the employer, the refusals of the rules, and
/// [`StepError::AlreadyTaken`] of `creditCode` where another employer of it waits or is verified.
pub async fn verify_employer(
    platform: &Platform,
    viewer: &Viewer,
    employer_id: Uuid,
    action: EmployerAction,
    reason: Option<&str>,
    expected_version: Option<i32>,
) -> Result<Employer, StepError> {
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
    check_reason(reason)?;
    let mut conn = platform.pool.get().await?;
    let decided = conn
        .transaction(async |conn| {
            let held = Held::lock(conn, viewer, employer_id, expected_version).await?;
            let role = match viewer {
                Viewer::Operator { .. } => ActorRole::Operator,
                // Others see it as a party of their cases, and never decide it.
                _ => return Err(StepError::from(Refusal::NotYourRole)),
            };
            let from = held.employer.verification;
            let mut employer = held.employer.clone();
            employer.verification = decide(from, action, role, reason.is_some())?;
            let now = platform.clock.now();
            diesel::update(employers::table.find(employer_id))
                .set((
                    employers::verification.eq(employer.verification),
                    employers::version.eq(held.version + 1),
                ))
                .execute(conn)
                .await
                .map_err(taken("creditCode"))?;
            let entry = EmployerEntry {
                action,
                from: status_before(&held.employer, &held.chain),
                reason,
                changes: json!({}),
            };
            let doer = Doer {
                actor: Actor::Viewer(*viewer),
                role,
                now,
            };
            record_employer(conn, &employer, &held.chain, &doer, entry).await?;
            Ok(employer)
        })
        .await?;
    platform.waker.wake();
    Ok(decided)
}

/// Whether the viewer's employer was refused, so that he may hand it in again.
///
/// # Errors
/// The [`Refusal`] if not.
pub async fn may_resubmit(platform: &Platform, viewer: &Viewer) -> Result<(), StepError> {
    let Viewer::EmployerMember { employer_id, .. } = *viewer else {
        return Err(Refusal::NotYourRole.into());
    };
    let mut conn = platform.pool.get().await?;
    let employer = employer::find(&mut conn, viewer, employer_id)
        .await?
        .ok_or(StepError::NotFound)?;
    decide(
        employer.verification,
        EmployerAction::Resubmit,
        ActorRole::Employer,
        false,
    )?;
    Ok(())
}

/// A member hands in again what was refused, put right; without another licence the one before counts. It waits then.
///
/// # Errors
/// As [`verify_employer`]; also [`StepError::AlreadyTaken`] of `licenceUploadId`, where the file was used before.
pub async fn resubmit_employer(
    platform: &Platform,
    viewer: &Viewer,
    details: &EmployerDetails,
    licence: Option<&StoredLicence>,
    expected_version: Option<i32>,
) -> Result<Employer, StepError> {
    let Viewer::EmployerMember { employer_id, .. } = *viewer else {
        return Err(Refusal::NotYourRole.into());
    };
    let mut conn = platform.pool.get().await?;
    let resubmitted = conn
        .transaction(async |conn| {
            let held = Held::lock(conn, viewer, employer_id, expected_version).await?;
            let action = EmployerAction::Resubmit;
            let before = &held.employer;
            let verification = decide(before.verification, action, ActorRole::Employer, false)?;
            let after = described(employer_id, details, verification);
            let now = platform.clock.now();
            diesel::update(employers::table.find(employer_id))
                .set((
                    employers::credit_code.eq(&after.credit_code),
                    employers::name.eq(&after.name),
                    employers::nature.eq(&after.nature),
                    employers::industry.eq(&after.industry),
                    employers::region.eq(&after.region),
                    employers::address.eq(&after.address),
                    employers::verification.eq(after.verification),
                    employers::version.eq(held.version + 1),
                    employers::submitted_at.eq(now),
                ))
                .execute(conn)
                .await
                .map_err(taken("creditCode"))?;
            if let Some(licence) = licence {
                store_licence(conn, employer_id, licence, now).await?;
            }
            let entry = EmployerEntry {
                action,
                from: status_before(&held.employer, &held.chain),
                reason: None,
                changes: changes(before, &after, licence),
            };
            let doer = Doer {
                actor: Actor::Viewer(*viewer),
                role: ActorRole::Employer,
                now,
            };
            record_employer(conn, &after, &held.chain, &doer, entry).await?;
            Ok::<_, StepError>(after)
        })
        .await?;
    platform.waker.wake();
    Ok(resubmitted)
}

/// An employer as its details say, of this standing.
fn described(id: Uuid, details: &EmployerDetails, verification: EmployerVerification) -> Employer {
    Employer {
        id,
        credit_code: details.credit_code.as_str().to_owned(),
        name: details.name.clone(),
        nature: details.nature.clone(),
        industry: details.industry.clone(),
        region: details.region.clone(),
        address: details.address.clone(),
        verification,
    }
}

/// Which fields were put right, from what to what: an employer's data are no person's.
fn changes(before: &Employer, after: &Employer, licence: Option<&StoredLicence>) -> Value {
    let mut changes = serde_json::Map::new();
    for (field, before, after) in [
        ("credit_code", &before.credit_code, &after.credit_code),
        ("name", &before.name, &after.name),
        ("nature", &before.nature, &after.nature),
        ("industry", &before.industry, &after.industry),
        ("region", &before.region, &after.region),
        ("address", &before.address, &after.address),
    ] {
        if before != after {
            changes.insert(field.to_owned(), json!([before, after]));
        }
    }
    if let Some(licence) = licence {
        changes.insert("licence".to_owned(), hex::encode(licence.sha256).into());
    }
    Value::Object(changes)
}

/// An employer whose row this transaction holds.
struct Held {
    employer: Employer,
    version: i32,
    chain: ChainEnd,
}

impl Held {
    async fn lock(
        conn: &mut AsyncPgConnection,
        viewer: &Viewer,
        id: Uuid,
        expected_version: Option<i32>,
    ) -> Result<Self, StepError> {
        let (employer, version, chain) = employer::lock(conn, viewer, id)
            .await?
            .ok_or(StepError::NotFound)?;
        check_version(version, expected_version)?;
        Ok(Self {
            employer,
            version,
            chain,
        })
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
