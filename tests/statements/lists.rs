//! Every list of the schema with the query that is counted. How it is counted stands in the parent.

#[derive(Clone, Copy, Debug)]
pub(super) enum Asker {
    Employer,
    School,
    Operator,
    /// One whom a hundred employers invite.
    Graduate,
}

pub(super) const ALL_FIELDS: &str = "
fragment all on Agreement {
  id status version channel responseDeadline reviewRoute awaitingReview agreementNumber reason viewerActions
  graduate { id name idCardNumber mobile school { name } department { name school { code } } degreeLevel { nameZh } }
  employer { id name creditCode verification nature { nameZh } }
  terms { positionTitle region { nameZh } }
  documents { id version status verificationCode downloadLink { url } }
  lastTermination { id status requestedBy terminationReason { nameZh } viewerActions }
  history(first: 10) { edges { node { id action occurredAt } } pageInfo { hasNextPage } }
}";

/// Every list of the schema: whose field it is, who asks, the query with everything below a row that costs a statement, and
/// where the rows are in its answer: a JSON pointer whose `*` stands for each element of a list.
pub(super) const LISTS: &[(&str, Asker, &str, &str)] = &[
    (
        "Query.agreements",
        Asker::Employer,
        "{ agreements(first: 100) { edges { cursor node { ...all } } pageInfo { endCursor } } }",
        "/agreements/edges/*",
    ),
    (
        "Query.agreements",
        Asker::School,
        "{ agreements(first: 100, statuses: [SIGNED]) { edges { node { ...all } } } }",
        "/agreements/edges/*",
    ),
    (
        "Query.agreements",
        Asker::Graduate,
        "{ agreements(first: 100) { nodes { ...all } } }",
        "/agreements/nodes/*",
    ),
    (
        "Query.reviewQueue",
        Asker::School,
        "{ reviewQueue(first: 100) { edges { node {
            id version waitingSince graduate { name } assignment { reviewerName mine } flags { kind graduates } ...all
            ... on Termination { explanation agreement { agreementNumber employer { name } } }
            ... on Destination { destinationType viewerActions form { nationalCode { nameZh } } }
        } } } }",
        "/reviewQueue/edges/*",
    ),
    (
        "Agreement.history",
        Asker::Employer,
        "{ agreements(last: 100) { edges { node { newest: history(last: 1) { edges { node { id actorRole } } } ...all } } } }",
        "/agreements/edges/*/node/newest/edges/*",
    ),
    (
        "AgreementEvent.fieldChanges",
        Asker::School,
        "{ agreements(first: 100, statuses: [SIGNED]) { nodes { history(last: 2) { nodes { fieldChanges { label old new } } } } } }",
        "/agreements/nodes/*/history/nodes/*/fieldChanges/*",
    ),
    (
        "Agreement.files",
        Asker::School,
        "{ agreements(first: 100, statuses: [SIGNED]) { nodes { files { id fileName sha256 downloadLink { url } thumbnailLink { url } } } } }",
        "/agreements/nodes/*/files/*",
    ),
    (
        "Agreement.stampedCopyLinks",
        Asker::Graduate,
        "{ agreements(first: 100, channels: [OFFLINE]) { nodes { stampedCopyLinks { channel delivery expiresAt } } } }",
        "/agreements/nodes/*/stampedCopyLinks/*",
    ),
    (
        "Query.terminations",
        Asker::Employer,
        "{ terminations(first: 100) { edges { cursor node { id status viewerActions terminationReason { nameZh }
            graduate { name school { name } } agreement { ...all } } } } }",
        "/terminations/edges/*",
    ),
    (
        "Query.terminations",
        Asker::School,
        "{ terminations(first: 100, statuses: [TERMINATION_REVIEW]) { nodes { id agreement { employer { name } } } } }",
        "/terminations/nodes/*",
    ),
    (
        "Termination.files",
        Asker::School,
        "{ terminations(first: 100) { nodes { files(submission: 1) { id fileName sha256 downloadLink { url } thumbnailLink { url } } } } }",
        "/terminations/nodes/*/files/*",
    ),
    (
        "Termination.history",
        Asker::Employer,
        "{ terminations(last: 100) { nodes { history(first: 5) { nodes { id action occurredAt } } } } }",
        "/terminations/nodes/*/history/nodes/*",
    ),
    (
        "Query.destinations",
        Asker::School,
        "{ destinations(first: 100) { edges { cursor node { id status version destinationType reviewRoute viewerActions
            warnings { field } graduate { name department { name school { name } } }
            form { nationalCode { nameZh } details { __typename ... on SeekingForm { wantedPay } } }
            files { id downloadLink { url } } history(first: 10) { nodes { fieldChanges { label old new } } } } } } }",
        "/destinations/edges/*",
    ),
    (
        "Destination.files",
        Asker::School,
        "{ destinations(last: 100) { nodes { files { id fileName downloadLink { url } thumbnailLink { url } } } } }",
        "/destinations/nodes/*/files/*",
    ),
    (
        "Destination.history",
        Asker::School,
        "{ destinations(first: 100) { nodes { history(last: 1) { nodes { action changedFields } } } } }",
        "/destinations/nodes/*/history/nodes/*",
    ),
    (
        "DestinationEvent.fieldChanges",
        Asker::School,
        "{ destinations(first: 100) { nodes { history(last: 1) { nodes { fieldChanges { label old new } } } } } }",
        "/destinations/nodes/*/history/nodes/*/fieldChanges/*",
    ),
    (
        "Query.leavingConfirmations",
        Asker::School,
        "{ leavingConfirmations(first: 100) { edges { cursor node { id status stands version viewerActions confirmedAt
            graduate { name department { name school { name } } } archive { route } sheet { version downloadLink { url } }
            registered { __typename ... on Agreement { id employer { name } } } } } } }",
        "/leavingConfirmations/edges/*",
    ),
    (
        "Query.leavingGraduates",
        Asker::School,
        "{ leavingGraduates(first: 100) { edges { cursor node { lastDay viewerActions period { opensOn }
            graduate { name department { name school { name } } } confirmation { id status stands sheet { version } }
            registered { __typename ... on Agreement { id employer { name } } } } } } }",
        "/leavingGraduates/edges/*",
    ),
    (
        "LeavingConfirmation.history",
        Asker::School,
        "{ leavingConfirmations(last: 100) { nodes { history(first: 5) { nodes { id action occurredAt } } } } }",
        "/leavingConfirmations/nodes/*/history/nodes/*",
    ),
    (
        "School.leavingPeriods",
        Asker::Operator,
        "{ schools(first: 100) { nodes { leavingPeriods { classYear opensOn } } } }",
        "/schools/nodes/*/leavingPeriods/*",
    ),
    (
        "Graduate.history",
        Asker::School,
        "{ agreements(first: 100, statuses: [SIGNED]) { nodes { graduate { history(first: 5) { nodes { id action } } } } } }",
        "/agreements/nodes/*/graduate/history/nodes/*",
    ),
    (
        "Agreement.documents",
        Asker::Employer,
        "{ agreements(first: 100) { edges { node { documents { id downloadLink { url expiresAt } } } } } }",
        "/agreements/edges/*/node/documents/*",
    ),
    (
        "Agreement.documents",
        Asker::School,
        "{ agreements(first: 100, statuses: [SIGNED]) { nodes { documents { downloadLink { url } } } } }",
        "/agreements/nodes/*/documents/*",
    ),
    (
        "Agreement.flags",
        Asker::School,
        "{ agreements(first: 100, statuses: [SIGNED]) { nodes { flags { kind graduates message } } } }",
        "/agreements/nodes/*/flags/*",
    ),
    (
        "Termination.flags",
        Asker::School,
        "{ terminations(first: 100) { nodes { flags { kind graduates } } } }",
        "/terminations/nodes/*/flags/*",
    ),
    (
        "Destination.flags",
        Asker::School,
        "{ destinations(first: 100) { nodes { flags { kind graduates } } } }",
        "/destinations/nodes/*/flags/*",
    ),
    (
        "SchoolFigures.rows",
        Asker::School,
        "{ school { figures(groupBy: DEPARTMENT) { department { name } total { graduates parts { codes { graduates } } }
            rows(first: 100) { edges { cursor node { department { code school { name } } figure { placed share } } } } } } }",
        "/school/figures/rows/edges/*",
    ),
    (
        "School.figureHistory",
        Asker::School,
        "{ school { figureHistory(classYear: 2100, first: 100) { edges { cursor node { day figure { placed } } } } } }",
        "/school/figureHistory/edges/*",
    ),
    (
        "Query.notifications",
        Asker::Employer,
        "{ notifications(first: 100) { edges { node { title body case { ...all } } } } }",
        "/notifications/edges/*",
    ),
    (
        "Query.notifications",
        Asker::Graduate,
        "{ notifications(first: 100) { nodes { title body case { ...all } } } }",
        "/notifications/nodes/*",
    ),
    (
        "Query.sessions",
        Asker::Employer,
        "{ sessions(first: 100) { edges { node { id current } } } }",
        "/sessions/edges/*",
    ),
    (
        "Query.graduateImports",
        Asker::School,
        "{ graduateImports(first: 100) { edges { node { id status failure { message } report(first: 5) { edges { node { message } } } } } } }",
        "/graduateImports/edges/*",
    ),
    (
        "GraduateImport.report",
        Asker::School,
        "{ graduateImports(last: 100) { edges { node { report(last: 5) { edges { node { rowNumber code } } } } } } }",
        "/graduateImports/edges/*/node/report/edges/*",
    ),
    (
        "Query.recordExports",
        Asker::School,
        "{ recordExports(first: 100) { edges { cursor node { id number status subject format classYear department { name }
            failure { message } rowsTotal rowsDone expiresAt } } } }",
        "/recordExports/edges/*",
    ),
    (
        "Query.recordExportLog",
        Asker::School,
        "{ recordExportLog(first: 100) { edges { cursor node { action occurredAt actorName actor { name } number school { name }
            department { name school { name } } rowCount } } } }",
        "/recordExportLog/edges/*",
    ),
    (
        "Query.stuckWork",
        Asker::Operator,
        "{ stuckWork(first: 100) { edges { cursor node { id kind caseReference owedSince jobState attempts lastError } } } }",
        "/stuckWork/edges/*",
    ),
    (
        "Query.messageDeliveries",
        Asker::Operator,
        "{ messageDeliveries(first: 100, statuses: [PENDING]) { edges { cursor node {
            id caseReference recipientReference recipientKind channel template status owedSince lastError } } } }",
        "/messageDeliveries/edges/*",
    ),
    (
        "Query.employersAwaitingVerification",
        Asker::Operator,
        "{ employersAwaitingVerification(first: 100) { edges { node { id name
            registration { version reason licence { byteSize downloadLink { url } } } } } } }",
        "/employersAwaitingVerification/edges/*",
    ),
    (
        "Query.employerMembers",
        Asker::Employer,
        "{ employerMembers(first: 100) { edges { node { id name role email employer { name } } } } }",
        "/employerMembers/edges/*",
    ),
    (
        "Query.schools",
        Asker::Operator,
        "{ schools(first: 100) { edges { cursor node { id code name version } } } }",
        "/schools/edges/*",
    ),
    (
        "School.routes",
        Asker::Operator,
        "{ schools(first: 100) { nodes { routes { workflow route } } } }",
        "/schools/nodes/*/routes/*",
    ),
    (
        "School.departments",
        Asker::Operator,
        "{ schools(first: 100) { nodes { departments(first: 1) { nodes { id code name school { name } } } } } }",
        "/schools/nodes/*/departments/nodes/*",
    ),
    (
        "School.reviewers",
        Asker::Operator,
        "{ schools(first: 100) { nodes { reviewers(first: 1) { edges { cursor node {
            id name email mobile disabledAt school { name } department { name } } } } } } }",
        "/schools/nodes/*/reviewers/edges/*",
    ),
    (
        "School.history",
        Asker::Operator,
        "{ schools(first: 100) { nodes { history(last: 1) { nodes {
            id action actor { name department { name } } reviewer { name } department { name school { name } } } } } } }",
        "/schools/nodes/*/history/nodes/*",
    ),
    (
        "Query.memberInvitations",
        Asker::Employer,
        "{ memberInvitations(first: 100) { edges { cursor node { email name role delivery invitedAt expiresAt } } } }",
        "/memberInvitations/edges/*",
    ),
    (
        "EmployerRegistration.history",
        Asker::Operator,
        "{ employersAwaitingVerification(first: 100) { nodes { registration { history(first: 5) {
            edges { node { id action actorId memberId } } } } } } }",
        "/employersAwaitingVerification/nodes/*/registration/history/edges/*",
    ),
    // At most ten of either.
    (
        "Query.findEmployers",
        Asker::Graduate,
        "{ findEmployers(name: \"例科技\") { name creditCode nature { nameZh } industry { nameZh } region { nameZh } address } }",
        "/findEmployers/*",
    ),
    (
        "Query.findGraduates",
        Asker::Employer,
        "{ findGraduates(name: \"林同名\", number: { studentNumber: \"2023900001\" }) {
            graduateId name school { name } department { name school { code } } } }",
        "/findGraduates/*",
    ),
];

/// Lists that need no row above, and why.
pub(super) const NOT_COUNTED: &[(&str, &str)] = &[
    ("Query.codes", "from memory: no statement at all"),
    (
        "Query.messagePreferences",
        "eight at most, by one statement for all",
    ),
    (
        "SetMessagePreferencePayload.messagePreferences",
        "eight at most, by one statement for all",
    ),
    (
        "InviteGraduatesPayload.results",
        "each is a step with statements of its own",
    ),
    (
        "ReviewCasesPayload.results",
        "each is a step with statements of its own",
    ),
    (
        "RetryStuckWorkPayload.stuckWork",
        "each is a step with statements of its own",
    ),
    ("InvitationResult.warnings", "from memory"),
    ("DestinationSheetVerification.blocks", "from memory, of one sheet"),
    ("SheetBlock.entries", "from memory"),
    ("AgreementTerms.warnings", "from memory"),
    ("Destination.warnings", "from the row"),
    ("LeavingArchivePayload.warnings", "from memory"),
    (
        "Query.offeredDestinationTypes",
        "from memory, and the graduate himself once",
    ),
    ("DestinationTypeEntry.nationalCodes", "from memory"),
    ("UploadLink.headers", "from memory"),
    ("Figure.parts", "from memory, five of each formula"),
    ("FigurePart.codes", "from memory"),
];
