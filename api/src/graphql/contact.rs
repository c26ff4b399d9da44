//! The viewer's own mobile number and e-mail address, and how he changes them.

use async_graphql::{Context, InputObject, Object, OneofObject, SimpleObject};
use wangqian_schema::{
    checks::{Email, Mobile},
    model::{
        account,
        graduate::Contact as Row,
        passcode::{PasscodeChannel, Purpose},
    },
    step::{self, StepError},
};

use super::{
    mutation::{Payload, payload},
    passcode::{Asked, Destination, request_code, try_code, wrong_code},
    password::prove_current,
};
use crate::{
    context::ContextExt,
    error::{UserError, internal, unauthenticated},
};

/// 联系方式 Where the viewer is reached; each is also an identifier to log in with.
#[derive(SimpleObject)]
pub struct Contact {
    /// 手机号码 Mobile number.
    mobile: Option<String>,
    /// 电子邮箱 E-mail address.
    email: Option<String>,
}

impl From<Row> for Contact {
    fn from(row: Row) -> Self {
        Self {
            mobile: row.mobile,
            email: row.email,
        }
    }
}

/// The viewer's own contact.
#[derive(Default)]
pub struct ContactQuery;

#[Object]
impl ContactQuery {
    /// 本人联系方式 Where the viewer himself is reached.
    async fn contact(&self, ctx: &Context<'_>) -> async_graphql::Result<Contact> {
        let account_id = ctx.viewer()?.account_id();
        let mut conn = ctx.connection().await?;
        let contact = account::contact(&mut conn, account_id).await.map_err(internal)?;
        Ok(contact.into())
    }
}

/// 新联系方式 A mobile number or an e-mail address: one of the two.
#[derive(OneofObject)]
pub enum ContactInput {
    /// 手机号码 Mobile number: the code comes by SMS.
    Mobile(String),
    /// 电子邮箱 E-mail address: the code comes by mail.
    Email(String),
}

/// 更换联系方式 Asks for a code at a new mobile number or e-mail address.
#[derive(InputObject)]
pub struct RequestContactChangeInput {
    /// 新联系方式 The new one.
    contact: ContactInput,
    /// 当前密码 The password of the account: who finds an open session must not make it his own.
    #[graphql(secret)]
    current_password: String,
}

/// 更换联系方式的结果 What came of asking for a code.
#[derive(SimpleObject)]
pub struct RequestContactChangePayload {
    /// 业务错误 Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// 确认更换联系方式 Proves the new mobile number or e-mail address.
#[derive(InputObject)]
pub struct ConfirmContactChangeInput {
    /// 验证码 The six digits.
    #[graphql(secret)]
    code: String,
}

payload!(
    /// 确认更换联系方式的结果 What came of handing the code in.
    pub struct ConfirmContactChangePayload {
        /// 联系方式 The viewer's contact as it is now; null when it was refused.
        contact: Contact,
    }
    of Row, by Contact::from
);

impl ContactInput {
    fn check(&self) -> Result<(PasscodeChannel, String), UserError> {
        match self {
            Self::Mobile(text) => Mobile::parse(text)
                .map(|mobile| (PasscodeChannel::Sms, mobile.into()))
                .map_err(|_| UserError::invalid("contact.mobile", "应为 11 位手机号码")),
            Self::Email(text) => Email::parse(text)
                .map(|email| (PasscodeChannel::Email, email.into()))
                .map_err(|_| UserError::invalid("contact.email", "不是有效的邮箱地址")),
        }
    }
}

/// What people change about how they are reached.
#[derive(Default)]
pub struct ContactMutation;

#[Object]
impl ContactMutation {
    /// 更换联系方式 Sends a code to a new mobile number or e-mail address of the viewer, good for ten minutes and five tries; one
    /// asked for before is good for nothing then. The answer is the same whether or not the address is another account's.
    /// One a minute and ten a day for each account (`TOO_MANY_REQUESTS`), and thirty a day to each address: those beyond are
    /// silently not sent. Asks for the current password: ten tries an hour, with those of `changePassword`
    /// (`TOO_MANY_ATTEMPTS`).
    ///
    /// Refusals: `INVALID_INPUT`, `WRONG_CREDENTIALS`, `TOO_MANY_ATTEMPTS`, `TOO_MANY_REQUESTS`.
    async fn request_contact_change(
        &self,
        ctx: &Context<'_>,
        input: RequestContactChangeInput,
    ) -> async_graphql::Result<RequestContactChangePayload> {
        let account_id = ctx.viewer()?.account_id();
        let answer = |user_errors| RequestContactChangePayload { user_errors };
        let (channel, address) = match input.contact.check() {
            Ok(new) => new,
            Err(error) => return Ok(answer(vec![error])),
        };
        let mut conn = ctx.connection().await?;
        let current = account::contact(&mut conn, account_id).await.map_err(internal)?;
        let (field, current) = match channel {
            PasscodeChannel::Sms => ("contact.mobile", current.mobile),
            PasscodeChannel::Email => ("contact.email", current.email),
        };
        if current.as_ref() == Some(&address) {
            return Ok(answer(vec![UserError::invalid(field, "与当前的联系方式相同")]));
        }
        drop(conn);
        if let Err(refusal) = prove_current(ctx, account_id, input.current_password).await? {
            return Ok(answer(vec![refusal]));
        }
        let asked = Asked {
            purpose: Purpose::ContactChange,
            subject: account_id.as_bytes(),
            channel,
            destination: Destination::New(address),
        };
        let refusal = request_code(ctx, &mut *ctx.connection().await?, asked).await?;
        Ok(answer(refusal.into_iter().collect()))
    }

    /// 确认更换联系方式 Changes the viewer's mobile number or e-mail address to the one to which the code was sent, and tells
    /// it to all that he had before. That it is another account's is told only now, to somebody who reads it:
    /// `ALREADY_TAKEN`, of the field of `requestContactChange`. For a graduate it is an event of his trail, in which the
    /// address itself does not stand.
    ///
    /// Refusals: `WRONG_CODE`, `ALREADY_TAKEN`.
    async fn confirm_contact_change(
        &self,
        ctx: &Context<'_>,
        input: ConfirmContactChangeInput,
    ) -> async_graphql::Result<ConfirmContactChangePayload> {
        let (session, viewer) = ctx.caller().signed_in.as_ref().ok_or_else(unauthenticated)?;
        let platform = &ctx.app().platform;
        let refused = |error| Ok(ConfirmContactChangePayload::refused(vec![error]));
        let account_id = viewer.account_id();
        let proved = match try_code(ctx, Purpose::ContactChange, account_id.as_bytes(), &input.code).await? {
            Ok(proved) => proved,
            Err(refusal) => return refused(refusal),
        };
        match step::change_contact(platform, viewer, session.id, &proved).await {
            Err(StepError::NotFound) => refused(wrong_code()),
            Err(StepError::AlreadyTaken { field }) => {
                refused(UserError::already_taken(format!("contact.{field}")))
            }
            changed => ConfirmContactChangePayload::of(changed, "code"),
        }
    }
}
