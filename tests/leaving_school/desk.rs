//! Leaving school as reviewers see it over HTTP: who has confirmed and who has not.

use serde_json::{Value, json};
use wangqian_api::id::NodeType;
use wangqian_schema::model::employer::EmployerVerification;

use super::{Story, archive, confirm, dispute, gid, save};
use crate::support::{Client, people, signing::refusal};

const LIST: &str = "query($statuses: [LeavingStatus!], $year: Int, $department: ID, $first: Int, $after: String, $last: Int, $before: String) {
    leavingGraduates(statuses: $statuses, classYear: $year, departmentId: $department, first: $first, after: $after, last: $last,
        before: $before) {
        edges { cursor node { graduate { id } confirmation { status stands } } } pageInfo { hasNextPage hasPreviousPage } } }";

async fn listed(client: &Client, variables: Value) -> Value {
    client.query(LIST, variables).await["leavingGraduates"].take()
}

/// Whom a list names.
fn names(list: &Value) -> Vec<&str> {
    let edges = list["edges"].as_array().unwrap();
    edges
        .iter()
        .map(|edge| edge["node"]["graduate"]["id"].as_str().unwrap())
        .collect()
}

/// A school lists its graduates by how far they are, also those of whom there is no confirmation; a department its own, and nobody else any.
#[tokio::test(flavor = "multi_thread")]
async fn a_school_lists_who_has_not_confirmed() {
    let story = Story::begun().await;
    let platform = &story.server.platform;
    let (department, other_reviewer) = people::department(platform, story.school.school).await;
    let disputing = people::graduate(platform, &story.school, |_| {}).await;
    let silent = people::graduate(platform, &story.school, |new| new.department_id = department).await;
    let later = people::graduate(platform, &story.school, |new| new.class_year += 1).await;
    story.open().await;
    save(&story.client, archive()).await;
    assert_eq!(refusal(&confirm(&story.client, None).await), None);
    let disputes = story.server.login(&disputing.email).await;
    assert_eq!(refusal(&dispute(&disputes, "有误").await), None);
    let [confirmed, disputing, silent, later] = [&story.graduate, &disputing, &silent, &later].map(gid);

    let office = &story.office;
    let year = story.class_year;
    let all = listed(office, json!({})).await;
    assert_eq!(names(&all), [&*confirmed, &*disputing, &*silent, &*later]);
    assert_eq!(
        all["edges"][0]["node"]["confirmation"],
        json!({ "status": "CONFIRMED", "stands": true })
    );
    assert_eq!(all["edges"][2]["node"]["confirmation"], Value::Null);
    for (asked, expected) in [
        (json!({ "statuses": ["OPEN"], "year": year }), vec![&silent]),
        (
            json!({ "statuses": ["OPEN", "DISPUTED", "ANSWERED"], "year": year }),
            vec![&disputing, &silent],
        ),
        (json!({ "statuses": ["CONFIRMED"] }), vec![&confirmed]),
        (json!({ "statuses": ["ANSWERED"] }), vec![]),
        (json!({ "year": i32::from(year) + 1 }), vec![&later]),
        (json!({ "year": 99_999 }), vec![]),
        (
            json!({ "department": NodeType::Department.id(department) }),
            vec![&silent],
        ),
        (json!({ "department": "nothing" }), vec![]),
    ] {
        assert_eq!(names(&listed(office, asked.clone()).await), expected, "{asked}");
    }

    // Page by page, there and back.
    let first = listed(office, json!({ "first": 3 })).await;
    assert_eq!(
        first["pageInfo"],
        json!({ "hasNextPage": true, "hasPreviousPage": false })
    );
    let next = listed(
        office,
        json!({ "first": 3, "after": first["edges"][2]["cursor"] }),
    )
    .await;
    assert_eq!(names(&next), [&*later]);
    let back = listed(office, json!({ "last": 2, "before": next["edges"][0]["cursor"] })).await;
    assert_eq!(names(&back), [&*disputing, &*silent]);
    assert_eq!(
        back["pageInfo"],
        json!({ "hasNextPage": true, "hasPreviousPage": true })
    );

    let of_department = listed(&story.department, json!({ "year": year })).await;
    assert_eq!(names(&of_department), [&*confirmed, &*disputing]);
    let other = story.server.login(&other_reviewer).await;
    assert_eq!(names(&listed(&other, json!({})).await), [&*silent]);
    let company = people::employer(platform, EmployerVerification::Verified).await;
    let employer = story.server.login(&company.member).await;
    for nobody in [&story.client, &employer] {
        assert!(names(&listed(nobody, json!({})).await).is_empty());
    }
}
