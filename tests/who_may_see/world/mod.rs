//! The people of the table, and what they have to do with each other. What happens between its sections stands in `story`.

mod story;

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

/// What an operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Nothing in particular.
    Nothing,
    /// The case of the section.
    Case,
    /// Its paper.
    Document,
    /// The code on its paper.
    VerificationCode,
    /// The graduate of the case.
    Graduate,
    /// His e-mail address, as an identifier to log in with.
    Identifier,
    /// A session of his on another device.
    Session,
    /// A message to him about the case.
    GraduatesMessage,
    /// A message to the employer about the case.
    EmployersMessage,
    /// The employer of the case.
    Employer,
    /// The graduate's school.
    School,
    /// The graduate's department.
    Department,
    /// A third student, with whom nobody has a case at first.
    Third,
    /// The third student's number.
    StudentNumber,
    /// The third student's ID-card number.
    IdCardNumber,
    /// A message to the employer that could not be sent.
    StuckWork,
    /// How far it got.
    MessageDelivery,
    /// The employer that waits to be verified.
    Waiting,
    /// A colleague of the employer's member, who is its administrator.
    Colleague,
    /// The last termination of the case.
    Termination,
    /// A roster that the school has announced.
    Import,
    /// What the school's reviewer has exported.
    Export,
    /// A second reviewer of the graduate's department.
    Reviewer,
    /// A file that the graduate has announced for a case.
    Upload,
    /// A file of the case.
    CaseFile,
    /// The destination that the graduate registers.
    Destination,
    /// The agreement that the graduate fills in himself.
    Filed,
    /// What opens the link for its stamped copy.
    CopyLink,
    /// The termination of what the graduate registered himself.
    FiledTermination,
    /// The graduate's confirmation before he leaves school.
    Leaving,
    /// His name and the number of his sheet, with a space between.
    SheetNumber,
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
    copy_link: String,
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
            copy_link: String::new(),
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

    /// The id of something, and one of the same form that means nothing.
    pub(super) fn target(&self, target: Target) -> (String, String) {
        let node = |node_type: NodeType, uuid| node_type.id(uuid).to_string();
        let nothing = |node_type| node(node_type, Uuid::now_v7());
        match target {
            Target::Nothing => (String::new(), String::new()),
            Target::Case => (self.case(), nothing(NodeType::Agreement)),
            Target::Document => (text_of(&self.document["id"]), nothing(NodeType::Document)),
            Target::VerificationCode => (
                text_of(&self.document["verificationCode"]),
                "0000-0000-0000-0000".to_owned(),
            ),
            Target::Graduate => (
                node(NodeType::Graduate, self.graduate.id),
                nothing(NodeType::Graduate),
            ),
            Target::Identifier => (self.graduate.email.clone(), "nobody@example.com".to_owned()),
            Target::Session => (self.session.clone(), nothing(NodeType::Session)),
            Target::GraduatesMessage => (self.messages[0].clone(), nothing(NodeType::Notification)),
            Target::EmployersMessage => (self.messages[1].clone(), nothing(NodeType::Notification)),
            Target::Employer => (
                node(NodeType::Employer, self.company.id),
                nothing(NodeType::Employer),
            ),
            Target::Waiting => (
                node(NodeType::Employer, self.waiting),
                nothing(NodeType::Employer),
            ),
            Target::Colleague => (
                node(NodeType::EmployerMember, self.colleague),
                nothing(NodeType::EmployerMember),
            ),
            Target::Reviewer => (
                node(NodeType::Reviewer, self.reviewer),
                nothing(NodeType::Reviewer),
            ),
            Target::School => (
                node(NodeType::School, self.school.school),
                nothing(NodeType::School),
            ),
            Target::Department => (
                node(NodeType::Department, self.school.department),
                nothing(NodeType::Department),
            ),
            Target::Third => (
                node(NodeType::Graduate, self.third.id),
                nothing(NodeType::Graduate),
            ),
            Target::StudentNumber => (self.third.student_number.clone(), "1999000000".to_owned()),
            Target::StuckWork => (
                node(NodeType::StuckWork, self.stuck),
                nothing(NodeType::StuckWork),
            ),
            Target::MessageDelivery => (
                node(NodeType::MessageDelivery, self.stuck),
                nothing(NodeType::MessageDelivery),
            ),
            Target::Termination => (self.termination(), nothing(NodeType::Termination)),
            Target::Import => (self.import.clone(), nothing(NodeType::GraduateImport)),
            Target::Export => (text_of(&self.export["id"]), nothing(NodeType::RecordExport)),
            Target::Upload => (self.upload.clone(), nothing(NodeType::Upload)),
            Target::Filed => (self.filed.clone(), nothing(NodeType::Agreement)),
            Target::Destination => (self.destination(), nothing(NodeType::Destination)),
            Target::CopyLink => (self.copy_link.clone(), "00".to_owned()),
            Target::FiledTermination => (self.filed_termination.clone(), nothing(NodeType::Termination)),
            Target::Leaving => (self.leaving.clone(), nothing(NodeType::LeavingConfirmation)),
            Target::SheetNumber => (
                format!("{} {}", self.graduate.name, self.sheet_number),
                format!("{} 0000-0000-0000-0000", self.graduate.name),
            ),
            Target::CaseFile => (self.case_file.clone(), nothing(NodeType::CaseFile)),
            Target::IdCardNumber => (self.third.id_card_number.clone(), "11010119900307299X".to_owned()),
        }
    }

    /// Whether somebody sees the object of this id at all.
    pub(super) async fn sees(&self, who: Who, id: &str) -> bool {
        let query = "query($id: ID!) { node(id: $id) { id } }";
        let answer = self.client(who).graphql(query, json!({ "id": id })).await;
        answer["data"]["node"]["id"] == id
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
        let key = "SELECT object_key AS text FROM documents";
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
