//! Workers that die, connections that break, leases that are lost, handlers that block.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Semaphore, mpsc};
use wangqian_worker::queue::QueueSettings;

use crate::{proxy::Proxy, support::*};

fn milliseconds(time: Duration) -> i64 {
    time.as_millis().try_into().unwrap()
}

fn hang(begun: mpsc::UnboundedSender<i64>) -> Handler {
    handler(move |n, _| {
        begun.send(n).unwrap();
        std::future::pending()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_worker_takes_the_job_of_a_killed_one_once_its_lease_is_over() {
    let db = Db::new().await;
    let id = db.insert("killed", 1).await;
    let (begun, mut begins) = mpsc::unbounded_channel();
    let process = Process::start(&db.url, settings(), config("killed", 1), hang(begun));
    assert_eq!(begins.recv().await, Some(1));
    let other = Worker::start(
        &db,
        settings(),
        config("killed", 1),
        handler(|_, _| async { Ok(()) }),
    );
    // As long as its worker lives, the job is left alone, however long it takes.
    let renewed = "SELECT extract(epoch FROM lease_until) * 1000 FROM jobs";
    let first = db.number(renewed).await;
    eventually("the lease was prolonged thrice its length", async || {
        (db.number(renewed).await > first + milliseconds(3 * LEASE)).then_some(())
    })
    .await;
    assert_eq!(db.row(id).await.attempt, 1);
    process.kill();
    let row = db.reaches(id, "DONE").await;
    assert_eq!(row.attempt, 2);
    assert_eq!(
        row.last_error.as_deref(),
        Some("attempt 1: its worker vanished and the lease ran out")
    );
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_kills_its_workers_is_parked() {
    let db = Db::new().await;
    let id = db.insert_with("poison", 1, "max_attempts = 2").await;
    // Frees what others leave behind, but runs nothing of this queue itself.
    let bystander = Worker::start(
        &db,
        settings(),
        config("bystander", 1),
        handler(|_, _| async { Ok(()) }),
    );
    let (begun, mut begins) = mpsc::unbounded_channel();
    for _ in 0..2 {
        let process = Process::start(&db.url, settings(), config("poison", 1), hang(begun.clone()));
        assert_eq!(begins.recv().await, Some(1));
        process.kill();
    }
    let row = db.reaches(id, "PARKED").await;
    assert_eq!(row.attempt, 2);
    assert_eq!(
        row.last_error.as_deref(),
        Some("attempt 2: its worker vanished and the lease ran out")
    );
    bystander.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_blocks_every_thread_keeps_its_lease() {
    let db = Db::new().await;
    let runs = Arc::new(AtomicUsize::new(0));
    let block = {
        let runs = Arc::clone(&runs);
        handler(move |_, _| {
            let runs = Arc::clone(&runs);
            async move {
                runs.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(3 * LEASE);
                Ok(())
            }
        })
    };
    let jobs = [db.insert("blocking", 1).await, db.insert("blocking", 2).await];
    // Its runtime has two threads, and both are blocked.
    let process = Process::start(&db.url, settings(), config("blocking", 2), Arc::clone(&block));
    eventually("both run", async || {
        (runs.load(Ordering::SeqCst) == 2).then_some(())
    })
    .await;
    let other = Worker::start(&db, settings(), config("blocking", 2), block);
    for job in jobs {
        assert_eq!(db.reaches(job, "DONE").await.attempt, 1);
    }
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    drop(process);
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_whose_lease_is_lost_is_ended_and_writes_nothing() {
    struct Ended(mpsc::UnboundedSender<()>);
    impl Drop for Ended {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    let db = Db::new().await;
    let id = db.insert("lost", 1).await;
    let (ended, mut ends) = mpsc::unbounded_channel();
    let wait = handler(move |_, _| {
        let ended = Ended(ended.clone());
        async move {
            std::future::pending::<()>().await;
            drop(ended);
            Ok(())
        }
    });
    let worker = Worker::start(&db, settings(), config("lost", 1), wait);
    db.reaches(id, "RUNNING").await;
    // Another worker's now.
    db.execute(
        "UPDATE jobs SET lease_token = gen_random_uuid(), attempt = 2, lease_until = now() + interval '1 hour'",
    )
    .await;
    tokio::time::timeout(Duration::from_secs(20), ends.recv())
        .await
        .expect("the run is ended");
    // The slot is free again.
    let next = db.insert("lost", 2).await;
    db.reaches(next, "RUNNING").await;
    let row = db.row(id).await;
    assert_eq!(
        (row.state.as_str(), row.attempt, row.last_error),
        ("RUNNING", 2, None)
    );
    drop(worker);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_connections_cost_neither_the_worker_nor_the_running_job() {
    let db = Db::new().await;
    let running = db.insert("broken", 1).await;
    let gate = Arc::new(Semaphore::new(0));
    let runs = Arc::new(AtomicUsize::new(0));
    let wait = {
        let (gate, runs) = (Arc::clone(&gate), Arc::clone(&runs));
        handler(move |_, _| {
            runs.fetch_add(1, Ordering::SeqCst);
            let gate = Arc::clone(&gate);
            async move {
                gate.acquire().await.unwrap().forget();
                Ok(())
            }
        })
    };
    let worker = Worker::start(&db, settings(), config("broken", 2), wait);
    db.reaches(running, "RUNNING").await;
    assert!(db.break_connections().await > 0);
    gate.add_permits(1);
    let row = db.reaches(running, "DONE").await;
    assert_eq!((row.attempt, runs.load(Ordering::SeqCst)), (1, 1));
    // Breaking while an outcome is on its way, again and again.
    gate.add_permits(1000);
    for n in 0..50 {
        db.insert("broken", n).await;
        if n % 10 == 0 {
            db.break_connections().await;
        }
    }
    db.counts("broken", "DONE", 51).await;
    assert!(worker.is_running());
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_is_waited_for() {
    let db = Db::new().await;
    let name = db.url.rsplit('/').next().unwrap().to_owned();
    let admin = Db {
        url: db.url.replace(&name, "postgres"),
        pool: db.pool.clone(),
    };
    let id = db.insert("away", 1).await;
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
    let first = Worker::start(&db, settings(), config("away", 1), Arc::clone(&wait));
    db.reaches(id, "RUNNING").await;
    let second = Worker::start(&db, settings(), config("away", 1), wait);
    // Nobody gets in any more, for longer than a lease; the job ends meanwhile.
    admin
        .execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        .await;
    admin
        .execute(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ))
        .await;
    let cut_off = admin.number("SELECT extract(epoch FROM now()) * 1000").await;
    gate.add_permits(1);
    eventually("twice a lease is over", async || {
        let now = admin.number("SELECT extract(epoch FROM now()) * 1000").await;
        (now > cut_off + milliseconds(2 * LEASE)).then_some(())
    })
    .await;
    admin
        .execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
        .await;
    let row = db.reaches(id, "DONE").await;
    assert_eq!((row.attempt, row.last_error), (1, None));
    first.stop().await;
    second.stop().await;
}

/// The one that holds no job is back first: the lease is over, and its holder has had no chance so far to prolong it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_stands_still_costs_no_job_its_lease() {
    let db = Db::new().await;
    // Time for both to come back on a machine with much to do.
    let settings = || QueueSettings {
        lease: 3 * LEASE,
        ..settings()
    };
    let (holders, others) = (Proxy::to(&db).await, Proxy::to(&db).await);
    let id = db.insert("still", 1).await;
    let gate = Arc::new(Semaphore::new(0));
    let runs = Arc::new(AtomicUsize::new(0));
    let wait = {
        let (gate, runs) = (Arc::clone(&gate), Arc::clone(&runs));
        handler(move |_, _| {
            runs.fetch_add(1, Ordering::SeqCst);
            let gate = Arc::clone(&gate);
            async move {
                gate.acquire().await.unwrap().forget();
                Ok(())
            }
        })
    };
    let holder = Worker::start(&holders.db, settings(), config("still", 1), Arc::clone(&wait));
    db.reaches(id, "RUNNING").await;
    let other = Worker::start(&others.db, settings(), config("still", 1), wait);
    let keepers = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                   AND application_name = 'wangqian-leases'";
    eventually("both keep leases", async || {
        (db.number(keepers).await == 2).then_some(())
    })
    .await;
    let stood_still = db.number("SELECT extract(epoch FROM now()) * 1000").await;
    holders.stand_still();
    others.stand_still();
    gate.add_permits(1);
    let over = "SELECT count(*) FROM jobs WHERE lease_until < now() - interval '1 second'";
    eventually("the lease is long over", async || {
        (db.number(over).await == 1).then_some(())
    })
    .await;
    let began = db.number("SELECT extract(epoch FROM now()) * 1000").await;
    // On a connection that it makes now, or on one that it was just making; not on the one of before.
    let back = format!(
        "{keepers} AND extract(epoch FROM state_change) * 1000 > {began} \
         AND extract(epoch FROM backend_start) * 1000 > {stood_still} AND state = 'idle'"
    );
    others.go_on();
    eventually("the other one keeps leases again", async || {
        (db.number(&back).await > 0).then_some(())
    })
    .await;
    holders.go_on();
    let row = db.reaches(id, "DONE").await;
    assert_eq!((row.attempt, row.last_error), (1, None));
    assert_eq!(runs.load(Ordering::SeqCst), 1, "done once");
    // And both go on.
    gate.add_permits(2);
    for n in 2..4 {
        db.insert("still", n).await;
    }
    db.counts("still", "DONE", 3).await;
    assert_eq!(runs.load(Ordering::SeqCst), 3);
    holder.stop().await;
    other.stop().await;
}
