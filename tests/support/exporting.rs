//! The operations of an export as clients send them.

use std::io::Cursor;

use calamine::{Reader, Xlsx};
use serde_json::{Value, json};

use super::{Client, people::class_year};

/// Asks for an export.
pub(crate) const EXPORT: &str = "mutation($input: ExportRecordsInput!) { exportRecords(input: $input) {
    recordExport { id status } userErrors { code field message } } }";
/// Asks for a link to its file.
pub(crate) const DOWNLOAD: &str = "mutation($id: ID!) { downloadRecordExport(input: { exportId: $id }) {
    link { url expiresAt } userErrors { code field message } } }";
/// Follows it to its end.
pub(crate) const FOLLOW: &str = "subscription($id: ID!) { recordExportProgressed(exportId: $id) {
    id number status rowsTotal rowsDone byteSize sha256 expiresAt failure { code message } department { name }
    includesPersonalData } }";

/// The variables of [`EXPORT`]: the class of [`class_year`] as a workbook, unless `more` says otherwise.
pub(crate) fn input(key: &str, more: Value) -> Value {
    let mut input = json!({
        "subject": "GRADUATES", "format": "XLSX", "classYear": class_year(), "idempotencyKey": key,
    });
    for (name, value) in more.as_object().expect("fields") {
        input[name] = value.clone();
    }
    json!({ "input": input })
}

/// Asks for an export; its id.
pub(crate) async fn ask(reviewer: &Client, key: &str, more: Value) -> String {
    let asked = reviewer.mutate(EXPORT, input(key, more)).await;
    assert_eq!(asked["userErrors"], json!([]));
    asked["recordExport"]["id"].as_str().expect("an id").to_owned()
}

/// Follows an export to its end: all that was seen of its progress.
pub(crate) async fn follow(reviewer: &Client, id: &str) -> Vec<Value> {
    let mut events = reviewer.subscribe(FOLLOW, json!({ "id": id })).await;
    let mut seen = Vec::new();
    while let Some(mut event) = events.next().await {
        assert!(event.get("errors").is_none(), "{event}");
        seen.push(event["data"]["recordExportProgressed"].take());
    }
    seen
}

/// Downloads the file of an export: what the store says of it, and its bytes.
pub(crate) async fn download(reviewer: &Client, id: &str) -> (reqwest::header::HeaderMap, Vec<u8>) {
    let taken = reviewer.mutate(DOWNLOAD, json!({ "id": id })).await;
    assert_eq!(taken["userErrors"], json!([]));
    let url = taken["link"]["url"].as_str().expect("a link");
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let response = client.get(url).send().await.expect("an answer");
    assert_eq!(response.status().as_u16(), 200);
    let headers = response.headers().clone();
    (headers, response.bytes().await.expect("bytes").to_vec())
}

/// Asks, follows and downloads: how it ended, and the file.
pub(crate) async fn export(reviewer: &Client, key: &str, more: Value) -> (Value, Vec<u8>) {
    let id = ask(reviewer, key, more).await;
    let ended = follow(reviewer, &id).await.pop().expect("an end");
    assert_eq!(ended["status"], "READY", "{ended}");
    let (_, bytes) = download(reviewer, &id).await;
    (ended, bytes)
}

/// A table as it was read: the headings, and the rows.
pub(crate) struct Table {
    pub(crate) headings: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    fn of(mut lines: Vec<Vec<String>>) -> Self {
        let headings = lines.remove(0);
        Self {
            headings,
            rows: lines,
        }
    }

    /// The sheet of a workbook.
    pub(crate) fn of_sheet(bytes: &[u8], sheet: &str) -> Self {
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).expect("a workbook");
        let range = book.worksheet_range(sheet).expect("the sheet");
        let line = |row: &[calamine::Data]| row.iter().map(ToString::to_string).collect();
        Self::of(range.rows().map(line).collect())
    }

    /// A CSV file.
    pub(crate) fn of_csv(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).expect("UTF-8");
        let text = text.strip_prefix('\u{FEFF}').expect("a byte order mark");
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(text.as_bytes());
        let line = |record: csv::StringRecord| record.iter().map(str::to_owned).collect();
        Self::of(
            reader
                .records()
                .map(|record| line(record.expect("a line")))
                .collect(),
        )
    }

    /// The cells of a column.
    pub(crate) fn column(&self, heading: &str) -> Vec<&str> {
        let at = self.headings.iter().position(|name| name == heading);
        let at = at.unwrap_or_else(|| panic!("no column {heading}: {:?}", self.headings));
        // A workbook may leave out the empty cells at the end of a row.
        self.rows
            .iter()
            .map(|row| row.get(at).map_or("", String::as_str))
            .collect()
    }

    /// Of the only row in which the column holds this, the cell of another column.
    pub(crate) fn cell(&self, by: &str, value: &str, heading: &str) -> &str {
        let found: Vec<usize> = (0..self.rows.len())
            .filter(|row| self.column(by)[*row] == value)
            .collect();
        assert_eq!(found.len(), 1, "one row with {by} {value}: {:?}", self.rows);
        self.column(heading)[found[0]]
    }
}
