//! The public check of a document by the code printed on it.

use async_graphql::{Context, Enum, Object, SimpleObject};
use wangqian_schema::{clock::shanghai_date, db, model::document, workflow::agreement::AgreementStatus};

use super::date::Date;
use crate::{
    context::{App, ContextExt},
    error::internal,
};

/// 核验结果 What a document is worth now.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerificationStatus {
    /// 有效 The agreement is signed, and this is its latest paper.
    Valid,
    /// 已被新版本取代 The agreement is signed; a newer paper took this one's place.
    Superseded,
    /// 已解约或失效 The agreement is not in force any more.
    NotInForce,
    /// 尚未签约完成 The paper was made to be printed and stamped; the agreement is not signed yet.
    NotSignedYet,
}

/// 协议书核验 What anybody who holds the paper is told; the names are masked.
#[derive(SimpleObject, Clone, Debug)]
pub struct AgreementVerification {
    /// 核验结果 What the document is worth now.
    pub status: VerificationStatus,
    /// 协议编号 The number printed on it.
    pub agreement_number: String,
    /// 毕业生姓名 The graduate's name: only the first character is shown.
    pub graduate_name: String,
    /// 用人单位名称 The employer's name: only its first and last two characters are shown.
    pub employer_name: String,
    /// 学校名称 The school's name.
    pub school_name: String,
    /// 签约日期 The date it was signed; null where it is not yet, or never came to it.
    pub signed_on: Option<Date>,
    /// 版本 The version of the document.
    pub document_version: i32,
}

/// Looks a code up.
///
/// # Errors
/// When the database cannot be asked.
pub async fn verify(app: &App, code: &str) -> Result<Option<AgreementVerification>, db::DatabaseError> {
    let Some(code) = document::normalise_verification_code(code) else {
        return Ok(None);
    };
    let mut conn = app.platform.pool.get().await?;
    let Some((document, status, signed_at)) = document::find_by_code(&mut conn, &code).await? else {
        return Ok(None);
    };
    let Ok(paper) = document.paper() else {
        return Ok(None);
    };
    Ok(Some(AgreementVerification {
        status: match (status, document.superseded_at) {
            (AgreementStatus::Signed, None) => VerificationStatus::Valid,
            (AgreementStatus::Signed, Some(_)) => VerificationStatus::Superseded,
            (
                AgreementStatus::TermsApproved
                | AgreementStatus::SigningReview
                | AgreementStatus::StampedCopyReturned,
                None,
            ) => VerificationStatus::NotSignedYet,
            _ => VerificationStatus::NotInForce,
        },
        agreement_number: paper.agreement_number,
        graduate_name: mask(&paper.graduate.name, 1, 0),
        employer_name: mask(&paper.employer.name, 2, 2),
        school_name: paper.school.name,
        signed_on: signed_at.map(|moment| Date(shanghai_date(moment))),
        document_version: document.version,
    }))
}

/// A name of which only the ends are shown; at least one character is always hidden.
fn mask(name: &str, head: usize, tail: usize) -> String {
    let length = name.chars().count();
    let (head, tail) = if length > head + tail {
        (head, tail)
    } else {
        (length.min(1), 0)
    };
    let hidden = length.saturating_sub(head + tail).max(1);
    let first = name.chars().take(head);
    let last = name.chars().skip(length - tail);
    first
        .chain(std::iter::repeat_n('＊', hidden))
        .chain(last)
        .collect()
}

/// Verification.
#[derive(Default)]
pub struct VerificationQuery;

#[Object]
impl VerificationQuery {
    /// 核验协议书 Checks a document by the code printed on it. Public; null when no document bears this code. Case, blanks
    /// and dashes do not matter.
    async fn verify_agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "核验码 The code printed beside the QR code.")] code: String,
    ) -> async_graphql::Result<Option<AgreementVerification>> {
        verify(ctx.app(), &code).await.map_err(internal)
    }
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn a_name_never_shows_whole() {
        assert_eq!(mask("林示例", 1, 0), "林＊＊");
        assert_eq!(mask("龚𬭎", 1, 0), "龚＊");
        assert_eq!(mask("𬭎", 1, 0), "𬭎＊");
        assert_eq!(mask("示例科技有限公司", 2, 2), "示例＊＊＊＊公司");
        assert_eq!(mask("示例厂", 2, 2), "示＊＊");
    }
}
