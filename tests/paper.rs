//! The paper that the product makes: what the parties entered is read back from the PDF that they download, and a character that
//! no font has is never drawn as something else.

use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use wangqian_api::id::NodeType;
use wangqian_schema::{
    checks::credit_code_check, clock::shanghai_date, model::employer::EmployerVerification, stuck_work,
    workflow::ReviewRoute,
};

use crate::support::{
    Server,
    papers::{paper, squash},
    people,
    signing::*,
};

async fn execute(server: &Server, sql: &str) {
    let mut conn = server.platform.pool.get().await.unwrap();
    diesel::sql_query(sql).execute(&mut conn).await.unwrap();
}

async fn verify(server: &Server, code: &str) -> Value {
    let query = "query($code: String!) { verifyAgreement(code: $code) {
        status agreementNumber graduateName employerName schoolName signedOn documentVersion } }";
    let answer = server.client().query(query, json!({ "code": code })).await;
    answer["verifyAgreement"].clone()
}

/// A page, which has to be one that runs nothing and is kept nowhere.
async fn server_page(url: &str) -> (u16, String) {
    let page = reqwest::get(url).await.unwrap();
    let header = |name: &str| page.headers()[name].to_str().unwrap().to_owned();
    assert!(header("content-security-policy").starts_with("default-src 'none';"));
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    (page.status().as_u16(), page.text().await.unwrap())
}

/// No two values are the same, so that two fields changed for each other would show.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_parties_entered_is_read_back_from_the_pdf_that_they_download() {
    let server = Server::empty().await;
    let platform = &server.platform;
    let campus = people::school(platform, ReviewRoute::DepartmentThenSchool).await;
    execute(
        &server,
        "UPDATE schools SET name = '示例理工大学', code = '10999', contact_phone = '000-12345678', address = '示例市学院路九号'",
    )
    .await;
    execute(&server, "UPDATE departments SET name = '信息示例学院'").await;
    let graduate = people::graduate(platform, &campus, |new| {
        new.name = "𬭎䶮㛃".into();
        new.student_number = "2023070707".into();
        new.degree_level = "11".into();
        new.major = "测控技术".into();
        new.training_mode = "5".into();
        new.origin_region = "340103".into();
    })
    .await;
    let company = people::employer(platform, EmployerVerification::Verified).await;
    let first = "91000000MA00000X0";
    let credit_code = format!("{first}{}", credit_code_check(first).unwrap());
    let renamed =
        format!("UPDATE employers SET name = '云岭示例仪器有限公司', credit_code = '{credit_code}'");
    execute(&server, &renamed).await;
    let employer = server.login(&company.member).await;
    let mut input = invitation("paper", &[NodeType::Graduate.id(graduate.id).to_string()]);
    input["input"]["terms"] = json!({
        "nature": "32", "industry": "22", "region": "110108", "address": "试验路八十八号", "positionCategory": "11",
        "positionTitle": "光学研究员", "contactPerson": "示人事", "contactPhone": "000-87654321",
        "contactMobile": "10012345678", "contactEmail": "personnel@example.com", "probationMonths": 4,
        "probationSalary": 7200, "regularSalary": 9300, "liquidatedDamages": 5600, "reportPlace": "报到大厅一层",
        "reportDeadline": "2027-08-19", "workPlace": "合肥市示例园区", "householdRegistration": "TRUSTEE",
        "supplementaryTerms": "提供宿舍。\n满两年可申请补贴。",
    });
    let invited = employer.mutate(INVITE, input).await;
    let agreement = invited["results"][0]["agreement"]["id"].as_str();
    let agreement = agreement.unwrap_or_else(|| panic!("{invited}"));
    let client = server.login(&graduate.email).await;
    assert_eq!(refusal(&step(&client, ACCEPT, agreement).await), None);
    let department = server.login(&campus.department_reviewer).await;
    let school = server.login(&campus.school_reviewer).await;
    review(&department, agreement, "APPROVE", None).await;
    let signed = review(&school, agreement, "APPROVE", None).await;
    let number = signed["agreement"]["agreementNumber"].as_str().expect("signed");

    let (document, text) = paper(&server, &client, agreement).await;
    let code = document["verificationCode"].as_str().unwrap();
    let today = shanghai_date(platform.clock.now());
    let day = today.format("%Y年%-m月%-d日").to_string();
    let approvals = format!("院系审核通过（{day}）；学校审核通过（{day}）");
    let address = format!("{}/verify/{code}", server.url);
    for (label, value) in [
        ("协议书编号：", number),
        ("签约方式：", "线上签约"),
        ("制表日期：", &day),
        ("单位名称", "云岭示例仪器有限公司"),
        ("统一社会信用代码", &credit_code),
        ("单位性质", "外商投资企业"),
        ("单位行业", "制造业"),
        ("职位类别", "科学研究人员"),
        ("职位名称", "光学研究员"),
        ("单位地址", "北京市海淀区试验路八十八号"),
        ("联系人", "示人事"),
        ("手机号码", "10012345678"),
        ("固定电话", "000-87654321"),
        ("电子邮箱", "personnel@example.com"),
        ("姓名", "𬭎䶮㛃"),
        ("性别", "女"),
        ("身份证号", &graduate.id_card_number),
        ("生源地", "安徽省合肥市庐阳区"),
        ("毕业学校", "示例理工大学"),
        ("院系", "信息示例学院"),
        ("专业", "测控技术"),
        ("学历", "硕士生毕业"),
        ("培养方式", "自筹"),
        ("学号", "2023070707"),
        ("毕业届别", &format!("{}届", people::class_year())),
        ("手机号码", &graduate.mobile),
        ("电子邮箱", &graduate.email),
        ("学校名称", "示例理工大学"),
        ("学校代码", "10999"),
        ("所属院系", "信息示例学院"),
        ("联系电话", "000-12345678"),
        ("联系地址", "示例市学院路九号"),
        ("审核情况", &approvals),
        ("试用期", "4个月"),
        ("试用期工资", "7,200元/月"),
        ("转正后工资", "9,300元/月"),
        ("报到期限", "2027年8月19日前"),
        ("违约金", "5,600元（人民币伍仟陆佰元整）"),
        ("报到地点", "报到大厅一层"),
        ("实际工作地点", "合肥市示例园区"),
        ("户口接收方式", "托管单位接收"),
        ("补充约定", "提供宿舍。满两年可申请补贴。"),
        ("已在线发出签约邀请", &day),
        ("已在线接受签约", &day),
        ("已在线审核通过", &day),
        ("核验码：", code),
        ("或打开", &address),
    ] {
        let wanted = squash(label) + &squash(value);
        assert!(text.contains(&wanted), "{label} {value}\n{text}");
    }
    let (_, employers) = paper(&server, &employer, agreement).await;
    assert!(employers == text, "both sides hold the same paper");

    // Who holds the paper checks it by its code, whatever becomes of it.
    let mut expected = json!({
        "status": "VALID", "agreementNumber": number, "graduateName": "𬭎＊＊", "employerName": "云岭＊＊＊＊＊＊公司",
        "schoolName": "示例理工大学", "signedOn": today.to_string(), "documentVersion": 1,
    });
    assert_eq!(verify(&server, code).await, expected);
    let typed = format!(" {} ", code.replace('-', " ").to_lowercase());
    assert_eq!(verify(&server, &typed).await, expected, "as somebody types it");
    assert_eq!(verify(&server, "0000-0000-0000-0000").await, Value::Null);
    let page = |path: String| async move { server_page(&path).await };
    let (status, html) = page(address.clone()).await;
    assert_eq!(status, 200);
    let signed_on = today.format("%Y年%-m月%-d日").to_string();
    for shown in [
        "有效",
        number,
        "𬭎＊＊",
        "云岭＊＊＊＊＊＊公司",
        "示例理工大学",
        &signed_on,
    ] {
        assert!(html.contains(shown), "{shown}: {html}");
    }
    for hidden in [
        "𬭎䶮㛃",
        "云岭示例仪器有限公司",
        &graduate.id_card_number,
        &graduate.mobile,
    ] {
        assert!(!html.contains(hidden), "{hidden}: {html}");
    }
    execute(&server, "UPDATE documents SET superseded_at = now()").await;
    expected["status"] = "SUPERSEDED".into();
    assert_eq!(verify(&server, code).await, expected);
    assert!(page(address).await.1.contains("已被新版本取代"));
    // Whatever a name contains, it is text.
    execute(
        &server,
        "UPDATE documents SET superseded_at = NULL, paper = jsonb_set(paper, '{school,name}', '\"<b>示例</b>&大学\"')",
    )
    .await;
    let (_, html) = page(format!("{}/verify/{}", server.url, code.to_lowercase())).await;
    assert!(
        html.contains("&lt;b&gt;示例&lt;/b&gt;&amp;大学") && !html.contains("<b>"),
        "{html}"
    );
    for unknown in ["0000-0000-0000-0000", "x"] {
        let (status, html) = page(format!("{}/verify/{unknown}", server.url)).await;
        assert_eq!(status, 404);
        assert!(html.contains("未查到该核验码"), "{html}");
    }
    server.stop().await;
}

/// Debian's fonts-hanazono has 𠀀, the built-in font has not.
#[tokio::test(flavor = "multi_thread")]
async fn a_character_that_no_font_has_waits_for_one_and_is_drawn_then() {
    let mut server = Server::empty().await;
    let platform = &server.platform;
    let campus = people::school(platform, ReviewRoute::SchoolOnly).await;
    let graduate = people::graduate(platform, &campus, |new| new.name = "张𠀀".into()).await;
    let company = people::employer(platform, EmployerVerification::Verified).await;
    let operator = server.login(&people::operator(platform).await).await;
    let employer = server.login(&company.member).await;
    let client = server.login(&graduate.email).await;
    let agreement = invite(&employer, &NodeType::Graduate.id(graduate.id)).await;
    step(&client, ACCEPT, &agreement).await;
    let school = server.login(&campus.school_reviewer).await;
    let signed = review(&school, &agreement, "APPROVE", None).await;
    assert_eq!(signed["agreement"]["status"], "SIGNED", "{signed}");

    server.platform.clock.advance(stuck_work::GRACE);
    let list = "{ stuckWork(first: 100) { nodes { id kind jobState lastError } } }";
    let parked = server.until("the paper to be parked", async || {
        let listed = operator.query(list, json!({})).await;
        let nodes = listed["stuckWork"]["nodes"].as_array().expect("a list");
        let parked = |work: &&Value| work["kind"] == "DOCUMENT" && work["jobState"] == "PARKED";
        nodes.iter().find(parked).cloned()
    });
    let parked = parked.await;
    assert_eq!(
        parked["lastError"],
        "attempt 1: no loaded font can draw U+20000, which stands in graduate.name (姓名)"
    );
    // The agreement is signed all the same; its paper is still to come.
    let query = "query($id: ID!) { node(id: $id) { ... on Agreement { status documents { status downloadLink { url } } } } }";
    let waiting = client.query(query, json!({ "id": agreement })).await;
    assert_eq!(
        waiting["node"],
        json!({ "status": "SIGNED", "documents": [{ "status": "PENDING", "downloadLink": null }] })
    );

    server
        .restart_worker(&["--font-dir=/usr/share/fonts/truetype/hanazono"])
        .await;
    let retry =
        "mutation($id: ID!) { retryStuckWork(input: { stuckWorkIds: [$id] }) { userErrors { code } } }";
    let retried = operator.mutate(retry, json!({ "id": parked["id"] })).await;
    assert_eq!(retried["userErrors"], json!([]));
    let (_, text) = paper(&server, &client, &agreement).await;
    assert!(text.contains("姓名张𠀀性别"), "{text}");
    server.stop().await;
}
