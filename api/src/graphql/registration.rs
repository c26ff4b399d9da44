//! The registration of an employer, by somebody who has no account yet.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use serde::Serialize;
use wangqian_schema::{
    checks::Email,
    db::Connection,
    model::{
        employer as employers, idempotency,
        passcode::{PasscodeChannel, Purpose},
        registration::{
            EmployerDetails, EmployerDraft, MemberDetails, MemberDraft, RegistrationKey, SeenKey,
        },
    },
    password::NewPassword,
    step::{self, Registration, StepError},
};

use super::{
    employer::Employer,
    licence::take_licence,
    passcode::{Asked, Destination, request_code, try_code, untry, wrong_code},
};
use crate::{
    context::ContextExt,
    error::{UserError, internal, step_errors},
    passwords::{self, unfit},
    throttle,
};

/// 获取注册验证码 Asks for the code that proves the first member's e-mail address.
#[derive(InputObject)]
pub struct RequestRegistrationCodeInput {
    /// 电子邮箱 The e-mail address.
    email: String,
}

/// 获取注册验证码的结果 What came of asking for the code.
#[derive(SimpleObject)]
pub struct RequestRegistrationCodePayload {
    /// 业务错误 Why it was refused; empty otherwise. Nothing here tells whether the address is an account's.
    user_errors: Vec<UserError>,
}

/// 单位信息 What an employer says of itself.
#[derive(InputObject)]
pub struct EmployerDetailsInput {
    /// 统一社会信用代码 Unified social credit code (GB 32100), with its check character.
    credit_code: String,
    /// 单位名称 Name, 2 to 100 characters.
    name: String,
    /// 单位性质 Nature: a code of `EMPLOYER_NATURE`.
    nature: String,
    /// 单位行业 Industry: a code of `INDUSTRY`.
    industry: String,
    /// 所在地 Region: a code of `REGION`.
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
    /// 手机号码 Mobile number, 11 digits, for the operator who asks back. To log in with it, prove it by `requestContactChange`.
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
    /// 幂等键 Chosen by the caller, 1 to 100 characters: the same key and input give the same employer again.
    idempotency_key: String,
}

/// 单位注册的结果 What came of the registration.
#[derive(SimpleObject)]
pub struct RegisterEmployerPayload {
    /// 用人单位 The employer; null when it was refused. Its member can log in now.
    employer: Option<Employer>,
    /// 业务错误 Why it was refused; empty when it was done.
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
    /// tries. One a minute and ten a day for each address from one network (`TOO_MANY_REQUESTS`), and thirty a day to each
    /// address: those beyond are silently not sent. Public.
    ///
    /// Refusals: `INVALID_INPUT`, `TOO_MANY_REQUESTS`.
    async fn request_registration_code(
        &self,
        ctx: &Context<'_>,
        input: RequestRegistrationCodeInput,
    ) -> async_graphql::Result<RequestRegistrationCodePayload> {
        let answer = |user_errors| RequestRegistrationCodePayload { user_errors };
        let Ok(email) = Email::parse(&input.email) else {
            return Ok(answer(vec![UserError::invalid("email", "不是有效的邮箱地址")]));
        };
        let mut conn = ctx.connection().await?;
        if let Some(refusal) = throttle::stranger(ctx, &mut conn).await? {
            return Ok(answer(vec![refusal]));
        }
        let asked = Asked {
            purpose: Purpose::Registration,
            subject: email.as_str().as_bytes(),
            channel: PasscodeChannel::Email,
            destination: Destination::New(email.as_str().to_owned()),
        };
        let refusal = request_code(ctx, &mut conn, asked).await?;
        Ok(answer(refusal.into_iter().collect()))
    }

    /// 单位注册 Registers an employer with its business licence and opens the account of its first member, who is its
    /// administrator. It waits to be verified then and may look around, but not act. Refused with `ALREADY_TAKEN` where an
    /// employer of this credit code waits or is verified already, or the e-mail address, once proved, is an account's; one
    /// that was refused stands in nobody's way. The licence is opened and looked at as a file for a case is, and a clean copy of it
    /// kept; one that is damaged, or that nobody should be made to open, is `INVALID_INPUT` of `licenceUploadId`. Public.
    ///
    /// Refusals: `INVALID_INPUT`, `WRONG_CODE`, `NOT_FOUND` and `FILE_NOT_UPLOADED` (the licence), `ALREADY_TAKEN`,
    /// `IDEMPOTENCY_KEY_REUSED`, `TOO_MANY_REQUESTS`.
    async fn register_employer(
        &self,
        ctx: &Context<'_>,
        input: RegisterEmployerInput,
    ) -> async_graphql::Result<RegisterEmployerPayload> {
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
        if let Some(seen) = answer_of_key(&mut conn, &key).await? {
            return Ok(seen);
        }
        drop(conn);
        let applicant = Applicant {
            details,
            member: member_details,
            code,
            password,
            licence_upload_id: input.licence_upload_id,
            key,
        };
        match applicant.register(ctx).await? {
            Ok(employer) => Ok(RegisterEmployerPayload {
                employer: Some(Employer(employer)),
                user_errors: Vec::new(),
            }),
            // The same request may have got there first meanwhile, and used up the code.
            Err(refusals) => {
                let seen = answer_of_key(&mut ctx.connection().await?, &key).await?;
                Ok(seen.unwrap_or_else(|| refused(refusals)))
            }
        }
    }
}

/// What somebody gets who asks with a key that was seen; `None` of a new one.
async fn answer_of_key(
    conn: &mut Connection,
    key: &RegistrationKey,
) -> async_graphql::Result<Option<RegisterEmployerPayload>> {
    let (employer, user_errors) = match key.seen(conn).await.map_err(internal)? {
        SeenKey::New => return Ok(None),
        SeenKey::Registered(id) => {
            let employer = employers::by_ids(conn, &[id]).await.map_err(internal)?.pop();
            (employer, Vec::new())
        }
        SeenKey::OtherBody => (None, step_errors(StepError::KeyReused, "idempotencyKey")?),
    };
    Ok(Some(RegisterEmployerPayload {
        employer: employer.map(Employer),
        user_errors,
    }))
}

/// Whoever asks to register an employer, with a form in which nothing is wrong.
struct Applicant {
    details: EmployerDetails,
    member: MemberDetails,
    code: String,
    password: NewPassword,
    licence_upload_id: ID,
    key: RegistrationKey,
}

impl Applicant {
    /// Proves the address, looks at the licence, and takes the step.
    async fn register(
        self,
        ctx: &Context<'_>,
    ) -> async_graphql::Result<Result<employers::Employer, Vec<UserError>>> {
        let app = ctx.app();
        let at_its_place = |refusal: UserError| UserError {
            field: refusal.field.map(|field| format!("member.{field}")),
            ..refusal
        };
        let email = self.member.email.clone();
        let email = email.as_str().as_bytes();
        let proved = match try_code(ctx, Purpose::Registration, email, &self.code).await? {
            Ok(proved) => proved,
            Err(refusal) => return Ok(Err(vec![at_its_place(refusal)])),
        };
        // Where there was no place to look at the rest, the code was not tried in vain.
        let spared = async |error: async_graphql::Error| {
            untry(ctx, Purpose::Registration, email, Some(proved.id)).await?;
            Err(error)
        };
        let licence = match take_licence(ctx, &self.licence_upload_id, "licenceUploadId").await {
            Ok(Ok(licence)) => licence,
            Ok(Err(error)) => return Ok(Err(vec![error])),
            Err(error) => return spared(error).await,
        };
        let password_hash = match passwords::hash(ctx, self.password.expose().to_owned()).await {
            Ok(hash) => hash,
            Err(error) => return spared(error).await,
        };
        let registration = Registration {
            details: self.details,
            member: self.member,
            password_hash,
            licence,
            passcode_id: proved.id,
            key: self.key,
        };
        Ok(match step::register(&app.platform, &registration).await {
            Ok(employer) => Ok(employer),
            Err(StepError::NotFound) => Err(vec![at_its_place(wrong_code())]),
            Err(StepError::AlreadyTaken { field }) => {
                let prefix = match field {
                    "creditCode" => "employer.",
                    "email" => "member.",
                    _ => "",
                };
                Err(vec![UserError::already_taken(format!("{prefix}{field}"))])
            }
            Err(error) => Err(step_errors(error, "")?),
        })
    }
}
