//! The steps of online signing.

use async_graphql::{Context, ID, Object, SimpleObject};
use wangqian_schema::{
    model::{
        agreement::AgreementView,
        idempotency,
        terms::{FieldError, TermsDraft},
    },
    step::{self, Actor, AgreementStep, IdempotencyKey, Invitation, StepError},
};

use super::{
    super::agreement_input::{AgreementStepInput, DeclineInvitationInput, InviteBody, InviteGraduatesInput},
    super::is_idempotency_key,
    Agreement,
};
use crate::{
    context::ContextExt,
    error::{UserError, internal, step_errors},
    id::NodeType,
};

/// 就业协议办理结果 What came of a step on an agreement.
#[derive(SimpleObject)]
pub struct AgreementPayload {
    /// 就业协议 The agreement as it is now; null when it was refused.
    agreement: Option<Agreement>,
    /// 业务错误 Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

impl AgreementPayload {
    /// Refused for one reason.
    pub fn refused(error: UserError) -> Self {
        Self::all_refused(vec![error])
    }

    /// Whether it was refused.
    pub const fn is_refused(&self) -> bool {
        self.agreement.is_none()
    }

    /// Refused for all of these.
    pub fn all_refused(user_errors: Vec<UserError>) -> Self {
        Self {
            agreement: None,
            user_errors,
        }
    }

    /// What a step came to; `id_field` is the field that names the agreement.
    ///
    /// # Errors
    /// A top-level error where the failure is not the person's.
    pub fn of(taken: Result<AgreementView, StepError>, id_field: &str) -> async_graphql::Result<Self> {
        Ok(match taken {
            Ok(view) => Self {
                agreement: Some(view.into()),
                user_errors: Vec::new(),
            },
            Err(error) => Self {
                agreement: None,
                user_errors: step_errors(error, id_field)?,
            },
        })
    }
}

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
        if !is_idempotency_key(&input.idempotency_key) {
            return Ok(refused(UserError::invalid(
                "idempotencyKey",
                "应为 1 至 60 个字符，且不含 /",
            )));
        }
        let terms = TermsDraft::from(input.terms);
        let body = InviteBody {
            graduate_ids: &input.graduate_ids,
            terms: &terms,
            response_deadline: input.response_deadline,
        };
        let request_hash = idempotency::request_hash(&body).map_err(internal)?;
        let key = IdempotencyKey {
            key: input.idempotency_key,
            request_hash,
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
            let invited = match NodeType::Graduate.uuid(&graduate_id) {
                None => Err(StepError::NotFound),
                Some(id) => {
                    let invitation = Invitation {
                        graduate_id: id,
                        terms: terms.clone(),
                        response_deadline: input.response_deadline,
                    };
                    step::invite(platform, &viewer, &invitation, Some(&key)).await
                }
            };
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
        take(
            ctx,
            &input.agreement_id,
            "agreementId",
            AgreementStep::Cancel,
            input.expected_version,
        )
        .await
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
        take(
            ctx,
            &input.agreement_id,
            "agreementId",
            AgreementStep::Accept,
            input.expected_version,
        )
        .await
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
        take(
            ctx,
            &input.agreement_id,
            "agreementId",
            step,
            input.expected_version,
        )
        .await
    }
}

pub(super) async fn take(
    ctx: &Context<'_>,
    id: &ID,
    id_field: &str,
    step: AgreementStep,
    expected_version: Option<i32>,
) -> async_graphql::Result<AgreementPayload> {
    let viewer = ctx.viewer()?;
    let taken = match NodeType::Agreement.uuid(id) {
        Some(id) => {
            step::take(
                &ctx.app().platform,
                Actor::Viewer(viewer),
                id,
                step,
                expected_version,
            )
            .await
        }
        None => Err(StepError::NotFound),
    };
    AgreementPayload::of(taken, id_field)
}
