//! The figures of the README, each measured against something in the same run: `make bench`. A table comes out; how to
//! read it stands in the README.
// As in the executable's library.
#![recursion_limit = "256"]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program whose purpose is to tell its figures"
)]

mod accept;
mod feed;
mod http;
mod jobs;
mod load;
mod page;
mod paper;
mod world;

use anyhow::Result;
use clap::{Parser, ValueEnum};

use world::World;

/// Measures Wangqian on this machine.
#[derive(Parser)]
struct Options {
    /// What to measure; everything when nothing is named.
    only: Vec<Measure>,
    /// Graduates in the database.
    #[arg(long, default_value_t = 100_000)]
    graduates: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Measure {
    Page,
    Accept,
    Jobs,
    Feed,
    Paper,
}

/// A line of the table.
struct Figure {
    what: &'static str,
    ours: String,
    against: String,
    ratio: Option<f64>,
    aim: &'static str,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let runtime = tokio::runtime::Runtime::new()?;
    let figures = runtime.block_on(measure(&options))?;
    println!("\n| what | ours | against | ratio | aim |\n|---|---|---|---|---|");
    for figure in figures {
        let ratio = figure
            .ratio
            .map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"));
        println!(
            "| {} | {} | {} | {ratio} | {} |",
            figure.what, figure.ours, figure.against, figure.aim
        );
    }
    Ok(())
}

async fn measure(options: &Options) -> Result<Vec<Figure>> {
    let wanted = |measure| options.only.is_empty() || options.only.contains(&measure);
    let mut figures = Vec::new();
    if wanted(Measure::Paper) {
        eprintln!("papers …");
        figures.extend(paper::measure()?);
    }
    if [Measure::Page, Measure::Accept, Measure::Jobs, Measure::Feed]
        .into_iter()
        .any(wanted)
    {
        eprintln!("a database with {} graduates …", options.graduates);
        let world = World::new(options.graduates).await?;
        if wanted(Measure::Jobs) {
            eprintln!("jobs …");
            figures.push(jobs::measure(&world).await?);
        }
        if wanted(Measure::Page) {
            eprintln!("pages …");
            figures.push(page::measure(&world).await?);
        }
        if wanted(Measure::Accept) {
            eprintln!("acceptances …");
            figures.push(accept::measure(&world).await?);
        }
        if wanted(Measure::Feed) {
            eprintln!("the live feed …");
            figures.extend(feed::measure(&world).await?);
        }
        world.stop().await;
    }
    Ok(figures)
}
