//! The graduate's acceptance over HTTP, against the same writes as one transaction written by hand.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::Utc;
use serde_json::json;
use tokio_postgres::{Client, NoTls, Statement};
use uuid::Uuid;
use wangqian_api::id::NodeType;

use crate::{
    Figure,
    http::Connection,
    load::per_second,
    world::{ACCEPTED_BY_HAND, ACCEPTED_OVER_HTTP, CONNECTIONS, World, agreement, id, token},
};

const LASTS: Duration = Duration::from_secs(6);

const ACCEPT: &str = "mutation($input: AgreementStepInput!) {
  acceptInvitation(input: $input) { agreement { id status version } userErrors { code field message } }
}";

pub(crate) async fn measure(world: &World) -> Result<Figure> {
    let mut hands = Vec::new();
    for _ in 0..CONNECTIONS {
        hands.push(Hand::new(&world.url).await?);
    }
    let by_hand = per_second(LASTS, hands, async |hand, number| {
        hand.accept(number + ACCEPTED_BY_HAND.start).await
    })
    .await?;

    let api = world.api().await?;
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(&api.address).await?);
    }
    let over_http = per_second(LASTS, connections, async |connection, number| {
        accept(connection, number + ACCEPTED_OVER_HTTP.start).await
    })
    .await?;
    Ok(Figure {
        what: "the accept step, 8 connections",
        ours: format!("{over_http:.0} steps/s over HTTP"),
        against: format!("{by_hand:.0}/s of one transaction by hand"),
        ratio: Some(over_http / by_hand),
        aim: "≥ 0.7",
    })
}

/// The graduate of this number accepts his open invitation.
pub(crate) async fn accept(connection: &mut Connection, number: u32) -> Result<()> {
    let input = json!({ "agreementId": NodeType::Agreement.id(agreement(number)), "expectedVersion": 1 });
    let request = json!({ "query": ACCEPT, "variables": { "input": input } });
    let data = connection.send(&token(number), request.to_string()).await?;
    let payload = &data["acceptInvitation"];
    ensure!(payload["agreement"]["status"] == "SIGNING_REVIEW", "{payload}");
    Ok(())
}

/// What somebody would write who knows what the step comes to: no rules, no reading but the lock, prepared statements.
struct Hand {
    client: Client,
    lock: Statement,
    engage: Statement,
    event: Statement,
    messages: Statement,
    job: Statement,
    update: Statement,
}

impl Hand {
    async fn new(url: &str) -> Result<Self> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        // Ends with the client; what breaks it fails the next statement.
        tokio::spawn(connection);
        let lock = client
            .prepare("SELECT graduate_id, event_hash FROM agreements WHERE id = $1 FOR UPDATE")
            .await?;
        let engage = client
            .prepare("INSERT INTO engagements (graduate_id, case_kind, case_id, taken_at) VALUES ($1, 'AGREEMENT', $2, now())")
            .await?;
        let event = client
            .prepare(
                "INSERT INTO case_events (occurred_at, case_kind, case_id, sequence, actor_role, actor_account_id, action,
                     from_status, to_status, graduate_id, employer_id, school_id, department_id, previous_hash, hash)
                 SELECT now(), 'AGREEMENT', id, 2, 'GRADUATE', $2, 'ACCEPT', 'INVITED', 'SIGNING_REVIEW', graduate_id,
                     employer_id, school_id, department_id, event_hash, sha256(event_hash)
                 FROM agreements WHERE id = $1 RETURNING id",
            )
            .await?;
        let messages = client
            .prepare(
                "INSERT INTO messages (id, event_id, account_id, channel, template, params, status, created_at, sent_at)
                 VALUES ($1, $3, $4, 'IN_APP', 'INVITATION_ACCEPTED', $5, 'SENT', now(), now()),
                     ($2, $3, $4, 'EMAIL', 'INVITATION_ACCEPTED', $5, 'PENDING', now(), NULL)",
            )
            .await?;
        let job = client
            .prepare(
                "INSERT INTO jobs (queue, payload, priority, max_attempts, unique_key)
                 VALUES ('nobody', jsonb_build_object('message_id', $1::text), 0, 20, $1::text)",
            )
            .await?;
        let update = client
            .prepare(
                "UPDATE agreements SET status = 'SIGNING_REVIEW', awaiting_review = 'SCHOOL', waiting_since = now(),
                     review_route = 'SCHOOL_ONLY', submitted_by = $2, version = version + 1, event_count = 2,
                     event_hash = sha256(event_hash), accepted_at = now(), updated_at = now()
                 WHERE id = $1",
            )
            .await?;
        Ok(Self {
            client,
            lock,
            engage,
            event,
            messages,
            job,
            update,
        })
    }

    async fn accept(&mut self, number: u32) -> Result<()> {
        let transaction = self.client.transaction().await?;
        let (agreement, account) = (agreement(number), id("account", number));
        let row = transaction.query_opt(&self.lock, &[&agreement]).await?;
        let graduate: Uuid = row.context("an invitation")?.try_get(0)?;
        transaction
            .execute(&self.engage, &[&graduate, &agreement])
            .await?;
        let event: i64 = transaction
            .query_one(&self.event, &[&agreement, &account])
            .await?
            .try_get(0)?;
        let (in_app, mail) = (Uuid::now_v7(), Uuid::now_v7());
        let params = json!({
            "graduate": format!("林示例{number}"), "employer": "示例科技1有限公司", "school": "示例大学",
            "position": "软件工程师", "deadline": Utc::now().to_rfc3339(),
        });
        let member = id("member", 1);
        transaction
            .execute(&self.messages, &[&in_app, &mail, &event, &member, &params])
            .await?;
        transaction.execute(&self.job, &[&mail.to_string()]).await?;
        transaction.execute(&self.update, &[&agreement, &account]).await?;
        transaction.commit().await?;
        Ok(())
    }
}
