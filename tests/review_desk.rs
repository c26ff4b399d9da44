//! The review desk over the wire: the daily digest in the inbox, cases that reviewers take, and what people want to be told by mail.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use wangqian_api::id::NodeType;
use wangqian_schema::{
    Platform, clock::shanghai_date, model::employer::EmployerVerification, workflow::ReviewRoute,
};

use crate::support::{Client, Server, people, reviewing::*, signing::*};

const QUEUE: &str = "query($assignment: AssignedTo) { reviewQueue(first: 10, assignment: $assignment) {
    nodes { id version assignment { reviewerName mine } } } }";

const PREFERENCES: &str = "{ messagePreferences { group channel enabled } }";

/// A server on which nobody is told of anything by itself at this time of the day, with one case that waits for a school.
struct Scene {
    server: Server,
    campus: people::SchoolWorld,
    company: people::Company,
    graduate: people::Person,
    agreement: String,
}

/// Five o'clock in the morning in Shanghai, some days ahead.
fn before_dawn(platform: &Platform) {
    let now = platform.clock.now();
    let today = shanghai_date(now).and_hms_opt(0, 0, 0).unwrap().and_utc() - TimeDelta::hours(8);
    platform
        .clock
        .advance(today + TimeDelta::days(2) + TimeDelta::hours(5) - now);
}

impl Scene {
    async fn new() -> Self {
        let server = Server::empty().await;
        let platform = &server.platform;
        before_dawn(platform);
        let campus = people::school(platform, ReviewRoute::SchoolOnly).await;
        let graduate = people::graduate(platform, &campus, |_| {}).await;
        let company = people::employer(platform, EmployerVerification::Verified).await;
        let member = server.login(&company.member).await;
        let agreement = invite(&member, &NodeType::Graduate.id(graduate.id)).await;
        step(&server.login(&graduate.email).await, ACCEPT, &agreement).await;
        Self {
            server,
            campus,
            company,
            graduate,
            agreement,
        }
    }
}

async fn queue(client: &Client, assignment: Value) -> Vec<Value> {
    let found = client.query(QUEUE, json!({ "assignment": assignment })).await;
    found["reviewQueue"]["nodes"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn at_half_past_eight_the_reviewer_finds_what_waits_in_his_inbox() {
    let scene = Scene::new().await;
    let (server, campus) = (&scene.server, &scene.campus);
    let reviewer = server.login(&campus.school_reviewer).await;
    let department = server.login(&campus.department_reviewer).await;
    let list = "{ unreadNotificationCount notifications(first: 10) { nodes { id title body case { __typename } } } }";
    let before = reviewer.query(list, json!({})).await;
    assert_eq!(before["unreadNotificationCount"], 0);

    server.platform.clock.advance(TimeDelta::hours(4));
    let found = server
        .until("the digest to come", async || {
            let found = reviewer.query(list, json!({})).await;
            (found["unreadNotificationCount"] == 1).then_some(found)
        })
        .await;
    let message = &found["notifications"]["nodes"][0];
    assert_eq!(message["title"], "今日待审核：1 件");
    assert!(
        message["body"]
            .as_str()
            .unwrap()
            .contains("有 1 件事项待您审核：线上签约 1 件。"),
        "{message}"
    );
    assert!(!message.to_string().contains(&scene.graduate.name));
    assert_eq!(message["case"], Value::Null);
    // For whom nothing waits, nothing comes.
    let nothing = department.query(list, json!({})).await;
    assert_eq!(nothing["unreadNotificationCount"], 0);

    // The operator sees how far it got, and of no case.
    let operator = server.login(&people::operator(&server.platform).await).await;
    let deliveries = "{ messageDeliveries(first: 20) { nodes { template channel recipientKind recipientReference caseReference status } } }";
    let account = people::account_of(&server.platform, &campus.school_reviewer)
        .await
        .to_string();
    let sent = server
        .until("the mail to be sent", async || {
            let found = operator.query(deliveries, json!({})).await;
            let all = found["messageDeliveries"]["nodes"].as_array().unwrap().clone();
            let digests: Vec<_> = all
                .into_iter()
                .filter(|delivery| delivery["template"] == "REVIEW_DIGEST")
                .collect();
            digests
                .iter()
                .all(|delivery| delivery["status"] == "SENT")
                .then_some(digests)
        })
        .await;
    let mut channels: Vec<_> = sent
        .iter()
        .map(|delivery| delivery["channel"].as_str().unwrap())
        .collect();
    channels.sort_unstable();
    assert_eq!(channels, ["EMAIL", "IN_APP"]);
    for delivery in &sent {
        assert_eq!(
            (
                &delivery["caseReference"],
                &delivery["recipientReference"],
                &delivery["recipientKind"]
            ),
            (&Value::Null, &json!(account), &json!("REVIEWER"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reviewer_takes_a_case_and_his_fellows_see_it() {
    let scene = Scene::new().await;
    let (server, agreement) = (&scene.server, &scene.agreement);
    let first = server.login(&scene.campus.school_reviewer).await;
    let second = people::reviewer(&server.platform, scene.campus.school, None).await;
    let second = server.login(&second).await;
    let waiting = queue(&first, Value::Null).await;
    assert_eq!(waiting[0]["assignment"], Value::Null);
    let version = waiting[0]["version"].clone();

    let taken = first.mutate(ASSIGN, of_case(agreement)).await;
    assert_eq!(taken["userErrors"], json!([]));
    let held = &taken["case"]["assignment"];
    assert_eq!(
        (&held["reviewerName"], &held["mine"]),
        (&json!("示例审核人"), &json!(true))
    );
    let since: DateTime<Utc> = held["assignedAt"].as_str().unwrap().parse().unwrap();
    assert!((server.platform.clock.now() - since).num_minutes() < 1);

    // The fellow sees who has it, and is told when he wants it as well; then he takes it over.
    let seen = queue(&second, Value::Null).await;
    assert_eq!(
        seen[0]["assignment"],
        json!({ "reviewerName": "示例审核人", "mine": false })
    );
    assert_eq!(seen[0]["version"], version);
    assert_eq!(queue(&second, json!("NOBODY")).await.len(), 0);
    assert_eq!(queue(&second, json!("ME")).await.len(), 0);
    assert_eq!(queue(&first, json!("ME")).await.len(), 1);
    for operation in [ASSIGN, RELEASE] {
        let refused = second.mutate(operation, of_case(agreement)).await;
        assert_eq!(
            refused["userErrors"],
            json!([{ "code": "ALREADY_ASSIGNED", "field": "caseId", "message": "该事项已由示例审核人认领" }])
        );
        assert_eq!(refused["case"], Value::Null);
    }
    let over = json!({ "input": { "caseId": agreement, "takeOver": true } });
    let taken = second.mutate(ASSIGN, over).await;
    assert_eq!(taken["case"]["assignment"]["mine"], true);
    assert_eq!(queue(&second, json!("ME")).await.len(), 1);
    let given_back = second.mutate(RELEASE, of_case(agreement)).await;
    assert_eq!(given_back["case"], json!({ "id": agreement, "assignment": null }));
    assert_eq!(queue(&first, json!("NOBODY")).await.len(), 1);

    // Its graduate is told nothing of it; what is nobody's to review is refused.
    second.mutate(ASSIGN, of_case(agreement)).await;
    let graduate = server.login(&scene.graduate.email).await;
    let own = "query($id: ID!) { node(id: $id) { ... on Agreement { status assignment { mine } } } }";
    let own = graduate.query(own, json!({ "id": agreement })).await;
    assert_eq!(
        own["node"],
        json!({ "status": "SIGNING_REVIEW", "assignment": null })
    );
    let department = server.login(&scene.campus.department_reviewer).await;
    for client in [&graduate, &department] {
        let refused = client.mutate(ASSIGN, of_case(agreement)).await;
        assert_eq!(refusal(&refused), Some("STEP_NOT_ALLOWED"));
    }
    for nothing in ["no id", &NodeType::Graduate.id(scene.graduate.id)] {
        assert_eq!(
            refusal(&first.mutate(ASSIGN, of_case(nothing)).await),
            Some("NOT_FOUND")
        );
        assert_eq!(
            refusal(&first.mutate(RELEASE, of_case(nothing)).await),
            Some("NOT_FOUND")
        );
    }
    // It blocks nobody.
    let decided = review(&first, agreement, "APPROVE", None).await;
    assert_eq!(decided["agreement"]["status"], "SIGNED");
    assert_eq!(
        refusal(&second.mutate(RELEASE, of_case(agreement)).await),
        Some("STEP_NOT_ALLOWED")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_switches_mails_off_and_on() {
    let scene = Scene::new().await;
    let server = &scene.server;
    let member = server.login(&scene.company.member).await;
    let chosen = member.query(PREFERENCES, json!({})).await;
    let offered = [
        "INVITATIONS",
        "REVIEWS",
        "TERMINATIONS",
        "AMENDMENTS",
        "EMPLOYER_REGISTRATION",
    ];
    let all = |off: Option<&str>| -> Value {
        offered
            .map(|group| json!({ "group": group, "channel": "EMAIL", "enabled": off != Some(group) }))
            .to_vec()
            .into()
    };
    assert_eq!(chosen["messagePreferences"], all(None));
    let set = |group: &str, channel: &str, enabled: bool| json!({ "input": { "group": group, "channel": channel, "enabled": enabled } });
    let off = member
        .mutate(SET_PREFERENCE, set("REVIEWS", "EMAIL", false))
        .await;
    assert_eq!(
        (&off["messagePreferences"], &off["userErrors"]),
        (&all(Some("REVIEWS")), &json!([]))
    );
    for (group, channel, field) in [("DAILY_DIGEST", "EMAIL", "group"), ("REVIEWS", "SMS", "channel")] {
        let refused = member.mutate(SET_PREFERENCE, set(group, channel, false)).await;
        let error = &refused["userErrors"][0];
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!("INVALID_INPUT"), &json!(field))
        );
        assert_eq!(refused["messagePreferences"], all(Some("REVIEWS")));
    }

    let reviewer = server.login(&scene.campus.school_reviewer).await;
    review(&reviewer, &scene.agreement, "APPROVE", None).await;
    let operator = server.login(&people::operator(&server.platform).await).await;
    let deliveries = "query($case: String) { messageDeliveries(first: 50, caseReference: $case) { nodes { template channel recipientKind } } }";
    let reference = NodeType::Agreement
        .uuid(&scene.agreement.as_str().into())
        .unwrap()
        .to_string();
    let found = operator.query(deliveries, json!({ "case": reference })).await;
    let mut signed: Vec<_> = found["messageDeliveries"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|delivery| delivery["template"] == "AGREEMENT_SIGNED")
        .map(|delivery| {
            ["recipientKind", "channel"]
                .map(|field| delivery[field].as_str().unwrap())
                .join(" ")
        })
        .collect();
    signed.sort();
    assert_eq!(
        signed,
        [
            "EMPLOYER_MEMBER IN_APP",
            "GRADUATE EMAIL",
            "GRADUATE IN_APP",
            "GRADUATE WECHAT"
        ]
    );
    let on = member.mutate(SET_PREFERENCE, set("REVIEWS", "EMAIL", true)).await;
    assert_eq!(on["messagePreferences"], all(None));
    let none = operator.query(PREFERENCES, json!({})).await;
    assert_eq!(none["messagePreferences"], json!([]));
}
