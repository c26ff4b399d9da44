//! The figures over the wire: the placed share as it is now, live and day by day, who sees it, its recount, and flags for reviewers.

use chrono::NaiveDate;
use serde_json::{Value, json};
use wangqian_api::id::NodeType;
use wangqian_schema::{
    model::{employer::EmployerVerification, figure_snapshot},
    workflow::ReviewRoute,
};

use crate::support::{
    Client, Server,
    follower::Follower,
    made_files,
    people::{self, Person, SchoolWorld},
    placing,
    process::{output, stderr, stdout},
    signing::*,
    uploading,
};

const FIGURES: &str = "query($year: Int, $department: ID, $by: FigureDimension, $formula: RateFormula) {
    school { figures(classYear: $year, departmentId: $department, groupBy: $by, formula: $formula) {
        formula classYear groupNames: rows(first: 100) { nodes { major department { code } degreeLevel { code } classYear
            figure { graduates placed } } }
        total { graduates placed unplaced share parts { group nameZh placed graduates share codes { code { code nameZh } graduates } } }
    } } }";
const FOLLOW: &str = "subscription($year: Int, $department: ID) {
    figuresChanged(classYear: $year, departmentId: $department, groupBy: DEPARTMENT) {
        total { graduates placed share } rows { nodes { department { name } figure { graduates } } } } }";

struct Scene {
    server: Server,
    campus: SchoolWorld,
    other_department: String,
    other_reviewer: String,
    students: Vec<Person>,
    school: Client,
    member: Client,
}

impl Scene {
    /// A school with two graduates in one department and one in another.
    async fn new(options: &[&str]) -> Self {
        let server = Server::empty_with(options).await;
        let platform = &server.platform;
        let campus = people::school(platform, ReviewRoute::SchoolOnly).await;
        let (other, other_reviewer) = people::department(platform, campus.school).await;
        let company = people::employer(platform, EmployerVerification::Verified).await;
        let mut students = Vec::new();
        for at in 0..3 {
            let student = people::graduate(platform, &campus, |new| {
                if at == 2 {
                    new.department_id = other;
                }
                if at == 1 {
                    new.major = "历史学".to_owned();
                }
            });
            students.push(student.await);
        }
        Self {
            school: server.login(&campus.school_reviewer).await,
            member: server.login(&company.member).await,
            other_department: NodeType::Department.id(other).to_string(),
            other_reviewer,
            server,
            campus,
            students,
        }
    }

    /// One of the graduates signs online.
    async fn sign(&self, at: usize) -> String {
        let student = &self.students[at];
        let agreement = invite(&self.member, &NodeType::Graduate.id(student.id)).await;
        let graduate = self.server.login(&student.email).await;
        assert_eq!(refusal(&step(&graduate, ACCEPT, &agreement).await), None);
        let approved = review(&self.school, &agreement, "APPROVE", None).await;
        assert_eq!(approved["agreement"]["status"], "SIGNED", "{approved}");
        agreement
    }

    fn department(&self) -> String {
        NodeType::Department.id(self.campus.department).to_string()
    }
}

async fn figures(client: &Client, variables: Value) -> Value {
    client.query(FIGURES, variables).await["school"]["figures"].take()
}

fn part<'a>(figures: &'a Value, group: &str) -> &'a Value {
    let parts = figures["total"]["parts"].as_array().unwrap();
    let found = parts.iter().find(|part| part["group"] == group);
    found.unwrap_or_else(|| panic!("no {group}: {figures}"))
}

fn rows(figures: &Value, name: &str) -> Vec<(Value, Value)> {
    let rows = figures["groupNames"]["nodes"].as_array().unwrap().iter();
    rows.map(|row| (row[name].clone(), row["figure"]["graduates"].clone()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_placed_share_is_told_with_all_its_parts() {
    let scene = Scene::new(&[]).await;
    scene.sign(0).await;
    let seeking = scene.server.login(&scene.students[1].email).await;
    let destination = placing::id(&placing::create(&seeking, placing::seeking("找工作")).await);
    placing::submit(&seeking, &destination, &[]).await;
    review(&scene.school, &destination, "APPROVE", None).await;

    let found = figures(&scene.school, json!({ "year": people::class_year() })).await;
    assert_eq!(found["formula"], "V2024");
    let total = &found["total"];
    assert_eq!(
        (
            &total["graduates"],
            &total["placed"],
            &total["unplaced"],
            &total["share"]
        ),
        (&json!(3), &json!(1), &json!(2), &json!(0.3333))
    );
    assert_eq!(
        total["parts"].as_array().unwrap().len(),
        5,
        "also those in which nobody is"
    );
    assert_eq!(part(&found, "EMPLOYER")["graduates"], 1);
    assert_eq!(
        part(&found, "EMPLOYER")["codes"],
        json!([{ "code": { "code": "10", "nameZh": "签就业协议形式就业" }, "graduates": 1 }])
    );
    let unplaced = part(&found, "NOT_EMPLOYED");
    assert_eq!(
        (&unplaced["graduates"], &unplaced["placed"]),
        (&json!(2), &json!(false))
    );
    assert_eq!(unplaced["codes"][0]["code"]["code"], "701");
    assert_eq!(
        unplaced["codes"][1],
        json!({ "code": null, "graduates": 1 }),
        "who has neither signed nor registered is not hidden"
    );
    assert_eq!(part(&found, "FREELANCE")["graduates"], 0);
    let older = figures(&scene.school, json!({ "formula": "V2021" })).await;
    assert_eq!(part(&older, "AGREEMENT_CONTRACT")["nameZh"], "协议和合同就业");
    assert_eq!(older["classYear"], Value::Null);

    let by = async |by: &str, name: &str| rows(&figures(&scene.school, json!({ "by": by })).await, name);
    let majors = by("MAJOR", "major").await;
    assert_eq!(
        majors,
        [(json!("历史学"), json!(1)), (json!("软件工程"), json!(2))]
    );
    let departments = by("DEPARTMENT", "department").await;
    assert_eq!(departments.len(), 2);
    assert_eq!(departments[0], (json!({ "code": "01" }), json!(2)));
    assert_eq!(
        by("CLASS_YEAR", "classYear").await,
        [(json!(people::class_year()), json!(3))]
    );
    assert_eq!(
        by("DEGREE_LEVEL", "degreeLevel").await,
        [(json!({ "code": "31" }), json!(3))]
    );
    // A class that nobody is in has no share.
    let nobody = figures(&scene.school, json!({ "year": 1990 })).await;
    assert_eq!(
        (&nobody["total"]["graduates"], &nobody["total"]["share"]),
        (&json!(0), &Value::Null)
    );
    let page = "{ school { figures(groupBy: MAJOR) { rows(last: 1) { nodes { major } pageInfo { hasPreviousPage } } } } }";
    let page = scene.school.query(page, json!({})).await;
    assert_eq!(
        page["school"]["figures"]["rows"],
        json!({ "nodes": [{ "major": "软件工程" }], "pageInfo": { "hasPreviousPage": true } })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_department_sees_its_own_figures_and_others_see_none() {
    let scene = Scene::new(&[]).await;
    let server = &scene.server;
    let department = server.login(&scene.campus.department_reviewer).await;
    let other = server.login(&scene.other_reviewer).await;
    let own = json!({ "department": scene.department() });
    let total = async |client: &Client, variables: Value| {
        figures(client, variables).await["total"]["graduates"].take()
    };
    assert_eq!(total(&department, json!({})).await, 2);
    assert_eq!(total(&department, own.clone()).await, 2);
    assert_eq!(total(&other, json!({ "by": "DEPARTMENT" })).await, 1);
    assert_eq!(total(&scene.school, own.clone()).await, 2);
    assert_eq!(
        figures(&other, own.clone()).await,
        Value::Null,
        "not his department"
    );
    let refused = async |client: &Client, variables: Value| {
        let mut events = client.subscribe(FOLLOW, variables).await;
        let event = events.next().await.unwrap();
        assert_eq!(event["errors"][0]["extensions"]["code"], "NOT_FOUND", "{event}");
    };
    refused(&other, own.clone()).await;
    let graduate = server.login(&scene.students[0].email).await;
    assert_eq!(figures(&graduate, json!({})).await, Value::Null);
    let history = "query($year: Int!) { school { figureHistory(classYear: $year) { nodes { day } } } }";
    let year = json!({ "year": people::class_year() });
    let nothing = graduate.query(history, year).await;
    assert_eq!(nothing["school"]["figureHistory"]["nodes"], json!([]));
    for client in [&graduate, &scene.member] {
        refused(client, json!({})).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_followed_live() {
    let scene = Scene::new(&[]).await;
    let (server, year) = (&scene.server, json!({ "year": people::class_year() }));
    let department = server.login(&scene.campus.department_reviewer).await;
    let mut of_school = Follower::open(&scene.school, "ws", FOLLOW, &year);
    let mut of_department = Follower::open(&department, "sse", FOLLOW, &year);
    let totals = |graduates: i32, placed: i32, share: Value| json!({ "graduates": graduates, "placed": placed, "share": share });
    assert_eq!(of_school.next().await["total"], totals(3, 0, json!(0)));
    assert_eq!(of_department.next().await["total"], totals(2, 0, json!(0)));

    scene.sign(0).await;
    assert_eq!(of_school.next().await["total"], totals(3, 1, json!(0.3333)));
    assert_eq!(of_department.next().await["total"], totals(2, 1, json!(0.5)));
    // Somebody else's department: nothing of it is heard here.
    scene.sign(2).await;
    assert_eq!(of_school.next().await["total"], totals(3, 2, json!(0.6667)));

    // Who is corrected out of a department is heard of in both.
    let correct =
        "mutation($input: CorrectGraduateInput!) { correctGraduate(input: $input) { userErrors { code } } }";
    let moved = json!({ "input": {
        "graduateId": NodeType::Graduate.id(scene.students[0].id), "departmentId": scene.other_department,
    } });
    assert_eq!(scene.school.mutate(correct, moved).await["userErrors"], json!([]));
    assert_eq!(of_department.next().await["total"], totals(1, 0, json!(0)));
    let by_department = of_school.next().await;
    assert_eq!(by_department["total"], totals(3, 2, json!(0.6667)));
    assert_eq!(
        by_department["rows"]["nodes"][0]["figure"]["graduates"], 1,
        "{by_department}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_kept_and_told_as_they_were() {
    let scene = Scene::new(&[]).await;
    let year = people::class_year();
    let day = |number| NaiveDate::from_ymd_opt(i32::from(year) + 1, 6, number).unwrap();
    let keep = async |number| {
        let platform = &scene.server.platform;
        let mut conn = platform.pool.get().await.unwrap();
        let now = platform.clock.now();
        figure_snapshot::take(&mut conn, day(number), None, now)
            .await
            .unwrap();
    };
    keep(1).await;
    scene.sign(0).await;
    keep(2).await;
    let history = "query($department: ID, $year: Int!) { school { figureHistory(classYear: $year, departmentId: $department, first: 10) {
        nodes { day takenAt figure { graduates placed parts { group graduates } } } } } }";
    let found = scene.school.query(history, json!({ "year": year })).await;
    let days = found["school"]["figureHistory"]["nodes"].as_array().unwrap();
    // The program's own day comes beside them when it is half past midnight.
    let (first, second) = (json!(day(1)), json!(day(2)));
    let kept = |shown: &&Value| [&first, &second].contains(&&shown["day"]);
    let told: Vec<_> = days
        .iter()
        .filter(kept)
        .map(|day| (&day["day"], &day["figure"]["graduates"], &day["figure"]["placed"]))
        .collect();
    assert_eq!(
        told,
        [(&first, &json!(3), &json!(0)), (&second, &json!(3), &json!(1))]
    );
    let other = scene.server.login(&scene.other_reviewer).await;
    let found = other.query(history, json!({ "year": year })).await;
    let days = found["school"]["figureHistory"]["nodes"].as_array().unwrap();
    let own = &days.iter().filter(kept).nth(1).unwrap()["figure"];
    assert_eq!((&own["graduates"], &own["placed"]), (&json!(1), &json!(0)));
    let found = other
        .query(history, json!({ "department": scene.department(), "year": year }))
        .await;
    assert_eq!(found["school"]["figureHistory"]["nodes"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recount_finds_and_mends_what_differs() {
    let scene = Scene::new(&[]).await;
    scene.sign(0).await;
    let run = |arguments: &[&str]| {
        let mut command = scene.server.command(&["figures", "recount"]);
        output(command.args(arguments))
    };
    let right = run(&[]);
    assert_eq!(right.status.code(), Some(0), "{}", stderr(&right));
    assert!(stdout(&right).contains("1 school(s), 3 graduate(s), 0 school(s) with differences"));

    let mut conn = scene.server.platform.pool.get().await.unwrap();
    let tamper = "UPDATE placements SET destination_code = '801' WHERE destination_code = '10'";
    diesel_async::SimpleAsyncConnection::batch_execute(&mut *conn, tamper)
        .await
        .unwrap();
    drop(conn);
    let wrong = run(&[]);
    assert_eq!(wrong.status.code(), Some(1));
    let said = stdout(&wrong);
    for line in [
        format!("graduate {}", scene.students[0].id),
        format!(
            "class {}, department 01, degree level 31, major 软件工程, destination 10: counted 0, recounted 1",
            people::class_year()
        ),
        "destination 801: counted 1, recounted 0".to_owned(),
    ] {
        assert!(said.contains(&line), "{line:?} in {said}");
    }
    assert!(!said.contains(&scene.students[0].name), "{said}");
    let mended = run(&["--repair"]);
    assert_eq!(mended.status.code(), Some(1), "there was one");
    assert!(stdout(&mended).contains("MENDED"), "{}", stdout(&mended));
    assert_eq!(run(&[]).status.code(), Some(0));
    assert_eq!(run(&["--school", "nowhere"]).status.code(), Some(2));
    assert_eq!(figures(&scene.school, json!({})).await["total"]["placed"], 1);
}

const FLAGS: &str = "{ reviewQueue(first: 10) { nodes { id flags { kind graduates message } } } }";

async fn flags(client: &Client, case: &str) -> Value {
    let found = client.query(FLAGS, json!({})).await;
    let nodes = found["reviewQueue"]["nodes"].as_array().unwrap().clone();
    let of_case = nodes.into_iter().find(|node| node["id"] == case);
    of_case.unwrap_or_else(|| panic!("{case} does not wait: {found}"))["flags"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn reviewers_see_flags_and_nobody_else_does() {
    let scene = Scene::new(&["--crowded-employer=1"]).await;
    let server = &scene.server;
    let contract = json!({ "truthful": true, "signedOn": "2026-06-01", "details": { "labourContract": {
        "employer": placing::employer(), "startOn": "2026-07-01", "term": "OPEN", "monthlyPay": 9000 } } });
    let mut cases = Vec::new();
    for student in &scene.students {
        let client = server.login(&student.email).await;
        let file = uploading::upload(server, &client, "合同.png", "image/png", made_files::png()).await;
        let file = file["id"].as_str().unwrap().to_owned();
        let id = placing::id(&placing::create(&client, contract.clone()).await);
        let submitted = placing::submit(&client, &id, &[&file]).await;
        assert_eq!(submitted["userErrors"], json!([]), "{submitted}");
        if cases.is_empty() {
            assert_eq!(flags(&scene.school, &id).await, json!([]), "the first of them");
        }
        cases.push((client, id));
    }
    let shared = json!([{ "kind": "SHARED_PROOF", "graduates": 2, "message": "本校另有 2 名毕业生提交过完全相同的材料文件" }]);
    assert_eq!(flags(&scene.school, &cases[2].1).await, shared);
    for (_, case) in &cases[..2] {
        let approved = review(&scene.school, case, "APPROVE", None).await;
        assert_eq!(refusal(&approved), None, "it blocks nobody");
    }
    let both = flags(&scene.school, &cases[2].1).await;
    assert_eq!(both[0], shared[0]);
    assert_eq!(
        both[1],
        json!({ "kind": "CROWDED_EMPLOYER", "graduates": 2, "message": "本校同届已有 2 名毕业生落实在该单位" })
    );
    let own = "query($id: ID!) { node(id: $id) { ... on Destination { id flags { kind } } } }";
    let (graduate, case) = &cases[2];
    let seen = graduate.query(own, json!({ "id": case })).await;
    assert_eq!(seen["node"], json!({ "id": case, "flags": [] }));
}
