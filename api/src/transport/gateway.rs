//! What the transports ask of the application. The answers live with the application.

use std::fmt;
use std::net::IpAddr;

use async_graphql::{Request, Response};
use futures_util::stream::BoxStream;

use super::{Holder, RequestId};

/// The application as the transports see it: who is calling, and what to run.
///
/// One call to [`authenticate`](Self::authenticate) is made for each HTTP request and for each WebSocket; one call to
/// [`prepare`](Self::prepare) for each operation.
pub trait Gateway: Clone + Send + Sync + 'static {
    /// Who is calling: an account with its session, or nobody in particular.
    type Caller: Clone + Send + Sync + 'static;

    /// Name of the cookie that carries the session.
    const SESSION_COOKIE: &'static str;

    /// Finds out who is calling. [`Credentials::None`] is an answer, too: the anonymous caller.
    ///
    /// A refusal is final for the request (401) or the socket (4403). So a stale *cookie* on HTTP is better answered
    /// with the anonymous caller, or a browser that still holds one could not even sign in again; a stale *Bearer*
    /// token, and either on a WebSocket, is better refused.
    fn authenticate(
        &self,
        credentials: Credentials,
        call: &Call,
    ) -> impl Future<Output = Result<Self::Caller, AuthenticationError>> + Send;

    /// Among whose connections a socket or an event stream of this caller counts.
    fn holder(&self, caller: &Self::Caller, call: &Call) -> Holder;

    /// Completes when the caller's session has ended (signed out, revoked, expired), so that sockets and event
    /// streams opened with it are closed. May never complete.
    fn session_ended(&self, caller: &Self::Caller) -> impl Future<Output = ()> + Send + 'static;

    /// Puts what one operation needs into its request: the caller, fresh data loaders. The [`Call`] is there already.
    fn prepare(&self, caller: &Self::Caller, request: Request) -> Request;

    /// Runs a query or a mutation.
    fn execute(&self, request: Request) -> impl Future<Output = Response> + Send;

    /// Runs a subscription; dropping the stream ends it.
    fn subscribe(&self, request: Request) -> BoxStream<'static, Response>;

    /// The schema as SDL, asked for once. With it results are completed: a non-null field that fails makes its parent
    /// null, which async-graphql 7.2 leaves undone. Without it clients must not rely on non-null types.
    fn sdl(&self) -> Option<String> {
        None
    }
}

/// What a caller shows to say who they are. A Bearer token counts before a cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// Nothing was shown.
    None,
    /// The session cookie of a browser.
    Cookie(Secret),
    /// The token from `Authorization: Bearer …` or from `connection_init`'s `{"authorization": "Bearer …"}`.
    Bearer(Secret),
}

/// A text that must not be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for checking it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why a caller could not be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticationError {
    /// The credentials are wrong, expired or revoked.
    #[error("the credentials are not valid")]
    Refused,
    /// They could not be checked just now; trying again later may help.
    #[error("the credentials cannot be checked at the moment")]
    Unavailable,
}

/// The circumstances of a call; resolvers find it in their context.
#[derive(Clone, Debug)]
pub struct Call {
    /// The request's id, which the answer carries as `x-request-id`. All operations of a socket share one.
    pub request_id: RequestId,
    /// By which way the call came.
    pub transport: Transport,
    /// Address of the client, counted through the trusted proxies; none when the server doesn't pass it on.
    pub remote: Option<IpAddr>,
    /// The client's `User-Agent`, at most 256 characters of it.
    pub user_agent: Option<String>,
}

/// The ways by which an operation can come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// One request, one answer. Only here can a resolver set response headers (and with them cookies), and in the
    /// answer to a query or mutation over [`Transport::EventStream`].
    Http,
    /// Server-Sent Events.
    EventStream,
    /// A WebSocket.
    WebSocket,
}

impl Transport {
    /// The name that logs show.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::EventStream => "sse",
            Self::WebSocket => "ws",
        }
    }
}
