//! Account notices: what an account is told about itself at a given address, such as the one that it had before. What a step
//! on a case owes is a message, see `message`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::passcode::PasscodeChannel;
use crate::{
    jobs::{self, SendNotice},
    messages::MessageTemplate,
    tables::account_notices,
};

/// A notice that has not left the platform.
#[derive(Queryable, Selectable, Insertable, Clone)]
#[diesel(table_name = account_notices)]
pub struct AccountNotice {
    /// Its id, which travels to the provider.
    pub id: Uuid,
    /// What it is about.
    pub account_id: Uuid,
    /// How it travels.
    pub channel: PasscodeChannel,
    /// Where to.
    pub address: String,
    /// Which text.
    pub template: MessageTemplate,
    /// What the text is filled with.
    pub params: Value,
    /// Since when it is owed.
    pub created_at: DateTime<Utc>,
}

/// Writes a notice with the job that sends it, in the caller's transaction.
///
/// # Errors
/// The database's.
pub async fn owe(conn: &mut AsyncPgConnection, notice: &AccountNotice) -> QueryResult<()> {
    diesel::insert_into(account_notices::table)
        .values(notice)
        .execute(conn)
        .await?;
    let job = SendNotice { notice_id: notice.id };
    jobs::enqueue(conn, &job, notice.created_at).await
}

/// A notice that was not sent yet.
///
/// # Errors
/// The database's.
pub async fn find(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<AccountNotice>> {
    account_notices::table
        .find(id)
        .select(AccountNotice::as_select())
        .first(conn)
        .await
        .optional()
}

/// Forgets a notice that was sent, and the address with it.
///
/// # Errors
/// The database's.
pub async fn sent(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<()> {
    diesel::delete(account_notices::table.find(id))
        .execute(conn)
        .await?;
    Ok(())
}
