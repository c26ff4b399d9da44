//! The story of leaving school over HTTP: a graduate confirms what is registered for him, or disputes it. His sheet, and the cut-off, stand in
//! the modules below.

mod again;
mod cut_off;
mod desk;
mod sheet;

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use wangqian_api::id::NodeType;
use wangqian_schema::{clock::shanghai_date, workflow::ReviewRoute};

use crate::support::{
    Client, Server,
    people::{self, Person, SchoolWorld},
    placing,
    signing::{refusal, review},
};

/// What is asked of a confirmation after each step.
const CONFIRMATION: &str = "confirmation { id status stands version dispute answer reopenedUntil authorisedUntil viewerActions
    archive { route receivingUnit } draft { route } sheet { version transferNumber verificationNumber status } }
    userErrors { code field message }";
const STANDING: &str = "query($id: ID) { leavingSchool(graduateId: $id) { period { opensOn closesOn cutOffOn } lastDay viewerActions
    registered { __typename ... on Destination { id version } ... on Agreement { id version } } confirmation { id stands } } }";
const SET_PERIOD: &str = "mutation($input: SetLeavingPeriodInput!) { setLeavingPeriod(input: $input) {
    leavingPeriod { classYear opensOn closesOn cutOffOn } userErrors { code field message } } }";
const VERIFY: &str = "query($name: String!, $number: String!) {
    verifyDestinationSheet(graduateName: $name, verificationNumber: $number) {
        status transferNumber blocks { heading entries { label value } } } }";

struct Story {
    server: Server,
    school: SchoolWorld,
    graduate: Person,
    client: Client,
    department: Client,
    office: Client,
    class_year: i16,
}

impl Story {
    async fn begun() -> Self {
        let server = Server::empty().await;
        let school = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
        let mut class_year = 0;
        let graduate = people::graduate(&server.platform, &school, |new| class_year = new.class_year).await;
        Self {
            client: server.login(&graduate.email).await,
            department: server.login(&school.department_reviewer).await,
            office: server.login(&school.school_reviewer).await,
            server,
            school,
            graduate,
            class_year,
        }
    }

    fn today(&self) -> NaiveDate {
        shanghai_date(self.server.platform.clock.now())
    }

    /// A period that is open today and ends today, as does everything.
    fn period(&self) -> Value {
        let today = self.today();
        json!({ "input": { "classYear": self.class_year, "opensOn": today, "closesOn": today, "cutOffOn": today } })
    }

    async fn open(&self) {
        let set = self.office.mutate(SET_PERIOD, self.period()).await;
        assert_eq!(refusal(&set), None, "{set}");
        let titles = "{ notifications(first: 20) { nodes { title } } }";
        self.server
            .until("the announcement", async || {
                let told = self.client.query(titles, json!({})).await;
                told.to_string()
                    .contains("请核对并确认毕业去向登记信息")
                    .then_some(())
            })
            .await;
    }

    /// A registered destination of the graduate's: its id and version.
    async fn registered(&self) -> (String, i64) {
        let begun = placing::create(&self.client, placing::seeking("备注")).await;
        let id = placing::id(&begun);
        placing::submit(&self.client, &id, &[]).await;
        let approved = review(&self.office, &id, "APPROVE", None).await;
        (id, approved["destination"]["version"].as_i64().unwrap())
    }

    async fn standing(&self, by: &Client, of: Option<&str>) -> Value {
        let mut data = by.query(STANDING, json!({ "id": of })).await;
        data["leavingSchool"].take()
    }

    async fn verify(&self, name: &str, number: &str) -> Value {
        let variables = json!({ "name": name, "number": number });
        let mut data = self.server.client().query(VERIFY, variables).await;
        data["verifyDestinationSheet"].take()
    }
}

fn gid(person: &Person) -> String {
    NodeType::Graduate.id(person.id).to_string()
}

/// Takes a step; the payload.
async fn step(client: &Client, name: &str, input: &str, fields: Value) -> Value {
    let warnings = match name {
        "saveLeavingDraft" | "confirmLeaving" => "warnings { field message }",
        _ => "",
    };
    let mutation =
        format!("mutation($input: {input}!) {{ {name}(input: $input) {{ {CONFIRMATION} {warnings} }} }}");
    client.mutate(&mutation, json!({ "input": fields })).await
}

async fn save(client: &Client, archive: Value) -> Value {
    step(
        client,
        "saveLeavingDraft",
        "SaveLeavingDraftInput",
        json!({ "archive": archive }),
    )
    .await
}

async fn confirm(client: &Client, registered: Option<(&str, i64)>) -> Value {
    let (id, version) = registered.unzip();
    let fields = json!({ "registeredId": id, "registeredVersion": version });
    step(client, "confirmLeaving", "ConfirmLeavingInput", fields).await
}

async fn dispute(client: &Client, reason: &str) -> Value {
    step(
        client,
        "disputeLeaving",
        "DisputeLeavingInput",
        json!({ "reason": reason }),
    )
    .await
}

async fn answer(client: &Client, id: &str, answer: &str) -> Value {
    let fields = json!({ "confirmationId": id, "answer": answer });
    step(
        client,
        "answerLeavingDispute",
        "AnswerLeavingDisputeInput",
        fields,
    )
    .await
}

async fn reopen(client: &Client, graduate: &str, until: NaiveDate, reason: &str) -> Value {
    let fields = json!({ "graduateId": graduate, "until": until, "reason": reason });
    step(client, "reopenLeaving", "ReopenLeavingInput", fields).await
}

async fn authorise(client: &Client, id: &str, until: NaiveDate) -> Value {
    let fields = json!({ "confirmationId": id, "until": until });
    step(client, "authoriseSheet", "AuthoriseSheetInput", fields).await
}

async fn withdraw(client: &Client, id: &str) -> Value {
    let fields = json!({ "confirmationId": id });
    step(
        client,
        "withdrawSheetAuthorisation",
        "WithdrawSheetAuthorisationInput",
        fields,
    )
    .await
}

/// Archive and household, whole and right.
fn archive() -> Value {
    json!({
        "route": "TRUSTEE_AGENCY", "receivingUnit": "示例市人才服务中心", "address": "示例市人民路 12 号三楼", "department": "档案室",
        "contactPerson": "示例收件人", "phone": "010-12345678", "postcode": "100000", "accepted": true, "householdMoves": false,
    })
}

fn errors(payload: &Value) -> Vec<(&str, &str)> {
    let errors = payload["userErrors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| {
            (
                error["code"].as_str().unwrap(),
                error["field"].as_str().unwrap_or_default(),
            )
        })
        .collect()
}

/// Only the school says when its graduates confirm; wrong days are named.
#[tokio::test(flavor = "multi_thread")]
async fn a_school_opens_the_period_of_a_class() {
    let story = Story::begun().await;
    assert_eq!(story.standing(&story.client, None).await["period"], Value::Null);
    for (client, code) in [
        (&story.client, "STEP_NOT_ALLOWED"),
        (&story.department, "STEP_NOT_ALLOWED"),
    ] {
        let refused = client.mutate(SET_PERIOD, story.period()).await;
        assert_eq!(refusal(&refused), Some(code));
    }
    let (today, earlier) = (story.today(), story.today() - Days::new(1));
    let wrong = json!({ "input": { "classYear": story.class_year, "opensOn": today, "closesOn": earlier } });
    let refused = story.office.mutate(SET_PERIOD, wrong).await;
    assert_eq!(errors(&refused), [("INVALID_INPUT", "closesOn")]);
    let wrong = json!({ "input": { "classYear": 20270, "opensOn": today, "closesOn": today } });
    let refused = story.office.mutate(SET_PERIOD, wrong).await;
    assert_eq!(errors(&refused), [("INVALID_INPUT", "classYear")]);
    let far = today + Days::new(4000);
    let wrong = json!({ "input": { "classYear": story.class_year, "opensOn": today, "closesOn": today, "cutOffOn": far } });
    let refused = story.office.mutate(SET_PERIOD, wrong).await;
    assert_eq!(errors(&refused), [("INVALID_INPUT", "cutOffOn")]);

    let plain = json!({ "input": { "classYear": story.class_year, "opensOn": today, "closesOn": today } });
    let set = story.office.mutate(SET_PERIOD, plain).await;
    let august = format!("{}-08-31", story.class_year);
    assert_eq!(
        set["leavingPeriod"]["cutOffOn"],
        json!(august),
        "31 August unless set"
    );
    let query = "{ school { leavingPeriods { classYear cutOffOn } history(last: 1) { nodes { action classYear } } } }";
    let school = &story.office.query(query, json!({})).await["school"];
    assert_eq!(
        school["leavingPeriods"],
        json!([{ "classYear": story.class_year, "cutOffOn": august }])
    );
    assert_eq!(
        school["history"]["nodes"],
        json!([{ "action": "SET_LEAVING_PERIOD", "classYear": story.class_year }])
    );
}

/// Disputed, answered, filled in, confirmed; the sheet; changed since, and confirmed again.
#[tokio::test(flavor = "multi_thread")]
async fn a_graduate_disputes_confirms_and_confirms_again() {
    let story = Story::begun().await;
    let (id, version) = story.registered().await;
    for refused in [
        save(&story.client, archive()).await,
        dispute(&story.client, "有误").await,
    ] {
        assert_eq!(errors(&refused), [("CONFIRMATION_NOT_OPEN", "")]);
    }
    assert_eq!(
        errors(&confirm(&story.client, Some((&id, version))).await),
        [("CONFIRMATION_NOT_OPEN", "")]
    );
    story.open().await;
    let standing = story.standing(&story.client, None).await;
    assert_eq!(
        standing["registered"],
        json!({ "__typename": "Destination", "id": id, "version": version })
    );
    assert_eq!(
        standing["viewerActions"],
        json!(["SAVE_DRAFT", "CONFIRM", "DISPUTE"])
    );
    assert_eq!(
        standing["confirmation"],
        Value::Null,
        "a refused step begins none"
    );

    // Disputed, and answered.
    assert_eq!(
        errors(&dispute(&story.client, " ").await),
        [("REASON_REQUIRED", "reason")]
    );
    let long = "字".repeat(501);
    assert_eq!(
        errors(&dispute(&story.client, &long).await),
        [("INVALID_INPUT", "reason")]
    );
    let disputed = dispute(&story.client, "去向类型有误").await;
    assert_eq!(disputed["confirmation"]["status"], "DISPUTED", "{disputed}");
    let confirmation = disputed["confirmation"]["id"].as_str().unwrap();
    assert_eq!(
        errors(&confirm(&story.client, Some((&id, version))).await),
        [("STEP_NOT_ALLOWED", "")]
    );
    let list = "{ leavingConfirmations(statuses: [DISPUTED]) { nodes { id dispute graduate { name } viewerActions } } }";
    for reviewer in [&story.department, &story.office] {
        let listed = reviewer.query(list, json!({})).await;
        let node = &listed["leavingConfirmations"]["nodes"][0];
        assert_eq!(
            (&node["id"], &node["dispute"]),
            (&json!(confirmation), &json!("去向类型有误"))
        );
        assert_eq!(node["viewerActions"][0], "ANSWER");
    }
    assert_eq!(
        errors(&answer(&story.department, confirmation, "").await),
        [("REASON_REQUIRED", "answer")]
    );
    assert_eq!(
        errors(&answer(&story.client, confirmation, "好").await),
        [("STEP_NOT_ALLOWED", "")]
    );
    let answered = answer(&story.department, confirmation, "已核对，登记无误").await;
    assert_eq!(answered["confirmation"]["status"], "ANSWERED", "{answered}");
    assert_eq!(
        errors(&answer(&story.office, confirmation, "好").await),
        [("STEP_NOT_ALLOWED", "")]
    );
    let told = "{ notifications(first: 1) { nodes { body case { ... on LeavingConfirmation { id } } } } }";
    let told = &story.client.query(told, json!({})).await["notifications"]["nodes"][0];
    assert!(
        told["body"].as_str().unwrap().contains("已核对，登记无误"),
        "{told}"
    );
    assert_eq!(told["case"]["id"], confirmation);

    // Filled in, and confirmed as it was seen.
    let empty = confirm(&story.client, Some((&id, version))).await;
    assert!(
        errors(&empty).contains(&("INVALID_INPUT", "archive.route")),
        "{empty}"
    );
    let mut own = archive();
    own["contactPerson"] = json!(story.graduate.name);
    assert_eq!(
        refusal(&save(&story.client, own).await),
        None,
        "a draft may be wrong"
    );
    let refused = confirm(&story.client, Some((&id, version))).await;
    assert_eq!(errors(&refused), [("INVALID_INPUT", "archive.contactPerson")]);
    let saved = save(&story.client, archive()).await;
    assert_eq!(
        saved["confirmation"]["draft"],
        json!({ "route": "TRUSTEE_AGENCY" })
    );
    let version_now = saved["confirmation"]["version"].as_i64().unwrap();
    for (seen, field) in [
        (Some((id.as_str(), version - 1)), "registeredVersion"),
        (None, "registeredId"),
    ] {
        assert_eq!(
            errors(&confirm(&story.client, seen).await),
            [("STALE_VERSION", field)]
        );
    }
    let fields =
        json!({ "registeredId": id, "registeredVersion": version, "expectedVersion": version_now - 1 });
    let stale = step(&story.client, "confirmLeaving", "ConfirmLeavingInput", fields).await;
    assert_eq!(errors(&stale), [("STALE_VERSION", "expectedVersion")]);
    let half = step(
        &story.client,
        "confirmLeaving",
        "ConfirmLeavingInput",
        json!({ "registeredId": id }),
    )
    .await;
    assert_eq!(errors(&half), [("INVALID_INPUT", "registeredVersion")]);
    let confirmed = confirm(&story.client, Some((&id, version))).await;
    let now = &confirmed["confirmation"];
    assert_eq!(
        (&now["status"], &now["stands"]),
        (&json!("CONFIRMED"), &json!(true)),
        "{confirmed}"
    );
    assert_eq!(now["archive"]["receivingUnit"], "示例市人才服务中心");
    assert_eq!(
        errors(&confirm(&story.client, Some((&id, version))).await),
        [("STEP_NOT_ALLOWED", "")]
    );

    // What is registered changes: it stands no longer, and is confirmed again.
    let first = now["sheet"].clone();
    assert_eq!(refusal(&placing::void(&story.client, &id).await), None);
    let standing = story.standing(&story.office, Some(&gid(&story.graduate))).await;
    assert_eq!(standing["registered"], Value::Null);
    assert_eq!(standing["confirmation"]["stands"], false);
    let again = confirm(&story.client, None).await;
    let second = &again["confirmation"]["sheet"];
    assert_eq!(
        (&second["version"], &again["confirmation"]["stands"]),
        (&json!(2), &json!(true)),
        "{again}"
    );
    assert_eq!(second["transferNumber"], first["transferNumber"]);
    assert_ne!(second["verificationNumber"], first["verificationNumber"]);
    let history = "query($id: ID!) { node(id: $id) { ... on LeavingConfirmation { history { nodes { action fromStatus toStatus reason } } } } }";
    let history = story.office.query(history, json!({ "id": confirmation })).await;
    let actions: Vec<&str> = history["node"]["history"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["action"].as_str().unwrap())
        .filter(|action| *action != "STORE_SHEET")
        .collect();
    assert_eq!(actions, ["DISPUTE", "ANSWER", "CONFIRM", "CONFIRM"]);
}
