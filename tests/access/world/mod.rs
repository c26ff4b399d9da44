//! The people of the table, and what they have to do with each other. What happens between its sections stands in `story`.

mod beside;
mod story;
mod targets;

use std::time::Instant;

use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;
use wangqian_api::id::NodeType;
use wangqian_schema::{
    manual::manual,
    model::{
        employer::EmployerVerification,
        manual::{self as manuals, StoredManual},
    },
    workflow::ReviewRoute,
};

use self::beside::Beside;
pub(super) use self::{
    beside::{FILED, PAGE, VERSION, filled_in},
    targets::Target,
};
use crate::support::{
    Client, Server,
    people::{self, Company, Person, SchoolWorld},
    process::PATIENCE,
};

/// The columns of the table, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Graduate,
    Classmate,
    Employer,
    Rival,
    Unverified,
    Department,
    OtherDepartment,
    School,
    OtherSchool,
    Operator,
    Nobody,
}

impl Who {
    /// All, with their names in the table.
    pub(super) const ALL: [(Self, &'static str); 11] = [
        (Self::Graduate, "graduate"),
        (Self::Classmate, "classmate"),
        (Self::Employer, "employer"),
        (Self::Rival, "rival"),
        (Self::Unverified, "unverified"),
        (Self::Department, "department"),
        (Self::OtherDepartment, "other dept."),
        (Self::School, "school"),
        (Self::OtherSchool, "other school"),
        (Self::Operator, "operator"),
        (Self::Nobody, "nobody"),
    ];
}

#[derive(diesel::QueryableByName)]
pub(super) struct Text {
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub(super) text: String,
}

/// All that a step could change, apart from what the worker does by itself.
const SNAPSHOT: &str = "SELECT concat_ws(' ',
    (SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM agreements t),
    (SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM terminations t),
    (SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM destinations t),
    (SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM leaving_confirmations t),
    (SELECT md5(string_agg(t::text, ',' ORDER BY school_id, class_year)) FROM leaving_periods t),
    (SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM graduates t),
    (SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM employers t),
    (SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM accounts t),
    (SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM schools t),
    (SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM departments t),
    (SELECT md5(string_agg(t::text, ',' ORDER BY account_id)) FROM reviewers t),
    (SELECT md5(string_agg(t::text, ',' ORDER BY graduate_id)) FROM engagements t),
    (SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM case_events t),
    (SELECT md5(string_agg(t::text, ',' ORDER BY case_id)) FROM review_assignments t),
    (SELECT md5(string_agg(t::text, ',' ORDER BY account_id)) FROM message_opt_outs t),
    (SELECT md5(string_agg(concat(id, read_at), ',' ORDER BY id)) FROM messages),
    (SELECT md5(string_agg(concat(id, ended_at), ',' ORDER BY id)) FROM sessions),
    (SELECT md5(string_agg(id::text, ',' ORDER BY id)) FROM jobs WHERE unique_key IS NULL OR unique_key NOT LIKE 'cron:%'),
    (SELECT md5(string_agg(concat(id, state), ',' ORDER BY id)) FROM uploads),
    (SELECT md5(string_agg(concat(id, email), ',' ORDER BY id)) FROM member_invitations),
    (SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM graduate_imports t),
    (SELECT md5(string_agg(id::text, ',' ORDER BY id)) FROM record_exports),
    (SELECT count(*) FROM record_export_log),
    (SELECT count(*) FROM idempotency_keys)) AS text";

/// The people, the case and what belongs to it.
pub(super) struct World {
    pub(super) server: Server,
    pub(super) graduate: Person,
    pub(super) company: Company,
    school: SchoolWorld,
    third: Person,
    /// With whom the rival has cases, so that strangers are not strangers because they have nothing at all.
    others: Vec<String>,
    emails: Vec<String>,
    clients: Vec<Client>,
    session: String,
    /// From where the live feed is followed in this section.
    pub(super) feed_begin: Value,
    /// Where the feed stood before the first section.
    dawn: Value,
    case: String,
    document: Value,
    messages: [String; 2],
    stuck: Uuid,
    waiting: Uuid,
    colleague: Uuid,
    reviewer: Uuid,
    /// The e-mail address of that reviewer.
    pub(super) reviewer_email: String,
    import: String,
    export: Value,
    termination: String,
    upload: String,
    case_file: String,
    filed: String,
    destination: String,
    /// Files and links beside the cases.
    beside: Beside,
    filed_termination: String,
    pub(super) leaving: String,
    pub(super) sheet_number: String,
}

/// Puts a manual there, so that it is the same for everybody however long it takes to make one.
async fn publish_manual(server: &Server) {
    let made = StoredManual {
        source_sha256: manual().source_sha256.to_vec(),
        sha256: vec![0; 32],
        object_key: "manuals/made-up.pdf".to_owned(),
        pages: 1,
        byte_size: 4,
        edition: manual().edition,
        created_at: server.platform.clock.now(),
    };
    let put = server.storage.put(&made.object_key, "application/pdf", b"%PDF");
    put.await.unwrap();
    let mut conn = server.platform.pool.get().await.unwrap();
    manuals::keep(&mut conn, &made).await.unwrap();
}

impl World {
    /// Before any step.
    pub(super) async fn new() -> Self {
        // Everybody tries a wrong password, and asks for a code.
        let server = Server::empty_with(&[
            "--login-attempts=1000",
            "--code-pause-seconds=0",
            "--codes-per-day=1000",
        ])
        .await;
        let platform = &server.platform;
        publish_manual(&server).await;
        let school = people::school(platform, ReviewRoute::DepartmentThenSchool).await;
        let (department, other_department) = people::department(platform, school.school).await;
        let other_school = people::school(platform, ReviewRoute::DepartmentThenSchool).await;
        let unconfirmed = async || people::graduate(platform, &school, |new| new.confirmed_at = None).await;
        let (graduate, classmate) = (unconfirmed().await, unconfirmed().await);
        let third = people::graduate(platform, &school, |new| new.name = "夏示例".to_owned()).await;
        let elsewhere = [
            classmate.clone(),
            people::graduate(platform, &school, |new| new.department_id = department).await,
            people::graduate(platform, &other_school, |_| ()).await,
        ];
        let company = people::employer(platform, EmployerVerification::Verified).await;
        let rival = people::employer(platform, EmployerVerification::Verified).await;
        let unverified = people::employer(platform, EmployerVerification::Pending).await;
        let emails = vec![
            graduate.email.clone(),
            classmate.email,
            company.member.clone(),
            rival.member,
            unverified.member,
            school.department_reviewer.clone(),
            other_department,
            school.school_reviewer.clone(),
            other_school.school_reviewer,
            people::operator(platform).await,
        ];
        let colleague = people::member(platform, company.id).await;
        let colleague = people::account_of(platform, &colleague).await;
        let reviewer_email = people::reviewer(platform, school.school, Some(school.department)).await;
        let reviewer = people::account_of(platform, &reviewer_email).await;
        let mut conn = platform.pool.get().await.unwrap();
        let invited = format!(
            "INSERT INTO member_invitations (id, employer_id, email, name, role, created_at, expires_at)
             VALUES (gen_random_uuid(), '{}', 'invited@example.com', '示例同事', 'MEMBER', now(), now() + interval '7 days')",
            company.id
        );
        diesel::sql_query(invited).execute(&mut conn).await.unwrap();
        drop(conn);
        beside::keep_licence(&server, unverified.id).await;
        // Of the graduate's two sessions this is the one that he may end.
        let device = server.login(&graduate.email).await;
        let list = "{ sessions(first: 1) { nodes { id } } }";
        let session = device.query(list, json!({})).await["sessions"]["nodes"][0]["id"].clone();
        let mut clients = Vec::new();
        for email in &emails {
            clients.push(server.login(email).await);
        }
        let dawn = feed_cursor(&clients[0]).await;
        clients.push(server.client());
        Self {
            others: elsewhere
                .iter()
                .map(|person| NodeType::Graduate.id(person.id).to_string())
                .collect(),
            session: text_of(&session),
            graduate,
            company,
            school,
            third,
            emails,
            clients,
            feed_begin: dawn.clone(),
            dawn,
            case: String::new(),
            document: Value::Null,
            messages: [String::new(), String::new()],
            stuck: Uuid::nil(),
            waiting: unverified.id,
            colleague,
            reviewer,
            reviewer_email,
            import: String::new(),
            export: Value::Null,
            termination: String::new(),
            upload: String::new(),
            case_file: String::new(),
            filed: String::new(),
            destination: String::new(),
            beside: Beside::default(),
            filed_termination: String::new(),
            leaving: String::new(),
            sheet_number: String::new(),
            server,
        }
    }

    /// The client of somebody.
    pub(super) fn client(&self, who: Who) -> &Client {
        &self.clients[who as usize]
    }

    /// A client with a session of its own.
    pub(super) async fn fresh(&self, who: Who) -> Client {
        match self.emails.get(who as usize) {
            Some(email) => self.server.login(email).await,
            None => self.server.client(),
        }
    }

    /// The termination of this section.
    pub(super) fn termination(&self) -> String {
        self.termination.clone()
    }

    /// The destination of this section.
    pub(super) fn destination(&self) -> String {
        self.destination.clone()
    }

    /// The case of this section.
    pub(super) fn case(&self) -> String {
        self.case.clone()
    }

    /// Whether somebody sees the object of this id at all.
    pub(super) async fn sees(&self, who: Who, id: &str) -> bool {
        let query = "query($id: ID!) { node(id: $id) { id } }";
        let answer = self.client(who).graphql(query, json!({ "id": id })).await;
        answer["data"]["node"]["id"] == id || self.opens(id)
    }

    /// The number of what the school's reviewer has exported.
    pub(super) fn export_number(&self) -> String {
        text_of(&self.export["number"])
    }

    /// The state of the database.
    pub(super) async fn snapshot(&self) -> String {
        let mut conn = self.server.platform.pool.get().await.unwrap();
        let row: Text = diesel::sql_query(SNAPSHOT).get_result(&mut conn).await.unwrap();
        row.text
    }

    /// Waits until no transaction of anybody's holds the feed back: whoever follows from now on has at once all that was.
    pub(super) async fn until_the_feed_is_final(&self) {
        let query = "SELECT ((SELECT max(txid) FROM case_events) <
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint)::text AS text";
        let begun = Instant::now();
        let mut conn = self.server.platform.pool.get().await.unwrap();
        loop {
            let row: Text = diesel::sql_query(query).get_result(&mut conn).await.unwrap();
            if row.text == "true" {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "the feed is held back");
        }
    }

    /// The paper's bytes, from the object store itself.
    pub(super) async fn stored_paper(&self) -> Vec<u8> {
        let mut conn = self.server.platform.pool.get().await.unwrap();
        let key = "SELECT object_key AS text FROM documents WHERE object_key IS NOT NULL ORDER BY id LIMIT 1";
        let row: Text = diesel::sql_query(key).get_result(&mut conn).await.unwrap();
        self.server.storage.get(&row.text).await.expect("the paper")
    }
}

async fn feed_cursor(client: &Client) -> Value {
    client.query("{ feedCursor }", json!({})).await["feedCursor"].take()
}

pub(super) fn text_of(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}
