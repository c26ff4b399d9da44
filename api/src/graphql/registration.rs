//! The registration of an employer, by somebody who has no account yet.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use serde::Serialize;
use wangqian_schema::{
    checks::Email,
    model::{
        employer as employers, idempotency,
        passcode::{self, PasscodeChannel, PasscodeRequest, PasscodeSubject, Purpose},
        registration::{EmployerDraft, MemberDraft, RegistrationKey, SeenKey},
        request_throttle::{Bucket, admit},
    },
    password::NewPassword,
    step::{self, Registration, StepError},
};

use super::{
    employer::Employer,
    password::{address_bucket, unfit, wrong_code},
    upload::take_licence,
};
use crate::{
    context::ContextExt,
    error::{UserError, internal, step_errors},
    passwords,
    throttle::{self, too_many_requests},
};

/// 获取注册验证码 Asks for the code that proves the first member's e-mail address.
#[derive(InputObject)]
pub struct RequestRegistrationCodeInput {
    /// 电子邮箱 The e-mail address.
    email: String,
}

/// What came of it.
#[derive(SimpleObject)]
pub struct RequestRegistrationCodePayload {
    /// What was wrong. Nothing here tells whether the address is an account's.
    user_errors: Vec<UserError>,
}

/// 单位信息 What an employer says of itself.
#[derive(InputObject)]
pub struct EmployerDetailsInput {
    /// 统一社会信用代码 Unified social credit code (GB 32100), with its check character.
    credit_code: String,
    /// 单位名称 Name, 2 to 100 characters.
    name: String,
    /// 单位性质 A code of `EMPLOYER_NATURE`.
    nature: String,
    /// 单位行业 A code of `INDUSTRY`.
    industry: String,
    /// 所在地 A code of `REGION`.
    region: String,
    /// 详细地址 Detailed address, 5 to 200 characters.
    address: String,
}

impl From<EmployerDetailsInput> for EmployerDraft {
    fn from(input: EmployerDetailsInput) -> Self {
        Self {
            credit_code: input.credit_code,
            name: input.name,
            nature: input.nature,
            industry: input.industry,
            region: input.region,
            address: input.address,
        }
    }
}

/// 经办人 The first member of an employer, its administrator.
#[derive(InputObject)]
pub struct FirstMemberInput {
    /// 姓名 Name, at most 30 characters.
    name: String,
    /// 手机号码 Mobile number, for the operator who asks back. To log in with it, prove it by `requestContactChange`.
    mobile: String,
    /// 电子邮箱 E-mail address, to log in with.
    email: String,
    /// 验证码 The six digits that `requestRegistrationCode` sent to it.
    #[graphql(secret)]
    code: String,
    /// 密码 10 to 128 characters.
    #[graphql(secret)]
    password: String,
}

/// 单位注册 Registers an employer.
#[derive(InputObject)]
pub struct RegisterEmployerInput {
    /// 单位信息 The employer.
    employer: EmployerDetailsInput,
    /// 经办人 Its first member.
    member: FirstMemberInput,
    /// 营业执照 The upload of its business licence: `beginUpload`.
    licence_upload_id: ID,
    /// Chosen by the caller: the same key and input give the first answer again.
    idempotency_key: String,
}

/// What came of it.
#[derive(SimpleObject)]
pub struct RegisterEmployerPayload {
    /// The employer; null when something was wrong. Its member can log in now.
    employer: Option<Employer>,
    /// What was wrong.
    user_errors: Vec<UserError>,
}

/// What a repetition must have in common with the first request: everything but the secrets, which could be guessed from
/// the hash that is kept.
#[derive(Serialize)]
struct Body<'a> {
    employer: &'a EmployerDraft,
    member: &'a MemberDraft,
    licence_upload_id: &'a str,
}

/// The registration of an employer.
#[derive(Default)]
pub struct RegistrationMutation;

#[Object]
impl RegistrationMutation {
    /// 获取注册验证码 Sends a code to an e-mail address with which an employer can be registered, good for ten minutes and five
    /// tries. One a minute and ten a day for each address (`TOO_MANY_REQUESTS`). Public.
    async fn request_registration_code(
        &self,
        ctx: &Context<'_>,
        input: RequestRegistrationCodeInput,
    ) -> async_graphql::Result<RequestRegistrationCodePayload> {
        let app = ctx.app();
        let answer = |user_errors| RequestRegistrationCodePayload { user_errors };
        let Ok(email) = Email::parse(&input.email) else {
            return Ok(answer(vec![UserError::invalid("email", "不是有效的邮箱地址")]));
        };
        let mut conn = ctx.connection().await?;
        if let Some(refusal) = throttle::stranger(ctx, &mut conn).await? {
            return Ok(answer(vec![refusal]));
        }
        let limit = app.settings.code_limit();
        let now = app.platform.clock.now();
        let of_registration = Bucket::of("registration with an address", email.as_str());
        if !admit(&mut conn, of_registration, &limit, now)
            .await
            .map_err(internal)?
        {
            return Ok(answer(vec![too_many_requests()]));
        }
        // Told to nobody: it would say that an account of this address asks for codes.
        let admitted = admit(&mut conn, address_bucket(email.as_str()), &limit, now)
            .await
            .map_err(internal)?;
        let request = PasscodeRequest {
            purpose: Purpose::Registration,
            subject: PasscodeSubject::of(email.as_str()),
            account_id: None,
            channel: PasscodeChannel::Email,
            address: admitted.then(|| email.into()),
        };
        passcode::request(&mut conn, &request, now)
            .await
            .map_err(internal)?;
        app.platform.waker.wake();
        Ok(answer(Vec::new()))
    }

    /// 单位注册 Registers an employer with its business licence and opens the account of its first member, who is its
    /// administrator. It waits to be verified then and may look around, but not act. Refused with `ALREADY_TAKEN` where an
    /// employer of this credit code waits or is verified already, or the e-mail address, once proved, is an account's; one
    /// that was refused stands in nobody's way. Public.
    async fn register_employer(
        &self,
        ctx: &Context<'_>,
        input: RegisterEmployerInput,
    ) -> async_graphql::Result<RegisterEmployerPayload> {
        let app = ctx.app();
        let refused = |user_errors| RegisterEmployerPayload {
            employer: None,
            user_errors,
        };
        let (email, code, password) = (
            input.member.email.clone(),
            input.member.code,
            input.member.password,
        );
        let draft = EmployerDraft::from(input.employer);
        let member = MemberDraft {
            name: input.member.name,
            mobile: input.member.mobile,
            email: input.member.email,
        };
        // All that is wrong with the form at once, before anything costs something.
        let mut wrong = Vec::new();
        let details = draft
            .check()
            .map_err(|errors| wrong.extend(UserError::of_fields("employer.", errors)));
        let member_details = member
            .check()
            .map_err(|errors| wrong.extend(UserError::of_fields("member.", errors)));
        let password =
            NewPassword::parse(&password, &[&email]).map_err(|why| wrong.push(unfit("member.password", why)));
        if !(1..=100).contains(&input.idempotency_key.chars().count()) {
            wrong.push(UserError::invalid("idempotencyKey", "应为 1 至 100 个字符"));
        }
        let (Ok(details), Ok(member_details), Ok(password), true) =
            (details, member_details, password, wrong.is_empty())
        else {
            return Ok(refused(wrong));
        };
        let mut conn = ctx.connection().await?;
        if let Some(refusal) = throttle::stranger(ctx, &mut conn).await? {
            return Ok(refused(vec![refusal]));
        }
        let body = Body {
            employer: &draft,
            member: &member,
            licence_upload_id: &input.licence_upload_id,
        };
        let request_hash = idempotency::request_hash(&body).map_err(internal)?;
        let key = RegistrationKey::new(&member_details.email, &input.idempotency_key, request_hash);
        match key.seen(&mut conn).await.map_err(internal)? {
            SeenKey::New => {}
            SeenKey::Registered(id) => {
                let employer = employers::by_ids(&mut conn, &[id]).await.map_err(internal)?.pop();
                return Ok(RegisterEmployerPayload {
                    employer: employer.map(Employer),
                    user_errors: Vec::new(),
                });
            }
            SeenKey::OtherBody => {
                return Ok(refused(step_errors(StepError::KeyReused, "idempotencyKey")?));
            }
        }
        let subject = PasscodeSubject::of(member_details.email.as_str());
        let now = app.platform.clock.now();
        let tried = passcode::count_try(&mut conn, Purpose::Registration, subject, now)
            .await
            .map_err(internal)?;
        drop(conn);
        let wrong_code = || UserError {
            field: Some("member.code".to_owned()),
            ..wrong_code()
        };
        let hash = tried.as_ref().and_then(|tried| tried.code_hash.clone());
        let fits = passwords::verify(ctx, code.trim().to_owned(), hash).await?;
        let (Some(proved), true) = (tried, fits) else {
            return Ok(refused(vec![wrong_code()]));
        };
        let licence = match take_licence(ctx, &input.licence_upload_id, "licenceUploadId").await? {
            Ok(licence) => licence,
            Err(error) => return Ok(refused(vec![error])),
        };
        let registration = Registration {
            details,
            member: member_details,
            password_hash: passwords::hash(ctx, password.expose().to_owned()).await?,
            licence,
            passcode_id: proved.id,
            key,
        };
        Ok(match step::register(&app.platform, &registration).await {
            Ok(employer) => RegisterEmployerPayload {
                employer: Some(Employer(employer)),
                user_errors: Vec::new(),
            },
            Err(StepError::NotFound) => refused(vec![wrong_code()]),
            Err(StepError::AlreadyTaken { field }) => {
                let prefix = match field {
                    "creditCode" => "employer.",
                    "email" => "member.",
                    _ => "",
                };
                refused(vec![UserError::already_taken(format!("{prefix}{field}"))])
            }
            Err(error) => refused(step_errors(error, "")?),
        })
    }
}
