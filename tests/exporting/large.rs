//! Twenty thousand graduates, by a worker in a process of its own: which is killed on the way, begins again, and stays small.

use std::{
    fs,
    process::{Child, Stdio},
};

use serde_json::json;
use sha2::{Digest, Sha256};
use wangqian_schema::workflow::ReviewRoute;

use super::{execute, text};
use crate::support::{
    Server,
    exporting::{self, Table},
    people,
};

const ROWS: usize = 20_000;
/// The worker alone takes some 60 MB, fonts included.
const MOST_KB: u64 = 250 * 1024;

/// A `wangqian worker`; dropping it kills it.
struct Worker(Child);

impl Worker {
    fn start(server: &Server) -> Self {
        let child = server
            .command(&["worker"])
            .env("WANGQIAN_WORKER_LEASE_SECONDS", "1")
            .stderr(Stdio::null())
            .spawn();
        Self(child.expect("the executable starts"))
    }

    /// The most memory that it has had resident, in KB.
    fn peak(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).expect("a running process");
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        number.expect("a peak").parse().expect("a number")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_thousand_rows_by_workers_that_are_killed() {
    let server = Server::empty_with(&["--export-concurrency=0"]).await;
    let platform = &server.platform;
    let school = people::school(platform, ReviewRoute::SchoolOnly).await;
    let made = format!(
        "WITH account AS (INSERT INTO accounts (id, kind, mobile, password_hash)
            SELECT gen_random_uuid(), 'GRADUATE', '100' || (50000000 + n), '-' FROM generate_series(1, {ROWS}) AS n RETURNING *)
        INSERT INTO graduates (id, account_id, school_id, department_id, class_year, student_number, name, gender, id_card_number,
            degree_level, major, training_mode, origin_region, online_signing_allowed)
        SELECT gen_random_uuid(), id, '{}', '{}', {}, 'S' || mobile, '林示例', 'FEMALE', '0000000' || mobile, '31', '软件工程', '1',
            '110108', true FROM account",
        school.school,
        school.department,
        people::class_year()
    );
    execute(platform, &made).await;
    let reviewer = server.login(&school.school_reviewer).await;

    let mut killed = Vec::from([Worker::start(&server)]);
    let mut peak = 0;
    for format in ["XLSX", "CSV"] {
        let id = exporting::ask(&reviewer, format, json!({ "format": format })).await;
        let mut progress = reviewer.subscribe(exporting::FOLLOW, json!({ "id": id })).await;
        let mut seen = Vec::new();
        while let Some(mut event) = progress.next().await {
            assert!(event.get("errors").is_none(), "{event}");
            let export = event["data"]["recordExportProgressed"].take();
            let done = export["rowsDone"].as_i64().unwrap();
            // Killed once in the middle; another one begins it again.
            if done > 2_000 && killed.len() == 1 {
                peak = killed[0].peak();
                killed[0].0.kill().unwrap();
                killed.push(Worker::start(&server));
            }
            seen.push(export);
        }
        let ended = seen.last().expect("an end");
        assert_eq!(killed.len(), 2, "it was killed on the way: {seen:?}");
        assert_eq!(ended["status"], "READY", "{ended}");
        assert_eq!(ended["rowsDone"], ROWS, "{ended}");
        assert!(seen.len() > 3, "progress was seen: {seen:?}");
        let runs = format!(
            "SELECT run::text AS text FROM record_exports WHERE number = {}",
            ended["number"]
        );
        let runs = text(platform, &runs.replace('"', "'")).await;
        assert_eq!(runs, if format == "XLSX" { "2" } else { "1" });

        let (_, bytes) = exporting::download(&reviewer, &id).await;
        let sha256 = ended["sha256"].as_str().unwrap();
        let found: String = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(found, sha256);
        let table = match format {
            "XLSX" => Table::of_sheet(&bytes, "毕业生名单"),
            _ => Table::of_csv(&bytes),
        };
        let mut numbers = table.column("学号");
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!((table.rows.len(), numbers.len()), (ROWS, ROWS), "each once");
    }
    let peak = peak.max(killed[1].peak());
    assert!(peak < MOST_KB, "the worker took {peak} KB");
}
