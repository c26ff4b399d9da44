//! The accounts of a school's reviewers: opened without a password, moved, disabled at once and enabled again.

use serde_json::{Value, json};
use wangqian_api::id::NodeType;
use wangqian_schema::workflow::ReviewRoute;

use super::{Scene, errors, send, set_password};
use crate::support::{Client, Server, client::PASSWORD, outbox::Outbox, people};

pub(super) const ADD: &str = "mutation($input: AddReviewerInput!) { addReviewer(input: $input) {
    reviewer { id name email mobile disabledAt department { code } } userErrors { code field message } } }";
const UPDATE: &str = "mutation($input: UpdateReviewerInput!) { updateReviewer(input: $input) {
    reviewer { name department { code } } userErrors { code field message } } }";
const DISABLE: &str = "mutation($input: ReviewerInput!) { disableReviewer(input: $input) {
    reviewer { disabledAt } userErrors { code field message } } }";
const ENABLE: &str = "mutation($input: ReviewerInput!) { enableReviewer(input: $input) {
    reviewer { disabledAt } userErrors { code field message } } }";
const REVIEWERS: &str = "{ school { reviewers(first: 10) { nodes { id email mobile } } } }";
const OWN_ID: &str = "{ viewer { ... on Reviewer { id } } }";
const LOG_IN: &str = "mutation($input: LogInInput!) { logIn(input: $input) { userErrors { code message } } }";

fn adding(email: &str, place: Value) -> Value {
    json!({ "name": "示例老师", "email": email, "place": place, "idempotencyKey": email })
}

fn whole_school() -> Value {
    json!({ "wholeSchool": true })
}

/// A disable or enable.
async fn set(client: &Client, mutation: &str, id: &Value) -> Value {
    send(client, mutation, json!({ "reviewerId": id })).await
}

async fn own_id(client: &Client) -> Value {
    client.query(OWN_ID, json!({})).await["viewer"]["id"].clone()
}

/// The user errors of a log-in.
async fn log_in(server: &Server, email: &str, password: &str) -> Value {
    let input = json!({ "identifier": email, "password": password, "delivery": "BEARER" });
    send(&server.client(), LOG_IN, input).await["userErrors"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reviewer_is_added_once_told_and_sets_his_own_password() {
    let scene = Scene::new().await;
    let outbox = Outbox::new(scene.server.outbox());
    let mut input = adding("new@example.com", whole_school());
    input["mobile"] = json!("10012340002");
    let added = send(&scene.reviewer, ADD, input.clone()).await;
    let reviewer = &added["reviewer"];
    assert_eq!(
        (&reviewer["email"], &reviewer["mobile"], &reviewer["department"]),
        (&json!("new@example.com"), &json!("10012340002"), &Value::Null),
        "{added}"
    );
    assert_eq!(send(&scene.reviewer, ADD, input.clone()).await, added, "once");
    for address in ["new@example.com", "10012340002"] {
        let told = outbox.next_to(address).await;
        assert!(
            told.contains(&scene.server.url) && told.contains("示例大学"),
            "{told}"
        );
        assert!(!told.contains(PASSWORD), "{told}");
    }
    assert_eq!(
        log_in(&scene.server, "new@example.com", PASSWORD).await[0]["code"],
        "WRONG_CREDENTIALS"
    );
    let new = set_password(&scene.server, &outbox, "new@example.com").await;
    let department = NodeType::Department.id(scene.school.department).to_string();
    let of_department = send(
        &new,
        ADD,
        adding("dept@example.com", json!({ "departmentId": department })),
    )
    .await;
    assert_eq!(
        of_department["reviewer"]["department"]["code"], "01",
        "he runs the school too: {of_department}"
    );
    let told = outbox.next_to("dept@example.com").await;
    assert!(told.contains("示例学院"), "{told}");

    let mut reused = input.clone();
    reused["name"] = json!("另一老师");
    let mut of_mobile = adding("other@example.com", whole_school());
    of_mobile["mobile"] = json!("10012340002");
    let without = |field: &str, value: Value| {
        let mut input = adding("third@example.com", whole_school());
        input[field] = value;
        input
    };
    let other = people::school(&scene.server.platform, ReviewRoute::SchoolOnly).await;
    let elsewhere = json!({ "departmentId": NodeType::Department.id(other.department).to_string() });
    for (input, expected) in [
        (reused, ("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")),
        (
            json!({ "name": "示", "email": "new@example.com", "place": whole_school(), "idempotencyKey": "k" }),
            ("ALREADY_TAKEN", "email"),
        ),
        (of_mobile, ("ALREADY_TAKEN", "mobile")),
        (without("name", json!(" ")), ("INVALID_INPUT", "name")),
        (without("email", json!("nobody")), ("INVALID_INPUT", "email")),
        (without("email", Value::Null), ("INVALID_INPUT", "email")),
        (without("mobile", json!("123")), ("INVALID_INPUT", "mobile")),
        (
            without("place", elsewhere),
            ("INVALID_INPUT", "place.departmentId"),
        ),
        (
            without("place", json!({ "departmentId": "x" })),
            ("INVALID_INPUT", "place.departmentId"),
        ),
        (
            without("place", json!({ "wholeSchool": false })),
            ("INVALID_INPUT", "place.wholeSchool"),
        ),
        (
            without("idempotencyKey", json!("")),
            ("INVALID_INPUT", "idempotencyKey"),
        ),
    ] {
        let refused = send(&scene.reviewer, ADD, input).await;
        assert_eq!(errors(&refused), [expected], "{refused}");
    }
    let refused = send(&scene.department, ADD, adding("a@example.com", whole_school())).await;
    assert_eq!(errors(&refused), [("STEP_NOT_ALLOWED", "")]);
    let refused = send(&scene.operator, ADD, adding("a@example.com", whole_school())).await;
    assert_eq!(errors(&refused), [("NOT_FOUND", "schoolId")], "of no school");
    let mut helped = adding("helped@example.com", whole_school());
    helped["schoolId"] = json!(NodeType::School.id(other.school).to_string());
    let refused = send(&scene.reviewer, ADD, helped.clone()).await;
    assert_eq!(errors(&refused), [("NOT_FOUND", "schoolId")]);
    let added = send(&scene.operator, ADD, helped).await;
    assert_eq!(added["reviewer"]["email"], "h***@example.com", "{added}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_reviewer_is_out_at_once_and_somebody_stays() {
    let scene = Scene::new().await;
    let (own, id) = (own_id(&scene.reviewer).await, own_id(&scene.department).await);
    let wrong = log_in(
        &scene.server,
        &scene.school.department_reviewer,
        "not his password",
    )
    .await;
    for (client, mutation, id, expected) in [
        (&scene.reviewer, DISABLE, &own, ("STEP_NOT_ALLOWED", "reviewerId")),
        (
            &scene.operator,
            DISABLE,
            &own,
            ("LAST_SCHOOL_REVIEWER", "reviewerId"),
        ),
        (&scene.reviewer, ENABLE, &id, ("STEP_NOT_ALLOWED", "")),
        (&scene.department, DISABLE, &own, ("STEP_NOT_ALLOWED", "")),
        (&scene.reviewer, DISABLE, &json!("x"), ("NOT_FOUND", "reviewerId")),
    ] {
        let refused = set(client, mutation, id).await;
        assert_eq!(errors(&refused), [expected], "{refused}");
    }
    let disabled = set(&scene.reviewer, DISABLE, &id).await;
    assert!(disabled["reviewer"]["disabledAt"].is_string(), "{disabled}");
    let answer = scene.department.graphql(OWN_ID, json!({})).await;
    assert_eq!(
        answer["data"]["viewer"],
        Value::Null,
        "his session has ended: {answer}"
    );
    assert_eq!(
        log_in(&scene.server, &scene.school.department_reviewer, PASSWORD).await,
        wrong,
        "word for word"
    );
    let again = set(&scene.reviewer, DISABLE, &id).await;
    assert_eq!(errors(&again), [("STEP_NOT_ALLOWED", "")]);

    let enabled = set(&scene.operator, ENABLE, &id).await;
    assert_eq!(enabled["reviewer"]["disabledAt"], Value::Null, "{enabled}");
    scene.server.login(&scene.school.department_reviewer).await;

    let second = send(&scene.reviewer, ADD, adding("second@example.com", whole_school())).await;
    let second = second["reviewer"]["id"].clone();
    let disabled = set(&scene.operator, DISABLE, &own).await;
    assert_eq!(errors(&disabled), [], "there is another one");
    let refused = set(&scene.operator, DISABLE, &second).await;
    assert_eq!(
        errors(&refused),
        [("LAST_SCHOOL_REVIEWER", "reviewerId")],
        "{refused}"
    );
    let other = people::school(&scene.server.platform, ReviewRoute::SchoolOnly).await;
    let other = scene.server.login(&other.school_reviewer).await;
    let refused = set(&other, DISABLE, &second).await;
    assert_eq!(errors(&refused), [("NOT_FOUND", "reviewerId")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reviewer_is_renamed_and_moved_and_others_see_as_much_as_they_may() {
    let scene = Scene::new().await;
    let (own, id) = (own_id(&scene.reviewer).await, own_id(&scene.department).await);
    let platform = &scene.server.platform;
    let (second, second_email) = people::department(platform, scene.school.school).await;
    let second = NodeType::Department.id(second).to_string();
    let update =
        |id: &Value, name: Value, place: Value| json!({ "reviewerId": id, "name": name, "place": place });

    let renamed = send(
        &scene.reviewer,
        UPDATE,
        update(&own, json!("示例新名"), Value::Null),
    )
    .await;
    assert_eq!(
        renamed["reviewer"],
        json!({ "name": "示例新名", "department": null }),
        "{renamed}"
    );
    let there = json!({ "departmentId": second });
    for (client, input, expected) in [
        (
            &scene.reviewer,
            update(&own, Value::Null, there.clone()),
            ("STEP_NOT_ALLOWED", "reviewerId"),
        ),
        (
            &scene.reviewer,
            update(&id, json!(""), Value::Null),
            ("INVALID_INPUT", "name"),
        ),
        (
            &scene.reviewer,
            update(&id, Value::Null, json!({ "departmentId": "x" })),
            ("INVALID_INPUT", "place.departmentId"),
        ),
        (
            &scene.reviewer,
            update(&id, Value::Null, json!({ "wholeSchool": false })),
            ("INVALID_INPUT", "place.wholeSchool"),
        ),
        (
            &scene.reviewer,
            update(&json!("x"), json!("示例"), Value::Null),
            ("NOT_FOUND", "reviewerId"),
        ),
        (
            &scene.department,
            update(&id, Value::Null, whole_school()),
            ("STEP_NOT_ALLOWED", ""),
        ),
        (
            &scene.operator,
            update(&id, json!("示例"), Value::Null),
            ("STEP_NOT_ALLOWED", ""),
        ),
    ] {
        let refused = send(client, UPDATE, input).await;
        assert_eq!(errors(&refused), [expected], "{refused}");
    }
    let moved = send(&scene.reviewer, UPDATE, update(&id, Value::Null, there)).await;
    assert!(moved["reviewer"]["department"]["code"].is_string(), "{moved}");
    let answer = scene.department.graphql(OWN_ID, json!({})).await;
    assert_eq!(
        answer["data"]["viewer"],
        Value::Null,
        "he logs in again: {answer}"
    );
    let email = &scene.school.department_reviewer;
    let colleagues = scene.server.login(email).await.query(REVIEWERS, json!({})).await;
    let seen = colleagues["school"]["reviewers"]["nodes"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(
        seen.len(),
        2,
        "himself and the one of his new department: {seen:?}"
    );
    assert_eq!(
        (&seen[0]["id"], &seen[0]["email"]),
        (&id, &json!(email)),
        "his own address"
    );
    assert_eq!(
        (&seen[1]["email"], &seen[1]["mobile"]),
        (&Value::Null, &Value::Null)
    );
    let all = scene.reviewer.query(REVIEWERS, json!({})).await;
    assert_eq!(
        all["school"]["reviewers"]["nodes"][2]["email"],
        json!(second_email),
        "{all}"
    );
    let history = "{ school { history(last: 1) { nodes { action reviewer { id } department { id } } } } }";
    let last = scene.reviewer.query(history, json!({})).await;
    let expected =
        json!({ "action": "UPDATE_REVIEWER", "reviewer": { "id": id }, "department": { "id": second } });
    assert_eq!(last["school"]["history"]["nodes"][0], expected);
}
