//! What administrators of an employer do about their colleagues' accounts, and how an invited colleague joins.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Actor, Doer, StepError,
    employer_trail::{EmployerEntry, record_employer, status_before},
    taken,
};
use crate::{
    Platform, SecretToken,
    checks::Email,
    clock::Clock,
    model::{
        Viewer,
        account::{self, AccountKind, NewAccount},
        employer::{self, Employer, MemberRole},
        event::ChainEnd,
        member::{self, INVITATION_LIFETIME, Member, MemberInvitation},
        secret_link::LinkDelivery,
    },
    tables::{accounts, employer_members},
    workflow::{
        ActorRole, Refusal,
        account::AccountFacts,
        employer_registration::{EmployerAction, decide},
    },
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

/// An employer whose row this transaction holds, so that of two administrators who disable each other one comes second, and is
/// none any more.
struct Held {
    employer: Employer,
    chain: ChainEnd,
}

impl Held {
    /// The employer of which the viewer is a member.
    async fn of_member(conn: &mut AsyncPgConnection, viewer: &Viewer) -> Result<Self, StepError> {
        let Viewer::EmployerMember { employer_id, .. } = *viewer else {
            return Err(Refusal::NotYourRole.into());
        };
        let (employer, _, chain) = employer::lock(conn, viewer, employer_id)
            .await?
            .ok_or(StepError::NotFound)?;
        Ok(Self { employer, chain })
    }

    /// The employer of which the viewer is an enabled administrator, if the rules let him take this action.
    async fn of_administrator(
        conn: &mut AsyncPgConnection,
        viewer: &Viewer,
        action: EmployerAction,
    ) -> Result<Self, StepError> {
        let held = Self::of_member(conn, viewer).await?;
        check_administrator(conn, viewer, &held.employer, action).await?;
        Ok(held)
    }

    /// Writes the step's event; `changes` holds ids and roles and nothing else of a person.
    async fn record(
        &self,
        conn: &mut AsyncPgConnection,
        viewer: &Viewer,
        action: EmployerAction,
        changes: Value,
        now: DateTime<Utc>,
    ) -> Result<(), StepError> {
        let doer = Doer {
            actor: Actor::Viewer(*viewer),
            role: ActorRole::Employer,
            now,
        };
        let entry = EmployerEntry {
            action,
            from: status_before(&self.employer, &self.chain),
            reason: None,
            changes,
        };
        record_employer(conn, &self.employer, &self.chain, &doer, entry).await
    }
}

/// Whether the viewer is an enabled administrator of his employer, and the rules let him take this action.
async fn check_administrator(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    employer: &Employer,
    action: EmployerAction,
) -> Result<(), StepError> {
    let own = member::find(conn, viewer, viewer.account_id())
        .await?
        .ok_or(StepError::NotFound)?;
    if own.role != MemberRole::Administrator || own.disabled_at.is_some() {
        return Err(Refusal::NotYourRole.into());
    }
    decide(employer.verification, action, ActorRole::Employer, false)?;
    Ok(())
}

/// Whether the viewer is an administrator of a verified employer: which it is. Only looks.
///
/// # Errors
/// The [`Refusal`] if not.
pub async fn administers(platform: &Platform, viewer: &Viewer) -> Result<Uuid, StepError> {
    let mut conn = platform.pool.get().await?;
    let Viewer::EmployerMember { employer_id, .. } = *viewer else {
        return Err(Refusal::NotYourRole.into());
    };
    let employer = employer::find(&mut conn, viewer, employer_id)
        .await?
        .ok_or(StepError::NotFound)?;
    check_administrator(&mut conn, viewer, &employer, EmployerAction::InviteMember).await?;
    Ok(employer_id)
}

/// An administrator invites a colleague by mail; `silent` says that no mail may go. Neither the answer nor how the invitation
/// shows tells that, nor whether the address is an account's.
///
/// # Errors
/// [`StepError`].
pub async fn invite_member(
    platform: &Platform,
    viewer: &Viewer,
    colleague: &Colleague,
    silent: bool,
) -> Result<(), StepError> {
    let mut conn = platform.pool.get().await?;
    conn.transaction(async |conn| {
        let action = EmployerAction::InviteMember;
        let held = Held::of_administrator(conn, viewer, action).await?;
        let now = platform.clock.now();
        let invitation = MemberInvitation {
            id: Uuid::now_v7(),
            employer_id: held.employer.id,
            email: colleague.email.as_str().to_owned(),
            name: colleague.name.clone(),
            role: colleague.role,
            created_at: now,
            expires_at: now + INVITATION_LIFETIME,
            delivery: LinkDelivery::Pending,
            silent,
        };
        let id = member::invite(conn, &invitation).await?;
        let changes = json!({ "invitation": id, "role": invitation.role });
        held.record(conn, viewer, action, changes, now).await?;
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
        let action = EmployerAction::WithdrawMemberInvitation;
        let held = Held::of_administrator(conn, viewer, action).await?;
        let invitation = member::withdraw(conn, held.employer.id, email)
            .await?
            .ok_or(StepError::NotFound)?;
        let changes = json!({ "invitation": invitation });
        held.record(conn, viewer, action, changes, platform.clock.now())
            .await
    })
    .await?;
    platform.waker.wake();
    Ok(())
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
    let joined = conn
        .transaction(async |conn| join_in(conn, token, password_hash, &platform.clock).await)
        .await?;
    platform.waker.wake();
    Ok(joined)
}

async fn join_in(
    conn: &mut AsyncPgConnection,
    token: &SecretToken,
    password_hash: &str,
    clock: &Clock,
) -> Result<Member, StepError> {
    // The employer's row first, as every other step does, so that no two wait for each other.
    let employer_id = member::invited_by(conn, token)
        .await?
        .ok_or(StepError::NotFound)?;
    let viewer = Viewer::EmployerMember {
        account_id: Uuid::now_v7(),
        employer_id,
    };
    let held = Held::of_member(conn, &viewer).await?;
    let action = EmployerAction::JoinMember;
    decide(held.employer.verification, action, ActorRole::Employer, false)?;
    let now = clock.now();
    let invitation = member::consume(conn, token, now)
        .await?
        .ok_or(StepError::NotFound)?;
    let account = NewAccount {
        id: viewer.account_id(),
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
    let changes = json!({ "invitation": invitation.id, "member": account.id, "role": invitation.role });
    held.record(conn, &viewer, action, changes, now).await?;
    member::find(conn, &viewer, account.id)
        .await?
        .ok_or(StepError::NotFound)
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
    let action = match enabled {
        true => EmployerAction::EnableMember,
        false => EmployerAction::DisableMember,
    };
    let done = conn
        .transaction(async |conn| {
            let held = Held::of_administrator(conn, viewer, action).await?;
            let member = member::find(conn, viewer, account_id)
                .await?
                .ok_or(StepError::NotFound)?;
            let facts = AccountFacts {
                own: account_id == viewer.account_id(),
                enabled: member.disabled_at.is_none(),
            };
            match enabled {
                true => facts.may_enable()?,
                false => facts.may_disable()?,
            }
            let now = platform.clock.now();
            let disabled_at = account::set_enabled(conn, account_id, enabled, now).await?;
            let changes = json!({ "member": account_id });
            held.record(conn, viewer, action, changes, now).await?;
            Ok::<_, StepError>(Member {
                disabled_at,
                ..member
            })
        })
        .await?;
    platform.waker.wake();
    Ok(done)
}
