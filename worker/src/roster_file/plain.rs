//! The rows of a roster in a form that costs nothing to read: unpacking a workbook is most of the work there is, so it is done
//! once, while the rows are counted, and what came out is read again when they are worked on.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Seek, Write},
    ops::ControlFlow,
};

use wangqian_schema::{
    model::graduate_import::ImportFailure,
    roster::{Columns, GraduateField},
};

use super::ReadError;

/// Writes rows: of each its number and the texts of all fields.
pub(super) struct PlainWriter {
    file: BufWriter<File>,
    room: u64,
}

impl PlainWriter {
    /// Into a file without a name, which is gone with its last handle and takes at most so many bytes.
    pub(super) fn new(room: u64) -> io::Result<Self> {
        Ok(Self {
            file: BufWriter::new(tempfile::tempfile()?),
            room,
        })
    }

    pub(super) fn row(&mut self, number: i32, cells: &[String], columns: &Columns) -> Result<(), ReadError> {
        self.write(&number.to_le_bytes())?;
        for field in GraduateField::ALL {
            let cell = columns.place(*field).and_then(|place| cells.get(place));
            let text = cell.map_or("", String::as_str).as_bytes();
            let length = u32::try_from(text.len()).map_err(|error| ReadError::Io(io::Error::other(error)))?;
            self.write(&length.to_le_bytes())?;
            self.write(text)?;
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), ReadError> {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let left = self.room.checked_sub(size);
        self.room = left.ok_or(ReadError::of(ImportFailure::TooLarge))?;
        self.file.write_all(bytes).map_err(ReadError::Io)
    }

    pub(super) fn finish(self) -> io::Result<File> {
        self.file.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

/// Reads so many rows back, the texts in the order of the fields.
pub(super) fn read(
    mut file: &File,
    rows: i32,
    mut visit: impl FnMut(i32, &[String]) -> ControlFlow<()>,
) -> io::Result<()> {
    file.rewind()?;
    let mut file = BufReader::new(file);
    let mut cells = vec![String::new(); GraduateField::COUNT];
    let mut four = [0; 4];
    for _ in 0..rows {
        file.read_exact(&mut four)?;
        let number = i32::from_le_bytes(four);
        for cell in &mut cells {
            file.read_exact(&mut four)?;
            cell.clear();
            (&mut file)
                .take(u32::from_le_bytes(four).into())
                .read_to_string(cell)?;
        }
        if visit(number, &cells).is_break() {
            break;
        }
    }
    Ok(())
}
