//! Rosters of made-up graduates, as files, and the operations of an import as clients send them.

use serde_json::{Value, json};
use wangqian_schema::checks::id_card_check;

use super::{Client, people::class_year};

/// Announces a roster.
pub(crate) const CREATE: &str =
    "mutation($input: CreateGraduateImportInput!) { createGraduateImport(input: $input) {
    graduateImport { id status } link { url headers { name value } } userErrors { code field message } } }";
/// Has it worked through.
pub(crate) const START: &str = "mutation($id: ID!) { startGraduateImport(input: { importId: $id }) {
    graduateImport { id status } userErrors { code field message } } }";
/// Follows it to its end.
pub(crate) const FOLLOW: &str = "subscription($id: ID!) { graduateImportProgressed(importId: $id) {
    status rowsTotal rowsDone rowsCreated rowsUpdated rowsUnchanged rowsFailed ignoredHeadings
    failure { code message headings } } }";
/// A page of its report.
pub(crate) const REPORT: &str = "query($id: ID!, $after: String) { node(id: $id) { ... on GraduateImport {
    report(first: 100, after: $after) { nodes { rowNumber field code message otherRow }
    pageInfo { hasNextPage endCursor } } } } }";

/// The headings of the template.
pub(crate) const HEADINGS: [&str; 12] = [
    "学号",
    "姓名",
    "性别",
    "身份证号",
    "届",
    "院系代码",
    "学历层次",
    "专业",
    "培养方式",
    "生源地",
    "手机",
    "邮箱",
];

/// A row of a roster: the cells in the order of [`HEADINGS`].
pub(crate) type Row = [String; 12];

/// The ID-card number of somebody made up: each index gives another one.
pub(crate) fn id_card(index: u32) -> String {
    let born =
        chrono::NaiveDate::from_ymd_opt(2003, 1, 1).unwrap() + chrono::Days::new(u64::from(index / 999));
    let first = format!("000000{}{:03}", born.format("%Y%m%d"), index % 999 + 1);
    let check = id_card_check(&first).unwrap();
    format!("{first}{check}")
}

/// A good row of the department `01`: each index gives another person.
pub(crate) fn row(index: u32) -> Row {
    let number = id_card(index);
    let male = number.as_bytes()[16] % 2 == 1;
    [
        format!("R{index:06}"),
        format!("林示例{index}"),
        if male { "男" } else { "女" }.to_owned(),
        number,
        class_year().to_string(),
        "01".to_owned(),
        "本科生毕业".to_owned(),
        "软件工程".to_owned(),
        "非定向".to_owned(),
        "110108".to_owned(),
        format!("100{:08}", 50_000_000 + index),
        format!("roster{index}@example.com"),
    ]
}

/// As a CSV file in UTF-8, with the byte order mark that Excel sets.
pub(crate) fn csv(rows: &[Row]) -> Vec<u8> {
    let mut text = format!("\u{FEFF}{}\r\n", HEADINGS.join(","));
    for row in rows {
        text.push_str(&row.join(","));
        text.push_str("\r\n");
    }
    text.into_bytes()
}

/// As an Excel workbook.
pub(crate) fn xlsx(rows: &[Row]) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, heading) in (0..).zip(HEADINGS) {
        sheet.write_string(0, column, heading).unwrap();
    }
    for (line, row) in (1..).zip(rows) {
        for (column, cell) in (0..).zip(row) {
            sheet.write_string(line, column, cell).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

/// Announces a file and hands it in; the import's id.
pub(crate) async fn hand_in(reviewer: &Client, key: &str, format: &str, file: Vec<u8>) -> String {
    let input = json!({ "input": {
        "fileName": "毕业生名册", "format": format, "byteSize": file.len(), "idempotencyKey": key,
    } });
    let created = reviewer.mutate(CREATE, input).await;
    assert_eq!(created["userErrors"], json!([]));
    assert_eq!(put(&created["link"], file).await, 200);
    created["graduateImport"]["id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

/// PUTs a file by a link; the status.
pub(crate) async fn put(link: &Value, file: Vec<u8>) -> u16 {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let mut request = client.put(link["url"].as_str().expect("a link"));
    for header in link["headers"].as_array().expect("headers") {
        request = request.header(
            header["name"].as_str().unwrap(),
            header["value"].as_str().unwrap(),
        );
    }
    request
        .body(file)
        .send()
        .await
        .expect("an answer")
        .status()
        .as_u16()
}

/// Starts an import.
pub(crate) async fn start(reviewer: &Client, id: &str) {
    let started = reviewer.mutate(START, json!({ "id": id })).await;
    assert_eq!(started["userErrors"], json!([]));
}

/// Follows an import to its end: all that was seen of its progress.
pub(crate) async fn follow(reviewer: &Client, id: &str) -> Vec<Value> {
    let mut events = reviewer.subscribe(FOLLOW, json!({ "id": id })).await;
    let mut seen = Vec::new();
    while let Some(mut event) = events.next().await {
        assert!(event.get("errors").is_none(), "{event}");
        seen.push(event["data"]["graduateImportProgressed"].take());
    }
    seen
}

/// Announces, hands in, starts and follows: how the import ended.
pub(crate) async fn import(reviewer: &Client, key: &str, format: &str, file: Vec<u8>) -> (String, Value) {
    let id = hand_in(reviewer, key, format, file).await;
    start(reviewer, &id).await;
    let ended = follow(reviewer, &id).await.pop().expect("an end");
    (id, ended)
}

/// The whole report.
pub(crate) async fn report(reviewer: &Client, id: &str) -> Vec<Value> {
    let mut nodes = Vec::new();
    let mut after = Value::Null;
    loop {
        let mut page = reviewer.query(REPORT, json!({ "id": id, "after": after })).await;
        let mut page = page["node"]["report"].take();
        nodes.append(page["nodes"].as_array_mut().expect("nodes"));
        if page["pageInfo"]["hasNextPage"] != true {
            return nodes;
        }
        after = page["pageInfo"]["endCursor"].take();
    }
}
