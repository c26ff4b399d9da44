//! Passwords: a new one by a code sent to the account's own address, or by the old one.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use chrono::TimeDelta;
use uuid::Uuid;
use wangqian_schema::{
    model::{
        account::{self, Addresses, Identifier, PasswordChange},
        login_throttle::Subject,
        passcode::{self, Purpose},
        request_throttle::{Bucket, Limit, admit, take_back},
    },
    password::NewPassword,
};

use super::passcode::{Asked, Destination, request_code, try_code, wrong_code};
use crate::{
    context::ContextExt,
    error::{UserError, UserErrorCode, internal, unauthenticated},
    passwords::{self, unfit},
    throttle,
};

/// Guesses at the password of one's own account: whoever finds an open session must not find out the password.
const GUESSES: Limit = Limit {
    most: 10,
    within: TimeDelta::hours(1),
    pause: TimeDelta::zero(),
};

/// 验证码发送方式 How a code travels.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "passcode::PasscodeChannel")]
pub enum PasscodeChannel {
    /// 短信 SMS to the account's mobile number.
    Sms,
    /// 邮件 Mail to the account's e-mail address.
    Email,
}

/// 获取重置密码的验证码 Asks for the code with which a new password can be set.
#[derive(InputObject)]
pub struct RequestPasswordResetInput {
    /// 手机号/身份证号/邮箱 Mobile number, ID-card number (graduates) or e-mail address.
    identifier: String,
    /// 发送方式 How the code travels. Without it: by mail for an e-mail address, else by SMS.
    channel: Option<PasscodeChannel>,
}

/// 获取验证码的结果 What came of asking for the code.
#[derive(SimpleObject)]
pub struct RequestPasswordResetPayload {
    /// 业务错误 Why it was refused; empty otherwise. Nothing here tells whether there is such an account.
    user_errors: Vec<UserError>,
}

/// 重置密码 Sets a new password by a code.
#[derive(InputObject)]
pub struct ResetPasswordInput {
    /// 手机号/身份证号/邮箱 The identifier for which the code was asked.
    identifier: String,
    /// 验证码 The six digits.
    #[graphql(secret)]
    code: String,
    /// 新密码 10 to 128 characters.
    #[graphql(secret)]
    new_password: String,
}

/// 重置密码的结果 What came of setting a new password by a code.
#[derive(SimpleObject)]
pub struct ResetPasswordPayload {
    /// 业务错误 Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// 修改密码 Sets a new password by the old one.
#[derive(InputObject)]
pub struct ChangePasswordInput {
    /// 当前密码 The password so far.
    #[graphql(secret)]
    current_password: String,
    /// 新密码 10 to 128 characters.
    #[graphql(secret)]
    new_password: String,
}

/// 修改密码的结果 What came of setting a new password by the old one.
#[derive(SimpleObject)]
pub struct ChangePasswordPayload {
    /// 业务错误 Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

fn wrong_current_password() -> UserError {
    UserError {
        field: Some("currentPassword".to_owned()),
        ..UserError::new(UserErrorCode::WrongCredentials, "当前密码错误")
    }
}

/// Looks at what is to be the current password of the viewer's own account: gives its hash, or the refusal. Ten tries an hour.
///
/// # Errors
/// A top-level error.
pub(super) async fn prove_current(
    ctx: &Context<'_>,
    account_id: Uuid,
    password: String,
) -> async_graphql::Result<Result<String, UserError>> {
    let now = ctx.app().platform.clock.now();
    let mut conn = ctx.connection().await?;
    let bucket = Bucket::of("password of an account", account_id.as_bytes());
    if !admit(&mut conn, bucket, &GUESSES, now).await.map_err(internal)? {
        let message = "尝试次数过多，请稍后再试";
        return Ok(Err(UserError::new(UserErrorCode::TooManyAttempts, message)));
    }
    let hash = account::password_hash(&mut conn, account_id)
        .await
        .map_err(internal)?;
    // Hashing takes a while: no connection is held meanwhile.
    drop(conn);
    match passwords::verify(ctx, password, Some(hash.clone())).await {
        Ok(true) => Ok(Ok(hash)),
        Ok(false) => Ok(Err(wrong_current_password())),
        // What was not looked at does not count.
        Err(error) => {
            let mut conn = ctx.connection().await?;
            take_back(&mut conn, bucket).await.map_err(internal)?;
            Err(error)
        }
    }
}

/// How a code travels to whoever is known by this identifier.
fn channel_for(
    channel: Option<PasscodeChannel>,
    identifier: Option<&Identifier>,
) -> passcode::PasscodeChannel {
    match (channel, identifier) {
        (Some(channel), _) => channel.into(),
        (None, Some(Identifier::Email(_))) => passcode::PasscodeChannel::Email,
        (None, _) => passcode::PasscodeChannel::Sms,
    }
}

fn address_of(addresses: Addresses, channel: passcode::PasscodeChannel) -> Option<String> {
    match channel {
        passcode::PasscodeChannel::Sms => addresses.mobile,
        passcode::PasscodeChannel::Email => addresses.email,
    }
}

/// Passwords.
#[derive(Default)]
pub struct PasswordMutation;

#[Object]
impl PasswordMutation {
    /// 获取重置密码的验证码 Sends a code of six digits, good for ten minutes and five tries, to the account's mobile number or
    /// e-mail address; a code asked for before is good for nothing then. The answer and the work are the same whether or not
    /// there is such an account, or it has such an address. One a minute and ten a day for each identifier from one network
    /// (`TOO_MANY_REQUESTS`), and thirty a day to each address: those beyond are silently not sent, and a code that was sent
    /// stays good.
    ///
    /// Refusals: `TOO_MANY_REQUESTS`.
    async fn request_password_reset(
        &self,
        ctx: &Context<'_>,
        input: RequestPasswordResetInput,
    ) -> async_graphql::Result<RequestPasswordResetPayload> {
        let answer = |user_errors| RequestPasswordResetPayload { user_errors };
        let mut conn = ctx.connection().await?;
        if let Some(refusal) = throttle::stranger(ctx, &mut conn).await? {
            return Ok(answer(vec![refusal]));
        }
        let identifier = Identifier::parse(input.identifier.trim());
        let found = match &identifier {
            Some(identifier) => account::find_addresses(&mut conn, identifier)
                .await
                .map_err(internal)?,
            None => None,
        };
        let channel = channel_for(input.channel, identifier.as_ref());
        let destination = found.and_then(|(account_id, addresses)| {
            let address = address_of(addresses, channel)?;
            Some(Destination::Own { account_id, address })
        });
        let subject = Subject::of(&input.identifier);
        let asked = Asked {
            purpose: Purpose::PasswordReset,
            subject: subject.as_bytes(),
            channel,
            destination: destination.unwrap_or(Destination::Nowhere),
        };
        let refusal = request_code(ctx, &mut conn, asked).await?;
        Ok(answer(refusal.into_iter().collect()))
    }

    /// 重置密码 Sets a new password by the code that `requestPasswordReset` sent, and ends all sessions of the account. Its
    /// person is told, by mail or else by SMS. A wrong code, one that ran out and an unknown identifier get the same answer
    /// after the same work: `WRONG_CODE`. Thirty tries a day for each identifier from one network (`TOO_MANY_REQUESTS`).
    ///
    /// Refusals: `INVALID_INPUT`, `WRONG_CODE`, `TOO_MANY_REQUESTS`.
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        input: ResetPasswordInput,
    ) -> async_graphql::Result<ResetPasswordPayload> {
        let platform = &ctx.app().platform;
        let answer = |user_errors| ResetPasswordPayload { user_errors };
        // Before the code is looked at, so that an unfit password does not cost a try.
        let new_password = match NewPassword::parse(&input.new_password, &[&input.identifier]) {
            Ok(new_password) => new_password,
            Err(why) => return Ok(answer(vec![unfit("newPassword", why)])),
        };
        let mut conn = ctx.connection().await?;
        if let Some(refusal) = throttle::stranger(ctx, &mut conn).await? {
            return Ok(answer(vec![refusal]));
        }
        drop(conn);
        let subject = Subject::of(&input.identifier);
        let proved = match try_code(ctx, Purpose::PasswordReset, subject.as_bytes(), &input.code).await? {
            Ok(proved) => proved,
            Err(refusal) => return Ok(answer(vec![refusal])),
        };
        let Some(account_id) = proved.account_id else {
            return Ok(answer(vec![wrong_code()]));
        };
        let hash = passwords::hash(ctx, new_password.expose().to_owned()).await?;
        let mut conn = ctx.connection().await?;
        let reset = account::reset_password(&mut conn, proved.id, account_id, &hash, platform.clock.now())
            .await
            .map_err(internal)?;
        if !reset {
            return Ok(answer(vec![wrong_code()]));
        }
        platform.waker.wake();
        Ok(answer(Vec::new()))
    }

    /// 修改密码 Sets a new password by the current one, and ends all other sessions of the account. Its person is told, by mail
    /// or else by SMS. Ten tries an hour (`TOO_MANY_ATTEMPTS`).
    ///
    /// Refusals: `INVALID_INPUT`, `WRONG_CREDENTIALS`, `TOO_MANY_ATTEMPTS`.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        input: ChangePasswordInput,
    ) -> async_graphql::Result<ChangePasswordPayload> {
        let platform = &ctx.app().platform;
        let (session, _) = ctx.caller().signed_in.as_ref().ok_or_else(unauthenticated)?;
        let account_id = session.account_id;
        let refused = |error| ChangePasswordPayload {
            user_errors: vec![error],
        };
        let mut conn = ctx.connection().await?;
        let identifiers = account::identifiers(&mut conn, account_id)
            .await
            .map_err(internal)?;
        drop(conn);
        let identifiers: Vec<&str> = identifiers.iter().map(String::as_str).collect();
        let new_password = match NewPassword::parse(&input.new_password, &identifiers) {
            Ok(new_password) => new_password,
            Err(why) => return Ok(refused(unfit("newPassword", why))),
        };
        let hash = match prove_current(ctx, account_id, input.current_password).await? {
            Ok(hash) => hash,
            Err(refusal) => return Ok(refused(refusal)),
        };
        let new_hash = passwords::hash(ctx, new_password.expose().to_owned()).await?;
        let mut conn = ctx.connection().await?;
        let now = platform.clock.now();
        match account::change_password(&mut conn, session, &hash, &new_hash, now)
            .await
            .map_err(internal)?
        {
            PasswordChange::Changed => {
                platform.waker.wake();
                Ok(ChangePasswordPayload {
                    user_errors: Vec::new(),
                })
            }
            PasswordChange::OtherPassword => Ok(refused(wrong_current_password())),
            PasswordChange::SessionEnded => Err(unauthenticated()),
        }
    }
}
