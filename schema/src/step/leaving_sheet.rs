//! What a graduate's confirmation brings: what he confirms is held together, and written down as the destination sheet. The drawing is the
//! worker's.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{SeenRegistration, StepError, first};
use crate::{
    Platform,
    clock::{format_day, shanghai_date},
    codes::{CodeList, region_name},
    destination::{ArchiveBlock, CheckContext, SIGNED_AGREEMENT_CODE, summary},
    jobs,
    model::{
        agreement::Agreement,
        destination::Destination,
        destination_sheet::{self, SheetLine, SheetPaper, SheetSection},
        document::new_verification_code,
        event::CaseKind,
        graduate::{self, Gender, Graduate},
        leaving::LeavingView,
        school::{self, Department, School},
    },
    tables::{agreements, destinations},
    workflow::{Refusal, agreement::AgreementChannel},
};

/// What is registered for a graduate, in full.
enum Full {
    Agreement(Box<Agreement>),
    Destination(Box<Destination>),
    Nothing,
}

impl Full {
    const fn version(&self) -> i32 {
        match self {
            Self::Agreement(agreement) => agreement.version,
            Self::Destination(destination) => destination.version,
            Self::Nothing => 0,
        }
    }
}

/// Notes what the graduate confirms, and orders its sheet. Gives what the event says.
pub(super) async fn confirm(
    platform: &Platform,
    conn: &mut AsyncPgConnection,
    view: &mut LeavingView,
    seen: SeenRegistration,
    now: DateTime<Utc>,
) -> Result<Value, StepError> {
    let registered = view.standing.registered;
    let full = match registered {
        None => Full::Nothing,
        Some(case) if case.kind == CaseKind::Agreement => Full::Agreement(Box::new(
            agreements::table
                .find(case.case_id)
                .select(Agreement::as_select())
                .first(conn)
                .await?,
        )),
        Some(case) => Full::Destination(Box::new(
            destinations::table
                .find(case.case_id)
                .select(Destination::as_select())
                .first(conn)
                .await?,
        )),
    };
    // The case is not locked: should it change in this very moment, the version that is kept tells.
    let case = registered.map(|case| (case.case_id, full.version()));
    if case != seen {
        let same = case.map(|(id, _)| id) == seen.map(|(id, _)| id);
        return Err(StepError::StaleRegistration {
            field: if same { "registeredVersion" } else { "registeredId" },
        });
    }
    let graduate = first(graduate::by_ids(conn, &[view.confirmation.graduate_id]).await?)?;
    if graduate.confirmed_at.is_none() {
        return Err(Refusal::DataNotConfirmed.into());
    }
    let context = CheckContext {
        today: shanghai_date(now),
        graduate_name: graduate.name.clone(),
        graduate_mobile: graduate.contact.mobile.clone(),
    };
    let archive = view
        .confirmation
        .draft
        .check_alone(&context, registered.and_then(|case| case.destination_type))
        .map_err(StepError::Invalid)?;

    let school = first(school::schools_by_ids(conn, &[graduate.school_id]).await?)?;
    let department = first(school::departments_by_ids(conn, &[graduate.department_id]).await?)?;
    let confirmation = &mut view.confirmation;
    let transfer_number = confirmation
        .transfer_number
        .get_or_insert_with(destination_sheet::new_transfer_number)
        .clone();
    confirmation.confirmed_at = Some(now);
    confirmation.confirmed_case_id = case.map(|(id, _)| id);
    confirmation.confirmed_case_version = case.map(|(_, version)| version);
    confirmation.confirmed_data_version = Some(graduate.version);
    view.standing.data_version = graduate.version;

    let verification_number = new_verification_code();
    let paper = SheetPaper {
        layout: 1,
        transfer_number,
        verification_url: format!("{}/destination-sheet/{verification_number}", platform.public_url),
        verification_number,
        graduate_name: graduate.name.clone(),
        class_year: graduate.class_year,
        school_name: school.name.clone(),
        confirmed_on: shanghai_date(now),
        sections: vec![
            of_graduate(&graduate, &school, &department),
            of_destination(&full)?,
            of_archive(&archive),
        ],
    };
    // As it was confirmed, in the words of the check, so that what he fills in anew is told from it.
    confirmation.draft = archive.clone().into();
    confirmation.archive = Some(archive);
    let sheet_id = Uuid::now_v7();
    destination_sheet::insert(conn, sheet_id, confirmation.id, &paper, now).await?;
    jobs::enqueue(conn, &jobs::RenderSheet { sheet_id }, now).await?;
    Ok(json!({ "sheet": sheet_id, "registered": confirmation.confirmed_case_id }))
}

fn line(label: &str, value: impl Into<String>) -> SheetLine {
    SheetLine {
        label: label.to_owned(),
        value: value.into(),
        private: false,
    }
}

/// For the paper alone.
fn private(label: &str, value: impl Into<String>) -> SheetLine {
    SheetLine {
        private: true,
        ..line(label, value)
    }
}

fn section(heading: &str, lines: Vec<SheetLine>) -> SheetSection {
    SheetSection {
        heading: heading.to_owned(),
        lines,
    }
}

fn of_graduate(graduate: &Graduate, school: &School, department: &Department) -> SheetSection {
    let gender = match graduate.gender {
        Gender::Male => "男",
        Gender::Female => "女",
    };
    section(
        "毕业生信息",
        vec![
            line("姓名", &graduate.name),
            line("性别", gender),
            private("身份证号", &graduate.id_card_number),
            line("生源地", region_name(&graduate.origin_region)),
            line("毕业学校", &school.name),
            line("学校代码", &school.code),
            line("院系", &department.name),
            line("专业", &graduate.major),
            line("学历", CodeList::DegreeLevel.name_zh(&graduate.degree_level)),
            line(
                "培养方式",
                CodeList::TrainingMode.name_zh(&graduate.training_mode),
            ),
            line("学号", &graduate.student_number),
            line("毕业届别", format!("{}届", graduate.class_year)),
        ],
    )
}

fn of_destination(full: &Full) -> Result<SheetSection, StepError> {
    let coded = |code: &str| {
        line(
            "毕业去向",
            format!("{}（代码 {code}）", CodeList::DestinationCode.name_zh(code)),
        )
    };
    let lines = match full {
        Full::Nothing => vec![line("毕业去向", "未落实")],
        Full::Agreement(agreement) => {
            let terms = agreement.terms.as_ref().ok_or(StepError::NotFound)?;
            let signed = agreement.signed_at.map(shanghai_date);
            let number = agreement.agreement_number.as_deref();
            let mut lines = vec![
                coded(SIGNED_AGREEMENT_CODE),
                line(
                    "签约方式",
                    match agreement.channel {
                        AgreementChannel::Online => "线上签约",
                        AgreementChannel::Offline => "线下签约",
                        AgreementChannel::Registered => "已签就业协议登记",
                    },
                ),
            ];
            lines.extend(number.map(|number| line("协议书编号", number)));
            lines.extend([
                line("单位名称", &terms.employer_name),
                line("统一社会信用代码", terms.credit_code.as_str()),
                line("单位性质", CodeList::EmployerNature.name_zh(&terms.nature)),
                line("单位行业", CodeList::Industry.name_zh(&terms.industry)),
                line(
                    "单位地址",
                    format!("{}{}", region_name(&terms.region), terms.address),
                ),
                line(
                    "职位类别",
                    CodeList::PositionCategory.name_zh(&terms.position_category),
                ),
                line("职位名称", &terms.position_title),
            ]);
            lines.extend(signed.map(|day| line("签约日期", format_day(day))));
            lines
        }
        Full::Destination(destination) => {
            let form = destination.form.as_ref().ok_or(StepError::NotFound)?;
            let mut lines = vec![
                coded(&form.national_code),
                line("去向类型", form.destination_type().name_zh()),
            ];
            lines.extend(summary(form).into_iter().map(|(label, value)| line(label, value)));
            lines
        }
    };
    Ok(section("毕业去向", lines))
}

fn of_archive(archive: &ArchiveBlock) -> SheetSection {
    let mut lines = vec![line("档案去向", archive.route.name_zh())];
    let given = |label, value: &Option<String>| value.as_ref().map(|value| line(label, value));
    let hidden = |label, value: &Option<String>| value.as_ref().map(|value| private(label, value));
    lines.extend(given("接收单位", &archive.receiving_unit));
    lines.extend(hidden("转递地址", &archive.address));
    lines.extend(hidden("收件部门", &archive.department));
    lines.extend(hidden("收件人", &archive.contact_person));
    lines.extend(hidden("联系电话", &archive.phone));
    lines.extend(hidden("邮政编码", &archive.postcode));
    let yes = |yes: bool| if yes { "是" } else { "否" };
    lines.push(line("同意接收", yes(archive.accepted)));
    lines.push(line("户口迁移", yes(archive.household_moves)));
    lines.extend(hidden("户口迁往地址", &archive.new_address));
    section("档案与户口", lines)
}
