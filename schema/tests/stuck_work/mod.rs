//! What is owed and not done shows, whatever became of its job, and can be driven again.

mod among_jobs;
mod driving;
mod finding;

use chrono::TimeDelta;
use uuid::Uuid;
use wangqian_schema::{
    jobs,
    messages::MessageTemplate,
    model::{
        PageRequest, Viewer,
        account_notice::{self, AccountNotice},
        passcode::PasscodeChannel,
        stored_paper::{self, PaperOf},
    },
    step::AgreementStep,
    stuck_work::{self, GRACE, JobState, StuckWork, StuckWorkKind},
    workflow::ReviewRoute,
};

use crate::support::{Campus, Company, World, count, execute, number, text, until};

struct Scene {
    world: World,
    campus: Campus,
    employer: Company,
    operator: Viewer,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        Self {
            campus: world.school(ReviewRoute::SchoolOnly).await,
            employer: world.employer().await,
            operator: world.operator().await,
            world,
        }
    }

    async fn list(&self) -> Vec<StuckWork> {
        let mut conn = self.world.conn().await;
        let request = PageRequest::first(100);
        let page = stuck_work::list(&mut conn, &self.operator, &request, self.world.now()).await;
        page.unwrap().items
    }

    async fn kinds(&self) -> Vec<&'static str> {
        let list = self.list().await;
        let mut kinds: Vec<_> = list.iter().map(|work| work.kind.as_str()).collect();
        kinds.dedup();
        kinds
    }

    async fn execute(&self, statements: &str) {
        execute(&mut *self.world.conn().await, statements).await;
    }

    async fn sweep(&self) -> usize {
        stuck_work::sweep(&mut *self.world.conn().await, self.world.now())
            .await
            .unwrap()
    }
}
