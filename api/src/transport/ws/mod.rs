//! GraphQL over WebSocket, the graphql-transport-ws protocol and no other. This file takes the connection and hands
//! out its ends: `session` reads and decides, `operations` runs, `outbox` writes, `protocol` knows the messages.

mod operations;
mod outbox;
mod protocol;
mod session;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::Response;
use futures_util::{SinkExt, StreamExt};
use tokio::time::timeout;
use tracing::Instrument;

use super::Shared;
use super::answer::Refusal;
use super::gateway::{Call, Credentials, Gateway};
use super::observe::OpenSocket;
use outbox::Outbox;
use session::{End, Session};

/// The one subprotocol spoken here. Its name must not be mixed up with `graphql-ws`, that of the protocol before.
const SUBPROTOCOL: &str = "graphql-transport-ws";

/// How long a peer has for its part of the closing handshake.
const CLOSING: Duration = Duration::from_secs(2);
/// Bytes read from a socket at a time.
const READ_BUFFER: usize = 1024;

/// Whether the request asks for a WebSocket.
pub(super) fn is_upgrade(parts: &Parts) -> bool {
    parts.method == Method::GET
        && parts
            .headers
            .get(header::UPGRADE)
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Accepts the WebSocket. Who speaks another subprotocol is let in only to be told so by close code.
pub(super) async fn upgrade<G: Gateway>(
    shared: Arc<Shared<G>>,
    mut parts: Parts,
    credentials: Credentials,
    call: Call,
) -> Result<Response, Refusal> {
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &())
        .await
        .map_err(|_| {
            Refusal::new(
                StatusCode::BAD_REQUEST,
                "BAD_REQUEST",
                "The WebSocket handshake is not valid.",
            )
        })?;
    let limit = shared.settings.websocket_message_limit;
    let upgrade = upgrade
        .protocols([SUBPROTOCOL])
        .max_message_size(limit)
        .max_frame_size(limit)
        // Allocated for every socket at once; what clients send is short, and a longer message is read in parts.
        .read_buffer_size(READ_BUFFER);
    let accepted = upgrade.selected_protocol().is_some();
    let span = tracing::info_span!("socket", request_id = call.request_id.as_str());
    // Known to the tracker from here on, so that a stop that comes in between waits for the close frame.
    let token = shared.tasks.token();
    Ok(upgrade.on_upgrade(move |socket| {
        async move {
            let _token = token;
            let _open = OpenSocket::new();
            serve(socket, shared, credentials, call, accepted).await;
        }
        .instrument(span)
    }))
}

/// Lives with a connection until it is closed.
async fn serve<G: Gateway>(
    socket: WebSocket,
    shared: Arc<Shared<G>>,
    credentials: Credentials,
    call: Call,
    accepted: bool,
) {
    let (mut sink, mut stream) = socket.split();
    let patience = shared.settings.websocket_ping_interval * 2;
    let (outbox, line) = Outbox::new();
    let end = {
        let writer = line.write_to(&mut sink, patience);
        let mut session = Session::new(&shared, credentials, call, outbox);
        tokio::pin!(writer);
        let end = tokio::select! {
            end = session.run(&mut stream, accepted) => end,
            // Nothing can be written any more.
            () = &mut writer => End::Lost,
        };
        if end == End::Closing {
            // The close frame waits in the line, perhaps behind results; the writer ends with it.
            let _ = timeout(CLOSING, &mut writer).await;
        }
        end
    };
    tracing::debug!(?end, "socket ended");
    match end {
        // The peer's answer must be read, or the system would reset the connection and the peer miss the close code.
        End::Closing => {
            let _ = timeout(CLOSING, async { while let Some(Ok(_)) = stream.next().await {} }).await;
        }
        // Sends the answer to the peer's close frame.
        End::ClosedByPeer => {
            let _ = timeout(CLOSING, sink.close()).await;
        }
        End::Lost => {}
    }
}
