//! Employers.

use std::borrow::Cow;

use async_graphql::{Context, Enum, ID, Object};
use wangqian_schema::{
    codes::CodeList,
    model::employer::{self as model},
};

use super::{code::Code, employer_verification::EmployerRegistration};
use crate::{context::ContextExt, error::internal, id::NodeType, loaders::SubmissionKey};

/// 单位核验状态 Whether the operator has verified that the employer is who it says.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::EmployerVerification")]
pub enum EmployerVerification {
    /// 待核验 Waiting; may look around, may not act.
    Pending,
    /// 已核验 May act.
    Verified,
    /// 核验不通过 May not act.
    Refused,
}

/// 用人单位 An employer.
pub struct Employer(pub model::Employer);

/// 用人单位 An employer.
#[Object]
impl Employer {
    /// 全局标识 Global id, for `node`.
    pub async fn id(&self) -> ID {
        NodeType::Employer.id(self.0.id)
    }

    // What the public register says of it.
    #[graphql(flatten)]
    async fn entry(&self) -> EmployerMatch<'_> {
        EmployerMatch(Cow::Borrowed(&self.0))
    }

    /// 核验状态 Whether it may act.
    async fn verification(&self) -> EmployerVerification {
        self.0.verification.into()
    }

    /// 注册信息 How its registration stands; null for whoever is neither a member nor an operator.
    async fn registration(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<EmployerRegistration>> {
        let submission = ctx.load(SubmissionKey(self.0.id)).await?;
        Ok(submission.map(EmployerRegistration))
    }
}

/// What the public register says of an employer: by itself of a verified one that was searched for, and as fields of every [`Employer`].
pub struct EmployerMatch<'a>(Cow<'a, model::Employer>);

/// 可选单位 A verified employer, by what the public register says of it.
#[Object]
impl EmployerMatch<'_> {
    /// 单位名称 Name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// 统一社会信用代码 Unified social credit code (GB 32100).
    async fn credit_code(&self) -> &str {
        &self.0.credit_code
    }

    /// 单位性质 Nature.
    async fn nature(&self) -> Code {
        Code::of(CodeList::EmployerNature, &self.0.nature)
    }

    /// 单位行业 Industry.
    async fn industry(&self) -> Code {
        Code::of(CodeList::Industry, &self.0.industry)
    }

    /// 所在地 Region.
    async fn region(&self) -> Code {
        Code::of(CodeList::Region, &self.0.region)
    }

    /// 详细地址 Detailed address.
    async fn address(&self) -> &str {
        &self.0.address
    }
}

/// Employers.
#[derive(Default)]
pub struct EmployerQuery;

#[Object]
impl EmployerQuery {
    /// 查找单位 The verified employers that have this in their name, at most ten, those that are called so or begin so first: for a graduate
    /// who fills in an agreement (§6.1) and for reviewers. Empty for everybody else, and for less than two characters.
    #[graphql(complexity = "10 * child_complexity")]
    async fn find_employers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "单位名称 A part of the name, at least two characters.")] name: String,
    ) -> async_graphql::Result<Vec<EmployerMatch<'static>>> {
        let viewer = ctx.viewer()?;
        let mut conn = ctx.connection().await?;
        let found = model::search(&mut conn, &viewer, &name).await.map_err(internal)?;
        Ok(found.into_iter().map(Cow::Owned).map(EmployerMatch).collect())
    }
}
