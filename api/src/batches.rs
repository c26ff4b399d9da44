//! When batched loads run: once the operation that asked for them cannot go on without. Then every key of a page has been
//! asked for, so that a page costs one statement an edge. (A spawned task with no delay runs on another thread at once
//! and finds one key; a delay makes every operation slower.)

use std::{
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
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
        (
            spawner,
            Self {
                new,
                running: FuturesUnordered::new(),
            },
        )
    }

    /// Lets the loads go on, level by level: the next ones begin when all of the level before have ended and the operation
    /// has asked for everything that it can ask for then. So the number of statements does not depend on which load is fast.
    fn poll(&mut self, cx: &mut Context<'_>) {
        if self.running.is_empty() {
            while let Poll::Ready(Some(load)) = self.new.poll_recv(cx) {
                self.running.push(load);
            }
        }
        let had_some = !self.running.is_empty();
        while let Poll::Ready(Some(())) = self.running.poll_next_unpin(cx) {}
        if had_some && self.running.is_empty() {
            cx.waker().wake_by_ref();
        }
    }

    /// Polls an operation until it can really not go on, then lets the loads go on. A pause that the operation makes only
    /// to be polled again (a long list yields in its middle) is no reason to load: half the keys would be missing.
    fn poll_with<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let noted = Arc::new(NotedWaker {
            woken: AtomicBool::new(false),
            task: cx.waker().clone(),
        });
        let waker = Waker::from(Arc::clone(&noted));
        let mut noting = Context::from_waker(&waker);
        for _ in 0..MAX_POLLS {
            noted.woken.store(false, Ordering::Relaxed);
            if let Poll::Ready(done) = poll(&mut noting) {
                return Poll::Ready(done);
            }
            if !noted.woken.load(Ordering::Relaxed) {
                break;
            }
        }
        self.poll(cx);
        Poll::Pending
    }

    /// Runs a query or mutation with its loads.
    pub async fn drive<T>(mut self, execution: impl Future<Output = T>) -> T {
        let mut execution = pin!(execution);
        poll_fn(|cx| self.poll_with(cx, |cx| execution.as_mut().poll(cx))).await
    }

    /// Runs a subscription with its loads.
    pub fn drive_stream<T: 'static>(self, stream: BoxStream<'static, T>) -> BoxStream<'static, T> {
        Driven {
            stream,
            batches: self,
        }
        .boxed()
    }
}

/// Times that an operation is polled in a row before the loads get their turn whatever it does.
const MAX_POLLS: usize = 1_000;

/// Notes that the operation wants to be polled again, and tells its task.
struct NotedWaker {
    woken: AtomicBool,
    task: Waker,
}

impl Wake for NotedWaker {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Relaxed);
        self.task.wake_by_ref();
    }
}

struct Driven<T> {
    stream: BoxStream<'static, T>,
    batches: Batches,
}

impl<T> Stream for Driven<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let Self { stream, batches } = &mut *self;
        batches.poll_with(cx, |cx| stream.poll_next_unpin(cx))
    }
}
