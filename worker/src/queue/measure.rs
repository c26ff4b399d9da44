//! Measuring: how the queues stand, every so often.

use tokio::time::sleep;

use super::{QueueHost, metric, sql};

/// Measures, for ever. A failure is made good by the next time.
pub(super) async fn measure(host: &QueueHost, queues: &[&str]) {
    loop {
        if let Err(error) = sample(host, queues).await {
            tracing::warn!(%error, "the queues could not be measured");
        }
        sleep(host.settings.sample_every).await;
    }
}

async fn sample(host: &QueueHost, queues: &[&str]) -> Result<(), String> {
    let mut conn = host.pool.get().await.map_err(|error| error.to_string())?;
    let now = (host.now)();
    for standing in sql::sample(&mut conn, queues, now)
        .await
        .map_err(|error| error.to_string())?
    {
        let oldest = standing
            .since
            .and_then(|since| (now - since).to_std().ok())
            .unwrap_or_default();
        metric::standing(standing.queue, standing.waiting, standing.parked, oldest);
    }
    Ok(())
}
