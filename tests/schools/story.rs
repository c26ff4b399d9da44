//! How an installation gets from an empty database to a school at work, as docs/OPERATIONS.md tells it: through the command line,
//! the mails and SMS in the outbox, and the API.

use serde_json::json;
use wangqian_schema::model::employer::EmployerVerification;

use super::{ADD_DEPARTMENT, OPEN, errors, reviewers::ADD, send, set_password};
use crate::support::{
    Server,
    outbox::Outbox,
    people,
    process::{output, stdout},
    roster, signing,
};

#[tokio::test(flavor = "multi_thread")]
async fn from_an_empty_database_to_a_signed_agreement() {
    let server = Server::empty().await;
    let outbox = Outbox::new(server.outbox());
    let add = [
        "add-operator",
        "--email",
        "operator@example.com",
        "--name",
        "示例管理员",
    ];
    let added = output(&mut server.command(&add));
    assert!(added.status.success(), "{added:?}");
    let password = stdout(&added);
    let operator = server
        .client()
        .login_with("operator@example.com", password.trim())
        .await;

    let input = json!({
        "code": "80001", "name": "示例新大学", "contactPhone": "000-1234567", "address": "示例路一号院",
        "defaultReviewRoute": "DEPARTMENT_ONLY",
        "reviewer": { "name": "示例主任", "email": "school@example.com" }, "idempotencyKey": "open",
    });
    let opened = send(&operator, OPEN, input).await;
    assert_eq!(errors(&opened), []);
    let told = outbox.next_to("school@example.com").await;
    assert!(told.contains("示例新大学") && told.contains("忘记密码"), "{told}");
    let school = set_password(&server, &outbox, "school@example.com").await;

    let input = json!({ "code": "01", "name": "示例学院", "idempotencyKey": "department" });
    let department = send(&school, ADD_DEPARTMENT, input).await;
    let department = &department["department"]["id"];
    let input = json!({
        "name": "示例辅导员", "mobile": "10012340009", "place": { "departmentId": department },
        "idempotencyKey": "reviewer",
    });
    assert_eq!(errors(&send(&school, ADD, input).await), []);
    let told = outbox.next_to("10012340009").await;
    assert!(told.contains("示例新大学"), "{told}");
    let reviewer = set_password(&server, &outbox, "10012340009").await;

    let rows: Vec<_> = (1..=2).map(roster::row).collect();
    let (_, ended) = roster::import(&school, "roster", "CSV", roster::csv(&rows)).await;
    assert_eq!(
        (&ended["status"], &ended["rowsCreated"]),
        (&json!("DONE"), &json!(2)),
        "{ended}"
    );
    let graduate = set_password(&server, &outbox, "roster1@example.com").await;
    let own = "{ viewer { ... on Graduate { id version school { name } department { name } } } }";
    let own = graduate.query(own, json!({})).await["viewer"].clone();
    assert_eq!(
        (&own["school"]["name"], &own["department"]["name"]),
        (&json!("示例新大学"), &json!("示例学院"))
    );
    let confirm = "mutation($input: ConfirmGraduateDataInput!) { confirmGraduateData(input: $input) {
        graduate { confirmedAt } userErrors { code field } } }";
    let confirmed = send(&graduate, confirm, json!({ "expectedVersion": own["version"] })).await;
    assert!(confirmed["graduate"]["confirmedAt"].is_string(), "{confirmed}");

    let company = people::employer(&server.platform, EmployerVerification::Verified).await;
    let employer = server.login(&company.member).await;
    let agreement = signing::invite(&employer, own["id"].as_str().unwrap()).await;
    let accepted = signing::step(&graduate, signing::ACCEPT, &agreement).await;
    assert_eq!(
        accepted["agreement"]["awaitingReview"], "DEPARTMENT",
        "{accepted}"
    );
    let approved = signing::review(&reviewer, &agreement, "APPROVE", None).await;
    assert_eq!(approved["agreement"]["status"], "SIGNED", "{approved}");
    let number = approved["agreement"]["agreementNumber"].as_str().unwrap();
    assert!(number.contains("80001"), "{number}");

    let audit = output(&mut server.command(&["audit"]));
    assert!(stdout(&audit).contains(" 0 broken"), "{audit:?}");
}
