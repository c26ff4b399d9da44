//! The story of §9 over HTTP: a graduate who goes somewhere without an agreement registers it, his school reviews and changes it, and
//! he makes it void. What each type asks for stands in the module below.

mod forms;

use serde_json::{Value, json};
use wangqian_schema::workflow::ReviewRoute;

use crate::support::{
    Client, Server, made_files,
    outbox::Outbox,
    people, placing,
    signing::{refusal, review},
    uploading::upload,
};

struct Story {
    server: Server,
    mobile: String,
    client: Client,
    department: Client,
    school: Client,
}

impl Story {
    async fn begun(route: ReviewRoute, training_mode: &str) -> Self {
        let server = Server::empty().await;
        let school = people::school(&server.platform, route).await;
        let graduate = people::graduate(&server.platform, &school, |new| {
            new.training_mode = training_mode.to_owned();
            new.online_signing_allowed = training_mode == "1";
        })
        .await;
        Self {
            client: server.login(&graduate.email).await,
            mobile: graduate.mobile,
            department: server.login(&school.department_reviewer).await,
            school: server.login(&school.school_reviewer).await,
            server,
        }
    }

    async fn proof(&self, name: &str) -> String {
        let file = upload(&self.server, &self.client, name, "image/jpeg", made_files::jpeg()).await;
        assert_eq!(file["state"], "READY", "{file}");
        file["id"].as_str().unwrap().to_owned()
    }

    /// A destination handed in, with proof where it is to be proved.
    async fn submitted(&self, draft: Value, proved: bool) -> Value {
        let id = placing::id(&placing::create(&self.client, draft).await);
        let proof = if proved {
            vec![self.proof("证明.jpg").await]
        } else {
            Vec::new()
        };
        let files: Vec<&str> = proof.iter().map(String::as_str).collect();
        placing::submit(&self.client, &id, &files).await
    }

    async fn newest(&self) -> String {
        let query = "{ notifications(first: 1) { nodes { title body case { __typename } } } }";
        let data = self.client.query(query, json!({})).await;
        let newest = &data["notifications"]["nodes"][0];
        assert_eq!(newest["case"]["__typename"], "Destination");
        format!("{} {}", newest["title"], newest["body"])
    }

    async fn status(&self, by: &Client, id: &str) -> Value {
        let query = "query($id: ID!) { node(id: $id) { ... on Destination { status } } }";
        let mut data = by.query(query, json!({ "id": id })).await;
        data["node"]["status"].take()
    }
}

fn fields(payload: &Value) -> Vec<String> {
    let errors = payload["userErrors"].as_array().unwrap();
    assert!(
        errors.iter().all(|error| error["code"] == "INVALID_INPUT"),
        "{payload}"
    );
    errors
        .iter()
        .map(|error| error["field"].as_str().unwrap().to_owned())
        .collect()
}

fn contract(monthly_pay: i32) -> Value {
    json!({
        "signedOn": "2026-06-01", "truthful": true,
        "details": { "labourContract": {
            "employer": placing::employer(), "startOn": "2026-07-01", "term": "OPEN", "monthlyPay": monthly_pay,
        } },
    })
}

/// §9.1 and §9.2: chosen, filled in, handed in, taken back, returned, mended, changed by the reviewer, registered, made void; another one is
/// rejected, and a third of another type handed in.
#[tokio::test(flavor = "multi_thread")]
async fn registered_reviewed_changed_and_made_void() {
    let story = Story::begun(ReviewRoute::DepartmentThenSchool, "1").await;
    // A draft may be anything, and nobody but he sees it.
    let begun = placing::create(&story.client, json!({ "details": { "labourContract": {} } })).await;
    let id = placing::id(&begun);
    assert_eq!(
        begun["destination"]["viewerActions"],
        json!(["SAVE_DRAFT", "SUBMIT", "DISCARD"])
    );
    assert_eq!(begun["destination"]["form"], Value::Null);
    assert_eq!(story.status(&story.department, &id).await, Value::Null);
    let wrong = fields(&placing::submit(&story.client, &id, &[]).await);
    for field in [
        "draft.signedOn",
        "draft.employer.name",
        "draft.term",
        "draft.truthful",
    ] {
        assert!(wrong.contains(&field.to_owned()), "{field} of {wrong:?}");
    }
    // Pay that is hardly any is worth a second look, and keeps nobody.
    placing::save(&story.client, &id, contract(100)).await;
    assert_eq!(fields(&placing::submit(&story.client, &id, &[]).await), ["files"]);
    let proof = story.proof("劳动合同第一页.jpg").await;
    let submitted = placing::submit(&story.client, &id, &[&proof]).await;
    assert_eq!(
        submitted["destination"]["status"], "REGISTRATION_REVIEW",
        "{submitted}"
    );
    assert_eq!(submitted["destination"]["warnings"][0]["field"], "monthlyPay");
    assert_eq!(
        submitted["destination"]["form"]["nationalCode"]["nameZh"],
        "签劳动合同形式就业"
    );

    // "提交后发现有误，审核之前可点击撤回修改."
    let withdrawn = placing::step(&story.client, "withdrawDestination", &id).await;
    assert_eq!(withdrawn["destination"]["status"], "DRAFT");
    let kept = withdrawn["destination"]["files"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    placing::save(&story.client, &id, contract(9000)).await;
    let again = placing::submit(&story.client, &id, &[&kept]).await;
    assert_eq!(again["destination"]["warnings"], json!([]));
    let read = "query($id: ID!) { node(id: $id) { ... on Destination { reason form { details {
        ... on LabourContractForm { monthlyPay } } } } } }";
    let read_by = async |viewer: &Client| viewer.query(read, json!({ "id": id })).await["node"].take();
    let edited = json!({ "reason": null, "form": { "details": { "monthlyPay": 9000 } } });
    assert_eq!(read_by(&story.department).await, edited);

    // "若退回修改，需根据退回原因修改后重新提交审核."
    assert_eq!(
        refusal(&review(&story.department, &id, "RETURN", None).await),
        Some("REASON_REQUIRED")
    );
    let returned = review(&story.department, &id, "RETURN", Some("合同缺末页")).await;
    assert_eq!(returned["destination"]["status"], "RETURNED", "{returned}");
    assert!(story.newest().await.contains("合同缺末页"));
    assert_eq!(read_by(&story.client).await["reason"], "合同缺末页");
    let last = story.proof("劳动合同末页.jpg").await;
    let mended = placing::submit(&story.client, &id, &[&kept, &last]).await;
    assert_eq!(
        mended["destination"]["files"].as_array().unwrap().len(),
        2,
        "{mended}"
    );
    assert_eq!(mended["destination"]["reason"], Value::Null, "{mended}");

    // "学校（院系）在审核时可直接修改毕业生登记的去向类型及相关信息."
    let other = json!({
        "truthful": false, "remark": "单位出具录用证明",
        "details": { "otherEmployment": {
            "employer": placing::employer(), "startOn": "2026-07-01", "monthlyPay": 9000,
        } },
    });
    let mut poor = other.clone();
    poor["details"]["otherEmployment"]["monthlyPay"] = json!(100);
    let refused = placing::change(&story.department, &id, poor, None).await;
    assert_eq!(fields(&refused), ["form.monthlyPay"]);
    let changed = placing::change(&story.department, &id, other, Some("无劳动合同")).await;
    assert_eq!(
        changed["destination"]["destinationType"], "OTHER_EMPLOYMENT",
        "{changed}"
    );
    assert_eq!(
        changed["destination"]["form"]["truthful"], true,
        "his own statement stands"
    );
    let told = story.newest().await;
    assert!(told.contains("去向类型") && told.contains("无劳动合同"), "{told}");
    // §10: "当签约及去向信息被修改时，毕业生会收到短信消息提醒，登录后可查看具体信息".
    let sms = Outbox::new(story.server.outbox()).next_to(&story.mobile).await;
    assert!(
        sms.contains("审核人修改了您的毕业去向登记信息") && !sms.contains("无劳动合同"),
        "{sms}"
    );
    let advanced = review(&story.department, &id, "APPROVE", None).await;
    assert_eq!(advanced["destination"]["awaitingReview"], "SCHOOL");
    assert_eq!(
        refusal(&placing::step(&story.client, "withdrawDestination", &id).await),
        Some("STEP_NOT_ALLOWED")
    );
    let registered = review(&story.school, &id, "APPROVE", None).await;
    assert_eq!(registered["destination"]["status"], "REGISTERED", "{registered}");
    assert!(story.newest().await.contains("登记完成"));

    // Registered, it holds him: another one waits until this is void.
    let other = placing::id(&placing::create(&story.client, placing::seeking("")).await);
    assert_eq!(
        refusal(&placing::submit(&story.client, &other, &[]).await),
        Some("ALREADY_ENGAGED")
    );
    // "点击作废自动作废原去向信息，无需学校（院系）审核，但学校（院系）可查看作废记录."
    let voided = placing::void(&story.client, &id).await;
    assert_eq!(voided["destination"]["status"], "VOIDED", "{voided}");
    for reviewer in [&story.department, &story.school] {
        let list = "{ destinations(first: 10, statuses: [VOIDED]) { nodes { id voidedAt } } }";
        let seen = reviewer.query(list, json!({})).await;
        assert_eq!(seen["destinations"]["nodes"][0]["id"], id);
    }
    let submitted = placing::submit(&story.client, &other, &[]).await;
    assert_eq!(
        submitted["destination"]["status"], "REGISTRATION_REVIEW",
        "{submitted}"
    );
    // "若审核不通过，则登记去向信息直接作废，毕业生需重新选择毕业去向类型."
    let silent = review(&story.department, &other, "REJECT", None).await;
    assert_eq!(refusal(&silent), Some("REASON_REQUIRED"), "{silent}");
    let rejected = review(&story.department, &other, "REJECT", Some("已有工作")).await;
    assert_eq!(rejected["destination"]["status"], "REJECTED");
    assert!(story.newest().await.contains("已有工作"));
    let dead = "query($id: ID!) { node(id: $id) { ... on Destination { status reason viewerActions } } }";
    let dead = story.client.query(dead, json!({ "id": other })).await;
    assert_eq!(
        dead["node"],
        json!({ "status": "REJECTED", "reason": "已有工作", "viewerActions": [] })
    );
    let refused = placing::submit(&story.client, &other, &[]).await;
    assert_eq!(refusal(&refused), Some("STEP_NOT_ALLOWED"), "{refused}");
    let anew = json!({ "truthful": true, "details": { "preparingStudy": { "aim": "POSTGRADUATE" } } });
    let anew = story.submitted(anew, false).await;
    assert_eq!(
        (
            &anew["destination"]["status"],
            &anew["destination"]["destinationType"]
        ),
        (&json!("REGISTRATION_REVIEW"), &json!("PREPARING_STUDY")),
        "{anew}"
    );

    let history = "query($id: ID!) { node(id: $id) { ... on Destination { history(first: 20) { nodes {
        action actorRole reason changedFields fieldChanges { field label old new } } } } } }";
    let data = story.client.query(history, json!({ "id": id })).await;
    let events = data["node"]["history"]["nodes"].as_array().unwrap();
    let actions: Vec<_> = events
        .iter()
        .map(|event| event["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions,
        [
            "SUBMIT", "WITHDRAW", "SUBMIT", "RETURN", "SUBMIT", "CHANGE", "APPROVE", "APPROVE", "VOID"
        ]
    );
    assert_eq!(events[2]["changedFields"], json!(["monthlyPay"]));
    let change = events[5]["fieldChanges"].as_array().unwrap();
    let of = |field: &str| {
        change
            .iter()
            .find(|change| change["field"] == field)
            .unwrap()
            .clone()
    };
    assert_eq!(
        of("type"),
        json!({ "field": "type", "label": "去向类型", "old": "LABOUR_CONTRACT", "new": "OTHER_EMPLOYMENT" })
    );
    assert_eq!(of("remark")["new"], "单位出具录用证明");
    assert_eq!(of("term")["new"], Value::Null);
    assert_eq!(events[6]["fieldChanges"], json!([]));
}

/// A school that wants to review what is made void.
#[tokio::test(flavor = "multi_thread")]
async fn a_school_reviews_what_is_made_void() {
    let story = Story::begun(ReviewRoute::SchoolOnly, "1").await;
    let set = "mutation { setVoidingReview(input: { reviewed: true, expectedVersion: 1 }) {
        school { version voidingReviewed } userErrors { code field message } } }";
    let set = story.school.mutate(set, json!({})).await;
    assert_eq!(set["school"], json!({ "version": 2, "voidingReviewed": true }));
    let submitted = story.submitted(placing::seeking(""), false).await;
    let id = placing::id(&submitted);
    review(&story.school, &id, "APPROVE", None).await;
    let asked = placing::void(&story.client, &id).await;
    assert_eq!(asked["destination"]["status"], "VOIDING_REVIEW");
    let rejected = review(&story.school, &id, "REJECT", Some("先办理离职")).await;
    assert_eq!(rejected["destination"]["status"], "REGISTERED");
    assert!(story.newest().await.contains("先办理离职"));
    placing::void(&story.client, &id).await;
    let voided = review(&story.school, &id, "APPROVE", None).await;
    assert_eq!(voided["destination"]["status"], "VOIDED");
    assert!(story.newest().await.contains("已作废"));
}

/// What is made twice by one key is made once; another content under the same key is refused.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_gives_the_same_draft() {
    let story = Story::begun(ReviewRoute::SchoolOnly, "1").await;
    let create = placing::mutation("createDestinationDraft", "CreateDestinationDraftInput");
    let input =
        |remark: &str| json!({ "input": { "idempotencyKey": "one", "draft": placing::seeking(remark) } });
    let first = story.client.mutate(&create, input("")).await;
    let second = story.client.mutate(&create, input("")).await;
    assert_eq!(placing::id(&first), placing::id(&second));
    assert_eq!(
        refusal(&story.client.mutate(&create, input("另注")).await),
        Some("IDEMPOTENCY_KEY_REUSED")
    );
    let bad = json!({ "input": { "idempotencyKey": "a/b", "draft": placing::seeking("") } });
    assert_eq!(
        fields(&story.client.mutate(&create, bad).await),
        ["idempotencyKey"]
    );
}
