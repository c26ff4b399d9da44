//! Members of employers with their accounts, and the colleagues who are invited to become one.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    dsl::{self, not},
    pg::Pg,
    prelude::*,
    sql_types::Bool,
    upsert::excluded,
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    Page, PageRequest, Viewer, aged::delete_before, employer::MemberRole, page::load_page,
    secret_link::LinkDelivery,
};
use crate::{
    SecretToken,
    checks::Email,
    jobs::{self, SendMemberInvitation},
    tables::{accounts, employer_members, employers, member_invitations},
};

/// How long an invitation stands.
pub const INVITATION_LIFETIME: TimeDelta = TimeDelta::days(7);

/// A member of an employer with his account.
#[derive(Queryable, Selectable, Clone)]
#[diesel(table_name = employer_members)]
pub struct Member {
    /// His account.
    pub account_id: Uuid,
    /// His employer.
    pub employer_id: Uuid,
    /// His name.
    pub name: String,
    /// What he may do there.
    pub role: MemberRole,
    /// The mobile number that he gave when he registered the employer.
    pub contact_mobile: Option<String>,
    /// E-mail address.
    #[diesel(select_expression = accounts::email)]
    pub email: Option<String>,
    /// Since when his account is disabled.
    #[diesel(select_expression = accounts::disabled_at)]
    pub disabled_at: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Member")
            .field("account_id", &self.account_id)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

type VisibleMembers = Box<
    dyn BoxableExpression<
            dsl::InnerJoinQuerySource<employer_members::table, accounts::table>,
            Pg,
            SqlType = Bool,
        >,
>;

/// Which members a viewer sees: those of his own employer; an operator all.
pub fn visible_to(viewer: &Viewer) -> VisibleMembers {
    match viewer {
        Viewer::EmployerMember { employer_id, .. } => {
            Box::new(employer_members::employer_id.eq(*employer_id))
        }
        Viewer::Operator { .. } => Box::new(true.into_sql::<Bool>()),
        Viewer::Graduate { .. } | Viewer::Reviewer { .. } => Box::new(false.into_sql::<Bool>()),
    }
}

/// A member, if the viewer sees him.
///
/// # Errors
/// The database's.
pub async fn find(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    account_id: Uuid,
) -> QueryResult<Option<Member>> {
    employer_members::table
        .inner_join(accounts::table)
        .filter(employer_members::account_id.eq(account_id))
        .filter(visible_to(viewer))
        .select(Member::as_select())
        .first(conn)
        .await
        .optional()
}

/// The members of an employer as far as the viewer sees them, in the order of their accounts.
///
/// # Errors
/// The database's.
pub async fn list(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    employer_id: Uuid,
    request: &PageRequest<Uuid>,
) -> QueryResult<Page<Member>> {
    let query = employer_members::table
        .inner_join(accounts::table)
        .filter(employer_members::employer_id.eq(employer_id))
        .filter(visible_to(viewer))
        .select(Member::as_select())
        .into_boxed();
    load_page!(conn, query, request, ascending employer_members::account_id)
}

/// A colleague who is invited.
#[derive(Queryable, Selectable, Insertable, Clone)]
#[diesel(table_name = member_invitations)]
pub struct MemberInvitation {
    /// Its id.
    pub id: Uuid,
    /// By which employer.
    pub employer_id: Uuid,
    /// His e-mail address.
    pub email: String,
    /// His name.
    pub name: String,
    /// What he is to be.
    pub role: MemberRole,
    /// When he was invited.
    pub created_at: DateTime<Utc>,
    /// Until when he may join.
    pub expires_at: DateTime<Utc>,
    /// How far the mail with the link got.
    pub delivery: LinkDelivery,
    /// The address has had mails enough: none goes, and nothing shows that.
    pub silent: bool,
}

/// Invites a colleague, with the job that sends the link; an earlier invitation of the same address is replaced, and its link
/// is good for nothing from now on. A silent one leaves alone an earlier one whose mail is still owed, but for name and role.
/// Gives the id of the one that stands now.
///
/// # Errors
/// The database's.
pub async fn invite(conn: &mut AsyncPgConnection, invitation: &MemberInvitation) -> QueryResult<Uuid> {
    conn.transaction(async |conn: &mut AsyncPgConnection| {
        // A silent one leaves the link that was sent before as it is: no other will come.
        let replaced = (!invitation.silent).then(|| {
            (
                member_invitations::token_hash.eq(None::<Vec<u8>>),
                member_invitations::created_at.eq(excluded(member_invitations::created_at)),
                member_invitations::expires_at.eq(excluded(member_invitations::expires_at)),
            )
        });
        // Its job is still to find it.
        let owed = || {
            member_invitations::delivery
                .eq(LinkDelivery::Pending)
                .and(not(member_invitations::silent))
        };
        let id = diesel::insert_into(member_invitations::table)
            .values(invitation)
            .on_conflict((member_invitations::employer_id, member_invitations::email))
            .do_update()
            .set((
                member_invitations::id.eq(dsl::case_when(
                    excluded(member_invitations::silent).and(owed()),
                    member_invitations::id,
                )
                .otherwise(excluded(member_invitations::id))),
                member_invitations::name.eq(excluded(member_invitations::name)),
                member_invitations::role.eq(excluded(member_invitations::role)),
                replaced,
                member_invitations::delivery.eq(excluded(member_invitations::delivery)),
                member_invitations::silent.eq(excluded(member_invitations::silent).and(not(owed()))),
            ))
            .returning(member_invitations::id)
            .get_result(conn)
            .await?;
        // One that is still owed has its job.
        if id == invitation.id {
            let job = SendMemberInvitation { invitation_id: id };
            jobs::enqueue(conn, &job, invitation.created_at).await?;
        }
        Ok(id)
    })
    .await
}

/// An invitation for the job that sends its link, with the employer's name; `None` when it was sent, replaced,
/// taken back or is over.
///
/// # Errors
/// The database's.
pub async fn waiting(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<Option<(MemberInvitation, String)>> {
    member_invitations::table
        .inner_join(employers::table)
        .filter(member_invitations::id.eq(id))
        .filter(member_invitations::expires_at.gt(now))
        .filter(member_invitations::delivery.ne(LinkDelivery::Sent))
        .select((MemberInvitation::as_select(), employers::name))
        .first(conn)
        .await
        .optional()
}

/// The invitations of the viewer's employer that stand, newest first, for its administrators; nothing for everybody else.
///
/// # Errors
/// The database's.
pub async fn invitations(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    request: &PageRequest<Uuid>,
    now: DateTime<Utc>,
) -> QueryResult<Page<MemberInvitation>> {
    let administered = employer_members::table
        .filter(employer_members::account_id.eq(viewer.account_id()))
        .filter(employer_members::role.eq(MemberRole::Administrator))
        .select(employer_members::employer_id);
    let query = member_invitations::table
        .filter(member_invitations::employer_id.eq_any(administered))
        .filter(member_invitations::expires_at.gt(now))
        .select(MemberInvitation::as_select())
        .into_boxed();
    load_page!(conn, query, request, descending member_invitations::id)
}

/// Which employer has invited whoever has this token.
///
/// # Errors
/// The database's.
pub async fn invited_by(conn: &mut AsyncPgConnection, token: &SecretToken) -> QueryResult<Option<Uuid>> {
    member_invitations::table
        .filter(member_invitations::token_hash.eq(token.hash()))
        .select(member_invitations::employer_id)
        .first(conn)
        .await
        .optional()
}

/// Uses up the invitation of a token, in the transaction that opens the account.
///
/// # Errors
/// The database's.
pub async fn consume(
    conn: &mut AsyncPgConnection,
    token: &SecretToken,
    now: DateTime<Utc>,
) -> QueryResult<Option<MemberInvitation>> {
    let open = member_invitations::table
        .filter(member_invitations::token_hash.eq(token.hash()))
        .filter(member_invitations::expires_at.gt(now));
    diesel::delete(open)
        .returning(MemberInvitation::as_returning())
        .get_result(conn)
        .await
        .optional()
}

/// Takes back the invitation of an address, and gives its id; `None` when there is none.
///
/// # Errors
/// The database's.
pub async fn withdraw(
    conn: &mut AsyncPgConnection,
    employer_id: Uuid,
    email: &Email,
) -> QueryResult<Option<Uuid>> {
    let open = member_invitations::table
        .filter(member_invitations::employer_id.eq(employer_id))
        .filter(member_invitations::email.eq(email.as_str()));
    diesel::delete(open)
        .returning(member_invitations::id)
        .get_result(conn)
        .await
        .optional()
}

/// Deletes invitations that are over; gives how many.
///
/// # Errors
/// The database's.
pub async fn forget(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    delete_before(conn, "member_invitations", "expires_at", now).await
}
