//! The destination sheet over HTTP: it is made, and third parties see it while its graduate lets them.

use chrono::{Days, TimeDelta};
use serde_json::{Value, json};

use super::{Story, VERIFY, archive, authorise, confirm, errors, save, withdraw};
use crate::support::{Server, papers::fetch, placing};

/// The sheet is rendered; a third party sees it by name and number while the graduate lets it, over the API and on the page.
#[tokio::test(flavor = "multi_thread")]
async fn a_third_party_sees_the_sheet_while_he_may() {
    let story = Story::begun().await;
    let (id, version) = story.registered().await;
    story.open().await;
    save(&story.client, archive()).await;
    let confirmed = confirm(&story.client, Some((&id, version))).await;
    let confirmation = confirmed["confirmation"]["id"].as_str().unwrap().to_owned();
    let number = confirmed["confirmation"]["sheet"]["verificationNumber"]
        .as_str()
        .unwrap()
        .to_owned();

    let look = "query($id: ID!) { node(id: $id) { ... on LeavingConfirmation { sheet { status readyAt downloadLink { url } } } } }";
    let sheet = story
        .server
        .until("the sheet", async || {
            let found = story.client.query(look, json!({ "id": confirmation })).await;
            let sheet = found["node"]["sheet"].clone();
            (sheet["status"] == "READY").then_some(sheet)
        })
        .await;
    let (status, pdf) = fetch(sheet["downloadLink"]["url"].as_str().unwrap()).await;
    assert_eq!(status, 200);
    assert!(pdf.starts_with(b"%PDF"));
    let told = "{ notifications(first: 1) { nodes { title } } }";
    let told = story.client.query(told, json!({})).await;
    assert_eq!(
        told["notifications"]["nodes"][0]["title"],
        "毕业去向登记信息表已生成"
    );

    // Nobody sees it before he lets it, and all that is wrong reads the same.
    let name = story.graduate.name.as_str();
    assert_eq!(story.verify(name, &number).await, Value::Null);
    let today = story.today();
    for day in [today - Days::new(1), today + Days::new(367)] {
        assert_eq!(
            errors(&authorise(&story.client, &confirmation, day).await),
            [("INVALID_INPUT", "until")]
        );
    }
    for other in [&story.department, &story.office] {
        assert_eq!(
            errors(&authorise(other, &confirmation, today).await),
            [("STEP_NOT_ALLOWED", "")]
        );
    }
    assert_eq!(
        errors(&withdraw(&story.client, &confirmation).await),
        [("STEP_NOT_ALLOWED", "")]
    );
    let until = today + Days::new(2);
    let authorised = authorise(&story.client, &confirmation, until).await;
    assert_eq!(
        authorised["confirmation"]["authorisedUntil"],
        json!(until),
        "{authorised}"
    );
    let found = story.verify(name, &number.to_lowercase().replace('-', " ")).await;
    assert_eq!(found["status"], "VALID");
    let shown = found.to_string();
    assert!(
        shown.contains("示例市人才服务中心") && shown.contains(name),
        "{shown}"
    );
    for hidden in [
        story.graduate.id_card_number.as_str(),
        "示例收件人",
        "010-12345678",
    ] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
    for (wrong_name, wrong_number) in [("林", number.as_str()), (name, "0000-0000-0000-0000"), ("", "")] {
        assert_eq!(story.verify(wrong_name, wrong_number).await, Value::Null);
    }

    // The page behind the QR code.
    let page = format!("{}/destination-sheet/{number}", story.server.url);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let asking = http.get(&page).send().await.unwrap();
    assert_eq!(asking.status(), 200);
    assert!(!asking.text().await.unwrap().contains(name));
    let fill = async |name: &str| {
        let body = format!("name={}", percent(name));
        let request = http
            .post(&page)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, text) = fill(name).await;
    assert_eq!(status, 200, "{text}");
    assert!(
        text.contains("示例市人才服务中心") && !text.contains("示例收件人"),
        "{text}"
    );
    let (status, wrong) = fill("林").await;
    assert_eq!(status, 404, "{wrong}");

    // Taken back: at once, and word for word like a wrong name.
    let withdrawn = withdraw(&story.client, &confirmation).await;
    assert_eq!(
        withdrawn["confirmation"]["authorisedUntil"],
        Value::Null,
        "{withdrawn}"
    );
    assert_eq!(story.verify(name, &number).await, Value::Null);
    assert_eq!(fill(name).await, (404, wrong));

    // What has changed is worth less, and the authorisation ends with its day.
    authorise(&story.client, &confirmation, until).await;
    placing::void(&story.client, &id).await;
    assert_eq!(story.verify(name, &number).await["status"], "OUTDATED");
    confirm(&story.client, None).await;
    assert_eq!(story.verify(name, &number).await["status"], "SUPERSEDED");
    story.server.platform.clock.advance(TimeDelta::days(3));
    assert_eq!(story.verify(name, &number).await, Value::Null);
}

/// UTF-8 as a form sends it.
fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Too many look-ups from one network are refused, over the API and on the page.
#[tokio::test(flavor = "multi_thread")]
async fn look_ups_of_strangers_are_counted() {
    let server = Server::empty_with(&["--stranger-requests=2"]).await;
    let variables = json!({ "name": "林示例", "number": "0000-0000-0000-0000" });
    for _ in 0..2 {
        let data = server.client().query(VERIFY, variables.clone()).await;
        assert_eq!(data["verifyDestinationSheet"], Value::Null);
    }
    let refused = server.client().graphql(VERIFY, variables).await;
    assert_eq!(
        refused["errors"][0]["extensions"]["code"], "TOO_MANY_REQUESTS",
        "{refused}"
    );
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = http.post(format!("{}/destination-sheet/0", server.url));
    let request = request
        .header("content-type", "application/x-www-form-urlencoded")
        .body("name=a");
    assert_eq!(request.send().await.unwrap().status(), 429);
}
