//! What is read of leaving school: how a graduate stands, and the list of confirmations.

use async_graphql::{Context, Enum, ID, Object, connection::Connection};
use wangqian_schema::model::{
    Viewer, graduate,
    leaving::{self as model, Leaver, LeaverFilter, LeavingFilter, LeavingView},
};

use super::{
    super::{
        case_event::{LeavingAction, actions_of},
        date::Date,
        graduate::Graduate,
    },
    LeavingConfirmation, LeavingPeriod, LeavingStatus, RegisteredCase, registered,
};
use crate::{
    context::ContextExt,
    error::internal,
    id::NodeType,
    loaders::GraduateKey,
    paging::{Arguments, connection, cost},
};

/// 离校办理进度 How far a graduate is before he leaves school; each is in exactly one of these statuses.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::LeaverStatus")]
pub enum LeaverStatus {
    /// 待确认 He has confirmed nothing yet, or there is no confirmation.
    Open,
    /// 已确认 He has confirmed, and all that he confirmed is as it was.
    Confirmed,
    /// 待重新确认 He has confirmed, and his case or his basic information has changed since: he has to confirm again.
    Outdated,
    /// 有异议 He disputes it, and the school is to answer.
    Disputed,
    /// 异议已答复 The school has answered; he confirms, or disputes again.
    Answered,
}

/// 毕业离校 How a graduate stands before he leaves school.
pub struct LeavingSchool {
    /// With a blank confirmation as long as there is none.
    view: Box<LeavingView>,
    begun: bool,
}

/// 毕业离校 How a graduate stands before he leaves school.
#[Object]
impl LeavingSchool {
    /// 毕业生 The graduate.
    async fn graduate(&self, ctx: &Context<'_>) -> async_graphql::Result<Graduate> {
        let key = GraduateKey(self.view.standing.graduate_id);
        let found = ctx.require(key, "a standing without its graduate");
        Ok(Graduate(found.await?))
    }

    /// 离校确认安排 When his class confirms; null as long as his school has not said.
    async fn period(&self) -> Option<LeavingPeriod> {
        self.view.standing.period.map(Into::into)
    }

    /// 最后变更日期 The last day on which he, and employers, begin anything on his cases: the cut-off of his class, which is 31 August of the
    /// class year as long as his school has set none, or until when his school has reopened his.
    async fn last_day(&self) -> Date {
        Date(self.view.last_day())
    }

    /// 当前登记 What is signed or registered for him now; null is 未落实.
    async fn registered(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<RegisteredCase>> {
        registered(ctx, &self.view).await
    }

    /// 离校确认 His confirmation; null as long as he has filled in nothing, and his school has done nothing.
    async fn confirmation(&self) -> Option<LeavingConfirmation> {
        self.begun
            .then(|| LeavingConfirmation::from(LeavingView::clone(&self.view)))
    }

    /// 可进行的操作 What this viewer may do now: draw the buttons from it.
    async fn viewer_actions(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<LeavingAction>> {
        actions_of(ctx, |viewer, now| self.view.viewer_actions(viewer, now))
    }
}

impl From<Leaver> for LeavingSchool {
    fn from(leaver: Leaver) -> Self {
        Self {
            view: Box::new(leaver.view),
            begun: leaver.begun,
        }
    }
}

/// What is read of leaving school.
#[derive(Default)]
pub struct LeavingQuery;

#[Object]
impl LeavingQuery {
    /// 毕业离校 How a graduate stands before he leaves school: the viewer himself, or for reviewers one of the department or school. Null when
    /// there is none, or none that the viewer sees; always for employers and operators.
    async fn leaving_school(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "毕业生 The graduate; without it the viewer himself.")] graduate_id: Option<ID>,
    ) -> async_graphql::Result<Option<LeavingSchool>> {
        let viewer = ctx.viewer()?;
        let wanted = match (&graduate_id, viewer.graduate_id()) {
            (Some(id), _) => NodeType::Graduate.uuid(id),
            (None, own) => own,
        };
        // An employer sees graduates, but not how they leave school.
        let employer = matches!(viewer, Viewer::EmployerMember { .. });
        let Some(wanted) = wanted.filter(|_| !employer) else {
            return Ok(None);
        };
        let mut conn = ctx.connection().await?;
        let seen = graduate::find(&mut conn, &viewer, wanted)
            .await
            .map_err(internal)?;
        if seen.is_none() {
            return Ok(None);
        }
        let begun = model::of_graduates(&mut conn, &[wanted])
            .await
            .map_err(internal)?
            .pop();
        if let Some(view) = begun {
            return Ok(Some(Leaver { view, begun: true }.into()));
        }
        let standing = model::standings(&mut conn, &[wanted])
            .await
            .map_err(internal)?
            .pop();
        Ok(standing.map(|standing| {
            let view = standing.blank();
            Leaver { view, begun: false }.into()
        }))
    }

    /// 离校毕业生列表 The graduates whom the viewer reviews, in the order in which they were entered, each as he stands before he leaves school:
    /// also those of whom there is no confirmation yet. For reviewers; empty for everybody else.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn leaving_graduates(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "状态 Only those who are in one of these statuses. Whoever has to confirm something still is in any but `CONFIRMED`."
        )]
        statuses: Option<Vec<LeaverStatus>>,
        #[graphql(desc = "届 Only those of this class year.")] class_year: Option<i32>,
        #[graphql(desc = "院系 Only those of this department.")] department_id: Option<ID>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, LeavingSchool>> {
        let viewer = ctx.viewer()?;
        let request = Arguments {
            first,
            after,
            last,
            before,
        }
        .request()?;
        let filter = LeaverFilter {
            statuses: statuses.unwrap_or_default().into_iter().map(Into::into).collect(),
            // A year that no class has, and an id that means no department, mean nobody.
            class_year: class_year.map(|year| i16::try_from(year).unwrap_or_default()),
            department_id: department_id.map(|id| NodeType::Department.uuid(&id).unwrap_or_default()),
        };
        let mut conn = ctx.connection().await?;
        let page = model::leavers(&mut conn, &viewer, &filter, &request).await;
        Ok(connection(
            page.map_err(internal)?,
            |leaver| leaver.view.standing.graduate_id,
            LeavingSchool::from,
        ))
    }

    /// 离校确认列表 The confirmations that the viewer sees, newest first: a graduate his own, a reviewer those of the department's or school's
    /// graduates. What is to be answered are those that are `DISPUTED`.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn leaving_confirmations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "状态 Only those in one of these statuses.")] statuses: Option<Vec<LeavingStatus>>,
        #[graphql(desc = "届 Only those of this class year.")] class_year: Option<i32>,
        #[graphql(desc = "毕业生 Only those of this graduate.")] graduate_id: Option<ID>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, LeavingConfirmation>> {
        let viewer = ctx.viewer()?;
        let request = Arguments {
            first,
            after,
            last,
            before,
        }
        .request()?;
        let filter = LeavingFilter {
            statuses: statuses.unwrap_or_default().into_iter().map(Into::into).collect(),
            // A year that no class has, and an id that means no graduate, mean nobody's.
            class_year: class_year.map(|year| i16::try_from(year).unwrap_or_default()),
            graduate_id: graduate_id.map(|id| NodeType::Graduate.uuid(&id).unwrap_or_default()),
        };
        let mut conn = ctx.connection().await?;
        let page = model::list(&mut conn, &viewer, &filter, &request).await;
        Ok(connection(
            page.map_err(internal)?,
            |view| view.confirmation.id,
            LeavingConfirmation::from,
        ))
    }
}
