//! When batched loads run: once the operation that asked for them cannot go on without. Then every key of a page has been
//! asked for, so that a page costs one statement an edge. (A spawned task with no delay runs on another thread at once
//! and finds one key; a delay makes every operation slower.)

use std::{
    pin::{Pin, pin},
    task::{Context, Poll},
};

use futures_util::{
    Stream, StreamExt,
    future::{BoxFuture, poll_fn},
    stream::{BoxStream, FuturesUnordered},
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Where the loads of an operation are put.
pub type Spawner = UnboundedSender<BoxFuture<'static, ()>>;

/// The loads of one operation, run on the operation's own task.
pub struct Batches {
    new: UnboundedReceiver<BoxFuture<'static, ()>>,
    running: FuturesUnordered<BoxFuture<'static, ()>>,
}

impl Batches {
    /// For one operation.
    pub fn new() -> (Spawner, Self) {
        let (spawner, new) = unbounded_channel();
        (spawner, Self { new, running: FuturesUnordered::new() })
    }

    /// Lets the loads go on. A finished one wakes whoever waits for it, and thereby the operation's task.
    fn poll(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Some(batch)) = self.new.poll_recv(cx) {
            self.running.push(batch);
        }
        while let Poll::Ready(Some(())) = self.running.poll_next_unpin(cx) {}
    }

    /// Runs a query or mutation with its loads.
    pub async fn drive<T>(mut self, execution: impl Future<Output = T>) -> T {
        let mut execution = pin!(execution);
        poll_fn(|cx| {
            let done = execution.as_mut().poll(cx);
            if done.is_pending() {
                self.poll(cx);
            }
            done
        })
        .await
    }

    /// Runs a subscription with its loads.
    pub fn drive_stream<T: 'static>(self, stream: BoxStream<'static, T>) -> BoxStream<'static, T> {
        Driven { stream, batches: self }.boxed()
    }
}

struct Driven<T> {
    stream: BoxStream<'static, T>,
    batches: Batches,
}

impl<T> Stream for Driven<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let next = self.stream.poll_next_unpin(cx);
        if next.is_pending() {
            self.batches.poll(cx);
        }
        next
    }
}
