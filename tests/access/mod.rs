//! Nobody sees what is not his: `table.md` says who may see and do what, and here it is tried over HTTP.
//!
//! A new query, mutation, subscription, type with a global id or link to a file needs a row there and a probe in the module of its kind.

mod accounts;
mod agreements;
mod destinations;
mod employers;
mod filed;
mod graduates;
mod leaving;
mod links;
mod probes;
mod schools;
mod terminations;
mod world;

use std::fmt;

use futures_util::future::join_all;
use serde_json::{Value, json};
use wangqian_api::graphql;

use self::{
    probes::{Mark, Probe},
    world::{Target, Who, World, filled_in},
};

fn probes() -> impl Iterator<Item = &'static Probe> {
    let all = [
        accounts::PROBES,
        agreements::PROBES,
        destinations::PROBES,
        employers::PROBES,
        filed::PROBES,
        graduates::PROBES,
        leaving::PROBES,
        links::PROBES,
        schools::PROBES,
        terminations::PROBES,
    ];
    all.into_iter().flatten()
}

const TABLE: &str = include_str!("table.md");

/// What a cell says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Sees,
    Masked,
    Own,
    Absent,
    Refused(String),
}

impl Outcome {
    fn read(cell: &str) -> Self {
        match cell {
            "✓" => Self::Sees,
            "masked" => Self::Masked,
            "own" => Self::Own,
            "–" => Self::Absent,
            code => {
                let is_code = code.contains('_') || code == "UNAUTHENTICATED";
                assert!(is_code, "{code:?} is no cell of the table");
                Self::Refused(code.to_owned())
            }
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sees => "✓",
            Self::Masked => "masked",
            Self::Own => "own",
            Self::Absent => "–",
            Self::Refused(code) => code,
        })
    }
}

struct Row {
    name: String,
    cells: Vec<Outcome>,
}

impl Row {
    fn expected(&self, who: Who) -> &Outcome {
        &self.cells[who as usize]
    }

    /// Whether its probe looks at the address of the link that this field gives.
    fn shows_a_link(&self, field: &str) -> bool {
        let asks = self.probe().document.contains(&format!("{field} {{ url"));
        asks && matches!(self.probe().mark, Mark::Text(_))
    }

    fn probe(&self) -> &'static Probe {
        let found = probes().find(|probe| probe.row == self.name);
        found.unwrap_or_else(|| panic!("the row {:?} has no probe", self.name))
    }
}

/// The sections of the table with their rows.
fn sections() -> Vec<(&'static str, Vec<Row>)> {
    let sections = TABLE.split("\n## ").skip(1);
    sections
        .map(|section| {
            let (title, text) = section.split_once('\n').expect("a title");
            let mut rows = Vec::new();
            for line in text.lines().filter(|line| line.starts_with('|')) {
                let mut cells = line.trim_matches('|').split('|').map(str::trim);
                let name = cells.next().unwrap().replace('`', "");
                let cells: Vec<&str> = cells.collect();
                if name.is_empty() {
                    assert_eq!(cells, Who::ALL.map(|(_, name)| name), "the columns of {title}");
                } else if !name.starts_with("---") {
                    assert_eq!(cells.len(), Who::ALL.len(), "the cells of {name}");
                    let cells = cells.into_iter().map(Outcome::read).collect();
                    rows.push(Row { name, cells });
                }
            }
            (title, rows)
        })
        .collect()
}

/// The code of the first error that the answer reports, wherever it does.
fn refusal(answer: &Value) -> Option<&str> {
    let payload = || answer["data"].as_object()?.values().next();
    let user_error = || {
        let payload = payload()?;
        let whole = payload["userErrors"].get(0);
        whole.or_else(|| payload["results"][0]["userErrors"].get(0))
    };
    match answer["errors"].get(0) {
        Some(error) => Some(
            error["extensions"]["code"]
                .as_str()
                .unwrap_or("an error without a code"),
        ),
        None => user_error()?["code"].as_str(),
    }
}

/// Whether there is anything at all in the data.
fn holds_something(data: &Value) -> bool {
    match data {
        Value::Null => false,
        Value::Array(items) => items.iter().any(holds_something),
        Value::Object(fields) => fields.values().any(holds_something),
        Value::Number(number) => number.as_i64() != Some(0),
        _ => true,
    }
}

fn judge(world: &World, probe: &Probe, answer: &Value, changed: bool) -> Outcome {
    match refusal(answer) {
        Some("NOT_FOUND") => return Outcome::Absent,
        Some(code) => return Outcome::Refused(code.to_owned()),
        None => {}
    }
    let data = answer["data"].to_string();
    let marked = match &probe.mark {
        Mark::Target => data.contains(&world.target(probe.target).0),
        Mark::Text(text) => data.contains(&text(world)),
        Mark::Change => changed,
    };
    if marked {
        Outcome::Sees
    } else if data.contains("***") {
        Outcome::Masked
    } else if holds_something(&answer["data"]) {
        Outcome::Own
    } else {
        Outcome::Absent
    }
}

/// The answer to a query or mutation about `id`.
async fn ask(world: &World, probe: &Probe, who: Who, id: &str) -> Value {
    let variables = filled_in(world, (probe.variables)(id));
    if probe.ends_its_session() {
        world.fresh(who).await.graphql(probe.document, variables).await
    } else {
        world.client(who).graphql(probe.document, variables).await
    }
}

/// The first event of a subscription about `id`, or the error with which it ends; null when nothing came until its session
/// was ended.
async fn follow(world: &World, probe: &Probe, who: Who, id: &str, expected: &Outcome) -> Value {
    let client = world.fresh(who).await;
    let mut variables = (probe.variables)(id);
    variables["after"] = world.feed_begin.clone();
    // Silence tells something only where there would have been something to hear.
    world.until_the_feed_is_final().await;
    let mut events = client.subscribe(probe.document, variables).await;
    // Whoever does not see the case itself is told so; all others may follow what never comes.
    let may_follow = probe.target == Target::Nothing || world.sees(who, id).await;
    let silent = *expected == Outcome::Absent && may_follow;
    if silent {
        // For ever, were it not that a session that has ended ends it.
        client
            .query("mutation { logOut { __typename } }", json!({}))
            .await;
    }
    loop {
        let event = events.next().await.expect("an event or an error");
        let refused = refusal(&event);
        if silent && refused == Some("UNAUTHENTICATED") {
            return json!({ "data": null });
        }
        // The feed may begin a moment early.
        let is_it = refused.is_some() || judge(world, probe, &event, false) == Outcome::Sees;
        if is_it || *expected != Outcome::Sees {
            return event;
        }
    }
}

/// What somebody gets, and whether it reads like nothing where it has to.
async fn attempt(world: &World, probe: &Probe, who: Who, expected: &Outcome) -> Result<(), String> {
    let (id, nothing) = world.target(probe.target);
    let answer_about = async |id: &str| {
        if probe.follows() {
            follow(world, probe, who, id, expected).await
        } else {
            ask(world, probe, who, id).await
        }
    };
    if probe.row == "answerLeavingDispute" {
        // Whoever answers leaves nothing to answer.
        world.dispute().await;
    }
    let before = if probe.writes() {
        world.snapshot().await
    } else {
        String::new()
    };
    let answer = answer_about(&id).await;
    let changed = probe.writes() && world.snapshot().await != before;
    let found = judge(world, probe, &answer, changed);
    if found != *expected {
        return Err(format!("{found} instead of {expected}: {answer}"));
    }
    let refused = matches!(found, Outcome::Absent | Outcome::Refused(_));
    if changed && refused {
        return Err(format!("refused, and yet the database has changed: {answer}"));
    }
    if probe.writes() && found == Outcome::Sees && !changed {
        return Err(format!("done, and yet the database has not changed: {answer}"));
    }
    if refused && probe.target != Target::Nothing && !world.sees(who, &id).await {
        let unlike = answer_about(&nothing).await;
        let plain = |answer: &Value, id: &str| answer.to_string().replace(id, "?");
        if plain(&answer, &id) != plain(&unlike, &nothing) {
            return Err(format!("{answer} differs from the answer for nothing: {unlike}"));
        }
    }
    Ok(())
}

async fn try_row(world: &World, row: &Row) -> Vec<String> {
    let probe = row.probe();
    let named = async |(who, name): (Who, &str)| {
        let result = attempt(world, probe, who, row.expected(who)).await;
        result
            .err()
            .map(|error| format!("{} by {name}: {error}", row.name))
    };
    let mut wrong = Vec::new();
    if probe.writes() {
        // Those who may come last, so that the others find everything as it was.
        let mut people = Who::ALL.to_vec();
        people.sort_by_key(|(who, _)| match row.expected(*who) {
            Outcome::Sees => 2,
            Outcome::Own => 1,
            _ => 0,
        });
        for person in people {
            wrong.push(named(person).await);
        }
    } else {
        wrong = join_all(Who::ALL.map(named)).await;
    }
    wrong.into_iter().flatten().collect()
}

/// The names that a question about the schema gives.
async fn of_schema(query: &str, pointer: &str) -> Vec<String> {
    let schema = graphql::builder().finish();
    let answer = schema.execute(query).await.data.into_json().unwrap();
    let entries = answer.pointer(pointer).and_then(Value::as_array).unwrap();
    let names = entries
        .iter()
        .map(|entry| entry["name"].as_str().unwrap().to_owned());
    names.collect()
}

/// The fields that give links to files, as `Type.field`.
async fn file_links() -> Vec<String> {
    let query = "{ __schema { types { name fields { name type { name ofType { name } } } } } }";
    let answer = graphql::builder().finish().execute(query).await;
    let data = answer.data.into_json().unwrap();
    let mut links = Vec::new();
    for found in data["__schema"]["types"].as_array().expect("types") {
        for field in found["fields"].as_array().into_iter().flatten() {
            let (of, own) = (&field["type"]["ofType"]["name"], &field["type"]["name"]);
            if of == "DownloadLink" || own == "DownloadLink" {
                let name = |named: &Value| named["name"].as_str().unwrap().to_owned();
                links.push(format!("{}.{}", name(found), name(field)));
            }
        }
    }
    assert!(links.contains(&"Document.downloadLink".to_owned()), "{links:?}");
    links
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_what_the_table_says() {
    let mut world = World::new().await;
    for (section, rows) in sections() {
        world.enter(section).await;
        for row in rows {
            let wrong = try_row(&world, &row).await;
            assert!(wrong.is_empty(), "{section}:\n{}", wrong.join("\n"));
        }
    }
    the_paper_opens_by_its_link_only(&world).await;
}

/// A link gives the very bytes that are stored, and nothing without its signature; whoever has only the code printed on
/// the paper learns no whole name.
async fn the_paper_opens_by_its_link_only(world: &World) {
    let id = world.target(Target::Document).0;
    let query = "query($id: ID!) { node(id: $id) { ... on Document { downloadLink { url } } } }";
    let found = world
        .client(Who::Graduate)
        .query(query, json!({ "id": id }))
        .await;
    let link = found["node"]["downloadLink"]["url"].as_str().expect("a link");
    let stored = world.stored_paper().await;
    assert!(stored.starts_with(b"%PDF"), "a PDF");
    assert_eq!(fetch(link).await, (200, stored));
    let (unsigned, _) = link.split_once('?').expect("a signature");
    assert_eq!(fetch(unsigned).await.0, 403, "the store is closed");

    let verify = "query($code: String!) { verifyAgreement(code: $code) { graduateName employerName } }";
    let code = world.target(Target::VerificationCode).0;
    let told = world
        .client(Who::Nobody)
        .query(verify, json!({ "code": code }))
        .await;
    let told = &told["verifyAgreement"];
    for (field, name) in [
        ("graduateName", &world.graduate.name),
        ("employerName", &world.company.name),
    ] {
        let shown = told[field].as_str().expect("a name");
        assert!(shown.contains('＊') && shown.starts_with(&name[..3]), "{shown}");
        assert!(!told.to_string().contains(name), "{told}");
    }
}

async fn fetch(url: &str) -> (u16, Vec<u8>) {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let response = client.get(url).send().await.expect("an answer");
    let status = response.status().as_u16();
    (status, response.bytes().await.expect("bytes").to_vec())
}

#[tokio::test]
async fn no_operation_and_no_type_is_forgotten() {
    let sections = sections();
    let rows: Vec<&Row> = sections.iter().flat_map(|(_, rows)| rows).collect();
    let mut missing = Vec::new();
    for root in ["queryType", "mutationType", "subscriptionType"] {
        let query = format!("{{ __schema {{ {root} {{ fields {{ name }} }} }} }}");
        for field in of_schema(&query, &format!("/__schema/{root}/fields")).await {
            let mut of_field = rows
                .iter()
                .filter(|row| row.name.split([' ', ':']).next() == Some(&field));
            if of_field.next().is_none() {
                missing.push(format!("a row of the {root} {field}"));
            }
        }
    }
    let query = "{ __type(name: \"Node\") { possibleTypes { name } } }";
    for node in of_schema(query, "/__type/possibleTypes").await {
        let name = format!("node: {node}");
        let of_node = |row: &&&Row| row.name == name || row.name.starts_with(&format!("{name} "));
        if rows.iter().find(of_node).is_none() {
            missing.push(format!("a row {name:?}"));
        }
    }
    for link in file_links().await {
        // What a mutation gives is a matter of the mutation.
        let (of, field) = link.split_once('.').expect("a field of a type");
        let row = match of.strip_suffix("Payload") {
            Some(mutation) => mutation[..1].to_lowercase() + &mutation[1..],
            None => link.clone(),
        };
        if !rows
            .iter()
            .any(|found| found.name == row && found.shows_a_link(field))
        {
            missing.push(format!("a row {row:?} that looks at the link {link}"));
        }
    }
    for operation in links::OPERATIONS {
        for dead in links::DEAD {
            let row = format!("{operation} by {dead}");
            if !rows.iter().any(|found| found.name == row) {
                missing.push(format!("a row {row:?}"));
            }
        }
    }
    for probe in probes() {
        let of_field = probe.row.starts_with(char::is_uppercase) && probe.row.contains('.');
        assert!(
            !of_field || !matches!(probe.mark, Mark::Target),
            "{}: the id alone does not show the field",
            probe.row
        );
        if !rows.iter().any(|row| row.name == probe.row) {
            missing.push(format!("a row of the probe {:?}", probe.row));
        }
    }
    for row in &rows {
        row.probe();
    }
    assert!(missing.is_empty(), "tests/access/table.md lacks {missing:#?}");
}
