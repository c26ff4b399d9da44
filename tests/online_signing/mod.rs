//! The story of §4 over HTTP, from the invitation to the signature, and who may not sign yet. What becomes of an invitation, with the notes
//! (特别说明) of §4.2, stands in the module below.

mod invitation;

use serde_json::{Value, json};
use wangqian_api::id::NodeType;
use wangqian_schema::{model::employer::EmployerVerification, workflow::ReviewRoute};

use crate::support::{
    Client, Server,
    people::{self, Company, Person, SchoolWorld},
    signing::*,
};

struct Story {
    server: Server,
    school: SchoolWorld,
    graduate: Person,
    graduate_id: String,
    company: Company,
    employer: Client,
    client: Client,
}

impl Story {
    async fn begin(route: ReviewRoute) -> Self {
        let server = Server::empty().await;
        let school = people::school(&server.platform, route).await;
        let graduate = people::graduate(&server.platform, &school, |_| {}).await;
        let company = people::employer(&server.platform, EmployerVerification::Verified).await;
        let employer = server.client().login(&company.member).await;
        let client = server.client().login(&graduate.email).await;
        let graduate_id = NodeType::Graduate.id(graduate.id).to_string();
        Self {
            server,
            school,
            graduate,
            graduate_id,
            company,
            employer,
            client,
        }
    }

    async fn department(&self) -> Client {
        self.server.client().login(&self.school.department_reviewer).await
    }

    async fn school(&self) -> Client {
        self.server.client().login(&self.school.school_reviewer).await
    }

    async fn another_employer(&self) -> Client {
        let company = people::employer(&self.server.platform, EmployerVerification::Verified).await;
        self.server.client().login(&company.member).await
    }

    /// The messages of somebody, newest first.
    async fn inbox(&self, client: &Client) -> Vec<String> {
        let query = "{ notifications(first: 100) { nodes { title body } } }";
        let data = client.query(query, json!({})).await;
        let nodes = data["notifications"]["nodes"].as_array().unwrap();
        nodes
            .iter()
            .map(|node| format!("{} {}", node["title"], node["body"]))
            .collect()
    }
}

async fn status(client: &Client, agreement: &str) -> Value {
    let query = "query($id: ID!) { node(id: $id) { ... on Agreement { status } } }";
    client.query(query, json!({ "id": agreement })).await["node"]["status"].take()
}

async fn actions(client: &Client, agreement: &str) -> Value {
    let query = "query($id: ID!) { node(id: $id) { ... on Agreement { viewerActions } } }";
    client.query(query, json!({ "id": agreement })).await["node"]["viewerActions"].clone()
}

/// §4.1 to §4.3 by both levels: the graduate is found, invited, accepts; the department and the school approve, and he reads how far it
/// is (figures 8 and 9). Signed, he can be invited by others, and can but look (§4.2 notes 1 and 2).
#[tokio::test(flavor = "multi_thread")]
async fn by_department_and_school_to_the_signature() {
    let story = Story::begin(ReviewRoute::DepartmentThenSchool).await;
    let number = json!({ "studentNumber": story.graduate.student_number });
    let found = story
        .employer
        .query(FIND, json!({ "name": story.graduate.name, "number": number }))
        .await;
    assert_eq!(found["findGraduates"][0]["graduateId"], story.graduate_id);
    let agreement = invite(&story.employer, &story.graduate_id).await;
    assert_eq!(
        actions(&story.client, &agreement).await,
        json!(["ACCEPT", "DECLINE"])
    );
    assert_eq!(actions(&story.employer, &agreement).await, json!(["CANCEL"]));

    let accepted = step(&story.client, ACCEPT, &agreement).await;
    assert_eq!(
        accepted["agreement"]["awaitingReview"], "DEPARTMENT",
        "{accepted}"
    );
    let progress = async || {
        let query = "query($id: ID!) { node(id: $id) { ... on Agreement { status awaitingReview } } }";
        story.client.query(query, json!({ "id": agreement })).await["node"].take()
    };
    let department_first = json!({ "status": "SIGNING_REVIEW", "awaitingReview": "DEPARTMENT" });
    assert_eq!(progress().await, department_first);
    let school = story.school().await;
    assert_eq!(
        refusal(&review(&school, &agreement, "APPROVE", None).await),
        Some("STEP_NOT_ALLOWED"),
        "not yet"
    );
    let department = story.department().await;
    let advanced = review(&department, &agreement, "APPROVE", None).await;
    assert_eq!(
        advanced["agreement"]["status"], "SIGNING_REVIEW",
        "still under review until the school approves"
    );
    assert_eq!(advanced["agreement"]["awaitingReview"], "SCHOOL");
    let school_next = json!({ "status": "SIGNING_REVIEW", "awaitingReview": "SCHOOL" });
    assert_eq!(progress().await, school_next);
    assert!(story.inbox(&story.client).await[0].contains("院系审核通过，等待学校审核"));
    assert_eq!(
        refusal(&review(&department, &agreement, "APPROVE", None).await),
        Some("STEP_NOT_ALLOWED"),
        "once"
    );
    let signed = review(&school, &agreement, "APPROVE", None).await;
    assert_eq!(signed["agreement"]["status"], "SIGNED");
    let number = signed["agreement"]["agreementNumber"].as_str().unwrap();
    assert!(
        number.starts_with(&people::class_year().to_string()) && number.ends_with("31000001"),
        "{number}"
    );

    assert_eq!(
        progress().await,
        json!({ "status": "SIGNED", "awaitingReview": null })
    );

    let graduate = story.inbox(&story.client).await;
    assert_eq!(graduate.len(), 3, "invited, advanced, signed: {graduate:?}");
    let employer = story.inbox(&story.employer).await;
    assert_eq!(employer.len(), 3, "accepted, advanced, signed: {employer:?}");

    let late = story.another_employer().await;
    let other = invite(&late, &story.graduate_id).await;
    assert_eq!(
        terms_read_by(&story.client, &other).await["positionTitle"],
        "软件工程师"
    );
    assert_eq!(actions(&story.client, &other).await, json!([]));
    for operation in [ACCEPT, DECLINE] {
        let refused = step(&story.client, operation, &other).await;
        assert_eq!(refusal(&refused), Some("ALREADY_ENGAGED"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn by_the_department_alone_and_by_the_school_alone() {
    for (route, level) in [
        (ReviewRoute::DepartmentOnly, "DEPARTMENT"),
        (ReviewRoute::SchoolOnly, "SCHOOL"),
    ] {
        let story = Story::begin(route).await;
        let agreement = invite(&story.employer, &story.graduate_id).await;
        let accepted = step(&story.client, ACCEPT, &agreement).await;
        assert_eq!(accepted["agreement"]["awaitingReview"], level);
        let (one, other) = (story.department().await, story.school().await);
        let (decides, watches) = if level == "DEPARTMENT" {
            (one, other)
        } else {
            (other, one)
        };
        assert_eq!(
            refusal(&review(&watches, &agreement, "APPROVE", None).await),
            Some("STEP_NOT_ALLOWED")
        );
        assert_eq!(
            review(&decides, &agreement, "APPROVE", None).await["agreement"]["status"],
            "SIGNED"
        );
    }
}

/// §4.2 notes 1 and 2: held, he sees other invitations and can answer none; employers may still send new ones. §4.3: a
/// rejected agreement frees him, with the reason for both, and a new invitation starts again.
#[tokio::test(flavor = "multi_thread")]
async fn held_then_rejected_then_free() {
    let story = Story::begin(ReviewRoute::SchoolOnly).await;
    let rival = story.another_employer().await;
    let waiting = invite(&rival, &story.graduate_id).await;
    let agreement = invite(&story.employer, &story.graduate_id).await;
    step(&story.client, ACCEPT, &agreement).await;

    assert_eq!(
        refusal(&step(&story.client, ACCEPT, &waiting).await),
        Some("ALREADY_ENGAGED")
    );
    assert_eq!(
        refusal(&step(&story.client, DECLINE, &waiting).await),
        Some("ALREADY_ENGAGED")
    );
    assert_eq!(
        actions(&story.client, &waiting).await,
        json!([]),
        "visible, nothing to be done"
    );
    let late = story.another_employer().await;
    let newer = invite(&late, &story.graduate_id).await;
    assert_eq!(actions(&story.client, &newer).await, json!([]));

    let school = story.school().await;
    assert_eq!(
        refusal(&review(&school, &agreement, "REJECT", None).await),
        Some("REASON_REQUIRED")
    );
    assert_eq!(
        refusal(&review(&school, &agreement, "REJECT", Some("  \n ")).await),
        Some("REASON_REQUIRED")
    );
    let too_long = "长".repeat(501);
    assert_eq!(
        refusal(&review(&school, &agreement, "REJECT", Some(&too_long)).await),
        Some("INVALID_INPUT")
    );
    let rejected = review(&school, &agreement, "REJECT", Some("条款与面谈不一致")).await;
    assert_eq!(rejected["agreement"]["status"], "SIGNING_REJECTED");
    for client in [&story.client, &story.employer] {
        let query =
            "query($id: ID!) { node(id: $id) { ... on Agreement { status reason agreementNumber } } }";
        let seen = client.query(query, json!({ "id": agreement })).await;
        assert_eq!(seen["node"]["reason"], "条款与面谈不一致");
        let told = &story.inbox(client).await[0];
        assert!(told.contains("条款与面谈不一致"), "{told}");
        assert_eq!(seen["node"]["agreementNumber"], Value::Null);
    }
    assert_eq!(
        actions(&story.client, &waiting).await,
        json!(["ACCEPT", "DECLINE"]),
        "free again"
    );
    invite(&story.employer, &story.graduate_id).await;
}

/// §2 before anything else; 定向/委培; an employer that is not verified; a stale page.
#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_yet() {
    let story = Story::begin(ReviewRoute::SchoolOnly).await;
    let platform = &story.server.platform;
    let fresh = people::graduate(platform, &story.school, |new| new.confirmed_at = None).await;
    let agreement = invite(&story.employer, &NodeType::Graduate.id(fresh.id)).await;
    let client = story.server.client().login(&fresh.id_card_number).await;
    assert_eq!(
        refusal(&step(&client, ACCEPT, &agreement).await),
        Some("DATA_NOT_CONFIRMED")
    );
    let confirm = "mutation($version: Int!) { confirmGraduateData(input: { expectedVersion: $version }) {
        graduate { confirmedAt version } userErrors { code field message } } }";
    assert_eq!(
        refusal(&client.mutate(confirm, json!({ "version": 7 })).await),
        Some("STALE_VERSION")
    );
    assert!(client.mutate(confirm, json!({ "version": 1 })).await["graduate"]["confirmedAt"].is_string());
    let input = json!({ "input": { "agreementId": agreement, "expectedVersion": 9 } });
    assert_eq!(
        refusal(&client.mutate(ACCEPT, input).await),
        Some("STALE_VERSION")
    );
    assert_eq!(
        step(&client, ACCEPT, &agreement).await["agreement"]["status"],
        "SIGNING_REVIEW"
    );

    let directed = people::graduate(platform, &story.school, |new| {
        new.training_mode = "2".into();
        new.online_signing_allowed = false;
    })
    .await;
    let input = invitation("directed", &[NodeType::Graduate.id(directed.id).to_string()]);
    let refused = story.employer.mutate(INVITE, input).await;
    assert_eq!(
        refused["results"][0]["userErrors"][0]["code"],
        "ONLINE_SIGNING_NOT_ALLOWED"
    );

    for state in [EmployerVerification::Pending, EmployerVerification::Refused] {
        let company = people::employer(platform, state).await;
        let employer = story.server.client().login(&company.member).await;
        let number = json!({ "studentNumber": story.graduate.student_number });
        let found = employer
            .query(FIND, json!({ "name": story.graduate.name, "number": number }))
            .await;
        assert_eq!(found["findGraduates"], json!([]), "learns nothing of anybody");
        let refused = employer
            .mutate(INVITE, invitation("k", std::slice::from_ref(&story.graduate_id)))
            .await;
        assert_eq!(refusal(&refused), Some("EMPLOYER_NOT_VERIFIED"));
        assert_eq!(refused["results"], json!([]), "refused as a whole");
    }
}
