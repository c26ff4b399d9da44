//! One case at a time over HTTP, across all workflows: what is signed or registered holds its graduate until it is over (§4.2, §5.3, §7.2,
//! §8.2 and the note of §9.2), and then he signs with others or registers a destination.

use serde_json::{Value, json};
use wangqian_api::id::NodeType;
use wangqian_schema::{model::employer::EmployerVerification, workflow::ReviewRoute};

use crate::support::{
    Client, Server, filing, made_files, people, placing,
    signing::*,
    terminating::{self, ACCEPT_TERMINATION, hand_in},
    uploading::upload,
};

struct Story {
    server: Server,
    graduate_id: String,
    client: Client,
    school: Client,
    employer: Client,
}

impl Story {
    async fn begun() -> Self {
        let server = Server::empty().await;
        let campus = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
        let graduate = people::graduate(&server.platform, &campus, |_| {}).await;
        let company = people::employer(&server.platform, EmployerVerification::Verified).await;
        Self {
            graduate_id: NodeType::Graduate.id(graduate.id).to_string(),
            client: server.login(&graduate.email).await,
            school: server.login(&campus.school_reviewer).await,
            employer: server.login(&company.member).await,
            server,
        }
    }

    async fn picture(&self, name: &str) -> String {
        let file = upload(&self.server, &self.client, name, "image/jpeg", made_files::jpeg()).await;
        assert_eq!(file["state"], "READY", "{file}");
        file["id"].as_str().unwrap().to_owned()
    }

    /// The school approves; the status then.
    async fn approved(&self, case: &str) -> Value {
        let approved = review(&self.school, case, "APPROVE", None).await;
        for kind in ["agreement", "termination", "destination"] {
            if let Some(status) = approved[kind].get("status") {
                return status.clone();
            }
        }
        panic!("{approved}");
    }

    async fn actions(&self, agreement: &str) -> Value {
        let query = "query($id: ID!) { node(id: $id) { ... on Agreement { viewerActions } } }";
        self.client.query(query, json!({ "id": agreement })).await["node"]["viewerActions"].take()
    }

    /// While something else holds him he answers no invitation, and can but look at it.
    async fn answers_nothing(&self, invitation: &str) {
        assert_eq!(self.actions(invitation).await, json!([]));
        for operation in [ACCEPT, DECLINE] {
            let refused = step(&self.client, operation, invitation).await;
            assert_eq!(refusal(&refused), Some("ALREADY_ENGAGED"), "{refused}");
        }
    }

    /// While something else holds him he hands in no destination.
    async fn registers_nothing(&self, destination: &str) {
        let refused = placing::submit(&self.client, destination, &[]).await;
        assert_eq!(refusal(&refused), Some("ALREADY_ENGAGED"), "{refused}");
    }

    /// A destination that he may hand in at any time.
    async fn draft(&self) -> String {
        placing::id(&placing::create(&self.client, placing::seeking("")).await)
    }
}

/// §9.2 note: "若去向审核通过，毕业生需签约或登记其他去向信息，应点击作废".
#[tokio::test(flavor = "multi_thread")]
async fn a_registered_destination_holds_him_until_it_is_void() {
    let story = Story::begun().await;
    let invitation = invite(&story.employer, &story.graduate_id).await;
    let (destination, other) = (story.draft().await, story.draft().await);
    placing::submit(&story.client, &destination, &[]).await;
    story.answers_nothing(&invitation).await;
    let early = placing::void(&story.client, &destination).await;
    assert_eq!(
        refusal(&early),
        Some("STEP_NOT_ALLOWED"),
        "not registered yet: {early}"
    );
    assert_eq!(story.approved(&destination).await, "REGISTERED");
    story.answers_nothing(&invitation).await;
    story.registers_nothing(&other).await;

    let voided = placing::void(&story.client, &destination).await;
    assert_eq!(voided["destination"]["status"], "VOIDED", "{voided}");
    let again = placing::void(&story.client, &destination).await;
    assert_eq!(refusal(&again), Some("STEP_NOT_ALLOWED"), "{again}");
    assert_eq!(story.actions(&invitation).await, json!(["ACCEPT", "DECLINE"]));
    let accepted = step(&story.client, ACCEPT, &invitation).await;
    assert_eq!(accepted["agreement"]["status"], "SIGNING_REVIEW", "{accepted}");
    story.registers_nothing(&other).await;
}

/// §5.3: "解约完成，毕业生可与其他单位签约或登记毕业去向信息", and not before.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_signed_online_holds_him_until_it_is_over() {
    let story = Story::begun().await;
    let agreement = invite(&story.employer, &story.graduate_id).await;
    let destination = story.draft().await;
    step(&story.client, ACCEPT, &agreement).await;
    story.registers_nothing(&destination).await;
    assert_eq!(story.approved(&agreement).await, "SIGNED");
    story.registers_nothing(&destination).await;
    let asked = terminating::request(&story.client, &agreement, "FAMILY", "家人患病，需返乡照顾。").await;
    let termination = terminating::id(&asked);
    terminating::answer(&story.employer, ACCEPT_TERMINATION, &termination).await;
    story.registers_nothing(&destination).await;
    assert_eq!(story.approved(&termination).await, "TERMINATED");
    let submitted = placing::submit(&story.client, &destination, &[]).await;
    assert_eq!(
        submitted["destination"]["status"], "REGISTRATION_REVIEW",
        "{submitted}"
    );
}

/// §7.2, of what was signed offline and, §8.2 note, of what was registered: "毕业生可与其他单位签约或登记毕业去向信息".
#[tokio::test(flavor = "multi_thread")]
async fn what_was_signed_on_paper_holds_him_until_it_is_over() {
    for channel in ["OFFLINE", "REGISTERED"] {
        let story = Story::begun().await;
        let invitation = invite(&story.employer, &story.graduate_id).await;
        let destination = story.draft().await;
        let agreement = filing::id(&filing::create(&story.client, channel, filing::filled()).await);
        let page = story.picture("协议书.jpg").await;
        if channel == "OFFLINE" {
            filing::submit(&story.client, &agreement, &[]).await;
            assert_eq!(story.approved(&agreement).await, "TERMS_APPROVED");
            story.registers_nothing(&destination).await;
            filing::submit_copy(&story.client, &agreement, &[&page]).await;
        } else {
            filing::submit(&story.client, &agreement, &[&page]).await;
        }
        assert_eq!(story.approved(&agreement).await, "SIGNED");
        story.registers_nothing(&destination).await;
        story.answers_nothing(&invitation).await;
        let letter = story.picture("解约函.jpg").await;
        let termination = terminating::id(&hand_in(&story.client, &agreement, "FAMILY", &[&letter]).await);
        story.registers_nothing(&destination).await;
        assert_eq!(story.approved(&termination).await, "TERMINATED");
        assert_eq!(story.actions(&invitation).await, json!(["ACCEPT", "DECLINE"]));
        let submitted = placing::submit(&story.client, &destination, &[]).await;
        assert_eq!(
            submitted["destination"]["status"], "REGISTRATION_REVIEW",
            "{submitted}"
        );
        story.answers_nothing(&invitation).await;
    }
}
