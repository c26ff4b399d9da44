//! Load from several clients at a time.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use anyhow::Result;
use futures_util::future::try_join_all;

/// The first part of a measurement, in which caches fill and plans settle, counts for nothing.
const WARM_UP: u32 = 4;

/// How often a second the clients together do something, each doing it again and again; each time with another number.
pub(crate) async fn per_second<C>(
    lasts: Duration,
    clients: Vec<C>,
    once: impl AsyncFn(&mut C, u32) -> Result<()>,
) -> Result<f64> {
    let next = AtomicU32::new(0);
    let begun = Instant::now();
    let warm = begun + lasts / WARM_UP;
    let end = warm + lasts;
    let counts = try_join_all(clients.into_iter().map(async |mut client| {
        let mut count = 0_u32;
        while Instant::now() < end {
            let counts = Instant::now() >= warm;
            once(&mut client, next.fetch_add(1, Ordering::Relaxed)).await?;
            count += u32::from(counts);
        }
        anyhow::Ok(count)
    }))
    .await?;
    let elapsed = warm.elapsed().as_secs_f64();
    Ok(f64::from(counts.into_iter().sum::<u32>()) / elapsed)
}
