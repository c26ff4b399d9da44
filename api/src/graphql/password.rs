//! Passwords: a new one by a code sent to the account's own address, or by the old one.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use chrono::TimeDelta;
use wangqian_schema::{
    model::{
        account::{self, Addresses, Identifier, PasswordChange},
        login_throttle::Subject,
        passcode::{self, PasscodeRequest, PasscodeSubject, Purpose},
        request_throttle::{Bucket, Limit, admit},
    },
    password::{MAX_LENGTH, MIN_LENGTH, NewPassword, UnfitPassword},
};

use crate::{
    context::ContextExt,
    error::{UserError, UserErrorCode, internal, unauthenticated},
    passwords,
    throttle::{self, too_many_requests},
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

/// What is wrong with a new password, for the person.
pub(super) fn unfit(field: &str, why: UnfitPassword) -> UserError {
    let message = match why {
        UnfitPassword::TooShort | UnfitPassword::TooLong => {
            format!("密码应为 {MIN_LENGTH} 至 {MAX_LENGTH} 个字符")
        }
        UnfitPassword::DigitsOnly => "密码不能全部为数字".to_owned(),
        UnfitPassword::Monotonous => "密码过于简单，请使用更多不同的字符".to_owned(),
        UnfitPassword::Identifier => "密码不能与登录账号相同".to_owned(),
    };
    UserError::invalid(field, message)
}

/// The refusal of a code, whatever is the matter with it.
pub(super) fn wrong_code() -> UserError {
    UserError {
        field: Some("code".to_owned()),
        ..UserError::new(UserErrorCode::WrongCode, "验证码错误或已失效，请重新获取")
    }
}

fn wrong_current_password() -> UserError {
    UserError {
        field: Some("currentPassword".to_owned()),
        ..UserError::new(UserErrorCode::WrongCredentials, "当前密码错误")
    }
}

/// Where a code goes for whoever is known by this identifier.
fn destination(
    channel: Option<PasscodeChannel>,
    identifier: Option<&Identifier>,
) -> passcode::PasscodeChannel {
    match (channel, identifier) {
        (Some(channel), _) => channel.into(),
        (None, Some(Identifier::Email(_))) => passcode::PasscodeChannel::Email,
        (None, _) => passcode::PasscodeChannel::Sms,
    }
}

fn address_of(addresses: &Addresses, channel: passcode::PasscodeChannel) -> Option<&str> {
    match channel {
        passcode::PasscodeChannel::Sms => addresses.mobile.as_deref(),
        passcode::PasscodeChannel::Email => addresses.email.as_deref(),
    }
}

/// The count of codes to one address, whoever asks for them and what for.
pub(super) fn address_bucket(address: &str) -> Bucket {
    Bucket::of("code to an address", address)
}

/// Passwords.
#[derive(Default)]
pub struct PasswordMutation;

#[Object]
impl PasswordMutation {
    /// 获取重置密码的验证码 Sends a code of six digits, good for ten minutes and five tries, to the account's mobile number or
    /// e-mail address; a code asked for before is good for nothing then. The answer and the work are the same whether or not
    /// there is such an account, or it has such an address. One a minute and ten a day for each identifier
    /// (`TOO_MANY_REQUESTS`), and no more than that to each address: those beyond are silently not sent.
    ///
    /// Refusals: `TOO_MANY_REQUESTS`.
    async fn request_password_reset(
        &self,
        ctx: &Context<'_>,
        input: RequestPasswordResetInput,
    ) -> async_graphql::Result<RequestPasswordResetPayload> {
        let app = ctx.app();
        let answer = |user_errors| RequestPasswordResetPayload { user_errors };
        let limit = app.settings.code_limit();
        let subject = Subject::of(&input.identifier);
        let now = app.platform.clock.now();
        let mut conn = ctx.connection().await?;
        if let Some(refusal) = throttle::stranger(ctx, &mut conn).await? {
            return Ok(answer(vec![refusal]));
        }
        let of_identifier = Bucket::of("password reset of an identifier", subject.as_bytes());
        if !admit(&mut conn, of_identifier, &limit, now)
            .await
            .map_err(internal)?
        {
            return Ok(answer(vec![too_many_requests()]));
        }
        let identifier = Identifier::parse(input.identifier.trim());
        let found = match &identifier {
            Some(identifier) => account::find_addresses(&mut conn, identifier)
                .await
                .map_err(internal)?,
            None => None,
        };
        let channel = destination(input.channel, identifier.as_ref());
        let reachable = found.as_ref().and_then(|(account_id, addresses)| {
            let address = address_of(addresses, channel)?;
            Some((*account_id, address_bucket(address)))
        });
        // From here on nobody's request costs what somebody's does: it is counted, written and given a job, which finds
        // that there is nobody to send the code to.
        let (account_id, of_address) = match reachable {
            Some((account_id, bucket)) => (Some(account_id), bucket),
            None => (None, Bucket::of("code to nobody", subject.as_bytes())),
        };
        let admitted = admit(&mut conn, of_address, &limit, now)
            .await
            .map_err(internal)?;
        let request = PasscodeRequest {
            purpose: Purpose::PasswordReset,
            subject: PasscodeSubject::of(subject.as_bytes()),
            // Told neither: it would say that two identifiers are the same person's.
            account_id: account_id.filter(|_| admitted),
            channel,
            address: None,
        };
        passcode::request(&mut conn, &request, now)
            .await
            .map_err(internal)?;
        app.platform.waker.wake();
        Ok(answer(Vec::new()))
    }

    /// 重置密码 Sets a new password by the code that `requestPasswordReset` sent, and ends all sessions of the account. Its
    /// person is told, by mail or else by SMS. A wrong code, one that ran out and an unknown identifier get the same answer
    /// after the same work: `WRONG_CODE`.
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
        let subject = PasscodeSubject::of(Subject::of(&input.identifier).as_bytes());
        let tried = passcode::count_try(&mut conn, Purpose::PasswordReset, subject, platform.clock.now())
            .await
            .map_err(internal)?;
        // Hashing takes a while: no connection is held meanwhile.
        drop(conn);
        let (tried, hash) = match tried {
            Some(tried) => (
                tried.account_id.map(|account_id| (tried.id, account_id)),
                tried.code_hash,
            ),
            None => (None, None),
        };
        let fits = passwords::verify(ctx, input.code.trim().to_owned(), hash).await?;
        let (Some((id, account_id)), true) = (tried, fits) else {
            return Ok(answer(vec![wrong_code()]));
        };
        let hash = passwords::hash(ctx, new_password.expose().to_owned()).await?;
        let mut conn = ctx.connection().await?;
        let reset = account::reset_password(&mut conn, id, account_id, &hash, platform.clock.now())
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
        let (hash, identifiers) = account::password_and_identifiers(&mut conn, account_id)
            .await
            .map_err(internal)?;
        let identifiers: Vec<&str> = identifiers.iter().map(String::as_str).collect();
        let new_password = match NewPassword::parse(&input.new_password, &identifiers) {
            Ok(new_password) => new_password,
            Err(why) => return Ok(refused(unfit("newPassword", why))),
        };
        let bucket = Bucket::of("password change of an account", account_id.as_bytes());
        if !admit(&mut conn, bucket, &GUESSES, platform.clock.now())
            .await
            .map_err(internal)?
        {
            let message = "尝试次数过多，请稍后再试";
            return Ok(refused(UserError::new(UserErrorCode::TooManyAttempts, message)));
        }
        drop(conn);
        if !passwords::verify(ctx, input.current_password, Some(hash.clone())).await? {
            return Ok(refused(wrong_current_password()));
        }
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
