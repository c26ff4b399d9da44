//! The steps of leaving school: the school's, and the graduate's own.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use wangqian_schema::{
    model::{leaving::LeavingView, leaving_period as periods},
    step::{self, LeavingPeriodDraft, LeavingStep, SeenRegistration, StepError},
};

use super::{
    super::{
        agreement::Warning,
        date::Date,
        destination::ArchiveForm,
        mutation::{Payload, case_step, on, payload, take},
    },
    LeavingConfirmation, LeavingPeriod,
};
use crate::{
    context::ContextExt,
    error::UserError,
    id::{self, NodeType},
};

/// 离校确认设置 Opens the confirmation period of a class year, or sets its days anew.
#[derive(InputObject)]
pub struct SetLeavingPeriodInput {
    /// 届 The class year, four digits.
    class_year: i32,
    /// 确认开始日期 The first day on which its graduates confirm.
    opens_on: Date,
    /// 确认截止日期 The last.
    closes_on: Date,
    /// 变更截止日期 The last day on which they, and employers, begin anything on their cases; 31 August of the class year where none is given,
    /// or as it was set before.
    cut_off_on: Option<Date>,
}

/// 保存档案户口信息 Keeps what the graduate has filled in.
#[derive(InputObject)]
pub struct SaveLeavingDraftInput {
    /// 档案户口信息 What is filled in, whole.
    archive: ArchiveForm,
    /// 预期版本号 The `version` that the viewer has looked at; when given, a changed one is refused with `STALE_VERSION`.
    expected_version: Option<i32>,
}

/// 确认 Confirms what is registered.
#[derive(InputObject)]
pub struct ConfirmLeavingInput {
    /// 所见登记事项 The agreement or destination that he has seen as `registered`; null where nothing was. Another one is refused with
    /// `STALE_VERSION`.
    registered_id: Option<ID>,
    /// 所见版本号 Its `version`; needed with `registeredId`.
    registered_version: Option<i32>,
    /// 预期版本号 The `version` of the confirmation that the viewer has looked at; when given, a changed one is refused with `STALE_VERSION`.
    expected_version: Option<i32>,
}

/// 提出异议 Disputes what is registered.
#[derive(InputObject)]
pub struct DisputeLeavingInput {
    /// 异议 What is wrong; at most 500 characters.
    reason: String,
    /// 预期版本号 The `version` that the viewer has looked at; when given, a changed one is refused with `STALE_VERSION`.
    expected_version: Option<i32>,
}

/// 答复异议 Answers a graduate who disputes.
#[derive(InputObject)]
pub struct AnswerLeavingDisputeInput {
    /// 离校确认 The confirmation.
    confirmation_id: ID,
    /// 答复 Told to the graduate; at most 500 characters.
    answer: String,
    /// 预期版本号 The `version` that the viewer has looked at; when given, a changed one is refused with `STALE_VERSION`.
    expected_version: Option<i32>,
}

/// 重新开放 Reopens a graduate's cases.
#[derive(InputObject)]
pub struct ReopenLeavingInput {
    /// 毕业生 The graduate.
    graduate_id: ID,
    /// 开放至 The last day on which he, and employers, may begin something: today at the earliest, at most 366 days ahead.
    until: Date,
    /// 原因 Told to the graduate; at most 500 characters.
    reason: String,
}

/// 授权查询 Lets third parties see a sheet.
#[derive(InputObject)]
pub struct AuthoriseSheetInput {
    /// 离校确认 The confirmation whose sheet it is.
    confirmation_id: ID,
    /// 授权至 The last day on which they may: today at the earliest, at most 366 days ahead.
    until: Date,
}

/// 取消授权 Takes that back.
#[derive(InputObject)]
pub struct WithdrawSheetAuthorisationInput {
    /// 离校确认 The confirmation whose sheet it is.
    confirmation_id: ID,
}

payload!(
    /// 离校确认设置结果 What came of setting a period.
    pub struct LeavingPeriodPayload {
        /// 离校确认安排 The period as it is now; null when it was refused.
        leaving_period: LeavingPeriod,
    }
    of periods::LeavingPeriod, by LeavingPeriod::from
);

/// 档案户口信息结果 What came of saving or confirming archive and household.
#[derive(SimpleObject)]
pub struct LeavingArchivePayload {
    /// 离校确认 The confirmation as it is now; null when it was refused.
    confirmation: Option<LeavingConfirmation>,
    /// 提示 What is allowed but worth a second look, as far as it is filled in.
    warnings: Vec<Warning>,
    /// 业务错误 Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

impl LeavingArchivePayload {
    fn of(taken: Result<LeavingView, StepError>, id_field: &str) -> async_graphql::Result<Self> {
        let warnings = taken.as_ref().map(LeavingView::warnings).unwrap_or_default();
        let LeavingPayload {
            confirmation,
            user_errors,
        } = LeavingPayload::of(taken, id_field)?;
        Ok(Self {
            confirmation,
            warnings: warnings
                .into_iter()
                .map(|warning| Warning::of(warning.field.to_owned(), warning.message))
                .collect(),
            user_errors,
        })
    }
}

payload!(
    /// 离校确认办理结果 What came of a step of leaving school.
    pub struct LeavingPayload {
        /// 离校确认 The confirmation as it is now; null when it was refused.
        confirmation: LeavingConfirmation,
    }
    of LeavingView, by LeavingConfirmation::from
);

case_step!(LeavingStep => LeavingPayload, LeavingConfirmation, "confirmationId", step::take_leaving);

/// The steps of leaving school.
#[derive(Default)]
pub struct LeavingMutation;

#[Object]
impl LeavingMutation {
    /// 离校确认设置 A reviewer of the school opens the confirmation period of a class year, or sets its days anew. After the
    /// cut-off date of the class, also one that is not set, only the school reopens a case.
    ///
    /// Refusals: `STEP_NOT_ALLOWED`, `NOT_FOUND`, `INVALID_INPUT`.
    async fn set_leaving_period(
        &self,
        ctx: &Context<'_>,
        input: SetLeavingPeriodInput,
    ) -> async_graphql::Result<LeavingPeriodPayload> {
        let viewer = ctx.viewer()?;
        let draft = LeavingPeriodDraft {
            class_year: input.class_year,
            opens_on: input.opens_on.0,
            closes_on: input.closes_on.0,
            cut_off_on: input.cut_off_on.map(|day| day.0),
        };
        let set = step::set_leaving_period(&ctx.app().platform, &viewer, &draft).await;
        LeavingPeriodPayload::of(set, "classYear")
    }

    /// 保存档案户口信息 The graduate keeps what he has filled in of archive and household, also what is not complete or wrong yet; what is
    /// only worth a second look stands in `warnings`. Leaves no event. After he has confirmed, what he fills in anew counts once he confirms
    /// again.
    ///
    /// Refusals: `STEP_NOT_ALLOWED`, `INVALID_INPUT`, `STALE_VERSION`, `DATA_NOT_CONFIRMED`, `CONFIRMATION_NOT_OPEN`.
    async fn save_leaving_draft(
        &self,
        ctx: &Context<'_>,
        input: SaveLeavingDraftInput,
    ) -> async_graphql::Result<LeavingArchivePayload> {
        let viewer = ctx.viewer()?;
        let (platform, draft) = (&ctx.app().platform, input.archive.into());
        let saved = step::save_leaving_draft(platform, &viewer, &draft, input.expected_version).await;
        LeavingArchivePayload::of(saved, "archive")
    }

    /// 确认 The graduate confirms what is registered for him, and what he has filled in of archive and household, which is checked now: fields
    /// that are wrong are named as `archive.route`. His sheet is made then. What he has confirmed he confirms again only when it has changed
    /// since, also after the period, or, while it is open, when he has filled in archive and household anew.
    ///
    /// Refusals: `STEP_NOT_ALLOWED`, `INVALID_INPUT`, `STALE_VERSION` (of the field of what is registered where something else is
    /// registered than he has seen), `DATA_NOT_CONFIRMED`, `CONFIRMATION_NOT_OPEN`.
    async fn confirm_leaving(
        &self,
        ctx: &Context<'_>,
        input: ConfirmLeavingInput,
    ) -> async_graphql::Result<LeavingArchivePayload> {
        let viewer = ctx.viewer()?;
        let seen = match seen(&input) {
            Ok(seen) => seen,
            Err(error) => {
                return Ok(LeavingArchivePayload {
                    confirmation: None,
                    warnings: Vec::new(),
                    user_errors: vec![error],
                });
            }
        };
        let platform = &ctx.app().platform;
        let confirmed = step::confirm_leaving(platform, &viewer, seen, input.expected_version).await;
        LeavingArchivePayload::of(confirmed, "registeredId")
    }

    /// 提出异议 The graduate disputes what is registered for him. His school answers, and he confirms then, or disputes again.
    ///
    /// Refusals: `STEP_NOT_ALLOWED`, `INVALID_INPUT`, `STALE_VERSION`, `DATA_NOT_CONFIRMED`, `CONFIRMATION_NOT_OPEN`, `REASON_REQUIRED`.
    async fn dispute_leaving(
        &self,
        ctx: &Context<'_>,
        input: DisputeLeavingInput,
    ) -> async_graphql::Result<LeavingPayload> {
        let viewer = ctx.viewer()?;
        let (platform, reason) = (&ctx.app().platform, Some(input.reason));
        let disputed = step::dispute_leaving(platform, &viewer, reason, input.expected_version).await;
        LeavingPayload::of(disputed, "reason")
    }

    /// 答复异议 A reviewer of the department or school answers a graduate who disputes; he is told.
    ///
    /// Refusals: `NOT_FOUND`, `STEP_NOT_ALLOWED`, `INVALID_INPUT`, `STALE_VERSION`, `REASON_REQUIRED` (the answer).
    async fn answer_leaving_dispute(
        &self,
        ctx: &Context<'_>,
        input: AnswerLeavingDisputeInput,
    ) -> async_graphql::Result<LeavingPayload> {
        let step = LeavingStep::Answer(Some(input.answer));
        let mut payload = take(ctx, &input.confirmation_id, step, input.expected_version).await?;
        for error in &mut payload.user_errors {
            if error.field.as_deref() == Some("reason") {
                error.field = Some("answer".to_owned());
            }
        }
        Ok(payload)
    }

    /// 重新开放 A reviewer of the school reopens a graduate's cases until the end of a day, after the cut-off of his class or before; he is told.
    /// While they are reopened he may also confirm.
    ///
    /// Refusals: `NOT_FOUND`, `STEP_NOT_ALLOWED`, `INVALID_INPUT`, `REASON_REQUIRED`.
    async fn reopen_leaving(
        &self,
        ctx: &Context<'_>,
        input: ReopenLeavingInput,
    ) -> async_graphql::Result<LeavingPayload> {
        let (platform, viewer) = (&ctx.app().platform, ctx.viewer()?);
        let reopened = on(NodeType::Graduate, &input.graduate_id, async |id| {
            step::reopen_leaving(platform, &viewer, id, input.until.0, Some(input.reason)).await
        });
        LeavingPayload::of(reopened.await, "graduateId")
    }

    /// 授权查询 The graduate lets third parties who know his name and the sheet's verification number see it, until the end of a day. Another
    /// day takes the place of the one before.
    ///
    /// Refusals: `NOT_FOUND`, `STEP_NOT_ALLOWED`, `INVALID_INPUT`, `DATA_NOT_CONFIRMED`.
    async fn authorise_sheet(
        &self,
        ctx: &Context<'_>,
        input: AuthoriseSheetInput,
    ) -> async_graphql::Result<LeavingPayload> {
        let step = LeavingStep::Authorise(input.until.0);
        take(ctx, &input.confirmation_id, step, None).await
    }

    /// 取消授权 The graduate takes that back, at once.
    ///
    /// Refusals: `NOT_FOUND`, `STEP_NOT_ALLOWED`.
    async fn withdraw_sheet_authorisation(
        &self,
        ctx: &Context<'_>,
        input: WithdrawSheetAuthorisationInput,
    ) -> async_graphql::Result<LeavingPayload> {
        let step = LeavingStep::WithdrawAuthorisation;
        take(ctx, &input.confirmation_id, step, None).await
    }
}

/// What he has seen registered.
fn seen(input: &ConfirmLeavingInput) -> Result<SeenRegistration, UserError> {
    match (&input.registered_id, input.registered_version) {
        (None, None) => Ok(None),
        (Some(of), Some(version)) => match id::decode(of) {
            Some((NodeType::Agreement | NodeType::Destination, uuid)) => Ok(Some((uuid, version))),
            _ => Err(UserError::not_found("registeredId")),
        },
        (Some(_), None) => Err(UserError::invalid("registeredVersion", "必填")),
        (None, Some(_)) => Err(UserError::invalid("registeredId", "必填")),
    }
}
