//! Colleagues at an employer: invited by its administrators, joined by a link, disabled at once.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};
use wangqian_schema::model::{employer::EmployerVerification, member::INVITATION_LIFETIME};

use crate::support::{
    Client, Server,
    client::PASSWORD,
    outbox::Outbox,
    people::{self, Company},
};

const INVITE: &str = "mutation($input: InviteEmployerMemberInput!) { inviteEmployerMember(input: $input) {
    userErrors { code field message } } }";
const WITHDRAW: &str = "mutation($email: String!) { withdrawMemberInvitation(input: { email: $email }) {
    userErrors { code field message } } }";
const JOIN: &str = "mutation($input: JoinEmployerInput!) { joinEmployer(input: $input) {
    member { id name role email } userErrors { code field message } } }";
const DISABLE: &str = "mutation($id: ID!) { disableEmployerMember(input: { memberId: $id }) {
    member { disabledAt } userErrors { code field message } } }";
const ENABLE: &str = "mutation($id: ID!) { enableEmployerMember(input: { memberId: $id }) {
    member { disabledAt } userErrors { code field message } } }";
const MEMBERS: &str = "{ employerMembers(first: 10) { nodes { id name role email disabledAt } } }";

const INVITATIONS: &str = "{ memberInvitations(first: 10) { nodes { email name role delivery } } }";
const HISTORY: &str =
    "query($id: ID!) { node(id: $id) { ... on Employer { verification registration { version reason
    history(first: 20) { nodes { action actorRole fromStatus toStatus actorId memberId } } } } } }";

struct Scene {
    server: Server,
    outbox: Outbox,
    company: Company,
    administrator: Client,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::empty().await;
        let company = people::employer(&server.platform, EmployerVerification::Verified).await;
        Self {
            outbox: Outbox::new(server.outbox()),
            administrator: server.login(&company.member).await,
            company,
            server,
        }
    }

    async fn invite(&self, client: &Client, email: &str, role: &str) -> Value {
        let input = json!({ "email": email, "name": "示例同事", "role": role });
        client.mutate(INVITE, json!({ "input": input })).await
    }

    /// The token in the next mail to an address.
    async fn token(&self, email: &str) -> String {
        let mail = self.outbox.next_to(email).await;
        let (_, after) = mail
            .split_once("/join#")
            .unwrap_or_else(|| panic!("no link: {mail}"));
        after.chars().take_while(char::is_ascii_hexdigit).collect()
    }

    async fn join(&self, token: &str) -> Value {
        let input = json!({ "token": token, "password": PASSWORD });
        self.server.client().mutate(JOIN, json!({ "input": input })).await
    }

    /// A colleague who has joined: his client and his id.
    async fn colleague(&self, email: &str, role: &str) -> (Client, String) {
        assert_eq!(self.invite(&self.administrator, email, role).await, done());
        let joined = self.join(&self.token(email).await).await;
        let id = joined["member"]["id"]
            .as_str()
            .unwrap_or_else(|| panic!("{joined}"));
        (self.server.login(email).await, id.to_owned())
    }

    async fn own_id(&self, client: &Client) -> String {
        let found = client
            .query("{ viewer { ... on EmployerMember { id } } }", json!({}))
            .await;
        found["viewer"]["id"].as_str().unwrap().to_owned()
    }
}

fn done() -> Value {
    json!({ "userErrors": [] })
}

fn error(answer: &Value) -> (&str, Option<&str>) {
    let error = &answer["userErrors"][0];
    (error["code"].as_str().unwrap_or("none"), error["field"].as_str())
}

async fn set(client: &Client, mutation: &str, id: &str) -> Value {
    client.mutate(mutation, json!({ "id": id })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_joins_by_the_link_that_came_by_mail() {
    let scene = Scene::new().await;
    let email = "colleague@example.com";
    assert_eq!(
        scene
            .invite(&scene.administrator, "Colleague@Example.com", "MEMBER")
            .await,
        done()
    );
    let token = scene.token(email).await;
    let weak = json!({ "input": { "token": token, "password": "zu kurz" } });
    let weak = scene.server.client().mutate(JOIN, weak).await;
    assert_eq!(error(&weak), ("INVALID_INPUT", Some("password")));
    let joined = scene.join(&token).await;
    let member = &joined["member"];
    assert_eq!(
        (&member["role"], &member["email"]),
        (&json!("MEMBER"), &json!(email)),
        "{joined}"
    );
    assert_eq!(
        error(&scene.join(&token).await),
        ("WRONG_CODE", Some("token")),
        "a link works once"
    );
    let colleague = scene.server.login(email).await;
    let members = colleague.query(MEMBERS, json!({})).await;
    let members = members["employerMembers"]["nodes"].as_array().unwrap().clone();
    let roles: Vec<_> = members
        .iter()
        .map(|member| member["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["ADMINISTRATOR", "MEMBER"]);
    assert_eq!(members[1]["id"], member["id"]);

    for answer in [
        scene.invite(&colleague, "third@example.com", "MEMBER").await,
        set(&colleague, DISABLE, members[0]["id"].as_str().unwrap()).await,
    ] {
        assert_eq!(error(&answer), ("STEP_NOT_ALLOWED", None), "administrators only");
    }
    let withdrawn = colleague.mutate(WITHDRAW, json!({ "email": email })).await;
    assert_eq!(error(&withdrawn), ("STEP_NOT_ALLOWED", None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_replaced_taken_back_and_ends_after_seven_days() {
    let scene = Scene::new().await;
    let invite = async |email: &str| {
        assert_eq!(scene.invite(&scene.administrator, email, "MEMBER").await, done());
        scene.token(email).await
    };
    let wrong = ("WRONG_CODE", Some("token"));
    let first = invite("one@example.com").await;
    scene.server.platform.clock.advance(TimeDelta::minutes(1));
    let second = invite("one@example.com").await;
    assert_eq!(error(&scene.join(&first).await), wrong);
    assert_eq!(error(&scene.join(&second).await).0, "none");

    let taken_back = invite("two@example.com").await;
    let withdraw = || {
        scene
            .administrator
            .mutate(WITHDRAW, json!({ "email": "two@example.com" }))
    };
    assert_eq!(withdraw().await, done());
    assert_eq!(error(&withdraw().await), ("NOT_FOUND", Some("email")));
    assert_eq!(error(&scene.join(&taken_back).await), wrong);

    let late = invite("three@example.com").await;
    scene.server.platform.clock.advance(INVITATION_LIFETIME);
    assert_eq!(error(&scene.join(&late).await), wrong);
    assert_eq!(error(&scene.join("").await), wrong);
}

#[tokio::test(flavor = "multi_thread")]
async fn that_an_address_has_an_account_is_told_to_its_reader_only() {
    let scene = Scene::new().await;
    let other = people::employer(&scene.server.platform, EmployerVerification::Verified).await;
    assert_eq!(
        scene.invite(&scene.administrator, &other.member, "MEMBER").await,
        done()
    );
    let token = scene.token(&other.member).await;
    assert_eq!(error(&scene.join(&token).await), ("ALREADY_TAKEN", Some("email")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_colleague_is_out_at_once_and_nobody_disables_himself() {
    let scene = Scene::new().await;
    let (colleague, id) = scene.colleague("colleague@example.com", "ADMINISTRATOR").await;
    let own = scene.own_id(&scene.administrator).await;
    assert_eq!(
        error(&set(&scene.administrator, DISABLE, &own).await),
        ("STEP_NOT_ALLOWED", Some("memberId"))
    );
    assert_eq!(
        error(&set(&scene.administrator, ENABLE, &own).await),
        ("STEP_NOT_ALLOWED", None),
        "nor is he disabled"
    );
    assert_eq!(
        error(&set(&scene.administrator, ENABLE, &id).await),
        ("STEP_NOT_ALLOWED", None),
        "he is not disabled"
    );
    let disabled = set(&scene.administrator, DISABLE, &id).await;
    assert!(disabled["member"]["disabledAt"].is_string(), "{disabled}");
    let answer = colleague.graphql(MEMBERS, json!({})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    let log_in = "mutation($input: LogInInput!) { logIn(input: $input) { userErrors { code } } }";
    let input = json!({ "identifier": "colleague@example.com", "password": PASSWORD, "delivery": "BEARER" });
    let refused = scene
        .server
        .client()
        .mutate(log_in, json!({ "input": input }))
        .await;
    assert_eq!(refused["userErrors"][0]["code"], "WRONG_CREDENTIALS");
    assert_eq!(
        error(&set(&scene.administrator, DISABLE, &id).await),
        ("STEP_NOT_ALLOWED", None)
    );

    assert_eq!(
        set(&scene.administrator, ENABLE, &id).await["member"]["disabledAt"],
        Value::Null
    );
    let answer = colleague.graphql(MEMBERS, json!({})).await;
    assert_eq!(
        answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED",
        "the old session stays ended"
    );
    let again = scene.server.login("colleague@example.com").await;
    assert!(
        set(&again, DISABLE, &own).await["member"]["disabledAt"].is_string(),
        "one administrator another"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_administrators_who_disable_each_other_one_stays() {
    let scene = Scene::new().await;
    let (colleague, id) = scene.colleague("colleague@example.com", "ADMINISTRATOR").await;
    let own = scene.own_id(&scene.administrator).await;
    let (one, other) = tokio::join!(
        scene.administrator.graphql(DISABLE, json!({ "id": id })),
        colleague.graphql(DISABLE, json!({ "id": own }))
    );
    let disabled = [one, other]
        .iter()
        .filter(|answer| answer["data"]["disableEmployerMember"]["member"].is_object())
        .count();
    assert_eq!(disabled, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_wrong_input_and_floods_are_refused() {
    let scene = Scene::new().await;
    for (email, name, field) in [("nobody", "同事", "email"), ("a@example.com", " ", "name")] {
        let input = json!({ "email": email, "name": name, "role": "MEMBER" });
        let refused = scene
            .administrator
            .mutate(INVITE, json!({ "input": input }))
            .await;
        assert_eq!(error(&refused), ("INVALID_INPUT", Some(field)));
    }
    let rival = people::employer(&scene.server.platform, EmployerVerification::Verified).await;
    let rival = scene.server.login(&rival.member).await;
    let own = scene.own_id(&scene.administrator).await;
    assert_eq!(
        error(&set(&rival, DISABLE, &own).await),
        ("NOT_FOUND", Some("memberId"))
    );
    let theirs = "query($id: ID!) { employerMembers(employerId: $id) { nodes { id } } }";
    let id = wangqian_api::id::NodeType::Employer
        .id(scene.company.id)
        .to_string();
    let seen = rival.query(theirs, json!({ "id": id })).await;
    assert_eq!(seen["employerMembers"]["nodes"], json!([]));
    let operator = scene
        .server
        .login(&people::operator(&scene.server.platform).await)
        .await;
    let seen = operator.query(theirs, json!({ "id": id })).await;
    assert_eq!(seen["employerMembers"]["nodes"], json!([{ "id": own }]));
    let waiting = people::employer(&scene.server.platform, EmployerVerification::Pending).await;
    let waiting = scene.server.login(&waiting.member).await;
    let refused = scene.invite(&waiting, "a@example.com", "MEMBER").await;
    assert_eq!(error(&refused), ("EMPLOYER_NOT_VERIFIED", None));

    let emails: Vec<_> = (0..52)
        .map(|number| format!("flood{number}@example.com"))
        .collect();
    let answers = join_all(
        emails
            .iter()
            .map(|email| scene.invite(&scene.administrator, email, "MEMBER")),
    )
    .await;
    let refused = answers
        .iter()
        .filter(|answer| error(answer) == ("TOO_MANY_REQUESTS", None));
    assert_eq!(refused.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_shows_to_administrators_with_how_far_its_mail_got() {
    let scene = Scene::new().await;
    let email = "colleague@example.com";
    let listed = async |client: &Client| {
        let found = client.query(INVITATIONS, json!({})).await;
        found["memberInvitations"]["nodes"].clone()
    };
    let shows = async |delivery: &str| {
        let expected =
            json!([{ "email": email, "name": "示例同事", "role": "MEMBER", "delivery": delivery }]);
        let look = async || (listed(&scene.administrator).await == expected).then_some(());
        scene.server.until(delivery, look).await;
    };
    let execute = async |sql: &str| {
        let mut conn = scene.server.platform.pool.get().await.unwrap();
        let query = diesel::sql_query(sql);
        diesel_async::RunQueryDsl::execute(query, &mut conn)
            .await
            .unwrap();
    };
    assert_eq!(scene.invite(&scene.administrator, email, "MEMBER").await, done());
    shows("SENT").await;
    execute("UPDATE member_invitations SET delivery = 'FAILED'").await;
    shows("FAILED").await;
    // At once again: no mail may go so soon, and nothing tells that.
    assert_eq!(scene.invite(&scene.administrator, email, "MEMBER").await, done());
    shows("SENT").await;
    let first = scene.token(email).await;
    assert_eq!(scene.outbox.unread_to(email), None);

    scene.server.platform.clock.advance(TimeDelta::minutes(1));
    let (colleague, _) = scene.colleague(email, "MEMBER").await;
    assert_eq!(
        error(&scene.join(&first).await),
        ("WRONG_CODE", Some("token")),
        "replaced"
    );
    assert_eq!(listed(&scene.administrator).await, json!([]), "he has joined");
    for _ in 0..2 {
        let invited = scene.invite(&scene.administrator, "other@example.com", "MEMBER");
        assert_eq!(invited.await, done());
    }
    let sent = scene.token("other@example.com").await;
    let joined = scene.join(&sent).await;
    assert_eq!(
        joined["userErrors"],
        json!([]),
        "the one that was sent stays good"
    );
    let invited = scene.invite(&scene.administrator, "third@example.com", "MEMBER");
    assert_eq!(invited.await, done());
    assert_eq!(listed(&colleague).await, json!([]), "administrators only");
    scene.server.platform.clock.advance(INVITATION_LIFETIME);
    assert_eq!(
        listed(&scene.server.login(&scene.company.member).await).await,
        json!([]),
        "it is over"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_to_members_stands_on_the_employers_trail_by_ids_alone() {
    let scene = Scene::new().await;
    let own = scene.own_id(&scene.administrator).await;
    let email = "colleague@example.com";
    let (colleague, id) = scene.colleague(email, "MEMBER").await;
    set(&scene.administrator, DISABLE, &id).await;
    set(&scene.administrator, ENABLE, &id).await;
    assert_eq!(
        error(&set(&scene.administrator, ENABLE, &id).await).0,
        "STEP_NOT_ALLOWED",
        "which leaves nothing"
    );
    assert_eq!(
        scene
            .invite(&scene.administrator, "other@example.com", "ADMINISTRATOR")
            .await,
        done()
    );
    let withdrawn = scene
        .administrator
        .mutate(WITHDRAW, json!({ "email": "other@example.com" }))
        .await;
    assert_eq!(withdrawn, done());

    let operator = scene
        .server
        .login(&people::operator(&scene.server.platform).await)
        .await;
    let employer = wangqian_api::id::NodeType::Employer
        .id(scene.company.id)
        .to_string();
    let refuse = "mutation($id: ID!) { verifyEmployer(input: { employerId: $id, decision: REFUSE, reason: \"执照已注销\" }) {
        userErrors { code } } }";
    assert_eq!(operator.mutate(refuse, json!({ "id": employer })).await, done());
    set(&scene.administrator, DISABLE, &id).await;
    let event = |action: &str, actor: &str, member: Option<&str>, from: Option<&str>, to: &str| {
        let role = if action == "REFUSE" {
            "OPERATOR"
        } else {
            "EMPLOYER"
        };
        let actor = (role == "EMPLOYER").then_some(actor);
        json!({ "action": action, "actorRole": role, "fromStatus": from, "toStatus": to, "actorId": actor, "memberId": member })
    };
    let verified = Some("VERIFIED");
    let expected = json!([
        event("INVITE_MEMBER", &own, None, None, "VERIFIED"),
        event("JOIN_MEMBER", &id, Some(&id), verified, "VERIFIED"),
        event("DISABLE_MEMBER", &own, Some(&id), verified, "VERIFIED"),
        event("ENABLE_MEMBER", &own, Some(&id), verified, "VERIFIED"),
        event("INVITE_MEMBER", &own, None, verified, "VERIFIED"),
        event("WITHDRAW_MEMBER_INVITATION", &own, None, verified, "VERIFIED"),
        event("REFUSE", "", None, verified, "REFUSED"),
        event("DISABLE_MEMBER", &own, Some(&id), Some("REFUSED"), "REFUSED"),
    ]);
    for client in [&scene.administrator, &operator] {
        let found = client.query(HISTORY, json!({ "id": employer })).await;
        let registration = &found["node"]["registration"];
        assert_eq!(registration["history"]["nodes"], expected);
        assert_eq!(
            (&registration["reason"], &registration["version"]),
            (&json!("执照已注销"), &json!(2)),
            "members are no matter of the registration"
        );
    }
    drop(colleague);
    #[derive(diesel::QueryableByName)]
    struct Changes {
        #[diesel(sql_type = diesel::sql_types::Text)]
        text: String,
    }
    let mut conn = scene.server.platform.pool.get().await.unwrap();
    let all = diesel::sql_query("SELECT string_agg(case_events::text, '') AS text FROM case_events");
    let all: Changes = diesel_async::RunQueryDsl::get_result(all, &mut conn)
        .await
        .unwrap();
    assert!(
        !all.text.contains('@') && !all.text.contains("同事"),
        "{}",
        all.text
    );
    let audit = wangqian_schema::audit::walk(&mut conn, None).await.unwrap();
    assert_eq!((audit.cases, audit.events, audit.breaks), (1, 8, vec![]));
}
