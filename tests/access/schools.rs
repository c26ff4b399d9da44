//! Schools: their departments, routes, reviewers and figures; and what operators look after: what is sent for each row, and how its
//! answer is recognised.

use serde_json::json;

use super::{
    probes::{Mark, Probe, node, of},
    world::Target,
};

pub(super) const PROBES: &[Probe] = &[
    node("node: School", Target::School),
    node("node: Department", Target::Department),
    node("node: StuckWork", Target::StuckWork),
    node("node: MessageDelivery", Target::MessageDelivery),
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
        "query($id: ID!) { school { figures(departmentId: $id) { department { name } } } }",
        Target::Department,
        // As it was renamed in a row before.
        Mark::Text(|_| "示例新学院".to_owned()),
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
        "retryStuckWork",
        "mutation($id: ID!) { retryStuckWork(input: { stuckWorkIds: [$id] }) {
            stuckWork { id } userErrors { code field message } } }",
        Target::StuckWork,
        Mark::Target,
    ),
    Probe {
        row: "openSchool",
        document: "mutation($input: OpenSchoolInput!) { openSchool(input: $input) {
            school { id } userErrors { code field message } } }",
        target: Target::Nothing,
        variables: |_| {
            json!({ "input": {
                "code": "89999", "name": "示例大学", "defaultReviewRoute": "SCHOOL_ONLY", "idempotencyKey": "open",
                "reviewer": { "name": "示例", "email": "opened@example.com" },
            } })
        },
        mark: Mark::Change,
    },
    Probe {
        row: "updateSchool",
        document: "mutation($input: UpdateSchoolInput!) { updateSchool(input: $input) {
            school { id } userErrors { code field message } } }",
        target: Target::School,
        variables: |id| json!({ "input": { "schoolId": id, "address": uuid::Uuid::now_v7() } }),
        mark: Mark::Target,
    },
    of(
        "setReviewRoute",
        "mutation { setReviewRoute(input: { workflow: ONLINE_SIGNING, route: SCHOOL_ONLY }) {
            school { id } userErrors { code field message } } }",
        Target::Nothing,
        Mark::Change,
    ),
    of(
        "setVoidingReview",
        "mutation { setVoidingReview(input: { reviewed: true }) {
            school { id } userErrors { code field message } } }",
        Target::Nothing,
        Mark::Change,
    ),
    of(
        "addDepartment",
        "mutation { addDepartment(input: { code: \"77\", name: \"示例\", idempotencyKey: \"77\" }) {
            department { id } userErrors { code field message } } }",
        Target::Nothing,
        Mark::Change,
    ),
    of(
        "renameDepartment",
        "mutation($id: ID!) { renameDepartment(input: { departmentId: $id, name: \"示例新学院\" }) {
            department { id } userErrors { code field message } } }",
        Target::Department,
        Mark::Target,
    ),
    Probe {
        row: "addReviewer",
        document: "mutation($input: AddReviewerInput!) { addReviewer(input: $input) {
            reviewer { id } userErrors { code field message } } }",
        target: Target::Nothing,
        variables: |_| {
            let key = uuid::Uuid::now_v7();
            json!({ "input": {
                "place": { "wholeSchool": true }, "name": "示例", "email": format!("{key}@example.com"),
                "idempotencyKey": key,
            } })
        },
        mark: Mark::Change,
    },
    of(
        "updateReviewer",
        "mutation($id: ID!) { updateReviewer(input: { reviewerId: $id, name: \"示例新名\" }) {
            reviewer { id } userErrors { code field message } } }",
        Target::Reviewer,
        Mark::Target,
    ),
    // Each leaves the account as it was, for whoever comes next; the answer that is judged stands first in the alphabet.
    of(
        "disableReviewer",
        "mutation($id: ID!) {
            a: disableReviewer(input: { reviewerId: $id }) { reviewer { id } userErrors { code field message } }
            z: enableReviewer(input: { reviewerId: $id }) { userErrors { code } } }",
        Target::Reviewer,
        Mark::Target,
    ),
    of(
        "enableReviewer",
        "mutation($id: ID!) {
            z: disableReviewer(input: { reviewerId: $id }) { userErrors { code } }
            a: enableReviewer(input: { reviewerId: $id }) { reviewer { id } userErrors { code field message } } }",
        Target::Reviewer,
        Mark::Target,
    ),
];
