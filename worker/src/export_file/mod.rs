//! Writing an export's file: rows of texts, one after the other, into a file without a name on this machine, which is gone with its
//! last handle. So a file of any size takes little memory, and a killed worker leaves nothing. What the rows say stands in
//! `wangqian_schema::export`.
//!
//! Spreadsheets take a cell that begins with `=` and the like for a formula, whoever wrote it: names and reasons are typed by people. So a
//! workbook's cells are texts and nothing else, those that look like formulas marked as texts for whoever edits them, too; in a CSV file,
//! which cannot say what a cell is, an apostrophe stands before them.

mod csv;
#[cfg(test)]
mod tests;
mod xlsx;

use std::{
    fs::File,
    io::{self, Read, Seek},
};

use sha2::{Digest, Sha256};
use wangqian_schema::{export::Row, files::TableFormat};

/// Who took what, as it is written into the file.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    /// 学校
    pub(crate) school: String,
    /// 导出范围
    pub(crate) scope: String,
    /// 导出内容
    pub(crate) subject: &'static str,
    /// 导出人
    pub(crate) taker: String,
    /// 导出时间
    pub(crate) taken_at: String,
    /// 导出编号
    pub(crate) number: String,
    /// 个人信息
    pub(crate) personal_data: bool,
}

impl Mark {
    /// The lines of it: what each is called, and what it says.
    fn lines(&self) -> [(&'static str, &str); 7] {
        [
            ("学校", &self.school),
            ("导出范围", &self.scope),
            ("导出内容", self.subject),
            ("导出人", &self.taker),
            ("导出时间", &self.taken_at),
            ("导出编号", &self.number),
            (
                "个人信息",
                match self.personal_data {
                    true => "含身份证号、电话、邮箱、地址",
                    false => "已脱敏",
                },
            ),
        ]
    }
}

/// Why a file could not be written: this machine's disk, or a bound of the format.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// The disk.
    #[error("the file could not be written: {0}")]
    Io(#[from] io::Error),
    /// The rows do not fit into a workbook.
    #[error("the workbook could not be written: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// The rows do not fit into a CSV file.
    #[error("the CSV file could not be written: {0}")]
    Csv(#[from] ::csv::Error),
}

/// A file that is written.
pub(crate) struct Written {
    /// The file, at its beginning.
    pub(crate) file: File,
    /// Its size in bytes.
    pub(crate) byte_size: u64,
    /// Its SHA-256.
    pub(crate) sha256: [u8; 32],
}

/// Writes rows, batch by batch, until there are no more.
///
/// # Errors
/// [`WriteError`].
pub(crate) fn write(
    format: TableFormat,
    mark: &Mark,
    headings: &[&str],
    batches: impl Iterator<Item = Vec<Row>>,
) -> Result<Written, WriteError> {
    let rows = batches.flatten();
    let mut file = match format {
        TableFormat::Xlsx => xlsx::write(mark, headings, rows)?,
        TableFormat::Csv => csv::write(mark, headings, rows)?,
    };
    file.rewind()?;
    let (byte_size, sha256) = hashed(&mut file)?;
    file.rewind()?;
    Ok(Written {
        file,
        byte_size,
        sha256,
    })
}

fn hashed(file: &mut File) -> io::Result<(u64, [u8; 32])> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut size = 0;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((size, hasher.finalize().into())),
            read => {
                hasher.update(&buffer[..read]);
                size += u64::try_from(read).unwrap_or_default();
            }
        }
    }
}

/// Whether a spreadsheet may take a cell for a formula: by its first character (OWASP, CSV injection), the full-width forms included, and
/// whatever blanks stand before it, since some readers leave them out.
fn looks_like_a_formula(cell: &str) -> bool {
    if cell.starts_with(['\t', '\r', '\n']) {
        return true;
    }
    cell.trim_start()
        .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\0'])
}
