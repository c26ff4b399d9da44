//! The steps on destinations: the graduate's own, the reviewer's own change, and the school's amendment. Deciding is `reviewCase`.

use async_graphql::{Context, ID, InputObject, Object};
use wangqian_schema::{
    destination::DestinationDraft,
    model::destination::DestinationView,
    step::{self, DestinationStep},
};

use super::{
    super::{
        case_file::attachable,
        mutation::{Payload, case_step, idempotency_key, on, payload, take},
    },
    Destination,
    form::DestinationFormInput,
};
use crate::{context::ContextExt, id::NodeType};

/// 新建去向草稿 Begins a destination that the graduate fills in.
#[derive(InputObject)]
pub struct CreateDestinationDraftInput {
    /// 幂等键 Chosen by the caller, 1 to 60 characters without `/`: the same request sent again gives the same draft.
    idempotency_key: String,
    /// 去向信息填写 The type that is chosen, and what is filled in so far.
    draft: DestinationFormInput,
}

/// 保存去向草稿 Keeps what the graduate has filled in.
#[derive(InputObject)]
pub struct SaveDestinationDraftInput {
    /// 毕业去向 The destination.
    destination_id: ID,
    /// 去向信息填写 What is filled in, whole; of another type, too.
    draft: DestinationFormInput,
    /// 预期版本号 The `version` that the viewer has looked at; when given, a changed one is refused with `STALE_VERSION`.
    expected_version: Option<i32>,
}

/// 提交审核 Hands in what is filled in.
#[derive(InputObject)]
pub struct SubmitDestinationInput {
    /// 毕业去向 The destination.
    destination_id: ID,
    /// 证明材料 Uploads that are `READY`, and files of the destination that are to stay: one to nine where the type has to be proved, none
    /// otherwise.
    files: Option<Vec<ID>>,
    /// 预期版本号 The `version` that the viewer has looked at; when given, a changed one is refused with `STALE_VERSION`.
    expected_version: Option<i32>,
}

/// 去向办理 A step that needs nothing but the destination.
#[derive(InputObject)]
pub struct DestinationStepInput {
    /// 毕业去向 The destination.
    destination_id: ID,
    /// 预期版本号 The `version` that the viewer has looked at; when given, a changed one is refused with `STALE_VERSION`.
    expected_version: Option<i32>,
}

/// 作废 Makes a registered destination void.
#[derive(InputObject)]
pub struct VoidDestinationInput {
    /// 毕业去向 The destination.
    destination_id: ID,
    /// 原因 Shown to the reviewers; at most 500 characters.
    reason: Option<String>,
    /// 预期版本号 The `version` that the viewer has looked at; when given, a changed one is refused with `STALE_VERSION`.
    expected_version: Option<i32>,
}

/// 审核修改 A reviewer's own change.
#[derive(InputObject)]
pub struct ChangeDestinationInput {
    /// 毕业去向 The destination.
    destination_id: ID,
    /// 去向信息填写 The form as it is to be, whole; of another type, too.
    form: DestinationFormInput,
    /// 原因 Told to the graduate; at most 500 characters.
    reason: Option<String>,
    /// 预期版本号 The `version` that the reviewer has looked at: a changed one is refused with `STALE_VERSION`, since this form would undo
    /// what changed it.
    expected_version: i32,
}

/// 登记后修改 The school's change of what is registered.
#[derive(InputObject)]
pub struct AmendDestinationInput {
    /// 毕业去向 The destination.
    destination_id: ID,
    /// 去向信息填写 The form as it is to be, whole; of the same type.
    form: DestinationFormInput,
    /// 原因 Told to the graduate; at most 500 characters.
    reason: String,
    /// 预期版本号 The `version` that the reviewer has looked at: a changed one is refused with `STALE_VERSION`, since this form would undo
    /// what changed it.
    expected_version: i32,
}

payload!(
    /// 去向办理结果 What came of a step on a destination.
    pub struct DestinationPayload {
        /// 毕业去向 The destination as it is now, with its `warnings`; null when it was refused.
        destination: Destination,
    }
    of DestinationView, by Destination::from
);

case_step!(
    DestinationStep => DestinationPayload, Destination, "destinationId", step::take_destination,
    |step| match step {
        DestinationStep::Change(..) | DestinationStep::Amend(..) => Some("form."),
        _ => Some("draft."),
    }
);

/// The steps on destinations.
#[derive(Default)]
pub struct DestinationMutation;

#[Object]
impl DestinationMutation {
    /// 新建去向草稿 The graduate chooses a type and begins to fill in a destination (§9.1). A draft holds nothing, nobody else sees it, and he may
    /// keep twenty.
    ///
    /// Refusals: `CUT_OFF_PASSED`, `INVALID_INPUT`, `STEP_NOT_ALLOWED` (also of a type that is not offered to him, and of a draft too many),
    /// `DATA_NOT_CONFIRMED`, `IDEMPOTENCY_KEY_REUSED`, `NOT_FOUND` (the draft of this key was given up since).
    async fn create_destination_draft(
        &self,
        ctx: &Context<'_>,
        input: CreateDestinationDraftInput,
    ) -> async_graphql::Result<DestinationPayload> {
        let viewer = ctx.viewer()?;
        let draft = DestinationDraft::from(input.draft);
        let key = match idempotency_key(&input.idempotency_key, &draft)? {
            Ok(key) => key,
            Err(error) => return Ok(DestinationPayload::refused(vec![error])),
        };
        let created = step::create_destination_draft(&ctx.app().platform, &viewer, &draft, &key).await;
        DestinationPayload::of_form(created, "idempotencyKey", "draft.")
    }

    /// 保存去向草稿 Keeps what the graduate has filled in, also what is not complete or wrong yet: while it is a draft, or returned to be mended.
    ///
    /// Refusals: `NOT_FOUND`, `CUT_OFF_PASSED`, `INVALID_INPUT`, `STALE_VERSION`, `STEP_NOT_ALLOWED`, `DATA_NOT_CONFIRMED`.
    async fn save_destination_draft(
        &self,
        ctx: &Context<'_>,
        input: SaveDestinationDraftInput,
    ) -> async_graphql::Result<DestinationPayload> {
        let (platform, viewer) = (&ctx.app().platform, ctx.viewer()?);
        let draft = DestinationDraft::from(input.draft);
        let saved = on(NodeType::Destination, &input.destination_id, async |id| {
            step::save_destination_draft(platform, &viewer, id, &draft, input.expected_version).await
        });
        DestinationPayload::of_form(saved.await, "destinationId", "draft.")
    }

    /// 提交去向审核 The graduate hands in what he has filled in, with its proof (§9.1). From now on this destination holds him, and the school or
    /// department reviews; what is only worth a second look stands in `warnings` and keeps nobody.
    ///
    /// Refusals: `NOT_FOUND`, `CUT_OFF_PASSED`, `INVALID_INPUT` (each field of the draft, and of the files), `STALE_VERSION`, `STEP_NOT_ALLOWED` (also
    /// of a type that is not offered to him any more), `DATA_NOT_CONFIRMED`, `ALREADY_ENGAGED`.
    async fn submit_destination(
        &self,
        ctx: &Context<'_>,
        input: SubmitDestinationInput,
    ) -> async_graphql::Result<DestinationPayload> {
        let step = DestinationStep::Submit(attachable(&input.files.unwrap_or_default()));
        take(ctx, &input.destination_id, step, input.expected_version).await
    }

    /// 撤回修改 The graduate takes back what he handed in, before a reviewer has decided (§9.1): it is a draft again, and he stays held by it.
    /// One whose voiding is reviewed stands again.
    ///
    /// Refusals: `NOT_FOUND`, `CUT_OFF_PASSED`, `STALE_VERSION`, `STEP_NOT_ALLOWED`, `DATA_NOT_CONFIRMED`.
    async fn withdraw_destination(
        &self,
        ctx: &Context<'_>,
        input: DestinationStepInput,
    ) -> async_graphql::Result<DestinationPayload> {
        let step = DestinationStep::Withdraw;
        take(ctx, &input.destination_id, step, input.expected_version).await
    }

    /// 放弃登记 The graduate gives up a destination that is neither under review nor registered; he is free then. A draft that was never handed in
    /// is gone.
    ///
    /// Refusals: `NOT_FOUND`, `CUT_OFF_PASSED`, `STALE_VERSION`, `STEP_NOT_ALLOWED`, `DATA_NOT_CONFIRMED`.
    async fn discard_destination(
        &self,
        ctx: &Context<'_>,
        input: DestinationStepInput,
    ) -> async_graphql::Result<DestinationPayload> {
        let (platform, viewer) = (&ctx.app().platform, ctx.viewer()?);
        let discarded = on(NodeType::Destination, &input.destination_id, async |id| {
            step::discard_destination(platform, &viewer, id, input.expected_version).await
        });
        DestinationPayload::of_form(discarded.await, "destinationId", "draft.")
    }

    /// 作废去向 The graduate makes a registered destination void, to sign or to register another one (§9.2): at once, unless his school reviews
    /// it. The school sees it still.
    ///
    /// Refusals: `NOT_FOUND`, `CUT_OFF_PASSED`, `INVALID_INPUT`, `STALE_VERSION`, `STEP_NOT_ALLOWED`, `DATA_NOT_CONFIRMED`.
    async fn void_destination(
        &self,
        ctx: &Context<'_>,
        input: VoidDestinationInput,
    ) -> async_graphql::Result<DestinationPayload> {
        let step = DestinationStep::Void(input.reason);
        take(ctx, &input.destination_id, step, input.expected_version).await
    }

    /// 审核修改去向 Whoever decides next changes the type or fields of what he reviews (§9.2), and goes on reviewing. Each changed field stands in
    /// the history with what it was and is, and the graduate is told. A change that changes nothing does nothing.
    ///
    /// Refusals: `NOT_FOUND`, `INVALID_INPUT` (each field of the form), `STALE_VERSION`, `STEP_NOT_ALLOWED` (also of a type that is
    /// not offered to the graduate).
    async fn change_destination(
        &self,
        ctx: &Context<'_>,
        input: ChangeDestinationInput,
    ) -> async_graphql::Result<DestinationPayload> {
        let step = DestinationStep::Change(Box::new(input.form.into()), input.reason);
        take(ctx, &input.destination_id, step, Some(input.expected_version)).await
    }

    /// 登记后修改去向 A reviewer of the whole school changes fields of a registered destination (§10). Each changed field stands in the history
    /// with what it was and is, and the graduate is told, by SMS too. A change that changes nothing does nothing.
    ///
    /// Refusals: `NOT_FOUND`, `INVALID_INPUT` (each field of the form, another type, and the reason), `STALE_VERSION`, `STEP_NOT_ALLOWED`,
    /// `REASON_REQUIRED`.
    async fn amend_destination(
        &self,
        ctx: &Context<'_>,
        input: AmendDestinationInput,
    ) -> async_graphql::Result<DestinationPayload> {
        let step = DestinationStep::Amend(Box::new(input.form.into()), Some(input.reason));
        take(ctx, &input.destination_id, step, Some(input.expected_version)).await
    }
}
