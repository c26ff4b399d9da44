//! Leaving school as reviewers see it over HTTP: who has confirmed and who has not.

use serde_json::{Value, json};
use wangqian_api::id::NodeType;
use wangqian_schema::model::employer::EmployerVerification;

use super::{Story, archive, confirm, dispute, gid, save};
use crate::support::{
    Client, people, placing,
    signing::{self, refusal, review},
};

const LIST: &str = "query($statuses: [LeaverStatus!], $year: Int, $department: ID, $first: Int, $after: String, $last: Int, $before: String) {
    leavingGraduates(statuses: $statuses, classYear: $year, departmentId: $department, first: $first, after: $after, last: $last,
        before: $before) {
        edges { cursor node { graduate { id } confirmation { status stands } } } pageInfo { hasNextPage hasPreviousPage } } }";

const CORRECT: &str = "mutation($input: CorrectGraduateInput!) { correctGraduate(input: $input) { userErrors { code field message } } }";

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
        // However often one is asked for, it is asked for once.
        (
            json!({ "statuses": vec!["OPEN"; 5_000], "year": year }),
            vec![&silent],
        ),
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

/// Whose confirmation stands no longer is on a list of his own: whether his case was ended or amended, or his data corrected.
#[tokio::test(flavor = "multi_thread")]
async fn a_school_lists_who_has_to_confirm_again() {
    let story = Story::begun().await;
    let platform = &story.server.platform;
    let (department, other_reviewer) = people::department(platform, story.school.school).await;
    let corrected = people::graduate(platform, &story.school, |new| new.department_id = department).await;
    let unplaced = people::graduate(platform, &story.school, |_| {}).await;
    let signed = people::graduate(platform, &story.school, |_| {}).await;
    let [corrects, placed_later, signs] = [&corrected, &unplaced, &signed].map(|who| who.email.as_str());
    let corrects = story.server.login(corrects).await;
    let placed_later = story.server.login(placed_later).await;
    let signs = story.server.login(signs).await;
    let (office, own) = (&story.office, &story.client);
    let (id, version) = story.registered().await;
    let company = people::employer(platform, EmployerVerification::Verified).await;
    let employer = story.server.login(&company.member).await;
    let agreement = signing::invite(&employer, &gid(&signed)).await;
    signing::step(&signs, signing::ACCEPT, &agreement).await;
    let approved = review(office, &agreement, "APPROVE", None).await;
    let agreement_version = approved["agreement"]["version"].as_i64().unwrap();
    story.open().await;
    for client in [own, &corrects, &placed_later, &signs] {
        save(client, archive()).await;
    }
    let confirmed = [
        confirm(own, Some((&id, version))).await,
        confirm(&corrects, None).await,
        confirm(&placed_later, None).await,
        confirm(&signs, Some((&agreement, agreement_version))).await,
    ];
    for confirmed in &confirmed {
        assert_eq!(refusal(confirmed), None, "{confirmed}");
    }
    let [own_id, corrected, unplaced, signed] = [&story.graduate, &corrected, &unplaced, &signed].map(gid);
    let again = async |client: &Client| listed(client, json!({ "statuses": ["OUTDATED"] })).await;
    let standing = async || listed(office, json!({ "statuses": ["CONFIRMED"] })).await;
    assert!(names(&again(office).await).is_empty());
    assert_eq!(
        names(&standing().await),
        [&*own_id, &*corrected, &*unplaced, &*signed]
    );

    let name = json!({ "graduateId": corrected, "name": "林另名" });
    let renamed = story.office.mutate(CORRECT, json!({ "input": name })).await;
    assert_eq!(refusal(&renamed), None, "{renamed}");
    let begun = placing::id(&placing::create(&placed_later, placing::seeking("")).await);
    placing::submit(&placed_later, &begun, &[]).await;
    assert_eq!(
        names(&again(office).await),
        [&*corrected],
        "nothing is registered yet"
    );
    review(office, &begun, "APPROVE", None).await;
    assert_eq!(refusal(&placing::void(own, &id).await), None);
    assert_eq!(names(&again(office).await), [&*own_id, &*corrected, &*unplaced]);
    assert_eq!(names(&standing().await), [&*signed]);
    let both = json!({ "statuses": ["CONFIRMED", "OUTDATED"] });
    assert_eq!(names(&listed(office, both).await).len(), 4);
    for list in [again(office).await, standing().await] {
        for edge in list["edges"].as_array().unwrap() {
            let stands = json!(names(&list) == [&*signed]);
            assert_eq!(edge["node"]["confirmation"]["stands"], stands, "{edge}");
        }
    }

    // Nobody sees more of it than of the whole list.
    let other = story.server.login(&other_reviewer).await;
    assert_eq!(names(&again(&other).await), [&*corrected]);
    assert_eq!(names(&again(&story.department).await), [&*own_id, &*unplaced]);
    for nobody in [own, &employer] {
        assert!(names(&again(nobody).await).is_empty());
    }
    // Confirmed again he is off the list.
    assert_eq!(refusal(&confirm(own, None).await), None);
    assert_eq!(names(&again(office).await), [&*corrected, &*unplaced]);
}
