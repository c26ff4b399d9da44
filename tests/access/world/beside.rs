//! Files and secret links beside the cases of the story, and what a row can only know while the story is told.

use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::{Value, json};
use uuid::Uuid;
use wangqian_api::id::{NodeType, decode};
use wangqian_schema::model::{case_file, case_upload::UploadOwner, event::CaseKind};

use super::{Text, Who, World, text_of};
use crate::support::{
    Client, Server, filing, made_files, outbox::Outbox, people, signing::review, uploading,
};

/// In the variables of a row: a picture of the graduate's that is ready to be handed in.
pub(in crate::access) const PAGE: &str = "(page)";
/// In the variables of a row: the agreement that the graduate filled in.
pub(in crate::access) const FILED: &str = "(filed)";
/// In the variables of a row: the version of that agreement.
pub(in crate::access) const VERSION: &str = "(version)";

/// What stands beside the cases. Each link is its token, with a space and a page that came through it.
#[derive(Default)]
pub(super) struct Beside {
    pub(super) live: String,
    /// The live token, with a page that was announced through it and never put.
    pub(super) announced: String,
    pub(super) replaced: String,
    pub(super) expired: String,
    pub(super) used: String,
    /// The token of another graduate's agreement.
    pub(super) others: String,
    pub(super) page: String,
    pub(super) termination_file: String,
    pub(super) destination_file: String,
    pub(super) version: Value,
}

/// The variables of a row, with what the story knows in the place of what stands for it.
pub(in crate::access) fn filled_in(world: &World, variables: Value) -> Value {
    match variables {
        Value::String(text) if text == PAGE => json!(world.beside.page),
        Value::String(text) if text == FILED => json!(world.filed),
        Value::String(text) if text == VERSION => world.beside.version.clone(),
        Value::Array(items) => {
            let filled = items.into_iter().map(|item| filled_in(world, item));
            Value::Array(filled.collect())
        }
        Value::Object(fields) => {
            let filled = fields
                .into_iter()
                .map(|(name, value)| (name, filled_in(world, value)));
            Value::Object(filled.collect())
        }
        other => other,
    }
}

/// The licence of an employer that waits.
pub(super) async fn keep_licence(server: &Server, employer: Uuid) {
    let key = "licences/made-up.png";
    let licence = made_files::png();
    let put = server.storage.put(key, "image/png", &licence);
    put.await.unwrap();
    let keep = "INSERT INTO employer_licences (id, employer_id, object_key, content_type, byte_size, sha256, stored_at)
        VALUES (gen_random_uuid(), $1, $2, 'image/png', $3, sha256($4), now())";
    let mut conn = server.platform.pool.get().await.unwrap();
    let size = i32::try_from(licence.len()).unwrap();
    diesel::sql_query(keep)
        .bind::<diesel::sql_types::Uuid, _>(employer)
        .bind::<diesel::sql_types::Text, _>(key)
        .bind::<diesel::sql_types::Integer, _>(size)
        .bind::<diesel::sql_types::Binary, _>(&licence)
        .execute(&mut conn)
        .await
        .unwrap();
}

impl World {
    /// Whether this begins with the token of a link that lives: whoever has it sees what it opens.
    pub(super) fn opens(&self, id: &str) -> bool {
        let token = self.beside.live.split(' ').next().unwrap_or_default();
        !token.is_empty() && id.starts_with(token)
    }

    /// A picture of the graduate's that was looked at and is in no case.
    pub(super) async fn new_page(&self) -> String {
        let graduate = self.client(Who::Graduate);
        let ready =
            uploading::upload(&self.server, graduate, "page.png", "image/png", made_files::png()).await;
        text_of(&ready["id"])
    }

    /// Attaches a picture to the destination, as a step that hands it in does.
    pub(super) async fn attach_to_destination(&mut self) {
        let uuid = |id: &str| decode(&id.into()).expect("a global id").1;
        let page = self.new_page().await;
        let platform = &self.server.platform;
        let owner = UploadOwner::Account(people::account_of(platform, &self.graduate.email).await);
        let case = (CaseKind::Destination, uuid(&self.destination));
        let mut conn = platform.pool.get().await.unwrap();
        let now = platform.clock.now();
        let files = AsyncConnection::transaction(&mut *conn, async |conn| {
            case_file::attach(conn, &owner, case, 1, &[uuid(&page)], 1..=9, now).await
        });
        let files = files.await.unwrap();
        self.beside.destination_file = NodeType::CaseFile.id(files[0].id).to_string();
    }

    /// Notes the version of the agreement that the graduate filled in.
    pub(super) async fn note_version(&mut self) {
        let version = "query($id: ID!) { node(id: $id) { ... on Agreement { version } } }";
        let graduate = self.client(Who::Graduate);
        let seen = graduate.query(version, json!({ "id": self.filed })).await;
        self.beside.version = seen["node"]["version"].clone();
    }

    /// The graduate disputes, unless he does already.
    pub(in crate::access) async fn dispute(&self) {
        let dispute = "mutation { disputeLeaving(input: { reason: \"示例\" }) { userErrors { code } } }";
        self.client(Who::Graduate).mutate(dispute, json!({})).await;
    }

    /// The employer's contact has a link for the stamped copy; another was replaced, one is too old, one is used, and one is another
    /// agreement's.
    pub(super) async fn await_links(&mut self) {
        let outbox = Outbox::new(self.server.outbox());
        let replaced = token(&outbox, "10000000001").await;
        let graduate = self.client(Who::Graduate);
        ask_for_link(graduate, &self.filed).await;
        let live = token(&outbox, "10000000001").await;
        let page = self.page_by(&live).await;
        let expired = self.another("10000000002", &outbox).await;
        let expired_page = self.page_by(&expired.1).await;
        let end = format!(
            "UPDATE stamped_copy_links SET expires_at = now() - interval '1 second' WHERE agreement_id = '{}'",
            decode(&expired.0.as_str().into()).expect("a global id").1
        );
        let mut conn = self.server.platform.pool.get().await.unwrap();
        diesel::sql_query(end).execute(&mut conn).await.unwrap();
        drop(conn);
        let used = self.another("10000000003", &outbox).await;
        let used_page = self.page_by(&used.1).await;
        let submit = "mutation($input: SubmitStampedCopyByLinkInput!) {
            submitStampedCopyByLink(input: $input) { submitted userErrors { code field message } } }";
        let input = json!({ "token": used.1, "files": [used_page] });
        let contact = self.server.client();
        let submitted = contact.mutate(submit, json!({ "input": input })).await;
        assert_eq!(submitted["submitted"], true, "{submitted}");
        review(self.client(Who::Department), &used.0, "RETURN", Some("示例")).await;
        let others = self.another("10000000004", &outbox).await;
        self.beside.others = others.1;
        // The page of the newer link: whoever took the older one for good would take it too.
        self.beside.replaced = format!("{replaced} {page}");
        self.beside.live = format!("{live} {page}");
        let announced = self.announce_by(&live).await.0;
        self.beside.announced = format!("{live} {announced}");
        self.beside.expired = format!("{} {expired_page}", expired.1);
        self.beside.used = format!("{} {used_page}", used.1);
        self.until_nothing_is_owed().await;
    }

    /// The agreement of somebody else, and the token of its link.
    async fn another(&self, mobile: &str, outbox: &Outbox) -> (String, String) {
        let person = people::graduate(&self.server.platform, &self.school, |_| ()).await;
        let client = self.server.login(&person.email).await;
        let mut draft = filing::filled();
        draft["employerName"] = json!("示例海岛中学");
        draft["contactMobile"] = json!(mobile);
        let id = filing::id(&filing::create(&client, "OFFLINE", draft).await);
        filing::submit(&client, &id, &[]).await;
        for reviewer in [Who::Department, Who::School] {
            review(self.client(reviewer), &id, "APPROVE", None).await;
        }
        self.paper_of(&client, &id).await;
        ask_for_link(&client, &id).await;
        (id, token(outbox, mobile).await)
    }

    /// Announces a page through a link: its id, and where to put it.
    async fn announce_by(&self, token: &str) -> (String, String) {
        let create =
            "mutation($input: CreateStampedCopyUploadInput!) { createStampedCopyUpload(input: $input) {
            upload { id } link { url } userErrors { code field } } }";
        let input = json!({ "token": token, "fileName": "stamped.png", "contentType": "image/png",
            "byteSize": made_files::png().len() });
        let contact = self.server.client();
        let created = contact.mutate(create, json!({ "input": input })).await;
        (
            text_of(&created["upload"]["id"]),
            text_of(&created["link"]["url"]),
        )
    }

    /// A page that came through a link and was looked at.
    async fn page_by(&self, token: &str) -> String {
        let contact = self.server.client();
        let (page, url) = self.announce_by(token).await;
        assert_eq!(uploading::put(&url, "image/png", made_files::png()).await, 200);
        let complete = "mutation($input: CompleteStampedCopyUploadInput!) {
            completeStampedCopyUpload(input: $input) { upload { state } userErrors { code field } } }";
        let input = json!({ "token": token, "uploadId": page });
        contact.mutate(complete, json!({ "input": input })).await;
        let state = "query($token: String!, $id: ID!) { stampedCopyRequest(token: $token) { upload(id: $id) { state } } }";
        let ready = async || {
            let seen = contact.query(state, json!({ "token": token, "id": page })).await;
            (seen["stampedCopyRequest"]["upload"]["state"] == "READY").then_some(())
        };
        self.server.eventually("the page to be looked at", ready).await;
        page
    }

    /// Waits until the worker has done all that the steps so far asked of it.
    pub(super) async fn until_nothing_is_owed(&self) {
        let left = "SELECT count(*)::text AS text FROM jobs WHERE state IN ('READY', 'RUNNING')
            AND (unique_key IS NULL OR unique_key NOT LIKE 'cron:%') AND run_at <= now()";
        let quiet = async || {
            let mut conn = self.server.platform.pool.get().await.unwrap();
            let left: Text = diesel::sql_query(left).get_result(&mut conn).await.unwrap();
            (left.text == "0").then_some(())
        };
        self.server.until("the worker", quiet).await;
    }
}

/// Asks for a link for the stamped copy.
async fn ask_for_link(graduate: &Client, agreement: &str) {
    let asked = filing::step(graduate, "requestStampedCopy", agreement).await;
    assert_eq!(asked["userErrors"], json!([]), "{asked}");
}

/// The token of the next link that somebody gets.
async fn token(outbox: &Outbox, address: &str) -> String {
    let text = outbox.next_to(address).await;
    let (_, token) = text.split_once("/stamped-copy#").expect("a link");
    token.chars().take_while(char::is_ascii_hexdigit).collect()
}
