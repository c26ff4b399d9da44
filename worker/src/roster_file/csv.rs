//! Comma-separated values in UTF-8, in UTF-16 with its mark, or in GB 18030, which is what Excel saves in China.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek},
};

use encoding_rs::{Encoding, GB18030, UTF_8};
use encoding_rs_io::DecodeReaderBytesBuilder;

use super::{MAX_COLUMNS, ReadError, Visit, beginning};

/// All rows; a row's number is that of the line on which it begins.
pub(super) fn visit_rows(mut file: File, mut visit: impl Visit) -> Result<(), ReadError> {
    let encoding = encoding(&mut file).map_err(ReadError::Io)?;
    file.rewind().map_err(ReadError::Io)?;
    // A mark at the beginning of the file counts more than what was guessed. Bytes that fit no encoding become U+FFFD,
    // which the check of the row then names.
    let text = DecodeReaderBytesBuilder::new()
        .encoding(Some(encoding))
        .bom_override(true)
        .build(BufReader::new(file));
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .terminator(csv::Terminator::Any(b'\n'))
        .from_reader(Lines::new(text));
    let mut record = csv::StringRecord::new();
    let mut cells = Vec::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => return Err(failed(error)),
        }
        cells.clear();
        cells.extend(record.iter().map(|cell| beginning(cell).to_owned()));
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        // Where the record begins csv tells without the blank lines before it, so it is told from where it ends.
        let within: usize = record.iter().map(|cell| cell.matches('\n').count()).sum();
        let end = i32::try_from(reader.position().line()).unwrap_or(i32::MAX);
        let line = end - 1 - i32::try_from(within).unwrap_or(0);
        cells.truncate(MAX_COLUMNS);
        if visit(line, &cells).is_break() {
            return Ok(());
        }
    }
}

fn failed(error: csv::Error) -> ReadError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => ReadError::Io(error),
        other => ReadError::Io(io::Error::other(format!("{other:?}"))),
    }
}

/// Text in which every line ends with a line feed alone, the last one too, so that lines can be counted.
struct Lines<R> {
    text: R,
    last: u8,
    ended: bool,
}

impl<R> Lines<R> {
    const fn new(text: R) -> Self {
        Self {
            text,
            last: b'\n',
            ended: false,
        }
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.ended && !buffer.is_empty() {
            let read = self.text.read(buffer)?;
            if read == 0 {
                self.ended = true;
                if self.last != b'\n' {
                    buffer[0] = b'\n';
                    return Ok(1);
                }
                break;
            }
            self.last = buffer[read - 1];
            // A carriage return elsewhere than at the end of a line is no character of a cell either.
            let mut kept = 0;
            for at in 0..read {
                if buffer[at] != b'\r' {
                    buffer[kept] = buffer[at];
                    kept += 1;
                }
            }
            if kept > 0 {
                return Ok(kept);
            }
        }
        Ok(0)
    }
}

/// UTF-8 when all of the file is, else GB 18030.
fn encoding(file: &mut File) -> io::Result<&'static Encoding> {
    let mut buffer = vec![0; 64 * 1024];
    let mut kept = 0;
    loop {
        let read = file.read(&mut buffer[kept..])?;
        let filled = kept + read;
        let valid = Encoding::utf8_valid_up_to(&buffer[..filled]);
        let rest = filled - valid;
        // A character may be cut off by the end of the buffer, not by the end of the file.
        if rest > 3 || (read == 0 && rest > 0) {
            return Ok(GB18030);
        }
        if read == 0 {
            return Ok(UTF_8);
        }
        buffer.copy_within(valid..filled, 0);
        kept = rest;
    }
}
