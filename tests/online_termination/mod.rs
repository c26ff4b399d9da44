//! The story of §5 over HTTP: either side asks to end what was signed online, the other answers, the school reviews. What can be asked
//! for, and what is refused, stands in the module below.

mod asking;

use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use wangqian_api::id::NodeType;
use wangqian_schema::{model::employer::EmployerVerification, workflow::ReviewRoute};

use crate::support::{
    Client, Server,
    people::{self, Person, SchoolWorld},
    signing::*,
    terminating::*,
};

struct Story {
    server: Server,
    campus: SchoolWorld,
    graduate: Person,
    graduate_id: String,
    client: Client,
    employer: Client,
    department: Client,
    school: Client,
    agreement: String,
}

impl Story {
    /// A graduate and an employer who have signed with each other.
    async fn signed() -> Self {
        let server = Server::empty().await;
        let school = people::school(&server.platform, ReviewRoute::DepartmentThenSchool).await;
        let graduate = people::graduate(&server.platform, &school, |_| {}).await;
        let company = people::employer(&server.platform, EmployerVerification::Verified).await;
        let employer = server.login(&company.member).await;
        let client = server.login(&graduate.email).await;
        let department = server.login(&school.department_reviewer).await;
        let reviewer = server.login(&school.school_reviewer).await;
        let graduate_id = NodeType::Graduate.id(graduate.id).to_string();
        let agreement = invite(&employer, &graduate_id).await;
        step(&client, ACCEPT, &agreement).await;
        review(&department, &agreement, "APPROVE", None).await;
        let signed = review(&reviewer, &agreement, "APPROVE", None).await;
        assert_eq!(signed["agreement"]["status"], "SIGNED", "{signed}");
        Self {
            server,
            campus: school,
            graduate,
            graduate_id,
            client,
            employer,
            department,
            school: reviewer,
            agreement,
        }
    }

    async fn agreement(&self, client: &Client) -> Value {
        let query = "query($id: ID!) { node(id: $id) { ... on Agreement {
            status viewerActions lastTermination { id status requestedBy viewerActions } } } }";
        client.query(query, json!({ "id": self.agreement })).await["node"].take()
    }

    /// What somebody reads of a termination: who asks, why, and what he says of it.
    async fn asked(&self, client: &Client, termination: &str) -> Value {
        let query = "query($id: ID!) { node(id: $id) { ... on Termination {
            requestedBy terminationReason { code nameZh } explanation } } }";
        client.query(query, json!({ "id": termination })).await["node"].take()
    }

    async fn newest(&self, client: &Client) -> String {
        let query = "{ notifications(first: 1) { nodes { title body case { ... on Termination { id } } } } }";
        let data = client.query(query, json!({})).await;
        let newest = &data["notifications"]["nodes"][0];
        assert!(newest["case"]["id"].is_string(), "about the termination: {data}");
        format!("{} {}", newest["title"], newest["body"])
    }
}

/// §5.1 to §5.3, asked for by the graduate with a reason and an explanation that the others read; then he is free for another employer, and
/// the same one may invite him again.
#[tokio::test(flavor = "multi_thread")]
async fn asked_for_by_the_graduate_agreed_to_reviewed_and_over() {
    let story = Story::signed().await;
    for side in [&story.client, &story.employer] {
        let seen = story.agreement(side).await;
        assert_eq!(seen["viewerActions"], json!(["REQUEST_TERMINATION"]));
        assert_eq!(seen["lastTermination"], Value::Null);
    }
    let asked = request(
        &story.client,
        &story.agreement,
        "FAMILY",
        "家人患病，需返乡照顾。",
    )
    .await;
    let termination = id(&asked);
    assert_eq!(asked["termination"]["status"], "REQUESTED", "{asked}");
    let told = story.newest(&story.employer).await;
    assert!(
        told.contains(&format!("毕业生{}申请", story.graduate.name)) && told.contains("家庭原因"),
        "{told}"
    );
    let as_sent = json!({
        "requestedBy": "GRADUATE", "terminationReason": { "code": "FAMILY", "nameZh": "家庭原因" },
        "explanation": "家人患病，需返乡照顾。",
    });
    for side in [&story.employer, &story.client] {
        assert_eq!(story.asked(side, &termination).await, as_sent);
    }
    // It is for the other side to answer, and for the one that asked to take it back.
    let seen = story.agreement(&story.client).await["lastTermination"].take();
    assert_eq!(
        seen,
        json!({ "id": termination, "status": "REQUESTED", "requestedBy": "GRADUATE", "viewerActions": ["WITHDRAW"] })
    );
    let seen = story.agreement(&story.employer).await["lastTermination"].take();
    assert_eq!(seen["viewerActions"], json!(["ACCEPT", "REFUSE"]));
    for own in [ACCEPT_TERMINATION, REFUSE_TERMINATION] {
        assert_eq!(
            refusal(&answer(&story.client, own, &termination).await),
            Some("STEP_NOT_ALLOWED")
        );
    }

    let agreed = answer(&story.employer, ACCEPT_TERMINATION, &termination).await;
    assert_eq!(agreed["termination"]["awaitingReview"], "DEPARTMENT", "{agreed}");
    assert!(story.newest(&story.client).await.contains("同意解约"));
    let queue = "{ reviewQueue(first: 10) { nodes { __typename id graduate { name } } } }";
    let waiting = story.department.query(queue, json!({})).await;
    assert_eq!(
        waiting["reviewQueue"]["nodes"],
        json!([{ "__typename": "Termination", "id": termination, "graduate": { "name": story.graduate.name } }])
    );
    for reviewer in [&story.department, &story.school] {
        assert_eq!(story.asked(reviewer, &termination).await, as_sent);
    }
    let early = review(&story.school, &termination, "APPROVE", None).await;
    assert_eq!(
        refusal(&early),
        Some("STEP_NOT_ALLOWED"),
        "the department comes first"
    );
    let advanced = review(&story.department, &termination, "APPROVE", None).await;
    assert_eq!(advanced["termination"]["awaitingReview"], "SCHOOL", "{advanced}");
    assert_eq!(
        story.agreement(&story.client).await["status"],
        "SIGNED",
        "still in force"
    );
    let over = review(&story.school, &termination, "APPROVE", None).await;
    assert_eq!(over["termination"]["status"], "TERMINATED", "{over}");
    for side in [&story.client, &story.employer] {
        let seen = story.agreement(side).await;
        assert_eq!(
            (&seen["status"], &seen["viewerActions"]),
            (&json!("TERMINATED"), &json!([]))
        );
        assert!(story.newest(side).await.contains("解约完成"));
    }

    // "毕业生可与其他单位签约", and this one may invite him again.
    let other = people::employer(&story.server.platform, EmployerVerification::Verified).await;
    let other = story.server.login(&other.member).await;
    invite(&story.employer, &story.graduate_id).await;
    let next = invite(&other, &story.graduate_id).await;
    let accepted = step(&story.client, ACCEPT, &next).await;
    assert_eq!(accepted["agreement"]["status"], "SIGNING_REVIEW", "{accepted}");
}

/// What was signed stands: the other side refuses, whoever asked takes it back, the review rejects; and it can be asked for anew.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_the_signing_stands_and_either_side_may_ask_again() {
    let story = Story::signed().await;
    // Asked for by the employer, and refused by the graduate with a reason.
    let asked = request(
        &story.employer,
        &story.agreement,
        "PLAN",
        "招聘计划调整，岗位取消。",
    )
    .await;
    let first = id(&asked);
    let told = story.newest(&story.client).await;
    assert!(told.contains("单位调整招聘计划或取消岗位"), "{told}");
    // 图 13 查看解约信息.
    assert_eq!(
        story.asked(&story.client, &first).await,
        json!({
            "requestedBy": "EMPLOYER", "explanation": "招聘计划调整，岗位取消。",
            "terminationReason": { "code": "PLAN", "nameZh": "单位调整招聘计划或取消岗位" },
        })
    );
    let again = request(&story.client, &story.agreement, "MUTUAL", "双方协商一致").await;
    assert_eq!(refusal(&again), Some("TERMINATION_OPEN"), "one at a time");
    let refused = story
        .client
        .mutate(
            REFUSE_TERMINATION,
            json!({ "input": { "terminationId": first, "reason": "尚未协商一致" } }),
        )
        .await;
    assert_eq!(refused["termination"]["status"], "REFUSED", "{refused}");
    assert!(story.newest(&story.employer).await.contains("尚未协商一致"));
    let late = answer(&story.client, ACCEPT_TERMINATION, &first).await;
    assert_eq!(refusal(&late), Some("STEP_NOT_ALLOWED"), "answered");

    // Taken back by the graduate.
    let second = id(&request(&story.client, &story.agreement, "BETTER", "另有发展计划").await);
    let taken_back = answer(&story.client, WITHDRAW_TERMINATION, &second).await;
    assert_eq!(taken_back["termination"]["status"], "WITHDRAWN", "{taken_back}");
    assert!(story.newest(&story.employer).await.contains("撤回了解约申请"));

    // Rejected by the school, with a reason that both are told.
    let third = id(&request(&story.client, &story.agreement, "MUTUAL", "双方协商一致").await);
    answer(&story.employer, ACCEPT_TERMINATION, &third).await;
    let unasked = review(&story.department, &third, "REJECT", None).await;
    assert_eq!(refusal(&unasked), Some("REASON_REQUIRED"));
    review(&story.department, &third, "APPROVE", None).await;
    let rejected = review(&story.school, &third, "REJECT", Some("请补充说明解约原因")).await;
    assert_eq!(
        (
            &rejected["termination"]["status"],
            &rejected["termination"]["reason"]
        ),
        (&json!("REJECTED"), &json!("请补充说明解约原因"))
    );
    for side in [&story.client, &story.employer] {
        assert!(story.newest(side).await.contains("请补充说明解约原因"));
        let seen = story.agreement(side).await;
        assert_eq!(seen["status"], "SIGNED");
        assert_eq!(seen["viewerActions"], json!(["REQUEST_TERMINATION"]));
    }
    let query =
        "query($id: ID) { terminations(first: 10, agreementId: $id) { nodes { id status history(first: 9) {
        nodes { action fromStatus toStatus actorRole } } } } }";
    let all = story
        .employer
        .query(query, json!({ "id": story.agreement }))
        .await;
    let statuses: Vec<_> = all["terminations"]["nodes"].as_array().unwrap().iter().collect();
    let statuses: Vec<_> = statuses
        .iter()
        .map(|one| one["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["REJECTED", "WITHDRAWN", "REFUSED"], "newest first");
    assert_eq!(
        all["terminations"]["nodes"][1]["history"]["nodes"],
        json!([
            { "action": "REQUEST", "fromStatus": null, "toStatus": "REQUESTED", "actorRole": "GRADUATE" },
            { "action": "WITHDRAW", "fromStatus": "REQUESTED", "toStatus": "WITHDRAWN", "actorRole": "GRADUATE" },
        ])
    );
    // Asked for once more.
    request(&story.employer, &story.agreement, "MUTUAL", "双方协商一致").await;
}

/// The paper of what has ended says so to whoever checks it, and both sides can still have it.
#[tokio::test(flavor = "multi_thread")]
async fn the_paper_of_what_has_ended_is_not_in_force() {
    let story = Story::signed().await;
    let query = "query($id: ID!) { node(id: $id) { ... on Agreement { documents { verificationCode downloadLink { url } } } } }";
    let paper = async || {
        let mut found = story.client.query(query, json!({ "id": story.agreement })).await;
        let document = found["node"]["documents"][0].take();
        document["downloadLink"].is_object().then_some(document)
    };
    let document = story.server.until("the paper", paper).await;
    let check = async || {
        let check = "query($code: String!) { verifyAgreement(code: $code) { status } }";
        let variables = json!({ "code": document["verificationCode"] });
        story.client.query(check, variables).await["verifyAgreement"]["status"].take()
    };
    assert_eq!(check().await, "VALID");
    let termination = id(&request(&story.client, &story.agreement, "FORCE", "不可抗力示例").await);
    answer(&story.employer, ACCEPT_TERMINATION, &termination).await;
    review(&story.department, &termination, "APPROVE", None).await;
    assert_eq!(check().await, "VALID", "until it is over");
    review(&story.school, &termination, "APPROVE", None).await;
    assert_eq!(check().await, "NOT_IN_FORCE");
    assert!(paper().await.is_some(), "for the records of both");
}

/// An employer that was found out asks for nothing any more; it may still agree, and does not stand in the way.
#[tokio::test(flavor = "multi_thread")]
async fn an_employer_whose_verification_was_taken_back_answers_and_asks_for_nothing() {
    let story = Story::signed().await;
    let mut conn = story.server.platform.pool.get().await.unwrap();
    diesel::sql_query("UPDATE employers SET verification = 'REFUSED'")
        .execute(&mut conn)
        .await
        .unwrap();
    let refused = request(&story.employer, &story.agreement, "MUTUAL", "双方协商一致").await;
    assert_eq!(refusal(&refused), Some("EMPLOYER_NOT_VERIFIED"));
    let asked = id(&request(&story.client, &story.agreement, "UNMET", "单位承诺未兑现").await);
    let refused = answer(&story.employer, REFUSE_TERMINATION, &asked).await;
    assert_eq!(refusal(&refused), Some("EMPLOYER_NOT_VERIFIED"), "{refused}");
    let agreed = answer(&story.employer, ACCEPT_TERMINATION, &asked).await;
    assert_eq!(agreed["termination"]["status"], "TERMINATION_REVIEW", "{agreed}");
}

/// Several cases of both kinds are decided at once, each by itself; and the queue shows what a reviewer asks for.
#[tokio::test(flavor = "multi_thread")]
async fn several_cases_are_found_and_decided_at_once() {
    const REVIEW_CASES: &str = "mutation($input: ReviewCasesInput!) { reviewCases(input: $input) {
        results { caseId case { __typename id } userErrors { code field message } } userErrors { code field message } } }";
    let story = Story::signed().await;
    let platform = &story.server.platform;
    let termination = id(&request(&story.client, &story.agreement, "FAMILY", "家庭原因").await);
    answer(&story.employer, ACCEPT_TERMINATION, &termination).await;
    let mut agreements = Vec::new();
    let later = people::class_year() + 1;
    for year in [later - 1, later] {
        let other = people::graduate(platform, &story.campus, |new| new.class_year = year).await;
        let client = story.server.login(&other.email).await;
        let agreement = invite(&story.employer, &NodeType::Graduate.id(other.id)).await;
        step(&client, ACCEPT, &agreement).await;
        agreements.push(agreement);
    }
    let [termination, this_year, later_class] = [&*termination, &*agreements[0], &*agreements[1]];
    let queue = async |filter: &str| {
        let query = format!("{{ reviewQueue(first: 10 {filter}) {{ nodes {{ id }} }} }}");
        let found = story.department.query(&query, json!({})).await;
        let nodes = found["reviewQueue"]["nodes"].as_array().unwrap().clone();
        let ids = nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    let department = NodeType::Department.id(story.campus.department);
    assert_eq!(
        queue("").await,
        [termination, this_year, later_class],
        "longest first"
    );
    assert_eq!(queue(", workflows: [ONLINE_TERMINATION]").await, [termination]);
    assert_eq!(
        queue(", workflows: [ONLINE_SIGNING]").await,
        [this_year, later_class]
    );
    assert_eq!(queue(&format!(", classYear: {later}")).await, [later_class]);
    assert_eq!(queue(", classYear: 99999").await, Vec::<String>::new());
    let of_department = format!(", departmentId: \"{}\"", department.as_str());
    assert_eq!(queue(&of_department).await.len(), 3);
    let of_nobody = format!(", departmentId: \"{}\"", story.graduate_id);
    assert_eq!(queue(&of_nobody).await, Vec::<String>::new(), "no department");
    assert_eq!(
        queue(", waitingSince: \"2026-01-01T00:00:00Z\"").await,
        Vec::<String>::new()
    );

    let one = |id: &str| json!({ "caseId": id });
    let cases = [
        one(termination),
        json!({ "caseId": this_year, "expectedVersion": 1 }),
        one(later_class),
        one("x"),
    ];
    let input = json!({ "cases": cases, "decision": "APPROVE" });
    let decided = story
        .department
        .mutate(REVIEW_CASES, json!({ "input": input }))
        .await;
    let results = decided["results"].as_array().unwrap();
    let came_to: Vec<_> = results
        .iter()
        .map(|result| match result["userErrors"][0]["code"].as_str() {
            Some(code) => format!("{code} {}", result["userErrors"][0]["field"]),
            None => result["case"]["__typename"].as_str().unwrap().to_owned(),
        })
        .collect();
    assert_eq!(
        came_to,
        [
            "Termination",
            "STALE_VERSION \"cases.1.expectedVersion\"",
            "Agreement",
            "NOT_FOUND \"cases.3.caseId\""
        ]
    );
    assert_eq!(
        queue("").await,
        [this_year],
        "the one that was refused waits still"
    );
    for wrong in [
        json!([]),
        json!([one(this_year), one(this_year)]),
        json!(vec![one("x"); 101]),
    ] {
        let input = json!({ "cases": wrong, "decision": "APPROVE" });
        let refused = story
            .department
            .mutate(REVIEW_CASES, json!({ "input": input }))
            .await;
        assert_eq!(refusal(&refused), Some("INVALID_INPUT"), "{refused}");
    }
}
