//! Reading a roster's file: its rows as texts, one after the other, so that a file of any size takes little memory. The form
//! of the file ends here: what the columns mean and what is wrong with a row stands in `wangqian_schema::roster`.

mod archive;
mod csv;
mod plain;
mod xlsx;

use std::{
    fs::File,
    io::{self, Seek},
    ops::ControlFlow,
};

use self::plain::PlainWriter;
use wangqian_schema::{
    files::TableFormat,
    model::graduate_import::{ImportFailure, MAX_ROWS},
    roster::{Columns, GraduateField, HeadingError},
};

/// How many rows of titles may stand above the heading row.
const MAX_TITLES: usize = 10;
/// Most columns that are looked at.
const MAX_COLUMNS: usize = 200;
/// Most characters of a cell that are looked at. It is more than any field may have, so that what is too long still is; a workbook
/// can refer to one long text from each of its cells.
const MAX_CELL: usize = 500;
/// Most bytes that the rows may come to in their plain form; some ten times what a hundred thousand rows come to.
const MAX_PLAIN: u64 = 256 * 1024 * 1024;

/// Why a file cannot be worked through.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// It is the file's fault; the headings that it is about.
    File(ImportFailure, Vec<&'static str>),
    /// The copy on this machine cannot be read.
    Io(io::Error),
}

impl ReadError {
    const fn of(failure: ImportFailure) -> Self {
        Self::File(failure, Vec::new())
    }
}

/// A roster that can be read: its rows lie there in a plain form.
#[derive(Debug)]
pub(crate) struct RosterFile {
    /// How many rows there are below the heading row.
    pub(crate) rows: i32,
    /// Headings that mean no field.
    pub(crate) ignored_headings: Vec<String>,
    plain: File,
}

/// Called with the number of a row in its file and its cells; blank rows are left out.
trait Visit: FnMut(i32, &[String]) -> ControlFlow<()> {}
impl<F: FnMut(i32, &[String]) -> ControlFlow<()>> Visit for F {}

/// As much of a cell's text as is looked at.
fn beginning(text: &str) -> &str {
    let end = text.char_indices().nth(MAX_CELL);
    end.map_or(text, |(end, _)| &text[..end])
}

/// All rows of the file, titles and headings included.
fn visit_rows(file: &File, format: TableFormat, visit: impl Visit) -> Result<(), ReadError> {
    let mut file = file.try_clone().map_err(ReadError::Io)?;
    file.rewind().map_err(ReadError::Io)?;
    match format {
        TableFormat::Csv => csv::visit_rows(file, visit),
        TableFormat::Xlsx => xlsx::visit_rows(file, visit),
    }
}

impl RosterFile {
    /// Unpacks a whole file before its first row is worked on: so it is known whether it can be read at all, what the columns are,
    /// and how many rows there are.
    ///
    /// # Errors
    /// [`ReadError`].
    pub(crate) fn open(file: &File, format: TableFormat) -> Result<Self, ReadError> {
        if format == TableFormat::Xlsx {
            archive::look_through(file, &archive::LIMITS)?;
        }
        let mut plain = PlainWriter::new(MAX_PLAIN).map_err(ReadError::Io)?;
        let mut columns: Option<Columns> = None;
        let mut heading_error = HeadingError::NotAHeading;
        let mut titles = 0;
        let mut rows = 0;
        let mut written = Ok(());
        visit_rows(file, format, |number, cells| {
            if let Some(columns) = &columns {
                rows += 1;
                // One more tells that there are too many.
                if rows <= MAX_ROWS {
                    written = plain.row(number, cells, columns);
                }
                return if rows > MAX_ROWS || written.is_err() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                };
            }
            match Columns::read(cells.iter().map(String::as_str)) {
                Ok(found) => columns = Some(found),
                Err(HeadingError::NotAHeading) if titles < MAX_TITLES => titles += 1,
                Err(error) => {
                    heading_error = error;
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        })?;
        written?;
        let columns = columns.ok_or_else(|| of_heading(heading_error))?;
        match rows {
            0 => Err(ReadError::of(ImportFailure::NoRows)),
            rows if rows > MAX_ROWS => Err(ReadError::of(ImportFailure::TooManyRows)),
            rows => Ok(Self {
                rows,
                ignored_headings: columns.ignored,
                plain: plain.finish().map_err(ReadError::Io)?,
            }),
        }
    }

    /// Gives the rows one after the other: each one's number in the file, and the texts of its fields in the order of
    /// [`GraduateField::ALL`].
    ///
    /// # Errors
    /// [`ReadError::Io`].
    pub(crate) fn read(&self, visit: impl FnMut(i32, &[String]) -> ControlFlow<()>) -> Result<(), ReadError> {
        plain::read(&self.plain, self.rows, visit).map_err(ReadError::Io)
    }
}

fn of_heading(error: HeadingError) -> ReadError {
    match error {
        HeadingError::NotAHeading => ReadError::of(ImportFailure::NoHeading),
        HeadingError::Missing(fields) => {
            let headings = fields.into_iter().map(GraduateField::heading).collect();
            ReadError::File(ImportFailure::MissingColumns, headings)
        }
        HeadingError::Twice(field) => ReadError::File(ImportFailure::DuplicateColumn, vec![field.heading()]),
    }
}

#[cfg(test)]
mod tests;
