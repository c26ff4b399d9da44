//! The story of §4 over HTTP, with every note (特别说明) and every branch that fails.

use chrono::TimeDelta;
use serde_json::{Value, json};
use wangqian_api::id::NodeType;
use wangqian_schema::{model::employer::EmployerVerification, workflow::ReviewRoute};

use crate::support::{
    Client, Server,
    people::{self, Person, SchoolWorld},
    signing::*,
};

struct Story {
    server: Server,
    school: SchoolWorld,
    graduate: Person,
    graduate_id: String,
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

    async fn inbox(&self, client: &Client) -> Vec<String> {
        let data = client
            .query(
                "{ notifications(first: 100) { edges { node { title body } } } }",
                json!({}),
            )
            .await;
        let edges = data["notifications"]["edges"].as_array().unwrap().clone();
        edges
            .iter()
            .map(|edge| edge["node"]["title"].as_str().unwrap().to_owned())
            .collect()
    }
}

async fn actions(client: &Client, agreement: &str) -> Value {
    let query = "query($id: ID!) { node(id: $id) { ... on Agreement { viewerActions } } }";
    client.query(query, json!({ "id": agreement })).await["node"]["viewerActions"].clone()
}

/// §4.1 to §4.3 by both levels: the graduate is found, invited, accepts; the department and the school approve.
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

    let graduate = story.inbox(&story.client).await;
    assert_eq!(graduate.len(), 3, "invited, advanced, signed: {graduate:?}");
    let employer = story.inbox(&story.employer).await;
    assert_eq!(employer.len(), 3, "accepted, advanced, signed: {employer:?}");
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
        assert_eq!(seen["node"]["agreementNumber"], Value::Null);
    }
    assert_eq!(
        actions(&story.client, &waiting).await,
        json!(["ACCEPT", "DECLINE"]),
        "free again"
    );
    invite(&story.employer, &story.graduate_id).await;
}

/// §4.2 note 3: no second invitation while one is open; after a decline, a cancellation or the deadline there is.
#[tokio::test(flavor = "multi_thread")]
async fn one_live_invitation_of_one_employer() {
    let story = Story::begin(ReviewRoute::SchoolOnly).await;
    let again = async |key: &str| {
        let input = invitation(key, std::slice::from_ref(&story.graduate_id));
        story.employer.mutate(INVITE, input).await["results"][0].clone()
    };
    let first = invite(&story.employer, &story.graduate_id).await;
    assert_eq!(again("a").await["userErrors"][0]["code"], "ALREADY_INVITED");
    let input = json!({ "input": { "agreementId": first, "reason": "已有其他意向" } });
    assert_eq!(
        story.client.mutate(DECLINE, input).await["agreement"]["reason"],
        "已有其他意向"
    );
    let second = again("b").await["agreement"]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        step(&story.employer, CANCEL, &second).await["agreement"]["status"],
        "CANCELLED"
    );
    assert_eq!(
        refusal(&step(&story.client, ACCEPT, &second).await),
        Some("STEP_NOT_ALLOWED")
    );
    let third = again("c").await["agreement"]["id"].as_str().unwrap().to_owned();
    assert_eq!(story.inbox(&story.employer).await.len(), 1, "told of the decline");

    // From the deadline on, whether or not a worker runs.
    story.server.platform.clock.advance(TimeDelta::days(7));
    let client = story.server.client().login(&story.graduate.email).await;
    assert_eq!(
        refusal(&step(&client, ACCEPT, &third).await),
        Some("DEADLINE_PASSED")
    );
    assert_eq!(
        refusal(&step(&client, DECLINE, &third).await),
        Some("DEADLINE_PASSED")
    );
    assert_eq!(actions(&client, &third).await, json!([]));
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

/// Many at once: each stands or falls by itself; the same key and input give the same answer, other input is refused.
#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_and_once_only() {
    let story = Story::begin(ReviewRoute::SchoolOnly).await;
    let other = people::graduate(&story.server.platform, &story.school, |_| {}).await;
    let directed = people::graduate(&story.server.platform, &story.school, |new| {
        new.online_signing_allowed = false
    })
    .await;
    let ids: Vec<String> = vec![
        story.graduate_id.clone(),
        NodeType::Graduate.id(directed.id).to_string(),
        "bm8gc3VjaA".to_owned(),
        NodeType::Graduate.id(other.id).to_string(),
    ];
    let input = invitation("batch", &ids);
    let first = story.employer.mutate(INVITE, input.clone()).await;
    let codes: Vec<_> = first["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["userErrors"][0]["code"].as_str())
        .collect();
    assert_eq!(
        codes,
        [None, Some("ONLINE_SIGNING_NOT_ALLOWED"), Some("NOT_FOUND"), None]
    );
    assert_eq!(first["results"][2]["userErrors"][0]["field"], "graduateIds.2");
    assert_eq!(
        story.employer.mutate(INVITE, input.clone()).await,
        first,
        "the first answer again"
    );

    let mut changed = input;
    changed["input"]["terms"]["regularSalary"] = json!(1);
    assert_eq!(
        refusal(&story.employer.mutate(INVITE, changed).await),
        Some("IDEMPOTENCY_KEY_REUSED")
    );
    let doubled = invitation("twice", &[ids[0].clone(), ids[0].clone()]);
    assert_eq!(
        refusal(&story.employer.mutate(INVITE, doubled).await),
        Some("INVALID_INPUT")
    );
    assert_eq!(
        refusal(&story.employer.mutate(INVITE, invitation("none", &[])).await),
        Some("INVALID_INPUT")
    );
    assert_eq!(
        refusal(&story.employer.mutate(INVITE, invitation("", &ids)).await),
        Some("INVALID_INPUT")
    );

    let mut wrong = invitation("wrong", &ids[..1]);
    wrong["input"]["terms"]["contactMobile"] = json!("12");
    wrong["input"]["terms"]["probationMonths"] = json!(7);
    wrong["input"]["responseDeadline"] = json!("2020-01-01T00:00:00Z");
    let refused = story.employer.mutate(INVITE, wrong).await;
    let fields: Vec<_> = refused["results"][0]["userErrors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["field"].as_str().unwrap())
        .collect();
    assert_eq!(
        fields,
        ["responseDeadline", "terms.contactMobile", "terms.probationMonths"],
        "all at once"
    );
}

/// Log-in by all three identifiers; sessions can be listed and ended; a wrong password and an unknown account read alike.
#[tokio::test(flavor = "multi_thread")]
async fn logging_in_and_out() {
    let story = Story::begin(ReviewRoute::SchoolOnly).await;
    let anybody = story.server.client();
    for identifier in [
        &story.graduate.email,
        &story.graduate.mobile,
        &story.graduate.id_card_number,
    ] {
        let data = anybody
            .login(identifier)
            .await
            .query("{ viewer { ... on Graduate { name } } }", json!({}))
            .await;
        assert_eq!(data["viewer"]["name"], story.graduate.name);
    }
    let log_in =
        "mutation($input: LogInInput!) { logIn(input: $input) { token userErrors { code message field } } }";
    let attempt = async |identifier: &str, password: &str| {
        let input =
            json!({ "input": { "identifier": identifier, "password": password, "delivery": "BEARER" } });
        anybody.mutate(log_in, input).await
    };
    let wrong = attempt(&story.graduate.email, "not it").await;
    assert_eq!(refusal(&wrong), Some("WRONG_CREDENTIALS"));
    assert_eq!(attempt("nobody@example.com", "not it").await, wrong, "read alike");
    assert_eq!(attempt("neither mobile nor mail", "not it").await, wrong);

    let list = "{ sessions(first: 10) { edges { node { id current } } } }";
    let sessions = story.client.query(list, json!({})).await;
    let edges = sessions["sessions"]["edges"].as_array().unwrap();
    assert_eq!(edges.len(), 4);
    let current = edges.iter().find(|edge| edge["node"]["current"] == true).unwrap()["node"]["id"].clone();
    let other = edges
        .iter()
        .find(|edge| edge["node"]["current"] == false)
        .unwrap()["node"]["id"]
        .clone();
    let end = "mutation($id: ID!) { endSession(input: { sessionId: $id }) { sessionId userErrors { code field message } } }";
    assert_eq!(
        story.client.mutate(end, json!({ "id": other })).await["sessionId"],
        other
    );
    assert_eq!(
        refusal(&story.client.mutate(end, json!({ "id": other })).await),
        Some("NOT_FOUND"),
        "once"
    );
    assert_eq!(
        refusal(&story.employer.mutate(end, json!({ "id": current })).await),
        Some("NOT_FOUND"),
        "not his"
    );
    story
        .client
        .mutate("mutation { logOut { userErrors { code } } }", json!({}))
        .await;
    let answer = story.client.graphql(list, json!({})).await;
    assert_eq!(
        answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED",
        "{answer}"
    );
}
