//! The verification of employers: what operators decide by, their decision, and how a refused employer hands in again.

use async_graphql::{Context, Enum, ID, InputObject, Object, connection::Connection};
use chrono::{DateTime, Utc};
use wangqian_schema::{
    files::FileKind,
    model::{
        employer as model, licence,
        registration::{EmployerDraft, Submission},
    },
    step::{self, StepError},
    workflow::employer_registration::EmployerAction,
};
use wangqian_storage::DownloadName;

use super::{
    case_event::{EmployerEvent, history_of},
    document::DownloadLink,
    employer::Employer,
    licence::take_licence,
    mutation::{Payload, on, payload},
    registration::EmployerDetailsInput,
};
use crate::{
    context::ContextExt,
    error::{UserError, internal},
    id::NodeType,
    paging::{Arguments, connection, cost},
};

/// 注册信息 How an employer's registration stands; for its members and operators.
pub struct EmployerRegistration(pub Submission);

/// 注册信息 How an employer's registration stands; for its members and operators.
#[Object]
impl EmployerRegistration {
    /// 版本号 Goes up with every step on the registration: the `expectedVersion` of the next.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// 提交时间 When it was handed in last.
    async fn submitted_at(&self) -> DateTime<Utc> {
        self.0.submitted_at
    }

    /// 核验意见 The reason of the last decision; null while it waits, and where none was given.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// 办理记录 What was done to the registration and to the members, oldest first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, EmployerEvent>> {
        let page = Arguments {
            first,
            after,
            last,
            before,
        };
        history_of(ctx, Some(self.0.employer_id), page, EmployerEvent).await
    }

    /// 营业执照 The business licence that was handed in last; null for whoever is no operator.
    async fn licence(&self) -> Option<EmployerLicence> {
        self.0.licence.clone().map(EmployerLicence)
    }
}

/// 营业执照 The business licence of an employer, as it was handed in.
pub struct EmployerLicence(licence::Licence);

/// 营业执照 The business licence of an employer, as it was handed in.
#[Object]
impl EmployerLicence {
    /// 文件类型 Media type, as its first bytes say.
    async fn content_type(&self) -> &str {
        &self.0.content_type
    }

    /// 文件大小 Size in bytes.
    async fn byte_size(&self) -> i32 {
        self.0.byte_size
    }

    /// 文件摘要 SHA-256 of the file, in hexadecimal; the trail holds it too.
    async fn sha256(&self) -> String {
        self.0.sha256.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// 下载链接 A fresh link to the file, valid for a few minutes.
    async fn download_link(&self, ctx: &Context<'_>) -> async_graphql::Result<DownloadLink> {
        let end = FileKind::of_content_type(&self.0.content_type).map_or("bin", FileKind::extension);
        let offered = DownloadName {
            name: &format!("营业执照.{end}"),
            ascii: &format!("licence.{end}"),
        };
        DownloadLink::to(ctx.app(), &self.0.object_key, offered, &self.0.content_type).await
    }
}

/// Employers that wait.
#[derive(Default)]
pub struct EmployerVerificationQuery;

#[Object]
impl EmployerVerificationQuery {
    /// 待核验单位列表 The employers that wait to be verified, longest first; empty for whoever is no operator.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn employers_awaiting_verification(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, Employer>> {
        let viewer = ctx.viewer()?;
        let request = Arguments {
            first,
            after,
            last,
            before,
        }
        .request()?;
        let mut conn = ctx.connection().await?;
        let page = model::awaiting_verification(&mut conn, &viewer, &request)
            .await
            .map_err(internal)?;
        Ok(connection(
            page,
            |(since, employer)| (*since, employer.id),
            |(_, employer)| Employer(employer),
        ))
    }
}

/// 核验结论 What an operator decides of an employer.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerificationDecision {
    /// 核验通过 It is who it says, and may act.
    Verify,
    /// 核验不通过 It is not, or not any more, and may not act; only agree to the end of what it has signed. Needs a reason.
    Refuse,
}

/// 单位核验 Decides an employer's registration.
#[derive(InputObject)]
pub struct VerifyEmployerInput {
    /// 用人单位 The employer.
    employer_id: ID,
    /// 核验结论 The decision.
    decision: VerificationDecision,
    /// 核验意见 The reason, which the employer reads; needed to refuse; at most 500 characters.
    reason: Option<String>,
    /// 预期版本号 The registration's `version` that the operator has looked at; when given, a changed registration is refused with
    /// `STALE_VERSION`.
    expected_version: Option<i32>,
}

/// 重新提交 Hands a refused registration in again.
#[derive(InputObject)]
pub struct ResubmitEmployerInput {
    /// 单位信息 The employer as it is now.
    employer: EmployerDetailsInput,
    /// 营业执照 The upload of another licence: `beginUpload`. Without it the one before counts.
    licence_upload_id: Option<ID>,
    /// 预期版本号 The registration's `version` that the member has looked at; when given, a changed registration is refused with
    /// `STALE_VERSION`.
    expected_version: Option<i32>,
}

payload!(
    /// 单位注册办理结果 What came of a step on a registration.
    pub struct EmployerPayload {
        /// 用人单位 The employer as it is now; null when it was refused.
        employer: Employer,
    }
    of model::Employer, by Employer
);

/// What a step came to; the credit code stands at `employer` in the input.
fn of_registration(
    done: Result<model::Employer, StepError>,
    id_field: &str,
) -> async_graphql::Result<EmployerPayload> {
    match done {
        Err(StepError::AlreadyTaken {
            field: field @ "creditCode",
        }) => Ok(EmployerPayload::refused(vec![UserError::already_taken(format!(
            "employer.{field}"
        ))])),
        done => EmployerPayload::of(done, id_field),
    }
}

/// What is done to registrations.
#[derive(Default)]
pub struct EmployerVerificationMutation;

#[Object]
impl EmployerVerificationMutation {
    /// 单位核验 An operator verifies an employer, which may act from then on, or refuses it with a reason; a verification can be
    /// taken back in the same way. The members are told. Refused with `ALREADY_TAKEN` where another employer of the same
    /// credit code waits or is verified.
    ///
    /// Refusals: `NOT_FOUND`, `STALE_VERSION`, `STEP_NOT_ALLOWED`, `REASON_REQUIRED`, `ALREADY_TAKEN`,
    /// `INVALID_INPUT`.
    async fn verify_employer(
        &self,
        ctx: &Context<'_>,
        input: VerifyEmployerInput,
    ) -> async_graphql::Result<EmployerPayload> {
        let (platform, viewer) = (&ctx.app().platform, ctx.viewer()?);
        let action = match input.decision {
            VerificationDecision::Verify => EmployerAction::Verify,
            VerificationDecision::Refuse => EmployerAction::Refuse,
        };
        let decided = on(NodeType::Employer, &input.employer_id, async |id| {
            let reason = input.reason.as_deref();
            step::verify_employer(platform, &viewer, id, action, reason, input.expected_version).await
        });
        of_registration(decided.await, "employerId")
    }

    /// 重新提交 A member hands in again what was refused, put right. It waits to be verified then. Another
    /// licence is looked at as in `registerEmployer`: sixty an hour from one client address.
    ///
    /// Refusals: `NOT_FOUND`, `STALE_VERSION`, `STEP_NOT_ALLOWED`, `INVALID_INPUT`, `FILE_NOT_UPLOADED`,
    /// `ALREADY_TAKEN`, `TOO_MANY_REQUESTS`.
    async fn resubmit_employer(
        &self,
        ctx: &Context<'_>,
        input: ResubmitEmployerInput,
    ) -> async_graphql::Result<EmployerPayload> {
        let viewer = ctx.viewer()?;
        let platform = &ctx.app().platform;
        // Whoever may not, has no file read and stored for him.
        if let Err(error) = step::may_resubmit(platform, &viewer).await {
            return of_registration(Err(error), "employer");
        }
        let details = match EmployerDraft::from(input.employer).check() {
            Ok(details) => details,
            Err(errors) => {
                return Ok(EmployerPayload::refused(UserError::of_fields(
                    "employer.",
                    errors,
                )));
            }
        };
        let licence = match &input.licence_upload_id {
            Some(id) => match take_licence(ctx, id, "licenceUploadId").await? {
                Ok(licence) => Some(licence),
                Err(error) => return Ok(EmployerPayload::refused(vec![error])),
            },
            None => None,
        };
        let done = step::resubmit_employer(
            platform,
            &viewer,
            &details,
            licence.as_ref(),
            input.expected_version,
        )
        .await;
        of_registration(done, "employer")
    }
}
