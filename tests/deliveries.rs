//! How far each message got, as an operator sees it.

use serde_json::{Value, json};
use wangqian_api::id::NodeType;
use wangqian_schema::{model::employer::EmployerVerification, workflow::ReviewRoute};

use crate::support::{Client, Server, people, signing::*};

const LIST: &str = "query($case: String, $statuses: [MessageStatus!], $channels: [MessageChannel!]) {
    messageDeliveries(first: 100, caseReference: $case, statuses: $statuses, channels: $channels) {
        nodes { template recipientKind recipientReference channel status sentAt providerReference lastError } } }";

async fn list(operator: &Client, variables: Value) -> Vec<Value> {
    let found = operator.query(LIST, variables).await;
    found["messageDeliveries"]["nodes"]
        .as_array()
        .expect("a list")
        .clone()
}

fn brief(deliveries: &[Value]) -> Vec<String> {
    let word = |delivery: &Value, field: &str| delivery[field].as_str().expect(field).to_owned();
    let line =
        |delivery| ["template", "recipientKind", "channel", "status"].map(|field| word(delivery, field));
    let mut brief: Vec<_> = deliveries
        .iter()
        .map(|delivery| line(delivery).join(" "))
        .collect();
    brief.sort();
    brief
}

#[tokio::test(flavor = "multi_thread")]
async fn each_message_says_how_far_it_got_with_whom_and_how() {
    let server = Server::empty().await;
    let platform = &server.platform;
    let campus = people::school(platform, ReviewRoute::SchoolOnly).await;
    let graduate = people::graduate(platform, &campus, |_| {}).await;
    let company = people::employer(platform, EmployerVerification::Verified).await;
    people::member(platform, company.id).await;
    let operator = server.login(&people::operator(platform).await).await;
    let employer = server.login(&company.member).await;
    let id = NodeType::Graduate.id(graduate.id);
    let (other, agreement) = {
        let another = people::employer(platform, EmployerVerification::Verified).await;
        let another = server.login(&another.member).await;
        (invite(&another, &id).await, invite(&employer, &id).await)
    };
    step(&server.login(&graduate.email).await, DECLINE, &agreement).await;
    let reference = |id: &str| NodeType::Agreement.uuid(&id.into()).unwrap().to_string();
    let of_case = json!({ "case": reference(&agreement) });
    let deliveries = server.until("all to be sent", async || {
        let deliveries = list(&operator, of_case.clone()).await;
        let is_waiting = |delivery: &Value| delivery["status"] == "PENDING";
        (!deliveries.iter().any(is_waiting)).then_some(deliveries)
    });
    let deliveries = deliveries.await;
    assert_eq!(
        brief(&deliveries),
        [
            "INVITATION_DECLINED EMPLOYER_MEMBER EMAIL SENT",
            "INVITATION_DECLINED EMPLOYER_MEMBER EMAIL SENT",
            "INVITATION_DECLINED EMPLOYER_MEMBER IN_APP SENT",
            "INVITATION_DECLINED EMPLOYER_MEMBER IN_APP SENT",
            "INVITATION_RECEIVED GRADUATE EMAIL SENT",
            "INVITATION_RECEIVED GRADUATE IN_APP SENT",
            "INVITATION_RECEIVED GRADUATE WECHAT NO_ADDRESS",
        ]
    );
    for delivery in &deliveries {
        let sent = delivery["status"] == "SENT";
        assert_eq!(delivery["sentAt"].is_string(), sent, "{delivery}");
        let outside = delivery["channel"] == "EMAIL";
        assert_eq!(
            delivery["providerReference"].is_string(),
            sent && outside,
            "{delivery}"
        );
    }
    let newest_first: Vec<_> = deliveries.iter().map(|delivery| &delivery["template"]).collect();
    assert_eq!(newest_first[0], "INVITATION_DECLINED");
    assert_eq!(newest_first[6], "INVITATION_RECEIVED");

    // One mail cannot be sent.
    let mut conn = platform.pool.get().await.unwrap();
    let park = "UPDATE messages SET status = 'PARKED', sent_at = NULL, last_error = 'attempt 1: RCPT: the mail server answered 550'
        WHERE id = (SELECT id FROM messages WHERE channel = 'EMAIL' AND template = 'INVITATION_DECLINED' LIMIT 1)";
    let parked = diesel_async::RunQueryDsl::execute(diesel::sql_query(park), &mut conn).await;
    assert_eq!(parked.unwrap(), 1);
    drop(conn);
    let parked = list(&operator, json!({ "statuses": ["PARKED", "PENDING"] })).await;
    assert_eq!(
        brief(&parked),
        ["INVITATION_DECLINED EMPLOYER_MEMBER EMAIL PARKED"]
    );
    assert_eq!(
        parked[0]["lastError"],
        "attempt 1: RCPT: the mail server answered 550"
    );
    let without = list(
        &operator,
        json!({ "statuses": ["NO_ADDRESS"], "channels": ["WECHAT", "SMS"] }),
    )
    .await;
    assert_eq!(without.len(), 2, "both invitations");
    assert_eq!(without[0]["recipientReference"], without[1]["recipientReference"]);
    assert_eq!(
        list(
            &operator,
            json!({ "case": reference(&other), "channels": ["EMAIL"] })
        )
        .await
        .len(),
        1
    );
    assert!(
        list(&operator, json!({ "case": uuid::Uuid::nil() }))
            .await
            .is_empty()
    );
    let wrong = operator.graphql(LIST, json!({ "case": agreement })).await;
    assert_eq!(
        wrong["errors"][0]["extensions"]["code"], "INVALID_ARGUMENT",
        "{wrong}"
    );

    // Nothing of what people were told, nor where they are reached.
    let all = json!(list(&operator, json!({})).await).to_string();
    for secret in [
        &graduate.email,
        &graduate.mobile,
        &graduate.name,
        &company.name,
        &company.member,
    ] {
        assert!(!all.contains(secret.as_str()), "{all}");
    }
    server.stop().await;
}
