//! Jobs that do nothing through our queue, against npm's graphile-worker on the same database.

use std::{
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use apalis::prelude::{Monitor, WorkerBuilder};
use chrono::Utc;
use serde::{Deserialize, Serialize};
use tokio::{process::Command, sync::watch};
use tokio_util::sync::CancellationToken;
use wangqian_worker::{
    JobError,
    queue::{Pauses, QueueConfig, QueueHost, QueueSettings},
};

use crate::{Figure, world::World};

const JOBS: u32 = 20_000;
const QUEUE: &str = "bench";

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Nothing {
    n: u32,
}

async fn nothing(_: Nothing) -> Result<(), JobError> {
    Ok(())
}

pub(crate) async fn measure(world: &World) -> Result<Figure> {
    // Turn about, the better of two each: whoever is first finds a colder machine.
    let (mut ours, mut theirs) = (f64::MAX, f64::MAX);
    for _ in 0..2 {
        theirs = theirs.min(graphile(world).await?);
        ours = ours.min(through_ours(world).await?);
    }
    let per_second = |seconds: f64| f64::from(JOBS) / seconds;
    Ok(Figure {
        what: "no-op jobs, 20,000 waiting",
        ours: format!("{:.0} jobs/s", per_second(ours)),
        against: format!("{:.0} jobs/s by graphile-worker", per_second(theirs)),
        ratio: Some(theirs / ours),
        aim: "≥ 1.0",
    })
}

/// The seconds from the start of the worker until the last job is written down as done.
async fn through_ours(world: &World) -> Result<f64> {
    world
        .run(&format!(
            "DELETE FROM jobs WHERE queue = '{QUEUE}';
             INSERT INTO jobs (queue, payload, max_attempts)
                 SELECT '{QUEUE}', jsonb_build_object('n', n), 5 FROM generate_series(1, {JOBS}) n;
             ANALYZE jobs"
        ))
        .await?;
    let settings = QueueSettings {
        lease: Duration::from_secs(30),
        poll: Duration::from_secs(1),
        grace: Duration::from_secs(20),
        pauses: Pauses {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(60),
        },
        sample_every: Duration::from_secs(3_600),
    };
    let (_wake, woken) = watch::channel(0);
    let shutdown = CancellationToken::new();
    let host = QueueHost::new(
        world.platform.pool.clone(),
        &world.url,
        Arc::new(Utc::now),
        woken,
        settings,
        shutdown.clone(),
    );
    let config = QueueConfig {
        name: QUEUE,
        concurrency: CONCURRENCY,
        time_limit: Duration::from_secs(30),
    };
    let begun = Instant::now();
    let keeper = host.keep_leases()?;
    let monitor = Monitor::new().register(move |_| {
        WorkerBuilder::new(QUEUE)
            .backend(host.queue::<Nothing>(config))
            .build(nothing)
    });
    let stop = shutdown.clone();
    let running = tokio::spawn(async move {
        let signal = async move {
            stop.cancelled().await;
            Ok(())
        };
        monitor.run_with_signal(signal).await
    });
    let left = format!("SELECT count(*) FROM jobs WHERE queue = '{QUEUE}' AND state <> 'DONE'");
    while world.number(&left).await? > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let seconds = begun.elapsed().as_secs_f64();
    shutdown.cancel();
    running.await??;
    drop(keeper);
    Ok(seconds)
}

/// How many of the jobs our worker has in hand at a time: as many as graphile-worker takes into its local queue.
const CONCURRENCY: usize = 500;

async fn graphile(world: &World) -> Result<f64> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/node/graphile-worker.mjs");
    let output = Command::new("node")
        .args([script, &JOBS.to_string()])
        .env("DATABASE_URL", &world.url)
        .stderr(Stdio::inherit())
        .output()
        .await
        .context("node is needed for graphile-worker")?;
    ensure!(output.status.success(), "graphile-worker: {}", output.status);
    let seconds = String::from_utf8(output.stdout)?;
    seconds
        .lines()
        .last()
        .and_then(|line| line.trim().parse().ok())
        .with_context(|| format!("graphile-worker said {seconds:?}"))
}
