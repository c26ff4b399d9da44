//! The story of offline signing (§6) as its people act it, and the secret link by which the employer's contact hands the stamped copy in.

use serde_json::{Value, json};
use wangqian_schema::workflow::ReviewRoute;

use super::{
    Client, Server, filing, made_files,
    outbox::Outbox,
    people::{self, Person, SchoolWorld},
    signing::review,
    uploading::{self, upload},
};

/// What a link opens, and an upload through it.
pub(crate) const REQUEST: &str = "query($token: String!, $upload: ID!) { stampedCopyRequest(token: $token) {
    agreementNumber employerName graduateName expiresAt downloadLink { url }
    upload(id: $upload) { id state refusal { code message } thumbnailLink { url } } } }";
/// Announces a page through a link.
pub(crate) const CREATE: &str =
    "mutation($input: CreateStampedCopyUploadInput!) { createStampedCopyUpload(input: $input) {
    upload { id } link { url } userErrors { code field message } } }";
/// Says that a page was put.
pub(crate) const COMPLETE: &str = "mutation($input: CompleteStampedCopyUploadInput!) {
    completeStampedCopyUpload(input: $input) { upload { id state } userErrors { code field message } } }";
/// Hands the copy in through a link.
pub(crate) const SUBMIT: &str = "mutation($input: SubmitStampedCopyByLinkInput!) {
    submitStampedCopyByLink(input: $input) { submitted userErrors { code field message } } }";

/// A school of both levels, a graduate of it, and what leaves the platform.
pub(crate) struct Story {
    pub(crate) server: Server,
    pub(crate) campus: SchoolWorld,
    pub(crate) graduate: Person,
    pub(crate) client: Client,
    pub(crate) department: Client,
    pub(crate) school: Client,
    pub(crate) outbox: Outbox,
}

impl Story {
    pub(crate) async fn begun() -> Self {
        let server = Server::empty().await;
        let campus = people::school(&server.platform, ReviewRoute::DepartmentThenSchool).await;
        let graduate = people::graduate(&server.platform, &campus, |_| {}).await;
        Self {
            client: server.login(&graduate.email).await,
            department: server.login(&campus.department_reviewer).await,
            school: server.login(&campus.school_reviewer).await,
            outbox: Outbox::new(server.outbox()),
            campus,
            graduate,
            server,
        }
    }

    pub(crate) async fn status(&self, agreement: &str) -> Value {
        let query = "query($id: ID!) { node(id: $id) { ... on Agreement { status } } }";
        let mut data = self.client.query(query, json!({ "id": agreement })).await;
        data["node"]["status"].take()
    }

    /// Both levels decide alike.
    pub(crate) async fn approved(&self, agreement: &str) -> Value {
        review(&self.department, agreement, "APPROVE", None).await;
        review(&self.school, agreement, "APPROVE", None).await
    }

    pub(crate) async fn terms_approved(&self) -> String {
        self.terms_approved_of(&self.client, filing::filled()).await
    }

    /// An agreement of a graduate's with these terms, ready to be printed.
    pub(crate) async fn terms_approved_of(&self, graduate: &Client, draft: Value) -> String {
        let id = filing::id(&filing::create(graduate, "OFFLINE", draft).await);
        filing::submit(graduate, &id, &[]).await;
        let approved = self.approved(&id).await;
        assert_eq!(approved["agreement"]["status"], "TERMS_APPROVED", "{approved}");
        id
    }

    pub(crate) async fn picture(&self, name: &str) -> String {
        let file = upload(&self.server, &self.client, name, "image/jpeg", made_files::jpeg()).await;
        assert_eq!(file["state"], "READY", "{file}");
        file["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn newest(&self) -> String {
        let query = "{ notifications(first: 1) { nodes { title body } } }";
        let data = self.client.query(query, json!({})).await;
        let newest = &data["notifications"]["nodes"][0];
        format!("{} {}", newest["title"], newest["body"])
    }

    /// The token of the next link that the contact gets at an address.
    pub(crate) async fn token(&self, address: &str) -> String {
        loop {
            let text = self.outbox.next_to(address).await;
            if let Some((_, rest)) = text.split_once("/stamped-copy#") {
                let token: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
                assert_eq!(token.len(), 64, "{text}");
                return token;
            }
        }
    }

    /// What a token opens, with one of the uploads through it.
    pub(crate) async fn opened_with(&self, token: &str, upload: &str) -> Value {
        let variables = json!({ "token": token, "upload": upload });
        let mut data = self.server.client().query(REQUEST, variables).await;
        data["stampedCopyRequest"].take()
    }

    pub(crate) async fn opened(&self, token: &str) -> Value {
        self.opened_with(token, "x").await
    }

    /// Announces a page through the link.
    pub(crate) async fn announce_by_link(
        &self,
        token: &str,
        name: &str,
        content_type: &str,
        byte_size: usize,
    ) -> Value {
        let input = json!({ "token": token, "fileName": name, "contentType": content_type,
            "byteSize": byte_size });
        self.server
            .client()
            .mutate(CREATE, json!({ "input": input }))
            .await
    }

    /// Says through the link that a page was put.
    pub(crate) async fn complete_by_link(&self, token: &str, upload: &str) -> Value {
        let input = json!({ "token": token, "uploadId": upload });
        self.server
            .client()
            .mutate(COMPLETE, json!({ "input": input }))
            .await
    }

    /// A file announced, put and looked at through the link; as it stands then.
    pub(crate) async fn file_by_link(
        &self,
        token: &str,
        name: &str,
        content_type: &str,
        bytes: Vec<u8>,
    ) -> Value {
        let created = self
            .announce_by_link(token, name, content_type, bytes.len())
            .await;
        let id = created["upload"]["id"]
            .as_str()
            .unwrap_or_else(|| panic!("{created}"));
        let url = created["link"]["url"].as_str().unwrap();
        assert_eq!(uploading::put(url, content_type, bytes).await, 200);
        let completed = self.complete_by_link(token, id).await;
        assert_eq!(completed["userErrors"], json!([]));
        let looked_at = async || {
            let mut opened = self.opened_with(token, id).await;
            let upload = opened["upload"].take();
            (upload["state"] != "CHECKING").then_some(upload)
        };
        self.server
            .eventually("the page to be looked at", looked_at)
            .await
    }

    /// A page announced, put and looked at through the link; its id.
    pub(crate) async fn page_by_link(&self, token: &str) -> String {
        let page = self
            .file_by_link(token, "盖章页.png", "image/png", made_files::png())
            .await;
        assert_eq!(page["state"], "READY", "{page}");
        page["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn submit_by_link(&self, token: &str, files: &[&str]) -> Value {
        let input = json!({ "token": token, "files": files });
        self.server
            .client()
            .mutate(SUBMIT, json!({ "input": input }))
            .await
    }
}
