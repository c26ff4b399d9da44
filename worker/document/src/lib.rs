//! The agreement and the destination sheet as paper: turns a snapshot of one into an A4 PDF; where the snapshot comes from and where the
//! PDF goes is the worker's business.
//!
//! - [`AgreementPaper`] is everything the paper shows. It is kept in the database, so that the same bytes can be made
//!   again, and carries the number of its [layout](AgreementPaper::layout).
//! - [`DestinationSheet`] is the same for the sheet that a graduate takes along when he leaves school.
//! - [`Renderer`] holds the fonts and turns a paper into bytes: the same paper, mark and fonts always give the same bytes.
//! - [`ManualText`] is a manual: text of the product's own, typeset with the same fonts.
//! - A character that no font can draw is an error that names the field and the character
//!   ([`DocumentError::MissingGlyph`]); it never prints as a box.
//!
//! DOMAIN.md, "Paper (§4.3, §6.2)".

mod error;
mod fonts;
mod layout_1;
mod manual;
mod paper;
mod pen;
mod qr;
mod renderer;
mod sheet_1;
mod sheet_paper;
mod wording;
mod world;

pub use error::DocumentError;
pub use manual::{ManualText, RenderedManual};
pub use paper::{
    AgreementPaper, Amendment, Approval, Channel, CreditCode, EmployerBlock, GraduateBlock, Mark,
    SchoolBlock, SigningDates, TermsBlock, Verification,
};
pub use renderer::Renderer;
pub use sheet_paper::{DestinationSheet, SheetSection};
