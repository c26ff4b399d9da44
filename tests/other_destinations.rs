//! The story of §9 over HTTP: a graduate who goes somewhere without an agreement registers it, his school reviews and changes it, and
//! he makes it void.

use serde_json::{Value, json};
use wangqian_schema::workflow::ReviewRoute;

use crate::support::{
    Client, Server, made_files, people, placing,
    signing::{refusal, review},
    uploading::{self, upload},
};

struct Story {
    server: Server,
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

/// §9.1 and §9.2: chosen, filled in, handed in, taken back, returned, mended, changed by the reviewer, registered, made void.
#[tokio::test(flavor = "multi_thread")]
async fn registered_reviewed_changed_and_made_void() {
    let story = Story::begun(ReviewRoute::DepartmentThenSchool, "1").await;
    let types = "{ offeredDestinationTypes { destinationType nameZh proof signingDate archiveAsked nationalCodes { code } } }";
    let offered = story.client.query(types, json!({})).await;
    let offered = offered["offeredDestinationTypes"].as_array().unwrap();
    assert_eq!(offered.len(), 20);
    assert!(
        offered
            .iter()
            .all(|of| of["destinationType"] != "ENTRUSTED_SUPPLEMENT")
    );
    let all = story.school.query(types, json!({})).await;
    assert_eq!(all["offeredDestinationTypes"].as_array().unwrap().len(), 21);

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

    // "若退回修改，需根据退回原因修改后重新提交审核."
    assert_eq!(
        refusal(&review(&story.department, &id, "RETURN", None).await),
        Some("REASON_REQUIRED")
    );
    let returned = review(&story.department, &id, "RETURN", Some("合同缺末页")).await;
    assert_eq!(returned["destination"]["status"], "RETURNED", "{returned}");
    assert!(story.newest().await.contains("合同缺末页"));
    let last = story.proof("劳动合同末页.jpg").await;
    let mended = placing::submit(&story.client, &id, &[&kept, &last]).await;
    assert_eq!(
        mended["destination"]["files"].as_array().unwrap().len(),
        2,
        "{mended}"
    );

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
    // "若审核不通过，则登记去向信息直接作废，需重新选择."
    let rejected = review(&story.department, &other, "REJECT", Some("已有工作")).await;
    assert_eq!(rejected["destination"]["status"], "REJECTED");
    assert!(story.newest().await.contains("已有工作"));

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

/// §9.1 note: "仅可选择定向/委培毕业去向补充登记，其余去向类型也不可见."
#[tokio::test(flavor = "multi_thread")]
async fn an_oriented_graduate_sees_one_type() {
    let story = Story::begun(ReviewRoute::SchoolOnly, "2").await;
    let types = story
        .client
        .query("{ offeredDestinationTypes { destinationType } }", json!({}))
        .await;
    assert_eq!(
        types["offeredDestinationTypes"],
        json!([{ "destinationType": "ENTRUSTED_SUPPLEMENT" }])
    );
    assert_eq!(
        refusal(&placing::create(&story.client, placing::seeking("")).await),
        Some("STEP_NOT_ALLOWED")
    );
    let own = json!({
        "signedOn": "2023-09-01", "truthful": true,
        "details": { "entrustedSupplement": {
            "employer": placing::employer(), "agreedRegion": "110108", "asAgreed": false,
        } },
    });
    let id = placing::id(&placing::create(&story.client, own.clone()).await);
    let proof = story.proof("定向协议.jpg").await;
    let refused = placing::submit(&story.client, &id, &[&proof]).await;
    assert_eq!(fields(&refused), ["draft.asAgreed"]);
    let mut agreed = own;
    agreed["details"]["entrustedSupplement"]["asAgreed"] = json!(true);
    placing::save(&story.client, &id, agreed).await;
    placing::submit(&story.client, &id, &[&proof]).await;
    let approved = review(&story.school, &id, "APPROVE", None).await;
    assert_eq!(approved["destination"]["status"], "REGISTERED", "{approved}");
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

/// One of each form, filled in through the API, comes back as what it is and passes.
#[tokio::test(flavor = "multi_thread")]
async fn every_form_is_filled_in_registered_and_read_back() {
    let story = Story::begun(ReviewRoute::SchoolOnly, "1").await;
    let employer = placing::employer;
    let mut without_code = employer();
    without_code["creditCode"] = Value::Null;
    for fixed in ["nature", "industry", "positionCategory"] {
        without_code[fixed] = Value::Null;
    }
    let mut hospital = employer();
    hospital["nature"] = Value::Null;
    let study = |level: Value| json!({ "institution": "示例大学", "major": "示例专业", "level": level, "mode": "FULL_TIME", "enrolmentMonth": "2027-09" });
    let post = json!({ "employerName": "Example Ltd", "country": "JP", "positionTitle": "工程师", "startOn": "2026-07-01" });
    let grassroots = json!({ "serviceUnit": "示例镇政府", "serviceRegion": "110108", "startOn": "2026-07-01", "endOn": "2028-06-30" });
    let mut local = grassroots.clone();
    local["programme"] = json!("示例计划");
    local["level"] = json!("CITY");
    // The type, its fields, the national code, the date of signing, and the form that comes back.
    type Form = (
        &'static str,
        Value,
        Option<&'static str>,
        Option<&'static str>,
        &'static str,
    );
    let forms: Vec<Form> = vec![
        (
            "publicRecruitment",
            json!({ "employer": employer(), "recruitmentKind": "TEACHER", "letterDate": "2026-06-01" }),
            None,
            None,
            "PublicRecruitmentForm",
        ),
        (
            "noncommissionedOfficer",
            json!({ "employer": without_code, "enlistedOn": "2026-09-01" }),
            None,
            None,
            "NoncommissionedOfficerForm",
        ),
        (
            "medicalResidency",
            json!({ "employer": hospital, "startOn": "2026-09-01", "months": 36 }),
            None,
            None,
            "MedicalResidencyForm",
        ),
        (
            "internationalOrganisation",
            post.clone(),
            None,
            None,
            "PostAbroadForm",
        ),
        ("workAbroad", post, None, None, "PostAbroadForm"),
        (
            "labourContract",
            contract(9000)["details"]["labourContract"].clone(),
            None,
            Some("2026-06-01"),
            "LabourContractForm",
        ),
        (
            "otherEmployment",
            json!({ "employer": employer(), "startOn": "2026-07-01", "monthlyPay": 9000 }),
            None,
            None,
            "OtherEmploymentForm",
        ),
        (
            "researchAssistant",
            json!({ "employer": employer(), "startOn": "2026-07-01", "endOn": "2028-06-30", "monthlyPay": 9000 }),
            Some("271"),
            Some("2026-06-01"),
            "ResearchAssistantForm",
        ),
        (
            "conscript",
            json!({ "officeRegion": "110108", "enlistedOn": "2026-09-01", "service": "NAVY" }),
            None,
            None,
            "ConscriptForm",
        ),
        (
            "nationalGrassroots",
            grassroots,
            Some("502"),
            None,
            "GrassrootsForm",
        ),
        ("localGrassroots", local, Some("519"), None, "GrassrootsForm"),
        (
            "selfEmployed",
            json!({ "company": { "name": "示例公司", "creditCode": "12000000MA0000005B", "role": "SHAREHOLDER", "foundedOn": "2026-01-01" } }),
            None,
            None,
            "CompanyForm",
        ),
        (
            "selfEmployed",
            json!({ "incubator": { "name": "示例孵化器", "agreementNumber": "示例-1" } }),
            None,
            None,
            "IncubatorForm",
        ),
        (
            "selfEmployed",
            json!({ "eCommerce": { "platform": "示例平台", "shopUrl": "https://shop.example.com", "shopName": "示例店" } }),
            None,
            None,
            "ECommerceForm",
        ),
        ("upgradeToBachelor", study(Value::Null), None, None, "StudyForm"),
        ("postgraduate", study(json!("MASTER")), None, None, "StudyForm"),
        ("secondBachelor", study(Value::Null), None, None, "StudyForm"),
        (
            "studyAbroad",
            json!({ "country": "GB", "institutionZh": "示例大学", "institutionLocal": "Example University", "majorZh": "示例专业", "majorLocal": "Example" }),
            None,
            None,
            "StudyAbroadForm",
        ),
        (
            "seeking",
            json!({ "helpWanted": ["JOB_REFERRAL"], "wantedRegion": "110108", "wantedPay": 8000 }),
            Some("703"),
            None,
            "SeekingForm",
        ),
        (
            "preparingStudy",
            json!({ "aim": "POSTGRADUATE" }),
            None,
            None,
            "PreparingStudyForm",
        ),
        (
            "notSeeking",
            json!({ "note": "照顾家人" }),
            Some("721"),
            None,
            "NotSeekingForm",
        ),
    ];
    let file = story.proof("证明.jpg").await;
    let mut id = String::new();
    let mut files = vec![file];
    for (of, details, code, signed_on, form) in forms {
        let draft = json!({ "nationalCode": code, "signedOn": signed_on, "truthful": true, "details": { of: details } });
        if id.is_empty() {
            id = placing::id(&placing::create(&story.client, draft).await);
        } else {
            let saved = placing::save(&story.client, &id, draft).await;
            assert_eq!(saved["userErrors"], json!([]), "{of}");
        }
        let proved = !["seeking", "preparingStudy", "notSeeking"].contains(&of);
        let handed: Vec<&str> = if proved {
            files.iter().map(String::as_str).collect()
        } else {
            Vec::new()
        };
        let submitted = placing::submit(&story.client, &id, &handed).await;
        assert_eq!(
            submitted["destination"]["status"], "REGISTRATION_REVIEW",
            "{of}: {submitted}"
        );
        assert_eq!(
            submitted["destination"]["form"]["details"]["__typename"], form,
            "{of}"
        );
        if proved {
            files = vec![
                submitted["destination"]["files"][0]["id"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            ];
        }
        placing::step(&story.client, "withdrawDestination", &id).await;
    }
    // Free work is approved by both levels, although the school decides alone.
    let free = json!({ "truthful": true, "details": { "freelance": {
        "occupation": "译者", "incomeSource": "翻译稿酬", "region": "110108", "monthlyIncome": 9000 } } });
    placing::save(&story.client, &id, free).await;
    let submitted = placing::submit(&story.client, &id, &[&files[0]]).await;
    assert_eq!(submitted["destination"]["reviewRoute"], "DEPARTMENT_THEN_SCHOOL");
    assert_eq!(submitted["destination"]["awaitingReview"], "DEPARTMENT");
    // Together with others, in one go.
    let bulk = "mutation($input: ReviewCasesInput!) { reviewCases(input: $input) {
        results { case { ... on Destination { status awaitingReview } } userErrors { code field message } }
        userErrors { code field message } } }";
    let input = json!({ "cases": [{ "caseId": id }], "decision": "APPROVE" });
    let approved = story.department.mutate(bulk, json!({ "input": input })).await;
    assert_eq!(
        approved["results"][0]["case"]["awaitingReview"], "SCHOOL",
        "{approved}"
    );
    let queue = "{ reviewQueue(first: 5, workflows: [OTHER_DESTINATION]) { nodes { id __typename } } }";
    let waiting = story.school.query(queue, json!({})).await;
    assert_eq!(
        waiting["reviewQueue"]["nodes"],
        json!([{ "id": id, "__typename": "Destination" }])
    );
    let data = story
        .school
        .query(
            uploading::FILE,
            json!({ "id": submitted["destination"]["files"][0]["id"] }),
        )
        .await;
    assert!(
        data["node"]["downloadLink"]["url"].is_string(),
        "who sees the case sees its files"
    );
    review(&story.school, &id, "APPROVE", None).await;
    assert_eq!(story.status(&story.client, &id).await, "REGISTERED");
}

/// What is made twice by one key is made once, and live followers hear of each step.
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
