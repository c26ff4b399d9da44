//! 毕业生名单: a row for each graduate, with the case that holds him now and his destination, where he has one, and his
//! confirmation before leaving school.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{BATCH_ROWS, People, Place, Row, Scope, leaving, moment_of, texts, unit, unit::Unit, words};
use crate::{
    codes::{CodeList, region_name},
    destination::SIGNED_AGREEMENT_CODE,
    model::{
        agreement::{self, Agreement},
        destination::{self, Destination},
        engagement,
        graduate::{self, Graduate, WithAccount},
        leaving::{self as confirmations, LeavingView},
    },
    tables::{accounts, graduates},
    workflow::agreement::AgreementStatus,
};

/// How many columns there are before those of the unit, and then of leaving school.
const OWN: usize = 25;
/// Where the columns of leaving school begin.
const LEAVING: usize = OWN + unit::HEADINGS.len();

pub(super) const HEADINGS: &[&str] = &{
    let own: [&str; OWN] = [
        "学号",
        "姓名",
        "性别",
        "身份证号",
        "届",
        "院系代码",
        "院系",
        "学历代码",
        "学历",
        "专业",
        "培养方式代码",
        "培养方式",
        "生源地代码",
        "生源地",
        "可否网签",
        "手机",
        "邮箱",
        "已确认信息",
        "当前事项",
        "当前事项状态",
        "协议书编号",
        "毕业去向代码",
        "毕业去向",
        "去向类型",
        "签约或登记时间",
    ];
    let mut all = [""; LEAVING + leaving::HEADINGS.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = if at < OWN {
            own[at]
        } else if at < LEAVING {
            unit::HEADINGS[at - OWN]
        } else {
            leaving::HEADINGS[at - LEAVING]
        };
        at += 1;
    }
    all
};

pub(super) async fn count(conn: &mut AsyncPgConnection, scope: &Scope) -> QueryResult<i64> {
    graduates::table
        .inner_join(accounts::table)
        .filter(graduate::visible_to::<WithAccount>(&scope.reader))
        .filter(graduates::class_year.eq(scope.class_year))
        .count()
        .get_result(conn)
        .await
}

pub(super) async fn batch(
    conn: &mut AsyncPgConnection,
    scope: &Scope,
    place: Place,
) -> QueryResult<Option<(Vec<Row>, Place)>> {
    let found: Vec<Graduate> = graduates::table
        .inner_join(accounts::table)
        .filter(graduate::visible_to::<WithAccount>(&scope.reader))
        .filter(graduates::class_year.eq(scope.class_year))
        .filter(graduates::id.gt(place.after))
        .order(graduates::id)
        .limit(BATCH_ROWS)
        .select(Graduate::as_select())
        .load(conn)
        .await?;
    let ids: Vec<Uuid> = found.iter().map(|graduate| graduate.id).collect();
    let Some(last) = ids.last().copied() else {
        return Ok(None);
    };
    let holders = Holders::of(conn, scope, &ids).await?;
    let people = People::of(conn, found).await?;
    let confirmations = confirmations::of_graduates(conn, &ids).await?;
    let confirmations: HashMap<Uuid, LeavingView> = confirmations
        .into_iter()
        .map(|view| (view.confirmation.graduate_id, view))
        .collect();
    let rows = ids
        .iter()
        .filter_map(|id| people.graduates.get(id))
        .map(|graduate| {
            let mut row = row(scope, &people, graduate, &holders);
            row.extend(leaving::cells(scope, confirmations.get(&graduate.id)));
            row
        })
        .collect();
    Ok(Some((rows, place.behind(Some(last)))))
}

/// The cases that hold the graduates of a batch, by graduate.
struct Holders {
    agreements: HashMap<Uuid, Agreement>,
    destinations: HashMap<Uuid, Destination>,
}

impl Holders {
    async fn of(conn: &mut AsyncPgConnection, scope: &Scope, graduate_ids: &[Uuid]) -> QueryResult<Self> {
        let held = engagement::holders(conn, graduate_ids).await?;
        let agreements = agreement::by_ids(conn, &scope.reader, &held).await?;
        let destinations = destination::by_ids(conn, &scope.reader, &held).await?;
        Ok(Self {
            agreements: agreements
                .into_iter()
                .map(|view| (view.agreement.graduate_id, view.agreement))
                .collect(),
            destinations: destinations
                .into_iter()
                .map(|view| (view.destination.graduate_id, view.destination))
                .collect(),
        })
    }

    /// From 当前事项 on.
    fn cells(&self, scope: &Scope, graduate_id: Uuid) -> Vec<String> {
        let code = |code: &str| [code.to_owned(), CodeList::DestinationCode.name_zh(code)];
        let none = || [String::new(), String::new()];
        if let Some(agreement) = self.agreements.get(&graduate_id) {
            let signed = agreement.status == AgreementStatus::Signed;
            let [national, name] = if signed {
                code(SIGNED_AGREEMENT_CODE)
            } else {
                none()
            };
            let unit = agreement.terms.as_ref().map(Unit::from).unwrap_or_default();
            let mut cells: Vec<String> = texts([
                words::channel(agreement.channel),
                words::agreement(agreement.status),
                agreement.agreement_number.as_deref().unwrap_or_default(),
                &national,
                &name,
                "",
            ])
            .collect();
            cells.push(moment_of(agreement.signed_at));
            cells.extend(unit.cells(scope));
            return cells;
        }
        let Some(destination) = self.destinations.get(&graduate_id) else {
            return vec![String::new(); LEAVING - FIRST_OF_HOLDER];
        };
        let form = destination.form.as_ref();
        let [national, name] = match form.filter(|_| destination.status.stands()) {
            Some(form) => code(&form.national_code),
            None => none(),
        };
        let mut cells: Vec<String> = texts([
            "毕业去向登记",
            words::destination(destination.status),
            "",
            &national,
            &name,
            destination.destination_type.name_zh(),
        ])
        .collect();
        cells.push(moment_of(destination.registered_at));
        cells.extend(form.map(Unit::from).unwrap_or_default().cells(scope));
        cells
    }
}

/// Where the columns of the case begin that holds the graduate.
const FIRST_OF_HOLDER: usize = 18;

fn row(scope: &Scope, people: &People, graduate: &Graduate, holders: &Holders) -> Row {
    let [department_code, department] = people.department(graduate);
    let contact = &graduate.contact;
    let mut row: Row = Vec::with_capacity(HEADINGS.len());
    row.extend(texts([
        &graduate.student_number,
        &graduate.name,
        words::gender(graduate.gender),
        &scope.id_card_number(&graduate.id_card_number),
        &graduate.class_year.to_string(),
        &department_code,
        &department,
        &graduate.degree_level,
        &CodeList::DegreeLevel.name_zh(&graduate.degree_level),
        &graduate.major,
        &graduate.training_mode,
        &CodeList::TrainingMode.name_zh(&graduate.training_mode),
        &graduate.origin_region,
        &region_name(&graduate.origin_region),
        words::yes(graduate.online_signing_allowed),
        &scope.mobile(contact.mobile.as_deref().unwrap_or_default()),
        &scope.email(contact.email.as_deref().unwrap_or_default()),
        words::yes(graduate.confirmed_at.is_some()),
    ]));
    row.extend(holders.cells(scope, graduate.id));
    row
}
