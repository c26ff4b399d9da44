//! §10 over HTTP: what a graduate who has bound the official account reads in WeChat.

use diesel_async::RunQueryDsl;
use serde_json::json;
use wangqian_api::id::NodeType;
use wangqian_schema::{model::employer::EmployerVerification, workflow::ReviewRoute};

use crate::support::{Server, outbox::Outbox, people, placing, signing::*};

const OPEN_ID: &str = "o-example-open-id";

/// "用人单位发起的签约邀请、学校（院系）的审核结果、签约及去向信息被修改".
#[tokio::test(flavor = "multi_thread")]
async fn invitations_decisions_and_amendments_are_read_in_wechat() {
    let server = Server::empty().await;
    let campus = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
    let graduate = people::graduate(&server.platform, &campus, |_| {}).await;
    let company = people::employer(&server.platform, EmployerVerification::Verified).await;
    // Binding the account is the official account's, outside the platform.
    let account = people::account_of(&server.platform, &graduate.email).await;
    let bound = format!("UPDATE accounts SET wechat_open_id = '{OPEN_ID}' WHERE id = '{account}'");
    let mut conn = server.platform.pool.get().await.unwrap();
    diesel::sql_query(bound).execute(&mut conn).await.unwrap();
    drop(conn);
    let employer = server.login(&company.member).await;
    let client = server.login(&graduate.email).await;
    let school = server.login(&campus.school_reviewer).await;
    let outbox = Outbox::new(server.outbox());
    let tells = async |parts: &[&str]| {
        let text = outbox.next_wechat_to(OPEN_ID).await;
        for part in parts {
            assert!(text.contains(part), "{part}: {text}");
        }
    };

    let graduate_id = NodeType::Graduate.id(graduate.id);
    let first = invite(&employer, &graduate_id).await;
    tells(&["签约邀请", &company.name, "软件工程师", "应约截止时间"]).await;
    step(&client, ACCEPT, &first).await;
    review(&school, &first, "REJECT", Some("条款与面谈不一致")).await;
    tells(&["签约失败", &company.name, "原因：条款与面谈不一致"]).await;

    let second = invite(&employer, &graduate_id).await;
    tells(&["签约邀请", &company.name]).await;
    step(&client, ACCEPT, &second).await;
    let signed = review(&school, &second, "APPROVE", None).await;
    assert_eq!(signed["agreement"]["status"], "SIGNED", "{signed}");
    tells(&["签约完成", &company.name]).await;
    let mut terms = terms_read_by(&client, &second).await;
    terms["regularSalary"] = json!(12_345);
    let amend = "mutation($input: AmendAgreementInput!) { amendAgreement(input: $input) {
        agreement { id } userErrors { code field message } } }";
    let input = json!({ "agreementId": second, "terms": terms, "reason": "双方协商",
        "expectedVersion": signed["agreement"]["version"] });
    let amended = school.mutate(amend, json!({ "input": input })).await;
    assert_eq!(amended["userErrors"], json!([]));
    tells(&["信息修改", "转正起薪", "原因：双方协商"]).await;
}

/// The same of a destination: each decision with its reason, and what the school modifies once it is registered.
#[tokio::test(flavor = "multi_thread")]
async fn decisions_on_a_destination_are_read_in_wechat() {
    let server = Server::empty().await;
    let campus = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
    let graduate = people::graduate(&server.platform, &campus, |_| {}).await;
    let account = people::account_of(&server.platform, &graduate.email).await;
    let bound = format!("UPDATE accounts SET wechat_open_id = '{OPEN_ID}' WHERE id = '{account}'");
    let mut conn = server.platform.pool.get().await.unwrap();
    diesel::sql_query(bound).execute(&mut conn).await.unwrap();
    drop(conn);
    let client = server.login(&graduate.email).await;
    let school = server.login(&campus.school_reviewer).await;
    let outbox = Outbox::new(server.outbox());
    let id = placing::id(&placing::create(&client, placing::seeking("")).await);
    placing::submit(&client, &id, &[]).await;
    review(&school, &id, "RETURN", Some("请补充意向城市")).await;
    let text = outbox.next_wechat_to(OPEN_ID).await;
    assert!(
        text.contains("待就业") && text.contains("请补充意向城市"),
        "{text}"
    );
    placing::submit(&client, &id, &[]).await;
    review(&school, &id, "APPROVE", None).await;
    let text = outbox.next_wechat_to(OPEN_ID).await;
    assert!(text.contains("登记完成") && text.contains("待就业"), "{text}");
    let query = "query($id: ID!) { node(id: $id) { ... on Destination { version } } }";
    let seen = school.query(query, json!({ "id": id })).await;
    let amend = placing::mutation("amendDestination", "AmendDestinationInput");
    let input = json!({
        "destinationId": id, "form": placing::seeking("补登"), "reason": "电话核实",
        "expectedVersion": seen["node"]["version"],
    });
    let amended = school.mutate(&amend, json!({ "input": input })).await;
    assert_eq!(amended["userErrors"], json!([]), "{amended}");
    let text = outbox.next_wechat_to(OPEN_ID).await;
    assert!(
        text.contains("信息修改") && text.contains("备注") && text.contains("电话核实"),
        "{text}"
    );
}
