//! Agreements that graduates fill in themselves, and files of cases: what is sent for each row, and how its answer is recognised.

use serde_json::json;

use super::{
    agreements::agreement,
    probes::{Mark, Probe, doing, link, node, of},
    world::{PAGE, Target},
};
use crate::support::{filing, uploading};

pub(super) const PROBES: &[Probe] = &[
    node("node: Agreement of the draft", Target::Filed),
    of(
        "Agreement.draft",
        "query($id: ID!) { node(id: $id) { ... on Agreement { status draft { employerName } } } }",
        Target::Filed,
        Mark::Text(|_| "示例山区中学".to_owned()),
    ),
    of(
        "Agreement.stampedCopyLinks",
        "query($id: ID!) { node(id: $id) { ... on Agreement { status stampedCopyLinks { channel } } } }",
        Target::Filed,
        Mark::Text(|_| "EMAIL".to_owned()),
    ),
    node("node: Upload", Target::Upload),
    node("node: CaseFile", Target::CaseFile),
    link(
        "Upload.thumbnailLink",
        "query($id: ID!) { node(id: $id) { ... on Upload { thumbnailLink { url } } } }",
        Target::Page,
    ),
    link(
        "CaseFile.downloadLink",
        "query($id: ID!) { node(id: $id) { ... on CaseFile { downloadLink { url } } } }",
        Target::CaseFile,
    ),
    link(
        "CaseFile.thumbnailLink",
        "query($id: ID!) { node(id: $id) { ... on CaseFile { thumbnailLink { url } } } }",
        Target::CaseFile,
    ),
    doing(
        "createAgreementDraft",
        "mutation($input: CreateAgreementDraftInput!) { createAgreementDraft(input: $input) {
            agreement { id } userErrors { code field message } } }",
        |_| {
            json!({ "input": {
                "idempotencyKey": uuid::Uuid::now_v7(), "channel": "REGISTERED", "draft": {},
            } })
        },
        Target::Nothing,
    ),
    doing(
        "saveAgreementDraft",
        "mutation($input: SaveAgreementDraftInput!) { saveAgreementDraft(input: $input) {
            agreement { id } userErrors { code field message } } }",
        |id| json!({ "input": { "agreementId": id, "draft": filing::filled() } }),
        Target::Filed,
    ),
    doing(
        "submitAgreement",
        "mutation($input: SubmitAgreementInput!) { submitAgreement(input: $input) {
            agreement { id } userErrors { code field message } } }",
        agreement,
        Target::Filed,
    ),
    doing(
        "withdrawAgreement",
        "mutation($input: AgreementStepInput!) { withdrawAgreement(input: $input) {
            agreement { id } userErrors { code field message } } }",
        agreement,
        Target::Filed,
    ),
    doing(
        "discardAgreement",
        "mutation($input: AgreementStepInput!) { discardAgreement(input: $input) {
            agreement { id } userErrors { code field message } } }",
        agreement,
        Target::Filed,
    ),
    doing(
        "requestStampedCopy",
        "mutation($input: AgreementStepInput!) { requestStampedCopy(input: $input) {
            agreement { id } userErrors { code field message } } }",
        agreement,
        Target::Filed,
    ),
    doing(
        "submitStampedCopy",
        "mutation($input: SubmitStampedCopyInput!) { submitStampedCopy(input: $input) {
            agreement { id } userErrors { code field message } } }",
        |id| json!({ "input": { "agreementId": id, "files": [PAGE] } }),
        Target::Filed,
    ),
    of(
        "createUpload",
        "mutation { createUpload(input: { fileName: \"a\", contentType: \"image/png\", byteSize: 5 }) {
            upload { id } userErrors { code field message } } }",
        Target::Nothing,
        Mark::Change,
    ),
    of(
        "completeUpload",
        uploading::COMPLETE,
        Target::Upload,
        Mark::Change,
    ),
];
