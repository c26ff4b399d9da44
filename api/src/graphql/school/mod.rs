//! Schools and departments: what everybody sees of them, and what those who run them see.

mod steps;

use async_graphql::{Context, Enum, ID, Object, SimpleObject, connection::Connection};
use uuid::Uuid;
use wangqian_schema::{
    model::{
        Viewer,
        school::{self as model, history_open_to, open_to},
    },
    workflow,
};

pub(super) use self::steps::school_id;
pub use self::steps::{
    AddDepartmentInput, DepartmentPayload, FirstReviewerInput, OpenSchoolInput, RenameDepartmentInput,
    SchoolMutation, SchoolPayload, SetReviewRouteInput, SetVoidingReviewInput, UpdateSchoolInput,
};
use super::{
    case_event::{SchoolEvent, history_of},
    figure::{Asked, FigureDay, FigureDimension, RateFormula, SchoolFigures, figure_history_of, figures_of},
    leaving::LeavingPeriod,
    reviewer::Reviewer,
};
use crate::{
    context::ContextExt,
    error::internal,
    id::NodeType,
    loaders::{DepartmentKey, DepartmentsKey, LeavingPeriodsKey, OwnRoutesKey, ReviewersKey, SchoolKey},
    paging::{Arguments, connection, cost},
};

/// 业务 A workflow for which a school may set a review route of its own.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "workflow::Workflow")]
pub enum Workflow {
    /// 线上签约 Online signing.
    OnlineSigning,
    /// 线上解约 Online termination.
    OnlineTermination,
    /// 线下签约 Offline signing, both of its review stages.
    OfflineSigning,
    /// 已签就业协议登记 Registration of an agreement that was signed on paper.
    AgreementRegistration,
    /// 线下解约 Offline termination, of offline and of registered agreements.
    OfflineTermination,
    /// 无需就业协议去向登记 Other destinations, and their voiding where the school reviews it.
    OtherDestination,
}

/// 审核方式 The way in which a school reviews.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "workflow::ReviewRoute")]
pub enum ReviewRoute {
    /// 院系审核 The department alone decides.
    DepartmentOnly,
    /// 学校审核 The school alone decides.
    SchoolOnly,
    /// 院系、学校两级审核 The department first, then the school.
    DepartmentThenSchool,
}

/// 审核环节 A level of review.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "workflow::ReviewLevel")]
pub enum ReviewLevel {
    /// 院系 department
    Department,
    /// 学校 school
    School,
}

/// 业务的审核方式 The route by which a school reviews a workflow, or all that have none of their own.
#[derive(SimpleObject)]
pub struct SchoolReviewRoute {
    /// 业务 The workflow; null for the default.
    workflow: Option<Workflow>,
    /// 审核方式 The route.
    route: ReviewRoute,
}

/// 学校 A school.
pub struct School(pub model::School);

impl School {
    /// Whether something of how the school is run is open to the viewer.
    fn shows(&self, ctx: &Context<'_>, rule: fn(&Viewer, Uuid) -> bool) -> bool {
        let signed_in = ctx.caller().signed_in.as_ref();
        signed_in.is_some_and(|(_, viewer)| rule(viewer, self.0.id))
    }
}

/// 学校 A school.
#[Object]
impl School {
    /// 全局标识 Global id, for `node`.
    pub async fn id(&self) -> ID {
        NodeType::School.id(self.0.id)
    }

    /// 学校代码 National school code, five digits.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// 学校名称 Name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// 联系电话 Telephone of the careers office.
    async fn contact_phone(&self) -> Option<&str> {
        self.0.contact_phone.as_deref()
    }

    /// 通讯地址 Postal address.
    async fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    /// 版本号 Goes up with every change of its data and review routes: the `expectedVersion` of the next.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// 作废需审核 Whether it reviews what graduates make void of their registered destinations; otherwise that is done at once.
    async fn voiding_reviewed(&self) -> bool {
        self.0.voiding_reviewed
    }

    /// 审核方式 How it reviews: the default first, then the routes that it has set for workflows. Empty for whoever is neither a
    /// reviewer of it nor an operator.
    async fn routes(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<SchoolReviewRoute>> {
        if !self.shows(ctx, open_to) {
            return Ok(Vec::new());
        }
        let key = OwnRoutesKey(self.0.id);
        let own = ctx.load(key).await?;
        let mut routes = vec![SchoolReviewRoute {
            workflow: None,
            route: self.0.default_review_route.into(),
        }];
        routes.extend(own.unwrap_or_default().into_iter().map(|own| SchoolReviewRoute {
            workflow: Some(own.workflow.into()),
            route: own.review_route.into(),
        }));
        Ok(routes)
    }

    /// 离校确认安排 When the graduates of its class years confirm what is registered for them, newest class first. Empty for whoever is neither a
    /// reviewer of it nor an operator.
    async fn leaving_periods(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<LeavingPeriod>> {
        if !self.shows(ctx, open_to) {
            return Ok(Vec::new());
        }
        let key = LeavingPeriodsKey(self.0.id);
        let periods = ctx.load(key).await?;
        Ok(periods.unwrap_or_default().into_iter().map(Into::into).collect())
    }

    /// 院系列表 Its departments in the order of their codes. Empty for whoever is neither a reviewer of it nor an operator.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn departments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, Department>> {
        let request = Arguments {
            first,
            after,
            last,
            before,
        }
        .request()?;
        let page = if self.shows(ctx, open_to) {
            let school_id = self.0.id;
            let key = DepartmentsKey { school_id, request };
            ctx.load(key).await?
        } else {
            None
        };
        Ok(connection(
            page.unwrap_or_default(),
            |department| department.code.clone(),
            Department,
        ))
    }

    /// 审核人列表 Its reviewers, disabled ones too, in the order in which their accounts were opened: for its reviewers and operators
    /// all, for the reviewers of a department those of the department. Empty for everybody else.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn reviewers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, Reviewer>> {
        let request = Arguments {
            first,
            after,
            last,
            before,
        }
        .request()?;
        let school_id = self.0.id;
        let key = ReviewersKey { school_id, request };
        let page = ctx.load(key).await?;
        Ok(connection(
            page.unwrap_or_default(),
            |reviewer| reviewer.account_id,
            Reviewer,
        ))
    }

    /// 毕业去向统计 The placed share (毕业去向落实率) with its parts, as it is now: for reviewers of the school, and for those of a department
    /// that department's. Null for everybody else, and about a department that is not the viewer's.
    async fn figures(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "届 Of this class; of all without it.")] class_year: Option<i32>,
        #[graphql(
            desc = "院系 Of this department; without it of the whole school, or of the viewer's own department."
        )]
        department_id: Option<ID>,
        #[graphql(desc = "统计维度 By what they are told apart.")] group_by: Option<FigureDimension>,
        #[graphql(desc = "统计口径 By which formula; `V2024` without it.")] formula: Option<RateFormula>,
    ) -> async_graphql::Result<Option<SchoolFigures>> {
        let asked = Asked {
            class_year,
            department_id,
            formula,
        };
        figures_of(ctx, self.0.id, &asked, group_by).await
    }

    /// 每日统计 The same as it was at the end of each day, oldest first, from the day on which it was first kept. Empty for whoever does not
    /// see the figures.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn figure_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "届 Of this class.")] class_year: i32,
        #[graphql(
            desc = "院系 Of this department; without it of the whole school, or of the viewer's own department."
        )]
        department_id: Option<ID>,
        #[graphql(desc = "统计口径 By which formula; `V2024` without it.")] formula: Option<RateFormula>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, FigureDay>> {
        let asked = Asked {
            class_year: Some(class_year),
            department_id,
            formula,
        };
        let page = Arguments {
            first,
            after,
            last,
            before,
        };
        figure_history_of(ctx, self.0.id, &asked, page).await
    }

    /// 学校记录 What was done to it, oldest first, for the reviewers of the whole school and operators. Empty for everybody else.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, SchoolEvent>> {
        let page = Arguments {
            first,
            after,
            last,
            before,
        };
        history_of(
            ctx,
            self.shows(ctx, history_open_to).then_some(self.0.id),
            page,
            SchoolEvent,
        )
        .await
    }
}

/// 院系 A department of a school.
pub struct Department(pub model::Department);

/// 院系 A department of a school.
#[Object]
impl Department {
    /// 全局标识 Global id, for `node`.
    pub async fn id(&self) -> ID {
        NodeType::Department.id(self.0.id)
    }

    /// 院系名称 Name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// 院系代码 The school's own code for it.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// 学校 The school it belongs to.
    async fn school(&self, ctx: &Context<'_>) -> async_graphql::Result<School> {
        let school = ctx.require(SchoolKey(self.0.school_id), "a department without its school");
        Ok(School(school.await?))
    }
}

/// The department that something names; nothing where it names none.
///
/// # Errors
/// A top-level error of the database's.
pub(super) async fn department_of(
    ctx: &Context<'_>,
    id: Option<Uuid>,
) -> async_graphql::Result<Option<Department>> {
    let Some(id) = id else { return Ok(None) };
    let department = ctx.load(DepartmentKey(id)).await?;
    Ok(department.map(Department))
}

/// Schools.
#[derive(Default)]
pub struct SchoolQuery;

#[Object]
impl SchoolQuery {
    /// 本人学校 The viewer's own school: of a graduate or a reviewer; null for everybody else.
    async fn school(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<School>> {
        let (Viewer::Graduate { school_id, .. } | Viewer::Reviewer { school_id, .. }) = ctx.viewer()? else {
            return Ok(None);
        };
        let key = SchoolKey(school_id);
        let school = ctx.load(key).await?;
        Ok(school.map(School))
    }

    /// 学校列表 All schools in the order of their codes, for operators; empty for everybody else.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn schools(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, School>> {
        let viewer = ctx.viewer()?;
        let request = Arguments {
            first,
            after,
            last,
            before,
        }
        .request()?;
        let mut conn = ctx.connection().await?;
        let page = model::list(&mut conn, &viewer, &request)
            .await
            .map_err(internal)?;
        Ok(connection(page, |school| school.code.clone(), School))
    }
}
