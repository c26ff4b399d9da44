//! The graceful end of a worker.

use std::{sync::Arc, task::Poll, time::Duration};

use apalis_core::{backend::Backend, worker::context::WorkerContext};
use tokio::sync::{Semaphore, mpsc};
use wangqian_worker::queue::QueueSettings;

use crate::support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_job_is_finished_within_the_grace_and_no_other_is_begun() {
    let db = Db::new().await;
    let running = db.insert("grace", 1).await;
    let gate = Arc::new(Semaphore::new(0));
    let wait = {
        let gate = Arc::clone(&gate);
        handler(move |_, _| {
            let gate = Arc::clone(&gate);
            async move {
                gate.acquire().await.unwrap().forget();
                Ok(())
            }
        })
    };
    let worker = Worker::start(&db, settings(), config("grace", 1), wait);
    db.reaches(running, "RUNNING").await;
    let next = db.insert("grace", 2).await;
    let shutdown = worker.shutdown.clone();
    let stopped = tokio::spawn(worker.stop());
    shutdown.cancelled().await;
    gate.add_permits(2);
    stopped.await.unwrap();
    assert_eq!(db.row(running).await.state, "DONE");
    let row = db.row(next).await;
    assert_eq!((row.state.as_str(), row.attempt), ("READY", 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_end_of_the_grace_a_running_job_is_handed_back_uncounted() {
    let db = Db::new().await;
    let id = db.insert("handback", 1).await;
    let (begun, mut begins) = mpsc::unbounded_channel();
    let hang = handler(move |n, _| {
        begun.send(n).unwrap();
        std::future::pending()
    });
    let short = QueueSettings {
        grace: Duration::from_millis(100),
        ..settings()
    };
    let worker = Worker::start(&db, short, config("handback", 1), hang);
    begins.recv().await.unwrap();
    worker.stop().await;
    let row = db.row(id).await;
    assert_eq!(
        (row.state.as_str(), row.attempt, row.last_error),
        ("READY", 0, None)
    );
    // Due at once for the worker that comes next.
    let next = Worker::start(
        &db,
        settings(),
        config("handback", 1),
        handler(|_, _| async { Ok(()) }),
    );
    assert_eq!(db.reaches(id, "DONE").await.attempt, 1);
    next.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_claimed_and_not_begun_is_handed_back_uncounted() {
    let db = Db::new().await;
    let jobs = [db.insert("unbegun", 1).await, db.insert("unbegun", 2).await];
    let (host, _wake, shutdown) = host(&db, settings());
    // A worker that never asks for its jobs.
    let mut queue = host.queue::<Probe>(config("unbegun", 2));
    let context = WorkerContext::new("unbegun");
    std::future::poll_fn(|cx| queue.poll_ready(cx, &context))
        .await
        .unwrap();
    for job in jobs {
        db.reaches(job, "RUNNING").await;
    }
    shutdown.cancel();
    let next = std::future::poll_fn(|cx| queue.poll_next(cx, &context)).await;
    assert!(next.is_none(), "nothing is begun after the stop");
    for job in jobs {
        assert_eq!(db.reaches(job, "READY").await.attempt, 0);
    }
    std::future::poll_fn(|cx| queue.poll_close(cx, &context))
        .await
        .unwrap();
    std::future::poll_fn(|cx| {
        assert!(
            queue.poll_close(cx, &context).is_ready(),
            "closing twice is no harm"
        );
        Poll::Ready(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_does_not_hold_up_the_shutdown() {
    let db = Db::new().await;
    let name = db.url.rsplit('/').next().unwrap().to_owned();
    let admin = Db {
        url: db.url.replace(&name, "postgres"),
        pool: db.pool.clone(),
    };
    for n in 0..20 {
        db.insert("cutoff", n).await;
    }
    let gate = Arc::new(Semaphore::new(0));
    let wait = {
        let gate = Arc::clone(&gate);
        handler(move |_, _| {
            let gate = Arc::clone(&gate);
            async move {
                gate.acquire().await.unwrap().forget();
                Ok(())
            }
        })
    };
    let short = QueueSettings {
        grace: Duration::from_millis(100),
        ..settings()
    };
    let worker = Worker::start(&db, short, config("cutoff", 20), wait);
    db.counts("cutoff", "RUNNING", 20).await;
    admin
        .execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        .await;
    admin
        .execute(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ))
        .await;
    gate.add_permits(10);
    // Waits for the end, at most half a minute.
    worker.stop().await;
    // What could not be written is done over after its lease.
    admin
        .execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
        .await;
    let next = Worker::start(
        &db,
        settings(),
        config("cutoff", 20),
        handler(|_, _| async { Ok(()) }),
    );
    db.counts("cutoff", "DONE", 20).await;
    assert_eq!(db.number("SELECT max(attempt) FROM jobs").await, 2);
    next.stop().await;
}
