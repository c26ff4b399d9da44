//! As an Excel workbook: a first sheet that says who took what, and the rows in the second. Rows go to the disk as they come.

use std::{fs::File, io::BufWriter};

use rust_xlsxwriter::{DocProperties, Format, Workbook, Worksheet, XlsxError};
use wangqian_schema::export::Row;

use super::{Mark, WriteError, looks_like_a_formula};

/// Most characters of a cell, by the format.
const MAX_CELL: usize = 32_767;
const WIDTH: f64 = 16.0;

pub(super) fn write(
    mark: &Mark,
    headings: &[&str],
    rows: impl Iterator<Item = Row>,
) -> Result<File, WriteError> {
    let mut book = Workbook::new();
    let title = format!("{} {}", mark.school, mark.subject);
    let properties = DocProperties::new()
        .set_title(title)
        .set_subject(&mark.scope)
        .set_author(&mark.taker)
        .set_company(&mark.school)
        .set_keywords(&mark.number)
        .set_comment(format!(
            "导出人：{}；导出时间：{}；导出编号：{}",
            mark.taker, mark.taken_at, mark.number
        ));
    book.set_properties(&properties);
    let cells = Cells::new();

    let cover = book.add_worksheet();
    cover.set_name("导出说明")?;
    cover.set_column_width(0, WIDTH)?;
    cover.set_column_width(1, 3.0 * WIDTH)?;
    for (line, (name, said)) in (0..).zip(mark.lines()) {
        cells.write(cover, line, 0, name)?;
        cells.write(cover, line, 1, said)?;
    }

    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name(mark.subject)?;
    sheet.set_freeze_panes(1, 0)?;
    // An ampersand begins a command there.
    sheet.set_footer(format!("&L导出编号 {}&R第 &P 页", mark.number));
    for (column, heading) in (0..).zip(headings) {
        sheet.set_column_width(column, WIDTH)?;
        cells.write(sheet, 0, column, heading)?;
    }
    for (line, row) in (1..).zip(rows) {
        for (column, cell) in (0..).zip(&row).filter(|(_, cell)| !cell.is_empty()) {
            cells.write(sheet, line, column, cell)?;
        }
    }
    let file = tempfile::tempfile()?;
    book.save_to_writer(BufWriter::new(file.try_clone()?))?;
    Ok(file)
}

struct Cells {
    /// Of a cell that stays a text when somebody edits it.
    text: Format,
}

impl Cells {
    fn new() -> Self {
        Self {
            text: Format::new().set_quote_prefix(),
        }
    }

    fn write(&self, sheet: &mut Worksheet, line: u32, column: u16, cell: &str) -> Result<(), XlsxError> {
        let cell: String = cell.chars().take(MAX_CELL).collect();
        if looks_like_a_formula(&cell) {
            sheet.write_string_with_format(line, column, cell, &self.text)?;
        } else {
            sheet.write_string(line, column, cell)?;
        }
        Ok(())
    }
}
