//! Agreements that employers offer and graduates answer, and their papers: what is sent for each row, and how its answer is recognised.

use serde_json::{Value, json};

use super::{
    probes::{Mark, Probe, approval, doing, link, node, of, step},
    world::{Target, VERSION, World},
};
use crate::support::{filing, reviewing, signing};

pub(super) fn agreement(id: &str) -> Value {
    json!({ "input": { "agreementId": id } })
}

pub(super) const PROBES: &[Probe] = &[
    node("node: Agreement", Target::Case),
    node("node: Document", Target::Document),
    of(
        "agreements",
        "{ agreements(first: 100) { nodes { id } } }",
        Target::Nothing,
        Mark::Text(World::case),
    ),
    of(
        "agreements of the graduate",
        "query($id: ID!) { agreements(first: 100, graduateId: $id) { nodes { id } } }",
        Target::Graduate,
        Mark::Text(World::case),
    ),
    of(
        "reviewQueue",
        "{ reviewQueue(first: 100) { nodes { id } } }",
        Target::Nothing,
        Mark::Text(World::case),
    ),
    of(
        "reviewQueue of those taken",
        "{ reviewQueue(first: 100, assignment: ME) { nodes { id } } }",
        Target::Nothing,
        Mark::Text(World::case),
    ),
    of(
        "Agreement.assignment",
        "query($id: ID!) { node(id: $id) { ... on Agreement { status assignment { reviewerName mine } } } }",
        Target::Case,
        Mark::Text(|_| "示例审核人".to_owned()),
    ),
    Probe {
        row: "findGraduates by student number",
        document: signing::FIND,
        target: Target::StudentNumber,
        variables: |number| json!({ "name": "夏示例", "number": { "studentNumber": number } }),
        mark: Mark::Text(|world| world.target(Target::Third).0),
    },
    Probe {
        row: "findGraduates by ID-card number",
        document: signing::FIND,
        target: Target::IdCardNumber,
        variables: |number| json!({ "name": "夏示例", "number": { "idCardNumber": number } }),
        mark: Mark::Text(|world| world.target(Target::Third).0),
    },
    Probe {
        row: "findGraduates by another's name",
        document: signing::FIND,
        target: Target::StudentNumber,
        variables: |number| json!({ "name": "夏", "number": { "studentNumber": number } }),
        mark: Mark::Text(|world| world.target(Target::Third).0),
    },
    of(
        "verifyAgreement",
        "query($id: String!) { verifyAgreement(code: $id) { status agreementNumber graduateName employerName } }",
        Target::VerificationCode,
        Mark::Text(|_| "\"VALID\"".to_owned()),
    ),
    of(
        "Agreement.graduate.idCardNumber",
        "query($id: ID!) { node(id: $id) { ... on Agreement { graduate { idCardNumber } } } }",
        Target::Case,
        Mark::Text(|world| world.graduate.id_card_number.clone()),
    ),
    of(
        "Agreement.history",
        "query($id: ID!) { node(id: $id) { ... on Agreement { history(first: 100) { nodes { action } } } } }",
        Target::Case,
        Mark::Text(|_| "ACCEPT".to_owned()),
    ),
    of(
        "Agreement.files",
        "query($id: ID!) { node(id: $id) { ... on Agreement { files(submission: 1) { fileName } } } }",
        Target::Case,
        Mark::Text(|_| "b.png".to_owned()),
    ),
    link(
        "Document.downloadLink",
        "query($id: ID!) { node(id: $id) { ... on Document { downloadLink { url } } } }",
        Target::Document,
    ),
    link(
        "Document.previewLink",
        "query($id: ID!) { node(id: $id) { ... on Document { previewLink { url } } } }",
        Target::Document,
    ),
    of(
        "caseChanged",
        "subscription($after: String) { caseChanged(after: $after) {
            event { id } case { ... on Agreement { id } } } }",
        Target::Nothing,
        Mark::Text(World::case),
    ),
    of(
        "caseChanged of this case",
        "subscription($after: String, $id: ID!) { caseChanged(after: $after, caseId: $id) {
            event { id } case { ... on Agreement { id } } } }",
        Target::Case,
        Mark::Target,
    ),
    Probe {
        row: "inviteGraduates",
        document: signing::INVITE,
        target: Target::Third,
        variables: |id| signing::invitation(&uuid::Uuid::now_v7().to_string(), &[id.to_owned()]),
        mark: Mark::Change,
    },
    step("acceptInvitation", signing::ACCEPT, agreement),
    step("declineInvitation", signing::DECLINE, agreement),
    step("cancelInvitation", signing::CANCEL, agreement),
    step("reviewCase", signing::REVIEW, approval),
    step("assignReview", reviewing::ASSIGN, reviewing::of_case),
    step("releaseReview", reviewing::RELEASE, reviewing::of_case),
    doing(
        "amendAgreement",
        "mutation($input: AmendAgreementInput!) { amendAgreement(input: $input) {
            agreement { id } userErrors { code field message } } }",
        |id| {
            let mut terms = filing::filled();
            terms["regularSalary"] = json!(12_345);
            json!({ "input": { "agreementId": id, "terms": terms, "reason": "示例", "expectedVersion": VERSION } })
        },
        Target::Filed,
    ),
];
