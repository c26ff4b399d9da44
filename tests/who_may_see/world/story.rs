//! The story that the sections of the table tell: what happens between them.

use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Target, Who, World, feed_cursor, text_of};
use crate::support::{
    Client, exporting, filing, made_files, outbox::Outbox, people, placing, roster, signing::*, terminating,
    uploading,
};

#[derive(diesel::QueryableByName)]
struct Id {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    id: Uuid,
}

impl World {
    /// What happens between the sections; the rest of the story are the mutations of the table.
    pub(in crate::who_may_see) async fn enter(&mut self, section: &str) {
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
            "An export" => self.export().await,
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
            }
            "A destination to be made void" => {}
            "The link for a stamped copy" => self.await_link().await,
            "A stamped copy" => self.approve_terms().await,
            "An offline termination to be mended" => self.take_end_back().await,
            "Before leaving school" => self.open_the_period().await,
            "Leaving school" => self.confirm().await,
            "Before the invitation" | "The school reviews" | "A correction" | "A school" | "Accounts" => {}
            other => panic!("{other} is not in the story"),
        }
    }

    async fn announce(&mut self) {
        let input =
            json!({ "fileName": "毕业生名册", "format": "CSV", "byteSize": 1, "idempotencyKey": "table" });
        let created = self
            .client(Who::School)
            .mutate(roster::CREATE, json!({ "input": input }))
            .await;
        self.import = text_of(&created["graduateImport"]["id"]);
    }

    async fn export(&mut self) {
        let school = self.client(Who::School);
        let id = exporting::ask(school, "table of the export", json!({})).await;
        self.export = exporting::follow(school, &id).await.pop().expect("an end");
    }

    async fn hand_in_files(&mut self) {
        let (server, graduate) = (&self.server, self.client(Who::Graduate));
        let announced = uploading::announce(graduate, "a.png", "image/png", 5).await.0;
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

    /// Waits until the employer's contact has the link for the stamped copy.
    async fn await_link(&mut self) {
        let outbox = Outbox::new(self.server.outbox());
        let text = outbox.next_to("10000000001").await;
        let (_, token) = text.split_once("/stamped-copy#").expect("a link");
        self.copy_link = token.chars().take_while(char::is_ascii_hexdigit).collect();
    }

    /// What the graduate filled in is signed, and he has handed in to end it and taken that back.
    async fn take_end_back(&mut self) {
        let (server, graduate) = (&self.server, self.client(Who::Graduate));
        let page = async || {
            let ready = uploading::upload(server, graduate, "a.png", "image/png", made_files::png()).await;
            text_of(&ready["id"])
        };
        filing::submit_copy(graduate, &self.filed, &[&page().await]).await;
        for reviewer in [Who::Department, Who::School] {
            review(self.client(reviewer), &self.filed, "APPROVE", None).await;
        }
        let asked = terminating::hand_in(graduate, &self.filed, "MUTUAL", &[&page().await]).await;
        let termination = terminating::id(&asked);
        terminating::answer(graduate, terminating::WITHDRAW_TERMINATION, &termination).await;
        self.filed_termination = termination;
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
    async fn paper_of(&self, client: &Client, agreement: &str) -> Value {
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
