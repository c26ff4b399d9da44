//! Passcodes: six digits sent to an address, which prove that whoever types them reads what is sent there. What a proved
//! address is good for is decided elsewhere.
//!
//! The code is in no table, no job and no log. It is made when it is sent, and only its argon2id hash is kept, in the row of
//! what it was asked for: whoever reads the table needs hours of a processor for a million codes, and a code lives ten minutes.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{prelude::*, upsert::excluded};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use rand::Rng;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{aged::delete_before, message::Channel};
use crate::{
    jobs::{self, SendPasscode},
    messages::MessageTemplate,
    tables::passcodes,
    text_enum::text_enum,
};

/// How long a code is good for, from the request on.
pub const LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// How often a code may be typed.
pub const MAX_TRIES: i32 = 5;
/// After so long a code that ran out is deleted.
const KEPT: TimeDelta = TimeDelta::hours(1);

text_enum! {
    /// What a code is good for; it is good for nothing else.
    pub enum Purpose {
        /// 重置密码
        PasswordReset = "PASSWORD_RESET",
        /// 更换联系方式
        ContactChange = "CONTACT_CHANGE",
        /// 单位注册
        Registration = "REGISTRATION",
    }
}

impl Purpose {
    /// The text that brings the code.
    pub const fn template(self) -> MessageTemplate {
        match self {
            Self::PasswordReset => MessageTemplate::PasswordResetCode,
            Self::ContactChange => MessageTemplate::ContactChangeCode,
            Self::Registration => MessageTemplate::RegistrationCode,
        }
    }
}

text_enum! {
    /// The ways in which a code travels.
    pub enum PasscodeChannel {
        /// 短信
        Sms = "SMS",
        /// 邮件
        Email = "EMAIL",
    }
}

impl From<PasscodeChannel> for Channel {
    fn from(channel: PasscodeChannel) -> Self {
        match channel {
            PasscodeChannel::Sms => Self::Sms,
            PasscodeChannel::Email => Self::Email,
        }
    }
}

/// What a code is asked for under, as its SHA-256: an identifier, an account, an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasscodeSubject([u8; 32]);

impl PasscodeSubject {
    /// Of any bytes.
    pub fn of(what: impl AsRef<[u8]>) -> Self {
        Self(Sha256::digest(what.as_ref()).into())
    }
}

/// The code itself. Never stored, never logged.
#[derive(Clone)]
pub struct Passcode(String);

impl Passcode {
    /// A new one from the system's random source.
    pub fn generate() -> Self {
        let mut bytes = [0_u8; 8];
        rand::rng().fill_bytes(&mut bytes);
        Self(format!("{:06}", u64::from_le_bytes(bytes) % 1_000_000))
    }

    /// The code itself, to send it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Passcode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passcode(…)")
    }
}

/// A code that somebody asks for.
#[derive(Clone)]
pub struct PasscodeRequest {
    /// What it is to be good for.
    pub purpose: Purpose,
    /// What it is asked for under.
    pub subject: PasscodeSubject,
    /// Whose it is. Without an account and an address it is nobody's, and is not sent.
    pub account_id: Option<Uuid>,
    /// How it travels.
    pub channel: PasscodeChannel,
    /// Where to, when that is not the account's own address.
    pub address: Option<String>,
}

/// Takes a request down with the job that makes and sends the code; what was asked for before under the same subject is good
/// for nothing from now on.
///
/// # Errors
/// The database's; nothing is written then.
pub async fn request(
    conn: &mut AsyncPgConnection,
    request: &PasscodeRequest,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let id = Uuid::now_v7();
    let row = (
        passcodes::id.eq(id),
        passcodes::purpose.eq(request.purpose),
        passcodes::subject_hash.eq(request.subject.0.as_slice()),
        passcodes::account_id.eq(request.account_id),
        passcodes::channel.eq(request.channel),
        passcodes::address.eq(&request.address),
        passcodes::requested_at.eq(now),
        passcodes::expires_at.eq(now + LIFETIME),
    );
    conn.transaction(async |conn: &mut AsyncPgConnection| {
        diesel::insert_into(passcodes::table)
            .values(row)
            .on_conflict((passcodes::purpose, passcodes::subject_hash))
            .do_update()
            .set((
                passcodes::id.eq(excluded(passcodes::id)),
                passcodes::account_id.eq(excluded(passcodes::account_id)),
                passcodes::channel.eq(excluded(passcodes::channel)),
                passcodes::address.eq(excluded(passcodes::address)),
                passcodes::code_hash.eq(None::<String>),
                passcodes::tries.eq(0),
                passcodes::requested_at.eq(excluded(passcodes::requested_at)),
                passcodes::expires_at.eq(excluded(passcodes::expires_at)),
            ))
            .execute(conn)
            .await?;
        jobs::enqueue(conn, &SendPasscode { passcode_id: id }, now).await
    })
    .await
}

/// A request that waits for its code.
#[derive(Queryable, Selectable, Clone)]
#[diesel(table_name = passcodes)]
pub struct Waiting {
    /// What the code is to be good for.
    pub purpose: Purpose,
    /// Whose it is.
    pub account_id: Option<Uuid>,
    /// How it travels.
    pub channel: PasscodeChannel,
    /// Where to, when that is not the account's own address.
    pub address: Option<String>,
}

/// A request for the job that sends its code; `None` when another one took its place, or it is too late.
///
/// # Errors
/// The database's.
pub async fn waiting(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<Option<Waiting>> {
    passcodes::table
        .find(id)
        .filter(passcodes::expires_at.gt(now))
        .select(Waiting::as_select())
        .first(conn)
        .await
        .optional()
}

/// From now on the code of this hash is the one of the request. `false` when another request took its place.
///
/// # Errors
/// The database's.
pub async fn arm(conn: &mut AsyncPgConnection, id: Uuid, code_hash: &str) -> QueryResult<bool> {
    let armed = diesel::update(passcodes::table.find(id))
        .set(passcodes::code_hash.eq(code_hash))
        .execute(conn)
        .await?;
    Ok(armed == 1)
}

/// A try that was counted: what the typed code has to fit.
#[derive(Queryable, Selectable, Clone)]
#[diesel(table_name = passcodes)]
pub struct Try {
    /// The request.
    pub id: Uuid,
    /// Whose it is.
    pub account_id: Option<Uuid>,
    /// How the code travelled.
    pub channel: PasscodeChannel,
    /// Where it went, when that was not the account's own address.
    pub address: Option<String>,
    /// The code's argon2id hash; `None` while none was sent.
    pub code_hash: Option<String>,
}

/// Counts a try before the code is looked at, so that of many at once no more get through than of one after the other.
/// `None` when there is no code, it ran out, or it was tried too often.
///
/// # Errors
/// The database's.
pub async fn count_try(
    conn: &mut AsyncPgConnection,
    purpose: Purpose,
    subject: PasscodeSubject,
    now: DateTime<Utc>,
) -> QueryResult<Option<Try>> {
    let open = passcodes::table
        .filter(passcodes::purpose.eq(purpose))
        .filter(passcodes::subject_hash.eq(subject.0.as_slice()))
        .filter(passcodes::expires_at.gt(now))
        .filter(passcodes::tries.lt(MAX_TRIES));
    diesel::update(open)
        .set(passcodes::tries.eq(passcodes::tries + 1))
        .returning(Try::as_returning())
        .get_result(conn)
        .await
        .optional()
}

/// Undoes the count of a try that was not looked at.
///
/// # Errors
/// The database's.
pub async fn take_back(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<()> {
    diesel::update(passcodes::table.find(id).filter(passcodes::tries.gt(0)))
        .set(passcodes::tries.eq(passcodes::tries - 1))
        .execute(conn)
        .await?;
    Ok(())
}

/// Uses up a code that fitted, in the transaction of what it is good for. `false` when it was used or replaced meanwhile.
///
/// # Errors
/// The database's.
pub async fn consume(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<bool> {
    let used = diesel::delete(passcodes::table.find(id)).execute(conn).await?;
    Ok(used == 1)
}

/// Makes the codes of an account good for nothing, since what they prove is not so any more.
///
/// # Errors
/// The database's.
pub async fn revoke(conn: &mut AsyncPgConnection, account_id: Uuid) -> QueryResult<()> {
    diesel::delete(passcodes::table.filter(passcodes::account_id.eq(account_id)))
        .execute(conn)
        .await?;
    Ok(())
}

/// Deletes codes that ran out, with the addresses to which they went.
///
/// # Errors
/// The database's.
pub async fn forget(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    delete_before(conn, "passcodes", "expires_at", now - KEPT).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_six_digits_and_is_not_printed() {
        let codes: Vec<_> = (0..100).map(|_| Passcode::generate()).collect();
        for code in &codes {
            assert!(code.expose().len() == 6 && code.expose().bytes().all(|byte| byte.is_ascii_digit()));
            assert!(!format!("{code:?}").contains(code.expose()));
        }
        let same = codes.iter().filter(|code| code.expose() == codes[0].expose());
        assert!(same.count() < 5, "they differ");
    }
}
