//! How GraphQL travels: HTTP, Server-Sent Events, WebSocket and the GraphiQL page. Nothing here knows the schema,
//! the session or the database; all of that is asked of a [`Gateway`].
//!
//! | where | what | specification |
//! |---|---|---|
//! | `POST`, `GET /graphql` | one operation, one answer | GraphQL over HTTP |
//! | the same with `Accept: text/event-stream` | one operation, its answers as events | graphql-sse, "distinct connections" |
//! | WebSocket `/graphql` | many operations on one connection | graphql-transport-ws |
//! | `GET /graphiql` | a page to try all of this | |

mod answer;
mod completion;
mod connections;
mod document;
mod gateway;
mod graphiql;
mod http;
mod negotiate;
mod observe;
mod origin;
mod params;
mod request_id;
mod run;
mod settings;
mod size;
mod sse;
mod ws;

use std::sync::Arc;

use axum::Router;
use axum::routing::any;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::cors::CorsLayer;

pub use connections::Holder;
pub use gateway::{AuthenticationError, Call, Credentials, Gateway, Secret, Transport};
pub(crate) use http::remote as client_address;
pub use observe::describe_metrics;
pub use origin::{Origin, OriginError};
pub use request_id::{RequestId, layer as request_id_layer};
pub use settings::TransportSettings;

/// What every handler of this module shares.
struct Shared<G> {
    gateway: G,
    settings: TransportSettings,
    types: completion::FieldTypes,
    /// Cancelled when the process begins to stop.
    shutdown: CancellationToken,
    /// Who holds how many sockets and event streams.
    connections: connections::Connections,
    /// Work that outlives the connection that asked for it.
    tasks: TaskTracker,
}

/// The routes `/graphql` and (if [`TransportSettings::graphiql`]) `/graphiql`.
///
/// Once `shutdown` is cancelled, sockets let running queries and mutations answer, then close with 1001, and event
/// streams end. Operations run in `tasks`, because they go on when their client hangs up: after the server has
/// stopped accepting, close the tracker and wait for it, with a limit, before the process ends.
///
/// ```no_run
/// # async fn serve<G: wangqian_api::transport::Gateway>(gateway: G) -> std::io::Result<()> {
/// use tokio_util::{sync::CancellationToken, task::TaskTracker};
/// let (shutdown, tasks) = (CancellationToken::new(), TaskTracker::new());
/// let app = wangqian_api::transport::router(gateway, Default::default(), shutdown.clone(), tasks.clone());
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// axum::serve(listener, app).with_graceful_shutdown(shutdown.cancelled_owned()).await?;
/// tasks.close();
/// tasks.wait().await;
/// # Ok(())
/// # }
/// ```
pub fn router<G: Gateway>(
    gateway: G,
    settings: TransportSettings,
    shutdown: CancellationToken,
    tasks: TaskTracker,
) -> Router {
    let cors = cors(&settings);
    let with_graphiql = settings.graphiql;
    let types = gateway.sdl().map(|sdl| completion::FieldTypes::from_sdl(&sdl));
    let shared = Arc::new(Shared {
        gateway,
        settings,
        types: types.unwrap_or_default(),
        shutdown,
        connections: connections::Connections::default(),
        tasks,
    });
    let mut router = Router::new()
        .route("/graphql", any(http::handle::<G>))
        .with_state(shared);
    if let Some(cors) = cors {
        router = router.layer(cors);
    }
    if with_graphiql {
        router = router.merge(graphiql::router());
    }
    router.layer(axum::middleware::from_fn(request_id::layer))
}

/// Cross-origin headers for the configured origins; none at all when there are none.
fn cors(settings: &TransportSettings) -> Option<CorsLayer> {
    use axum::http::{HeaderValue, Method, header};
    let origins: Vec<HeaderValue> = settings
        .allowed_origins
        .iter()
        .filter_map(|origin| origin.as_str().parse().ok())
        .collect();
    (!origins.is_empty()).then(|| {
        CorsLayer::new()
            .allow_origin(origins)
            .allow_credentials(true)
            .allow_methods([Method::GET, Method::POST])
            .allow_headers([
                header::ACCEPT,
                header::AUTHORIZATION,
                header::CONTENT_TYPE,
                request_id::HEADER,
            ])
            .expose_headers([request_id::HEADER])
            .max_age(std::time::Duration::from_secs(600))
    })
}
