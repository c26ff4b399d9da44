//! The lists of destinations, and the types to choose among.

use async_graphql::{Context, Enum, ID, Object, SimpleObject, connection::Connection};
use wangqian_schema::{
    destination as forms,
    model::{
        Viewer,
        destination::{self as model, DestinationFilter},
        graduate,
    },
    workflow::destination::{is_directed, types_offered},
};

use super::{super::code::Code, Destination, DestinationStatus, DestinationType};
use crate::{
    context::ContextExt,
    error::internal,
    id::NodeType,
    paging::{Arguments, connection, cost},
};

/// 是否填写 Whether a form asks for something.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "forms::Asked")]
pub enum Asked {
    /// 必填 it has to be filled in
    Required,
    /// 选填 it may be filled in
    Optional,
    /// 不填 it may not
    No,
}

/// 可选去向类型 A type of destination, and what is fixed for its form.
#[derive(SimpleObject)]
pub struct DestinationTypeEntry {
    /// 去向类型 The type.
    destination_type: DestinationType,
    /// 中文名称 Chinese name, as printed.
    name_zh: String,
    /// 英文名称 English name.
    name_en: String,
    /// 证明材料 What proves it, in Chinese: one to nine files; null where nothing has to be proved and no file is taken.
    proof: Option<String>,
    /// 签订日期 Whether its form asks for the date of signing.
    signing_date: Asked,
    /// 档案户口信息 Whether its form shows the block of archive and household.
    archive_asked: bool,
    /// 去向代码 The national codes that may be chosen.
    national_codes: Vec<Code>,
}

impl From<forms::DestinationType> for DestinationTypeEntry {
    fn from(of: forms::DestinationType) -> Self {
        Self {
            destination_type: of.into(),
            name_zh: of.facts().name_zh.clone(),
            name_en: of.facts().name_en.clone(),
            proof: of.proof_text().map(str::to_owned),
            signing_date: of.signing_date().into(),
            archive_asked: of.archive().asked,
            national_codes: of.national_codes().map(Code::from).collect(),
        }
    }
}

/// Destinations.
#[derive(Default)]
pub struct DestinationQuery;

#[Object]
impl DestinationQuery {
    /// 去向类型列表 The types of destination (§9.1 figure 27): for a graduate those that he may choose among, for everybody else all. 定向/委培
    /// graduates who may not sign online see one alone.
    #[graphql(complexity = "21 * child_complexity")]
    async fn offered_destination_types(
        &self,
        ctx: &Context<'_>,
    ) -> async_graphql::Result<Vec<DestinationTypeEntry>> {
        let viewer = ctx.viewer()?;
        let types = match viewer {
            Viewer::Graduate { graduate_id, .. } => {
                let mut conn = ctx.connection().await?;
                let own = graduate::find(&mut conn, &viewer, graduate_id).await;
                own.map_err(internal)?.map_or_else(Vec::new, |own| {
                    types_offered(own.online_signing_allowed, is_directed(&own.training_mode))
                })
            }
            _ => forms::DestinationType::ALL.to_vec(),
        };
        Ok(types.into_iter().map(Into::into).collect())
    }

    /// 毕业去向列表 The destinations that the viewer sees, newest first: a graduate his own, a reviewer those of the department's or school's
    /// graduates, also those that were made void.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn destinations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "状态 Only those in one of these statuses.")] statuses: Option<
            Vec<DestinationStatus>,
        >,
        #[graphql(desc = "去向类型 Only those of one of these types.")] types: Option<Vec<DestinationType>>,
        #[graphql(desc = "毕业生 Only those of this graduate.")] graduate_id: Option<ID>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, Destination>> {
        let viewer = ctx.viewer()?;
        let request = Arguments {
            first,
            after,
            last,
            before,
        }
        .request()?;
        let filter = DestinationFilter {
            statuses: statuses.unwrap_or_default().into_iter().map(Into::into).collect(),
            types: types.unwrap_or_default().into_iter().map(Into::into).collect(),
            // An id that means no graduate means nobody's destinations.
            graduate_id: graduate_id.map(|id| NodeType::Graduate.uuid(&id).unwrap_or_default()),
        };
        let mut conn = ctx.connection().await?;
        let page = model::list(&mut conn, &viewer, &filter, &request).await;
        Ok(connection(
            page.map_err(internal)?,
            |view| view.destination.id,
            Destination::from,
        ))
    }
}
