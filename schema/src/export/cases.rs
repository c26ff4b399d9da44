//! 办理事项: a row for each case that the school's reviewers see, kind after kind: agreements, terminations, destinations.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{BATCH_ROWS, People, Place, Row, Scope, moment, moment_of, texts, unit::Unit, words};
use crate::{
    codes::CodeList,
    destination::SIGNED_AGREEMENT_CODE,
    model::{
        agreement::{self, Agreement},
        case::CaseRow,
        destination::{self, Destination},
        termination::{self, Termination, TerminationView},
    },
    tables::{agreements, destinations, graduates, terminations},
    workflow::agreement::AgreementStatus,
};

pub(super) const HEADINGS: &[&str] = &[
    "事项编号",
    "事项类型",
    "状态",
    "待审核环节",
    "学号",
    "姓名",
    "身份证号",
    "届",
    "院系代码",
    "院系",
    "学历代码",
    "学历",
    "专业",
    "单位名称",
    "统一社会信用代码",
    "职位名称",
    "协议书编号",
    "毕业去向代码",
    "毕业去向",
    "解约提出方",
    "解约原因",
    "审核意见或原因",
    "提交时间",
    "院系审核时间",
    "学校审核时间",
    "办结时间",
    "更新时间",
];

/// The query of the rows of one kind, of which `$more` makes what is wanted.
macro_rules! of_kind {
    ($table:ident, $model:ident, $scope:ident) => {
        $table::table
            .inner_join(graduates::table.on(graduates::id.eq($table::graduate_id)))
            .filter($model::visible_to(&$scope.reader))
            .filter(graduates::class_year.eq($scope.class_year))
    };
}

macro_rules! batch_of {
    ($table:ident, $model:ident, $row:ty, $conn:ident, $scope:ident, $after:expr) => {{
        let rows: Vec<$row> = of_kind!($table, $model, $scope)
            .filter($table::id.gt($after))
            .order($table::id)
            .limit(BATCH_ROWS)
            .select(<$row>::as_select())
            .load($conn)
            .await?;
        rows
    }};
}

pub(super) async fn count(conn: &mut AsyncPgConnection, scope: &Scope) -> QueryResult<i64> {
    let agreements: i64 = of_kind!(agreements, agreement, scope)
        .count()
        .get_result(conn)
        .await?;
    let terminations: i64 = of_kind!(terminations, termination, scope)
        .count()
        .get_result(conn)
        .await?;
    let destinations: i64 = of_kind!(destinations, destination, scope)
        .count()
        .get_result(conn)
        .await?;
    Ok(agreements + terminations + destinations)
}

pub(super) async fn batch(
    conn: &mut AsyncPgConnection,
    scope: &Scope,
    place: Place,
) -> QueryResult<Option<(Vec<Row>, Place)>> {
    let (rows, last) = match place.kind {
        0 => agreement_rows(conn, scope, place.after).await?,
        1 => termination_rows(conn, scope, place.after).await?,
        2 => destination_rows(conn, scope, place.after).await?,
        _ => return Ok(None),
    };
    Ok(Some((rows, place.behind(last))))
}

/// The rows of a batch, and the last case among them.
type Rows = (Vec<Row>, Option<Uuid>);

async fn agreement_rows(conn: &mut AsyncPgConnection, scope: &Scope, after: Uuid) -> QueryResult<Rows> {
    let found = batch_of!(agreements, agreement, Agreement, conn, scope, after);
    let people = people(conn, &found).await?;
    let rows = found.iter().map(|case| {
        let unit = case.terms.as_ref().map(Unit::from).unwrap_or_default();
        Facts {
            kind: words::channel(case.channel),
            status: words::agreement(case.status),
            unit,
            agreement_number: case.agreement_number.as_deref().unwrap_or_default(),
            national_code: match case.status {
                AgreementStatus::Signed => SIGNED_AGREEMENT_CODE,
                _ => "",
            },
            party: "",
            termination_reason: String::new(),
            reason: case.reason.as_deref().unwrap_or_default(),
            times: [
                moment_of(case.submitted_at.or(case.accepted_at)),
                moment_of(case.department_approved_at),
                moment_of(case.school_approved_at),
                moment_of(case.signed_at),
                moment(case.updated_at),
            ],
        }
        .row(scope, &people, case)
    });
    Ok((rows.collect(), found.last().map(|case| case.id)))
}

async fn termination_rows(conn: &mut AsyncPgConnection, scope: &Scope, after: Uuid) -> QueryResult<Rows> {
    let found = batch_of!(terminations, termination, Termination, conn, scope, after);
    let people = people(conn, &found).await?;
    let ids: Vec<Uuid> = found.iter().map(|case| case.id).collect();
    // What is to end stands with them.
    let mut views: Vec<TerminationView> = termination::by_ids(conn, &scope.reader, &ids).await?;
    views.sort_by_key(|view| view.termination.id);
    let rows = views.iter().map(|view| {
        let case = &view.termination;
        Facts {
            kind: "解约",
            status: words::termination(case.status),
            unit: Unit::from(&view.standing.terms),
            agreement_number: view.standing.agreement_number.as_deref().unwrap_or_default(),
            national_code: "",
            party: words::party(case.requested_by),
            termination_reason: CodeList::TerminationReason.name_zh(&case.reason_code),
            reason: case.reason.as_deref().unwrap_or_default(),
            times: [
                moment(case.requested_at),
                moment_of(case.department_approved_at),
                moment_of(case.school_approved_at),
                moment_of(case.terminated_at),
                moment(case.updated_at),
            ],
        }
        .row(scope, &people, case)
    });
    Ok((rows.collect(), found.last().map(|case| case.id)))
}

async fn destination_rows(conn: &mut AsyncPgConnection, scope: &Scope, after: Uuid) -> QueryResult<Rows> {
    let found = batch_of!(destinations, destination, Destination, conn, scope, after);
    let people = people(conn, &found).await?;
    let rows = found.iter().map(|case| {
        let form = case.form.as_ref();
        Facts {
            kind: case.destination_type.name_zh(),
            status: words::destination(case.status),
            unit: form.map(Unit::from).unwrap_or_default(),
            agreement_number: "",
            national_code: form.map(|form| form.national_code.as_str()).unwrap_or_default(),
            party: "",
            termination_reason: String::new(),
            reason: case.reason.as_deref().unwrap_or_default(),
            times: [
                moment_of(case.submitted_at),
                moment_of(case.department_approved_at),
                moment_of(case.school_approved_at),
                moment_of(case.voided_at.or(case.registered_at)),
                moment(case.updated_at),
            ],
        }
        .row(scope, &people, case)
    });
    Ok((rows.collect(), found.last().map(|case| case.id)))
}

async fn people<C: CaseRow>(conn: &mut AsyncPgConnection, cases: &[C]) -> QueryResult<People> {
    let ids: Vec<Uuid> = cases.iter().map(CaseRow::graduate_id).collect();
    People::by_ids(conn, &ids).await
}

/// What the kinds have each in their own way.
struct Facts<'a> {
    kind: &'a str,
    status: &'a str,
    unit: Unit,
    agreement_number: &'a str,
    national_code: &'a str,
    party: &'a str,
    termination_reason: String,
    reason: &'a str,
    times: [String; 5],
}

impl Facts<'_> {
    fn row(self, scope: &Scope, people: &People, case: &impl CaseRow) -> Row {
        let mut row: Row = Vec::with_capacity(HEADINGS.len());
        row.extend(texts([
            &case.id().to_string(),
            self.kind,
            self.status,
            words::level(case.awaiting_review()),
        ]));
        match people.graduates.get(&case.graduate_id()) {
            Some(graduate) => {
                let [department_code, department] = people.department(graduate);
                row.extend(texts([
                    &graduate.student_number,
                    &graduate.name,
                    &scope.id_card_number(&graduate.id_card_number),
                    &graduate.class_year.to_string(),
                    &department_code,
                    &department,
                    &graduate.degree_level,
                    &CodeList::DegreeLevel.name_zh(&graduate.degree_level),
                    &graduate.major,
                ]));
            }
            None => row.extend(texts([""; 9])),
        }
        let national_name = match self.national_code.is_empty() {
            true => String::new(),
            false => CodeList::DestinationCode.name_zh(self.national_code),
        };
        row.extend(texts([
            &self.unit.name,
            &self.unit.credit_code,
            &self.unit.position_title,
            self.agreement_number,
            self.national_code,
            &national_name,
            self.party,
            &self.termination_reason,
            self.reason,
        ]));
        row.extend(self.times);
        row
    }
}
