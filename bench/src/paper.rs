//! How fast papers are drawn on one core, and whether the memory stays flat.

use std::time::Instant;

use anyhow::Result;
use wangqian_document::{Mark, Renderer};

use crate::{Figure, world::resident_kib};

#[path = "../../worker/document/tests/agreement/made_up.rs"]
#[expect(dead_code, reason = "only one of the made-up papers is drawn here")]
mod made_up;

const PAPERS: u32 = 5_000;
const WARM: u32 = 500;

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let renderer = Renderer::new(&[])?;
    let mut paper = made_up::paper();
    let mut draw = |from: u32, to: u32| -> Result<()> {
        for number in from..to {
            paper.number = Some(format!("2027990013{number:07}"));
            renderer.render(&paper, Mark::None)?;
        }
        Ok(())
    };
    draw(0, WARM)?;
    let before = resident_kib(std::process::id())?;
    let begun = Instant::now();
    draw(WARM, PAPERS)?;
    let speed = f64::from(PAPERS - WARM) / begun.elapsed().as_secs_f64();
    let after = resident_kib(std::process::id())?;
    Ok(vec![
        Figure {
            what: "agreement PDFs on one core",
            ours: format!("{speed:.0}/s"),
            against: "–".to_owned(),
            ratio: None,
            aim: "≥ 50/s",
        },
        Figure {
            what: "memory after 5,000 PDFs",
            ours: format!("{} MiB", after / 1024),
            against: format!("{} MiB after {WARM}", before / 1024),
            ratio: Some(after as f64 / before as f64),
            aim: "flat",
        },
    ])
}
