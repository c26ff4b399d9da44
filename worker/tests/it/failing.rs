//! Jobs that fail: by their own word, by panic, by taking too long, by a payload nobody understands.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use wangqian_worker::{
    JobError,
    queue::{Pauses, QueueConfig, QueueSettings},
};

use crate::support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_waits_in_the_row_and_is_parked_after_the_last_attempt() {
    let db = Db::new().await;
    let long = QueueSettings {
        pauses: Pauses {
            first: Duration::from_secs(3600),
            longest: Duration::from_secs(7200),
        },
        ..settings()
    };
    let id = db.insert_with("failing", 1, "max_attempts = 3").await;
    let fail = handler(|_, _| async { Err(JobError::retry("the provider is away\0")) });
    let worker = Worker::start(&db, long, config("failing", 1), fail);
    for (attempt, hours) in [(1, 0.5..=1.0), (2, 1.0..=2.0)] {
        let row = eventually("the failure is noted", async || {
            let row = db.row(id).await;
            (row.state == "READY" && row.attempt == attempt).then_some(row)
        })
        .await;
        assert!(hours.contains(&((row.due_in + 30.0) / 3600.0)), "{row:?}");
        assert_eq!(
            row.last_error.as_deref(),
            Some(&*format!("attempt {attempt}: the provider is away"))
        );
        db.execute("UPDATE jobs SET run_at = now()").await;
    }
    let row = db.reaches(id, "PARKED").await;
    assert_eq!(
        (row.attempt, row.last_error.as_deref()),
        (3, Some("attempt 3: the provider is away"))
    );
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_says_itself_how_long_to_wait_or_that_nothing_helps() {
    let db = Db::new().await;
    let later = db.insert("verdict", 1).await;
    let never = db.insert("verdict", 2).await;
    let fail = handler(|n, _| async move {
        if n == 1 {
            Err(JobError::retry_after(Duration::from_secs(900), "busy"))
        } else {
            Err(JobError::park("no such template"))
        }
    });
    let worker = Worker::start(&db, settings(), config("verdict", 2), fail);
    let row = db.reaches(never, "PARKED").await;
    assert_eq!(
        (row.attempt, row.last_error.as_deref()),
        (1, Some("attempt 1: no such template"))
    );
    let row = eventually("the failure is noted", async || {
        let row = db.row(later).await;
        (row.state == "READY" && row.attempt == 1).then_some(row)
    })
    .await;
    assert!((860.0..=900.0).contains(&row.due_in), "{row:?}");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_is_a_failure_like_any_other_and_its_words_are_not_kept() {
    let db = Db::new().await;
    let once = db.insert("panic", 1).await;
    let always = db.insert_with("panic", 2, "max_attempts = 2").await;
    let runs = Arc::new(AtomicUsize::new(0));
    let panic = {
        let runs = Arc::clone(&runs);
        handler(move |n, _| {
            let first = n == 1 && runs.fetch_add(1, Ordering::SeqCst) == 0;
            async move {
                assert!(!first && n == 1, "张三 has no mobile");
                Ok(())
            }
        })
    };
    let worker = Worker::start(&db, settings(), config("panic", 1), panic);
    let done = db.reaches(once, "DONE").await;
    assert_eq!(done.attempt, 2);
    let parked = db.reaches(always, "PARKED").await;
    assert_eq!(parked.attempt, 2);
    assert_eq!(
        parked.last_error.as_deref(),
        Some("attempt 2: panicked; the worker's output says where")
    );
    assert!(worker.is_running());
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreadable_payload_is_parked_and_the_worker_lives_on() {
    let db = Db::new().await;
    db.execute("INSERT INTO jobs (queue, payload, max_attempts) VALUES ('unreadable', '{\"m\": 1}', 5)")
        .await;
    let bad = db.number("SELECT id FROM jobs").await;
    let good = db.insert("unreadable", 1).await;
    let worker = Worker::start(
        &db,
        settings(),
        config("unreadable", 1),
        handler(|_, _| async { Ok(()) }),
    );
    let row = db.reaches(bad, "PARKED").await;
    let error = row.last_error.unwrap();
    assert!(
        error.starts_with("attempt 1: the payload is not one of unreadable: unknown field `m`"),
        "{error}"
    );
    db.reaches(good, "DONE").await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_takes_too_long_is_ended_and_tried_again() {
    let db = Db::new().await;
    let id = db.insert("slow", 1).await;
    let runs = Arc::new(AtomicUsize::new(0));
    let hang = {
        let runs = Arc::clone(&runs);
        handler(move |_, _| {
            let first = runs.fetch_add(1, Ordering::SeqCst) == 0;
            async move {
                if first {
                    std::future::pending::<()>().await;
                }
                Ok(())
            }
        })
    };
    let config = QueueConfig {
        time_limit: Duration::from_millis(300),
        ..config("slow", 1)
    };
    let worker = Worker::start(&db, settings(), config, hang);
    let row = db.reaches(id, "DONE").await;
    assert_eq!(row.attempt, 2);
    assert_eq!(
        row.last_error.as_deref(),
        Some("attempt 1: took longer than 300ms and was ended")
    );
    worker.stop().await;
}
