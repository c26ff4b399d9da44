//! No N+1: a list query sends as many SQL statements for a hundred rows as for one. Every field that is a connection has
//! to be in the table below; a test looks that none is forgotten.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_graphql::Request;
use diesel::connection::InstrumentationEvent;
use diesel_async::{
    AsyncConnection, AsyncPgConnection,
    pooled_connection::{
        AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
        deadpool::{Hook, Pool},
    },
};
use wangqian_api::{
    batches::Batches,
    context::{App, Caller},
    feed::Feed,
    graphql,
    loaders::Loader,
};
use wangqian_schema::{
    Platform,
    model::{Viewer, account::Identifier, employer::EmployerVerification, session},
    step::{self, Actor, AgreementStep, Invitation},
    workflow::ReviewRoute,
};

use crate::support::{people, server, signing};

const ALL_FIELDS: &str = "
fragment all on Agreement {
  id status version channel responseDeadline reviewRoute awaitingReview agreementNumber reason viewerActions
  graduate { id name idCardNumber mobile school { name } department { name school { code } } degreeLevel { nameZh } }
  employer { id name creditCode verification nature { nameZh } }
  terms { positionTitle region { nameZh } }
  documents { id version status verificationCode }
  history(first: 10) { edges { node { id action occurredAt } } pageInfo { hasNextPage } }
}";

/// Every connection of the schema: its name, who asks, and the query with everything below a row that costs a statement.
const LISTS: &[(&str, Asker, &str)] = &[
    (
        "agreements",
        Asker::Employer,
        "{ agreements(first: 100) { edges { cursor node { ...all } } pageInfo { endCursor } } }",
    ),
    (
        "agreements",
        Asker::School,
        "{ agreements(first: 100, statuses: [SIGNING_REVIEW]) { edges { node { ...all } } } }",
    ),
    (
        "reviewQueue",
        Asker::School,
        "{ reviewQueue(first: 100) { edges { node { ...all } } } }",
    ),
    (
        "history",
        Asker::Employer,
        "{ agreements(last: 100) { edges { node { history(last: 5) { edges { node { id } } } ...all } } } }",
    ),
    (
        "notifications",
        Asker::Employer,
        "{ notifications(first: 100) { edges { node { title body case { ...all } } } } }",
    ),
    (
        "sessions",
        Asker::Employer,
        "{ sessions(first: 100) { edges { node { id current } } } }",
    ),
    (
        "stuckWork",
        Asker::Operator,
        "{ stuckWork(first: 100) { edges { cursor node { id kind caseReference owedSince jobState attempts lastError } } } }",
    ),
];

#[derive(Clone, Copy, Debug)]
enum Asker {
    Employer,
    School,
    Operator,
    /// The last one that grew.
    Graduate,
}

struct World {
    schema: graphql::ApiSchema,
    app: App,
    statements: Arc<AtomicUsize>,
    school: people::SchoolWorld,
    employer: Viewer,
    reviewer: Viewer,
    operator: Viewer,
    graduate: Option<Viewer>,
    member: String,
}

async fn viewer(platform: &Platform, email: &str) -> Viewer {
    let mut conn = platform.pool.get().await.unwrap();
    let identifier = Identifier::parse(email).unwrap();
    let found = wangqian_schema::model::account::find_credentials(&mut conn, &identifier)
        .await
        .unwrap()
        .unwrap();
    let now = platform.clock.now();
    let (_, token) = session::begin(&mut conn, found.account_id, None, now)
        .await
        .unwrap();
    session::authenticate(&mut conn, &token, now)
        .await
        .unwrap()
        .unwrap()
        .1
}

impl World {
    async fn new() -> Self {
        let (mut platform, url) = server::platform().await;
        let statements = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&statements);
        let mut config = ManagerConfig::default();
        config.recycling_method = RecyclingMethod::Fast;
        let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new_with_config(url, config);
        platform.pool = Pool::builder(manager)
            .post_create(Hook::sync_fn(move |conn: &mut AsyncPgConnection, _| {
                let count = Arc::clone(&count);
                conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
                    if let InstrumentationEvent::StartQuery { .. } = event {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                });
                Ok(())
            }))
            .build()
            .unwrap();
        let school = people::school(&platform, ReviewRoute::SchoolOnly).await;
        let company = people::employer(&platform, EmployerVerification::Verified).await;
        let employer = viewer(&platform, &company.member).await;
        let reviewer = viewer(&platform, &school.school_reviewer).await;
        let operator = viewer(&platform, &people::operator(&platform).await).await;
        let feed = Feed::open(platform.clone(), 256).await.unwrap();
        let app = server::app(platform, feed);
        let schema = graphql::builder().data(app.clone()).finish();
        Self {
            schema,
            app,
            statements,
            school,
            employer,
            reviewer,
            operator,
            graduate: None,
            member: company.member,
        }
    }

    /// Another graduate who has accepted.
    async fn grow(&mut self) {
        let platform = &self.app.platform;
        let person = people::graduate(platform, &self.school, |_| {}).await;
        let graduate = viewer(platform, &person.email).await;
        let terms = signing::draft();
        let deadline = platform.clock.now() + chrono::TimeDelta::days(3);
        let invitation = Invitation {
            graduate_id: person.id,
            terms,
            response_deadline: deadline,
        };
        let view = step::invite(platform, &self.employer, &invitation, None)
            .await
            .unwrap();
        step::take(
            platform,
            Actor::Viewer(graduate),
            view.agreement.id,
            AgreementStep::Accept,
            None,
        )
        .await
        .unwrap();
        viewer(platform, &self.member).await;
        self.graduate = Some(graduate);
    }

    async fn cost(&self, asker: Asker, query: &str) -> (usize, String) {
        let viewer = match asker {
            Asker::Employer => self.employer,
            Asker::School => self.reviewer,
            Asker::Operator => self.operator,
            Asker::Graduate => self.graduate.unwrap(),
        };
        let mut conn = self.app.platform.pool.get().await.unwrap();
        let (session, _) = session::begin(
            &mut conn,
            viewer.account_id(),
            None,
            self.app.platform.clock.now(),
        )
        .await
        .unwrap();
        drop(conn);
        let query = if query.contains("...all") {
            format!("{query}{ALL_FIELDS}")
        } else {
            query.to_owned()
        };
        let caller = Caller {
            signed_in: Some((session, viewer)),
            ..Caller::default()
        };
        let (spawner, batches) = Batches::new();
        let loader = Loader::new(self.app.platform.clone(), Some(viewer), spawner);
        let request = Request::new(query).data(caller).data(loader);
        let before = self.statements.load(Ordering::Relaxed);
        let answer = batches.drive(self.schema.execute(request)).await;
        let cost = self.statements.load(Ordering::Relaxed) - before;
        assert!(answer.errors.is_empty(), "{:?}", answer.errors);
        (cost, answer.data.to_string())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_costs_the_same_for_one_row_and_for_a_hundred() {
    let mut world = World::new().await;
    world.grow().await;
    // No worker runs here, so that the messages of the steps are owed for too long.
    world
        .app
        .platform
        .clock
        .advance(wangqian_schema::stuck_work::GRACE);
    let mut one = Vec::new();
    for (name, asker, query) in LISTS {
        let (cost, data) = world.cost(*asker, query).await;
        assert!(data.contains("node:"), "{name} has a row: {data}");
        one.push(cost);
    }
    for _ in 1..100 {
        world.grow().await;
    }
    world
        .app
        .platform
        .clock
        .advance(wangqian_schema::stuck_work::GRACE);
    for ((name, asker, query), one) in LISTS.iter().zip(one) {
        let (hundred, data) = world.cost(*asker, query).await;
        assert_eq!(one, hundred, "{name} for {asker:?}");
        assert!(data.matches("node:").count() >= 100, "{name} has a hundred rows");
        assert!(hundred <= 12, "{name}: {hundred} statements");
    }
}

/// Beside the one that tells whose session it is.
#[tokio::test(flavor = "multi_thread")]
async fn the_graduates_main_page_takes_three_statements() {
    let mut world = World::new().await;
    world.grow().await;
    let page = include_str!("../bench/main_page.graphql");
    let (cost, data) = world.cost(Asker::Graduate, page).await;
    assert!(data.contains("node:"), "{data}");
    assert_eq!(cost, 3);
}

#[test]
fn no_list_is_forgotten() {
    let sdl = wangqian_api::sdl();
    let mut field = String::new();
    for line in sdl.lines() {
        let line = line.trim();
        if let Some((name, _)) = line.split_once('(') {
            name.clone_into(&mut field);
        }
        // A connection field has arguments, so that its type stands on the line that closes them.
        if line.starts_with("):") && line.contains("Connection!") {
            assert!(
                LISTS.iter().any(|(name, ..)| *name == field),
                "{field} is a list without a statement count"
            );
        }
    }
}
