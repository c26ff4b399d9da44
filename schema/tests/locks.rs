//! What a step locks keeps others from changing it, and from nothing else.

use diesel_async::{AsyncConnection, SimpleAsyncConnection};
use wangqian_schema::{
    model::{employer, graduate},
    step::{self, StepError},
    workflow::{Refusal, ReviewRoute},
};

use crate::support::{World, execute, refusal};

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
