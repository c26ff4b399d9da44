//! Layout 1 of the destination sheet: its words, and which lines stand two in a row. How it looks is in `templates/sheet-1.typ`. Once
//! sheets exist both are frozen, like layout 1 of the agreement.

use chrono::Datelike;
use serde::Serialize;

use crate::{
    DestinationSheet, DocumentError,
    pen::{Field, Ink, Pen},
    wording,
};

/// The look of layout 1.
pub(crate) const TEMPLATE: &str = include_str!("../templates/sheet-1.typ");

/// How wide a value in half a row may be, in halves of a Chinese character: beyond it the row is its own.
const SHORT: usize = 27;

/// What the graduate states.
const STATEMENT: &str = "以上信息由毕业生本人核对并在线确认。档案由学校按本表载明的接收单位和地址转递，收件人不得为毕业生本人或其亲属。";

/// Who may see it.
const NOTICE: &str = "第三方查询本表须经毕业生本人授权：扫描左侧二维码，或打开网址，填写毕业生姓名和核验编号。毕业生未授权或授权已到期的，不能查询。";

/// Everything the template reads, as `sheet.json`.
#[derive(Serialize)]
pub(crate) struct Sheet {
    title: String,
    author: String,
    day: [i64; 3],
    class_year: u16,
    confirmed_on: String,
    transfer_number: Ink,
    sections: Vec<Section>,
    statement: &'static str,
    notice: &'static str,
    number: Ink,
    url: Ink,
}

#[derive(Serialize)]
struct Section {
    heading: Ink,
    cells: Vec<Cell>,
}

#[derive(Serialize)]
struct Cell {
    label: Ink,
    value: Ink,
    /// Takes the whole row.
    wide: bool,
}

/// Lays the sheet out; fails on the first line that cannot be drawn.
pub(crate) fn sheet(pen: &Pen<'_>, paper: &DestinationSheet) -> Result<Sheet, DocumentError> {
    let field = |path, label| Field { path, label };
    let day = paper.confirmed_on;
    Ok(Sheet {
        title: format!("毕业去向登记信息表 {}", paper.transfer_number),
        author: paper.school_name.clone(),
        day: [day.year().into(), day.month().into(), day.day().into()],
        class_year: paper.class_year,
        confirmed_on: wording::date(day),
        transfer_number: pen.write(field("transfer_number", "转递编号"), &paper.transfer_number)?,
        sections: paper
            .sections
            .iter()
            .map(|section| {
                Ok(Section {
                    heading: pen.write(field("sections.heading", "栏目"), &section.heading)?,
                    cells: cells(pen, &section.lines)?,
                })
            })
            .collect::<Result<_, DocumentError>>()?,
        statement: STATEMENT,
        notice: NOTICE,
        number: pen.write(field("verification.code", "核验编号"), &paper.verification.code)?,
        url: pen.write(field("verification.url", "核验网址"), &paper.verification.url)?,
    })
}

/// Two short lines share a row; a short one that would stand in half a row alone takes the whole.
fn cells(pen: &Pen<'_>, lines: &[(String, String)]) -> Result<Vec<Cell>, DocumentError> {
    let short: Vec<bool> = lines
        .iter()
        .map(|(_, value)| {
            value
                .chars()
                .map(|c| if c.is_ascii() { 1 } else { 2 })
                .sum::<usize>()
                <= SHORT
        })
        .collect();
    let mut cells = Vec::with_capacity(lines.len());
    let mut half = false;
    for (index, (label, value)) in lines.iter().enumerate() {
        let field = Field {
            path: "sections.lines",
            label: "登记信息",
        };
        let pairs = short[index] && (half || short.get(index + 1).copied().unwrap_or_default());
        half = pairs && !half;
        cells.push(Cell {
            label: pen.write(field, label)?,
            value: pen.write(field, value)?,
            wide: !pairs,
        });
    }
    Ok(cells)
}
