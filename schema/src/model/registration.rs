//! What an employer says of itself when it registers, checked; how its registration stands; and the caller's keys of
//! registrations.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    Viewer,
    aged::delete_before,
    idempotency::KEY_LIFETIME,
    licence::{self, Licence},
    terms::{FieldError, Form},
};
use crate::{
    checks::{CreditCode, Email, Mobile},
    codes::CodeList,
    tables::{case_events, employers, registration_keys},
    workflow::employer_registration::EmployerAction,
};

/// An employer as somebody filled it in, not yet checked.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "each field is the unchecked one of EmployerDetails")]
pub struct EmployerDraft {
    pub credit_code: String,
    pub name: String,
    pub nature: String,
    pub industry: String,
    pub region: String,
    pub address: String,
}

/// What an employer says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmployerDetails {
    /// 统一社会信用代码
    pub credit_code: CreditCode,
    /// 单位名称, 2 to 100 characters.
    pub name: String,
    /// 单位性质, a code of [`CodeList::EmployerNature`].
    pub nature: String,
    /// 单位行业, a code of [`CodeList::Industry`].
    pub industry: String,
    /// 所在地, a code of [`CodeList::Region`].
    pub region: String,
    /// 详细地址, 5 to 200 characters.
    pub address: String,
}

impl EmployerDraft {
    /// Checks it.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn check(&self) -> Result<EmployerDetails, Vec<FieldError>> {
        let mut form = Form::default();
        let credit_code = CreditCode::parse(&self.credit_code);
        if credit_code.is_err() {
            form.wrong("creditCode", "不是有效的统一社会信用代码，请核对 18 位代码");
        }
        let name = form.text("name", &self.name, 2..=100, false);
        let nature = form.code("nature", CodeList::EmployerNature, &self.nature);
        let industry = form.code("industry", CodeList::Industry, &self.industry);
        let region = form.code("region", CodeList::Region, &self.region);
        let address = form.text("address", &self.address, 5..=200, false);
        match (credit_code, form.errors) {
            (Ok(credit_code), errors) if errors.is_empty() => Ok(EmployerDetails {
                credit_code,
                name,
                nature,
                industry,
                region,
                address,
            }),
            (_, errors) => Err(errors),
        }
    }
}

/// A first member as he filled it in, not yet checked.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "each field is the unchecked one of MemberDetails")]
pub struct MemberDraft {
    pub name: String,
    pub mobile: String,
    pub email: String,
}

/// The first member of an employer.
#[derive(Clone, Debug)]
pub struct MemberDetails {
    /// 姓名, at most 30 characters.
    pub name: String,
    /// 手机号码, not proved: for the operator who asks back.
    pub mobile: Mobile,
    /// 电子邮箱
    pub email: Email,
}

impl MemberDraft {
    /// Checks it.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn check(&self) -> Result<MemberDetails, Vec<FieldError>> {
        let mut form = Form::default();
        let name = form.text("name", &self.name, 1..=30, false);
        let (mobile, email) = (Mobile::parse(&self.mobile), Email::parse(&self.email));
        if mobile.is_err() {
            form.wrong("mobile", "应为 11 位手机号码");
        }
        if email.is_err() {
            form.wrong("email", "不是有效的邮箱地址");
        }
        match (mobile, email, form.errors) {
            (Ok(mobile), Ok(email), errors) if errors.is_empty() => Ok(MemberDetails { name, mobile, email }),
            (.., errors) => Err(errors),
        }
    }
}

/// Checks the name of a member: 1 to 30 characters.
///
/// # Errors
/// What is wrong with the field `name`.
pub fn check_member_name(name: &str) -> Result<String, Vec<FieldError>> {
    let mut form = Form::default();
    let name = form.text("name", name, 1..=30, false);
    match form.errors.is_empty() {
        true => Ok(name),
        false => Err(form.errors),
    }
}

/// The caller's key of a registration. Nobody has an account yet, so it is kept with the e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistrationKey {
    key_hash: [u8; 32],
    request_hash: [u8; 32],
}

/// What a key turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenKey {
    /// Not seen before.
    New,
    /// Seen with the same body: this employer was registered.
    Registered(Uuid),
    /// Seen with another body: an error of the caller.
    OtherBody,
}

impl RegistrationKey {
    /// Of a key that somebody of this address has chosen. The body's hash covers no secret: it could be guessed from it.
    pub fn new(email: &Email, key: &str, request_hash: [u8; 32]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(email.as_str());
        hasher.update([0]);
        hasher.update(key);
        Self {
            key_hash: hasher.finalize().into(),
            request_hash,
        }
    }

    /// What has become of it.
    ///
    /// # Errors
    /// The database's.
    pub async fn seen(&self, conn: &mut AsyncPgConnection) -> QueryResult<SeenKey> {
        let found: Option<(Vec<u8>, Uuid)> = registration_keys::table
            .find(self.key_hash.as_slice())
            .select((registration_keys::request_hash, registration_keys::employer_id))
            .first(conn)
            .await
            .optional()?;
        Ok(match found {
            None => SeenKey::New,
            Some((hash, employer_id)) if hash == self.request_hash => SeenKey::Registered(employer_id),
            Some(_) => SeenKey::OtherBody,
        })
    }

    /// Keeps it, in the transaction that registers the employer.
    ///
    /// # Errors
    /// The database's.
    pub async fn keep(
        &self,
        conn: &mut AsyncPgConnection,
        employer_id: Uuid,
        now: DateTime<Utc>,
    ) -> QueryResult<()> {
        diesel::insert_into(registration_keys::table)
            .values((
                registration_keys::key_hash.eq(self.key_hash.as_slice()),
                registration_keys::request_hash.eq(self.request_hash.as_slice()),
                registration_keys::employer_id.eq(employer_id),
                registration_keys::created_at.eq(now),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }
}

/// Deletes keys of registrations that are as old as other keys become; gives how many.
///
/// # Errors
/// The database's.
pub async fn forget_keys(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    delete_before(conn, "registration_keys", "created_at", now - KEY_LIFETIME).await
}

/// How an employer's registration stands.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The employer.
    pub employer_id: Uuid,
    /// Goes up with every step on the registration.
    pub version: i32,
    /// When it was handed in last.
    pub submitted_at: DateTime<Utc>,
    /// The reason of the last step.
    pub reason: Option<String>,
    /// The licence that was handed in last; for operators only.
    pub licence: Option<Licence>,
}

/// How the registrations of these employers stand, as far as the viewer is a member or an operator.
///
/// # Errors
/// The database's.
pub async fn submissions(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    employer_ids: &[Uuid],
) -> QueryResult<Vec<Submission>> {
    let own;
    let employer_ids = match viewer {
        Viewer::Operator { .. } => employer_ids,
        Viewer::EmployerMember { employer_id, .. } if employer_ids.contains(employer_id) => {
            own = [*employer_id];
            &own
        }
        _ => return Ok(Vec::new()),
    };
    // Of the last decision, or the submission after it; what was done to members meanwhile has none.
    let reason = case_events::table
        .filter(case_events::case_id.eq(employers::id))
        .filter(
            case_events::action.eq_any(
                EmployerAction::OF_REGISTRATION
                    .iter()
                    .map(|action| action.as_str()),
            ),
        )
        .order(case_events::sequence.desc())
        .select(case_events::reason)
        .limit(1)
        .single_value();
    let rows: Vec<(Uuid, i32, DateTime<Utc>, Option<String>)> = employers::table
        .filter(employers::id.eq_any(employer_ids))
        .select((employers::id, employers::version, employers::submitted_at, reason))
        .load(conn)
        .await?;
    let mut licences: HashMap<Uuid, Licence> = licence::newest(conn, viewer, employer_ids)
        .await?
        .into_iter()
        .map(|licence| (licence.employer_id, licence))
        .collect();
    Ok(rows
        .into_iter()
        .map(|(employer_id, version, submitted_at, reason)| Submission {
            employer_id,
            version,
            submitted_at,
            reason,
            licence: licences.remove(&employer_id),
        })
        .collect())
}
