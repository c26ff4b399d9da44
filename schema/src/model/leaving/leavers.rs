//! The graduates who leave school, each as he stands: also those who have confirmed nothing yet, of whom there is no confirmation.

use diesel::{dsl, pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{LeavingConfirmation, LeavingView, standings_by_graduate};
use crate::{
    fixed_sql,
    model::{Page, PageRequest, Viewer, graduate, page::load_page},
    tables::{graduates, leaving_confirmations},
};

/// A graduate who leaves school.
#[derive(Clone, Debug)]
pub struct Leaver {
    /// How he stands; with a blank confirmation where there is none.
    pub view: LeavingView,
    /// Whether there is one.
    pub begun: bool,
}

/// How far a graduate is, as a list asks for it: each is in exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaverStatus {
    /// 待确认 he has confirmed nothing yet.
    Open,
    /// 已确认 what he has confirmed is as it was: [`LeavingView::stands`].
    Confirmed,
    /// 待重新确认 what he has confirmed has changed since.
    Outdated,
    /// 有异议 he disputes it.
    Disputed,
    /// 异议已答复 the school has answered.
    Answered,
}

/// What is signed or registered now is what was confirmed, and the data are those of then: says the same as [`LeavingView::stands`] and
/// [`standings`]. Everything in it is found by a key.
macro_rules! stands {
    () => {
        concat!(
            "leaving_confirmations.confirmed_data_version = graduates.version AND EXISTS ( \
                SELECT FROM (SELECT) AS his LEFT JOIN (engagements AS held \
                    LEFT JOIN agreements AS signed ON signed.id = held.case_id AND signed.status = 'SIGNED' \
                    LEFT JOIN destinations AS registered \
                        ON registered.id = held.case_id AND registered.status IN ",
            $crate::workflow::destination::standing_destinations!(),
            ") \
                    ON held.graduate_id = graduates.id \
                WHERE coalesce(signed.id, registered.id) IS NOT DISTINCT FROM leaving_confirmations.confirmed_case_id \
                    AND coalesce(signed.version, registered.version) \
                        IS NOT DISTINCT FROM leaving_confirmations.confirmed_case_version)"
        )
    };
}

impl LeaverStatus {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Open,
        Self::Confirmed,
        Self::Outdated,
        Self::Disputed,
        Self::Answered,
    ];

    /// Each status as one value: the partial index of what is disputed serves.
    const fn condition(self) -> &'static str {
        match self {
            Self::Open => "leaving_confirmations.status IS NULL OR leaving_confirmations.status = 'OPEN'",
            Self::Confirmed => concat!("leaving_confirmations.status = 'CONFIRMED' AND ", stands!()),
            Self::Outdated => {
                concat!(
                    "leaving_confirmations.status = 'CONFIRMED' AND NOT (",
                    stands!(),
                    ")"
                )
            }
            Self::Disputed => "leaving_confirmations.status = 'DISPUTED'",
            Self::Answered => "leaving_confirmations.status = 'ANSWERED'",
        }
    }
}

/// Which graduates of those whom the viewer reviews.
#[derive(Clone, Debug, Default)]
pub struct LeaverFilter {
    /// Only those who are in one of these statuses; all when empty.
    pub statuses: Vec<LeaverStatus>,
    /// Only those of this class year.
    pub class_year: Option<i16>,
    /// Only those of this department.
    pub department_id: Option<Uuid>,
}

/// The graduates, each with his confirmation for the class in which he is now.
type Leavers = dsl::LeftJoinQuerySource<
    graduates::table,
    leaving_confirmations::table,
    dsl::And<
        dsl::Eq<leaving_confirmations::graduate_id, graduates::id>,
        dsl::Eq<leaving_confirmations::class_year, graduates::class_year>,
    >,
>;
type Condition = Box<dyn BoxableExpression<Leavers, Pg, SqlType = Bool>>;

/// The graduates whom a reviewer reviews, in the order in which they were entered. Nobody for whoever is no reviewer.
///
/// # Errors
/// The database's.
pub async fn leavers(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    filter: &LeaverFilter,
    request: &PageRequest<Uuid>,
) -> QueryResult<Page<Leaver>> {
    use leaving_confirmations as own;
    // An employer sees graduates, but not how they leave school.
    if !matches!(viewer, Viewer::Reviewer { .. }) {
        return Ok(Page::default());
    }
    let mut query = graduates::table
        .left_join(
            own::table.on(own::graduate_id
                .eq(graduates::id)
                .and(own::class_year.eq(graduates::class_year))),
        )
        .filter(graduate::visible_to::<Leavers>(viewer))
        .select((graduates::id, Option::<LeavingConfirmation>::as_select()))
        .into_boxed();
    if let Some(department_id) = filter.department_id {
        query = query.filter(graduates::department_id.eq(department_id));
    }
    if let Some(class_year) = filter.class_year {
        query = query.filter(graduates::class_year.eq(class_year));
    }
    // Each once, however often it was asked for.
    let among = LeaverStatus::ALL
        .iter()
        .filter(|status| filter.statuses.contains(status))
        .map(|status| Box::new(fixed_sql::<Bool>(status.condition())) as Condition)
        .reduce(|one, other| Box::new(one.or(other)));
    if let Some(among) = among {
        query = query.filter(among);
    }
    let page: Page<(Uuid, Option<LeavingConfirmation>)> =
        load_page!(conn, query, request, ascending graduates::id)?;
    let ids: Vec<Uuid> = page.items.iter().map(|(id, _)| *id).collect();
    let standings = standings_by_graduate(conn, &ids).await?;
    let leaver = |(id, confirmation): (Uuid, Option<LeavingConfirmation>)| {
        let standing = *standings.get(&id)?;
        let begun = confirmation.is_some();
        let view = match confirmation {
            Some(confirmation) => LeavingView {
                confirmation,
                standing,
            },
            None => standing.blank(),
        };
        Some(Leaver { view, begun })
    };
    Ok(Page {
        items: page.items.into_iter().filter_map(leaver).collect(),
        has_next: page.has_next,
        has_previous: page.has_previous,
    })
}
