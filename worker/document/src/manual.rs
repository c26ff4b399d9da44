//! What a manual is for the typesetter: a source of the product's own, and the data from which it makes its tables.

use chrono::NaiveDate;

/// A manual to be typeset.
#[derive(Clone, Copy, Debug)]
pub struct ManualText<'a> {
    /// The whole source, in the typesetter's markup. It sees the file `sheet.json` and nothing else, and the embedded font as `face-0`.
    pub source: &'a str,
    /// The contents of `sheet.json`.
    pub data: &'a str,
    /// The day that the PDF says it is of; not the clock's, so that the same manual gives the same bytes.
    pub edition: NaiveDate,
}

/// A manual as a PDF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedManual {
    /// The PDF.
    pub pdf: Vec<u8>,
    /// How many pages it has.
    pub pages: usize,
}
