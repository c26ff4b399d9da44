//! The line in which frames wait to be written, first come first served, and the writer at its end.
//!
//! Fairness and bounded memory come from one rule: an operation has at most one frame waiting for a place. The channel
//! hands out its few places in the order in which they were asked for, so a busy operation stands behind all others
//! again after each frame; and a client that reads slowly holds up its operations rather than filling memory.

use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use futures_util::SinkExt;
use futures_util::stream::SplitSink;
use tokio::sync::mpsc::{self, OwnedPermit};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::protocol::Close;

/// Places in the line of results.
const RESULTS: usize = 4;
/// Places in the line of the session's own frames: acknowledgement, pongs, pings, refusals, close.
const CONTROLS: usize = 4;

/// A frame in the line.
struct Waiting {
    frame: Message,
    /// If cancelled, the frame is not written: its operation was ended by the client meanwhile.
    operation: Option<CancellationToken>,
}

/// The entrance of the line.
#[derive(Clone)]
pub(super) struct Outbox {
    controls: mpsc::Sender<Message>,
    results: mpsc::Sender<Waiting>,
}

/// A place in the line for a frame of the session itself.
pub(super) struct ControlSlot(OwnedPermit<Message>);

impl ControlSlot {
    /// Puts the frame into the place.
    pub(super) fn fill(self, frame: Message) {
        self.0.send(frame);
    }
}

/// A place in the line for a result.
pub(super) struct ResultSlot<'a>(mpsc::Permit<'a, Waiting>);

impl ResultSlot<'_> {
    /// Puts a frame of an operation into the place.
    pub(super) fn fill(self, frame: Message, operation: CancellationToken) {
        self.0.send(Waiting {
            frame,
            operation: Some(operation),
        });
    }
}

/// The other end of the line.
pub(super) struct Line {
    controls: mpsc::Receiver<Message>,
    results: mpsc::Receiver<Waiting>,
}

impl Outbox {
    /// An empty line.
    pub(super) fn new() -> (Self, Line) {
        let (control_sender, controls) = mpsc::channel(CONTROLS);
        let (result_sender, results) = mpsc::channel(RESULTS);
        (
            Self {
                controls: control_sender,
                results: result_sender,
            },
            Line { controls, results },
        )
    }

    /// Waits for a place for a frame of the session; none when the writer has ended.
    pub(super) async fn control_slot(&self) -> Option<ControlSlot> {
        self.controls.clone().reserve_owned().await.ok().map(ControlSlot)
    }

    /// Puts a ping before all results, if the session has a place left; without one there is enough under way.
    pub(super) fn ping(&self) {
        let _ = self.controls.try_send(Message::Ping(Default::default()));
    }

    /// Waits, behind everyone who waits already, for a place for a result; none when the writer has ended.
    pub(super) async fn result_slot(&self) -> Option<ResultSlot<'_>> {
        self.results.reserve().await.ok().map(ResultSlot)
    }

    /// Puts the close frame before all results that wait.
    pub(super) async fn close_now(&self, close: &Close) {
        let _ = self.controls.send(close.frame()).await;
    }

    /// Puts the close frame behind all results that wait.
    pub(super) async fn close_behind(&self, close: &Close) {
        let _ = self
            .results
            .send(Waiting {
                frame: close.frame(),
                operation: None,
            })
            .await;
    }
}

impl Line {
    /// Writes until a close frame is written, the connection fails, or a frame makes no way for `patience`.
    pub(super) async fn write_to(mut self, sink: &mut SplitSink<WebSocket, Message>, patience: Duration) {
        loop {
            let frame = tokio::select! {
                biased;
                Some(frame) = self.controls.recv() => frame,
                Some(waiting) = self.results.recv() => {
                    if waiting.operation.is_some_and(|operation| operation.is_cancelled()) {
                        continue;
                    }
                    waiting.frame
                }
                else => return,
            };
            let is_last = matches!(frame, Message::Close(_));
            let written = timeout(patience, sink.send(frame)).await;
            if is_last || !matches!(written, Ok(Ok(()))) {
                return;
            }
        }
    }
}
