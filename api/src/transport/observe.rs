//! What operators see of the operations: a span, one log line and the metrics. Never the document, its variables or
//! who asked.

use std::time::Instant;

use async_graphql::Response;
use async_graphql::parser::types::OperationType;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use tracing::Span;

use super::answer::is_request_error;
use super::document::Operation;
use super::gateway::Call;

/// The target of the line that ends an operation, so that a log filter can name it.
const OPERATIONS: &str = "wangqian_api::operations";

const REQUESTS: &str = "graphql_requests_total";
const DURATION: &str = "graphql_request_duration_seconds";
const SUBSCRIPTIONS: &str = "graphql_subscriptions_active";
const SOCKETS: &str = "graphql_sockets_active";

/// Describes the metrics of the transports to the recorder; call once after installing it.
pub fn describe_metrics() {
    describe_counter!(
        REQUESTS,
        "GraphQL operations that ended, by type (query, mutation, subscription, unknown) and outcome (ok, \
         field_error, request_error, refused, internal, cancelled)"
    );
    describe_histogram!(
        DURATION,
        Unit::Seconds,
        "Time that queries and mutations took, by type"
    );
    describe_gauge!(SUBSCRIPTIONS, "Subscriptions that are running");
    describe_gauge!(SOCKETS, "GraphQL WebSockets that are open");
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Ok,
    /// Some field failed.
    FieldError,
    /// The operation could not begin: syntax, validation, limits.
    RequestError,
    /// The code of a resolver panicked.
    Internal,
    /// The client left before the end.
    Cancelled,
}

impl Outcome {
    pub(super) fn of(response: &Response) -> Self {
        if response.errors.is_empty() {
            Self::Ok
        } else if is_request_error(response) {
            Self::RequestError
        } else {
            Self::FieldError
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::FieldError => "field_error",
            Self::RequestError => "request_error",
            Self::Internal => "internal",
            Self::Cancelled => "cancelled",
        }
    }
}

fn kind_name(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

/// Counts a request that never became an operation: `request_error` for its document, `refused` for anything else.
pub(super) fn count_unknown(outcome: &'static str) {
    counter!(REQUESTS, "type" => "unknown", "outcome" => outcome).increment(1);
}

/// An operation under observation from its beginning to its end; an end that nobody tells is a cancellation.
pub(super) struct Observed {
    kind: OperationType,
    began: Instant,
    outcome: Outcome,
    /// The span in which the operation is to run.
    pub(super) span: Span,
}

impl Observed {
    pub(super) fn begin(operation: &Operation, call: &Call) -> Self {
        let kind = kind_name(operation.kind);
        // A name is made of letters, digits and underscores, but may be as long as the document.
        let name: String = operation
            .name
            .iter()
            .flat_map(|name| name.chars())
            .take(64)
            .collect();
        let span = tracing::info_span!(
            "graphql",
            request_id = call.request_id.as_str(),
            transport = call.transport.name(),
            operation.kind = kind,
            operation.name = name,
        );
        if operation.kind == OperationType::Subscription {
            gauge!(SUBSCRIPTIONS).increment(1);
        }
        Self {
            kind: operation.kind,
            began: Instant::now(),
            outcome: Outcome::Cancelled,
            span,
        }
    }

    /// Says how it goes; the last word counts.
    pub(super) fn note(&mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        let (kind, outcome, took) = (kind_name(self.kind), self.outcome.name(), self.began.elapsed());
        counter!(REQUESTS, "type" => kind, "outcome" => outcome).increment(1);
        if self.kind == OperationType::Subscription {
            gauge!(SUBSCRIPTIONS).decrement(1);
        } else {
            histogram!(DURATION, "type" => kind).record(took);
        }
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.span
            .in_scope(|| tracing::info!(target: OPERATIONS, outcome, milliseconds, "operation ended"));
    }
}

/// An open socket, as long as it lives.
pub(super) struct OpenSocket;

impl OpenSocket {
    pub(super) fn new() -> Self {
        gauge!(SOCKETS).increment(1);
        Self
    }
}

impl Drop for OpenSocket {
    fn drop(&mut self) {
        gauge!(SOCKETS).decrement(1);
    }
}
