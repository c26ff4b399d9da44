//! Agreements that graduates fill in themselves, the link for the stamped copy, and files of cases: what is sent for each row, and how
//! its answer is recognised.

use serde_json::{Value, json};

use super::{
    agreements::agreement,
    probes::{Mark, Probe, doing, node, of},
    world::Target,
};
use crate::support::{filing, uploading};

const CREATE_COPY_UPLOAD: &str =
    "mutation($input: CreateStampedCopyUploadInput!) { createStampedCopyUpload(input: $input) {
    upload { id } userErrors { code field message } } }";

fn copy_upload(token: &str) -> Value {
    json!({ "input": { "token": token, "fileName": "a", "contentType": "image/png", "byteSize": 5 } })
}

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
    of(
        "stampedCopyRequest",
        "query($id: String!) { stampedCopyRequest(token: $id) { employerName } }",
        Target::CopyLink,
        Mark::Text(|_| "示例山区中学".to_owned()),
    ),
    of(
        "stampedCopyRequest by a wrong link",
        "{ stampedCopyRequest(token: \"00\") { employerName } }",
        Target::Nothing,
        Mark::Text(|_| "示例山区中学".to_owned()),
    ),
    node("node: Upload", Target::Upload),
    node("node: CaseFile", Target::CaseFile),
    of(
        "CaseFile.downloadLink",
        "query($id: ID!) { node(id: $id) { ... on CaseFile { downloadLink { url } } } }",
        Target::CaseFile,
        Mark::Text(|_| "X-Amz-Signature".to_owned()),
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
        |id| json!({ "input": { "agreementId": id, "files": [] } }),
        Target::Filed,
    ),
    doing(
        "createStampedCopyUpload",
        CREATE_COPY_UPLOAD,
        copy_upload,
        Target::CopyLink,
    ),
    doing(
        "createStampedCopyUpload by a wrong link",
        CREATE_COPY_UPLOAD,
        |_| copy_upload("00"),
        Target::Nothing,
    ),
    doing(
        "completeStampedCopyUpload by a wrong link",
        "mutation { completeStampedCopyUpload(input: { token: \"00\", uploadId: \"x\" }) {
            upload { id } userErrors { code field message } } }",
        |_| json!({}),
        Target::Nothing,
    ),
    doing(
        "submitStampedCopyByLink by a wrong link",
        "mutation { submitStampedCopyByLink(input: { token: \"00\", files: [] }) {
            submitted userErrors { code field message } } }",
        |_| json!({}),
        Target::Nothing,
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
