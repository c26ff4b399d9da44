//! The school corrects a graduate's basic information, and he confirms it again.

use diesel::QueryDsl;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use wangqian_api::id::NodeType;
use wangqian_schema::{
    checks::id_card_check,
    model::{employer::EmployerVerification, graduate::Gender},
    tables::documents,
    workflow::ReviewRoute,
};

use crate::support::{
    Client, Server,
    people::{self, Person, SchoolWorld},
    process::{output, stderr},
    roster, signing, terminating,
};

const CORRECT: &str = "mutation($input: CorrectGraduateInput!) { correctGraduate(input: $input) {
    graduate { name gender idCardNumber studentNumber classYear department { id } degreeLevel { code } major
        trainingMode { code } originRegion { code } onlineSigningAllowed confirmedAt version }
    userErrors { code field message } } }";
const HISTORY: &str = "query($id: ID!) { node(id: $id) { ... on Graduate { history(first: 10) {
    nodes { action actorRole fromStatus toStatus reason changedFields } } } } }";

struct Scene {
    server: Server,
    school: SchoolWorld,
    reviewer: Client,
    person: Person,
    id: String,
}

impl Scene {
    async fn new() -> Self {
        Self::of(ReviewRoute::SchoolOnly).await
    }

    async fn of(route: ReviewRoute) -> Self {
        let server = Server::empty().await;
        let school = people::school(&server.platform, route).await;
        let reviewer = server.login(&school.school_reviewer).await;
        let person = people::graduate(&server.platform, &school, |new| {
            new.id_card_number = roster::id_card(0);
            new.gender = Gender::Male;
        })
        .await;
        let id = NodeType::Graduate.id(person.id).to_string();
        Self {
            server,
            school,
            reviewer,
            person,
            id,
        }
    }

    async fn correct(&self, mut input: Value) -> Value {
        input["graduateId"] = self.id.clone().into();
        self.reviewer.mutate(CORRECT, json!({ "input": input })).await
    }

    async fn errors(&self, input: Value) -> Vec<String> {
        let payload = self.correct(input).await;
        assert_eq!(payload["graduate"], Value::Null);
        let errors = payload["userErrors"].as_array().unwrap();
        errors
            .iter()
            .map(|error| format!("{} {}", error["code"], error["field"]).replace('"', ""))
            .collect()
    }
}

/// An ID-card number of a woman who does not exist.
fn id_card() -> String {
    let first = "00000020040229888";
    format!("{first}{}", id_card_check(first).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_corrected_has_to_be_confirmed_again_and_the_trail_has_no_value() {
    let scene = Scene::new().await;
    let (department, _) = people::department(&scene.server.platform, scene.school.school).await;
    let department = NodeType::Department.id(department).to_string();
    let corrected = scene
        .correct(json!({
            "expectedVersion": 1, "reason": " 学籍变动 ", "name": " 林更正 ", "gender": "FEMALE", "idCardNumber": id_card(),
            "studentNumber": "S-77", "classYear": people::class_year() + 1, "departmentId": department, "degreeLevel": "硕士生毕业",
            "major": "数学", "trainingMode": "2", "originRegion": "北京市东城区",
        }))
        .await;
    assert_eq!(corrected["userErrors"], json!([]));
    let expected = json!({
        "name": "林更正", "gender": "FEMALE", "idCardNumber": id_card(), "studentNumber": "S-77", "classYear": people::class_year() + 1,
        "department": { "id": department }, "degreeLevel": { "code": "11" }, "major": "数学",
        "trainingMode": { "code": "2" }, "originRegion": { "code": "110101" }, "onlineSigningAllowed": false,
        "confirmedAt": null, "version": 2,
    });
    assert_eq!(corrected["graduate"], expected);

    let history = scene.reviewer.query(HISTORY, json!({ "id": scene.id })).await;
    let event = &history["node"]["history"]["nodes"][0];
    assert_eq!(
        (&event["action"], &event["actorRole"]),
        (&json!("CORRECT"), &json!("SCHOOL_REVIEWER"))
    );
    assert_eq!(
        (&event["toStatus"], &event["reason"]),
        (&json!("UNCONFIRMED"), &json!("学籍变动"))
    );
    assert_eq!(event["changedFields"].as_array().unwrap().len(), 11, "{event}");
    assert!(!event.to_string().contains("20040229"), "{event}");
    let audit = output(&mut scene.server.command(&["audit"]));
    assert!(audit.status.success(), "{}", stderr(&audit));

    // He logs in with the new number, is told, and confirms what he has looked at.
    let graduate = scene.server.login(&id_card()).await;
    let told = graduate
        .query("{ notifications(first: 1) { nodes { title body } } }", json!({}))
        .await;
    let body = told["notifications"]["nodes"][0]["body"]
        .as_str()
        .expect("a message");
    assert!(body.contains("身份证号") && !body.contains("20040229"), "{body}");
    let confirm = "mutation($version: Int!) { confirmGraduateData(input: { expectedVersion: $version }) {
        graduate { confirmedAt } userErrors { code } } }";
    let stale = graduate.mutate(confirm, json!({ "version": 1 })).await;
    assert_eq!(stale["userErrors"], json!([{ "code": "STALE_VERSION" }]));
    let confirmed = graduate.mutate(confirm, json!({ "version": 2 })).await;
    assert!(confirmed["graduate"]["confirmedAt"].is_string(), "{confirmed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn until_he_has_confirmed_he_takes_no_step() {
    let scene = Scene::new().await;
    let company = people::employer(&scene.server.platform, EmployerVerification::Verified).await;
    let member = scene.server.login(&company.member).await;
    let invitation = signing::invite(&member, &scene.id).await;
    scene.correct(json!({ "major": "数学" })).await;
    let graduate = scene.server.login(&scene.person.email).await;
    let input = json!({ "input": { "agreementId": invitation } });
    let refused = graduate.mutate(signing::ACCEPT, input).await;
    assert_eq!(refused["userErrors"][0]["code"], "DATA_NOT_CONFIRMED");
    // The employer sees him and nothing of what was done to his data.
    let history = member.query(HISTORY, json!({ "id": scene.id })).await;
    assert_eq!(history["node"]["history"]["nodes"], json!([]));
}

/// What is approved is printed: nothing stands on the paper that the graduate has not confirmed.
#[tokio::test(flavor = "multi_thread")]
async fn a_correction_under_review_holds_the_approval_until_he_has_confirmed() {
    let scene = Scene::new().await;
    let company = people::employer(&scene.server.platform, EmployerVerification::Verified).await;
    let member = scene.server.login(&company.member).await;
    let graduate = scene.server.login(&scene.person.email).await;
    let agreement = signing::invite(&member, &scene.id).await;
    signing::step(&graduate, signing::ACCEPT, &agreement).await;
    scene.correct(json!({ "major": "数学" })).await;

    let held = signing::review(&scene.reviewer, &agreement, "APPROVE", None).await;
    assert_eq!(signing::refusal(&held), Some("DATA_NOT_CONFIRMED"), "{held}");
    let message = held["userErrors"][0]["message"].as_str().expect("a message");
    assert!(message.contains("尚未由本人确认"), "{message}");
    let actions = "query($id: ID!) { node(id: $id) { ... on Agreement { viewerActions } } }";
    let may = scene.reviewer.query(actions, json!({ "id": agreement })).await;
    assert_eq!(may["node"]["viewerActions"], json!(["REJECT"]));

    let confirm = "mutation { confirmGraduateData(input: { expectedVersion: 2 }) { userErrors { code } } }";
    assert_eq!(graduate.mutate(confirm, json!({})).await["userErrors"], json!([]));
    let signed = signing::review(&scene.reviewer, &agreement, "APPROVE", None).await;
    assert_eq!(signed["agreement"]["status"], "SIGNED", "{signed}");
}

/// "A department reviewer sees the graduates of the department", and their open cases with them.
#[tokio::test(flavor = "multi_thread")]
async fn open_agreements_follow_him_to_another_department() {
    let scene = Scene::of(ReviewRoute::DepartmentOnly).await;
    let company = people::employer(&scene.server.platform, EmployerVerification::Verified).await;
    let member = scene.server.login(&company.member).await;
    let graduate = scene.server.login(&scene.person.email).await;
    let before = scene.server.login(&scene.school.department_reviewer).await;
    let agreement = signing::invite(&member, &scene.id).await;
    signing::step(&graduate, signing::ACCEPT, &agreement).await;

    let (department, reviewer) = people::department(&scene.server.platform, scene.school.school).await;
    let after = scene.server.login(&reviewer).await;
    let unseen = signing::review(&after, &agreement, "APPROVE", None).await;
    assert_eq!(signing::refusal(&unseen), Some("NOT_FOUND"), "{unseen}");
    let moved = json!({ "departmentId": NodeType::Department.id(department).to_string() });
    assert_eq!(scene.correct(moved).await["userErrors"], json!([]));
    let confirm = "mutation { confirmGraduateData(input: { expectedVersion: 2 }) { userErrors { code } } }";
    assert_eq!(graduate.mutate(confirm, json!({})).await["userErrors"], json!([]));

    let gone = signing::review(&before, &agreement, "APPROVE", None).await;
    assert_eq!(signing::refusal(&gone), Some("NOT_FOUND"), "{gone}");
    let signed = signing::review(&after, &agreement, "APPROVE", None).await;
    assert_eq!(signed["agreement"]["status"], "SIGNED", "{signed}");
    let mut conn = scene.server.platform.pool.get().await.unwrap();
    let printed: String = documents::table
        .select(documents::paper)
        .first::<Value>(&mut conn)
        .await
        .unwrap()["school"]["department"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(printed, "另一学院");
    drop(conn);

    // What was signed follows him once more, and what was asked for to end it: answered or not.
    let asked = terminating::request(&member, &agreement, "MUTUAL", "示例").await;
    let refused = terminating::id(&asked);
    terminating::answer(&graduate, terminating::REFUSE_TERMINATION, &refused).await;
    let asked = terminating::request(&member, &agreement, "MUTUAL", "示例").await;
    let open = terminating::id(&asked);
    terminating::answer(&graduate, terminating::ACCEPT_TERMINATION, &open).await;
    let back = json!({ "departmentId": NodeType::Department.id(scene.school.department).to_string() });
    assert_eq!(scene.correct(back).await["userErrors"], json!([]));
    let list = "{ terminations(first: 9) { nodes { id status agreement { status } } } }";
    let gone = after.query(list, json!({})).await;
    assert_eq!(gone["terminations"]["nodes"], json!([]));
    let found = before.query(list, json!({})).await;
    assert_eq!(
        found["terminations"]["nodes"],
        json!([
            { "id": open, "status": "TERMINATION_REVIEW", "agreement": { "status": "SIGNED" } },
            { "id": refused, "status": "REFUSED", "agreement": { "status": "SIGNED" } },
        ])
    );
    // Nothing is printed of him now, so that he need not confirm first.
    let ended = signing::review(&before, &open, "APPROVE", None).await;
    assert_eq!(ended["termination"]["status"], "TERMINATED", "{ended}");
}

/// 定向 found out under review: he may not sign online any more, and the reviewer can only reject.
#[tokio::test(flavor = "multi_thread")]
async fn a_training_mode_corrected_under_review_counts() {
    let scene = Scene::new().await;
    let company = people::employer(&scene.server.platform, EmployerVerification::Verified).await;
    let member = scene.server.login(&company.member).await;
    let graduate = scene.server.login(&scene.person.email).await;
    let agreement = signing::invite(&member, &scene.id).await;
    signing::step(&graduate, signing::ACCEPT, &agreement).await;
    scene.correct(json!({ "trainingMode": "2" })).await;
    let confirm = "mutation { confirmGraduateData(input: { expectedVersion: 2 }) { userErrors { code } } }";
    assert_eq!(graduate.mutate(confirm, json!({})).await["userErrors"], json!([]));
    let refused = signing::review(&scene.reviewer, &agreement, "APPROVE", None).await;
    assert_eq!(
        signing::refusal(&refused),
        Some("ONLINE_SIGNING_NOT_ALLOWED"),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_nothing_does_nothing() {
    let scene = Scene::new().await;
    let same = scene
        .correct(json!({ "name": scene.person.name, "major": "软件工程" }))
        .await;
    assert_eq!(same["userErrors"], json!([]));
    assert_eq!(same["graduate"]["version"], 1);
    assert!(same["graduate"]["confirmedAt"].is_string(), "confirmed as before");
    let nothing = scene.correct(json!({})).await;
    assert_eq!(nothing["graduate"]["version"], 1);
    let history = scene.reviewer.query(HISTORY, json!({ "id": scene.id })).await;
    assert_eq!(history["node"]["history"]["nodes"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_school_says_who_may_sign_online() {
    let scene = Scene::new().await;
    let allowed = async |input| scene.correct(input).await["graduate"]["onlineSigningAllowed"].clone();
    assert_eq!(
        allowed(json!({ "trainingMode": "4" })).await,
        false,
        "the default of 委培"
    );
    assert_eq!(allowed(json!({ "onlineSigningAllowed": true })).await, true);
    assert_eq!(
        allowed(json!({ "trainingMode": "4", "major": "数学" })).await,
        true,
        "the mode stays"
    );
    let both = json!({ "trainingMode": "1", "onlineSigningAllowed": false });
    assert_eq!(allowed(both).await, false, "what is said counts more");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_names_its_field() {
    let scene = Scene::new().await;
    let other = people::graduate(&scene.server.platform, &scene.school, |new| {
        new.id_card_number = roster::id_card(2);
    })
    .await;
    let elsewhere = people::school(&scene.server.platform, ReviewRoute::SchoolOnly).await;
    let their_department = NodeType::Department.id(elsewhere.department).to_string();
    for (input, error) in [
        (json!({ "name": " " }), "INVALID_INPUT name"),
        (json!({ "studentNumber": "a b" }), "INVALID_INPUT studentNumber"),
        (
            json!({ "studentNumber": other.student_number }),
            "INVALID_INPUT studentNumber",
        ),
        (json!({ "idCardNumber": "1234" }), "INVALID_INPUT idCardNumber"),
        (
            json!({ "idCardNumber": other.id_card_number }),
            "INVALID_INPUT idCardNumber",
        ),
        (json!({ "gender": "FEMALE" }), "INVALID_INPUT gender"),
        (json!({ "classYear": 207 }), "INVALID_INPUT classYear"),
        (
            json!({ "departmentId": their_department }),
            "INVALID_INPUT departmentId",
        ),
        (json!({ "departmentId": "no id" }), "INVALID_INPUT departmentId"),
        (json!({ "degreeLevel": "博士后" }), "INVALID_INPUT degreeLevel"),
        (json!({ "major": "数".repeat(101) }), "INVALID_INPUT major"),
        (json!({ "trainingMode": "9" }), "INVALID_INPUT trainingMode"),
        (json!({ "originRegion": "999999" }), "INVALID_INPUT originRegion"),
        (
            json!({ "name": "林", "reason": "因".repeat(501) }),
            "INVALID_INPUT reason",
        ),
        (
            json!({ "name": "林", "expectedVersion": 7 }),
            "STALE_VERSION expectedVersion",
        ),
    ] {
        let errors = scene.errors(input.clone()).await;
        assert_eq!(errors.len(), 1, "{input}: {errors:?}");
        assert!(errors[0].starts_with(error), "{input}: {errors:?}");
    }
    let everything = json!({ "name": "", "major": "", "trainingMode": "" });
    assert_eq!(
        scene.errors(everything).await.len(),
        3,
        "all that is wrong at once"
    );
}
