//! Which jobs are taken, when, and how many at a time.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{Semaphore, mpsc};

use crate::support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_competing_workers_run_each_job_once() {
    let db = Db::new().await;
    db.execute(
        "INSERT INTO jobs (queue, payload, max_attempts) \
         SELECT 'compete', jsonb_build_object('n', n), 5 FROM generate_series(1, 300) AS n",
    )
    .await;
    let runs: Arc<Mutex<HashMap<i64, i32>>> = Arc::default();
    let count = {
        let runs = Arc::clone(&runs);
        handler(move |n, _| {
            *runs.lock().unwrap().entry(n).or_default() += 1;
            async { Ok(()) }
        })
    };
    let first = Worker::start(&db, settings(), config("compete", 4), Arc::clone(&count));
    let second = Worker::start(&db, settings(), config("compete", 1), count);
    db.counts("compete", "DONE", 300).await;
    first.stop().await;
    second.stop().await;
    let runs = runs.lock().unwrap().clone();
    assert_eq!(runs.len(), 300);
    assert!(runs.values().all(|runs| *runs == 1), "{runs:?}");
    assert_eq!(db.number("SELECT max(attempt) FROM jobs").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_more_urgent_comes_first_then_the_longer_due() {
    let db = Db::new().await;
    for (n, more) in [
        (3, "run_at = now() - interval '1 second'"),
        (2, "run_at = now() - interval '2 seconds'"),
        (1, "run_at = now(), priority = 7"),
        (4, "run_at = now() - interval '9 seconds', priority = -1"),
    ] {
        db.insert_with("order", n, more).await;
    }
    let (ran, mut order) = mpsc::unbounded_channel();
    let note = handler(move |n, _| {
        ran.send(n).unwrap();
        async { Ok(()) }
    });
    let worker = Worker::start(&db, settings(), config("order", 1), note);
    for expected in 1..=4 {
        assert_eq!(order.recv().await, Some(expected));
    }
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_is_claimed_than_can_run() {
    let db = Db::new().await;
    for n in 0..8 {
        db.insert("slots", n).await;
    }
    let gate = Arc::new(Semaphore::new(0));
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let wait = {
        let (gate, running, most) = (Arc::clone(&gate), Arc::clone(&running), Arc::clone(&most));
        handler(move |_, _| {
            let (gate, running, most) = (Arc::clone(&gate), Arc::clone(&running), Arc::clone(&most));
            async move {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                gate.acquire().await.unwrap().forget();
                running.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            }
        })
    };
    let worker = Worker::start(&db, settings(), config("slots", 3), Arc::clone(&wait));
    eventually("three jobs run", async || {
        (running.load(Ordering::SeqCst) == 3).then_some(())
    })
    .await;
    assert_eq!(
        db.number("SELECT count(*) FROM jobs WHERE state = 'RUNNING'")
            .await,
        3
    );
    // Another worker is not kept from the rest.
    let other = Worker::start(&db, settings(), config("slots", 5), wait);
    eventually("all jobs run", async || {
        (running.load(Ordering::SeqCst) == 8).then_some(())
    })
    .await;
    gate.add_permits(8);
    db.counts("slots", "DONE", 8).await;
    assert_eq!(most.load(Ordering::SeqCst), 8);
    worker.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_begins_when_it_is_due_whatever_the_poll_interval() {
    let db = Db::new().await;
    let slow_poll = || wangqian_worker::queue::QueueSettings {
        poll: Duration::from_secs(60),
        ..settings()
    };
    let id = db
        .insert_with("precise", 1, "run_at = now() + interval '1500 milliseconds'")
        .await;
    let (ran, mut due) = mpsc::unbounded_channel();
    let note = handler(move |_, _| {
        ran.send(chrono::Utc::now()).unwrap();
        async { Ok(()) }
    });
    let worker = Worker::start(&db, slow_poll(), config("precise", 2), note);
    let began = due.recv().await.unwrap();
    db.reaches(id, "DONE").await;
    let late = db
        .number(&format!(
            "SELECT extract(epoch FROM '{}'::timestamptz - run_at) * 1000 FROM jobs WHERE id = {id}",
            began.to_rfc3339()
        ))
        .await;
    assert!((0..30_000).contains(&late), "{late} ms late");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_wakes_the_queue_in_this_process_and_in_others() {
    let db = Db::new().await;
    let slow_poll = wangqian_worker::queue::QueueSettings {
        poll: Duration::from_secs(60),
        ..settings()
    };
    let (ran, mut order) = mpsc::unbounded_channel();
    let note = handler(move |n, _| {
        ran.send(n).unwrap();
        async { Ok(()) }
    });
    let worker = Worker::start(&db, slow_poll, config("wake", 2), note);
    let began = Instant::now();
    // The first may be found by the queue's first look; the others come when it has looked again and sleeps.
    for n in 1..=5 {
        db.insert("wake", n).await;
        worker.wake.send_modify(|n| *n += 1);
        assert_eq!(order.recv().await, Some(n));
        db.counts("wake", "DONE", n).await;
    }

    let listening = {
        let (host, wake) = (worker.host.clone(), worker.wake.clone());
        tokio::spawn(async move {
            host.listen("wangqian_test", || wake.send_modify(|n| *n += 1))
                .await
        })
    };
    eventually("somebody listens", async || {
        let query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'wangqian-listen' AND state = 'idle'";
        (db.number(query).await > 0).then_some(())
    })
    .await;
    db.insert("wake", 6).await;
    db.execute("NOTIFY wangqian_test").await;
    assert_eq!(order.recv().await, Some(6));
    // Also after its connection broke.
    db.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND application_name = 'wangqian-listen'",
    )
    .await;
    db.insert("wake", 7).await;
    assert_eq!(order.recv().await, Some(7));
    assert!(
        began.elapsed() < Duration::from_secs(30),
        "polled rather than woken"
    );
    worker.stop().await;
    listening.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unique_key_holds_while_the_job_is_unfinished_and_is_free_afterwards() {
    let db = Db::new().await;
    let insert = "INSERT INTO jobs (queue, payload, max_attempts, unique_key) VALUES ('unique', '{\"n\": 1}', 1, 'k') \
                  ON CONFLICT DO NOTHING";
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
    db.execute(insert).await;
    db.execute(insert).await;
    let worker = Worker::start(&db, settings(), config("unique", 2), wait);
    db.counts("unique", "RUNNING", 1).await;
    db.execute(insert).await;
    assert_eq!(db.number("SELECT count(*) FROM jobs").await, 1);
    gate.add_permits(1);
    db.counts("unique", "DONE", 1).await;
    db.execute(insert).await;
    assert_eq!(db.number("SELECT count(*) FROM jobs").await, 2);
    gate.add_permits(1);
    db.counts("unique", "DONE", 2).await;
    worker.stop().await;
}
