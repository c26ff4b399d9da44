//! The operations of one socket: each in a task of its own, found by the id the client gave it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_graphql::parser::types::OperationType;
use async_graphql::{Response, ServerError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use super::super::Shared;
use super::super::answer::is_request_error;
use super::super::document::{Operation, refusal};
use super::super::gateway::{Call, Gateway};
use super::super::observe;
use super::super::params::Params;
use super::super::run::{self, Subscription};
use super::outbox::Outbox;
use super::protocol::{Close, ServerMessage};

/// All operations of a socket. Dropping it ends the subscriptions; queries and mutations run on to their end, unheard.
pub(super) struct Operations<G> {
    shared: Arc<Shared<G>>,
    call: Call,
    outbox: Outbox,
    running: Running,
    /// Places for operations that run, also unheard ones.
    places: Arc<Semaphore>,
    /// Queries and mutations that run.
    singles: TaskTracker,
    /// Parent of all tokens.
    all: CancellationToken,
    /// Parent of the subscriptions' tokens.
    subscriptions: CancellationToken,
    closing: bool,
}

/// Operations that the client has not seen the end of. A token is cancelled when no more is to be written for it.
type Running = Arc<Mutex<HashMap<String, CancellationToken>>>;

fn lock(running: &Running) -> MutexGuard<'_, HashMap<String, CancellationToken>> {
    // A map that a panic left behind is whole: it is changed by single calls.
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<G: Gateway> Operations<G> {
    pub(super) fn new(shared: &Arc<Shared<G>>, call: Call, outbox: Outbox) -> Self {
        let all = CancellationToken::new();
        Self {
            shared: Arc::clone(shared),
            call,
            outbox,
            running: Running::default(),
            places: Arc::new(Semaphore::new(shared.settings.websocket_operations)),
            singles: TaskTracker::new(),
            subscriptions: all.child_token(),
            all,
            closing: false,
        }
    }

    /// Starts an operation. The inner error refuses this operation, the outer one closes the socket.
    pub(super) fn start(
        &self,
        caller: &G::Caller,
        id: String,
        params: Params,
    ) -> Result<Result<(), ServerError>, Close> {
        let mut running = lock(&self.running);
        if running.contains_key(&id) {
            return Err(Close::SubscriberExists(id));
        }
        if self.closing {
            return Ok(Err(refusal("UNAVAILABLE", "The server is going away.")));
        }
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return Ok(Err(refusal(
                "TOO_MANY_OPERATIONS",
                "Too many operations run on this connection.",
            )));
        };
        let token = self.all.child_token();
        running.insert(id.clone(), token.clone());
        drop(running);
        let task = Task {
            shared: Arc::clone(&self.shared),
            caller: caller.clone(),
            call: self.call.clone(),
            outbox: self.outbox.clone(),
            running: Arc::clone(&self.running),
            subscriptions: self.subscriptions.clone(),
            id,
            token,
            _place: place,
        };
        let singles = self.singles.token();
        self.shared
            .tasks
            .spawn(task.run(params, singles).in_current_span());
        Ok(Ok(()))
    }

    /// The client wants no more of it; nothing is sent about that.
    pub(super) fn stop(&self, id: &str) {
        if let Some(token) = lock(&self.running).remove(id) {
            token.cancel();
        }
    }

    /// Ends the subscriptions without a word and starts nothing new; [`Self::settled`] then waits for the rest.
    pub(super) fn close(&mut self) {
        self.closing = true;
        self.subscriptions.cancel();
        self.singles.close();
    }

    /// Completes when, after [`Self::close`], the last query or mutation has its answer in the outbox.
    pub(super) async fn settled(&self) {
        self.singles.wait().await;
    }
}

impl<G> Drop for Operations<G> {
    fn drop(&mut self) {
        self.all.cancel();
    }
}

/// One operation.
struct Task<G: Gateway> {
    shared: Arc<Shared<G>>,
    caller: G::Caller,
    call: Call,
    outbox: Outbox,
    running: Running,
    subscriptions: CancellationToken,
    id: String,
    /// Cancelled when the client wants no more of it.
    token: CancellationToken,
    _place: OwnedSemaphorePermit,
}

impl<G: Gateway> Task<G> {
    async fn run(self, params: Params, single: tokio_util::task::task_tracker::TaskTrackerToken) {
        let operation = match Operation::new(params, &self.shared.settings, &self.shared.types) {
            Ok(operation) => operation,
            Err(error) => {
                observe::count_unknown("request_error");
                return self.refuse(&[error]).await;
            }
        };
        if operation.kind == OperationType::Subscription {
            drop(single);
            return self.subscribe(operation).await;
        }
        // In a box, so that the task of a subscription, of which there are thousands, has no room for it.
        let response = Box::pin(run::execute(&self.shared, &self.caller, &self.call, operation)).await;
        if is_request_error(&response) {
            return self.refuse(&response.errors).await;
        }
        self.next(&response).await;
        self.complete().await;
        drop(single);
    }

    async fn subscribe(self, operation: Operation) {
        let mut subscription = Subscription::begin(&self.shared, &self.caller, &self.call, operation);
        loop {
            let response = tokio::select! {
                biased;
                () = self.token.cancelled() => return,
                () = self.subscriptions.cancelled() => return,
                response = subscription.next() => response,
            };
            match response {
                Some(response) if is_request_error(&response) => return self.refuse(&response.errors).await,
                Some(response) => self.next(&response).await,
                None => return self.complete().await,
            }
        }
    }

    async fn next(&self, response: &Response) {
        let frame = ServerMessage::next(&self.id, response).frame();
        tokio::select! {
            biased;
            () = self.token.cancelled() => {}
            slot = self.outbox.result_slot() => {
                if let Some(slot) = slot {
                    slot.fill(frame, self.token.clone());
                }
            }
        }
    }

    async fn refuse(&self, errors: &[ServerError]) {
        self.end(&ServerMessage::Error {
            id: &self.id,
            payload: errors,
        })
        .await;
    }

    async fn complete(&self) {
        self.end(&ServerMessage::Complete { id: &self.id }).await;
    }

    /// Sends the last message. The id is free at the moment in which the message takes its place in the line, so that
    /// a client that uses it again upon reading the message is not told that it is taken.
    async fn end(&self, message: &ServerMessage<'_>) {
        let frame = message.frame();
        tokio::select! {
            biased;
            () = self.token.cancelled() => {}
            slot = self.outbox.result_slot() => {
                let mut running = lock(&self.running);
                if let Some(slot) = slot && !self.token.is_cancelled() {
                    running.remove(&self.id);
                    slot.fill(frame, self.token.clone());
                }
            }
        }
    }
}
