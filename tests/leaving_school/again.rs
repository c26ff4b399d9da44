//! What a graduate has confirmed, confirmed again over HTTP: because he fills in archive and household anew, or because something has
//! changed after the period.

use chrono::{Days, TimeDelta};
use serde_json::{Value, json};

use super::{Story, archive, authorise, confirm, dispute, errors, save};
use crate::support::{placing, signing::refusal};

/// What he may do: whether that is among it.
fn offers(payload: &Value, action: &str) -> bool {
    let actions = payload["confirmation"]["viewerActions"].as_array().unwrap();
    actions.contains(&json!(action))
}

/// A registered destination that is confirmed: its id, its version and the payload.
async fn confirmed(story: &Story) -> (String, i64, Value) {
    let (id, version) = story.registered().await;
    story.open().await;
    save(&story.client, archive()).await;
    let confirmed = confirm(&story.client, Some((&id, version))).await;
    assert_eq!(confirmed["confirmation"]["stands"], true, "{confirmed}");
    (id, version, confirmed)
}

/// He fills in the block anew, is told what is worth a second look, and confirms again: another sheet.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_filled_in_anew_is_confirmed_again() {
    let story = Story::begun().await;
    let (id, version, first) = confirmed(&story).await;
    let registered = Some((id.as_str(), version));
    assert_eq!(first["warnings"], json!([]));
    assert!(!offers(&first, "CONFIRM"));
    let same = save(&story.client, archive()).await;
    assert!(!offers(&same, "CONFIRM"), "nothing is new: {same}");
    assert_eq!(
        errors(&confirm(&story.client, registered).await),
        [("STEP_NOT_ALLOWED", "")]
    );

    let mut other = archive();
    other["receivingUnit"] = json!("另一示例市人才服务中心");
    other["accepted"] = json!(false);
    let saved = save(&story.client, other).await;
    assert_eq!(refusal(&saved), None, "{saved}");
    assert_eq!(
        saved["warnings"],
        json!([{ "field": "archive.accepted", "message": "接收单位尚未同意接收档案" }])
    );
    let now = &saved["confirmation"];
    assert_eq!(
        (&now["stands"], &now["archive"]["receivingUnit"]),
        (&json!(true), &json!("示例市人才服务中心")),
        "what he has confirmed is as it was until he confirms again"
    );
    assert!(offers(&saved, "CONFIRM"));

    let number = first["confirmation"]["sheet"]["verificationNumber"]
        .as_str()
        .unwrap();
    let until = story.today() + Days::new(1);
    authorise(&story.client, now["id"].as_str().unwrap(), until).await;
    let status = async || story.verify(&story.graduate.name, number).await["status"].take();
    assert_eq!(status().await, "VALID");
    let again = confirm(&story.client, registered).await;
    let sheet = &again["confirmation"]["sheet"];
    assert_eq!(
        (
            &sheet["version"],
            &again["confirmation"]["archive"]["receivingUnit"]
        ),
        (&json!(2), &json!("另一示例市人才服务中心")),
        "{again}"
    );
    assert_eq!(again["warnings"], saved["warnings"]);
    assert_eq!(status().await, "SUPERSEDED");
    assert!(!offers(&again, "CONFIRM"));
    assert_eq!(
        errors(&confirm(&story.client, registered).await),
        [("STEP_NOT_ALLOWED", "")]
    );
}

/// A draft that is not whole says as much of it as is worth a second look.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_worth_a_second_look_is_told_of_half_a_block() {
    let story = Story::begun().await;
    story.open().await;
    let saved = save(&story.client, json!({ "route": "ORIGIN", "accepted": false })).await;
    assert_eq!(saved["warnings"][0]["field"], "archive.accepted", "{saved}");
    let saved = save(&story.client, json!({ "route": "ORIGIN" })).await;
    assert_eq!(saved["warnings"], json!([]));
    let refused = confirm(&story.client, None).await;
    assert_eq!(
        (&refused["confirmation"], &refused["warnings"]),
        (&Value::Null, &json!([]))
    );
}

/// The school amends what he has confirmed, when the period and the cut-off are over: he confirms it again, or disputes it.
#[tokio::test(flavor = "multi_thread")]
async fn what_changes_after_the_period_is_confirmed_again() {
    let story = Story::begun().await;
    let (id, version, first) = confirmed(&story).await;
    story.server.platform.clock.advance(TimeDelta::days(1));
    assert_eq!(
        errors(&confirm(&story.client, Some((&id, version))).await),
        [("STEP_NOT_ALLOWED", "")]
    );
    for refused in [
        save(&story.client, archive()).await,
        dispute(&story.client, "有误").await,
    ] {
        assert_eq!(errors(&refused), [("CONFIRMATION_NOT_OPEN", "")]);
    }
    let amend = placing::mutation("amendDestination", "AmendDestinationInput");
    let input = json!({
        "destinationId": id, "form": placing::seeking("另有备注"), "reason": "电话核实", "expectedVersion": version,
    });
    let amended = story.office.mutate(&amend, json!({ "input": input })).await;
    assert_eq!(refusal(&amended), None, "{amended}");
    let version = amended["destination"]["version"].as_i64().unwrap();

    let standing = story.standing(&story.client, None).await;
    assert_eq!(standing["confirmation"]["stands"], false);
    for action in ["SAVE_DRAFT", "CONFIRM", "DISPUTE"] {
        assert!(
            standing["viewerActions"]
                .as_array()
                .unwrap()
                .contains(&json!(action)),
            "{standing}"
        );
    }
    let again = confirm(&story.client, Some((&id, version))).await;
    let now = &again["confirmation"];
    assert_eq!(
        (&now["stands"], &now["sheet"]["version"]),
        (&json!(true), &json!(2)),
        "{again}"
    );
    assert_ne!(
        now["sheet"]["verificationNumber"],
        first["confirmation"]["sheet"]["verificationNumber"]
    );
    // And that is that.
    assert_eq!(
        errors(&dispute(&story.client, "有误").await),
        [("CONFIRMATION_NOT_OPEN", "")]
    );
}
