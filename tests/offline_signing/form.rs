//! §6.1, figure 17, over HTTP: which fields are required, how long they may be, and that all of them are read back.

use serde_json::{Value, json};
use wangqian_schema::model::employer::EmployerVerification;

use super::Story;
use crate::support::{
    filing, people,
    signing::{as_filled_in, refusal, terms_read_by},
};

/// The fields with a ＊ in figure 17, in its order; the address is two.
const REQUIRED: [&str; 12] = [
    "employerName",
    "creditCode",
    "nature",
    "industry",
    "region",
    "address",
    "positionCategory",
    "positionTitle",
    "contactPerson",
    "contactMobile",
    "contactEmail",
    "householdRegistration",
];

/// Nothing but what has to be filled in.
fn required_only() -> Value {
    let mut draft = filing::filled();
    let fields = draft.as_object_mut().unwrap();
    fields.retain(|field, _| REQUIRED.contains(&field.as_str()));
    assert_eq!(fields.len(), REQUIRED.len());
    draft
}

/// What is wrong, by its field, each of them as input.
fn wrong(payload: &Value) -> Vec<&str> {
    let errors = payload["userErrors"].as_array().unwrap();
    let fields = errors.iter().map(|error| {
        assert_eq!(error["code"], "INVALID_INPUT", "{payload}");
        error["field"].as_str().unwrap()
    });
    fields.collect()
}

/// For a paper to be stamped, and for one that is signed already (§8.1), the form is the same.
#[tokio::test(flavor = "multi_thread")]
async fn exactly_the_starred_fields_are_required() {
    let story = Story::begun().await;
    for (channel, status) in [("OFFLINE", "TERMS_REVIEW"), ("REGISTERED", "REGISTRATION_REVIEW")] {
        let id = filing::id(&filing::create(&story.client, channel, json!({})).await);
        let page = story.picture("协议书.jpg").await;
        let pages = [page.as_str()];
        let files: &[&str] = match channel {
            "REGISTERED" => &pages,
            _ => &[],
        };
        let empty = filing::submit(&story.client, &id, files).await;
        assert_eq!(wrong(&empty), REQUIRED.map(|field| format!("draft.{field}")));
        for missing in REQUIRED {
            let mut draft = required_only();
            draft[missing] = Value::Null;
            filing::save(&story.client, &id, draft).await;
            let refused = filing::submit(&story.client, &id, files).await;
            assert_eq!(wrong(&refused), [format!("draft.{missing}")], "{channel}");
        }
        let mut draft = required_only();
        draft["supplementaryTerms"] = json!("补".repeat(1001));
        filing::save(&story.client, &id, draft.clone()).await;
        let refused = filing::submit(&story.client, &id, files).await;
        assert_eq!(wrong(&refused), ["draft.supplementaryTerms"], "{channel}");
        draft["supplementaryTerms"] = json!("补".repeat(1000));
        filing::save(&story.client, &id, draft.clone()).await;
        let submitted = filing::submit(&story.client, &id, files).await;
        assert_eq!(submitted["agreement"]["status"], status, "0/1000: {submitted}");
        assert_eq!(terms_read_by(&story.department, &id).await, draft);
        filing::step(&story.client, "withdrawAgreement", &id).await;

        filing::save(&story.client, &id, required_only()).await;
        let kept = "query($id: ID!) { node(id: $id) { ... on Agreement { files { id } } } }";
        let kept = story.client.query(kept, json!({ "id": id })).await;
        let kept = kept["node"]["files"][0]["id"].as_str().map(str::to_owned);
        let files: Vec<&str> = kept.as_deref().into_iter().collect();
        let submitted = filing::submit(&story.client, &id, &files).await;
        assert_eq!(submitted["agreement"]["status"], status, "{channel}: {submitted}");
        assert_eq!(terms_read_by(&story.department, &id).await, required_only());
        filing::step(&story.client, "withdrawAgreement", &id).await;
        filing::step(&story.client, "discardAgreement", &id).await;
    }
}

/// "单位名称 点击搜索": he finds the employer, takes name and credit code over, and fills in the rest; whoever reviews it reads each field as
/// it was filled in. A draft that was never handed in is gone when it is given up.
#[tokio::test(flavor = "multi_thread")]
async fn the_employer_is_found_and_everything_is_read_back() {
    let story = Story::begun().await;
    let company = people::employer(&story.server.platform, EmployerVerification::Verified).await;
    let find = "query($name: String!) { findEmployers(name: $name) {
        name creditCode nature { code } industry { code } region { code } address } }";
    let part: String = company.name.chars().skip(2).collect();
    let found = story.client.query(find, json!({ "name": part })).await;
    let [hit] = found["findEmployers"].as_array().unwrap().as_slice() else {
        panic!("one employer: {found}");
    };
    assert_eq!(hit["name"], json!(company.name));

    let mut filled = filing::filled();
    filled["employerName"] = hit["name"].clone();
    let hit = as_filled_in(hit);
    for (field, value) in [
        ("creditCode", &hit["creditCode"]),
        ("nature", &hit["nature"]),
        ("industry", &hit["industry"]),
        ("region", &hit["region"]),
        ("address", &hit["address"]),
        // Every field of figure 17 has a value of its own.
        ("contactPhone", &json!("000-12345678")),
        ("householdRegistration", &json!("SUPERIOR")),
        ("probationSalary", &json!(8100)),
    ] {
        filled[field] = value.clone();
    }
    assert_eq!(filled.as_object().unwrap().len(), 21, "the whole form: {filled}");
    let id = filing::id(&filing::create(&story.client, "OFFLINE", filled.clone()).await);
    let submitted = filing::submit(&story.client, &id, &[]).await;
    assert_eq!(submitted["agreement"]["status"], "TERMS_REVIEW", "{submitted}");
    for reader in [&story.client, &story.department, &story.school] {
        assert_eq!(terms_read_by(reader, &id).await, filled);
    }

    let never = filing::id(&filing::create(&story.client, "OFFLINE", filled).await);
    let given_up = filing::step(&story.client, "discardAgreement", &never).await;
    assert_eq!(refusal(&given_up), None, "{given_up}");
    let gone = "query($id: ID!) { node(id: $id) { id } }";
    let gone = story.client.query(gone, json!({ "id": never })).await;
    assert_eq!(gone["node"], Value::Null);
}
