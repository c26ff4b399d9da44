//! What a school changes of an agreement after it was signed (§10).

use async_graphql::{Context, ID, InputObject, Object};
use wangqian_schema::{model::terms::AgreementDraft as Model, step::AgreementStep};

use super::{super::mutation::take, filing::AgreementDraftInput, steps::AgreementPayload};

/// 签约后修改 The school's change of what is signed.
#[derive(InputObject)]
pub(super) struct AmendAgreementInput {
    /// 就业协议 The agreement.
    agreement_id: ID,
    /// 签约条款 The terms as they are to be, whole. Name and credit code of an employer that signed online stay as they are.
    terms: AgreementDraftInput,
    /// 原因 Told to the parties; at most 500 characters.
    reason: String,
    /// 预期版本号 The `version` that the reviewer has looked at: a changed one is refused with `STALE_VERSION`, since these terms would undo
    /// what changed it.
    expected_version: i32,
}

/// Amendments of agreements.
#[derive(Default)]
pub struct AmendmentMutation;

#[Object]
impl AmendmentMutation {
    /// 签约后修改 A reviewer of the whole school changes the terms of a signed agreement (§10). Each changed field stands in the history with
    /// what it was and is, the parties are told, the graduate by SMS too, and where there is a paper it is made anew, the one of before
    /// marked as superseded. A change that changes nothing does nothing.
    ///
    /// Refusals: `NOT_FOUND`, `INVALID_INPUT` (each field of the terms, and of the reason), `STALE_VERSION`, `STEP_NOT_ALLOWED`,
    /// `REASON_REQUIRED`.
    async fn amend_agreement(
        &self,
        ctx: &Context<'_>,
        input: AmendAgreementInput,
    ) -> async_graphql::Result<AgreementPayload> {
        let terms = Box::new(Model::from(input.terms));
        let step = AgreementStep::Amend(terms, Some(input.reason));
        take(ctx, &input.agreement_id, step, Some(input.expected_version)).await
    }
}
