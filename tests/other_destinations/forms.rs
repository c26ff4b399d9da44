//! §9.1 over HTTP: which types there are and who may choose which, what each asks for, and that all of it is read back.

use chrono::{Datelike, Utc};
use serde_json::{Value, json};
use wangqian_schema::workflow::ReviewRoute;

use super::{Story, fields};
use crate::support::{
    placing,
    signing::{as_filled_in, refusal, review},
    uploading,
};

/// The types, as the guide names them and in its order.
const TYPES: [(&str, &str); 21] = [
    ("PUBLIC_RECRUITMENT", "公招接收函"),
    ("NONCOMMISSIONED_OFFICER", "士官"),
    ("MEDICAL_RESIDENCY", "医学规培"),
    ("INTERNATIONAL_ORGANISATION", "国际组织任职"),
    ("WORK_ABROAD", "出国出境工作"),
    ("LABOUR_CONTRACT", "签劳动合同形式就业"),
    ("OTHER_EMPLOYMENT", "其他录用形式就业"),
    ("RESEARCH_ASSISTANT", "科研助理、管理助理"),
    ("CONSCRIPT", "应征义务兵"),
    ("NATIONAL_GRASSROOTS", "国家基层项目"),
    ("LOCAL_GRASSROOTS", "地方基层项目"),
    ("SELF_EMPLOYED", "自主创业"),
    ("FREELANCE", "自由职业"),
    ("UPGRADE_TO_BACHELOR", "专升本"),
    ("POSTGRADUATE", "考研"),
    ("SECOND_BACHELOR", "第二学士学位"),
    ("STUDY_ABROAD", "出国出境深造"),
    ("ENTRUSTED_SUPPLEMENT", "定向/委培毕业去向补充登记"),
    ("SEEKING", "待就业"),
    ("PREPARING_STUDY", "不就业拟升学"),
    ("NOT_SEEKING", "其他暂不就业"),
];
/// Of these nothing has to be proved.
const UNPROVED: [&str; 3] = ["SEEKING", "PREPARING_STUDY", "NOT_SEEKING"];
/// The fields that hold a code of a list.
const CODED: [&str; 9] = [
    "nature",
    "industry",
    "region",
    "positionCategory",
    "country",
    "officeRegion",
    "serviceRegion",
    "agreedRegion",
    "wantedRegion",
];

/// What is asked for to read back what was filled in.
fn selection(filled: &Value) -> String {
    let fields = filled.as_object().unwrap().iter();
    let fields = fields.map(|(field, value)| match value {
        Value::Object(_) => format!("{field} {{ {} }}", selection(value)),
        _ if CODED.contains(&field.as_str()) => format!("{field} {{ code }}"),
        _ => field.clone(),
    });
    fields.collect::<Vec<_>>().join(" ")
}

impl Story {
    /// What the school reads of a destination, as it was filled in: of the type's own fields those that `filled` has.
    async fn read_back(&self, id: &str, form: &str, filled: &Value) -> Value {
        let query = format!(
            "query($id: ID!) {{ node(id: $id) {{ ... on Destination {{ form {{ nationalCode {{ code }} signedOn remark truthful
            details {{ __typename ... on {form} {{ {} }} }} }} }} }} }}",
            selection(filled)
        );
        let data = self.school.query(&query, json!({ "id": id })).await;
        let read = &data["node"]["form"];
        assert_eq!(read["details"]["__typename"], form, "{data}");
        as_filled_in(read)
    }
}

/// Figure 27: the graduate chooses among all types of the guide but that of oriented graduates, who choose no other; reviewers see all.
#[tokio::test(flavor = "multi_thread")]
async fn the_types_are_those_of_the_guide() {
    let story = Story::begun(ReviewRoute::SchoolOnly, "1").await;
    let types = "{ offeredDestinationTypes { destinationType nameZh proof signingDate archiveAsked nationalCodes { code } } }";
    let offered = async |client: &crate::support::Client| {
        let data = client.query(types, json!({})).await;
        data["offeredDestinationTypes"].as_array().unwrap().clone()
    };
    let named = |types: &[Value]| -> Vec<(String, String)> {
        let text = |of: &Value, field: &str| of[field].as_str().unwrap().to_owned();
        let named = types
            .iter()
            .map(|of| (text(of, "destinationType"), text(of, "nameZh")));
        named.collect()
    };
    let all = offered(&story.school).await;
    let guide = TYPES.map(|(of, name)| (of.to_owned(), name.to_owned()));
    assert_eq!(named(&all), guide);
    for of in &all {
        let unproved = UNPROVED.contains(&of["destinationType"].as_str().unwrap());
        assert_eq!(of["proof"].is_null(), unproved, "{of}");
    }
    let mut chosen = guide.to_vec();
    chosen.retain(|(of, _)| of != "ENTRUSTED_SUPPLEMENT");
    assert_eq!(named(&offered(&story.client).await), chosen);
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
            "employer": placing::employer(), "agreementNumber": "定向-1", "agreedRegion": "110108", "asAgreed": false,
        } },
    });
    let id = placing::id(&placing::create(&story.client, own.clone()).await);
    let proof = story.proof("定向协议.jpg").await;
    let refused = placing::submit(&story.client, &id, &[&proof]).await;
    assert_eq!(fields(&refused), ["draft.asAgreed"]);
    let mut agreed = own;
    agreed["details"]["entrustedSupplement"]["asAgreed"] = json!(true);
    placing::save(&story.client, &id, agreed.clone()).await;
    assert_eq!(fields(&placing::submit(&story.client, &id, &[]).await), ["files"]);
    placing::submit(&story.client, &id, &[&proof]).await;
    let details = &agreed["details"]["entrustedSupplement"];
    let read = story.read_back(&id, "EntrustedSupplementForm", details).await;
    assert_eq!(
        (&read["details"], &read["signedOn"]),
        (details, &json!("2023-09-01"))
    );
    let approved = review(&story.school, &id, "APPROVE", None).await;
    assert_eq!(approved["destination"]["status"], "REGISTERED", "{approved}");
}

/// A form of a type, filled in.
struct Form {
    /// The type, as its own fields are named in the input.
    of: &'static str,
    details: Value,
    /// What the type fixes of it.
    fixed: Value,
    national_code: Option<&'static str>,
    signed_on: Option<&'static str>,
    /// As what its own fields are read.
    read_as: &'static str,
}

/// A form of a type that fixes nothing and has one national code.
fn form(of: &'static str, read_as: &'static str, details: Value) -> Form {
    Form {
        of,
        details,
        fixed: json!({}),
        national_code: None,
        signed_on: None,
        read_as,
    }
}

/// One of each form, every field of it filled in; that of free work stands apart.
fn forms() -> Vec<Form> {
    let employer = placing::employer;
    let mut barracks = employer();
    for fixed in ["creditCode", "nature", "industry", "positionCategory"] {
        barracks[fixed] = Value::Null;
    }
    let mut hospital = employer();
    hospital["nature"] = Value::Null;
    hospital["contactPhone"] = json!("000-12345678");
    let mut unregistered = employer();
    unregistered["creditCode"] = Value::Null;
    unregistered["noCreditCodeReason"] = json!("示例机关没有代码");
    let study = |level: Value| {
        json!({ "institution": "示例大学", "major": "示例专业", "level": level, "mode": "PART_TIME",
            "enrolmentMonth": "2027-09" })
    };
    let post = |industry: Value| {
        json!({ "employerName": "Example Ltd", "industry": industry, "country": "JP", "positionTitle": "工程师",
            "startOn": "2026-07-01", "months": 24 })
    };
    let grassroots = json!({ "serviceUnit": "示例镇政府", "serviceRegion": "110108", "startOn": "2026-07-01",
        "endOn": "2028-06-30" });
    let mut local = grassroots.clone();
    local["programme"] = json!("示例计划");
    local["level"] = json!("CITY");
    let armed_forces = json!({ "employer": { "nature": "40", "industry": "80", "positionCategory": "80" } });
    vec![
        form(
            "publicRecruitment",
            "PublicRecruitmentForm",
            json!({ "employer": unregistered, "recruitmentKind": "TEACHER", "letterNumber": "示例〔2026〕1号",
                "letterDate": "2026-06-01" }),
        ),
        Form {
            fixed: armed_forces,
            signed_on: Some("2026-06-02"),
            ..form(
                "noncommissionedOfficer",
                "NoncommissionedOfficerForm",
                json!({ "employer": barracks, "enlistedOn": "2026-09-01" }),
            )
        },
        Form {
            fixed: json!({ "employer": { "nature": "23" } }),
            ..form(
                "medicalResidency",
                "MedicalResidencyForm",
                json!({ "employer": hospital, "speciality": "全科", "startOn": "2026-09-01", "months": 36 }),
            )
        },
        Form {
            fixed: json!({ "industry": "46" }),
            ..form("internationalOrganisation", "PostAbroadForm", post(Value::Null))
        },
        form("workAbroad", "PostAbroadForm", post(json!("34"))),
        Form {
            signed_on: Some("2026-06-01"),
            ..form(
                "labourContract",
                "LabourContractForm",
                json!({ "employer": employer(), "startOn": "2026-07-01", "term": "FIXED", "endOn": "2029-06-30",
                    "monthlyPay": 9000 }),
            )
        },
        form(
            "otherEmployment",
            "OtherEmploymentForm",
            json!({ "employer": employer(), "startOn": "2026-07-01", "monthlyPay": 9100 }),
        ),
        Form {
            national_code: Some("271"),
            signed_on: Some("2026-06-01"),
            ..form(
                "researchAssistant",
                "ResearchAssistantForm",
                json!({ "employer": employer(), "project": "示例平台", "supervisor": "示导师",
                    "startOn": "2026-07-01", "endOn": "2028-06-30", "monthlyPay": 9200 }),
            )
        },
        form(
            "conscript",
            "ConscriptForm",
            json!({ "officeRegion": "110108", "enlistedOn": "2026-09-01", "service": "NAVY" }),
        ),
        Form {
            national_code: Some("502"),
            ..form("nationalGrassroots", "GrassrootsForm", grassroots)
        },
        Form {
            national_code: Some("519"),
            ..form("localGrassroots", "GrassrootsForm", local)
        },
        form(
            "selfEmployed",
            "CompanyForm",
            json!({ "company": { "name": "示例公司", "creditCode": "12000000MA0000005B", "role": "SHAREHOLDER",
                "sharePercent": 40, "foundedOn": "2026-01-01" } }),
        ),
        form(
            "selfEmployed",
            "IncubatorForm",
            json!({ "incubator": { "name": "示例孵化器", "agreementNumber": "示例-1" } }),
        ),
        form(
            "selfEmployed",
            "ECommerceForm",
            json!({ "eCommerce": { "platform": "示例平台", "shopUrl": "https://shop.example.com",
                "shopName": "示例店" } }),
        ),
        Form {
            fixed: json!({ "level": "BACHELOR" }),
            ..form("upgradeToBachelor", "StudyForm", study(Value::Null))
        },
        form("postgraduate", "StudyForm", study(json!("MASTER"))),
        Form {
            fixed: json!({ "level": "SECOND_BACHELOR" }),
            ..form("secondBachelor", "StudyForm", study(Value::Null))
        },
        form(
            "studyAbroad",
            "StudyAbroadForm",
            json!({ "country": "GB", "institutionZh": "示例大学", "institutionLocal": "Example University",
                "majorZh": "示例专业", "majorLocal": "Example", "level": "DOCTOR", "startOn": "2027-09-01" }),
        ),
        Form {
            national_code: Some("703"),
            ..form(
                "seeking",
                "SeekingForm",
                json!({ "helpWanted": ["JOB_REFERRAL", "POLICY_ADVICE"], "wantedRegion": "110108",
                    "wantedPosition": "教师", "wantedPay": 8000 }),
            )
        },
        form(
            "preparingStudy",
            "PreparingStudyForm",
            json!({ "aim": "POSTGRADUATE", "year": Utc::now().year() + 1, "support": "自习室" }),
        ),
        Form {
            national_code: Some("721"),
            ..form("notSeeking", "NotSeekingForm", json!({ "note": "照顾家人" }))
        },
    ]
}

/// What is read of a form: what was filled in, and what the type fixes.
fn expected(details: &Value, fixed: &Value) -> Value {
    let mut expected = as_filled_in(details);
    for (field, value) in fixed.as_object().unwrap() {
        expected[field] = match value {
            Value::Object(_) => self::expected(&details[field], value),
            _ => value.clone(),
        };
    }
    expected
}

/// One of each form, filled in through the API: proof is demanded where the type wants it, and refused where it takes none; handed in, the
/// school reads every field as it was filled in. The last one, free work, is approved by both levels and registered.
#[tokio::test(flavor = "multi_thread")]
async fn every_form_is_filled_in_and_read_back() {
    let story = Story::begun(ReviewRoute::SchoolOnly, "1").await;
    let mut id = String::new();
    let mut files = vec![story.proof("证明.jpg").await];
    for form in forms() {
        let of = form.of;
        let draft = json!({
            "nationalCode": form.national_code, "signedOn": form.signed_on, "remark": format!("备注 {of}"),
            "truthful": true, "details": { of: form.details },
        });
        if id.is_empty() {
            id = placing::id(&placing::create(&story.client, draft).await);
        } else {
            let saved = placing::save(&story.client, &id, draft).await;
            assert_eq!(saved["userErrors"], json!([]), "{of}");
        }
        let proved = !["seeking", "preparingStudy", "notSeeking"].contains(&of);
        let file = [files[0].as_str()];
        let (wrong, right): (&[&str], &[&str]) = match proved {
            true => (&[], &file),
            false => (&file, &[]),
        };
        let refused = placing::submit(&story.client, &id, wrong).await;
        assert_eq!(fields(&refused), ["files"], "{of}: {refused}");
        let submitted = placing::submit(&story.client, &id, right).await;
        assert_eq!(
            submitted["destination"]["status"], "REGISTRATION_REVIEW",
            "{of}: {submitted}"
        );
        // A business is one of three shapes.
        let details = match of {
            "selfEmployed" => form.details.as_object().unwrap().values().next().unwrap(),
            _ => &form.details,
        };
        let read = story.read_back(&id, form.read_as, details).await;
        assert_eq!(read["details"], expected(details, &form.fixed), "{of}");
        assert_eq!(
            (&read["signedOn"], &read["remark"], &read["truthful"]),
            (&json!(form.signed_on), &json!(format!("备注 {of}")), &json!(true)),
            "{of}"
        );
        if let Some(code) = form.national_code {
            assert_eq!(read["nationalCode"], code, "{of}");
        }
        if proved {
            let kept = submitted["destination"]["files"][0]["id"].as_str();
            files = vec![kept.unwrap().to_owned()];
        }
        placing::step(&story.client, "withdrawDestination", &id).await;
    }
    // Free work is approved by both levels, although the school decides alone.
    let details = json!({
        "occupation": "译者", "incomeSource": "翻译稿酬", "region": "110108", "monthlyIncome": 9000,
    });
    let free = json!({ "truthful": true, "details": { "freelance": details } });
    placing::save(&story.client, &id, free).await;
    assert_eq!(fields(&placing::submit(&story.client, &id, &[]).await), ["files"]);
    let submitted = placing::submit(&story.client, &id, &[&files[0]]).await;
    assert_eq!(submitted["destination"]["reviewRoute"], "DEPARTMENT_THEN_SCHOOL");
    assert_eq!(submitted["destination"]["awaitingReview"], "DEPARTMENT");
    let read = story.read_back(&id, "FreelanceForm", &details).await;
    assert_eq!(read["details"], details);
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
