//! Schools export their graduates and cases: what the files say, who gets them, and what is kept of it, over the wire.

mod large;

use chrono::TimeDelta;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use wangqian_api::id::NodeType;
use wangqian_schema::{Platform, model::employer::EmployerVerification, workflow::ReviewRoute};

use crate::support::{
    Client, Server,
    exporting::{self, Table},
    people::{self, Person, SchoolWorld},
    placing,
    process::{output, stdout},
    signing::{self, ACCEPT},
};

const HOSTILE: &str = "=HYPERLINK(\"http://example.com\",\"林示例\")";

#[derive(diesel::QueryableByName)]
struct Text {
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    text: Option<String>,
}

/// One text of the database.
async fn text(platform: &Platform, query: &str) -> String {
    let mut conn = platform.pool.get().await.unwrap();
    let row: Text = diesel::sql_query(query).get_result(&mut conn).await.unwrap();
    row.text.unwrap_or_default()
}

async fn execute(platform: &Platform, statement: &str) {
    let mut conn = platform.pool.get().await.unwrap();
    diesel::sql_query(statement).execute(&mut conn).await.unwrap();
}

struct Scene {
    server: Server,
    school: SchoolWorld,
    reviewer: Client,
    signed: Person,
    seeking: Person,
    /// In another department, with a name that is a formula.
    hostile: Person,
    other_department: uuid::Uuid,
    other_reviewer: String,
}

impl Scene {
    async fn new(options: &[&str]) -> Self {
        let server = Server::empty_with(options).await;
        let platform = &server.platform;
        let school = people::school(platform, ReviewRoute::SchoolOnly).await;
        let (other_department, other_reviewer) = people::department(platform, school.school).await;
        let signed = people::graduate(platform, &school, |_| ()).await;
        let seeking = people::graduate(platform, &school, |_| ()).await;
        let hostile = people::graduate(platform, &school, |new| {
            new.department_id = other_department;
            new.name = HOSTILE.to_owned();
        })
        .await;
        // Neither of another class nor of another school.
        people::graduate(platform, &school, |new| new.class_year = people::class_year() - 1).await;
        let elsewhere = people::school(platform, ReviewRoute::SchoolOnly).await;
        people::graduate(platform, &elsewhere, |_| ()).await;
        let reviewer = server.login(&school.school_reviewer).await;
        Self {
            reviewer,
            school,
            signed,
            seeking,
            hostile,
            other_department,
            other_reviewer,
            server,
        }
    }

    /// One signs, one is invited only, one registers that he is looking for work.
    async fn play(&self) {
        let company = people::employer(&self.server.platform, EmployerVerification::Verified).await;
        let employer = self.server.login(&company.member).await;
        let id = |person: &Person| NodeType::Graduate.id(person.id).to_string();
        let agreement = signing::invite(&employer, &id(&self.signed)).await;
        let graduate = self.server.login(&self.signed.email).await;
        signing::step(&graduate, ACCEPT, &agreement).await;
        signing::review(&self.reviewer, &agreement, "APPROVE", None).await;
        signing::invite(&employer, &id(&self.hostile)).await;
        let graduate = self.server.login(&self.seeking.email).await;
        let begun = placing::create(&graduate, placing::seeking("")).await;
        let destination = placing::id(&begun);
        placing::submit(&graduate, &destination, &[]).await;
        signing::review(&self.reviewer, &destination, "APPROVE", None).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_school_exports_its_graduates_and_gets_them_as_a_workbook() {
    let scene = Scene::new(&[]).await;
    scene.play().await;
    let id = exporting::ask(&scene.reviewer, "first", json!({})).await;
    let seen = exporting::follow(&scene.reviewer, &id).await;
    let ended = seen.last().expect("an end");
    assert_eq!(
        (&ended["status"], &ended["rowsTotal"], &ended["rowsDone"]),
        (&json!("READY"), &json!(3), &json!(3)),
        "{ended}"
    );
    let again = exporting::ask(&scene.reviewer, "first", json!({})).await;
    assert_eq!(again, id, "the same key gives the same export");

    let (headers, bytes) = exporting::download(&scene.reviewer, &id).await;
    assert_eq!(ended["byteSize"], bytes.len());
    let disposition = headers["content-disposition"].to_str().expect("a name");
    let number = ended["number"].as_str().expect("a number");
    assert!(
        disposition.starts_with(&format!(
            "attachment; filename=\"graduates-{}-{number}.xlsx\"",
            people::class_year()
        )),
        "{disposition}"
    );
    // 毕业生名单
    assert!(
        disposition.contains("%E6%AF%95%E4%B8%9A%E7%94%9F%E5%90%8D%E5%8D%95"),
        "{disposition}"
    );

    let cover = Table::of_sheet(&bytes, "导出说明");
    let cover = format!("{:?} {:?}", cover.headings, cover.rows);
    let scope = format!("全校 {}届", people::class_year());
    for said in ["示例大学", &scope, "示例审核人", number, "已脱敏"] {
        assert!(cover.contains(said), "{said}: {cover}");
    }
    let table = Table::of_sheet(&bytes, "毕业生名单");
    assert_eq!(table.rows.len(), 3, "{:?}", table.rows);
    let of = |person: &Person, heading: &str| table.cell("学号", &person.student_number, heading).to_owned();
    let signed = |heading| of(&scene.signed, heading);
    assert_eq!(signed("姓名"), scene.signed.name);
    assert_eq!(
        (signed("学历代码"), signed("学历")),
        ("31".into(), "本科生毕业".into())
    );
    assert_eq!(
        (signed("生源地代码"), signed("生源地")),
        ("110108".into(), "北京市海淀区".into())
    );
    assert_eq!(
        (signed("院系代码"), signed("院系")),
        ("01".into(), "示例学院".into())
    );
    assert_eq!(
        (signed("当前事项"), signed("当前事项状态")),
        ("线上签约".into(), "已签约".into())
    );
    assert_eq!(
        (signed("毕业去向代码"), signed("毕业去向")),
        ("10".into(), "签就业协议形式就业".into())
    );
    assert!(signed("单位名称").starts_with("示例科技") && !signed("协议书编号").is_empty());
    assert!(signed("签约或登记时间").starts_with("20"), "an ISO date");
    // What people are reached by is masked.
    assert!(signed("身份证号").starts_with("******") && signed("手机").contains("****"));
    let seeking = |heading| of(&scene.seeking, heading);
    assert_eq!(
        (
            seeking("毕业去向代码"),
            seeking("去向类型"),
            seeking("当前事项状态")
        ),
        ("701".into(), "待就业".into(), "已登记".into())
    );
    // An invitation holds nobody. The name is a text, as it is.
    assert_eq!(of(&scene.hostile, "姓名"), HOSTILE);
    assert_eq!(of(&scene.hostile, "当前事项"), "");

    let personal = json!({ "includePersonalData": true });
    let (ended, bytes) = exporting::export(&scene.reviewer, "personal", personal).await;
    assert_eq!(ended["includesPersonalData"], true);
    let table = Table::of_sheet(&bytes, "毕业生名单");
    let card = table.cell("学号", &scene.signed.student_number, "身份证号");
    assert_eq!(card, scene.signed.id_card_number);
    assert_eq!(
        table.cell("学号", &scene.signed.student_number, "手机"),
        scene.signed.mobile
    );

    let log = "{ recordExportLog(first: 10) { nodes {
        action actorName number subject format classYear includesPersonalData rowCount actor { name } department { name } } } }";
    let log = scene.reviewer.query(log, json!({})).await;
    let lines: Vec<String> = log["recordExportLog"]["nodes"]
        .as_array()
        .expect("lines")
        .iter()
        .map(|line| {
            format!(
                "{} {} {}",
                line["action"], line["includesPersonalData"], line["rowCount"]
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            "\"LINK_GIVEN\" true 3",
            "\"REQUESTED\" true null",
            "\"LINK_GIVEN\" false 3",
            "\"REQUESTED\" false null",
        ],
        "{log}"
    );
    assert_eq!(log["recordExportLog"]["nodes"][3]["number"], number);
    assert_eq!(log["recordExportLog"]["nodes"][0]["actor"]["name"], "示例审核人");
    for statement in [
        "DELETE FROM record_export_log",
        "UPDATE record_export_log SET number = 'x'",
    ] {
        let mut conn = scene.server.platform.pool.get().await.unwrap();
        let refused = diesel::sql_query(statement).execute(&mut conn).await;
        assert!(refused.is_err_and(|error| error.to_string().contains("append-only")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_department_exports_its_own_and_nobody_else_gets_it() {
    let scene = Scene::new(&[]).await;
    scene.play().await;
    let department = scene.server.login(&scene.other_reviewer).await;
    let (ended, bytes) = exporting::export(&department, "own", json!({ "format": "CSV" })).await;
    assert_eq!(ended["department"]["name"], "另一学院");
    let table = Table::of_csv(&bytes);
    assert_eq!(table.column("学号"), [scene.hostile.student_number.as_str()]);
    assert_eq!(table.column("姓名"), [format!("'{HOSTILE}")], "no formula");
    assert_eq!(table.column("导出人"), ["示例审核人"]);
    assert_eq!(
        table.column("导出范围"),
        [format!("另一学院 {}届", people::class_year())]
    );
    assert_eq!(table.column("导出编号"), [ended["number"].as_str().unwrap()]);

    // The school takes one department of it, and so does the department when it names itself.
    let own = json!({ "departmentId": NodeType::Department.id(scene.other_department) });
    for who in [&scene.reviewer, &department] {
        let (_, bytes) = exporting::export(who, "one", own.clone()).await;
        let table = Table::of_sheet(&bytes, "毕业生名单");
        assert_eq!(table.column("姓名"), [HOSTILE]);
    }
    // Another's department is none.
    let other = json!({ "departmentId": NodeType::Department.id(scene.school.department) });
    let refused = department
        .mutate(exporting::EXPORT, exporting::input("other", other))
        .await;
    assert_eq!(refused["userErrors"][0]["code"], "NOT_FOUND", "{refused}");
    assert_eq!(refused["userErrors"][0]["field"], "departmentId");

    // What one reviewer exported no other of the same place gets.
    let id = exporting::ask(&department, "kept", json!({})).await;
    exporting::follow(&department, &id).await;
    let colleague = people::reviewer(
        &scene.server.platform,
        scene.school.school,
        Some(scene.other_department),
    )
    .await;
    let colleague = scene.server.login(&colleague).await;
    for stranger in [&colleague, &scene.reviewer] {
        let refused = stranger.mutate(exporting::DOWNLOAD, json!({ "id": id })).await;
        assert_eq!(refused["userErrors"][0]["code"], "NOT_FOUND", "{refused}");
        assert_eq!(refused["link"], Value::Null);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_of_all_kinds_are_exported_but_no_draft() {
    let scene = Scene::new(&[]).await;
    scene.play().await;
    // Nobody but the graduate knows of his draft.
    let graduate = scene.server.login(&scene.hostile.email).await;
    placing::create(&graduate, placing::seeking("")).await;
    let (_, bytes) = exporting::export(
        &scene.reviewer,
        "cases",
        json!({ "subject": "CASES", "format": "CSV" }),
    )
    .await;
    let table = Table::of_csv(&bytes);
    let mut kinds: Vec<String> = table
        .column("事项类型")
        .into_iter()
        .zip(table.column("状态"))
        .map(|(kind, status)| format!("{kind} {status}"))
        .collect();
    kinds.sort();
    assert_eq!(kinds, ["待就业 已登记", "线上签约 已签约", "线上签约 待应约"]);
    assert_eq!(
        table.cell("学号", &scene.signed.student_number, "毕业去向代码"),
        "10"
    );
    assert_eq!(
        table.cell("学号", &scene.seeking.student_number, "毕业去向代码"),
        "701"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_exported_is_refused_and_what_is_not_done_shows() {
    let mut scene = Scene::new(&["--exports-per-day=2", "--export-concurrency=0"]).await;
    let ask = async |key: &str, more: Value| {
        let asked = scene
            .reviewer
            .mutate(exporting::EXPORT, exporting::input(key, more))
            .await;
        (
            asked["userErrors"][0]["code"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            asked["userErrors"][0]["field"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        )
    };
    let is = |code: &str, field: &str| (code.to_owned(), field.to_owned());
    assert_eq!(
        ask("a", json!({ "classYear": 27 })).await,
        is("INVALID_INPUT", "classYear")
    );
    assert_eq!(ask("a/b", json!({})).await, is("INVALID_INPUT", "idempotencyKey"));
    let nowhere = json!({ "departmentId": NodeType::Department.id(uuid::Uuid::now_v7()) });
    assert_eq!(ask("a", nowhere).await, is("NOT_FOUND", "departmentId"));
    assert_eq!(
        ask("a", json!({ "departmentId": "x" })).await,
        is("NOT_FOUND", "departmentId")
    );
    let id = exporting::ask(&scene.reviewer, "a", json!({})).await;
    assert_eq!(
        ask("a", json!({ "format": "CSV" })).await,
        is("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")
    );
    // A repetition and what was refused do not count.
    assert_eq!(ask("a", json!({})).await, is("", ""));
    assert_eq!(ask("b", json!({})).await, is("", ""));
    assert_eq!(ask("c", json!({})).await, is("TOO_MANY_REQUESTS", ""));
    let log = "SELECT count(*)::text AS text FROM record_export_log";
    assert_eq!(text(&scene.server.platform, log).await, "2");

    let early = scene
        .reviewer
        .mutate(exporting::DOWNLOAD, json!({ "id": id }))
        .await;
    assert_eq!(
        early["userErrors"][0]["code"], "STEP_NOT_ALLOWED",
        "not there yet: {early}"
    );
    assert_eq!(text(&scene.server.platform, log).await, "2");

    execute(
        &scene.server.platform,
        "UPDATE record_exports SET progressed_at = now() - interval '5 minutes'",
    )
    .await;
    let listed = output(&mut scene.server.command(&["stuck-work", "--kind", "export"]));
    assert_eq!(listed.status.code(), Some(1));
    assert_eq!(
        stdout(&listed).matches("EXPORT ").count(),
        2,
        "{}",
        stdout(&listed)
    );
    scene.server.restart_worker(&[]).await;
    let ended = exporting::follow(&scene.reviewer, &id)
        .await
        .pop()
        .expect("an end");
    assert_eq!(ended["status"], "READY", "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_no_longer_reviews_there_gets_nothing() {
    let mut scene = Scene::new(&["--export-concurrency=0"]).await;
    exporting::ask(&scene.reviewer, "moved", json!({})).await;
    let account = people::account_of(&scene.server.platform, &scene.school.school_reviewer).await;
    let place = |department: &str| {
        format!("UPDATE reviewers SET department_id = {department} WHERE account_id = '{account}'")
    };
    execute(
        &scene.server.platform,
        &place(&format!("'{}'", scene.school.department)),
    )
    .await;
    scene.server.restart_worker(&[]).await;
    let status = "SELECT concat_ws(' ', status, failure) AS text FROM record_exports ORDER BY id LIMIT 1";
    let ended = async || {
        let now = text(&scene.server.platform, status).await;
        now.starts_with("FAILED").then_some(now)
    };
    assert_eq!(scene.server.until("its end", ended).await, "FAILED SCOPE_LOST");

    // One that is ready is not his any more either.
    execute(&scene.server.platform, &place("NULL")).await;
    let id = exporting::ask(&scene.reviewer, "ready", json!({})).await;
    exporting::follow(&scene.reviewer, &id).await;
    let mine = "{ recordExports(first: 10) { nodes { id status failure { code message } } } }";
    let before = scene.reviewer.query(mine, json!({})).await;
    assert_eq!(before["recordExports"]["nodes"][0]["id"], id);
    assert_eq!(
        before["recordExports"]["nodes"][1]["failure"]["code"],
        "SCOPE_LOST"
    );
    execute(
        &scene.server.platform,
        &place(&format!("'{}'", scene.school.department)),
    )
    .await;
    let refused = scene
        .reviewer
        .mutate(exporting::DOWNLOAD, json!({ "id": id }))
        .await;
    assert_eq!(refused["userErrors"][0]["code"], "NOT_FOUND", "{refused}");
    let after = scene.reviewer.query(mine, json!({})).await;
    assert_eq!(after["recordExports"]["nodes"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_expires_and_is_swept_and_the_log_stays() {
    let scene = Scene::new(&[]).await;
    let platform = &scene.server.platform;
    let (_, bytes) = exporting::export(&scene.reviewer, "first", json!({})).await;
    let key = "SELECT concat('exports/', replace(id::text, '-', ''), '/', run, '.xlsx') AS text FROM record_exports";
    let key = text(platform, key).await;
    assert_eq!(scene.server.storage.get(&key).await.expect("the file"), bytes);
    // What a run left behind that was killed goes, too.
    let left = key.replace("/1.xlsx", "/2.xlsx");
    execute(platform, "UPDATE record_exports SET run = 2").await;
    scene
        .server
        .storage
        .put(&left, "text/csv", b"x")
        .await
        .expect("stored");

    platform.clock.advance(TimeDelta::days(7) - TimeDelta::minutes(1));
    let mine = "{ recordExports(first: 10) { nodes { id } } }";
    let reviewer = scene.server.login(&scene.school.school_reviewer).await;
    let listed = async || {
        let found = reviewer.query(mine, json!({})).await;
        found["recordExports"]["nodes"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(listed().await, 1);
    platform.clock.advance(TimeDelta::minutes(2));
    assert_eq!(listed().await, 0, "expired");
    platform.clock.advance(TimeDelta::hours(3));
    let gone = async || {
        let rows = text(platform, "SELECT count(*)::text AS text FROM record_exports").await;
        (rows == "0").then_some(())
    };
    scene.server.eventually("it is swept", gone).await;
    for key in [&key, &left] {
        assert!(scene.server.storage.head(key).await.unwrap().is_none(), "{key}");
    }
    let log = "SELECT string_agg(action, ' ' ORDER BY id) AS text FROM record_export_log";
    assert_eq!(text(platform, log).await, "REQUESTED LINK_GIVEN");
}
