//! Figures: the placed share (毕业去向落实率) with its parts, as it is now, live, and as it was day by day.

use std::{collections::BTreeMap, sync::Arc};

use async_graphql::{Context, Enum, ID, Object, SimpleObject, Subscription, connection::Connection};
use async_stream::try_stream;
use chrono::{DateTime, Utc};
use futures_util::Stream;
use uuid::Uuid;
use wangqian_schema::{
    codes::CodeList,
    destination,
    figures::{self, NO_DESTINATION},
    model::{
        Page, PageRequest, Viewer,
        figure::{self as model, FigureCount, FigureQuery, FigureScope},
        figure_snapshot,
    },
};

use super::{
    code::Code,
    date::Date,
    school::{Department, department_of},
};
use crate::{
    context::ContextExt,
    error::{internal, not_found},
    id::NodeType,
    loaders::{FigureSeriesKey, FiguresKey},
    paging::{Arguments, connection, cost},
};

/// 统计维度 By what figures are told apart.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::FigureDimension")]
pub enum FigureDimension {
    /// 院系 department
    Department,
    /// 专业 major
    Major,
    /// 学历层次 degree level
    DegreeLevel,
    /// 届 class year
    ClassYear,
}

/// 统计口径 A version of the groups by which the placed share is computed.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "destination::RateFormula")]
pub enum RateFormula {
    /// 统计口径2021版 Agreements and contracts, flexible employment, own businesses, further study, not employed.
    #[graphql(name = "V2021")]
    V2021,
    /// 统计口径2024版 Employers, own businesses, freelance work, further study, not employed.
    #[graphql(name = "V2024")]
    V2024,
}

/// 统计分组 A group of the statistics, of either formula.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "destination::RateGroup")]
pub enum RateGroup {
    /// 协议和合同就业 agreements and contracts (2021)
    AgreementContract,
    /// 灵活就业 flexible employment (2021)
    Flexible,
    /// 自主创业 own business (2021)
    Entrepreneurship,
    /// 单位就业 at an employer (2024)
    Employer,
    /// 自主创业 own business (2024)
    SelfEmployedFounder,
    /// 自由职业 freelance (2024)
    Freelance,
    /// 升学 further study
    FurtherStudy,
    /// 未就业 not employed: those who have said so, and those who have neither signed nor registered anything
    NotEmployed,
}

fn whole(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// 落实率统计 The figures of some graduates.
pub struct Figure(Arc<figures::Figure>);

/// 落实率统计 The figures of some graduates. Its parts are all of them: nobody is left out, placed or not.
#[Object]
impl Figure {
    /// 毕业生数 How many graduates there are.
    async fn graduates(&self) -> i32 {
        whole(self.0.graduates)
    }

    /// 已落实人数 How many of them are placed: what they have signed or registered is in a placed group.
    async fn placed(&self) -> i32 {
        whole(self.0.placed())
    }

    /// 未落实人数 How many are not.
    async fn unplaced(&self) -> i32 {
        whole(self.0.graduates - self.0.placed())
    }

    /// 毕业去向落实率 The placed share, from 0 to 1 and rounded to a hundredth of a percent; null where there are no graduates.
    async fn share(&self) -> Option<f64> {
        self.0.share(self.0.placed())
    }

    /// 分组统计 The groups of the formula, each of them, also those in which nobody is.
    #[graphql(complexity = "5 * child_complexity")]
    async fn parts(&self) -> Vec<FigurePart> {
        let all = 0..self.0.parts.len();
        all.map(|at| FigurePart {
            of: Arc::clone(&self.0),
            at,
        })
        .collect()
    }
}

/// 分组统计 One group of the statistics.
pub struct FigurePart {
    of: Arc<figures::Figure>,
    at: usize,
}

impl FigurePart {
    fn part(&self) -> &figures::FigurePart {
        &self.of.parts[self.at]
    }
}

/// 分组统计 One group of the statistics.
#[Object]
impl FigurePart {
    /// 统计分组 Which.
    async fn group(&self) -> RateGroup {
        self.part().group.into()
    }

    /// 中文名称 Its Chinese name, as printed.
    async fn name_zh(&self) -> &'static str {
        self.part().group.name_zh()
    }

    /// 计入落实 Whether it counts into the placed share.
    async fn placed(&self) -> bool {
        destination::is_placed(self.part().group)
    }

    /// 人数 How many graduates are in it.
    async fn graduates(&self) -> i32 {
        whole(self.part().graduates)
    }

    /// 占比 Its share of all graduates, as `share` above; null where there are none.
    async fn share(&self) -> Option<f64> {
        self.of.share(self.part().graduates)
    }

    /// 去向明细 How many of them have which destination; destinations that nobody has are left out.
    #[graphql(complexity = "8 * child_complexity")]
    async fn codes(&self) -> Vec<FigureCode> {
        let codes = self.part().codes.iter();
        codes
            .map(|(code, graduates)| FigureCode {
                code: (code != NO_DESTINATION).then(|| Code::of(CodeList::DestinationCode, code)),
                graduates: whole(*graduates),
            })
            .collect()
    }
}

/// 去向人数 How many graduates have a destination.
#[derive(SimpleObject)]
pub struct FigureCode {
    /// 去向代码 The national code; null of those who have neither signed nor registered anything.
    code: Option<Code>,
    /// 人数 How many.
    graduates: i32,
}

/// 分类统计 The figures of one department, major, degree level or class year.
pub struct FigureRow {
    by: model::FigureDimension,
    key: String,
    department_id: Option<Uuid>,
    figure: Arc<figures::Figure>,
}

/// 分类统计 The figures of one department, major, degree level or class year.
#[Object]
impl FigureRow {
    /// 院系 The department; null where figures are told apart otherwise.
    async fn department(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Department>> {
        department_of(ctx, self.department_id).await
    }

    /// 专业 The major, likewise.
    async fn major(&self) -> Option<&str> {
        (self.by == model::FigureDimension::Major).then_some(self.key.as_str())
    }

    /// 学历层次 The degree level, likewise.
    async fn degree_level(&self) -> Option<Code> {
        (self.by == model::FigureDimension::DegreeLevel).then(|| Code::of(CodeList::DegreeLevel, &self.key))
    }

    /// 届 The class year, likewise.
    async fn class_year(&self) -> Option<i32> {
        let year = self.key.parse().ok()?;
        (self.by == model::FigureDimension::ClassYear).then_some(year)
    }

    /// 统计结果 The figures.
    async fn figure(&self) -> Figure {
        Figure(Arc::clone(&self.figure))
    }
}

/// 学校统计 The figures of a school, or of a department of it, by one formula.
pub struct SchoolFigures {
    query: FigureQuery,
    formula: destination::RateFormula,
    counts: Arc<Vec<FigureCount>>,
}

impl SchoolFigures {
    fn figure<'a>(
        &self,
        counts: impl IntoIterator<Item = &'a FigureCount>,
    ) -> async_graphql::Result<Arc<figures::Figure>> {
        let counts = counts.into_iter();
        let counts = counts.map(|count| (count.destination_code.as_str(), count.graduates));
        figures::Figure::of(counts, self.formula)
            .map(Arc::new)
            .map_err(internal)
    }
}

/// 学校统计 The figures of a school, or of a department of it, by one formula. They follow every step at once.
#[Object]
impl SchoolFigures {
    /// 统计口径 By which formula.
    async fn formula(&self) -> RateFormula {
        self.formula.into()
    }

    /// 届 Of which class; null of all.
    async fn class_year(&self) -> Option<i32> {
        self.query.scope.class_year.map(i32::from)
    }

    /// 院系 Of which department; null of the whole school.
    async fn department(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Department>> {
        let scope = self.query.scope;
        let found = department_of(ctx, scope.department_id).await?;
        // Another school's is none of this one's.
        Ok(found.filter(|department| department.0.school_id == scope.school_id))
    }

    /// 总计 All of them together.
    async fn total(&self) -> async_graphql::Result<Figure> {
        self.figure(self.counts.iter()).map(Figure)
    }

    /// 分类统计 Told apart by `groupBy`, in the order of departments' codes, majors, degree levels or years; empty without it.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn rows(
        &self,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, FigureRow>> {
        let request = Arguments {
            first,
            after,
            last,
            before,
        }
        .request()?;
        let Some(by) = self.query.by else {
            return Ok(connection(
                Page::default(),
                |row: &FigureRow| row.key.clone(),
                |row| row,
            ));
        };
        let mut groups: BTreeMap<&str, Vec<&FigureCount>> = BTreeMap::new();
        for count in self.counts.iter() {
            groups.entry(count.key.as_str()).or_default().push(count);
        }
        let page = page_of(groups.into_iter().collect(), &request);
        let mut rows = Vec::with_capacity(page.items.len());
        for (key, counts) in page.items {
            rows.push(FigureRow {
                by,
                key: key.to_owned(),
                department_id: counts.first().and_then(|count| count.department_id),
                figure: self.figure(counts)?,
            });
        }
        let page = Page {
            items: rows,
            has_next: page.has_next,
            has_previous: page.has_previous,
        };
        Ok(connection(page, |row| row.key.clone(), |row| row))
    }
}

/// A page of what is in memory, in the order of its keys.
fn page_of<'a, T>(all: Vec<(&'a str, T)>, request: &PageRequest<String>) -> Page<(&'a str, T)> {
    let mut wanted: Vec<_> = all
        .into_iter()
        .filter(|(key, _)| request.after.as_deref().is_none_or(|after| *key > after))
        .filter(|(key, _)| request.before.as_deref().is_none_or(|before| *key < before))
        .collect();
    if request.backward {
        wanted.reverse();
    }
    request.page(wanted)
}

/// 每日统计 The figures as they were on a day.
pub struct FigureDay {
    of: figure_snapshot::FigureDay,
    formula: destination::RateFormula,
}

/// 每日统计 The figures as they were on a day.
#[Object]
impl FigureDay {
    /// 日期 The day in Asia/Shanghai.
    async fn day(&self) -> Date {
        Date(self.of.day)
    }

    /// 统计时间 When they were taken: late on that day, or early on the next where nobody was there.
    async fn taken_at(&self) -> DateTime<Utc> {
        self.of.taken_at
    }

    /// 统计结果 The figures.
    async fn figure(&self) -> async_graphql::Result<Figure> {
        let counts = self.of.counts.iter();
        let counts = counts.map(|(code, graduates)| (code.as_str(), *graduates));
        let figure = figures::Figure::of(counts, self.formula).map_err(internal)?;
        Ok(Figure(Arc::new(figure)))
    }
}

/// What a client asks for of figures.
pub(super) struct Asked {
    pub(super) class_year: Option<i32>,
    pub(super) department_id: Option<ID>,
    pub(super) formula: Option<RateFormula>,
}

impl Asked {
    fn formula(&self) -> destination::RateFormula {
        self.formula.unwrap_or(RateFormula::V2024).into()
    }

    /// Of whom, as far as the viewer sees them.
    fn scope(&self, viewer: &Viewer, school_id: Uuid) -> Option<FigureScope> {
        // An id that means no department means nobody, and so does a year that no graduate can have.
        let department_id = self.department_id.as_ref();
        let department_id = department_id.map(|id| NodeType::Department.uuid(id).unwrap_or_default());
        let class_year = self.class_year.map(|year| year.try_into().unwrap_or_default());
        FigureScope::seen_by(viewer, school_id, department_id, class_year)
    }
}

/// The figures of a school, for those who see them.
pub(super) async fn figures_of(
    ctx: &Context<'_>,
    school_id: Uuid,
    asked: &Asked,
    by: Option<FigureDimension>,
) -> async_graphql::Result<Option<SchoolFigures>> {
    let Some(scope) = asked.scope(&ctx.viewer()?, school_id) else {
        return Ok(None);
    };
    let query = FigureQuery {
        scope,
        by: by.map(Into::into),
    };
    let counts = ctx.load(FiguresKey(query)).await?;
    Ok(Some(SchoolFigures {
        query,
        formula: asked.formula(),
        counts: counts.unwrap_or_default(),
    }))
}

/// The figures of a school day by day, for those who see them.
pub(super) async fn figure_history_of(
    ctx: &Context<'_>,
    school_id: Uuid,
    asked: &Asked,
    page: Arguments,
) -> async_graphql::Result<Connection<String, FigureDay>> {
    let request = page.request()?;
    let page = match asked.scope(&ctx.viewer()?, school_id) {
        Some(scope) => {
            let key = FigureSeriesKey { scope, request };
            ctx.load(key).await?
        }
        None => None,
    };
    let formula = asked.formula();
    Ok(connection(
        page.unwrap_or_default(),
        |day| day.day,
        |of| FigureDay { of, formula },
    ))
}

/// Figures, live.
#[derive(Default)]
pub struct FigureSubscription;

/// Figures, live.
#[Subscription]
impl FigureSubscription {
    /// 统计变化 The figures of the viewer's own school as they are now, and again whenever a step has changed them; changes that follow
    /// each other closely come together. `NOT_FOUND` for whoever is no reviewer, and about a department that is not his.
    async fn figures_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "届 Of this class; of all without it.")] class_year: Option<i32>,
        #[graphql(
            desc = "院系 Of this department; without it of the whole school, or of the viewer's own department."
        )]
        department_id: Option<ID>,
        #[graphql(desc = "统计维度 By what they are told apart.")] group_by: Option<FigureDimension>,
        #[graphql(desc = "统计口径 By which formula; `V2024` without it.")] formula: Option<RateFormula>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<SchoolFigures>> + use<>> {
        let viewer = ctx.viewer()?;
        let asked = Asked {
            class_year,
            department_id,
            formula,
        };
        let scope = match viewer {
            Viewer::Reviewer { school_id, .. } => asked.scope(&viewer, school_id),
            _ => None,
        };
        let scope = scope.ok_or_else(|| not_found("no such figures"))?;
        let query = FigureQuery {
            scope,
            by: group_by.map(Into::into),
        };
        let formula = asked.formula();
        let figures = ctx.app().figures.clone();
        Ok(try_stream! {
            let mut live = figures.follow(query);
            let mut shown: Option<Arc<Vec<FigureCount>>> = None;
            while live.changed().await.is_ok() {
                let seen = live.borrow_and_update().clone();
                let Some(counts) = seen? else { continue };
                if shown.as_ref() == Some(&counts) {
                    continue;
                }
                shown = Some(Arc::clone(&counts));
                yield SchoolFigures { query, formula, counts };
            }
        })
    }
}
