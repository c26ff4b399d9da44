//! Operators verify employers: what they decide by, what the employer is told, and how a refused one comes back.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wangqian_schema::{model::employer::EmployerVerification, workflow::ReviewRoute};

use crate::support::{Client, Server, made_files as made, outbox::Outbox, people, registering::*, signing};

const VERIFY: &str = "mutation($input: VerifyEmployerInput!) { verifyEmployer(input: $input) {
    employer { verification registration { version } } userErrors { code field message } } }";
const RESUBMIT: &str = "mutation($input: ResubmitEmployerInput!) { resubmitEmployer(input: $input) {
    employer { name verification registration { version reason } } userErrors { code field message } } }";
const AWAITING: &str = "{ employersAwaitingVerification(first: 10) { nodes { id name creditCode
    registration { version submittedAt reason licence { contentType byteSize sha256 downloadLink { url } } } } } }";

struct Scene {
    server: Server,
    outbox: Outbox,
    operator: Client,
    input: Value,
    employer: String,
}

impl Scene {
    /// An employer has registered.
    async fn new() -> Self {
        let server = Server::empty().await;
        let outbox = Outbox::new(server.outbox());
        let operator = people::operator(&server.platform).await;
        let input = input(&server, &outbox, 1, "hr@example.com").await;
        let registered = register(&server, &input).await;
        outbox.next_to("hr@example.com").await;
        Self {
            operator: server.login(&operator).await,
            employer: registered["employer"]["id"]
                .as_str()
                .expect("an employer")
                .to_owned(),
            outbox,
            input,
            server,
        }
    }

    async fn decide(&self, client: &Client, decision: Value) -> Value {
        let mut input = decision;
        input["employerId"] = json!(self.employer);
        client.mutate(VERIFY, json!({ "input": input })).await
    }

    async fn resubmit(&self, client: &Client, change: impl FnOnce(&mut Value)) -> Value {
        let mut input = json!({ "employer": self.input["employer"] });
        change(&mut input);
        client.mutate(RESUBMIT, json!({ "input": input })).await
    }

    async fn awaiting(&self) -> Vec<Value> {
        let mut found = self.operator.query(AWAITING, json!({})).await;
        match found["employersAwaitingVerification"]["nodes"].take() {
            Value::Array(nodes) => nodes,
            other => panic!("{other}"),
        }
    }
}

fn error(answer: &Value) -> (&str, Option<&str>) {
    let error = &answer["userErrors"][0];
    (error["code"].as_str().unwrap_or("none"), error["field"].as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_looks_at_the_licence_verifies_and_the_employer_may_invite() {
    let scene = Scene::new().await;
    let waiting = scene.awaiting().await;
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0]["id"], json!(scene.employer));
    let licence = &waiting[0]["registration"]["licence"];
    assert_eq!(licence["contentType"], "image/png");
    let url = licence["downloadLink"]["url"].as_str().expect("a link");
    let file = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .get(url)
        .send()
        .await
        .unwrap();
    let disposition = file.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(
        disposition.starts_with("attachment") && disposition.contains(".png"),
        "{disposition}"
    );
    let bytes = file.bytes().await.unwrap();
    let hash: String = Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        (&licence["byteSize"], &licence["sha256"]),
        (&json!(bytes.len()), &json!(hash))
    );
    assert_eq!(image::load_from_memory(&bytes).unwrap().width(), 40);

    let verified = scene
        .decide(
            &scene.operator,
            json!({ "decision": "VERIFY", "expectedVersion": 1 }),
        )
        .await;
    assert_eq!(
        verified["employer"],
        json!({ "verification": "VERIFIED", "registration": { "version": 2 } }),
        "{verified}"
    );
    assert!(scene.awaiting().await.is_empty());
    assert!(
        scene
            .outbox
            .next_to("hr@example.com")
            .await
            .contains("已通过平台核验")
    );
    let member = scene.server.login("hr@example.com").await;
    let inbox = "{ notifications(first: 1) { nodes { title case { ... on Employer { id } } } } }";
    let told = member.query(inbox, json!({})).await;
    assert_eq!(
        told["notifications"]["nodes"],
        json!([{ "title": "单位核验通过", "case": { "id": scene.employer } }])
    );
    let own =
        "{ viewer { ... on EmployerMember { employer { registration { version licence { byteSize } } } } } }";
    let own = member.query(own, json!({})).await;
    assert_eq!(
        own["viewer"]["employer"]["registration"],
        json!({ "version": 2, "licence": null }),
        "for operators only"
    );

    let school = people::school(&scene.server.platform, ReviewRoute::SchoolOnly).await;
    let graduate = people::graduate(&scene.server.platform, &school, |_| ()).await;
    let variables = json!({ "name": graduate.name, "number": { "studentNumber": graduate.student_number } });
    let found = member.query(signing::FIND, variables).await;
    let id = found["findGraduates"][0]["graduateId"]
        .as_str()
        .expect("found now")
        .to_owned();
    let invited = member
        .mutate(signing::INVITE, signing::invitation("key", &[id]))
        .await;
    assert_eq!(
        invited["results"][0]["agreement"]["status"], "INVITED",
        "{invited}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_put_right_and_handed_in_again() {
    let scene = Scene::new().await;
    let member = scene.server.login("hr@example.com").await;
    let early = scene.resubmit(&member, |_| ()).await;
    assert_eq!(error(&early), ("STEP_NOT_ALLOWED", None), "it waits");
    let without = scene
        .decide(&scene.operator, json!({ "decision": "REFUSE", "reason": " " }))
        .await;
    assert_eq!(error(&without), ("REASON_REQUIRED", Some("reason")));
    let long = scene
        .decide(
            &scene.operator,
            json!({ "decision": "REFUSE", "reason": "长".repeat(501) }),
        )
        .await;
    assert_eq!(error(&long), ("INVALID_INPUT", Some("reason")));
    let stale = scene
        .decide(
            &scene.operator,
            json!({ "decision": "VERIFY", "expectedVersion": 7 }),
        )
        .await;
    assert_eq!(error(&stale), ("STALE_VERSION", Some("expectedVersion")));
    let reason = "营业执照不清晰";
    let refused = scene
        .decide(&scene.operator, json!({ "decision": "REFUSE", "reason": reason }))
        .await;
    assert_eq!(refused["employer"]["verification"], "REFUSED", "{refused}");
    let again = scene
        .decide(&scene.operator, json!({ "decision": "REFUSE", "reason": reason }))
        .await;
    assert_eq!(error(&again), ("STEP_NOT_ALLOWED", None));
    assert!(scene.outbox.next_to("hr@example.com").await.contains(reason));
    let own = "{ viewer { ... on EmployerMember { employer { registration { reason } } } } }";
    let own = member.query(own, json!({})).await;
    assert_eq!(own["viewer"]["employer"]["registration"]["reason"], reason);

    let wrong = scene
        .resubmit(&member, |input| input["employer"]["address"] = json!("短"))
        .await;
    assert_eq!(error(&wrong), ("INVALID_INPUT", Some("employer.address")));
    let used = scene
        .resubmit(&member, |input| {
            input["licenceUploadId"] = scene.input["licenceUploadId"].clone()
        })
        .await;
    assert_eq!(error(&used), ("ALREADY_TAKEN", Some("licenceUploadId")));
    let stale = scene
        .resubmit(&member, |input| input["expectedVersion"] = json!(1))
        .await;
    assert_eq!(error(&stale), ("STALE_VERSION", Some("expectedVersion")));
    let better = upload(&member, "application/pdf", made::pdf()).await;
    let handed_in = scene
        .resubmit(&member, |input| {
            input["employer"]["name"] = json!("示例更名有限公司");
            input["licenceUploadId"] = json!(better);
            input["expectedVersion"] = json!(2);
        })
        .await;
    assert_eq!(
        handed_in["employer"],
        json!({ "name": "示例更名有限公司", "verification": "PENDING", "registration": { "version": 3, "reason": null } })
    );
    let waiting = scene.awaiting().await;
    assert_eq!(
        waiting[0]["registration"]["licence"]["contentType"], "application/pdf",
        "the newest"
    );
    scene
        .decide(&scene.operator, json!({ "decision": "VERIFY" }))
        .await;

    let mut conn = scene.server.platform.pool.get().await.unwrap();
    let report = wangqian_schema::audit::walk(&mut conn, None).await.unwrap();
    assert_eq!((report.events, report.breaks), (4, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_licence_is_refused_on_coming_back_too() {
    let scene = Scene::new().await;
    let member = scene.server.login("hr@example.com").await;
    scene
        .decide(
            &scene.operator,
            json!({ "decision": "REFUSE", "reason": "营业执照不清晰" }),
        )
        .await;
    for file in made::hostile() {
        let hostile = upload(&member, file.content_type, file.bytes).await;
        let refused = scene
            .resubmit(&member, |input| input["licenceUploadId"] = json!(hostile))
            .await;
        let expected = ("INVALID_INPUT", Some("licenceUploadId"));
        assert_eq!(error(&refused), expected, "{}", file.name);
    }
    assert!(scene.awaiting().await.is_empty(), "it does not wait again");
    let licence = upload(&member, "application/pdf", made::pdf()).await;
    let handed_in = scene
        .resubmit(&member, |input| input["licenceUploadId"] = json!(licence))
        .await;
    assert_eq!(handed_in["employer"]["verification"], "PENDING", "{handed_in}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_licences_an_hour_are_looked_at_for_one_client() {
    let scene = Scene::new().await;
    let member = scene.server.login("hr@example.com").await;
    scene
        .decide(
            &scene.operator,
            json!({ "decision": "REFUSE", "reason": "营业执照不清晰" }),
        )
        .await;
    let hostile = upload(&member, "application/pdf", made::HTML).await;
    let resubmit = async || {
        let refused = scene
            .resubmit(&member, |input| input["licenceUploadId"] = json!(hostile))
            .await;
        let (code, field) = error(&refused);
        (code.to_owned(), field.map(str::to_owned))
    };
    // One was looked at when it registered.
    for _ in 0..59 {
        assert_eq!(resubmit().await.0, "INVALID_INPUT");
    }
    assert_eq!(resubmit().await, ("TOO_MANY_REQUESTS".to_owned(), None));
    scene.server.platform.clock.advance(chrono::TimeDelta::hours(1));
    assert_eq!(resubmit().await.0, "INVALID_INPUT");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credit_code_that_another_took_meanwhile_cannot_be_had_back() {
    let scene = Scene::new().await;
    let member = scene.server.login("hr@example.com").await;
    scene
        .decide(
            &scene.operator,
            json!({ "decision": "REFUSE", "reason": "不是本单位" }),
        )
        .await;
    let mut real = input(&scene.server, &scene.outbox, 2, "real@example.com").await;
    real["employer"]["creditCode"] = scene.input["employer"]["creditCode"].clone();
    assert_eq!(register(&scene.server, &real).await["userErrors"], json!([]));
    let taken = ("ALREADY_TAKEN", Some("employer.creditCode"));
    assert_eq!(error(&scene.resubmit(&member, |_| ()).await), taken);
    assert_eq!(
        error(
            &scene
                .decide(&scene.operator, json!({ "decision": "VERIFY" }))
                .await
        ),
        taken
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_an_operator_decides_and_strangers_see_no_such_thing() {
    let scene = Scene::new().await;
    let own = scene.server.login("hr@example.com").await;
    let rival = people::employer(&scene.server.platform, EmployerVerification::Verified).await;
    let rival = scene.server.login(&rival.member).await;
    let verify = json!({ "decision": "VERIFY" });
    assert_eq!(
        error(&scene.decide(&own, verify.clone()).await),
        ("STEP_NOT_ALLOWED", None)
    );
    assert_eq!(
        error(&scene.decide(&rival, verify.clone()).await),
        ("NOT_FOUND", Some("employerId"))
    );
    assert_eq!(
        error(&scene.resubmit(&rival, |_| ()).await),
        ("STEP_NOT_ALLOWED", None)
    );
    let nobody = scene.server.client().graphql(AWAITING, json!({})).await;
    assert_eq!(nobody["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(
        rival.query(AWAITING, json!({})).await["employersAwaitingVerification"]["nodes"],
        json!([])
    );
    assert_eq!(scene.awaiting().await.len(), 1, "it waits as before");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_read_page_by_page_in_the_order_of_waiting() {
    let scene = Scene::new().await;
    for _ in 0..4 {
        people::employer(&scene.server.platform, EmployerVerification::Pending).await;
    }
    let page = "query($first: Int, $after: String, $last: Int, $before: String) {
        employersAwaitingVerification(first: $first, after: $after, last: $last, before: $before) {
            edges { cursor node { id registration { submittedAt } } } pageInfo { hasNextPage hasPreviousPage } } }";
    let all = scene.operator.query(page, json!({ "first": 10 })).await;
    let all = all["employersAwaitingVerification"]["edges"]
        .as_array()
        .unwrap()
        .clone();
    let since: Vec<_> = all
        .iter()
        .map(|edge| edge["node"]["registration"]["submittedAt"].as_str().unwrap())
        .collect();
    assert!(all.len() == 5 && since.is_sorted(), "{since:?}");
    let middle = scene
        .operator
        .query(page, json!({ "first": 2, "after": all[1]["cursor"] }))
        .await;
    assert_eq!(middle["employersAwaitingVerification"]["edges"], json!(all[2..4]));
    let back = scene
        .operator
        .query(page, json!({ "last": 2, "before": all[3]["cursor"] }))
        .await;
    assert_eq!(back["employersAwaitingVerification"]["edges"], json!(all[1..3]));
    assert_eq!(
        back["employersAwaitingVerification"]["pageInfo"],
        json!({ "hasNextPage": true, "hasPreviousPage": true })
    );
}
