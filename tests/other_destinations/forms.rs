//! The forms of all types over HTTP.

use serde_json::{Value, json};
use wangqian_schema::workflow::ReviewRoute;

use super::{Story, contract};
use crate::support::{placing, signing::review, uploading};

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
