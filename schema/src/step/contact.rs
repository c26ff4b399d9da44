//! A person changes how he is reached: his mobile number or e-mail address, proved by a code. For a graduate it is a step on
//! his trail.

use chrono::{DateTime, Utc};
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
        event::ChainEnd,
        graduate::{self, Contact, Graduate},
        passcode::{self, PasscodeChannel, Try},
        session,
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
/// [`StepError::NotFound`] when the code was used or replaced meanwhile, or the session in which it was asked for has ended, and
/// [`StepError::AlreadyTaken`] when the address is another account's; nothing is written then.
pub async fn change_contact(
    platform: &Platform,
    viewer: &Viewer,
    session_id: Uuid,
    proved: &Try,
) -> Result<Contact, StepError> {
    let address = proved.address.as_deref().ok_or(StepError::NotFound)?;
    let mut conn = platform.pool.get().await?;
    let contact = conn
        .transaction(async |conn| {
            let held = Held::lock(conn, viewer, session_id, platform.clock.now()).await?;
            if !passcode::consume(conn, proved.id).await? {
                return Err(StepError::NotFound);
            }
            change(platform, conn, viewer, held, proved.channel, address).await
        })
        .await?;
    platform.waker.wake();
    Ok(contact)
}

/// An account that this transaction holds, with its graduate where it is one's.
struct Held {
    graduate: Option<(Graduate, ChainEnd)>,
    contact: Contact,
}

impl Held {
    /// Looks again under the lock whether the account may act: meanwhile a reset may have ended the session, to shut out the very
    /// person who sends this.
    async fn lock(
        conn: &mut AsyncPgConnection,
        viewer: &Viewer,
        session_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Self, StepError> {
        let account_id = viewer.account_id();
        let graduate = match viewer {
            Viewer::Graduate { graduate_id, .. } => Some(
                graduate::lock(conn, *graduate_id)
                    .await?
                    .ok_or(StepError::NotFound)?,
            ),
            _ => None,
        };
        let contact = accounts::table
            .find(account_id)
            .filter(accounts::disabled_at.is_null())
            .for_update()
            .select(Contact::as_select())
            .first(conn)
            .await
            .optional()?
            .ok_or(StepError::NotFound)?;
        session::find(conn, account_id, session_id, now)
            .await?
            .ok_or(StepError::NotFound)?;
        Ok(Self { graduate, contact })
    }
}

async fn change(
    platform: &Platform,
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    held: Held,
    channel: PasscodeChannel,
    address: &str,
) -> Result<Contact, StepError> {
    let account_id = viewer.account_id();
    let Held {
        graduate,
        contact: before,
    } = held;
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
