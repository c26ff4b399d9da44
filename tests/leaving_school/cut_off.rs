//! The cut-off date of a class over HTTP: after it only the school reopens.

use chrono::{Days, TimeDelta};
use serde_json::json;
use wangqian_schema::model::employer::EmployerVerification;

use super::{Story, archive, errors, gid, reopen, save};
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
