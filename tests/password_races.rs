//! A password that is set, or an account that is disabled, while something is under way that was begun with it before.

use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use serde_json::{Value, json};
use wangqian_api::id::NodeType;
use wangqian_schema::{db::Connection, model::employer::EmployerVerification, workflow::ReviewRoute};

use crate::support::{Client, Server, client::PASSWORD, outbox::Outbox, people};

const REQUEST: &str =
    "mutation($identifier: String!) { requestPasswordReset(input: { identifier: $identifier }) {
    userErrors { code } } }";
const RESET: &str =
    "mutation($input: ResetPasswordInput!) { resetPassword(input: $input) { userErrors { code } } }";
const CHANGE: &str =
    "mutation($input: ChangePasswordInput!) { changePassword(input: $input) { userErrors { code } } }";
const REQUEST_CONTACT: &str =
    "mutation($input: RequestContactChangeInput!) { requestContactChange(input: $input) {
    userErrors { code } } }";
const CONFIRM_CONTACT: &str =
    "mutation($input: ConfirmContactChangeInput!) { confirmContactChange(input: $input) {
    userErrors { code } } }";
const LOG_IN: &str = "mutation($input: LogInInput!) { logIn(input: $input) { token userErrors { code } } }";
const NEW: &str = "全新的口令 pass phrase";

struct Scene {
    server: Server,
    email: String,
}

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

async fn count(conn: &mut AsyncPgConnection, of: &str) -> i64 {
    let query = format!("SELECT count(*) AS n FROM {of}");
    let row: Number = diesel::sql_query(query).get_result(conn).await.unwrap();
    row.n
}

impl Scene {
    async fn code(&self) -> String {
        let asked = json!({ "identifier": self.email });
        self.server.client().mutate(REQUEST, asked).await;
        Outbox::new(self.server.outbox()).next_code_to(&self.email).await
    }

    async fn reset(&self, code: &str) -> Value {
        let input = json!({ "identifier": self.email, "code": code, "newPassword": NEW });
        self.server
            .client()
            .mutate(RESET, json!({ "input": input }))
            .await
    }

    async fn log_in(&self, password: &str) -> Value {
        let input = json!({ "identifier": self.email, "password": password, "delivery": "BEARER" });
        self.server
            .client()
            .mutate(LOG_IN, json!({ "input": input }))
            .await
    }

    /// Holds the sessions, so that whoever ends them waits, with the account changed and nothing committed.
    async fn hold(&self) -> Connection {
        let mut holder = self.server.platform.pool.get().await.unwrap();
        let hold = "SET idle_in_transaction_session_timeout = 0; BEGIN; SELECT FROM sessions FOR UPDATE";
        holder.batch_execute(hold).await.unwrap();
        holder
    }

    /// Returns when so many wait for a lock.
    async fn waiting(&self, so_many: i64) {
        let waiting =
            "pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()";
        let seen = async || {
            let conn = &mut *self.server.platform.pool.get().await.unwrap();
            (count(conn, waiting).await >= so_many).then_some(())
        };
        self.server.eventually("those who wait", seen).await;
    }

    async fn live_sessions(&self) -> i64 {
        let account = people::account_of(&self.server.platform, &self.email).await;
        let conn = &mut *self.server.platform.pool.get().await.unwrap();
        let live = format!("sessions WHERE account_id = '{account}' AND ended_at IS NULL");
        count(conn, &live).await
    }
}

fn code(answer: &Value) -> &str {
    answer["userErrors"][0]["code"].as_str().unwrap_or("none")
}

#[tokio::test(flavor = "multi_thread")]
async fn who_knows_the_old_password_gets_nothing_out_of_the_moment_of_its_reset() {
    let server = Server::empty_with(&["--statement-timeout-ms=60000"]).await;
    let school = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
    let email = people::graduate(&server.platform, &school, |_| ()).await.email;
    let scene = Scene { server, email };
    let thief = scene.server.login(&scene.email).await;
    let mailed = scene.code().await;
    let mut holder = scene.hold().await;
    let change = async {
        scene.waiting(1).await;
        let input = json!({ "currentPassword": PASSWORD, "newPassword": "das Wort des Diebes" });
        thief.graphql(CHANGE, json!({ "input": input })).await
    };
    let log_in = async {
        scene.waiting(1).await;
        scene.log_in(PASSWORD).await
    };
    let release = async {
        scene.waiting(3).await;
        holder.batch_execute("COMMIT").await.unwrap();
    };
    let (reset, change, log_in, ()) = tokio::join!(scene.reset(&mailed), change, log_in, release);
    assert_eq!(code(&reset), "none", "{reset}");
    assert_eq!(
        change["errors"][0]["extensions"]["code"], "UNAUTHENTICATED",
        "{change}"
    );
    assert_eq!(code(&log_in), "WRONG_CREDENTIALS");
    assert_eq!(scene.live_sessions().await, 0);
    assert!(scene.log_in(NEW).await["token"].is_string(), "it is the new one");
}

/// Whoever resets his password shuts out the thief of a session, who must not get a new way in by what he sent before.
#[tokio::test(flavor = "multi_thread")]
async fn a_contact_change_that_waited_for_a_reset_changes_nothing() {
    let server = Server::empty_with(&["--statement-timeout-ms=60000"]).await;
    let school = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
    let email = people::graduate(&server.platform, &school, |_| ()).await.email;
    let scene = Scene { server, email };
    let thief = scene.server.login(&scene.email).await;
    let asked = json!({ "contact": { "email": "thief@example.com" }, "currentPassword": PASSWORD });
    let asked = thief.mutate(REQUEST_CONTACT, json!({ "input": asked })).await;
    assert_eq!(code(&asked), "none", "{asked}");
    let outbox = Outbox::new(scene.server.outbox());
    let to_thief = outbox.next_code_to("thief@example.com").await;
    let mailed = scene.code().await;
    let mut holder = scene.hold().await;
    let change = async {
        scene.waiting(1).await;
        let input = json!({ "input": { "code": to_thief } });
        thief.mutate(CONFIRM_CONTACT, input).await
    };
    let release = async {
        scene.waiting(2).await;
        holder.batch_execute("COMMIT").await.unwrap();
    };
    let (reset, change, ()) = tokio::join!(scene.reset(&mailed), change, release);
    assert_eq!(code(&reset), "none", "{reset}");
    assert_eq!(code(&change), "WRONG_CODE", "{change}");
    assert!(
        scene.log_in(NEW).await["token"].is_string(),
        "by the address that he had"
    );
}

async fn set_enabled(administrator: &Client, mutation: &str, id: &str) {
    let mutation = format!(
        "mutation($id: ID!) {{ {mutation}(input: {{ memberId: $id }}) {{ userErrors {{ code }} }} }}"
    );
    let done = administrator.mutate(&mutation, json!({ "id": id })).await;
    assert_eq!(code(&done), "none", "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_who_is_disabled_in_this_moment_neither_gets_in_nor_sets_a_password() {
    let server = Server::empty_with(&["--statement-timeout-ms=60000"]).await;
    let company = people::employer(&server.platform, EmployerVerification::Verified).await;
    let email = people::member(&server.platform, company.id).await;
    let id = NodeType::EmployerMember
        .id(people::account_of(&server.platform, &email).await)
        .to_string();
    let scene = Scene { server, email };
    let administrator = scene.server.login(&company.member).await;
    scene.server.login(&scene.email).await;
    let mailed = scene.code().await;
    let mut holder = scene.hold().await;
    let log_in = async {
        scene.waiting(1).await;
        scene.log_in(PASSWORD).await
    };
    let reset = async {
        scene.waiting(1).await;
        scene.reset(&mailed).await
    };
    let release = async {
        scene.waiting(3).await;
        holder.batch_execute("COMMIT").await.unwrap();
    };
    let disable = set_enabled(&administrator, "disableEmployerMember", &id);
    let ((), log_in, reset, ()) = tokio::join!(disable, log_in, reset, release);
    assert_eq!(code(&log_in), "WRONG_CREDENTIALS");
    assert_eq!(code(&reset), "WRONG_CODE");
    set_enabled(&administrator, "enableEmployerMember", &id).await;
    assert_eq!(scene.live_sessions().await, 0, "none comes back to life");
    assert!(
        scene.log_in(PASSWORD).await["token"].is_string(),
        "the password stayed"
    );
}
