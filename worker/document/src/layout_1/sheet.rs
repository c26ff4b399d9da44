//! The fields of layout 1 in the order of the page.

use chrono::Datelike;
use serde::Serialize;

use super::clauses::{PREAMBLE, clauses};
use super::signatures::{Signature, signatures};
use crate::pen::{Field, Ink, Pen};
use crate::wording;
use crate::{AgreementPaper, Channel, CreditCode, DocumentError, Mark};

/// What an optional value prints when there is none.
const NONE: &str = "—";
/// What an optional term prints when the parties left it open.
const OPEN: &str = "未约定";

/// Everything the template reads, as `sheet.json`.
#[derive(Serialize)]
pub(crate) struct Sheet {
    /// The PDF's own title: no personal data but the agreement number.
    title: String,
    author: String,
    day: [i64; 3],
    mark: Option<Stamp>,
    channel: &'static str,
    number: Ink,
    issued_on: String,
    preamble: &'static str,
    sections: Vec<Section>,
    supplementary: Ink,
    clauses: [&'static str; 9],
    signatures: [Signature; 3],
    verification: Option<Check>,
}

/// The words of a [`Mark`].
#[derive(Serialize)]
struct Stamp {
    across: &'static str,
    header: &'static str,
}

#[derive(Serialize)]
struct Section {
    heading: &'static str,
    cells: Vec<Cell>,
}

#[derive(Serialize)]
struct Cell {
    label: &'static str,
    value: Ink,
    /// Takes the whole row.
    wide: bool,
    /// So long that it may run over the end of a page.
    long: bool,
}

#[derive(Serialize)]
struct Check {
    code: Ink,
    url: Ink,
}

/// Lays the paper out; fails on the first field that cannot be drawn.
pub(crate) fn sheet(pen: &Pen<'_>, paper: &AgreementPaper, mark: Mark) -> Result<Sheet, DocumentError> {
    let form = Form { pen };
    let number = Field {
        path: "number",
        label: "协议书编号",
    };
    let day = paper.issued_on;
    let title = match &paper.number {
        Some(number) => format!("高校毕业生就业协议书 {number}"),
        None => "高校毕业生就业协议书".to_owned(),
    };
    let verification = match &paper.verification {
        Some(check) => Some(Check {
            code: pen.write(
                Field {
                    path: "verification.code",
                    label: "核验码",
                },
                &check.code,
            )?,
            url: pen.write(
                Field {
                    path: "verification.url",
                    label: "核验网址",
                },
                &check.url,
            )?,
        }),
        None => None,
    };
    Ok(Sheet {
        title,
        author: paper.school.name.clone(),
        day: [day.year().into(), day.month().into(), day.day().into()],
        mark: stamp(mark),
        channel: match paper.channel {
            Channel::Online => "线上签约",
            Channel::Offline => "线下签约",
            Channel::Registered => "已签就业协议登记",
        },
        number: pen.write(number, paper.number.as_deref().unwrap_or("尚未编号"))?,
        issued_on: wording::date(day),
        preamble: PREAMBLE,
        sections: vec![
            form.employer(paper)?,
            form.graduate(paper)?,
            form.school(paper)?,
            form.terms(paper)?,
        ],
        supplementary: form
            .cell(
                "terms.supplementary",
                "补充约定",
                paper.terms.supplementary.as_deref(),
                "无",
            )?
            .value,
        clauses: clauses(paper.channel),
        signatures: signatures(pen, paper)?,
        verification,
    })
}

fn stamp(mark: Mark) -> Option<Stamp> {
    let (across, header) = match mark {
        Mark::None => return None,
        Mark::Draft => ("草稿", "草稿：仅供核对，不具有协议效力"),
        Mark::Superseded => ("已作废", "已作废：本协议书已被新版本取代"),
        Mark::Terminated => ("已解约", "已解约：本协议已经解除"),
    };
    Some(Stamp { across, header })
}

/// Fills in the form with one pen.
struct Form<'a> {
    pen: &'a Pen<'a>,
}

impl Form<'_> {
    /// Half a row.
    fn cell(
        &self,
        path: &'static str,
        label: &'static str,
        value: Option<&str>,
        otherwise: &'static str,
    ) -> Result<Cell, DocumentError> {
        let field = Field { path, label };
        let mut ink = self.pen.write(field, value.unwrap_or_default())?;
        if ink.is_empty() {
            ink = self.pen.write(field, otherwise)?;
        }
        Ok(Cell {
            label,
            long: ink.is_long(),
            value: ink,
            wide: false,
        })
    }

    fn half(&self, path: &'static str, label: &'static str, value: &str) -> Result<Cell, DocumentError> {
        self.cell(path, label, Some(value), NONE)
    }

    fn wide(&self, path: &'static str, label: &'static str, value: &str) -> Result<Cell, DocumentError> {
        Ok(Cell {
            wide: true,
            ..self.half(path, label, value)?
        })
    }

    fn employer(&self, paper: &AgreementPaper) -> Result<Section, DocumentError> {
        let employer = &paper.employer;
        let credit_code = match &employer.credit_code {
            CreditCode::Code(code) => code.clone(),
            CreditCode::None(reason) => format!("无（{reason}）"),
        };
        // One line on the paper, two fields in the form: a message must name the right one.
        let region = Field {
            path: "employer.region",
            label: "单位地址",
        };
        self.pen.write(region, &employer.region)?;
        let address = format!("{} {}", employer.region, employer.address);
        Ok(Section {
            heading: "甲方（用人单位）",
            cells: vec![
                self.wide("employer.name", "单位名称", &employer.name)?,
                self.half("employer.credit_code", "统一社会\n信用代码", &credit_code)?,
                self.half("employer.nature", "单位性质", &employer.nature)?,
                self.half("employer.industry", "单位行业", &employer.industry)?,
                self.half(
                    "employer.position_category",
                    "职位类别",
                    &employer.position_category,
                )?,
                self.wide("employer.position_title", "职位名称", &employer.position_title)?,
                self.wide("employer.address", "单位地址", &address)?,
                self.half("employer.contact_person", "联系人", &employer.contact_person)?,
                self.half("employer.contact_mobile", "手机号码", &employer.contact_mobile)?,
                self.cell(
                    "employer.contact_phone",
                    "固定电话",
                    employer.contact_phone.as_deref(),
                    NONE,
                )?,
                self.half("employer.contact_email", "电子邮箱", &employer.contact_email)?,
            ],
        })
    }

    fn graduate(&self, paper: &AgreementPaper) -> Result<Section, DocumentError> {
        let graduate = &paper.graduate;
        let class_year = format!("{}届", graduate.class_year);
        let origin = graduate.place_of_origin.as_deref();
        Ok(Section {
            heading: "乙方（毕业生）",
            cells: vec![
                self.half("graduate.name", "姓名", &graduate.name)?,
                self.half("graduate.gender", "性别", &graduate.gender)?,
                self.half("graduate.id_card", "身份证号", &graduate.id_card)?,
                self.cell("graduate.place_of_origin", "生源地", origin, NONE)?,
                self.wide("graduate.school", "毕业学校", &graduate.school)?,
                self.half("graduate.department", "院系", &graduate.department)?,
                self.half("graduate.major", "专业", &graduate.major)?,
                self.half("graduate.degree_level", "学历", &graduate.degree_level)?,
                self.half("graduate.training_mode", "培养方式", &graduate.training_mode)?,
                self.half("graduate.student_number", "学号", &graduate.student_number)?,
                self.half("graduate.class_year", "毕业届别", &class_year)?,
                self.half("graduate.mobile", "手机号码", &graduate.mobile)?,
                self.cell("graduate.email", "电子邮箱", graduate.email.as_deref(), NONE)?,
            ],
        })
    }

    fn school(&self, paper: &AgreementPaper) -> Result<Section, DocumentError> {
        let school = &paper.school;
        let approvals = school
            .approvals
            .iter()
            .map(|approval| format!("{}审核通过（{}）", approval.level, wording::date(approval.on)))
            .chain(paper.amended.map(|amended| {
                let day = wording::date(amended.on);
                format!(
                    "签约后经学校修改（{day}），本协议书为第{}版，此前版本作废",
                    amended.version
                )
            }))
            .collect::<Vec<_>>()
            .join("；");
        let address = school.contact_address.as_deref().unwrap_or_default();
        Ok(Section {
            heading: "丙方（学校）",
            cells: vec![
                self.half("school.name", "学校名称", &school.name)?,
                self.half("school.code", "学校代码", &school.code)?,
                self.half("school.department", "所属院系", &school.department)?,
                self.cell(
                    "school.contact_phone",
                    "联系电话",
                    school.contact_phone.as_deref(),
                    NONE,
                )?,
                self.wide("school.contact_address", "联系地址", address)?,
                self.wide("school.approvals", "审核情况", &approvals)?,
            ],
        })
    }

    fn terms(&self, paper: &AgreementPaper) -> Result<Section, DocumentError> {
        let terms = &paper.terms;
        let probation = terms.probation_months.map(|months| match months {
            0 => "无试用期".to_owned(),
            months => format!("{months}个月"),
        });
        let monthly = |amount: u32| format!("{}元/月", wording::grouped(amount));
        let probation_salary = terms.probation_salary.map(monthly);
        let regular_salary = terms.regular_salary.map(monthly);
        let damages = terms.liquidated_damages.map(|amount| {
            format!(
                "{}元（人民币{}）",
                wording::grouped(amount),
                wording::capital_yuan(amount)
            )
        });
        let deadline = terms
            .report_deadline
            .map(|day| format!("{}前", wording::date(day)));
        let open = |path, label, value: Option<&str>| self.cell(path, label, value, OPEN);
        let wide = |cell: Cell| Cell { wide: true, ..cell };
        Ok(Section {
            heading: "约定事项",
            cells: vec![
                open("terms.probation_months", "试用期", probation.as_deref())?,
                open(
                    "terms.probation_salary",
                    "试用期工资",
                    probation_salary.as_deref(),
                )?,
                open("terms.regular_salary", "转正后工资", regular_salary.as_deref())?,
                open("terms.report_deadline", "报到期限", deadline.as_deref())?,
                wide(open("terms.liquidated_damages", "违约金", damages.as_deref())?),
                wide(open(
                    "terms.report_place",
                    "报到地点",
                    terms.report_place.as_deref(),
                )?),
                wide(open(
                    "terms.work_place",
                    "实际工作地点",
                    terms.work_place.as_deref(),
                )?),
                self.wide(
                    "terms.household_registration",
                    "户口接收方式",
                    &terms.household_registration,
                )?,
            ],
        })
    }
}
