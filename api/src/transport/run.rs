//! Runs one operation for whichever transport brought it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::Response;
use async_graphql::parser::types::OperationType;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use tracing::Instrument;

use super::Shared;
use super::answer::internal_error;
use super::completion::Plan;
use super::document::Operation;
use super::gateway::{Call, Gateway};
use super::observe::{Observed, Outcome};

/// Runs a query or mutation to its end. A panic of a resolver becomes an internal error.
pub(super) async fn execute<G: Gateway>(
    shared: &Shared<G>,
    caller: &G::Caller,
    call: &Call,
    operation: Operation,
) -> Response {
    debug_assert_ne!(operation.kind, OperationType::Subscription);
    let mut observed = Observed::begin(&operation, call);
    let span = observed.span.clone();
    let request = shared
        .gateway
        .prepare(caller, operation.request.data(call.clone()));
    match AssertUnwindSafe(shared.gateway.execute(request))
        .catch_unwind()
        .instrument(span)
        .await
    {
        Ok(mut response) => {
            operation.plan.complete(&mut response);
            observed.note(Outcome::of(&response));
            response
        }
        Err(_) => {
            observed.note(Outcome::Internal);
            internal_error()
        }
    }
}

/// Like [`execute`], in a task of its own, which a client that hangs up does not end in the middle of a transaction.
pub(super) async fn execute_detached<G: Gateway>(
    shared: &Arc<Shared<G>>,
    caller: G::Caller,
    call: Call,
    operation: Operation,
) -> Response {
    let task = shared.tasks.spawn({
        let shared = Arc::clone(shared);
        async move { execute(&shared, &caller, &call, operation).await }
    });
    // The task fails only if the runtime ends, for panics are caught in it.
    task.await.unwrap_or_else(|_| internal_error())
}

/// A running subscription; dropping it ends it.
pub(super) struct Subscription {
    stream: BoxStream<'static, Response>,
    observed: Observed,
    plan: Plan,
    /// What its end will be called: the latest kind of error it gave, if any.
    outcome: Outcome,
    broken: bool,
}

impl Subscription {
    pub(super) fn begin<G: Gateway>(
        shared: &Shared<G>,
        caller: &G::Caller,
        call: &Call,
        operation: Operation,
    ) -> Self {
        let observed = Observed::begin(&operation, call);
        let request = shared
            .gateway
            .prepare(caller, operation.request.data(call.clone()));
        let stream = observed.span.in_scope(|| shared.gateway.subscribe(request));
        Self {
            stream,
            observed,
            plan: operation.plan,
            outcome: Outcome::Ok,
            broken: false,
        }
    }

    /// The next response, or none after the last. A panic becomes an internal error, and the last.
    pub(super) async fn next(&mut self) -> Option<Response> {
        if self.broken {
            return None;
        }
        let span = self.observed.span.clone();
        match AssertUnwindSafe(self.stream.next())
            .catch_unwind()
            .instrument(span)
            .await
        {
            Ok(Some(mut response)) => {
                self.plan.complete(&mut response);
                match Outcome::of(&response) {
                    Outcome::Ok => {}
                    // The transport stops here.
                    Outcome::RequestError => self.observed.note(Outcome::RequestError),
                    outcome => self.outcome = outcome,
                }
                Some(response)
            }
            Ok(None) => {
                self.observed.note(self.outcome);
                None
            }
            Err(_) => {
                self.broken = true;
                self.observed.note(Outcome::Internal);
                Some(internal_error())
            }
        }
    }
}
