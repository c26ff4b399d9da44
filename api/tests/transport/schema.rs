//! The schema under test, with one field for each way to behave, and what its fields share with the test.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::{Context, Error, Object, Result, Schema, SimpleObject, Subscription};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream, Stream};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use wangqian_api::transport::Call;

use crate::support::{Caller, within};

/// What the fields of the schema do and see, shared with the test.
#[derive(Default)]
pub(crate) struct Stage {
    /// Subscription streams that live.
    pub(crate) live: watch::Sender<usize>,
    /// Mutations that went through to their end.
    pub(crate) touched: watch::Sender<usize>,
    /// Mutations that began.
    pub(crate) begun: watch::Sender<usize>,
    /// Lets one `slowTouch` go on.
    pub(crate) gate: Notify,
    /// Lets one check of the token `slow` go on.
    pub(crate) check: Notify,
    /// Ends the sessions of user `ada`.
    pub(crate) sign_out: CancellationToken,
    /// Events that `big` produced.
    pub(crate) produced: AtomicUsize,
}

impl Stage {
    /// Waits until the watched number is as wanted.
    pub(crate) async fn wait(watched: &watch::Sender<usize>, wanted: usize) {
        let mut receiver = watched.subscribe();
        within(receiver.wait_for(|number| *number == wanted))
            .await
            .unwrap();
    }
}

/// Counts a living stream.
struct Alive(Arc<Stage>);

impl Alive {
    fn new(stage: &Arc<Stage>) -> Self {
        stage.live.send_modify(|live| *live += 1);
        Self(Arc::clone(stage))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.live.send_modify(|live| *live -= 1);
    }
}

fn stage<'a>(context: &Context<'a>) -> &'a Arc<Stage> {
    context.data_unchecked::<Arc<Stage>>()
}

/// What a mistake in a resolver does.
fn burst() -> i32 {
    panic!("boom")
}

pub(crate) struct Query;

#[derive(SimpleObject)]
struct Order {
    zebra: i32,
    apple: i32,
}

#[Object]
impl Query {
    async fn hello(&self, #[graphql(default)] name: String) -> String {
        format!("hello {name}")
    }

    async fn whoami(&self, context: &Context<'_>) -> Option<String> {
        context.data_unchecked::<Caller>().0.clone()
    }

    async fn transport(&self, context: &Context<'_>) -> String {
        format!("{:?}", context.data_unchecked::<Call>().transport)
    }

    async fn order(&self) -> Order {
        Order { zebra: 1, apple: 2 }
    }

    async fn maybe(&self) -> Result<Option<i32>> {
        Err(Error::new("maybe not"))
    }

    async fn must(&self) -> Result<i32> {
        Err(Error::new("must not"))
    }

    async fn boom(&self) -> i32 {
        burst()
    }
}

pub(crate) struct Mutation;

#[Object]
impl Mutation {
    async fn touch(&self, context: &Context<'_>) -> usize {
        stage(context).touched.send_modify(|touched| *touched += 1);
        *stage(context).touched.borrow()
    }

    async fn slow_touch(&self, context: &Context<'_>) -> usize {
        stage(context).begun.send_modify(|begun| *begun += 1);
        stage(context).gate.notified().await;
        stage(context).touched.send_modify(|touched| *touched += 1);
        *stage(context).touched.borrow()
    }

    async fn sign_in(&self, context: &Context<'_>) -> bool {
        context.append_http_header("set-cookie", "test_session=good; HttpOnly");
        context.append_http_header("set-cookie", "other=1");
        true
    }
}

pub(crate) struct Events;

#[Subscription]
impl Events {
    /// As many events as anyone can take.
    async fn busy(&self, context: &Context<'_>) -> impl Stream<Item = u64> + use<> {
        let alive = Alive::new(stage(context));
        stream::iter(0..).map(move |number| {
            let _ = &alive;
            number
        })
    }

    /// Large events, counted as they are made.
    async fn big(&self, context: &Context<'_>, bytes: usize) -> impl Stream<Item = String> + use<> {
        let stage = Arc::clone(stage(context));
        stream::iter(0_u64..).map(move |number| {
            stage.produced.fetch_add(1, Ordering::SeqCst);
            format!("{number:0bytes$}")
        })
    }

    async fn ticks(&self, count: u64) -> impl Stream<Item = u64> + use<> {
        stream::iter(0..count)
    }

    /// Says nothing, for ever.
    async fn silent(&self, context: &Context<'_>) -> impl Stream<Item = u64> + use<> {
        let alive = Alive::new(stage(context));
        stream::once(async move {
            let _alive = alive;
            std::future::pending::<u64>().await
        })
    }

    async fn refused(&self) -> Result<BoxStream<'static, u64>> {
        Err::<BoxStream<'static, u64>, _>(Error::new("not for you"))
    }

    /// One event that fails between two that don't.
    async fn failing(&self) -> impl Stream<Item = Result<u64>> + use<> {
        stream::iter([Ok(1), Err(Error::new("the second fails")), Ok(3)])
    }

    async fn boom(&self) -> impl Stream<Item = u64> + use<> {
        stream::once(async { panic!("boom") })
    }
}

pub(crate) type TestSchema = Schema<Query, Mutation, Events>;

/// The schema, with the stage in its data.
pub(crate) fn schema(stage: &Arc<Stage>) -> TestSchema {
    Schema::build(Query, Mutation, Events)
        .data(Arc::clone(stage))
        .finish()
}
