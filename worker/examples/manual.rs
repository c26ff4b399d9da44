//! Writes the manual of this release into a file, to be looked at: `cargo run -p wangqian-worker --example manual -- manual.pdf`.

use std::{env, error::Error, fs};

use wangqian_document::{ManualText, Renderer};
use wangqian_schema::manual::manual;

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("the name of a file is missing")?;
    let own = manual();
    let text = ManualText {
        source: own.source,
        data: &own.data,
        edition: own.edition,
    };
    fs::write(path, Renderer::new(&[])?.render_manual(&text)?.pdf)?;
    Ok(())
}
