//! GraphQL over Server-Sent Events, graphql-sse's "distinct connections": one operation per connection, its answers as
//! `next` events, then `complete`. A stream that ends without `complete` was cut off, and clients ask again.

use std::convert::Infallible;
use std::sync::Arc;

use async_graphql::Response as GraphqlResponse;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::stream;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at};

use super::Shared;
use super::answer::{Answer, mark_private, to_json};
use super::connections::Place;
use super::document::{Operation, refusal};
use super::gateway::{Call, Gateway};
use super::run::Subscription;

/// Written by hand rather than by axum's `Event`: `complete` needs an empty `data` field, or browsers drop the event.
const COMPLETE: &str = "event: complete\ndata:\n\n";
const COMMENT: &str = ":\n\n";

/// Answers with a single result, and that is all: queries, mutations, and operations that could not begin.
pub(super) fn single(response: &GraphqlResponse) -> Response {
    let mut http = event_stream(Body::from(format!("{}{COMPLETE}", next(response))));
    for (name, value) in &response.http_headers {
        http.headers_mut().append(name.clone(), value.clone());
    }
    http
}

/// Answers with the results of a subscription as they come.
///
/// The subscription runs in a task that waits for the client to read: between them stand two events at most.
pub(super) fn subscribe<G: Gateway>(
    shared: &Arc<Shared<G>>,
    caller: G::Caller,
    call: Call,
    operation: Operation,
    place: Place,
) -> Response {
    let (sender, receiver) = mpsc::channel::<Bytes>(1);
    let shared_by_task = Arc::clone(shared);
    shared.tasks.spawn(async move {
        let _place = place;
        feed(&shared_by_task, caller, call, operation, sender).await;
    });
    let events = stream::unfold(receiver, |mut receiver| async {
        receiver
            .recv()
            .await
            .map(|event| (Ok::<_, Infallible>(event), receiver))
    });
    event_stream(Body::from_stream(events))
}

async fn feed<G: Gateway>(
    shared: &Shared<G>,
    caller: G::Caller,
    call: Call,
    operation: Operation,
    client: mpsc::Sender<Bytes>,
) {
    let ended = shared.gateway.session_ended(&caller);
    tokio::pin!(ended);
    let mut subscription = Subscription::begin(shared, &caller, &call, operation);
    let pause = shared.settings.sse_keep_alive;
    // The first comment comes at once, because some browsers hold back the headers until something follows.
    let mut keep_alive = interval_at(Instant::now(), pause);
    loop {
        let (event, is_last) = tokio::select! {
            biased;
            () = client.closed() => return,
            () = shared.shutdown.cancelled() => return,
            () = &mut ended => {
                let error = refusal("UNAUTHENTICATED", "The session has ended.");
                let response = GraphqlResponse::from_errors(vec![error]);
                (Bytes::from(format!("{}{COMPLETE}", next(&response))), true)
            }
            response = subscription.next() => match response {
                Some(response) => (Bytes::from(next(&response)), false),
                None => (Bytes::from_static(COMPLETE.as_bytes()), true),
            },
            _ = keep_alive.tick() => (Bytes::from_static(COMMENT.as_bytes()), false),
        };
        keep_alive.reset();
        let stop = tokio::select! {
            biased;
            sent = client.send(event) => sent.is_err(),
            () = shared.shutdown.cancelled() => true,
        };
        if stop || is_last {
            return;
        }
    }
}

/// One `next` event. The JSON has no line breaks, so one `data` line holds it.
fn next(response: &GraphqlResponse) -> String {
    format!("event: next\ndata: {}\n\n", to_json(&Answer(response)))
}

fn event_stream(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream; charset=utf-8"),
    );
    // nginx would collect the events before passing them on.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    mark_private(headers);
    response
}
