//! The first visible sheet of an Excel workbook, cell by cell.

use std::{fs::File, io::BufReader, ops::ControlFlow};

use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx};
use wangqian_schema::model::graduate_import::ImportFailure;

use super::{MAX_COLUMNS, ReadError, Visit, beginning};

/// From here on Excel's numbers, which have 15 digits, are not what somebody typed.
const INEXACT: f64 = 1e15;

/// All rows; a row's number is that which Excel shows.
pub(super) fn visit_rows(file: File, mut visit: impl Visit) -> Result<(), ReadError> {
    let unreadable = |_| ReadError::of(ImportFailure::Unreadable);
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(BufReader::new(file)).map_err(unreadable)?;
    let sheet = book
        .sheets_metadata()
        .iter()
        .find(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .ok_or_else(|| ReadError::of(ImportFailure::Unreadable))?;
    let mut reader = book.worksheet_cells_reader(&sheet).map_err(unreadable)?;
    let mut row = 0;
    let mut cells: Vec<String> = Vec::new();
    while let Some(cell) = reader.next_cell().map_err(unreadable)? {
        let (at, column) = cell.get_position();
        if at != row {
            if give(row, &mut cells, &mut visit).is_break() {
                return Ok(());
            }
            row = at;
        }
        let column = column as usize;
        let text = text(cell.get_value());
        if column < MAX_COLUMNS && !text.is_empty() {
            if cells.len() <= column {
                cells.resize(column + 1, String::new());
            }
            cells[column] = text;
        }
    }
    let _ = give(row, &mut cells, &mut visit);
    Ok(())
}

fn give(row: u32, cells: &mut Vec<String>, visit: &mut impl Visit) -> ControlFlow<()> {
    let blank = cells.iter().all(|cell| cell.trim().is_empty());
    let number = i32::try_from(row).unwrap_or(i32::MAX).saturating_add(1);
    let flow = if blank {
        ControlFlow::Continue(())
    } else {
        visit(number, cells)
    };
    cells.clear();
    flow
}

/// A cell as the text that a person would have typed.
fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) => beginning(text).to_owned(),
        DataRef::SharedString(text) => beginning(text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        // A number of 18 digits has lost its last ones. Written out it could by chance pass as the ID-card number of
        // somebody else; in this form it passes as nothing.
        DataRef::Float(number) if number.abs() >= INEXACT => format!("{number:e}"),
        DataRef::Float(number) => number.to_string(),
        DataRef::DateTime(date) if date.is_datetime() => {
            let (year, month, day, ..) = date.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        DataRef::DateTime(other) => other.as_f64().to_string(),
        DataRef::DateTimeIso(date) => date.chars().take(10).collect(),
        DataRef::DurationIso(duration) => beginning(duration).to_owned(),
        DataRef::Bool(true) => "是".to_owned(),
        DataRef::Bool(false) => "否".to_owned(),
        // The row's check names it as a text that cannot be read.
        DataRef::Error(_) => char::REPLACEMENT_CHARACTER.to_string(),
    }
}
