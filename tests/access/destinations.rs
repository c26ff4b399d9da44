//! Other destinations: what is sent for each row, and how its answer is recognised.

use serde_json::{Value, json};

use super::{
    probes::{Mark, Probe, approval, doing, link, node, of, step},
    world::{Target, World},
};
use crate::support::{placing, signing};

fn destination(id: &str) -> Value {
    json!({ "input": { "destinationId": id } })
}

pub(super) const PROBES: &[Probe] = &[
    node("node: Destination", Target::Destination),
    of(
        "destinations",
        "{ destinations(first: 100) { nodes { id } } }",
        Target::Nothing,
        Mark::Text(World::destination),
    ),
    of(
        "destinations of the graduate",
        "query($id: ID!) { destinations(first: 100, graduateId: $id) { nodes { id } } }",
        Target::Graduate,
        Mark::Text(World::destination),
    ),
    of(
        "Destination.draft",
        "query($id: ID!) { node(id: $id) { ... on Destination { version draft { nationalCode { code } } } } }",
        Target::Destination,
        Mark::Text(|_| "\"701\"".to_owned()),
    ),
    of(
        "Destination.history",
        "query($id: ID!) { node(id: $id) { ... on Destination { history(first: 10) { nodes { action fieldChanges { label } } } } } }",
        Target::Destination,
        Mark::Text(|_| "\"APPROVE\"".to_owned()),
    ),
    of(
        "Destination.files",
        "query($id: ID!) { node(id: $id) { ... on Destination { files(submission: 1) { fileName } } } }",
        Target::Destination,
        Mark::Text(|_| "page.png".to_owned()),
    ),
    node("node: CaseFile of the destination", Target::DestinationFile),
    link(
        "CaseFile.downloadLink of the destination",
        "query($id: ID!) { node(id: $id) { ... on CaseFile { downloadLink { url } } } }",
        Target::DestinationFile,
    ),
    of(
        "reviewQueue of destinations",
        "{ reviewQueue(first: 100, workflows: [OTHER_DESTINATION]) { nodes { id } } }",
        Target::Nothing,
        Mark::Text(World::destination),
    ),
    of(
        "caseChanged of the destination",
        "subscription($after: String, $id: ID!) { caseChanged(after: $after, caseId: $id) {
            event { id } case { ... on Destination { id } } } }",
        Target::Destination,
        Mark::Target,
    ),
    of(
        "offeredDestinationTypes",
        "{ offeredDestinationTypes { destinationType nameZh } }",
        Target::Nothing,
        Mark::Text(|world| world.target(Target::Graduate).0),
    ),
    doing(
        "createDestinationDraft",
        "mutation($input: CreateDestinationDraftInput!) { createDestinationDraft(input: $input) {
            destination { id } userErrors { code field message } } }",
        |_| {
            json!({ "input": {
                "idempotencyKey": uuid::Uuid::now_v7(), "draft": { "details": { "notSeeking": {} } },
            } })
        },
        Target::Nothing,
    ),
    doing(
        "saveDestinationDraft",
        "mutation($input: SaveDestinationDraftInput!) { saveDestinationDraft(input: $input) {
            destination { id } userErrors { code field message } } }",
        |id| json!({ "input": { "destinationId": id, "draft": placing::seeking("备注") } }),
        Target::Destination,
    ),
    doing(
        "submitDestination",
        "mutation($input: SubmitDestinationInput!) { submitDestination(input: $input) {
            destination { id } userErrors { code field message } } }",
        destination,
        Target::Destination,
    ),
    doing(
        "withdrawDestination",
        "mutation($input: DestinationStepInput!) { withdrawDestination(input: $input) {
            destination { id } userErrors { code field message } } }",
        destination,
        Target::Destination,
    ),
    doing(
        "discardDestination",
        "mutation($input: DestinationStepInput!) { discardDestination(input: $input) {
            destination { id } userErrors { code field message } } }",
        destination,
        Target::Destination,
    ),
    doing(
        "voidDestination",
        "mutation($input: VoidDestinationInput!) { voidDestination(input: $input) {
            destination { id } userErrors { code field message } } }",
        destination,
        Target::Destination,
    ),
    doing(
        "changeDestination",
        "mutation($input: ChangeDestinationInput!) { changeDestination(input: $input) {
            destination { id } userErrors { code field message } } }",
        |id| json!({ "input": { "destinationId": id, "form": placing::seeking("另注"), "expectedVersion": 3 } }),
        Target::Destination,
    ),
    doing(
        "amendDestination",
        "mutation($input: AmendDestinationInput!) { amendDestination(input: $input) {
            destination { id } userErrors { code field message } } }",
        |id| {
            json!({ "input": {
                "destinationId": id, "form": placing::seeking("补登"), "reason": "示例", "expectedVersion": 4,
            } })
        },
        Target::Destination,
    ),
    Probe {
        target: Target::Destination,
        ..step("reviewCase of the destination", signing::REVIEW, approval)
    },
];
