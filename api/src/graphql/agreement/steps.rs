//! The steps of online signing.

use async_graphql::{Context, ID, Object, SimpleObject};
use wangqian_schema::{
    model::{
        agreement::AgreementView,
        terms::{FieldError, TermsDraft},
    },
    step::{self, AgreementStep, Invitation, StepError},
};

use super::{
    super::{
        agreement_input::{AgreementStepInput, DeclineInvitationInput, InviteBody, InviteGraduatesInput},
        mutation::{case_step, idempotency_key, on, payload, take},
    },
    Agreement,
};
use crate::{
    context::ContextExt,
    error::{UserError, step_errors},
    id::NodeType,
};

payload!(
    /// 就业协议办理结果 What came of a step on an agreement.
    pub struct AgreementPayload {
        /// 就业协议 The agreement as it is now; null when it was refused.
        agreement: Agreement,
    }
    of AgreementView, by Agreement::from
);

impl AgreementPayload {
    /// Whether it was refused.
    pub(super) const fn is_refused(&self) -> bool {
        self.agreement.is_none()
    }
}

case_step!(
    AgreementStep => AgreementPayload, Agreement, "agreementId", step::take,
    |step| match step {
        AgreementStep::Submit(_) => Some("draft."),
        AgreementStep::Amend(..) => Some("terms."),
        _ => None,
    }
);

/// 单个邀请的结果 What came of one invitation of many.
#[derive(SimpleObject)]
pub struct InvitationResult {
    /// 毕业生 The graduate it was for.
    graduate_id: ID,
    /// 签约邀请 The invitation; null when it was refused.
    agreement: Option<Agreement>,
    /// 提示 What is allowed but worth a second look, such as a low salary during probation.
    warnings: Vec<Warning>,
    /// 业务错误 Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// 提示 Something that is allowed but worth a second look.
#[derive(SimpleObject)]
pub struct Warning {
    /// 字段 The field, as a path such as `terms.probationSalary`.
    field: String,
    /// 提示内容 What it is, in Chinese, for the person.
    message: String,
}

impl Warning {
    /// About a field, by its path.
    pub const fn of(field: String, message: String) -> Self {
        Self { field, message }
    }

    /// About a field of an agreement's terms.
    pub fn of_terms(warning: FieldError) -> Self {
        Self {
            field: format!("terms.{}", warning.field),
            message: warning.message,
        }
    }
}

/// 签约邀请的结果 What came of the invitations, in the order of `graduateIds`.
#[derive(SimpleObject)]
pub struct InviteGraduatesPayload {
    /// 各邀请的结果 One result a graduate; empty when the input as a whole was refused.
    results: Vec<InvitationResult>,
    /// 业务错误 Why the input as a whole was refused; empty otherwise.
    user_errors: Vec<UserError>,
}

/// The steps of online signing.
#[derive(Default)]
pub struct AgreementMutation;

#[Object]
impl AgreementMutation {
    /// 发起签约邀请 A verified employer invites one graduate or many (§4.1). Each invitation stands or falls by itself.
    ///
    /// Refusals: `INVALID_INPUT`, `STEP_NOT_ALLOWED`, `EMPLOYER_NOT_VERIFIED`, `IDEMPOTENCY_KEY_REUSED`; of one: `CUT_OFF_PASSED`,
    /// `NOT_FOUND`, `INVALID_INPUT`, `ONLINE_SIGNING_NOT_ALLOWED`, `ALREADY_INVITED`.
    async fn invite_graduates(
        &self,
        ctx: &Context<'_>,
        input: InviteGraduatesInput,
    ) -> async_graphql::Result<InviteGraduatesPayload> {
        let viewer = ctx.viewer()?;
        let refused = |error| InviteGraduatesPayload {
            results: Vec::new(),
            user_errors: vec![error],
        };
        if !(1..=100).contains(&input.graduate_ids.len()) {
            return Ok(refused(UserError::invalid(
                "graduateIds",
                "每次可邀请 1 至 100 名毕业生",
            )));
        }
        let mut distinct = input.graduate_ids.clone();
        distinct.sort();
        distinct.dedup();
        if distinct.len() != input.graduate_ids.len() {
            return Ok(refused(UserError::invalid("graduateIds", "同一毕业生不能重复")));
        }
        let terms = TermsDraft::from(input.terms);
        let body = InviteBody {
            graduate_ids: &input.graduate_ids,
            terms: &terms,
            response_deadline: input.response_deadline,
        };
        let key = match idempotency_key(&input.idempotency_key, &body)? {
            Ok(key) => key,
            Err(error) => return Ok(refused(error)),
        };
        let platform = &ctx.app().platform;
        if let Err(error) = step::claim_request(platform, &viewer, &key).await {
            return Ok(InviteGraduatesPayload {
                results: Vec::new(),
                user_errors: step_errors(error, "idempotencyKey")?,
            });
        }

        let mut results = Vec::with_capacity(input.graduate_ids.len());
        for (index, graduate_id) in input.graduate_ids.into_iter().enumerate() {
            let invited = on(NodeType::Graduate, &graduate_id, async |graduate_id| {
                let invitation = Invitation {
                    graduate_id,
                    terms: terms.clone(),
                    response_deadline: input.response_deadline,
                };
                step::invite(platform, &viewer, &invitation, Some(&key)).await
            });
            let invited = invited.await;
            results.push(match invited {
                Ok(view) => {
                    let terms = view.agreement.terms.as_ref();
                    let warnings = terms.map(|terms| terms.warnings()).unwrap_or_default();
                    let warnings = warnings.into_iter().map(Warning::of_terms).collect();
                    InvitationResult {
                        graduate_id,
                        agreement: Some(view.into()),
                        warnings,
                        user_errors: Vec::new(),
                    }
                }
                Err(StepError::Invalid(errors)) => {
                    let user_errors = errors
                        .into_iter()
                        .flat_map(|error| {
                            let prefix = if error.field == "responseDeadline" {
                                ""
                            } else {
                                "terms."
                            };
                            UserError::of_fields(prefix, vec![error])
                        })
                        .collect();
                    InvitationResult {
                        graduate_id,
                        agreement: None,
                        warnings: Vec::new(),
                        user_errors,
                    }
                }
                Err(error) => {
                    let user_errors = step_errors(error, &format!("graduateIds.{index}"))?;
                    InvitationResult {
                        graduate_id,
                        agreement: None,
                        warnings: Vec::new(),
                        user_errors,
                    }
                }
            });
        }
        Ok(InviteGraduatesPayload {
            results,
            user_errors: Vec::new(),
        })
    }

    /// 撤销邀请 The employer takes back an invitation that has not been answered.
    ///
    /// Refusals: `NOT_FOUND`, `CUT_OFF_PASSED`, `STALE_VERSION`, `STEP_NOT_ALLOWED`, `EMPLOYER_NOT_VERIFIED`, `DEADLINE_PASSED`.
    async fn cancel_invitation(
        &self,
        ctx: &Context<'_>,
        input: AgreementStepInput,
    ) -> async_graphql::Result<AgreementPayload> {
        let step = AgreementStep::Cancel;
        take(ctx, &input.agreement_id, step, input.expected_version).await
    }

    /// 接受邀请 The graduate accepts (§4.2). He is then held by this agreement, and the school or department reviews.
    ///
    /// Refusals: `NOT_FOUND`, `CUT_OFF_PASSED`, `STALE_VERSION`, `STEP_NOT_ALLOWED`, `DATA_NOT_CONFIRMED`, `DEADLINE_PASSED`,
    /// `ALREADY_ENGAGED`, `ONLINE_SIGNING_NOT_ALLOWED`, `EMPLOYER_NOT_VERIFIED` (any more).
    async fn accept_invitation(
        &self,
        ctx: &Context<'_>,
        input: AgreementStepInput,
    ) -> async_graphql::Result<AgreementPayload> {
        let step = AgreementStep::Accept;
        take(ctx, &input.agreement_id, step, input.expected_version).await
    }

    /// 拒绝邀请 The graduate declines (§4.2).
    ///
    /// Refusals: `NOT_FOUND`, `CUT_OFF_PASSED`, `STALE_VERSION`, `STEP_NOT_ALLOWED`, `DATA_NOT_CONFIRMED`, `DEADLINE_PASSED`,
    /// `ALREADY_ENGAGED`, `INVALID_INPUT`.
    async fn decline_invitation(
        &self,
        ctx: &Context<'_>,
        input: DeclineInvitationInput,
    ) -> async_graphql::Result<AgreementPayload> {
        let step = AgreementStep::Decline(input.reason);
        take(ctx, &input.agreement_id, step, input.expected_version).await
    }
}
