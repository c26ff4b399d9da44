//! Writes a sample agreement with made-up data: `sample <path> [--channel offline|registered] [--mark draft|superseded|terminated]
//! [--bare] [--awkward] [--name <graduate>] [--fonts <folder>] [--bench <seconds>]`. With `--bench` it also renders in a loop and says how fast.
#![expect(
    clippy::print_stdout,
    reason = "an example whose purpose is to tell its figures"
)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use wangqian_document::{Channel, Mark, Renderer};

#[path = "../tests/agreement/made_up.rs"]
mod made_up;

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let path = PathBuf::from(args.next().context("which file to write?")?);
    let mut paper = made_up::paper();
    let mut mark = Mark::None;
    let mut fonts = Vec::new();
    let mut bench = None;
    while let Some(flag) = args.next() {
        let mut value = || args.next().with_context(|| format!("{flag} wants a value"));
        match flag.as_str() {
            "--name" => paper.graduate.name = value()?,
            "--bare" => paper = made_up::bare_paper(),
            "--channel" => {
                let channel = match value()?.as_str() {
                    "offline" => Channel::Offline,
                    "registered" => Channel::Registered,
                    other => bail!("no such channel: {other}"),
                };
                paper = made_up::paper_of(channel);
            }
            "--mark" => {
                mark = match value()?.as_str() {
                    "draft" => Mark::Draft,
                    "superseded" => Mark::Superseded,
                    "terminated" => Mark::Terminated,
                    other => bail!("no such mark: {other}"),
                };
            }
            "--awkward" => paper = made_up::awkward_paper(),
            "--fonts" => fonts.push(PathBuf::from(value()?)),
            "--bench" => bench = Some(Duration::from_secs(value()?.parse()?)),
            other => bail!("no such flag: {other}"),
        }
    }

    let start = Instant::now();
    let renderer = Renderer::new(&fonts)?;
    println!("fonts loaded in {:?}", start.elapsed());
    let start = Instant::now();
    let pdf = renderer.render(&paper, mark)?;
    println!("{} bytes, first rendering in {:?}", pdf.len(), start.elapsed());
    std::fs::write(&path, pdf)?;

    if let Some(limit) = bench {
        let start = Instant::now();
        let mut count = 0_u32;
        while start.elapsed() < limit {
            // Another agreement each time, as in life: nothing but the template may come from a cache.
            paper.number = Some(format!("202610000011{count:05}"));
            paper.graduate.name = format!("张三{count}");
            paper.employer.name = format!("示例第{count}有限公司");
            renderer.render(&paper, mark)?;
            count += 1;
        }
        println!(
            "{:.1} renderings a second",
            f64::from(count) / start.elapsed().as_secs_f64()
        );
    }
    Ok(())
}
