//! Accounts: what a person logs in with. What the person is stands in graduate, employer, reviewer.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde_json::json;
use uuid::Uuid;

use super::{
    account_notice::{self, AccountNotice},
    graduate::Contact,
    passcode::{self, PasscodeChannel},
    reviewer::Operator,
    session::{self, Session},
};
use crate::{
    checks::{Email, IdCardNumber, Mobile},
    clock::format_moment,
    messages::MessageTemplate,
    tables::{accounts, graduates, operators},
    text_enum::text_enum,
};

text_enum! {
    /// What kind of person an account belongs to.
    pub enum AccountKind {
        /// 毕业生
        Graduate = "GRADUATE",
        /// 用人单位 member.
        EmployerMember = "EMPLOYER_MEMBER",
        /// 学校 or 院系 reviewer.
        Reviewer = "REVIEWER",
        /// 平台管理员
        Operator = "OPERATOR",
    }
}

/// What somebody types to say who he is (§1 figure 2: 手机号/身份证号/邮箱).
#[derive(Clone, Debug)]
pub enum Identifier {
    /// 手机号
    Mobile(Mobile),
    /// 身份证号 (graduates only)
    IdCard(IdCardNumber),
    /// 邮箱
    Email(Email),
}

impl Identifier {
    /// Tells by its form which of the three a text is; `None` for a text that can be none of them.
    pub fn parse(text: &str) -> Option<Self> {
        if text.contains('@') {
            return Email::parse(text).ok().map(Self::Email);
        }
        IdCardNumber::parse(text)
            .map(Self::IdCard)
            .or_else(|_| Mobile::parse(text).map(Self::Mobile))
            .ok()
    }
}

/// A row to insert.
#[derive(Insertable)]
#[diesel(table_name = accounts)]
#[expect(missing_docs, reason = "the columns of the table")]
pub struct NewAccount<'a> {
    pub id: Uuid,
    pub kind: AccountKind,
    pub mobile: Option<&'a str>,
    pub email: Option<&'a str>,
    pub wechat_open_id: Option<&'a str>,
    pub password_hash: &'a str,
}

/// Opens an operator's account; all or nothing. `None` when an account has this e-mail address already.
///
/// # Errors
/// The database's.
pub async fn open_operator(
    conn: &mut AsyncPgConnection,
    email: &Email,
    name: &str,
    password_hash: &str,
) -> QueryResult<Option<Uuid>> {
    conn.transaction(async |conn: &mut AsyncPgConnection| {
        let account = NewAccount {
            id: Uuid::now_v7(),
            kind: AccountKind::Operator,
            mobile: None,
            email: Some(email.as_str()),
            wechat_open_id: None,
            password_hash,
        };
        let opened = diesel::insert_into(accounts::table)
            .values(&account)
            .on_conflict(accounts::email)
            .do_nothing()
            .execute(conn)
            .await?;
        if opened == 0 {
            return Ok(None);
        }
        let operator = Operator {
            account_id: account.id,
            name: name.to_owned(),
        };
        diesel::insert_into(operators::table)
            .values(&operator)
            .execute(conn)
            .await?;
        Ok(Some(account.id))
    })
    .await
}

/// What checking a password needs.
#[derive(Queryable)]
pub struct Credentials {
    /// The account.
    pub account_id: Uuid,
    /// Its argon2id hash in PHC form.
    pub password_hash: String,
}

/// The account of an identifier, unless it is disabled.
///
/// # Errors
/// The database's.
pub async fn find_credentials(
    conn: &mut AsyncPgConnection,
    identifier: &Identifier,
) -> QueryResult<Option<Credentials>> {
    let enabled = accounts::table.filter(accounts::disabled_at.is_null());
    let columns = (accounts::id, accounts::password_hash);
    match identifier {
        Identifier::Mobile(mobile) => {
            let query = enabled.filter(accounts::mobile.eq(mobile.as_str()));
            query.select(columns).first(conn).await.optional()
        }
        Identifier::Email(email) => {
            let query = enabled.filter(accounts::email.eq(email.as_str()));
            query.select(columns).first(conn).await.optional()
        }
        Identifier::IdCard(number) => {
            let query = enabled
                .inner_join(graduates::table)
                .filter(graduates::id_card_number.eq(number.as_str()));
            query.select(columns).first(conn).await.optional()
        }
    }
}

/// The account of an identifier with its addresses, unless it is disabled.
///
/// # Errors
/// The database's.
pub async fn find_addresses(
    conn: &mut AsyncPgConnection,
    identifier: &Identifier,
) -> QueryResult<Option<(Uuid, Addresses)>> {
    let enabled = accounts::table
        .left_join(graduates::table)
        .filter(accounts::disabled_at.is_null())
        .select((
            accounts::id,
            (accounts::mobile, accounts::email, accounts::wechat_open_id),
        ))
        .into_boxed();
    let query = match identifier {
        Identifier::Mobile(mobile) => enabled.filter(accounts::mobile.eq(mobile.as_str())),
        Identifier::Email(email) => enabled.filter(accounts::email.eq(email.as_str())),
        Identifier::IdCard(number) => enabled.filter(graduates::id_card_number.eq(number.as_str())),
    };
    query.first(conn).await.optional()
}

/// The password's hash of an account.
///
/// # Errors
/// The database's.
pub async fn password_hash(conn: &mut AsyncPgConnection, account_id: Uuid) -> QueryResult<String> {
    accounts::table
        .find(account_id)
        .select(accounts::password_hash)
        .first(conn)
        .await
}

/// The texts that an account is known by.
///
/// # Errors
/// The database's.
pub async fn identifiers(conn: &mut AsyncPgConnection, account_id: Uuid) -> QueryResult<Vec<String>> {
    type Row = (Option<String>, Option<String>, Option<String>);
    let (mobile, email, id_card): Row = accounts::table
        .left_join(graduates::table)
        .filter(accounts::id.eq(account_id))
        .select((
            accounts::mobile,
            accounts::email,
            graduates::id_card_number.nullable(),
        ))
        .first(conn)
        .await?;
    Ok([mobile, email, id_card].into_iter().flatten().collect())
}

/// What came of changing a password by the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordChange {
    /// It is the new one now.
    Changed,
    /// The one before is the account's no more.
    OtherPassword,
    /// The session in which it was asked for has ended.
    SessionEnded,
}

/// Sets an account's password in one of its sessions, by the hash of the password that was proved, and ends all other
/// sessions. What was proved is compared again under the lock: meanwhile somebody else may have set another one.
///
/// # Errors
/// The database's; nothing is written then.
pub async fn change_password(
    conn: &mut AsyncPgConnection,
    session: &Session,
    proved_hash: &str,
    new_hash: &str,
    now: DateTime<Utc>,
) -> QueryResult<PasswordChange> {
    let account_id = session.account_id;
    conn.transaction(async |conn: &mut AsyncPgConnection| {
        let Some(hash) = lock(conn, account_id).await? else {
            return Ok(PasswordChange::SessionEnded);
        };
        if session::find(conn, account_id, session.id, now).await?.is_none() {
            return Ok(PasswordChange::SessionEnded);
        }
        if hash != proved_hash {
            return Ok(PasswordChange::OtherPassword);
        }
        set_password(conn, account_id, new_hash, Some(session.id), now).await?;
        Ok(PasswordChange::Changed)
    })
    .await
}

/// Sets an account's password by a code that fitted, which is used up with it, and ends all sessions. `false` when the code
/// was used or replaced meanwhile, or the account is disabled.
///
/// # Errors
/// The database's; nothing is written then.
pub async fn reset_password(
    conn: &mut AsyncPgConnection,
    passcode_id: Uuid,
    account_id: Uuid,
    password_hash: &str,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    conn.transaction(async |conn: &mut AsyncPgConnection| {
        // The account before its codes, as whoever disables it or changes its addresses does.
        let usable = lock(conn, account_id).await?.is_some() && passcode::consume(conn, passcode_id).await?;
        if usable {
            set_password(conn, account_id, password_hash, None, now).await?;
        }
        Ok(usable)
    })
    .await
}

/// Locks an account, unless it is disabled; gives its password's hash. Others may still refer to its row.
pub(crate) async fn lock(conn: &mut AsyncPgConnection, account_id: Uuid) -> QueryResult<Option<String>> {
    accounts::table
        .find(account_id)
        .filter(accounts::disabled_at.is_null())
        .for_no_key_update()
        .select(accounts::password_hash)
        .first(conn)
        .await
        .optional()
}

/// Sets the password of a locked account, ends its sessions but `except` and its codes, and owes its person a notice: by mail, or
/// by SMS where there is no address.
async fn set_password(
    conn: &mut AsyncPgConnection,
    account_id: Uuid,
    password_hash: &str,
    except: Option<Uuid>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let contact: Contact = diesel::update(accounts::table.find(account_id))
        .set(accounts::password_hash.eq(password_hash))
        .returning(Contact::as_returning())
        .get_result(conn)
        .await?;
    session::end_all(conn, account_id, except, now).await?;
    passcode::revoke(conn, account_id).await?;
    let by_mail = contact.email.map(|address| (PasscodeChannel::Email, address));
    let by_sms = contact.mobile.map(|address| (PasscodeChannel::Sms, address));
    if let Some((channel, address)) = by_mail.or(by_sms) {
        let notice = AccountNotice {
            id: Uuid::now_v7(),
            account_id,
            channel,
            address,
            template: MessageTemplate::PasswordChanged,
            params: json!({ "moment": format_moment(now) }),
            created_at: now,
        };
        account_notice::owe(conn, &notice).await?;
    }
    Ok(())
}

/// Disables an account, which ends its sessions and its codes, or enables it again. Gives since when it is disabled.
///
/// # Errors
/// The database's.
pub async fn set_enabled(
    conn: &mut AsyncPgConnection,
    account_id: Uuid,
    enabled: bool,
    now: DateTime<Utc>,
) -> QueryResult<Option<DateTime<Utc>>> {
    let disabled_at = (!enabled).then_some(now);
    diesel::update(accounts::table.find(account_id))
        .set(accounts::disabled_at.eq(disabled_at))
        .execute(conn)
        .await?;
    if !enabled {
        session::end_all(conn, account_id, None, now).await?;
        passcode::revoke(conn, account_id).await?;
    }
    Ok(disabled_at)
}

/// Mobile and e-mail of an account.
///
/// # Errors
/// The database's.
pub async fn contact(conn: &mut AsyncPgConnection, account_id: Uuid) -> QueryResult<Contact> {
    accounts::table
        .find(account_id)
        .select(Contact::as_select())
        .first(conn)
        .await
}

/// Where a person can be reached outside the application.
#[derive(Queryable, Clone)]
pub struct Addresses {
    /// Mobile number, for SMS.
    pub mobile: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// The WeChat official account's id of the person, when he has bound it (§10).
    pub wechat_open_id: Option<String>,
}

impl std::fmt::Debug for Addresses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Addresses(…)")
    }
}

/// Where an account's person can be reached now.
///
/// # Errors
/// The database's.
pub async fn addresses(conn: &mut AsyncPgConnection, account_id: Uuid) -> QueryResult<Option<Addresses>> {
    accounts::table
        .find(account_id)
        .filter(accounts::disabled_at.is_null())
        .select((accounts::mobile, accounts::email, accounts::wechat_open_id))
        .first(conn)
        .await
        .optional()
}
