//! Flags on cases, for those who review them.

use async_graphql::{Context, Enum, SimpleObject};
use wangqian_schema::{checks::CreditCode, model::case::CaseRow};

use crate::{
    context::ContextExt,
    loaders::{CrowdedEmployerKey, SharedProofKey},
};

/// 风险类型 Why a case may be worth a second look.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewFlagKind {
    /// 材料雷同 Other graduates of the school have handed in the very same file.
    SharedProof,
    /// 同一单位人数过多 Many graduates of the same school and class are placed at the employer.
    CrowdedEmployer,
}

/// 风险提示 Something in a case that may be worth a second look. It blocks nobody and says of nobody that anything is wrong.
#[derive(SimpleObject)]
pub struct ReviewFlag {
    /// 风险类型 Which.
    kind: ReviewFlagKind,
    /// 涉及人数 How many graduates it is about: others with the same file, or all who are placed at the employer.
    graduates: i32,
    /// 提示内容 What it is, in Chinese, for display.
    message: String,
}

/// The flags of a case, for its reviewers; none for everybody else.
pub(super) async fn flags_of(
    ctx: &Context<'_>,
    row: &impl CaseRow,
    employer: Option<&CreditCode>,
) -> async_graphql::Result<Vec<ReviewFlag>> {
    let mut flags = Vec::new();
    if ctx.viewer()?.reviews().is_none() {
        return Ok(flags);
    }
    let whole = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
    let shared = async {
        let key = SharedProofKey(row.id());
        ctx.load(key).await
    };
    let crowded = async {
        let Some(employer) = employer else { return Ok(None) };
        let key = CrowdedEmployerKey {
            graduate_id: row.graduate_id(),
            credit_code: employer.as_str().to_owned(),
            more_than: ctx.app().settings.crowded_employer,
        };
        ctx.load(key).await
    };
    let (shared, crowded) = futures_util::try_join!(shared, crowded)?;
    if let Some(shared) = shared {
        let graduates = whole(shared.others);
        flags.push(ReviewFlag {
            kind: ReviewFlagKind::SharedProof,
            graduates,
            message: format!("本校另有 {graduates} 名毕业生提交过完全相同的材料文件"),
        });
    }
    if let Some(crowded) = crowded {
        let graduates = whole(crowded.graduates);
        flags.push(ReviewFlag {
            kind: ReviewFlagKind::CrowdedEmployer,
            graduates,
            message: format!("本校同届已有 {graduates} 名毕业生落实在该单位"),
        });
    }
    Ok(flags)
}
