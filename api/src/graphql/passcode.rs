//! Codes, whatever they are for: asked for, and tried. What one is good for stands with what it does.

use async_graphql::Context;
use chrono::TimeDelta;
use diesel_async::AsyncPgConnection;
use uuid::Uuid;
use wangqian_schema::model::{
    passcode::{self, PasscodeChannel, PasscodeRequest, PasscodeSubject, Purpose, Try},
    request_throttle::{Bucket, Limit, admit, take_back},
};

use crate::{
    context::ContextExt,
    error::{UserError, UserErrorCode, internal},
    passwords,
    throttle::{self, too_many_requests},
};

/// Tries of the codes of one identifier or address from one network: five junk ones use a code up, so that whoever sends them
/// all the time must soon run out of them.
const TRIES: Limit = Limit {
    most: 30,
    within: TimeDelta::days(1),
    pause: TimeDelta::zero(),
};

/// A code that somebody asks for.
pub(super) struct Asked<'a> {
    /// What it is to be good for.
    pub(super) purpose: Purpose,
    /// What it is asked for under: an identifier, an account, an address.
    pub(super) subject: &'a [u8],
    /// How it travels.
    pub(super) channel: PasscodeChannel,
    /// Where to.
    pub(super) destination: Destination,
}

/// Where a code goes.
pub(super) enum Destination {
    /// To an address that the account has already.
    Own {
        /// The account.
        account_id: Uuid,
        /// Its address.
        address: String,
    },
    /// To an address that is to be proved.
    New(String),
    /// Nowhere: nobody bears the identifier, or he has no such address.
    Nowhere,
}

/// Takes down that a code is asked for, with the job that makes and sends it. Gives the refusal when this caller has asked
/// too often; what is beyond the limit of an address is answered as ever and not sent, since a refusal would tell that others ask
/// for codes there, or that two identifiers are one person's.
///
/// # Errors
/// A top-level error of the database's.
pub(super) async fn request_code(
    ctx: &Context<'_>,
    conn: &mut AsyncPgConnection,
    asked: Asked<'_>,
) -> async_graphql::Result<Option<UserError>> {
    let app = ctx.app();
    let now = app.platform.clock.now();
    let Asked { purpose, subject, .. } = asked;
    let of_caller = Bucket::of(&format!("asking for {purpose}"), caller(ctx, purpose, subject));
    if !admit(conn, of_caller, &app.settings.code_limit(), now)
        .await
        .map_err(internal)?
    {
        return Ok(Some(too_many_requests()));
    }
    let of_address = match &asked.destination {
        Destination::Own { address, .. } | Destination::New(address) => {
            address_bucket(purpose.as_str(), address)
        }
        Destination::Nowhere => Bucket::of(&format!("{purpose} to nobody"), subject),
    };
    let admitted = admit(conn, of_address, &app.settings.address_limit(), now)
        .await
        .map_err(internal)?;
    let (subject, destination) = match admitted {
        true => (PasscodeSubject::of(subject), asked.destination),
        // It costs the same as one that is sent, under a subject that nobody can name: the code sent before stays good.
        false => (
            PasscodeSubject::of([b"\0".as_slice(), subject].concat()),
            Destination::Nowhere,
        ),
    };
    let (account_id, address) = match destination {
        Destination::Own { account_id, .. } => (Some(account_id), None),
        Destination::New(address) => (None, Some(address)),
        Destination::Nowhere => (None, None),
    };
    let request = PasscodeRequest {
        purpose,
        subject,
        account_id,
        channel: asked.channel,
        address,
    };
    passcode::request(conn, &request, now).await.map_err(internal)?;
    app.platform.waker.wake();
    Ok(None)
}

/// Whose requests and tries are counted together. Anybody may name an identifier or an address, so that there each network
/// has a count of its own: nobody uses up what its bearer may ask for elsewhere. An account acts for itself.
fn caller(ctx: &Context<'_>, purpose: Purpose, subject: &[u8]) -> Vec<u8> {
    match purpose {
        Purpose::ContactChange => subject.to_vec(),
        Purpose::PasswordReset | Purpose::Registration => {
            [subject, throttle::network_of(ctx).as_slice()].concat()
        }
    }
}

/// The count of what goes to one address for one purpose, whoever asks for it.
pub(super) fn address_bucket(purpose: &str, address: &str) -> Bucket {
    Bucket::of(&format!("{purpose} to an address"), address)
}

/// Tries a code, which is counted before it is looked at. The refusal is the same, after the same work, for a wrong code, one
/// that ran out and one that never was.
///
/// # Errors
/// A top-level error.
pub(super) async fn try_code(
    ctx: &Context<'_>,
    purpose: Purpose,
    subject: &[u8],
    code: &str,
) -> async_graphql::Result<Result<Try, UserError>> {
    let now = ctx.app().platform.clock.now();
    let mut conn = ctx.connection().await?;
    let of_caller = Bucket::of(&format!("tries of {purpose}"), caller(ctx, purpose, subject));
    if !admit(&mut conn, of_caller, &TRIES, now).await.map_err(internal)? {
        return Ok(Err(too_many_requests()));
    }
    let tried = passcode::count_try(&mut conn, purpose, PasscodeSubject::of(subject), now)
        .await
        .map_err(internal)?;
    // Hashing takes a while: no connection is held meanwhile.
    drop(conn);
    let hash = tried.as_ref().and_then(|tried| tried.code_hash.clone());
    match passwords::verify(ctx, code.trim().to_owned(), hash).await {
        Ok(fits) => Ok(tried.filter(|_| fits).ok_or_else(wrong_code)),
        // What was not looked at does not count.
        Err(error) => {
            untry(ctx, purpose, subject, tried.map(|tried| tried.id)).await?;
            Err(error)
        }
    }
}

/// Undoes the count of a try of which nothing came for want of a place, here or in what followed it.
///
/// # Errors
/// The database's, as a top-level error.
pub(super) async fn untry(
    ctx: &Context<'_>,
    purpose: Purpose,
    subject: &[u8],
    tried: Option<Uuid>,
) -> async_graphql::Result<()> {
    let mut conn = ctx.connection().await?;
    let of_caller = Bucket::of(&format!("tries of {purpose}"), caller(ctx, purpose, subject));
    take_back(&mut conn, of_caller).await.map_err(internal)?;
    if let Some(id) = tried {
        passcode::take_back(&mut conn, id).await.map_err(internal)?;
    }
    Ok(())
}

/// The refusal of a code, whatever is the matter with it.
pub(super) fn wrong_code() -> UserError {
    UserError {
        field: Some("code".to_owned()),
        ..UserError::new(UserErrorCode::WrongCode, "验证码错误或已失效，请重新获取")
    }
}
