//! The counts behind the figures: who sees which, reading them, and folding changes in. A figure is what `figure_counts` holds and
//! `figure_deltas` adds, read in one statement, so that it follows a change at once and does not depend on when it is folded in.

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Nullable, SmallInt, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    Viewer,
    event::{CaseKind, Event},
};
use crate::{
    Kept,
    text_enum::text_enum,
    workflow::{
        agreement::AgreementStatus, destination::DestinationStatus, graduate_data::GraduateDataAction,
    },
};

/// Changes that are folded in by one statement.
pub const FOLD_BATCH: i64 = 1_000;

text_enum! {
    /// By what figures are told apart (DOMAIN.md, Numbers).
    pub enum FigureDimension {
        /// 院系
        Department = "DEPARTMENT",
        /// 专业
        Major = "MAJOR",
        /// 学历层次
        DegreeLevel = "DEGREE_LEVEL",
        /// 届
        ClassYear = "CLASS_YEAR",
    }
}

/// Which graduates are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FigureScope {
    /// Those of this school,
    pub school_id: Uuid,
    /// of this department of it, or of all,
    pub department_id: Option<Uuid>,
    /// and of this class year, or of all.
    pub class_year: Option<i16>,
}

impl FigureScope {
    /// What a viewer sees of a school's figures: a reviewer of the school what he asks for, one of a department that department alone,
    /// nobody else anything.
    pub fn seen_by(
        viewer: &Viewer,
        school_id: Uuid,
        department_id: Option<Uuid>,
        class_year: Option<i16>,
    ) -> Option<Self> {
        let Viewer::Reviewer {
            school_id: own_school,
            department_id: own_department,
            ..
        } = *viewer
        else {
            return None;
        };
        let elsewhere =
            own_department.is_some() && department_id.is_some() && department_id != own_department;
        (own_school == school_id && !elsewhere).then_some(Self {
            school_id,
            department_id: own_department.or(department_id),
            class_year,
        })
    }
}

/// Which figures are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FigureQuery {
    /// Of whom.
    pub scope: FigureScope,
    /// By what they are told apart; not at all without.
    pub by: Option<FigureDimension>,
}

/// How many graduates of a group have a destination.
#[derive(QueryableByName, Clone, Debug, PartialEq, Eq)]
pub struct FigureCount {
    /// Which group: the code of a department or degree level, the name of a major, a class year; '' for all together.
    #[diesel(sql_type = Text)]
    pub key: String,
    /// The department, where figures are told apart by that.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub department_id: Option<Uuid>,
    /// The national code; [`NO_DESTINATION`](crate::figures::NO_DESTINATION) for whoever has none.
    #[diesel(sql_type = Text)]
    pub destination_code: String,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub graduates: i64,
}

/// What is counted and what is not folded in yet, of a school and a class: ranges of the tables' own indexes.
macro_rules! both {
    ($where:literal) => {
        concat!(
            "(SELECT school_id, class_year, department_id, degree_level, major, destination_code, graduates FROM figure_counts WHERE ",
            $where,
            " UNION ALL SELECT school_id, class_year, department_id, degree_level, major, destination_code, graduates \
             FROM figure_deltas WHERE ",
            $where,
            ")"
        )
    };
}
pub(crate) use both;

/// $1 the school, $2 the department, $3 the class year.
macro_rules! counts {
    ($key:literal, $department:literal, $join:literal) => {
        concat!(
            "SELECT ",
            $key,
            " AS key, ",
            $department,
            " AS department_id, destination_code, sum(graduates) AS graduates FROM ",
            both!(
                "school_id = $1 AND ($2::uuid IS NULL OR department_id = $2) AND ($3::smallint IS NULL OR class_year = $3)"
            ),
            " AS figures",
            $join,
            " GROUP BY 1, 2, 3 HAVING sum(graduates) <> 0 ORDER BY 1, 2, 3"
        )
    };
}

/// Counts by group and destination, in the order of the groups' keys; groups in which nobody is are left out.
///
/// # Errors
/// The database's.
pub async fn read(mut conn: &AsyncPgConnection, query: &FigureQuery) -> QueryResult<Vec<FigureCount>> {
    let statement = match query.by {
        None => counts!("''", "NULL::uuid", ""),
        Some(FigureDimension::Major) => counts!("major", "NULL::uuid", ""),
        Some(FigureDimension::DegreeLevel) => counts!("degree_level", "NULL::uuid", ""),
        Some(FigureDimension::ClassYear) => counts!("class_year::text", "NULL::uuid", ""),
        Some(FigureDimension::Department) => counts!(
            "departments.code",
            "departments.id",
            " JOIN departments ON departments.id = figures.department_id"
        ),
    };
    let FigureScope {
        school_id,
        department_id,
        class_year,
    } = query.scope;
    let select = sql_query(statement)
        .bind::<SqlUuid, _>(school_id)
        .bind::<Nullable<SqlUuid>, _>(department_id)
        .bind::<Nullable<SmallInt>, _>(class_year);
    Kept(select).load(&mut conn).await
}

/// Deletes and adds in one statement: whatever ends it in its middle, a change is in exactly one of both tables. Two that fold at the
/// same time take different changes, and come to a row that both add to in the same order.
const FOLD: &str = "
    WITH taken AS (
        DELETE FROM figure_deltas
        WHERE id IN (SELECT id FROM figure_deltas ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
        RETURNING *
    ), folded AS (
        INSERT INTO figure_counts (school_id, class_year, department_id, degree_level, major, destination_code, graduates)
        SELECT school_id, class_year, department_id, degree_level, major, destination_code, sum(graduates)
        FROM taken GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
        ON CONFLICT (school_id, class_year, department_id, degree_level, major, destination_code)
            DO UPDATE SET graduates = figure_counts.graduates + excluded.graduates
    )
    SELECT count(*) AS folded FROM taken";

#[derive(QueryableByName)]
struct Folded {
    #[diesel(sql_type = BigInt)]
    folded: i64,
}

/// Folds the oldest changes into the counts, [`FOLD_BATCH`] at most. Gives how many: fewer than that when none is left.
///
/// # Errors
/// The database's; nothing is folded then.
pub async fn fold(conn: &mut AsyncPgConnection) -> QueryResult<i64> {
    let fold = sql_query(FOLD).bind::<BigInt, _>(FOLD_BATCH);
    let done: Folded = Kept(fold).get_result(conn).await?;
    Ok(done.folded)
}

/// Whether figures may have changed with an event, so that whoever follows them looks again: one too many costs a look, one too few
/// would leave a figure standing.
pub fn may_have_changed(event: &Event) -> bool {
    let words = [event.from_status.as_deref(), Some(event.to_status.as_str())];
    let with = |standing: &str| words.contains(&Some(standing));
    match event.case_kind {
        CaseKind::Agreement => with(AgreementStatus::Signed.as_str()),
        CaseKind::Destination => DestinationStatus::STANDING
            .iter()
            .any(|standing| with(standing.as_str())),
        CaseKind::Graduate => event.action != GraduateDataAction::Confirm.as_str(),
        CaseKind::Termination | CaseKind::Leaving | CaseKind::Employer | CaseKind::School => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_department_sees_its_own_and_a_school_all_of_it() {
        let [school, elsewhere, department, other, account_id] = [1, 2, 3, 4, 5].map(Uuid::from_u128);
        let reviewer = |department_id| Viewer::Reviewer {
            account_id,
            school_id: school,
            department_id,
        };
        let seen = |viewer: Viewer, school, asked| {
            FigureScope::seen_by(&viewer, school, asked, Some(2027)).map(|scope| scope.department_id)
        };
        for (viewer, of, asked, expected) in [
            (reviewer(None), school, None, Some(None)),
            (reviewer(None), school, Some(department), Some(Some(department))),
            (reviewer(None), elsewhere, None, None),
            (reviewer(Some(department)), school, None, Some(Some(department))),
            (
                reviewer(Some(department)),
                school,
                Some(department),
                Some(Some(department)),
            ),
            (reviewer(Some(department)), school, Some(other), None),
            (reviewer(Some(department)), elsewhere, None, None),
            (Viewer::Operator { account_id }, school, None, None),
        ] {
            assert_eq!(seen(viewer, of, asked), expected, "{viewer:?} {of} {asked:?}");
        }
    }
}
