//! The queue as apalis sees it: a source of tasks, and the layer around the handler that runs them.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use apalis_core::{
    backend::{Backend, BackendConfig, finalize::Ephemeral},
    error::BoxDynError,
    task::Task,
    worker::context::WorkerContext,
};
use futures_util::{FutureExt, future::BoxFuture, task::AtomicWaker};
use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::{
    QueueConfig, QueueHost,
    lease::Claim,
    pump,
    run::supervise,
    settle::{Outcome, settle_all, settlement},
    sql::Settlement,
};

/// How long the last outcomes may take to be written at shutdown; those that are not are done over after their lease.
const FLUSH: Duration = Duration::from_secs(5);

/// What the parts of one queue share.
pub(super) struct Shared<J> {
    pub(super) host: QueueHost,
    pub(super) config: QueueConfig,
    /// Cancelled when no more jobs are to be claimed.
    pub(super) stop: CancellationToken,
    pub(super) slots: Arc<Semaphore>,
    waiting: Mutex<VecDeque<(Task<J>, Arc<Claim>)>>,
    worker: AtomicWaker,
    outcomes: mpsc::Sender<(Arc<Claim>, Settlement)>,
}

impl<J> Shared<J> {
    fn waiting(&self) -> MutexGuard<'_, VecDeque<(Task<J>, Arc<Claim>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a claimed job where the worker takes it.
    pub(super) fn put(&self, task: Task<J>, claim: Arc<Claim>) {
        self.waiting().push_back((task, claim));
        self.worker.wake();
    }

    /// Hands back what was claimed and not begun.
    pub(super) async fn hand_back_waiting(&self) {
        let waiting: Vec<_> = self.waiting().drain(..).collect();
        for (_, claim) in waiting {
            self.report(claim, Outcome::Release).await;
        }
        self.worker.wake();
    }

    /// Passes on how an attempt ended and lets the next job in.
    pub(super) async fn report(&self, claim: Arc<Claim>, outcome: Outcome) {
        let settlement = settlement(&self.host, self.config.name, &claim, outcome);
        claim.settling();
        let give_up = async {
            self.host.shutdown.cancelled().await;
            tokio::time::sleep(FLUSH).await;
        };
        // Waits only while the database takes nothing. The shutdown is not held up by that; the lease decides then.
        tokio::select! {
            biased;
            _ = self.outcomes.send((Arc::clone(&claim), settlement)) => {}
            () = give_up => tracing::error!(queue = self.config.name, job = claim.id, "the end of an attempt is lost"),
        }
        claim.free_slot();
    }
}

/// The two tasks of a queue that runs.
struct Tasks {
    pump: AbortOnDropHandle<()>,
    settler: AbortOnDropHandle<()>,
}

/// A queue of jobs `J`: an apalis [`Backend`] whose handler is run by [`RunLayer`].
pub struct JobQueue<J> {
    shared: Arc<Shared<J>>,
    received: Option<mpsc::Receiver<(Arc<Claim>, Settlement)>>,
    tasks: Option<Tasks>,
    closing: CancellationToken,
    closed: Option<BoxFuture<'static, ()>>,
}

impl<J> std::fmt::Debug for JobQueue<J> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JobQueue")
            .field("config", &self.shared.config)
            .finish_non_exhaustive()
    }
}

impl<J> JobQueue<J> {
    pub(super) fn new(host: QueueHost, config: QueueConfig) -> Self {
        let concurrency = config.concurrency.clamp(1, Semaphore::MAX_PERMITS);
        let (outcomes, received) = mpsc::channel(2 * concurrency);
        let shared = Shared {
            stop: host.shutdown.child_token(),
            host,
            config,
            slots: Arc::new(Semaphore::new(concurrency)),
            waiting: Mutex::default(),
            worker: AtomicWaker::new(),
            outcomes,
        };
        Self {
            shared: Arc::new(shared),
            received: Some(received),
            tasks: None,
            closing: CancellationToken::new(),
            closed: None,
        }
    }
}

impl<J: DeserializeOwned + Send + 'static> JobQueue<J> {
    fn start(&mut self) {
        if let Some(received) = self.received.take() {
            let host = self.shared.host.clone();
            let settler = settle_all(self.shared.config.name, host, received, self.closing.clone());
            self.tasks = Some(Tasks {
                pump: AbortOnDropHandle::new(tokio::spawn(pump::pump(Arc::clone(&self.shared)))),
                settler: AbortOnDropHandle::new(tokio::spawn(settler)),
            });
        }
    }

    /// Ends claiming, hands back, writes the last outcomes. All running jobs have ended before.
    async fn close(tasks: Tasks, stop: CancellationToken, closing: CancellationToken) {
        stop.cancel();
        let flushed = async {
            let _ = tasks.pump.await;
            closing.cancel();
            let _ = tasks.settler.await;
        };
        if tokio::time::timeout(FLUSH, flushed).await.is_err() {
            tracing::error!(
                "some ends of attempts could not be written; those jobs are done over after their lease"
            );
        }
    }
}

impl<J: DeserializeOwned + Send + 'static> Backend for JobQueue<J> {
    type Task = Task<J>;
    /// A queue cannot fail: it waits for the database.
    type Error = Infallible;

    fn poll_ready(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        self.start();
        Poll::Ready(Ok(()))
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Option<Result<Task<J>, Infallible>>> {
        self.shared.worker.register(cx.waker());
        // Nothing is begun after the stop; the pump hands back what waits.
        if self.shared.stop.is_cancelled() {
            return Poll::Ready(None);
        }
        match self.shared.waiting().pop_front() {
            Some((task, _)) => Poll::Ready(Some(Ok(task))),
            None => Poll::Pending,
        }
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        if let Some(tasks) = self.tasks.take() {
            self.closed = Some(Self::close(tasks, self.shared.stop.clone(), self.closing.clone()).boxed());
        }
        match self.closed.as_mut() {
            Some(closed) => {
                let closed = closed.poll_unpin(cx);
                if closed.is_ready() {
                    self.closed = None;
                }
                closed.map(Ok)
            }
            None => Poll::Ready(Ok(())),
        }
    }
}

impl<J> BackendConfig for JobQueue<J> {
    type Args = J;
    type Id = i64;
    type Kind = Ephemeral;
    type Config = QueueConfig;
    type Layer = RunLayer<J>;

    fn config(&self) -> &QueueConfig {
        &self.shared.config
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> RunLayer<J> {
        RunLayer {
            shared: Arc::clone(&self.shared),
        }
    }
}

/// Wraps a handler into the running and settling of its queue.
pub struct RunLayer<J> {
    shared: Arc<Shared<J>>,
}

impl<J> std::fmt::Debug for RunLayer<J> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunLayer")
            .field("config", &self.shared.config)
            .finish_non_exhaustive()
    }
}

impl<J, S> tower::Layer<S> for RunLayer<J> {
    type Service = RunService<J, S>;

    fn layer(&self, inner: S) -> Self::Service {
        RunService {
            shared: Arc::clone(&self.shared),
            inner,
        }
    }
}

/// A handler within [`RunLayer`]. Its answer says only that the attempt is over: failures are the queue's business.
pub struct RunService<J, S> {
    shared: Arc<Shared<J>>,
    inner: S,
}

impl<J, S> std::fmt::Debug for RunService<J, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunService")
            .field("config", &self.shared.config)
            .finish_non_exhaustive()
    }
}

impl<J, S> tower::Service<Task<J>> for RunService<J, S>
where
    J: Send + 'static,
    S: tower::Service<Task<J>>,
    S::Future: Send + 'static,
    S::Response: Send + 'static,
    S::Error: Into<BoxDynError> + 'static,
{
    type Response = ();
    type Error = BoxDynError;
    type Future = Pin<Box<dyn Future<Output = Result<(), BoxDynError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxDynError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, task: Task<J>) -> Self::Future {
        let claim = task.data().get::<Arc<Claim>>().cloned();
        let job = self.inner.call(task).map(|ended| ended.map_err(Into::into));
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let claim = claim.ok_or("a task that did not come from the queue")?;
            supervise(shared, claim, job).await;
            Ok(())
        })
    }
}
