//! As comma-separated values: UTF-8 with a byte order mark, by which Excel knows it, and lines that end as there.
//!
//! The first line are the headings, so that programs read it as it is. Who took it stands in the last columns of every row: so it stays
//! with each row that is cut out.

use std::{fs::File, io::Write};

use csv::{Terminator, WriterBuilder};
use wangqian_schema::export::Row;

use super::{Mark, WriteError, looks_like_a_formula};

/// The columns of the mark.
const MARK: [&str; 5] = ["学校", "导出范围", "导出人", "导出时间", "导出编号"];

pub(super) fn write(
    mark: &Mark,
    headings: &[&str],
    rows: impl Iterator<Item = Row>,
) -> Result<File, WriteError> {
    let mut file = tempfile::tempfile()?;
    file.write_all("\u{FEFF}".as_bytes())?;
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(file);
    let marked = mark.lines().into_iter().filter(|(name, _)| MARK.contains(name));
    let (names, said): (Vec<&str>, Vec<&str>) = marked.unzip();
    writer.write_record(headings.iter().copied().chain(names))?;
    for row in rows {
        let cells = row.iter().map(String::as_str).chain(said.iter().copied());
        writer.write_record(cells.map(neutral))?;
    }
    let file = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(file)
}

/// The cell, with an apostrophe before whatever looks like a formula.
fn neutral(cell: &str) -> String {
    match looks_like_a_formula(cell) {
        true => format!("'{cell}"),
        false => cell.to_owned(),
    }
}
