//! Graduates: their data, and the rosters and records in which they stand: what is sent for each row, and how its answer is recognised.

use serde_json::json;

use super::{
    probes::{Mark, Probe, node, of},
    world::{Target, World},
};
use crate::support::{exporting, roster};

pub(super) const PROBES: &[Probe] = &[
    node("node: Graduate", Target::Graduate),
    node("node: GraduateImport", Target::Import),
    of(
        "graduateImports",
        "{ graduateImports(first: 100) { nodes { id report(first: 1) { nodes { rowNumber } } } } }",
        Target::Nothing,
        Mark::Text(|world| world.target(Target::Import).0),
    ),
    Probe {
        row: "createGraduateImport",
        document: roster::CREATE,
        target: Target::Nothing,
        variables: |_| {
            let key = uuid::Uuid::now_v7();
            json!({ "input": { "fileName": "a", "format": "CSV", "byteSize": 1, "idempotencyKey": key } })
        },
        mark: Mark::Change,
    },
    of("startGraduateImport", roster::START, Target::Import, Mark::Change),
    of(
        "graduateImportProgressed",
        "subscription($id: ID!) { graduateImportProgressed(importId: $id) { id } }",
        Target::Import,
        Mark::Target,
    ),
    node("node: RecordExport", Target::Export),
    of(
        "recordExports",
        "{ recordExports(first: 100) { nodes { id number } } }",
        Target::Nothing,
        Mark::Text(World::export_number),
    ),
    of(
        "recordExportLog",
        "{ recordExportLog(first: 100) { nodes { number actorName } } }",
        Target::Nothing,
        Mark::Text(World::export_number),
    ),
    of(
        "recordExportProgressed",
        "subscription($id: ID!) { recordExportProgressed(exportId: $id) { id } }",
        Target::Export,
        Mark::Target,
    ),
    of(
        "Graduate.idCardNumber",
        "query($id: ID!) { node(id: $id) { ... on Graduate { idCardNumber } } }",
        Target::Graduate,
        Mark::Text(|world| world.graduate.id_card_number.clone()),
    ),
    of(
        "Graduate.mobile",
        "query($id: ID!) { node(id: $id) { ... on Graduate { mobile } } }",
        Target::Graduate,
        Mark::Text(|world| world.graduate.mobile.clone()),
    ),
    of(
        "Graduate.email",
        "query($id: ID!) { node(id: $id) { ... on Graduate { email } } }",
        Target::Graduate,
        Mark::Text(|world| world.graduate.email.clone()),
    ),
    of(
        "caseChanged of the graduate's data",
        "subscription($after: String, $id: ID!) { caseChanged(after: $after, caseId: $id) {
            event { id } case { ... on Graduate { id } } } }",
        Target::Graduate,
        Mark::Target,
    ),
    of(
        "Graduate.history",
        "query($id: ID!) { node(id: $id) { ... on Graduate { history(first: 100) { nodes { action } } } } }",
        Target::Graduate,
        Mark::Text(|_| "CORRECT".to_owned()),
    ),
    of(
        "confirmGraduateData",
        "mutation { confirmGraduateData(input: { expectedVersion: 1 }) { graduate { id } userErrors { code field message } } }",
        Target::Nothing,
        Mark::Text(|world| world.target(Target::Graduate).0),
    ),
    Probe {
        row: "correctGraduate",
        document: "mutation($input: CorrectGraduateInput!) { correctGraduate(input: $input) {
            graduate { id } userErrors { code field message } } }",
        target: Target::Graduate,
        variables: |id| json!({ "input": { "graduateId": id, "major": "数学" } }),
        mark: Mark::Change,
    },
    of(
        "downloadRecordExport",
        exporting::DOWNLOAD,
        Target::Export,
        Mark::Text(|_| "X-Amz-Signature".to_owned()),
    ),
    Probe {
        row: "exportRecords",
        document: exporting::EXPORT,
        target: Target::Nothing,
        variables: |_| exporting::input(&uuid::Uuid::now_v7().to_string(), json!({})),
        mark: Mark::Change,
    },
    Probe {
        row: "exportRecords of the department",
        document: exporting::EXPORT,
        target: Target::Department,
        variables: |id| exporting::input(&uuid::Uuid::now_v7().to_string(), json!({ "departmentId": id })),
        mark: Mark::Change,
    },
];
