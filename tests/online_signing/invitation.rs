//! §4.1 and §4.2 over HTTP: what the invited graduate reads, when an invitation ends, and many of them at once.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use wangqian_api::id::NodeType;
use wangqian_schema::{clock::format_moment, workflow::ReviewRoute};

use super::{Story, actions, status};
use crate::support::{Client, people, placing, signing::*};

/// Figures 6 and 7: who invites him, to what and until when, as it was sent; he may answer and is reminded of it, and while another case
/// holds him he reads the same and can but look.
#[tokio::test(flavor = "multi_thread")]
async fn the_invited_graduate_reads_what_he_was_sent() {
    let story = Story::begin(ReviewRoute::SchoolOnly).await;
    let deadline = story.server.platform.clock.now() + TimeDelta::days(5);
    let mut input = invitation_until("read", std::slice::from_ref(&story.graduate_id), deadline);
    input["input"]["terms"]["contactPhone"] = json!("000-12345678");
    let mut sent = input["input"]["terms"].clone();
    let invited = story.employer.mutate(INVITE, input).await;
    let id = invited["results"][0]["agreement"]["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{invited}"));

    let list =
        "{ agreements(first: 5) { nodes { id status channel employerName responseDeadline viewerActions
        employer { name creditCode } } } }";
    let shown = async || {
        let data = story.client.query(list, json!({})).await;
        let entries = data["agreements"]["nodes"].as_array().unwrap().clone();
        entries
            .into_iter()
            .find(|entry| entry["id"] == *id)
            .expect("his invitation")
    };
    let entry = shown().await;
    assert_eq!(
        (&entry["status"], &entry["channel"], &entry["viewerActions"]),
        (&json!("INVITED"), &json!("ONLINE"), &json!(["ACCEPT", "DECLINE"]))
    );
    assert_eq!(entry["employerName"], json!(story.company.name));
    assert_eq!(entry["employer"]["name"], json!(story.company.name));
    let until: DateTime<Utc> = entry["responseDeadline"].as_str().unwrap().parse().unwrap();
    assert_eq!(until, deadline);
    sent["employerName"] = entry["employer"]["name"].clone();
    sent["creditCode"] = entry["employer"]["creditCode"].clone();
    assert_eq!(terms_read_by(&story.client, id).await, sent);
    assert_eq!(terms_read_by(&story.employer, id).await, sent);
    let told = &story.inbox(&story.client).await[0];
    for part in [
        story.company.name.as_str(),
        "软件工程师",
        &format_moment(deadline),
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }

    // A day before the deadline he is reminded.
    story
        .server
        .platform
        .clock
        .advance(TimeDelta::days(4) + TimeDelta::hours(1));
    let reminded = format!("{}的签约邀请即将到期", story.company.name);
    let newest = async || {
        let mut inbox = story.inbox(&story.client).await;
        inbox.remove(0).contains(&reminded).then_some(())
    };
    story.server.until("the reminder", newest).await;

    // "其他单位的签约邀请只能查看，无法操作", whatever it is that holds him.
    let own = placing::id(&placing::create(&story.client, placing::seeking("")).await);
    let submitted = placing::submit(&story.client, &own, &[]).await;
    assert_eq!(
        submitted["destination"]["status"], "REGISTRATION_REVIEW",
        "{submitted}"
    );
    let held = shown().await;
    assert_eq!(held["viewerActions"], json!([]));
    assert_eq!(held["responseDeadline"], entry["responseDeadline"]);
    assert_eq!(terms_read_by(&story.client, id).await, sent);
    for operation in [ACCEPT, DECLINE] {
        let refused = step(&story.client, operation, id).await;
        assert_eq!(refusal(&refused), Some("ALREADY_ENGAGED"), "{refused}");
    }
}

/// §4.2 and note 3: no second invitation of the same employer while one is open; after a decline, a cancellation, or the deadline, which
/// ends it for both, there is.
#[tokio::test(flavor = "multi_thread")]
async fn one_live_invitation_of_one_employer() {
    let story = Story::begin(ReviewRoute::SchoolOnly).await;
    let clock = &story.server.platform.clock;
    let invited_again = async |employer: &Client, key: &str| {
        let deadline = clock.now() + TimeDelta::days(7);
        let input = invitation_until(key, std::slice::from_ref(&story.graduate_id), deadline);
        employer.mutate(INVITE, input).await["results"][0].clone()
    };
    let again = async |key: &str| invited_again(&story.employer, key).await;
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
    clock.advance(TimeDelta::days(7));
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
    // The worker writes down that it has expired, and both are told.
    let expired = async || (status(&client, &third).await == "EXPIRED").then_some(());
    story.server.until("the invitation to expire", expired).await;
    let employer = story.server.login(&story.company.member).await;
    assert_eq!(status(&employer, &third).await, "EXPIRED");
    let told = &story.inbox(&client).await[0];
    let lapsed = format!("{}的签约邀请已失效", story.company.name);
    assert!(told.contains(&lapsed), "{told}");
    let told = &story.inbox(&employer).await[0];
    let lapsed = format!("对{}的签约邀请已失效", story.graduate.name);
    assert!(told.contains(&lapsed), "{told}");

    // "应约有效期内未回应，该用人单位可再次对其发起签约邀请."
    let fourth = invited_again(&employer, "d").await;
    let fourth = fourth["agreement"]["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{fourth}"));
    let accepted = step(&client, ACCEPT, fourth).await;
    assert_eq!(accepted["agreement"]["status"], "SIGNING_REVIEW", "{accepted}");
    let fifth = invited_again(&employer, "e").await;
    assert_eq!(fifth["userErrors"][0]["code"], "ALREADY_INVITED", "{fifth}");
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
