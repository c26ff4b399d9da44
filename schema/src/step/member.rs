//! What administrators of an employer do about their colleagues' accounts, and how an invited colleague joins.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{StepError, taken};
use crate::{
    Platform, SecretToken,
    checks::Email,
    model::{
        Viewer,
        account::{self, AccountKind, NewAccount},
        employer::{EmployerVerification, MemberRole},
        member::{self, INVITATION_LIFETIME, Member, MemberInvitation},
    },
    tables::{accounts, employer_members, employers},
    workflow::Refusal,
};

/// A colleague to be invited.
#[derive(Clone)]
pub struct Colleague {
    /// His e-mail address.
    pub email: Email,
    /// His name, at most 30 characters.
    pub name: String,
    /// What he is to be.
    pub role: MemberRole,
}

/// The employer of a viewer who is an enabled administrator of it.
async fn administered(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
) -> Result<(Uuid, EmployerVerification), StepError> {
    let Viewer::EmployerMember {
        account_id,
        employer_id,
    } = *viewer
    else {
        return Err(Refusal::NotYourRole.into());
    };
    let verification: EmployerVerification = employers::table
        .find(employer_id)
        .select(employers::verification)
        .first(conn)
        .await?;
    let own = member::find(conn, viewer, account_id)
        .await?
        .ok_or(StepError::NotFound)?;
    if own.role != MemberRole::Administrator || own.disabled_at.is_some() {
        return Err(Refusal::NotYourRole.into());
    }
    Ok((employer_id, verification))
}

/// Likewise, with its row locked, so that of two administrators who disable each other one comes second, and is none any
/// more.
async fn lock_administered(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
) -> Result<(Uuid, EmployerVerification), StepError> {
    if let Viewer::EmployerMember { employer_id, .. } = *viewer {
        let row = employers::table.find(employer_id).for_no_key_update();
        row.select(employers::id).first::<Uuid>(conn).await?;
    }
    administered(conn, viewer).await
}

/// An employer that is not verified must not send mails to strangers.
fn verified((employer_id, verification): (Uuid, EmployerVerification)) -> Result<Uuid, StepError> {
    match verification {
        EmployerVerification::Verified => Ok(employer_id),
        _ => Err(Refusal::EmployerNotVerified.into()),
    }
}

/// Whether the viewer is an administrator of a verified employer: which it is. Only looks.
///
/// # Errors
/// The [`Refusal`] if not.
pub async fn administers(platform: &Platform, viewer: &Viewer) -> Result<Uuid, StepError> {
    let mut conn = platform.pool.get().await?;
    verified(administered(&mut conn, viewer).await?)
}

/// An administrator invites a colleague by mail; `sent` says whether the mail may go. The answer does not tell whether the
/// address is an account's.
///
/// # Errors
/// [`StepError`].
pub async fn invite_member(
    platform: &Platform,
    viewer: &Viewer,
    colleague: &Colleague,
    sent: bool,
) -> Result<(), StepError> {
    let mut conn = platform.pool.get().await?;
    conn.transaction(async |conn| {
        let employer_id = verified(lock_administered(conn, viewer).await?)?;
        let now = platform.clock.now();
        let invitation = MemberInvitation {
            id: Uuid::now_v7(),
            employer_id,
            email: colleague.email.as_str().to_owned(),
            name: colleague.name.clone(),
            role: colleague.role,
            created_at: now,
            expires_at: now + INVITATION_LIFETIME,
        };
        member::invite(conn, &invitation, sent).await?;
        Ok::<_, StepError>(())
    })
    .await?;
    platform.waker.wake();
    Ok(())
}

/// An administrator takes an invitation back.
///
/// # Errors
/// [`StepError::NotFound`] where there is none of this address.
pub async fn withdraw_member_invitation(
    platform: &Platform,
    viewer: &Viewer,
    email: &Email,
) -> Result<(), StepError> {
    let mut conn = platform.pool.get().await?;
    conn.transaction(async |conn| {
        let (employer_id, _) = lock_administered(conn, viewer).await?;
        match member::withdraw(conn, employer_id, email).await? {
            true => Ok(()),
            false => Err(StepError::NotFound),
        }
    })
    .await
}

/// An invited colleague joins: his account is opened, of the address to which the token was sent.
///
/// # Errors
/// [`StepError::NotFound`] for a token that is wrong, used or over; [`StepError::AlreadyTaken`] of `email` where it is an
/// account's, which its reader may know.
pub async fn join(
    platform: &Platform,
    token: &SecretToken,
    password_hash: &str,
) -> Result<Member, StepError> {
    let mut conn = platform.pool.get().await?;
    conn.transaction(async |conn| {
        let now = platform.clock.now();
        let invitation = member::consume(conn, token, now)
            .await?
            .ok_or(StepError::NotFound)?;
        let account = NewAccount {
            id: Uuid::now_v7(),
            kind: AccountKind::EmployerMember,
            mobile: None,
            email: Some(&invitation.email),
            wechat_open_id: None,
            password_hash,
        };
        diesel::insert_into(accounts::table)
            .values(&account)
            .execute(conn)
            .await
            .map_err(taken("email"))?;
        diesel::insert_into(employer_members::table)
            .values((
                employer_members::account_id.eq(account.id),
                employer_members::employer_id.eq(invitation.employer_id),
                employer_members::name.eq(&invitation.name),
                employer_members::role.eq(invitation.role),
            ))
            .execute(conn)
            .await?;
        let viewer = Viewer::EmployerMember {
            account_id: account.id,
            employer_id: invitation.employer_id,
        };
        member::find(conn, &viewer, account.id)
            .await?
            .ok_or(StepError::NotFound)
    })
    .await
}

/// An administrator disables a colleague's account, which ends its sessions at once, or enables it again. Nobody disables
/// himself, so that there is always an administrator left.
///
/// # Errors
/// [`StepError::NotFound`] for whoever is no member of the same employer, and the refusals.
pub async fn set_member_enabled(
    platform: &Platform,
    viewer: &Viewer,
    account_id: Uuid,
    enabled: bool,
) -> Result<Member, StepError> {
    let mut conn = platform.pool.get().await?;
    conn.transaction(async |conn| {
        lock_administered(conn, viewer).await?;
        let member = member::find(conn, viewer, account_id)
            .await?
            .ok_or(StepError::NotFound)?;
        if account_id == viewer.account_id() {
            return Err(Refusal::NotYourRole.into());
        }
        if enabled == member.disabled_at.is_none() {
            return Err(Refusal::NotInThisStatus.into());
        }
        let disabled_at = account::set_enabled(conn, account_id, enabled, platform.clock.now()).await?;
        Ok::<_, StepError>(Member {
            disabled_at,
            ..member
        })
    })
    .await
}
