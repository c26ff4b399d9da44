//! What a step locks keeps others from changing it, and from nothing else; and what a list of statements costs a connection.

use diesel_async::{AsyncConnection, SimpleAsyncConnection};
use uuid::Uuid;
use wangqian_schema::{
    messages::MessageTemplate,
    model::{
        employer, graduate,
        message::{self, Channel, MessageStatus, NewMessage, OwedBy},
    },
    step::{self, StepError},
    workflow::{Refusal, ReviewRoute},
};

use crate::support::{World, execute, number, refusal};

#[tokio::test(flavor = "multi_thread")]
async fn a_case_can_refer_to_a_graduate_or_an_employer_that_is_being_changed() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let student = world.graduate(&campus, 0).await;
    let company = world.employer().await;
    let mut holder = world.conn().await;
    let mut other = world.conn().await;
    let held = holder.transaction(async |conn| {
        graduate::lock(conn, student.id).await?.unwrap();
        employer::lock(conn, &company.viewer, company.id).await?.unwrap();
        for (table, id) in [("graduates", student.id), ("employers", company.id)] {
            let row = format!("SELECT FROM {table} WHERE id = '{id}'");
            execute(&mut other, &format!("{row} FOR KEY SHARE NOWAIT")).await;
            let change = format!("{row} FOR NO KEY UPDATE NOWAIT");
            assert!(other.batch_execute(&change).await.is_err(), "{table}");
        }
        // Whoever only looks waits for nobody.
        let answer = step::administers(&world.platform, &company.viewer).await;
        assert_eq!(refusal(answer), Refusal::NotYourRole, "a simple member");
        Ok::<_, StepError>(())
    });
    held.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn any_number_of_messages_is_one_prepared_statement() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let student = world.graduate(&campus, 0).await;
    world.invite(&world.employer().await, &student).await;
    let mut conn = world.conn().await;
    let event_id = number(&mut conn, "SELECT max(id) FROM case_events").await;
    for count in 1..=3 {
        let mut messages = Vec::new();
        for _ in 0..count {
            messages.push(NewMessage {
                id: Uuid::now_v7(),
                owed_by: OwedBy::Event(event_id),
                account_id: world.employer().await.viewer.account_id(),
                channel: Channel::InApp,
                template: MessageTemplate::DataCorrected,
                params: serde_json::json!({}),
                status: MessageStatus::Sent,
                created_at: world.now(),
                sent_at: None,
            });
        }
        message::owe(&conn, &messages).await.unwrap();
    }
    let kept =
        "SELECT count(*) FROM pg_prepared_statements WHERE ltrim(statement, E' \\n') LIKE 'WITH owed AS%'";
    assert_eq!(number(&mut conn, kept).await, 1);
    assert_eq!(
        number(
            &mut conn,
            "SELECT count(*) FROM messages WHERE template = 'DATA_CORRECTED'"
        )
        .await,
        6
    );
}
