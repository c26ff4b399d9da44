//! What is owed to many costs as many statements as what is owed to one.

use std::sync::atomic::Ordering;

use chrono::NaiveDate;
use diesel_async::SimpleAsyncConnection;
use wangqian_schema::{
    model::{Viewer, employer::EmployerVerification, review_digest},
    step::{self, Actor, AgreementStep},
};

use super::{World, viewer};
use crate::support::people;

impl World {
    /// What a piece of work costs.
    async fn counted(&self, work: impl Future<Output = ()>) -> usize {
        let before = self.statements.load(Ordering::Relaxed);
        work.await;
        self.statements.load(Ordering::Relaxed) - before
    }

    async fn execute(&self, statements: &str) {
        let mut conn = self.app.platform.pool.get().await.unwrap();
        conn.batch_execute(statements).await.unwrap();
    }

    async fn digest(&self, day: u32) -> usize {
        let day = NaiveDate::from_ymd_opt(2030, 1, day).unwrap();
        self.counted(async {
            let platform = &self.app.platform;
            let mut conn = platform.pool.get().await.unwrap();
            let owed = review_digest::owe(&mut conn, day, None, platform.clock.now()).await;
            assert!(owed.unwrap().is_some());
        })
        .await
    }

    /// What it costs that a graduate accepts the invitation of an employer's member.
    async fn acceptance(&self, member: Viewer) -> usize {
        let platform = &self.app.platform;
        let person = people::graduate(platform, &self.school, |_| {}).await;
        let id = self.invite(member, &person).await;
        let graduate = Actor::Viewer(viewer(platform, &person.email).await);
        self.counted(async {
            step::take(platform, graduate, id, AgreementStep::Accept, None)
                .await
                .unwrap();
        })
        .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_to_a_hundred_reviewers_takes_as_many_statements_as_one_to_a_few() {
    let world = World::new().await;
    world.acceptance(world.employer).await;
    assert_eq!(world.digest(1).await, 4);
    world
        .execute(&format!(
            "WITH opened AS (INSERT INTO accounts (id, kind, email, password_hash)
                SELECT gen_random_uuid(), 'REVIEWER', n || '@example.com', '-' FROM generate_series(1, 100) n RETURNING id)
            INSERT INTO reviewers (account_id, school_id, name) SELECT id, '{}', '示例老师' FROM opened",
            world.school.school
        ))
        .await;
    assert_eq!(world.digest(2).await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_costs_the_same_whoever_is_told_and_whatever_they_do_not_want() {
    let world = World::new().await;
    let platform = &world.app.platform;
    let one = world.acceptance(world.employer).await;
    let company = people::employer(platform, EmployerVerification::Verified).await;
    let member = viewer(platform, &company.member).await;
    world
        .execute(&format!(
            "WITH opened AS (INSERT INTO accounts (id, kind, email, password_hash)
                SELECT gen_random_uuid(), 'EMPLOYER_MEMBER', n || '@example.com', '-' FROM generate_series(1, 40) n RETURNING id),
            members AS (INSERT INTO employer_members (account_id, employer_id, name, role)
                SELECT id, '{}', '示例同事', 'MEMBER' FROM opened)
            INSERT INTO message_opt_outs (account_id, message_group, channel, created_at)
                SELECT id, 'INVITATIONS', 'EMAIL', now() FROM opened LIMIT 20",
            company.id
        ))
        .await;
    assert_eq!(world.acceptance(member).await, one);
}
