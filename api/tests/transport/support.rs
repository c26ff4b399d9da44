//! The server under test, a gateway whose decisions the test holds in its hand, and a WebSocket client.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Request, Response};
use futures_util::stream::BoxStream;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wangqian_api::transport::{
    AuthenticationError, Call, Credentials, Gateway, Holder, Transport, TransportSettings, router,
};

use crate::schema::{Stage, TestSchema, schema};

/// Nobody, or somebody with a name.
#[derive(Clone)]
pub(crate) struct Caller(pub(crate) Option<String>);

#[derive(Clone)]
struct TestGateway {
    schema: TestSchema,
    stage: Arc<Stage>,
}

impl Gateway for TestGateway {
    type Caller = Caller;
    const SESSION_COOKIE: &'static str = "test_session";

    async fn authenticate(
        &self,
        credentials: Credentials,
        call: &Call,
    ) -> Result<Caller, AuthenticationError> {
        let name = match &credentials {
            Credentials::None => return Ok(Caller(None)),
            Credentials::Bearer(token) | Credentials::Cookie(token) => token.expose(),
        };
        match (name, &credentials) {
            ("good", _) => Ok(Caller(Some("ada".to_owned()))),
            ("down", _) => Err(AuthenticationError::Unavailable),
            ("slow", _) => {
                self.stage.check.notified().await;
                Ok(Caller(Some("ada".to_owned())))
            }
            (_, Credentials::Cookie(_)) if call.transport != Transport::WebSocket => Ok(Caller(None)),
            _ => Err(AuthenticationError::Refused),
        }
    }

    fn holder(&self, caller: &Caller, call: &Call) -> Holder {
        match &caller.0 {
            Some(_) => Holder::Account(uuid::Uuid::max()),
            None => Holder::Address(call.remote),
        }
    }

    fn session_ended(&self, caller: &Caller) -> impl Future<Output = ()> + Send + 'static {
        let sign_out = self.stage.sign_out.clone();
        let is_somebody = caller.0.is_some();
        async move {
            if is_somebody {
                sign_out.cancelled().await;
            } else {
                std::future::pending().await
            }
        }
    }

    fn prepare(&self, caller: &Caller, request: Request) -> Request {
        request.data(caller.clone())
    }

    async fn execute(&self, request: Request) -> Response {
        self.schema.execute(request).await
    }

    fn subscribe(&self, request: Request) -> BoxStream<'static, Response> {
        self.schema.execute_stream(request)
    }

    fn sdl(&self) -> Option<String> {
        Some(self.schema.sdl())
    }
}

/// A running server.
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) stage: Arc<Stage>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) tasks: TaskTracker,
    pub(crate) client: reqwest::Client,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(TransportSettings::default()).await
    }

    pub(crate) async fn with(settings: TransportSettings) -> Self {
        let stage = Arc::new(Stage::default());
        let gateway = TestGateway {
            schema: schema(&stage),
            stage: Arc::clone(&stage),
        };
        let (shutdown, tasks) = (CancellationToken::new(), TaskTracker::new());
        let app = router(gateway, settings, shutdown.clone(), tasks.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            host,
            stage,
            shutdown,
            tasks,
            client: reqwest::Client::new(),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/graphql", self.host)
    }

    /// A POST of this JSON, to which headers can be added.
    pub(crate) fn post(&self, body: &Value) -> reqwest::RequestBuilder {
        self.client.post(self.url()).json(body)
    }

    /// A POST of this document, and the JSON of its answer.
    pub(crate) async fn ask(&self, query: &str) -> Value {
        let request = self.post(&json!({ "query": query }));
        within(async { request.send().await.unwrap().json().await.unwrap() }).await
    }

    /// A WebSocket with these headers in its handshake.
    pub(crate) async fn try_socket(
        &self,
        headers: &[(&'static str, &str)],
    ) -> Result<Socket, Box<tungstenite::Error>> {
        let mut request = format!("ws://{}/graphql", self.host)
            .into_client_request()
            .map_err(Box::new)?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let (stream, _) = within(tokio_tungstenite::connect_async(request))
            .await
            .map_err(Box::new)?;
        Ok(Socket(stream))
    }

    /// A WebSocket that has said nothing yet.
    pub(crate) async fn socket(&self) -> Socket {
        self.try_socket(&[("sec-websocket-protocol", "graphql-transport-ws")])
            .await
            .unwrap()
    }

    /// A WebSocket that is acknowledged.
    pub(crate) async fn open_socket(&self, payload: Value) -> Socket {
        let mut socket = self.socket().await;
        socket
            .say(json!({ "type": "connection_init", "payload": payload }))
            .await;
        assert_eq!(socket.hear().await, json!({ "type": "connection_ack" }));
        socket
    }
}

/// The client's end of a WebSocket.
pub(crate) struct Socket(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub(crate) async fn say(&mut self, message: Value) {
        within(self.0.send(Message::text(message.to_string())))
            .await
            .unwrap();
    }

    pub(crate) async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(json!({ "type": "subscribe", "id": id, "payload": { "query": query } }))
            .await;
    }

    pub(crate) async fn complete(&mut self, id: &str) {
        self.say(json!({ "type": "complete", "id": id })).await;
    }

    /// The next frame.
    pub(crate) async fn frame(&mut self) -> Message {
        within(self.0.next()).await.unwrap().unwrap()
    }

    /// The next message, pings left out.
    pub(crate) async fn hear(&mut self) -> Value {
        within(async {
            loop {
                match self.frame().await {
                    Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                    Message::Ping(_) => {}
                    other => panic!("a message was expected, not {other:?}"),
                }
            }
        })
        .await
    }

    /// The code and reason with which the server closes, whatever it says before.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        within(async {
            loop {
                if let Message::Close(frame) = self.frame().await {
                    let frame = frame.unwrap();
                    return (frame.code.into(), frame.reason.to_string());
                }
            }
        })
        .await
    }

    /// Shows that the socket is open and has nothing more to say: the answer to a ping comes next.
    pub(crate) async fn is_quiet(&mut self) {
        self.say(json!({ "type": "ping" })).await;
        assert_eq!(self.hear().await, json!({ "type": "pong" }));
    }
}

/// Waits, but not for ever.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), future)
        .await
        .expect("this takes too long")
}
