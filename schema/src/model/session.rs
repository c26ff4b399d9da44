//! Sessions, each known by a secret token, and the viewer behind one.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Page, PageRequest, Viewer, account::Credentials, aged::delete_before, page::load_page};
use crate::{
    SecretToken,
    tables::{accounts, employer_members, graduates, operators, reviewers, sessions},
};

/// How long a session lives, however much it is used.
pub const LIFETIME: TimeDelta = TimeDelta::days(7);

/// How long after the end of its life a session is kept, to see who was there.
const KEPT: TimeDelta = TimeDelta::days(30);

/// `last_seen_at` is not written more often than this.
const SEEN_GRAIN: TimeDelta = TimeDelta::minutes(5);

/// A session of an account.
#[derive(Queryable, Selectable, Clone, Debug)]
pub struct Session {
    /// Its id; not the token.
    pub id: Uuid,
    /// Whose it is.
    pub account_id: Uuid,
    /// The program that logged in, as it names itself.
    pub user_agent: Option<String>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to five minutes.
    pub last_seen_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
}

/// Begins a session of whoever has proved to know a password. `None` where it is the account's no more, or the account is
/// disabled.
///
/// The account's row is locked, so that whoever sets another password or disables the account either comes first, and is
/// seen here, or comes later, and sees this session among those that he ends.
///
/// # Errors
/// The database's; nothing is written then.
pub async fn begin(
    conn: &mut AsyncPgConnection,
    proved: &Credentials,
    user_agent: Option<&str>,
    now: DateTime<Utc>,
) -> QueryResult<Option<(Session, SecretToken)>> {
    let token = SecretToken::generate();
    let user_agent = user_agent.map(|agent| agent.chars().take(200).collect::<String>());
    conn.transaction(async |conn: &mut AsyncPgConnection| {
        let still: Option<Uuid> = accounts::table
            .find(proved.account_id)
            .filter(accounts::password_hash.eq(&proved.password_hash))
            .filter(accounts::disabled_at.is_null())
            .for_share()
            .select(accounts::id)
            .first(conn)
            .await
            .optional()?;
        if still.is_none() {
            return Ok(None);
        }
        let session = diesel::insert_into(sessions::table)
            .values((
                sessions::id.eq(Uuid::now_v7()),
                sessions::account_id.eq(proved.account_id),
                sessions::token_hash.eq(token.hash()),
                sessions::user_agent.eq(user_agent),
                sessions::created_at.eq(now),
                sessions::last_seen_at.eq(now),
                sessions::expires_at.eq(now + LIFETIME),
            ))
            .returning(Session::as_returning())
            .get_result(conn)
            .await?;
        Ok(Some((session, token)))
    })
    .await
}

/// The live session behind a token, and who that is. One statement; a second one now and then to note the use.
///
/// # Errors
/// The database's.
pub async fn authenticate(
    conn: &mut AsyncPgConnection,
    token: &SecretToken,
    now: DateTime<Utc>,
) -> QueryResult<Option<(Session, Viewer)>> {
    type GraduateIds = (Uuid, Uuid, Uuid);
    type Row = (
        Session,
        Option<GraduateIds>,
        Option<Uuid>,
        Option<(Uuid, Option<Uuid>)>,
        Option<Uuid>,
    );
    let found: Option<Row> = sessions::table
        .inner_join(accounts::table)
        .left_join(graduates::table.on(graduates::account_id.eq(accounts::id)))
        .left_join(employer_members::table.on(employer_members::account_id.eq(accounts::id)))
        .left_join(reviewers::table.on(reviewers::account_id.eq(accounts::id)))
        .left_join(operators::table.on(operators::account_id.eq(accounts::id)))
        .filter(sessions::token_hash.eq(token.hash()))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .filter(accounts::disabled_at.is_null())
        .select((
            Session::as_select(),
            (graduates::id, graduates::school_id, graduates::department_id).nullable(),
            employer_members::employer_id.nullable(),
            (reviewers::school_id, reviewers::department_id).nullable(),
            operators::account_id.nullable(),
        ))
        .first(conn)
        .await
        .optional()?;
    let Some((session, graduate, employer, reviewer, operator)) = found else {
        return Ok(None);
    };
    let account_id = session.account_id;
    let viewer = match (graduate, employer, reviewer, operator) {
        (Some((graduate_id, school_id, department_id)), ..) => Viewer::Graduate {
            account_id,
            graduate_id,
            school_id,
            department_id,
        },
        (_, Some(employer_id), ..) => Viewer::EmployerMember {
            account_id,
            employer_id,
        },
        (_, _, Some((school_id, department_id)), _) => Viewer::Reviewer {
            account_id,
            school_id,
            department_id,
        },
        (.., Some(_)) => Viewer::Operator { account_id },
        // An account whose role is not set up yet is nobody.
        (None, None, None, None) => return Ok(None),
    };
    if now - session.last_seen_at > SEEN_GRAIN {
        diesel::update(sessions::table.find(session.id))
            .set(sessions::last_seen_at.eq(now))
            .execute(conn)
            .await?;
    }
    Ok(Some((session, viewer)))
}

/// Which of these sessions have ended, by themselves or by their owner: asked for open sockets.
///
/// # Errors
/// The database's.
pub async fn ended_among(
    conn: &mut AsyncPgConnection,
    ids: &[Uuid],
    now: DateTime<Utc>,
) -> QueryResult<Vec<Uuid>> {
    sessions::table
        .inner_join(accounts::table)
        .filter(sessions::id.eq_any(ids))
        .filter(
            sessions::ended_at
                .is_not_null()
                .or(sessions::expires_at.le(now))
                .or(accounts::disabled_at.is_not_null()),
        )
        .select(sessions::id)
        .load(conn)
        .await
}

/// Ends a session of this account. `false` when it has no such live session.
///
/// # Errors
/// The database's.
pub async fn end(
    conn: &mut AsyncPgConnection,
    account_id: Uuid,
    session_id: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let ended = diesel::update(sessions::table.find(session_id))
        .filter(sessions::account_id.eq(account_id))
        .filter(sessions::ended_at.is_null())
        .set(sessions::ended_at.eq(now))
        .execute(conn)
        .await?;
    Ok(ended == 1)
}

/// Ends all sessions of an account but `except`.
///
/// # Errors
/// The database's.
pub async fn end_all(
    conn: &mut AsyncPgConnection,
    account_id: Uuid,
    except: Option<Uuid>,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::update(sessions::table)
        .filter(sessions::account_id.eq(account_id))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::id.ne(except.unwrap_or_default()))
        .set(sessions::ended_at.eq(now))
        .execute(conn)
        .await
}

/// The live sessions of an account, newest first.
///
/// # Errors
/// The database's.
pub async fn list(
    conn: &mut AsyncPgConnection,
    account_id: Uuid,
    request: &PageRequest<Uuid>,
    now: DateTime<Utc>,
) -> QueryResult<Page<Session>> {
    let query = sessions::table
        .filter(sessions::account_id.eq(account_id))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .select(Session::as_select())
        .into_boxed();
    load_page!(conn, query, request, descending sessions::id)
}

/// A live session of this account.
///
/// # Errors
/// The database's.
pub async fn find(
    conn: &mut AsyncPgConnection,
    account_id: Uuid,
    id: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<Option<Session>> {
    sessions::table
        .find(id)
        .filter(sessions::account_id.eq(account_id))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .select(Session::as_select())
        .first(conn)
        .await
        .optional()
}

/// Deletes sessions whose lives ended long ago; gives how many.
///
/// # Errors
/// The database's.
pub async fn forget(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    delete_before(conn, "sessions", "expires_at", now - KEPT).await
}
