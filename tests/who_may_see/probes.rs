//! What is sent for each row of the table, and how its answer is recognised: the queries and subscriptions. The mutations stand
//! in `deeds`.

use serde_json::{Value, json};

use super::world::{Target, World};
use crate::support::{roster, signing};

/// How an answer shows that the viewer got the thing itself.
pub(super) enum Mark {
    /// The id that was asked for is in the data.
    Target,
    /// This text is in the data.
    Text(fn(&World) -> String),
    /// The database is not the same as before.
    Change,
}

/// An operation that everybody tries.
pub(super) struct Probe {
    /// The row of the table.
    pub(super) row: &'static str,
    /// The document.
    pub(super) document: &'static str,
    /// What the operation is about: its id goes into the variables.
    pub(super) target: Target,
    /// The variables for an id.
    pub(super) variables: fn(&str) -> Value,
    /// How success is recognised.
    pub(super) mark: Mark,
}

const NODE: &str = "query($id: ID!) { node(id: $id) { __typename id } }";
impl Probe {
    /// Whether it is a mutation.
    pub(super) fn writes(&self) -> bool {
        self.document.starts_with("mutation")
    }

    /// Whether it is a subscription.
    pub(super) fn follows(&self) -> bool {
        self.document.starts_with("subscription")
    }

    /// Whether it ends the session by which it is sent.
    pub(super) fn ends_its_session(&self) -> bool {
        self.row == "logOut"
    }
}

pub(super) fn id(id: &str) -> Value {
    json!({ "id": id })
}

const fn node(row: &'static str, target: Target) -> Probe {
    of(row, NODE, target, Mark::Target)
}

pub(super) const fn of(row: &'static str, document: &'static str, target: Target, mark: Mark) -> Probe {
    Probe {
        row,
        document,
        target,
        variables: id,
        mark,
    }
}

/// Everything that is read.
pub(super) const READING: &[Probe] = &[
    node("node: Agreement", Target::Case),
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
        "query($id: ID!) { node(id: $id) { ... on Termination { id history(first: 10) { nodes { action } } } } }",
        Target::Termination,
        Mark::Target,
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
        "query($id: ID!) { node(id: $id) { ... on Destination { id history(first: 10) { nodes { action fieldChanges { label } } } } } }",
        Target::Destination,
        Mark::Target,
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
    node("node: Document", Target::Document),
    node("node: Graduate", Target::Graduate),
    node("node: Employer", Target::Employer),
    node("node: School", Target::School),
    node("node: Department", Target::Department),
    node("node: Notification of the graduate", Target::GraduatesMessage),
    node("node: Notification of the employer", Target::EmployersMessage),
    node("node: Session of the graduate", Target::Session),
    node("node: StuckWork", Target::StuckWork),
    node("node: MessageDelivery", Target::MessageDelivery),
    // Queries
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
    of(
        "messagePreferences",
        "{ messagePreferences { group channel enabled } }",
        Target::Nothing,
        Mark::Text(World::case),
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
        "findEmployers",
        "{ findEmployers(name: \"例科技\") { name creditCode } }",
        Target::Nothing,
        Mark::Text(|world| world.company.name.clone()),
    ),
    node("node: Agreement of the draft", Target::Filed),
    of(
        "Agreement.draft",
        "query($id: ID!) { node(id: $id) { ... on Agreement { status draft { employerName } } } }",
        Target::Filed,
        Mark::Text(|_| "示例山区中学".to_owned()),
    ),
    of(
        "Termination.files",
        "query($id: ID!) { node(id: $id) { ... on Termination { id files { fileName } } } }",
        Target::FiledTermination,
        Mark::Target,
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
    of(
        "verifyAgreement",
        "query($id: String!) { verifyAgreement(code: $id) { status agreementNumber graduateName employerName } }",
        Target::VerificationCode,
        Mark::Text(|_| "\"VALID\"".to_owned()),
    ),
    of(
        "notifications",
        "{ notifications(first: 100) { nodes { id body case { ... on Agreement { id } } } } }",
        Target::Nothing,
        Mark::Text(World::case),
    ),
    of(
        "unreadNotificationCount",
        "{ unreadNotificationCount }",
        Target::Nothing,
        Mark::Text(World::case),
    ),
    of(
        "viewer",
        "{ viewer { __typename ... on Graduate { id } } }",
        Target::Nothing,
        Mark::Text(|world| world.target(Target::Graduate).0),
    ),
    of(
        "sessions",
        "{ sessions(first: 100) { nodes { id } } }",
        Target::Nothing,
        Mark::Text(|world| world.target(Target::Session).0),
    ),
    of(
        "messageDeliveries",
        "{ messageDeliveries(first: 100, statuses: [PARKED]) { nodes { id template lastError } } }",
        Target::Nothing,
        Mark::Text(|world| world.target(Target::MessageDelivery).0),
    ),
    of(
        "stuckWork",
        "{ stuckWork(first: 100) { nodes { id kind lastError } } }",
        Target::Nothing,
        Mark::Text(|world| world.target(Target::StuckWork).0),
    ),
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
    node("node: Upload", Target::Upload),
    node("node: CaseFile", Target::CaseFile),
    of(
        "CaseFile.downloadLink",
        "query($id: ID!) { node(id: $id) { ... on CaseFile { downloadLink { url } } } }",
        Target::CaseFile,
        Mark::Text(|_| "X-Amz-Signature".to_owned()),
    ),
    of(
        "feedCursor",
        "{ feedCursor }",
        Target::Nothing,
        Mark::Text(World::case),
    ),
    of(
        "manual",
        "{ manual { url pages } }",
        Target::Nothing,
        Mark::Text(|_| "/manual".to_owned()),
    ),
    of(
        "codes",
        "{ codes(list: REGION) { code nameZh } }",
        Target::Nothing,
        Mark::Text(World::case),
    ),
    // Fields
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
        "Document.downloadLink",
        "query($id: ID!) { node(id: $id) { ... on Document { downloadLink { url } } } }",
        Target::Document,
        Mark::Text(|_| "X-Amz-Signature".to_owned()),
    ),
    of(
        "Document.previewLink",
        "query($id: ID!) { node(id: $id) { ... on Document { previewLink { url } } } }",
        Target::Document,
        Mark::Text(|_| "X-Amz-Signature".to_owned()),
    ),
    // Subscriptions
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
    of(
        "caseChanged of the graduate's data",
        "subscription($after: String, $id: ID!) { caseChanged(after: $after, caseId: $id) {
            event { id } case { ... on Graduate { id } } } }",
        Target::Graduate,
        Mark::Target,
    ),
    of(
        "notificationReceived",
        "subscription($after: String) { notificationReceived(after: $after) {
            notification { id case { ... on Agreement { id } } } } }",
        Target::Nothing,
        Mark::Text(World::case),
    ),
    of(
        "Graduate.history",
        "query($id: ID!) { node(id: $id) { ... on Graduate { history(first: 100) { nodes { action } } } } }",
        Target::Graduate,
        Mark::Text(|_| "CORRECT".to_owned()),
    ),
    of(
        "contact",
        "{ contact { mobile email } }",
        Target::Nothing,
        Mark::Text(|world| world.graduate.mobile.clone()),
    ),
    of(
        "employersAwaitingVerification",
        "{ employersAwaitingVerification(first: 100) { nodes { id } } }",
        Target::Nothing,
        Mark::Text(|world| world.target(Target::Waiting).0),
    ),
    of(
        "Employer.registration of one that waits",
        "query($id: ID!) { node(id: $id) { ... on Employer { registration { version } } } }",
        Target::Waiting,
        Mark::Text(|_| "version".to_owned()),
    ),
    of(
        "employerMembers",
        "{ employerMembers(first: 100) { nodes { id email } } }",
        Target::Nothing,
        Mark::Text(|world| world.target(Target::Colleague).0),
    ),
    of(
        "employerMembers of the employer",
        "query($id: ID!) { employerMembers(employerId: $id) { nodes { id email } } }",
        Target::Employer,
        Mark::Text(|world| world.target(Target::Colleague).0),
    ),
    node("node: EmployerMember", Target::Colleague),
    of(
        "schools",
        "{ schools(first: 100) { nodes { id } } }",
        Target::Nothing,
        Mark::Text(|world| world.target(Target::School).0),
    ),
    of(
        "school",
        "{ school { id } }",
        Target::Nothing,
        Mark::Text(|world| world.target(Target::School).0),
    ),
    of(
        "School.routes",
        "query($id: ID!) { node(id: $id) { ... on School { routes { route } } } }",
        Target::School,
        Mark::Text(|_| "DEPARTMENT_THEN_SCHOOL".to_owned()),
    ),
    of(
        "School.departments",
        "query($id: ID!) { node(id: $id) { ... on School { departments(first: 100) { nodes { id } } } } }",
        Target::School,
        Mark::Text(|world| world.target(Target::Department).0),
    ),
    of(
        "School.reviewers",
        "query($id: ID!) { node(id: $id) { ... on School { reviewers(first: 100) { nodes { id } } } } }",
        Target::School,
        Mark::Text(|world| world.target(Target::Reviewer).0),
    ),
    of(
        "School.history",
        "query($id: ID!) { node(id: $id) { ... on School { history(first: 100) { nodes { action } } } } }",
        Target::School,
        Mark::Text(|_| "ADD_DEPARTMENT".to_owned()),
    ),
    of(
        "School.figures",
        "query($id: ID!) { node(id: $id) { ... on School { figures(groupBy: DEPARTMENT) { total { placed }
            rows(first: 100) { nodes { department { id } } } } } } }",
        Target::School,
        Mark::Text(|world| world.target(Target::Department).0),
    ),
    of(
        "School.figures of a department",
        "query($id: ID!) { school { figures(departmentId: $id) { department { id } } } }",
        Target::Department,
        Mark::Target,
    ),
    of(
        "figuresChanged",
        "subscription { figuresChanged(groupBy: DEPARTMENT) { formula rows(first: 100) { nodes { department { id } } } } }",
        Target::Nothing,
        Mark::Text(|world| world.target(Target::Department).0),
    ),
    node("node: Reviewer", Target::Reviewer),
    of(
        "Reviewer.email",
        "query($id: ID!) { node(id: $id) { ... on Reviewer { email } } }",
        Target::Reviewer,
        Mark::Text(|world| world.reviewer_email.clone()),
    ),
    of(
        "caseChanged of the school",
        "subscription($after: String, $id: ID!) { caseChanged(after: $after, caseId: $id) {
            event { id } case { ... on School { id } } } }",
        Target::School,
        Mark::Target,
    ),
    of(
        "memberInvitations",
        "{ memberInvitations(first: 100) { nodes { email } } }",
        Target::Nothing,
        Mark::Text(|_| "invited@example.com".to_owned()),
    ),
];
