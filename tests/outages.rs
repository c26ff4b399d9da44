//! What the product stands on goes away and comes back: nothing is lost, everything is delivered afterwards, and meanwhile the
//! API says so clearly.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use wangqian_api::id::NodeType;
use wangqian_schema::{model::employer::EmployerVerification, workflow::ReviewRoute};

use crate::support::{
    Client, Cluster,
    cluster::{Process, distinct, eventually},
    people::{self, SchoolWorld},
    process::{output, stdout},
    signing::*,
};

const LOG_IN: &str = "mutation { logIn(input: { identifier: \"nobody@example.com\", password: \"not it\" }) {
    userErrors { code } } }";

/// A cluster with an API and a worker, and those who sign in it.
struct Scene {
    cluster: Cluster,
    api: Process,
    worker: Process,
    campus: SchoolWorld,
    employer: Client,
    school: Client,
}

impl Scene {
    async fn begin() -> Self {
        let cluster = Cluster::start().await;
        let campus = people::school(&cluster.platform, ReviewRoute::SchoolOnly).await;
        let company = people::employer(&cluster.platform, EmployerVerification::Verified).await;
        let api = cluster.api().await;
        Self {
            employer: cluster.client().login(&company.member).await,
            school: cluster.client().login(&campus.school_reviewer).await,
            worker: cluster.worker(),
            cluster,
            api,
            campus,
        }
    }

    async fn graduate(&self) -> (String, Client) {
        let graduate = people::graduate(&self.cluster.platform, &self.campus, |_| {}).await;
        let client = self.cluster.client().login(&graduate.email).await;
        (NodeType::Graduate.id(graduate.id).to_string(), client)
    }

    /// One signing from the invitation to the approval; the agreement and its graduate.
    async fn sign(&self) -> (String, Client) {
        let (id, graduate) = self.graduate().await;
        let agreement = invite(&self.employer, &id).await;
        step(&graduate, ACCEPT, &agreement).await;
        let signed = review(&self.school, &agreement, "APPROVE", None).await;
        assert_eq!(signed["agreement"]["status"], "SIGNED", "{signed}");
        (agreement, graduate)
    }

    fn assert_both_run(&mut self) {
        assert!(self.api.is_running(), "{}", self.api.log());
        assert!(self.worker.is_running(), "{}", self.worker.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_wait_for_their_server() {
    let mut scene = Scene::begin().await;
    let before = scene.cluster.stop_smtp();
    scene.sign().await;
    eventually("the mails have been tried in vain", async || {
        let waiting = "SELECT count(*) FROM messages m JOIN jobs j ON j.payload->>'message_id' = m.id::text
            WHERE m.channel = 'EMAIL' AND m.status = 'PENDING' AND j.attempt > 0 AND j.last_error IS NOT NULL";
        (scene.cluster.number(waiting).await >= 4).then_some(())
    })
    .await;
    let shown = "SELECT last_error AS text FROM jobs WHERE last_error IS NOT NULL";
    for error in scene.cluster.texts(shown).await {
        assert!(error.contains("the mail server"), "{error}");
        assert!(!error.contains("@example.com"), "{error}");
    }
    scene.assert_both_run();
    scene.cluster.start_smtp();
    scene.cluster.until_all_is_done().await;
    let mails = distinct([before, scene.cluster.stop_smtp()].concat());
    let owed = "SELECT id::text AS text FROM messages WHERE channel = 'EMAIL' AND status = 'SENT'";
    let owed: BTreeSet<_> = scene.cluster.texts(owed).await.into_iter().collect();
    assert!(owed.len() >= 4, "{owed:?}");
    let came = mails.keys().map(|id| id.split('@').next().unwrap().to_owned());
    assert_eq!(came.collect::<BTreeSet<_>>(), owed);
    scene.assert_both_run();
}

#[tokio::test(flavor = "multi_thread")]
async fn papers_wait_for_their_store_while_people_go_on_signing() {
    let mut scene = Scene::begin().await;
    scene.cluster.stop_store().await;
    let (agreement, graduate) = scene.sign().await;
    eventually("the paper has been tried in vain", async || {
        let waiting = "SELECT count(*) FROM jobs WHERE last_error LIKE '%the PDF could not be stored%'";
        (scene.cluster.number(waiting).await == 1).then_some(())
    })
    .await;
    let papers = "query($id: ID!) { node(id: $id) { ... on Agreement { status documents { status downloadLink { url } } } } }";
    let meanwhile = graduate.query(papers, json!({ "id": agreement })).await;
    assert_eq!(
        meanwhile["node"],
        json!({ "status": "SIGNED", "documents": [{ "status": "PENDING", "downloadLink": null }] })
    );
    // People can be served, so the API stays in; it says what is away.
    let (status, body) = graduate.get("/readyz").await;
    assert_eq!(
        (status, body.as_str()),
        (200, "database ok\nobject store failed\n")
    );
    scene.assert_both_run();

    scene.cluster.start_store().await;
    scene.cluster.until_all_is_done().await;
    let after = graduate.query(papers, json!({ "id": agreement })).await;
    let paper = &after["node"]["documents"][0];
    assert_eq!(paper["status"], "READY", "{after}");
    let link = paper["downloadLink"]["url"].as_str().expect("a link");
    let pdf = reqwest::get(link).await.unwrap().error_for_status().unwrap();
    assert!(pdf.bytes().await.unwrap().starts_with(b"%PDF-"));
    assert_eq!(scene.cluster.objects().len(), 1);
    scene.assert_both_run();
}

/// Sends until there is an answer that is one; whatever comes before it has to say that it is for now only.
async fn insist(client: &Client, operation: &str, variables: Value) -> Value {
    eventually("there is an answer", async || {
        let answer = client.try_graphql(operation, variables.clone()).await?;
        match answer.get("errors") {
            None => Some(answer),
            Some(errors) => {
                for error in errors.as_array().expect("a list") {
                    assert_eq!(error["extensions"]["code"], "UNAVAILABLE", "{answer}");
                    let message = error["message"].as_str().expect("a message");
                    assert!(message.contains("try again"), "{answer}");
                }
                None
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_restarts_under_load_loses_nothing() {
    const GRADUATES: usize = 16;
    const RESTARTS: usize = 2;
    let mut scene = Scene::begin().await;
    let mut graduates = Vec::new();
    for _ in 0..GRADUATES {
        graduates.push(scene.graduate().await);
    }
    let query = "subscription { caseChanged { event { ... on AgreementEvent { action } } case { ... on Agreement { id } } } }";
    let mut feed = scene.school.subscribe(query, json!({})).await;

    let (employer, school) = (scene.employer.clone(), scene.school.clone());
    let load = async move {
        let mut signed = Vec::new();
        for (round, (id, graduate)) in graduates.iter().enumerate() {
            let input = invitation(&format!("restart-{round}"), std::slice::from_ref(id));
            let invited = insist(&employer, INVITE, input).await;
            let agreement = invited["data"]["inviteGraduates"]["results"][0]["agreement"]["id"].clone();
            assert!(agreement.is_string(), "{invited}");
            // A step that was taken and whose answer was lost is refused when it is repeated: the agreement tells.
            let accept = json!({ "input": { "agreementId": agreement } });
            insist(graduate, ACCEPT, accept).await;
            let approve = json!({ "input": { "caseId": agreement, "decision": "APPROVE" } });
            insist(&school, REVIEW, approve).await;
            let status = "query($id: ID!) { node(id: $id) { ... on Agreement { status } } }";
            let seen = insist(graduate, status, json!({ "id": agreement })).await;
            assert_eq!(seen["data"]["node"]["status"], "SIGNED", "{seen}");
            signed.push(agreement.as_str().expect("an id").to_owned());
        }
        signed
    };
    let restarts = async {
        let mut away = 0;
        for restart in 0..RESTARTS {
            let enough = i64::try_from((restart + 1) * GRADUATES / (RESTARTS + 2)).unwrap();
            eventually("people are signing", async || {
                let signed = "SELECT count(*) FROM agreements WHERE status = 'SIGNED'";
                (scene.cluster.number(signed).await >= enough).then_some(())
            })
            .await;
            scene.cluster.stop_database().await;
            eventually("the API says that its database is away", async || {
                let (status, body) = scene.school.get("/readyz").await;
                (status == 503 && body.starts_with("database failed")).then_some(())
            })
            .await;
            let refused = scene.school.graphql("{ viewer { __typename } }", json!({})).await;
            away += usize::from(refused["errors"][0]["extensions"]["code"] == "UNAVAILABLE");
            scene.cluster.start_database().await;
        }
        assert_eq!(away, RESTARTS, "each time the API said that it cannot answer now");
    };
    let (signed, ()) = tokio::join!(load, restarts);
    assert_eq!(signed.len(), GRADUATES);
    scene.cluster.until_all_is_done().await;
    scene.assert_both_run();
    for (what, expected, sql) in [
        (
            "papers",
            GRADUATES,
            "SELECT count(*) FROM documents WHERE ready_at IS NOT NULL",
        ),
        (
            "approvals",
            GRADUATES,
            "SELECT count(*) FROM case_events WHERE action = 'APPROVE'",
        ),
        (
            "stuck messages",
            0,
            "SELECT count(*) FROM messages WHERE status <> 'SENT' AND channel = 'EMAIL'",
        ),
        (
            "parked jobs",
            0,
            "SELECT count(*) FROM jobs WHERE state = 'PARKED'",
        ),
    ] {
        let found = scene.cluster.number(sql).await;
        assert_eq!(found, i64::try_from(expected).unwrap(), "{what}");
    }
    let owed = "SELECT id::text AS text FROM messages WHERE channel = 'EMAIL'";
    let owed: BTreeSet<_> = scene.cluster.texts(owed).await.into_iter().collect();
    let mails = distinct(scene.cluster.stop_smtp());
    let came = mails.keys().map(|id| id.split('@').next().unwrap().to_owned());
    assert_eq!(came.collect::<BTreeSet<_>>(), owed);

    // Whoever was following live has been told of every approval, once.
    let mut approved = Vec::new();
    while approved.len() < GRADUATES {
        let change = feed.next().await.expect("the feed goes on");
        assert!(change.get("errors").is_none(), "{change}");
        let change = &change["data"]["caseChanged"];
        if change["event"]["action"] == "APPROVE" {
            approved.push(change["case"]["id"].as_str().expect("an id").to_owned());
        }
    }
    assert_eq!(approved.iter().collect::<BTreeSet<_>>(), signed.iter().collect());
    let audit = output(&mut scene.cluster.command(&["audit"]));
    assert!(
        audit.status.success() && stdout(&audit).contains(" 0 broken"),
        "{audit:?}"
    );
}

/// No statement of PostgreSQL's own ends then, nor does a connection: whoever waits has to have a limit of his own.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_stands_still_is_answered_for_in_time_and_nothing_is_done_twice() {
    const GRADUATES: usize = 4;
    let mut scene = Scene::begin().await;
    let mut second = scene.cluster.worker();
    for _ in 0..GRADUATES {
        scene.sign().await;
    }
    let frozen = scene.cluster.freeze_database();
    let asked = Instant::now();
    let nobody = scene.cluster.client();
    let viewer = "{ viewer { __typename } }";
    let (refused, stranger, (ready, body), (page, _)) = tokio::join!(
        scene.school.graphql(viewer, json!({})),
        // Nothing is asked of the database before the operation itself.
        nobody.graphql(LOG_IN, json!({})),
        scene.school.get("/readyz"),
        scene.school.get("/verify/AAAA-BBBB-CCCC-DDDD"),
    );
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(30), "{took:?}");
    for answer in [refused, stranger] {
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], "UNAVAILABLE", "{answer}");
    }
    assert_eq!((ready, page), (503, 503), "{body}");
    assert!(body.starts_with("database failed"), "{body}");
    // By now all leases, of a second, are over.
    scene.assert_both_run();
    assert!(second.is_running());
    drop(frozen);

    insist(&scene.school, viewer, json!({})).await;
    scene.cluster.until_all_is_done().await;
    let (agreement, _) = scene.sign().await;
    assert!(!agreement.is_empty(), "and everything goes on");
    scene.cluster.until_all_is_done().await;
    let all = i64::try_from(GRADUATES + 1).unwrap();
    for (expected, sql) in [
        (all, "SELECT count(*) FROM documents WHERE ready_at IS NOT NULL"),
        (
            all,
            "SELECT count(*) FROM case_events WHERE action = 'STORE_DOCUMENT'",
        ),
        (
            0,
            "SELECT count(*) FROM messages WHERE status <> 'SENT' AND channel = 'EMAIL'",
        ),
        (0, "SELECT count(*) FROM jobs WHERE state = 'PARKED'"),
    ] {
        assert_eq!(scene.cluster.number(sql).await, expected, "{sql}");
    }
    let owed = "SELECT id::text AS text FROM messages WHERE channel = 'EMAIL'";
    let owed: BTreeSet<_> = scene.cluster.texts(owed).await.into_iter().collect();
    let mails = distinct(scene.cluster.stop_smtp());
    let came = mails.keys().map(|id| id.split('@').next().unwrap().to_owned());
    assert_eq!(came.collect::<BTreeSet<_>>(), owed);
    scene.assert_both_run();
    assert!(second.is_running());
}
