//! One agreement from the invitation to the paper, over the wire, with every role and the worker taking part.

use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;
use wangqian_api::id::NodeType;
use wangqian_cli::demo::accounts;

use crate::support::{Client, Server, people};

#[derive(diesel::QueryableByName)]
struct Mail {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    id: Uuid,
}

async fn step(client: &Client, mutation: &str, input_type: &str, input: Value) -> Value {
    let (field, end) = match mutation {
        "reviewCase" => ("agreement: case { ... on Agreement {", "} }"),
        _ => ("agreement {", "}"),
    };
    let query = format!(
        "mutation($input: {input_type}!) {{ {mutation}(input: $input) {{
            {field} id status awaitingReview version agreementNumber viewerActions {end} userErrors {{ code message }} }} }}"
    );
    client.mutate(&query, json!({ "input": input })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_invitation_to_the_paper_in_the_hands_of_both_sides() {
    let server = Server::start().await;
    let graduate = server.login(accounts::GRADUATE).await;
    let invited = graduate
        .query(
            "{ agreements(first: 1, statuses: [INVITED]) { nodes { id version viewerActions } } }",
            json!({}),
        )
        .await;
    let invitation = &invited["agreements"]["nodes"][0];
    let id = invitation["id"].as_str().expect("an invitation").to_owned();
    assert!(
        invitation["viewerActions"]
            .as_array()
            .expect("actions")
            .contains(&json!("ACCEPT")),
        "{invited}"
    );

    let accepted = step(
        &graduate,
        "acceptInvitation",
        "AgreementStepInput",
        json!({ "agreementId": id }),
    )
    .await;
    assert_eq!(
        accepted["agreement"]["awaitingReview"], "DEPARTMENT",
        "{accepted}"
    );
    let approve = json!({ "caseId": id, "decision": "APPROVE" });
    let early = step(
        &server.login(accounts::SCHOOL).await,
        "reviewCase",
        "ReviewCaseInput",
        approve.clone(),
    )
    .await;
    assert_eq!(
        early["userErrors"][0]["code"], "STEP_NOT_ALLOWED",
        "the department comes first: {early}"
    );
    for (reviewer, expected) in [
        (accounts::DEPARTMENT, "SIGNING_REVIEW"),
        (accounts::SCHOOL, "SIGNED"),
    ] {
        let reviewer = server.login(reviewer).await;
        let approved = step(&reviewer, "reviewCase", "ReviewCaseInput", approve.clone()).await;
        assert_eq!(approved["agreement"]["status"], expected, "{approved}");
    }

    // The paper is made by the worker; both sides can fetch it.
    let employer = server.login(accounts::ACADEMY).await;
    for side in [&graduate, &employer] {
        let links = server.until("the paper", async || links(side, &id).await).await;
        // To be saved, and to be looked at in the browser (§4.3).
        for (link, asked) in links.into_iter().zip(["attachment", "inline"]) {
            let answer = reqwest::get(&link).await.expect("an answer");
            let header = |name| answer.headers()[name].to_str().expect("ASCII").to_owned();
            assert_eq!(header("content-type"), "application/pdf");
            let offered = header("content-disposition");
            // 就业协议书-<number>.pdf, and a name that says what it is where only ASCII is read.
            let year = people::class_year();
            let whole = format!("; filename*=UTF-8''%E5%B0%B1%E4%B8%9A%E5%8D%8F%E8%AE%AE%E4%B9%A6-{year}");
            assert!(
                offered.starts_with(&format!("{asked}; filename=\"agreement-{year}"))
                    && offered.contains(&whole),
                "{offered}"
            );
            let pdf = answer.bytes().await.expect("a file");
            assert!(pdf.starts_with(b"%PDF-"), "{link}");
        }
    }

    // And both are told of the signing by mail: the graduate, and each member of the employer.
    let uuid = NodeType::Agreement.uuid(&id.as_str().into()).expect("an id");
    let owed = format!(
        "SELECT messages.id FROM messages JOIN case_events ON case_events.id = event_id
         WHERE case_id = '{uuid}' AND template = 'AGREEMENT_SIGNED' AND channel = 'EMAIL'"
    );
    let mut conn = server.platform.pool.get().await.expect("a connection");
    let owed: Vec<Mail> = diesel::sql_query(owed).load(&mut conn).await.expect("mails");
    assert!(owed.len() >= 2, "{} mails", owed.len());
    for mail in owed {
        let file = server.outbox().join(format!("mail/{}.eml", mail.id));
        server
            .until("the mail", async || file.exists().then_some(()))
            .await;
    }
    server.stop().await;
}

/// The links of the paper: to save it, and to look at it.
async fn links(client: &Client, id: &str) -> Option<[String; 2]> {
    let query = "query($id: ID!) { node(id: $id) { ... on Agreement {
        documents { status downloadLink { url } previewLink { url } } } } }";
    let answer = client.query(query, json!({ "id": id })).await;
    let document = &answer["node"]["documents"][0];
    let url = |link: &str| document[link]["url"].as_str().map(str::to_owned);
    Some([url("downloadLink")?, url("previewLink")?])
}
