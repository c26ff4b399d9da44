//! Fifty thousand rows, five hundred of them bad in ten ways, by a worker in a process of its own: which is killed on the way,
//! goes on, and stays small.

use std::{
    fs,
    process::{Child, Stdio},
};

use serde_json::json;
use wangqian_schema::workflow::ReviewRoute;

use super::{PEOPLE, counts, text};
use crate::support::{Server, people, roster};

const ROWS: u32 = 50_000;
/// One row in a hundred is bad, in each of ten ways in turn.
const EVERY: u32 = 100;
const MOST_KB: u64 = 300 * 1024;

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
        let line = status
            .lines()
            .find(|line| line.starts_with("VmHWM:"))
            .expect("a peak");
        line.split_whitespace()
            .nth(1)
            .expect("a number")
            .parse()
            .expect("a number")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The rows, and for each bad one its number in the file, the field and the code.
fn rows(strangers: &[String], taken: &str) -> (Vec<roster::Row>, Vec<(i64, &'static str, &'static str)>) {
    let mut rows: Vec<_> = (0..ROWS).map(roster::row).collect();
    let mut bad = Vec::new();
    for (turn, index) in (0..ROWS).filter(|index| index % EVERY == EVERY - 1).enumerate() {
        let earlier = rows[index as usize - 1].clone();
        let row = &mut rows[index as usize];
        let gender = |card: &str| {
            if card.as_bytes()[16] % 2 == 1 {
                "男"
            } else {
                "女"
            }
            .to_owned()
        };
        let (field, code) = match turn % 10 {
            0 => {
                row[1].clear();
                ("NAME", "REQUIRED")
            }
            1 => {
                let last = if row[3].ends_with('0') { "1" } else { "0" };
                row[3].replace_range(17.., last);
                ("ID_CARD_NUMBER", "ID_CARD_NUMBER_INVALID")
            }
            2 => {
                row[2] = if row[2] == "男" { "女" } else { "男" }.to_owned();
                ("GENDER", "ID_CARD_NUMBER_MISMATCH")
            }
            3 => {
                row[0] = earlier[0].clone();
                ("STUDENT_NUMBER", "DUPLICATE_IN_FILE")
            }
            4 => {
                row[3] = earlier[3].clone();
                row[2] = gender(&row[3]);
                ("ID_CARD_NUMBER", "DUPLICATE_IN_FILE")
            }
            5 => {
                row[3] = strangers[turn / 10].clone();
                row[2] = gender(&row[3]);
                ("ID_CARD_NUMBER", "BELONGS_TO_OTHER_SCHOOL")
            }
            6 => {
                row[5] = "98".to_owned();
                ("DEPARTMENT", "UNKNOWN_DEPARTMENT")
            }
            7 => {
                row[6] = "博士后出站".to_owned();
                ("DEGREE_LEVEL", "UNKNOWN_CODE")
            }
            8 => {
                row[10] = "12345".to_owned();
                ("MOBILE", "INVALID_FORMAT")
            }
            _ if turn == 9 => {
                row[11] = taken.to_owned();
                ("EMAIL", "TAKEN")
            }
            _ => {
                row[4] = "27".to_owned();
                ("CLASS_YEAR", "INVALID_FORMAT")
            }
        };
        bad.push((i64::from(index) + 2, field, code));
    }
    (rows, bad)
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_thousand_rows_with_five_hundred_bad_ones_by_workers_that_are_killed() {
    let server = Server::empty_with(&["--import-concurrency=0"]).await;
    let platform = &server.platform;
    let school = people::school(platform, ReviewRoute::SchoolOnly).await;
    let elsewhere = people::school(platform, ReviewRoute::SchoolOnly).await;
    let mut strangers = Vec::new();
    for index in 0..ROWS / EVERY / 10 {
        let card = roster::id_card(100_000 + index);
        let person = people::graduate(platform, &elsewhere, |new| new.id_card_number.clone_from(&card)).await;
        strangers.push(person.id_card_number);
    }
    let (rows, bad) = rows(&strangers, &school.school_reviewer);
    assert_eq!(bad.len(), 500);
    let file = roster::xlsx(&rows);
    let reviewer = server.login(&school.school_reviewer).await;

    let worker = Worker::start(&server);
    let id = roster::hand_in(&reviewer, "first", "XLSX", file.clone()).await;
    roster::start(&reviewer, &id).await;
    let mut progress = reviewer.subscribe(roster::FOLLOW, json!({ "id": id })).await;
    let mut killed = Vec::from([worker]);
    let mut peak = 0;
    let mut seen = Vec::new();
    while let Some(mut event) = progress.next().await {
        assert!(event.get("errors").is_none(), "{event}");
        let import = event["data"]["graduateImportProgressed"].take();
        let done = import["rowsDone"].as_i64().unwrap();
        // Killed once in the middle; another one goes on.
        if done > 10_000 && killed.len() == 1 {
            peak = killed[0].peak();
            killed[0].0.kill().unwrap();
            killed.push(Worker::start(&server));
        }
        seen.push(import);
    }
    let ended = seen.last().expect("an end");
    assert_eq!(killed.len(), 2, "it was killed on the way: {seen:?}");
    assert_eq!(ended["status"], "DONE", "{ended}");
    assert_eq!(counts(ended), [49_500, 0, 0, 500]);
    let done: Vec<_> = seen
        .iter()
        .map(|import| import["rowsDone"].as_i64().unwrap())
        .collect();
    assert!(done.is_sorted() && done.len() > 5, "progress was seen: {done:?}");

    let report = roster::report(&reviewer, &id).await;
    let found: Vec<_> = report
        .iter()
        .map(|problem| {
            (
                problem["rowNumber"].as_i64().unwrap(),
                problem["field"].as_str().unwrap(),
                problem["code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(found, bad);
    let whole = json!(report).to_string();
    assert!(
        bad.iter()
            .all(|(number, ..)| !whole.contains(&rows[usize::try_from(number - 2).unwrap()][3]))
    );
    let kept = format!(
        "SELECT count(*)::text AS text FROM graduates WHERE school_id = '{}'",
        school.school
    );
    assert_eq!(text(platform, &kept).await, "49500");

    let before = text(platform, PEOPLE).await;
    let (_, again) = roster::import(&reviewer, "second", "XLSX", file).await;
    assert_eq!(counts(&again), [0, 0, 49_500, 500]);
    assert_eq!(
        text(platform, PEOPLE).await,
        before,
        "the same file changes nothing"
    );
    let peak = peak.max(killed[1].peak());
    assert!(peak < MOST_KB, "the worker took {peak} KB");
}
