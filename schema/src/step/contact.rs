//! A person changes how he is reached: his mobile number or e-mail address, proved by a code. For a graduate it is a step on
//! his trail.

use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error as DieselError},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde_json::json;
use uuid::Uuid;

use super::{
    Actor, Doer, StepError,
    graduate_data::{DataEntry, record_data},
};
use crate::{
    Platform,
    clock::format_moment,
    messages::MessageTemplate,
    model::{
        Viewer,
        account_notice::{self, AccountNotice},
        graduate::{self, Contact},
        passcode::{self, PasscodeChannel, Try},
    },
    tables::accounts,
    workflow::{
        ActorRole,
        graduate_data::{GraduateDataAction, decide},
    },
};

/// Writes the address that a code has proved to the viewer's account, and tells every address that it had before. Codes that
/// wait for the account elsewhere are good for nothing from now on.
///
/// # Errors
/// [`StepError::NotFound`] when the code was used or replaced meanwhile, [`StepError::AlreadyTaken`] when the address is
/// another account's; nothing is written then.
pub async fn change_contact(
    platform: &Platform,
    viewer: &Viewer,
    proved: &Try,
) -> Result<Contact, StepError> {
    let address = proved.address.as_deref().ok_or(StepError::NotFound)?;
    let mut conn = platform.pool.get().await?;
    let contact = conn
        .transaction(async |conn| {
            if !passcode::consume(conn, proved.id).await? {
                return Err(StepError::NotFound);
            }
            change(platform, conn, viewer, proved.channel, address).await
        })
        .await?;
    platform.waker.wake();
    Ok(contact)
}

async fn change(
    platform: &Platform,
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    channel: PasscodeChannel,
    address: &str,
) -> Result<Contact, StepError> {
    let account_id = viewer.account_id();
    let graduate = match viewer {
        Viewer::Graduate { graduate_id, .. } => Some(
            graduate::lock(conn, *graduate_id)
                .await?
                .ok_or(StepError::NotFound)?,
        ),
        _ => None,
    };
    let before: Contact = accounts::table
        .find(account_id)
        .for_update()
        .select(Contact::as_select())
        .first(conn)
        .await?;
    let mut after = before.clone();
    let address = Some(address.to_owned());
    let field = match channel {
        PasscodeChannel::Sms => {
            after.mobile = address;
            "mobile"
        }
        PasscodeChannel::Email => {
            after.email = address;
            "email"
        }
    };
    diesel::update(accounts::table.find(account_id))
        .set((
            accounts::mobile.eq(&after.mobile),
            accounts::email.eq(&after.email),
        ))
        .execute(conn)
        .await
        .map_err(|error| match error {
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
                StepError::AlreadyTaken { field }
            }
            other => StepError::Database(other),
        })?;
    passcode::revoke(conn, account_id).await?;
    let now = platform.clock.now();
    if let Some((graduate, chain)) = graduate {
        let doer = Doer {
            actor: Actor::Viewer(*viewer),
            role: ActorRole::Graduate,
            now,
        };
        let status = graduate.data_status();
        let entry = DataEntry {
            action: GraduateDataAction::ChangeContact,
            from: status,
            to: decide(status, GraduateDataAction::ChangeContact, doer.role)?,
            reason: None,
            changes: json!({ "fields": [field] }),
        };
        record_data(conn, &graduate, &chain, &doer, entry).await?;
    }
    // Every address that he had: whoever adds one of his own must not stay unseen where there was only the other.
    for (told, address) in [
        (PasscodeChannel::Sms, before.mobile),
        (PasscodeChannel::Email, before.email),
    ] {
        let Some(address) = address else { continue };
        let notice = AccountNotice {
            id: Uuid::now_v7(),
            account_id,
            channel: told,
            address,
            template: match told == channel {
                true => MessageTemplate::ContactChanged,
                false => MessageTemplate::OtherContactChanged,
            },
            params: json!({ "moment": format_moment(now) }),
            created_at: now,
        };
        account_notice::owe(conn, &notice).await?;
    }
    Ok(after)
}
