//! Leaving school in the table: what is sent for each row, how its answer is recognised, and what happens between the sections.

use chrono::{Days, NaiveDate, Utc};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use wangqian_schema::clock::shanghai_date;

use super::{
    probes::{Mark, Probe, doing, link, of},
    world::{FILED, Target, Text, VERSION, Who, World, text_of},
};
use crate::support::people::class_year;

const SET_PERIOD: &str = "mutation($input: SetLeavingPeriodInput!) { setLeavingPeriod(input: $input) {
    leavingPeriod { classYear } userErrors { code field message } } }";

const SAVE: &str = "mutation($input: SaveLeavingDraftInput!) { saveLeavingDraft(input: $input) {
    confirmation { id } userErrors { code field message } } }";

const CONFIRM: &str = "mutation($input: ConfirmLeavingInput!) { confirmLeaving(input: $input) {
    confirmation { id } userErrors { code field message } } }";

const ANSWER: &str = "mutation($input: AnswerLeavingDisputeInput!) { answerLeavingDispute(input: $input) {
    confirmation { id } userErrors { code field message } } }";

fn today() -> NaiveDate {
    shanghai_date(Utc::now())
}

fn archive(archive: &Value) -> Value {
    json!({ "input": { "archive": archive } })
}

/// Everything of leaving school.
pub(super) const PROBES: &[Probe] = &[
    of(
        "node: LeavingConfirmation",
        "query($id: ID!) { node(id: $id) { __typename id } }",
        Target::Leaving,
        Mark::Target,
    ),
    of(
        "leavingSchool",
        "query($id: ID!) { leavingSchool(graduateId: $id) { graduate { id } viewerActions } }",
        Target::Graduate,
        Mark::Target,
    ),
    of(
        "leavingGraduates",
        "{ leavingGraduates(first: 100) { nodes { graduate { id } } } }",
        Target::Nothing,
        Mark::Text(|world| world.target(Target::Graduate).0),
    ),
    of(
        "leavingConfirmations",
        "{ leavingConfirmations(first: 100) { nodes { id } } }",
        Target::Nothing,
        Mark::Text(|world| world.leaving.clone()),
    ),
    of(
        "leavingConfirmations of the graduate",
        "query($id: ID!) { leavingConfirmations(first: 100, graduateId: $id) { nodes { id } } }",
        Target::Graduate,
        Mark::Text(|world| world.leaving.clone()),
    ),
    of(
        "LeavingConfirmation.draft",
        "query($id: ID!) { node(id: $id) { ... on LeavingConfirmation { status draft { route } } } }",
        Target::Leaving,
        Mark::Text(|_| "KEPT_AT_SCHOOL".to_owned()),
    ),
    link(
        "DestinationSheet.downloadLink",
        "query($id: ID!) { node(id: $id) { ... on LeavingConfirmation { sheet { downloadLink { url } } } } }",
        Target::Leaving,
    ),
    link(
        "DestinationSheet.previewLink",
        "query($id: ID!) { node(id: $id) { ... on LeavingConfirmation { sheet { previewLink { url } } } } }",
        Target::Leaving,
    ),
    of(
        "LeavingConfirmation.authorisedUntil",
        "query($id: ID!) { node(id: $id) { ... on LeavingConfirmation { status authorisedUntil } } }",
        Target::Leaving,
        Mark::Text(|_| today().to_string()),
    ),
    of(
        "LeavingConfirmation.history",
        "query($id: ID!) { node(id: $id) { ... on LeavingConfirmation { history(first: 10) { nodes { action } } } } }",
        Target::Leaving,
        Mark::Text(|_| "\"CONFIRM\"".to_owned()),
    ),
    of(
        "caseChanged of the confirmation",
        "subscription($after: String, $id: ID!) { caseChanged(after: $after, caseId: $id) {
            event { id } case { ... on LeavingConfirmation { id } } } }",
        Target::Leaving,
        Mark::Target,
    ),
    Probe {
        row: "verifyDestinationSheet",
        document: "query($name: String!, $number: String!) {
            verifyDestinationSheet(graduateName: $name, verificationNumber: $number) { status } }",
        target: Target::SheetNumber,
        variables: |asked| {
            let (name, number) = asked.split_once(' ').unwrap_or_default();
            json!({ "name": name, "number": number })
        },
        mark: Mark::Text(|_| "\"VALID\"".to_owned()),
    },
    doing(
        "setLeavingPeriod",
        SET_PERIOD,
        |_| json!({ "input": { "classYear": 2050, "opensOn": "2050-06-01", "closesOn": "2050-06-30" } }),
        Target::Nothing,
    ),
    doing(
        "confirmLeaving",
        CONFIRM,
        |_| json!({ "input": { "registeredId": FILED, "registeredVersion": VERSION } }),
        Target::Nothing,
    ),
    doing(
        "saveLeavingDraft",
        SAVE,
        |_| archive(&json!({ "route": "KEPT_AT_SCHOOL", "accepted": true, "householdMoves": false })),
        Target::Nothing,
    ),
    doing(
        "disputeLeaving",
        "mutation($input: DisputeLeavingInput!) { disputeLeaving(input: $input) {
            confirmation { id } userErrors { code field message } } }",
        |_| json!({ "input": { "reason": "示例" } }),
        Target::Nothing,
    ),
    doing(
        "answerLeavingDispute",
        ANSWER,
        |id| json!({ "input": { "confirmationId": id, "answer": "示例" } }),
        Target::Leaving,
    ),
    doing(
        "reopenLeaving",
        "mutation($input: ReopenLeavingInput!) { reopenLeaving(input: $input) {
            confirmation { id } userErrors { code field message } } }",
        |id| json!({ "input": { "graduateId": id, "until": today() + Days::new(1), "reason": "示例" } }),
        Target::Graduate,
    ),
    doing(
        "authoriseSheet",
        "mutation($input: AuthoriseSheetInput!) { authoriseSheet(input: $input) {
            confirmation { id } userErrors { code field message } } }",
        |id| json!({ "input": { "confirmationId": id, "until": today() } }),
        Target::Leaving,
    ),
    doing(
        "withdrawSheetAuthorisation",
        "mutation($input: WithdrawSheetAuthorisationInput!) { withdrawSheetAuthorisation(input: $input) {
            confirmation { id } userErrors { code field message } } }",
        |id| json!({ "input": { "confirmationId": id } }),
        Target::Leaving,
    ),
];

impl World {
    /// The period of the class is open and announced, and the graduate has begun to fill in.
    pub(super) async fn open_the_period(&mut self) {
        let period =
            json!({ "classYear": class_year(), "opensOn": today(), "closesOn": today() + Days::new(100) });
        let set = self
            .client(Who::School)
            .mutate(SET_PERIOD, json!({ "input": period }))
            .await;
        assert_eq!(set["userErrors"], json!([]));
        let quiet = async || {
            let mut conn = self.server.platform.pool.get().await.unwrap();
            let left = "SELECT count(*)::text AS text FROM jobs WHERE queue = 'announce_leaving' AND state <> 'DONE'";
            let left: Text = diesel::sql_query(left).get_result(&mut conn).await.unwrap();
            (left.text == "0").then_some(())
        };
        self.server.until("the announcement", quiet).await;
        let saved = self.client(Who::Graduate).mutate(SAVE, archive(&json!({}))).await;
        self.leaving = text_of(&saved["confirmation"]["id"]);
    }

    /// He has confirmed, and his sheet is there.
    pub(super) async fn await_sheet(&mut self) {
        let graduate = self.client(Who::Graduate);
        let sheet = "query($id: ID!) { node(id: $id) { ... on LeavingConfirmation {
            sheet { verificationNumber downloadLink { url } } } } }";
        let ready = async || {
            let found = graduate.query(sheet, json!({ "id": self.leaving })).await;
            let sheet = &found["node"]["sheet"];
            sheet["downloadLink"]
                .is_object()
                .then(|| text_of(&sheet["verificationNumber"]))
        };
        self.sheet_number = self.server.until("the sheet", ready).await;
    }
}
