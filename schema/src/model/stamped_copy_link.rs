//! 用人单位协助回传: the secret links by which an employer's contact, who has no account, hands the stamped copy of an offline
//! agreement in (§6.3). One for each channel, the newest alone; each is for one agreement and ends with its use, with a new
//! request, after [`LIFETIME`], or when the agreement leaves the state.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    aged::delete_before, agreement::Agreement, case_upload, message::Channel, secret_link::LinkDelivery,
};
use crate::{
    SecretToken,
    jobs::{self, SendStampedCopyLink},
    tables::{agreements, stamped_copy_links},
    workflow::agreement::AgreementStatus,
};

/// How long a link may be used.
pub const LIFETIME: TimeDelta = TimeDelta::days(7);
/// The channels by which it is sent (DOMAIN.md, Messages).
const CHANNELS: [Channel; 2] = [Channel::Sms, Channel::Email];
/// The states in which the copy is wanted.
const WANTED: [AgreementStatus; 2] = [
    AgreementStatus::TermsApproved,
    AgreementStatus::StampedCopyReturned,
];

/// A link, without its token.
#[derive(Queryable, Selectable, Insertable, Clone, Debug)]
#[diesel(table_name = stamped_copy_links)]
pub struct StampedCopyLink {
    /// Its id; a new request is another link.
    pub id: Uuid,
    /// The agreement that it is for.
    pub agreement_id: Uuid,
    /// By which it is sent.
    pub channel: Channel,
    /// How far it got.
    pub delivery: LinkDelivery,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// Until when it may be used.
    pub expires_at: DateTime<Utc>,
}

/// Asks for new links of an agreement, in the transaction of the step; those of before are good for nothing from then on.
///
/// # Errors
/// The database's.
pub async fn request(
    conn: &mut AsyncPgConnection,
    agreement_id: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    end(conn, agreement_id).await?;
    let links = CHANNELS.map(|channel| StampedCopyLink {
        id: Uuid::now_v7(),
        agreement_id,
        channel,
        delivery: LinkDelivery::Pending,
        created_at: now,
        expires_at: now + LIFETIME,
    });
    let jobs = links
        .each_ref()
        .map(|link| SendStampedCopyLink { link_id: link.id });
    diesel::insert_into(stamped_copy_links::table)
        .values(links.to_vec())
        .execute(conn)
        .await?;
    jobs::enqueue_all(conn, &jobs, now).await?;
    Ok(())
}

/// Ends every link of an agreement, with what came through it and was not handed in.
///
/// # Errors
/// The database's.
pub async fn end(conn: &mut AsyncPgConnection, agreement_id: Uuid) -> QueryResult<()> {
    diesel::delete(stamped_copy_links::table.filter(stamped_copy_links::agreement_id.eq(agreement_id)))
        .execute(conn)
        .await?;
    case_upload::give_up_linked(conn, agreement_id).await
}

/// A link that is still to be sent, with its agreement: for the job that sends it. `None` when it was sent, replaced,
/// used, or is over.
///
/// # Errors
/// The database's.
pub async fn waiting(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<Option<(StampedCopyLink, Agreement)>> {
    stamped_copy_links::table
        .inner_join(agreements::table)
        .filter(stamped_copy_links::id.eq(id))
        .filter(stamped_copy_links::expires_at.gt(now))
        .filter(stamped_copy_links::delivery.ne(LinkDelivery::Sent))
        .filter(agreements::status.eq_any(WANTED))
        .select((StampedCopyLink::as_select(), Agreement::as_select()))
        .first(conn)
        .await
        .optional()
}

/// The agreement whose stamped copy whoever has this token may hand in now, and until when.
///
/// # Errors
/// The database's.
pub async fn opens(
    conn: &mut AsyncPgConnection,
    token: &SecretToken,
    now: DateTime<Utc>,
) -> QueryResult<Option<(Agreement, DateTime<Utc>)>> {
    stamped_copy_links::table
        .inner_join(agreements::table)
        .filter(stamped_copy_links::token_hash.eq(token.hash()))
        .filter(stamped_copy_links::expires_at.gt(now))
        .filter(agreements::status.eq_any(WANTED))
        .select((Agreement::as_select(), stamped_copy_links::expires_at))
        .first(conn)
        .await
        .optional()
}

/// Whether a token still opens this agreement, whose row is locked: asked in the step that uses it up.
///
/// # Errors
/// The database's.
pub async fn still_opens(
    conn: &mut AsyncPgConnection,
    token: &SecretToken,
    agreement_id: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let found: Option<Uuid> = stamped_copy_links::table
        .filter(stamped_copy_links::token_hash.eq(token.hash()))
        .filter(stamped_copy_links::agreement_id.eq(agreement_id))
        .filter(stamped_copy_links::expires_at.gt(now))
        .select(stamped_copy_links::id)
        .first(conn)
        .await
        .optional()?;
    Ok(found.is_some())
}

/// The links of agreements as the graduate may know of them: by which channel, how far they got, until when.
///
/// # Errors
/// The database's.
pub async fn of_agreements(
    conn: &mut AsyncPgConnection,
    agreement_ids: &[Uuid],
    now: DateTime<Utc>,
) -> QueryResult<Vec<StampedCopyLink>> {
    stamped_copy_links::table
        .filter(stamped_copy_links::agreement_id.eq_any(agreement_ids))
        .filter(stamped_copy_links::expires_at.gt(now))
        .order((
            stamped_copy_links::agreement_id,
            stamped_copy_links::channel.desc(),
        ))
        .select(StampedCopyLink::as_select())
        .load(conn)
        .await
}

/// Deletes links that are over; gives how many.
///
/// # Errors
/// The database's.
pub async fn forget(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    delete_before(conn, "stamped_copy_links", "expires_at", now).await
}
