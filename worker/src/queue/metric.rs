//! The queue's figures, by queue; their names and meanings stand here once.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

/// Describes the figures to the recorder that is installed.
pub(super) fn describe() {
    describe_counter!("wangqian_jobs_started_total", "Attempts begun");
    describe_counter!("wangqian_jobs_finished_total", "Attempts that succeeded");
    describe_counter!(
        "wangqian_jobs_failed_total",
        "Attempts that failed, also those that parked their job"
    );
    describe_counter!("wangqian_jobs_parked_total", "Jobs parked for an operator");
    describe_counter!(
        "wangqian_jobs_lost_total",
        "Attempts ended because their lease was lost"
    );
    describe_counter!(
        "wangqian_jobs_released_total",
        "Jobs handed back unfinished at shutdown"
    );
    describe_counter!(
        "wangqian_jobs_vanished_total",
        "Jobs freed because their worker vanished"
    );
    describe_counter!(
        "wangqian_lease_trouble_total",
        "Times the leases could not be prolonged"
    );
    describe_histogram!(
        "wangqian_job_duration_seconds",
        Unit::Seconds,
        "How long attempts took"
    );
    describe_gauge!("wangqian_jobs_waiting", "Due jobs not yet begun, up to 10,000");
    describe_gauge!("wangqian_jobs_parked", "Parked jobs, up to 10,000");
    describe_gauge!(
        "wangqian_jobs_oldest_due_seconds",
        Unit::Seconds,
        "How long the oldest due job has waited"
    );
}

pub(super) fn started(queue: &'static str) {
    counter!("wangqian_jobs_started_total", "queue" => queue).increment(1);
}

pub(super) fn ended(queue: &'static str, took: Duration) {
    histogram!("wangqian_job_duration_seconds", "queue" => queue).record(took);
}

pub(super) fn finished(queue: &'static str) {
    counter!("wangqian_jobs_finished_total", "queue" => queue).increment(1);
}

pub(super) fn failed(queue: &'static str) {
    counter!("wangqian_jobs_failed_total", "queue" => queue).increment(1);
}

pub(super) fn parked(queue: &'static str) {
    counter!("wangqian_jobs_parked_total", "queue" => queue).increment(1);
}

pub(super) fn lost(queue: &'static str) {
    counter!("wangqian_jobs_lost_total", "queue" => queue).increment(1);
}

pub(super) fn released(queue: &'static str) {
    counter!("wangqian_jobs_released_total", "queue" => queue).increment(1);
}

pub(super) fn reaped(queue: String, parked: bool) {
    counter!("wangqian_jobs_vanished_total", "queue" => queue.clone()).increment(1);
    if parked {
        counter!("wangqian_jobs_parked_total", "queue" => queue).increment(1);
    }
}

pub(super) fn lease_trouble() {
    counter!("wangqian_lease_trouble_total").increment(1);
}

#[expect(clippy::cast_precision_loss, reason = "a gauge of at most 10,000")]
pub(super) fn standing(queue: String, waiting: i64, parked: i64, oldest: Duration) {
    gauge!("wangqian_jobs_waiting", "queue" => queue.clone()).set(waiting as f64);
    gauge!("wangqian_jobs_parked", "queue" => queue.clone()).set(parked as f64);
    gauge!("wangqian_jobs_oldest_due_seconds", "queue" => queue).set(oldest.as_secs_f64());
}
