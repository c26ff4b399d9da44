//! Pruning and measuring.

use std::time::Duration;

use wangqian_worker::queue::prune_done;

use crate::support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_done_long_ago_are_deleted_and_nothing_else() {
    let db = Db::new().await;
    db.execute(
        "INSERT INTO jobs (queue, payload, max_attempts, state, finished_at) \
         SELECT 'old', '{}', 1, 'DONE', now() - interval '8 days' FROM generate_series(1, 2500); \
         INSERT INTO jobs (queue, payload, max_attempts, state, finished_at) \
         VALUES ('kept', '{}', 1, 'DONE', now() - interval '6 days'), \
                ('kept', '{}', 1, 'PARKED', now() - interval '1 year'); \
         INSERT INTO jobs (queue, payload, max_attempts, created_at) VALUES ('kept', '{}', 1, now() - interval '1 year')",
    )
    .await;
    let mut conn = db.pool.get().await.unwrap();
    let week = Duration::from_secs(7 * 86_400);
    assert_eq!(prune_done(&mut conn, week).await.unwrap(), 2500);
    db.counts("old", "DONE", 0).await;
    assert_eq!(
        db.number("SELECT count(*) FROM jobs WHERE queue = 'kept'").await,
        3
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_queues_are_measured() {
    let figures = metrics_exporter_prometheus::PrometheusBuilder::new()
        .install_recorder()
        .unwrap();
    let db = Db::new().await;
    db.insert_with("measured", 1, "run_at = now() - interval '90 seconds'")
        .await;
    db.insert_with("measured", 2, "run_at = now(), priority = 3")
        .await;
    db.insert_with("measured", 3, "run_at = now() + interval '1 hour'")
        .await;
    db.execute(
        "INSERT INTO jobs (queue, payload, max_attempts, state, finished_at) VALUES ('measured', '{}', 1, 'PARKED', now())",
    )
    .await;
    let (host, _wake, shutdown) = host(&db, settings());
    let keeping = tokio::spawn(async move { host.measure(&["measured", "empty"]).await });
    let figure = |name: &str| {
        let (figures, name) = (figures.render(), name.to_owned());
        figures
            .lines()
            .find_map(|line| line.strip_prefix(&name)?.trim().parse::<f64>().ok())
    };
    // They are set one after the other.
    let seen = async |name: &str| eventually(name, async || figure(name)).await;
    let waiting = seen("wangqian_jobs_waiting{queue=\"measured\"}").await;
    assert!((waiting - 2.0).abs() < 0.1);
    let oldest = seen("wangqian_jobs_oldest_due_seconds{queue=\"measured\"}").await;
    assert!((90.0..150.0).contains(&oldest), "{oldest}");
    let parked = seen("wangqian_jobs_parked{queue=\"measured\"}").await;
    assert!((parked - 1.0).abs() < 0.1);
    let empty = seen("wangqian_jobs_waiting{queue=\"empty\"}").await;
    assert!(empty.abs() < 0.1);
    shutdown.cancel();
    keeping.await.unwrap();

    let worker = Worker::start(
        &db,
        settings(),
        config("measured", 1),
        handler(|n, _| async move {
            if n == 1 {
                Ok(())
            } else {
                Err(wangqian_worker::JobError::park("no"))
            }
        }),
    );
    db.counts("measured", "DONE", 1).await;
    db.counts("measured", "PARKED", 2).await;
    worker.stop().await;
    for (name, expected) in [
        ("started", 2.0),
        ("finished", 1.0),
        ("failed", 1.0),
        ("parked", 1.0),
    ] {
        let name = format!("wangqian_jobs_{name}_total{{queue=\"measured\"}}");
        assert_eq!(figure(&name), Some(expected), "{name}");
    }
    assert_eq!(
        figure("wangqian_job_duration_seconds_count{queue=\"measured\"}"),
        Some(2.0)
    );
}
