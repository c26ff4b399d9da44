//! The snapshot of a graduate's confirmation that the destination sheet shows; which lines it has is its maker's business.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::Verification;

/// Everything that the destination sheet (毕业去向登记信息表) shows. All strings are ready for the reader. `Debug` shows no personal data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DestinationSheet {
    /// Which layout draws it; [`DestinationSheet::LAYOUT`] for a new one.
    pub layout: u16,
    /// 转递编号.
    pub transfer_number: String,
    /// 学校, the PDF's author.
    pub school_name: String,
    /// 毕业届别: the year, printed as 2027届.
    pub class_year: u16,
    /// 确认日期; it is also the PDF's creation date.
    pub confirmed_on: NaiveDate,
    /// What it says, block by block.
    pub sections: Vec<SheetSection>,
    /// How a third party can check it: 核验编号 and the public page.
    pub verification: Verification,
}

impl DestinationSheet {
    /// The layout of new sheets.
    pub const LAYOUT: u16 = 1;
}

impl fmt::Debug for DestinationSheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DestinationSheet")
            .field("layout", &self.layout)
            .field("confirmed_on", &self.confirmed_on)
            .finish_non_exhaustive()
    }
}

/// A block of the sheet.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SheetSection {
    /// Its heading.
    pub heading: String,
    /// Label and value of each line. Short ones stand two in a row.
    pub lines: Vec<(String, String)>,
}
