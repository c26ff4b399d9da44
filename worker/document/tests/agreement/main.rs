//! The PDF as a reader has it: what was put in is read back, nothing is cut or covered, and the same paper is the same bytes.

use std::sync::LazyLock;

use anyhow::Result;
use wangqian_document::{AgreementPaper, Mark, Renderer};

mod bytes;
mod characters;
mod destination_sheet;
mod made_up;
mod made_up_sheet;
mod manual;
mod pages;
mod reading;
mod wording;

#[expect(
    clippy::unwrap_used,
    reason = "without its embedded font nothing here can be tested"
)]
static RENDERER: LazyLock<Renderer> = LazyLock::new(|| Renderer::new(&[]).unwrap());

/// Renders and reads the text back, without white space.
fn read(paper: &AgreementPaper) -> Result<String> {
    reading::text(&RENDERER.render(paper, Mark::None)?)
}
