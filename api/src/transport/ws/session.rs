//! One socket's session: reads what the client says, in the order in which it says it, and decides.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::ServerError;
use axum::extract::ws::{Message, WebSocket};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::SplitStream;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use super::super::Shared;
use super::super::connections::Place;
use super::super::gateway::{AuthenticationError, Call, Credentials, Gateway};
use super::super::http::bearer_token;
use super::operations::Operations;
use super::outbox::{ControlSlot, Outbox};
use super::protocol::{ClientMessage, Close, ServerMessage};

/// How long queries and mutations may go on after the server began to stop.
const FINISHING: Duration = Duration::from_secs(10);
/// A client that has let so many pings go by without a word is gone.
const UNANSWERED_PINGS: u8 = 2;

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// A close frame waits to be written.
    Closing,
    /// The peer sent a close frame.
    ClosedByPeer,
    /// The connection is gone or dead.
    Lost,
}

/// How far the session has come.
enum State<C> {
    /// Nothing was said yet.
    New,
    /// `connection_init` came and the credentials are being checked.
    Checking,
    /// Acknowledged.
    Open(C),
}

/// The session of one socket.
pub(super) struct Session<'a, G: Gateway> {
    shared: &'a Arc<Shared<G>>,
    call: Call,
    /// What the upgrade request showed.
    credentials: Credentials,
    state: State<G::Caller>,
    /// The check of the credentials, while it runs.
    check: BoxFuture<'static, Result<G::Caller, AuthenticationError>>,
    /// Completes when the caller's session has ended.
    ended: BoxFuture<'static, ()>,
    operations: Operations<G>,
    outbox: Outbox,
    /// The socket's place among those of its caller, once he is known.
    place: Option<Place>,
}

impl<'a, G: Gateway> Session<'a, G> {
    pub(super) fn new(
        shared: &'a Arc<Shared<G>>,
        credentials: Credentials,
        call: Call,
        outbox: Outbox,
    ) -> Self {
        Self {
            shared,
            credentials,
            state: State::New,
            check: Box::pin(pending()),
            ended: Box::pin(pending()),
            operations: Operations::new(shared, call.clone(), outbox.clone()),
            call,
            outbox,
            place: None,
        }
    }

    /// Runs the session to its end.
    pub(super) async fn run(&mut self, stream: &mut SplitStream<WebSocket>, accepted: bool) -> End {
        if !accepted {
            self.outbox.close_now(&Close::SubprotocolNotAcceptable).await;
            return End::Closing;
        }
        let result = self.listen(stream).await;
        self.operations.close();
        match result {
            Ok(end) => end,
            Err(Close::GoingAway) => {
                self.outbox.close_behind(&Close::GoingAway).await;
                End::Closing
            }
            Err(close) => {
                self.outbox.close_now(&close).await;
                End::Closing
            }
        }
    }

    async fn listen(&mut self, stream: &mut SplitStream<WebSocket>) -> Result<End, Close> {
        let settings = &self.shared.settings;
        let init_deadline = Instant::now() + settings.websocket_init_timeout;
        let interval = settings.websocket_ping_interval;
        let mut pings = interval_at(Instant::now() + interval, interval);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Counted, and not timed: a process that stood still has not listened either.
        let mut unanswered = 0;
        let mut finish_deadline = None;
        let outbox = self.outbox.clone();
        // A message is read only when there is a place for what may have to be said to it. So a client that talks and
        // does not listen is not listened to either.
        let mut slot = None;
        loop {
            tokio::select! {
                biased;
                () = &mut self.ended => return Err(Close::SessionEnded),
                () = self.shared.shutdown.cancelled(), if finish_deadline.is_none() => {
                    finish_deadline = Some(Instant::now() + FINISHING);
                    self.operations.close();
                }
                () = self.operations.settled(), if finish_deadline.is_some() => return Err(Close::GoingAway),
                () = until(finish_deadline) => return Err(Close::GoingAway),
                () = sleep_until(init_deadline), if matches!(self.state, State::New) => {
                    return Err(Close::InitTimeout);
                }
                _ = pings.tick() => {
                    if unanswered == UNANSWERED_PINGS {
                        return Ok(End::Lost);
                    }
                    unanswered += 1;
                    outbox.ping();
                }
                free = outbox.control_slot(), if slot.is_none() => match free {
                    Some(free) => slot = Some(free),
                    None => return Ok(End::Lost),
                },
                result = &mut self.check, if slot.is_some() => {
                    self.check = Box::pin(pending());
                    self.open(result, slot.take())?;
                }
                message = stream.next(), if slot.is_some() => {
                    unanswered = 0;
                    match message {
                        Some(Ok(Message::Text(text))) => {
                            let message = ClientMessage::read(&text).map_err(Close::InvalidMessage)?;
                            self.hear(message, &mut slot)?;
                        }
                        Some(Ok(Message::Binary(_))) => {
                            return Err(Close::InvalidMessage("Invalid message: text is expected".to_owned()));
                        }
                        // Pings are answered by the WebSocket library.
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                        Some(Ok(Message::Close(_))) => return Ok(End::ClosedByPeer),
                        Some(Err(error)) => return unreadable(&error),
                        None => return Ok(End::Lost),
                    }
                }
            }
        }
    }

    /// Acts upon a message. What there is to say goes into the slot.
    fn hear(&mut self, message: ClientMessage, slot: &mut Option<ControlSlot>) -> Result<(), Close> {
        let mut say = |message: ServerMessage<'_>| {
            if let Some(slot) = slot.take() {
                slot.fill(message.frame());
            }
        };
        match message {
            ClientMessage::ConnectionInit { authorization } => {
                if !matches!(self.state, State::New) {
                    return Err(Close::TooManyInits);
                }
                self.state = State::Checking;
                let credentials = match authorization.as_deref().map(bearer_token) {
                    None => self.credentials.clone(),
                    Some(Some(token)) => Credentials::Bearer(token),
                    // Whoever shows something else means to be someone.
                    Some(None) => return Err(Close::Forbidden),
                };
                let (gateway, call) = (self.shared.gateway.clone(), self.call.clone());
                self.check = Box::pin(async move { gateway.authenticate(credentials, &call).await });
            }
            ClientMessage::Ping => say(ServerMessage::Pong),
            ClientMessage::Pong => {}
            ClientMessage::Subscribe { id, params } => {
                let State::Open(caller) = &self.state else {
                    return Err(Close::Unauthorized);
                };
                // The protocol has no way to set an id aside, so a refused one is free at once.
                if let Err(error) = self.operations.start(caller, id.clone(), params)? {
                    let errors: &[ServerError] = &[error];
                    say(ServerMessage::Error {
                        id: &id,
                        payload: errors,
                    });
                }
            }
            ClientMessage::Complete { id } => self.operations.stop(&id),
        }
        Ok(())
    }

    /// Opens the session or refuses it.
    fn open(
        &mut self,
        result: Result<G::Caller, AuthenticationError>,
        slot: Option<ControlSlot>,
    ) -> Result<(), Close> {
        let caller = result.map_err(|error| match error {
            AuthenticationError::Refused => Close::Forbidden,
            AuthenticationError::Unavailable => Close::TryAgainLater,
        })?;
        let holder = self.shared.gateway.holder(&caller, &self.call);
        let limit = self.shared.settings.connections_per_viewer;
        let place = self.shared.connections.open(holder, limit);
        self.place = Some(place.ok_or(Close::TooManyConnections)?);
        self.ended = Box::pin(self.shared.gateway.session_ended(&caller));
        self.state = State::Open(caller);
        if let Some(slot) = slot {
            slot.fill(ServerMessage::ConnectionAck.frame());
        }
        Ok(())
    }
}

/// Completes at the deadline; without one never.
async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}

/// What to do about a frame that could not be read.
fn unreadable(error: &axum::Error) -> Result<End, Close> {
    use tokio_tungstenite::tungstenite::Error;
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<Error>());
    match source {
        Some(Error::Capacity(_)) => Err(Close::MessageTooBig),
        Some(Error::Utf8(_)) => Err(Close::NotUtf8),
        _ => Ok(End::Lost),
    }
}
