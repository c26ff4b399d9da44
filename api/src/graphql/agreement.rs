//! Agreements: the object, its lists, and the steps of online signing.

use async_graphql::{Context, Enum, ID, Object, SimpleObject, connection::Connection};
use chrono::{DateTime, Utc};
use wangqian_schema::{
    model::{
        agreement::{self as model, AgreementFilter, AgreementView},
        idempotency,
        terms::TermsDraft,
    },
    step::{self, Actor, AgreementStep, IdempotencyKey, Invitation, StepError},
    workflow::agreement as rules,
};

use super::{
    agreement_event::{AgreementAction, AgreementEvent},
    agreement_input::{
        AgreementStepInput, AgreementTerms, DeclineInvitationInput, InviteBody, InviteGraduatesInput,
        ReviewCaseInput, ReviewDecision,
    },
    document::Document,
    employer::Employer,
    graduate::Graduate,
    school::{ReviewLevel, ReviewRoute},
};
use crate::{
    context::ContextExt,
    error::{UserError, internal, step_errors},
    id::NodeType,
    loaders::{DocumentsKey, EmployerKey, GraduateKey, HistoryKey},
    paging::{Arguments, connection, cost},
};

/// 签约渠道 In which way an agreement came about.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "rules::AgreementChannel")]
pub enum AgreementChannel {
    /// 线上签约 the employer invites on the platform
    Online,
}

/// 就业协议状态 Where an agreement stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "rules::AgreementStatus")]
pub enum AgreementStatus {
    /// 待应约 The graduate has been invited and may answer until the deadline.
    Invited,
    /// 已撤销 The employer took the invitation back.
    Cancelled,
    /// 已拒绝 The graduate said no.
    Declined,
    /// 已失效 The deadline passed without an answer.
    Expired,
    /// 签约审核中 The school or department reviews.
    SigningReview,
    /// 已签约 Signed.
    Signed,
    /// 签约审核不通过 The review refused; a new invitation starts again.
    SigningRejected,
}

/// 就业协议 One attempt to sign. While INVITED it is an invitation (签约邀请).
pub struct Agreement(pub AgreementView);

/// 就业协议 One attempt to sign. While INVITED it is an invitation (签约邀请).
#[Object]
impl Agreement {
    /// Global id.
    pub async fn id(&self) -> ID {
        NodeType::Agreement.id(self.0.agreement.id)
    }

    /// 签约渠道 How it came about.
    async fn channel(&self) -> AgreementChannel {
        self.0.agreement.channel.into()
    }

    /// 状态 Where it stands.
    async fn status(&self) -> AgreementStatus {
        self.0.agreement.status.into()
    }

    /// Goes up with every change of status or terms; hand it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.agreement.version
    }

    /// 毕业生 The graduate.
    async fn graduate(&self, ctx: &Context<'_>) -> async_graphql::Result<Graduate> {
        let graduate = ctx
            .loader()
            .load_one(GraduateKey(self.0.agreement.graduate_id))
            .await
            .map_err(internal)?;
        graduate
            .map(Graduate)
            .ok_or_else(|| internal("an agreement without its graduate"))
    }

    /// 用人单位 The employer.
    async fn employer(&self, ctx: &Context<'_>) -> async_graphql::Result<Employer> {
        let employer = ctx
            .loader()
            .load_one(EmployerKey(self.0.agreement.employer_id))
            .await
            .map_err(internal)?;
        employer
            .map(Employer)
            .ok_or_else(|| internal("an agreement without its employer"))
    }

    /// 签约条款 What is agreed.
    async fn terms(&self) -> AgreementTerms {
        AgreementTerms(self.0.agreement.terms.clone())
    }

    /// 应约截止时间 From this moment on the invitation can no longer be answered.
    async fn response_deadline(&self) -> DateTime<Utc> {
        self.0.agreement.response_deadline
    }

    /// 审核方式 The route by which it is reviewed, once submitted.
    async fn review_route(&self) -> Option<ReviewRoute> {
        self.0.agreement.review_route.map(Into::into)
    }

    /// 待审核环节 The level that decides next, while under review.
    async fn awaiting_review(&self) -> Option<ReviewLevel> {
        self.0.agreement.awaiting_review.map(Into::into)
    }

    /// 待审核起始时间 Since when it waits for that level.
    async fn waiting_since(&self) -> Option<DateTime<Utc>> {
        self.0.agreement.waiting_since
    }

    /// 协议编号 Once signed.
    async fn agreement_number(&self) -> Option<&str> {
        self.0.agreement.agreement_number.as_deref()
    }

    /// 原因 Why it was declined or rejected.
    async fn reason(&self) -> Option<&str> {
        self.0.agreement.reason.as_deref()
    }

    /// 邀请时间 When the employer invited.
    async fn invited_at(&self) -> DateTime<Utc> {
        self.0.agreement.invited_at
    }

    /// 应约时间 When the graduate accepted.
    async fn accepted_at(&self) -> Option<DateTime<Utc>> {
        self.0.agreement.accepted_at
    }

    /// 签约时间 When it was signed.
    async fn signed_at(&self) -> Option<DateTime<Utc>> {
        self.0.agreement.signed_at
    }

    /// 更新时间 When it last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.agreement.updated_at
    }

    /// 可进行的操作 What this viewer may do now: draw the buttons from it.
    async fn viewer_actions(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<AgreementAction>> {
        let now = ctx.app().platform.clock.now();
        let actions = self.0.viewer_actions(&ctx.viewer()?, now);
        Ok(actions.into_iter().map(Into::into).collect())
    }

    /// 协议书 The documents, newest version first.
    #[graphql(complexity = "3 * child_complexity")]
    async fn documents(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Document>> {
        let documents = ctx
            .loader()
            .load_one(DocumentsKey(self.0.agreement.id))
            .await
            .map_err(internal)?;
        Ok(documents.unwrap_or_default().into_iter().map(Document).collect())
    }

    /// 办理记录 The history, oldest first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, AgreementEvent>> {
        let request = Arguments {
            first,
            after,
            last,
            before,
        }
        .request()?;
        let key = HistoryKey {
            case_id: self.0.agreement.id,
            request,
        };
        let page = ctx
            .loader()
            .load_one(key)
            .await
            .map_err(internal)?
            .unwrap_or_default();
        Ok(connection(page, |event| event.sequence, AgreementEvent))
    }
}

/// What came of a step.
#[derive(SimpleObject)]
pub struct AgreementPayload {
    /// The agreement as it is now; null when the step was not taken.
    agreement: Option<Agreement>,
    /// Why the step was not taken.
    user_errors: Vec<UserError>,
}

/// What came of one invitation of many.
#[derive(SimpleObject)]
pub struct InvitationResult {
    /// The graduate it was for.
    graduate_id: ID,
    /// The invitation; null when it was refused.
    agreement: Option<Agreement>,
    /// 提示 What is allowed but worth a second look, such as a low salary during probation.
    warnings: Vec<Warning>,
    /// Why it was refused.
    user_errors: Vec<UserError>,
}

/// 提示 Something that is allowed but worth a second look.
#[derive(SimpleObject)]
pub struct Warning {
    /// The field, as a path such as `terms.probationSalary`.
    field: String,
    /// What it is, in Chinese, for the person.
    message: String,
}

/// What came of the invitations, in the order of `graduateIds`.
#[derive(SimpleObject)]
pub struct InviteGraduatesPayload {
    /// One result a graduate; empty when the input as a whole was refused.
    results: Vec<InvitationResult>,
    /// What was wrong with the input as a whole.
    user_errors: Vec<UserError>,
}

/// Agreements.
#[derive(Default)]
pub struct AgreementQuery;

#[Object]
impl AgreementQuery {
    /// 就业协议列表 The agreements that the viewer sees, newest first: a graduate his own, an employer its own, a reviewer
    /// those of the department's or school's graduates.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn agreements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those in one of these statuses.")] statuses: Option<Vec<AgreementStatus>>,
        #[graphql(desc = "Only those of this graduate.")] graduate_id: Option<ID>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, Agreement>> {
        let viewer = ctx.viewer()?;
        let request = Arguments {
            first,
            after,
            last,
            before,
        }
        .request()?;
        let graduate_id = match graduate_id {
            // An id that means no graduate means nobody's agreements.
            Some(id) => Some(NodeType::Graduate.uuid(&id).unwrap_or_default()),
            None => None,
        };
        let statuses = statuses.unwrap_or_default().into_iter().map(Into::into).collect();
        let filter = AgreementFilter {
            statuses,
            graduate_id,
        };
        let mut conn = ctx.connection().await?;
        let page = model::list(&mut conn, &viewer, &filter, &request)
            .await
            .map_err(internal)?;
        Ok(connection(page, |view| view.agreement.id, Agreement))
    }

    /// 待审核列表 The agreements that wait for this viewer's review, longest first; empty for whoever is no reviewer.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn review_queue(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, Agreement>> {
        let viewer = ctx.viewer()?;
        let request = Arguments {
            first,
            after,
            last,
            before,
        }
        .request()?;
        let mut conn = ctx.connection().await?;
        let page = model::review_queue(&mut conn, &viewer, &request)
            .await
            .map_err(internal)?;
        Ok(connection(
            page,
            |view| {
                (
                    view.agreement.waiting_since.unwrap_or_default(),
                    view.agreement.id,
                )
            },
            Agreement,
        ))
    }
}

/// The steps of online signing.
#[derive(Default)]
pub struct AgreementMutation;

#[Object]
impl AgreementMutation {
    /// 发起签约邀请 A verified employer invites one graduate or many (§4.1). Each invitation stands or falls by itself.
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
        if !(1..=60).contains(&input.idempotency_key.chars().count()) || input.idempotency_key.contains('/') {
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
                    let warnings = view.agreement.terms.warnings().into_iter();
                    let warnings = warnings
                        .map(|warning| Warning {
                            field: format!("terms.{}", warning.field),
                            message: warning.message,
                        })
                        .collect();
                    InvitationResult {
                        graduate_id,
                        agreement: Some(Agreement(view)),
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

    /// 审核 A reviewer decides a case that waits for him (§4.3).
    async fn review_case(
        &self,
        ctx: &Context<'_>,
        input: ReviewCaseInput,
    ) -> async_graphql::Result<AgreementPayload> {
        let step = match input.decision {
            ReviewDecision::Approve => AgreementStep::Approve,
            ReviewDecision::Reject => AgreementStep::Reject(input.reason),
        };
        take(ctx, &input.case_id, "caseId", step, input.expected_version).await
    }
}

async fn take(
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
    Ok(match taken {
        Ok(view) => AgreementPayload {
            agreement: Some(Agreement(view)),
            user_errors: Vec::new(),
        },
        Err(error) => AgreementPayload {
            agreement: None,
            user_errors: step_errors(error, id_field)?,
        },
    })
}
