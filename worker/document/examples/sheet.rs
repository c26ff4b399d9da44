//! Writes a sample destination sheet with made-up data: `sheet <path> [--bare] [--name <graduate>] [--fonts <folder>]`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use wangqian_document::Renderer;

#[path = "../tests/agreement/made_up_sheet.rs"]
mod made_up_sheet;

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let path = PathBuf::from(args.next().context("which file to write?")?);
    let mut sheet = made_up_sheet::sheet("林示例");
    let mut fonts = Vec::new();
    while let Some(flag) = args.next() {
        let mut value = || args.next().with_context(|| format!("{flag} wants a value"));
        match flag.as_str() {
            "--name" => sheet = made_up_sheet::sheet(&value()?),
            "--bare" => sheet = made_up_sheet::bare_sheet(),
            "--fonts" => fonts.push(PathBuf::from(value()?)),
            other => bail!("no such flag: {other}"),
        }
    }
    std::fs::write(&path, Renderer::new(&fonts)?.render_sheet(&sheet)?)?;
    Ok(())
}
