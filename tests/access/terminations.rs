//! Terminations, those that both sides agree to and those that a graduate hands in himself: what is sent for each row, and how its
//! answer is recognised.

use serde_json::{Value, json};

use super::{
    probes::{Mark, Probe, approval, doing, link, node, of, step},
    world::{PAGE, Target, World},
};
use crate::support::{signing, terminating};

fn termination(id: &str) -> Value {
    json!({ "input": { "terminationId": id } })
}

const fn ending(row: &'static str, document: &'static str, variables: fn(&str) -> Value) -> Probe {
    Probe {
        target: Target::Termination,
        ..step(row, document, variables)
    }
}

pub(super) const PROBES: &[Probe] = &[
    node("node: Termination", Target::Termination),
    of(
        "terminations",
        "{ terminations(first: 100) { nodes { id } } }",
        Target::Nothing,
        Mark::Text(World::termination),
    ),
    of(
        "terminations of the agreement",
        "query($id: ID!) { terminations(first: 100, agreementId: $id) { nodes { id } } }",
        Target::Case,
        Mark::Text(World::termination),
    ),
    of(
        "Agreement.lastTermination",
        "query($id: ID!) { node(id: $id) { ... on Agreement { lastTermination { id } } } }",
        Target::Case,
        Mark::Text(World::termination),
    ),
    of(
        "Termination.history",
        "query($id: ID!) { node(id: $id) { ... on Termination { history(first: 10) { nodes { action } } } } }",
        Target::Termination,
        Mark::Text(|_| "\"ACCEPT\"".to_owned()),
    ),
    of(
        "reviewQueue of terminations",
        "{ reviewQueue(first: 100) { nodes { id } } }",
        Target::Nothing,
        Mark::Text(World::termination),
    ),
    of(
        "caseChanged of the termination",
        "subscription($after: String, $id: ID!) { caseChanged(after: $after, caseId: $id) {
            event { id } case { ... on Termination { id } } } }",
        Target::Termination,
        Mark::Target,
    ),
    of(
        "Termination.files",
        "query($id: ID!) { node(id: $id) { ... on Termination { files { fileName } } } }",
        Target::FiledTermination,
        Mark::Text(|_| "page.png".to_owned()),
    ),
    Probe {
        row: "reviewCases",
        document: "mutation($input: ReviewCasesInput!) { reviewCases(input: $input) {
            results { case { id } userErrors { code field message } } userErrors { code field message } } }",
        target: Target::Termination,
        variables: |id| json!({ "input": { "cases": [{ "caseId": id }], "decision": "APPROVE" } }),
        mark: Mark::Target,
    },
    node("node: CaseFile of the termination", Target::TerminationFile),
    link(
        "CaseFile.downloadLink of the termination",
        "query($id: ID!) { node(id: $id) { ... on CaseFile { downloadLink { url } } } }",
        Target::TerminationFile,
    ),
    Probe {
        row: "requestTermination of what he filled in",
        document: terminating::REQUEST,
        target: Target::Filed,
        variables: |id| {
            json!({ "input": {
                "idempotencyKey": uuid::Uuid::now_v7(), "agreementId": id, "terminationReason": "MUTUAL",
                "explanation": "示例", "files": [PAGE],
            } })
        },
        mark: Mark::Change,
    },
    Probe {
        row: "requestTermination",
        document: terminating::REQUEST,
        target: Target::Case,
        variables: |id| {
            json!({ "input": {
                "idempotencyKey": uuid::Uuid::now_v7(), "agreementId": id, "terminationReason": "MUTUAL",
                "explanation": "示例",
            } })
        },
        mark: Mark::Change,
    },
    ending(
        "withdrawTermination",
        terminating::WITHDRAW_TERMINATION,
        termination,
    ),
    ending("acceptTermination", terminating::ACCEPT_TERMINATION, termination),
    ending("refuseTermination", terminating::REFUSE_TERMINATION, termination),
    doing(
        "submitTermination",
        terminating::SUBMIT_TERMINATION,
        |id| {
            json!({ "input": {
                "terminationId": id, "terminationReason": "MUTUAL", "explanation": "示例", "files": [PAGE],
            } })
        },
        Target::FiledTermination,
    ),
    doing(
        "discardTermination",
        terminating::DISCARD_TERMINATION,
        termination,
        Target::FiledTermination,
    ),
    ending("reviewCase of the termination", signing::REVIEW, approval),
];
