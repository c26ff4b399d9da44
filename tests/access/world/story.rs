//! The story that the sections of the table tell: what happens between them.

use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Target, Who, World, feed_cursor, text_of};
use crate::support::{
    Client, exporting, filing, made_files, people, placing, roster, signing::*, terminating, uploading,
};

#[derive(diesel::QueryableByName)]
struct Id {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    id: Uuid,
}

impl World {
    /// What happens between the sections; the rest of the story are the mutations of the table.
    pub(in crate::access) async fn enter(&mut self, section: &str) {
        match section {
            "An invitation to be taken back" => {
                for graduate in &self.others {
                    invite(self.client(Who::Rival), graduate).await;
                }
                self.invite().await;
            }
            "An invitation to be declined" => self.invite().await,
            "An invitation to be accepted" => {
                self.feed_begin = feed_cursor(self.client(Who::Graduate)).await;
                self.invite().await;
            }
            "The department reviews" => {
                // What the strangers hear first of their own cases comes after the steps on this one.
                let rival = self.client(Who::Rival);
                let list = "{ agreements(first: 100, statuses: [INVITED]) { nodes { id graduate { id } } } }";
                let open = rival.query(list, json!({})).await;
                for own in open["agreements"]["nodes"].as_array().unwrap() {
                    step(rival, CANCEL, &text_of(&own["id"])).await;
                    invite(rival, &text_of(&own["graduate"]["id"])).await;
                }
            }
            "Signed" => {
                self.feed_begin = self.dawn.clone();
                self.await_paper().await;
            }
            "A message that could not be sent" => self.park_a_message().await,
            "A termination to be taken back"
            | "A termination to be refused"
            | "A termination to be agreed to" => {
                let asked =
                    terminating::request(self.client(Who::Employer), &self.case, "MUTUAL", "示例").await;
                self.termination = terminating::id(&asked);
            }
            "The department reviews the termination" | "The school reviews the termination" => {}
            "A roster" => self.announce().await,
            "An export" => {
                self.until_nothing_is_owed().await;
                self.export().await;
            }
            "A file" => self.hand_in_files().await,
            "A draft" => {
                let graduate = self.client(Who::Graduate);
                let begun = filing::create(graduate, "OFFLINE", json!({})).await;
                self.filed = filing::id(&begun);
            }
            "A destination" => {
                let graduate = self.client(Who::Graduate);
                let begun = placing::create(graduate, placing::seeking("")).await;
                self.destination = placing::id(&begun);
            }
            "A destination under review" => {
                let graduate = self.client(Who::Graduate);
                let begun = placing::create(graduate, placing::seeking("")).await;
                let id = placing::id(&begun);
                placing::submit(graduate, &id, &[]).await;
                self.destination = id;
                self.attach_to_destination().await;
            }
            "A destination to be made void" => {}
            "The link for a stamped copy" => {
                self.await_links().await;
                self.beside.page = self.new_page().await;
            }
            "A stamped copy" => self.approve_terms().await,
            "An offline agreement to be ended" => self.sign_what_he_filled_in().await,
            "An offline termination to be mended" => self.take_end_back().await,
            "An offline termination to be given up" => {
                self.withdraw_end().await;
                self.note_version().await;
            }
            "Before leaving school" => {
                self.until_nothing_is_owed().await;
                self.open_the_period().await;
            }
            "To confirm" => self.note_version().await,
            "Leaving school" => self.await_sheet().await,
            "A school" => self.until_nothing_is_owed().await,
            "Before the invitation" | "The school reviews" | "A correction" | "Accounts" => {}
            other => panic!("{other} is not in the story"),
        }
    }

    async fn announce(&mut self) {
        let file = roster::csv(&[roster::row(1)]);
        let input = json!({
            "fileName": "毕业生名册", "format": "CSV", "byteSize": file.len(), "idempotencyKey": "table",
        });
        let created = self
            .client(Who::School)
            .mutate(roster::CREATE, json!({ "input": input }))
            .await;
        assert_eq!(roster::put(&created["link"], file).await, 200);
        self.import = text_of(&created["graduateImport"]["id"]);
    }

    async fn export(&mut self) {
        let school = self.client(Who::School);
        let id = exporting::ask(school, "table of the export", json!({})).await;
        self.export = exporting::follow(school, &id).await.pop().expect("an end");
    }

    async fn hand_in_files(&mut self) {
        let (server, graduate) = (&self.server, self.client(Who::Graduate));
        let bytes = made_files::png();
        let (announced, url) = uploading::announce(graduate, "a.png", "image/png", bytes.len()).await;
        assert_eq!(uploading::put(&url, "image/png", bytes).await, 200);
        let ready = uploading::upload(server, graduate, "b.png", "image/png", made_files::png()).await;
        let account = people::account_of(&server.platform, &self.graduate.email).await;
        let id = text_of(&ready["id"]);
        let attached = uploading::attach(&server.platform, account, &self.case, &id).await;
        (self.upload, self.case_file) = (announced, attached);
    }

    /// A new agreement that the graduate has filled in, approved, and its employer's contact with a link.
    async fn approve_terms(&mut self) {
        let graduate = self.client(Who::Graduate);
        let begun = filing::create(graduate, "OFFLINE", filing::filled()).await;
        let id = filing::id(&begun);
        filing::submit(graduate, &id, &[]).await;
        for reviewer in [Who::Department, Who::School] {
            review(self.client(reviewer), &id, "APPROVE", None).await;
        }
        // Else the worker notes it while others try what they may not.
        self.paper_of(graduate, &id).await;
        self.filed = id;
    }

    /// The stamped copy that the graduate has handed in is approved: the agreement is signed.
    async fn sign_what_he_filled_in(&mut self) {
        for reviewer in [Who::Department, Who::School] {
            review(self.client(reviewer), &self.filed, "APPROVE", None).await;
        }
        self.beside.page = self.new_page().await;
        self.until_nothing_is_owed().await;
    }

    /// He takes back what he has handed in to end it.
    async fn take_end_back(&mut self) {
        let last =
            "query($id: ID!) { node(id: $id) { ... on Agreement { lastTermination { id files { id } } } } }";
        let graduate = self.client(Who::Graduate);
        let seen = graduate.query(last, json!({ "id": self.filed })).await;
        let termination = &seen["node"]["lastTermination"];
        let id = text_of(&termination["id"]);
        terminating::answer(graduate, terminating::WITHDRAW_TERMINATION, &id).await;
        self.beside.termination_file = text_of(&termination["files"][0]["id"]);
        self.filed_termination = id;
        self.beside.page = self.new_page().await;
    }

    async fn withdraw_end(&mut self) {
        let graduate = self.client(Who::Graduate);
        terminating::answer(
            graduate,
            terminating::WITHDRAW_TERMINATION,
            &self.filed_termination,
        )
        .await;
    }

    async fn invite(&mut self) {
        let graduate = self.target(Target::Graduate).0;
        self.case = invite(self.client(Who::Employer), &graduate).await;
    }

    /// A mail to the employer that the mail server has refused, an hour ago.
    async fn park_a_message(&mut self) {
        let mut conn = self.server.platform.pool.get().await.unwrap();
        let park =
            "UPDATE messages SET status = 'PARKED', created_at = created_at - interval '1 hour' WHERE id = (
            SELECT id FROM messages JOIN employer_members USING (account_id)
            WHERE channel = 'EMAIL' AND employer_id = $1 AND status = 'SENT' LIMIT 1) RETURNING id";
        let parked: Id = diesel::sql_query(park)
            .bind::<diesel::sql_types::Uuid, _>(self.company.id)
            .get_result(&mut conn)
            .await
            .unwrap();
        self.stuck = parked.id;
    }

    /// The paper of an agreement, once it is stored.
    pub(super) async fn paper_of(&self, client: &Client, agreement: &str) -> Value {
        let paper = "query($id: ID!) { node(id: $id) { ... on Agreement {
            documents { id verificationCode downloadLink { url } } } } }";
        let ready = async || {
            let mut found = client.query(paper, json!({ "id": agreement })).await;
            let document = found["node"]["documents"][0].take();
            document["downloadLink"].is_object().then_some(document)
        };
        self.server.until("the paper", ready).await
    }

    async fn await_paper(&mut self) {
        self.document = self.paper_of(self.client(Who::Employer), &self.case).await;
        for (at, who) in [Who::Graduate, Who::Employer].into_iter().enumerate() {
            let newest = "{ notifications(first: 1) { nodes { id case { ... on Agreement { id } } } } }";
            let found = self.client(who).query(newest, json!({})).await;
            let message = &found["notifications"]["nodes"][0];
            assert_eq!(message["case"]["id"], self.case, "about the case");
            self.messages[at] = text_of(&message["id"]);
        }
    }
}
