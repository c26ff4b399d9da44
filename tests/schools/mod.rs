//! Schools: opened by an operator, then run by their own reviewers. The reviewers' accounts have a file of their own, and so has
//! the story of an installation from an empty database to a signed agreement.

mod reviewers;
mod story;

use serde_json::{Value, json};
use wangqian_api::id::NodeType;
use wangqian_schema::{model::employer::EmployerVerification, workflow::ReviewRoute};

use crate::support::{
    Client, Server,
    client::PASSWORD,
    outbox::Outbox,
    people::{self, SchoolWorld},
    signing,
};

const OPEN: &str = "mutation($input: OpenSchoolInput!) { openSchool(input: $input) {
    school { id code name version routes { workflow route } reviewers(first: 5) { nodes { name email } } }
    userErrors { code field message } } }";
const UPDATE: &str = "mutation($input: UpdateSchoolInput!) { updateSchool(input: $input) {
    school { name contactPhone address version } userErrors { code field message } } }";
const SET_ROUTE: &str = "mutation($input: SetReviewRouteInput!) { setReviewRoute(input: $input) {
    school { version routes { workflow route } } userErrors { code field message } } }";
const ADD_DEPARTMENT: &str = "mutation($input: AddDepartmentInput!) { addDepartment(input: $input) {
    department { id code name } userErrors { code field message } } }";
const RENAME_DEPARTMENT: &str = "mutation($input: RenameDepartmentInput!) { renameDepartment(input: $input) {
    department { code name } userErrors { code field message } } }";

/// Sends a mutation with its input; the payload.
async fn send(client: &Client, mutation: &str, input: Value) -> Value {
    client.mutate(mutation, json!({ "input": input })).await
}

/// All errors, each as code and field.
fn errors(payload: &Value) -> Vec<(&str, &str)> {
    payload["userErrors"]
        .as_array()
        .expect("userErrors")
        .iter()
        .map(|error| {
            (
                error["code"].as_str().unwrap_or_default(),
                error["field"].as_str().unwrap_or_default(),
            )
        })
        .collect()
}

/// Sets the password of the tests by the code that comes to an address, and logs in with it.
async fn set_password(server: &Server, outbox: &Outbox, address: &str) -> Client {
    const REQUEST: &str =
        "mutation($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) {
        userErrors { code field } } }";
    const RESET: &str = "mutation($input: ResetPasswordInput!) { resetPassword(input: $input) {
        userErrors { code field } } }";
    let client = server.client();
    let requested = send(&client, REQUEST, json!({ "identifier": address })).await;
    assert_eq!(errors(&requested), []);
    let code = outbox.next_code_to(address).await;
    let input = json!({ "identifier": address, "code": code, "newPassword": PASSWORD });
    assert_eq!(errors(&send(&client, RESET, input).await), []);
    server.login(address).await
}

fn opening(code: &str, email: &str) -> Value {
    json!({
        "code": code, "name": "示例新大学", "defaultReviewRoute": "DEPARTMENT_ONLY",
        "reviewer": { "name": "示例老师", "email": email }, "idempotencyKey": format!("open {code}"),
    })
}

struct Scene {
    server: Server,
    school: SchoolWorld,
    operator: Client,
    reviewer: Client,
    department: Client,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::empty().await;
        let school = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
        let operator = people::operator(&server.platform).await;
        Self {
            operator: server.login(&operator).await,
            reviewer: server.login(&school.school_reviewer).await,
            department: server.login(&school.department_reviewer).await,
            school,
            server,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_opens_a_school_once() {
    let scene = Scene::new().await;
    let input = opening("80001", "first@example.com");
    let opened = send(&scene.operator, OPEN, input.clone()).await;
    let school = &opened["school"];
    assert_eq!(
        (&school["code"], &school["version"]),
        (&json!("80001"), &json!(1)),
        "{opened}"
    );
    assert_eq!(
        school["routes"],
        json!([{ "workflow": null, "route": "DEPARTMENT_ONLY" }])
    );
    assert_eq!(
        school["reviewers"]["nodes"],
        json!([{ "name": "示例老师", "email": "f***@example.com" }])
    );
    assert_eq!(
        send(&scene.operator, OPEN, input.clone()).await["school"]["id"],
        school["id"]
    );
    let mut other = input.clone();
    other["name"] = json!("示例另一大学");
    let refused = send(&scene.operator, OPEN, other).await;
    assert_eq!(errors(&refused), [("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")]);

    for client in [&scene.reviewer, &scene.department] {
        let refused = send(client, OPEN, opening("80002", "a@example.com")).await;
        assert_eq!(errors(&refused), [("STEP_NOT_ALLOWED", "")]);
    }
    let mut taken = opening("80001", "second@example.com");
    taken["idempotencyKey"] = json!("again");
    let refused = send(&scene.operator, OPEN, taken).await;
    assert_eq!(errors(&refused), [("ALREADY_TAKEN", "code")]);
    let by_mobile = |code: &str| {
        let mut input = opening(code, "");
        input["reviewer"] = json!({ "name": "示例老师", "mobile": "10012340001" });
        input
    };
    assert_eq!(errors(&send(&scene.operator, OPEN, by_mobile("80004")).await), []);
    for (input, field) in [
        (opening("80003", "first@example.com"), "reviewer.email"),
        (by_mobile("80003"), "reviewer.mobile"),
    ] {
        let refused = send(&scene.operator, OPEN, input).await;
        assert_eq!(errors(&refused), [("ALREADY_TAKEN", field)]);
    }
    let wrong = json!({
        "code": "8000", "name": " ", "contactPhone": "x", "address": "长".repeat(201),
        "defaultReviewRoute": "SCHOOL_ONLY", "reviewer": { "name": "", "mobile": "1" }, "idempotencyKey": "wrong",
    });
    let refused = send(&scene.operator, OPEN, wrong).await;
    let fields = [
        "code",
        "name",
        "contactPhone",
        "address",
        "reviewer.name",
        "reviewer.mobile",
    ];
    assert_eq!(errors(&refused), fields.map(|field| ("INVALID_INPUT", field)));
    for key in ["", &"k".repeat(61)] {
        let mut input = input.clone();
        input["idempotencyKey"] = json!(key);
        let refused = send(&scene.operator, OPEN, input).await;
        assert_eq!(errors(&refused), [("INVALID_INPUT", "idempotencyKey")]);
    }
    let all = "{ schools(first: 2) { nodes { code } pageInfo { endCursor hasNextPage } } }";
    let page = scene.operator.query(all, json!({})).await["schools"].clone();
    assert_eq!(page["pageInfo"]["hasNextPage"], true);
    assert_eq!(
        page["nodes"][1]["code"], "80001",
        "in the order of the codes: {page}"
    );
    let next = "query($after: String!) { schools(first: 2, after: $after) { nodes { code } } }";
    let next = scene
        .operator
        .query(next, json!({ "after": page["pageInfo"]["endCursor"] }))
        .await;
    assert_eq!(next["schools"]["nodes"], json!([{ "code": "80004" }]));
    assert_eq!(
        scene.reviewer.query(all, json!({})).await["schools"]["nodes"],
        json!([])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_school_keeps_its_own_data_and_the_operator_its_name() {
    let scene = Scene::new().await;
    let input = json!({ "contactPhone": "000-1234567", "address": "示例路二号院", "expectedVersion": 1 });
    let updated = send(&scene.reviewer, UPDATE, input.clone()).await;
    let school = &updated["school"];
    assert_eq!(
        (&school["contactPhone"], &school["address"], &school["version"]),
        (&json!("000-1234567"), &json!("示例路二号院"), &json!(2)),
        "{updated}"
    );
    let stale = send(&scene.reviewer, UPDATE, input).await;
    assert_eq!(errors(&stale), [("STALE_VERSION", "expectedVersion")]);
    let id = NodeType::School.id(scene.school.school).to_string();
    let named = json!({ "schoolId": id, "name": "示例改名大学", "contactPhone": "" });
    let renamed = send(&scene.operator, UPDATE, named).await;
    assert_eq!(
        (&renamed["school"]["name"], &renamed["school"]["contactPhone"]),
        (&json!("示例改名大学"), &Value::Null),
        "{renamed}"
    );

    let other = people::school(&scene.server.platform, ReviewRoute::SchoolOnly).await;
    let other = NodeType::School.id(other.school).to_string();
    for (client, input, expected) in [
        (
            &scene.reviewer,
            json!({ "name": "示例自封大学" }),
            ("STEP_NOT_ALLOWED", ""),
        ),
        (
            &scene.department,
            json!({ "address": "示例路三号院" }),
            ("STEP_NOT_ALLOWED", ""),
        ),
        (
            &scene.reviewer,
            json!({ "schoolId": other, "address": "示例路三号院" }),
            ("NOT_FOUND", "schoolId"),
        ),
        (
            &scene.operator,
            json!({ "address": "示例路三号院" }),
            ("NOT_FOUND", "schoolId"),
        ),
        (
            &scene.operator,
            json!({ "schoolId": "x", "address": "示例路三号院" }),
            ("NOT_FOUND", "schoolId"),
        ),
        (
            &scene.operator,
            json!({ "schoolId": id, "name": "短" }),
            ("INVALID_INPUT", "name"),
        ),
        (
            &scene.reviewer,
            json!({ "contactPhone": "没有" }),
            ("INVALID_INPUT", "contactPhone"),
        ),
    ] {
        let refused = send(client, UPDATE, input).await;
        assert_eq!(errors(&refused), [expected], "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_counts_for_what_is_submitted_from_then_on() {
    let scene = Scene::new().await;
    let platform = &scene.server.platform;
    let company = people::employer(platform, EmployerVerification::Verified).await;
    let employer = scene.server.login(&company.member).await;
    // Accepted; the level that decides first.
    let accepted = async || {
        let person = people::graduate(platform, &scene.school, |_| ()).await;
        let graduate = scene.server.login(&person.email).await;
        let agreement = signing::invite(&employer, &NodeType::Graduate.id(person.id)).await;
        let accepted = signing::step(&graduate, signing::ACCEPT, &agreement).await;
        (agreement, accepted["agreement"]["awaitingReview"].clone())
    };
    let set = async |workflow: Value, route: Value| {
        let input = json!({ "workflow": workflow, "route": route });
        let set = send(&scene.reviewer, SET_ROUTE, input).await;
        assert_eq!(errors(&set), [], "{set}");
        set["school"]["routes"].clone()
    };
    let (before, level) = accepted().await;
    assert_eq!(level, "SCHOOL");
    let routes = set(json!("ONLINE_SIGNING"), json!("DEPARTMENT_ONLY")).await;
    let expected = json!([
        { "workflow": null, "route": "SCHOOL_ONLY" }, { "workflow": "ONLINE_SIGNING", "route": "DEPARTMENT_ONLY" },
    ]);
    assert_eq!(routes, expected);
    let (after, level) = accepted().await;
    assert_eq!(level, "DEPARTMENT");
    let approved = signing::review(&scene.reviewer, &before, "APPROVE", None).await;
    assert_eq!(
        approved["agreement"]["status"], "SIGNED",
        "its own route stands: {approved}"
    );
    let approved = signing::review(&scene.department, &after, "APPROVE", None).await;
    assert_eq!(approved["agreement"]["status"], "SIGNED", "{approved}");
    assert_eq!(
        set(json!("ONLINE_SIGNING"), Value::Null)
            .await
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let routes = set(Value::Null, json!("DEPARTMENT_THEN_SCHOOL")).await;
    assert_eq!(
        routes,
        json!([{ "workflow": null, "route": "DEPARTMENT_THEN_SCHOOL" }])
    );

    for (client, input, expected) in [
        (
            &scene.department,
            json!({ "route": "SCHOOL_ONLY" }),
            ("STEP_NOT_ALLOWED", ""),
        ),
        (
            &scene.operator,
            json!({ "route": "SCHOOL_ONLY" }),
            ("STEP_NOT_ALLOWED", ""),
        ),
        (&scene.reviewer, json!({}), ("INVALID_INPUT", "route")),
        (
            &scene.reviewer,
            json!({ "route": "SCHOOL_ONLY", "expectedVersion": 1 }),
            ("STALE_VERSION", "expectedVersion"),
        ),
    ] {
        assert_eq!(errors(&send(client, SET_ROUTE, input).await), [expected]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn departments_are_added_and_renamed_and_their_codes_are_their_own() {
    let scene = Scene::new().await;
    let department =
        |code: &str, name: &str, key: &str| json!({ "code": code, "name": name, "idempotencyKey": key });
    let added = send(
        &scene.reviewer,
        ADD_DEPARTMENT,
        department("02", "示例文学院", "a"),
    )
    .await;
    let again = send(
        &scene.reviewer,
        ADD_DEPARTMENT,
        department("02", "示例文学院", "a"),
    )
    .await;
    assert!(added["department"]["id"].is_string(), "{added}");
    assert_eq!(added, again);
    let id = added["department"]["id"].clone();
    let input = json!({ "departmentId": id, "name": "示例人文学院", "code": "03" });
    let renamed = send(&scene.reviewer, RENAME_DEPARTMENT, input).await;
    assert_eq!(
        renamed["department"],
        json!({ "code": "03", "name": "示例人文学院" }),
        "{renamed}"
    );
    let list = "{ school { departments(first: 5) { nodes { code } } history(first: 9) { nodes {
        action actor { name } department { name } } } } }";
    let seen = scene.reviewer.query(list, json!({})).await;
    assert_eq!(
        seen["school"]["departments"]["nodes"],
        json!([{ "code": "01" }, { "code": "03" }])
    );
    let by = json!({ "name": "示例审核人" });
    let about = json!({ "name": "示例人文学院" });
    assert_eq!(
        seen["school"]["history"]["nodes"],
        json!([
            { "action": "ADD_DEPARTMENT", "actor": by, "department": about },
            { "action": "RENAME_DEPARTMENT", "actor": by, "department": about },
        ])
    );
    let seen = scene.department.query(list, json!({})).await;
    assert_eq!(
        seen["school"]["departments"]["nodes"].as_array().unwrap().len(),
        2
    );
    assert_eq!(
        seen["school"]["history"]["nodes"],
        json!([]),
        "of the whole school only"
    );

    for (input, expected) in [
        (department("03", "示例理学院", "b"), ("ALREADY_TAKEN", "code")),
        (department("", "示例理学院", "b"), ("INVALID_INPUT", "code")),
        (department("零四", "示例理学院", "b"), ("INVALID_INPUT", "code")),
        (department("04", " ", "b"), ("INVALID_INPUT", "name")),
        (
            department("04", "示例理学院", ""),
            ("INVALID_INPUT", "idempotencyKey"),
        ),
        (
            department("04", "示例理学院", "a"),
            ("IDEMPOTENCY_KEY_REUSED", "idempotencyKey"),
        ),
    ] {
        assert_eq!(
            errors(&send(&scene.reviewer, ADD_DEPARTMENT, input).await),
            [expected]
        );
    }
    let other = people::school(&scene.server.platform, ReviewRoute::SchoolOnly).await;
    let other = NodeType::Department.id(other.department).to_string();
    for (input, expected) in [
        (
            json!({ "departmentId": id, "code": "01" }),
            ("ALREADY_TAKEN", "code"),
        ),
        (
            json!({ "departmentId": id, "name": "" }),
            ("INVALID_INPUT", "name"),
        ),
        (
            json!({ "departmentId": other, "name": "示例" }),
            ("NOT_FOUND", "departmentId"),
        ),
        (
            json!({ "departmentId": "x", "name": "示例" }),
            ("NOT_FOUND", "departmentId"),
        ),
    ] {
        assert_eq!(
            errors(&send(&scene.reviewer, RENAME_DEPARTMENT, input).await),
            [expected]
        );
    }
    for client in [&scene.department, &scene.operator] {
        let refused = send(client, ADD_DEPARTMENT, department("05", "示例", "c")).await;
        assert_eq!(errors(&refused), [("STEP_NOT_ALLOWED", "")]);
        let refused = send(
            client,
            RENAME_DEPARTMENT,
            json!({ "departmentId": id, "name": "示例" }),
        )
        .await;
        assert_eq!(errors(&refused), [("STEP_NOT_ALLOWED", "")]);
    }
}
