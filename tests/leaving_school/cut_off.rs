//! The cut-off date of a class over HTTP: after it only the school reopens.

use chrono::{Datelike, Days, TimeDelta};
use serde_json::{Value, json};
use wangqian_schema::{
    clock::{format_day, shanghai_date},
    model::employer::EmployerVerification,
};

use super::{SET_PERIOD, Story, archive, errors, gid, reopen, save};
use crate::support::{
    people, placing,
    signing::{self, refusal, review},
    terminating,
};

/// After the cut-off nobody but the school begins anything; what is on a desk is decided; the school reopens.
#[tokio::test(flavor = "multi_thread")]
async fn after_the_cut_off_only_the_school_reopens() {
    let story = Story::begun().await;
    let company = people::employer(&story.server.platform, EmployerVerification::Verified).await;
    let employer = story.server.login(&company.member).await;
    let other = people::graduate(&story.server.platform, &story.school, |_| {}).await;
    let others = story.server.login(&other.email).await;
    let graduate = gid(&story.graduate);

    let waiting = signing::invite(&employer, &graduate).await;
    let accepted = signing::invite(&employer, &gid(&other)).await;
    assert_eq!(
        refusal(&signing::step(&others, signing::ACCEPT, &accepted).await),
        None
    );
    let draft = placing::id(&placing::create(&story.client, placing::seeking("")).await);
    story.open().await;
    story.server.platform.clock.advance(TimeDelta::days(1));

    let passed = [("CUT_OFF_PASSED", "")];
    assert_eq!(
        errors(&signing::step(&story.client, signing::ACCEPT, &waiting).await),
        passed
    );
    assert_eq!(
        errors(&signing::step(&employer, signing::CANCEL, &waiting).await),
        passed
    );
    assert_eq!(
        errors(&placing::create(&story.client, placing::seeking("")).await),
        passed
    );
    assert_eq!(
        errors(&placing::save(&story.client, &draft, placing::seeking("")).await),
        passed
    );
    assert_eq!(errors(&placing::submit(&story.client, &draft, &[]).await), passed);
    assert_eq!(
        errors(&placing::step(&story.client, "discardDestination", &draft).await),
        passed
    );
    let key = uuid::Uuid::now_v7().to_string();
    let rival = people::employer(&story.server.platform, EmployerVerification::Verified).await;
    let rival = story.server.login(&rival.member).await;
    let invited = rival
        .mutate(
            signing::INVITE,
            signing::invitation(&key, std::slice::from_ref(&graduate)),
        )
        .await;
    assert_eq!(errors(&invited["results"][0]), passed, "{invited}");
    let buttons = "query($id: ID!) { node(id: $id) { ... on Agreement { viewerActions } ... on Destination { viewerActions } } }";
    for id in [&waiting, &draft] {
        let shown = story.client.query(buttons, json!({ "id": id })).await;
        assert_eq!(shown["node"]["viewerActions"], json!([]));
    }
    // What is on a desk is decided, but not ended by its sides.
    let approved = review(&story.office, &accepted, "APPROVE", None).await;
    assert_eq!(approved["agreement"]["status"], "SIGNED", "{approved}");
    let ending = terminating::request(&employer, &accepted, "MUTUAL", "示例").await;
    assert_eq!(errors(&ending), passed);
    assert_eq!(
        errors(&save(&story.client, archive()).await),
        [("CONFIRMATION_NOT_OPEN", "")]
    );

    let today = story.today();
    assert_eq!(
        errors(&reopen(&story.office, &graduate, today, "").await),
        [("REASON_REQUIRED", "reason")]
    );
    let yesterday = today - Days::new(1);
    assert_eq!(
        errors(&reopen(&story.office, &graduate, yesterday, "补签").await),
        [("INVALID_INPUT", "until")]
    );
    for client in [&story.client, &story.department] {
        assert_eq!(
            errors(&reopen(client, &graduate, today, "补签").await),
            [("STEP_NOT_ALLOWED", "")]
        );
    }
    for client in [&employer, &others] {
        assert_eq!(
            errors(&reopen(client, &graduate, today, "补签").await),
            [("NOT_FOUND", "graduateId")]
        );
    }
    let reopened = reopen(&story.office, &graduate, today, "补签").await;
    assert_eq!(
        reopened["confirmation"]["reopenedUntil"],
        json!(today),
        "{reopened}"
    );
    assert_eq!(story.standing(&story.client, None).await["lastDay"], json!(today));
    assert_eq!(
        refusal(&placing::save(&story.client, &draft, placing::seeking("")).await),
        None
    );
    assert_eq!(
        refusal(&signing::step(&story.client, signing::ACCEPT, &waiting).await),
        None
    );
    assert_eq!(
        refusal(&save(&story.client, archive()).await),
        None,
        "he may confirm as well"
    );
    story.server.platform.clock.advance(TimeDelta::days(1));
    assert_eq!(
        errors(&placing::create(&story.client, placing::seeking("")).await),
        passed
    );
}

/// 31 August counts for a class whose school has set no period; a later cut-off that it sets counts instead, and so does a reopening.
#[tokio::test(flavor = "multi_thread")]
async fn a_class_without_a_period_has_the_last_day_of_august() {
    let story = Story::begun().await;
    let year = shanghai_date(story.server.platform.clock.now()).year() - 1;
    let class_year = i16::try_from(year).unwrap();
    let mut left = Vec::new();
    for _ in 0..2 {
        let who = people::graduate(&story.server.platform, &story.school, |new| {
            new.class_year = class_year
        });
        left.push(who.await);
    }
    let clients = [
        story.server.login(&left[0].email).await,
        story.server.login(&left[1].email).await,
    ];
    let company = people::employer(&story.server.platform, EmployerVerification::Verified).await;
    let employer = story.server.login(&company.member).await;
    let invite = async |key: &str| {
        let invitation = signing::invitation(key, &[gid(&left[0])]);
        let mut invited = employer.mutate(signing::INVITE, invitation).await;
        invited["results"][0].take()
    };
    let passed = [("CUT_OFF_PASSED", "")];
    for client in &clients {
        let standing = story.standing(client, None).await;
        assert_eq!(
            (&standing["period"], &standing["lastDay"]),
            (&Value::Null, &json!(format!("{year}-08-31")))
        );
        assert_eq!(
            errors(&placing::create(client, placing::seeking("")).await),
            passed
        );
    }
    assert_eq!(errors(&invite("too-late").await), passed);

    // Without a period the school reopens one graduate's.
    let reopened = reopen(&story.office, &gid(&left[0]), story.today(), "补签").await;
    assert_eq!(refusal(&reopened), None, "{reopened}");
    let mut later = invite("later").await;
    assert_eq!(
        errors(&later),
        [("INVALID_INPUT", "responseDeadline")],
        "a week is more than he has"
    );
    let message = later["userErrors"][0]["message"].take();
    assert!(
        message.as_str().unwrap().contains(&format_day(story.today())),
        "{message}"
    );
    let week = story.today() + Days::new(8);
    let reopened = reopen(&story.office, &gid(&left[0]), week, "补签").await;
    assert_eq!(refusal(&reopened), None, "{reopened}");
    assert_eq!(story.standing(&clients[0], None).await["lastDay"], json!(week));
    assert_eq!(refusal(&invite("reopened").await), None);
    assert_eq!(
        refusal(&placing::create(&clients[0], placing::seeking("")).await),
        None
    );
    assert_eq!(
        errors(&placing::create(&clients[1], placing::seeking("")).await),
        passed
    );

    // A period with a later cut-off.
    let (opens, cut_off) = (format!("{year}-06-01"), story.today());
    let period = json!({ "classYear": year, "opensOn": opens, "closesOn": opens, "cutOffOn": cut_off });
    let set = story.office.mutate(SET_PERIOD, json!({ "input": period })).await;
    assert_eq!(refusal(&set), None, "{set}");
    assert_eq!(
        refusal(&placing::create(&clients[1], placing::seeking("")).await),
        None
    );
}
