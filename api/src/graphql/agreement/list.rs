//! The lists of agreements.

use async_graphql::{Context, ID, Object, connection::Connection};
use wangqian_schema::model::agreement::{self as model, AgreementFilter};

use super::{Agreement, AgreementChannel, AgreementStatus};
use crate::{
    context::ContextExt,
    error::internal,
    id::NodeType,
    paging::{Arguments, connection, cost},
};

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
        #[graphql(desc = "状态 Only those in one of these statuses.")] statuses: Option<Vec<AgreementStatus>>,
        #[graphql(desc = "签约渠道 Only those that came about in one of these ways.")] channels: Option<
            Vec<AgreementChannel>,
        >,
        #[graphql(desc = "毕业生 Only those of this graduate.")] graduate_id: Option<ID>,
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
        // An id that means no graduate means nobody's agreements.
        let graduate_id = graduate_id.map(|id| NodeType::Graduate.uuid(&id).unwrap_or_default());
        let statuses = statuses.unwrap_or_default().into_iter().map(Into::into).collect();
        let filter = AgreementFilter {
            statuses,
            channels: channels.unwrap_or_default().into_iter().map(Into::into).collect(),
            graduate_id,
        };
        let mut conn = ctx.connection().await?;
        let page = model::list(&mut conn, &viewer, &filter, &request)
            .await
            .map_err(internal)?;
        Ok(connection(page, |view| view.agreement.id, Agreement::from))
    }
}
