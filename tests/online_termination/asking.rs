//! §5.1 and §5.2 over HTTP: what can be asked for and when, and what becomes of it when the employer is the one who answers.

use serde_json::{Value, json};
use wangqian_schema::{model::employer::EmployerVerification, workflow::ReviewRoute};

use super::Story;
use crate::support::{Server, made_files, people, signing::*, terminating::*, uploading::upload};

/// §5.1: reason and explanation are needed, and nothing else is taken; a request that is sent again asks once.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named_and_asking_twice_asks_once() {
    let story = Story::signed().await;
    let long = "说".repeat(501);
    for (reason, explanation, fields) in [
        ("NOGRAD", "示例", &["terminationReason"][..]),
        ("nothing", "示例", &["terminationReason"]),
        ("FAMILY", " \n", &["explanation"]),
        ("FAMILY", long.as_str(), &["explanation"]),
        ("PLAN", "不可见\u{7}", &["terminationReason", "explanation"]),
    ] {
        let refused = request(&story.client, &story.agreement, reason, explanation).await;
        let wrong: Vec<_> = refused["userErrors"].as_array().unwrap().iter().collect();
        let found: Vec<_> = wrong
            .iter()
            .map(|error| error["field"].as_str().unwrap())
            .collect();
        assert_eq!(found, fields, "{refused}");
        assert!(
            wrong.iter().all(|error| error["code"] == "INVALID_INPUT"),
            "{refused}"
        );
    }
    // What ends by the other side's answer takes no materials.
    let letter = upload(
        &story.server,
        &story.client,
        "解约函.jpg",
        "image/jpeg",
        made_files::jpeg(),
    )
    .await;
    let letter = letter["id"].as_str().unwrap();
    let refused = hand_in(&story.client, &story.agreement, "FAMILY", &[letter]).await;
    assert_eq!(refusal(&refused), Some("INVALID_INPUT"), "{refused}");
    assert_eq!(refused["userErrors"][0]["field"], "files");
    let input = |explanation: &str, version: i32| {
        json!({ "input": {
            "idempotencyKey": "once", "agreementId": story.agreement, "terminationReason": "FAMILY",
            "explanation": explanation, "expectedVersion": version,
        } })
    };
    let stale = story.client.mutate(REQUEST, input("示例", 1)).await;
    assert_eq!(refusal(&stale), Some("STALE_VERSION"));
    let asked = story.client.mutate(REQUEST, input("示例", 4)).await;
    let repeated = story.client.mutate(REQUEST, input("示例", 4)).await;
    assert_eq!(id(&asked), id(&repeated));
    let other = story.client.mutate(REQUEST, input("另一说明", 4)).await;
    assert_eq!(refusal(&other), Some("IDEMPOTENCY_KEY_REUSED"));
    let total = "{ terminations(first: 10) { nodes { id } } }";
    let total = story.client.query(total, json!({})).await;
    assert_eq!(total["terminations"]["nodes"].as_array().map(Vec::len), Some(1));
}

/// "若另一方不同意解约，则点击拒绝，解约失败": the employer refuses what the graduate has asked for, with a reason that he reads, or with none;
/// what was signed stands, and he may ask again.
#[tokio::test(flavor = "multi_thread")]
async fn the_employer_refuses() {
    let story = Story::signed().await;
    let refuse = async |termination: &str, reason: Option<&str>| {
        let input = json!({ "input": { "terminationId": termination, "reason": reason } });
        let refused = story.employer.mutate(REFUSE_TERMINATION, input).await;
        assert_eq!(refused["termination"]["status"], "REFUSED", "{refused}");
        assert_eq!(refused["termination"]["reason"], json!(reason), "{refused}");
        let query =
            "query($id: ID!) { node(id: $id) { ... on Termination { status reason viewerActions } } }";
        let seen = story.client.query(query, json!({ "id": termination })).await;
        assert_eq!(
            seen["node"],
            json!({ "status": "REFUSED", "reason": reason, "viewerActions": [] })
        );
        let agreement = story.agreement(&story.client).await;
        assert_eq!(
            (&agreement["status"], &agreement["viewerActions"]),
            (&json!("SIGNED"), &json!(["REQUEST_TERMINATION"]))
        );
        story.newest(&story.client).await
    };
    let asked = id(&request(&story.client, &story.agreement, "BETTER", "另有发展计划").await);
    let told = refuse(&asked, Some("岗位紧缺，请再商议")).await;
    assert!(
        told.contains("不同意解约") && told.contains("岗位紧缺，请再商议"),
        "{told}"
    );
    let again = id(&request(&story.client, &story.agreement, "HEALTH", "需要休养").await);
    let told = refuse(&again, None).await;
    assert!(told.contains("不同意解约") && !told.contains("原因："), "{told}");
    let early = review(&story.department, &again, "APPROVE", None).await;
    assert_eq!(
        refusal(&early),
        Some("STEP_NOT_ALLOWED"),
        "never under review: {early}"
    );
}

/// Whoever asked takes it back as long as nobody has answered: the employer too; the graduate hears of it, and answers it no more.
#[tokio::test(flavor = "multi_thread")]
async fn the_employer_takes_back_what_it_asked_for() {
    let story = Story::signed().await;
    let asked = id(&request(&story.employer, &story.agreement, "EMPFAIL", "经营发生问题。").await);
    let other = answer(&story.client, WITHDRAW_TERMINATION, &asked).await;
    assert_eq!(refusal(&other), Some("STEP_NOT_ALLOWED"), "{other}");
    let back = answer(&story.employer, WITHDRAW_TERMINATION, &asked).await;
    assert_eq!(back["termination"]["status"], "WITHDRAWN", "{back}");
    assert!(story.newest(&story.client).await.contains("撤回了解约申请"));
    for operation in [ACCEPT_TERMINATION, REFUSE_TERMINATION] {
        let late = answer(&story.client, operation, &asked).await;
        assert_eq!(refusal(&late), Some("STEP_NOT_ALLOWED"), "{late}");
    }
    // Agreed to, it is nobody's to take back.
    let again = id(&request(&story.employer, &story.agreement, "EMPFAIL", "经营发生问题。").await);
    answer(&story.client, ACCEPT_TERMINATION, &again).await;
    let late = answer(&story.employer, WITHDRAW_TERMINATION, &again).await;
    assert_eq!(refusal(&late), Some("STEP_NOT_ALLOWED"), "{late}");
    assert_eq!(story.agreement(&story.client).await["status"], "SIGNED");
}

/// "已经与就业单位完成线上签约": before it is signed, and after it has failed, neither side can ask.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_can_be_ended_before_it_is_signed() {
    let server = Server::empty().await;
    let campus = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
    let graduate = people::graduate(&server.platform, &campus, |_| {}).await;
    let company = people::employer(&server.platform, EmployerVerification::Verified).await;
    let employer = server.login(&company.member).await;
    let client = server.login(&graduate.email).await;
    let school = server.login(&campus.school_reviewer).await;
    let graduate_id = wangqian_api::id::NodeType::Graduate.id(graduate.id);
    let agreement = invite(&employer, &graduate_id).await;
    let none_ends = async |status: &str| {
        for side in [&client, &employer] {
            let refused = request(side, &agreement, "MUTUAL", "双方协商一致").await;
            assert_eq!(refusal(&refused), Some("STEP_NOT_ALLOWED"), "{status}: {refused}");
            let query =
                "query($id: ID!) { node(id: $id) { ... on Agreement { status lastTermination { id } } } }";
            let seen = side.query(query, json!({ "id": agreement })).await;
            assert_eq!(
                seen["node"],
                json!({ "status": status, "lastTermination": Value::Null })
            );
        }
    };
    none_ends("INVITED").await;
    step(&client, ACCEPT, &agreement).await;
    none_ends("SIGNING_REVIEW").await;
    review(&school, &agreement, "REJECT", Some("条款与面谈不一致")).await;
    none_ends("SIGNING_REJECTED").await;
}
