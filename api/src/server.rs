//! The API as one server: the gateway between transports and resolvers, and the tasks that live beside it.

use std::{any::TypeId, net::SocketAddr, sync::Arc, time::Duration};

use async_graphql::{Request, Response};
use axum::{Router, response::Redirect, routing::get};
use futures_util::{StreamExt, stream::BoxStream};
use tokio::{net::TcpListener, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use wangqian_schema::{
    Platform, SecretToken, db,
    model::{
        Viewer,
        session::{self, Session},
    },
};
use wangqian_storage::Storage;

use crate::{
    batches::Batches,
    context::{App, Caller},
    cookie,
    cost::CostLimits,
    error::out_of_time,
    feed::Feed,
    figure_watch::FigureWatch,
    graphql::{self, ApiSchema, licence},
    health,
    loaders::Loader,
    manual_page,
    progress_watch::{ExportWatch, ImportWatch},
    session_watch::SessionWatch,
    settings::ApiSettings,
    sheet_page,
    slots::Slots,
    transport::{self, AuthenticationError, Call, Credentials, Gateway, Holder, Transport},
    verify_page,
};

/// How long operations that outlive their connection may take at the end.
const DRAIN: Duration = Duration::from_secs(20);

/// Why the API could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The database was not there at the start.
    #[error(transparent)]
    Database(#[from] db::DatabaseError),
    /// The listener failed.
    #[error("the listener failed: {0}")]
    Listener(#[from] std::io::Error),
}

/// The application behind the transports.
#[derive(Clone)]
struct Application {
    app: App,
    schema: ApiSchema,
    watch: SessionWatch,
}

/// Who calls, as far as a socket or request as a whole is concerned.
#[derive(Clone)]
struct SignedIn(Option<(Session, Viewer)>);

impl Gateway for Application {
    type Caller = SignedIn;

    const SESSION_COOKIE: &'static str = cookie::NAME;

    async fn authenticate(
        &self,
        credentials: Credentials,
        call: &Call,
    ) -> Result<SignedIn, AuthenticationError> {
        let (token, stale_is_anonymous) = match &credentials {
            Credentials::None => return Ok(SignedIn(None)),
            // A browser that still holds an old cookie must be able to log in again.
            Credentials::Cookie(token) => (token, call.transport != Transport::WebSocket),
            Credentials::Bearer(token) => (token, false),
        };
        let token = SecretToken::presented(token.expose());
        let platform = &self.app.platform;
        let found = async {
            let mut conn = platform.pool.get().await.map_err(|error| error.to_string())?;
            let now = platform.clock.now();
            session::authenticate(&mut conn, &token, now)
                .await
                .map_err(|error| error.to_string())
        };
        let found = timeout(self.app.settings.operation_time_limit(), found).await;
        match found.unwrap_or_else(|_| Err("no answer in time".to_owned())) {
            Ok(Some(found)) => Ok(SignedIn(Some(found))),
            Ok(None) if stale_is_anonymous => Ok(SignedIn(None)),
            Ok(None) => Err(AuthenticationError::Refused),
            Err(error) => {
                tracing::error!(%error, "a session could not be checked");
                Err(AuthenticationError::Unavailable)
            }
        }
    }

    fn holder(&self, caller: &SignedIn, call: &Call) -> Holder {
        match &caller.0 {
            Some((_, viewer)) => Holder::Account(viewer.account_id()),
            None => Holder::Address(call.remote),
        }
    }

    fn session_ended(&self, caller: &SignedIn) -> impl Future<Output = ()> + Send + 'static {
        let ended = caller.0.as_ref().map(|(session, _)| self.watch.ended(session.id));
        async move {
            match ended {
                Some(ended) => ended.await,
                None => std::future::pending().await,
            }
        }
    }

    fn prepare(&self, caller: &SignedIn, request: Request) -> Request {
        request.data(caller.clone())
    }

    async fn execute(&self, request: Request) -> Response {
        let (request, batches) = self.complete(request);
        let running = batches.drive(self.schema.execute(request));
        // PostgreSQL itself ends a statement that takes too long; a server that stands still ends nothing.
        let answer = timeout(self.app.settings.operation_time_limit(), running).await;
        answer.unwrap_or_else(|_| out_of_time())
    }

    fn sdl(&self) -> Option<String> {
        Some(self.schema.sdl())
    }

    fn subscribe(&self, request: Request) -> BoxStream<'static, Response> {
        let (request, batches) = self.complete(request);
        batches.drive_stream(self.schema.execute_stream(request).boxed())
    }
}

impl Application {
    /// Puts what the resolvers look for into a request: the caller as they see him, and loading of its own.
    fn complete(&self, request: Request) -> (Request, Batches) {
        let of = |id| request.data.get(&id);
        let signed_in = of(TypeId::of::<SignedIn>()).and_then(|any| any.downcast_ref::<SignedIn>());
        let call = of(TypeId::of::<Call>()).and_then(|any| any.downcast_ref::<Call>());
        let caller = Caller {
            signed_in: signed_in.and_then(|signed_in| signed_in.0.clone()),
            user_agent: call.and_then(|call| call.user_agent.clone()),
            remote: call.and_then(|call| call.remote),
            takes_cookies: call.is_some_and(|call| call.transport != Transport::WebSocket),
            feed_position: self.app.feed.position(),
        };
        let viewer = caller.signed_in.as_ref().map(|(_, viewer)| *viewer);
        let (spawner, batches) = Batches::new();
        let loader = Loader::new(self.app.platform.clone(), viewer, spawner);
        (request.data(caller).data(loader), batches)
    }
}

/// Serves the API until `shutdown`: then no connection is taken any more, running requests are answered, sockets are
/// told and closed.
///
/// # Errors
/// [`ServeError`] when the database is not there at the start or the listener fails.
pub async fn serve(
    listener: TcpListener,
    platform: Platform,
    database_url: String,
    storage: Storage,
    settings: ApiSettings,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    health::metrics_handle();
    transport::describe_metrics();
    let feed = Feed::open(platform.clone(), settings.feed_lag).await?;
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let app = App {
        platform: platform.clone(),
        storage,
        feed: feed.clone(),
        imports: ImportWatch::new(platform.clone()),
        figures: FigureWatch::new(platform.clone(), feed.clone()),
        exports: ExportWatch::new(platform.clone()),
        password_slots: Slots::new(cores, Duration::from_millis(settings.login_wait_ms.into())),
        licence_slots: Slots::new(licence::PLACES, licence::WAIT),
        settings: Arc::new(settings),
    };
    let watch = SessionWatch::default();
    let mut schema = graphql::builder().extension(CostLimits {
        depth: app.settings.query_depth,
        cost: app.settings.query_cost,
    });
    if !app.settings.introspection {
        // A suggestion would tell name by name what introspection tells at once.
        schema = schema.disable_introspection().disable_suggestions();
    }
    let schema = schema.data(app.clone()).finish();
    let tasks = TaskTracker::new();
    let application = Application {
        app: app.clone(),
        schema,
        watch: watch.clone(),
    };
    let graphql = transport::router(
        application,
        app.settings.transport.clone(),
        shutdown.clone(),
        tasks.clone(),
    );
    let router = Router::new()
        .route("/", get(async || Redirect::temporary("/graphiql")))
        .merge(health::router(app.clone()))
        .merge(manual_page::router(app.clone()))
        .merge(verify_page::router(app.clone()))
        .merge(sheet_page::router(app))
        .merge(graphql);

    // These end with the server, whichever way it ends.
    let beside = CancellationToken::new();
    let _end = beside.clone().drop_guard();
    let waker = platform.waker.clone();
    let pool = platform.pool.clone();
    let stop = beside.clone();
    tokio::spawn(async move { stop.run_until_cancelled(waker.forward(pool)).await });
    tokio::spawn(feed.clone().tail(beside.clone()));
    tokio::spawn(feed.listen(database_url, beside.clone()));
    tokio::spawn(watch.run(platform, beside));

    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(shutdown.cancelled_owned())
        .await?;
    tasks.close();
    if timeout(DRAIN, tasks.wait()).await.is_err() {
        tracing::warn!("some operations did not end in time");
    }
    Ok(())
}
